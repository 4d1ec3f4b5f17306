"""What a message is: a report, news of one, its end, a question, old news, other police, chatter, spam.

Signs come from the lexicon, clause by clause; the rules below read them in the order of their
strength. What cannot be understood is said to be so, never guessed; it is then a matter for a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from services.router.decide.language import languages
from services.router.decide.lexicon import EVERYWHERE, Hit, lexicon
from services.router.decide.text import Clause, clauses, tokens

Kind = Literal[
    "report", "update", "over", "wrong", "question", "old_news", "other_police", "rumour", "chatter",
    "drill", "spam", "help", "unclear", "empty",
]  # fmt: skip
Who = Literal["immigration", "police", "joint", "other", "unknown"]

VENUES: Final = frozenset({"food", "beauty", "car", "shop", "store", "site", "hotel", "care"})
SETTINGS: Final = ("home", "centre", "transport", "work", "street")

_LONE_HELP_WORDS: Final = 4
_NEGATES: Final = 4
_NEGATES_BACK: Final = 3
_CLAIM: Final = frozenset({"agency", "raid", "immigration", "papers"})
_SCENE: Final = frozenset({"act", "force", "seen", "now", "still", "papers"})
_MASKS: Final = frozenset(
    {"chatter", "news", "event", "other", "spam", "drill", "wrong", "over", "support", "hedge", "ask", "old", "doubt", "rumour", "not", "still", "agency"}
)
_DENIABLE: Final = frozenset({"agency", "raid", "immigration", "papers", "over", "drill", "police", "other", "seen"})


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
    setting: str | None = None
    venues: frozenset[str] = frozenset()
    counts: tuple[tuple[str, int], ...] = ()
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

    @property
    def language(self) -> str:
        """The likeliest language."""
        return self.languages[0]


@dataclass(slots=True)
class _Reading:
    """The signs of one clause, sorted by whether they are told, denied or asked."""

    asks: bool
    hits: list[Hit]
    denied: set[str] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)

    @property
    def told(self) -> set[str]:
        """What the clause asserts."""
        return set() if self.asks else self.signs


@lru_cache(maxsize=8_192)
def understand(text: str) -> Understood:
    """Understand a text in any of the lexicon's languages, or a mix of them. Never raises."""
    parts = clauses(text)
    words = sum(len(part.tokens) for part in parts)
    if not words:
        return Understood("empty")
    found = [lexicon().hits(part.tokens) for part in parts]
    spoken = languages(tokens(text), _flat(parts, found))
    readings = [_read(part, hits, spoken) for part, hits in zip(parts, found, strict=True)]
    return _understood(readings, words, spoken, parts)


def _flat(parts: Sequence[Clause], found: Sequence[list[Hit]]) -> Iterable[Hit]:
    """All hits, placed by the words of the whole text."""
    offset = 0
    for part, hits in zip(parts, found, strict=True):
        yield from (hit._replace(start=hit.start + offset, end=hit.end + offset) for hit in hits)
        offset += len(part.tokens)


def _read(part: Clause, hits: list[Hit], spoken: Sequence[str]) -> _Reading:
    heard = [h for h in hits if h.language in spoken or h.sign in EVERYWHERE]
    kept = [h for h in heard if not any(_masks(other, h) for other in heard)]
    reading = _Reading(asks=False, hits=kept)
    for hit in kept:
        if hit.sign in _DENIABLE and _denied(hit, kept):
            reading.denied.add(hit.sign)
        else:
            reading.signs.add(hit.sign)
    reading.asks = _asks(part, reading.signs)
    return reading


def _masks(longer: Hit, hit: Hit) -> bool:
    """Whether a longer phrase explains a shorter one away: "ice cream van", "immigration lawyer"."""
    covers = longer.start <= hit.start and hit.end <= longer.end
    if not covers or longer.end - longer.start <= hit.end - hit.start or longer.sign == hit.sign:
        return False
    return longer.sign in _MASKS or (longer.sign in VENUES and hit.sign in VENUES)


def _denied(hit: Hit, hits: Sequence[Hit]) -> bool:
    for other in hits:
        if other.sign == "not" and 0 <= hit.start - other.end < _NEGATES:
            return True
        if other.sign == "not_after" and 0 <= other.start - hit.end < _NEGATES_BACK:
            return True
    return False


def _asks(part: Clause, signs: set[str]) -> bool:
    if signs & {"ask", "doubt"}:
        return "seen" not in signs or part.asks
    return part.asks and not (
        signs & {"agency", "raid", "papers"} and signs & {"act", "seen", "now", "still", "hedge"}
    )


def _understood(readings: list[_Reading], words: int, spoken: tuple[str, ...], parts: Sequence[Clause]
) -> Understood:
    told = frozenset().union(*(r.told for r in readings))
    found = frozenset().union(*(r.signs for r in readings))
    denied = frozenset().union(*(r.denied for r in readings))
    kind = _kind(readings, told, found, denied, words)
    return Understood(
        kind=kind,
        strength=_strength(told),
        first_hand=_first_hand(readings),
        present=bool(told & {"now", "still", "seen"}),
        who=_who(told),
        rumour=len({(n, h.start) for n, r in enumerate(readings) for h in r.hits if h.sign == "rumour"}),
        moved="moved" in told,
        support="support" in found,
        corrects="correct" in found,
        again="again" in told,
        setting=next((s for s in SETTINGS if s in found), None),
        venues=frozenset(found & VENUES),
        counts=_counts(readings, parts),
        languages=spoken,
        signs=found,
        told=told,
        denied=denied,
        asks=all(r.asks for r in readings),
        words=words,
    )


