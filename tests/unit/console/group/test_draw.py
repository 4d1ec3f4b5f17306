"""An area is drawn point by point, with a pointer or without; nothing is saved unseen, nothing breaks it."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.decide.group.sketch import MOST_POINTS, as_text, outlined, points_in, with_point
from services.console.decide.map.view import SIZE, View
from shared.areas import AreaError
from tests.rigs.group_admin import HACKNEY, Desk, Person, geojson, group_desk, who

VIEW: Final = View(51.55, -0.05, 8_000)
TRIANGLE: Final = ((51.53, -0.09), (51.58, -0.05), (51.53, -0.02))
DRAW: Final = "/groups/hackney/area/draw"


@given(st.text(max_size=400))
def test_no_carried_points_raise(text: str) -> None:
    assert len(points_in(text, VIEW)) <= MOST_POINTS
    points_in(text, None)


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=MOST_POINTS))
def test_points_are_carried_as_they_are(points: list[tuple[float, float]]) -> None:
    once = points_in(as_text(tuple(points)), None)
    assert points_in(as_text(once), VIEW) == once
    assert len(once) == len(points)


def test_what_the_script_set_is_where_it_was_tapped_and_rubbish_is_left_out() -> None:
    found = points_in("51.5,-0.1 @160,160 @999,1 @1e9,2 1e5,2 51.5 nan,nan ,, 91,0 @10,20", VIEW)
    assert found == ((51.5, -0.1), (51.55, -0.05), VIEW.at(10, 20))
    assert points_in("@160,160", None) == ()


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ((), "too_few_drawn"),
        (TRIANGLE[:2], "too_few_drawn"),
        ((TRIANGLE[0], TRIANGLE[1], TRIANGLE[0]), "too_few_drawn"),
        (((51.5, 0.0), (51.6, 0.1), (51.5, 0.1), (51.6, 0.0)), "crossing"),
        (((40.0, 3.0), (41.0, 4.0), (40.0, 4.0)), "elsewhere"),
    ],
)
def test_what_is_no_outline_is_refused(points: tuple[tuple[float, float], ...], code: str) -> None:
    with pytest.raises(AreaError) as refused:
        outlined(points)
    assert refused.value.code == code


def test_a_finger_that_slips_sets_one_point_and_there_is_an_end_to_them() -> None:
    assert with_point(TRIANGLE, TRIANGLE[-1]) == TRIANGLE
    many = tuple((51.0 + n / 1_000, 0.0) for n in range(MOST_POINTS))
    with pytest.raises(AreaError, match="more points"):
        with_point(many, (50.0, 0.0))


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    file = tmp_path / "boroughs.geojson"
    file.write_text(geojson(*HACKNEY).replace('"name": "drawn"', '"LAD23NM": "Hackney"'))
    async with group_desk(tmp_path, monkeypatch, console_boundaries_file=file) as found:
        await found.rig.group("hackney")
        await found.rig.group("haringey")
        yield found


@pytest.fixture
async def ada(desk: Desk) -> Person:
    return await who(desk, "Ada", hackney="admin")


class Hand:
    """Somebody at the drawing page without a script: every button asks the server."""

    def __init__(self, ada: Person) -> None:
        self.ada = ada

    async def press(self, **fields: Any) -> int:
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', self.ada.text)
        carried = {name: unescape(value) for name, value in found if name not in {"csrf", "seen"}}
        return await self.ada.send(DRAW, **{**carried, **fields})

    @property
    def points(self) -> int:
        found = re.search(r'name="points" value="([^"]*)"', self.ada.text)
        assert found
        return len(found[1].split())


async def test_an_area_is_drawn_by_tapping_without_a_script_and_saved_when_it_was_seen(
    desk: Desk, ada: Person
) -> None:
    assert await ada.get(DRAW) == 200
    assert "No point yet." in ada.text
    hand = Hand(ada)
    await hand.press(where="Dalston Junction", find="1")
    assert "Dalston, Hackney, E8" in ada.text
    for x, y in ((100, 100), (220, 100), (220, 220), (100, 220)):
        assert await hand.press(**{"map.x": str(x), "map.y": str(y)}) == 200
    assert hand.points == 4
    assert "Points: 4." in ada.text
    assert "About 1.3 km²." in ada.text
    assert "Near " in ada.text
    await hand.press(undo="1")
    assert hand.points == 3
    assert await hand.press(done="1") == 200
    assert "Is this right?" in ada.text
    assert (await ada.group())["definition"]["area"]["polygons"] == []
    assert await ada.send("/groups/hackney/area/save", kept=ada.kept()) == 200
    (polygon,) = (await ada.group())["definition"]["area"]["polygons"]
    assert len(polygon[0]) == 4


async def test_without_a_pointer_points_are_set_at_places_and_in_the_middle(desk: Desk, ada: Person) -> None:
    await ada.get(DRAW)
    hand = Hand(ada)
    for place in ("Dalston Junction", "Hackney Town Hall", "Stoke Newington Police Station"):
        await hand.press(where=place, find="1")
        chosen = re.search(r'name="chosen" value="([^"]+)"', ada.text)
        assert chosen, place
        await hand.press(put="1", chosen=chosen[1])
    await hand.press(look="west")
    await hand.press(middle="1")
    assert hand.points == 4
    assert "Near Dalston Junction" in ada.text
    await hand.press(clear="1")
    assert hand.points == 0


async def test_a_crossing_line_is_said_and_what_was_drawn_is_kept(desk: Desk, ada: Person) -> None:
    await ada.get(DRAW)
    hand = Hand(ada)
    bow = "51.5,0.0 51.6,0.1 51.5,0.1 51.6,0.0"
    assert await hand.press(points=bow, done="1") == 422
    assert "crosses itself" in ada.text
    assert hand.points == 4
    assert await hand.press(points="", done="1") == 422
    assert "at least three points" in ada.text


async def test_who_else_would_be_told_is_said_before_it_is_saved(desk: Desk, ada: Person) -> None:
    ben = await who(desk, "Ben", haringey="admin")
    drawn = as_text(TRIANGLE)
    for person, group in ((ben, "haringey"), (ada, "hackney")):
        assert await person.send(f"/groups/{group}/area/draw", points=drawn, done="1") == 200
        if person is ben:
            assert await person.send(f"/groups/{group}/area/save", kept=person.kept()) == 200
    assert "is told to these groups too: <bdi>Haringey" in ada.text
    assert "km²" in ada.text


async def test_two_who_draw_at_once_do_not_overwrite_each_other(desk: Desk, ada: Person) -> None:
    await ada.send(DRAW, points=as_text(TRIANGLE), done="1")
    kept = ada.kept()
    await ada.send("/groups/hackney/policy", likely_after="5")
    assert await ada.send("/groups/hackney/area/save", version=1, kept=kept) == 409
    assert "Somebody else has changed the group" in ada.text


async def test_strangers_draw_nothing_and_strange_forms_break_nothing(desk: Desk, ada: Person) -> None:
    ben = await who(desk, "Ben", hackney="dispatcher")
    assert await ben.get(DRAW) == 403
    assert await ben.send(DRAW, points=as_text(TRIANGLE), done="1", version=1) == 403
    strange: dict[str, Any] = {
        "view_lat": "nan", "view_lon": "x", "view_side": "-1", "points": "<script>alert(1)</script>",
        "look": "<b>", "where": "\x00" * 9, "find": "1", "chosen": "1e999, 1", "put": "1", "map.x": "9" * 400,
    }  # fmt: skip
    assert await ada.send(DRAW, **strange) == 200
    assert "alert(1)" not in ada.text
    assert SIZE == 320
