"""What speaks for and against a report being about a known incident, as named numbers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from math import log10
from typing import Final

from services.router.decide.chat_home import Home
from services.router.decide.clues import PHONE_IN_AREA_M, precise
from services.router.decide.limits import NEIGHBOURHOOD_M
from services.router.decide.name_words import STREETS
from services.router.decide.reading import CLAIM
from services.router.decide.state import Incident, State
from services.router.decide.understand import Understood
from shared.contracts.base import IncidentId, Place
from shared.contracts.incidents import Gist
from shared.gazetteer.keys import name_key
from shared.geo import DEGREE_M, distance_m
from shared.text import fold, tokens

NEAR_M: Final = 150.0
"""Two precise places closer than this, beyond their uncertainties, are one."""


LISTENING: Final = timedelta(hours=2)
"""How long a sender's next message is about the same event unless it says otherwise."""


CHAT: Final = timedelta(minutes=120)


_PATIENCE_S: Final = 5_400.0


_HALF_LIFE_S: Final = 1_200.0


_RETURN_S: Final = 1_800.0


_RETURN_LEAST_S: Final = 300.0


_BEYOND_M: Final = 250.0


_FAR_M: Final = 1_000.0


_MOST_UNCERTAINTY_M: Final = 250.0


_ENOUGH_WORDS: Final = 3


EVERYBODYS: Final = "en"
"""The language that ties nobody to an event; neighbours who share another one tell each other."""


_HALF: Final = 0.5
A_COPY: Final = 0.85
"""The share of its marks that a text has in common with what it was copied from."""
_NEAR_ENOUGH: Final = 0.75
COPY_REACH_M: Final = 25_000.0
"""A copied text comes from phones all over a town; from farther away it is said of something else."""


_PINNED_M: Final = 100.0


_PINNED_APART_M: Final = 100.0


_NEARBY_M: Final = 1_500.0
"""News from within this may be of it for a word in common; from farther away it needs more."""


_CHAT_REACH_M: Final = 5_000.0
"""A phone farther than this from what its chat talks of sees something else."""


_RELATIVES_M: Final = 5_000.0
"""A relative's phone within this of the only event there is may be told of it; farther away it is another."""


_LEAST_FAR: Final = 0.4


_AROUND: Final = 1.3
_WELL_AROUND: Final = 1.6
"""How far an area reaches beyond its own radius: for what reports a raid, and for news of one."""


_BESIDE: Final = 2.0
"""How many times as far something may still be of the area: districts are wider than their radius says."""


_ALONG_A_STREET_M: Final = 800.0


_ONE_BUSINESS_M: Final = 2_000.0
"""What is farther apart than this is no one business, whatever it is called."""


_OUT_OF_TOWN_M: Final = 10_000.0


_SAID: Final = frozenset({"street", "junction", "landmark"})


_BUSINESS: Final = {
    "food": "food",
    "hotel": "food",
    "beauty": "beauty",
    "car": "works",
    "site": "works",
    "care": "care",
}
"""Kinds of business that are never one place under two names; a shop or a warehouse may be any of them."""


_LEAST_NAME: Final = 4


_SEVERAL: Final = 2


_NEWS: Final = CLAIM | {
    "act", "again", "centre", "force", "more", "moved", "officer", "over", "police", "still", "support",
    "van",
}  # fmt: skip
"""Signs of something going on; what has none of them is not taken for news of the only event there is."""


