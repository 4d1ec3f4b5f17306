"""`/groups/ID/area/draw`: an area drawn by hand, point by point, on a map of our own.

A point is set by a tap, by the keys, in the map's middle, or at a place that was searched; so nobody needs a
pointer, a script or eyes for it. It ends in the same picture of what would change as every other way.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from services.console.account.pages import text_of
from services.console.decide.group.facts import area_in, facts_of
from services.console.decide.group.outline import outline_of, view_to_begin
from services.console.decide.group.sketch import (
    LEAST_POINTS,
    MOST_POINTS,
    Points,
    as_text,
    outlined,
    points_in,
    with_point,
)
from services.console.decide.map.find import Found, From, find
from services.console.decide.map.view import View, clicked, looked, view_in
from services.console.decide.typed_place import typed_place
from services.console.group.area import preview, with_outline
from services.console.group.pages import Scope, as_page, page, scope_of
from services.console.group.surroundings import named_in, surroundings_of
from shared.areas import AreaError

_POINTS: Final = 20_000
_NEAR_M: Final = 800.0
_FOUND_SIDE_M: Final = 3_000.0


@as_page
async def get_draw(request: web.Request) -> web.StreamResponse:
    """The map, without a point yet."""
    return await _shown(request, await scope_of(request), {}, ())


@as_page
async def post_draw(request: web.Request) -> web.StreamResponse:
    """One step further: a point more or less, another view, or the picture of what would change."""
    scope, form = await scope_of(request), await request.post()
    view = _view_in(form)
    points = points_in(text_of(form, "points", most=_POINTS), view)
    try:
        points = _next(form, view, points)
        if "done" in form:
            return await preview(request, scope, with_outline(scope, form, outlined(points)))
    except AreaError as error:
        return await _shown(request, scope, form, points, wrong=error)
    return await _shown(request, scope, form, points)


def _next(form: Mapping[str, Any], view: View | None, points: Points) -> Points:
    """The points after this button. Raises `AreaError` where they would be too many."""
    if "undo" in form:
        return points[:-1]
    if "clear" in form:
        return ()
    if point := _new(form, view):
        return with_point(points, point)
    return points


def _new(form: Mapping[str, Any], view: View | None) -> tuple[float, float] | None:
    """The point that is to be set: a tapped one, the middle, or a place that was searched and chosen."""
    if view and (tapped := clicked(view, text_of(form, "map.x"), text_of(form, "map.y"))):
        return tapped
    if view and "middle" in form:
        return view.lat, view.lon
    return typed_place(text_of(form, "chosen")) if "put" in form else None


async def _shown(
    request: web.Request,
    scope: Scope,
    form: Mapping[str, Any],
    points: Points,
    *,
    wrong: AreaError | None = None,
) -> web.Response:
    area, lies, known = area_in(scope.group), await surroundings_of(scope), scope.console.places.current
    view = _view_in(form) or view_to_begin(scope.id, area, lies)
    found = _found(scope, form, view)
    view = _moved(form, view, found)
    drawn = outline_of(scope.id, area, named_in(scope, lies, view), view=view)
    near = [known.nearest(lat, lon, _NEAR_M) for lat, lon in points]
    return page(
        request,
        "area_draw.html",
        actor=scope.actor,
        status=422 if wrong else 200,
        group=scope.group,
        outline=drawn,
        credit=scope.console.tiles.credit if scope.console.tiles else "",
        points=[
            (view.xy(*point), place.name if place else "") for point, place in zip(points, near, strict=True)
        ],
        carried=as_text(points),
        size=_size(scope, points),
        found=found,
        typed=text_of(form, "where"),
        wrong=wrong,
        has_outline=bool(area.polygons),
        how_typed=text_of(form, "how"),
        least=LEAST_POINTS,
        most=MOST_POINTS,
    )


def _size(scope: Scope, points: Points) -> float | None:
    """Square kilometres of what is drawn so far; None while it is no outline."""
    try:
        drawn = area_in(scope.group).model_copy(update={"polygons": outlined(points)})
    except AreaError:
        return None
    return facts_of(scope.id, drawn, (), {}).km2


def _found(scope: Scope, form: Mapping[str, Any], view: View) -> tuple[Found, ...] | None:
    """The places of the name that was searched; None: nothing was searched."""
    where = text_of(form, "where").strip()
    if "find" not in form or not where:
        return None
    if at := typed_place(where):
        return (Found(f"{at[0]}, {at[1]}", "point", *at, 0.0, "", None, inside=False),)
    return find(scope.console.places.current, where, From(view.lat, view.lon))


def _moved(form: Mapping[str, Any], view: View, found: tuple[Found, ...] | None) -> View:
    """The view after this button: around what was found, else as the arrows say."""
    if found:
        return View(found[0].lat, found[0].lon, max(_FOUND_SIDE_M, 4 * found[0].radius_m))
    return looked(view, text_of(form, "look"))


def _view_in(form: Mapping[str, Any]) -> View | None:
    return view_in(*(text_of(form, f"view_{name}", most=30) for name in ("lat", "lon", "side")))
