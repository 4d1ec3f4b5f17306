"""`/v1/reports`: every refusal is a problem that says what to do; 202 means stored."""

import asyncio
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from services.ingest.keys import ClientKey, ClientKeys
from services.ingest.openapi import openapi
from services.ingest.submission import BODY_TAG
from shared.contracts.base import Position
from shared.contracts.reports import ReportContent
from tests.unit.ingest.front_door import NOW, FrontDoor, front_door

REPORT = {"text": "Van and officers, Ridley Road E8 2NP marker-text"}


def key_of(name: str, *rights: str) -> ClientKey:
    return ClientKey.model_validate(
        {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "rights": list(rights)}
    )


KEYS = ClientKeys(
    [key_of("demo", "set_received_at", "high_volume", "drill"), key_of("plain"), key_of("partner", "trusted")]
)
DEMO = {"Authorization": "Bearer demo"}


async def test_a_report_is_stored_sealed_and_answered_with_a_receipt(tmp_path: Path) -> None:
    async with front_door(tmp_path, ingest_public_url="https://relay.example") as door:
        body = {
            **REPORT,
            "lat": 51.5,
            "lon": -0.07,
            "accuracy_m": 20,
            "first_hand": True,
            "postcode": "E8 2NP",
        }
        status, answer = await door.post(body)
        assert status == 202
        assert answer["status_url"] == f"https://relay.example/v1/reports/{answer['report_id']}"
        assert answer["report_id"][1:7].upper() in answer["receipt"]
        (stored,) = await door.stored()
        assert (stored.id, stored.report_id, stored.bridge, stored.at) == (
            answer["report_id"],
            answer["report_id"],
            "api",
            NOW,
        )
        assert isinstance(stored.content, ReportContent)
        assert stored.content.position == Position(lat=51.5, lon=-0.07, accuracy_m=20)
        assert (stored.content.text, stored.content.first_hand) == (REPORT["text"], True)
        entry = await door.bus.get("REPORTS", 1)
        assert entry is not None
        assert b"marker-text" not in entry.body
        assert len(entry.headers[BODY_TAG]) == 32


