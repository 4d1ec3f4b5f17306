"""When something about the people taken falls due: a check, and what is said of each post."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from services.router.decide.custody import Post
from services.router.decide.limits import POST_NO_SHOW, POST_UNFILLED, POSTS_GATHER
from services.router.decide.state import Incident, State
from shared.contracts.aftercare import PostTold
from shared.contracts.base import GroupId
from shared.quiet_hours import after_quiet

NEVER: Final = datetime.max.replace(tzinfo=UTC)


def aftercare_due(state: State, incident: Incident) -> Iterator[datetime]:
    """Every moment at which something may fall due for this incident."""
    if incident.ended:
        return
    yield check_due(state, incident)
    for post in incident.aftercare.posts:
        yield from (post_due(post, what) for what in ("open", "unfilled", "no_show"))


def check_due(state: State, incident: Incident) -> datetime:
    """When somebody is to ask again after those of whom nothing is known; not in their quiet hours."""
    after = incident.aftercare
    if after.check_at is None or after.unknown == 0 or incident.ended:
        return NEVER
    return after_quiet(after.check_at, _quiet_hours(state, after.owner_group))


def _quiet_hours(state: State, group: GroupId | None) -> str | None:
    known = state.groups.get(group) if group else None
    return known.definition.policy.quiet_hours if known else None


def post_due(post: Post, what: PostTold) -> datetime:
    """When the verifiers are to hear that of the post: posts are kept at night, so no quiet hours count."""
    if what in post.told:
        return NEVER
    if what == "open":
        return post.opened_at + POSTS_GATHER if post.unfilled else NEVER  # nobody is asked to fill a full one
    if what == "unfilled":
        return post.begins - POST_UNFILLED if post.unfilled else NEVER
    return post.begins + POST_NO_SHOW if post.missing else NEVER
