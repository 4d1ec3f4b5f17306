"""Does a text speak of somebody's home? Then strangers may learn no more than its district.

Asked of every report, also when the log is replayed: a search for the lexicon's phrases alone.
"""

from services.router.decide.lexicon import lexicon
from services.router.decide.text import tokens


def speaks_of_home(text: str) -> bool:
    """Whether any of the lexicon's phrases for a home stands in it, in any language."""
    return any(hit.sign == "home" for hit in lexicon().hits(tokens(text)))
