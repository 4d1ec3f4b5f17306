"""What follows from a value alone, kept for the value last asked about.

A state's maps are never changed but replaced, so the same object always gives the same answer. One is
enough: the router has one state at a time, and holding more would keep old ones in memory.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")


class Latest(Generic[S, T]):
    """A pure function that is computed again only for another object than last time."""

    def __init__(self, compute: Callable[[S], T]) -> None:
        self._compute = compute
        self._known: tuple[S, T] | None = None

    def __call__(self, of: S) -> T:
        """The answer for this object."""
        known = self._known
        if known is None or known[0] is not of:
            known = self._known = (of, self._compute(of))
        return known[1]
