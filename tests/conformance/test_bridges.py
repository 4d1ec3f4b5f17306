"""Our bridges pass the conformance suite, alone and behind the real host."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from alert_relay.conformance.ours import ANDROID, CASES, KANNEL, MATRIX, TELEGRAM, TWILIO, VONAGE, WHATSAPP
from alert_relay.conformance.signing import NOW, PUBLIC
from services.ingest.app import make_app
from services.ingest.bridges.twilio_sms import TwilioSms
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from shared.errors import BusError
from shared.plugins.spec import (
    Bridge,
    Ignored,
    IncomingReport,
    Receipt,
    Refused,
    WebhookRequest,
    WebhookResponse,
)
from shared.plugins.testing import BridgeCase, BridgeConformance
from shared.ports import Bus, Outgoing, Stored
from shared.sealing import MasterKey
from shared.testing.bus import MemoryBus
from shared.words.chat_talk import told_in_chat
from tests.rigs.bridges_health import KEYS, bridges_health


class TestTwilioSms(BridgeConformance):
    case = TWILIO


class TestAndroidSms(BridgeConformance):
    case = ANDROID

    @pytest.mark.parametrize("days", [-30, 30])
    def test_a_call_signed_long_ago_or_ahead_is_stale(self, days: int) -> None:
        late = replace(self.case.signed(self.case.bodies["received.json"]), now=NOW + timedelta(days=days))
        stale = self.case.make().parse(late)
        assert isinstance(stale, Refused)
        assert stale.code == "stale_timestamp"


class TestKannel(BridgeConformance):
    case = KANNEL


class TestVonage(BridgeConformance):
    case = VONAGE


class TestTelegram(BridgeConformance):
    case = TELEGRAM

    def test_an_edit_is_one_more_message_with_the_time_of_the_first(self) -> None:
        (found,) = self.parsed(text="marker-one in Mare Street", edit_date=1652542260)
        assert found.first_said_at is not None
        assert found.observed_at is not None
        assert (found.observed_at - found.first_said_at).total_seconds() == 60
        (plain,) = self.parsed(text="marker-one in Mare Street", edited=False)
        assert plain.first_said_at is None

    def test_where_a_live_location_moves_to_is_none(self) -> None:
        place = {"latitude": 51.5, "longitude": -0.07, "live_period": 900}
        assert self.parsed(location=place, edit_date=1652542260) == Ignored("edited_place")

    def parsed(self, *, edited: bool = True, **more: Any) -> Any:
        chat = {"id": 700900123, "type": "private"}
        message = {"message_id": 41, "from": {"id": 700900123}, "chat": chat, "date": 1652542200, **more}
        update = {"update_id": 873400002, "edited_message" if edited else "message": message}
        return self.case.make().parse(self.case.signed(json.dumps(update).encode()))


class TestMatrix(BridgeConformance):
    case = MATRIX


class TestWhatsAppCloud(BridgeConformance):
    case = WHATSAPP


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Host:
    client: TestClient[Any, Any]
    bus: MemoryBus

    async def send(self, signed: WebhookRequest) -> tuple[int, str]:
        path = signed.url.removeprefix(PUBLIC)
        async with self.client.request(
            signed.method, path, data=io.BytesIO(signed.body), headers=dict(signed.headers)
        ) as response:
            return response.status, await response.text()

    async def stored(self) -> int:
        return await self.bus.last_seq("REPORTS")


@contextlib.asynccontextmanager
async def hosting(
    case: BridgeCase,
    folder: Path,
    *,
    bus: Bus | None = None,
    bridge: Bridge | None = None,
    port: int | None = None,
) -> AsyncIterator[Host]:
    memory = MemoryBus(FixedClock())
    spool = Spool(folder, max_bytes=1_000)
    app = make_app(
        bus=bus or memory,
        clock=FixedClock(),
        master=MasterKey(bytes(32)),
        spool=spool,
        settings=IngestSettings(ingest_public_url=PUBLIC),
        bridges={case.bridge.spec.kind: bridge or case.make()},
        keys=KEYS,
    )
    async with TestClient(TestServer(app, port=port)) as client:
        yield Host(client, memory)
    await spool.close()


each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.bridge.spec.kind)


SIGNED = [(case, name) for case in (TWILIO, ANDROID, VONAGE, WHATSAPP) for name in case.bodies]
"""Of those whose source signs what it says, and not only who says it."""


def variants(body: bytes) -> Iterator[bytes]:
    """What somebody on the way could make of a signed call: cut, longer, spelt or written otherwise."""
    yield from (body[:length] for length in range(len(body)))
    yield from (body + more for more in (b" ", b"&x=1", b"}", b"\0"))
    yield body.replace(b"marker", b"Marker")
    text = body.decode()
    yield from (text.encode(name) for name in ("utf-16", "utf-32", "utf-8-sig", "utf-7"))
    if body[:1] == b"{":
        said = json.loads(body)
        yield json.dumps(said, indent=1).encode()
        yield json.dumps(said, ensure_ascii=False).encode()
        yield json.dumps(said)[:-1].encode() + b', "text": "another"}'
    else:
        pairs = parse_qsl(text, keep_blank_values=True)
        yield urlencode([*pairs, ("Body", "another"), ("text", "another")]).encode()
        yield urlencode(pairs, encoding="utf-16").encode()


@pytest.mark.parametrize(("case", "name"), SIGNED, ids=lambda part: getattr(part, "bridge", part))
def test_every_variant_of_a_signed_call_is_refused_or_says_the_same(case: BridgeCase, name: str) -> None:
    signed = case.signed(case.bodies[name])
    whole = case.make().parse(signed)
    for changed in variants(signed.body):
        found = case.make().parse(replace(signed, body=changed))
        assert isinstance(found, Refused) or found == whole


@each
async def test_a_report_and_its_replay_are_one(case: BridgeCase, tmp_path: Path) -> None:
    async with hosting(case, tmp_path) as host:
        for body in case.bodies.values():
            for _ in range(2):
                status, _text = await host.send(case.signed(body))
                assert status == 200
        assert await host.stored() == len(case.bodies)


@each
async def test_a_forged_signature_stores_nothing(case: BridgeCase, tmp_path: Path) -> None:
    async with hosting(case, tmp_path) as host:
        status, text = await host.send(case.forged(next(iter(case.bodies.values()))))
        assert status == 403
        assert json.loads(text)["code"] == "bad_signature"
        assert await host.stored() == 0


class HoldingBus(MemoryBus):
    """Acknowledges reports only when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.released = asyncio.Event(), asyncio.Event()

    async def publish(self, message: Outgoing, *, patience_s: float = 10.0) -> Stored:
        if message.subject.startswith("reports."):
            self.asked.set()
            await self.released.wait()
        return await super().publish(message, patience_s=patience_s)


