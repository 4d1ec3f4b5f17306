"""Sessions: how they begin, what they are good for, and that nothing keeps them alive that should not."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.console.csrf import csrf_token, from_elsewhere
from services.console.door import local_path
from services.console.sessions import Sessions
from shared.contracts.base import MemberId
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import Rig, console_rig

ADA = MemberId("mada")


async def asked(rig: Rig, headers: dict[str, str], method: str = "GET", path: str = "/v1/status") -> int:
    async with rig.http.request(method, rig.url + path, headers=headers, json={}) as response:
        return response.status


@pytest.fixture
async def ada(rig: Rig) -> dict[str, str]:
    await rig.group("hackney")
    await rig.member("Ada", hackney="dispatcher")
    return await rig.signed_in("Ada")


async def test_a_browser_that_is_signed_in_is_its_member(rig: Rig, ada: dict[str, str]) -> None:
    assert await asked(rig, ada) == 200
    assert await asked(rig, {}) == 401
    assert await asked(rig, {"Cookie": "relay=" + "x" * 43}) == 401
    assert await asked(rig, {"Cookie": "relay=" + "x" * 5_000}) == 401


async def test_only_the_hash_of_a_token_is_kept(rig: Rig, ada: dict[str, str]) -> None:
    token = ada["Cookie"].partition("=")[2]
    kept = json.dumps(rig.state.ephemeral.values) if isinstance(rig.state, MemoryState) else ""
    assert "session:" in kept
    assert token not in kept


async def test_revocation_ends_it_at_once(rig: Rig, ada: dict[str, str]) -> None:
    await rig.revoke("Ada")
    await rig.shown()
    assert await asked(rig, ada) == 401


async def test_a_session_that_was_ended_stays_ended_even_if_it_is_just_used(rig: Rig) -> None:
    sessions: Sessions = rig.console.sessions
    one, other = await sessions.begin(ADA, "passkey"), await sessions.begin(ADA, "passkey")
    rig.clock.forward(minutes=5)
    assert await sessions.find(one.token)
    await sessions.end(one.token)
    assert await sessions.find(one.token) is None
    assert await sessions.find(other.token)


async def test_all_of_a_member_end_together_and_none_of_another(rig: Rig) -> None:
    sessions: Sessions = rig.console.sessions
    before, another = await sessions.begin(ADA, "passkey"), await sessions.begin(MemberId("mbo"), "password")
    await sessions.end_all(ADA)
    after = await sessions.begin(ADA, "passkey")
    assert await sessions.find(before.token) is None
    assert await sessions.find(another.token)
    assert await sessions.find(after.token)


LIVES: list[Any] = [
    pytest.param([59], True, id="idle for less than an hour"),
    pytest.param([60], False, id="idle for an hour"),
    pytest.param([50] * 2, True, id="used in between"),
    pytest.param([50] * 2 + [20], False, id="used, and two hours old"),
]


@pytest.mark.parametrize(("minutes", "goes_on"), LIVES)
async def test_it_ends_when_idle_and_when_old(tmp_path: Path, minutes: list[int], *, goes_on: bool) -> None:
    lives: dict[str, Any] = {"console_session_idle_min": 60, "console_session_life_min": 120}
    async with console_rig(MemoryBus(), MemoryState(), tmp_path, **lives) as rig:
        session = await rig.console.sessions.begin(ADA, "passkey")
        for span in minutes:
            rig.clock.forward(minutes=span)
            found = await rig.console.sessions.find(session.token)
        assert (found is not None) is goes_on


async def test_a_rebuild_keeps_it_and_a_flush_ends_it(rig: Rig, ada: dict[str, str]) -> None:
    await rig.state.clear()
    await rig.shown()
    assert await asked(rig, ada) == 200
    if isinstance(rig.state, MemoryState):
        rig.state.flush()
    await rig.shown()
    assert await asked(rig, ada) == 401


async def test_redis_away_is_said_and_signs_nobody_out(rig: Rig, ada: dict[str, str]) -> None:
    assert isinstance(rig.state, MemoryState)
    rig.state.go_away()
    assert await asked(rig, ada) == 503
    rig.state.come_back()
    await rig.shown()
    assert await asked(rig, ada) == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 422),  # let through to what the command lacks
        ({"X-CSRF": ""}, 403),
        ({"X-CSRF": csrf_token("another")}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 422),
    ],
)
async def test_a_change_by_cookie_must_come_from_our_own_page(
    rig: Rig, ada: dict[str, str], change: dict[str, str], expected: int
) -> None:
    assert await asked(rig, {**ada, **change}, "POST", "/v1/desk/claim") == expected


async def test_a_change_by_token_needs_no_more(rig: Rig) -> None:
    token = await rig.member("Bo", hackney="dispatcher")
    status, _ = await rig.ask("POST", "/v1/desk/claim", token, json={})
    assert status == 422


async def test_over_https_the_cookie_is_of_this_host_only(tmp_path: Path) -> None:
    url = "https://relay.example/"
    async with console_rig(MemoryBus(), MemoryState(), tmp_path, console_public_url=url) as rig:
        await rig.member("Ada", hackney="dispatcher")
        headers = await rig.signed_in("Ada")
        assert headers["Cookie"].startswith("__Host-relay=")
        assert await asked(rig, headers) == 200
        assert await asked(rig, {"Cookie": headers["Cookie"].removeprefix("__Host-")}) == 401


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("/desk?state=all", True),
        ("/", True),
        ("", False),
        ("desk", False),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example/", False),
        ("javascript:alert(1)", False),
        ("/a\r\nSet-Cookie: x=y", False),
        ("/" + "a" * 600, False),
    ],
)
def test_only_our_own_pages_are_led_to(wanted: str, *, expected: bool) -> None:
    assert local_path(wanted) == (wanted if expected else None)


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"Origin": "https://relay.example"}, False),
        ({"Origin": "https://relay.example:444"}, True),
        ({"Origin": "https://relay.example.evil.example"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, False),
    ],
)
def test_where_a_request_came_from(headers: dict[str, str], *, elsewhere: bool) -> None:
    assert from_elsewhere(headers, {"relay.example"}) is elsewhere
