"""All keys under which a place is found: its name's own, and those that people make of it.

"A / B" is A and B, "The Broadway (North)" is Broadway, "Elephant & Castle" has two spellings, and
whoever stands at a station calls it tube, overground or train station.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from shared.gazetteer.keys import name_key, tells

_PARTS: Final = re.compile(r"[/()\[\];]+")
_BESIDE: Final = frozenset({"opp", "opposite", "nr", "near", "adj", "outside", "o", "s"})
"""Words before a name in lists of stops; no part of it."""
_NO_TRAINS: Final = frozenset({
    "bus", "coach", "police", "fire", "power", "pumping", "ambulance", "lifeboat", "petrol", "service",
    "filling", "coastguard", "field", "weather", "research", "lookout",
})  # fmt: skip
_STATION_WORDS: Final = (
    "tube", "tube station", "underground", "underground station", "overground", "overground station",
    "rail station", "railway station", "train station", "dlr", "dlr station", "metro", "metro station",
    "subway", "subway station",
)  # fmt: skip


@lru_cache(maxsize=100_000)
def keys_of(name: str, *, station: bool = False) -> tuple[str, ...]:
    """Every key of a name, its own first; none if the name holds no letter or digit."""
    own = name_key(name)
    if not own:
        return ()
    found = [own, *_simple(own)]
    if _PARTS.search(name):
        found += [key for part in _PARTS.split(name) for key in _part(part)]
    if station or own.endswith(" station"):
        found += [key for base in tuple(found) for key in _called(base)]
    return tuple(dict.fromkeys(found))


def _part(part: str) -> Iterator[str]:
    key = name_key(part)
    if tells(key):
        yield key
        yield from _simple(key)


def _simple(key: str) -> Iterator[str]:
    """Without an article or "opposite" before it, and without "and" in it."""
    words = key.split(" ")
    if len(words) > 2 and (words[0] == "the" or words[0] in _BESIDE):  # noqa: PLR2004 - two words remain
        yield " ".join(words[1:])
    if "and" in words[1:-1]:
        yield " ".join(word for word in words if word != "and")


def _called(key: str) -> Iterator[str]:
    """What passengers call the station of that name."""
    words = key.removesuffix(" station").split(" ")
    base = " ".join(words[:-1] if words[-1] in {"railway", "rail", "underground", "dlr"} else words)
    if base and words[-1] not in _NO_TRAINS:
        yield f"{base} station"
        for word in _STATION_WORDS:
            yield f"{base} {word}"
