"""Which watch, if any, is kept at a place."""

from datetime import datetime

from services.router.decide.limits import WATCH_LIFE, WATCH_M
from services.router.decide.state import State, Watch
from shared.contracts.base import Place
from shared.geo import distance_m


def watch_near(state: State, place: Place, now: datetime) -> Watch | None:
    """The watch at this place, if one was noted lately."""
    found = [w for w in state.watches.values() if near(w.place, place) and w.at + WATCH_LIFE > now]
    return min(found, key=lambda w: w.id, default=None)


def near(one: Place, other: Place) -> bool:
    """Whether two places are one to somebody who looks for police."""
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= WATCH_M
