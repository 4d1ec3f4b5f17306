"""Every `relay …` line that the docs tell people to type is one that the command line takes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from alert_relay.cli.root import relay

ROOT: Final = Path(__file__).parents[3]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_INLINE: Final = re.compile(r"`(relay [^`\n]*)`")
_SHELL: Final = re.compile(r"\s(?:[|&;<>]|#\s)")
"""From here on it is the shell's, or a remark."""


def commands(text: str) -> Iterator[str]:
    """What is typed after `relay`, in code and in blocks of it."""
    block = ""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced:
            block = (block + " " + line.strip()).strip()
            if block.endswith("\\"):
                block = block[:-1]
                continue
            if (at := block.find("relay ")) in {0, 2} and block.startswith(("relay ", "$ relay ")):
                yield block[at:]
            block = ""
        else:
            yield from _INLINE.findall(line)


def trouble(typed: str) -> str | None:
    """Why the command line would not take it; None where it does. Nothing is run, no file looked at."""
    words = shlex.split(_SHELL.split(typed)[0])[1:]
    command: click.Command = relay
    context = click.Context(relay, info_name="relay", resilient_parsing=True)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = command.get_command(context, name)
        if found is None:
            return f"no command {name}"
        context, command = click.Context(found, context, info_name=name, resilient_parsing=True), found
    if isinstance(command, click.Group):
        return None
    known = {option for parameter in command.params for option in parameter.opts}
    known |= {*command.get_help_option_names(context), "--"}
    strange = [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]
    command.parse_args(context, words)
    left = context.args
    return f"unexpected {strange or left}" if strange or left else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_says_to_type_is_taken(page: Path) -> None:
    wrong = {typed: why for typed in commands(page.read_text()) if (why := trouble(typed))}
    assert wrong == {}


@pytest.mark.parametrize(
    "typed",
    ["relay kill-swich", "relay kill-switch stop one two", "relay kill-switch stop --all", "relay desk nap"],
)
def test_what_is_wrong_is_found(typed: str) -> None:
    assert trouble(typed) is not None


def test_there_is_something_to_look_at() -> None:
    assert sum(1 for page in PAGES for _ in commands(page.read_text())) > 50
