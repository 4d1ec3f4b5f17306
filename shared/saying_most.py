"""Which of an incident's reports says most: verifiers are shown its words. Pure.

One rule for router and console, so that a preview holds what is sent.
"""

from datetime import datetime
from typing import Final

EXCERPT: Final = 280
"""Characters of that report that verifiers are shown."""

Worth = tuple[bool, bool, float, str]


def worth(*, first_hand: bool | None, placed: bool, at: datetime, report: str) -> Worth:
    """What it is worth: first-hand, then words with a precise place, then the earlier; the most is best."""
    return first_hand is True, placed, -at.timestamp(), report
