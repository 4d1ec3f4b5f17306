"""A tiny map in a PMTiles file: one colour a tile, made here, so that no test needs a real one."""

import struct
import zlib
from pathlib import Path
from typing import Any, Final

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from services.console.decide.map.tiles import tile_at

SOUTH_WEST, NORTH_EAST = (51.50, -0.13), (51.60, 0.0)
CREDIT: Final = '<a href="https://map.example/copyright" onclick="x()">&copy; Nobody &amp; friends</a>'


def png(grey: int = 200, *, side: int = 8) -> bytes:
    """A picture of one shade."""
    rows = b"".join(b"\0" + bytes([grey]) * side for _ in range(side))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def pmtiles(file: Path, *, zooms: range = range(8, 17), tile: bytes | None = None, **header: Any) -> Path:
    """The file, with a chessboard of tiles over London; `header` overrides what it says about itself."""
    tiles = {}
    for zoom in zooms:
        _, west, south = tile_at(zoom, *SOUTH_WEST)
        _, east, north = tile_at(zoom, *NORTH_EAST)
        for x in range(west, east + 1):
            for y in range(north, south + 1):
                tiles[zxy_to_tileid(zoom, x, y)] = tile or png(190 + 40 * ((x + y) % 2))
    with file.open("wb") as out:
        writer: Any = Writer(out)  # type: ignore[no-untyped-call]
        for number, body in sorted(tiles.items()):
            writer.write_tile(number, body)
        said = {
            "tile_type": TileType.PNG,
            "tile_compression": Compression.NONE,
            "min_zoom": zooms[0],
            "max_zoom": zooms[-1],
            "min_lat_e7": round(SOUTH_WEST[0] * 1e7),
            "min_lon_e7": round(SOUTH_WEST[1] * 1e7),
            "max_lat_e7": round(NORTH_EAST[0] * 1e7),
            "max_lon_e7": round(NORTH_EAST[1] * 1e7),
            **header,
        }
        writer.finalize(said, {"attribution": CREDIT})
    return file
