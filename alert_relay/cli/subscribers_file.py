"""The files of `relay subscribers`: what is written into them, what is read out of them, line by line."""

import asyncio
import csv
import datetime as dt
import os
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from alert_relay.cli.base import EXIT_USAGE, Failure, note
from alert_relay.client import default_home
from alert_relay.supervisor.home import read_run_file
from services.notifier.decide.list_file import COLUMNS, Contact, Known, Wrong, lines_of, rows
from services.notifier.decide.placing import place
from services.notifier.settings import NotifierSettings
from services.notifier.subscribers.lists import AT_ONCE, Lists
from shared.contracts.base import GroupId
from shared.gazetteer.live import LiveGazetteer
from shared.settings import load_settings
from shared.words.subscribers import texts

_PROGRESS: Final = 1_000
_SHOWN: Final = 100
"""Mistakes that stand in the JSON; all of them are said on the way."""


async def write(book: Lists, group: GroupId, out: IO[str]) -> int:
    """Write everybody; how many rows."""
    rows = csv.DictWriter(out, COLUMNS)
    rows.writeheader()
    written = 0
    async for person in book.people(group):
        for row in lines_of(person, group):
            rows.writerow(row)
            written += 1
            _progress(written)
    return written


def new_file(path: Path) -> IO[str]:
    """A file that was not there before, and that nobody else can read."""
    try:
        found = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; name a new file.", EXIT_USAGE) from None
    return os.fdopen(found, "w", encoding="utf-8", newline="")


async def hand_in(book: Lists, group: GroupId, contact: Contact, file: Path) -> dict[str, Any]:
    """Hand in what is sound and name what is wrong."""
    known = await asyncio.to_thread(_known, group, contact)
    found: dict[str, Any] = {"taken": 0, "wrong": 0, "mistakes": []}
    await book.note(group, "imported")
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        read = rows(lines, known)
        while batch := list(islice(read, AT_ONCE)):
            for mistake in (row for row in batch if isinstance(row, Wrong)):
                _say_wrong(file, mistake, found)
            sound = [row for row in batch if not isinstance(row, Wrong)]
            await book.hand_in(sound)
            found["taken"] += len(sound)
            _progress(found["taken"] + found["wrong"], AT_ONCE)
    return found


def _say_wrong(file: Path, mistake: Wrong, found: dict[str, Any]) -> None:
    found["wrong"] += 1
    if len(found["mistakes"]) < _SHOWN:
        found["mistakes"].append({"line": mistake.line, "column": mistake.column, "problem": mistake.problem})
    column = f", column {mistake.column}" if mistake.column else ""
    note(f"{file} line {mistake.line}{column}: {mistake.problem}")


def _known(group: GroupId, contact: Contact) -> Known:
    places = LiveGazetteer(notifier_settings().router_gazetteer_index).current
    today = dt.datetime.now(dt.UTC).date()
    return Known(
        group=group,
        contact=contact,
        languages=frozenset(texts()),
        is_place=lambda typed: not isinstance(place(typed, places), str),
        today=today,
    )


def _progress(done: int, step: int = 1) -> None:
    """Say so every thousand rows."""
    if done % _PROGRESS < step and done >= _PROGRESS:
        note(f"{done} rows")


def notifier_settings() -> NotifierSettings:
    """The notifier's settings: from the environment, else of the relay that last ran in RELAY_HOME."""
    home = default_home()
    run = read_run_file(home / "run.json")
    here = {
        "nats_url": run.get("nats_url"),
        "nats_monitoring_url": run.get("nats_monitoring_url"),
        "ingest_bridges_file": run.get("bridges_file"),
        "ingest_public_url": run.get("ingest"),
        "master_key_file": home / "unsafe-master.key",
    }
    unset = {k: v for k, v in here.items() if v and f"RELAY_{k.upper()}" not in os.environ}
    return load_settings(NotifierSettings, **unset, nats_make_streams=False)