class CutOffOnce(MemoryBus):
    """Stores the first report and breaks off before it says so, as a crash there would."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = False

    async def publish(self, message: Outgoing, *, patience_s: float = 10.0) -> Stored:
        stored = await super().publish(message, patience_s=patience_s)
        if message.subject.startswith("reports.") and not self.cut:
            self.cut = True
            raise BusError
        return stored


@each
async def test_the_source_is_answered_only_after_the_publish(case: BridgeCase, tmp_path: Path) -> None:
    bus = HoldingBus()
    async with hosting(case, tmp_path, bus=bus) as host:
        sending = asyncio.create_task(host.send(case.signed(next(iter(case.bodies.values())))))
        await bus.asked.wait()
        done, _ = await asyncio.wait({sending}, timeout=0.1)
        assert not done
        bus.released.set()
        assert (await sending)[0] == 200


@each
async def test_what_cannot_be_stored_is_not_acknowledged(case: BridgeCase, tmp_path: Path) -> None:
    async with hosting(case, tmp_path) as host:
        host.bus.go_away()
        answers = [await host.send(case.signed(body)) for body in case.bodies.values()]
        assert answers[-1][0] == 503
        assert json.loads(answers[-1][1])["code"] == "cannot_store"


@each
async def test_what_is_far_too_large_is_refused(case: BridgeCase, tmp_path: Path) -> None:
    async with hosting(case, tmp_path) as host:
        status, text = await host.send(case.signed(b"x" * ((case.bridge.spec.max_body or 0) + 2_000_000)))
        assert (status, json.loads(text)["code"]) == (413, "too_large")


@each
async def test_no_secret_and_nothing_private_in_logs_or_answers(case: BridgeCase, tmp_path: Path) -> None:
    async with hosting(case, tmp_path) as host:
        with structlog.testing.capture_logs() as logs:
            sent = [
                signed
                for body in case.bodies.values()
                for signed in (case.signed(body), case.forged(body), case.signed(body[:-9]))
            ]
            answers = [await host.send(signed) for signed in sent]
        shown = json.dumps(logs) + "".join(text for status, text in answers if status != 200)
        assert not any(word in shown for word in (*case.private, *case.secrets.values()))


class Broken:
    """A bridge that raises what it was given."""

    spec = TwilioSms.spec
    Settings = TwilioSms.Settings

    def __init__(self, *, parses: bool) -> None:
        self.parses = parses

    def parse(self, request: WebhookRequest) -> list[IncomingReport]:
        if self.parses:
            return [IncomingReport(source_id="one", text="marker-one")]
        raise RuntimeError(request.body.decode())

    def answer(self, receipts: list[Receipt]) -> WebhookResponse:
        raise RuntimeError(receipts[0].text)


async def test_an_exception_stays_with_its_bridge(tmp_path: Path) -> None:
    body = TWILIO.bodies["sms.form"]
    async with hosting(TWILIO, tmp_path, bridge=Broken(parses=False)) as host:  # type: ignore[arg-type]
        with structlog.testing.capture_logs() as logs:
            status, text = await host.send(TWILIO.signed(body))
        assert (status, json.loads(text)["code"]) == (500, "bridge_failed")
        assert "marker-one" not in text + json.dumps(logs)
        assert (await bridges_health(host.client))["counts"]["bridge.twilio-sms.failed"] == 1
        async with host.client.get("/health") as response:
            assert (await response.json())["counts"] == {"bridge.failed": 1}


async def test_a_stored_report_is_acknowledged_though_the_answer_fails(tmp_path: Path) -> None:
    async with hosting(TWILIO, tmp_path, bridge=Broken(parses=True)) as host:  # type: ignore[arg-type]
        assert (await host.send(TWILIO.signed(b"")))[0] == 200
        assert await host.stored() == 1


async def test_a_sender_gets_three_receipts_an_hour(tmp_path: Path) -> None:
    async with hosting(TWILIO, tmp_path) as host:
        answers = []
        for number in range(5):
            body = TWILIO.bodies["sms.form"].replace(b"SM0f2a", b"SM%04d" % number)
            answers.append((await host.send(TWILIO.signed(body)))[1])
        assert ["<Message>" in answer for answer in answers] == [True, True, True, False, False]
        assert await host.stored() == 5


@pytest.mark.parametrize("word", ["STOP", "HELP"])
async def test_a_word_that_twilio_keeps_for_itself_is_a_report(word: str, tmp_path: Path) -> None:
    sent = dict(parse_qsl(TWILIO.bodies["sms.form"].decode())) | {"Body": word, "OptOutType": word}
    async with hosting(TWILIO, tmp_path) as host:
        assert (await host.send(TWILIO.signed(urlencode(sent).encode())))[0] == 200
        assert await host.stored() == 1


async def test_an_unknown_bridge_is_a_problem_that_says_so(tmp_path: Path) -> None:
    async with hosting(TWILIO, tmp_path) as host, host.client.post("/bridges/nobody", data=b"") as response:
        assert response.status == 404
        assert (await response.json())["code"] == "no_such_bridge"


def added(was: str = "left", now: str = "member", *, kind: str = "supergroup", chat: Any = -100) -> bytes:
    change = {
        "chat": {"id": chat, "type": kind, "title": "a street's own chat"},
        "from": {"id": 7, "is_bot": False},
        "old_chat_member": {"status": was},
        "new_chat_member": {"status": now},
    }
    return json.dumps({"update_id": 5, "my_chat_member": change}).encode()


async def test_a_group_that_the_telegram_bot_is_added_to_hears_what_it_takes_there(tmp_path: Path) -> None:
    async with hosting(TELEGRAM, tmp_path) as host:
        status, body = await host.send(TELEGRAM.signed(added()))
        assert (status, await host.stored()) == (200, 0)
        call = {"method": "sendMessage", "chat_id": -100, "text": told_in_chat("raid")}
        assert json.loads(body) == call
        for other in (
            added("member", "administrator"),
            added("member", "left"),
            added(kind="private"),
            added(kind="channel"),
            added(chat="x"),
            b'{"update_id":5,"my_chat_member":7}',
        ):
            assert await host.send(TELEGRAM.signed(other)) == (200, "")
        assert (await host.send(TELEGRAM.forged(added())))[0] == 403


async def test_a_telegram_group_is_told_nothing_where_the_settings_say_so(tmp_path: Path) -> None:
    case = replace(TELEGRAM, settings={**TELEGRAM.settings, "tells_chats": False})
    async with hosting(case, tmp_path) as host:
        assert await host.send(case.signed(added())) == (200, "")


async def test_that_a_group_talks_stands_in_no_log(tmp_path: Path) -> None:
    talk = TELEGRAM.bodies["group-marked.json"].replace(b"#", b"")
    async with hosting(TELEGRAM, tmp_path) as host:
        assert await host.send(TELEGRAM.signed(talk)) == (200, "")  # the first call says that it is connected
        with structlog.testing.capture_logs() as logs:
            assert await host.send(TELEGRAM.signed(talk)) == (200, "")
        counts = (await bridges_health(host.client))["counts"]
    assert counts["bridge.telegram.ignored.group_talk"] == 2
    assert logs == []
