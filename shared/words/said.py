"""What a person says: words for one who gave none, and whether a message says all that was given."""

from typing import Final

from shared.words.clean import clean
from shared.words.sms import spelled_plainly

NOT_OVER: Final = "It is not over."
"""To everybody who was told, when a person opens again what was confirmed before."""
MOST_SAID: Final = 1000
"""Characters of a person's words that a message holds at most."""


def says_all(text: str, words: str) -> bool:
    """Whether the message says all of a person's words, as they were cleaned or spelled plainly."""
    whole = clean(words, max(len(words), 1))
    return whole in text or spelled_plainly(whole) in text