Signs = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """What correlation asks of a report."""

    text: str
    understood: Understood
    gist: Gist
    place: Place | None
    said: bool
    """Whether the words name the place, rather than the phone alone."""
    sender: str | None
    source: str | None
    drill: bool
    first_hand: bool | None = None
    elsewhere: bool = False
    """Whether it names a street or landmark, though nobody can say which of that name."""
    waits: bool = False
    """Whether its sender told of a place before that waits for a person: this is likely of there."""
    home: Home = ()
    """Where its chat is at home, if that is known."""
    asked_as: str | None = None
    """By which pseudonym its sender may have been asked, where that is no sender's."""
    short: bool = False
    """Whether its words are too few to be known as a copy: "immigration raid here now"."""
    claims: bool = field(init=False)
    """Whether it says of itself that a raid is on, rather than telling more of one."""

    def __post_init__(self) -> None:
        claims = bool(self.understood.told & CLAIM) or self.understood.apart
        object.__setattr__(self, "claims", claims)  # asked for every candidate

    @property
    def back(self) -> bool:
        """Whether it says that they came again: to a raid, not to the people at a police station."""
        return "again" in self.understood.told and not self.understood.support

    @property
    def anew(self) -> bool:
        """Whether it says that a raid is on now, if only that they are back: no news of one that is over."""
        return self.claims or (self.back and "now" in self.understood.told)

    @property
    def tells(self) -> bool:
        """Whether anything is going on in it, so that it may be news of the only event that there is."""
        return bool(self.understood.told & _NEWS)


def present(state: State, incident: IncidentId | None) -> Incident | None:
    """The incident, or the one that absorbed it; None if it is forgotten, or of an exercise that is over."""
    found = state.incidents.get(incident) if incident else None
    hops = 0
    while found is not None and found.merged_into is not None and hops < 16:  # noqa: PLR2004 - a bound, no meaning
        found, hops = state.incidents.get(found.merged_into), hops + 1
    return None if found is not None and found.bygone else found


def another(signs: Signs, report: Report, apart: float | None) -> str | None:
    """Why a report cannot be about this one, whatever else speaks for it.

    A merged pair silences a real raid, so what says of itself that it is elsewhere is never joined,
    unless it is a copy, tells of a move, or corrects.
    """
    away = bool(signs.keys() & {"far_spot", "out_of_area"})
    told_on = "sender" in signs and not report.claims  # more from whoever told of it, wherever their phone is
    gone = away or ("far_phone" in signs and report.first_hand is not False and not told_on)
    if gone and apart is not None and apart > (COPY_REACH_M if signs.get("copy") else _OUT_OF_TOWN_M):
        return "elsewhere"
    if _copied(signs, report, gone=gone):
        return None
    led = bool(signs.keys() & {"sender", "chat", "same_label"}) or signs.get("words", 0.0) >= 1
    if (report.understood.moved or report.understood.corrects) and (led or not report.claims):
        return None
    if report.claims:
        one = away and _one_business(signs, report, apart)
        return None if one else _another_claimed(signs, report, apart, away=away)
    return _another_told(signs, report, apart, away=away, gone=gone)


def _another_told(signs: Signs, report: Report, apart: float | None, *, away: bool, gone: bool) -> str | None:
    """Why news is of another one."""
    linked = signs.keys() & {"sender", "chat", "words"}
    tied = bool(signs.keys() & {"sender", "same_label"}) or signs.get("words", 0.0) >= 1
    near = apart is not None and apart <= _NEARBY_M
    # A chat of a whole town talks of several events: a place named in it may be another one's.
    told_of = bool(linked) if near else tied or ("chat" in signs and "far_spot" not in signs)
    if away and not (told_of or report.understood.support):
        return "elsewhere"
    pinned_down = "far_spot" in signs and report.place is not None and pinned(report.place)
    if pinned_down and linked == {"chat"} and report.first_hand is not False and report.gist.scene:
        return "elsewhere"
    alone_here = signs.keys() & {"alone", "kin"} or signs.get("home") == 1
    if gone and not (away or linked or alone_here or near):
        return "elsewhere"
    if gone and linked == {"chat"} and not tied and apart is not None and apart > _CHAT_REACH_M:
        return "elsewhere"
    # "Help, they have come": perhaps to another door.
    pleads = "help" in report.understood.told and not linked
    tells = report.tells or "tongue" in signs
    alone = "alone" in signs and tells and not (report.elsewhere or report.waits or pleads)
    only = alone or "kin" in signs or signs.get("home") == 1
    return "unlinked" if report.place is None and not (linked or only) else None


