"""Our own small layout: name,kind,lat,lon and optionally radius_m,area,borough,outcode, with a header."""

from collections.abc import Callable, Mapping, Sequence

from shared.gazetteer.layouts.cells import (
    Lines,
    Mistakes,
    checked,
    latitude,
    longitude,
    number,
    text,
    wrong,
)
from shared.gazetteer.port import Kind, NamedPlace
from shared.gazetteer.ranks import RADIUS_M, RANK
from shared.gazetteer.rows import Rows
from shared.gazetteer.schema import KINDS

_MOST_M = 50_000.0


def places(header: Mapping[str, int], *, preferred: int) -> Callable[[Lines, Mistakes], Rows]:
    """The reader for these columns; `preferred` is added to each place's rank."""

    def optional(cells: Sequence[str], name: str) -> str:
        column = header.get(name)
        return cells[column].strip() if column is not None and column < len(cells) else ""

    def check(cells: Sequence[str]) -> NamedPlace:
        kind = _kind(cells, header["kind"])
        radius = optional(cells, "radius_m")
        return NamedPlace(
            name=text(cells, header["name"], "name"),
            kind=kind,
            lat=latitude(cells, header["lat"], "lat"),
            lon=longitude(cells, header["lon"], "lon"),
            radius_m=number(cells, header["radius_m"], "radius_m", 1, _MOST_M) if radius else RADIUS_M[kind],
            area=optional(cells, "area"),
            borough=optional(cells, "borough"),
            outcode=optional(cells, "outcode"),
            rank=RANK[kind] + preferred,
        )

    def read(lines: Lines, mistakes: Mistakes) -> Rows:
        least = 1 + max(header[name] for name in ("name", "kind", "lat", "lon"))
        return Rows(names=list(checked(lines, least, check, mistakes)))

    return read


def _kind(cells: Sequence[str], column: int) -> Kind:
    for kind in KINDS:
        if cells[column].strip() == kind:
            return kind
    raise wrong(column, "kind", cells[column], f"is none of {', '.join(KINDS)}.")
