"""Collects what is wrong in one group file, with the line it stands on."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing wrong: where it stands, and a sentence with the remedy. Never holds a setting's value."""

    file: Path
    line: int
    """Counted from 1, as editors do."""
    key: str
    """The path of the key, as in `channels[0].settings.url`."""
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: the key's path and its line; it writes its mistakes into a shared list."""

    file: Path
    line: int
    key: str = ""
    found: list[Mistake] = field(default_factory=list, compare=False)

    def wrong(self, message: str) -> None:
        """Note a mistake here."""
        self.found.append(Mistake(self.file, self.line, self.key or "(file)", message))

    def at(self, container: Any, name: str | int) -> Self:
        """The spot of a member of `container`; where its line is unknown, the container's own."""
        path = f"{self.key}[{name}]" if isinstance(name, int) else f"{self.key}.{name}".lstrip(".")
        return type(self)(self.file, line_of(container, name, self.line), path, self.found)

    def unknown_keys(self, mapping: Mapping[Any, Any], known: Iterable[str]) -> None:
        """Note every key that nobody reads, with the nearest one that is read."""
        names = sorted(known)
        for key in mapping:
            if key not in names:
                self.at(mapping, key).wrong(f"unknown key; {nearest(str(key), names)}")


def line_of(container: Any, name: str | int, otherwise: int) -> int:
    """The line (from 1) of a key or an item that ruamel.yaml read."""
    try:
        position = container.lc.item(name) if isinstance(name, int) else container.lc.key(name)
        return int(position[0]) + 1
    except (AttributeError, KeyError, TypeError, IndexError):
        return otherwise


def nearest(word: str, known: Iterable[str]) -> str:
    """Did-you-mean: the nearest of the known words, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}."
