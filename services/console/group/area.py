"""`/groups/ID/area`: the area, drawn by ourselves; changed by a file, by districts, by a borough's name.

Nothing is saved before it was seen: every way ends in a picture of what would change.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from services.console.account.pages import led_to, text_of
from services.console.decide.group.facts import area_in, districts_in, facts_of
from services.console.decide.group.outline import outline_of, view_of_area
from services.console.decide.group.upload import MOST_BYTES, area_of, read_upload
from services.console.group.boundaries import names_in, shapes_called
from services.console.group.pages import Scope, as_page, page, scope_of
from services.console.group.saving import MOVED_ON, save
from services.console.group.surroundings import named_in, surroundings_of
from shared.areas import AreaError, Polygons, as_shape
from shared.contracts.groups import Area
from shared.http import Problem

_KEPT_S: Final = 1_800
"""How long a picture may be looked at before it is saved."""
_TYPED: Final = 2_000


@as_page
async def get_area(request: web.Request) -> web.StreamResponse:
    """The area as it is, and the ways to change it."""
    return await _shown(request, await scope_of(request))


@as_page
async def post_file(request: web.Request) -> web.StreamResponse:
    """An outline out of a GeoJSON file."""
    scope, form = await scope_of(request), await request.post()
    raw = _bytes_of(form.get("file"))
    try:
        return await preview(request, scope, with_outline(scope, form, read_upload(raw)))
    except AreaError as error:
        kept = await _keep(scope, "upload", raw.decode(errors="replace")) if error.code == "swapped" else None
        return await _shown(
            request, scope, wrong=error, at="file", swap=kept, how=text_of(form, "how", most=10)
        )


@as_page
async def post_swap(request: web.Request) -> web.StreamResponse:
    """The file again, with latitudes and longitudes taken for each other."""
    scope, form = await scope_of(request), await request.post()
    raw = await _kept(scope, "upload", form)
    try:
        return await preview(request, scope, with_outline(scope, form, read_upload(raw.encode(), swap=True)))
    except AreaError as error:
        return await _shown(request, scope, wrong=error, at="file")


@as_page
async def post_districts(request: web.Request) -> web.StreamResponse:
    """The postcode districts that are the group's."""
    scope, form = await scope_of(request), await request.post()
    typed = text_of(form, "districts", most=_TYPED)
    try:
        outcodes = districts_in(typed)
    except AreaError as error:
        return await _shown(request, scope, wrong=error, at="districts", typed=typed)
    return await preview(request, scope, area_in(scope.group).model_copy(update={"outcodes": outcodes}))


@as_page
async def post_borough(request: web.Request) -> web.StreamResponse:
    """An outline out of the operator's own boundary file."""
    scope, form = await scope_of(request), await request.post()
    names = [n for n in form.getall("borough", []) if isinstance(n, str)][:20]
    try:
        shapes = shapes_called(names, _boundaries(scope))
        return await preview(request, scope, with_outline(scope, form, area_of(shapes)))
    except AreaError as error:
        return await _shown(request, scope, wrong=error, at="borough")


@as_page
async def post_clear(request: web.Request) -> web.StreamResponse:
    """No outline any more: the districts alone."""
    scope = await scope_of(request)
    return await preview(request, scope, area_in(scope.group).model_copy(update={"polygons": ()}))


@as_page
async def post_save(request: web.Request) -> web.StreamResponse:
    """Save what was seen in the picture."""
    scope, form = await scope_of(request), await request.post()
    area = Area.model_validate_json(await _kept(scope, "area", form))
    try:
        return led_to(await save(scope, form, area=area))
    except Problem as problem:
        if problem.code != MOVED_ON:
            raise
        return await preview(request, await scope_of(request), area, wrong=MOVED_ON)


async def _shown(  # noqa: PLR0913 - what was wrong, where, and what was typed there
    request: web.Request,
    scope: Scope,
    *,
    wrong: AreaError | None = None,
    at: str = "",
    typed: str | None = None,
    swap: str | None = None,
    how: str = "",
) -> web.Response:
    area, groups, lies = area_in(scope.group), await _groups(scope), await surroundings_of(scope)
    return page(
        request,
        "area.html",
        actor=scope.actor,
        status=422 if wrong else 200,
        group=scope.group,
        facts=facts_of(scope.id, area, groups, lies.districts or {}),
        outline=outline_of(scope.id, area, named_in(scope, lies, view_of_area(area, lies))),
        credit=_credit(scope),
        boroughs=names_in(_boundaries(scope)),
        wrong=wrong,
        at=at,
        typed=", ".join(area.outcodes) if typed is None else typed,
        swap=swap,
        how_typed=how,
        most_kb=MOST_BYTES // 1000,
        most_typed=_TYPED,
    )


async def preview(request: web.Request, scope: Scope, area: Area, *, wrong: str = "") -> web.Response:
    """The picture of what would change."""
    before, groups, lies = area_in(scope.group), await _groups(scope), await surroundings_of(scope)
    around = named_in(scope, lies, view_of_area(area, lies, before))
    return page(
        request,
        "area_preview.html",
        actor=scope.actor,
        status=409 if wrong else 200,
        group=scope.group,
        same=area == before,
        facts=facts_of(scope.id, area, groups, lies.districts or {}),
        facts_before=facts_of(scope.id, before, groups, lies.districts or {}),
        outline=outline_of(scope.id, area, around, before=before),
        credit=_credit(scope),
        kept=await _keep(scope, "area", area.model_dump_json()),
        wrong=wrong,
    )


def with_outline(scope: Scope, form: Mapping[str, Any], polygons: Polygons) -> Area:
    """The group's area with this outline, in the place of what it had or beside it."""
    area = area_in(scope.group)
    if text_of(form, "how") == "add" and area.polygons:
        polygons = area_of([as_shape(area.polygons), as_shape(polygons)])
    return area.model_copy(update={"polygons": polygons})


def _credit(scope: Scope) -> str:
    return scope.console.tiles.credit if scope.console.tiles else ""


async def _groups(scope: Scope) -> list[dict[str, Any]]:
    return await scope.console.store.listed("groups", "group")


def _boundaries(scope: Scope) -> Path | None:
    return scope.console.settings.console_boundaries_file


def _bytes_of(field: Any) -> bytes:
    if not isinstance(field, web.FileField):
        return b""
    raw: bytes = field.file.read(MOST_BYTES + 1)
    return raw


async def _keep(scope: Scope, what: str, text: str) -> str:
    """Keep what is looked at for a while, for whoever looks; the name to find it by."""
    name = secrets.token_urlsafe(12)
    await scope.console.brief.put(_key(scope, what, name), text, life_s=_KEPT_S)
    return name


async def _kept(scope: Scope, what: str, form: Mapping[str, Any]) -> str:
    """What is kept under the form's name; raises a 410 problem if it is gone."""
    (text,) = await scope.console.brief.get(_key(scope, what, text_of(form, "kept", most=40)))
    if text is None:
        raise Problem(410, "preview_gone", "This picture is too old; go back and make it again.")
    return text


def _key(scope: Scope, what: str, name: str) -> str:
    return json.dumps([what, scope.id, scope.actor.member, name])
