"""Which known incident a report may be about: candidates by place, words, sender and chat, each scored.

Each sign that speaks for or against is a named number; `weights.toml` says what it is worth. Both
uncertainties count: two precisely placed events 400 m apart stay two. Only incidents that the report's
disc, words, sender or chat lead to are looked at, however many are open.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.router.decide.changed import changed
from services.router.decide.chat_home import at_home
from services.router.decide.geo import cells_asked
from services.router.decide.likeness import (
    CHAT,
    EVERYBODYS,
    Report,
    Signs,
    another,
    apart_m,
    kinship,
    present,
    signs_of,
)
from services.router.decide.state import INCIDENTS, Incident, State, Trace
from services.router.decide.text import sketch
from services.router.decide.weights import score
from shared.contracts.base import IncidentId, Place, ReportId

ENDED_RECENTLY: Final = timedelta(hours=1)
"""How long after its end an incident still takes what is said of it."""

AFTERWARDS: Final = timedelta(hours=8)
"""How long after its end news of it (people held, a police station) still joins it."""


_TELLING_M: Final = 1_000.0
_NOTHING: Final[Signs] = {}
_LINKS: Final = frozenset({"sender", "chat", "words", "copy"})
_MOST_NEIGHBOURS: Final = 256
_MOST_LIVE: Final = 12
_MOST_CANDIDATES: Final = 64


class Candidate(NamedTuple):
    """An incident that the report may be about, with what speaks for and against, and its score."""

    incident: Incident
    signs: Signs
    score: float
    apart_m: float | None = None


@dataclass(frozen=True, slots=True)
class Correlated:
    """All candidates, the likeliest first; and the held report this one is a copy of, if any."""

    candidates: tuple[Candidate, ...]
    copy_of_held: ReportId | None = None
    copy_of: Incident | None = None
    copied: float = 0.0
    """The share of the text's marks that `copy_of` has: 1 is a copy, 0.5 may be the same phrases."""

    @property
    def best(self) -> Candidate | None:
        """The likeliest."""
        return self.candidates[0] if self.candidates else None

    @property
    def leaning(self) -> IncidentId | None:
        """The incident that a report is held beside: the likeliest, if anything ties them together."""
        near = [c for c in self.candidates if "another" not in c.signs]
        return near[0].incident.id if near else None


def correlate(state: State, report: Report, now: datetime) -> Correlated:
    """Find and score the incidents that a report may be about."""
    marks = sketch(report.text)
    traces = [t for mark in marks if (t := state.traces.get(mark)) is not None]
    original, copied = _original(state, traces, len(marks))
    live = len(state.live)
    found = {i.id: i for i in _led_to(state, report, original, now) if i.drill == report.drill}
    local = _at_home(state, report)
    scored = [
        _scored(i, report, live, copied if i is original else 0.0, state, now, local.get(i.id, _NOTHING))
        for i in found.values()
    ]
    if (kin := _only_kin(state, report, scored)) is not None:
        scored = [c for c in scored if c.incident is not kin]
        ties = {**local.get(kin.id, _NOTHING), "kin": 1.0}
        scored.append(_scored(kin, report, live, 0.0, state, now, ties))
    scored.sort(key=lambda c: (-_nearer_first(c), c.incident.id))
    return Correlated(
        candidates=tuple(scored[:_MOST_CANDIDATES]),
        copy_of_held=_held_original(state, traces, len(marks)),
        copy_of=original if original is not None and original.drill == report.drill else None,
        copied=copied,
    )


def open_to(incident: Incident, now: datetime, *, claims: bool) -> bool:
    """Whether a message still joins it: it is live, or ended lately; mere news of it may come hours later."""
    if incident.live:
        return True
    if incident.merged_into is not None or incident.ended_at is None:
        return False
    return now - incident.ended_at <= (ENDED_RECENTLY if claims else AFTERWARDS)


def _nearer_first(candidate: Candidate) -> float:
    """The score; of two events that a street's name may both mean, the nearer is likelier."""
    apart = candidate.apart_m if "same_spot" in candidate.signs else None
    return candidate.score - (apart or 0.0) / _TELLING_M


# --- who may be meant ----------------------------------------------------------------------------


def _led_to(state: State, report: Report, original: Incident | None, now: datetime) -> Iterator[Incident]:
    """The incidents that place, copy, sender, chat or rare words lead to; all live ones if they are few."""
    names: list[IncidentId] = []
    if report.place is not None:
        names += _neighbours(state, report.place)
    if original is not None:
        names.append(original.id)
    names += [t.incident for t in _traced(state, report, now) if t.incident is not None]
    if len(state.live) <= _MOST_LIVE:
        names += sorted(state.live)
    if report.understood.support and not report.claims:
        names += _ended_lately(state, now)
    for name in dict.fromkeys(names):
        incident = present(state, name)
        if incident is not None and (open_to(incident, now, claims=report.anew) or incident is original):
            yield incident


