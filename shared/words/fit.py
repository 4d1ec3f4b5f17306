"""Puts the parts of a message together and shortens it gracefully where it must.

A template's every line is a part with its rank: `!` is never dropped; of the others the one with
the highest figure goes first. One marked `~` (`3~`) is shortened at a word's end instead when its turn comes,
and its beginning then stays as long as what is asked of people: the news. So what is lost when a message is
too long is decided by the template, not by where the text happens to end. Pure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.words.clean import clip
from shared.words.sms import MOST_UCS2, is_plain, sms_places, spelled_plainly

MUST = 0
"""The rank of what is never dropped."""
_CLIPPED: Final = 2
"""The rank of what was shortened once."""
_LEAST: Final = 40
"""Characters of it that stay."""


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a rendered template: rank 0 stays in every size; 9 goes first."""

    rank: int
    text: str
    clips: bool = False
    """Whether it is shortened before it is dropped."""
    plainly: str = ""
    """What stands in its place where all else is of GSM's alphabet and it is not."""


def parts_of(rendered: str) -> list[Part]:
    """The parts in a rendered template; a line whose text came out empty is no part."""
    parts = []
    for line in rendered.splitlines():
        mark, _, text = line.strip().partition(" ")
        if text.strip():
            rank = MUST if mark == "!" else int(mark.rstrip("~"))
            parts.append(Part(rank, " ".join(text.split()), clips=mark.endswith("~")))
    return parts


def fit(parts: Sequence[Part], limit: int, *, joined_by: str, length: Callable[[str], int] = len) -> str:
    """The message with as many parts as fit within `limit`; raises `ValueError` if the musts don't."""
    kept = list(parts)
    while (found := length(text := joined_by.join(p.text for p in kept))) > limit:
        last = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        if kept[last].rank == MUST:
            raise ValueError(f"what may not be dropped has length {found}, more than {limit}")
        kept[last : last + 1] = _less(kept[last], found - limit)
    return text


def _less(part: Part, by: int) -> list[Part]:
    """What is left of it: its beginning, at a word's end, or nothing."""
    if not part.clips:
        return []
    return [Part(_CLIPPED, clip(part.text, max(len(part.text) - by, _LEAST)))]


def fit_sms(parts: Sequence[Part], limit: int) -> str:
    """The message within `limit` places of SMS; within four segments where it can't be plain.

    What may not be dropped stays, though it cost more.

    Letters are spelled plainly where that can be, and a part that would make all of it UCS-2 (a quotation in
    Arabic) is said otherwise where it can be, else dropped, unless it may not be.
    """
    plainly = [replace(part, text=text) for part in parts if (text := spelled_plainly(part.text))]
    musts_plain = all(is_plain(part.text) for part in plainly if part.rank == MUST)
    kept = [said for part in plainly if (said := _in_plain(part))] if musts_plain else plainly
    room = limit if musts_plain else min(limit, MOST_UCS2)
    try:
        return fit(kept, room, joined_by=" ", length=sms_places)
    except ValueError:
        return fit(kept, limit, joined_by=" ")


def _in_plain(part: Part) -> Part | None:
    text = part.text if is_plain(part.text) else part.plainly
    return replace(part, text=text) if text else None
