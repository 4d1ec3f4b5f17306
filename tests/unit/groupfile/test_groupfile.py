"""Every mistake has a file of its own in testdata/, which says on top what must be said about it."""

from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon

from alert_relay.groupfile import find_group_files, load_group_files, read_group_files
from alert_relay.groupfile.area import circle
from shared.contracts.groups import Area
from shared.errors import GroupFileError

TESTDATA = Path(__file__).parent / "testdata"
WRONG = sorted(TESTDATA.glob("wrong_*.yaml"))


def _expected(file: Path) -> list[tuple[int, str, str]]:
    marks = [line for line in file.read_text().splitlines() if line.startswith("# mistake: ")]
    parts = [mark.removeprefix("# mistake: ").split(" | ") for mark in marks]
    return [(int(line), key, words) for line, key, words in parts]


def _shape(area: Area) -> MultiPolygon:
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in area.polygons])


@pytest.mark.parametrize("file", WRONG, ids=lambda f: f.stem.removeprefix("wrong_"))
def test_each_mistake_is_named_with_line_key_and_remedy(file: Path) -> None:
    groups, mistakes = read_group_files([file])
    assert groups == []
    expected = _expected(file)
    assert expected
    assert {(m.line, m.key) for m in mistakes} == {(line, key) for line, key, _ in expected}
    for line, key, words in expected:
        assert any((m.line, m.key) == (line, key) and words in m.message for m in mistakes)


def test_no_mistake_repeats_a_secret() -> None:
    _, mistakes = read_group_files(WRONG)
    assert not any("hunter2" in str(mistake) for mistake in mistakes)


def test_a_sound_file_is_the_union_of_its_parts() -> None:
    (group,) = load_group_files([TESTDATA / "good.yaml"])
    area = _shape(group.definition.area)
    assert area.is_valid
    assert group.definition.area.outcodes == ("E8", "E9")
    policy = group.definition.policy
    assert (policy.likely_after, policy.ladder_after_min, policy.neighbours) == (4, 8, ("next-door",))
    assert (policy.helps_neighbours, policy.quiet_hours) == (False, "22:00-07:00")
    for lat, lon in [(51.55, -0.07), (51.55, -0.05), (51.57, -0.02), (51.503, -0.0915)]:
        assert area.contains(Point(lon, lat))
    assert not area.contains(Point(-0.03, 51.55))
    assert len(area.geoms) == 3  # the two squares share a side and become one
    assert [c.kind for c in group.channels.channels] == ["webhook", "feed"]


def test_the_same_file_gives_the_same_definition() -> None:
    first, second = (load_group_files([TESTDATA / "good.yaml"]) for _ in range(2))
    assert first == second


def test_two_files_with_one_id_name_each_other(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("name: A\nid: a\narea: {postcode_districts: [E8]}\n")
    groups, mistakes = read_group_files(find_group_files([tmp_path]))
    assert [g.path.name for g in groups] == ["one.yaml"]
    assert [(m.file.name, m.line, m.key) for m in mistakes] == [("two.yaml", 2, "id")]
    assert "one.yaml" in mistakes[0].message


def test_a_file_that_is_not_there_is_a_mistake_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(GroupFileError, match=r"nowhere\.yaml:1: \(file\): cannot be read"):
        load_group_files([tmp_path / "nowhere.yaml"])


def test_a_fallback_group_needs_no_area(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("id: f\nname: F\nfallback: true\n")
    (group,) = load_group_files([tmp_path / "f.yaml"])
    assert group.definition.fallback
    assert group.definition.area == Area()


@given(lat=st.floats(50, 60), lon=st.floats(-8, 2), radius=st.floats(50, 5_000), bearing=st.floats(0, 359))
def test_a_circle_is_as_wide_as_it_says(lat: float, lon: float, radius: float, bearing: float) -> None:
    geod = __import__("pyproj").Geod(ellps="WGS84")
    disc = circle(lat, lon, radius)
    inside = geod.fwd(lon, lat, bearing, radius * 0.98)
    outside = geod.fwd(lon, lat, bearing, radius * 1.02)
    assert shapely.contains_xy(disc, inside[0], inside[1])
    assert not shapely.contains_xy(disc, outside[0], outside[1])
