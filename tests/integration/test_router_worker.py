"""The router's worker on the bus: nothing lost, nothing decided twice, whatever happens in between."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from services.router import worker as worker_module
from services.router.counted import DECISIONS, Counted
from services.router.decide import decider
from services.router.fold import LogFold, UnreadableLogError
from services.router.health import Health
from services.router.keeper import Keeper
from services.router.metrics import facts
from services.router.worker import Patience, Router
from shared.contracts import desk
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import HUB, Message
from shared.contracts.catalog import NOTED, decode, decode_all, encode
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.incidents import IncidentOpened, InputDecided
from shared.contracts.keys import DeadLettered
from shared.contracts.reports import ReportContent, ReportReceived
from shared.errors import BusRefusedError, BusUnavailableError, StaleWriterError
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import load_gazetteer
from shared.ports import Bus, Outgoing
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus

NOW = datetime(2022, 5, 14, 12, 0, tzinfo=UTC)
QUICK = Patience(tick_s=0.05, takeover_s=0.3, idle_takeover_s=0.3)
BOX = Area(polygons=((((-0.12, 51.52), (0.0, 51.52), (0.0, 51.58), (-0.12, 51.58), (-0.12, 51.52)),),))
TEXT = "IMMIGRATION RAID HAPPENING NOW IN HACKNEY KINGSLAND RD/ASHWIN ST JUNCTION"


class FixedClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class Hub:
    """One bus, and whatever puts messages on it and reads the decisions back."""

    def __init__(self, bus: Bus) -> None:
        self.bus, self.clock = bus, FixedClock()
        self.master = MasterKey(b"k" * 32)
        self.gazetteer: SqliteGazetteer = load_gazetteer()
        self.keyring = self.new_keyring()

    def new_keyring(self) -> Keyring:
        return Keyring(self.master, self.bus, self.clock, source="test")

    def router(self, bus: Bus | None = None, patience: Patience = QUICK) -> Router:
        return Router(bus or self.bus, self.new_keyring(), self.clock, self.gazetteer, patience=patience)

    async def put(self, message: Message) -> None:
        await self.bus.publish(encode(await self.keyring.seal(message), source="test"))

    async def report(self, n: int | str, text: str, **content: Any) -> None:
        name = f"r{n}"
        inside = ReportContent(text=text, sender=content.pop("sender", f"s{n}"), **content)
        await self.put(ReportReceived(id=name, at=NOW, report_id=name, bridge="api", content=inside))

    async def define(self) -> None:
        roles: Any = {HUB: "operator"}
        await self.put(
            desk.AddMember(
                id="c1",
                at=NOW,
                member="bootstrap",
                group=HUB,
                new_member="op",
                roles=roles,
                token_sha256="0" * 64,
            )
        )
        definition = GroupDefinition(id="hackney", name="Hackney", area=BOX)
        await self.put(desk.DefineGroup(id="c2", at=NOW, member="op", group=HUB, definition=definition))

    async def decisions(self) -> list[Message]:
        return [m async for m in self._all("DECISIONS")]

    async def _all(self, stream: str) -> AsyncIterator[Message]:
        last = await self.bus.last_seq(stream)
        if last:
            async with contextlib.aclosing(self.bus.read(stream)) as entries:
                async for entry in entries:
                    for message in decode_all(entry):
                        yield await self.keyring.open(message)
                    if entry.seq >= last:
                        return

    async def decided(self) -> dict[tuple[str, int], InputDecided]:
        found = [
            m for m in await self.decisions() if isinstance(m, InputDecided) and m.input.stream != "TICK"
        ]
        counted = Counter((m.input.stream, m.input.seq) for m in found)
        assert all(n == 1 for n in counted.values()), "an input was decided twice"
        return {(m.input.stream, m.input.seq): m for m in found}

    async def until_decided(self, reports: int, commands: int = 2) -> dict[tuple[str, int], InputDecided]:
        async with asyncio.timeout(30):
            while True:
                found = await self.decided()
                if len(found) >= reports + commands:
                    assert len(found) == reports + commands
                    return found
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(*routers: Router) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for router in routers:
            tasks.create_task(router.run(stop))
        try:
            yield
        finally:
            stop.set()


@pytest.fixture
def hub(memory_bus: MemoryBus) -> Hub:
    return Hub(memory_bus)


async def test_reports_become_one_incident_and_one_first_alert_on_both_buses(bus: Bus) -> None:
    hub = Hub(bus)
    await hub.define()
    for n in range(5):
        await hub.report(n, TEXT)
    async with running(hub.router()):
        found = await hub.until_decided(5)
    outcomes = [found["REPORTS", n].outcome for n in range(1, 6)]
    assert outcomes == ["opened", *["attached"] * 4]
    log = await hub.decisions()
    assert [m.id for m in log][-1] == "REPORTS.5.1"
    alerts = [m for m in log if isinstance(m, AlertRaised)]
    assert [(a.group, a.audience, a.kind) for a in alerts] == [("hackney", "verifiers", "UNCONFIRMED")]


async def test_what_people_decided_comes_before_reports_that_were_stored_first(hub: Hub) -> None:
    await hub.report(1, TEXT)
    await hub.define()
    async with running(hub.router()):
        found = await hub.until_decided(1)
    assert found["REPORTS", 1].outcome == "opened", "decided before its group existed"


async def test_ten_thousand_copies_give_one_incident_and_one_first_alert(hub: Hub) -> None:
    await hub.define()
    for n in range(10_000):
        await hub.report(n, TEXT)
    router = hub.router()
    async with running(router), asyncio.timeout(120):
        while router.state.reports_seq < 10_000:  # noqa: ASYNC110 - the state has no event to wait for
            await asyncio.sleep(0.05)
    log = await hub.decisions()
    assert sum(isinstance(m, InputDecided) for m in log) == 10_002
    assert sum(isinstance(m, IncidentOpened) for m in log) == 1
    assert [a.kind for a in log if isinstance(a, AlertRaised)] == ["UNCONFIRMED"]


class ForgetfulBus:
    """A bus of which every third append is stored and yet answered by silence."""

    def __init__(self, bus: Bus) -> None:
        self._bus, self.appends = bus, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    async def append(self, message: Outgoing, *, after: int) -> int:
        self.appends += 1
        seq = await self._bus.append(message, after=after)
        if self.appends % 3 == 0:
            raise BusUnavailableError
        return seq


async def test_a_lost_acknowledgement_decides_nothing_twice(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "PIPELINE", 2)
    await hub.define()
    for n in range(40):
        await hub.report(n, TEXT)
    forgetful: Any = ForgetfulBus(hub.bus)
    async with running(hub.router(forgetful)):
        await hub.until_decided(40)
    assert forgetful.appends >= 20


class SlowBus:
    """A bus that stores a decision when it is let, and then says what it is told to."""

    def __init__(self, bus: Bus) -> None:
        self._bus, self.under_way, self.most = bus, 0, 0
        self.asked, self.may = asyncio.Event(), asyncio.Event()
        self.refusal: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    async def append(self, message: Outgoing, *, after: int) -> int:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.asked.set()
        try:
            await self.may.wait()
            if refusal := self.refusal:
                self.refusal = None
                raise refusal
            return await self._bus.append(message, after=after)
        finally:
            self.under_way -= 1


@pytest.mark.parametrize(
    "refusal", [None, StaleWriterError(), BusUnavailableError(), BusRefusedError("full")], ids=repr
)
async def test_while_a_decision_is_stored_the_next_one_is_made_and_stored_only_after_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, refusal: Exception | None
) -> None:
    seen: list[str] = []
    second = asyncio.Event()

    def step(state: Any, given: Any, now: Any, gazetteer: Any) -> Any:
        if given.message is not None:
            seen.append(given.message.id)
            (second.set if given.message.id == "r2" else lambda: None)()
        return decider.step(state, given, now, gazetteer)

    monkeypatch.setattr(worker_module, "step", step)
    monkeypatch.setattr(worker_module, "_REFUSED_PAUSE_S", 0.01)
    slow: Any = SlowBus(hub.bus)
    await hub.define()
    router = hub.router(slow, replace(QUICK, tick_s=3600))  # a tick waits for what is on its way
    async with running(router), asyncio.timeout(20):
        slow.may.set()
        await hub.until_decided(0)
        slow.may.clear(), slow.asked.clear()
        await hub.report(1, TEXT)
        await slow.asked.wait()
        await hub.report(2, TEXT)
        await second.wait()
        assert await hub.decided() == await hub.until_decided(0), "stored before the one that it builds on"
        slow.refusal = refusal
        slow.may.set()
        found = await hub.until_decided(2)
    assert [found["REPORTS", n].outcome for n in (1, 2)] == ["opened", "attached"]
    assert slow.most == 1
    assert (seen.count("r1"), seen.count("r2")) == ((1, 1) if refusal is None else (2, 2))


class DyingBus:
    """A bus whose router dies: at the n-th append, before it or right after it."""

    def __init__(self, bus: Bus, *, at: int, after: bool) -> None:
        self._bus, self._left, self._after = bus, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    async def append(self, message: Outgoing, *, after: int) -> int:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise KilledError
        seq = await self._bus.append(message, after=after)
        if self._left == 0:
            raise KilledError
        return seq


class KilledError(Exception):
    """Stands for kill -9 between two steps."""


async def run_until_killed(router: Router) -> None:
    async with asyncio.timeout(20):
        with pytest.raises(KilledError):
            await router.run(asyncio.Event())


@pytest.mark.parametrize("after", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_killed_around_an_append_a_new_router_loses_and_repeats_nothing(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, at: int, after: str
) -> None:
    monkeypatch.setattr(worker_module, "PIPELINE", 4)
    await hub.define()
    for n in range(12):
        await hub.report(n, TEXT if n % 2 else "Immigration van at Gillett Square")
    dying: Any = DyingBus(hub.bus, at=at, after=after == "after")
    await run_until_killed(hub.router(dying))
    async with running(hub.router()):
        await hub.until_decided(12)
    assert sum(isinstance(m, IncidentOpened) for m in await hub.decisions()) == 2


@pytest.mark.parametrize("point", ["router.before_decide", "router.after_decide", "router.before_append"])
async def test_killed_at_any_fault_point(hub: Hub, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    await hub.define()
    for n in range(6):
        await hub.report(n, TEXT)
    passed = 0

    def die(name: str) -> None:
        nonlocal passed
        passed += name == point
        if passed == 3 or (passed == 1 and point == "router.before_append"):
            raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(worker_module, "fault_point", die)
        await run_until_killed(hub.router())
    async with running(hub.router()):
        await hub.until_decided(6)


async def test_two_routers_write_the_same_log_as_one(memory_bus: MemoryBus) -> None:
    texts = [
        TEXT,
        "Immigration van at Gillett Square",
        "raid in hackney immigration",
        "is there a raid?",
        "they have left",
        "Immigration raid at Evan Cook Close",
    ]

    async def log_of(bus: MemoryBus, routers: int) -> list[Any]:
        hub = Hub(bus)
        await hub.define()
        async with running(*(hub.router() for _ in range(routers))):
            await hub.until_decided(0)
            for n in range(60):
                await hub.report(n, texts[n % len(texts)])
            await hub.until_decided(60)
        return [m for m in await hub.decisions() if not m.id.startswith("TICK")]

    one, two = await log_of(memory_bus, 1), await log_of(MemoryBus(), 2)
    assert [m.id for m in one] == [m.id for m in two]
    assert one == two


async def test_a_standby_takes_over_when_the_active_router_dies(hub: Hub) -> None:
    await hub.define()
    first, second = hub.router(), hub.router()
    async with running(second):
        async with running(first):
            for n in range(30):
                await hub.report(n, TEXT)
            await hub.until_decided(30)
        await hub.report("late", TEXT)
        found = await hub.until_decided(31)
        assert found["REPORTS", 31].outcome == "attached"
        assert second.role == "active"


@pytest.mark.parametrize(
    "body",
    [b"not json", b'{"type": "report.received.v99"}', b'{"type": "desk.claim.v1"}', b"\xff" * 40],
)
async def test_poison_is_dead_lettered_and_decided_and_the_next_report_goes_on(hub: Hub, body: bytes) -> None:
    await hub.define()
    await hub.bus.publish(Outgoing("reports.v1.api", "rpoison", body))
    await hub.report(2, TEXT)
    async with running(hub.router()):
        found = await hub.until_decided(2)
    assert (found["REPORTS", 1].outcome, found["REPORTS", 1].reason) == ("ignored", "unreadable")
    assert found["REPORTS", 2].outcome == "opened"
    letter = decode((await hub.bus.get("DEAD", 1)).body)  # type: ignore[union-attr]
    assert isinstance(letter, DeadLettered)
    assert (letter.stream, letter.seq, letter.reason) == ("REPORTS", 1, "unreadable")


async def test_a_report_that_breaks_the_judgement_stops_no_other(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:

    def step(state: Any, given: Any, now: Any, gazetteer: Any) -> Any:
        if given.message is not None and given.message.id == "rbad":
            raise ZeroDivisionError("SECRET WORDS")
        return decider.step(state, given, now, gazetteer)

    monkeypatch.setattr(worker_module, "step", step)
    await hub.define()
    await hub.report("bad", TEXT)
    await hub.report(2, TEXT)
    with structlog.testing.capture_logs() as logs:
        async with running(hub.router()):
            found = await hub.until_decided(2)
    assert found["REPORTS", 1].reason == "decide_failed"
    assert found["REPORTS", 2].outcome == "opened"
    assert "SECRET" not in str(logs)
    assert TEXT not in str(logs)
    assert {"decide_failed", "placed_report"} <= {line.get("reason") for line in logs}


async def test_a_run_of_decisions_is_one_stored_message_as_far_as_it_fits(hub: Hub) -> None:
    bus = hub.bus
    assert isinstance(bus, MemoryBus)
    await hub.define()
    for n in range(40):
        await hub.report(n, TEXT)
    bus.most_bytes = 6_000
    async with running(hub.router()):
        await hub.until_decided(40)
    entries = [await bus.get("DECISIONS", n + 1) for n in range(await bus.last_seq("DECISIONS"))]
    assert 5 < len(entries) < 20
    assert all(entry and len(entry.body) <= 6_000 for entry in entries)


async def test_what_is_too_large_for_one_message_is_a_dead_letter_and_the_next_goes_on(hub: Hub) -> None:
    bus = hub.bus
    assert isinstance(bus, MemoryBus)
    await hub.define()
    await hub.report(1, TEXT)
    await hub.report(2, f"{TEXT} " + "they are still here " * 190)
    await hub.report(3, TEXT)
    bus.most_bytes = 4_000
    async with running(hub.router()):
        found = await hub.until_decided(3)
    assert [found["REPORTS", n].reason for n in (1, 2, 3)] == ["placed_report", "decide_failed", "same_text"]
    (letter,) = decode_all(await bus.get("DEAD", 1))  # type: ignore[arg-type]
    assert isinstance(letter, DeadLettered)
    assert (letter.stream, letter.seq, letter.detail) == ("REPORTS", 2, "too large for one message")


async def test_a_tick_too_large_for_one_message_is_decided_in_parts(hub: Hub) -> None:
    bus = hub.bus
    assert isinstance(bus, MemoryBus)
    await hub.define()
    places = ["Ashwin Street", "Gillett Square", "Ridley Road market", "Evan Cook Close", "London Fields"]
    for n, place in enumerate(places):
        await hub.report(n, f"Immigration raid at {place}, officers and vans")
    router = hub.router()
    async with running(router):
        await hub.until_decided(5)
        opened = len(router.state.active)
        assert opened >= 3
        bus.most_bytes = 2_500
        hub.clock.time = NOW + timedelta(hours=3)
        async with asyncio.timeout(10):
            while router.state.active:  # noqa: ASYNC110 - the state has no event to wait for
                await asyncio.sleep(0.02)
    quiet = [m for m in await hub.decisions() if m.type == "incident.quiet.v1"]
    assert len(quiet) == opened
    ticks = [m for m in await hub.decisions() if isinstance(m, InputDecided) and m.input.stream == "TICK"]
    assert len(ticks) >= 2


async def test_an_event_that_cannot_be_read_stops_the_router(hub: Hub) -> None:
    await hub.bus.append(Outgoing(NOTED, "x", b'{"type": "incident.opened.v9"}'), after=0)
    with pytest.raises(UnreadableLogError, match="DECISIONS 1"):
        await hub.router().run(asyncio.Event())


async def test_time_is_decided_only_when_nothing_older_waits(hub: Hub) -> None:
    await hub.define()
    await hub.report(1, TEXT)
    async with running(hub.router()):
        await hub.until_decided(1)
        hub.clock.time = NOW + timedelta(hours=3)
        async with asyncio.timeout(10):
            while not any(  # noqa: ASYNC110 - the log has no event to wait for
                m.type == "incident.quiet.v1" for m in await hub.decisions()
            ):
                await asyncio.sleep(0.02)
    log = await hub.decisions()
    assert [a.kind for a in log if isinstance(a, AlertRaised)] == ["UNCONFIRMED", "NO_NEWS"]
    ticks = [m for m in log if isinstance(m, InputDecided) and m.input.stream == "TICK"]
    assert [t.outcome for t in ticks] == ["ticked"]


async def test_digests_go_out_while_a_backlog_waits(hub: Hub) -> None:
    await hub.define()
    rumour = "they say immigration is on Ashwin Street, forwarded as received"
    for n in range(400):
        at = NOW + timedelta(seconds=10 * n)
        text = rumour if n == 0 else f"nice weather {n}"
        inside = ReportContent(text=text, sender=f"s{n}")
        await hub.put(ReportReceived(id=f"r{n}", at=at, report_id=f"r{n}", bridge="api", content=inside))
    async with running(hub.router()):
        await hub.until_decided(400)
    log = await hub.decisions()
    told = next(i for i, m in enumerate(log) if isinstance(m, AlertRaised) and m.kind == "DIGEST")
    last = max(i for i, m in enumerate(log) if isinstance(m, InputDecided) and m.input.stream == "REPORTS")
    assert told < last


async def test_a_restarted_router_has_the_state_it_had(hub: Hub) -> None:
    await hub.define()
    for n in range(8):
        await hub.report(n, [TEXT, "raid in hackney, immigration"][n % 2])
    router = hub.router()
    async with running(router):
        await hub.until_decided(8)
    fold = LogFold(hub.bus, hub.new_keyring())
    await fold.catch_up()
    assert fold.state == router.state
    assert fold.seq == router.log_seq


async def test_a_log_of_single_messages_on_the_subjects_of_old_folds_the_same(hub: Hub) -> None:
    await hub.define()
    for n in range(8):
        await hub.report(n, [TEXT, "raid in hackney, immigration"][n % 2])
    router = hub.router()
    async with running(router):
        await hub.until_decided(8)
    old = MemoryBus()
    for seq in range(1, await hub.bus.last_seq("DECISIONS") + 1):
        for message in decode_all(await hub.bus.get("DECISIONS", seq)):  # type: ignore[arg-type]
            one = encode(message, source="router")
            family = "alerts.v1.hackney" if isinstance(message, AlertRaised) else "incidents.v1.opened"
            await old.publish(Outgoing(family, one.msg_id, one.body, one.headers))
    fold = LogFold(old, hub.new_keyring())
    await fold.catch_up()
    assert fold.state == router.state
    assert fold.seq > router.log_seq


async def test_the_key_of_a_forgotten_incident_is_destroyed(hub: Hub) -> None:
    await hub.define()
    await hub.report(1, TEXT)
    router = hub.router()
    async with running(router):
        found = await hub.until_decided(1)
    incident = found["REPORTS", 1].incident_id
    assert await hub.bus.subjects("KEYS", f"keys.v1.incident-{incident}")
    state = router.state
    forgotten = state.forgotten.put(incident, True, NOW)  # type: ignore[arg-type]  # noqa: FBT003 - a mark
    gone: Callable[[], Any] = lambda: replace(state, forgotten=forgotten)  # noqa: E731
    destroyed = await Keeper(hub.bus, hub.new_keyring(), hub.clock, gone).sweep()
    assert f"incident-{incident}" in destroyed
    assert not await hub.bus.subjects("KEYS", f"keys.v1.incident-{incident}")
    fold = LogFold(hub.bus, hub.new_keyring())
    await fold.catch_up()
    assert fold.state.incidents[incident].place is None  # type: ignore[index]


async def test_health_says_role_positions_and_lag(hub: Hub) -> None:
    bus = hub.bus
    assert isinstance(bus, MemoryBus)
    await hub.define()
    router = hub.router()
    health = Health(bus, router, hub.clock)
    assert (await health.check())["ok"] is False
    async with running(router):
        await hub.until_decided(0)
        answer = await health.check()
        assert answer["ok"] is True
        assert (answer["role"], answer["lag"]) == ("active", {"reports": 0, "desk": 0})
    bus.go_away()
    assert (await health.check())["ok"] is False
    bus.come_back()


async def test_what_it_did_and_what_waits_is_counted_for_prometheus(hub: Hub) -> None:
    bus = hub.bus
    assert isinstance(bus, MemoryBus)
    await hub.define()
    await hub.report(1, "raid happening now in Ashwin Street, six officers")
    router = hub.router()
    health = Health(bus, router, hub.clock)
    before = {(f.metric.name, f.labels): f.value for f in await facts(health, router.counted)}
    assert before["alert_relay_undecided_inputs", ("REPORTS",)] == 1
    assert before["alert_relay_router_role", ("folding",)] == 1
    later = FixedClock()
    later.time = datetime.now(UTC) + timedelta(seconds=90)
    aged = {(f.metric.name, f.labels): f.value for f in await facts(Health(bus, router, later), Counted())}
    assert aged["alert_relay_undecided_oldest_age_seconds", ("REPORTS",)] >= 90
    async with running(router):
        await hub.until_decided(1)
        after = [f for f in await facts(health, router.counted) if f.metric.name == DECISIONS.name]
    assert {f.labels[0] for f in after} >= {"REPORTS", "DESK"}
    assert sum(f.value for f in after if f.labels[0] == "REPORTS") == 1
    bus.go_away()
    away = {f.metric.name for f in await facts(health, router.counted)}
    assert "alert_relay_undecided_inputs" not in away
    bus.come_back()
