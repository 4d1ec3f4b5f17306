"""Which layout a table has: told by its columns, never asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.gazetteer.layouts import geonames, open_names, own, postcodes
from shared.gazetteer.layouts.cells import Lines, Mistakes
from shared.gazetteer.ranks import OWN
from shared.gazetteer.rows import Rows

_CODE_POINT_COLUMNS = 10
_CODE_POINT_HEADERS = (
    ("postcode", "easting", "northing"),
    ("postcode", "eastings", "northings"),
    ("pc", "ea", "no"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A known layout: its name for people, how to read it, and whether the line told was a header."""

    name: str
    read: Callable[[Lines, Mistakes], Rows]
    header: bool = False


def recognise(lines: Iterable[Sequence[str]], *, preferred: int = OWN) -> tuple[int, Layout] | None:
    """The first of these lines that tells a layout, and that layout; a file's first line may be broken."""
    for number, cells in enumerate(lines):
        if found := _by_header(cells, preferred) or _by_columns(cells):
            return number, found
    return None


def _by_header(cells: Sequence[str], preferred: int) -> Layout | None:
    header: Mapping[str, int] = {name.strip().lower(): n for n, name in enumerate(cells)}
    for names in _CODE_POINT_HEADERS:
        if header.keys() >= set(names) and "latitude" not in header:
            columns = (header[name] for name in names)
            return Layout("Code-Point Open", postcodes.code_point(*columns), header=True)
    for name in ("pcds", "pcd"):
        if header.keys() >= {name, "lat", "long"}:
            return Layout("ONS Postcode Directory", postcodes.directory(header, name), header=True)
    if header.keys() >= {"postcode", "latitude", "longitude"}:
        return Layout("postcodes with latitude and longitude", postcodes.located(header), header=True)
    if header.keys() >= {"name", "kind", "lat", "lon"}:
        return Layout("own places", own.places(header, preferred=preferred), header=True)
    return None


def _by_columns(cells: Sequence[str]) -> Layout | None:
    if len(cells) == open_names.COLUMNS:
        return Layout("OS Open Names", open_names.read, header=is_header(cells))
    if len(cells) == geonames.PLACE_COLUMNS:
        return Layout("GeoNames places", geonames.read_places)
    if len(cells) == geonames.POSTAL_COLUMNS:
        return Layout("GeoNames postal", geonames.read_postal)
    if len(cells) == _CODE_POINT_COLUMNS and postcodes.full(cells[0]):
        return Layout("Code-Point Open", postcodes.code_point(0, 2, 3))
    return None


def is_header(cells: Sequence[str]) -> bool:
    """Whether a line only names the columns, as the separate header files of Ordnance Survey do."""
    return cells[0].strip().lower() in {"id", "pc", "postcode"}
