"""Imports files into a new gazetteer file, which takes the old one's place only if it is sound.

All is written beside the target and renamed into place at the end, so whoever has the old file open
keeps it whole, and whoever opens the name gets the old one or the new one. If of any file more than
1 % of the rows is wrong, that file is not what it should be: the old gazetteer stays.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from shared.errors import SettingsError
from shared.gazetteer.build import Builder
from shared.gazetteer.files import FileRead, expand, read_file
from shared.gazetteer.load import add_starter, too_many_wrong


@dataclass(slots=True)
class Imported:
    """What came of an import."""

    out: Path
    files: list[FileRead] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def refused(self) -> list[FileRead]:
        """The files of which too much is wrong; if there are any, nothing was replaced."""
        return [read for read in self.files if too_many_wrong(read)]

    @property
    def rows(self) -> int:
        """Rows read, wrong ones included."""
        return sum(read.rows for read in self.files)

    def as_dict(self) -> dict[str, Any]:
        """In plain values, for programs."""
        return {
            "file": str(self.out),
            "replaced": not self.refused,
            "rows": self.rows,
            "wrong": sum(read.mistakes.count for read in self.files),
            "seconds": round(self.seconds, 1),
            "kinds": dict(self.counts),
            "files": [_plain(read) for read in self.files],
        }


def _plain(read: FileRead) -> dict[str, Any]:
    wrong = {"wrong": read.mistakes.count, "first_wrong": read.named_mistakes}
    return {"file": read.name, "layout": read.layout, "rows": read.rows, **wrong}


class Progress(Protocol):
    """What an import tells on its way."""

    def reading(self, read: FileRead, number: int, of: int) -> None:
        """A batch of the file with this number was read."""

    def stage(self, what: str) -> None:
        """All files are read; now this is done."""


class Silent:
    """Tells nothing."""

    def reading(self, read: FileRead, number: int, of: int) -> None:
        """Nothing."""

    def stage(self, what: str) -> None:
        """Nothing."""


def import_gazetteer(
    paths: Sequence[Path], out: Path, *, now: datetime, progress: Progress | None = None
) -> Imported:
    """Build `out` of the starter places and these files and folders, unless they are refused.

    Raises `SettingsError` for a file that cannot be read at all, or a target that cannot be written.
    """
    started, progress = time.monotonic(), progress or Silent()
    files = expand(paths)
    imported = Imported(out)
    with _beside(out) as (part, scratch), _database(part) as db:
        builder = Builder(db, str(scratch))
        add_starter(builder)
        for number, path in enumerate(files, 1):
            for read in _reading(builder, path, imported.files):
                progress.reading(read, number, len(files))
        if not imported.refused:
            builder.finish(_meta(imported, now), progress.stage)
            db.close()
            _put_in_place(part, out)
        imported.counts = {kind: count for kind, count in builder.counts.items() if count}
    imported.seconds = time.monotonic() - started
    return imported


def _reading(builder: Builder, path: Path, files: list[FileRead]) -> Iterator[FileRead]:
    """One file into the builder; yields after every batch."""
    read = FileRead(str(path))
    files.append(read)
    for rows in read_file(path, read):
        builder.add(rows)
        yield read


def _meta(imported: Imported, now: datetime) -> dict[str, str]:
    sources = [{"file": Path(r.name).name, "layout": r.layout, "rows": r.rows} for r in imported.files]
    return {"built_at": now.isoformat(timespec="seconds"), "sources": json.dumps(sources)}


@contextmanager
def _beside(out: Path) -> Iterator[tuple[Path, Path]]:
    """Names for the new file and for what is not yet sorted, in the target's folder; both go away."""
    part, scratch = (out.with_name(f".{out.name}.{os.getpid()}.{end}") for end in ("part", "scratch"))
    try:
        for path in (part, scratch):
            path.unlink(missing_ok=True)
        yield part, scratch
    except (OSError, sqlite3.OperationalError) as error:
        raise SettingsError(f"{out}: cannot be written ({error}); choose another place.") from error
    finally:
        for path in (part, scratch):
            path.unlink(missing_ok=True)


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        yield db
    finally:
        db.close()


def _put_in_place(part: Path, out: Path) -> None:
    """On disk first, then under its name: after a power cut there is the old file or the new one."""
    _sync(part)
    part.replace(out)
    _sync(out.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
