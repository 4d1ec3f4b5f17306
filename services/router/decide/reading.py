"""One clause read: which signs it tells, which it denies, which it asks about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.router.decide.language import DEFAULT
from services.router.decide.lexicon import Hit, lexicon
from services.router.decide.text import Clause

VENUES: Final = frozenset({"food", "beauty", "car", "shop", "store", "site", "hotel", "care"})


_QUESTION_WORDS: Final = 2


_PRONOUNS: Final = frozenset(
    {"i", "im", "ive", "its", "it", "they", "theyre", "we", "were", "he", "she", "this", "thats"}
)


_NEGATES: Final = 4


_NEGATES_BACK: Final = 3


CLAIM: Final = frozenset({"agency", "raid", "immigration", "papers"})


SCENE: Final = frozenset({"act", "force", "seen", "now", "still", "papers"})


_MASKS: Final = frozenset(
    {
        "chatter",
        "news",
        "event",
        "other",
        "spam",
        "drill",
        "wrong",
        "over",
        "support",
        "ask",
        "old",
        "doubt",
        "not",
        "still",
        "agency",
    }
)


_DENIABLE: Final = (
    frozenset({"agency", "raid", "immigration", "papers", "over", "drill", "police", "other", "seen"})
    | VENUES
)


@dataclass(slots=True)
class Reading:
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


def read_clause(part: Clause, spoken: Sequence[str]) -> Reading:
    """Sort the clause's signs, in the languages spoken."""
    heard = [h for h in lexicon().hits(part.tokens, spoken) if not _is_everyday(h, part, spoken[0])]
    kept = [
        h for h in heard if not any(_masks(other, h) for other in heard) and not _is_interjection(h, part)
    ]
    reading = Reading(asks=False, hits=kept)
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
    return set() if at_the_end or not (told & CLAIM and told & SCENE) else told


def _is_interjection(hit: Hit, part: Clause) -> bool:
    """Whether a "no" only begins to speak: "no I'm stood here"."""
    alone = hit.sign == "not" and (hit.start, hit.end) == (0, 1) and part.tokens[0] in {"no", "nah"}
    return alone and (len(part.tokens) == 1 or part.tokens[1] in _PRONOUNS)


def _is_everyday(hit: Hit, part: Clause, language: str) -> bool:
    """Whether a single word of another language is an everyday word of the message's own: Portuguese "no"."""
    single = hit.end - hit.start == 1 and hit.language != language
    return single and language in lexicon().common.get(part.tokens[hit.start], ())


def _masks(longer: Hit, hit: Hit) -> bool:
    """Whether a longer phrase explains a shorter one away: "ice cream van", "immigration lawyer".

    "Not the same raid" denies no raid.
    """
    covers = longer.start <= hit.start and hit.end <= longer.end
    if not covers or longer.end - longer.start <= hit.end - hit.start or longer.sign == hit.sign:
        return False
    if longer.sign in {"hedge", "rumour"}:
        return hit.sign in {"not", "not_after", "ask"}
    if longer.sign == "apart":
        return hit.sign in {"not", "not_after", "wrong"}
    if longer.sign == "again":  # "they left and came again", "the same house as last night"
        return hit.sign in {"over", "old"}
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
