"""The notifier's engine on the bus: who gets how many copies, whatever dies, hangs or is refused."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notifier.metrics import DELIVERIES, WAITING, WAITING_AGE, facts
from services.notifier.worker import Notifier
from shared.contracts.base import KeyId, Sealed
from shared.contracts.catalog import decode
from shared.contracts.desk import KillSwitch
from shared.contracts.groups import GroupDefined
from shared.contracts.keys import DeadLettered
from shared.contracts.ledger import AlertSettled, ChunkClaimed, ChunkSettled
from shared.errors import BusUnavailableError
from shared.plugins.spec import (
    BadCredentials,
    Delivered,
    Outcome,
    Rejected,
    RenderedMessage,
    RetryLater,
    Unknown,
)
from shared.ports import Bus, Entry, Outgoing
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Behaviour, Rig, channel_kind, until

POINTS = ("notifier.after_expand", "notifier.after_claim", "notifier.after_send", "notifier.after_settle")


@pytest.fixture
async def rig(memory_bus: MemoryBus) -> AsyncIterator[Rig]:
    """A rig on the bus in memory with one kind of channel, `told`."""
    rig = Rig(memory_bus, {"told": channel_kind("told")})
    yield rig
    await rig.crash()


def copies(rig: Rig, kind: str = "told") -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = rig.plugins[kind].copies
    return found


def behaving(rig: Rig, behaviour: Behaviour, kind: str = "told") -> None:
    rig.plugins[kind].behaviour = staticmethod(behaviour)


async def test_an_exercise_goes_over_channels_chosen_for_it_and_no_others(rig: Rig) -> None:
    words: list[str] = []

    async def heard(_address: str, message: RenderedMessage) -> Outcome:
        words.append(message.text)
        return Delivered()

    behaving(rig, heard)
    await rig.group(chosen={"to": 2, "drills": True}, others={"to": 5})
    await rig.group("peckham", others={"to": 5})
    await rig.alert("real")
    await rig.alert("exercise", drill=True)
    await rig.alert("nowhere", "peckham", drill=True)
    rig.start()
    settled = await rig.settled("real", "exercise", "nowhere")
    assert {s.alert_id: (s.delivered, s.reason) for s in settled} == {
        "real": (7, "done"),
        "exercise": (2, "done"),
        "nowhere": (0, "no_recipients"),
    }
    assert Counter(text.startswith("DRILL") for text in words) == {True: 2, False: 7}


async def test_ended_in_the_middle_it_leaves_no_work_behind(rig: Rig) -> None:
    under_way = asyncio.Event()

    async def hangs(_address: str, _message: RenderedMessage) -> Outcome:
        under_way.set()
        await asyncio.Event().wait()
        raise AssertionError

    behaving(rig, hangs)
    await rig.group(wide={"to": 3})
    before = asyncio.all_tasks()
    for n in range(8):
        await rig.alert(f"a{n}")
    rig.start(at_once=1, lane_width=1, deadline_s=30.0)
    async with asyncio.timeout(10):
        await under_way.wait()
    await rig.crash()
    assert asyncio.all_tasks() - before == set()


class Crash:
    """A fault point that ends everything at the n-th passing, as a kill would."""

    def __init__(self, point: str, nth: int = 1) -> None:
        self.point, self.left, self.happened = point, nth, asyncio.Event()
        self.victim: Notifier | None = None

    def __call__(self, name: str) -> None:
        self.left -= name == self.point
        if self.left <= 0:
            self.happened.set()
            if self.victim is not None:
                self.victim._work.draining = True  # the dead take up nothing new
            raise asyncio.CancelledError


async def dead_letters(bus: Bus) -> list[DeadLettered]:
    found: list[DeadLettered] = []
    last = await bus.last_seq("DEAD")
    while len(found) < last:
        entry = await bus.get("DEAD", len(found) + 1)
        assert entry is not None
        letter = decode(entry)
        assert isinstance(letter, DeadLettered)
        found.append(letter)
    return found


async def test_every_recipient_of_the_audience_gets_one_copy(bus: Bus) -> None:
    rig = Rig(bus, {"told": channel_kind("told")})
    await rig.group(desk={"to": 100}, mail={"to": 3}, public={"to": 5, "audience": "community"})
    await rig.alert()
    rig.start()
    (end,) = await rig.settled("a1")
    await rig.stop()
    assert end.delivered == 103
    assert end.reason == "done"
    assert set(copies(rig).values()) == {1}
    assert len(copies(rig)) == 103


async def test_nothing_is_sent_that_is_not_claimed_before(rig: Rig) -> None:
    await rig.group(desk={"to": 130})
    sent_before_claim: list[str] = []

    async def check(address: str, message: RenderedMessage) -> Outcome:
        claimed = [r for c in await rig.ledger() if isinstance(c, ChunkClaimed) for r in c.recipients]
        if f"desk:{address.split()[1]}" not in claimed:
            sent_before_claim.append(address)
        return Delivered()

    behaving(rig, check)
    await rig.alert()
    rig.start()
    await rig.settled("a1")
    assert not sent_before_claim
    assert all(len(r.recipients) <= 64 for r in await rig.ledger() if isinstance(r, ChunkClaimed))


async def test_an_alerts_end_stands_behind_the_end_of_all_its_chunks(bus: Bus) -> None:
    rig = Rig(bus, {"told": channel_kind("told")})
    await rig.group(desk={"to": 70})
    alerts = [f"a{n}" for n in range(40)]
    for alert in alerts:
        await rig.alert(alert)
    rig.start(lease_s=10.0)  # a slow disk must not look like an abandoned claim
    await rig.settled(*alerts)
    await rig.stop()
    records = await rig.ledger()
    for n, record in enumerate(records):
        if isinstance(record, AlertSettled):
            before = [
                r.chunk for r in records[:n] if isinstance(r, ChunkSettled) and r.alert_id == record.alert_id
            ]
            assert sorted(before) == [0, 1]
    assert len(records) == 40 * 6


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_a_second_copy_is_only_of_what_was_in_flight(bus: Bus, point: str) -> None:
    rig = Rig(bus, {"told": channel_kind("told")})
    await rig.group(desk={"to": 100})
    await rig.alert()
    crash = Crash(point)
    crash.victim = rig.start(fault=crash)
    await asyncio.wait_for(crash.happened.wait(), 10)
    await rig.crash()
    in_flight = {
        (r.chunk, who) for r in await rig.ledger() if isinstance(r, ChunkClaimed) for who in r.recipients
    } - {
        (r.chunk, o.recipient) for r in await rig.ledger() if isinstance(r, ChunkSettled) for o in r.outcomes
    }
    rig.start()
    (end,) = await rig.settled("a1")
    await rig.stop()
    assert end.delivered == 100
    assert len(copies(rig)) == 100
    twice = {key.removeprefix("a1-desk-") for (_, key), n in copies(rig).items() if n == 2}
    assert max(copies(rig).values()) <= 2
    assert twice <= {who.removeprefix("desk:") for _, who in in_flight}
    if point in {"notifier.after_expand", "notifier.after_claim"}:
        assert not twice
    if point == "notifier.after_send":
        assert twice


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_killed_again_and_again_nobody_gets_a_third_copy_and_nobody_is_forgotten(
    rig: Rig, seed: int
) -> None:
    chance = random.Random(seed)
    crashes = 0
    await rig.group(desk={"to": 600})
    await rig.alert()
    for _ in range(10):
        crash = Crash(chance.choice(POINTS[1:]), chance.randint(1, 2))
        crash.victim = rig.start(fault=crash, lease_s=0.05, lane_width=128)
        ends = {asyncio.create_task(rig.settled("a1")), asyncio.create_task(crash.happened.wait())}
        await asyncio.wait(ends, return_when="FIRST_COMPLETED")
        for end_task in ends:
            end_task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        crashes += crash.happened.is_set()
        await rig.crash()
    assert crashes >= 5
    rig.start(lease_s=0.05)
    (end,) = await rig.settled("a1")
    flagged = {o.recipient for o in end.unsent}
    assert {o.reason for o in end.unsent} <= {"ambiguous_twice"}
    assert max(copies(rig).values()) <= 2
    got = {key.removeprefix("a1-").replace("desk-", "desk:") for _, key in copies(rig)}
    assert got | flagged == {f"desk:{n}" for n in range(600)}
    assert end.delivered == 600 - len(flagged)


async def test_two_notifiers_send_one_copy_each(bus: Bus) -> None:
    rig = Rig(bus, {"told": channel_kind("told")})
    await rig.group(desk={"to": 50})
    for _ in range(2):
        rig.start(lease_s=20)
    alerts = [f"a{n}" for n in range(20)]
    for alert in alerts:
        await rig.alert(alert)
    ends = await rig.settled(*alerts)
    await rig.stop()
    assert {e.delivered for e in ends} == {50}
    assert set(copies(rig).values()) == {1}
    assert len(copies(rig)) == 1000


async def test_a_restart_sends_nothing_again(rig: Rig) -> None:
    await rig.group(desk={"to": 3})
    await rig.alert()
    rig.start()
    await rig.settled("a1")
    await rig.stop()
    before = len(await rig.ledger())
    rig.start()
    await rig.alert("a2")
    await rig.settled("a2")
    assert copies(rig)["a1", "a1-desk-0"] == 1
    assert all(r.alert_id == "a2" for r in (await rig.ledger())[before:])


async def test_lost_acknowledgements_send_nothing_twice(memory_bus: MemoryBus, rig: Rig) -> None:
    await rig.group(desk={"to": 10})
    await rig.alert()
    memory_bus.fail_next(12)
    rig.start(sleep=lambda _s: asyncio.sleep(0.001))
    await rig.settled("a1")
    assert set(copies(rig).values()) == {1}


async def test_while_nats_is_away_nothing_is_sent_and_then_everything_once(
    memory_bus: MemoryBus, rig: Rig
) -> None:
    await rig.group(desk={"to": 10})
    notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 50))
    await until(notifier._ledger_read.is_set)
    for n in range(20):
        await rig.alert(f"a{n}")
    memory_bus.go_away()
    so_far = sum(copies(rig).values())
    assert (await notifier.health())["ok"] is False
    await asyncio.sleep(0.1)
    assert sum(copies(rig).values()) - so_far <= 200
    memory_bus.come_back()
    await rig.settled(*(f"a{n}" for n in range(20)))
    assert set(copies(rig).values()) == {1}
    assert len(copies(rig)) == 200


# --- the kill switch ---------------------------------------------------------------------------


async def switch(rig: Rig, group: str, *, stopped: bool, nth: int) -> None:
    await rig.store(KillSwitch(id=f"k{group}{nth}", at=NOW, member="m1", group=group, stopped=stopped))


@pytest.mark.parametrize("group", ["hub", "hackney"])
async def test_a_kill_switch_holds_everything_until_it_is_off(rig: Rig, group: str) -> None:
    await rig.group(desk={"to": 2})
    await switch(rig, group, stopped=True, nth=1)
    await rig.alert()
    notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 50))
    await until(lambda: bool(notifier._deliveries.held))
    await asyncio.sleep(0.1)
    assert not copies(rig)
    assert not [r for r in await rig.ledger() if isinstance(r, ChunkClaimed)]
    await switch(rig, group, stopped=False, nth=2)
    (end,) = await rig.settled("a1")
    assert end.delivered == 2
    assert (await notifier.health())["held"] == {}


async def test_a_chunk_that_waited_in_its_lane_asks_again_before_it_goes(rig: Rig) -> None:
    await rig.group(desk={"to": 1})
    provider = asyncio.Event()
    waiting: set[str] = set()

    async def slow(_address: str, message: RenderedMessage) -> Outcome:
        waiting.add(message.alert_id)
        await provider.wait()
        return Delivered()

    behaving(rig, slow)
    await rig.alert("a1")
    await rig.alert("a2")
    now = 0.0
    notifier = rig.start(
        lane_width=1, deadline_s=30, sleep=lambda s: asyncio.sleep(s / 50), monotonic=lambda: now
    )
    await until(
        lambda: bool(waiting) and len(notifier._work.lanes) == 1
    )  # one at the provider, one behind it
    now += 1.0  # what was asked for the second while its recipients were stored is old
    await switch(rig, "hackney", stopped=True, nth=1)
    provider.set()
    await until(lambda: notifier._deliveries.held == {"hackney": "group_stopped"})
    assert sum(copies(rig).values()) == len(waiting) == 1


async def test_another_groups_kill_switch_holds_nothing(rig: Rig) -> None:
    await rig.group(desk={"to": 2})
    await switch(rig, "peckham", stopped=True, nth=1)
    await rig.alert()
    rig.start()
    assert (await rig.settled("a1"))[0].delivered == 2


async def test_a_kill_switch_that_cannot_be_read_means_stop(rig: Rig) -> None:
    class Blind(MemoryBus):
        blind = True

        async def last(self, stream: str, subject: str) -> Entry | None:
            if self.blind and stream == "DESK":
                raise BusUnavailableError
            return await super().last(stream, subject)

    blind = Blind()
    rig.bus = blind
    rig.keyring = Rig(blind, {}).keyring
    await rig.group(desk={"to": 2})
    await rig.alert()
    notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 50))
    await until(lambda: notifier._deliveries.held == {"hackney": "switch_unreadable"})
    assert not copies(rig)
    blind.blind = False
    assert (await rig.settled("a1"))[0].delivered == 2


async def test_a_command_that_is_no_kill_switch_on_its_subject_means_stop(rig: Rig) -> None:
    await rig.group(desk={"to": 1})
    await rig.bus.publish(Outgoing("desk.v1.hub.kill_switch", "x", b"{"))
    await rig.alert()
    notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 50))
    await until(lambda: notifier._deliveries.held == {"hackney": "switch_unreadable"})
    assert not copies(rig)


# --- providers in trouble ----------------------------------------------------------------------


async def test_a_provider_that_hangs_delays_no_other(rig: Rig) -> None:
    rig.plugins = {"told": channel_kind("told"), "hung": channel_kind("hung")}

    async def hang(_address: str, _message: RenderedMessage) -> Outcome:
        await asyncio.sleep(3600)
        return Delivered()

    behaving(rig, hang, "hung")
    await rig.group(desk={"to": 5}, stuck={"to": 500, "kind": "hung"})
    await rig.alert()
    rig.start(deadline_s=30)
    async with asyncio.timeout(5):
        await until(lambda: sum(copies(rig).values()) == 5)


async def test_twice_unknown_is_flagged_to_a_person_and_not_tried_a_third_time(rig: Rig) -> None:
    await rig.group(desk={"to": 2})
    tries: Counter[str] = Counter()

    async def breaking(address: str, _message: RenderedMessage) -> Outcome:
        tries[address] += 1
        return Delivered() if address.endswith("0") else Unknown("connection_broke")

    behaving(rig, breaking)
    await rig.alert()
    rig.start(sleep=lambda s: asyncio.sleep(s / 100))
    (end,) = await rig.settled("a1")
    assert end.reason == "flagged"
    assert [(o.recipient, o.reason) for o in end.unsent] == [("desk:1", "ambiguous_twice")]
    assert tries == {"address 0": 1, "address 1": 2}
    assert [d.reason for d in await dead_letters(rig.bus)] == ["ambiguous_twice"]


async def test_a_plugin_that_raises_or_ignores_its_cancellation_harms_nobody_else(rig: Rig) -> None:
    rig.plugins = {"told": channel_kind("told"), "bad": channel_kind("bad")}

    async def bad(address: str, _message: RenderedMessage) -> Outcome:
        if address.endswith("0"):
            raise ValueError(address)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(0.2)
        return Delivered()

    behaving(rig, bad, "bad")
    await rig.group(desk={"to": 2}, bad={"to": 2, "kind": "bad"})
    await rig.alert()
    with capture_logs() as logs:
        rig.start(sleep=lambda s: asyncio.sleep(s / 100), deadline_s=0.1)
        (end,) = await rig.settled("a1")
    assert end.delivered == 2
    assert {o.recipient for o in end.unsent} == {"bad:0", "bad:1"}
    assert "address 0" not in repr(logs)


async def test_rejected_is_final_and_named(rig: Rig) -> None:
    await rig.group(desk={"to": 1})

    async def gone(_address: str, _message: RenderedMessage) -> Outcome:
        return Rejected("http_410")

    behaving(rig, gone)
    await rig.alert()
    rig.start()
    (end,) = await rig.settled("a1")
    assert (end.delivered, end.reason, end.unsent[0].reason) == (0, "done", "http_410")


async def test_bad_credentials_wait_for_a_person_are_said_once_and_seen_in_health(rig: Rig) -> None:
    await rig.group(desk={"to": 1})
    mended = False
    tries = 0

    async def unknown_to_us(_address: str, _message: RenderedMessage) -> Outcome:
        nonlocal tries
        tries += 1
        return Delivered() if mended else BadCredentials()

    behaving(rig, unknown_to_us)
    await rig.alert()
    with capture_logs() as logs:
        notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 1000), jitter=lambda: 0.0)
        await until(lambda: tries >= 4)
        assert (await notifier.health())["bad_credentials"] == ["hackney/desk"]
        mended = True
        (end,) = await rig.settled("a1")
    assert end.delivered == 1
    assert [entry["event"] for entry in logs if "credentials" in entry["event"]] == [
        "bad_credentials",
        "credentials_work_again",
    ]
    assert (await notifier.health())["bad_credentials"] == []


# --- alerts that cannot be sent ----------------------------------------------------------------


async def test_an_alert_past_its_time_is_recorded_and_not_sent(rig: Rig) -> None:
    await rig.group(desk={"to": 70})
    await rig.alert(not_after=NOW - timedelta(seconds=1))
    rig.start()
    (end,) = await rig.settled("a1")
    assert end.reason == "expired"
    assert len(end.unsent) == 70
    assert {o.reason for o in end.unsent} == {"expired"}
    assert not copies(rig)


async def test_time_that_runs_out_between_attempts_ends_as_expired(rig: Rig) -> None:
    await rig.group(desk={"to": 1})

    async def later(_address: str, _message: RenderedMessage) -> Outcome:
        return RetryLater("http_429", 86_400.0)

    behaving(rig, later)
    await rig.alert()
    rig.start()
    (end,) = await rig.settled("a1")
    assert (end.reason, end.unsent[0].reason) == ("expired", "expired")


async def test_no_channel_for_the_audience_is_said(rig: Rig) -> None:
    await rig.group(public={"to": 1, "audience": "community"})
    await rig.alert()
    rig.start()
    assert (await rig.settled("a1"))[0].reason == "no_recipients"


async def test_a_destroyed_key_a_missing_group_and_a_forbidden_audience_end_as_unreadable(rig: Rig) -> None:
    await rig.group(desk={"to": 1}, public={"to": 1, "audience": "community"})
    await rig.alert("a1", incident_id="i1")
    await rig.keyring.destroy(KeyId("incident-i1"))
    await rig.alert("a2", group="nowhere", incident_id="i2")
    await rig.alert("a3", audience="community", incident_id="i3")
    await rig.alert("a4", incident_id="i4")
    rig.start()
    ends = await rig.settled("a1", "a2", "a3", "a4")
    assert [e.reason for e in ends] == ["unreadable", "unreadable", "unreadable", "done"]
    assert len(await dead_letters(rig.bus)) == 3


async def test_a_spoilt_alert_is_a_dead_letter_and_settled_where_it_shows_its_id(rig: Rig) -> None:
    await rig.group(desk={"to": 1})
    await rig.bus.publish(Outgoing("alerts.v1.hackney", "x1", b"\x00not json"))
    await rig.bus.publish(
        Outgoing(
            "alerts.v1.hackney",
            "x2",
            b'{"type":"alert.raised.v1","alert_id":"a9","group":"hackney","kind":7}',
        )
    )
    await rig.alert("a1")
    rig.start()
    ends = await rig.settled("a9", "a1")
    assert [e.reason for e in ends] == ["unreadable", "done"]
    assert [(d.stream, d.reason) for d in await dead_letters(rig.bus)] == [("DECISIONS", "unreadable")] * 2


async def test_an_unknown_kind_of_channel_is_recorded(rig: Rig) -> None:
    await rig.group(desk={"to": 1}, pigeon={"kind": "pigeon"})
    await rig.alert()
    rig.start()
    (end,) = await rig.settled("a1")
    assert end.delivered == 1
    assert [(o.recipient, o.reason) for o in end.unsent] == [("pigeon:0", "no_such_plugin")]


# --- lanes -------------------------------------------------------------------------------------


async def test_an_urgent_alert_overtakes_eight_thousand_copies_of_another(rig: Rig) -> None:
    await rig.group("peckham", bulk={"to": 8000})
    await rig.group("hackney", desk={"to": 1})

    async def slow(_address: str, _message: RenderedMessage) -> Outcome:
        await asyncio.sleep(0.05)
        return Delivered()

    behaving(rig, slow)
    await rig.alert("bulk", group="peckham", urgency="normal")
    rig.start(lease_s=20, deadline_s=10)

    def moved() -> int:
        return sum(n for (alert, _), n in copies(rig).items() if alert == "bulk")

    await until(lambda: moved() >= 256)
    await rig.alert("first")
    at_start = moved()
    await until(lambda: copies(rig)["first", "first-desk-0"] == 1)
    assert moved() - at_start <= 8000 * 0.05
    ends = await rig.settled("bulk", "first", within_s=60)
    assert [e.delivered for e in ends] == [8000, 1]


async def test_groups_take_turns(rig: Rig) -> None:
    await rig.group("peckham", bulk={"to": 3000})
    await rig.group("hackney", desk={"to": 3})
    await rig.alert("bulk", group="peckham")
    await rig.alert("small")
    rig.start(lane_width=64, at_once=128)
    await rig.settled("small")
    assert not [r for r in await rig.ledger() if isinstance(r, AlertSettled) and r.alert_id == "bulk"]
    await rig.settled("bulk")


@pytest.mark.parametrize("damage", ["another key's", "no box at all"])
async def test_a_group_whose_own_words_are_damaged_is_told_in_the_relays(rig: Rig, damage: str) -> None:
    heard: list[str] = []

    async def hears(_address: str, message: RenderedMessage) -> Outcome:
        heard.append(message.text)
        return Delivered()

    behaving(rig, hears)
    await rig.group(chosen={"to": 1})
    entry = await rig.bus.get("DECISIONS", await rig.bus.last_seq("DECISIONS"))
    assert entry is not None
    known = decode(entry)
    assert isinstance(known, GroupDefined)
    assert isinstance(known.channels, Sealed)
    box = known.channels.box if damage == "another key's" else "bm90aGluZw"
    words = Sealed(key=known.channels.key, box=box)
    opened = await rig.keyring.open(known)
    await rig.store(opened.model_copy(update={"id": "g.2", "version": 2, "words": words}))
    await rig.alert(group_version=2)
    rig.start()
    (end,) = await rig.settled("a1")
    assert (end.delivered, end.reason) == (1, "done")
    assert heard[0].startswith("UNCONFIRMED D7K")
    assert [d.reason for d in await dead_letters(rig.bus)] == ["unreadable"]


async def test_that_an_exercise_begins_goes_over_the_channels_of_exercises_alone(bus: Bus) -> None:
    told = channel_kind("told")
    rig = Rig(bus, {"told": told})
    await rig.group(trains={"to": 2, "drills": True}, real={"to": 3})
    nothing: dict[str, Any] = {
        "incident_id": None,
        "code": None,
        "status": None,
        "body": None,
        "urgency": "normal",
    }
    await rig.alert("begun", kind="DRILL_BEGUN", drill=True, **nothing)
    await rig.alert("ended", kind="DRILL_ENDED", drill=True, **nothing)
    rig.start()
    ends = await rig.settled("begun", "ended")
    assert [end.delivered for end in ends] == [2, 2]
    assert sum(told.copies.values()) == 4
    await rig.crash()


async def test_an_alert_reaches_its_first_recipient_once(rig: Rig) -> None:
    await rig.group(chosen={"to": 70})
    await rig.alert("a1")
    notifier = rig.start()
    await rig.settled("a1")
    (family,) = notifier.first_delivery.collect()
    counts = {s.labels["audience"]: s.value for s in family.samples if s.name.endswith("_count")}
    assert counts == {"verifiers": 1, "community": 0, "partners": 0, "reporter": 0}


async def test_what_waits_is_told_by_lane_with_the_age_of_its_oldest_alert(rig: Rig) -> None:
    async def hangs(_address: str, _message: RenderedMessage) -> Outcome:
        await asyncio.sleep(3600)
        raise AssertionError

    behaving(rig, hangs)
    await rig.group(chosen={"to": 640})
    await rig.alert("a1", at=NOW - timedelta(minutes=2))
    notifier = rig.start(deadline_s=60.0, lane_width=64)
    async with asyncio.timeout(10):
        waiting: dict[str, float] = {}
        while not waiting.get("urgent"):
            figures = list(await facts(notifier.health, ["told"]))
            waiting = {f.labels[0]: f.value for f in figures if f.metric is WAITING}
            await asyncio.sleep(0.01)
    ages = {f.labels[0]: f.value for f in figures if f.metric is WAITING_AGE}
    assert ages["urgent"] >= 120
    assert (waiting["usual"], ages["usual"]) == (0, 0)
    outcomes = {f.labels for f in figures if f.metric is DELIVERIES}
    assert outcomes >= {("told", result) for result in ("delivered", "rejected", "retry", "unknown")}
