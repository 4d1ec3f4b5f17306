"""The hub's own map: what is served, and what is refused at the start, in one sentence with the remedy."""

import re
from pathlib import Path
from typing import Any

import pytest
from pmtiles.tile import Compression, TileType

from services.console.decide.map.tiles import tile_at
from services.console.tiles import Tiles
from shared.errors import SettingsError
from tests.rigs.tiles import pmtiles, png

HERE = (51.547, -0.0748)


def test_a_sound_file_gives_its_pictures_and_says_whom_it_is_owed_to(tmp_path: Path) -> None:
    tiles = Tiles.open(pmtiles(tmp_path / "london.pmtiles"))
    found = tiles.get(*tile_at(16, *HERE))
    assert found is not None
    assert found.startswith(b"\x89PNG")
    assert (tiles.content_type, tiles.credit) == ("image/png", "© Nobody & friends")
    assert (tiles.coverage.min_zoom, tiles.coverage.max_zoom) == (8, 16)
    for nowhere in ((16, 0, 0), (3, 0, 0), (17, 1, 1), (16, -1, 0), (16, 2**16, 0), (40, 1, 1)):
        assert tiles.get(*nowhere) is None
    tiles.close()


@pytest.mark.parametrize(
    ("header", "tile", "words"),
    [
        ({"tile_type": TileType.MVT}, None, "vector map"),
        ({"tile_type": TileType.UNKNOWN}, None, "neither PNG, JPEG nor WebP"),
        ({"tile_type": TileType.AVIF}, None, "neither PNG, JPEG nor WebP"),
        ({"tile_compression": Compression.GZIP}, None, "packed in a way"),
        ({"min_lat_e7": 400_000_000, "max_lat_e7": 410_000_000}, None, "no part of these islands"),
        ({}, b"\x1f\x8b\x08 not a picture", "holds no image/png pictures"),
        ({"tile_type": TileType.JPEG}, None, "holds no image/jpeg pictures"),
    ],
    ids=["vector", "unknown", "avif", "packed", "elsewhere", "no picture", "other pictures"],
)
def test_what_cannot_be_shown_is_refused_with_the_remedy(
    tmp_path: Path, header: dict[str, Any], tile: bytes | None, words: str
) -> None:
    file = pmtiles(tmp_path / "x.pmtiles", tile=tile, **header)
    with pytest.raises(SettingsError, match=words) as refused:
        Tiles.open(file)
    assert str(refused.value).startswith(f"RELAY_CONSOLE_TILES_FILE: {file} ")
    assert re.search(r"[Mm]ake", str(refused.value))


@pytest.mark.parametrize("cut", [0, 5, 100, 126, 400], ids=str)
def test_a_file_that_is_cut_off_or_none_is_refused(tmp_path: Path, cut: int) -> None:
    file = pmtiles(tmp_path / "x.pmtiles")
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(SettingsError, match="RELAY_CONSOLE_TILES_FILE"):
        Tiles.open(file)


def test_a_missing_file_a_folder_and_another_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html>" * 100)
    for name, words in (("none", "No such file"), (".", "is no file"), ("page.html", "no PMTiles file")):
        with pytest.raises(SettingsError, match=words):
            Tiles.open(tmp_path / name)


def test_a_file_that_is_spoilt_while_it_is_read_gives_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    file = pmtiles(tmp_path / "x.pmtiles")
    tiles = Tiles.open(file)
    with file.open("r+b") as out:
        out.truncate(200)
    assert tiles.get(*tile_at(15, 51.55, -0.05)) is None


@pytest.mark.parametrize(("kind", "begins"), [(TileType.JPEG, b"\xff\xd8\xff"), (TileType.WEBP, b"RIFF")])
def test_other_pictures_are_served_as_what_they_are(tmp_path: Path, kind: TileType, begins: bytes) -> None:
    tiles = Tiles.open(pmtiles(tmp_path / "x.pmtiles", tile=begins + png(), tile_type=kind))
    found = tiles.get(*tile_at(12, *HERE))
    assert found is not None
    assert found.startswith(begins)
