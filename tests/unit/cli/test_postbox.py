"""The postbox tells truly what arrived, and takes only what is signed."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from standardwebhooks.webhooks import Webhook

from alert_relay.postbox import make_app

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = {
    "type": "alert",
    "alert_id": "a1",
    "kind": "CONFIRMED",
    "code": "D7K",
    "audience": "community",
    "group": "hackney",
    "text": "CONFIRMED <b>words</b>",
}


def _signed(body: bytes, msg_id: str = "key1") -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign(msg_id, now, body.decode())
    stamp = str(int(now.timestamp()))
    return {"webhook-id": msg_id, "webhook-timestamp": stamp, "webhook-signature": signature}


@pytest.fixture
async def box() -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(make_app(SECRET))) as client:
        yield client


async def _log(box: TestClient[Any, Any]) -> list[dict[str, Any]]:
    text = await (await box.get("/log")).text()
    return [json.loads(line) for line in text.splitlines()]


async def test_a_signed_webhook_is_logged_without_its_words(box: TestClient[Any, Any]) -> None:
    body = json.dumps(BODY).encode()
    answer = await box.post("/hackney/community", data=body, headers=_signed(body))
    assert answer.status == 200
    (line,) = await _log(box)
    assert line["path"] == "/hackney/community"
    assert line["webhook-id"] == "key1"
    assert [line[key] for key in ("kind", "code", "audience", "group")] == [
        "CONFIRMED",
        "D7K",
        "community",
        "hackney",
    ]
    assert "words" not in json.dumps(line)


async def test_a_signed_webhook_that_is_no_object_is_refused(box: TestClient[Any, Any]) -> None:
    answer = await box.post("/hackney/community", data=b"[]", headers=_signed(b"[]"))
    assert (answer.status, (await answer.json())["code"]) == (422, "not_understood")


async def test_a_wrong_signature_is_refused_and_not_logged(box: TestClient[Any, Any]) -> None:
    body = json.dumps(BODY).encode()
    answer = await box.post("/hackney/community", data=body + b" ", headers=_signed(body))
    assert answer.status == 401
    assert (await answer.json())["code"] == "bad_signature"
    assert await _log(box) == []


async def test_a_repeat_is_logged_again_so_that_copies_can_be_counted(box: TestClient[Any, Any]) -> None:
    body = json.dumps(BODY).encode()
    for _ in range(2):
        await box.post("/x", data=body, headers=_signed(body))
    assert [line["webhook-id"] for line in await _log(box)] == ["key1", "key1"]


async def test_it_speaks_telegram(box: TestClient[Any, Any]) -> None:
    sent = {"chat_id": "@hackney", "text": "UNCONFIRMED D7K Ashwin Street"}
    answer = await (await box.post("/bot1:abc/sendMessage", json=sent)).json()
    assert answer["ok"] is True
    assert answer["result"]["message_id"] == 1
    (line,) = await _log(box)
    assert (line["channel"], line["path"], line["kind"], line["code"]) == (
        "telegram",
        "/telegram/@hackney",
        "UNCONFIRMED",
        "D7K",
    )
    refused = await box.post("/bot1:abc/sendMessage", json={"text": "to nobody"})
    assert refused.status == 400


@pytest.mark.parametrize("as_json", [True, False])
async def test_it_speaks_ntfy(box: TestClient[Any, Any], *, as_json: bool) -> None:
    if as_json:
        sent = {"topic": "southwark", "title": "OVER P4M", "message": "Officers left"}
        answer = await box.post("/", json=sent)
    else:
        answer = await box.post("/southwark", data="Officers left", headers={"Title": "OVER P4M"})
    assert (await answer.json())["topic"] == "southwark"
    (line,) = await _log(box)
    assert (line["path"], line["kind"], line["code"]) == ("/ntfy/southwark", "OVER", "P4M")


async def test_an_ntfy_title_in_encoded_words_is_read(box: TestClient[Any, Any]) -> None:
    title = "=?UTF-8?B?VVBEQVRFIFA0TSBHw7xuYXlkxLFu?="
    await box.post("/southwark", data="news", headers={"Title": title})
    assert "UPDATE P4M Günaydın" in await (await box.get("/")).text()
    assert [line["kind"] for line in await _log(box)] == ["UPDATE"]


async def test_the_page_shows_words_but_no_markup_of_strangers(box: TestClient[Any, Any]) -> None:
    body = json.dumps(BODY).encode()
    await box.post("/hackney/community", data=body, headers=_signed(body))
    page = await (await box.get("/")).text()
    assert "CONFIRMED &lt;b&gt;words" in page
    assert "<b>" not in page
    assert "hackney · community · webhook" in page


async def test_the_title_of_an_exercise_says_so(box: TestClient[Any, Any]) -> None:
    body = json.dumps({**BODY, "drill": True}).encode()
    await box.post("/hackney/community", data=body, headers=_signed(body))
    await box.post("/bot1/sendMessage", json={"chat_id": "-1", "text": "DRILL CONFIRMED D7K\nOne van."})
    await box.post("/bot1/sendMessage", json={"chat_id": "-1", "text": "CONFIRMED D7K\nno DRILL at all"})
    page = await (await box.get("/")).text()
    assert page.count("<h2>DRILL CONFIRMED D7K</h2>") == 2
    assert page.count("<h2>CONFIRMED D7K</h2>") == 1
    assert [line["drill"] for line in await _log(box)] == [True, True, False]
