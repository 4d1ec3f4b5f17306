"""One scenario as the page shows it: messages, events, predicted incidents, mistakes, and their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.router.scoring.events import Event
from services.router.scoring.metrics import Score, scenario_of
from services.router.scoring.mistakes import Mistake
from services.router.scoring.truth import Judged

COLOURS: Final = 8
"""How many colours the style sheet has for predicted incidents."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Predicted:
    """A predicted incident as far as a scenario's messages have part in it."""

    letter: str
    colour: int
    first: Judged
    """The message that opened it, else the first that it names."""
    home: str | None
    """The event that it is about."""
    messages: int
    elsewhere: Sequence[str]
    """Other scenarios whose messages it holds."""

    @property
    def opened(self) -> bool:
        """Whether it was opened in this scenario."""
        return self.first.opened


@dataclass(frozen=True, slots=True)
class Story:
    """One scenario; `anchor` names it within the page."""

    name: str
    anchor: str
    messages: Sequence[Judged]
    events: Sequence[Event]
    predicted: Mapping[str, Predicted]
    mistakes: Sequence[Mistake]
    anchors: Mapping[str, str]
    """Message id → its place in the page. Ids are others' words; these are ours."""

    @property
    def serious(self) -> int:
        """How many of its mistakes are serious."""
        return sum(m.serious for m in self.mistakes)

    def mistake_of(self, message: Judged) -> Mistake | None:
        """What went wrong with a message."""
        return next((m for m in self.mistakes if m.message is message), None)


def stories(score: Score, mistakes: Sequence[Mistake]) -> list[Story]:
    """All scenarios, those with the worst mistakes first."""
    names = dict.fromkeys(scenario_of(m) for m in score.judged)
    anchors = {m.id: f"m{n}" for n, m in enumerate(score.judged)}
    found = [_story(score, mistakes, name, f"s{n}", anchors) for n, name in enumerate(names)]
    return sorted(found, key=lambda s: (-s.serious, -len(s.mistakes), s.name))


def _story(
    score: Score, mistakes: Sequence[Mistake], name: str, anchor: str, anchors: Mapping[str, str]
) -> Story:
    messages = [m for m in score.judged if scenario_of(m) == name]
    return Story(
        name=name,
        anchor=anchor,
        messages=messages,
        events=[e for e in score.events if scenario_of(e.first_report) == name],
        predicted=_predicted(score, messages, name),
        mistakes=[m for m in mistakes if scenario_of(m.message) == name],
        anchors=anchors,
    )


def _predicted(score: Score, messages: Sequence[Judged], name: str) -> dict[str, Predicted]:
    """Predicted incidents in the order in which the scenario meets them."""
    found: dict[str, Predicted] = {}
    for incident in dict.fromkeys(m.incident for m in messages if m.incident is not None):
        everywhere = [m for m in score.judged if m.incident == incident]
        here = [m for m in messages if m.incident == incident]
        number = len(found)
        found[incident] = Predicted(
            letter=_letter(number),
            colour=number % COLOURS,
            first=next((m for m in here if m.opened), here[0]),
            home=score.homes[incident],
            messages=len(here),
            elsewhere=sorted({scenario_of(m) for m in everywhere} - {name}),
        )
    return found


def _letter(number: int) -> str:
    """A … Z, A2 … Z2 and so on."""
    rounds, rest = divmod(number, len(_LETTERS))
    return f"{_LETTERS[rest]}{rounds + 1 if rounds else ''}"
