"""`relay rights`: check the reviewed pages about the law before a hub shows them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alert_relay.cli.base import EXIT_REFUSED, EXIT_USAGE, Failure, json_option, note, put_json, say
from alert_relay.cli.root import NearestGroup

if TYPE_CHECKING:
    from services.console.rights_files import Found


@click.group(cls=NearestGroup, short_help="Check the pages about the law.")
def rights() -> None:
    """A page about the law is a Markdown file that somebody who knows the law has signed.

    \b
    Example:
      relay rights check my-rights-pages
    """


@rights.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def check(folder: Path, *, as_json: bool) -> None:
    """Name every mistake, and every page that would not be shown, with the reason.

    A page's digest goes into signed_digest when its reviewer signs it; it changes with every word.
    Exit code 1 if a file has a mistake or a signature does not hold today; an unsigned page is no mistake.

    \b
    Examples:
      relay rights check my-rights-pages
      relay rights check my-rights-pages --json
    """
    from services.console.rights_files import read_rights

    found = read_rights(folder)
    if not found:
        raise Failure(f"There is no .md file in {folder}.", EXIT_USAGE)
    lines = [_line(one) for one in found]
    if as_json:
        put_json(lines)
    else:
        _tell(lines)
    raise SystemExit(EXIT_REFUSED if any(line["standing"] not in _FINE for line in lines) else 0)


_FINE = ("signed", "unsigned")


def _line(found: "Found") -> dict[str, Any]:
    from datetime import UTC, datetime

    line: dict[str, Any] = {"file": str(found.file), "standing": "mistake", "mistake": found.mistake}
    if found.page:
        standing = found.page.standing(datetime.now(UTC).date())
        line |= {"standing": standing, "digest": found.page.digest, "expires_on": None}
        if found.page.head.expires_on:
            line["expires_on"] = found.page.head.expires_on.isoformat()
    return line


def _tell(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if line["mistake"]:
            say(f"{line['file']}: {line['mistake']}.")
        else:
            until = f" until {line['expires_on']}" if line["expires_on"] else ""
            say(f"{line['file']}: {line['standing'].replace('_', ' ')}{until}; digest {line['digest']}")
    note(f"{sum(line['standing'] == 'signed' for line in lines)} of {len(lines)} would be shown today")
