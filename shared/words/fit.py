"""Puts the parts of a message together and shortens it gracefully where it must.

A template's every line is a part with its rank: `!` is never dropped; of the others the one with
the highest figure goes first. So what is lost when a message is too long is decided by the
template, not by where the text happens to end. Pure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.words.sms import is_plain, sms_places, spelled_plainly

MUST = 0
"""The rank of what is never dropped."""


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a rendered template: rank 0 stays in every size; 9 goes first."""

    rank: int
    text: str


def parts_of(rendered: str) -> list[Part]:
    """The parts in a rendered template; a line whose text came out empty is no part."""
    parts = []
    for line in rendered.splitlines():
        mark, _, text = line.strip().partition(" ")
        if text.strip():
            parts.append(Part(MUST if mark == "!" else int(mark), " ".join(text.split())))
    return parts


def fit(parts: Sequence[Part], limit: int, *, joined_by: str, length: Callable[[str], int] = len) -> str:
    """The message with as many parts as fit within `limit`; raises `ValueError` if the musts don't."""
    kept = list(parts)
    while (found := length(text := joined_by.join(p.text for p in kept))) > limit:
        last = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        if kept[last].rank == MUST:
            raise ValueError(f"what may not be dropped has length {found}, more than {limit}")
        del kept[last]
    return text


def fit_sms(parts: Sequence[Part], limit: int) -> str:
    """The message within `limit` places of SMS; what may not be dropped stays, though it cost more.

    Letters are spelled plainly where that can be, and a part that would make all of it UCS-2 (a quotation in
    Arabic) is dropped, unless it may not be.
    """
    plainly = [replace(part, text=text) for part in parts if (text := spelled_plainly(part.text))]
    musts_plain = all(is_plain(part.text) for part in plainly if part.rank == MUST)
    kept = [part for part in plainly if is_plain(part.text)] if musts_plain else plainly
    try:
        return fit(kept, limit, joined_by=" ", length=sms_places)
    except ValueError:
        return fit(kept, limit, joined_by=" ")
