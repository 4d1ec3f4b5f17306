"""Acts on an incident: a form, then what would be sent to whom in the very words, then the act itself.

Nothing that people are told goes out unseen. The form carries the version of the incident that it was made
for: if that changed meanwhile, a page shows what changed, and lets one go on with what was typed.
"""

from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from services.console.decide.aftercare_views import became, counts
from services.console.decide.already import nothing_new
from services.console.decide.commands import missing_fields
from services.console.decide.looked import fresh, mark_of
from services.console.decide.muted import muted_reports
from services.console.decide.on_it import on_it
from services.console.decide.page_acts import ACTS
from services.console.decide.post_views import PostView, begins_soon, ends_posts, posts_of
from services.console.desk import acts_for, give, visible_incident
from services.console.foretelling import foretold
from services.console.models import DeskRequest, Preview
from services.console.web.desk.choices import choices_for
from services.console.web.desk.doing import Doing, doing_of
from services.console.web.desk.finding import with_place
from services.console.web.desk.forms import (
    NOTHING,
    request_of,
    typed_in,
    typed_of,
    with_click,
    with_code,
)
from services.console.web.desk.fragments import said_in
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.placing import new_place
from services.console.web.desk.previews import preview_of
from services.console.web.desk.problems import as_page, elsewhere, words_of
from services.console.web.desk.render import page
from services.console.web.desk.words import DESK
from shared.http import Problem

_MOVED_ON: Final = "incident_moved_on"
_TAKEN: Final = "claimed_by_another"
_OVER_CAP: Final = frozenset({"needs_sms_to", "needs_sms_reason"})
"""It passes a group's money for SMS, and the preview's own question is not answered."""
_WORDS_FOR: Final = {"second_person_needed": "proposed", "unchanged": "unchanged"}
"""What is said of a command that was decided, and not simply done."""
_GOES_ON: Final = frozenset({"say", "mend", "pass"})
"""Kinds of acts whose messages say that it goes on."""
_AGAIN: Final = frozenset({"look", "edit"})
"""Buttons that show the form once more."""
_OWN: Final = frozenset({"place", "merge", "split", "ask", "hand_over", "escalate", "account", "post"})
"""Acts whose form is more than words and figures."""
_PROMISES: Final = frozenset(a.name for a in ACTS.values() if a.tells and a.asks) - {"ask", "merge", "split"}
"""Acts whose form promises to show what will be sent: that it is nothing is shown too."""


@as_page
async def get_act(request: web.Request) -> web.StreamResponse:
    """The form of an act."""
    return await _form(await doing_of(request, typed_of(request.query)))


@as_page
async def post_act(request: web.Request) -> web.StreamResponse:
    """One step further: the preview where people would be told, else the act."""
    doing = await doing_of(request, NOTHING)
    doing = doing.having(await typed_in(request))
    try:
        return await _next_step(doing)
    except Problem as problem:
        if problem.code == _MOVED_ON:
            return await _conflict(doing)
        if problem.code == _TAKEN:
            raise await _whose(doing, problem) from None
        if problem.code in _OVER_CAP:
            return await _again(doing, problem)
        if problem.status == web.HTTPServiceUnavailable.status_code or not doing.act.asks:
            raise
        return await _form(doing, problem)


async def _next_step(doing: Doing) -> web.StreamResponse:
    if clicked := with_click(doing.typed):
        return await _form(doing.having(clicked))
    if _AGAIN & doing.typed.one.keys() or _searches(doing) or _asks_first(doing):
        return await _form(doing)
    if doing.act.name == "place":
        doing = doing.having(with_place(doing.typed))
    if doing.act.name == "merge":
        doing = doing.having(with_code(doing.typed))
    asked = request_of(doing.act, doing.incident["id"], doing.typed)
    if missing := missing_fields(doing.act.command, asked):
        raise Problem(422, f"needs_{missing[0]}", f"This needs {', '.join(missing)}.")
    if nothing_new(doing.act.command, asked, doing.incident, doing.actor.member, doing.console.clock.now()):
        raise Problem(409, "nothing_new", "That was said a moment ago; nothing was sent again.")
    if doing.act.name == "closed" and counts(doing.incident)["unaccounted"]:
        raise Problem(409, "not_accounted_for", "Say first what became of everybody who was taken.")
    unseen = doing.act.tells and "send" not in doing.typed.one
    if not unseen:
        return await _do(doing, asked)
    found = await _foretold(doing, asked)
    shown = found.sends or doing.act.name in _PROMISES
    return await _preview(doing, asked, found) if shown else await _do(doing, asked)


async def _foretold(doing: Doing, asked: DeskRequest) -> Preview:
    group = await acts_for(doing.console, doing.actor, asked)
    return await foretold(doing.console, doing.act.command, asked, doing.incident, group=group)


def _searches(doing: Doing) -> bool:
    """Whether a name is to be looked up; without one, who presses Enter in another field means to go on."""
    return "find" in doing.typed.one and bool(doing.typed.get("where"))


def _asks_first(doing: Doing) -> bool:
    """Whether the answers have still to become words."""
    return doing.act.name == "confirm" and "text" not in doing.typed.one


