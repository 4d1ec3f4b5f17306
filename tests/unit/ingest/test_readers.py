"""Bridges that read their source: supervised, apart from one another, stored before they read on."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from services.ingest.door import DOOR
from services.ingest.readers import NotStoredError, Pace, Readers
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import (
    BadCredentials,
    ChannelHost,
    Delivered,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    ReadingHost,
    Rejected,
    RetryLater,
    Spec,
)
from tests.unit.ingest.front_door import NOW, FrontDoor, front_door

REPORT = IncomingReport(source_id="one", text="marker-one in Dalston", sender="marker-sender", contact="them")
Ended = RetryLater | BadCredentials


@dataclass
class Source:
    """A bridge whose reading is a function of the test's; it writes down the receipts that it is to send."""

    reading: Callable[[ReadingHost], Awaitable[Ended]]
    outcome: Outcome = field(default_factory=lambda: Delivered("1"))
    begun: int = 0
    receipts: list[tuple[str, str, str]] = field(default_factory=list)

    spec: ClassVar[Spec] = Spec("made-up", "t", "s", "w", "experimental", "fake", {}, senders="account")
    Settings: ClassVar[type[PluginSettings]] = PluginSettings

    async def read(self, host: ReadingHost) -> Ended:
        self.begun += 1
        return await self.reading(host)

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:  # noqa: ARG002 - the interface
        self.receipts.append((address, text, key))
        return self.outcome


async def hangs(host: ReadingHost) -> Ended:
    await asyncio.Event().wait()
    raise AssertionError


def hands_over(*reports: IncomingReport) -> Callable[[ReadingHost], Awaitable[Ended]]:
    """Connected, it hands these over and then waits for more."""

    async def reading(host: ReadingHost) -> Ended:
        host.connected()
        for report in reports:
            await host.take(report)
        return await hangs(host)

    return reading


@dataclass
class Running:
    """Readers at work behind a front door."""

    door: FrontDoor
    readers: Readers
    stop: asyncio.Event
    task: "asyncio.Task[None]"
    pauses: list[float]

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - conditions of many kinds
                await asyncio.sleep(0.002)

    def counts(self) -> Mapping[str, int]:
        return self.door.client.app[DOOR].counts  # type: ignore[no-any-return]  # the app of a TestClient is Any

    def standing(self, name: str = "a") -> str:
        return self.readers.health()[name]["state"]

    async def stored(self) -> int:
        return await self.door.bus.last_seq("REPORTS")


@contextlib.asynccontextmanager
async def running(folder: Path, *, connect_s: float = 5.0, **sources: Source) -> AsyncIterator[Running]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0.001)

    async with front_door(folder, spool_bytes=2_000) as door, ClientSession() as http:
        app: Any = door.client.app
        pace = Pace(sleep=sleep, jitter=lambda: 1.0, connect_s=connect_s)
        readers = Readers(app[DOOR], sources, http=http, secrets=KnownSecrets({}), pace=pace)
        stop = asyncio.Event()
        task = asyncio.create_task(readers.run(stop))
        try:
            yield Running(door, readers, stop, task, pauses)
        finally:
            stop.set()
            await asyncio.wait_for(task, 10)


async def test_what_is_handed_over_is_stored_and_its_sender_gets_one_receipt(tmp_path: Path) -> None:
    source = Source(hands_over(REPORT, REPORT))
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: source.receipts)
        assert run.standing() == "CONNECTED"
        (report,) = await run.door.stored()
        assert report.bridge == "a"
        assert report.content.sender_is == "account"  # type: ignore[union-attr]  # opened
    ((address, text, key),) = source.receipts
    assert address == "them"
    assert report.report_id[1:7].upper() in text
    assert key == f"receipt-{report.report_id}"
    assert run.counts()["bridge.a.receipt.sent"] == 1


