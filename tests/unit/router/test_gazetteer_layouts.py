"""Official layouts are told by their columns, and each line becomes the right kind of place."""

import contextlib
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import SettingsError
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import load_gazetteer
from shared.gazetteer.port import NamedPlace
from tests.unit.router.gazetteer_files import (
    CODE_POINT_HEADER,
    ONSPD_HEADER,
    borders,
    geoname,
    onspd,
    open_name,
    postal,
)


def load(tmp_path: Path, name: str, content: str) -> SqliteGazetteer:
    (tmp_path / name).write_text(content)
    return load_gazetteer([tmp_path / name])


def only(gazetteer: SqliteGazetteer, key: str) -> NamedPlace:
    (place,) = gazetteer.named(key)
    return place


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("codepoint.csv", CODE_POINT_HEADER + "XX1 2YY,10,533594,184875,,\n"),
        ("official.csv", '"XX12YY",10,533594,184875,"E92","","E18","","E09","E05"\n'),
        ("merged.csv", "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\nXX1 2YY,10,533594,184875,,,,,,\n"),
        ("named.csv", open_name("XX1 2YY", type="other", local="Postcode")),
        ("onspd.csv", ONSPD_HEADER + onspd("XX1 2YY", "51.54696", "-0.07476")),
        ("latlon.csv", "id,postcode,latitude,longitude\n1,XX1 2YY,51.54696,-0.07476\n"),
        ("gb_full.txt", postal("Dalston", "XX1 2YY", "6", ("51.54696", "-0.07476"))),
    ],
)
def test_a_full_postcode_comes_from_every_list(tmp_path: Path, name: str, content: str) -> None:
    found = load(tmp_path, name, content).postcode("XX1 2YY")
    assert found is not None
    assert (found.lat, found.lon) == pytest.approx((51.54696, -0.07476), abs=1e-4)


def test_postcodes_without_a_position_are_left_out_and_are_no_mistake(tmp_path: Path) -> None:
    lines = onspd("XX1 2YY", "99.999999", "0.000000") * 3 + onspd("XX1 2YZ", "51.5", "-0.1")
    found = load(tmp_path, "onspd.csv", ONSPD_HEADER + lines)
    assert found.postcode("XX1 2YY") is None
    assert found.postcode("XX1 2YZ") is not None


def test_a_postcode_given_up_is_known_but_counts_for_no_district(tmp_path: Path) -> None:
    lines = onspd("XX1 2YY", "51.5", "-0.1") + onspd("XX1 3ZZ", "53.0", "-2.0", ended="199606")
    found = load(tmp_path, "onspd.csv", ONSPD_HEADER + lines)
    assert found.postcode("XX1 3ZZ") is not None
    assert found.sector("XX1 3") is None
    assert found.outcode_points("XX1") == ((51.5, -0.1),)
    assert found.outcode_at(53.0, -2.0) is None


def test_a_postcode_in_use_wins_over_one_given_up_whatever_is_read_first(tmp_path: Path) -> None:
    live, ended = onspd("XX1 2YY", "51.5", "-0.1"), onspd("XX1 2YY", "53.0", "-2.0", ended="199606")
    for lines in (live + ended, ended + live):
        found = load(tmp_path, "onspd.csv", ONSPD_HEADER + lines).postcode("XX1 2YY")
        assert found is not None
        assert found.lat == 51.5


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"local": "Section Of Named Road"}, "street"),
        ({"local": "Railway Station"}, "station"),
        ({"local": "Bus Station"}, "station"),
        ({"local": "Airport"}, "landmark"),
        ({"type": "other", "local": "Hospital"}, "landmark"),
        ({"type": "populatedPlace", "local": "Suburban Area"}, "area"),
        ({"type": "populatedPlace", "local": "City"}, "city"),
        ({"type": "landcover", "local": "Urban Greenspace", "half": "100"}, "landmark"),
        ({"type": "landcover", "local": "Woodland Or Forest", "half": "2000"}, "area"),
    ],
)
def test_open_names_kinds(tmp_path: Path, more: dict[str, str], kind: str) -> None:
    assert only(load(tmp_path, "tile.csv", open_name("Zzyzx", **more)), "zzyzx").kind == kind


def test_open_names_with_extent_second_name_and_surroundings(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "names.csv.gz", "wt") as stream:
        stream.write(open_name("Zzyzx Road", name2="Ffordd Zzyzx", half="100"))
    gazetteer = load_gazetteer([tmp_path / "names.csv.gz"])
    place = only(gazetteer, "zzyzx road")
    assert (place.kind, place.area, place.borough, place.outcode) == ("street", "Dalston", "Hackney", "E8")
    assert place.radius_m == pytest.approx(141, abs=1)
    assert gazetteer.named("ffordd zzyzx") == (place,)


