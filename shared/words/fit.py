"""Puts the parts of a message together and shortens it gracefully where it must.

A template's every line is a part with its rank: `!` is never dropped; of the others the one with
the highest figure goes first. So what is lost when a message is too long is decided by the
template, not by where the text happens to end. Pure.
"""

from dataclasses import dataclass

_MUST = 0


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
            parts.append(Part(_MUST if mark == "!" else int(mark), " ".join(text.split())))
    return parts


def fit(parts: list[Part], limit: int, *, joined_by: str) -> str:
    """The message with as many parts as fit within `limit`; raises `ValueError` if the musts don't."""
    kept = list(parts)
    while len(text := joined_by.join(p.text for p in kept)) > limit:
        last = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        if kept[last].rank == _MUST:
            raise ValueError(f"what may not be dropped has {len(text)} characters, more than {limit}")
        del kept[last]
    return text