def _strength(told: frozenset[str]) -> float:
    """Half a point for each kind of detail, one for the name of the thing."""
    named = 1.0 if "agency" in told else 0.8 if "raid" in told or "papers" in told else 0.5 if "immigration" in told else 0.0
    return named + 0.5 * len(told & {"act", "force", "seen", "now", "still"}) - 0.3 * ("hedge" in told)


def _first_hand(readings: Sequence[_Reading]) -> bool | None:
    for reading in readings:
        if "seen" in reading.signs and "hearsay" not in reading.signs:
            return True
    return False if any("hearsay" in r.signs for r in readings) else None


def _who(told: frozenset[str]) -> Who:
    immigration = bool(told & {"agency", "immigration", "papers"})
    if immigration:
        return "joint" if "police" in told else "immigration"
    if "police" in told:
        return "police"
    return "other" if "other" in told else "unknown"


def _kind(
    readings: Sequence[_Reading], told: frozenset[str], found: frozenset[str], denied: frozenset[str], words: int
) -> Kind:
    """The first rule that fits; each line is one."""
    if "spam" in found and not told & {"seen", "act"}:
        return "spam"
    if "drill" in found:
        return "drill"
    if _is_help(found, words):
        return "help"
    if _takes_back(readings, told, denied):
        return "wrong"
    if "over" in told and not told & {"still", "moved"}:
        return "question" if all(r.asks for r in readings if "over" in r.signs) else "over"
    return _kind_of_news(readings, told, found)


def _is_help(found: frozenset[str], words: int) -> bool:
    return "help" in found and words <= _LONE_HELP_WORDS and not found & {"agency", "raid", "immigration"}


def _takes_back(readings: Sequence[_Reading], told: frozenset[str], denied: frozenset[str]) -> bool:
    """It was none: said in so many words, or an agency denied and none told."""
    claims = told & {"agency", "papers"}
    if "wrong" in told:
        return not (claims and told & {"still", "correct"})
    return bool(denied & {"agency", "raid", "immigration"}) and not told & _CLAIM and not all(r.asks for r in readings)


def _kind_of_news(readings: Sequence[_Reading], told: frozenset[str], found: frozenset[str]) -> Kind:
    claimed = told & _CLAIM
    scene = told & _SCENE
    if not claimed and found & _CLAIM and not told & {"act", "force", "police", "other", "support"}:
        return "question"
    if "old" in found and not (claimed and told & {"still", "seen", "now"} and not _old_claim(readings)):
        return "old_news"
    if claimed:
        return _kind_of_claim(told, found, scene)
    return _kind_without_claim(readings, told, found)


def _old_claim(readings: Sequence[_Reading]) -> bool:
    """Whether every clause that names the raid dates it to another day."""
    claims = [r for r in readings if r.told & _CLAIM]
    return all("old" in r.signs for r in claims)


def _kind_of_claim(told: frozenset[str], found: frozenset[str], scene: frozenset[str]) -> Kind:
    if found & {"chatter", "event", "news"} and not told & {"seen", "act", "still", "force"}:
        return "chatter"
    if "support" in told and not told & {"seen", "still", "agency"}:
        return "update"
    if "other" in told and not told & {"agency", "papers", "immigration"}:
        return "other_police"
    if "police" in told and not told & {"agency", "papers", "immigration"} and not scene & {"seen"}:
        return "other_police"
    if "future" in told and not told & {"seen", "still", "act", "now"}:
        return "rumour"
    if told & {"immigration"} == claimed_only(told) and not scene and not found & {"near", "corner"}:
        return "chatter" if found & {"chatter", "news", "event"} else "report"
    return "report"


def claimed_only(told: frozenset[str]) -> frozenset[str]:
    """The claims among the signs."""
    return told & _CLAIM


def _kind_without_claim(readings: Sequence[_Reading], told: frozenset[str], found: frozenset[str]) -> Kind:
    if "support" in told:
        return "update"
    if told & {"police", "other"}:
        return "other_police"
    if all(r.asks for r in readings) or (found & {"ask", "doubt"} and not told & {"act", "force", "more", "still", "moved"}):
        return "question"
    if found & {"chatter", "event", "news"}:
        return "chatter"
    if told & {"act", "force", "more", "still", "moved", "again", "correct"}:
        return "update"
    return "unclear"


def _counts(readings: Sequence[_Reading], parts: Sequence[Clause]) -> tuple[tuple[str, int], ...]:
    """The greatest number that stands just before a counted noun."""
    found: dict[str, int] = {}
    for reading, part in zip(readings, parts, strict=True):
        for hit in reading.hits:
            if hit.sign in {"van", "officer", "person"}:
                number = max((_number(w) for w in part.tokens[max(0, hit.start - 2) : hit.start]), default=0)
                if number:
                    found[hit.sign] = max(found.get(hit.sign, 0), number)
    return tuple(sorted(found.items()))


def _number(word: str) -> int:
    if word.isdecimal() and len(word) <= 2:
        return int(word)
    return lexicon().numbers.get(word, 0)
