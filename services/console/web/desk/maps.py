"""The map of the place form as a picture: clicked, it says where.

Colours stand in the shapes themselves, because a picture loads no style sheet.
"""

from aiohttp import web

from services.console.decide import views
from services.console.decide.drawing import View, drawing, view_of
from services.console.desk import visible_incident
from services.console.door import CONSOLE, page_actor
from services.console.web.desk.forms import Typed, typed_of, view_in
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.problems import as_page
from services.console.web.desk.render import fragment
from shared.http import Problem


@as_page
async def get_map(request: web.Request) -> web.StreamResponse:
    """The picture of the incident's surroundings, with the point that is being chosen."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    picture = await request.app[PICTURES].incident(incident)
    query = request.query
    named = Typed({f"view_{n}": query.get(n, "") for n in ("lat", "lon", "side")}, {})
    view = view_in(named) or view_of(incident.get("place"), picture.groups)
    if view is None or not views.reads_words(actor.roles):
        raise Problem(404, "no_map", "There is nothing to draw.")
    reports = [r for f in picture.folds for r in (f.first, *f.copies)]
    drawn = drawing(view, incident.get("place"), picture.groups, reports)
    svg = fragment("map.svg", "en", map=drawn, mark=_mark(typed_of(query), view))
    return web.Response(text=svg, content_type="image/svg+xml")


def _mark(typed: Typed, view: View) -> tuple[float, float] | None:
    try:
        lat, lon = float(typed.get("mark_lat")), float(typed.get("mark_lon"))
    except ValueError:
        return None
    return view.xy(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None  # noqa: PLR2004 - the globe
