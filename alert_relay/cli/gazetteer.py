"""`relay gazetteer`: makes the router's gazetteer from official files, and asks it."""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from alert_relay.cli.base import EXIT_REFUSED, Failure, facts, json_option, note, put_json, say, table
from alert_relay.cli.root import NearestGroup

if TYPE_CHECKING:
    from shared.gazetteer.files import FileRead
    from shared.gazetteer.importing import Imported
    from shared.gazetteer.port import Gazetteer, NamedPlace, Point

_INDEX: Final = "RELAY_ROUTER_GAZETTEER_INDEX"
_SHOWN_MISTAKES: Final = 5
_SHOWN_PLACES: Final = 20
_NEAREST_M: Final = 500.0
_POINT: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*")


@click.group(cls=NearestGroup, short_help="The places that the router knows.")
def gazetteer() -> None:
    """Make the router's gazetteer from official files, and ask it.

    \b
    Examples:
      relay gazetteer import opname_csv_gb/Data ONSPD_UK.csv boroughs.geojson --out gazetteer.db
      relay gazetteer lookup "ashwin st" --file gazetteer.db
    """


@gazetteer.command("import", short_help="Make a gazetteer file.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    required=True,
    envvar=_INDEX,
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The gazetteer file [{_INDEX}].",
)
@json_option
def import_(files: tuple[Path, ...], *, out: Path, as_json: bool) -> None:
    """Read files and folders into one gazetteer file, which a running router takes up by itself.

    Layouts are recognised: OS Open Names and Code-Point Open (folders of tiles, or files), ONS Postcode
    Directory, GeoNames places and postal codes, GeoJSON boundaries, CSV with a header
    postcode,latitude,longitude or name,kind,lat,lon (radius_m,area,borough,outcode). Any may be gzipped. Of
    a folder, its .csv and .geojson files are read.

    Wrong lines are named and left out. If more than 1 % of a file is wrong, the gazetteer stays as it was.

    \b
    Examples:
      relay gazetteer import opname_csv_gb/Data codepo_gb/Data/CSV --out gazetteer.db
      relay gazetteer import GB.txt ONSPD_UK.csv boroughs.geojson --out gazetteer.db --json
    """
    from datetime import UTC, datetime

    from shared.gazetteer.importing import import_gazetteer

    shown = _Shown()
    imported = import_gazetteer(files, out, now=datetime.now(UTC), progress=shown)
    shown.end()
    if as_json:
        put_json(imported.as_dict())
    else:
        _tell(imported)
    if imported.refused:
        raise Failure(_refusal(imported), EXIT_REFUSED)


class _Shown:
    """Progress on standard error: one line that changes on a terminal, else a line a second at most."""

    def __init__(self) -> None:
        self._live, self._began, self._said = sys.stderr.isatty(), time.monotonic(), 0.0
        self._files: dict[str, int] = {}

    def reading(self, read: "FileRead", number: int, of: int) -> None:
        """Which file, how many rows in all, how fast."""
        self._files[read.name] = read.rows
        rows, spent = sum(self._files.values()), time.monotonic() - self._began
        rate = rows / max(spent, 0.001)
        line = f"{number} of {of} files, {Path(read.name).name}: {rows:,} rows, {rate:,.0f}/s"
        if self._live or spent - self._said >= 1:
            self._said = spent
            self._put(line)

    def stage(self, what: str) -> None:
        """What is done after reading."""
        self._put(f"{what}, {time.monotonic() - self._began:.0f} s")

    def _put(self, line: str) -> None:
        click.echo(f"\r\x1b[K{line}" if self._live else line, err=True, nl=not self._live)

    def end(self) -> None:
        """Leave the line."""
        if self._live:
            click.echo("\r\x1b[K", err=True, nl=False)


def _tell(imported: "Imported") -> None:
    for read in imported.files:
        if read.mistakes.count:
            note(f"{read.name}: {read.mistakes.count} of {read.rows} rows are wrong")
            for line in read.named_mistakes[:_SHOWN_MISTAKES]:
                note(f"  {line}")
    seconds = max(imported.seconds, 0.001)
    rate = f"{imported.rows:,} in {imported.seconds:.1f} s ({imported.rows / seconds:,.0f}/s)"
    facts({"rows": rate, **{kind: f"{count:,}" for kind, count in imported.counts.items()}})
    if not imported.refused:
        say(f"{imported.out} is made; a router that uses it takes it up by itself.")


