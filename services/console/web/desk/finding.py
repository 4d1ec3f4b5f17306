"""The search for a place in the desk's forms, and what came of it: a point, its name, its radius."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from services.console.decide.draft import Document
from services.console.decide.map.areas import GroupArea, around_all
from services.console.decide.map.find import Found, From, find, unknown_code
from services.console.decide.map.surroundings import direction
from services.console.decide.map.view import SIZE, View
from services.console.decide.typed_place import typed_place
from services.console.door import CONSOLE, Actor
from services.console.web.desk.forms import Typed, view_typed
from services.console.web.desk.pictures import PICTURES
from shared.contracts.base import HUB
from shared.http import Problem

_LEAST_VIEW_M: Final = 800.0
_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Chosen:
    """A place as a radio button carries it: where, how well it is known, what it is called."""

    lat: float
    lon: float
    radius_m: float | None
    name: str

    @property
    def value(self) -> str:
        """The button's value."""
        radius = "" if self.radius_m is None else f"{self.radius_m:.0f}"
        return f"{self.lat:.6f},{self.lon:.6f},{radius},{self.name}"


def chosen_in(value: str) -> Chosen | None:
    """What a button carried; None: nothing sound."""
    parts = value.split(",", _PARTS - 1)
    at = typed_place(",".join(parts[:2])) if len(parts) == _PARTS else None
    if at is None:
        return None
    radius = float(parts[2]) if parts[2].isascii() and parts[2].isdigit() else None
    return Chosen(*at, radius, parts[3][:200])


def with_place(typed: Typed) -> Typed:
    """The form with the point that was typed, else chosen, else marked on the map before.

    Raises a 422 problem where words were typed and nothing was chosen of what they may mean.
    """
    if at := typed_place(typed.get("where")):
        return typed.but(lat=str(at[0]), lon=str(at[1]))
    if chosen := chosen_in(typed.get("chosen")):
        radius = "" if chosen.radius_m is None else f"{chosen.radius_m:.0f}"
        return typed.but(
            lat=str(chosen.lat),
            lon=str(chosen.lon),
            label=typed.get("label") or chosen.name,
            radius_m=typed.get("radius_m") or radius,
        )
    if typed.get("where"):
        raise Problem(422, "place_unread", "Choose a place, or type one that we can read.")
    return typed


async def found_for(
    request: web.Request, actor: Actor, typed: Typed, place: Document | None
) -> tuple[Found, ...] | None:
    """The places that the typed words may mean, those in the member's own groups' areas first.

    None where no words were typed, or such as say themselves where it is.
    """
    where = typed.get("where")
    if not where or typed_place(where) is not None:
        return None
    areas = await request.app[PICTURES].grounds.areas()
    own = tuple(area for area in areas if area.id in actor.roles.keys() - {HUB})
    return find(request.app[CONSOLE].places.current, where, _from(place, view_typed(typed), own))


def unlisted(request: web.Request, typed: Typed, found: tuple[Found, ...] | None) -> str | None:
    """The postcode that was searched for and is not in the list, where nothing else was found instead."""
    if found is None or any(one.kind != "postcode" for one in found):
        return None
    return unknown_code(request.app[CONSOLE].places.current, typed.get("where"))


def _from(place: Document | None, view: View | None, own: tuple[GroupArea, ...]) -> From:
    """Where one looks from: the incident's place, else what the map shows, else the middle of one's areas."""
    if place is not None:
        return From(place["lat"], place["lon"], own)
    view = view or around_all(own, least_m=_LEAST_VIEW_M)
    return From(view.lat if view else None, view.lon if view else None, own)


def offered(
    found: tuple[Found, ...] | None, place: Document | None, view: View | None = None
) -> list[Document] | None:
    """The places as the form offers them, numbered as on its map."""
    if found is None:
        return None
    return [{"n": n, **_offered(one, place, view)} for n, one in enumerate(found, 1)]


def _offered(one: Found, place: Document | None, view: View | None) -> Document:
    chosen = Chosen(one.lat, one.lon, one.radius_m, _called(one))
    turn = direction(place["lat"], place["lon"], one.lat, one.lon) if place else ""
    x, y = view.xy(one.lat, one.lon) if view else (-1.0, -1.0)
    return {
        "xy": (x, y) if 0 <= x <= SIZE and 0 <= y <= SIZE else None,
        "value": chosen.value,
        "name": one.name,
        "kind": one.kind,
        "around": one.around,
        "metres": one.metres,
        "direction": turn,
        "inside": one.inside,
    }


def _called(one: Found) -> str:
    """What people are told that it is called: the name, and the first word of where that is."""
    part = one.around.partition(",")[0]
    return f"{one.name}, {part}" if part and part != one.name else one.name
