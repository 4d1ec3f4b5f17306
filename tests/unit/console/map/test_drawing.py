"""The incident's map: areas, disc, marks that differ in shape, names, and the same in words."""

from typing import Any, Final

import pytest

from services.console.decide.draft import Document
from services.console.decide.map.areas import GroupArea, around, group_area, path_of
from services.console.decide.map.drawing import Ground, drawing, view_of
from services.console.decide.map.marks import marks_of
from services.console.decide.map.surroundings import direction, nearest, surroundings
from services.console.decide.map.tiles import Coverage
from services.console.decide.map.view import SIZE, View
from shared.gazetteer.load import gazetteer_of, load_gazetteer
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows

PLACE: Final = {"lat": 51.547, "lon": -0.0748, "radius_m": 30.0, "label": "Ashwin Street", "outcode": "E8"}
VIEW: Final = View(51.547, -0.0748, 800)
SQUARE: Final = ((-0.1, 51.5), (0.0, 51.5), (0.0, 51.6), (-0.1, 51.6), (-0.1, 51.5))
EAST: Final = ((-0.0738, 51.5), (0.1, 51.5), (0.1, 51.6), (-0.0738, 51.6), (-0.0738, 51.5))


def area(name: str, *rings: Any, outcodes: tuple[str, ...] = ()) -> GroupArea:
    definition = {
        "name": name.title(),
        "area": {"polygons": [list(rings)] if rings else [], "outcodes": outcodes},
    }
    return group_area({"id": name, "definition": definition})


def test_the_map_names_whose_area_it_is_and_what_lies_around() -> None:
    areas = (area("hackney", SQUARE), area("east", EAST))
    ground = Ground(areas, surroundings(load_gazetteer(), VIEW))
    found = drawing(VIEW, PLACE, frozenset({"hackney"}), ground)
    assert found.disc is not None
    assert (found.disc.x, found.disc.y, found.disc.r) == (SIZE / 2, SIZE / 2, 12)
    names = [label.text for label in found.labels]
    assert {"Hackney", "East", "Dalston Junction", "Dalston Kingsland", "Ashwin Street"} <= set(names)
    assert len(names) == len(set(names)) <= 12
    assert "Dalston Junction Station" not in names
    assert (found.in_areas, found.beside) == (("Hackney",), ("East",))
    assert len(found.own) == len(found.others) == 1
    station = next(near for near in found.nearest if near.name == "Dalston Junction")
    assert (round(station.metres, -1), station.direction) == (90, "south")
    assert all("ashwin" not in near.name.lower() for near in found.nearest)


def test_the_same_is_drawn_every_time() -> None:
    ground = Ground((area("hackney", SQUARE),), surroundings(load_gazetteer(), VIEW))
    reports: list[Document] = [{"place": PLACE, "first_hand": True}, {"position": PLACE}]
    assert drawing(VIEW, PLACE, frozenset(), ground, reports) == drawing(
        VIEW, PLACE, frozenset(), ground, reports
    )


def test_an_outline_of_many_points_is_a_short_path_and_what_is_far_is_none() -> None:
    many = [(-0.0748 + 0.004 * (n / 5_000), 51.547 + 0.00001 * (n % 2)) for n in range(5_000)]
    wide = area("many", [*many, (-0.0748, 51.55), many[0]])
    assert 0 < len(path_of(VIEW, wide.drawn)) < 2_000
    assert path_of(View(55.0, -4.0, 800), wide.drawn) == ""


def test_a_broken_outline_draws_nothing_and_holds_nothing() -> None:
    for rings in (((0.0, 1.0),), (("x", "y"),)):
        broken = area("broken", rings)
        assert path_of(VIEW, broken.drawn) == ""
        assert not broken.holds(51.5, 0.0)