def _ended_lately(state: State, now: datetime) -> list[IncidentId]:
    """What ended today, if that is little: the people held at a police station are of one of them."""
    ended = ((i.id, i.ended_at) for i in INCIDENTS.entries(state.incidents).values() if i.ended)
    lately = sorted(name for name, at in ended if at is not None and now - at <= AFTERWARDS)
    return lately if len(lately) <= _MOST_LIVE else []


def _traced(state: State, report: Report, now: datetime) -> Iterator[Trace]:
    if report.sender is not None and (thread := state.threads.get(report.sender)) is not None:
        yield Trace(thread.report, thread.incident, thread.at)
    if report.source is not None and (chat := state.chats.get(report.source)) and now - chat.at <= CHAT:
        yield chat
    for word in report.gist.words:
        if (trace := state.words.get(word)) is not None:
            yield trace


def _neighbours(state: State, place: Place) -> list[IncidentId]:
    cells = cells_asked(place.lat, place.lon, place.radius_m)
    found = (i for cell in cells for i in state.cells.get(cell, ())[-_MOST_NEIGHBOURS:])
    return list(dict.fromkeys(found))


def _original(state: State, traces: list[Trace], marks: int) -> tuple[Incident | None, float]:
    """The incident that at least half of the text's marks were last seen in, and how many of them."""
    counts = Counter(t.incident for t in traces if t.incident is not None)
    for incident, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if 2 * count >= marks:
            return present(state, incident), count / marks
    return None, 0.0


def _held_original(state: State, traces: list[Trace], marks: int) -> ReportId | None:
    counts = Counter(t.report for t in traces if t.incident is None and t.report in state.held)
    best = min(counts, key=lambda r: (-counts[r], r), default=None)
    return best if best is not None and 2 * counts[best] >= marks else None


# --- what speaks for and against -----------------------------------------------------------------


def _only_kin(state: State, report: Report, scored: Iterable[Candidate]) -> Incident | None:
    """The only live incident told of in the same language, or of the same kind of business.

    It is asked for where news names no place and nothing else leads anywhere.
    """
    tells = report.tells or report.gist.tongue != EVERYBODYS
    led = report.place is not None or report.claims or not tells
    if led or len(state.live) > _MOST_LIVE or any(c.signs.keys() & _LINKS for c in scored):
        return None
    if report.waits:
        return None
    live = [state.incidents[name] for name in sorted(state.live)]
    alike = Counter({i.id: kinship(i, report) for i in live if i.drill == report.drill}).most_common(2)
    if not alike or not alike[0][1] or alike[0][1] == (alike[1][1] if len(alike) > 1 else 0):
        return None
    return state.incidents[alike[0][0]]


def _at_home(state: State, report: Report) -> Mapping[IncidentId, Signs]:
    """For a message that names no place: the live events where its chat is at home, and those elsewhere."""
    if not report.home or report.said or report.elsewhere or len(state.live) > _MOST_LIVE:
        return {}
    live = [
        i for name in sorted(state.live) if (i := state.incidents[name]).place and i.drill == report.drill
    ]
    near = [i.id for i in live if i.place is not None and at_home(report.home, i.place)]
    return {i.id: {"home": 1.0 / len(near)} if i.id in near else {"foreign": 1.0} for i in live}


def _scored(  # noqa: PLR0913,PLR0917 - each is a clue of its own
    incident: Incident,
    report: Report,
    live: int,
    copied: float,
    state: State,
    now: datetime,
    ties: Signs,
) -> Candidate:
    """It, scored where it is; of what moved on, late reports may still be of where it stood before."""
    here = _scored_at(incident, report, live, copied, state, now, ties)
    if report.place is None or not incident.stood or "same_spot" in here.signs:
        return here
    stands = (changed(incident, place=place) for place in incident.stood)
    before = [_scored_at(i, report, live, copied, state, now, ties) for i in stands]
    best = max((here, *before), key=lambda c: c.score)
    return best._replace(incident=incident)


def _scored_at(  # noqa: PLR0913,PLR0917 - each is a clue of its own
    incident: Incident,
    report: Report,
    live: int,
    copied: float,
    state: State,
    now: datetime,
    ties: Signs,
) -> Candidate:
    signs: Signs = {**dict(signs_of(incident, report, live, copied, state, now)), **ties}
    apart = apart_m(report.place, incident.place)
    if other := another(signs, report, apart):
        signs = {**signs, "another": 1.0, other: 1.0}
    return Candidate(incident, signs, round(score(signs), 3), None if apart is None else round(apart))
