"""Channels that ask what became of their messages: each for itself, always as its group says now."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notifier.directory import Directory
from services.notifier.fetching import Fetching, Pace
from services.notifier.receipts import Receipts, TooManyWaitingError
from shared.contracts.groups import ChannelDefinition, GroupChannels, GroupDefined, GroupDefinition
from shared.contracts.ledger import ChunkSettled, DeliveryReceipted, RecipientOutcome
from shared.errors import SettingsError
from shared.plugins.channel_testing import a_host
from shared.plugins.spec import BadCredentials, ChannelHost, DeliveryReceipt, HearingHost, Ignored, RetryLater
from tests.integration.notifier_rig import ToldSettings, channel_kind, until

NOW = datetime(2026, 6, 22, tzinfo=UTC)
ARRIVED = DeliveryReceipt("p1", "delivered")


class Said:
    """What a channel's provider does when it is asked; one list a channel."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.ends: dict[str, list[Any]] = {}
        self.receipts: list[tuple[str, str, str]] = []
        self.full = 0

    async def note(self, *records: DeliveryReceipted) -> None:
        self.receipts += [(r.group, r.recipient.partition(":")[0], r.provider_id) for r in records]

    async def take(self, group: str, channel: str, receipts: list[DeliveryReceipt]) -> None:
        if self.full:
            self.full -= 1
            raise TooManyWaitingError
        self.receipts += [(group, channel, r.provider_id) for r in receipts]


def asking(said: Said) -> type[Any]:
    def begin(self: Any, settings: ToldSettings, host: ChannelHost) -> None:
        self._settings, self._name = settings, host.name

    async def fetch(self: Any, host: HearingHost) -> Any:
        said.hosts.append(self._name)
        ends = said.ends.get(self._name) or ["reads"]
        end = ends.pop(0)
        if end == "hangs":
            await asyncio.Event().wait()
        if isinstance(end, Exception):
            raise end
        if end != "reads":
            return end
        host.connected()
        host.ignored(Ignored("delayed"))
        await host.take([ARRIVED])
        return await asyncio.Event().wait()

    kind = channel_kind("told")
    kind.__init__ = begin  # type: ignore[method-assign]
    kind.fetch_receipts = fetch  # type: ignore[attr-defined]
    return kind


def defined(version: int = 1, **channels: int) -> GroupDefined:
    made = tuple(
        ChannelDefinition(id=name, kind="told", audience="verifiers", settings={"to": to})
        for name, to in channels.items()
    )
    return GroupDefined(
        id=f"g{version}",
        at=datetime(2026, 6, 22, tzinfo=UTC),
        group="hackney",
        version=version,
        definition=GroupDefinition(id="hackney", name="Hackney"),
        channels=GroupChannels(channels=made),
    )


@pytest.fixture
def said() -> Said:
    return Said()


def sent(name: str, group: str = "hackney") -> ChunkSettled:
    outcome = RecipientOutcome(
        recipient="mail:0", result="delivered", channel_kind="told", reason="delivered", provider_id=name
    )
    return ChunkSettled(
        id=f"c.{name}", at=NOW, alert_id="a1", group=group, chunk=0, attempt=1, outcomes=(outcome,)
    )


class Clock:
    def now(self) -> datetime:
        return NOW


@asynccontextmanager
async def fetching(
    said: Said, *events: GroupDefined, own: Callable[[ChannelHost], Any] | None = None
) -> AsyncIterator[tuple[Fetching, Directory, Receipts]]:
    async def soon(_seconds: float) -> None:
        await asyncio.sleep(0.001)

    async def caught_up() -> None:
        return None

    async with a_host({}) as host:
        directory = Directory({"told": asking(said)}, host)
        for event in events:
            directory.learn(event)
        parts: Any = said, directory, Clock()
        receipts = Receipts(*parts, patience_s=0.01)
        if own is None:
            receipts.take = said.take  # type: ignore[method-assign,assignment]
        pace = Pace(sleep=soon, jitter=lambda: 0.0, connect_s=0.05)
        opened = {"hub/smtp": partial(own, replace(host, name="hub/smtp"))} if own else {}
        made = Fetching(receipts, directory, caught_up, own=opened, pace=pace)
        stop = asyncio.Event()
        task = asyncio.create_task(made.run(stop))
        try:
            yield made, directory, receipts
        finally:
            stop.set()
            await asyncio.wait_for(task, 5)


