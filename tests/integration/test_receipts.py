"""Receipts: what providers say later comes into the ledger once, believed only when signed."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from services.notifier import receipt_door
from services.notifier.channels.kannel import KannelChannel
from services.notifier.receipt_door import ReceiptDoor
from services.notifier.worker import Notifier
from shared.clock import SystemClock
from shared.contracts.ledger import ChunkClaimed, ChunkSettled, DeliveryReceipted
from shared.http import problems, site
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import (
    Delivered,
    DeliveryReceipt,
    Ignored,
    Outcome,
    Refused,
    RenderedMessage,
    WebhookRequest,
)
from shared.ports import Bus
from shared.testing.bus import MemoryBus
from shared.testing.servers import free_port
from tests.integration.notifier_rig import Rig, channel_kind, until
from tests.rigs.kannel import PASSWORD, REFUSED, USER, Kannel, needs_kannel


def speaking(behaviour: Any) -> type[Any]:
    """A channel whose provider calls back `id` and `arrived`, signed by saying `sign=yes`."""

    def receipts(_self: Any, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Ignored | Refused:
        fields = dict(pair.split("=") for pair in request.body.decode().split("&"))
        if fields.get("sign") != "yes":
            return Refused(403, "bad_signature", "Sign it.")
        if fields["arrived"] == "boom":
            raise RuntimeError("secret words")
        if fields["arrived"] == "sent":
            return Ignored("not_final")
        reason = fields.get("reason", fields["arrived"])
        return [DeliveryReceipt(fields["id"], fields["arrived"], reason)]  # type: ignore[arg-type]

    kind = channel_kind("told", behaviour)
    kind.receipts = receipts  # type: ignore[attr-defined]
    return kind


class Hub:
    """A rig with the notifier's door open."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.url = rig, ""
        self.notifier: Notifier
        self.http = ClientSession()

    async def open(self, notifier: Notifier, stack: AsyncExitStack, port: int = 0) -> None:
        """Serve the door of this notifier."""
        self.notifier = notifier
        app = web.Application(middlewares=[problems])
        ReceiptDoor(
            notifier.receipts,
            self.rig.directories[-1],
            clock=SystemClock(),
            public_url=self.rig.public_url or "http://hub.example",
            ready=lambda: notifier.ready,
        ).add_to(app)
        port = await stack.enter_async_context(site(app, "127.0.0.1", port))
        self.url = f"http://127.0.0.1:{port}/receipts"

    async def say(self, body: str, *, channel: str = "hackney/texts", sign: str = "yes") -> int:
        """Call as the provider does; the status of the answer."""
        async with self.http.post(f"{self.url}/{channel}", data=f"{body}&sign={sign}") as response:
            await response.read()
            return response.status

    async def receipts(self) -> list[tuple[str, str, str]]:
        """Who was said to have got it, or not, and why."""
        return [
            (str(r.alert_id), r.recipient, f"{r.arrived}.{r.reason}")
            for r in await self.rig.ledger()
            if isinstance(r, DeliveryReceipted)
        ]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as found:
        yield found


@pytest.fixture
async def hub(bus: Bus, stack: AsyncExitStack) -> AsyncIterator[Hub]:
    ids = (f"p{n}" for n in itertools.count())

    async def take(_address: str, _message: RenderedMessage) -> Outcome:
        return Delivered(next(ids))

    rig = Rig(bus, {"told": speaking(take)})
    found = Hub(rig)
    await rig.group(texts={"to": 3})
    await found.open(rig.start(), stack)
    yield found
    await rig.stop()
    await found.http.close()


async def test_a_receipt_comes_into_the_ledger_once_and_a_part_that_failed_fails_it(hub: Hub) -> None:
    await hub.rig.alert()
    await hub.rig.settled("a1")
    for body in ("id=p0&arrived=delivered",) * 3 + ("id=p1&arrived=failed&reason=unreachable_phone",) * 2:
        assert await hub.say(body) == 200
    assert await hub.say("id=p1&arrived=delivered") == 200  # another part: the whole is lost all the same
    assert await hub.say("id=p2&arrived=sent") == 200
    assert await hub.receipts() == [
        ("a1", "texts:0", "delivered.delivered"),
        ("a1", "texts:1", "failed.unreachable_phone"),
    ]
    assert await hub.say("id=p0&arrived=failed&reason=Provider's own words") == 200
    assert (await hub.receipts())[-1] == ("a1", "texts:0", "failed.unspecified")
    assert await hub.say("id=p0&arrived=delivered") == 200
    assert len(await hub.receipts()) == 3


