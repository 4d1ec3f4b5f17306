"""The timeline of a scenario: a row for each true event and one for noise, a mark for each message. Pure.

Long silences are drawn short, as breaks, so that an hour full of messages is not a smear beside a day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.router.scoring.mistakes import first_words
from services.router.scoring.page.story import Story
from services.router.scoring.truth import Judged

WIDTH: Final = 900.0
_LEFT: Final = 20.0
_RIGHT: Final = 880.0
_SILENCE: Final = timedelta(minutes=45)
_DRAWN_AS: Final = timedelta(minutes=12)
_APART: Final = 24.0
"""Marks nearer to each other than this stand under each other."""

_LANE: Final = 25.0
_HEAD: Final = 30.0
_AXIS: Final = 26.0
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120)
_MOST_TICKS: Final = 9
_TICKS_APART: Final = 56.0
_DATED: Final = 6
_DATED_APART: Final = 96.0
_TEXT: Final = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """One message: its shape says what became of it, its colour and letter of which predicted incident."""

    x: float
    y: float
    status: str
    letter: str
    colour: int | None
    mistake: str
    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """The messages of one event, or the noise."""

    name: str
    y: float
    height: float
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on the axis."""

    x: float
    name: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything on it, in units of its paper."""

    rows: Sequence[Row]
    ticks: Sequence[Tick]
    breaks: Sequence[Tick]
    height: float

    @property
    def title(self) -> str:
        """For those who cannot see it."""
        return f"Timeline: {sum(len(row.marks) for row in self.rows)} messages in {len(self.rows)} rows"


class _Axis:
    """Where moments stand."""

    def __init__(self, moments: Sequence[datetime]) -> None:
        self._moments = sorted(set(moments))
        self._drawn = [timedelta()]
        for before, after in zip(self._moments, self._moments[1:], strict=False):
            gap = after - before
            self._drawn.append(self._drawn[-1] + (_DRAWN_AS if gap > _SILENCE else gap))
        self._scale = (_RIGHT - _LEFT) / max(1.0, self._drawn[-1].total_seconds())

    def x(self, moment: datetime) -> float:
        """Where one of the moments stands, or one in an unbroken stretch after it."""
        number = max((n for n, known in enumerate(self._moments) if known <= moment), default=0)
        drawn = self._drawn[number] + (moment - self._moments[number])
        return round(_LEFT + drawn.total_seconds() * self._scale, 1)

    def breaks(self) -> list[Tick]:
        """The middles of long silences, with how long they were."""
        found = []
        for n, (before, after) in enumerate(zip(self._moments, self._moments[1:], strict=False)):
            if after - before > _SILENCE:
                middle = (self._drawn[n] + self._drawn[n + 1]) / 2
                x = round(_LEFT + middle.total_seconds() * self._scale, 1)
                found.append(Tick(x, _length(after - before)))
        return found

    def ticks(self) -> list[Tick]:
        """Round moments that have room, and the first of each stretch, with its day if that is new."""
        found: list[Tick] = []
        day = ""
        for moment, first in self._round_moments():
            x = self.x(moment)
            if found and x - found[-1].x < (_TICKS_APART if len(found[-1].name) < _DATED else _DATED_APART):
                if not first:
                    continue
                found.pop()
            new_day = f"{moment:%d %b}"
            found.append(Tick(x, f"{moment:%H:%M}" if new_day == day else f"{new_day} {moment:%H:%M}"))
            day = new_day
        return found

    def _round_moments(self) -> Iterable[tuple[datetime, bool]]:
        minutes = self._drawn[-1] / timedelta(minutes=1)
        step = timedelta(minutes=next((s for s in _STEPS if minutes / s <= _MOST_TICKS), _STEPS[-1]))
        for start, end in self._stretches():
            yield start, True
            moment = start - (start - datetime(1970, 1, 1, tzinfo=UTC)) % step + step
            while moment <= end:
                yield moment, False
                moment += step

    def _stretches(self) -> Iterable[tuple[datetime, datetime]]:
        start = self._moments[0]
        for before, after in zip(self._moments, self._moments[1:], strict=False):
            if after - before > _SILENCE:
                yield start, before
                start = after
        yield start, self._moments[-1]


def _length(gap: timedelta) -> str:
    hours = gap / timedelta(hours=1)
    return f"{gap // timedelta(minutes=1)} min" if hours < 2 else f"{hours:.0f} h"  # noqa: PLR2004 - "90 min" reads better


def timeline_of(story: Story) -> Timeline:
    """The timeline of a scenario."""
    axis = _Axis([m.at for m in story.messages])
    rows: list[Row] = []
    y = _AXIS
    for name, messages in _rows(story).items():
        row = _row(name, messages, y, axis, story)
        rows.append(row)
        y += row.height
    return Timeline(rows, axis.ticks(), axis.breaks(), y + 4)


def _rows(story: Story) -> Mapping[str, list[Judged]]:
    """Messages by the names of their rows: events as they begin, then what is of none, then noise."""
    found: dict[str, list[Judged]] = {}
    for message in story.messages:
        if message.truth.incident is not None:
            found.setdefault(message.truth.incident, []).append(message)
    rest = [m for m in story.messages if m.truth.incident is None]
    for name, part in (("of no known incident", False), ("noise", True)):
        if chosen := [m for m in rest if m.noise is part]:
            found[name] = chosen
    return found


def _row(name: str, messages: Sequence[Judged], y: float, axis: _Axis, story: Story) -> Row:
    ends: list[float] = []
    marks = []
    for message in messages:
        x = axis.x(message.at)
        lane = next((n for n, end in enumerate(ends) if x - end >= _APART), len(ends))
        ends[lane : lane + 1] = [x]
        marks.append(_mark(message, x, y + _HEAD + lane * _LANE, story))
    return Row(name, y, _HEAD + len(ends) * _LANE, marks)


def _mark(message: Judged, x: float, y: float, story: Story) -> Mark:
    found = story.predicted.get(message.incident or "")
    wrong = story.mistake_of(message)
    said = f"{message.at:%H:%M} {message.status}{f' {found.letter}' if found else ''}"
    title = f"{said}{f', {wrong.kind}' if wrong else ''}: {first_words(message.line.text or '', _TEXT)}"
    return Mark(
        x=x,
        y=round(y, 1),
        status=message.status,
        letter=found.letter if found else "",
        colour=found.colour if found else None,
        mistake=wrong.kind if wrong else "",
        anchor=story.anchors[message.id],
        title=title,
    )
