"""Commands about posts: people who wait outside a police station for whoever comes out.

A post is kept by members, by their ids, and by volunteers from outside, by tags; where it is, is sealed.
"""

from datetime import timedelta

from services.router.decide import reasons
from services.router.decide.custody import Post
from services.router.decide.desk_account import PEOPLE_MAY_BE_HELD
from services.router.decide.draft import Draft
from services.router.decide.limits import CHECK_AHEAD, MOST_POSTS, POST_EARLY, SHIFT_LONGEST
from services.router.decide.post_told import tell_of_posts
from services.router.decide.state import Incident
from shared.contracts import aftercare
from shared.contracts.incidents import IncidentAttended


def open_post(draft: Draft, command: aftercare.OpenPost, incident: Incident) -> str:
    """People are needed outside a police station from then to then."""
    if incident.status not in PEOPLE_MAY_BE_HELD:
        return reasons.WRONG_STATUS
    if not isinstance(command.where, aftercare.PostPlace):
        return reasons.PLACE_NEEDED
    if incident.aftercare.post(command.post_id) is not None:
        return reasons.ID_TAKEN
    long = command.ends - command.begins
    too_far = command.begins > draft.now + CHECK_AHEAD
    if command.ends <= draft.now or too_far or not timedelta(0) < long <= SHIFT_LONGEST:
        return reasons.WRONG_TIMES
    if len(incident.aftercare.posts) >= MOST_POSTS:
        return reasons.TOO_MANY
    draft.emit(
        aftercare.PostOpened,
        incident_id=incident.id,
        member=command.member,
        group=command.group,
        post_id=command.post_id,
        begins=command.begins,
        ends=command.ends,
        needed=command.needed,
        where=command.where,
    )
    return reasons.APPLIED


def _running(draft: Draft, command: aftercare.PostCommand, incident: Incident) -> Post | str:
    """The post, if something may still be done about it; else the reason."""
    post = incident.aftercare.post(command.post_id)
    if post is None:
        return reasons.UNKNOWN_POST
    return reasons.NOT_NOW if incident.ended or post.ends <= draft.now else post


def withdraw_post(draft: Draft, command: aftercare.WithdrawPost, incident: Incident) -> str:
    """The post is needed no longer: whoever may count on it hears so at once."""
    post = _running(draft, command, incident)
    if isinstance(post, str):
        return post
    _emit(draft, aftercare.PostWithdrawn, command)
    if post.known:
        tell_of_posts(draft, incident.id, [post.group], "post_withdrawn", [post])
    return reasons.APPLIED


def join_post(draft: Draft, command: aftercare.JoinPost, incident: Incident) -> str:
    """Somebody will stand there, if somebody is still needed."""
    post = _running(draft, command, incident)
    if isinstance(post, str):
        return post
    who = command.tag or command.member
    if any(keeper.who == who for keeper in post.keepers):
        return reasons.UNCHANGED
    if not post.wants(draft.now):
        return reasons.POST_FULL
    _emit(draft, aftercare.PostJoined, command, who=who)
    return reasons.APPLIED


def leave_post(draft: Draft, command: aftercare.LeavePost, incident: Incident) -> str:
    """Somebody will not stand there after all."""
    post = _running(draft, command, incident)
    if isinstance(post, str):
        return post
    who = command.tag or command.member
    if all(keeper.who != who for keeper in post.keepers):
        return reasons.NOT_ON_IT
    _emit(draft, aftercare.PostLeft, command, who=who)
    return reasons.APPLIED


def check_in(draft: Draft, command: aftercare.CheckIn, incident: Incident) -> str:
    """Somebody is there. Whoever is there without having said so fills the post, too."""
    post = _running(draft, command, incident)
    if isinstance(post, str):
        return post
    if draft.now < post.begins - POST_EARLY:
        return reasons.NOT_NOW
    who = command.tag or command.member
    known = next((keeper for keeper in post.keepers if keeper.who == who), None)
    if known is None and not post.wants(draft.now):
        return reasons.POST_FULL
    if known is not None and known.there_at is not None:
        return reasons.UNCHANGED
    if known is None:
        _emit(draft, aftercare.PostJoined, command, who=who)
    _elsewhere_now(draft, command, incident)
    _emit(draft, aftercare.PostCheckedIn, command, who=who)
    return reasons.APPLIED


def _elsewhere_now(draft: Draft, command: aftercare.CheckIn, incident: Incident) -> None:
    """Whoever is at the post is no longer where it happened, nor on the way there: nobody looks for them."""
    if command.tag is None and any(visit.member == command.member for visit in incident.visits):
        draft.emit(
            IncidentAttended,
            incident_id=incident.id,
            member=command.member,
            group=command.group,
            step="left",
        )


def _emit(
    draft: Draft, event: type[aftercare.PostEvent], command: aftercare.PostCommand, **more: str
) -> None:
    draft.emit(
        event,
        incident_id=command.incident_id,
        post_id=command.post_id,
        member=command.member,
        **more,
    )
