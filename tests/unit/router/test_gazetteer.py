"""Gazetteer files: official layouts are recognised, a wrong line is named, the shared test data loads."""

import gzip
import json
from pathlib import Path

import pytest

from services.router.gazetteer.index import SqliteGazetteer
from services.router.gazetteer.keys import name_key
from services.router.gazetteer.load import load_gazetteer
from shared.errors import SettingsError

GEODATA = Path(__file__).parents[4] / "shared" / "geodata"
HEADER = "postcode,quality,easting,northing,lad,ward\n"
OPEN_NAMES = (
    "osgb1,,Ashwin Street,,,,transportNetwork,Named Road,533594,184875,1,2,533500,184800,533700,184950,"
    "E8,,Dalston,,,Hackney,,,Greater London,,,London,,England,,,,\n"
)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Queen's Rd", "queens road"),
        ("St. Thomas St", "saint thomas street"),
        ("King’s Cross Stn", "kings cross station"),
        ("Straße-Gdns", "strasse gardens"),
    ],
)
def test_names_meet_in_one_form(written: str, key: str) -> None:
    assert name_key(written) == key


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("codepoint.csv", HEADER + "XX1 2YY,10,533594,184875,,\n"),
        ("official.csv", '"XX12YY",10,533594,184875,"E92","","E18","","E09","E05"\n'),
    ],
)
def test_code_point_with_and_without_header(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    found = load_gazetteer([tmp_path / name]).postcode("XX1 2YY")
    assert found is not None
    assert (found.lat, found.lon) == pytest.approx((51.54696, -0.07476), abs=1e-4)


def test_open_names_with_its_extent(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "names.csv.gz", "wt") as stream:
        stream.write(OPEN_NAMES.replace("Ashwin Street", "Zzyzx Road"))
    (place,) = load_gazetteer([tmp_path / "names.csv.gz"]).named("zzyzx road")
    assert (place.kind, place.area, place.borough, place.outcode) == ("street", "Dalston", "Hackney", "E8")
    assert place.radius_m == pytest.approx(125, abs=1)


def test_geonames_outcodes_and_boundaries(tmp_path: Path) -> None:
    (tmp_path / "gb.txt").write_text("GB\tE8\tZzyzx\tEngland\tENG\tGreater London\t1\t\t\t51.5\t-0.07\t4\n")
    (tmp_path / "out.csv").write_text("postcode,latitude,longitude\nZZ9,51.0,-1.0\n")
    square = [[[0, 51], [1, 51], [1, 52], [0, 52], [0, 51]]]
    feature = {
        "properties": {"LAD13NM": "Zed, City of"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    (tmp_path / "b.geojson").write_text(json.dumps({"features": [feature]}))
    gazetteer = load_gazetteer(tmp_path / n for n in ("gb.txt", "out.csv", "b.geojson"))
    assert gazetteer.named("zzyzx")[0].radius_m == 1_200
    assert gazetteer.outcode("ZZ9") is not None
    assert gazetteer.outcode_at(51.001, -1.001) == "ZZ9"
    assert gazetteer.outcode_at(60.0, -20.0) is None
    assert gazetteer.named("zed")[0].kind == gazetteer.named("zed city of")[0].kind == "city"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "a.csv",
            HEADER + "E8 3DL,10,533594,184875,,\nE8 3DM,10,x,184875,,\n",
            r"a\.csv:3: column 3 \(easting\)",
        ),
        ("b.csv", OPEN_NAMES.replace("533594", "west"), r"b\.csv:1: column 9 \(GEOMETRY_X\): 'west'"),
        ("c.csv", "some,thing,else\n", r"c\.csv:1: 3 columns fit no known layout"),
        ("d.txt", "GB\tE8\tX\tE\tE\t\t\t\t\t51.5\n", "10 columns fit no known layout"),
        ("e.csv", "", "is empty"),
        ("f.geojson", "{", "is not JSON"),
        ("g.geojson", "{}", "no GeoJSON FeatureCollection"),
        ("h.geojson", '{"features": [{"properties": {"nm": "X"}, "geometry": null}]}', "feature 1"),
        ("i.csv", "name,kind,lat,lon\nX,planet,1,2\n", r"i\.csv:2: column 2 \(kind\): 'planet'"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SettingsError, match=says):
        load_gazetteer([tmp_path / name])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.csv"):
        load_gazetteer([tmp_path / "nothing.csv"])


def test_the_starter_knows_the_examples(gazetteer: SqliteGazetteer) -> None:
    for name in ("Ashwin Street", "Evan Cook Close", "Kenmure Street", "Lunar House", "Becket House"):
        assert gazetteer.named(name_key(name)), name
    assert gazetteer.outcode("E8")
    assert gazetteer.outcode("G41")


@pytest.mark.skipif(not GEODATA.exists(), reason=f"the shared test data is not at {GEODATA}")
def test_the_shared_geodata_loads_and_places() -> None:
    from services.router.decide.locate import Hints, locate
    from shared.contracts.reports import ReportContent

    files = [
        f for folder in ("boundaries", "postcodes", "gazetteer") for f in sorted((GEODATA / folder).iterdir())
    ]
    gazetteer = load_gazetteer(files)
    exact = gazetteer.postcode("E8 3DL")
    assert exact is not None
    assert (exact.lat, exact.lon) == pytest.approx((51.547, -0.0748), abs=1e-3)
    assert len(gazetteer.outcode_points("E8")) >= 100
    place = locate(
        ReportContent(text="immigration van, old kent road se15"), gazetteer, Hints(lambda _a, _b: False)
    ).place
    assert place is not None
    assert place.label.startswith("Old Kent Road")
    assert gazetteer.named("bristol")