def test_a_group_of_districts_alone_is_named_though_it_has_no_outline() -> None:
    found = drawing(VIEW, PLACE, frozenset(), Ground((area("districts", outcodes=("E8",)),)))
    assert (found.in_areas, found.own, found.others) == (("Districts",), (), ())


def test_without_a_place_the_map_shows_the_groups_areas() -> None:
    view = view_of(None, [area("hackney", SQUARE), area("none")])
    assert view is not None
    assert [view.lat, view.lon] == pytest.approx([51.55, -0.05])
    for lon, lat in SQUARE:
        assert all(0 <= c <= SIZE for c in view.xy(lat, lon))
    assert view_of(None, [area("none")]) is None


def test_reports_differ_in_shape_and_those_of_one_spot_stand_side_by_side() -> None:
    far = PLACE | {"lat": 60.0}
    reports: list[Document] = [
        {"place": PLACE, "first_hand": True}, {"place": PLACE}, {"place": PLACE},
        {"position": PLACE, "place": far}, {"place": far}, {"place": None, "position": None}, {},
    ]  # fmt: skip
    marks = marks_of(VIEW, reports)
    assert [(m.sort, m.count) for m in marks] == [("saw", 1), ("heard", 2), ("phone", 1)]
    assert len({(m.x, m.y) for m in marks}) == 3


def test_a_storm_of_places_is_at_most_sixty_spots() -> None:
    reports = [{"position": {"lat": 51.545 + n * 0.00001, "lon": -0.08 + n * 0.00003}} for n in range(400)]
    assert 0 < len(marks_of(VIEW, reports)) <= 60


@pytest.mark.parametrize(
    ("lat", "lon", "word"),
    [(1, 0, "north"), (1, 1, "north_east"), (0, 1, "east"), (-1, 1, "south_east"), (-1, 0, "south"),
     (-1, -1, "south_west"), (0, -1, "west"), (1, -1, "north_west")],
)  # fmt: skip
def test_directions_are_those_of_a_compass(lat: float, lon: float, word: str) -> None:
    assert direction(0, 0, lat, lon) == word


def test_the_nearest_has_a_station_in_it_and_none_where_the_place_is_vague() -> None:
    streets = [NamedPlace(f"Street {n}", "street", 51.547 + n / 10_000, -0.0748, 50) for n in range(1, 6)]
    station = NamedPlace("Far Station", "station", 51.552, -0.0748, 50)
    found = nearest(51.547, -0.0748, 30, "Here", [station, *streets])
    assert [near.name for near in found] == ["Street 1", "Street 2", "Far Station"]
    assert found[0].direction == ""
    assert nearest(51.547, -0.0748, 1_500, "Here", streets) == ()


def test_a_wide_picture_names_stations_and_no_streets() -> None:
    rows = Rows(names=[
        NamedPlace("Ash Road", "street", 51.547, -0.07, 50, area="Ashtown"),
        NamedPlace("Ash", "station", 51.547, -0.071, 50, area="Ashtown"),
        NamedPlace("Ashtown", "area", 51.548, -0.072, 900),
    ])  # fmt: skip
    known = gazetteer_of(rows)
    assert [p.name for p in surroundings(known, View(51.547, -0.07, 9_000))] == ["Ash", "Ashtown"]
    assert [p.name for p in surroundings(known, View(51.547, -0.07, 900))] == ["Ash Road", "Ash", "Ashtown"]


def test_tiles_are_drawn_where_the_hub_holds_them() -> None:
    ground = Ground(coverage=Coverage(0, 17, (-1.0, 51.0, 1.0, 52.0)))
    assert drawing(VIEW, PLACE, frozenset(), ground).tiles
    assert drawing(VIEW, PLACE, frozenset(), Ground()).tiles == ()


def test_nothing_to_look_around_is_no_view() -> None:
    assert around([], least_m=100) is None
    one = around([(51.5, 0.0)], least_m=800)
    assert one is not None
    assert [one.lat, one.lon, one.side_m] == pytest.approx([51.5, 0.0, 800])
