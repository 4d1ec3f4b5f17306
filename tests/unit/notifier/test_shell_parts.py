"""The small parts of the shell: switch, gate, outcomes as records, Retry-After, spoilt alerts."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.notifier.channels.http_outcomes import from_error, retry_after
from services.notifier.decide.switch import stopped_by
from services.notifier.reading import named_in
from services.notifier.records import Gate
from services.notifier.sending import as_record, key_of
from shared.contracts.desk import KillSwitch
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown
from shared.ports import Entry

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


async def test_the_gate_lets_urgent_records_pass_all_others() -> None:
    gate, passed, open_it = Gate(1), [], asyncio.Event()

    async def go(name: str, *, urgent: bool) -> None:
        async with gate.passing(urgent=urgent):
            passed.append(name)
            await open_it.wait()

    jobs = [asyncio.create_task(go(f"bulk{n}", urgent=False)) for n in range(4)]
    jobs.append(asyncio.create_task(go("first", urgent=True)))
    await asyncio.sleep(0)
    open_it.set()
    await asyncio.gather(*jobs)
    assert passed[:2] == ["bulk0", "first"]


async def test_who_gives_up_waiting_at_the_gate_takes_no_place() -> None:
    gate = Gate(1)
    async with gate.passing(urgent=False):
        waiter = asyncio.create_task(gate.passing(urgent=True).__aenter__())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.wait({waiter})
    async with asyncio.timeout(1), gate.passing(urgent=False):
        pass


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