@pytest.mark.parametrize(
    "report",
    [
        replace(REPORT, text="MINE D7K"),
        replace(REPORT, contact=None),
        replace(REPORT, observed_at=NOW - timedelta(hours=13)),
    ],
    ids=["to the desk", "in a group", "so old that it may be a repeat"],
)
async def test_some_get_no_receipt(report: IncomingReport, tmp_path: Path) -> None:
    source = Source(hands_over(report, replace(REPORT, source_id="two")))
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: source.receipts)
        assert await run.stored() == 2
    assert len(source.receipts) == 1


async def test_repeats_use_up_nobodys_receipts(tmp_path: Path) -> None:
    repeats = [REPORT] * 5
    source = Source(hands_over(*repeats, *(replace(REPORT, source_id=f"n{n}") for n in range(4))))
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: run.counts()["accepted.stored"] == 5)
    assert len(source.receipts) == 3


async def test_a_receipt_that_cannot_be_sent_is_counted_and_in_nobodys_way(tmp_path: Path) -> None:
    source = Source(
        hands_over(REPORT, replace(REPORT, source_id="two", sender="other")), Rejected("captcha_needed")
    )
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: run.counts()["bridge.a.receipt.captcha_needed"] == 2)
        assert run.counts()["accepted.stored"] == 2
        assert run.standing() == "CONNECTED"


async def test_it_reads_on_only_after_the_report_is_stored(tmp_path: Path) -> None:
    after: list[int] = []

    async def reading(host: ReadingHost) -> Ended:
        host.connected()
        await host.take(REPORT)
        after.append(1)
        return await hangs(host)

    async with running(tmp_path, a=Source(reading)) as run:
        await run.until(lambda: after)
        assert await run.stored() == 1


async def test_while_nothing_can_be_stored_it_waits_and_nothing_is_lost(tmp_path: Path) -> None:
    go = asyncio.Event()
    many = [replace(REPORT, source_id=str(n), text="x" * 400) for n in range(8)]

    async def reading(host: ReadingHost) -> Ended:
        await go.wait()
        return await hands_over(*many)(host)

    async with running(tmp_path, a=Source(reading)) as run:
        run.door.bus.go_away()
        go.set()
        await run.until(lambda: run.counts()["refused.cannot_store"] > 2)
        assert not run.door.spool.has_room or run.door.spool.depth
        run.door.bus.come_back()
        await run.door.drained()
        await run.until(lambda: sum(run.counts()[f"accepted.{how}"] for how in ("stored", "spooled")) == 8)
        await run.door.drained()
        assert await run.stored() == len(many)


async def test_a_report_that_no_contract_allows_is_set_aside_and_the_next_is_read(tmp_path: Path) -> None:
    bad = replace(REPORT, source_id="bad", text="", lat=200.0, lon=0.0)
    other = replace(REPORT, text="another text under the same id")
    source = Source(hands_over(bad, REPORT, other, replace(REPORT, source_id="two")))
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: run.counts()["accepted.stored"] == 2)
        assert run.counts()["bridge.a.refused.invalid_report"] == 1
        assert run.counts()["bridge.a.refused.key_used_for_another_report"] == 1
        assert run.standing() == "CONNECTED"


async def test_one_that_raises_or_hangs_touches_no_other(tmp_path: Path) -> None:
    async def raises(host: ReadingHost) -> Ended:
        raise RuntimeError("marker-one")

    async def cancels_itself(host: ReadingHost) -> Ended:
        raise asyncio.CancelledError

    async def returns_nonsense(host: ReadingHost) -> Ended:
        return "marker-one"  # type: ignore[return-value]  # as a careless plug-in does

    sources = {
        "raises": Source(raises),
        "hangs": Source(hangs),
        "cancels": Source(cancels_itself),
        "nonsense": Source(returns_nonsense),
        "works": Source(hands_over(REPORT)),
    }
    with capture_logs() as logs:
        async with running(tmp_path, connect_s=0.02, **sources) as run:
            await run.until(lambda: all(s.begun > 3 for n, s in sources.items() if n != "works"))
            assert run.standing("works") == "CONNECTED"
            assert await run.stored() == 1
            assert sources["works"].begun == 1
            assert run.counts()["bridge.raises.failed"] >= 3
            reasons = {n: h.get("reason") for n, h in run.readers.health().items()}
    assert reasons == {
        "raises": "plugin_error",
        "hangs": "connect_timeout",
        "cancels": "ended",
        "nonsense": "ended",
        "works": None,
    }
    assert "marker-one" not in json.dumps(logs, default=str)


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        (RetryLater("unreachable"), "TRANSIENT_DISCONNECT"),
        (RetryLater("http_429", 30.0), "RATE_LIMITED"),
        (BadCredentials("no_such_account"), "BAD_CREDENTIALS"),
    ],
)
async def test_how_it_stands_is_said_with_the_reason(ended: Ended, state: str, tmp_path: Path) -> None:
    seen: set[str] = set()

    async def reading(host: ReadingHost) -> Ended:
        return ended

    with capture_logs() as logs:
        async with running(tmp_path, a=Source(reading)) as run:
            await run.until(lambda: len(run.pauses) > 2)
            seen |= {entry["state"] for entry in logs if entry["event"] == "bridge_state"}
            shown = run.readers.health()["a"]
    assert seen == {state}
    assert shown["reason"] == ended.reason
    assert shown["since"] == NOW.isoformat()