def test_a_folder_of_tiles_with_its_header_file_beside_them(tmp_path: Path) -> None:
    (tmp_path / "Data").mkdir()
    (tmp_path / "Doc").mkdir()
    (tmp_path / "Data" / "TQ28.csv").write_text("\ufeff" + open_name("Zzyzx Road"))
    (tmp_path / "Data" / "TQ48.csv").write_text(open_name("Yzzyx Road").replace("\n", "\r\n"))
    header = "ID,NAMES_URI,NAME1," + ",".join(f"C{n}" for n in range(31))
    (tmp_path / "Doc" / "OS_Open_Names_Header.csv").write_text(header)
    (tmp_path / "Doc" / "licence.txt").write_bytes(b"\xa9 Crown copyright")
    gazetteer = load_gazetteer([tmp_path])
    assert gazetteer.named("zzyzx road")
    assert gazetteer.named("yzzyx road")


def test_a_folder_without_a_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no"):
        load_gazetteer([tmp_path])


@pytest.mark.parametrize(
    ("line", "kind", "rank"),
    [
        (geoname("Zzyzx", "P.PPLC"), "city", 50),
        (geoname("Zzyzx", population="230000"), "city", 50),
        (geoname("Zzyzx", population="30000"), "area", 30),
        (geoname("Zzyzx", "P.PPLX", population="230000"), "area", 20),
        (geoname("Zzyzx", "A.ADM3"), "borough", 40),
        (geoname("Zzyzx", "S.RSTN"), "station", 10),
        (geoname("Zzyzx", "S.HSP"), "landmark", 10),
        (geoname("Zzyzx", "T.HLL"), "area", 5),
    ],
)
def test_geonames_kinds_and_ranks(tmp_path: Path, line: str, kind: str, rank: int) -> None:
    place = only(load(tmp_path, "GB.txt", line), "zzyzx")
    assert (place.kind, place.rank) == (kind, rank)


def test_geonames_other_names_in_latin_letters_only(tmp_path: Path) -> None:
    also = "Zzyzxham,ZYX,https://zzyzx.example,Ззйзкс,北京"
    gazetteer = load(tmp_path, "GB.txt", geoname("Zzyzx", also=also) + geoname("Zzzz", country="FR"))
    assert only(gazetteer, "zzyzxham").name == "Zzyzx"
    for absent in ("zyx", "https zzyzx example", "ззйзкс", "zzzz"):
        assert not gazetteer.named(absent), absent


def test_geonames_postal_knows_what_lies_only_at_its_districts_centre(tmp_path: Path) -> None:
    lines = postal("Zzyzx", "E8", "3", ("51.5", "-0.07")) + postal("Zzyzx", "E9", "4", ("51.51", "-0.08"))
    exact, rough = load(tmp_path, "GB.txt", lines).named("zzyzx")
    assert (exact.approximate, exact.radius_m, exact.outcode) == (False, 1_200, "E9")
    assert (rough.approximate, rough.radius_m, rough.outcode) == (True, 3_000, "E8")
    assert exact.rank > rough.rank


def test_own_places_are_preferred(tmp_path: Path) -> None:
    (tmp_path / "tile.csv").write_text(open_name("Zzyzx Road"))
    (tmp_path / "own.csv").write_text("name,kind,lat,lon\nZzyzx Road,street,55.0,-4.0\n")
    first, second = load_gazetteer([tmp_path / "tile.csv", tmp_path / "own.csv"]).named("zzyzx road")
    assert first.rank > second.rank
    assert first.lat == 55.0


def test_boundaries_are_places_and_borders(tmp_path: Path) -> None:
    whole, part = ("Zed, City of", 0.0, 51.0, 1.0, 52.0), ("Wye", 0.4, 51.4, 0.6, 51.6)
    gazetteer = load(tmp_path, "b.geojson", borders(whole, part))
    assert only(gazetteer, "zed city of") == only(gazetteer, "zed")
    assert (only(gazetteer, "zed").kind, only(gazetteer, "wye").kind) == ("city", "borough")
    assert gazetteer.area_at(51.5, 0.5) == "Wye"
    assert gazetteer.area_at(51.1, 0.1) == "Zed"
    assert gazetteer.area_at(50.0, 0.1) is None


def test_boundaries_in_metres_of_the_national_grid(tmp_path: Path) -> None:
    gazetteer = load(tmp_path, "b.geojson", borders(("Zed", 533_000, 184_000, 534_000, 185_000)))
    assert gazetteer.area_at(51.547, -0.0748) == "Zed"