def _another_claimed(signs: Signs, report: Report, apart: float | None, *, away: bool) -> str | None:
    """Why a report that a raid is on is about another one."""
    linked = signs.keys() & {"sender", "chat", "words"}
    if "other_venue" in signs and "sender" not in signs:
        return "other_business"
    tied = bool(linked) or "same_label" in signs
    beside = 0 < signs.get("near_spot", 1.0) < _NEAR_ENOUGH
    doors_away = "same_spot" in signs and apart is not None and apart <= NEAR_M
    in_its_area = "in_area" in signs and "venue" in signs
    another_street = "other_street" in signs and not (doors_away or in_its_area)
    farther = beside and signs["near_spot"] < _HALF and not linked - {"chat"} and "same_label" not in signs
    if away or farther or (not tied and (beside or another_street)):
        return "elsewhere"
    if "near_area" in signs and not tied and "venue" not in signs:
        return "elsewhere"
    # "Still with mine, must be a different crew": its sender compares theirs with another.
    own = "sender" in signs and ("in_area" in signs or "still" in report.understood.told)
    if "apart" in signs and not (own or signs.keys() & {"same_spot", "same_label"}):
        return "elsewhere"
    if "far_phone" in signs and not _explained(signs, report, apart):
        return "elsewhere"
    return "unlinked" if report.place is None and not (linked or signs.get("home") == 1) else None


def _one_business(signs: Signs, report: Report, apart: float | None) -> bool:
    """Whether two places may be one after all: by one name, of one kind of business or the only event.

    Only where the report's own place is vague, and never for what says of itself that it is another one.
    """
    if report.place is None or pinned(report.place) or signs.keys() & {"apart", "other_venue"}:
        return False
    words = signs.get("words", 0.0) > _HALF
    named = words or bool(signs.keys() & {"same_label", "copy"})
    only = words and {"alone", "same_label"} <= signs.keys()
    return (only or (named and "venue" in signs)) and apart is not None and apart <= _ONE_BUSINESS_M


def _explained(signs: Signs, report: Report, apart: float | None) -> bool:
    """Whether a phone may be elsewhere: it tells what others saw, or its sender, chat or words lead here."""
    if "sender" in signs:
        return True
    if report.first_hand is False:
        alone = "alone" in signs and apart is not None and apart <= _RELATIVES_M
        return alone or bool(signs.keys() & {"chat", "copy"}) or signs.get("words", 0.0) > _HALF
    return report.first_hand is None and ("chat" in signs or signs.get("words", 0.0) >= 1)


def _copied(signs: Signs, report: Report, *, gone: bool) -> bool:
    """Whether it is a copy, wherever it came from; half copies and set phrases only from near."""
    share = signs.get("copy", 0.0)
    return share >= (A_COPY if gone else _HALF) and not (report.short and gone)


def signs_of(  # noqa: PLR0913,PLR0917 - each is a clue of its own
    incident: Incident, report: Report, live: int, copied: float, state: State, now: datetime
) -> Iterator[tuple[str, float]]:
    """Every sign, by name, with how much of it there is."""
    yield from _by_place(incident, report)
    if copied:
        yield "copy", copied
    yield from _by_words(incident, report)
    yield from _by_origin(incident, report, state, now)
    yield from _by_time(incident, report, live, now)
    yield from _by_kind(incident, report, copied, now)


def apart_m(one: Place | None, other: Place | None) -> float | None:
    """Metres between two places, where both are known."""
    return None if one is None or other is None else distance_m(one.lat, one.lon, other.lat, other.lon)


