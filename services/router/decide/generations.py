"""A persistent map that forgets by itself: an entry lives for one to two spans, at constant cost.

Forgetting follows the events' times alone, so every replay forgets the same.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from rpds import HashTrieMap

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Generations(Generic[K, V]):
    """Two generations of entries; the older is dropped when the younger has reached its span."""

    span: timedelta
    since: datetime | None = None
    young: "HashTrieMap[K, V]" = field(default_factory=HashTrieMap)
    old: "HashTrieMap[K, V]" = field(default_factory=HashTrieMap)

    def put(self, key: K, value: V, now: datetime) -> "Generations[K, V]":
        """With this entry, kept for at least `span` after `now`."""
        if self.since is None:
            return replace(self, since=now, young=self.young.insert(key, value))
        if now - self.since < self.span:
            return replace(self, young=self.young.insert(key, value))
        fresh: HashTrieMap[K, V] = HashTrieMap()
        return replace(self, since=now, young=fresh.insert(key, value), old=self.young)

    def get(self, key: K) -> V | None:
        """The entry, if it is still remembered."""
        found = self.young.get(key)
        return self.old.get(key) if found is None else found