@pytest.mark.parametrize(
    ("lat", "lon", "accuracy_m"),
    [
        ("abc", "-0.07", None),
        (float("nan"), -0.07, None),
        (51.5, 999.0, None),
        (1e30, -1e30, None),
        (51.5, -0.07, -1.0),
        ([51.5], {}, None),
    ],
)
async def test_a_place_that_is_none_costs_no_words(
    lat: Any, lon: Any, accuracy_m: Any, tmp_path: Path
) -> None:
    source = Source(hands_over(replace(REPORT, lat=lat, lon=lon, accuracy_m=accuracy_m)))
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: source.receipts)
        (report,) = await run.door.stored()
        assert report.content.text == REPORT.text  # type: ignore[union-attr]  # opened
        assert report.content.position is None  # type: ignore[union-attr]  # opened
        assert run.counts()["bridge.a.place_dropped"] == 1


async def test_pauses_grow(tmp_path: Path) -> None:
    async def reading(host: ReadingHost) -> Ended:
        host.connected()
        return RetryLater("stream_ended")

    async with running(tmp_path, a=Source(reading)) as run:
        await run.until(lambda: len(run.pauses) >= 8)
        assert run.pauses[:8] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


async def test_what_is_no_report_is_counted_by_its_reason(tmp_path: Path) -> None:
    async def reading(host: ReadingHost) -> Ended:
        host.connected()
        host.ignored(Ignored("group_talk"))
        host.ignored(Ignored("what somebody wrote"))
        return await hangs(host)

    async with running(tmp_path, a=Source(reading)) as run:
        await run.until(lambda: run.counts()["bridge.a.ignored.unspecified"])
        assert run.counts()["bridge.a.ignored.group_talk"] == 1


async def test_a_stop_finishes_what_is_being_stored(tmp_path: Path) -> None:
    source = Source(hands_over(REPORT))
    async with running(tmp_path, a=source) as run:
        publish, asked, go = run.door.bus.publish, asyncio.Event(), asyncio.Event()

        async def slow(message: Any, *, patience_s: float = 10.0) -> Any:
            if message.subject.startswith("reports."):
                asked.set()
                await go.wait()
            return await publish(message, patience_s=patience_s)

        run.door.bus.publish = slow  # type: ignore[method-assign]  # slow for this test
        await asked.wait()
        run.stop.set()
        done, _ = await asyncio.wait({run.task}, timeout=0.05)
        assert not done
        go.set()
        await asyncio.wait_for(run.task, 5)
        assert await run.stored() == 1


async def test_a_stop_while_nothing_can_be_stored_ends_and_claims_nothing(tmp_path: Path) -> None:
    said: list[type[BaseException]] = []

    async def stubborn(host: ReadingHost) -> Ended:
        host.connected()
        for n in range(20):
            try:
                await host.take(replace(REPORT, source_id=str(n), text="x" * 900))
            except (NotStoredError, asyncio.CancelledError) as error:
                said.append(type(error))
                raise
        raise AssertionError("two kilobytes took twenty reports")

    async with running(tmp_path, a=Source(stubborn)) as run:
        run.door.bus.go_away()
        await run.until(lambda: run.counts()["refused.cannot_store"])
        run.stop.set()
        await asyncio.wait_for(run.task, 5)
    assert said


