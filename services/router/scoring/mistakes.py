"""Every message that went wrong, with what happened and what should have, the worst kind first. Pure.

A message has one mistake, its worst. What went wrong with an event as a whole stands at its first report.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import category

from services.router.scoring.events import Event, error_m
from services.router.scoring.metrics import Score, language_of, scenario_of
from services.router.scoring.truth import Judged

FAR_M: Final = 600.0
"""Farther off than this, people who go to look don't find it."""

_FIRST_WORDS: Final = 160
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what stands after them."""

KINDS: Final = (
    "swallowed", "missed", "merged", "noise opened", "not told", "told too many", "far off", "opened again",
    "wrong incident", "not linked", "noise joined", "dropped", "waits",
)  # fmt: skip
"""What can go wrong, in words, the worst first."""

SERIOUS: Final = frozenset(KINDS[: KINDS.index("opened again") + 1])
"""Kinds by which somebody is not told, told wrongly, or told twice."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One message that went wrong."""

    kind: str
    message: Judged
    happened: str
    should: str
    off_m: float | None = None

    @property
    def serious(self) -> bool:
        """Whether somebody is not told, told wrongly, or told twice."""
        return self.kind in SERIOUS

    @property
    def rank(self) -> tuple[int, float, str]:
        """The worst kind first, within it the farthest off, then the earliest."""
        return KINDS.index(self.kind), -(self.off_m or 0.0), self.message.at.isoformat()

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        message = self.message
        return {
            "id": message.id,
            "mistake": self.kind,
            "happened": self.happened,
            "should": self.should,
            "text": first_words(message.line.text or ""),
            "reason": message.reason,
            "scenario": scenario_of(message),
            "language": language_of(message),
            "off_m": None if self.off_m is None else round(self.off_m),
        }


def first_words(text: str, most: int = _FIRST_WORDS) -> str:
    """The beginning of a text, on one line, without what could command a terminal."""
    safe = "".join(" " if category(c) == "Cc" or c in _TURNS else c for c in text)
    line = " ".join(safe.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def mistakes(score: Score) -> list[Mistake]:
    """All mistakes, the worst first, one a message."""
    worst: dict[str, Mistake] = {}
    for mistake in sorted(_all(score), key=lambda m: m.rank):
        worst.setdefault(mistake.message.id, mistake)
    return list(worst.values())


def _all(score: Score) -> Iterator[Mistake]:
    for event in score.events:
        yield from _of_event(event, score)
    for message in score.judged:
        if message.noise:
            yield from _of_noise(message, score)
        elif message.truth.incident is not None:
            yield from _of_news(message, score)


def _of_event(event: Event, score: Score) -> Iterator[Mistake]:
    alert = event.first_alert
    if alert is None:
        kind = "swallowed" if score.swallowed(event) else "missed"
        yield Mistake(kind, event.first_report, _what(event.first_report, score), _opens(event))
        return
    if event.main is not None and score.homes[event.main] not in {event.id, None}:
        happened = f"most of its messages joined {_whose(event.main, score)}"
        yield Mistake("merged", event.first_report, happened, "be an incident of its own")
    yield from _of_routing(alert)
    off = error_m(alert)
    if off is not None and off > FAR_M:
        yield Mistake("far off", alert, f"placed {metres(off)} away", "be placed where it was", off)
    for again in event.messages:
        if again.opened and again is not alert:
            yield _again(again, event)


def _again(message: Judged, event: Event) -> Mistake:
    off = error_m(message)
    happened = f"opened another incident, told {', '.join(message.groups) or 'nobody'}"
    if off is not None and off > FAR_M:
        happened += f", placed {metres(off)} away"
    return Mistake("opened again", message, happened, f"join that of {event.id}", off)


def _opens(event: Event) -> str:
    groups = ", ".join(event.messages[0].truth.groups)
    return f"open an incident ({event.id}), told to {groups or 'nobody: it is in no area'}"


def _of_routing(alert: Judged) -> Iterator[Mistake]:
    said, real = set(alert.groups), set(alert.truth.groups)
    concerned = f"tell {', '.join(sorted(real)) or 'nobody'}"
    off = error_m(alert)
    told = f"told {', '.join(sorted(said)) or 'nobody'}{f', placed {metres(off)} away' if off else ''}"
    if real - said:
        yield Mistake("not told", alert, told, concerned, off)
    elif said - real:
        yield Mistake("told too many", alert, told, concerned, off)


def _of_noise(message: Judged, score: Score) -> Iterator[Mistake]:
    role = message.truth.role.replace("_", " ")
    if message.opened:
        yield Mistake("noise opened", message, "opened an incident", f"open nothing: {role}")
    elif message.status == "attached":
        yield Mistake("noise joined", message, _what(message, score), f"join nothing: {role}")


def _of_news(message: Judged, score: Score) -> Iterator[Mistake]:
    event, role = message.truth.incident, message.truth.role
    should = f"join {event} ({role.replace('_', ' ')})"
    happened = _what(message, score)
    if message.status == "held":
        yield Mistake("waits", message, happened, should)
    elif message.incident is None:
        yield Mistake("dropped", message, happened, should)
    elif score.homes[message.incident] != event and not message.opened:
        yield Mistake("wrong incident", message, happened, should)
    elif role == "retraction" and message.incident != score.main_of(event):
        yield Mistake("not linked", message, happened, f"take back {event}")


def _what(message: Judged, score: Score) -> str:
    """What became of a message, in words."""
    if message.opened:
        return "opened an incident"
    if message.status == "attached" and message.incident is not None:
        return f"joined {_whose(message.incident, score)}"
    return {"held": "held for a person", "ignored": "ignored"}.get(message.status, message.status)


def _whose(incident: str, score: Score) -> str:
    home = score.homes.get(incident)
    return f"the incident of {home}" if home else "an incident of noise"


def metres(value: float) -> str:
    """A distance as one says it."""
    return f"{value / 1000:.1f} km" if value >= 1000 else f"{value:.0f} m"  # noqa: PLR2004 - a kilometre
