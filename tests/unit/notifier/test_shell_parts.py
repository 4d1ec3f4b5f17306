"""The small parts of the shell: switch, gate, outcomes as records, Retry-After, spoilt alerts."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from services.notifier.channels.http_outcomes import from_error, retry_after
from services.notifier.decide.switch import stopped_by
from services.notifier.reading import named_in
from services.notifier.records import LedgerWriter
from services.notifier.sending import as_record, key_of
from shared.contracts.catalog import decode
from shared.contracts.desk import KillSwitch
from shared.contracts.ledger import AlertSettled, LedgerRecord
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown
from shared.ports import Entry, Outgoing
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
    return [decode(e).id for e in entries if e is not None]


async def test_urgent_records_are_stored_before_all_that_wait(memory_bus: MemoryBus) -> None:
    memory_bus.go_away()
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    jobs = [asyncio.create_task(writer.write(record(f"bulk{n}"), urgent=False)) for n in range(600)]
    await asyncio.sleep(0)
    jobs.append(asyncio.create_task(writer.write(record("first"), urgent=True)))
    await asyncio.sleep(0)
    memory_bus.come_back()
    await asyncio.gather(*jobs)
    assert (await written(memory_bus)).index("first") < 300


async def test_of_two_writers_the_second_learns_what_the_first_wrote(memory_bus: MemoryBus) -> None:
    one, two = (LedgerWriter(memory_bus, asyncio.sleep) for _ in range(2))
    names = [f"r{n}" for n in range(100)]
    theirs = {n: record(n).model_copy(update={"delivered": 7}) for n in names[::3]}
    for other in theirs.values():
        await one.write(other, urgent=False)
    held = await asyncio.gather(*(two.write(record(n), urgent=False) for n in names))
    assert [h.delivered for h in held if isinstance(h, AlertSettled)] == [7 * (n in theirs) for n in names]
    assert sorted(await written(memory_bus)) == sorted(names)
    assert [n for n in names if two.is_own(n)] == [n for n in names if n not in theirs]


@pytest.mark.parametrize(("together", "batches"), [(4, 0), (12, 0), (200, 3)])
async def test_few_records_are_stored_one_by_one_and_only_many_share_a_batch(
    together: int, batches: int
) -> None:
    class Counting(MemoryBus):
        appended = 0

        async def append(self, batch: Sequence[Outgoing], *, after: int = 0, fence: str | None = None) -> int:
            self.appended += 1
            return await super().append(batch, after=after, fence=fence)

    bus = Counting()
    writer = LedgerWriter(bus, asyncio.sleep)
    await asyncio.gather(*(writer.write(record(f"r{n}"), urgent=False) for n in range(together)))
    assert len(await written(bus)) == together
    assert bus.appended == batches


async def test_a_batch_whose_acknowledgement_is_lost_is_stored_once(memory_bus: MemoryBus) -> None:
    writer = LedgerWriter(memory_bus, asyncio.sleep)
    memory_bus.fail_next(6)  # more than go one by one before the first batch
    mine = [record(f"r{n}") for n in range(40)]
    assert await asyncio.gather(*(writer.write(r, urgent=False) for r in mine)) == mine
    assert sorted(await written(memory_bus)) == sorted(r.id for r in mine)


async def test_whoever_waits_learns_of_any_error_of_their_batch() -> None:
    class Broken(MemoryBus):
        async def append(self, *_: object, **__: object) -> int:
            raise ValueError("a bug")

    writer = LedgerWriter(Broken(), asyncio.sleep)
    jobs = [asyncio.create_task(writer.write(record(f"r{n}"), urgent=False)) for n in range(40)]
    done, pending = await asyncio.wait(jobs, timeout=5)
    for job in pending:
        job.cancel()
    assert not pending
    failed = [job for job in done if job.exception() is not None]
    assert failed
    assert {repr(job.exception()) for job in failed} == {"ValueError('a bug')"}


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
    ("subject", "body", "named"),
    [
        ("alerts.v1.hackney", b'{"alert_id":"a9"}', ("a9", "hackney")),
        ("alerts.v1.hackney", b'{"alert_id":"a.>"}', None),
        ("alerts.v1.hackney", b'{"alert_id":7}', None),
        ("alerts.v1.hackney", b"[]", None),
        ("alerts.v1.hackney", b"\xff", None),
        ("groups.v1.group_defined", b'{"alert_id":"a9"}', None),
    ],
)
def test_what_a_spoilt_alert_still_shows(subject: str, body: bytes, named: object) -> None:
    assert named_in(Entry("DECISIONS", subject, 1, NOW, {}, body)) == named
