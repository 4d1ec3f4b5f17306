"""10,000 texts through a real Kannel while the notifier is killed, and other groups' first alerts between.

`python -m tests.faults.texts` runs it large; the last line is JSON. A community alert goes to one group's
phones; each time a part of them has been reached another group raises an urgent alert, and then the notifier
is killed (SIGKILL) and started again. In the end the ledger must say what the network got, and no urgent
alert may have waited for more than a twentieth of the bulk.
"""

import argparse
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from nats.errors import Error as NatsError

from shared.bus import connect
from shared.clock import SystemClock
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import Message
from shared.contracts.catalog import encode
from shared.contracts.groups import ChannelDefinition, GroupChannels, GroupDefined, GroupDefinition
from shared.plugins.sms import MAX_CHARS
from shared.ports import Bus
from shared.sealing import Keyring, load_master_key
from shared.words import render
from shared.words.sms import sms_length
from tests.faults import command
from tests.faults.command import Say
from tests.faults.raw_log import RawLog
from tests.faults.texts_judge import CHANNEL, Sending, by_number, copies_of, judge
from tests.integration.notifier_rig import NOW, a_body, an_alert
from tests.rigs.kannel import PASSWORD, USER, Kannel
from tests.rigs.system import RelaySystem

BULK: Final = "bulk"
_WITHIN_S: Final = 600.0

_PAGES: Final = "https://hub.example"


@dataclass(frozen=True, slots=True)
class Plan:
    """How many phones, how many kills, which dice; what a claim of the dead waits for."""

    recipients: int = 10_000
    kills: int = 10
    seed: int = 1
    lease_s: float = 20.0
    throughput: int = 100
    """About how many messages a second the SMS centre takes: fewer than the notifier could hand over."""
    most_moved: float = 0.05
    """How much of the bulk may reach the network while an urgent alert of another group is on its way."""


@dataclass
class Run:
    """A run under way: its relay, its network, and what was sent."""

    plan: Plan
    relay: RelaySystem
    kannel: Kannel
    bus: Bus
    keyring: Keyring
    say: Say
    sendings: list[Sending] = field(default_factory=list)
    raised_at: dict[str, int] = field(default_factory=dict)
    """How many parts the network had when an alert was raised."""

    async def store(self, message: Message) -> None:
        """Seal and publish, as the router would."""
        await self.bus.publish(encode(await self.keyring.seal(message), source="router"))

    async def reached(self, share: float) -> None:
        """Return once so many parts have arrived, as a share of all that the bulk consists of."""
        wanted = share * self.plan.recipients * sms_length(self.sendings[0].text).segments
        what = f"{share:.0%} of the bulk"
        await self.relay.wait_until(lambda: len(self.kannel.received) >= wanted, what, within_s=_WITHIN_S)


async def group(run: Run, name: str, numbers: tuple[str, ...]) -> None:
    """Define a group that texts its community by the one Kannel."""
    settings = {"url": run.kannel.url, "username": USER, "password": "env:SHARED__KANNEL", "sender": "Relay"}
    channel = ChannelDefinition(
        id=CHANNEL, kind="kannel", audience="community", settings={**settings, "to": list(numbers)}
    )
    await run.store(
        GroupDefined(
            id=f"g.{name}",
            at=NOW,
            group=name,
            version=1,
            definition=GroupDefinition(id=name, name=name.title()),
            channels=GroupChannels(channels=(channel,)),
        )
    )


async def tell(run: Run, name: str, numbers: tuple[str, ...]) -> None:
    """Raise an alert to the group's community."""
    alert: AlertRaised = an_alert(
        f"alert-{name}",
        name,
        audience="community",
        kind="CONFIRMED",
        status="confirmed",
        incident_id=f"i-{name}",
        body=a_body(statement="Our volunteer sees them. One person is held. The people of the shop know us."),
    )
    definition = GroupDefinition(id=name, name=name.title())
    message = render(alert, definition, language="en", max_chars=MAX_CHARS, base_url=_PAGES)
    run.sendings.append(Sending(alert.alert_id, numbers, message.text))
    run.raised_at[alert.alert_id] = len(run.kannel.received)
    await run.store(alert)


