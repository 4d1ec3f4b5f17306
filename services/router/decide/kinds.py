"""Of which kind a message is, once its words and what is known around it are put together.

The rules of `understand` speak first; their answer, every sign they saw and what correlation and the
gazetteer found are features with weights (`kinds.toml`), and the kind is the one with the largest sum.
So a strange message from somebody who has just reported a raid is news of it, and "ice" beside a
school gate is not. Explainable: `because` names the features that counted most.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp
from typing import Final

from services.router.decide.dates import Age
from services.router.decide.kind_rules import Kind
from services.router.decide.understand import Understood

KINDS: Final[tuple[Kind, ...]] = (
    "report", "update", "over", "wrong", "question", "old_news", "other_police", "chatter", "rumour",
)  # fmt: skip
NOISE: Final = frozenset({"question", "old_news", "other_police", "chatter", "rumour", "spam", "drill"})
FIXED: Final = frozenset({"empty", "help", "spam", "drill"})
"""Kinds that the rules alone decide."""

_SURELY_NOISE: Final = 0.6
"""What is likely about a known incident is ignored only if it is as sure as this that it is noise."""
_LINKED: Final = 0.5
_DAYS_AGO: Final = 3
_SHORT: Final = 5
_LONG: Final = 40
_CLAIMS: Final = frozenset({"agency", "raid", "immigration", "papers"})
_PAIRS: Final = (
    ("agency", "act"), ("agency", "now"), ("agency", "seen"), ("agency", "force"), ("agency", "hearsay"),
    ("agency", "old"), ("agency", "chatter"), ("agency", "police"), ("agency", "other"),
    ("agency", "rumour"), ("agency", "over"), ("act", "seen"), ("act", "force"), ("raid", "old"),
    ("raid", "police"), ("over", "still"), ("over", "moved"), ("police", "support"), ("force", "now"),
    ("police", "other"), ("agency", "future"), ("agency", "still"), ("again", "old"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a message's words."""

    placed: bool = False
    """Whether the words name a precise place."""
    vague: bool = False
    """Whether they name only an area."""
    phone: bool = False
    linked: float = 0.0
    """How likely it is about a known incident, 0 to 1."""
    thread: bool = False
    """Whether its sender wrote about one before."""
    chat: bool = False
    sender_lately: bool = False
    """Whether its sender told of a raid minutes ago: what comes next is likely more of it."""
    chat_lately: bool = False
    """Whether its chat did."""
    live: bool = False
    """Whether anything is going on anywhere."""
    age: Age | None = None
    """How long ago the newest date that it names was."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """The kind, how sure that is (0 to 1), how likely it is noise, and what counted most."""

    kind: Kind
    sure: float
    noise: float
    because: tuple[tuple[str, float], ...] = ()


def features(understood: Understood, context: Context) -> dict[str, float]:
    """Everything that may count, by name."""
    kind = _dated(understood, context)
    told = understood.told - _CLAIMS if kind == "wrong" else understood.told  # it names them to deny them
    found: dict[str, float] = {"bias": 1.0, f"rule_{kind}": 1.0}
    found |= {f"told_{sign}": 1.0 for sign in told}
    found |= {f"asked_{sign}": 1.0 for sign in understood.signs - understood.told}
    found |= {f"denied_{sign}": 1.0 for sign in understood.denied}
    found |= {f"mark_{mark}": 1.0 for mark in understood.marks}
    found |= {f"{a}_and_{b}": 1.0 for a, b in _PAIRS if a in understood.signs and b in understood.signs}
    claims = bool(told & _CLAIMS)
    found |= {
        "claims": float(claims),
        "claims_placed": float(claims and context.placed),
        "strength": understood.strength * (kind != "wrong"),
        "rumours": float(min(understood.rumour, 4)),
        "asks": float(understood.asks),
        "sounds": understood.sounds,
        "short": float(understood.words <= _SHORT),
        "long": float(understood.words >= _LONG),
        "first_hand": float(understood.first_hand is True),
        "placed": float(context.placed),
        "vague": float(context.vague),
        "phone": float(context.phone),
        "linked": context.linked,
        "linked_unclaimed": context.linked * (not claims),
        "thread": float(context.thread),
        "chat": float(context.chat),
        "sender_lately": float(context.sender_lately),
        "chat_lately": float(context.chat_lately),
        "chat_lately_placed": float(context.chat_lately and context.placed),
        "live": float(context.live),
        "dated": float(_before_today(context)),
    }
    return {name: value for name, value in found.items() if value}


def _dated(understood: Understood, context: Context) -> Kind:
    """The rules' answer; what carries an earlier day's date is old, unless somebody sees it now."""
    if (
        _before_today(context)
        and understood.kind in {"report", "update", "over"}
        and understood.first_hand is not True
    ):
        return "old_news"
    return understood.kind


def _before_today(context: Context) -> bool:
    return context.age is not None and context.age.days > 0


def _surely_old(understood: Understood, context: Context) -> bool:
    """Whether it carries a date of days ago, and nobody says that they see it now."""
    dated = context.age is not None and not context.age.a_year and context.age.days >= _DAYS_AGO
    return dated and understood.first_hand is not True and not understood.told & {"now", "still", "again"}


@cache
def kind_weights() -> Mapping[str, Mapping[str, float]]:
    """Kind → feature → weight, read once from `kinds.toml`."""
    text = resources.files(__package__).joinpath("kinds.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return {kind: {name: float(w) for name, w in table.get(kind, {}).items()} for kind in KINDS}


@cache
def _by_feature() -> Mapping[str, Sequence[tuple[Kind, float]]]:
    """Feature → what it is worth for each kind: most are worth something for few of them."""
    found: dict[str, list[tuple[Kind, float]]] = {}
    for kind in KINDS:
        for name, weight in kind_weights()[kind].items():
            found.setdefault(name, []).append((kind, weight))
    return found


def _likely(noise: float, context: Context) -> Sequence[Kind]:
    """The kinds that come into question: news lost costs more than a word too many beside known news."""
    beside_news = context.linked > _LINKED and noise < _SURELY_NOISE
    return [k for k in KINDS if k not in NOISE] if beside_news else KINDS


def reckon(understood: Understood, context: Context) -> Reckoned:
    """Weigh the features; what the rules alone decide stays as it is."""
    if understood.kind in FIXED:
        return Reckoned(understood.kind, 1.0, float(understood.kind in NOISE))
    if _surely_old(understood, context):
        return Reckoned("old_news", 1.0, 1.0, (("dated", 1.0),))
    found = features(understood, context)
    sums: dict[Kind, float] = dict.fromkeys(KINDS, 0.0)
    worth = _by_feature()
    for name, value in found.items():
        for kind, weight in worth.get(name, ()):
            sums[kind] += weight * value
    top = max(sums.values())
    odds = {kind: exp(total - top) for kind, total in sums.items()}
    whole = sum(odds.values())
    noise = sum(odds[k] for k in KINDS if k in NOISE) / whole
    kind = max(_likely(noise, context), key=lambda k: odds[k])
    table = kind_weights()[kind]
    counted = sorted(
        (
            (name, round(table[name] * value, 2))
            for name, value in found.items()
            if name in table and name != "bias"
        ),
        key=lambda item: (-abs(item[1]), item[0]),
    )
    return Reckoned(kind, round(odds[kind] / whole, 3), round(noise, 3), tuple(counted[:5]))
