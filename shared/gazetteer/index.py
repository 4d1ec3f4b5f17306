"""The gazetteer: look-ups in the SQLite database that `build` made, be it a file or in memory.

A message asks some dozens of questions, most about words that are no name: those end at a filter
in memory, in less than a microsecond. The rest is one search in a table each, with the latest
answers kept. In memory are the filters, what lies around places, district centres and the boxes of
borders: some tens of megabytes for a country, however many its places.
"""

import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from shared.gazetteer.borders import Borders
from shared.gazetteer.country import abroad
from shared.gazetteer.filter import WordFilter
from shared.gazetteer.kept import Kept
from shared.gazetteer.keys import GENERIC, fingerprint
from shared.gazetteer.nearby import Nearby
from shared.gazetteer.port import NamedPlace, Point
from shared.gazetteer.schema import KINDS, SCALE, read_meta
from shared.gazetteer.skeleton import LEAST, alike, skeleton
from shared.gazetteer.spelling import Vocabulary, misspelt
from shared.gazetteer.vocabulary import Words

_POSTCODE_M: Final = 100.0
_SAMPLE: Final = 200
_MOST_SIMILAR: Final = 30
_GENERIC: Final = tuple(sorted(GENERIC))

_PLACES: Final = (
    "SELECT p.name, p.kind, p.lat, p.lon, p.radius_m, p.around, p.rank, p.approximate FROM {} WHERE {}"
)
_NAMED: Final = _PLACES.format(
    "name AS n CROSS JOIN place AS p ON p.id BETWEEN n.first AND n.last", "n.key = ? ORDER BY p.id LIMIT ?"
)
_ONE: Final = _PLACES.format("place AS p", "p.id = ?")
_ALL: Final = -1
_SPARE: Final = 3
"""So many more are read where each name is wanted once: long roads have many positions."""
_KEPT: Final = 40_000
"""Places in the answers that are kept, for each kind of question: some 15 MB."""


