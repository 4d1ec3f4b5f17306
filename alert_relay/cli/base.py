"""What all commands share: exit codes, output for people or for programs, whom we are."""

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from alert_relay.client import Hub

EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3
EXIT_PENDING: Final = 4

Command = Callable[..., Any]


class Failure(click.ClickException):
    """An error of the relay as one sentence and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click has one a class, we one an error

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """The exit code that `relay --help` promises for this error."""
        from alert_relay.client import NotDecidedYetError, NotReachableError, SaidNoError
        from shared.errors import GroupFileError

        match error:
            case SaidNoError() | GroupFileError():
                code = EXIT_REFUSED
            case NotReachableError():
                code = EXIT_UNREACHABLE
            case NotDecidedYetError():
                code = EXIT_PENDING
            case _:
                code = EXIT_USAGE
        return cls(str(error), code)


json_option = click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of words.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def with_hub(
    *, admin: bool = False, token: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds the options that say where the relay is and who comes; the function gets a `hub`.

    `admin`: without another token, act as the operator whose token lies in RELAY_HOME.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(
            *args: Any, token_file: Path | None, ingest_url: str | None, console_url: str | None, **rest: Any
        ) -> Any:
            hub = hub_of(token_file, ingest_url, console_url, admin=admin)
            return function(*args, hub=need_token(hub, admin=admin) if token else hub, **rest)

        return _options(call)

    return decorate


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option("--console-url", envvar="RELAY_CONSOLE_URL", metavar="URL", help="The console."),
        click.option("--ingest-url", envvar="RELAY_INGEST_URL", metavar="URL", help="The front door."),
        click.option("--token-file", type=path, envvar="RELAY_TOKEN_FILE", help="File with your token."),
    ):
        function = option(function)
    return function


def hub_of(
    token_file: Path | None, ingest_url: str | None, console_url: str | None, *, admin: bool = False
) -> "Hub":
    """The relay as the caller: their own token if there is one, for admin acts the operator's."""
    import dataclasses
    import os

    from alert_relay.client import Hub, default_home, read_token

    home = default_home()
    hub = Hub.at_home(home, ingest=ingest_url, console=console_url)
    kept = home / "member.token"
    token = os.environ.get("RELAY_TOKEN")
    if token_file:
        token = read_token(token_file)
    elif not token and not admin and kept.exists():
        token = read_token(kept)
    return dataclasses.replace(hub, token=token or (hub.token if admin else None))


def need_token(hub: "Hub", *, admin: bool) -> "Hub":
    """The same, or a sentence that says how to get a token."""
    if hub.token is None and admin:
        raise Failure(
            f"There is no operator's token in {hub.home}; start a relay there (relay up), set RELAY_HOME to "
            "the folder of the one that runs, or name a token: --token-file FILE or RELAY_TOKEN.",
            EXIT_USAGE,
        )
    if hub.token is None:
        raise Failure(
            "Who are you? Name your token: --token-file FILE or RELAY_TOKEN. An operator makes one with: "
            'relay member add "Your name" --role hackney=dispatcher --keep',
            EXIT_USAGE,
        )
    return hub


def put_json(value: Any) -> None:
    """One line of JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def say(text: str) -> None:
    """A line for a person."""
    click.echo(text)


def note(text: str) -> None:
    """A line beside the output proper."""
    click.echo(text, err=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console(file=sys.stdout, soft_wrap=False, highlight=False).print(drawn)


def aligned(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of figures whose rows stay one line each, however narrow the terminal."""
    lines = [tuple(columns), *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    click.echo(title)
    for line in lines:
        first, *rest = (
            cell.ljust(w) if n == 0 else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        click.echo("  ".join([first, *rest]).rstrip())


def facts(pairs: Mapping[str, object]) -> None:
    """Lines of `name   value`, those without a value left out."""
    shown = {name: value for name, value in pairs.items() if value not in (None, "", [], ())}
    width = max((len(name) for name in shown), default=0)
    for name, value in shown.items():
        click.echo(f"{name:<{width}}  {value}")
