"""`relay subscribers`: a group's subscribers, for whoever has the notifier's rights and the hub's keys."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from alert_relay.cli.base import (
    EXIT_REFUSED,
    EXIT_USAGE,
    Failure,
    facts,
    json_option,
    put_json,
    say,
    yes_option,
)
from alert_relay.cli.root import NearestGroup

if TYPE_CHECKING:
    from services.notifier.decide.list_file import Contact
    from services.notifier.subscribers.lists import Lists
    from shared.contracts.base import GroupId
    from shared.contracts.subscribers import Subscriber

T = TypeVar("T")
group_option = click.option("--group", required=True, metavar="ID", help="Whose subscribers.")


@click.group(cls=NearestGroup, short_help="A group's subscribers: how many, out and in as CSV.")
def subscribers() -> None:
    """See how many subscribers a group has, take them out as a file, or hand in a list.

    Works where the notifier does, with its settings (RELAY_NATS_URL, RELAY_NATS_USER, RELAY_MASTER_KEY_FILE,
    RELAY_INGEST_BRIDGES_FILE …): nobody else can read the book. Whatever opens it asks first, and the group's
    page says that it was done, and when.

    \b
    Examples:
      relay subscribers count --group hackney
      relay subscribers list --group hackney
      relay subscribers export list.csv --group hackney
      relay subscribers import list.csv --group hackney
    """


@subscribers.command()
@group_option
@json_option
def count(*, group: str, as_json: bool) -> None:
    """How many there are, in fives, as the group's page says it.

    \b
    Example:
      relay subscribers count --group hackney --json
    """
    counted = _in_book(group, lambda book, name, _: book.count(name))
    found = counted.model_dump(include={"group", "total", "texts", "ways", "languages", "choices"})
    if as_json:
        put_json(found)
        return
    facts({name: _figures(value) for name, value in found.items()})


def _figures(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} up to {number}" for name, number in value.items())
    return f"up to {value}" if isinstance(value, int) else str(value)


@subscribers.command(name="list")
@group_option
@yes_option
@json_option
def list_(*, group: str, yes: bool, as_json: bool) -> None:
    """Who there is: under today's name in the ledger, without contacts. One a line, tabs between.

    \b
    Example:
      relay subscribers list --group hackney
    """
    _ask(f"This shows area and choice of each subscriber of {group}. Go on?", yes=yes, as_json=as_json)

    async def show(book: "Lists", name: "GroupId", _: "Contact") -> None:
        await book.note(name, "listed")
        seen = 0
        async for person in book.people(name):
            for row in _shown(book, person, name):
                _put_row(row, first=not seen, as_json=as_json)
                seen += 1
        if as_json:
            click.echo("]" if seen else "[]")

    _in_book(group, show)


def _put_row(row: dict[str, str], *, first: bool, as_json: bool) -> None:
    if not as_json:
        if first:
            say("\t".join(row))
        say("\t".join(row.values()))
        return
    import json

    click.echo(("[" if first else ",") + json.dumps(row, ensure_ascii=False), nl=False)


def _shown(book: "Lists", person: "Subscriber", group: "GroupId") -> Iterator[dict[str, str]]:
    from services.notifier.decide.list_file import lines_of

    for row in lines_of(person, group):
        yield {"name": str(book.called(person))} | {
            column: row[column] for column in ("way", "language", "place", "choice", "since")
        }


@subscribers.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@group_option
@yes_option
@json_option
def export(file: Path, *, group: str, yes: bool, as_json: bool) -> None:
    """Write the group's subscribers with their contacts into a new CSV file, which only you can read.

    Cells that a spreadsheet would reckon with bear an apostrophe: '+447… is a number. Keep the file nowhere
    longer than you need it: whoever leaves is erased here, and stays in there.

    \b
    Example:
      relay subscribers export list.csv --group hackney
    """
    _ask(
        f"This writes the contacts of all subscribers of {group} into a file. Go on?",
        yes=yes,
        as_json=as_json,
    )

    from alert_relay.cli import subscribers_file

    async def write(book: "Lists", name: "GroupId", _: "Contact") -> int:
        with subscribers_file.new_file(file) as out:
            await book.note(name, "exported")
            return await subscribers_file.write(book, name, out)

    written = _in_book(group, write)
    if as_json:
        put_json({"group": group, "file": str(file), "rows": written})
    else:
        say(f"{written} rows in {file}.")


@subscribers.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@group_option
@yes_option
@json_option
def import_(file: Path, *, group: str, yes: bool, as_json: bool) -> None:
    """Hand in a CSV list of people who have agreed elsewhere to be told.

    Its first line names the columns. Needed: contact, consented_on (2026-05-14), consented_how (in a few
    words). If you like: way, language, place (postcode or name), choice (information, witness), quiet
    (22:00-07:00), urgent (yes, no). Separated by commas, semicolons or tabs, in UTF-8.

    Who follows the group already stays as they are. Everybody else gets one message that says so and how to
    leave; so many an hour as `per_hour` of their way allows. Lines that are wrong are named with line and
    column, and the rest is handed in; then the exit code is 1.

    \b
    Example:
      relay subscribers import list.csv --group hackney
    """
    _ask(
        f"Each new person in {file.name} gets a message and is told of what {group} confirms. Have they all "
        "agreed to that?",
        yes=yes,
        as_json=as_json,
    )
    from alert_relay.cli import subscribers_file

    found = _in_book(group, lambda book, name, contact: subscribers_file.hand_in(book, name, contact, file))
    if as_json:
        put_json({"group": group, **found})
    else:
        say(
            f"{found['taken']} handed in, {found['wrong']} wrong. The notifier takes one after the other "
            "and leaves alone whoever is there already; `relay subscribers count` shows how far it is."
        )
    if found["wrong"]:
        raise Failure(f"{found['wrong']} lines of {file} were left out.", EXIT_REFUSED)


def _ask(question: str, *, yes: bool, as_json: bool) -> None:
    if not yes and not click.confirm(question, default=False, err=as_json):
        raise Failure("Nothing was done.", EXIT_REFUSED)


def _in_book(group: str, act: Callable[["Lists", "GroupId", "Contact"], Awaitable[T]]) -> T:
    """Do it with the book open, once it is known that there is such a group."""
    from shared.contracts.base import SLUG, GroupId

    async def run() -> T:
        async with _opened() as (book, contact):
            if not SLUG.match(group) or not await book.has_group(GroupId(group)):
                raise Failure(f"There is no group {group}. `relay group list` shows them.", EXIT_USAGE)
            return await act(book, GroupId(group), contact)

    return asyncio.run(run())


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple["Lists", "Contact"]]:
    from alert_relay.cli.subscribers_file import notifier_settings
    from services.notifier.subscribers.lists import opened

    async with opened(notifier_settings()) as found:
        yield found
