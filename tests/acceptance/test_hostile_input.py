"""What hostile or broken clients send to the real front door: a clear refusal, or a harmless report."""

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.doors import by_sms, by_telegram, telegram_update
from tests.faults.raw_log import RawLog
from tests.rigs.system import Answer, RelaySystem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def relay(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RelaySystem]:
    folder = tmp_path_factory.mktemp("hostile")
    async with RelaySystem(folder, services=("ingest", "router")) as system:
        yield system


async def stored(relay: RelaySystem) -> int:
    log = RawLog(relay.nats.url)
    await log.catch_up()
    return len(log.records["REPORTS"])


def is_clear_refusal(answer: Answer, status: int, code: str) -> None:
    """A problem document that names the fault and says what to do."""
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert answer.body["code"] == code
    assert answer.body["type"].endswith(code)
    assert len(answer.body["detail"]) > 30


async def is_decided(relay: RelaySystem, report_id: str) -> None:
    """The router took the report and left exactly one decision."""
    log = RawLog(relay.nats.url)

    async def decided() -> bool:
        await log.catch_up()
        return any(r.body.get("report_id") == report_id for r in log.of("DECISIONS", "input.decided.v1"))

    await relay.wait_until(decided, "the report is decided")
    decisions = [r for r in log.of("DECISIONS", "input.decided.v1") if r.body.get("report_id") == report_id]
    assert len(decisions) == 1


async def post(relay: RelaySystem, body: bytes | str, **headers: str) -> Answer:
    headers = {"Content-Type": "application/json", **headers}
    raw = io.BytesIO(body if isinstance(body, bytes) else body.encode())
    return await relay.request("POST", "ingest/v1/reports", data=raw, headers=headers)


@pytest.mark.parametrize("signature", ["", "bm90IHRoZSBzaWduYXR1cmU=", "\u00e9\u00e8"])
async def test_a_wrong_twilio_signature_is_refused(relay: RelaySystem, signature: str) -> None:
    before = await stored(relay)
    answer = await by_sms(relay, "raid in the high street", sender="+447700900111", signature=signature)
    is_clear_refusal(answer, 403, "bad_signature")
    assert await stored(relay) == before


async def test_a_replayed_telegram_update_is_one_report(relay: RelaySystem) -> None:
    before = await stored(relay)
    update = telegram_update("immigration raid in the high street", chat=7001, number=41)
    first, again = await by_telegram(relay, update), await by_telegram(relay, update)
    assert (first.status, again.status) == (200, 200)
    assert await stored(relay) == before + 1


async def test_an_idempotency_key_with_another_body_is_refused(relay: RelaySystem) -> None:
    first = await relay.post_report("raid in the high street", key="shared-key")
    other = await relay.post_report("all quiet, go home", key="shared-key")
    again = await relay.post_report("raid in the high street", key="shared-key")
    is_clear_refusal(other, 409, "key_used_for_another_report")
    assert again.body["report_id"] == first.body["report_id"]


async def test_nobody_can_occupy_anothers_idempotency_key(relay: RelaySystem) -> None:
    """The same key from another client is another report: neither is lost."""
    before = await stored(relay)
    squatter = await post(relay, '{"text": "all quiet"}', **{"Idempotency-Key": "guessed"})
    rightful = await relay.post_report("raid in the high street", key="guessed")
    assert squatter.accepted
    assert rightful.accepted
    assert squatter.body["report_id"] != rightful.body["report_id"]
    assert await stored(relay) == before + 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param('{"text": "' + "a" * 2_000_000 + '"}', 413, "too_large", id="2 MB"),
        pytest.param('{"text": "raid', 400, "not_json", id="invalid JSON"),
        pytest.param(b"\xff\xfe\x00", 400, "not_json", id="bytes"),
        pytest.param("[" * 60_000, 400, "not_json", id="deep nesting"),
        pytest.param('["raid"]', 400, "not_json", id="no object"),
        pytest.param('{"text": "raid", "lat": 200, "lon": 0}', 422, "invalid_report", id="latitude 200"),
        pytest.param('{"text": "raid", "lat": NaN, "lon": 0}', 422, "invalid_report", id="latitude NaN"),
        pytest.param('{"text": "raid", "lat": 51}', 422, "invalid_report", id="half a place"),
        pytest.param('{"text": "' + "a" * 4_001 + '"}', 422, "invalid_report", id="too long"),
        pytest.param('{"text": "\\u0000\\u0007"}', 422, "invalid_report", id="nothing but control"),
        pytest.param("{}", 422, "invalid_report", id="nothing said"),
        pytest.param('{"text": "x", "sender": "me"}', 403, "right_missing", id="right missing"),
    ],
)
async def test_it_is_refused_in_words(relay: RelaySystem, body: bytes | str, status: int, code: str) -> None:
    before = await stored(relay)
    is_clear_refusal(await post(relay, body), status, code)
    assert await stored(relay) == before


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"text": "🚨🚨🚨👮🚐😡"}, id="only emoji"),
        pytest.param({"text": "raid\u0000in the\u0000 high street"}, id="NUL"),
        pytest.param({"text": "\ud83d half a pair"}, id="half a surrogate pair"),
        pytest.param({"text": "\u202eteerts hgih eht ni diar\u202c"}, id="right to left override"),
        pytest.param({"text": "Z" + "\u0301" * 3_000}, id="zalgo"),
        pytest.param({"text": "$JS.API.> reports.v1.* \r\nNATS/1.0 100"}, id="NATS words"),
        pytest.param({"text": "raid", "lat": 90, "lon": -180, "accuracy_m": 20_000_000}, id="anywhere"),
        pytest.param({"text": "raid", "postcode": "ZZ99 9ZZ"}, id="no such postcode"),
    ],
)
async def test_it_is_harmless(relay: RelaySystem, fields: dict[str, Any]) -> None:
    answer = await relay.post_report(**fields)
    assert answer.accepted, answer.body
    await is_decided(relay, answer.body["report_id"])


async def test_after_all_that_an_ordinary_report_is_decided(relay: RelaySystem) -> None:
    answer = await relay.post_report("immigration raid at the bakery", lat=51.5, lon=-0.1, accuracy_m=20)
    await is_decided(relay, answer.body["report_id"])
