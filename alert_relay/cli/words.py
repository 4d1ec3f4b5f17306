"""`relay words`: check the templates of messages, those that ship or a folder of translations."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alert_relay.cli.base import EXIT_REFUSED, EXIT_USAGE, Failure, json_option, note, put_json, say
from alert_relay.cli.root import NearestGroup

if TYPE_CHECKING:
    from shared.words.library import Library


@click.group(cls=NearestGroup, short_help="Check the templates of messages.")
def words() -> None:
    """What the relay sends is made of templates, one file for each message, size and language.

    \b
    Example:
      relay words check
    """


@words.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def check(folder: Path | None, *, as_json: bool) -> None:
    """Name every mistake by file and line, and of each template whether messages are made of it today.

    Without a FOLDER those that ship are looked at. A template's digest goes into signed_digest when a native
    reader signs it; it changes with every word of it, and of its language's common.j2.
    Exit code 1 if there is a mistake or a signature does not hold today; an unsigned template is no mistake:
    English goes out in its place. Lines about the law need a lawyer's signature in English too: an unsigned
    one goes out in exercises only.

    \b
    Examples:
      relay words check
      relay words check my-templates
      relay words check my-templates --json
    """
    from shared.words.library import read_library, shipped

    library = read_library(folder) if folder else shipped()
    if not library.templates:
        raise Failure(f"There is no .j2 file in {library.folder}.", EXIT_USAGE)
    lines = [*_mistakes(library), *_standings(library), *_unwritten(library)]
    if as_json:
        put_json(lines)
    else:
        _tell(lines)
    raise SystemExit(EXIT_REFUSED if any(line["standing"] not in _FINE for line in lines) else 0)


_FINE = ("original", "signed", "unsigned", "missing")


def _mistakes(library: "Library") -> list[dict[str, Any]]:
    from shared.words.library_check import flaws_in

    return [
        {"file": str(library.folder / f.name), "line": f.line, "standing": "mistake", "mistake": f.what}
        for f in flaws_in(library)
    ]


def _standings(library: "Library") -> list[dict[str, Any]]:
    from datetime import UTC, datetime

    from shared.words.library import signed_in_line

    today = datetime.now(UTC).date()
    return [
        {
            "file": str(found.file),
            "line": signed_in_line(found),
            "standing": library.standing(name, today),
            "digest": library.digest(name),
            "expires_on": found.head.expires_on.isoformat() if found.head.expires_on else None,
        }
        for name, found in sorted(library.templates.items())
        if not name.endswith("/common.j2")
    ]


def _unwritten(library: "Library") -> list[dict[str, Any]]:
    from shared.words.rights import unwritten

    return [{"file": str(library.folder / name), "standing": "missing"} for name in unwritten(library)]


def _tell(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if line["standing"] == "mistake":
            say(f"{line['file']} line {line['line']}: {line['mistake']}")
        elif line["standing"] == "missing":
            say(f"{line['file']}: missing; messages there say nothing about the law")
        else:
            until = f" until {line['expires_on']}" if line["expires_on"] else ""
            where = f" line {line['line']}" if line["standing"] not in {*_FINE, "mistake"} else ""
            say(
                f"{line['file']}{where}: {line['standing'].replace('_', ' ')}{until}; digest {line['digest']}"
            )
    used = sum(line["standing"] in {"original", "signed"} for line in lines)
    there = sum(line["standing"] not in {"mistake", "missing"} for line in lines)
    note(f"messages are made of {used} of {there} today")
