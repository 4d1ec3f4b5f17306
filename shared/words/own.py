"""A group's own words: a small language that a person can write on a phone, and that can do no harm.

Each line is a part of the message with its rank (`!` always stays; of the others the highest figure is
dropped first), made of text, fields (`{{ place }}`) and choices (`{% if ask == "LEAVE" %}…{% endif %}`).
There are no loops, calls, filters, attributes or arithmetic: what is not on the list below does not exist. So
no template runs long, grows beyond its fields, or reaches anything else. Pure.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.contracts.own_words import MOST_CHARS
from shared.words.clean import is_visible
from shared.words.desk_words import languages
from shared.words.fit import Part

MOST_LINES: Final = 40
MOST_IN_LINE: Final = 600
_DEEPEST: Final = 12
_RANK: Final = re.compile(r"([!1-9])[ \t]+(\S.*)")
_ALWAYS: Final = Path(__file__).parent / "always.toml"
_STARTERS: Final = Path(__file__).parent / "starters.toml"
_HARMLESS: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip
"""All that a template may be made of."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    kind: ("head", "date", "time", "group", "code", "place", "observe", *more)
    for kind, more in {
        "UNCONFIRMED": ("only", "mine", "go", "reports", "first_hand", "excerpt", "asked_to_help", "on_duty"),
        "LIKELY": ("only", "mine", "go", "reports", "first_hand", "excerpt", "asked_to_help", "on_duty",
                   "statement", "seen"),
        "CONFIRMED": ("ask", "setting", "statement", "first_time", "link"),
        "OVER": ("statement", "let_go", "taken", "unknown", "link"),
        "WRONG": ("status", "statement", "went", "asked", "posts", "link"),
        "NO_NEWS": ("since", "statement", "link"),
    }.items()
}  # fmt: skip
"""What each message may say, by the fields' names."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a template: in which line (0: in no one of them), a name for why, and what."""

    line: int
    why: str
    what: str = ""


class OwnWordsError(Exception):
    """Words that do not keep to the language; `mistakes` says where and why."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__(", ".join(f"line {m.line}: {m.why}" for m in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Line:
    """One line, ready to be filled in."""

    number: int
    rank: int
    template: Template
    names: frozenset[str]
    """The fields in it."""
    certain: tuple[str, ...]
    """Those that it says whatever the case, in their order; "" where it begins with text."""


@cache
def always(language: str) -> Mapping[str, str]:
    """What the relay itself says in every message of that language, or in English."""
    read: dict[str, dict[str, str]] = tomllib.loads(_ALWAYS.read_text(encoding="utf-8"))
    return read.get(language) or read["en"]


@cache
def starters() -> Mapping[str, str]:
    """What a person may begin with, by the kind of message: in English, to be changed or translated."""
    read: dict[str, str] = tomllib.loads(_STARTERS.read_text(encoding="utf-8"))
    return {kind: text.strip() for kind, text in read.items()}


@lru_cache(maxsize=512)
def lines_of(text: str, kind: str) -> tuple[Line, ...]:
    """The lines of a template; raises `OwnWordsError` naming everything that is not allowed in it."""
    rows = [(n, row.strip()) for n, row in enumerate(text.splitlines(), 1) if row.strip()]
    if len(text) > MOST_CHARS or len(rows) > MOST_LINES:
        raise OwnWordsError([Mistake(0, "too_much", str(MOST_CHARS))])
    mistakes = [mistake for n, row in rows for mistake in _wrong(n, row, kind)]
    if mistakes:
        raise OwnWordsError(mistakes)
    return tuple(_line(n, row) for n, row in rows)


def parts(text: str, kind: str, fields: Mapping[str, Any]) -> list[tuple[int, Part]]:
    """The parts of the message with the number of their line; what comes out empty is none."""
    made = [(line, _filled(line, fields)) for line in lines_of(text, kind)]
    return [(line.number, Part(line.rank, said)) for line, said in made if said]


def _filled(line: Line, fields: Mapping[str, Any]) -> str:
    try:
        return " ".join(line.template.render(fields).split())
    except Exception as error:  # noqa: BLE001 - what compares a number with a word, and whatever else cannot be
        raise OwnWordsError([Mistake(line.number, "fails", type(error).__name__)]) from None


def fields_of(facts: Mapping[str, Any], kind: str, language: str, *, head: str) -> dict[str, Any]:
    """The fields of a message of that kind, out of the facts that the relay's own words are made of."""
    body = facts.get("tally")
    said = always(language)
    keyword = languages().get(language) or languages()["en"]
    found = {
        **facts,
        "head": head,
        "date": f"{facts['at'].day}/{facts['at'].month}",
        "time": f"{facts['at']:%H:%M}",
        "observe": said["observe"],
        "only": said["only"],
        "mine": f"{keyword['MINE'][0].upper()} {facts['code']}",
        "go": f"{keyword['GO'][0].upper()} {facts['code']}",
        "first_time": f"{facts['first_report_at']:%H:%M}",
        "since": f"{facts['since']:%H:%M}",
        "asked_to_help": facts["note"] == "asked_to_help",
        "seen": facts["note"] == "seen",
        "went": "went" in facts["checked"],
        "asked": "asked" in facts["checked"],
        "posts": len(facts["posts"]),
        "let_go": body.let_go if body else 0,
        "taken": body.taken if body else 0,
        "unknown": body.unknown if body else 0,
    }
    return {name: found[name] for name in FIELDS[kind]}


