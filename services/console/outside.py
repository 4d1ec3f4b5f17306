"""Posts for people without an account: the link that opens one post, and what may be done by it.

A dispatcher passes the link on, in a chat. Its key follows from the post and the master key: nobody can
guess it, nothing is kept for it, and it opens that one post until it ends; then it says that, and no more.
Whoever signs up by it is a random tag and nothing else: the tag is all that they need to say that they are
there, or that they can't come. The log has the acts under `OUTSIDE`, so nobody's name stands for what a
stranger did.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.console.decide.draft import Document
from services.console.decide.made import made_tag
from services.console.decide.post_views import PostView, seen_by_nobody
from services.console.door import Console, whole
from services.console.invitations import address
from services.console.submit import Verdict, command_id, stored_id, submit
from shared.contracts import aftercare
from shared.contracts.aftercare import OUTSIDE
from shared.contracts.base import GroupId, IncidentId
from shared.http import Problem

Act = Literal["join", "leave", "check_in"]
_COMMANDS: Final[dict[Act, type[aftercare.JoinPost | aftercare.LeavePost | aftercare.CheckIn]]] = {
    "join": aftercare.JoinPost,
    "leave": aftercare.LeavePost,
    "check_in": aftercare.CheckIn,
}
_KEPT: Final = frozenset({"confirmed", "officers_left", "aftercare"})
"""While an incident is so, its posts are kept."""
_KEY_SIGNS: Final = 32


Ended = Literal["over", "withdrawn", "closed"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The post that a link opens, and its incident."""

    incident: Document
    post: PostView
    group: str
    """What the group is called that opened it."""
    ended: Ended | None = None
    """Why nothing can be done about it any more."""
    ended_at: datetime | None = None
    """When it was over or called off."""


def link_of(console: Console, incident: Document, post: str) -> str:
    """The address by which anybody may sign up for this post; empty where there is no such post."""
    known = _document(incident, post)
    key = _key(console, known) if known else ""
    return f"{address(console)}/post/{incident['code']}/{post}/{key}" if key else ""


async def opened_by(console: Console, code: str, post: str, key: str, now: datetime) -> Opened:
    """What the link opens, or opened until it ended. Raises a 404 problem, always the same, for all else."""
    progress = await whole(console.store)
    found = await _opened(console, code, post, key, now)
    if found is None:
        await whole(console.store, since=progress.epoch)
        raise Problem(404, "no_such_post", "This link opens nothing (any more).")
    return found


async def _opened(console: Console, code: str, post: str, key: str, now: datetime) -> Opened | None:
    incident = await console.store.incident(code)
    incident = await console.store.merged_into(incident) if incident else None
    known = _document(incident, post) if incident else None
    if incident is None or known is None or not hmac.compare_digest(_key(console, known), key):
        return None
    view = seen_by_nobody(known, now)
    group = await console.store.one(f"group:{view.group}")
    name = group["definition"]["name"] if group else view.group
    return Opened(incident, view, name, *_end_of(incident, known, view))


def _end_of(incident: Document, post: Document, view: PostView) -> tuple[Ended | None, datetime | None]:
    """Why it is kept no more, and since when, as far as whoever stands there need know."""
    if post.get("withdrawn_at"):
        return "withdrawn", datetime.fromisoformat(post["withdrawn_at"])
    if view.over:
        return "over", view.ends
    return (None, None) if incident.get("status") in _KEPT else ("closed", None)


async def give(
    console: Console, opened: Opened, act: Act, given: str | None, tag: str = ""
) -> tuple[str, Verdict]:
    """Do it, under that tag or (of who joins) a new one; the tag and what was decided.

    Raises a 409 problem if it is refused, or if by chance somebody has that tag already.
    """
    stored = stored_id(OUTSIDE, command_id(given))
    tag = tag or made_tag(stored)
    command = _COMMANDS[act](
        id=stored,
        at=console.clock.now(),
        member=OUTSIDE,
        group=GroupId(opened.post.group),
        incident_id=IncidentId(opened.incident["id"]),
        post_id=opened.post.id,
        tag=tag,
    )
    verdict = await submit(console, command, body=f"{opened.post.id} {tag}")
    if act == "join" and verdict.reason == "unchanged":
        raise Problem(409, "tag_taken", "That went wrong; try again.")
    return tag, verdict


def _document(incident: Document, post: str) -> Document | None:
    """The post, also one that was called off."""
    posts = (*((incident.get("aftercare") or {}).get("posts") or ()), *incident.get("posts_gone", ()))
    return next((p for p in posts if p["id"] == post), None)


def _key(console: Console, post: Document) -> str:
    """It follows from what stays with the post, also when its incident is merged or said again."""
    opened_at = datetime.fromisoformat(post["opened_at"]).isoformat()
    tag = console.keyring.master.tag("post-link", post["group"], opened_at, post["id"])
    return tag.hex()[:_KEY_SIGNS]