@pytest.mark.parametrize(
    ("body", "channel", "sign", "status"),
    [
        ("id=p0&arrived=delivered", "hackney/texts", "no", 403),
        ("id=p0&arrived=boom", "hackney/texts", "yes", 500),
        ("id=p0&arrived=delivered", "hackney/other", "yes", 404),
        ("id=p0&arrived=delivered", "nobody/texts", "yes", 503),
        ("id=p0&arrived=delivered", "hackney/..%2f..%2fetc", "yes", 404),
        ("id=" + "x" * 70_000 + "&arrived=delivered", "hackney/texts", "yes", 413),
    ],
)
async def test_what_is_not_to_be_believed_is_refused(
    hub: Hub, body: str, channel: str, sign: str, status: int
) -> None:
    await hub.rig.alert()
    await hub.rig.settled("a1")
    assert await hub.say(body, channel=channel, sign=sign) == status
    assert await hub.receipts() == []


async def test_an_unknown_message_is_dropped_and_counted(
    memory_bus: MemoryBus, stack: AsyncExitStack
) -> None:
    rig = Rig(memory_bus, {"told": speaking(None)})
    hub = Hub(rig)
    await rig.group(texts={"to": 1})
    notifier = rig.start()
    notifier.receipts._patience_s = 0.01
    await hub.open(notifier, stack)
    await until(lambda: rig.directories[0].knows("hackney"))
    assert await hub.say("id=never&arrived=delivered") == 200
    assert await hub.receipts() == []
    assert notifier.receipts.counted["unknown"] == 1
    assert (await notifier.health())["receipts"] == {"unknown": 1}
    await rig.stop()
    await hub.http.close()


async def test_a_receipt_that_comes_before_the_record_of_its_send_waits_for_it(
    memory_bus: MemoryBus, stack: AsyncExitStack
) -> None:
    asked = asyncio.Event()

    async def slow(address: str, _message: RenderedMessage) -> Outcome:
        if address == "address 1":
            await asked.wait()
        return Delivered(address.replace(" ", "-"))

    rig = Rig(memory_bus, {"told": speaking(slow)})
    hub = Hub(rig)
    await rig.group(texts={"to": 2})
    notifier = rig.start(deadline_s=20, lease_s=30)
    await hub.open(notifier, stack)
    await rig.alert()
    await until(lambda: rig.directories[0].knows("hackney"))
    early = asyncio.create_task(hub.say("id=address-0&arrived=delivered"))
    await until(lambda: notifier.receipts._count_waiting == 1)
    assert not early.done()
    asked.set()
    assert await early == 200
    assert await hub.receipts() == [("a1", "texts:0", "delivered.delivered")]
    await rig.stop()
    await hub.http.close()


async def test_too_many_calls_at_a_time_are_told_to_come_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt_door, "_AT_ONCE", 1)
    await hub.rig.alert("a0")
    await hub.rig.settled("a0")
    early = asyncio.create_task(hub.say("id=p3&arrived=delivered"))  # of a message not yet sent
    await until(lambda: hub.notifier.receipts._count_waiting == 1)
    assert await hub.say("id=p0&arrived=sent") == 503
    await hub.rig.alert()
    assert await early == 200
    assert await hub.say("id=p0&arrived=sent") == 200


async def test_after_a_restart_what_was_sent_and_said_is_known_from_the_ledger(
    hub: Hub, stack: AsyncExitStack
) -> None:
    await hub.rig.alert()
    await hub.rig.settled("a1")
    assert await hub.say("id=p0&arrived=delivered") == 200
    await hub.rig.crash()
    await hub.open(hub.rig.start(), stack)
    while await hub.say("id=p0&arrived=delivered") == 503:  # noqa: ASYNC110 - reading the log
        await asyncio.sleep(0.01)
    assert await hub.say("id=p1&arrived=failed") == 200
    assert await hub.receipts() == [
        ("a1", "texts:0", "delivered.delivered"),
        ("a1", "texts:1", "failed.failed"),
    ]


