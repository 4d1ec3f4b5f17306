"""Makes gazetteers for use: the starter places alone, or with files for one run, or a file that was built.

The starter places, those of the examples and the districts of London and Glasgow, lie under every
gazetteer, so that a relay knows something before anybody has imported anything.
"""

import sqlite3
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from typing import Final

from shared.errors import SettingsError
from shared.gazetteer.build import Builder
from shared.gazetteer.files import FileRead, expand, read_file, read_table
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.rows import Rows

_STARTER: Final = ("starter_places.csv", "starter_outcodes.csv")
_MOST_WRONG: Final = 0.01
_MEMORY: Final = ":memory:"
_MAGIC: Final = b"SQLite format 3\0"
_READ_ONLY: Final = "?mode=ro&immutable=1"
_MAPPED: Final = 4_000_000_000
_TEMPORARY: Final = ""
"""SQLite's name for a database on disk that goes away when it is closed."""


def gazetteer_of(rows: Rows) -> SqliteGazetteer:
    """A gazetteer in memory of these rows alone."""
    return _built(_MEMORY, lambda builder: builder.add(rows))


def load_gazetteer(files: Iterable[Path] = ()) -> SqliteGazetteer:
    """The starter places and these files, for one run; or the one file that was built already.

    Raises `SettingsError` (file, line, column) for a file of which more than 1 % is wrong.
    """
    paths = expand(files)
    if len(paths) == 1 and _is_built(paths[0]):
        return open_gazetteer(paths[0])

    def fill(builder: Builder) -> None:
        add_starter(builder)
        for path in paths:
            _add_file(builder, path)

    return _built(_TEMPORARY if paths else _MEMORY, fill)


def _is_built(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _built(database: str, fill: Callable[[Builder], None]) -> SqliteGazetteer:
    db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    try:
        builder = Builder(db, database)
        fill(builder)
        builder.finish({})
        return SqliteGazetteer(db)
    except BaseException:
        db.close()
        raise


def add_starter(builder: Builder) -> None:
    """The built-in places."""
    for name in _STARTER:
        text = resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")
        for rows in read_table(text.splitlines(), FileRead(name), preferred=0):
            builder.add(rows)


def _add_file(builder: Builder, path: Path) -> None:
    read = FileRead(str(path))
    for rows in read_file(path, read):
        builder.add(rows)
    if too_many_wrong(read):
        raise SettingsError(read.named_mistakes[0])


def too_many_wrong(read: FileRead) -> bool:
    """Whether more than 1 % of a file's rows are wrong: then it is not the file it should be."""
    return read.mistakes.count > _MOST_WRONG * read.rows


def open_gazetteer(path: Path, *, check: bool = False) -> SqliteGazetteer:
    """A file that was built. Raises `SettingsError` if it is missing, broken or of another version.

    `check` reads every page of it. It is opened so that nothing is ever written; a file that replaces
    it by renaming leaves this one whole.
    """
    db = None
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}{_READ_ONLY}", uri=True, check_same_thread=False)
        db.execute(f"PRAGMA mmap_size={_MAPPED}")
        if check:
            _check(db)
        return SqliteGazetteer(db)
    except (SettingsError, sqlite3.Error, KeyError, ValueError, IndexError) as error:
        if db is not None:
            db.close()
        why = str(error) if isinstance(error, SettingsError) else f"is no sound gazetteer file ({error})"
        raise SettingsError(f"{path}: {why}; make it with `relay gazetteer import`.") from None


def _check(db: sqlite3.Connection) -> None:
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise SettingsError(f"is damaged ({found})")
