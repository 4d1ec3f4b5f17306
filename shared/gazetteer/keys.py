"""Names in the one form in which gazetteer and messages meet: folded, with abbreviations written out."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Final

from shared.text import tokens

_SHORT: Final = {
    "rd": "road", "av": "avenue", "ave": "avenue", "ln": "lane", "sq": "square", "gdns": "gardens",
    "gdn": "gardens", "garden": "gardens", "cl": "close", "ct": "court", "stn": "station",
    "cres": "crescent", "ter": "terrace", "terr": "terrace", "pk": "park", "hse": "house", "gt": "great",
    "hosp": "hospital", "ctr": "centre", "center": "centre", "mkt": "market", "dr": "drive",
    "bldgs": "buildings", "utd": "united", "tn": "town", "nth": "north", "sth": "south",
    "bdwy": "broadway", "bdway": "broadway",
    "grn": "green", "yd": "yard", "blvd": "boulevard", "bvd": "boulevard", "cls": "close",
    "cresc": "crescent", "crt": "court", "grv": "grove", "hts": "heights", "jct": "junction",
    "jctn": "junction", "jn": "junction", "junc": "junction", "lwr": "lower", "mt": "mount",
    "mws": "mews", "pde": "parade", "pl": "place", "rdbt": "roundabout", "rly": "railway",
    "sch": "school", "uni": "university", "upr": "upper", "wlk": "walk", "x": "cross",
}  # fmt: skip

GENERIC: Final = frozenset({
    "road", "street", "lane", "avenue", "close", "court", "square", "gardens", "crescent", "terrace",
    "park", "market", "station", "drive", "place", "way", "grove", "mews", "walk", "estate", "hospital",
    "library", "church", "school", "college", "university", "centre", "parade", "row", "junction",
    "roundabout", "bridge", "house", "hotel", "mosque", "temple", "cemetery", "tower", "works",
    "high street", "high road", "town hall", "bus station", "coach station", "police station",
    "fire station", "railway station", "shopping centre", "leisure centre", "sports centre",
    "community centre", "health centre", "primary school", "industrial estate", "trading estate",
    "retail park", "business park", "road estate", "street market", "road market", "lane market",
})  # fmt: skip
"""What people leave out at the end of a name: one or two words."""

_NO_NAME: Final = GENERIC | frozenset({
    "the", "high", "old", "new", "upper", "lower", "great", "little", "north", "south", "east", "west",
    "bus", "coach", "police", "fire", "town", "village", "main", "green", "hill", "central",
})  # fmt: skip
"""Words that name nothing by themselves."""


def canonical(words: Sequence[str]) -> tuple[str, ...]:
    """Each word with its abbreviation written out; `st` is Saint at the start and Street elsewhere."""
    if not words:
        return ()
    first = _COMPASS.get(words[0]) if len(words) > 1 else None
    if first is None:
        first = "saint" if words[0] in _SAINT else _SHORT.get(words[0], words[0])
    return first, *map(written_out, words[1:])


def written_out(word: str) -> str:
    """A word that does not begin a name, with its abbreviation written out."""
    return "street" if word in _SAINT else _SHORT.get(word, word)


_SAINT: Final = frozenset({"st", "saint"})
_COMPASS: Final = {"n": "north", "s": "south", "e": "east", "w": "west"}
"""How a name may begin: "S Lambeth Rd"."""


def name_key(name: str) -> str:
    """The look-up key of a name: "Queen's Rd" → "queens road"."""
    if "&" in name or "+" in name:
        name = name.replace("&", " and ").replace("+", " and ")
    return " ".join(canonical(tokens(name)))


def tells(key: str) -> bool:
    """Whether a key names something by itself: "hackney central" does, "the high road" does not."""
    return bool(key) and key not in GENERIC and not all(word in _NO_NAME for word in key.split(" "))


def shorter(key: str) -> Iterator[str]:
    """The key without its last generic word or words, as far as the rest still names something."""
    words = key.split(" ")
    for count in (1, 2):
        rest = " ".join(words[:-count])
        if " ".join(words[-count:]) in GENERIC and tells(rest):
            yield rest


def fingerprint() -> str:
    """Changes when names would get other keys, so that an index knows if it was built by other rules."""
    rules = repr((sorted(_SHORT.items()), sorted(GENERIC), sorted(_NO_NAME)))
    tried = [name_key(name) for name in _SAMPLES]
    return f"{zlib.crc32(repr((rules, tried)).encode()):08x}"


_SAMPLES: Final = (
    "Queen's Rd", "St. Thomas St", "King’s Cross Stn", "Straße-Gdns", "Elephant & Castle", "Łódź I", "ıI",
    "Y M C A", "A10 (North)", "Caerdydd/Cardiff", "Crème Brûlée", "Ｗide", "北京路", "شارع", "O'Neill_Way",
)  # fmt: skip
