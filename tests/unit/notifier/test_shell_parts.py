"""The small parts of the shell: switch, gate, outcomes as records, Retry-After, spoilt alerts."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from services.notifier.decide.switch import stopped_by
from services.notifier.reading import named_in
from services.notifier.records import LedgerWriter
from services.notifier.sending import as_record, key_of
from shared.contracts.catalog import SEVERAL_GROUPS, Spoilt, decode_all
from shared.contracts.desk import KillSwitch
from shared.contracts.ledger import AlertSettled, LedgerRecord
from shared.plugins.http_outcomes import from_error, retry_after
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown
from shared.ports import Stored
from shared.testing.bus import MemoryBus

NOW = datetime(2022, 5, 14, 18, 0, tzinfo=UTC)


def switch(*, stopped: bool) -> KillSwitch:
    return KillSwitch(id="k", at=NOW, member="m", group="g", stopped=stopped)


@pytest.mark.parametrize(
    ("hub", "group", "why"),
    [
        (None, None, None),
        (switch(stopped=False), switch(stopped=False), None),
        (switch(stopped=True), None, "hub_stopped"),
        (switch(stopped=True), switch(stopped=True), "hub_stopped"),
        (None, switch(stopped=True), "group_stopped"),
    ],
)
def test_the_kill_switch(hub: KillSwitch | None, group: KillSwitch | None, why: str | None) -> None:
    assert stopped_by(hub, group) == why


def record(name: str) -> LedgerRecord:
    return AlertSettled(id=name, at=NOW, alert_id="a", group="g", delivered=0, reason="done")


async def written(bus: MemoryBus) -> list[str]:
    entries = [await bus.get("LEDGER", n) for n in range(1, await bus.last_seq("LEDGER") + 1)]
    return [record.id for e in entries if e is not None for record in decode_all(e)]


async def test_urgent_records_are_stored_before_all_that_wait(memory_bus: MemoryBus) -> None:
    memory_bus.go_away()
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    jobs = [asyncio.create_task(writer.write(record(f"bulk{n}"), urgent=False)) for n in range(600)]
    await asyncio.sleep(0)
    jobs.append(asyncio.create_task(writer.write(record("first"), urgent=True)))
    await asyncio.sleep(0)
    memory_bus.come_back()
    await asyncio.gather(*jobs)
    assert (await written(memory_bus)).index("first") < 50


async def test_whoever_gives_up_waiting_leaves_the_place_to_the_next(memory_bus: MemoryBus) -> None:
    memory_bus.go_away()
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    jobs = [asyncio.create_task(writer.write(record(f"r{n}"), urgent=False)) for n in range(100)]
    await asyncio.sleep(0)
    for job in jobs[::2]:
        job.cancel()
    memory_bus.come_back()
    await asyncio.gather(*jobs, return_exceptions=True)
    assert {f"r{n}" for n in range(1, 100, 2)} <= set(await written(memory_bus))
    assert await writer.write(record("last"), urgent=False) == [record("last")]


async def test_records_written_together_are_one_stored_message(memory_bus: MemoryBus) -> None:
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    both = [record("r1"), record("r2")]
    assert await writer.write(*both, urgent=True) == both
    assert await memory_bus.last_seq("LEDGER") == 1
    assert await written(memory_bus) == ["r1", "r2"]


async def test_of_two_writers_the_second_learns_what_the_first_wrote(memory_bus: MemoryBus) -> None:
    one, two = (LedgerWriter(memory_bus, asyncio.sleep) for _ in range(2))
    names = [f"r{n}" for n in range(100)]
    theirs = {n: record(n).model_copy(update={"delivered": 7}) for n in names[::3]}
    for other in theirs.values():
        await one.write(other, urgent=False)
    held = await asyncio.gather(*(two.write(record(n), urgent=False) for n in names))
    assert [h.delivered for (h,) in held if isinstance(h, AlertSettled)] == [7 * (n in theirs) for n in names]
    assert sorted(await written(memory_bus)) == sorted(names)
    assert [n for n in names if two.is_own(n)] == [n for n in names if n not in theirs]


async def test_the_second_learns_all_that_the_first_wrote_with_it(memory_bus: MemoryBus) -> None:
    one, two = (LedgerWriter(memory_bus, asyncio.sleep) for _ in range(2))
    first = await one.write(record("r1"), record("r2"), urgent=True)
    assert await two.write(record("r1"), urgent=True) == first
    assert await two.write(record("r1"), record("r3"), urgent=True) == first
    assert await written(memory_bus) == ["r1", "r2"]


async def test_facts_that_wait_are_stored_together_whatever_their_groups(memory_bus: MemoryBus) -> None:
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    facts = [record(f"r{n}").model_copy(update={"group": f"g{n % 3}"}) for n in range(40)]
    memory_bus.fail_next(1)
    await asyncio.gather(*(writer.note(f) for f in facts))
    assert await written(memory_bus) == [f.id for f in facts]
    assert await memory_bus.last_seq("LEDGER") <= 3
    entry = await memory_bus.get("LEDGER", await memory_bus.last_seq("LEDGER"))
    assert entry is not None
    assert entry.subject == SEVERAL_GROUPS
    assert writer.is_own(entry.headers["ce-id"])


async def test_facts_too_large_for_one_message_are_stored_in_several(memory_bus: MemoryBus) -> None:
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    memory_bus.most_bytes = 600
    await asyncio.gather(*(writer.note(record(f"r{n}")) for n in range(40)))
    assert await written(memory_bus) == [f"r{n}" for n in range(40)]
    assert await memory_bus.last_seq("LEDGER") > 3


async def test_whoever_notes_facts_learns_of_any_error() -> None:
    class Broken(MemoryBus):
        async def publish(self, *_: object, **__: object) -> Stored:
            raise ValueError("a bug")

    writer = LedgerWriter(Broken(), asyncio.sleep)
    noted = await asyncio.gather(*(writer.note(record(f"r{n}")) for n in range(9)), return_exceptions=True)
    assert {repr(error) for error in noted} == {"ValueError('a bug')"}


async def test_records_whose_acknowledgement_is_lost_are_stored_once(memory_bus: MemoryBus) -> None:
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    memory_bus.fail_next(6)
    mine = [record(f"r{n}") for n in range(40)]
    held = await asyncio.gather(*(writer.write(r, urgent=False) for r in mine))
    assert [r for (r,) in held] == mine
    assert sorted(await written(memory_bus)) == sorted(r.id for r in mine)


@pytest.mark.parametrize(
    ("outcome", "result", "reason"),
    [
        (Delivered("77"), "delivered", "delivered"),
        (Rejected("http_410"), "rejected", "http_410"),
        (Rejected("Chat 07700 900123 not found"), "rejected", "unspecified"),  # no number in the ledger
        (RetryLater("http_429", 5), "retry", "http_429"),
        (BadCredentials("token tk_1 is wrong"), "retry", "bad_credentials"),
        (Unknown("timeout"), "unknown", "timeout"),
    ],
)
def test_outcomes_as_records(outcome: Outcome, result: str, reason: str) -> None:
    record = as_record("c:0", "told", outcome)
    assert (record.result, record.reason) == (result, reason)


def test_a_providers_id_is_kept_plain_and_short_and_its_wait_bounded() -> None:
    assert as_record("c:0", "told", Delivered("\r\nx\u202e" + "y" * 500)).provider_id == "x" + "y" * 199
    assert as_record("c:0", "told", RetryLater("x", 1e12)).retry_after_s == 604_800
    assert as_record("c:0", "told", RetryLater("x", -3)).retry_after_s == 0


def test_the_key_has_no_dot_which_signatures_use_as_their_seam() -> None:
    assert key_of("a7", "desk-hook:12") == "a7-desk-hook-12"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("31", 31.0),
        (" 7 ", 7.0),
        ("Sat, 14 May 2022 18:02:00 GMT", 120.0),
        ("Sat, 14 May 2022 17:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_what_is_no_network_error_is_raised_on() -> None:
    with pytest.raises(ValueError, match="ours"):
        from_error(ValueError("ours"))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"alert_id": "a9", "group": "hackney"}, ("a9", "hackney")),
        ({"alert_id": "a.>", "group": "hackney"}, None),
        ({"alert_id": "a9", "group": "*"}, None),
        ({"alert_id": "a9", "group": "Hackney"}, None),
        ({"alert_id": "a9"}, None),
        ({"alert_id": 7, "group": "hackney"}, None),
        ({"alert_id": "a9", "group": "hackney", "type": "group.defined.v1"}, None),
        ([], None),
        (None, None),
    ],
)
def test_what_a_spoilt_alert_still_shows(data: Any, named: object) -> None:
    if isinstance(data, dict):
        data = {"type": "alert.raised.v1", **data}
    assert named_in(Spoilt("wrong", data)) == named
