"""A frozen value with some of its fields changed: `dataclasses.replace`, at a third of its cost.

Each event makes some new states and incidents of some thirty fields each, so this is where an event's
time goes. All fields are ones that `__init__` takes, which `replace` checks every time.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def changed(value: T, **changes: Any) -> T:
    """The value with these fields changed. Raises `TypeError` for a field that it does not have."""
    kind: Any = type(value)
    names, read = _parts(kind)
    made: T = kind(**{**dict(zip(names, read(value), strict=True)), **changes})
    return made


@cache
def _parts(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Its fields' names, and what reads them all at once (a class of one field has no use for this)."""
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)