async def strikes(run: Run) -> None:
    """Within each part of the bulk an urgent alert of somebody else, and later a kill."""
    rng, parts = random.Random(run.plan.seed), run.plan.kills + 1
    for part in range(run.plan.kills):
        await run.reached((part + rng.uniform(0.1, 0.4)) / parts)
        await tell(run, f"quick{part}", (quick(part),))
        await run.reached((part + rng.uniform(0.6, 1.0)) / parts)
        await run.relay.kill("notifier")
        run.say(f"kill {part + 1} after {len(run.kannel.received)} parts")
        await run.relay.start("notifier")


def quick(part: int) -> str:
    """The phone of the group that is quick in that part."""
    return f"+4477009008{part:02}"


async def settled(run: Run) -> RawLog:
    """The log, once every alert has its last record and the network every copy whole that it began to get."""
    log = RawLog(run.relay.nats.url)

    async def at_rest() -> bool:
        try:
            await log.catch_up()
        except (NatsError, OSError):
            return False
        return log.at_rest()

    async def arrived() -> bool:
        said = sum(int(r.body["delivered"]) for r in log.of("LEDGER", "alert.settled.v1"))
        got = by_number(run.kannel.received)
        found = [copies_of(s.text, got.get(n, Counter())) for s in run.sendings for n in s.numbers]
        return sum(copies > 0 for copies, _ in found) >= said and all(whole for _, whole in found)

    await run.relay.wait_until(at_rest, "every alert settled", within_s=_WITHIN_S)
    await run.relay.wait_until(arrived, "the network has all of what was sent", within_s=_WITHIN_S)
    return log


def moved(run: Run, sending: Sending) -> float:
    """The share of the bulk that reached the network between an urgent alert's raising and its arrival."""
    received, bulk = run.kannel.received, run.sendings[0]
    begin = run.raised_at[sending.alert_id]
    end = next((n for n, part in enumerate(received) if part.to == sending.numbers[0]), len(received))
    mine = set(bulk.numbers)
    parts = sum(part.to in mine for part in received[begin:end])
    return parts / len(bulk.numbers) / sms_length(bulk.text).segments


async def campaign(folder: Path, plan: Plan, say: Say) -> dict[str, Any]:
    """One run, judged."""
    env = {
        "SHARED__KANNEL": PASSWORD,
        "RELAY_CLAIM_LEASE_S": str(plan.lease_s),
        "RELAY_CONSOLE_PUBLIC_URL": _PAGES,
    }
    kannel = Kannel(folder / "kannel", throughput=plan.throughput).start()
    try:
        async with RelaySystem(folder / "relay", services=("notifier",), env=env) as relay:
            nats = relay.nats
            async with await connect(nats.url, name="texts", monitoring_url=nats.monitoring_url) as bus:
                master = load_master_key(relay.home.unsafe_key, production=False)
                keyring = Keyring(master, bus, SystemClock(), source="router")
                return await carry_out(Run(plan, relay, kannel, bus, keyring, say))
    finally:
        kannel.stop()


async def carry_out(run: Run) -> dict[str, Any]:
    """Define, raise, strike, let it settle, judge."""
    plan = run.plan
    numbers = tuple(f"+447700{100_000 + n}" for n in range(plan.recipients))
    await group(run, BULK, numbers)
    for part in range(plan.kills):
        await group(run, f"quick{part}", (quick(part),))
    began = time.monotonic()
    await tell(run, BULK, numbers)
    await strikes(run)
    log = await settled(run)
    seconds = time.monotonic() - began
    verdict = judge(run.sendings, log.records["LEDGER"], run.kannel.received, kills=plan.kills)
    shares = [round(moved(run, sending), 4) for sending in run.sendings[1:]]
    late = [f"the bulk moved {s:.1%} before an urgent alert arrived" for s in shares if s >= plan.most_moved]
    return {
        **asdict(plan),
        **asdict(verdict),
        "bulk_moved_before_urgent": shares,
        "seconds": round(seconds, 1),
        "problems": [*verdict.problems, *late],
    }


def main() -> None:
    """Run it as asked; exit code 1 if anything was wrong, and then the logs are kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    usual = Plan()
    parser.add_argument("--recipients", type=int, default=usual.recipients)
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--seed", type=int, default=usual.seed)
    plan = Plan(**vars(parser.parse_args()))
    command.carry_out("texts", lambda folder, say: campaign(folder, plan, say))


if __name__ == "__main__":
    main()