def _by_place(incident: Incident, report: Report) -> Iterator[tuple[str, float]]:
    one, other = report.place, incident.place
    if one is None or other is None:
        return
    if _one_name(one, other):
        yield "same_label", 1.0
    if not (precise(one) and precise(other)):
        apart = distance_m(one.lat, one.lon, other.lat, other.lon)
        around = _AROUND if report.claims else _WELL_AROUND
        reach = around * max(one.radius_m, other.radius_m) + min(one.radius_m, other.radius_m) / 2
        if apart <= reach:
            yield "in_area", 1.0 - apart / reach / 2
        elif apart <= _BESIDE * reach and report.said:
            yield "near_area", 2.0 - apart / reach
        else:
            yield "out_of_area" if report.said else "far_phone", 1.0
        return
    beyond = gap_m(one, other)
    if beyond <= 0:
        yield "same_spot", 1.0
    elif beyond <= _BEYOND_M and not (pinned(one) and pinned(other)):
        yield "near_spot", 1 - beyond / _BEYOND_M
    else:
        yield "far_spot" if report.said else "far_phone", min(1.0, max(_LEAST_FAR, beyond / _FAR_M))


def pinned(place: Place) -> bool:
    """Whether a place is known to a few doors: a named spot where a phone agrees, a junction, a postcode."""
    return place.radius_m <= _PINNED_M and place.how != "street"


def gap_m(one: Place, other: Place) -> float:
    """How much farther apart two precise places are than one event explains; not above 0: they are one."""
    farthest = NEIGHBOURHOOD_M + one.radius_m + other.radius_m + _ALONG_A_STREET_M
    if abs(one.lat - other.lat) * DEGREE_M > farthest:
        return abs(one.lat - other.lat) * DEGREE_M
    apart = distance_m(one.lat, one.lon, other.lat, other.lon)
    if _one_name(one, other) and not (pinned(one) and pinned(other)):
        # A street named without a number is somewhere on it, not at the gazetteer's point.
        along = _ALONG_A_STREET_M if "street" in {one.how, other.how} or _in_an_area(one, other) else 0.0
        return apart - NEAR_M - one.radius_m - other.radius_m - along
    if pinned(one) and pinned(other):
        return apart - _PINNED_APART_M - one.radius_m - other.radius_m
    if one.how in _SAID and other.how in _SAID:
        return apart - NEAR_M
    slack = min(one.radius_m, _MOST_UNCERTAINTY_M) + min(other.radius_m, _MOST_UNCERTAINTY_M)
    return apart - NEAR_M - min(slack, _MOST_UNCERTAINTY_M)


def _in_an_area(one: Place, other: Place) -> bool:
    """Whether both are where a phone was in an area that was named: such a phone may be some streets off."""
    return min(one.radius_m, other.radius_m) >= PHONE_IN_AREA_M and one.how == other.how == "coordinates"


@lru_cache(maxsize=16_384)
def _names(label: str) -> frozenset[str]:
    """The names that a label joins; a phone's bare position has none."""
    if label.startswith("near "):
        return frozenset()
    return frozenset(fold(part).strip() for part in label.split(",", maxsplit=1)[0].split(" / "))


def _by_words(incident: Incident, report: Report) -> Iterator[tuple[str, float]]:
    gist, known_words = report.gist, incident.words
    shared = len([word for word in gist.words if word in known_words])
    if shared:
        yield "words", min(shared, _ENOUGH_WORDS) / _ENOUGH_WORDS
    if report.claims and _another_street(incident, report):
        yield "other_street", 1.0
    if gist.tongue != EVERYBODYS and gist.tongue in incident.tongues:
        yield "tongue", 1.0
    if not gist.venues or not (named := _businesses(gist.venues)):
        return
    known = _businesses(incident.venues)
    if named & known:
        yield "venue", 1.0
    elif known and _agreed(incident):
        yield "other_venue", 1.0


def kinship(incident: Incident, report: Report) -> int:
    """How much they share: a word of the place's name, a language other than English, a kind of business."""
    named = incident.place is not None and bool(label_words(incident.place.label) & set(tokens(report.text)))
    tongue = report.gist.tongue != EVERYBODYS and report.gist.tongue in incident.tongues
    return 2 * named + tongue + bool(_businesses(report.gist.venues) & _businesses(incident.venues))


