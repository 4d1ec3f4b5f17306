"""An uploaded area is read as if an enemy had written it; what is wrong is named by a plain sentence."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.decide.group.facts import area_in, districts_in, facts_of
from services.console.decide.group.outline import Around, outline_of, view_to_begin
from services.console.decide.group.upload import MOST_BYTES, MOST_FEATURES, read_upload
from services.console.decide.map.areas import group_area
from services.console.decide.map.view import SIZE, View
from services.console.group.pages import WORDS
from shared.areas import AreaError, as_shape
from shared.contracts.groups import Area
from tests.rigs.console import BUILT_IN
from tests.rigs.group_admin import HACKNEY, geojson

DISTRICTS = BUILT_IN.current.districts
SQUARE = [[-0.1, 51.5], [0.0, 51.5], [0.0, 51.6], [-0.1, 51.6], [-0.1, 51.5]]
HOLE = [[-0.07, 51.53], [-0.03, 51.53], [-0.03, 51.57], [-0.07, 51.57], [-0.07, 51.53]]
MANY = [[round(-0.1 + n * 2e-5, 5), 51.5] for n in range(21_000)] + [[0.32, 51.6], [-0.1, 51.5]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def file(document: Any) -> bytes:
    return json.dumps(document).encode()


def collection(*geometries: Any) -> dict[str, Any]:
    features = [{"type": "Feature", "properties": {}, "geometry": g} for g in geometries]
    return {"type": "FeatureCollection", "features": features}


@pytest.mark.parametrize(
    "document",
    [
        polygon(SQUARE),
        polygon(SQUARE, HOLE),
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "Feature", "properties": None, "geometry": polygon(SQUARE)},
        collection(polygon(SQUARE)),
        collection(polygon(SQUARE), polygon(SQUARE)),
        polygon([[*point, 12.5] for point in SQUARE]),
    ],
    ids=["polygon", "hole", "multi", "feature", "collection", "twice the same", "with heights"],
)
def test_every_form_of_an_area_is_read(document: Any) -> None:
    found = as_shape(read_upload(b"\xef\xbb\xbf" + file(document)))
    assert found.is_valid
    assert found.bounds == (-0.1, 51.5, 0.0, 51.6)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_geojson"),
        (b"\xff\xfe\x00", "not_geojson"),
        (b"PK\x03\x04 a zip file", "not_geojson"),
        (b"[" * 100_000, "not_geojson"),
        (b" " * (MOST_BYTES + 1), "too_large"),
        (file([]), "not_geojson"),
        (file({"type": "Topology", "objects": {}}), "not_geojson"),
        (file({"type": "FeatureCollection", "features": {}}), "not_geojson"),
        (file({"type": "FeatureCollection", "features": [7]}), "not_geojson"),
        (file({"type": "FeatureCollection", "features": []}), "nothing_in_it"),
        (file(collection(*[polygon(SQUARE)] * (MOST_FEATURES + 1))), "too_many_areas"),
        (file(polygon([[-0.1, 51.5], [0.0, 51.6], [1e40, 1e308], [-0.1, 51.5]])), "off_the_globe"),
        (file({"type": "Point", "coordinates": [-0.1, 51.5]}), "not_an_area"),
        (file({"type": "LineString", "coordinates": SQUARE}), "not_an_area"),
        (file(polygon(SQUARE[:-1])), "not_closed"),
        (file(polygon(SQUARE[:2])), "broken"),
        (file(polygon([[-0.1, 51.5], [0.0, 51.6], [0.0, 51.5], [-0.1, 51.6], [-0.1, 51.5]])), "crossing"),
        (file(polygon([[a, b] for b, a in SQUARE])), "swapped"),
        (file(polygon([[530000 + 10 * a, 180000 + b] for a, b in SQUARE])), "off_the_globe"),
        (file(polygon([[a + 2.4, b - 2.7] for a, b in SQUARE])), "elsewhere"),
        (file(polygon([["x", "y"]] * 5)), "broken"),
        (file(polygon([[None, 51.5]] * 5)), "broken"),
        (b'{"type":"Polygon","coordinates":[[[NaN,51],[0,51],[0,52],[NaN,51]]]}', "broken"),
        (b'{"type":"Polygon","coordinates":[[[1e999,51],[0,51],[0,52],[1e999,51]]]}', "broken"),
        (file({"type": "Polygon", "coordinates": "no"}), "broken"),
        (file({"type": "Polygon", "coordinates": []}), "broken"),
        (json.dumps(polygon(MANY), separators=(",", ":")).encode(), "too_many_points"),
    ],
)
def test_hostile_and_mistaken_files_are_refused_by_name(raw: bytes, code: str) -> None:
    with pytest.raises(AreaError) as refused:
        read_upload(raw)
    assert refused.value.code == code
    for language in WORDS.languages:
        assert f"area_{code}" in WORDS.keys(language)


def test_swapped_coordinates_can_be_swapped() -> None:
    swapped = file(polygon([[a, b] for b, a in SQUARE]))
    assert as_shape(read_upload(swapped, swap=True)).bounds == (-0.1, 51.5, 0.0, 51.6)


def test_a_fine_outline_is_drawn_a_little_simpler_and_stays_where_it_is() -> None:
    import shapely
    from shapely.geometry import Point, mapping

    fine = Point(-0.05, 51.55).buffer(0.03, quad_segs=1_000)
    made = as_shape(read_upload(file(mapping(fine))))
    assert int(shapely.get_num_coordinates(made)) < 1_000
    assert made.symmetric_difference(fine).area < fine.area / 200


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(_JSON, st.sampled_from(["Polygon", "MultiPolygon", "GeometryCollection", "Point", "x"]))
def test_nothing_in_a_file_raises_anything_but_a_named_refusal(data: Any, kind: str) -> None:
    geometry = {"type": kind, "coordinates": data}
    for document in (data, geometry, collection(geometry)):
        for swap in (False, True):
            with contextlib.suppress(AreaError):
                read_upload(file(document), swap=swap)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("E5, E8, N16", ("E5", "E8", "N16")),
        ("n16;e8\n e8  SW1A", ("E8", "N16", "SW1A")),
        ("", ()),
        (" , ,", ()),
    ],
)
def test_districts_are_read_however_they_are_parted(typed: str, found: tuple[str, ...]) -> None:
    assert districts_in(typed) == found


@pytest.mark.parametrize("typed", ["E8 3DL", "Hackney", "E8, <script>", "8E"])
def test_what_is_no_district_is_named(typed: str) -> None:
    with pytest.raises(AreaError) as refused:
        districts_in(typed)
    assert refused.value.code == "not_an_outcode"
    assert refused.value.sentence in typed


def group(name: str, area: Area) -> dict[str, Any]:
    return {"id": name, "definition": {"name": name.title(), "area": area.model_dump(mode="json")}}


OURS = Area(polygons=read_upload(geojson(*HACKNEY).encode()), outcodes=("E8", "ZZ9"))
HALF = Area(
    polygons=read_upload(
        file(polygon([[-0.1, 51.5], [-0.055, 51.5], [-0.055, 51.6], [-0.1, 51.6], [-0.1, 51.5]]))
    )
)
FAR = Area(polygons=read_upload(file(polygon([[-4.3, 55.8], [-4.2, 55.8], [-4.2, 55.9], [-4.3, 55.8]]))))


def test_the_facts_of_an_area() -> None:
    same_name = Area(outcodes=("E8",))
    others = [group("half", HALF), group("far", FAR), group("names", same_name), group("hackney", FAR)]
    found = facts_of("hackney", OURS, others, DISTRICTS)
    assert found.km2 == pytest.approx(17.2, abs=0.2)
    assert set(found.within) >= {"E5", "E8", "E9"}
    assert "N1" not in found.within
    assert found.unknown == ("ZZ9",)
    half, names = found.overlaps
    assert (half.group, half.districts) == ("half", ())
    assert half.of_ours == pytest.approx(0.55, abs=0.01)
    assert (names.group, names.of_ours, names.districts) == ("names", 0.0, ("E8",))


def test_an_area_as_wide_as_a_border_is_no_overlap() -> None:
    beside = Area(
        polygons=read_upload(
            file(polygon([[-0.0205, 51.5], [0.1, 51.5], [0.1, 51.6], [-0.0205, 51.6], [-0.0205, 51.5]]))
        )
    )
    assert facts_of("hackney", OURS, [group("beside", beside)], {}).overlaps == ()


def test_the_picture_holds_the_outline_its_neighbours_and_names() -> None:
    groups = tuple(group_area(group(name, area)) for name, area in (("half", HALF), ("far", FAR)))
    found = outline_of("hackney", OURS, Around(groups, DISTRICTS))
    assert found is not None
    assert found.own.startswith("M")
    assert len(found.neighbours) == 1
    names = [label.text for label in found.labels]
    assert names[0] == "Half"
    assert {"E8", "E5"} <= set(names)
    assert all(0 <= label.x <= SIZE and 0 <= label.y <= SIZE for label in found.labels)
    assert (found.bar.text, 0 < found.bar.units < SIZE) == ("2 km", True)


def test_boroughs_are_drawn_and_named_beneath() -> None:
    borough = as_shape(OURS.polygons)
    found = outline_of("hackney", HALF, Around(borders={"Hackney": borough}))
    assert found is not None
    assert len(found.borders) == 1
    assert "Hackney" in [label.text for label in found.labels]
    edge = View(51.55, -0.09 - 1e-3, 400)
    just_outside = outline_of("x", Area(), Around(borders={"Hackney": borough}), view=edge)
    assert just_outside is not None
    assert just_outside.labels == ()


def test_an_area_of_districts_alone_is_drawn_where_they_are_and_an_empty_one_is_not() -> None:
    lies = Around(districts=DISTRICTS)
    named = outline_of("hackney", Area(outcodes=("E8", "N16")), lies)
    assert named is not None
    assert (named.own, {label.text for label in named.labels} >= {"E8", "N16"}) == ("", True)
    assert outline_of("hackney", Area(outcodes=("ZZ9",)), lies) is None
    assert area_in(group("x", OURS)) == OURS


def test_somebody_without_an_area_begins_among_the_neighbours_or_sees_the_country() -> None:
    beside = view_to_begin("new", Area(), Around((group_area(group("half", HALF)),), DISTRICTS))
    assert all(0 <= c <= SIZE for c in beside.xy(*HALF.polygons[0][0][0][::-1]))
    assert view_to_begin("new", Area(), Around(districts=DISTRICTS)).side_m == 200_000
    assert view_to_begin("new", Area(), Around()).side_m == 200_000


def test_an_outline_that_is_none_holds_nothing() -> None:
    ring = ((-0.1, 51.5), (0.0, 51.5), (0.0, 51.6), (-0.1, 51.5))
    assert as_shape(((), ((),), ((ring[0],),))).is_empty
    assert as_shape(((ring, ring[:2]), ())).bounds == (-0.1, 51.5, 0.0, 51.6)
