"""True events with their messages, and which of them share a predicted incident. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.router.scoring.truth import Judged
from shared.geo import distance_m


@dataclass(frozen=True, slots=True)
class Event:
    """One event in the world, with its messages in time order."""

    id: str
    messages: tuple[Judged, ...]

    @property
    def first_report(self) -> Judged:
        """The first message that says that it is on; it gives the event its language and scenario."""
        return next((m for m in self.messages if m.truth.role == "report"), self.messages[0])

    @property
    def first_alert(self) -> Judged | None:
        """The message on which the first of its alerts went out."""
        return next((m for m in self.messages if m.opened), None)

    @property
    def main(self) -> str | None:
        """The predicted incident that most of its messages belong to; of equals the earlier."""
        counts = Counter(m.incident for m in self.messages if m.incident is not None)
        return counts.most_common(1)[0][0] if counts else None

    @property
    def told_at(self) -> datetime | None:
        """When its first alert went out; None if it never did, or if the event was in nobody's area."""
        return self.first_alert.told_at if self.first_alert else None


def events_of(judged: Iterable[Judged]) -> list[Event]:
    """The true events, by their ids."""
    found: dict[str, list[Judged]] = defaultdict(list)
    for message in judged:
        if message.truth.incident is not None:
            found[message.truth.incident].append(message)
    return [Event(name, tuple(messages)) for name, messages in sorted(found.items())]


def merged(events: Sequence[Event]) -> list[list[str]]:
    """Events whose messages mostly lie in one and the same predicted incident: each a false merge."""
    by_main: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.main is not None:
            by_main[event.main].append(event.id)
    return [ids for ids in by_main.values() if len(ids) > 1]


def homes(judged: Iterable[Judged]) -> Mapping[str, str | None]:
    """Predicted incident → the event that it is about.

    That of the message which opened it, or of most of its messages if noise did; None if those are noise.
    """
    counts: dict[str, Counter[str | None]] = defaultdict(Counter)
    openers: dict[str, str] = {}
    for message in judged:
        if message.incident is not None:
            counts[message.incident][message.truth.incident] += 1
            if message.opened and message.truth.incident is not None:
                openers.setdefault(message.incident, message.truth.incident)
    return {name: openers.get(name, count.most_common(1)[0][0]) for name, count in counts.items()}


def error_m(message: Judged | None) -> float | None:
    """Metres between a message's predicted and its event's true place, where both are known."""
    if message is None or message.lat is None or message.lon is None:
        return None
    if message.truth.lat is None or message.truth.lon is None:
        return None
    return distance_m(message.lat, message.lon, message.truth.lat, message.truth.lon)
