"""The map that a hub holds itself: one PMTiles file of pictures, read here and served from our own origin.

Guarantees: a file that cannot be shown stops the start with one sentence that says why and what to do; what
is served is a picture of the kind that the file promises, or nothing. No map is asked of anybody else.
"""

import html
import os
import re
import stat
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog
from pmtiles.reader import Reader
from pmtiles.tile import (
    Compression,
    HeaderDict,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
)

from services.console.decide.map.tiles import Coverage, tile_at
from shared.areas import LATITUDES, LONGITUDES
from shared.errors import SettingsError

log = structlog.get_logger()

_KINDS: Final = {
    TileType.PNG: ("image/png", b"\x89PNG"),
    TileType.JPEG: ("image/jpeg", b"\xff\xd8\xff"),
    TileType.WEBP: ("image/webp", b"RIFF"),
}
_VECTOR: Final = frozenset({TileType.MVT, TileType.MLT})
_DEGREES: Final = 1e-7
_KEPT: Final = 256
_MOST_BYTES: Final = 200_000
_MOST_CREDIT: Final = 200
_TAG: Final = re.compile(r"<[^>]*>")
_UNREADABLE: Final = (OSError, ValueError, EOFError, LookupError, OverflowError, TypeError, AttributeError)
_AS_THEY_ARE: Final = frozenset({Compression.NONE, Compression.UNKNOWN})
_MOST_ZOOM: Final = 22
_ISLANDS: Final = (LONGITUDES[0], LATITUDES[0], LONGITUDES[1], LATITUDES[1])
_MAKE: Final = "Make a raster map of your area as PMTiles (PNG, JPEG or WebP; docs/operating/maps.md)"


class Tiles:
    """One file of tiles, open."""

    def __init__(self, number: int, size: int) -> None:
        """Over an open file of that size. Raises `SettingsError` with what is wrong and the remedy."""
        self._number = number
        self._reader: Any = Reader(self._bytes)  # type: ignore[no-untyped-call]
        header = _sound(self._header(), size)
        self.content_type, self._begins = _KINDS[header["tile_type"]]
        self.coverage = _coverage(header)
        self.credit = self._credit()
        """Whom the map is owed to, in the file's own words."""
        self.get: Callable[[int, int, int], bytes | None] = lru_cache(_KEPT)(self._get)
        if not self._holds_one():
            raise SettingsError(f"holds no {self.content_type} pictures, though it says so. {_MAKE}.")

    @classmethod
    def open(cls, file: Path) -> "Tiles":
        """The file, checked. Raises `SettingsError` that names it, what is wrong and the remedy."""
        try:
            number = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            why = f"cannot be read ({error.strerror}); correct the path, or take the setting away."
            raise SettingsError(f"RELAY_CONSOLE_TILES_FILE: {file} {why}") from None
        try:
            found = cls(number, _size(number))
        except (SettingsError, OSError) as error:
            os.close(number)
            raise SettingsError(f"RELAY_CONSOLE_TILES_FILE: {file} {error}") from None
        log.info(
            "tiles_opened",
            file=str(file),
            kind=found.content_type,
            zooms=(found.coverage.min_zoom, found.coverage.max_zoom),
        )
        return found

    def close(self) -> None:
        """Let the file go. Nothing may be asked after."""
        os.close(self._number)

    def _bytes(self, offset: int, length: int) -> bytes:
        # Not mapped into memory: a file that is cut short while it is read would end the process.
        return os.pread(self._number, length, offset)

    def _header(self) -> HeaderDict:
        try:
            found: HeaderDict = self._reader.header()
        except MagicNumberNotFound:
            raise SettingsError(f"is no PMTiles file. {_MAKE}.") from None
        except (SpecVersionUnsupported, *_UNREADABLE):
            raise SettingsError("is no PMTiles file of version 3, or damaged; make it anew.") from None
        return found

    def _credit(self) -> str:
        """What the file asks to be said of its makers, as plain words."""
        try:
            said = self._reader.metadata().get("attribution")
        except _UNREADABLE:
            return ""
        return " ".join(html.unescape(_TAG.sub(" ", str(said or ""))).split())[:_MOST_CREDIT]

    def _holds_one(self) -> bool:
        """Whether one of its tiles is a picture: a promise is looked at before anybody relies on it."""
        west, south, east, north = self.coverage.box
        lat, lon = (south + north) / 2, (west + east) / 2
        zooms = range(self.coverage.max_zoom, self.coverage.min_zoom - 1, -1)
        return any(self._get(*tile_at(zoom, lat, lon)) for zoom in zooms)

    def _get(self, z: int, x: int, y: int) -> bytes | None:
        """The picture of that tile; None where the file holds none, or what it holds is no such picture."""
        if not (self.coverage.min_zoom <= z <= self.coverage.max_zoom and 0 <= x < 2**z and 0 <= y < 2**z):
            return None
        try:
            found: bytes | None = self._reader.get(z, x, y)
        except _UNREADABLE:
            log.warning("tile_unreadable", zoom=z)
            return None
        sound = found and len(found) <= _MOST_BYTES and found.startswith(self._begins)
        return found if sound else None


def _size(number: int) -> int:
    """The file's size; raises `SettingsError` for a folder and the like."""
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        raise SettingsError(f"is no file. {_MAKE}.")
    return found.st_size


def _sound(header: HeaderDict, size: int) -> HeaderDict:
    """The header of a file that can be shown; raises `SettingsError` with what is wrong."""
    if header["tile_type"] in _VECTOR:
        raise SettingsError(f"is a vector map; only pictures are shown, so that cheap phones can. {_MAKE}.")
    if header["tile_type"] not in _KINDS:
        raise SettingsError(f"holds neither PNG, JPEG nor WebP. {_MAKE}.")
    if (
        header["internal_compression"] is not Compression.GZIP
        or header["tile_compression"] not in _AS_THEY_ARE
    ):
        raise SettingsError(
            "is packed in a way that is not read here; make it anew with the usual gzip index."
        )
    if header["tile_data_offset"] + header["tile_data_length"] > size:
        raise SettingsError("is cut off; copy it again, whole.")
    if header["max_zoom"] > _MOST_ZOOM or not _coverage(header).meets(_ISLANDS):
        raise SettingsError(f"shows no part of these islands. {_MAKE}.")
    return header


def _coverage(header: HeaderDict) -> Coverage:
    west, south = header["min_lon_e7"] * _DEGREES, header["min_lat_e7"] * _DEGREES
    east, north = header["max_lon_e7"] * _DEGREES, header["max_lat_e7"] * _DEGREES
    return Coverage(header["min_zoom"], header["max_zoom"], (west, south, east, north))
