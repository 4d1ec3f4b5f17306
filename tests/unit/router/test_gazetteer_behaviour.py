"""What every gazetteer does: the same suite on one in memory and on one in a file."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.gazetteer.importing import import_gazetteer
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.keys import name_key
from shared.gazetteer.load import gazetteer_of, load_gazetteer, open_gazetteer
from shared.gazetteer.port import Gazetteer, NamedPlace
from shared.gazetteer.rows import Rows
from shared.geo import distance_m
from tests.unit.router.gazetteer_files import (
    GEODATA,
    NO_GEODATA,
    ONSPD_HEADER,
    borders,
    geoname,
    onspd,
    open_name,
    postal,
)

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def write_files(folder: Path) -> list[Path]:
    """A small country: roads, a station, areas, postcodes and borders around 51.5, -0.1."""
    streets = ["Zellwin Street", "Zorsland Road", "Zorsland High Street", "Zare Street", "Quorn & Thistle"]
    roads = [open_name(name, x=str(530_000 + 200 * n), y="180000") for n, name in enumerate(streets)]
    twice = [open_name("Zorsland Road", x="533000", y="183000", place="Elsewhere")]
    station = [open_name("Zalston Zingsland", local="Railway Station", x="531000", y="181000")]
    codes = [
        onspd(f"ZZ1 {n % 3}{'ABDEFGHJLN'[n // 3]}{a}", f"51.5{n:02}", "-0.1")
        for n in range(30)
        for a in "ABDEFGH"
    ]
    contents = {
        "tile.csv": "".join(roads + twice + station),
        "GB.txt": geoname("Zewport", "P.PPL", population="150000") + geoname("Zewport", lat="53.0"),
        "postal.txt": postal("Zackney", "ZZ1", "3") + postal("Zackney", "ZZ1", "4"),
        "onspd.csv": ONSPD_HEADER + "".join(codes),
        "out.csv": "postcode,latitude,longitude\nZZ8,52.0,-1.0\n",
        "borders.geojson": borders(("Zone", -0.3, 51.4, 0.1, 51.6), ("Zonelet", -0.2, 51.45, 0.0, 51.55)),
    }
    for name, content in contents.items():
        (folder / name).write_text(content)
    return [folder / name for name in contents]


@pytest.fixture(scope="module", params=["memory", "file"])
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SqliteGazetteer:
    folder = tmp_path_factory.mktemp("gazetteer")
    files = write_files(folder)
    if request.param == "memory":
        return load_gazetteer(files)
    import_gazetteer(files, folder / "gazetteer.db", now=NOW)
    return open_gazetteer(folder / "gazetteer.db", check=True)


def names(places: Sequence[NamedPlace]) -> list[str]:
    return [place.name for place in places]


def test_it_is_a_gazetteer(known: Gazetteer) -> None:
    assert hash(known) == hash(known)
    assert 4 <= known.longest_name <= 8
    assert known.outcode("E8") is not None, "the starter places lie underneath"
    assert known.named("ashwin street")


def test_a_name_is_found_by_its_key_and_by_what_else_it_is_called(known: Gazetteer) -> None:
    assert names(known.named("zellwin street")) == ["Zellwin Street"]
    assert (
        names(known.named("quorn thistle")) == names(known.named("quorn and thistle")) == ["Quorn & Thistle"]
    )
    for said in ("zalston zingsland", "zalston zingsland station", "zalston zingsland overground"):
        assert names(known.named(said)) == ["Zalston Zingsland"]
    assert known.named("zellwin") == known.named("Zellwin Street") == known.named("") == ()


def test_places_of_one_name_come_by_rank_then_as_they_were_read(known: Gazetteer) -> None:
    assert [place.area for place in known.named("zorsland road")] == ["Dalston", "Elsewhere"]
    assert [place.kind for place in known.named("zewport")] == ["city", "area"]
    assert [place.approximate for place in known.named("zackney")] == [False, True]


def test_what_a_name_begins_with(known: Gazetteer) -> None:
    assert known.begins("zellwin")
    assert known.begins("zorsland")
    for word in ("street", "Zellwin", "zell", "", "immigration"):
        assert not known.begins(word), word


def test_a_name_without_its_last_generic_word(known: Gazetteer) -> None:
    assert names(known.shortened("zellwin")) == ["Zellwin Street"]
    assert names(known.shortened("zorsland")) == ["Zorsland High Street", "Zorsland Road", "Zorsland Road"]
    assert names(known.shortened("zalston zingsland")) == ["Zalston Zingsland"]
    assert known.shortened("zellwin street") == known.shortened("street") == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("zelwin street", "Zellwin Street"),
        ("zellwni street", "Zellwin Street"),
        ("zelllwin street", "Zellwin Street"),
        ("zellwin steet", "Zellwin Street"),
        ("zellwinstreet", "Zellwin Street"),
        ("zell win street", "Zellwin Street"),
        ("zel wyn street", "Zellwin Street"),
        ("zors land road", "Zorsland Road"),
        ("zorslnad high street", "Zorsland High Street"),
        ("zorslend hgih street", "Zorsland High Street"),
        ("zayor street", "Zare Street"),
        ("zewprot", "Zewport"),
        ("zalstone zingsland station", "Zalston Zingsland"),
    ],
)
def test_a_misspelt_name_is_found(known: Gazetteer, said: str, meant: str) -> None:
    found = known.similar(said)
    assert found, said
    assert found[0][1].name == meant
    assert all(85 <= score < 100 for score, _ in found)
    assert [score for score, _ in found] == sorted((score for score, _ in found), reverse=True)


@pytest.mark.parametrize("said", ["zellwin street", "they are here", "van", "", "zellwin", "levana close"])
def test_another_name_is_no_misspelling(known: Gazetteer, said: str) -> None:
    assert not [place for _, place in known.similar(said) if place.name.startswith("Z")]


def test_at_most_thirty_are_similar() -> None:
    many = [NamedPlace("Church Road", "street", 51 + n / 100, -0.1, 100) for n in range(50)]
    found = gazetteer_of(Rows(names=many)).similar("chruch road")
    assert len(found) == 30


def test_postcodes_sectors_and_districts(known: Gazetteer) -> None:
    code, sector, district = known.postcode("ZZ1 0AA"), known.sector("ZZ1 0"), known.outcode("ZZ1")
    assert code is not None
    assert sector is not None
    assert district is not None
    assert (code.lat, code.lon, code.radius_m) == (51.5, -0.1, 100)
    assert sector.radius_m >= 250
    assert district.radius_m >= 900
    assert known.outcode("ZZ1 0") is known.sector("ZZ1") is known.postcode("ZZ1") is None
    assert known.postcode("zz1 0aa") is None


def test_a_districts_addresses_are_few_and_spread() -> None:
    codes = {
        f"ZZ1 {n % 10}{chr(65 + n // 10 % 26)}{chr(65 + n // 260)}": (51.0, n / 1000) for n in range(599)
    }
    points = gazetteer_of(Rows(postcodes=codes)).outcode_points("ZZ1")
    assert 150 <= len(points) <= 200
    assert len(set(points)) == len(points)


def test_what_is_near_a_point(known: Gazetteer) -> None:
    road = known.named("zellwin street")[0]
    nearest = known.nearest(road.lat + 0.0002, road.lon, 200)
    assert nearest == road
    assert known.nearest(road.lat + 0.0002, road.lon, 5) is None
    assert known.outcode_at(51.51, -0.1001) == "ZZ1"
    assert known.outcode_at(52.01, -1.01) == "ZZ8"
    assert known.outcode_at(58.0, -6.0) is None
    assert known.area_at(51.5, -0.1) == "Zonelet"
    assert known.area_at(51.41, -0.29) == "Zone"


def test_only_streets_landmarks_and_stations_name_a_point() -> None:
    rows = Rows()
    rows.add(NamedPlace("Zed", "area", 51.5, -0.1, 1_000))
    rows.add(NamedPlace("Wye (North)", "landmark", 51.505, -0.1, 100))
    nearest = gazetteer_of(rows).nearest(51.5, -0.1, 2_000)
    assert nearest is not None
    assert nearest.name == "Wye (North)"


anything = (
    st.text()
    | st.text(alphabet="abz 'é\ud800\0", max_size=20)
    | st.sampled_from(["E8", "E8 3DL", "zed road"])
)
number = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-200, 200)


@given(text=anything)
def test_no_text_raises(known: SqliteGazetteer, text: str) -> None:
    for key in (text, name_key(text)):
        known.begins(key)
        known.named(key)
        known.shortened(key)
        assert all(85 <= score <= 100 for score, _ in known.similar(key))
        known.postcode(key)
        known.sector(key)
        known.outcode(key)
        assert len(known.outcode_points(key)) <= 200


@given(lat=number, lon=number, within=number)
def test_no_point_raises(known: SqliteGazetteer, lat: float, lon: float, within: float) -> None:
    known.outcode_at(lat, lon)
    known.area_at(lat, lon)
    known.nearest(lat, lon, within)


@given(slips=st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abekz ")), max_size=3))
def test_what_is_similar_is_never_the_name_itself(
    known: SqliteGazetteer, slips: list[tuple[int, str]]
) -> None:
    said = "zellwin street"
    for at, letter in slips:
        said = said[:at] + letter + said[at + 1 :]
    exact = known.named(said)
    assert not any(place in exact for _, place in known.similar(said))


def test_an_index_does_not_depend_on_the_seed_of_hashes(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    code = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path; "
        "from shared.gazetteer.importing import import_gazetteer; "
        "files = [Path(p) for p in sys.argv[2:]]; now = datetime(2026, 1, 1, tzinfo=UTC); "
        "import_gazetteer(files, Path(sys.argv[1]), now=now)"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, str(tmp_path / f"{seed}.db"), *map(str, files)]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed})
    assert (tmp_path / "1.db").read_bytes() == (tmp_path / "2.db").read_bytes()


@pytest.mark.skipif(not GEODATA.exists(), reason=NO_GEODATA)
def test_the_shared_geodata_loads_and_places() -> None:
    from services.router.decide.clues import Hints
    from services.router.decide.locate import locate
    from shared.contracts.reports import ReportContent

    gazetteer = load_gazetteer([GEODATA / folder for folder in ("boundaries", "postcodes")])
    assert gazetteer.named("bristol")
    assert gazetteer.area_at(51.547, -0.0748) == "Hackney"
    exact = gazetteer.postcode("E8 3DL")
    assert exact is not None
    assert (exact.lat, exact.lon) == pytest.approx((51.547, -0.0748), abs=1e-3)
    assert 100 <= len(gazetteer.outcode_points("E8")) <= 200
    names_file, postal_file = (
        GEODATA / "gazetteer" / n for n in ("places_opennames.csv", "geonames_postal_GB.txt")
    )
    gazetteer = load_gazetteer([names_file, postal_file])
    found = locate(
        ReportContent(text="immigration van, old kent road se15"), gazetteer, Hints(lambda _a, _b: False)
    )
    assert found.place is not None
    assert found.place.label.startswith("Old Kent Road")
    assert gazetteer.similar("kingslnad road")[0][1].name == "Kingsland Road"
    assert gazetteer.named(name_key("dalston kingsland overground"))


def test_the_starter_knows_the_examples(gazetteer: SqliteGazetteer) -> None:
    for name in ("Ashwin Street", "Evan Cook Close", "Kenmure Street", "Lunar House", "Becket House"):
        assert gazetteer.named(name_key(name)), name
    assert gazetteer.outcode("E8")
    assert gazetteer.outcode("G41")


def test_what_lies_around_comes_nearest_first_and_each_name_once() -> None:
    long = [NamedPlace("Long Road", "street", 51.5 + n / 1_000, -0.1, 50) for n in range(5)]
    near = NamedPlace("Near Station", "station", 51.5005, -0.1, 50)
    town = NamedPlace("Town", "area", 51.5, -0.1, 900)
    known = gazetteer_of(Rows(names=[*long, near, town]))
    assert names(known.around(51.5, -0.1, 2_000, 9)) == ["Long Road", "Near Station"]
    assert known.around(51.5, -0.1, 2_000, 9)[0].lat == 51.5
    assert names(known.around(51.5, -0.1, 2_000, 1)) == ["Long Road"]
    assert names(known.around(51.5, -0.1, 30, 9)) == ["Long Road"]
    for nowhere in ((0.0, 0.0, 1_000.0), (float("nan"), 0.0, 1_000.0), (51.5, -0.1, 0.0), (99.0, 0.0, 1.0)):
        assert known.around(*nowhere, 9) == ()


ROADS = [
    NamedPlace(f"Road {n}", "street", 51.49 + (n * 37 % 101) / 5_000, -0.11 + (n * 61 % 97) / 4_850, 50)
    for n in range(80)
]
KNOWN_ROADS = gazetteer_of(Rows(names=ROADS))


@given(st.floats(51.49, 51.51), st.floats(-0.11, -0.09), st.integers(1, 12))
def test_the_nearest_are_those_that_measuring_all_would_find(lat: float, lon: float, most: int) -> None:
    found = KNOWN_ROADS.around(lat, lon, 1_500, most)
    measured = sorted(distance_m(lat, lon, p.lat, p.lon) for p in ROADS)
    reached = [metres for metres in measured if metres <= 1_495][:most]
    assert [distance_m(lat, lon, p.lat, p.lon) for p in found][: len(reached)] == pytest.approx(
        reached, abs=1.0
    )


def test_districts_are_known_without_their_sectors(known: Gazetteer) -> None:
    assert "ZZ1" in known.districts
    assert not [code for code in known.districts if " " in code]