async def _do(doing: Doing, asked: DeskRequest) -> web.StreamResponse:
    """Give the command, and show the incident as it is then."""
    _, verdict = await give(doing.console, doing.actor, doing.act.command, asked)
    word = doing.act.name if verdict.reason else "pending"
    word = _WORDS_FOR.get(verdict.reason or "", word)
    if doing.act.name == "post" and verdict.reason and verdict.made:
        raise web.HTTPSeeOther(f"/desk/{doing.incident['code']}/posts/{verdict.made}?done=post")
    raise web.HTTPSeeOther(f"/desk/{doing.incident['code']}?done={word}")


async def _whose(doing: Doing, problem: Problem) -> Problem:
    """The refusal, with who is on it and for how long."""
    now = await visible_incident(doing.console, doing.actor, doing.request.match_info["code"])
    claim = on_it(now, doing.console.clock.now())
    if claim is None:
        return problem
    names = await doing.console.store.names_of({claim.member})
    language = DESK.language_of(doing.request)
    who = names.get(claim.member) or DESK.say(language, "somebody")
    minutes = max(1, claim.seconds_left(doing.console.clock.now()) // 60)
    return Problem(409, "claimed", DESK.say(language, "claimed_by", who=who, n=minutes))


async def _form(doing: Doing, problem: Problem | None = None) -> web.Response:
    """The form of this act, with what was typed before; and why it did not go, with where to go first."""
    template = f"act_{doing.act.name}.html" if doing.act.name in _OWN else "act.html"
    shown = {**_common(doing), **await _reported(doing), **await choices_for(doing)}
    values: dict[str, Any] = {"template": template, **shown}
    if problem is not None:
        absorbed = doing.typed.get("absorbed")
        first = elsewhere(problem, doing.incident["code"], absorbed=absorbed)
        values |= {"problem": words_of(doing.request, problem), "first": first}
    status = problem.status if problem else 200
    return page(doing.request, values.pop("template"), doing.actor, status=status, **values)


async def _again(doing: Doing, problem: Problem) -> web.Response:
    """The preview once more, with what is missing before it can be sent."""
    asked = request_of(doing.act, doing.incident["id"], doing.typed)
    return await _preview(doing, asked, await _foretold(doing, asked), problem)


async def _preview(
    doing: Doing, asked: DeskRequest, found: Preview, problem: Problem | None = None
) -> web.Response:
    """The messages as they would go out; a conflict before anybody reads what cannot be sent."""
    version = doing.typed.get("version")
    if version and version != str(doing.incident.get("version", 0)):
        raise Problem(409, _MOVED_ON, "The incident has changed.")
    groups = await doing.console.store.many("group", doing.incident.get("seen_by", ()))
    shown = preview_of(found, groups, doing.incident, doing.actor.member, doing.act)
    where = await new_place(doing) if doing.act.name == "place" else None
    soon = begins_soon(asked, doing.console.clock.now())
    back = f"/desk/{doing.incident['code']}"
    frame: dict[str, Any] = {"where": where, "soon": soon, "action": doing.path, "back": back}
    frame |= await _reported(doing)
    frame["problem"] = words_of(doing.request, problem) if problem else None
    status = problem.status if problem else 200
    values = {**frame, **_common(doing), **shown}
    return page(doing.request, "preview.html", doing.actor, status=status, **values)


async def _reported(doing: Doing) -> dict[str, Any]:
    """What reports say against what this act would tell people: that it goes on."""
    if not doing.act.tells or doing.act.kind not in _GOES_ON:
        return {"reports_say": None, "reported_now": None}
    picture = await doing.request.app[PICTURES].incident(doing.incident)
    own = [mute for mute in picture.mutes if mute["group"] in doing.actor.roles]
    return {"reports_say": said_in(picture, muted_reports(picture.folds, own)), "reported_now": picture.now}


async def _conflict(doing: Doing) -> web.Response:
    """What changed meanwhile, and what was typed."""
    store = doing.console.store
    now = await visible_incident(doing.console, doing.actor, doing.request.match_info["code"])
    news = fresh(now, doing.typed.get("mark"), member="")
    names = await store.names_of({s["member"] for s in news.steps if s.get("member")})
    values = _common(replace(doing, incident=now, typed=doing.typed.but(version="", mark="")))
    possible = now.get("status") in doing.act.when
    return page(
        doing.request,
        "conflict.html",
        doing.actor,
        status=409,
        news=news,
        names=names,
        possible=possible,
        now=doing.console.clock.now(),
        **values,
    )


def _ending(doing: Doing) -> tuple[PostView, ...]:
    """The posts that people count on, and that would end with it."""
    if not ends_posts(doing.act.command, (doing.act.fixed or {}).get("stage")):
        return ()
    found = posts_of(doing.incident, {}, doing.actor.member, doing.console.clock.now())
    return tuple(post for post in found if post.kept)


def _common(doing: Doing) -> dict[str, Any]:
    """What every page of an act shows and carries on."""
    return {
        "incident": doing.incident,
        "act": doing.act,
        "fates": became(doing.incident),
        "unaccounted": counts(doing.incident)["unaccounted"],
        "ending": _ending(doing),
        "typed": doing.typed,
        "version": doing.typed.get("version") or doing.incident.get("version", 0),
        "mark": doing.typed.get("mark") or mark_of(doing.incident),
    }
