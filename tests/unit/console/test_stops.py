"""A kill switch that is on is said wherever somebody would think that messages go out."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.catalog import encode
from shared.testing.bus import MemoryBus
from tests.rigs.console import START, Rig
from tests.unit.console.test_desk_api import HOOK
from tests.unit.console.test_kill_switches import switch

HELD = {"incident": "D7K", "ask": "WITNESSES"}


@pytest.fixture
async def root(rig: Rig) -> str:
    await rig.group("hackney", [HOOK])
    await rig.group("peckham")
    await rig.incident()
    return await rig.member("Root", hub="operator")


async def turn(rig: Rig, token: str, group: str, *, stopped: bool = True) -> None:
    body = {"group": group, "stopped": stopped, "reason": "wrong text"}
    assert (await rig.ask("POST", "/v1/kill-switch", token, json=body))[0] == 200


async def stops(rig: Rig, token: str) -> list[tuple[str, str, str]]:
    status, found = await rig.ask("GET", "/v1/kill-switch", token)
    assert status == 200
    return [(one["group"], one["name"], one["reason"]) for one in found["stopped"]]


async def test_it_says_since_when_by_whom_and_of_whom(rig: Rig, root: str) -> None:
    assert await stops(rig, root) == []
    await turn(rig, root, "hackney")
    await turn(rig, root, "hub")
    assert await stops(rig, root) == [("hub", "Root", "wrong text"), ("hackney", "Root", "wrong text")]
    _, found = await rig.ask("GET", "/v1/status", root)
    assert [one["group"] for one in found["stopped"]] == ["hub", "hackney"]
    assert found["stopped"][0]["since"]
    await turn(rig, root, "hub", stopped=False)
    assert await stops(rig, root) == [("hackney", "Root", "wrong text")]


async def test_whoever_is_of_another_group_hears_of_the_hub_s_only(rig: Rig, root: str) -> None:
    await turn(rig, root, "hackney")
    assert await stops(rig, await rig.member("Pia", peckham="verifier")) == []
    await turn(rig, root, "hub")
    assert await stops(rig, await rig.member("Pat", peckham="verifier")) == [("hub", "Root", "wrong text")]


async def test_one_that_was_said_again_began_when_it_first_was(rig: Rig, root: str) -> None:
    again = switch().model_copy(update={"id": "x", "since": START - timedelta(days=20)})
    await rig.bus.publish(encode(again, source="test"))
    _, found = await rig.ask("GET", "/v1/kill-switch", root)
    assert [one["since"][:10] for one in found["stopped"]] == [f"{START - timedelta(days=20):%Y-%m-%d}"]


async def test_a_group_that_is_not_there_is_refused_and_nothing_stopped(rig: Rig, root: str) -> None:
    status, problem = await rig.ask(
        "POST", "/v1/kill-switch", root, json={"group": "hackeny", "stopped": True}
    )
    assert (status, problem["code"]) == (404, "unknown_group")
    assert await stops(rig, root) == []


async def test_the_desk_s_list_and_previews_say_it(rig: Rig, root: str) -> None:
    ada = await rig.member("Ada", hackney="dispatcher")

    async def said(method: str, path: str, **body: Any) -> list[str]:
        _, found = await rig.ask(method, path, ada, **body)
        return [one["group"] for one in found["stopped"]]

    for expected in ([], ["hackney"]):
        if expected:
            await turn(rig, root, "hackney")
        assert await said("GET", "/v1/desk/incidents") == expected
        assert await said("POST", "/v1/desk/confirm/preview", json=HELD) == expected


async def test_the_desk_s_pages_say_it(rig: Rig, root: str) -> None:
    await rig.member("Ada", hackney="dispatcher")
    await turn(rig, root, "hackney")
    headers = await rig.signed_in("Ada")
    for path in ("/desk", "/desk/D7K", "/desk/D7K/ledger"):
        async with rig.http.get(rig.url + path, headers=headers) as answer:
            assert "Sending is stopped for Hackney" in await answer.text(), path


async def test_with_the_log_away_the_desk_is_there_all_the_same(rig: Rig, root: str) -> None:
    assert isinstance(rig.bus, MemoryBus)
    ada = await rig.member("Ada", hackney="dispatcher")
    rig.bus.go_away()
    status, found = await rig.ask("GET", "/v1/desk/incidents", ada)
    assert (status, found["stopped"]) == (200, [])
