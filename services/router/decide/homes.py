"""Does a text speak of somebody's home? Then strangers may learn no more than its district.

Asked of every report, also when the log is replayed: a search for the lexicon's phrases alone.
"""

from services.router.decide.understand import understand


def speaks_of_home(text: str) -> bool:
    """Whether a phrase for a home stands in it, in one of its languages."""
    return "home" in understand(text).signs
