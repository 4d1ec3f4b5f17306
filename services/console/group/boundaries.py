"""The boundaries that an operator keeps beside the hub (boroughs, wards), to pick an area from by name."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from shapely.geometry.base import BaseGeometry

from shared.areas import AreaError, from_geojson

log = structlog.get_logger()


def names_in(file: Path | None) -> list[str]:
    """The names to pick from, sorted; none without a file."""
    return sorted(_read(file), key=str.casefold)


def shapes_called(names: Sequence[str], file: Path | None) -> list[BaseGeometry]:
    """The areas of these names; raises `AreaError` if one is not there or none is named."""
    known = _read(file)
    if not names or any(name not in known for name in names):
        raise AreaError("no_borough", "Choose a borough from the list.")
    return [from_geojson(name, known[name]) for name in names]


def shapes_in(file: Path | None) -> Mapping[str, BaseGeometry]:
    """All areas by name, for drawing; what is broken is left out."""
    return {} if file is None else _shapes(file, tuple(names_in(file)))


@lru_cache(maxsize=1)
def _shapes(file: Path, names: tuple[str, ...]) -> Mapping[str, BaseGeometry]:
    found: dict[str, BaseGeometry] = {}
    for name in names:
        try:
            (found[name],) = shapes_called([name], file)
        except AreaError:
            continue
    return found


def _read(file: Path | None) -> Mapping[str, Any]:
    if file is None:
        return {}
    try:
        return _areas(file, file.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("boundaries_unreadable", error=type(error).__name__)
        return {}


@lru_cache(maxsize=1)
def _areas(file: Path, _changed_ns: int) -> Mapping[str, Any]:
    """Name → geometry, read again when the file changes."""
    document = json.loads(file.read_text(encoding="utf-8"))
    return {name: f["geometry"] for f in document["features"] for name in _names(f["properties"])}


def _names(properties: Mapping[str, Any]) -> list[str]:
    # Official boundary files call the name LAD23NM, WD22NM and the like.
    return [str(v) for k, v in properties.items() if v and k.lower().endswith(("name", "nm"))]
