"""The desk speaks to whoever looks: in the first person, of what others did, and of what their role may."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.looked import others_did
from services.console.decide.page_acts import ACTS
from services.console.web.desk.words import DESK
from shared.contracts.base import Position
from tests.rigs.desk import HARINGEY, VERIFIERS, DeskRig, desk_rig
from tests.rigs.desk_pages import browser

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
VAGUE = "raid in E9"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[VERIFIERS])
        await found.group("haringey", HARINGEY)
        await found.member("Ada", hackney="dispatcher")
        await found.member("Ben", hackney="admin")
        await found.member("Cem", hackney="verifier")
        await found.member("Dora", haringey="dispatcher")
        yield found


@pytest.fixture
async def code(desk: DeskRig) -> str:
    await desk.report(RAID, at=HERE, first_hand=True, sender="neighbour")
    return str((await desk.incidents("Ada"))[0]["code"])


# --- what others did ----------------------------------------------------------------------------


@asynccontextmanager
async def open_page(desk: DeskRig, name: str, view: str) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
    """A page that somebody has open: what is pushed into it."""
    headers = {"Cookie": (await desk.rig.signed_in(name))["Cookie"]}
    path = "/desk" if view == "list" else f"/desk/{view}"
    async with desk.rig.http.get(desk.rig.url + path, headers=headers) as answer:
        page = await answer.text()
    seen = re.search(r'data-seen="([^"]+)"', page)
    assert seen
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def read(response: Any) -> None:
        async for line in response.content:
            if line.startswith(b"data: {"):
                events.put_nowait(json.loads(line[6:]))

    query = {"view": view, "seen": seen[1]}
    async with desk.rig.http.get(desk.rig.url + "/desk/live", params=query, headers=headers) as response:
        reading = asyncio.create_task(read(response))
        yield events
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def until_shown(events: asyncio.Queue[dict[str, Any]], words: str) -> list[bool]:
    """Whether each push until those words stand there was news."""
    news = []
    async with asyncio.timeout(60):
        while True:
            event = await events.get()
            news.append(bool(event["news"]))
            if words in event["html"]:
                return news


@pytest.mark.parametrize("view", ["incident", "list"])
async def test_ones_own_act_is_no_news_and_anothers_is(desk: DeskRig, code: str, view: str) -> None:
    async with open_page(desk, "Ada", code if view == "incident" else "list") as events:
        await desk.act("claim", "Ada", incident=code)
        assert not any(await until_shown(events, "You are on it"))
        await desk.act("attend", "Ben", incident=code, step="going")
        assert any(await until_shown(events, "<bdi>Ben</bdi> is going there"))


async def test_what_follows_from_ones_own_act_is_ones_own(desk: DeskRig, code: str) -> None:
    async with open_page(desk, "Ada", code) as events:
        await desk.act("seen", "Ada", incident=code, text="Four officers.")
        assert not any(await until_shown(events, "Became likely"))
        await desk.report("I am in Ashwin Street E8 and see immigration officers", at=HERE)
        assert any(await until_shown(events, "I am in Ashwin Street"))


def test_a_mark_of_what_others_did_is_none_of_ones_own_acts() -> None:
    step = {"what": "claimed", "cause": "DESK.7", "member": "ada"}
    before: dict[str, Any] = {"id": "i1", "timeline": [{"what": "opened", "cause": "REPORTS.1"}]}
    mine = {**before, "timeline": [*before["timeline"], step, {"what": "assessed", "cause": "DESK.7"}]}
    theirs = {**mine, "timeline": [*mine["timeline"], {"what": "claim_released", "cause": "TICK.9"}]}
    assert others_did([before], "ada") == others_did([mine], "ada") != others_did([theirs], "ada")
    assert others_did([before], "ben") != others_did([mine], "ben")
    assert others_did([before], "ada") != others_did([{**before, "fed_by": "REPORTS.2"}], "ada")


# --- in the first person ------------------------------------------------------------------------


async def test_whoever_goes_reads_of_themself_as_you(desk: DeskRig, code: str) -> None:
    await desk.act("attend", "Cem", incident=code, step="going")
    await desk.act("attend", "Ada", incident=code, step="going")
    cem, ben = await browser(desk, "Cem"), await browser(desk, "Ben")
    for path in (f"/desk/{code}", "/desk"):
        page = await cem.get(path)
        assert "You are going there" in page
        assert "<bdi>Ada</bdi> is going there" in page
        assert "<bdi>Cem</bdi> is going" not in page
        assert "<bdi>Cem</bdi> is going there" in await ben.get(path)
        assert "You are going there" not in ben.text


def test_no_language_says_you_is_coming() -> None:
    for state in ("coming", "expected", "missed", "there"):
        for language in DESK.languages:
            own, others = (DESK.say(language, f"keeper_{w}{state}", time="19:00") for w in ("you_", ""))
            assert own != others, (language, state)


def test_every_act_says_what_was_done() -> None:
    assert [act for act in ACTS if not DESK.has(f"done_{act}")] == []
    assert not DESK.has("done"), "a bare word says nothing"


# --- what a role may ----------------------------------------------------------------------------


async def test_a_held_report_offers_each_what_the_table_lets_them_do(desk: DeskRig, code: str) -> None:
    report = await desk.report(VAGUE)
    cem, ada = await browser(desk, "Cem"), await browser(desk, "Ada")
    page = await cem.get(f"/desk/held/{report}")
    assert VAGUE in page
    assert "/release" not in page
    assert "/mute" not in page
    assert "This takes one of these roles: Dispatcher · Admin. In your group: Ada · Ben." in page
    for path in ("/desk", "/desk/held"):
        assert "Look at it" in await cem.get(path)
        assert "Decide" not in cem.text
        assert "Decide" in await ada.get(path)
    page = await ada.get(f"/desk/held/{report}")
    assert f'action="/desk/held/{report}/release"' in page
    assert f'action="/desk/held/{report}/mute"' in page
    assert "This takes" not in page


async def test_who_may_not_undo_a_mute_is_not_offered_it(desk: DeskRig, code: str) -> None:
    report = (await desk.rig.store.reports_of(await desk.rig.store.incident(code) or {}))[0]["report_id"]
    await desk.act("mute", "Ada", report=report, group="hackney", what="sender", reason="hoax")
    cem, ada = await browser(desk, "Cem"), await browser(desk, "Ada")
    for path in ("/desk", f"/desk/{code}"):
        assert "/desk/unmute" in await ada.get(path)
        assert "A sender, by Ada" in await cem.get(path)
        assert "/desk/unmute" not in cem.text


async def test_a_refusal_for_the_role_says_who_may_and_names_ones_own_people_only(
    desk: DeskRig, code: str
) -> None:
    cem = await browser(desk, "Cem")
    page = await cem.get(f"/desk/{code}/confirm")
    assert cem.status == 403
    assert "In your group: Ada · Ben." in page
    _, answer = await desk.rig.ask(
        "POST", "/v1/desk/confirm", desk.tokens["Cem"], json={"incident": code, "group": "hackney"}
    )
    assert (answer["status"], answer["code"]) == (403, "role_too_low")
    assert answer["detail"].endswith(
        "It takes one of these roles: dispatcher, admin. In your group: Ada, Ben."
    )


@pytest.mark.parametrize("path", ["/members", "/members/acts", "/groups/hackney", "/groups"])
async def test_whoever_is_signed_in_is_led_on_and_not_to_the_door(desk: DeskRig, path: str) -> None:
    cem, dora = await browser(desk, "Cem"), await browser(desk, "Dora")
    page = await cem.get(path)
    assert cem.status == 403
    assert 'href="/desk"' in page
    assert "/sign-in" not in page
    assert "This takes one of these roles: Admin · Operator. In your group: Ben." in page
    assert "Ben" not in await dora.get(path), "nobody learns the names of another group's people"
    assert dora.status == 403


# --- what is muted ------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["sender", "text"])
async def test_what_only_a_muted_sender_reports_is_not_to_be_taken(
    desk: DeskRig, code: str, what: str
) -> None:
    report = (await desk.rig.store.reports_of(await desk.rig.store.incident(code) or {}))[0]["report_id"]
    cem, ada = await browser(desk, "Cem"), await browser(desk, "Ada")
    assert "Take it" in await cem.get(f"/desk/{code}")
    await desk.act("mute", "Ada", report=report, group="hackney", what=what, reason="hoax")
    assert "Take it" not in await cem.get(f"/desk/{code}")
    assert "Leave it, unless you see something yourself" in cem.text
    page = await ada.get(f"/desk/{code}")
    section = page.partition('class="next"')[2].partition("</section>")[0]
    assert f'href="/desk/{code}/not_confirmed"' in section
    await desk.report("I am in Ashwin Street E8 and see immigration officers", at=HERE, sender="another")
    assert "Take it" in await cem.get(f"/desk/{code}")


async def test_a_sender_muted_for_one_report_is_muted_in_all(desk: DeskRig, code: str) -> None:
    held = await desk.report("raid in E9", sender="neighbour")
    await desk.act("mute", "Ada", report=held, group="hackney", what="sender", reason="hoax")
    page = await (await browser(desk, "Ada")).get(f"/desk/{code}")
    assert "Muted: A sender, by Ada" in page
    assert "Take it" not in page
