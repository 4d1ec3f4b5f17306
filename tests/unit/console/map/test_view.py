"""What a picture shows and where: taps, metres, north, and tiles that lie exactly under it."""

import math
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.decide.map.tiles import Coverage, box_of, tile_at, tiles_of
from services.console.decide.map.view import SIZE, View, bar_of, clicked, looked, view_in
from shared.geo import distance_m

DALSTON: Final = View(51.547, -0.0748, 800)
ALL: Final = Coverage(0, 19, (-180, -85, 180, 85))
views = st.builds(
    View, st.floats(-80, 80), st.floats(-179, 179), st.floats(100, 60_000, allow_subnormal=False)
)
units = st.integers(0, SIZE)


@given(views, units, units)
def test_a_tap_is_where_the_map_shows_it(view: View, x: int, y: int) -> None:
    lat, lon = view.at(x, y)
    if abs(lon) < 180 and abs(lat) < 85:
        assert [*view.xy(lat, lon)] == pytest.approx([x, y], abs=2)


@given(st.floats(49, 61), st.floats(-8, 2), st.floats(200, 20_000))
def test_a_metre_is_as_long_in_every_direction_and_as_the_bar_says(
    lat: float, lon: float, side: float
) -> None:
    view = View(lat, lon, side)
    middle = SIZE / 2
    bar = bar_of(view)
    for x, y in ((middle + bar.units, middle), (middle, middle - bar.units), (middle - bar.units, middle)):
        assert distance_m(lat, lon, *view.at(x, y)) == pytest.approx(bar.metres, rel=0.02, abs=0.5)
    assert bar.units <= SIZE / 3 + 0.1 or bar.metres == 10


def test_north_is_up_and_east_is_right() -> None:
    x, y = DALSTON.xy(51.548, -0.0740)
    assert x > SIZE / 2
    assert y < SIZE / 2
    assert DALSTON.xy(51.547, -0.0748) == (SIZE / 2, SIZE / 2)


@pytest.mark.parametrize(
    ("side", "text"), [(100, "20 m"), (800, "200 m"), (3_000, "1 km"), (60_000, "20 km")]
)
def test_the_bar_is_a_round_length(side: float, text: str) -> None:
    assert bar_of(View(51.5, 0, side)).text == text


@given(views)
def test_tiles_cover_the_picture_and_lie_where_their_corners_are(view: View) -> None:
    tiles = tiles_of(view, ALL)
    assert 1 <= len(tiles) <= 9
    for tile in tiles:
        west, south, east, north = box_of(tile.z, tile.x, tile.y)
        if max(abs(south), abs(north)) < 85:
            left, top = view.xy(north, west)
            assert left == pytest.approx(tile.left, abs=0.2)
            assert top == pytest.approx(tile.top, abs=0.2)
            right, bottom = view.xy(south, east)
            assert right - tile.left == pytest.approx(tile.size, abs=0.3)
            assert bottom - tile.top == pytest.approx(tile.size, abs=0.3)
    if abs(view.lon) < 175:
        for x, y in ((0.5, 0.5), (SIZE - 0.5, SIZE - 0.5), (SIZE / 2, SIZE / 2)):
            assert any(
                t.left - 0.1 <= x <= t.left + t.size + 0.1 and t.top - 0.1 <= y <= t.top + t.size + 0.1
                for t in tiles
            )


@given(st.floats(-84, 84), st.floats(-179.9, 179.9), st.integers(0, 18))
def test_a_point_lies_in_its_tile(lat: float, lon: float, zoom: int) -> None:
    west, south, east, north = box_of(*tile_at(zoom, lat, lon))
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


def test_a_known_tile_has_its_known_number() -> None:
    # The formula of the tile names that everybody uses, worked out by hand for Ashwin Street.
    n = 2**17
    x = int((-0.0748 + 180) / 360 * n)
    y = int(
        (1 - math.log(math.tan(math.radians(51.547)) + 1 / math.cos(math.radians(51.547))) / math.pi) / 2 * n
    )
    assert tile_at(17, 51.547, -0.0748) == (17, x, y)


@pytest.mark.parametrize(
    ("covered", "why"),
    [
        (Coverage(0, 19, (1.0, 51.0, 2.0, 52.0)), "the file is of elsewhere"),
        (Coverage(0, 12, (-1.0, 51.0, 1.0, 52.0)), "a tile would be a blur"),
        (Coverage(18, 19, (-1.0, 51.0, 1.0, 52.0)), "there would be hundreds of them"),
    ],
)
def test_no_tiles_where_they_would_say_nothing(covered: Coverage, why: str) -> None:
    assert tiles_of(DALSTON, covered) == (), why


def test_tiles_outside_of_what_the_file_holds_are_not_asked_for() -> None:
    half = Coverage(0, 19, (-1.0, 51.0, DALSTON.at(90, 0)[1], 52.0))
    assert 0 < len(tiles_of(DALSTON, half)) < len(tiles_of(DALSTON, ALL))


@pytest.mark.parametrize(
    ("x", "y", "hit"),
    [("160", "160", True), ("0", "0", False), ("321", "1", False), ("-1", "5", False), ("", "", False),
     ("²", "1", False), ("9" * 5000, "1", False), ("1.5", "2", False)],
)  # fmt: skip
def test_only_sound_taps_are_taken(x: str, y: str, *, hit: bool) -> None:
    assert (clicked(DALSTON, x, y) is not None) is hit


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_view_in_a_form_raises(lat: str, lon: str, side: str) -> None:
    view_in(lat, lon, side)


@pytest.mark.parametrize(
    "bad", [("nan", "0", "800"), ("51", "inf", "800"), ("51", "0", "nan"), ("91", "0", "800")]
)
def test_a_view_of_no_world_is_none(bad: tuple[str, str, str]) -> None:
    assert view_in(*bad) is None


def test_arrows_move_a_quarter_and_come_back() -> None:
    assert looked(looked(DALSTON, "north"), "south").lat == pytest.approx(DALSTON.lat, abs=1e-5)
    east = looked(DALSTON, "east")
    assert [*DALSTON.xy(east.lat, east.lon)] == pytest.approx([SIZE * 0.75, SIZE / 2], abs=0.2)
    assert looked(DALSTON, "in").side_m == DALSTON.side_m / 2
    assert looked(DALSTON, "sideways") is DALSTON
