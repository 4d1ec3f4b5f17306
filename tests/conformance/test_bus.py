"""One behaviour suite for the bus, run on the twin in memory and on a real NATS server."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from shared.bus import MSG_ID
from shared.errors import AlreadyStoredError, BusError, BusRefusedError, StaleWriterError
from shared.ports import Bus, Entry, Outgoing


def report(n: int, *, bridge: str = "form") -> Outgoing:
    return Outgoing(subject=f"reports.v1.{bridge}", msg_id=f"report-{n}", body=f"body {n}".encode())


def event(name: str, *, kind: str = "noted") -> Outgoing:
    return Outgoing(subject=f"decisions.v1.{kind}", msg_id=name, body=name.encode())


def alert(name: str, *, group: str = "hackney") -> Outgoing:
    return Outgoing(subject=f"alerts.v1.{group}", msg_id=name, body=name.encode())


async def take(bus: Bus, count: int, stream: str, **where: object) -> list[Entry]:
    """The first so many entries of a read, within ten seconds."""
    found: list[Entry] = []
    async with asyncio.timeout(10), aclosing(bus.read(stream, **where)) as entries:  # type: ignore[arg-type]
        while len(found) < count:
            found.append(await anext(entries))
    return found


async def bodies(bus: Bus, stream: str) -> list[bytes]:
    count = await bus.last_seq(stream)
    held = [await bus.get(stream, seq) for seq in range(1, count + 1)]
    return [entry.body for entry in held if entry]


async def test_a_published_message_is_acknowledged_and_can_be_fetched_as_it_was(bus: Bus) -> None:
    message = Outgoing("reports.v1.form", "id-1", b"\x00\xff bytes", {"ce-type": "report.received.v1"})
    stored = await bus.publish(message)
    assert (stored.stream, stored.seq, stored.duplicate) == ("REPORTS", 1, False)
    entry = await bus.get("REPORTS", 1)
    assert entry is not None
    assert (entry.stream, entry.subject, entry.seq) == ("REPORTS", "reports.v1.form", 1)
    assert entry.body == b"\x00\xff bytes"
    assert entry.headers == {"ce-type": "report.received.v1", MSG_ID: "id-1"}
    assert abs(entry.stored_at - datetime.now(UTC)) < timedelta(seconds=30)


async def test_what_is_read_equals_what_is_fetched(bus: Bus) -> None:
    await bus.append(event("a"), after=0)
    await bus.append(alert("b"), after=1)
    await bus.publish(Outgoing("replies.v1.sms", "c", b"", {"Status": "503", "x": "y"}))
    read = await take(bus, 3, "DECISIONS")
    fetched = [await bus.get("DECISIONS", seq) for seq in (1, 2, 3)]
    assert [(e.seq, e.subject, e.headers, e.body) for e in read] == [
        (e.seq, e.subject, e.headers, e.body) for e in fetched if e
    ]
    assert read[0].stored_at.tzinfo is not None


async def test_the_same_id_again_is_stored_once_and_answers_with_the_first_sequence(bus: Bus) -> None:
    await bus.publish(report(1))
    first = await bus.publish(report(2))
    again = await bus.publish(report(2))
    assert (again.seq, again.duplicate) == (first.seq, True)
    assert await bus.last_seq("REPORTS") == 2


async def test_one_id_in_two_streams_is_two_messages(bus: Bus) -> None:
    await bus.publish(Outgoing("reports.v1.form", "same", b"r"))
    other = await bus.publish(Outgoing("dead.v1.router", "same", b"d"))
    assert (other.stream, other.duplicate) == ("DEAD", False)


async def test_a_stream_says_how_much_it_holds_and_may_hold(bus: Bus) -> None:
    assert (await bus.size("REPORTS")).messages == 0
    await bus.publish(report(1))
    await bus.publish(report(2))
    size = await bus.size("REPORTS")
    assert size.messages == 2
    assert 0 < size.bytes < size.most_bytes


async def test_an_empty_stream_has_last_sequence_zero_and_nothing_in_it(bus: Bus) -> None:
    assert await bus.last_seq("DESK") == 0
    assert await bus.get("DESK", 0) is None
    assert await bus.get("DESK", 1) is None
    assert await bus.last("DESK", "desk.v1.hackney.confirm") is None
    assert await bus.subjects("DESK", "desk.v1.>") == {}


async def test_reading_gives_everything_in_order_and_then_what_comes(bus: Bus) -> None:
    for n in range(5):
        await bus.publish(report(n))
    reader = asyncio.create_task(take(bus, 8, "REPORTS"))
    for n in range(5, 8):
        await bus.publish(report(n))
    entries = await reader
    assert [e.seq for e in entries] == list(range(1, 9))
    assert [e.body for e in entries] == [f"body {n}".encode() for n in range(8)]


async def test_reading_resumes_after_a_sequence(bus: Bus) -> None:
    for n in range(6):
        await bus.publish(report(n))
    assert [e.seq for e in await take(bus, 2, "REPORTS", after=4)] == [5, 6]


async def test_a_reader_that_stands_at_the_end_gets_the_next_message_only(bus: Bus) -> None:
    await bus.publish(report(1))
    reader = asyncio.create_task(take(bus, 1, "REPORTS", after=1))
    await asyncio.sleep(0)
    await bus.publish(report(2))
    assert [e.seq for e in await reader] == [2]


async def test_reading_can_be_narrowed_to_subjects(bus: Bus) -> None:
    for message in (event("a"), alert("b"), alert("c", group="leith"), event("d", kind="told")):
        await bus.publish(message)
    only = await take(bus, 3, "DECISIONS", subjects=("decisions.v1.*", "alerts.v1.leith"))
    assert [e.body for e in only] == [b"a", b"c", b"d"]


async def test_two_readers_do_not_disturb_each_other(bus: Bus) -> None:
    for n in range(3):
        await bus.publish(report(n))
    one, two = await asyncio.gather(take(bus, 3, "REPORTS"), take(bus, 3, "REPORTS"))
    assert [e.seq for e in one] == [e.seq for e in two] == [1, 2, 3]


async def test_a_reader_can_be_cancelled_while_it_waits(bus: Bus) -> None:
    seen = asyncio.Event()

    async def follow() -> None:
        async with aclosing(bus.read("REPORTS")) as entries:
            async for _ in entries:
                seen.set()

    reader = asyncio.create_task(follow())
    await bus.publish(report(1))
    await seen.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await bus.publish(report(2))
    assert len(await take(bus, 2, "REPORTS")) == 2


async def test_more_than_one_pull_of_messages_comes_in_order(bus: Bus) -> None:
    total = 3000
    for start in range(0, total, 500):
        await asyncio.gather(*(bus.publish(event(f"e{n}")) for n in range(start, start + 500)))
    assert [e.seq for e in await take(bus, total, "DECISIONS")] == list(range(1, total + 1))


async def test_reading_a_stream_that_does_not_exist_is_an_error(bus: Bus) -> None:
    with pytest.raises(BusError, match="NOWHERE"):
        await take(bus, 1, "NOWHERE")
    with pytest.raises(BusError, match="NOWHERE"):
        await bus.last_seq("NOWHERE")


# --- the fenced append ---------------------------------------------------------------------


async def test_an_append_answers_with_its_sequence(bus: Bus) -> None:
    assert await bus.append(event("a"), after=0) == 1
    assert await bus.append(alert("b"), after=1) == 2
    assert await bodies(bus, "DECISIONS") == [b"a", b"b"]


async def test_the_fence_is_the_last_message_of_the_whole_stream(bus: Bus) -> None:
    await bus.append(event("a"), after=0)
    await bus.publish(alert("b"))
    with pytest.raises(StaleWriterError):
        await bus.append(event("c"), after=1)
    await bus.publish(report(1))
    assert await bus.append(event("c"), after=2) == 3


@pytest.mark.parametrize("after", [0, 1, 3, 7])
async def test_a_writer_that_has_not_seen_the_last_message_stores_nothing(bus: Bus, after: int) -> None:
    await bus.append(event("a"), after=0)
    await bus.append(event("b"), after=1)
    with pytest.raises(StaleWriterError):
        await bus.append(event("late"), after=after)
    assert await bodies(bus, "DECISIONS") == [b"a", b"b"]


async def test_an_append_under_a_known_id_stores_nothing(bus: Bus) -> None:
    await bus.append(event("a"), after=0)
    with pytest.raises(AlreadyStoredError):
        await bus.append(event("a"), after=1)
    with pytest.raises((AlreadyStoredError, StaleWriterError)):
        await bus.append(event("a"), after=0)
    assert await bodies(bus, "DECISIONS") == [b"a"]
    assert await bus.append(event("b"), after=1) == 2


async def test_of_racing_writers_exactly_one_wins_each_time(bus: Bus) -> None:
    async def attempt(writer: int, after: int) -> int | None:
        try:
            return await bus.append(event(f"{writer}-{after}"), after=after)
        except StaleWriterError:
            return None

    for last in range(5):
        won = [seq for seq in await asyncio.gather(*(attempt(w, last) for w in range(4))) if seq]
        assert won == [last + 1]


async def test_a_message_as_large_as_is_said_is_stored_and_a_larger_one_refused(bus: Bus) -> None:
    most = bus.most_bytes
    assert most > 8_000_000 - 10_000
    large = Outgoing("decisions.v1.noted", "large", b"x" * most)
    assert await bus.append(large, after=0) == 1
    with pytest.raises(BusRefusedError):
        await bus.append(Outgoing("decisions.v1.noted", "larger", b"x" * (most + 5_000)), after=1)
    assert await bus.last_seq("DECISIONS") == 1


async def test_an_append_that_cannot_be_is_a_value_error(bus: Bus) -> None:
    with pytest.raises(ValueError, match="no stream"):
        await bus.append(Outgoing("nowhere.v1.x", "a", b""), after=0)
    with pytest.raises(ValueError, match="subject"):
        await bus.append(Outgoing("decisions.v1.*", "a", b""), after=0)


# --- looking and erasing ---------------------------------------------------------------------


async def test_an_erased_message_is_gone_for_every_verb_and_the_others_stay(bus: Bus) -> None:
    for n in range(1, 5):
        await bus.publish(Outgoing(f"keys.v1.k{n}", f"k{n}", f"key {n}".encode()))
    assert await bus.erase("KEYS", 2) is True
    assert await bus.erase("KEYS", 2) is False
    assert await bus.erase("KEYS", 99) is False
    assert await bus.get("KEYS", 2) is None
    assert await bus.last("KEYS", "keys.v1.k2") is None
    assert await bus.subjects("KEYS", "keys.v1.>") == {"keys.v1.k1": 1, "keys.v1.k3": 1, "keys.v1.k4": 1}
    assert [e.seq for e in await take(bus, 3, "KEYS")] == [1, 3, 4]


async def test_erasing_the_last_message_keeps_sequences_going(bus: Bus) -> None:
    await bus.publish(Outgoing("keys.v1.a", "a", b"1"))
    await bus.publish(Outgoing("keys.v1.b", "b", b"2"))
    assert await bus.erase("KEYS", 2)
    assert await bus.last_seq("KEYS") == 2
    reader = asyncio.create_task(take(bus, 2, "KEYS"))
    assert (await bus.publish(Outgoing("keys.v1.c", "c", b"3"))).seq == 3
    assert [e.seq for e in await reader] == [1, 3]


async def test_the_fence_counts_what_was_erased_too(bus: Bus) -> None:
    await bus.append(event("a"), after=0)
    await bus.append(event("b"), after=1)
    await bus.erase("DECISIONS", 2)
    with pytest.raises(StaleWriterError):
        await bus.append(event("c"), after=1)
    assert await bus.append(event("c"), after=2) == 3


async def test_last_is_of_exactly_that_subject(bus: Bus) -> None:
    for n in range(3):
        await bus.publish(report(n, bridge="form"))
    await bus.publish(report(3, bridge="form2"))
    found = await bus.last("REPORTS", "reports.v1.form")
    assert found is not None
    assert (found.seq, found.body) == (3, b"body 2")


async def test_last_is_the_newest_under_a_pattern(bus: Bus) -> None:
    assert await bus.last("DESK", "desk.v1.*.kill_switch") is None
    for n, subject in enumerate(["hackney.kill_switch", "hub.kill_switch", "leith.confirm"]):
        await bus.publish(Outgoing(f"desk.v1.{subject}", f"d{n}", b"%d" % n))
    found = await bus.last("DESK", "desk.v1.*.kill_switch")
    assert found is not None
    assert (found.seq, found.subject) == (2, "desk.v1.hub.kill_switch")


async def test_subjects_are_counted_under_a_pattern(bus: Bus) -> None:
    for n, group in enumerate(["hackney", "leith", "hackney"]):
        await bus.publish(Outgoing(f"desk.v1.{group}.confirm", f"d{n}", b""))
    await bus.publish(Outgoing("desk.v1.hackney.claim", "d9", b""))
    assert await bus.subjects("DESK", "desk.v1.*.confirm") == {
        "desk.v1.hackney.confirm": 2,
        "desk.v1.leith.confirm": 1,
    }
    assert await bus.subjects("DESK", "desk.v1.leith.>") == {"desk.v1.leith.confirm": 1}
    assert await bus.subjects("DESK", "desk.v1.dalston.>") == {}


@pytest.mark.parametrize(
    "message",
    [
        Outgoing("", "id", b""),
        Outgoing("reports.v1.*", "id", b""),
        Outgoing("reports.v1.>", "id", b""),
        Outgoing("reports.v1.a b", "id", b""),
        Outgoing("reports.v1.form\r\nPUB keys.v1.x 0", "id", b""),
        Outgoing("reports.v1.", "id", b""),
        Outgoing("reports.v1.förm", "id", b""),
        Outgoing("$JS.API.STREAM.PURGE.REPORTS", "id", b""),
        Outgoing("reports.v1.form.extra", "id", b""),
        Outgoing("elsewhere.v1.form", "id", b""),
        Outgoing("reports.v1.form", "", b""),
        Outgoing("reports.v1.form", "id\r\nNats-Rollup: all", b""),
        Outgoing("reports.v1.form", "naïve", b""),
        Outgoing("reports.v1.form", "id", b"", {"x": "line\nbreak"}),
        Outgoing("reports.v1.form", "id", b"", {"x": "é"}),
        Outgoing("reports.v1.form", "id", b"", {"x": " blanks "}),
        Outgoing("reports.v1.form", "id", b"", {"x": ""}),
        Outgoing("reports.v1.form", "id", b"", {"x y": "z"}),
        Outgoing("reports.v1.form", "id", b"", {"Nats-Rollup": "all"}),
        Outgoing("reports.v1.form", "id", b"", {"nats-msg-id": "other"}),
    ],
)
async def test_a_hostile_envelope_is_refused_before_it_reaches_the_server(
    bus: Bus, message: Outgoing
) -> None:
    with pytest.raises(ValueError, match=r"subject|message id|header"):
        await bus.publish(message)
    assert await bus.last_seq("REPORTS") == 0
    assert await bus.last_seq("KEYS") == 0


@pytest.mark.parametrize("pattern", ["", ">.v1", "desk.v1.*x", "desk v1", "desk..v1", "desk.v1.>.x"])
async def test_a_hostile_pattern_is_refused(bus: Bus, pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        await bus.subjects("DESK", pattern)
    with pytest.raises(ValueError, match="pattern"):
        bus.read("DESK", subjects=[pattern])
    with pytest.raises(ValueError, match="subject"):
        await bus.last("DESK", pattern)


async def test_a_connected_bus_says_so(bus: Bus) -> None:
    assert bus.connected
