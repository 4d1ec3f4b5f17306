"""The tables of a gazetteer file, and what a reader checks before it trusts one.

Positions are whole millionths of a degree. The places of one key lie side by side, best first, so
that a name is one search and one read however many places bear it. `spot` and `address` are the
same positions by the cell of a grid, for questions about a point.
"""

import sqlite3
from typing import Final

from shared.errors import SettingsError
from shared.gazetteer.port import Kind

VERSION: Final = 2
"""Raise it when the tables or their meaning change: older files must then be imported anew."""

KINDS: Final[tuple[Kind, ...]] = ("street", "landmark", "station", "area", "borough", "city")
PRECISE_KINDS: Final = 3
"""The first so many of `KINDS` are precise."""

SCALE: Final = 1_000_000

TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE around (id INTEGER PRIMARY KEY, area TEXT, borough TEXT, outcode TEXT);
CREATE TABLE place (
    id INTEGER PRIMARY KEY, name TEXT, kind INTEGER, lat INTEGER, lon INTEGER, radius_m INTEGER,
    around INTEGER, rank INTEGER, approximate INTEGER, alias INTEGER
);
CREATE TABLE name (key TEXT PRIMARY KEY, first INTEGER, last INTEGER) WITHOUT ROWID;
CREATE TABLE spot (
    cell INTEGER, place INTEGER, lat INTEGER, lon INTEGER, PRIMARY KEY (cell, place)
) WITHOUT ROWID;
CREATE TABLE postcode (code TEXT PRIMARY KEY, lat INTEGER, lon INTEGER, ended INTEGER) WITHOUT ROWID;
CREATE TABLE address (
    cell INTEGER, lat INTEGER, lon INTEGER, outcode TEXT, PRIMARY KEY (cell, lat, lon, outcode)
) WITHOUT ROWID;
CREATE TABLE district (code TEXT PRIMARY KEY, lat REAL, lon REAL, radius_m REAL) WITHOUT ROWID;
CREATE TABLE border (
    id INTEGER PRIMARY KEY, name TEXT, size REAL, west REAL, south REAL, east REAL, north REAL, shape BLOB
);
CREATE TABLE word (word TEXT PRIMARY KEY, begins INTEGER) WITHOUT ROWID;
CREATE TABLE sound (skeleton TEXT, key TEXT, PRIMARY KEY (skeleton, key)) WITHOUT ROWID;
CREATE TABLE slip (mark INTEGER PRIMARY KEY, words TEXT);
CREATE TABLE filter (name TEXT PRIMARY KEY, bits BLOB);
"""

LOADING: Final = """
CREATE TABLE loading.named (
    key TEXT, low INTEGER, name TEXT, kind INTEGER, lat INTEGER, lon INTEGER, radius_m INTEGER,
    around INTEGER, rank INTEGER, approximate INTEGER, alias INTEGER
);
CREATE TABLE loading.outcode (code TEXT PRIMARY KEY, lat INTEGER, lon INTEGER) WITHOUT ROWID;
"""

ARRANGE: Final = """
CREATE INDEX loading.by_key ON named (key, low, alias);
INSERT INTO place
    SELECT NULL, name, kind, lat, lon, radius_m, around, rank, approximate, alias
    FROM loading.named INDEXED BY by_key ORDER BY key, low, alias, rowid;
INSERT INTO name
    SELECT key, sum(n) OVER (ORDER BY key) - n + 1, sum(n) OVER (ORDER BY key)
    FROM (SELECT key, count(*) AS n FROM loading.named INDEXED BY by_key GROUP BY key);
"""


def read_meta(db: sqlite3.Connection) -> dict[str, str]:
    """What the file says about itself. Raises `SettingsError` if it is no gazetteer of this version."""
    try:
        meta = dict(db.execute("SELECT name, value FROM meta").fetchall())
    except sqlite3.Error as error:
        raise SettingsError(f"is no gazetteer file ({error})") from error
    if meta.get("version") != str(VERSION):
        raise SettingsError(f"is a gazetteer file of version {meta.get('version')}, not {VERSION}")
    return meta
