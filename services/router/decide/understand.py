"""What a message is: a report, news of one, its end, a question, old news, other police, chatter, spam.

Signs come from the lexicon, clause by clause; the rules below read them in the order of their
strength. What cannot be understood is said to be so, never guessed; it is then a matter for a person.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, get_args

from rapidfuzz.distance import OSA

from services.router.decide.kind_rules import Kind, kind_of, rumours_in
from services.router.decide.language import languages
from services.router.decide.lexicon import lexicon
from services.router.decide.name_words import ROAD_WORDS
from services.router.decide.reading import CLAIM, VENUES, Reading, read_clause
from services.router.decide.sounds import sounds
from services.router.decide.text import Clause, clauses
from shared.contracts.incidents import Counted, Who
from shared.text import tokens

SETTINGS: Final = ("home", "driving", "centre", "transport", "work", "street")

_SHOUT: Final = 12
_COUNTED: Final[Mapping[str, Counted]] = {name: name for name in get_args(Counted)}
_MOST_DIGITS: Final = 2
ENGLISH: Final = "en"
_MEANT: Final = "immigration"
_LEAST_MEANT: Final = 9


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message is, in named parts; `signs` say from which words that was read."""

    kind: Kind
    strength: float = 0.0
    """How clearly it says that a raid is on: 0 nothing, 1 the bare name of one, 2 and more with detail."""
    first_hand: bool | None = None
    """Whether its sender is there; None: the words do not say."""
    present: bool = False
    """Whether it says that it is going on now."""
    who: Who = "unknown"
    rumour: int = 0
    """How many of its phrases are of the kind that is passed on by everybody and seen by nobody."""
    moved: bool = False
    support: bool = False
    """Whether it is about people at a police station afterwards."""
    corrects: bool = False
    again: bool = False
    apart: bool = False
    """Whether it says that this is another one: "two lots", "not the same as the nail bar"."""
    setting: str | None = None
    venues: frozenset[str] = frozenset()
    counts: tuple[tuple[Counted, int], ...] = ()
    """How many vans, officers and people held, as far as it says."""
    languages: tuple[str, ...] = ("en",)
    """The languages it seems to be in, the likeliest first."""
    signs: frozenset[str] = frozenset()
    """Every sign found."""
    told: frozenset[str] = frozenset()
    """The signs that are asserted, neither asked nor denied."""
    denied: frozenset[str] = frozenset()
    asks: bool = False
    """Whether every clause asks."""
    words: int = 0
    sounds: float = 0.0
    """The log odds, by its words alone, that something is going on (`sounds`)."""
    marks: frozenset[str] = frozenset()
    """What its shape shows: a question mark, a link, hashtags, shouting, a quotation."""

    @property
    def language(self) -> str:
        """The likeliest language."""
        return self.languages[0]


@lru_cache(maxsize=8_192)
def understand(text: str) -> Understood:
    """Understand a text in any of the lexicon's languages, or a mix of them. Never raises."""
    parts = clauses(text)
    words = sum(len(part.tokens) for part in parts)
    if not words:
        return Understood("empty")
    spoken = languages(tokens(text))
    if spoken[0] == ENGLISH:
        parts = tuple(replace(part, tokens=tuple(map(_as_meant, part.tokens))) for part in parts)
    readings = [read_clause(part, spoken) for part in parts]
    return replace(_understood(readings, words, spoken, parts), marks=_marks(text), sounds=sounds(text))


@lru_cache(maxsize=4_096)
def _as_meant(word: str) -> str:
    """The word that says most, as a shaking hand types it: "immgration", "imigraiton"."""
    likely = word.startswith("im") and len(word) >= _LEAST_MEANT
    return _MEANT if likely and OSA.distance(word, _MEANT, score_cutoff=2) <= 2 else word  # noqa: PLR2004 - slips


