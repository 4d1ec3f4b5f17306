"""What an exercise came to: the incidents that it made, who was told, after how long each was done. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.console.decide.draft import Document
from services.console.decide.views import is_open

_STEPS: Final = ("claimed", "confirmed", "rejected", "ended")
_COPIES: Final = frozenset({"same_text", "copy_of_held"})
_LATE: Final = timedelta(hours=1)
"""What was on its way when the exercise ended is still of it."""


@dataclass(frozen=True, slots=True)
class Came:
    """One incident of an exercise, in seconds from its opening; None: that has not happened."""

    code: str
    place: str | None
    status: str
    open: bool
    reports: int
    told: Mapping[str, int]
    """Audience → messages delivered."""
    first_told: float | None
    claimed: float | None
    confirmed: float | None
    rejected: float | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class Played:
    """What became of each message that is played: together they are all of them."""

    joined: int
    """In incidents."""
    copies: int
    """Of these: came in the same words as one before."""
    waiting: int
    """Wait for a person."""
    lapsed: int
    """Waited, and nobody took them up in time."""
    aside: Mapping[str, int]
    """Not for us: for which reason, the most frequent first."""
    coming: int
    """Not sent, or not decided, yet; once the exercise is over: never sent."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An exercise and what came of it so far."""

    id: str
    name: str | None
    speed: float
    count: int
    """Messages that are played."""
    begun_at: datetime
    until: datetime
    """When it was over, or will be at the latest."""
    last_at: datetime | None
    """When the last of its messages comes; None where none are played."""
    goes_on: bool
    incidents: tuple[Came, ...]
    held: int
    """Its reports that wait for a person."""
    played: Played | None = None
    """Where messages are played: what became of each."""
    own_joined: int = 0
    """Its reports in incidents that nobody played: its people sent them."""
    own_waiting: int = 0
    """The same of those that wait."""

    @property
    def reports(self) -> int:
        """Its reports that the desk has, in incidents or waiting."""
        return self.held + _in_incidents(self.incidents)

    @property
    def left_open(self) -> list[str]:
        """The codes of its incidents that nobody has ended yet."""
        return [came.code for came in self.incidents if came.open]


def standing(  # noqa: PLR0913 - all that came of it
    exercise: Document,
    incidents: Iterable[Document],
    alerts: Mapping[str, Sequence[Document]],
    held: Iterable[Document],
    now: datetime,
    *,
    sent: Sequence[Document] = (),
) -> Standing:
    """The exercise as it stands; `alerts` by incident; `sent`: the reports that its messages became."""
    begun_at, until = _moment(exercise["begun_at"]), _moment(exercise["until"])
    goes_on = not exercise["ended_at"] and now < until
    own = of(exercise, incidents)
    came = tuple(_came(i, alerts.get(i["id"], ())) for i in own)
    waiting = sum(1 for h in held if _of(exercise, h["at"], drill=h.get("drill")))
    played = _played(exercise["count"], sent) if exercise["count"] else None
    names = {name for i in own for name in i.get("sources", (i["id"],))}
    joined = sum(1 for report in sent if report.get("incident") in names)
    return Standing(
        id=exercise["id"],
        name=exercise["name"],
        speed=exercise["speed"],
        count=exercise["count"],
        begun_at=begun_at,
        until=_moment(exercise["ended_at"]) if exercise["ended_at"] else until,
        last_at=begun_at + timedelta(seconds=exercise["lasts_s"]) if exercise["count"] else None,
        goes_on=goes_on,
        incidents=came,
        held=waiting,
        played=played,
        own_joined=max(0, _in_incidents(came) - joined),
        own_waiting=max(0, waiting - (played.waiting if played else 0)),
    )


def _in_incidents(came: Iterable[Came]) -> int:
    """Their reports; those of one that was merged are counted where it went."""
    return sum(one.reports for one in came if one.status != "merged")


def _played(count: int, sent: Sequence[Document]) -> Played:
    joined = [r for r in sent if r.get("incident")]
    rest = [r for r in sent if not r.get("incident") and r.get("outcome")]
    aside = Counter(r["reason"] for r in rest if r["outcome"] != "held")
    held = [r for r in rest if r["outcome"] == "held"]
    lapsed = sum(1 for r in held if r.get("settled"))
    return Played(
        joined=len(joined),
        copies=sum(1 for r in joined if r.get("reason") in _COPIES),
        waiting=len(held) - lapsed,
        lapsed=lapsed,
        aside=dict(sorted(aside.items(), key=lambda item: (-item[1], item[0]))),
        coming=count - len(joined) - len(rest),
    )


def of(exercise: Document, incidents: Iterable[Document]) -> list[Document]:
    """Those of the incidents that are this exercise's."""
    return [i for i in incidents if _of(exercise, i["opened_at"], drill=i.get("drill"))]


def _of(exercise: Document, at: str, *, drill: bool | None) -> bool:
    """Whether an incident or a held report of that time is this exercise's, by the log's own clock."""
    begun = _moment(exercise["at"])
    long = _moment(exercise["until"]) - _moment(exercise["begun_at"])
    end = _moment(exercise["ended_at"]) if exercise["ended_at"] else begun + long
    return bool(drill) and begun <= _moment(at) <= end + _LATE


def _came(incident: Document, alerts: Sequence[Document]) -> Came:
    opened = _moment(incident["opened_at"])
    steps: dict[str, float] = {}
    for step in incident.get("timeline", ()):
        if step["what"] in _STEPS:
            steps.setdefault(step["what"], (_moment(step["at"]) - opened).total_seconds())
    first = min((_moment(a["at"]) for a in alerts if a.get("audience") == "verifiers"), default=None)
    place = incident.get("place")
    return Came(
        code=incident["code"],
        place=place["label"] if place else None,
        status=incident["status"],
        open=is_open(incident),
        reports=incident.get("reports", 0),
        told=_told(alerts),
        first_told=(first - opened).total_seconds() if first else None,
        **{step: steps.get(step) for step in _STEPS},
    )


def _told(alerts: Iterable[Document]) -> dict[str, int]:
    found: dict[str, int] = {}
    for alert in alerts:
        delivered = sum(kinds.get("delivered", 0) for kinds in alert.get("results", {}).values())
        if delivered:
            found[alert["audience"]] = found.get(alert["audience"], 0) + delivered
    return dict(sorted(found.items()))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def is_on(exercise: Document, now: datetime) -> bool:
    """Whether it goes on: nobody has ended it, and its time has not either."""
    return not exercise["ended_at"] and now < _moment(exercise["until"])