class SqliteGazetteer:
    """See `shared.gazetteer.port.Gazetteer`. Of the thread that uses it; `close` it at the end."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Over a complete database. Raises `SettingsError` if it is none of this version."""
        self.meta: Mapping[str, str] = read_meta(db)
        self._db, self._close = db, weakref.finalize(self, db.close)
        bits = dict(db.execute("SELECT name, bits FROM filter").fetchall())
        self._names, self._shorter = WordFilter(bits["names"]), WordFilter(bits["shorter"])
        self._first = WordFilter(bits["first"])
        self._longest = int(self.meta["longest_name"])
        self._around = _shared(db.execute("SELECT area, borough, outcode FROM around ORDER BY id"))
        self._districts = {
            code: Point(*disc) for code, *disc in db.execute("SELECT code, lat, lon, radius_m FROM district")
        }
        self._outcodes = {code: point for code, point in self._districts.items() if " " not in code}
        self._borders, self._nearby, self._words = Borders(db), Nearby(db), Words(db)
        self._vocabulary = Vocabulary(self._words.known, self._words.near, self._names.__contains__)
        self._keep_answers()

    def _keep_answers(self) -> None:
        self._named = Kept(self._read_named, _KEPT)
        self._short = Kept(self._read_shortened, _KEPT)
        self._like = Kept(self._read_similar, _KEPT)
        self._heard = Kept(self._read_sounding, _KEPT)
        self._sample = Kept(self._read_sample, _KEPT)
        self._at: Callable[[str], Point | None] = lru_cache(2_048)(self._read_postcode)
        self._district: Callable[[float, float], str | None] = lru_cache(2_048)(self._nearby.outcode)
        self._far: Callable[[float, float], bool] = lru_cache(2_048)(self._read_abroad)
        self._begins: Callable[[str], bool] = lru_cache(_KEPT)(self._read_begins)

    def close(self) -> None:
        """Let the file go. Nothing may be asked after."""
        self._close()
        self._keep_answers()
        self._names = self._shorter = self._first = WordFilter(b"\0")
        self._districts, self._outcodes, self._around = {}, {}, []

    @property
    def outdated(self) -> str | None:
        """What to do if the rules for names have changed since it was built: some are not found then."""
        if self.meta.get("keys") == fingerprint():
            return None
        return "The gazetteer file was made by another version; make it anew with `relay gazetteer import`."

    @property
    def longest_name(self) -> int:
        """Words in the longest name, at most 8."""
        return self._longest

    def begins(self, word: str) -> bool:
        """Whether some name's key begins with this word."""
        return self._begins(word)

    def named(self, key: str) -> Sequence[NamedPlace]:
        """The places of that name."""
        return self._named(key) if key in self._names else ()

    def shortened(self, key: str) -> Sequence[NamedPlace]:
        """The places whose key is this one and a generic word."""
        return self._short(key) if key in self._shorter else ()

    def similar(self, key: str) -> Sequence[tuple[float, NamedPlace]]:
        """(score, place) of at most 30 names that this may be a misspelling of, best first."""
        return self._like(key)

    def sounding(self, words: str) -> Sequence[tuple[float, NamedPlace]]:
        """(score, place) of at most 30 names that these words of another script may be, best first."""
        return self._heard(words)

    def postcode(self, postcode: str) -> Point | None:
        """A full postcode ("E8 3DL")."""
        return self._at(postcode)

    def sector(self, sector: str) -> Point | None:
        """A postcode sector ("E8 3")."""
        return self._districts.get(sector) if " " in sector else None

    def outcode(self, outcode: str) -> Point | None:
        """A postcode district ("E8")."""
        return self._districts.get(outcode) if " " not in outcode else None

    def outcode_points(self, outcode: str) -> Sequence[tuple[float, float]]:
        """At most 200 of the district's postcodes, evenly taken in postcode order."""
        return self._sample(outcode) if outcode in self._districts else ()

    def outcode_at(self, lat: float, lon: float) -> str | None:
        """The district of the nearest known postcode or outcode centre, within 5 km."""
        return self._district(lat, lon)

    def abroad(self, lat: float, lon: float) -> bool:
        """Whether a point is surely outside the country."""
        return self.outcode_at(lat, lon) is None and self._far(round(lat, 2), round(lon, 2))

    def _read_abroad(self, lat: float, lon: float) -> bool:
        return abroad(lat, lon, self._outcodes.values())

    def area_at(self, lat: float, lon: float) -> str | None:
        """The name of the smallest boundary that contains the point."""
        return self._borders.smallest_at(lat, lon)

    def nearest(self, lat: float, lon: float, within_m: float) -> NamedPlace | None:
        """The nearest street, landmark or station."""
        found = self._nearby.place(lat, lon, within_m)
        rows = self._rows(_ONE, found) if found is not None else ()
        return self._place(rows[0]) if rows else None

    def around(self, lat: float, lon: float, within_m: float, most: int) -> Sequence[NamedPlace]:
        """The nearest streets, landmarks and stations, the nearest first; each name once."""
        numbers = self._nearby.places(lat, lon, within_m, _SPARE * most)
        once: dict[str, NamedPlace] = {}
        for place in (self._place(row) for number in numbers for row in self._rows(_ONE, number)):
            once.setdefault(place.name, place)
        return tuple(once.values())[:most]

    @property
    def districts(self) -> Mapping[str, Point]:
        """Every postcode district that it knows."""
        return self._outcodes

    def _rows(self, sql: str, *values: object) -> Sequence[Any]:
        """The rows; none for words that are no text (lone surrogates)."""
        try:
            return self._db.execute(sql, values).fetchall()
        except UnicodeEncodeError:
            return ()

    def _place(self, row: Sequence[Any]) -> NamedPlace:
        name, kind, lat, lon, radius_m, around, rank, approximate = row
        area, borough, outcode = self._around[around]
        at = lat / SCALE, lon / SCALE
        return NamedPlace(name, KINDS[kind], *at, radius_m, area, borough, outcode, rank, approximate == 1)

    def _read_begins(self, word: str) -> bool:
        return word in self._first and self._words.begins(word)

    def _read_named(self, key: str, most: int = _ALL) -> Sequence[NamedPlace]:
        return tuple(map(self._place, self._rows(_NAMED, key, most)))

    def _read_shortened(self, key: str) -> Sequence[NamedPlace]:
        found = [place for word in _GENERIC for place in self.named(f"{key} {word}")]
        once = {(place.name, place.lat, place.lon): place for place in reversed(found)}
        ordered = [*once.values()][::-1]
        return tuple(sorted(ordered, key=lambda place: -place.rank))

    def _read_similar(self, key: str) -> Sequence[tuple[float, NamedPlace]]:
        found: dict[NamedPlace, float] = {}
        known = set(self.named(key))
        for score, other in misspelt(key, self._vocabulary):
            for place in self._read_named(other, _MOST_SIMILAR):
                if place not in known:
                    found.setdefault(place, score)
            if len(found) >= _MOST_SIMILAR:
                break
        ordered = sorted(found.items(), key=lambda item: (-item[1], -item[0].rank))
        return tuple((score, place) for place, score in ordered[:_MOST_SIMILAR])

    def _read_sounding(self, words: str) -> Sequence[tuple[float, NamedPlace]]:
        if len(bones := skeleton(words)) < LEAST:
            return ()
        keys = self._rows("SELECT key FROM sound WHERE skeleton = ?", bones)
        scored = sorted(((alike(words, key), key) for (key,) in keys), key=lambda s: (-s[0], s[1]))
        found: dict[NamedPlace, float] = {}
        for score, key in scored[:_MOST_SIMILAR]:
            for place in self._read_named(key, _MOST_SIMILAR):
                found.setdefault(place, score)
        return tuple((score, place) for place, score in [*found.items()][:_MOST_SIMILAR])

    def _read_postcode(self, code: str) -> Point | None:
        rows = self._rows("SELECT lat, lon FROM postcode WHERE code = ?", code)
        return Point(rows[0][0] / SCALE, rows[0][1] / SCALE, _POSTCODE_M) if rows else None

    def _read_sample(self, outcode: str) -> Sequence[tuple[float, float]]:
        sql = "SELECT lat, lon FROM postcode WHERE code > ? AND code < ? AND NOT ended ORDER BY code"
        rows = self._rows(sql, f"{outcode} ", f"{outcode}!")
        step = max(1, -(-len(rows) // _SAMPLE))
        return tuple((lat / SCALE, lon / SCALE) for lat, lon in rows[::step])


def _shared(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The rows with each text held once: some hundred boroughs surround a million streets."""
    seen: dict[str, str] = {}
    return [(seen.setdefault(a, a), seen.setdefault(b, b), seen.setdefault(c, c)) for a, b, c in rows]
