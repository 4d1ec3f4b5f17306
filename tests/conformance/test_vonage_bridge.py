"""The bridge for Vonage: signed calls as Vonage documents them, and the parts of long messages."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from alert_relay.conformance.ours import VONAGE
from alert_relay.conformance.signing import NOW
from services.ingest.door import DOOR
from services.ingest.joining import Joining
from shared.plugins.spec import Ignored, IncomingReport, Part, Refused, WebhookRequest
from shared.plugins.vonage_api import BAD_SIGNATURE
from shared.testing.bus import MemoryBus
from tests.conformance.test_bridges import CutOffOnce, hosting

SAID = {
    "msisdn": "447700900123",
    "to": "442079460000",
    "messageId": "0B1",
    "text": "Vans in Ashwin St & more = two",
    "type": "text",
    "message-timestamp": "2026-06-22 14:46:18",
}


def call(**said: Any) -> WebhookRequest:
    """A signed call with these fields changed; None leaves one out."""
    names = {name.replace("_", "-"): value for name, value in said.items()}
    whole = {**SAID, **names}
    return VONAGE.signed(json.dumps({k: v for k, v in whole.items() if v is not None}).encode())


def at(timestamp: str) -> WebhookRequest:
    """A call that was signed with this time."""
    said = {**SAID, "timestamp": timestamp}
    secret = VONAGE.secrets["env:SIGNATURE"]
    auth = Auth(api_key="abcd1234", signature_secret=secret, signature_method="sha256")
    body = json.dumps({**said, "sig": auth.sign_params(dict(said))}).encode()
    return replace(call(), body=body)


def parsed(request: WebhookRequest) -> Any:
    return VONAGE.make().parse(request)


def part(number: int, of: int = 2, **said: Any) -> WebhookRequest:
    joins = {"concat": "true", "concat_ref": "7", "concat_total": str(of), "concat_part": str(number)}
    return call(**{"messageId": f"0B{number}", "text": f"part {number} ", **joins, **said})


def test_what_vonage_says_of_a_message() -> None:
    assert parsed(call()) == [
        IncomingReport(
            source_id="0B1",
            text=SAID["text"],
            sender="+447700900123",
            contact="+447700900123",
            observed_at=datetime(2026, 6, 22, 14, 46, 18, tzinfo=UTC),
        )
    ]


def test_which_part_it_is() -> None:
    (report,) = parsed(part(2, 3))
    assert report.part == Part("447700900123\n442079460000\n7", 2, 3)


@pytest.mark.parametrize("number", ["", "two", "-1", "٢", "1" * 30])
def test_a_part_without_a_number_is_a_report_as_it_is(number: str) -> None:
    (report,) = parsed(call(concat="true", concat_ref="7", concat_total="2", concat_part=number))
    assert report.part is None


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ({"type": "binary", "text": None, "data": "0011"}, Ignored("binary")),
        ({"text": None}, Ignored("no_text")),
        ({"text": " \n"}, Ignored("no_text")),
        ({"text": None, "status": "delivered"}, Ignored("other_event")),
    ],
)
def test_what_is_no_report(said: dict[str, Any], means: Ignored) -> None:
    assert parsed(call(**said)) == means


@pytest.mark.parametrize("missing", ["messageId", "msisdn"])
def test_what_must_be_there(missing: str) -> None:
    refused = parsed(call(**{missing: None}))
    assert (refused.status, refused.code) == (422, "field_missing")


@pytest.mark.parametrize("sender", ["Hackney", "60006", "1"])
def test_only_a_whole_number_is_written_to(sender: str) -> None:
    (report,) = parsed(call(msisdn=sender))
    assert (report.sender, report.contact) == (sender, None)


def test_any_field_changed_or_added_spoils_the_signature() -> None:
    said = json.loads(call().body)
    spoilt = [{**said, name: value + "x"} for name, value in said.items()]
    spoilt += [{**said, "more": "x"}, {k: v for k, v in said.items() if k != "text"}, {**said, "sig": "ü"}]
    for one in spoilt:
        refused = parsed(replace(call(), body=json.dumps(one).encode()))
        assert isinstance(refused, Refused)
        assert refused.code == "bad_signature"


def test_what_cannot_be_signed_at_all_is_not_signed() -> None:
    stranger = {**SAID, "text": "\ud800", "timestamp": "1782139580", "sig": "0" * 64}
    assert parsed(replace(call(), body=json.dumps(stranger).encode())) == BAD_SIGNATURE


@pytest.mark.parametrize("hours", [0, -24, 24])
def test_a_call_is_taken_as_long_as_vonage_tells_it_again(hours: int) -> None:
    assert isinstance(parsed(at(f"{(NOW + timedelta(hours=hours)).timestamp():.0f}")), list)


@pytest.mark.parametrize("hours", [-26, 26])
def test_an_older_one_is_stale(hours: int) -> None:
    assert parsed(at(f"{(NOW + timedelta(hours=hours)).timestamp():.0f}")).code == "stale_timestamp"


@pytest.mark.parametrize("timestamp", ["soon", "-5", "9" * 400, "٣"])
def test_a_time_that_is_none_is_stale(timestamp: str) -> None:
    assert parsed(at(timestamp)).code == "stale_timestamp"


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
async def test_the_parts_of_a_message_are_one_report_and_so_is_their_replay(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    async with hosting(VONAGE, tmp_path) as host:
        for _ in range(2):
            answers = await asyncio.gather(*(host.send(part(number, 3)) for number in order))
            assert [status for status, _text in answers] == [200, 200, 200]
        assert await host.stored() == 1


async def test_a_message_stored_without_our_answer_is_told_again_and_is_the_same(tmp_path: Path) -> None:
    bus = CutOffOnce()
    async with hosting(VONAGE, tmp_path, bus=bus) as host:
        first = await asyncio.gather(*(host.send(part(number)) for number in (1, 2)))
        assert {status for status, _text in first} <= {200, 503}
        assert await asyncio.gather(*(host.send(part(number)) for number in (1, 2)))
        assert await bus.last_seq("REPORTS") == 1


async def test_a_part_told_again_by_itself_after_a_kill_is_in_what_is_stored(tmp_path: Path) -> None:
    """Killed between the answers to two parts: one is told again, and nobody remembers the other."""
    bus = MemoryBus()
    async with hosting(VONAGE, tmp_path, bus=bus) as host:
        await asyncio.gather(*(host.send(part(number)) for number in (1, 2)))
    assert await told_alone(bus, tmp_path, 2) == 1
    assert await told_alone(bus, tmp_path, 1) == 1


async def test_a_part_without_the_others_is_stored_and_so_is_each_that_comes_later(tmp_path: Path) -> None:
    bus = MemoryBus()
    for _ in range(2):
        await told_alone(bus, tmp_path, 2)
        assert await told_alone(bus, tmp_path, 1) == 2


async def test_a_number_used_anew_by_another_message_takes_nothing_from_it(tmp_path: Path) -> None:
    """The number that joins parts has eight bits."""
    async with hosting(VONAGE, tmp_path) as host:
        for words in ("they are here", "they have left"):
            said = part(1, messageId=f"{words} 1"), part(2, messageId=f"{words} 2", text=words)
            await asyncio.gather(*(host.send(one) for one in said))
        assert await host.stored() == 2


async def told_alone(bus: MemoryBus, folder: Path, number: int) -> int:
    """One part is told to a front door that has just been started; how much is stored then."""
    async with hosting(VONAGE, folder, bus=bus) as host:
        host.client.app[DOOR].joining = Joining(wait_s=0.01)
        assert (await host.send(part(number)))[0] == 200
    return await bus.last_seq("REPORTS")


async def test_by_get_nothing_is_taken(tmp_path: Path) -> None:
    async with hosting(VONAGE, tmp_path) as host:
        status, _text = await host.send(replace(call(), method="GET", body=b""))
        assert status in (404, 405)
        assert await host.stored() == 0
