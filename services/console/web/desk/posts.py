"""One post's own page: who keeps it, the shift card, and what can be done about it in one tap.

A dispatcher finds the link there by which somebody without an account may sign up.
"""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from services.console.decide import views
from services.console.decide.draft import Document
from services.console.decide.page_acts import POST_ACTS, PageAct, may, passes_on, role_in
from services.console.decide.post_views import PostView, post_of
from services.console.desk import give, visible_incident
from services.console.door import CONSOLE, Actor, Console, page_actor
from services.console.foretelling import foretold
from services.console.models import Preview
from services.console.outside import link_of
from services.console.web.desk.forms import NOTHING, Typed, request_of, typed_in
from services.console.web.desk.pictures import PICTURES
from services.console.web.desk.previews import preview_of
from services.console.web.desk.problems import as_page
from services.console.web.desk.render import page
from services.console.web.desk.words import DESK
from services.console.who_may import role_problem
from shared.contracts.aftercare import VOLUNTEER_TAG
from shared.http import Problem
from shared.words.shift_card import shift_card

_NO_POST: Final = "There is no such post (any more); look at the incident again."


@dataclass(frozen=True, slots=True)
class _At:
    """A member at a post of an incident."""

    console: Console
    actor: Actor
    incident: Document
    post: PostView

    def may(self, act: PageAct) -> bool:
        """Whether their role lets them do it, as things stand."""
        return may(role_in(self.incident, self.actor.roles), act) and self.incident.get("status") in act.when

    @property
    def passes_on(self) -> bool:
        """Whether they may pass its link on."""
        return passes_on(self.incident, self.actor.roles) and not self.post.over

    @property
    def path(self) -> str:
        """The address of the page."""
        return f"/desk/{self.incident['code']}/posts/{self.post.id}"


@as_page
async def get_post(request: web.Request) -> web.StreamResponse:
    """The post."""
    at = await _found(request)
    language = DESK.language_of(request)
    done = request.query.get("done", "")
    return page(
        request,
        "post.html",
        at.actor,
        incident=at.incident,
        post=at.post,
        acts={name for name, act in POST_ACTS.items() if at.may(act) and not at.post.over},
        link=link_of(at.console, at.incident, at.post.id) if at.passes_on else "",
        card=shift_card(language),
        closed=at.incident.get("status") not in POST_ACTS["join"].when,
        done=done if done == "post" or done in POST_ACTS or done == "pending" else None,
        tag=_tag(request.query.get("tag", "")),
        now=at.post.now,
    )


@as_page
async def post_step(request: web.Request) -> web.StreamResponse:
    """One act about the post: signing up, giving up, being there, withdrawing it."""
    at = await _found(request)
    name = request.match_info["step"]
    act = POST_ACTS.get(name)
    if act is None:
        raise Problem(404, "unknown_command", "There is no such act.")
    if not may(role_in(at.incident, at.actor.roles), act):
        raise await role_problem(at.console, at.actor.roles, act.sort, at.incident.get("seen_by", ()))
    typed = await typed_in(request)
    sent = Typed({"id": typed.get("id"), "post": at.post.id, **_tagged(name, typed)}, {})
    asked = request_of(act, at.incident["id"], sent).model_copy(update={"outside": name == "outside"})
    if act.tells and "send" not in typed.one:
        found = await foretold(at.console, act.command, asked, at.incident)
        if found.sends:
            return await _preview(request, at, act, found)
    _, verdict = await give(at.console, at.actor, act.command, asked)
    if verdict.reason is None:
        raise web.HTTPSeeOther(f"{at.path}?done=pending")
    if name == "withdraw":
        raise web.HTTPSeeOther(f"/desk/{at.incident['code']}?done=post_withdraw")
    made = f"&tag={verdict.made}" if verdict.made else ""
    raise web.HTTPSeeOther(f"{at.path}?done={name}{made}")


async def _preview(request: web.Request, at: _At, act: PageAct, found: Preview) -> web.Response:
    """What the verifiers will be told, before they are."""
    groups = await at.console.store.many("group", at.incident.get("seen_by", ()))
    return page(
        request,
        "preview.html",
        at.actor,
        incident=at.incident,
        act=act,
        action=f"{at.path}/withdraw",
        back=at.path,
        where=None,
        soon=False,
        ending=(),
        typed=NOTHING,
        version="",
        mark="",
        problem=None,
        now=at.console.clock.now(),
        **preview_of(found, groups, at.incident, at.actor.member, act),
    )


def _tagged(name: str, typed: Typed) -> dict[str, str]:
    """Whom it is about, where it is a volunteer from outside."""
    return {"tag": typed.get("tag")} if typed.get("tag") and name in {"leave", "check_in"} else {}


def _tag(given: str) -> str:
    return given if VOLUNTEER_TAG.fullmatch(given) else ""


async def _found(request: web.Request) -> _At:
    """The post that was asked for, for a member who may see it. Raises a 404 problem if there is none."""
    console, actor = request.app[CONSOLE], await page_actor(request)
    incident = await visible_incident(console, actor, request.match_info["code"])
    if not views.reads_words(actor.roles):
        raise Problem(403, "role_too_low", "Only a group's own people see its posts.")
    names = await console.store.names_of(views.members_named(incident))
    now = await request.app[PICTURES].now()
    post = post_of(incident, request.match_info["post"], names, actor.member, now)
    if post is None and any(
        gone["id"] == request.match_info["post"] for gone in incident.get("posts_gone", ())
    ):
        raise Problem(410, "post_withdrawn", "This post was called off.")
    if post is None:
        raise Problem(404, "unknown_post", _NO_POST)
    return _At(console, actor, incident, post)
