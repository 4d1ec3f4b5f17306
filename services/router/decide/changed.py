"""A frozen value with some of its fields changed: `dataclasses.replace`, at half its cost.

Each event makes some new states and incidents of some thirty fields each, and setting those of a
frozen value one by one is a good part of an event's time. So the fields are copied slot by slot.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar

T = TypeVar("T")

_set: Final = object.__setattr__


def changed(value: T, **changes: Any) -> T:
    """The value with these fields changed; it is of a dataclass with slots.

    Raises `AttributeError` for a field that it does not have.
    """
    kind: Any = type(value)
    read, puts = _parts(kind)
    made: T = kind.__new__(kind)
    for put, known in zip(puts, read(value), strict=True):
        put(made, known)
    for name, new in changes.items():
        _set(made, name, new)
    return made


@cache
def _parts(kind: Any) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[Callable[[Any, Any], None], ...]]:
    """What reads all its fields at once, and what sets each (a class of one field has no use for this)."""
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), tuple(getattr(kind, name).__set__ for name in names)
