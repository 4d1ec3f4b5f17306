"""What is kept of a message's meaning: its kind, its venues, and its rare words.

Two messages about one event share names and odd details ("the bakery four", "Farhad") long before they
share phrases. A word is rare if no language's lexicon knows it and it is no everyday word.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from services.router.decide.lexicon import common_words, everyday_words, known_words, lexicon, prepositions
from services.router.decide.name_words import ROAD_WORDS
from services.router.decide.understand import Understood
from shared.contracts.incidents import Gist
from shared.contracts.situation import SETTINGS
from shared.gazetteer.keys import name_key, tells, written_out
from shared.text import tokens

_SHORTEST: Final = 4
_NEW: Final = "new"
"""An everyday word with which a street's name begins in every town: "New Road"."""
_SCENE: Final = frozenset({"van", "officer", "act", "force"})
_MOST: Final = 24
_DETAILS: Final = frozenset(
    {"hotel", "care", "school", "site", "car", "beauty", "store", "food", "shop", "centre"}
)


def gist_of(text: str, understood: Understood) -> Gist:
    """What to keep."""
    return Gist(
        kind=understood.kind,
        present=understood.present,
        rumour=understood.rumour > 0,
        home="home" in understood.signs,
        setting=next((setting for setting in SETTINGS if setting == understood.setting), None),
        venues=tuple(sorted(understood.venues)),
        words=rare_words(text),
        scene=bool(understood.told & _SCENE),
        tongue=understood.language,
        who=understood.who,
        seen=understood.counts,
    )


def rare_words(text: str) -> tuple[str, ...]:
    """The rare words of a text, each once, in its order; a street that it names is one of its own."""
    words = tokens(text)
    found = dict.fromkeys((*_streets(words), *(w for w in words if _rare(w))))
    return tuple(found)[:_MOST]


def _streets(words: Sequence[str]) -> Iterator[str]:
    """Names of streets, known to a gazetteer or not: "Duke St" and "duke street" are both "duke street"."""
    for before, word in pairwise(words):
        if written_out(word) not in ROAD_WORDS:
            continue
        key = name_key(f"{before} {word}")
        if before == _NEW or (
            len(before) >= _SHORTEST
            and before not in prepositions()
            and not known_words().get(before)
            and tells(key)
        ):
            yield key


@lru_cache(maxsize=16_384)
def _rare(word: str) -> bool:
    if len(word) < (_SHORTEST if word.isascii() else 3) or word.isdigit():
        return False
    if word in common_words() or word in everyday_words() or word in lexicon().common:
        return False
    signs = known_words().get(word, frozenset())
    return not signs or bool(signs & _DETAILS)
