"""What became of the people held, as a member writes it after OVER: "2 let go, 1 taken". Pure.

Only a number before a known word counts; what is not understood stays in the member's words.
"""

import re
from functools import cache
from typing import Final

from shared.words.desk_words import beginnings, fold, plain

_PARTS: Final = ("let_go", "taken", "unknown")
_BETWEEN: Final = r"\s*(?:人|people|person|persons)?\s*"


@cache
def _pattern() -> re.Pattern[str]:
    parts = (f"(?P<{part}>" + "|".join(map(re.escape, beginnings(part))) + ")" for part in _PARTS)
    return re.compile(rf"(?<!\d)(\d{{1,3}}){_BETWEEN}(?:{'|'.join(parts)})\w*")


def tally_in(words: str) -> tuple[dict[str, int], bool]:
    """How many were let go, taken, and are not known of; and whether the words say nothing else."""
    folded = fold(plain(words))
    counts: dict[str, int] = {}
    for found in _pattern().finditer(folded):
        part = next(part for part in _PARTS if found[part])
        counts[part] = counts.get(part, 0) + int(found[1])
    left = re.sub(r"[\W_]|\band\b|\bet\b|\by\b|\be\b", "", _pattern().sub("", folded))
    return {part: min(count, 1000) for part, count in counts.items()}, not left