async def test_while_nats_is_away_a_receipt_is_not_answered_until_it_is_stored(
    memory_bus: MemoryBus, stack: AsyncExitStack
) -> None:
    async def take(_address: str, _message: RenderedMessage) -> Outcome:
        return Delivered("p0")

    rig = Rig(memory_bus, {"told": speaking(take)})
    hub = Hub(rig)
    await rig.group(texts={"to": 1})
    await hub.open(rig.start(), stack)
    await rig.alert()
    await rig.settled("a1")
    memory_bus.go_away()
    waiting = asyncio.create_task(hub.say("id=p0&arrived=delivered"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    memory_bus.come_back()
    assert await waiting == 200
    assert await hub.receipts() == [("a1", "texts:0", "delivered.delivered")]
    await rig.stop()
    await hub.http.close()


@needs_kannel
async def test_the_ledger_says_of_kannels_messages_what_the_network_says(
    memory_bus: MemoryBus, stack: AsyncExitStack, tmp_path: Path
) -> None:
    kannel, rig, settings = await kannel_rig(memory_bus, stack, tmp_path)
    hub = Hub(rig)
    numbers = [f"+4477009{n:05}" for n in range(150)]
    await rig.group(texts={**settings, "to": [*numbers, REFUSED]})
    port = free_port()
    rig.public_url = f"http://127.0.0.1:{port}"
    notifier = rig.start(deadline_s=20, lease_s=30)
    await hub.open(notifier, stack, port)
    await rig.alert()
    (ended,) = await rig.settled("a1", within_s=60)
    assert (ended.delivered, [o.reason for o in ended.unsent]) == (150, ["not_routable"])
    await until(lambda: notifier.receipts.counted["kannel.delivered"] == 150, within_s=60)
    assert sorted({part.to for part in kannel.received}) == sorted(numbers)
    said = await hub.receipts()
    assert sorted(recipient for _, recipient, _ in said) == sorted(f"texts:{n}" for n in range(150))
    assert {what for _, _, what in said} == {"delivered.delivered"}
    settled = [o for r in await rig.ledger() if isinstance(r, ChunkSettled) for o in r.outcomes]
    assert not [n for n in numbers if n in repr((settled, said))]
    await rig.stop()
    await hub.http.close()


@needs_kannel
async def test_a_bulk_of_texts_survives_kills_and_holds_up_no_urgent_one(
    bus: Bus, stack: AsyncExitStack, tmp_path: Path
) -> None:
    kannel, rig, settings = await kannel_rig(bus, stack, tmp_path)
    many, urgent = [f"+4477008{n:05}" for n in range(1_200)], "+447700900123"
    await rig.group("peckham", texts={**settings, "audience": "community", "to": many})
    await rig.group(texts={**settings, "to": [urgent]})
    told = {"audience": "community", "kind": "CONFIRMED", "status": "confirmed", "urgency": "normal"}
    await rig.alert("bulk", "peckham", **told)
    await rig.alert("first")
    engine = {"deadline_s": 20, "lease_s": 0.5, "lane_width": 32}  # in proportion: 256 of 10,000
    for kill in range(1, 4):
        rig.start(**engine)
        await until(lambda kill=kill: len(begun(kannel)) > 200 * kill, within_s=60)  # type: ignore[misc]
        await rig.crash()
    rig.start(**engine)
    bulk, first = await rig.settled("bulk", "first", within_s=120)
    await rig.stop()
    maybe = {o.recipient for o in bulk.unsent if o.reason == "ambiguous_twice"}
    assert len(maybe) == len(bulk.unsent)
    assert (bulk.delivered, first.delivered) == (len(many) - len(maybe), 1)
    surely = {number for n, number in enumerate(many) if f"texts:{n}" not in maybe}
    await until(lambda: {*surely, urgent} <= set(begun(kannel)), within_s=60)
    bulk_claims = (c for c in await rig.ledger() if isinstance(c, ChunkClaimed) and c.alert_id == "bulk")
    attempts = Counter(r for claim in bulk_claims for r in claim.recipients)
    copies = Counter(begun(kannel))
    assert all(copies[number] <= min(2, attempts[f"texts:{n}"]) for n, number in enumerate(many))
    assert begun(kannel).index(urgent) < len(many) // 20


async def kannel_rig(bus: Bus, stack: AsyncExitStack, folder: Path) -> tuple[Kannel, Rig, dict[str, str]]:
    """The real Kannel, a rig whose groups' texts go by it, and what their channel is set to."""
    kannel = Kannel(folder / "kannel").start()
    stack.callback(kannel.stop)
    rig = Rig(bus, {"kannel": KannelChannel})
    rig.secrets = KnownSecrets({"env:SHARED__PASSWORD": PASSWORD})
    rig.http = await stack.enter_async_context(ClientSession())
    account = {"username": USER, "password": "env:SHARED__PASSWORD", "sender": "Hackney"}
    return kannel, rig, {"kind": "kannel", "url": kannel.url, **account}


def begun(kannel: Kannel) -> list[str]:
    """To whom a message went, in order: whose first part the network got."""
    return [part.to for part in kannel.received if part.text.startswith(("CONFIRMED", "UNCONFIRMED"))]
