"""The WhatsApp bridge: what of Meta's calls is a report, how Meta asks, how people are answered."""

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from alert_relay.conformance.ours import CAPTURED
from services.ingest.app import make_app
from services.ingest.bridge_host import RECEIPTS
from services.ingest.bridges.telegram import Telegram
from services.ingest.bridges.whatsapp_cloud import WhatsAppCloud, WhatsAppCloudSettings
from services.ingest.door import DOOR
from services.ingest.receipts import Receipts
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from shared.plugins.channel_testing import Answer, HttpProvider, KnownSecrets
from shared.plugins.spec import (
    Answered,
    Delivered,
    Ignored,
    IncomingReport,
    Refused,
    WebhookRequest,
)
from shared.sealing import MasterKey
from shared.testing.bus import MemoryBus
from tests.rigs.bridges_health import KEYS

NOW = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)
NUMBER, OURS = "+447700900123", "106540352242922"
URL = "https://relay.example/bridges/wa"
SECRETS = {
    "env:APP": "app-secret-of-the-test",
    "env:VERIFY": "verify-token-of-the-test",
    "env:TOKEN": "EAAmade-up-token",
}
FIXTURE = json.loads((CAPTURED / "whatsapp-cloud/text.json").read_text())
MESSAGE = FIXTURE["entry"][0]["changes"][0]["value"]["messages"][0]
TAKEN = Answer(200, Delivered(), body=b'{"messages":[{"id":"wamid.X"}]}')


def bridge(api: str = "https://graph.example") -> WhatsAppCloud:
    settings = WhatsAppCloudSettings(
        phone_number_id=OURS, app_secret="env:APP", verify_token="env:VERIFY", token="env:TOKEN", api=api
    )
    return WhatsAppCloud(settings, KnownSecrets(SECRETS))


def message(text: str = "raid in Ashwin St", *, name: str = "wamid.1", **more: Any) -> dict[str, Any]:
    return {**MESSAGE, "id": name, "text": {"body": text}, **more}


def change(*messages: dict[str, Any], number: str = OURS, **more: Any) -> dict[str, Any]:
    value = {"metadata": {"phone_number_id": number}, "messages": list(messages), **more}
    return {"field": "messages", "value": value}


def call(*changes: dict[str, Any]) -> bytes:
    return json.dumps({"object": "x", "entry": [{"id": "1", "changes": [one]} for one in changes]}).encode()


def headers_of(body: bytes) -> dict[str, str]:
    signature = hmac.new(SECRETS["env:APP"].encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={signature}"}


def parsed(body: bytes) -> list[IncomingReport] | str:
    found = bridge().parse(WebhookRequest("POST", URL, headers_of(body), body, NOW))
    if isinstance(found, Ignored):
        return found.reason
    assert not isinstance(found, Refused), found
    return list(found)


def only(name: str) -> IncomingReport:
    found = parsed((CAPTURED / f"whatsapp-cloud/{name}.json").read_bytes())
    assert not isinstance(found, str)
    (report,) = found
    return report


def test_a_text_is_its_words_its_sender_and_its_moment() -> None:
    report = only("text")
    assert report.text.endswith("at Kingsland Rd / Ashwin St — now")
    assert (report.sender, report.contact, report.first_hand) == (NUMBER, NUMBER, None)
    assert report.observed_at == datetime.fromtimestamp(1782139560, UTC)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("place", "marker-two market\nRidley Rd, London E8"),
        ("bare-place", ""),
        ("picture", "marker-one officers at the door, Dalston Lane"),
        ("voice", "marker-one listen, they are in Ridley Road"),
        ("button", "MINE D7K"),
        ("button-reply", "marker-one still there"),
        ("list-reply", "Ridley Road\nmarker-one by the market"),
    ],
)
def test_each_kind_has_its_words(name: str, text: str) -> None:
    assert only(name).text == text


def test_a_place_is_a_point() -> None:
    assert [(only(n).lat, only(n).lon) for n in ("place", "bare-place")] == [(51.5471, -0.0754)] * 2


def test_who_passes_a_message_on_was_perhaps_not_there() -> None:
    assert only("forwarded").first_hand is False


def test_who_hides_their_number_is_known_by_metas_id() -> None:
    report = only("hidden-number")
    assert report.sender == report.contact == "GB.13491208655302741918"