def _line(number: int, row: str) -> Line:
    mark, source = _split(row)
    environment = _environment()
    tree = environment.parse(source)
    return Line(
        number,
        0 if mark == "!" else int(mark),
        environment.from_string(source),
        frozenset(name.name for name in tree.find_all(nodes.Name)),
        tuple(_certain(tree)),
    )


def _certain(tree: nodes.Template) -> Iterator[str]:
    for output in tree.body:
        for node in output.nodes if isinstance(output, nodes.Output) else ():
            yield node.name if isinstance(node, nodes.Name) else ""


def _split(row: str) -> tuple[str, str]:
    found = _RANK.fullmatch(row)
    return (found[1], found[2]) if found else ("", "")


def _wrong(number: int, row: str, kind: str) -> Iterator[Mistake]:
    """What is wrong with a line, before anything of it is run."""
    mark, source = _split(row)
    if len(row) > MOST_IN_LINE:
        yield Mistake(number, "line_too_long", str(MOST_IN_LINE))
    elif not mark:
        yield Mistake(number, "no_rank")
    elif why := _unsafe(source):
        yield Mistake(number, why)
    else:
        yield from _not_allowed(number, source, kind)


def _unsafe(said: str) -> str:
    """Why these characters may not stand in a message: they show nothing, steer, or call people by name."""
    if not all(map(is_visible, said)):
        return "hidden_character"
    return "mention" if "@" in said else ""


def _not_allowed(number: int, source: str, kind: str) -> Iterator[Mistake]:
    try:
        tree = _environment().parse(source)
    except TemplateSyntaxError as error:
        yield Mistake(number, "syntax", str(error.message or ""))
        return
    except RecursionError:
        yield Mistake(number, "too_nested")
        return
    if (mistake := _in_tree(number, tree, kind)) is not None:
        yield mistake


def _in_tree(number: int, tree: nodes.Node, kind: str) -> Mistake | None:
    """The first thing in it that is not on the list, without recursion: it may be deep."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEEPEST:
            return Mistake(number, "too_nested")
        if not isinstance(node, _HARMLESS):
            return Mistake(number, "forbidden", type(node).__name__.lower())
        if isinstance(node, nodes.Name) and node.name not in FIELDS[kind]:
            return Mistake(number, "unknown_field", node.name)
        if isinstance(node, nodes.Const) and (why := _unsafe(str(node.value))):
            return Mistake(number, why)
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
    return None


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment
