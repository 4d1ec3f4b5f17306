"""An import: wrong lines are named, the rest is taken, and too much wrong leaves the old file live."""

import gzip
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from shared.errors import SettingsError
from shared.gazetteer import importing
from shared.gazetteer.importing import import_gazetteer
from shared.gazetteer.load import load_gazetteer, open_gazetteer
from tests.unit.router.gazetteer_files import borders, geoname, open_name

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(relay, ["gazetteer", *map(str, args)])


def tile(folder: Path, *, good: int, wrong: tuple[str, ...] = (), name: str = "TQ28.csv") -> Path:
    lines = [open_name(f"Zed{n} Road") for n in range(good)]
    lines[good // 2 : good // 2] = wrong
    (folder / name).write_bytes("".join(lines).encode("utf-8", "surrogateescape"))
    return folder / name


WRONG = (
    open_name(x="west"),
    "osgb7,,cut off\n",
    open_name('"never closed'),
    open_name("not \udce9 UTF-8"),
)


def test_wrong_lines_are_named_and_the_rest_is_imported(tmp_path: Path) -> None:
    file, out = tile(tmp_path, good=600, wrong=WRONG), tmp_path / "gazetteer.db"
    result = run("import", file, "--out", out)
    assert result.exit_code == 0, result.output
    assert "4 of 604 rows are wrong" in result.output
    assert f"{file}:301: column 9 (GEOMETRY_X): 'west' is not a number" in result.output
    assert f"{file}:302: column 3: the line ends here" in result.output
    assert f"{file}:303: column " in result.output
    assert f"{file}:304: column 3 (NAME1): 'not \ufffd UTF-8' is not UTF-8 text." in result.output
    gazetteer = open_gazetteer(out, check=True)
    assert all(gazetteer.named(f"zed{n} road") for n in range(600))


def test_more_than_one_per_cent_wrong_leaves_the_old_file_live(tmp_path: Path) -> None:
    out = tmp_path / "gazetteer.db"
    assert run("import", tile(tmp_path, good=10), "--out", out).exit_code == 0
    before, old = out.read_bytes(), open_gazetteer(out)
    bad = tile(tmp_path, good=300, wrong=WRONG, name="bad.csv")
    result = run("import", tile(tmp_path, good=1_000), bad, "--out", out)
    assert result.exit_code == 1
    assert f"{bad}: 4 of 304 rows are wrong, more than 1 %; {out} stays as it was." in result.output
    assert f"{bad}:151: column 9 (GEOMETRY_X)" in result.output
    assert out.read_bytes() == before
    assert old.named("zed9 road")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["TQ28.csv", "bad.csv", "gazetteer.db"]


def test_json_says_the_same(tmp_path: Path) -> None:
    out = tmp_path / "gazetteer.db"
    good, bad = (
        tile(tmp_path, good=400, wrong=WRONG[:1]),
        tile(tmp_path, good=10, wrong=WRONG[:1], name="b.csv"),
    )
    result = run("import", good, "--out", out, "--json")
    found = json.loads(result.stdout)
    assert (found["replaced"], found["rows"], found["wrong"]) == (True, 401, 1)
    assert found["kinds"]["street"] >= 400
    assert found["files"][0]["layout"] == "OS Open Names"
    assert found["files"][0]["first_wrong"][0].startswith(f"{good}:201: column 9")
    assert json.loads(run("import", bad, "--out", out, "--json").stdout)["replaced"] is False


def test_progress_goes_to_standard_error_file_by_file(tmp_path: Path) -> None:
    result = run("import", tile(tmp_path, good=10), "--out", tmp_path / "g.db")
    assert "sorting names" in result.stderr
    assert "sorting names" not in result.stdout
    assert "rows" in result.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"a,b\n", "fit no known layout"),
        (gzip.compress(b"x" * 9_999, mtime=0)[:40], "cannot be read"),
    ],
)
def test_a_file_that_is_no_gazetteer_stops_the_import(tmp_path: Path, content: bytes, says: str) -> None:
    out, bad = tmp_path / "gazetteer.db", tmp_path / ("bad.csv.gz" if says == "cannot be read" else "bad.csv")
    run("import", tile(tmp_path, good=10), "--out", out)
    before = out.read_bytes()
    bad.write_bytes(content)
    result = run("import", bad, "--out", out)
    assert result.exit_code == 2
    assert says in result.output
    assert out.read_bytes() == before