def _refusal(imported: "Imported") -> str:
    worst = max(imported.refused, key=lambda read: read.mistakes.count / max(1, read.rows))
    more = f" (and {len(imported.refused) - 1} more)" if len(imported.refused) > 1 else ""
    return (
        f"{worst.name}{more}: {worst.mistakes.count} of {worst.rows} rows are wrong, more than 1 %; "
        f"{imported.out} stays as it was. First: {worst.named_mistakes[0]}"
    )


@gazetteer.command(short_help="Ask for a name, a postcode or a point.")
@click.argument("what", metavar="NAME|POSTCODE|LAT,LON")
@click.option(
    "--file",
    envvar=_INDEX,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"The gazetteer file [{_INDEX}; without one, the built-in places].",
)
@json_option
def lookup(what: str, *, file: Path | None, as_json: bool) -> None:
    """What the gazetteer knows of a name (exact, shortened and misspelt), a postcode or a point.

    \b
    Examples:
      relay gazetteer lookup "kingslnad road" --file gazetteer.db
      relay gazetteer lookup "E8 3DL" --file gazetteer.db
      relay gazetteer lookup -- 51.547,-0.0748
    """
    from shared.gazetteer.load import load_gazetteer, open_gazetteer

    found = _look_up(open_gazetteer(file) if file else load_gazetteer(), what)
    if as_json:
        put_json(found)
    else:
        _show(found)
    if not any(value for name, value in found.items() if name not in {"asked", "key"}):
        raise Failure(f"The gazetteer knows nothing of {what!r}.", EXIT_REFUSED)


def _look_up(known: "Gazetteer", what: str) -> dict[str, Any]:
    if point := _POINT.fullmatch(what):
        return {"asked": what, **_around(known, float(point[1]), float(point[2]))}
    code = " ".join(what.upper().split())
    if found := known.postcode(code) or known.sector(code) or known.outcode(code):
        return {"asked": what, "postcode": _point(found), **_around(known, found.lat, found.lon)}
    return {"asked": what, **_named(known, what)}


def _around(known: "Gazetteer", lat: float, lon: float) -> dict[str, Any]:
    nearest = known.nearest(lat, lon, _NEAREST_M)
    return {
        "outcode": known.outcode_at(lat, lon),
        "area": known.area_at(lat, lon),
        "nearest": [_place(nearest)] if nearest else [],
    }


def _named(known: "Gazetteer", what: str) -> dict[str, Any]:
    from shared.gazetteer.keys import name_key

    key = name_key(what)
    return {
        "key": key,
        "named": [_place(place) for place in known.named(key)],
        "shortened": [_place(place) for place in known.shortened(key)],
        "similar": [{"score": round(score, 1), **_place(place)} for score, place in known.similar(key)],
    }


def _point(point: "Point") -> dict[str, Any]:
    return {"lat": round(point.lat, 6), "lon": round(point.lon, 6), "radius_m": round(point.radius_m)}


def _place(place: "NamedPlace") -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(place)


def _show(found: Mapping[str, Any]) -> None:
    facts({name: value for name, value in found.items() if not isinstance(value, (list, dict))})
    if "postcode" in found:
        facts(found["postcode"])
    columns = ("score", "name", "kind", "in", "lat, lon", "radius", "rank")
    for title in ("nearest", "named", "shortened", "similar"):
        places: Sequence[Mapping[str, Any]] = found.get(title) or ()
        if places:
            shown = [_row(place) for place in places[:_SHOWN_PLACES]]
            more = f", the first {_SHOWN_PLACES} of {len(places)}" if len(places) > _SHOWN_PLACES else ""
            table(f"{title}{more}", columns, shown)


def _row(place: Mapping[str, Any]) -> tuple[object, ...]:
    around = ", ".join(place[name] for name in ("area", "borough", "outcode") if place[name])
    at = f"{place['lat']:.4f}, {place['lon']:.4f}"
    radius = f"{'about ' if place['approximate'] else ''}{place['radius_m']} m"
    return place.get("score"), place["name"], place["kind"], around, at, radius, place["rank"]
