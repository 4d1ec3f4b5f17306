"""`/groups`, `/groups/new`, `/groups/ID`: the groups that one runs, and the way to a first exercise."""

import re
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from services.console.account.pages import led_to, text_of
from services.console.decide import subscribers
from services.console.decide.carried import key
from services.console.decide.draft import Document
from services.console.decide.group.own_words import calls_for
from services.console.decide.group.steps import Standing, next_step, steps
from services.console.decide.page_acts import lets
from services.console.door import CONSOLE, page_actor
from services.console.group.pages import LANGUAGES, Scope, as_page, flag, page, scope_of
from services.console.group.saving import MOVED_ON, define, save
from services.console.group.testing import tests_of
from services.console.status import bridges_of
from services.console.web.rendering import when
from services.console.who_may import role_problem
from shared.contracts.base import HUB, SHARED, SLUG, GroupId
from shared.contracts.desk import DefineGroup
from shared.contracts.drills import BeginDrill
from shared.contracts.groups import GroupDefinition
from shared.http import Problem

_DRILLS: Final = 100
"""Incidents looked through for exercises, the latest ones."""


@as_page
async def get_groups(request: web.Request) -> web.StreamResponse:
    """The groups that one runs."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    known = await console.store.listed("groups", "group")
    own = sorted(
        (g for g in known if actor.runs(g["id"])), key=lambda g: str(g["definition"]["name"]).casefold()
    )
    if not own and not actor.operates:
        raise await role_problem(console, actor.roles, DefineGroup)
    return page(request, "groups.html", actor=actor, groups=own)


@as_page
async def get_new(request: web.Request) -> web.StreamResponse:
    """The form for a new group."""
    await _operator(request)
    return await _new(request, {"name": "", "id": "", "languages": ["en"]})


@as_page
async def post_new(request: web.Request) -> web.StreamResponse:
    """A new group: a name, an id, languages. The rest follows step by step."""
    console, actor = request.app[CONSOLE], await _operator(request)
    form = await request.post()
    name, languages = _name(form), _languages(form)
    typed = text_of(form, "id", most=40).strip()
    id_ = typed or _id_from(name)
    given = {"name": name, "id": id_, "languages": languages}
    if not name or not languages:
        return await _new(request, given, "name_missing" if not name else "languages_missing")
    if not SLUG.match(id_) or id_ in {HUB, SHARED}:
        return await _new(request, given, "id_wrong")
    definition = GroupDefinition(id=GroupId(id_), name=name, languages=tuple(languages))
    try:
        await define(console, actor, definition, seen=0)
    except Problem as problem:
        if problem.code != MOVED_ON:
            raise
        return await _new(request, given, "id_taken")
    return led_to(f"/groups/{id_}")


@as_page
async def get_group(request: web.Request) -> web.StreamResponse:
    """A group with its steps to an exercise; done ones are folded."""
    scope = await scope_of(request)
    found = steps(scope.group, await _standing(scope))
    return page(
        request,
        "group.html",
        actor=scope.actor,
        group=scope.group,
        steps=found,
        next=next_step(found),
        may_begin=lets([scope.id], scope.actor.roles, BeginDrill),
        saved=request.query.get("saved", ""),
        calls=calls_for(scope.group, scope.console.clock.now().date()),
        people=subscribers.shown(await scope.console.store.one(subscribers.key(scope.id))),
        bridges=await _bridges(scope),
        tongues=LANGUAGES,
        when=when,
    )


@as_page
async def get_name(request: web.Request) -> web.StreamResponse:
    """The form for name and languages."""
    return _naming(request, await scope_of(request))


@as_page
async def post_name(request: web.Request) -> web.StreamResponse:
    """Save name, languages, and whether what is nobody's is theirs."""
    scope, form = await scope_of(request), await request.post()
    name, languages = _name(form), _languages(form)
    typed = {"name": name, "languages": languages, "fallback": flag(form, "fallback")}
    if not name or not languages:
        return _naming(request, scope, typed, "name_missing" if not name else "languages_missing")
    try:
        saved = await save(scope, form, name=name, languages=tuple(languages), fallback=typed["fallback"])
        return led_to(saved)
    except Problem as problem:
        if problem.code != MOVED_ON:
            raise
        return _naming(request, await scope_of(request), typed, MOVED_ON)


def _naming(
    request: web.Request, scope: Scope, typed: Document | None = None, wrong: str = ""
) -> web.Response:
    given = typed or {k: scope.group["definition"][k] for k in ("name", "languages", "fallback")}
    status = 200 if not wrong else 409 if wrong == MOVED_ON else 422
    known = LANGUAGES | {tag: tag for tag in given["languages"] if tag not in LANGUAGES}
    return page(
        request, "name.html", actor=scope.actor, group=scope.group, given=given, wrong=wrong, tongues=known,
        status=status,
    )  # fmt: skip


async def _new(request: web.Request, given: Document, wrong: str = "") -> web.Response:
    actor = await page_actor(request)
    status = 422 if wrong else 200
    return page(request, "new.html", actor=actor, given=given, wrong=wrong, tongues=LANGUAGES, status=status)


async def _operator(request: web.Request) -> Any:
    actor = await page_actor(request)
    if not actor.operates:
        raise Problem(403, "only_operators", "Only the hub's operators make groups.")
    return actor


async def _standing(scope: Scope) -> Standing:
    store = scope.console.store
    now = scope.console.clock.now().isoformat()
    members = await store.listed("members", "member")
    invited = [i for i in await store.listed("invites", "invite") if i["until"] > now]
    known = {member["member"] for member in members}
    incidents = await store.listed(f"incidents:{scope.id}", "incident", limit=_DRILLS)
    return Standing(
        tests=await tests_of(scope),
        carried=await store.one(key(scope.id)) or {},
        people=[p for p in members if scope.id in p["roles"]],
        invited=[i for i in invited if scope.id in i["roles"] and i["member"] not in known],
        drills=[i for i in incidents if i.get("drill")],
    )


async def _bridges(scope: Scope) -> list[dict[str, Any]]:
    """The group's own ways in for reports, as far as the front door says how they stand."""
    said = await bridges_of(scope.console, scope.actor)
    return [
        {
            "name": name,
            "state": one["state"].lower(),
            "since": datetime.fromisoformat(one["since"]),
        }
        for name, one in said.items()
        if one.get("group") == scope.id
    ]


def _name(form: Any) -> str:
    return " ".join("".join(c for c in text_of(form, "name", most=80) if c.isprintable()).split())


def _languages(form: Any) -> list[str]:
    return [
        tag for tag in dict.fromkeys(form.getall("language", [])) if isinstance(tag, str) and tag.isalpha()
    ][:20]


def _id_from(name: str) -> str:
    """An id out of a name: what people would type anyway."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