def test_a_broken_first_line_does_not_hide_the_layout(tmp_path: Path) -> None:
    file = tmp_path / "tile.csv"
    file.write_text("osgb7,,cut off\n" + "".join(open_name(f"Zed{n} Road") for n in range(200)))
    imported = import_gazetteer([file], tmp_path / "g.db", now=NOW)
    assert [read.named_mistakes for read in imported.files] == [
        [f"{file}:1: column 3: the line ends here, before column 34; complete it."]
    ]
    assert not imported.refused


def test_a_wrong_border_among_many_is_left_out(tmp_path: Path) -> None:
    document = json.loads(borders(*((f"Zed{n}", n / 10, 51.0, n / 10 + 0.1, 51.1) for n in range(120))))
    document["features"][7]["geometry"]["coordinates"] = "nowhere"
    (tmp_path / "b.geojson").write_text(json.dumps(document))
    imported = import_gazetteer([tmp_path / "b.geojson"], tmp_path / "g.db", now=NOW)
    assert imported.files[0].named_mistakes == [
        f"{tmp_path}/b.geojson:feature 8: its geometry cannot be read."
    ]
    assert open_gazetteer(tmp_path / "g.db").area_at(51.05, 5.05) == "Zed50"


def test_an_import_that_dies_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, file = tmp_path / "gazetteer.db", tile(tmp_path, good=10)
    import_gazetteer([file], out, now=NOW)
    before = out.read_bytes()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "_put_in_place", die)
    with pytest.raises(KeyboardInterrupt):
        import_gazetteer([file], out, now=NOW)
    assert out.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["TQ28.csv", "gazetteer.db"]


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        import_gazetteer([tile(tmp_path, good=10)], tmp_path / "no" / "folder.db", now=NOW)


def test_the_file_says_what_it_is_made_of(tmp_path: Path) -> None:
    file, out = tmp_path / "GB.txt", tmp_path / "g.db"
    file.write_text(geoname("Zed"))
    import_gazetteer([file], out, now=NOW)
    meta = open_gazetteer(out).meta
    assert meta["built_at"] == "2026-11-27T12:00:00+00:00"
    assert json.loads(meta["sources"]) == [{"file": "GB.txt", "layout": "GeoNames places", "rows": 1}]
    assert int(meta["count.area"]) > 1


def test_a_trial_may_take_the_file_that_was_made(tmp_path: Path) -> None:
    file, out = tile(tmp_path, good=10), tmp_path / "g.db"
    import_gazetteer([file], out, now=NOW)
    assert load_gazetteer([out]).named("zed9 road")
    with pytest.raises(SettingsError, match=r"g\.db"):
        load_gazetteer([out, file])


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be read as one" * 50])
def test_what_is_no_gazetteer_is_not_opened(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.db").write_bytes(content)
    with pytest.raises(SettingsError, match=r"g\.db: is no (sound )?gazetteer file"):
        open_gazetteer(tmp_path / "g.db")


def test_another_version_is_not_opened(tmp_path: Path) -> None:
    out = tmp_path / "g.db"
    import_gazetteer([tile(tmp_path, good=10)], out, now=NOW)
    with sqlite3.connect(out) as db:
        db.execute("UPDATE meta SET value = '0' WHERE name = 'version'")
    db.close()
    with pytest.raises(SettingsError, match="of version 0"):
        open_gazetteer(out)


@pytest.mark.parametrize(
    ("asked", "field", "expected"),
    [
        ("zed3 road", "named", "Zed3 Road"),
        ("ashwin", "shortened", "Ashwin Street"),
        ("aswhin street", "similar", "Ashwin Street"),
        ("51.5469,-0.0748", "nearest", "Zed0 Road"),
    ],
)
def test_lookup(tmp_path: Path, asked: str, field: str, expected: str) -> None:
    out = tmp_path / "g.db"
    run("import", tile(tmp_path, good=10), "--out", out)
    found = json.loads(run("lookup", asked, "--file", out, "--json").stdout)
    assert expected in [place["name"] for place in found[field]]
    shown = run("lookup", asked, "--file", out)
    assert shown.exit_code == 0
    assert expected.split(" ", maxsplit=1)[0] in shown.output


def test_lookup_of_a_district_and_of_nothing() -> None:
    assert json.loads(run("lookup", "e8", "--json").stdout)["outcode"] == "E8"
    assert run("lookup", "E8").exit_code == 0
    nothing = run("lookup", "no such place")
    assert nothing.exit_code == 1
    assert "knows nothing of 'no such place'" in nothing.output
