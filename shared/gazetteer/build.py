"""Builds a gazetteer: rows in, one SQLite database out. The same for a file and for memory.

Rows are first written down as they come, then sorted once; that is several times faster than
keeping every table in order meanwhile. Nothing is synced before the end: a build that is
interrupted is thrown away.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import shapely

from shared.gazetteer.aliases import keys_of
from shared.gazetteer.discs import OUTCODE_DEFAULT_M, discs
from shared.gazetteer.filter import filter_bits
from shared.gazetteer.grid import CELL_SQL
from shared.gazetteer.keys import fingerprint, shorter
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import LatLon, Rows
from shared.gazetteer.schema import ARRANGE, KINDS, LOADING, PRECISE_KINDS, SCALE, TABLES, VERSION
from shared.gazetteer.skeleton import sounds
from shared.gazetteer.vocabulary import learn

_KIND: Final = {kind: number for number, kind in enumerate(KINDS)}
_SETTINGS: Final = (
    "journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "temp_store=MEMORY",
    "cache_size=-200000", "loading.journal_mode=OFF", "loading.synchronous=OFF",
    "loading.cache_size=-100000",
)  # fmt: skip
_LONGEST_NAME: Final = 8
_FINEST: Final = 0.00005
"""Borders are kept to about 5 m."""

Tell = Callable[[str], None]


class Builder:
    """`add` rows, then `finish`. `scratch` is where what is not yet sorted lies meanwhile."""

    def __init__(self, db: sqlite3.Connection, scratch: str) -> None:
        self._db = db
        self._around: dict[tuple[str, str, str], int] = {}
        self.counts: Counter[str] = Counter()
        db.execute("ATTACH ? AS loading", (scratch,))
        for setting in _SETTINGS:
            db.execute(f"PRAGMA {setting}")
        db.executescript(TABLES + LOADING)
        db.execute("BEGIN")

    def add(self, rows: Rows) -> None:
        """Write one batch down."""
        insert = f"INSERT INTO loading.named VALUES ({','.join('?' * 11)})"  # noqa: S608 - no data in it
        self._db.executemany(insert, self._named(rows))
        self._add_codes("INSERT OR REPLACE INTO postcode VALUES (?, ?, ?, 0)", rows.postcodes)
        self._add_codes("INSERT OR IGNORE INTO postcode VALUES (?, ?, ?, 1)", rows.ended)
        self._add_codes("INSERT OR REPLACE INTO loading.outcode VALUES (?, ?, ?)", rows.outcodes)
        shapes = [(name, shape.simplify(_FINEST)) for name, shape in rows.borders]
        self._db.executemany(
            "INSERT INTO border VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            [(name, shape.area, *shape.bounds, shapely.to_wkb(shape)) for name, shape in shapes],
        )
        self.counts["outcode"] += len(rows.outcodes)
        self.counts["boundary"] += len(rows.borders)

    def _add_codes(self, insert: str, codes: Mapping[str, LatLon]) -> None:
        self._db.executemany(insert, [(c, round(a * SCALE), round(o * SCALE)) for c, (a, o) in codes.items()])

    def _named(self, rows: Rows) -> Iterator[tuple[object, ...]]:
        also: dict[int, list[str]] = {}
        for number, name in rows.also:
            also.setdefault(number, []).append(name)
        for number, place in enumerate(rows.names):
            self.counts[place.kind] += 1
            values = self._values(place)
            keys = keys_of(place.name, station=place.kind == "station")
            for name in also.get(number, ()):
                keys = (*keys, *keys_of(name, station=place.kind == "station"))
            for n, key in enumerate(dict.fromkeys(keys) if number in also else keys):
                yield (key, -place.rank, *values, n > 0)

    def _values(self, place: NamedPlace) -> tuple[object, ...]:
        around = (place.area, place.borough, place.outcode)
        number = self._around.setdefault(around, len(self._around))
        lat, lon = round(place.lat * SCALE), round(place.lon * SCALE)
        kind, radius = _KIND[place.kind], round(place.radius_m)
        return place.name, kind, lat, lon, radius, number, place.rank, place.approximate

    def finish(self, meta: Mapping[str, str], tell: Tell = lambda _stage: None) -> None:
        """Sort, index and describe what was added; the database is complete after."""
        tell("sorting names")
        self._db.executemany(
            "INSERT INTO around VALUES (?, ?, ?, ?)", [(n, *a) for a, n in self._around.items()]
        )
        self._db.execute("COMMIT")
        self._db.executescript(f"BEGIN;{ARRANGE}")
        tell("placing them")
        self._db.execute(
            f"INSERT INTO spot SELECT {CELL_SQL} AS cell, id, lat, lon FROM place "  # noqa: S608
            f"WHERE kind < {PRECISE_KINDS} AND NOT alias ORDER BY cell, id"
        )
        self._districts()
        tell("learning their words")
        self._words()
        tell("writing")
        self._describe(meta)
        self._db.execute("COMMIT")
        self._db.execute("DETACH loading")
        self._db.execute("ANALYZE")

    def _districts(self) -> None:
        live = "FROM postcode WHERE NOT ended"
        self._db.execute(
            "INSERT INTO district SELECT code, lat / 1e6, lon / 1e6, ? FROM loading.outcode",
            (OUTCODE_DEFAULT_M,),
        )
        ordered = self._db.execute(f"SELECT code, lat / 1e6, lon / 1e6 {live} ORDER BY code")
        self._db.executemany(
            "INSERT OR REPLACE INTO district VALUES (?, ?, ?, ?)",
            [(code, p.lat, p.lon, p.radius_m) for code, p in discs(ordered)],
        )
        self._db.execute(
            f"INSERT OR IGNORE INTO address SELECT {CELL_SQL} AS cell, lat, lon, "
            f"substr(code, 1, instr(code, ' ') - 1) {live} ORDER BY cell"
        )
        self._db.execute(
            f"INSERT OR IGNORE INTO address SELECT {CELL_SQL}, lat, lon, code FROM loading.outcode "  # noqa: S608
            "WHERE NOT EXISTS (SELECT 1 FROM postcode AS p WHERE NOT p.ended AND "
            "p.code BETWEEN loading.outcode.code || ' ' AND loading.outcode.code || '!')"
        )

    def _words(self) -> None:
        """The vocabulary, and the filters."""
        first = learn(self._db, self._keys())
        names = self._count("name")
        self._filter("names", self._keys(), names)
        self._db.executemany("INSERT INTO sound VALUES (?, ?)", sounds(self._keys()))
        self._filter("shorter", (short for key in self._keys() for short in shorter(key)), names)
        self._filter("first", iter(first), len(first))

    def _keys(self) -> Iterator[str]:
        for (key,) in self._db.execute("SELECT key FROM name"):
            yield key

    def _count(self, table: str) -> int:
        (count,) = self._db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - ours
        return int(count)

    def _filter(self, name: str, words: Iterator[str], count: int) -> None:
        self._db.execute("INSERT INTO filter VALUES (?, ?)", (name, filter_bits(words, count)))

    def _describe(self, meta: Mapping[str, str]) -> None:
        longest = max((key.count(" ") + 1 for key in self._keys()), default=0)
        self.counts["postcode"] = self._count("postcode")
        facts = {
            "version": str(VERSION),
            "keys": fingerprint(),
            "longest_name": str(min(longest, _LONGEST_NAME)),
            **{f"count.{kind}": str(count) for kind, count in self.counts.items() if count},
            **meta,
        }
        self._db.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
