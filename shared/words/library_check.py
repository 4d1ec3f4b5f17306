"""Whether the relay's own templates do what they have to: mistakes by file and line, before any goes out.

What ships is looked at when a notifier starts, and by `relay words check`; a folder of translations before it
is offered. Templates come with the program, so they may use macros and a few filters; what could run long, or
reach what is none of theirs, is refused all the same. Pure but for the files.
"""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, get_args

from jinja2 import TemplateSyntaxError, nodes

from shared.contracts.alerts import AlertKind
from shared.words.fit import MUST
from shared.words.library import COMMON, ENGLISH, IN_FORCE, Library, about_law
from shared.words.own import always
from shared.words.own_examples import BASE_URL, GROUP, longest, product_examples
from shared.words.render import MIN_CHARS, SHORT_UP_TO, product_parts
from shared.words.rights import wrong_with
from shared.words.sms import is_plain, sms_places, spelled_plainly

NOT_FOR_GROUPS: Final = frozenset({"QUESTION", "REPLY", "TEST", "DRILL_BEGUN", "DRILL_ENDED", "SPENDING"})
"""What is told to one person, of an exercise as such, or of money: in words that lie elsewhere."""
KINDS: Final = tuple(kind for kind in get_args(AlertKind) if kind not in NOT_FOR_GROUPS)
SIZES: Final = ("short", "long")
_FILTERS: Final = frozenset({"format", "round", "int", "list", "sum", "min", "replace", "length"})
_NEVER: Final = (nodes.Include, nodes.Extends, nodes.Pow, nodes.CallBlock, nodes.FilterBlock)
_METHODS: Final = frozenset({"get", "values", "keys", "items", "weekday"})
_LIMIT: Final = {"short": MIN_CHARS, "long": SHORT_UP_TO + 1}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong, where, and what to do."""

    name: str
    line: int
    what: str


def flaws_in(library: Library) -> list[Flaw]:
    """Everything that is wrong with the templates; empty if nothing is."""
    broken = [flaw for name in sorted(library.templates) for flaw in _read(library, name)]
    if broken:
        return broken
    named = ((lang, size, kind) for lang in library.languages() for size in SIZES for kind in KINDS)
    found = [flaw for named_ in named for flaw in _tried(library, *named_)]
    return list(dict.fromkeys(found))


def not_in_force(library: Library, today: date) -> dict[str, str]:
    """Templates that nobody is sent today, with the reason: English goes out in their place."""
    standing = {
        name: library.standing(name, today) for name in library.templates if not name.endswith(COMMON)
    }
    return {name: why for name, why in sorted(standing.items()) if why not in IN_FORCE | _quiet(name)}


def _quiet(name: str) -> frozenset[str]:
    """That no lawyer has signed a line yet is nothing that changed: messages say nothing of the law."""
    return frozenset({"unsigned"}) if about_law(name) else frozenset()


def _read(library: Library, name: str) -> Iterator[Flaw]:
    """What can be seen without running anything."""
    if about_law(name):
        yield from (Flaw(name, line, what) for line, what in wrong_with(library, name))
        return
    try:
        tree = library.environment.parse(library.templates[name].text)
    except TemplateSyntaxError as error:
        yield Flaw(name, error.lineno, f"{error.message} Mend it.")
        return
    for node, loops in _walked(tree):
        if what := _forbidden(node, loops):
            yield Flaw(name, node.lineno, f"{what} is forbidden; say it without.")


def _walked(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """All nodes, each with the loops around it."""
    waiting = [(tree, 0)]
    while waiting:
        node, loops = waiting.pop()
        yield node, loops
        inside = loops + isinstance(node, nodes.For)
        waiting += [(child, inside) for child in node.iter_child_nodes()]


def _forbidden(node: nodes.Node, loops: int) -> str:
    """What it is that may not stand there; empty if it may."""
    found = ""
    match node:
        case nodes.For() if loops or node.recursive:
            found = "a loop within a loop"
        case nodes.Filter() if node.name not in _FILTERS:
            found = f"the filter {node.name!r}"
        case nodes.Getattr() if node.attr.startswith("_"):
            found = f"the attribute {node.attr!r}"
        case nodes.Getitem() if isinstance(node.arg, nodes.Const) and str(node.arg.value).startswith("_"):
            found = f"the attribute {node.arg.value!r}"
        case nodes.Mul() if not any(map(_number, (node.left, node.right))):
            found = "to repeat a text"
        case nodes.Call() if _foreign(node.node):
            found = "that call"
        case _ if isinstance(node, _NEVER):
            found = f"{type(node).__name__.lower()!r}"
    return found


def _number(node: nodes.Node) -> bool:
    """Whether it is surely no text: what multiplies it only makes a number greater."""
    return isinstance(node, nodes.Filter) and node.name in {"int", "round"}


def _foreign(called: nodes.Node) -> bool:
    """Whether it is no macro of the language's own, and no harmless method of a fact."""
    if isinstance(called, nodes.Name):
        return False  # a macro in the same file; any other name is unknown, and found when it is tried
    if not isinstance(called, nodes.Getattr):
        return True
    own_macros = isinstance(called.node, nodes.Name) and called.node.name == "w"
    return not own_macros and called.attr not in _METHODS


def _tried(library: Library, language: str, size: str, kind: str) -> Iterator[Flaw]:
    """What shows when the messages of made-up alerts are made of it."""
    name = f"{language}/{size}/{kind}.j2"
    if name not in library.templates:
        if language == ENGLISH:
            yield Flaw(name, 0, "is missing; English has all of them.")
        return
    for alert in product_examples(kind):
        try:
            made = product_parts(library, name, alert, GROUP, size=size, base_url=BASE_URL)
            most = product_parts(library, name, *longest(alert), size=size, base_url=BASE_URL)
        except Exception as error:  # noqa: BLE001 - whatever a template does, it is named
            yield _raised(library, name, error)
            return
        kept = " ".join(part.text for part in made if part.rank == MUST)
        wanted = ("18:42", "14", alert.code or "", GROUP.name, always(language)["observe"])
        yield from (
            Flaw(name, 1, f"no line with `!` says {value!r}.") for value in wanted if value not in kept
        )
        yield from _too_long(name, " ".join(part.text for part in most if part.rank == MUST), size)


def _too_long(name: str, musts: str, size: str) -> Iterator[Flaw]:
    plain = spelled_plainly(musts)
    length = sms_places(plain) if size == "short" and is_plain(plain) else len(musts)
    if length > _LIMIT[size]:
        yield Flaw(name, 1, f"lines with `!` take {length} of {_LIMIT[size]} characters; shorten them.")


def _raised(library: Library, name: str, error: Exception) -> Flaw:
    """The line of the template where it went wrong, which Jinja puts into the traceback."""
    files = {str(found.file): known for known, found in library.templates.items()}
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in files]
    where = (files[frames[-1].filename], frames[-1].lineno or 0) if frames else (name, 0)
    return Flaw(*where, f"{type(error).__name__}: {error}.")