def test_outcodes(tmp_path: Path) -> None:
    gazetteer = load(tmp_path, "out.csv", "postcode,latitude,longitude\nZZ9,51.0,-1.0\n")
    assert gazetteer.outcode("ZZ9") is not None
    assert gazetteer.outcode_at(51.001, -1.001) == "ZZ9"
    assert gazetteer.outcode_at(60.0, -20.0) is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "a.csv",
            CODE_POINT_HEADER + "E8 3DL,10,533594,184875,,\nE8 3DM,10,x,184875,,\n",
            r"a\.csv:3: column 3 \(easting\)",
        ),
        ("b.csv", open_name(x="west"), r"b\.csv:1: column 9 \(GEOMETRY_X\): 'west'"),
        ("c.csv", "some,thing,else\n", r"c\.csv:1: 3 columns fit no known layout"),
        ("d.txt", "GB\tE8\tX\tE\tE\t\t\t\t\t51.5\n", "10 columns fit no known layout"),
        ("e.csv", "", "is empty"),
        ("f.geojson", "{", r"f\.geojson:1: column 2: is not JSON"),
        ("g.geojson", "{}", "no GeoJSON FeatureCollection"),
        ("h.geojson", '{"features": [{"properties": {"nm": "X"}, "geometry": null}]}', "feature 1"),
        ("i.csv", "name,kind,lat,lon\nX,planet,1,2\n", r"i\.csv:2: column 2 \(kind\): 'planet'"),
        ("j.csv", "name,kind,lat,lon\n,street,1,2\n", r"j\.csv:2: column 1 \(name\)"),
        ("k.csv", "name,kind,lat,lon\nX,street,91,2\n", r"column 3 \(lat\): '91' is not between -90 and 90"),
        ("l.csv", "name,kind,lat,lon\nX,street,nan,2\n", r"column 3 \(lat\)"),
        ("m.csv", "name,kind,lat,lon\nX,street\n", "column 2: the line ends here"),
        (
            "n.csv",
            open_name("X1", type="other", local="Postcode"),
            r"column 3 \(NAME1\): 'X1' is no postcode",
        ),
        ("o.csv", ONSPD_HEADER + onspd("XX1 2YY", "north", "0"), r"o\.csv:2: column 10 \(lat\)"),
        ("p.txt", geoname("X", lat="?"), r"p\.txt:1: column 5 \(latitude\)"),
        ("q.txt", postal("X", at=("51", "east")), r"q\.txt:1: column 11 \(longitude\)"),
        ("r.csv", "name,kind,lat,lon\n\udcff,street,1,2\n", r"r\.csv:2: column 1 \(name\): .* is not UTF-8"),
        ("s.csv.gz", "not gzipped", r"s\.csv\.gz: cannot be read"),
    ],
)
def test_a_wrong_line_is_named_by_file_line_and_column(
    tmp_path: Path, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match=says):
        load_gazetteer([tmp_path / name])


VALID = {
    "tile.csv": open_name("Zed Road", half="90") * 30 + open_name("XX1 2YY", local="Postcode"),
    "codepoint.csv": CODE_POINT_HEADER + "XX1 2YY,10,533594,184875,,\n" * 30,
    "onspd.csv": ONSPD_HEADER + onspd("XX1 2YY", "51.5", "-0.1") * 30,
    "GB.txt": geoname("Zed", also="Zedham", population="12000") * 30,
    "postal.txt": postal("Zed") * 30,
    "own.csv": "name,kind,lat,lon,radius_m\n" + "Zed,street,51.5,-0.1,80\n" * 30,
    "b.geojson": borders(("Zed", 0.0, 51.0, 1.0, 52.0)),
}

DAMAGE = [b'"', b"\n", b",", b"\t", b"\0", b"1e999", b"nan", b"9" * 5_000]


@given(
    name=st.sampled_from(sorted(VALID)),
    at=st.integers(0, 5_000),
    put=st.binary(max_size=8)
    | st.sampled_from([b'"', b"\n", b",", b"\t", b"\0", b"1e999", b"nan", b"9" * 5_000]),
    cut=st.integers(0, 40),
)
def test_a_damaged_file_is_read_or_refused_but_never_breaks_the_import(
    tmp_path_factory: pytest.TempPathFactory, name: str, at: int, put: bytes, cut: int
) -> None:
    content = VALID[name].encode()
    at %= len(content)
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(content[:at] + put + content[at + cut :])
    with contextlib.suppress(SettingsError):
        load_gazetteer([path])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.csv"):
        load_gazetteer([tmp_path / "nothing.csv"])
