"""A group's list of subscribers as a CSV file, in and out: rows as types, or what is wrong where. Pure.

Guarantees: no cell that goes out begins with what a spreadsheet would reckon with (`=+-@`, tab, carriage
return); such cells bear an apostrophe before, which is taken off again when they come in. What comes in is
read as words and nothing else, and no message about it repeats any of it.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from shared.contracts.base import GroupId
from shared.contracts.subscribers import Follow, Imported, Subscriber
from shared.words.clean import clean

COLUMNS: Final = (
    "contact",
    "way",
    "language",
    "place",
    "choice",
    "quiet",
    "urgent",
    "consented_on",
    "consented_how",
    "since",
)
"""`since` is for reading; the others come in again."""
NEEDED: Final = ("contact", "consented_on", "consented_how")
_RECKONS: Final = ("=", "+", "-", "@", "\t", "\r")
_APOSTROPHE: Final = "'"
_LONGEST_CELL: Final = 400
_HOW_CHARS: Final = 120
_YES_NO: Final[Mapping[str, bool]] = {"": True, "yes": True, "no": False}

Contact = Callable[[str, str], tuple[str, str] | None]
"""Way and address of a typed contact and way; None for what can't be written to."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a line, in which column, and what to do; never what stands there."""

    line: int
    column: str
    problem: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a row is compared with: contacts that can be written to, languages, places, today."""

    group: GroupId
    contact: Contact
    languages: frozenset[str]
    is_place: Callable[[str], bool]
    today: date


def header(line: str) -> str | Wrong:
    """The separator of the file, by its first line; or what is wrong with that."""
    separator = max(",;\t", key=line.count)
    names = _header_names(line, separator)
    missing = [name for name in NEEDED if name not in names]
    if missing:
        return Wrong(1, missing[0], f"the first line names the columns; needed are {', '.join(NEEDED)}")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        return Wrong(1, "", f"a column has a name that means nothing here; columns are {', '.join(COLUMNS)}")
    return separator


def _header_names(line: str, separator: str) -> list[str]:
    return [plain(name).strip().casefold() for name in next(csv.reader([line], delimiter=separator), [])]


def rows(lines: Iterable[str], known: Known) -> Iterator[Imported | Wrong]:
    """Each row as it will be handed in, or what is wrong with it; a file without a sound header is one."""
    all_lines = iter(lines)
    first = next(all_lines, "")
    separator = header(first)
    if isinstance(separator, Wrong):
        yield separator
        return
    names = _header_names(first, separator)
    reader = csv.reader(all_lines, delimiter=separator)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            yield Wrong(reader.line_num + 1, "", "this is no line of a CSV file; mend its quotation marks")
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield _row(cells, names, reader.line_num + 1, known)


def _row(cells: list[str], names: list[str], line: int, known: Known) -> Imported | Wrong:
    if len(cells) != len(names):
        return Wrong(line, "", f"{len(cells)} cells where the first line has {len(names)}")
    typed = {name: plain(cell).strip() for name, cell in zip(names, cells, strict=True)}
    for name, cell in typed.items():
        if len(cell) > _LONGEST_CELL or any("\ud800" <= c <= "\udfff" for c in cell):
            return Wrong(line, name, "too long, or not written in UTF-8; save the file as UTF-8")
    return _imported(typed, line, known)


def _imported(typed: Mapping[str, str], line: int, known: Known) -> Imported | Wrong:
    contact = known.contact(typed["contact"], typed.get("way", ""))
    if contact is None:
        return Wrong(line, "contact", "no mobile number or e-mail address that this hub writes to")
    for column, is_wrong, problem in _checks(typed, known):
        if is_wrong:
            return Wrong(line, column, problem)
    fields: dict[str, Any] = {
        "way": contact[0],
        "address": contact[1],
        "language": typed.get("language") or "en",
        "group": known.group,
        "place": typed.get("place", ""),
        "choice": typed.get("choice") or "information",
        "quiet": typed.get("quiet") or None,
        "urgent_breaks": _YES_NO[typed.get("urgent", "")],
        "consent": {"on": typed["consented_on"], "how": clean(typed["consented_how"], _HOW_CHARS)},
    }
    try:
        return Imported.model_validate(fields)
    except ValidationError as error:
        column = _COLUMN_OF.get(str(error.errors()[0]["loc"][0]), "")
        return Wrong(line, column, "not written as the help of this command shows")


_COLUMN_OF: Final = {"quiet": "quiet", "choice": "choice", "place": "place", "consent": "consented_how"}


def _checks(typed: Mapping[str, str], known: Known) -> Iterator[tuple[str, bool, str]]:
    """Column, whether it is wrong, and what it should be."""
    language, place = typed.get("language", ""), typed.get("place", "")
    yield "language", bool(language) and language not in known.languages, "one of " + _listed(known.languages)
    yield "place", bool(place) and not known.is_place(place), "no postcode or place that is known here"
    yield "choice", typed.get("choice", "") not in {"", "witness", "information"}, "witness or information"
    yield "urgent", typed.get("urgent", "") not in _YES_NO, "yes or no"
    on = _day(typed["consented_on"])
    yield "consented_on", on is None or on > known.today, "the day of the consent, like 2026-05-14"
    yield "consented_how", not clean(typed["consented_how"], _HOW_CHARS), "how they consented, in a few words"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def lines_of(person: Subscriber, group: GroupId) -> Iterator[dict[str, str]]:
    """The rows of one person: one for each area of the group that they follow."""
    for follow in person.follows:
        if follow.group == group:
            yield {column: harmless(cell) for column, cell in _cells(person, follow).items()}


def _cells(person: Subscriber, follow: Follow) -> dict[str, str]:
    consent = person.consent
    return {
        "contact": person.address,
        "way": person.way,
        "language": person.language,
        "place": follow.area.label if follow.area else "",
        "choice": follow.choice,
        "quiet": follow.quiet or "",
        "urgent": "yes" if follow.urgent_breaks else "no",
        "consented_on": consent.on.isoformat() if consent else _since(person),
        "consented_how": consent.how if consent else "a code of this hub",
        "since": _since(person),
    }


def _since(person: Subscriber) -> str:
    return person.since.date().isoformat() if person.since else ""


def harmless(cell: str) -> str:
    """The cell so that no spreadsheet reckons with it."""
    return _APOSTROPHE + cell if cell.startswith((*_RECKONS, _APOSTROPHE)) else cell


def plain(cell: str) -> str:
    """What `harmless` was made of; and what people or spreadsheets have written so themselves."""
    bare = cell.removeprefix("\ufeff")
    rest = bare.removeprefix(_APOSTROPHE)
    return rest if rest != bare and rest.startswith((*_RECKONS, _APOSTROPHE)) else bare
