"""The bridge for Kannel: what comes in other ways than usual, and Kannel itself, real, with its fakesmsc."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alert_relay.conformance.ours import KANNEL
from alert_relay.conformance.signing import PUBLIC
from services.ingest.bridges.kannel import KannelBridge, KannelBridgeSettings
from shared.errors import SettingsError
from shared.plugins.channel_testing import KnownSecrets, a_host
from shared.plugins.spec import Delivered, Ignored, IncomingReport, Receipt, Refused, WebhookRequest
from shared.testing.bus import MemoryBus
from shared.testing.servers import free_port
from shared.words.sms import sms_length
from tests.conformance.test_bridges import CutOffOnce, Host, hosting
from tests.conformance.test_kannel import arrived, until
from tests.rigs.kannel import PASSWORD, USER, Kannel, needs_kannel

WEBHOOK = KANNEL.secrets["env:WEBHOOK"]
PHONE, NUMBER = "+447700900123", "+442079460000"
WORDS = "Raid at 40 Ashwin St E8: 100% sure, £5 è & [€]"


def bridge(secret: str = WEBHOOK, **settings: Any) -> KannelBridge:
    given = KannelBridgeSettings.model_validate({**KANNEL.settings, **settings})
    return KannelBridge(given, KnownSecrets({"env:WEBHOOK": secret}))


def asked(body: bytes = b"Raid", query: str = "?id=one&time=1782139580", **headers: str) -> WebhookRequest:
    usual = KANNEL.signed(body)
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(usual, url=f"{PUBLIC}/bridges/kannel{query}", headers={**usual.headers, **more})


def the_report(request: WebhookRequest) -> IncomingReport:
    parsed = bridge().parse(request)
    assert isinstance(parsed, list)
    return parsed[0]  # type: ignore[no-any-return]


def test_what_kannel_says_of_a_message() -> None:
    report = the_report(asked())
    assert (report.source_id, report.sender, report.contact) == ("one", PHONE, PHONE)
    assert report.observed_at == datetime.fromtimestamp(1782139580, UTC)


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ('text/plain; charset="UTF-8"', "£5 è €".encode(), "£5 è €"),
        ('text/plain; charset="UTF-16BE"', "Şu مرحبا 😱".encode("utf-16-be"), "Şu مرحبا 😱"),
        ('text/plain; charset="UTF-16BE"', "halb".encode("utf-16-be")[:-1], "hal\ufffd"),
        ("text/plain; charset=WINDOWS-1252", "£5 è €".encode("cp1252"), "£5 è €"),
        ("text/plain; charset=made-up", b"caf\xc3\xa9", "café"),
        ("text/plain; charset=rot13", b"plain", "plain"),
        ("text/plain", b"caf\xe9", "caf\ufffd"),
        ("application/octet-stream", "joined é".encode(), "joined é"),
    ],
)
def test_words_are_read_in_their_alphabet(content_type: str, body: bytes, text: str) -> None:
    assert the_report(asked(body, content_type=content_type)).text == text


def test_data_for_machines_is_no_report() -> None:
    request = asked(b"Hi\x00\xff", content_type="application/octet-stream")
    assert bridge().parse(request) == Ignored("binary")


@pytest.mark.parametrize("body", [b"", b" \r\n", "\u00a0".encode()])
def test_an_empty_message_is_no_report(body: bytes) -> None:
    assert bridge().parse(asked(body)) == Ignored("no_text")


@pytest.mark.parametrize("sender", ["Hackney", "07700900123", "60006", "+44770090012\r\nX-Kannel-To: 1"])
def test_only_a_whole_number_is_written_to(sender: str) -> None:
    assert the_report(asked(x_kannel_from=sender)).contact is None


@pytest.mark.parametrize("query", ["", "?time=1", "?id=", "?" + "x=1&" * 500])
def test_without_kannels_id_nothing_is_taken_and_the_remedy_is_said(query: str) -> None:
    refused = bridge().parse(asked(query=query))
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code) == (422, "field_missing")
    assert "send-sender" in refused.detail


@pytest.mark.parametrize("time", ["", "%25T", "-1", "1e9", "9" * 40, "٣"])
def test_a_time_that_is_none_is_left_out(time: str) -> None:
    assert the_report(asked(query=f"?id=one&time={time}")).observed_at is None


@pytest.mark.parametrize(
    "secret", ["", "short", "has%pin-it-somewhere", "with@sign-and-slash/", "blank in it blank"]
)
def test_a_password_that_kannel_cannot_say_stops_the_start(secret: str) -> None:
    with pytest.raises(SettingsError, match="env:WEBHOOK") as caught:
        bridge(secret)
    assert not secret or secret not in str(caught.value)


def test_receipts_can_be_switched_off() -> None:
    receipts = [Receipt(report_id="r1", text="Thank you")]
    assert bridge().answer(receipts).body == "Thank you"
    assert bridge(reply=False).answer(receipts).body == bridge().answer([]).body == ""


# --- Kannel itself -----------------------------------------------------------------------------


@dataclass
class Seen:
    """The bridge, and what it read."""

    inner: KannelBridge = field(default_factory=bridge)
    reports: list[IncomingReport] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    spec = KannelBridge.spec
    Settings = KannelBridge.Settings

    def parse(self, request: WebhookRequest) -> Any:
        parsed = self.inner.parse(request)
        if isinstance(parsed, Refused):
            self.refused.append(parsed.code)
        elif not isinstance(parsed, Ignored):
            self.reports += parsed
        return parsed

    def answer(self, receipts: Any) -> Any:
        return self.inner.answer(receipts)


@dataclass
class Gateway:
    """A Kannel that hands on what people write to a door at this port."""

    kannel: Kannel
    port: int

    @contextlib.asynccontextmanager
    async def door(self, folder: Path, seen: Any, bus: MemoryBus | None = None) -> AsyncIterator[Host]:
        async with hosting(KANNEL, folder, bridge=seen, bus=bus, port=self.port) as host:
            yield host

    async def people_write(self, message: str) -> None:
        await asyncio.to_thread(self.kannel.people_write, message)

    def told(self, phone: str) -> str:
        return "".join(part.text for part in self.kannel.received if part.to == phone)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    port = free_port()
    url = f"http://relay:{WEBHOOK}@127.0.0.1:{port}/bridges/kannel"
    kannel = Kannel(tmp_path_factory.mktemp("kannel"), post_url=url).start()
    yield Gateway(kannel, port)
    kannel.stop()


@needs_kannel
async def test_a_text_becomes_a_report_and_its_sender_gets_the_receipt(
    gateway: Gateway, tmp_path: Path
) -> None:
    seen = Seen()
    async with gateway.door(tmp_path, seen) as host:
        await gateway.people_write(f"{PHONE} {NUMBER} text {WORDS}")
        await until(lambda: "Now delete this message." in gateway.told(PHONE))
        assert await host.stored() == 1
    (report,) = seen.reports
    assert (report.text, report.sender, report.contact) == (WORDS, PHONE, PHONE)
    assert report.observed_at is not None
    assert abs(report.observed_at - datetime.now(UTC)).total_seconds() < 600
    parts = [part for part in gateway.kannel.received if part.to == PHONE]
    assert {part.sender for part in parts} == {NUMBER}
    assert len(parts) == sms_length(gateway.told(PHONE)).segments == 2


@needs_kannel
async def test_the_parts_of_a_long_message_are_one_report(gateway: Gateway, tmp_path: Path) -> None:
    seen = Seen()
    async with gateway.door(tmp_path, seen) as host:
        for part, words in ((2, "and the second"), (1, "The first part ")):
            await gateway.people_write(f"+447700900124 {NUMBER} udh %05%00%03%42%02%{part:02} {words}")
        await until(lambda: bool(gateway.told("+447700900124")))
        assert await host.stored() == 1
    assert [report.text for report in seen.reports] == ["The first part and the second"]


@needs_kannel
async def test_what_comes_while_we_are_away_or_refuse_it_comes_in_once(
    gateway: Gateway, tmp_path: Path
) -> None:
    await gateway.people_write(f"+447700900125 {NUMBER} text away")
    stranger, seen = Seen(bridge("another-password-of-the-test")), Seen()
    async with gateway.door(tmp_path / "wrong", stranger) as host:
        await until(lambda: "bad_signature" in stranger.refused)
        assert await host.stored() == 0
    async with gateway.door(tmp_path / "right", seen) as host:
        await until(lambda: bool(gateway.told("+447700900125")))
        assert await host.stored() == 1
    assert [report.text for report in seen.reports] == ["away"]


@needs_kannel
async def test_a_report_stored_without_our_answer_is_told_again_and_is_the_same(
    gateway: Gateway, tmp_path: Path
) -> None:
    seen, bus = Seen(), CutOffOnce()
    async with gateway.door(tmp_path, seen, bus):
        await gateway.people_write(f"+447700900126 {NUMBER} text twice")
        await until(lambda: bool(gateway.told("+447700900126")))
        assert await bus.last_seq("REPORTS") == 1
    assert len({report.source_id for report in seen.reports}) == 1
    assert len(seen.reports) > 1


@needs_kannel
async def test_a_question_reaches_whoever_wrote(gateway: Gateway) -> None:
    text = "¿Dónde es exactamente? Şu an nerede? 😱"
    writing = {"url": gateway.kannel.url, "username": USER, "password": "env:PASSWORD", "number": NUMBER}
    async with a_host({"env:PASSWORD": PASSWORD}) as host:
        outcome = await bridge(**writing).write_back("+447700900127", text, host, key="q-1")
    assert isinstance(outcome, Delivered)
    (part,) = await arrived(gateway.kannel, text, "+447700900127")
    assert (part.sender, part.coding) == (NUMBER, "ucs-2")
