"""The next right act: the one button under the thumb. Pure.

It says what an experienced dispatcher would do now, and why in one sentence. It decides nothing, and every
other act stays within reach below.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.decide.aftercare_views import counts, untold
from services.console.decide.draft import Document
from services.console.decide.on_it import on_it
from services.console.decide.page_acts import POST_ACTS, offered, role_in
from services.console.decide.post_views import PostView, posts_of
from services.console.decide.said_over import Says

_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})
_NO_MORE: Final = frozenset({"ENOUGH", "LEAVE"})
"""What is asked of people where nobody else should come."""
_TWO: Final = 2


@dataclass(frozen=True, slots=True)
class Next:
    """An act's name (None: there is nothing to do), and why: the key of a sentence."""

    act: str | None
    why: str
    post: str | None = None
    """The post that it is about: what there is to do about it stands on its page."""


def next_act(  # noqa: PLR0913 - what one looks at before one acts
    incident: Document,
    member: str,
    roles: dict[str, str],
    now: datetime,
    *,
    muted: bool = False,
    said: Says | None = None,
) -> Next:
    """What this member should do next about the incident.

    `muted`: their group muted all that supports it; `said`: what reports say and none of ours looked at yet.
    """
    claim = on_it(incident, now)
    mine = claim is not None and claim.member == member
    step = next((v["step"] for v in incident.get("visits", ()) if v["member"] == member), None)
    possible = {a.name for a in offered(incident, role_in(incident, roles), mine=mine, step=step)}
    if muted and claim is None and incident.get("status") in _UNPROVEN:
        doubt = Next("not_confirmed", "next_muted")
        return doubt if doubt.act in possible else Next(None, "next_muted_leave")
    wished = (
        *_at_a_post(incident, member, now),
        *_wishes(incident, member, step, claim=claim is not None, mine=mine, said=said),
        *_with_the_posts(incident, member, now),
    )
    return next((n for n in wished if n.act is None or n.act in possible), Next(None, "next_nothing"))


def _at_a_post(incident: Document, member: str, now: datetime) -> Iterator[Next]:
    """Whoever said that they will be at a post says that they are there, before anything else."""
    for post in _posts(incident, member, now):
        if post.mine and post.mine.state != "there" and post.open_for_check_in:
            yield Next(None, "next_post_check_in", post.id)


def _with_the_posts(incident: Document, member: str, now: datetime) -> Iterator[Next]:
    """Who has nothing else to do: the post that they keep, or one that lacks people."""
    posts = _posts(incident, member, now)
    for post in posts:
        if post.mine:
            yield Next(None, "next_post_there" if post.mine.state == "there" else "next_post_coming", post.id)
    lacking = next((post for post in posts if post.wanted), None)
    if lacking is not None:
        yield Next(None, "next_post_wanted", lacking.id)


def _posts(incident: Document, member: str, now: datetime) -> list[PostView]:
    """The posts that are not over, while people may be held."""
    after = incident.get("status") in POST_ACTS["join"].when
    return [post for post in posts_of(incident, {}, member, now) if after and not post.over]


def _wishes(  # noqa: PLR0913 - as `next_act`
    incident: Document, member: str, step: str | None, *, claim: bool, mine: bool, said: Says | None
) -> Iterator[Next]:
    """What would be right, the rightest first."""
    status = incident.get("status")
    if status == "merged":
        yield Next(None, "next_merged")
    elif status in {"officers_left", "aftercare"}:
        if step is not None:
            yield Next("left", "next_left")
        yield from _after(incident)
    elif status == "no_news":
        yield Next("reopen", "next_no_news")
        yield Next("seen", "next_seen_yet")
    elif status in _UNPROVEN or status == "confirmed":
        if said:
            yield from _to_look_at(incident, member, step, said, claim=claim)
        yield from _going_on(incident, member, step, claim=claim, mine=mine)


