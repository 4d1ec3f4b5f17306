"""Reads the cells of a line, and says of a wrong one in which column it stands and what was expected."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

T = TypeVar("T")

Lines = Sequence[tuple[int, Sequence[str]]]
"""Numbered lines, split into their cells."""

MOST_NAMED: Final = 20
"""Wrong lines of a file that are named; all are counted."""

_LONGEST_NAME: Final = 200


class WrongCellError(ValueError):
    """A line cannot be used; says the column and what was expected."""


@dataclass(slots=True)
class Mistakes:
    """The wrong lines of one file."""

    count: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        """One more."""
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append((where, what))


def checked(
    lines: Lines, columns: int, check: Callable[[Sequence[str]], T | None], mistakes: Mistakes
) -> Iterable[T]:
    """What `check` makes of each line of at least that many columns; what it refuses is a mistake."""
    for line, cells in lines:
        try:
            if len(cells) < columns:
                raise _short(len(cells), columns)
            found = check(cells)
        except WrongCellError as error:
            mistakes.add(str(line), str(error))
        else:
            if found is not None:
                yield found


def _short(columns: int, expected: int) -> WrongCellError:
    return WrongCellError(f"column {columns}: the line ends here, before column {expected}; complete it.")


def wrong(column: int, name: str, value: str, expected: str) -> WrongCellError:
    """The mistake of one cell; columns are counted from 1 for people."""
    return WrongCellError(f"column {column + 1} ({name}): {value[:40]!r} {expected}")


def number(cells: Sequence[str], column: int, name: str, least: float, most: float) -> float:
    """A number within bounds."""
    try:
        found = float(cells[column])
    except ValueError:
        raise wrong(column, name, cells[column], "is not a number; correct or remove the line.") from None
    if not least <= found <= most:
        raise wrong(column, name, cells[column], f"is not between {least:g} and {most:g}.")
    return found


def latitude(cells: Sequence[str], column: int, name: str) -> float:
    """Degrees north."""
    return number(cells, column, name, -90.0, 90.0)


def longitude(cells: Sequence[str], column: int, name: str) -> float:
    """Degrees east."""
    return number(cells, column, name, -180.0, 180.0)


def text(cells: Sequence[str], column: int, name: str) -> str:
    """A name: something, readable, and of a bearable length."""
    found = cells[column].strip()
    if not found:
        raise wrong(column, name, found, "is empty; name the place or remove the line.")
    if len(found) > _LONGEST_NAME:
        raise wrong(column, name, found, f"has {len(found)} characters, too many for a name.")
    if "\ufffd" in found:
        raise wrong(column, name, found, "is not UTF-8 text.")
    return found