def state(made: Fetching, name: str = "hackney/mail") -> Callable[[], str]:
    return lambda: " ".join(made.health().get(name, {}).values())


async def test_what_is_said_is_taken_with_the_channels_name_and_what_decides_nothing_is_counted(
    said: Said,
) -> None:
    said.full = 2
    async with fetching(said, defined(mail=1)) as (made, _, receipts):
        await until(lambda: said.receipts == [("hackney", "mail", "p1")])
        assert receipts.counted == {"ignored.delayed": 1}
        assert made.health() == {"hackney/mail": {"state": "CONNECTED"}}


@pytest.mark.parametrize(
    ("end", "stands"),
    [
        (RetryLater("unreachable"), "TRANSIENT_DISCONNECT unreachable"),
        (BadCredentials(), "BAD_CREDENTIALS bad_credentials"),
        (RuntimeError("secret words"), "TRANSIENT_DISCONNECT plugin_error"),
        ("hangs", "TRANSIENT_DISCONNECT connect_timeout"),
        ("nonsense", "TRANSIENT_DISCONNECT ended"),
    ],
)
async def test_whatever_ends_it_is_shown_and_tried_again_and_touches_no_other(
    said: Said, end: Any, stands: str
) -> None:
    said.ends["hackney/mail"] = [end] * 3
    with capture_logs() as logs:
        async with fetching(said, defined(mail=1, other=1)) as (made, _, _receipts):
            await until(lambda: state(made, "hackney/other")() == "CONNECTED")
            await until(lambda: state(made)() == "CONNECTED")
    assert said.hosts.count("hackney/mail") == 4
    shown = [
        f"{e['state']} {e['reason']}".strip()
        for e in logs
        if e.get("channel") == "hackney/mail" and "state" in e
    ]
    assert shown == [stands, "CONNECTED"]
    assert "secret words" not in repr(logs)


async def test_who_has_nobody_to_ask_is_asked_no_more_until_their_settings_change(said: Said) -> None:
    said.ends["hackney/mail"] = [None]
    async with fetching(said, defined(mail=1)) as (made, directory, _):
        await until(lambda: said.hosts == ["hackney/mail"])
        assert made.health() == {}
        directory.learn(defined(2, mail=1))  # nothing of it has changed
        directory.learn(defined(3, mail=2))
        await until(lambda: state(made)() == "CONNECTED")
        assert said.hosts == ["hackney/mail"] * 2


async def test_a_channel_of_the_hub_s_own_speaks_of_every_group_s_messages(said: Said) -> None:
    opened: list[str] = []

    def own(host: ChannelHost) -> Any:
        opened.append(host.name)
        if len(opened) == 1:
            raise SettingsError("The secret env:X is not set.")
        return asking(said)(ToldSettings(), host)

    async with fetching(said, own=own) as (made, _, receipts):
        receipts.learn(sent("p1", group="camden"))
        receipts.learn(sent("p2"))
        await until(lambda: state(made, "hub/smtp")() == "CONNECTED")
        await until(lambda: said.receipts == [("camden", "mail", "p1")])
        await receipts.take_by_name([DeliveryReceipt("never", "failed")])
        assert receipts.counted["unknown"] == 1
    assert opened == ["hub/smtp"] * 2


async def test_a_channel_that_is_no_more_is_asked_no_more(said: Said) -> None:
    async with fetching(said, defined(mail=1, other=1)) as (made, directory, _):
        await until(lambda: len(made.health()) == 2)
        directory.learn(defined(2, other=1))
        await until(lambda: list(made.health()) == ["hackney/other"])