def kind(name: str, **part: Any) -> dict[str, Any]:
    return {**MESSAGE, "type": name, name: part}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (change(statuses=[{"id": "wamid.2", "status": "read"}]), "no_message"),
        ({"field": "message_template_status_update", "value": {"event": "APPROVED"}}, "no_message"),
        ({"field": "messages", "value": "x"}, "no_message"),
        (change(message(), number="999999"), "other_number"),
        (change(message(group_id="Y2FwaV9ncm91")), "group_talk"),
        (change(kind("reaction", message_id="wamid.9", emoji="x")), "no_words_of_its_own"),
        (change(kind("sticker", id="1")), "no_words_of_its_own"),
        (change(kind("system", body="x changed their number", wa_id="4477")), "no_words_of_its_own"),
        (change(kind("order", catalog_id="1")), "no_words_of_its_own"),
        (change(kind("contacts")), "no_words_of_its_own"),
        (change(kind("unsupported", type="poll")), "no_words_of_its_own"),
        (change(kind("unknown")), "no_words_of_its_own"),
        (change(kind("edit", original_message_id="wamid.0")), "edited_message"),
        (change(kind("revoke", original_message_id="wamid.0")), "deleted_message"),
        (change(kind("image", id="1")), "no_text_or_place"),
        (change(kind("audio", id="1", voice=True)), "no_text_or_place"),
        (change(kind("text", body=" \n")), "no_text_or_place"),
        (change(kind("location", latitude=91, longitude=0)), "no_text_or_place"),
        (change(kind("location", latitude=True, longitude=True)), "no_text_or_place"),
        (change(kind("interactive", type="nfm_reply", nfm_reply={"body": "x"})), "no_text_or_place"),
        (change(message(id="")), "no_message"),
        (change(message(timestamp=str(int((NOW - timedelta(days=14)).timestamp())))), "too_old"),
    ],
)
def test_what_is_no_report_is_named(told: dict[str, Any], why: str) -> None:
    assert parsed(call(told)) == why


def test_one_call_may_hold_several_messages_and_the_rest_stops_none() -> None:
    found = parsed(
        call(
            change(statuses=[{"status": "delivered"}]),
            change(message("one", name="a"), kind("reaction"), message("two", name="b")),
            change(message("other", name="c"), number="5"),
            change(message("three", name="d")),
        )
    )
    assert isinstance(found, list)
    assert [(r.source_id, r.text) for r in found] == [("a", "one"), ("b", "two"), ("d", "three")]


@pytest.mark.parametrize("stamp", ["soon", "", "9" * 5_000, "9" * 15, None, True, {}])
def test_a_moment_that_is_none_spoils_no_report(stamp: Any) -> None:
    found = parsed(call(change(message(timestamp=stamp))))
    assert isinstance(found, list)
    assert found[0].observed_at is None


def test_the_signature_is_over_the_very_bytes() -> None:
    body = (CAPTURED / "whatsapp-cloud/text.json").read_bytes()
    reencoded = json.dumps(json.loads(body)).encode()
    signature = headers_of(body)["x-hub-signature-256"]
    forged: list[tuple[bytes, str]] = [
        (reencoded, signature),
        (body + b" ", signature),
        (body[:-1], signature),
        (body, signature.upper()),
        (body, signature.removeprefix("sha256=")),
        (body, signature[:-1]),
        (body, f"sha1={signature.removeprefix('sha256=')}"),
    ]
    for sent, given_signature in forged:
        found = bridge().parse(
            WebhookRequest("POST", URL, {"x-hub-signature-256": given_signature}, sent, NOW)
        )
        assert isinstance(found, Refused)
        assert (found.status, found.code) == (403, "bad_signature")


@given(query=st.text(max_size=60))
def test_any_question_is_answered_and_never_with_our_token(query: str) -> None:
    found = bridge().handshake(WebhookRequest("GET", f"{URL}?{query}", {}, b"", NOW))
    assert isinstance(found, Refused)
    assert SECRETS["env:VERIFY"] not in found.detail


# --- behind the host -------------------------------------------------------------------------------


class Clock:
    def now(self) -> datetime:
        return NOW


@contextlib.asynccontextmanager
async def hosting(folder: Path, api: str) -> AsyncIterator[TestClient[Any, Any]]:
    spool = Spool(folder, max_bytes=1_000)
    made = bridge(api)
    app = make_app(
        bus=MemoryBus(Clock()),
        clock=Clock(),
        master=MasterKey(bytes(32)),
        spool=spool,
        settings=IngestSettings(),
        bridges={"wa": made, "other": telegram()},
        keys=KEYS,
    )
    async with ClientSession() as http:
        app[RECEIPTS] = {"wa": Receipts(app[DOOR], "wa", made, http, KnownSecrets(SECRETS))}
        async with TestClient(TestServer(app)) as client:
            yield client
            await app[RECEIPTS]["wa"].finish()
    await spool.close()


def telegram() -> Telegram:
    return Telegram(Telegram.Settings(secret_token="env:S"), KnownSecrets({"env:S": "secret"}))  # type: ignore[call-arg,arg-type]