def _going_on(
    incident: Document, member: str, step: str | None, *, claim: bool, mine: bool
) -> Iterator[Next]:
    """While it may be going on."""
    status = incident.get("status")
    if proposed := incident.get("proposed"):
        own = proposed["member"] == member
        yield Next(None, "next_wait_for_second") if own else Next("confirm", "next_second_person")
    if not claim:
        yield _taking(incident, member)
    yield from _own_way(incident, member, step)
    if claim and not mine:
        yield from _beside(incident)
    elif status == "confirmed":
        yield Next("update", "next_confirmed")
    else:
        yield from _to_know(incident, member)
    yield from _to_be_there(incident, step)
    if claim and not mine:
        yield Next(None, "next_theirs")


def _to_look_at(
    incident: Document, member: str, step: str | None, said: Says, *, claim: bool
) -> Iterator[Next]:
    """A report says that it is over, or was no raid: whoever is there looks, whoever may end it finds out."""
    if not claim:
        yield _taking(incident, member)
    if step == "going":
        yield Next("there", "next_there")
    elif step == "there":
        yield Next("seen", "next_seen")
    if said == "over":
        yield Next("officers_left", "next_said_over")
    else:
        yield Next("retract", "next_said_wrong")
        yield Next("not_confirmed", "next_said_wrong")
    if incident.get("ask") not in _NO_MORE and not incident.get("visits"):
        yield Next("going", "next_said_look")


def _taking(incident: Document, member: str) -> Next:
    if _lapsed_of(incident) == member:
        return Next("claim", "next_claim_again")
    return Next("claim", "next_claim_beside" if incident.get("visits") else "next_claim")


def _lapsed_of(incident: Document) -> str | None:
    """Whose claim it was that ended by itself, if nobody was on it since; the log may not say so yet."""
    if claim := incident.get("claim"):
        return str(claim["member"])
    steps = [s for s in incident.get("timeline", ()) if s.get("what") in {"claimed", "claim_released"}]
    ended = len(steps) > 1 and steps[-1].get("reason") == "lapsed"
    return steps[-2].get("member") if ended else None


def _beside(incident: Document) -> Iterator[Next]:
    """Whoever holds the claim may not be one who can confirm, or tell people: those who can need not wait."""
    if incident.get("status") == "confirmed":
        yield Next("update", "next_confirmed")
    elif incident.get("seen"):
        yield Next("confirm", "next_confirm")


def _to_be_there(incident: Document, step: str | None) -> Iterator[Next]:
    """Whoever has nothing to decide can be there: in twos, and not where there are enough."""
    if step == "there":
        yield Next("seen", "next_there_on")
    if incident.get("ask") in _NO_MORE:
        yield Next(None, "next_enough")
    elif incident.get("status") == "confirmed":
        yield Next("going", "next_go")
    elif len(incident.get("visits", ())) < _TWO:
        yield Next("going", "next_theirs")


def _own_way(incident: Document, member: str, step: str | None) -> Iterator[Next]:
    """Whoever is on the way says that they are there; whoever is there says what they see."""
    if step == "going":
        yield Next("there", "next_there")
    elif step == "there" and not _saw(incident, member):
        yield Next("seen", "next_seen")


def _to_know(incident: Document, member: str) -> Iterator[Next]:
    """Before anybody can confirm: a place, and somebody who saw it."""
    if not incident.get("place"):
        yield Next("place", "next_place")
    if incident.get("first_hand") or incident.get("seen"):
        yield Next("confirm", "next_confirm")
    if not incident.get("visits"):
        yield Next("going", "next_going")
    yield Next("confirm", "next_confirm_unseen")
    yield Next(None, "next_said") if _saw(incident, member) else Next("seen", "next_seen_yet")


def _after(incident: Document) -> Iterator[Next]:
    people = counts(incident)
    if untold(incident):
        yield Next("update", "next_tell_account")
    if incident.get("status") == "officers_left" and people["arrested"]:
        yield Next("aftercare", "next_aftercare")
    if people["unaccounted"]:
        yield Next("account", "next_account")
    yield Next("closed", "next_close")


def _saw(incident: Document, member: str) -> bool:
    """Whether this member said what they saw."""
    timeline = incident.get("timeline", ())
    return any(step.get("what") == "seen" and step.get("member") == member for step in timeline)
