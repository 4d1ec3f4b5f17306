"""The numbers of people held, as one truth: what was said at an end, and what became known afterwards. Pure.

Router and console both count by this, so that a page, a preview and a message never say different numbers.
Nobody disappears from them: who was not known of, or thought to be taken, and was let go, counts as let go.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from shared.contracts.aftercare import Fate
from shared.contracts.desk import Tally

_MOST: Final = 1000
"""What one number of a tally can say."""


def held(fates: Iterable[Fate]) -> list[Fate]:
    """What became of those who were taken, or may have been: who was let go is none of them."""
    return [fate for fate in fates if fate != "let_go"]


def tally_of_people(said: Tally, fates: Iterable[Fate], before: Iterable[Fate] | None = None) -> Tally:
    """The numbers that were said, as far as it is known by now what became of everybody followed up.

    "Not known" at an end means nobody saw whether they were taken: once it is known what became of somebody,
    they count as taken, or as let go. `before`: what was known when the numbers were said (None: the same);
    whoever is known since then to have been let go, or was struck off, is first one who was not known of.
    """
    now = Counter(fates)
    was = now if before is None else Counter(before)
    freed = now["let_go"] - was["let_go"]
    struck = max(0, was.total() - now.total())
    unknown = min(max(0, said.unknown - freed - struck), now["unknown"])
    return Tally(
        let_go=min(_MOST, max(said.let_go + freed, now["let_go"])),
        taken=now.total() - now["let_go"] - unknown,
        unknown=unknown,
    )


def together(one: Tally, other: Tally) -> Tally:
    """The numbers of two incidents that are one: each was said of those whom somebody there saw."""
    return Tally(
        **{name: min(_MOST, getattr(one, name) + getattr(other, name)) for name in Tally.model_fields}
    )


def without(both: Tally, one: Tally) -> Tally:
    """What remains of such numbers when one of the two leaves again."""
    return Tally(**{name: max(0, getattr(both, name) - getattr(one, name)) for name in Tally.model_fields})
