"""Does a text speak of somebody's home? Then strangers may learn no more than its district.

Asked of every report, also when the log is replayed: a search for the lexicon's phrases alone.
"""

from functools import cache

from services.router.decide.lexicon import lexicon
from services.router.decide.text import tokens


def speaks_of_home(text: str) -> bool:
    """Whether any of the lexicon's phrases for a home stands in it, in any language."""
    words = f" {' '.join(tokens(text))} "
    return any(phrase in words for phrase in _phrases())


@cache
def _phrases() -> tuple[str, ...]:
    return tuple(f" {phrase} " for phrase, signs in lexicon().phrases.items() if "home" in signs)