async def test_without_such_bridges_it_waits_for_the_stop(tmp_path: Path) -> None:
    async with running(tmp_path) as run:
        await asyncio.sleep(0)
        assert not run.task.done()
        assert run.readers.health() == {}


class Silent(Source):
    """One whose source says something all the time."""

    spec: ClassVar[Spec] = replace(Source.spec, silent_s=0.05)


async def test_one_whose_source_must_not_be_silent_is_read_anew_when_it_hangs(tmp_path: Path) -> None:
    async def reading(host: ReadingHost) -> Ended:
        host.connected()
        await host.take(replace(REPORT, source_id=str(hung.begun)))
        return await hangs(host)

    async def heard_from(host: ReadingHost) -> Ended:
        host.connected()
        while True:
            host.alive()
            await asyncio.sleep(0.002)

    hung, alive, quiet = Silent(reading), Silent(heard_from), Source(hands_over())
    async with running(tmp_path, hung=hung, alive=alive, quiet=quiet) as run:
        await run.until(lambda: hung.begun > 2)
        assert run.counts()["accepted.stored"] >= 2
        assert (alive.begun, quiet.begun) == (1, 1)
        await run.until(lambda: run.readers.health()["hung"].get("reason") == "silent")


async def test_a_source_is_not_silent_while_its_report_cannot_be_stored(tmp_path: Path) -> None:
    source = Silent(hands_over(*(replace(REPORT, source_id=str(n), text="x" * 900) for n in range(4))))
    async with running(tmp_path, a=source) as run:
        run.door.bus.go_away()
        await run.until(lambda: run.counts()["refused.cannot_store"] > 50)
        assert source.begun == 1


async def test_an_edit_is_one_more_message_while_it_is_news_and_gets_no_receipt(tmp_path: Path) -> None:
    soon, late = NOW - timedelta(minutes=29), NOW - timedelta(minutes=31)
    source = Source(
        hands_over(
            replace(REPORT, source_id="edit", text="raid, they go to Mare Street", first_said_at=soon),
            replace(REPORT, source_id="old", first_said_at=late),
            replace(REPORT, source_id="desk", text="OVER D7K", first_said_at=soon),
            replace(REPORT, source_id="yes", text="YES 4711", first_said_at=soon),
            replace(REPORT, source_id="plain", sender="other"),
        )
    )
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: source.receipts)
        stored = [r.content.text for r in await run.door.stored()]  # type: ignore[union-attr]  # opened
        assert stored == ["raid, they go to Mare Street", REPORT.text]
        assert run.counts()["bridge.a.ignored.late_edit"] == 1
        assert run.counts()["bridge.a.ignored.edited_reply"] == 2
    assert len(source.receipts) == 1


async def test_a_sender_who_floods_us_is_marked_and_counted_and_nobody_else_is(tmp_path: Path) -> None:
    flood = [replace(REPORT, source_id=f"n{n}", text=f"raid number {n}", sender="bot") for n in range(33)]
    source = Source(hands_over(*flood, *flood[:5], replace(REPORT, source_id="other", sender="Ada")))
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: run.counts()["accepted.stored"] == 34)
        marked = [r.content.flood for r in await run.door.stored()]  # type: ignore[union-attr]  # opened
        assert marked == [*[False] * 30, *[True] * 3, False]
        assert run.counts()["bridge.a.quarantined"] == 3


async def test_a_source_that_tells_everything_again_makes_nobody_a_flood(tmp_path: Path) -> None:
    source = Source(hands_over(*[REPORT] * 60, replace(REPORT, source_id="new")))
    async with running(tmp_path, a=source) as run:
        await run.until(lambda: run.counts()["accepted.stored"] == 2)
        assert not run.counts()["bridge.a.quarantined"]