@pytest.mark.parametrize(
    ("headers", "more", "trusted"),
    [
        ({"Authorization": "Bearer partner"}, {}, True),
        ({"Authorization": "Bearer plain"}, {}, False),
        ({}, {}, False),
        # Nobody says of themselves that they are trusted.
        ({}, {"trusted": True}, False),
        ({"Authorization": "Bearer plain"}, {"trusted": True, "content": {"trusted": True}}, False),
    ],
)
async def test_only_a_trusted_key_makes_a_report_trusted(
    tmp_path: Path, headers: dict[str, str], more: dict[str, Any], trusted: object
) -> None:
    async with front_door(tmp_path, keys=KEYS) as door:
        status, _ = await door.post({**REPORT, **more}, headers=headers)
        assert status == 202
        (stored,) = await door.stored()
        assert isinstance(stored.content, ReportContent)
        assert stored.content.trusted is trusted
        entry = await door.bus.get("REPORTS", 1)
        assert entry is not None
        assert b"partner" not in entry.body


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": "van", "lat": 200, "lon": 0}, 422, "invalid_report"),
        ({"text": "van", "lat": 51.5}, 422, "invalid_report"),
        ({"text": "van", "lat": "51.5", "lon": "0"}, 422, "invalid_report"),
        ({"text": "van", "lat": True, "lon": True}, 422, "invalid_report"),
        ({"text": 7}, 422, "invalid_report"),
        ({"text": "x" * 4001}, 422, "invalid_report"),
        ({}, 422, "invalid_report"),
        ({"text": " \x00 "}, 422, "invalid_report"),
        ({"postcode": "HELLO"}, 422, "invalid_report"),
        ({"text": "van", "postcode": "12345"}, 422, "invalid_report"),
        ({"text": "van", "observed_at": "yesterday"}, 422, "invalid_report"),
        ({"text": "van", "observed_at": "2026-05-14T12:00:00"}, 422, "invalid_report"),
        ({"text": "van", "first_hand": "perhaps"}, 422, "invalid_report"),
        ([1], 400, "not_json"),
        ("text", 400, "not_json"),
        ({"text": "van", "received_at": "2026-05-14T12:00:00Z"}, 403, "right_missing"),
        ({"text": "van", "drill": True}, 403, "right_missing"),
        ({"text": "van", "sender": "me"}, 403, "right_missing"),
    ],
)
async def test_what_is_refused(body: Any, status: int, code: str, tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        got, problem = await door.post(body)
        assert (got, problem["code"], problem["status"]) == (status, code, status)
        assert len(problem["detail"]) > 20
        assert "Input should" not in problem["detail"]
        assert await door.stored() == []


async def test_a_postcode_that_is_none_is_refused_in_plain_words(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        _, problem = await door.post({"text": "van", "postcode": "HELLO"})
        assert problem["detail"] == (
            "Correct this and send it again: postcode: that is no British postcode; "
            "write one such as E8 3DL, only its district (E8), or none."
        )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"text": "🚨🚐👮"}, "🚨🚐👮"),
        ({"text": "van\x00 here"}, "van here"),
        ({"text": "half \ud83d"}, "half ?"),
        ({"text": "van", "unknown": {"deep": [1]}}, "van"),
        ({"lat": 51.5, "lon": -0.1}, ""),
        ({"postcode": "E8 2NP"}, ""),
        ({"postcode": " e8 "}, ""),
        ({"postcode": "SW1A-1AA"}, ""),
        ({"postcode": "E8 O"}, ""),
        ({"text": "van", "postcode": ""}, "van"),
        ({"text": "<script>alert(1)</script>"}, "<script>alert(1)</script>"),
    ],
)
async def test_what_is_a_harmless_report(body: Any, text: str, tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        assert (await door.post(body))[0] == 202
        (stored,) = await door.stored()
        assert isinstance(stored.content, ReportContent)
        assert stored.content.text == text


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b'{"text": "van"', "application/json", 400, "not_json"),
        (b"\xff\xfe", "application/json", 400, "not_json"),
        (b"[" * 60_000, "application/json", 400, "not_json"),
        (b'{"text":' + b"[" * 900 + b"]" * 900 + b"}", "application/json", 422, "invalid_report"),
        (b'{"text": "van", "lat": NaN, "lon": 1}', "application/json", 422, "invalid_report"),
        (b'{"text": "van", "lat": 1' + b"0" * 5000 + b"}", "application/json", 400, "not_json"),
        (b"text=van", "application/x-www-form-urlencoded", 415, "not_json"),
        (b'{"text": "' + b"x" * 70_000 + b'"}', "application/json", 413, "too_large"),
        (b'{"text": "van"}', "application/json; charset=nonsense", 202, None),
    ],
)
async def test_bodies(data: bytes, content_type: str, status: int, code: str | None, tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        headers = {"Content-Type": content_type}
        async with door.client.post("/v1/reports", data=data, headers=headers) as response:
            answer = await response.json(content_type=None)
            assert (response.status, answer.get("code")) == (status, code)
            if code:
                assert response.content_type == "application/problem+json"


async def test_two_megabytes_without_a_length_are_refused(tmp_path: Path) -> None:
    async def chunks() -> Any:
        for _ in range(32):
            yield b"x" * 65_536

    async with front_door(tmp_path) as door:
        headers = {"Content-Type": "application/json"}
        async with door.client.post("/v1/reports", data=chunks(), headers=headers) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (413, "too_large")


async def test_a_retry_is_the_same_report_and_another_body_a_conflict(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=KEYS) as door:
        first = await door.post(REPORT, key="k1")
        again = await door.post(REPORT, key="k1")
        assert (again[0], again[1]["report_id"], again[1]["duplicate"]) == (202, first[1]["report_id"], True)
        status, problem = await door.post({"text": "another"}, key="k1")
        assert (status, problem["code"]) == (409, "key_used_for_another_report")
        other = await door.post({"text": "another"}, key="k1", headers=DEMO)
        assert (other[0], len(await door.stored())) == (202, 2)
        bad = await door.post(REPORT, key="x" * 129)
        assert (bad[0], bad[1]["code"]) == (400, "bad_idempotency_key")


async def test_a_lost_acknowledgement_is_one_report(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        await door.post({"text": "the hour's key is issued"})
        door.bus.fail_next()
        status, _ = await door.post(REPORT)
        assert (status, door.spool.depth) == (202, 1)
        await door.drained()
        assert len(await door.stored()) == 2


async def test_who_may_set_the_time(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=KEYS) as door:
        ahead = (NOW + timedelta(hours=23)).isoformat()
        told = {**REPORT, "received_at": ahead, "sender": "Ana", "source": "chat", "drill": True}
        assert (await door.post(told, headers=DEMO))[0] == 202
        (stored,) = await door.stored()
        assert (stored.at, stored.drill) == (NOW + timedelta(hours=23), True)
        assert isinstance(stored.content, ReportContent)
        assert stored.content.sender != "Ana"
        assert len(stored.content.sender or "") == len(stored.content.source or "") == 16
        for far in (NOW + timedelta(hours=25), NOW - timedelta(days=15)):
            status, problem = await door.post({**REPORT, "received_at": far.isoformat()}, headers=DEMO)
            assert (status, problem["code"]) == (422, "received_at_out_of_range")
        assert (await door.post(told, headers={"Authorization": "Bearer plain"}))[0] == 403
        status, problem = await door.post(REPORT, headers={"Authorization": "Bearer nobody"})
        assert (status, problem["code"]) == (401, "unknown_key")


async def test_a_receipt_opens_its_own_report_only(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        one, two = (await door.post(REPORT))[1], (await door.post(REPORT))[1]

        async def ask(report_id: str, secret: str | None) -> tuple[int, str]:
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            async with door.client.get(f"/v1/reports/{report_id}", headers=headers) as response:
                return response.status, await response.text()

        status, text = await ask(one["report_id"], one["receipt_secret"])
        assert (status, json.loads(text)["state"]) == (200, "accepted")
        door.states.state = "with_volunteers"
        assert (
            json.loads((await ask(one["report_id"], one["receipt_secret"]))[1])["state"] == "with_volunteers"
        )
        door.states.away = True
        assert json.loads((await ask(one["report_id"], one["receipt_secret"]))[1])["state"] == "accepted"
        refusals = {
            await ask(one["report_id"], two["receipt_secret"]),
            await ask(one["report_id"], None),
            await ask("r" + "a" * 20, one["receipt_secret"]),
            await ask(one["report_id"], "é\udc80".encode("utf-8", "replace").decode()),
        }
        assert len(refusals) == 1
        assert refusals.pop()[0] == 404


async def test_too_many_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=KEYS, ingest_client_burst=2, ingest_client_per_s=0.1) as door:
        assert [(await door.post(REPORT))[0] for _ in range(3)] == [202, 202, 429]
        async with door.client.post("/v1/reports", json=REPORT) as response:
            assert 1 <= int(response.headers["Retry-After"]) <= 10
            assert (await response.json(content_type=None))["code"] == "too_many_requests"
        # A forwarded address is believed only of a proxy that we know.
        assert (await door.post(REPORT, headers={"X-Forwarded-For": "192.0.2.7"}))[0] == 429
        assert (await door.post(REPORT, headers=DEMO))[0] == 202


async def test_a_known_proxy_is_believed(tmp_path: Path) -> None:
    limits = {"ingest_client_burst": 1, "ingest_client_per_s": 0.01}
    settings: dict[str, Any] = {**limits, "ingest_trusted_proxies": ("127.0.0.0/8",)}
    async with front_door(tmp_path, **settings) as door:
        forwarded = [
            "192.0.2.7",
            "192.0.2.8",
            "192.0.2.7, 127.0.0.9",
            "1.1.1.1, 192.0.2.8",
            "2001:db8::1",
            "2001:db8::2",
        ]
        got = [(await door.post(REPORT, headers={"X-Forwarded-For": value}))[0] for value in forwarded]
        assert got == [202, 202, 429, 429, 202, 429]


async def test_the_cap_over_all_counts_keys_too(tmp_path: Path) -> None:
    async with front_door(tmp_path, keys=KEYS, ingest_total_burst=1, ingest_total_per_s=0.1) as door:
        assert [(await door.post(REPORT, headers=DEMO))[0] for _ in range(2)] == [202, 429]


async def test_nats_away_two_hundred_reports_are_accepted_and_stored_once(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        assert (await door.post({"text": "before"}, key="k0"))[0] == 202
        door.bus.go_away()
        posts = [door.post({"text": f"report {n}"}, key=f"key-{n}") for n in range(200)]
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*posts)
        assert {status for status, _ in answers} == {202}
        again = await door.post({"text": "report 7"}, key="key-7")
        assert (again[0], again[1]["duplicate"]) == (202, True)
        assert (await door.post({"text": "other"}, key="key-7"))[0] == 409
        async with door.client.get("/health") as response:
            health = await response.json()
        assert (health["ok"], health["bus_connected"], health["spool"]["waiting"]) == (True, False, 200)
        door.bus.come_back()
        await door.drained()
        stored = await door.stored()
        assert sorted(r.report_id for r in stored[1:]) == sorted(a["report_id"] for _, a in answers)
        assert len(stored) == 201
        assert all(isinstance(r.content, ReportContent) for r in stored)


async def test_an_hour_key_made_while_away_goes_before_its_reports(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        door.bus.go_away()
        await door.post(REPORT)
        door.bus.come_back()
        # NATS is back, but what waits is not overtaken.
        await door.post({"text": "second"})
        assert door.spool.depth == 3
        await door.drain.some()
        assert (await door.bus.last_seq("KEYS"), await door.bus.last_seq("REPORTS")) == (1, 0)
        await door.drained()
        assert len(await door.stored()) == 2


async def test_a_conflict_found_at_the_drain_gets_an_id_of_its_own(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        first = (await door.post({"text": "first"}, key="k"))[1]
        door.bus.go_away()
        second = (await door.post({"text": "second"}, key="k"))[1]
        assert second["report_id"] == first["report_id"]
        door.bus.come_back()
        await door.drained()
        one, two = await door.stored()
        assert (one.report_id, one.report_id != two.report_id) == (first["report_id"], True)
        assert isinstance(two.content, ReportContent)
        assert two.content.text == "second"


async def test_neither_nats_nor_spool_is_a_503_that_says_so(tmp_path: Path) -> None:
    async with front_door(tmp_path, spool_bytes=100) as door:
        door.bus.go_away()
        async with door.client.post("/v1/reports", json=REPORT) as response:
            problem = await response.json(content_type=None)
            assert (response.status, problem["code"]) == (503, "cannot_store")
            assert int(response.headers["Retry-After"]) > 0


async def test_the_drain_ends_when_asked_and_waits_while_nats_is_away(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        stop = asyncio.Event()
        running = asyncio.create_task(door.drain.run(stop))
        door.bus.go_away()
        await door.post(REPORT)
        door.bus.come_back()
        reading = door.bus.read("REPORTS")
        async with asyncio.timeout(10):
            await anext(reading)
        await reading.aclose()
        stop.set()
        async with asyncio.timeout(5):
            await running
        assert len(await door.stored()) == 1


async def test_unknown_paths_and_methods_are_problems(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/v1/reports", 405)):
            async with door.client.request(method, path) as response:
                assert response.status == status
                assert (await response.json(content_type=None))["detail"]


async def served(door: FrontDoor) -> set[tuple[str, str]]:
    app = door.client.app
    assert isinstance(app, web.Application)
    return {(r.method.lower(), r.resource.canonical) for r in app.router.routes() if r.resource}


async def test_the_openapi_document_is_sound_and_tells_of_real_routes(tmp_path: Path) -> None:
    from openapi_spec_validator import validate

    document = openapi()
    validate(document)
    assert document == openapi()
    async with front_door(tmp_path) as door:
        told = {(method, path) for path, item in document["paths"].items() for method in item}
        assert told <= await served(door)
