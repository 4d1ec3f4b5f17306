"""What is real and what is an exercise never become one, and why; a search stays at what it found."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.base import Position
from tests.rigs.desk import HARINGEY, DeskRig, desk_rig
from tests.rigs.desk_pages import browser
from tests.rigs.group_admin import Person

HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney")
        await found.member("Dora", hackney="dispatcher")
        yield found


async def person(desk: DeskRig, name: str) -> Person:
    return Person(desk.rig, await desk.rig.signed_in(name))


async def two_worlds(desk: DeskRig) -> tuple[str, str]:
    """A real incident and an exercise's, at one place."""
    await desk.report("Immigration raid here, two vans", at=HERE)
    await desk.drill("Immigration raid here, two vans", at=HERE)
    codes = {i["drill"]: i["code"] for i in await desk.incidents("Dora")}
    return codes[False], codes[True]


@pytest.mark.parametrize("drill", [True, False])
async def test_a_merge_of_both_worlds_is_not_offered_and_is_refused_with_the_reason(
    desk: DeskRig, *, drill: bool
) -> None:
    real, exercise = await two_worlds(desk)
    mine, other = (exercise, real) if drill else (real, exercise)
    dora = await person(desk, "Dora")
    await dora.get(f"/desk/{mine}/merge")
    assert f'value="{other}"' not in dora.text
    assert ("This is an exercise." if drill else "This is real.") in dora.text
    assert "No other incident" not in dora.text
    fields: Any = {"absorbed_code": other, "id": "m1", "version": "", "mark": ""}
    assert await dora.send(f"/desk/{mine}/merge", **fields) == 409
    assert "One of the two is an exercise and the other is real." in dora.text


async def test_a_held_report_is_offered_nothing_of_the_other_world(desk: DeskRig) -> None:
    held = await desk.report("they say immigration raid somewhere in N16, forwarded as received")
    real, exercise = await two_worlds(desk)
    dora = await person(desk, "Dora")
    if await dora.get(f"/desk/held/{held}") == 404:
        pytest.fail("the rumour was not held")
    assert f'value="{real}"' in dora.text
    assert f'value="{exercise}"' not in dora.text
    assert "DRILL" not in dora.text


async def test_a_held_report_of_an_exercise_says_so(desk: DeskRig) -> None:
    held = await desk.drill("immigration raid somewhere in N16")
    dora = await person(desk, "Dora")
    await dora.get(f"/desk/held/{held}")
    assert "DRILL: this is an exercise" in dora.text


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("E8 9ZZ", "E8 9ZZ is not in our list. The nearest that we know is E8"),
        ("ZE9 9ZZ", "ZE9 9ZZ is not in our list, and nothing near it either"),
        ("nonsense blah", "Nothing of that name is known here"),
    ],
)
async def test_a_postcode_that_is_unknown_is_said_with_what_to_do(
    desk: DeskRig, where: str, says: str
) -> None:
    real, _ = await two_worlds(desk)
    dora = await person(desk, "Dora")
    await dora.send(f"/desk/{real}/place", where=where, find="1", id="p1", mark="")
    assert says in dora.text


@pytest.mark.parametrize("fields", [{"where": "Ashwin Street", "find": "1"}, {"map.x": "160", "map.y": "80"}])
async def test_what_was_found_or_tapped_takes_the_focus_and_not_the_top_of_the_page(
    desk: DeskRig, fields: dict[str, Any]
) -> None:
    real, _ = await two_worlds(desk)
    dora = await person(desk, "Dora")
    view: Any = {"view_lat": "51.5467", "view_lon": "-0.0753", "view_side": "800"}
    await dora.send(f"/desk/{real}/place", **view, **fields, id="p1", mark="")
    before, _, after = dora.text.partition("autofocus")
    assert "</h1>" in before
    assert "autofocus" not in after
    assert ('id="found"' if "find" in fields else 'role="status"') in before.rpartition("<")[2]


async def test_the_desk_says_to_its_own_people_that_an_exercise_goes_on(desk: DeskRig) -> None:
    await desk.group("haringey", HARINGEY)
    await desk.member("Ada", haringey="dispatcher")
    await desk.member("Vera", hackney="verifier")
    vera, ada = await browser(desk, "Vera"), await browser(desk, "Ada")
    assert "All quiet" in await vera.get("/desk")
    dora = await person(desk, "Dora")
    await dora.get("/groups/hackney/drills")
    assert await dora.send("/groups/hackney/drills/begin", what="ourselves") == 200
    await desk.rig.shown()
    page = await vera.get("/desk")
    shown = page.partition('id="live"')[2].partition("<details")[0]
    assert "An exercise goes on" in shown
    assert 'href="/groups/hackney/drills"' in shown
    assert "All quiet" not in page
    assert "Nothing is open just now" in page
    await vera.get("/groups/hackney/drills")
    assert vera.status == 200
    assert "An exercise goes on" not in await ada.get("/desk"), "it is no business of another group"
    desk.rig.clock.present += timedelta(hours=5)
    assert "All quiet" in await vera.get("/desk"), "it has ended by its own time"
