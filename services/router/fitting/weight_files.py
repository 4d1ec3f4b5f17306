"""The two files of weights, as a reader wants them: hand-set beside fitted, and every kind with its comment.

They are replaced as a whole, by renaming, so that a relay that starts meanwhile reads the one or the other.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import services.router.decide
from services.router.decide.kind_rules import Kind
from services.router.decide.kinds import KINDS
from services.router.decide.sounds import FILE, Sounds
from services.router.decide.weights import DECISIVE
from shared.errors import SettingsError

DECIDE: Final = Path(services.router.decide.__file__).parent
"""Where the relay reads its weights."""

LINKS: Final = "weights.toml"
KINDS_FILE: Final = "kinds.toml"

_LINE: Final = re.compile(r"^(?P<name>\w+)\s*=\s*(?P<value>\[[^]#]*\]|[-+\d.]+)(?P<comment>\s*#.*)?$")

_ABOUT: Final[Mapping[Kind, str]] = {
    "report": "a raid is on",
    "update": "more of a raid that is known",
    "over": "they have left",
    "wrong": "it was not so after all",
    "question": "asks, asserts nothing",
    "old_news": "of another day, or a copy of an old post",
    "other_police": "police, bailiffs, inspectors: not immigration",
    "chatter": "talk, thanks, meetings, jokes",
    "rumour": "what everybody passes on and nobody has seen",
}

_HEAD: Final = """\
# How much each feature of a message says that it is of a kind. The kind with the largest sum (bias included)
# is it; a feature that is not named counts nothing. Fitted by `relay fit`, towards 2.0 for what the rules
# themselves say (`rule_…`) and 0 for all else. Not edited by hand: the next fit writes it anew.
#
#   told_x, asked_x, denied_x   the sign x of the lexicon is asserted, asked about, denied
#   x_and_y                     both signs stand in it, however they are meant
#   linked                      how likely it is about a known incident, 0 to 1
#
# `kinds.py` says what the others are; docs/mechanisms/evaluating.md how this is fitted.
"""


def read_links(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """(set by hand, in use) of each weight of correlation; a single number is both."""
    table = _table(folder / LINKS)
    pairs = {name: value if isinstance(value, list) else [value, value] for name, value in table.items()}
    return {n: float(v[0]) for n, v in pairs.items()}, {n: float(v[-1]) for n, v in pairs.items()}


def read_kinds(folder: Path) -> dict[str, dict[str, float]]:
    """The weights of kinds in use."""
    return {
        kind: {name: float(value) for name, value in values.items()}
        for kind, values in _table(folder / KINDS_FILE).items()
    }


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}).") from error


def write_links(folder: Path, prior: Mapping[str, float], new: Mapping[str, float]) -> None:
    """Put the fitted weights beside the hand-set ones; comments and order stay."""
    path = folder / LINKS
    width = max(len(name) for name in prior)
    lines = [_links_line(line, prior, new, width) for line in path.read_text(encoding="utf-8").splitlines()]
    _replace(path, "\n".join(lines) + "\n")


def _links_line(line: str, prior: Mapping[str, float], new: Mapping[str, float], width: int) -> str:
    found = _LINE.match(line)
    if found is None or found["name"] in DECISIVE:
        return line
    name, comment = found["name"], (found["comment"] or "").strip()
    return f"{name:<{width}} = [{prior[name]:>5}, {new[name]:6.2f}]{f'  {comment}' if comment else ''}"


def write_kinds(folder: Path, weights: Mapping[str, Mapping[str, float]]) -> None:
    """Write the weights of kinds, a section a kind, the heaviest first."""
    _replace(folder / KINDS_FILE, _HEAD + "".join(_section(kind, weights.get(kind, {})) for kind in KINDS))


_SOUNDS_HEAD: Final = """\
# What words and pairs of words are worth: [how rare, how much it sounds like something going on (above 0) or
# like talk (below 0)]. Fitted by `relay fit` on the messages of a corpus; what stood in one text only is left
# out. Not edited by hand: the next fit writes it anew. `sounds.py` says how it is used.

"""


def write_sounds(folder: Path, sounds: Sounds) -> None:
    """Write the table of words, the loudest first on each side."""
    ordered = sorted(sounds.words.items(), key=lambda entry: (-entry[1][0] * entry[1][1], entry[0]))
    lines = (
        f"{json.dumps(w, ensure_ascii=False)} = [{rare:.2f}, {worth:.2f}]\n" for w, (rare, worth) in ordered
    )
    _replace(folder / FILE, f"{_SOUNDS_HEAD}bias = {sounds.bias:.2f}\n\n[words]\n" + "".join(lines))


def _section(kind: Kind, values: Mapping[str, float]) -> str:
    speaks_for = {name: value for name, value in values.items() if value > 0}
    against = {name: value for name, value in values.items() if value < 0}
    return (
        f"\n[{kind}]  # {_ABOUT[kind]}\n"
        + _lines("speaks for it", speaks_for)
        + _lines("against it", against)
    )


def _lines(title: str, values: Mapping[str, float]) -> str:
    if not values:
        return ""
    ordered = sorted(values.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    return f"# {title}\n" + "".join(f"{name} = {value:.2f}\n" for name, value in ordered)


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written ({error}).") from error
