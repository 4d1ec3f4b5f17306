"""What a message is: a report, news of one, its end, a question, old news, other police, chatter, spam.

Signs come from the lexicon, clause by clause; the rules below read them in the order of their
strength. What cannot be understood is said to be so, never guessed; it is then a matter for a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

from services.router.decide.language import DEFAULT, languages
from services.router.decide.lexicon import Hit, lexicon
from services.router.decide.text import Clause, clauses, tokens

Kind = Literal[
    "report", "update", "over", "wrong", "question", "old_news", "other_police", "rumour", "chatter",
    "drill", "spam", "help", "unclear", "empty",
]  # fmt: skip
Who = Literal["immigration", "police", "joint", "other", "unknown"]

VENUES: Final = frozenset({"food", "beauty", "car", "shop", "store", "site", "hotel", "care"})
SETTINGS: Final = ("home", "centre", "transport", "work", "street")

_LONE_HELP_WORDS: Final = 4
_SHOUT: Final = 12
_MOST_DIGITS: Final = 2
_QUESTION_WORDS: Final = 2
_PRONOUNS: Final = frozenset({"i", "im", "ive", "its", "it", "they", "theyre", "we", "were", "he", "she", "this", "thats"})
_RUMOURED: Final = 2
_NEGATES: Final = 4
_NEGATES_BACK: Final = 3
_CLAIM: Final = frozenset({"agency", "raid", "immigration", "papers"})
_SCENE: Final = frozenset({"act", "force", "seen", "now", "still", "papers"})
_MASKS: Final = frozenset(
    {"chatter", "news", "event", "other", "spam", "drill", "wrong", "over", "support", "ask", "old", "doubt", "not", "still", "agency"}
)
_DENIABLE: Final = frozenset({"agency", "raid", "immigration", "papers", "over", "drill", "police", "other", "seen"}) | VENUES


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
    marks: frozenset[str] = frozenset()
    """What its shape shows: a question mark, a link, hashtags, shouting, a quotation."""

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

    before: set[str] = field(default_factory=set)
    """The signs that stand before the words that ask: "immigration inside, what is going on"."""

    @property
    def told(self) -> set[str]:
        """What the clause asserts."""
        return self.before if self.asks else self.signs


@lru_cache(maxsize=8_192)
def understand(text: str) -> Understood:
    """Understand a text in any of the lexicon's languages, or a mix of them. Never raises."""
    parts = clauses(text)
    words = sum(len(part.tokens) for part in parts)
    if not words:
        return Understood("empty")
    spoken = languages(tokens(text))
    readings = [_read(part, spoken) for part in parts]
    return replace(_understood(readings, words, spoken, parts), marks=_marks(text))


def _read(part: Clause, spoken: Sequence[str]) -> _Reading:
    heard = [h for h in lexicon().hits(part.tokens, spoken) if not _is_everyday(h, part, spoken[0])]
    kept = [h for h in heard if not any(_masks(other, h) for other in heard) and not _is_interjection(h, part)]
    reading = _Reading(asks=False, hits=kept)
    for hit in kept:
        if hit.sign in _DENIABLE and _denied(hit, kept):
            reading.denied.add(hit.sign)
        else:
            reading.signs.add(hit.sign)
    reading.asks = _asks(part, reading.signs)
    if reading.asks:
        reading.before = _before_the_question(part, kept) - reading.denied
    return reading


def _before_the_question(part: Clause, hits: Sequence[Hit]) -> set[str]:
    """What is told before the question begins, if that is a raid and a scene of it.

    Many languages ask by a word at the end: there, with its question mark, all of it is asked.
    """
    asking = [(h.start, h.end, h.language) for h in hits if h.sign in {"ask", "doubt"}]
    begins, ends, language = min(asking, default=(0, 0, ""))
    told = {h.sign for h in hits if h.end <= begins}
    at_the_end = len(part.tokens) - ends < _QUESTION_WORDS and (part.asks or language != DEFAULT)
    return set() if at_the_end or not (told & _CLAIM and told & _SCENE) else told


def _is_interjection(hit: Hit, part: Clause) -> bool:
    """Whether a "no" only begins to speak: "no I'm stood here"."""
    alone = hit.sign == "not" and (hit.start, hit.end) == (0, 1) and part.tokens[0] in {"no", "nah"}
    return alone and (len(part.tokens) == 1 or part.tokens[1] in _PRONOUNS)


def _is_everyday(hit: Hit, part: Clause, language: str) -> bool:
    """Whether a single word of another language is an everyday word of the message's own: Portuguese "no"."""
    single = hit.end - hit.start == 1 and hit.language != language
    return single and language in lexicon().common.get(part.tokens[hit.start], ())