@lru_cache(maxsize=4_096)
def label_words(label: str) -> frozenset[str]:
    """The words of a place's name by which people call it: "the Broadway ones", "the station team"."""
    named = () if label.startswith("near ") else tokens(label)
    return frozenset(word for word in named if len(word) >= _LEAST_NAME and word not in STREETS)


def _businesses(venues: Iterable[str]) -> set[str]:
    return {kind for venue in venues if (kind := _BUSINESS.get(venue))}


def _another_street(incident: Incident, report: Report) -> bool:
    """Whether the report names a street, and the incident is told of by the names of others."""
    mine = {name for name in _compound(report.gist.words) if name.rpartition(" ")[2] in STREETS}
    if not mine or incident.place is None or (report.place and _one_name(report.place, incident.place)):
        return False
    theirs = _compound([*incident.words, *(name_key(name) for name in _names(incident.place.label))])
    if not precise(incident.place):  # "Shepherds Bush Green" may well be in Uxbridge Road
        theirs = {name for name in theirs if name.rpartition(" ")[2] in STREETS}
    return bool(theirs) and not mine & theirs


def _one_name(one: Place, other: Place) -> bool:
    """Whether they share a name, or one is called after the other: Wood Green, Wood Green High Road."""
    names, others = _names(one.label), _names(other.label)
    return bool(names & others) or any(
        _called_after(a, b) or _called_after(b, a) for a in names for b in others
    )


def _called_after(longer: str, shorter: str) -> bool:
    return " " in shorter and longer.startswith(shorter + " ")


def _compound(names: Iterable[str]) -> set[str]:
    return {name for name in names if " " in name}


def _agreed(incident: Incident) -> bool:
    """Whether its reports speak of a business, rather than one of them of a window it was seen from."""
    most = max((n for venue, n in incident.venues.items() if venue in _BUSINESS), default=0)
    return most >= _SEVERAL or 2 * most >= len(incident.evidence)


def _by_origin(
    incident: Incident, report: Report, state: State, now: datetime
) -> Iterator[tuple[str, float]]:
    thread = state.threads.get(report.sender) if report.sender is not None else None
    if thread is not None and present(state, thread.incident) is incident:
        age = (now - thread.at) / LISTENING
        yield "sender", 1.0 if age <= 1 else max(0.3, 1.0 / age)
    chat = state.chats.get(report.source) if report.source is not None else None
    if chat is not None and now - chat.at <= CHAT and present(state, chat.incident) is incident:
        yield "chat", 1.0


def _by_time(incident: Incident, report: Report, live: int, now: datetime) -> Iterator[tuple[str, float]]:
    silence = (now - incident.last_at).total_seconds()
    yield "fresh", 0.5 ** (max(0.0, silence) / _HALF_LIFE_S)
    if silence > _PATIENCE_S:
        yield "stale", 1.0
    others = live - (1 if incident.live else 0)
    if others <= 0:
        yield "alone", 1.0
    elif report.place is None:
        yield "crowd", log10(1 + others)


def _by_kind(incident: Incident, report: Report, copied: float, now: datetime) -> Iterator[tuple[str, float]]:
    understood, gone_s = report.understood, _gone_s(incident, now)
    if not report.claims:
        yield "news", 1.0
        if report.back and gone_s > _RETURN_S:
            yield "returned", 1.0
        return
    yield "claim", 1.0
    if understood.apart and copied < _HALF:
        yield "apart", 1.0
    if report.place is None:
        yield "unplaced_claim", 1.0
    if gone_s > _RETURN_LEAST_S and copied < _HALF and (understood.present or understood.again):
        yield "returned", 1.0 if understood.again else min(1.0, gone_s / _RETURN_S)


def _gone_s(incident: Incident, now: datetime) -> float:
    """Seconds since they were said to have left; 0 if they were not."""
    left = incident.said_over_at or incident.ended_at
    return (now - left).total_seconds() if left else 0.0
