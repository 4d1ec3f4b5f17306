"""What a message is: a report, news of one, a question, old news, other police, chatter, spam.

Thin on purpose: signs from the lexicon, and a few rules in the order of their strength. What
cannot be understood is said to be so, never guessed; it is then a matter for a person.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from services.router.decide.lexicon import lexicon
from services.router.decide.text import Clause, clauses, grams

Kind = Literal[
    "report", "update", "over", "wrong", "question", "old_news", "other_police", "chatter", "spam",
    "help", "unclear", "empty",
]  # fmt: skip

_LONE_HELP_WORDS = 4


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message is, and whether its sender is there (None: the words do not say)."""

    kind: Kind
    first_hand: bool | None
    home: bool


@lru_cache(maxsize=4096)
def understand(text: str) -> Understood:
    """Understand a text in any of the lexicon's languages, or a mix of them."""
    parts = clauses(text)
    signs = [_signs(part) for part in parts]
    found = frozenset().union(*signs)
    kind = _kind(parts, signs, found)
    return Understood(kind, _first_hand(found), "home" in found)


def _signs(clause: Clause) -> frozenset[str]:
    words = lexicon()
    found: set[str] = set()
    for gram in grams(clause.tokens, words.longest):
        found |= words.phrases.get(gram, frozenset())
    return frozenset(found)


def _first_hand(found: frozenset[str]) -> bool | None:
    if "second_hand" in found:
        return False
    return True if "first_hand" in found else None


def _kind(parts: list[Clause], signs: list[frozenset[str]], found: frozenset[str]) -> Kind:
    """The first rule that fits; each line is one."""
    words = sum(len(part.tokens) for part in parts)
    if not words:
        return "empty"
    if "spam" in found and "first_hand" not in found:
        return "spam"
    if "help" in found and words <= _LONE_HELP_WORDS and "raid" not in found:
        return "help"
    if "wrong" in found:
        return "wrong"
    if "over" in found:
        return "over"
    return _kind_of_news(parts, signs, found)


def _kind_of_news(parts: list[Clause], signs: list[frozenset[str]], found: frozenset[str]) -> Kind:
    told = _told(parts, signs)
    present = "now" in found or "first_hand" in found
    if "raid" in found and ("doubt" in found or "raid" not in told) and "first_hand" not in told:
        return "question"
    if "old" in found and not ("now" in found and "first_hand" in found):
        return "old_news"
    if "police_only" in found:
        return "other_police"
    if "raid" in found:
        return "chatter" if "chatter" in found and not present else "report"
    return _kind_without_raid(parts, found)


def _kind_without_raid(parts: list[Clause], found: frozenset[str]) -> Kind:
    if found & {"ask", "doubt"} or (len(parts) == 1 and parts[0].asks):
        return "question"
    if "chatter" in found:
        return "chatter"
    if "act" in found:
        return "other_police" if "police" in found else "update"
    return "other_police" if "police" in found else "unclear"


def _told(parts: list[Clause], signs: list[frozenset[str]]) -> frozenset[str]:
    """Signs from the clauses that assert something: neither ends as a question nor asks."""
    asserting = (
        s
        for part, s in zip(parts, signs, strict=True)
        if not part.asks and not ("ask" in s and "now" not in s)
    )
    return frozenset().union(*asserting)
