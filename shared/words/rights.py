"""The one line about the law in a message: by jurisdiction and setting, while a lawyer stands behind it.

The relay knows no law. So a line that nobody signed goes out to nobody, in English neither; in an exercise
it does, and says that no lawyer has reviewed it. Pure.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from shared.contracts.situation import JURISDICTIONS, SETTINGS
from shared.words.library import ENGLISH, RIGHTS, Library
from shared.words.own import always
from shared.words.sms import is_plain, sms_places

MOST: Final = 100
"""Characters: it is one of many things that two text messages have to say."""


def rights_line(  # noqa: PLR0913 - what it depends on
    library: Library, language: str, jurisdiction: str, setting: str, today: date, *, drill: bool
) -> str:
    """What people there may be told about the law: in that language, else in English, else nothing."""
    for spoken in dict.fromkeys((language, ENGLISH)):
        name = f"{spoken}/{RIGHTS}/{jurisdiction}/{setting}.j2"
        standing = library.standing(name, today)
        if standing == "signed":
            return library.templates[name].text.strip()
        if drill and standing != "missing":
            return f"{library.templates[name].text.strip()} {always(spoken)['unreviewed_law']}"
    return ""


def unwritten(library: Library) -> list[str]:
    """Lines that English lacks, or a language that has others: messages there say nothing of the law."""
    spoken = {name.partition("/")[0] for name in library.templates if f"/{RIGHTS}/" in name} | {ENGLISH}
    named = (
        f"{language}/{RIGHTS}/{jurisdiction}/{setting}.j2"
        for language in sorted(spoken)
        for jurisdiction in JURISDICTIONS
        for setting in SETTINGS
    )
    return [name for name in named if name not in library.templates]


def wrong_with(library: Library, name: str) -> Iterator[tuple[int, str]]:
    """What is wrong with a file of a line about the law: where, and what to do."""
    _, _, *where = name.removesuffix(".j2").split("/")
    found = library.templates[name]
    lines = [(n, line.strip()) for n, line in enumerate(found.text.splitlines(), 1) if line.strip()]
    if len(where) != 2 or where[0] not in JURISDICTIONS:  # noqa: PLR2004 - jurisdiction and setting
        yield 0, f"is of no jurisdiction; put it into a folder named {_one_of(JURISDICTIONS)}."
    elif where[1] not in SETTINGS:
        yield 0, f"is of no setting; name the file {_one_of(SETTINGS)}."
    if found.head.signed_by and found.head.signed_as != "lawyer":
        yield 1, "a line about the law is signed by a lawyer; say `signed_as: lawyer`."
    if len(lines) != 1:
        yield (lines[1][0] if lines else 1), "is one line of text; write exactly one."
    for number, line in lines[:1]:
        yield from ((number, what) for what in _wrong_in(line))


def _wrong_in(line: str) -> Iterator[str]:
    if "{{" in line or "{%" in line or "{#" in line:
        yield "has nothing to fill in; say it without brackets."
    length = sms_places(line) if is_plain(line) else len(line)
    if length > MOST:
        yield f"takes {length} of {MOST} characters; shorten it."


def _one_of(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"
