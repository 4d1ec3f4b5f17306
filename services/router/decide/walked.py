"""A persistent map's entries as a plain dict that follows its changes.

Walking through a persistent map costs microseconds an entry, and ticks walk through all incidents. The
dict belongs to the very map that was changed last; asked about any other one, it is made anew.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

from rpds import HashTrieMap

K = TypeVar("K")
V = TypeVar("V")


class Walked(Generic[K, V]):
    """Changes a map, and knows the latest one's entries."""

    def __init__(self) -> None:
        self._of: HashTrieMap[K, V] | None = None
        self._entries: dict[K, V] = {}

    def entries(self, of: "HashTrieMap[K, V]") -> Mapping[K, V]:
        """What the map holds, in no order; to be read at once, since the next change is made in it, too."""
        if self._of is not of:
            self._of, self._entries = of, dict(of.items())
        return self._entries

    def put(self, of: "HashTrieMap[K, V]", key: K, value: V) -> "HashTrieMap[K, V]":
        """The map with this entry."""
        changed = of.insert(key, value)
        if self._of is of:
            self._entries[key] = value
            self._of = changed
        return changed

    def discard(self, of: "HashTrieMap[K, V]", key: K) -> "HashTrieMap[K, V]":
        """The map without this entry."""
        changed = of.discard(key)
        if self._of is of:
            self._entries.pop(key, None)
            self._of = changed
        return changed