async def send(client: TestClient[Any, Any], body: bytes) -> int:
    async with client.post("/bridges/wa", data=body, headers=headers_of(body)) as response:
        return response.status


def counts(client: TestClient[Any, Any]) -> dict[str, int]:
    assert client.server.app is not None  # type: ignore[attr-defined]
    return dict(client.server.app[DOOR].counts)  # type: ignore[attr-defined]


@pytest.fixture
async def meta() -> AsyncIterator[HttpProvider]:
    provider = HttpProvider()
    await provider.start()
    provider.will(TAKEN)
    yield provider
    await provider.stop()


async def ask(client: TestClient[Any, Any], to: str = "wa", **more: str) -> tuple[int, str]:
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": SECRETS["env:VERIFY"],
    }
    async with client.get(f"/bridges/{to}?{urlencode(asked | more)}") as response:
        return response.status, await response.text()


async def test_meta_asks_whether_the_address_is_ours(tmp_path: Path, meta: HttpProvider) -> None:
    async with hosting(tmp_path, meta.url) as client:
        assert await ask(client) == (200, "1158201444")
        status, text = await ask(client, **{"hub.verify_token": "guessed"})
        assert (status, json.loads(text)["code"]) == (403, "bad_verify_token")
        status, text = await ask(client, **{"hub.challenge": "<script>"})
        assert (status, "script" in text) == (403, False)
        assert (await ask(client, to="other"))[0] == 404
        assert (await ask(client, to="nobody"))[0] == 404
        assert counts(client)["bridge.wa.refused.bad_verify_token"] == 2


class _Raises(WhatsAppCloud):
    def handshake(self, request: WebhookRequest) -> Answered | Refused:
        raise RuntimeError(request.url)


async def test_a_question_that_breaks_the_bridge_stays_with_it(tmp_path: Path) -> None:
    broken = _Raises(bridge()._settings, KnownSecrets(SECRETS))
    spool = Spool(tmp_path, max_bytes=1_000)
    app = make_app(
        bus=MemoryBus(Clock()),
        clock=Clock(),
        master=MasterKey(bytes(32)),
        spool=spool,
        bridges={"wa": broken},
    )
    async with TestClient(TestServer(app)) as client:
        status, text = await ask(client)
    assert (status, json.loads(text)["code"], SECRETS["env:VERIFY"] in text) == (500, "bridge_failed", False)
    await spool.close()


async def until(client: TestClient[Any, Any], what: str, times: int) -> None:
    while counts(client).get(what, 0) < times:  # noqa: ASYNC110 - the counter has no event
        await asyncio.sleep(0.01)


async def test_the_receipt_is_a_message_of_its_own_and_says_who_reads_along(
    tmp_path: Path, meta: HttpProvider
) -> None:
    body = call(change(message()))
    async with hosting(tmp_path, meta.url) as client:
        assert await send(client, body) == 200
        await until(client, "bridge.wa.receipt.sent", 1)
        assert await send(client, body) == 200, "a repeat gets no second receipt"
        assert await send(client, call(change(message("MINE D7K", name="wamid.3")))) == 200
    (got,) = meta.received
    told = json.loads(got.raw)
    assert (told["to"], told["type"]) == (NUMBER.removeprefix("+"), "text")
    assert told["text"]["body"].endswith("Now delete this message. Meta can read what you write here.")


async def test_a_receipt_that_meta_refuses_costs_no_report(tmp_path: Path, meta: HttpProvider) -> None:
    meta.will(Answer(400, Delivered(), body=b'{"error":{"code":131047}}'))
    async with hosting(tmp_path, meta.url) as client:
        assert await send(client, call(change(message()))) == 200
        await until(client, "bridge.wa.receipt.template_needed", 1)
        assert counts(client)["accepted.stored"] == 1


async def test_a_call_of_many_long_messages_is_taken_whole(tmp_path: Path, meta: HttpProvider) -> None:
    body = call(
        change(*(message("ش" * 4_000, name=f"wamid.{n}", **{"from": f"4477009{n}"}) for n in range(9)))
    )
    assert len(body) > 200_000
    async with hosting(tmp_path, meta.url) as client:
        assert await send(client, body) == 200
        assert counts(client)["accepted.stored"] == 9


async def test_a_few_large_calls_are_read_at_a_time_and_small_ones_go_on(
    tmp_path: Path, meta: HttpProvider
) -> None:
    large = call(change(message("x" * 70_000)))
    async with hosting(tmp_path, meta.url) as client:
        door = client.server.app[DOOR]  # type: ignore[attr-defined]
        door.large = asyncio.Semaphore(0)
        assert await send(client, large) == 503
        assert await send(client, call(change(message()))) == 200
        door.large = asyncio.Semaphore(1)
        assert await send(client, large.replace(b"wamid.1", b"wamid.2")) == 200