def _understood(
    readings: list[Reading], words: int, spoken: tuple[str, ...], parts: Sequence[Clause]
) -> Understood:
    told = frozenset().union(*(r.told for r in readings))
    found = frozenset().union(*(r.signs for r in readings))
    denied = frozenset().union(*(r.denied for r in readings if not r.asks))
    kind = kind_of(readings, told, found, denied, words)
    return Understood(
        kind=kind,
        strength=_strength(told),
        first_hand=_first_hand(readings),
        present=bool(told & {"now", "still", "seen"}),
        who=_who(told),
        rumour=rumours_in(readings),
        moved="moved" in told,
        support="support" in found,
        corrects="correct" in found,
        again="again" in told,
        apart="apart" in found,
        setting=_setting(readings, parts),
        venues=frozenset(found & VENUES) - denied,
        counts=_counts(readings, parts, spoken),
        languages=spoken,
        signs=found,
        told=told,
        denied=denied,
        asks=all(r.asks for r in readings),
        words=words,
    )


_SHAPES: Final = (
    ("question", re.compile(r"[?؟？]")),
    ("link", re.compile(r"https?://|www\.", re.IGNORECASE)),
    ("hashtags", re.compile(r"#\w+.*#\w+", re.DOTALL)),
    ("exclaims", re.compile(r"!!|‼|❗|🚨|⚠")),
    ("quote", re.compile(r"^\s*(?:RT\b|FWD?\b|\[\d)|[“\"«].{25,}[”\"»]", re.IGNORECASE | re.DOTALL)),
    ("clock", re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b\d{1,2}\s?(?:am|pm)\b", re.IGNORECASE)),
    ("money", re.compile(r"[£€$]\s?\d|\d\s?(?:quid|k)\b", re.IGNORECASE)),
)


def _marks(text: str) -> frozenset[str]:
    found = {name for name, pattern in _SHAPES if pattern.search(text)}
    if text.isupper() and sum(map(str.isalpha, text)) > _SHOUT:
        found.add("shouts")
    return frozenset(found)


def _strength(told: frozenset[str]) -> float:
    """Half a point for each kind of detail, one for the name of the thing."""
    named = (
        1.0
        if "agency" in told
        else 0.8
        if "raid" in told or "papers" in told
        else 0.5
        if "immigration" in told
        else 0.0
    )
    return named + 0.5 * len(told & {"act", "force", "seen", "now", "still"}) - 0.3 * ("hedge" in told)


def _first_hand(readings: Sequence[Reading]) -> bool | None:
    """Somebody who sees it and says so in the same breath; else hearsay, if there is any, counts more."""
    seers = [r.signs for r in readings if "seen" in r.signs and "hearsay" not in r.signs]
    heard = any("hearsay" in r.signs for r in readings)
    if heard:
        return any(signs & (CLAIM | {"act", "force"}) for signs in seers)
    return True if seers else None


def _who(told: frozenset[str]) -> Who:
    immigration = bool(told & {"agency", "immigration", "papers"})
    if immigration:
        return "joint" if "police" in told else "immigration"
    if "police" in told:
        return "police"
    return "other" if "other" in told else "unknown"


def _setting(readings: Sequence[Reading], parts: Sequence[Clause]) -> str | None:
    """Where people are; that "street" stands in a street's name says nothing of it."""
    found = {
        hit.sign
        for reading, part in zip(readings, parts, strict=True)
        for hit in reading.hits
        if hit.sign != "street" or not ROAD_WORDS.issuperset(part.tokens[hit.start : hit.end])
    }
    return next((setting for setting in SETTINGS if setting in found), None)


def _counts(
    readings: Sequence[Reading], parts: Sequence[Clause], spoken: Sequence[str]
) -> tuple[tuple[Counted, int], ...]:
    """The greatest number that stands just before a counted noun."""
    found: dict[Counted, int] = {}
    for reading, part in zip(readings, parts, strict=True):
        for hit in reading.hits:
            if counted := _COUNTED.get(hit.sign):
                number = max(
                    (_number(w, spoken) for w in part.tokens[max(0, hit.start - 2) : hit.start]), default=0
                )
                if number:
                    found[counted] = max(found.get(counted, 0), number)
    return tuple(sorted(found.items()))


def _number(word: str, spoken: Sequence[str]) -> int:
    if word.isdecimal() and len(word) <= _MOST_DIGITS:
        return int(word)
    return lexicon().number(word, spoken)
