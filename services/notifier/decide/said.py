"""What a provider said about a test, as a person may see it: one line without secrets or addresses. Pure.

A provider may echo anything back: the token in the address that we asked, a chat's id, a phone number.
"""

import re
from collections.abc import Collection
from typing import Final

from shared.plugins.spec import BadCredentials, Outcome, Rejected, RetryLater
from shared.words import clean

MOST: Final = 300
_HIDDEN: Final = "***"
_READ: Final = 4_000
"""More of a provider's text is not looked at."""
_SHORTEST: Final = 4
"""What is shorter than this hides nothing, and taking it out would spoil every other word."""
_PRIVATE: Final = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an address
    r"|\+?\d(?:[ ()./-]?\d){5,}"  # a number, however it is grouped
    r"|(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}"  # what looks like a key
)


def words_of(outcome: Outcome, hidden: Collection[str] = ()) -> str | None:
    """The provider's own words, cleaned; None if it said none. `hidden` are the channel's own secrets."""
    if not isinstance(outcome, Rejected | RetryLater | BadCredentials) or not outcome.words:
        return None
    text = str(outcome.words)[:_READ]
    for secret in sorted(hidden, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _HIDDEN)
    return clean(_PRIVATE.sub(_HIDDEN, text), MOST) or None
