"""Saying where an incident is: searched by name, chosen out of the reports, tapped on the map, or typed.

Every way ends in the same three fields, the point, what people call it and how well it is known, and then in
the preview of what those who were told would hear.
"""

from typing import Any, Final

from services.console.decide.draft import Document
from services.console.decide.map.areas import around
from services.console.decide.map.find import Found
from services.console.decide.map.surroundings import nearest, surroundings
from services.console.decide.map.view import View, looked
from services.console.decide.near import metres_between
from services.console.decide.typed_place import typed_place
from services.console.web.desk.doing import Doing
from services.console.web.desk.finding import Chosen, found_for, offered, unlisted
from services.console.web.desk.forms import Typed, view_typed
from services.console.web.desk.pictures import PICTURES, IncidentPicture
from shared.geo import distance_m

_MOST_SAID: Final = 6
_SHOWN_AROUND_M: Final = 3_000.0
_LEAST_VIEW_M: Final = 800.0


async def place_choices(doing: Doing) -> dict[str, Any]:
    """What the form offers: places that were found, those that reports name, and the map."""
    pictures, typed = doing.request.app[PICTURES], doing.typed
    picture = await pictures.incident(doing.incident)
    at = typed_place(typed.get("where"))
    found = await found_for(doing.request, doing.actor, typed, doing.incident.get("place"))
    view = _view(picture, typed, at, found)
    reports = [r for f in picture.folds for r in (f.first, *f.copies)]
    drawn = await pictures.grounds.drawn(picture.incident, reports, view=view)
    marked = _marked(drawn.view if drawn else None, typed, at)
    return {
        "found": offered(found, doing.incident.get("place"), drawn.view if drawn else None),
        "unlisted": unlisted(doing.request, typed, found),
        "places": _said_places(picture),
        "map": drawn,
        "map_credit": pictures.grounds.credit,
        "marked": marked,
        "marked_at": drawn.view.xy(float(marked["lat"]), float(marked["lon"])) if drawn and marked else None,
        "marked_near": _near(doing, marked) if marked else (),
    }


async def new_place(doing: Doing) -> Document:
    """What would change about the place: whose area it lies in, and how far it moves."""
    lat, lon = float(doing.typed.get("lat")), float(doing.typed.get("lon"))
    areas = await doing.request.app[PICTURES].grounds.areas()
    outcode = doing.console.places.current.outcode_at(lat, lon) or ""
    return {
        "label": doing.typed.get("label") or f"{lat:.4f}, {lon:.4f}",
        "groups": sorted(area.name for area in areas if area.holds(lat, lon, outcode)),
        "moved_m": metres_between(doing.incident, {"place": {"lat": lat, "lon": lon}}),
    }


def _view(
    picture: IncidentPicture, typed: Typed, at: tuple[float, float] | None, found: tuple[Found, ...] | None
) -> View | None:
    """What the map shows: what was found or typed just now, else what it showed, moved as asked."""
    before = view_typed(typed) or (picture.map.view if picture.map else None)
    if "find" in typed.one and at:
        return View(*at, before.side_m if before else _LEAST_VIEW_M)
    if "find" in typed.one and found:
        first = found[0]
        close = [f for f in found if _apart(first, f) <= _SHOWN_AROUND_M]
        return around([(f.lat, f.lon) for f in close], least_m=max(_LEAST_VIEW_M, 4 * first.radius_m))
    return looked(before, typed.get("look")) if before else None


def _apart(one: Found, other: Found) -> float:
    return distance_m(one.lat, one.lon, other.lat, other.lon)


def _marked(view: View | None, typed: Typed, at: tuple[float, float] | None) -> dict[str, str]:
    """The point that was tapped or typed, or the middle if it was taken: who has no pointer moves the map."""
    if view and typed.get("look") == "middle":
        return {"lat": f"{view.lat:.6f}", "lon": f"{view.lon:.6f}"}
    if at:
        return {"lat": str(at[0]), "lon": str(at[1])}
    marked = typed_place(f"{typed.get('lat')}, {typed.get('lon')}")
    return {"lat": str(marked[0]), "lon": str(marked[1])} if marked else {}


def _near(doing: Doing, marked: dict[str, str]) -> Any:
    """What lies nearest to the point that was marked: so one sees whether it was the right one."""
    lat, lon = float(marked["lat"]), float(marked["lon"])
    view = View(lat, lon, _LEAST_VIEW_M)
    return nearest(lat, lon, 0.0, "", surroundings(doing.console.places.current, view))


def _said_places(picture: IncidentPicture) -> list[Document]:
    """Where the reports say that it is: each place once, those that more name first."""
    found: dict[str, Document] = {}
    for fold in picture.folds:
        for report in (fold.first, *fold.copies):
            place = report.get("place") or report.get("position")
            if place:
                at = f"{place['lat']:.4f}, {place['lon']:.4f}"
                name = place.get("label") or at
                chosen = Chosen(place["lat"], place["lon"], place.get("radius_m"), name)
                known = found.setdefault(name, {"value": chosen.value, "name": name, "reports": 0})
                known["reports"] += 1
    return sorted(found.values(), key=lambda p: -p["reports"])[:_MOST_SAID]
