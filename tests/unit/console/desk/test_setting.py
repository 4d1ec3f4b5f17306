"""Whoever confirms sees where people are said to be, may say otherwise, and that is what goes out."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.groups import Policy
from tests.rigs.desk import DeskRig, desk_rig
from tests.rigs.desk_pages import browser
from tests.unit.console.desk.test_desk_pages import COMMUNITY, VERIFIERS, one_raid, status_of

HOME = "Immigration raid in Ashwin Street E8, they are in the house next door, two vans"
AT_HOME = "not the home or its people"
AT_WORK = "not those who work there"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY, VERIFIERS], policy=Policy(second_person_above=500))
        await found.member("Ada", hackney="dispatcher")
        await found.member("Ben", hackney="dispatcher")
        yield found


def chosen(page: str) -> str:
    (found,) = re.findall(r'<option value="(\w+)" selected>', page.partition('name="setting"')[2])
    return str(found)


@pytest.mark.parametrize(
    ("text", "found"), [(HOME, "home"), ("Immigration raid at Ashwin Street E8", "other")]
)
async def test_the_form_is_filled_in_as_the_reports_say(desk: DeskRig, text: str, found: str) -> None:
    code = await one_raid(desk, text)
    ada = await browser(desk, "Ada")
    assert chosen(await ada.get(f"/desk/{code}/confirm?write=1")) == found


async def test_what_a_person_chooses_is_shown_and_goes_out(desk: DeskRig) -> None:
    code = await one_raid(desk, HOME)
    ada = await browser(desk, "Ada")
    form = f"/desk/{code}/confirm"
    await ada.get(form + "?write=1")
    assert AT_HOME in await ada.send(form, text="Two vans.", ask="WITNESSES", setting="home")
    assert chosen(await ada.send(form, edit="1")) == "home"
    preview = await ada.send(form, text="Two vans.", ask="WITNESSES", setting="work")
    assert AT_WORK in preview
    assert AT_HOME not in preview
    await ada.send(form, send="1")
    assert await status_of(desk, code) == "confirmed"
    assert (await desk.rig.store.incident(code) or {})["setting"] == "work"


async def test_a_second_person_finds_what_the_first_chose(desk: DeskRig) -> None:
    await desk.group("hackney", channels=[COMMUNITY, VERIFIERS], policy=Policy(second_person_above=1))
    code = await one_raid(desk, HOME)
    await desk.act("confirm", "Ada", incident=code, ask="WITNESSES", text="Two vans.", setting="work")
    ben = await browser(desk, "Ben")
    assert chosen(await ben.get(f"/desk/{code}/confirm")) == "work"


@pytest.mark.parametrize(
    ("said", "words"), [({}, AT_HOME), ({"setting": "work"}, AT_WORK), ({"setting": "other"}, "Keep back")]
)
async def test_the_api_shows_what_goes_out(desk: DeskRig, said: dict[str, Any], words: str) -> None:
    """Left out, it is as most reports say."""
    code = await one_raid(desk, HOME)
    body = {"incident": code, "ask": "WITNESSES", **said}
    _, shown = await desk.rig.ask("POST", "/v1/desk/confirm/preview", desk.tokens["Ada"], json=body)
    community = [send["text"] for send in shown["sends"] if send["audience"] == "community"]
    assert community
    assert all(words in text for text in community)


async def test_the_api_takes_no_other(desk: DeskRig) -> None:
    code = await one_raid(desk, HOME)
    body = {"incident": code, "setting": "train"}
    status, _ = await desk.rig.ask("POST", "/v1/desk/confirm", desk.tokens["Ada"], json=body)
    assert status == 422


async def test_where_people_are_lies_nowhere_in_clear(desk: DeskRig) -> None:
    code = await one_raid(desk, HOME)
    await desk.act("confirm", "Ada", incident=code, ask="NONE", setting="driving")
    for stream in ("DESK", "DECISIONS"):
        for seq in range(1, await desk.rig.bus.last_seq(stream) + 1):
            entry = await desk.rig.bus.get(stream, seq)
            assert entry is None or b"driving" not in entry.body