def _masks(longer: Hit, hit: Hit) -> bool:
    """Whether a longer phrase explains a shorter one away: "ice cream van", "immigration lawyer"."""
    covers = longer.start <= hit.start and hit.end <= longer.end
    if not covers or longer.end - longer.start <= hit.end - hit.start or longer.sign == hit.sign:
        return False
    if longer.sign in {"hedge", "rumour"}:
        return hit.sign in {"not", "not_after", "ask"}
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
    denied = frozenset().union(*(r.denied for r in readings if not r.asks))
    kind = _kind(readings, told, found, denied, words)
    return Understood(
        kind=kind,
        strength=_strength(told),
        first_hand=_first_hand(readings),
        present=bool(told & {"now", "still", "seen"}),
        who=_who(told),
        rumour=_rumours(readings),
        moved="moved" in told,
        support="support" in found,
        corrects="correct" in found,
        again="again" in told,
        apart="apart" in found,
        setting=next((s for s in SETTINGS if s in found), None),
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
    letters = [c for c in text if c.isalpha()]
    if len(letters) > _SHOUT and text.isupper():
        found.add("shouts")
    return frozenset(found)


def _rumours(readings: Sequence[_Reading]) -> int:
    """How many phrases of rumour there are, at different places."""
    return len({(n, h.start) for n, r in enumerate(readings) for h in r.hits if h.sign == "rumour"})


def _strength(told: frozenset[str]) -> float:
    """Half a point for each kind of detail, one for the name of the thing."""
    named = 1.0 if "agency" in told else 0.8 if "raid" in told or "papers" in told else 0.5 if "immigration" in told else 0.0
    return named + 0.5 * len(told & {"act", "force", "seen", "now", "still"}) - 0.3 * ("hedge" in told)


def _first_hand(readings: Sequence[_Reading]) -> bool | None:
    """Somebody who sees it and says so in the same breath; else hearsay, if there is any, counts more."""
    seers = [r.signs for r in readings if "seen" in r.signs and "hearsay" not in r.signs]
    heard = any("hearsay" in r.signs for r in readings)
    if heard:
        return any(signs & (_CLAIM | {"act", "force"}) for signs in seers)
    return True if seers else None


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
    claimed = told & _CLAIM or (told & {"centre"} if "act" in told else frozenset())
    scene = told & _SCENE
    if not claimed and found & _CLAIM and not told & {"act", "police", "other", "support"}:
        return "question"
    if not claimed and all(r.asks for r in readings):
        return "question"
    if "old" in found and not (not claimed and found & {"chatter", "news", "event"}) and not (claimed and told & {"still", "seen", "now"} and not _old_claim(readings)):
        return "old_news"
    if claimed:
        return _kind_of_claim(told, found, scene, _rumours(readings))
    return _kind_without_claim(readings, told, found)


def _old_claim(readings: Sequence[_Reading]) -> bool:
    """Whether every clause that names the raid dates it to another day."""
    claims = [r for r in readings if r.told & _CLAIM]
    return all("old" in r.signs for r in claims)


def _kind_of_claim(told: frozenset[str], found: frozenset[str], scene: frozenset[str], rumours: int) -> Kind:
    if rumours >= _RUMOURED and not told & {"seen", "act"}:
        return "rumour"
    idle = found & {"chatter", "event", "news"} and not told & {"seen", "act", "still", "force"}
    if idle and not {"agency", "now"} <= told:
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
    if _rumours(readings) >= _RUMOURED or ("future" in told and told & {"rumour", "hearsay"}):
        return "rumour"
    if "support" in told:
        return "chatter" if found & {"news", "chatter"} and not told & {"act", "still", "more"} else "update"
    if told & {"police", "other"}:
        return "update" if "other" not in told and told & {"more", "still", "moved"} else "other_police"
    if all(r.asks for r in readings) or (found & {"ask", "doubt"} and not told & {"act", "force", "more", "still", "moved"}):
        return "question"
    if found & {"chatter", "event", "news"}:
        return "chatter"
    if told & {"act", "force", "more", "still", "moved", "again", "correct"}:
        return "update"
    return "unclear"


def _counts(
    readings: Sequence[_Reading], parts: Sequence[Clause], spoken: Sequence[str]
) -> tuple[tuple[str, int], ...]:
    """The greatest number that stands just before a counted noun."""
    found: dict[str, int] = {}
    for reading, part in zip(readings, parts, strict=True):
        for hit in reading.hits:
            if hit.sign in {"van", "officer", "person"}:
                number = max((_number(w, spoken) for w in part.tokens[max(0, hit.start - 2) : hit.start]), default=0)
                if number:
                    found[hit.sign] = max(found.get(hit.sign, 0), number)
    return tuple(sorted(found.items()))


def _number(word: str, spoken: Sequence[str]) -> int:
    if word.isdecimal() and len(word) <= _MOST_DIGITS:
        return int(word)
    return lexicon().number(word, spoken)
