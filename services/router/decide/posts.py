"""What time decides about people taken: somebody asks after them again, and posts do not stay empty unseen.

Each post is told of as open, as lacking people half an hour before it begins, and as one to which
somebody did not come: each once at most, to the verifiers of the group that opened it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from services.router.decide.aftercare_due import check_due, post_due
from services.router.decide.custody import Post
from services.router.decide.draft import Draft
from services.router.decide.due import open_incidents
from services.router.decide.limits import CHECK_AGAIN
from services.router.decide.post_told import say_aftercare, tell_of_posts
from services.router.decide.state import Incident
from shared.contracts import aftercare as events
from shared.contracts.aftercare import PostTold
from shared.contracts.alerts import Note
from shared.contracts.base import GroupId

_NOTES: Final[Mapping[PostTold, Note]] = {
    "no_show": "post_no_show",
    "unfilled": "post_unfilled",
    "open": "posts_open",
}
"""What a post is told as, the most pressing first: of two that fall due at once one is said."""


def aftercare(draft: Draft) -> Iterator[None]:
    """Say what is due about posts and checks."""
    concerned = [i for i in open_incidents(draft.state) if i.aftercare.posts or i.aftercare.check_at]
    for incident in sorted(concerned, key=lambda i: i.id):
        if check_due(draft.state, incident) <= draft.now:
            _ask_again(draft, incident)
            yield
        for what in _NOTES:
            for group, posts in _due(draft, incident, what).items():
                _tell(draft, incident, group, posts, what)
                yield


def _ask_again(draft: Draft, incident: Incident) -> None:
    after = incident.aftercare
    draft.emit(events.CheckCameDue, incident_id=incident.id, next_at=draft.now + CHECK_AGAIN)
    known = draft.state.members.get(after.owner) if after.owner else None
    facts = {"unknown": after.unknown, "owner": (known.name or "") if known else ""}
    own = [after.owner_group] if after.owner_group else [g for g, a in incident.told if a == "verifiers"]
    say_aftercare(draft, incident.id, own, "check_due", facts)


def _due(draft: Draft, incident: Incident, what: PostTold) -> dict[GroupId, list[Post]]:
    """By group, the posts of which that is to be said now; of those newly open all, once one is due."""
    running = [p for p in draft.incident(incident.id).aftercare.posts if draft.now < p.ends]
    due = [p for p in running if post_due(p, what) <= draft.now]
    if what == "open":
        groups = {p.group for p in due}
        due = [p for p in running if what not in p.told and p.group in groups]
    return {group: [p for p in due if p.group == group] for group in sorted({p.group for p in due})}


def _tell(draft: Draft, incident: Incident, group: GroupId, posts: list[Post], what: PostTold) -> None:
    names = tuple(post.id for post in posts)
    draft.emit(events.PostsTold, incident_id=incident.id, group=group, posts=names, what=what)
    tell_of_posts(draft, incident.id, [group], _NOTES[what], posts)
