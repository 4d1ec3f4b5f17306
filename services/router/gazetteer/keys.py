"""Names in the one form in which gazetteer and messages meet: folded, with abbreviations written out."""

from collections.abc import Sequence

from services.router.decide.text import tokens

_SHORT = {
    "rd": "road", "av": "avenue", "ave": "avenue", "ln": "lane", "sq": "square", "gdns": "gardens",
    "gdn": "gardens", "garden": "gardens", "cl": "close", "ct": "court", "stn": "station",
    "cres": "crescent", "ter": "terrace", "terr": "terrace", "pk": "park", "hse": "house", "gt": "great",
    "hosp": "hospital", "ctr": "centre", "center": "centre", "mkt": "market", "dr": "drive",
    "bldgs": "buildings", "utd": "united", "nth": "north", "sth": "south", "bdwy": "broadway",
    "grn": "green", "yd": "yard",
}  # fmt: skip


def canonical(words: Sequence[str]) -> tuple[str, ...]:
    """Each word with its abbreviation written out; `st` is Saint at the start and Street elsewhere."""
    return tuple(_canonical(word, first=n == 0) for n, word in enumerate(words))


def _canonical(word: str, *, first: bool) -> str:
    if word in {"st", "saint"}:
        return "saint" if first else "street"
    return _SHORT.get(word, word)


def name_key(name: str) -> str:
    """The look-up key of a name: "Queen's Rd" → "queens road"."""
    return " ".join(canonical(tokens(name)))
