"""What a group's verifiers are told of its posts, by people or by time; posts end with their incident.

Whoever keeps a post is reached over the channel of the group that opened it, or by the post's link: no other
way to anybody is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.router.decide.custody import Post
from services.router.decide.draft import Draft
from services.router.decide.state import Incident
from shared.contracts.alerts import AlertKind, Note, PostLine
from shared.contracts.base import GroupId, IncidentId
from shared.contracts.groups import Audience


def line_of(post: Post) -> PostLine:
    """The post as a message names it."""
    there = sum(keeper.there_at is not None for keeper in post.keepers)
    return PostLine(
        place=post.label,
        begins=post.begins,
        ends=post.ends,
        needed=post.needed,
        coming=len(post.keepers),
        there=there,
    )


def tell_of_posts(
    draft: Draft, incident: IncidentId, groups: Iterable[GroupId], note: Note, posts: Sequence[Post]
) -> None:
    """One message about these posts, to these groups' verifiers."""
    say_aftercare(draft, incident, groups, note, {"posts": tuple(line_of(post) for post in posts)})


def say_aftercare(
    draft: Draft, incident: IncidentId, groups: Iterable[GroupId], note: Note, facts: Mapping[str, Any]
) -> None:
    """One message about what comes after, to these groups' verifiers."""
    whom: list[tuple[GroupId, Audience]] = [(group, "verifiers") for group in groups]
    draft.tell(incident, "AFTERCARE", whom, urgency="urgent", note=note, facts=facts)


def tell_end(
    draft: Draft, incident: Incident, kind: AlertKind, statement: str, *, figures_told: bool = False
) -> None:
    """All who were told hear that it is over; the verifiers of a post, that nobody need keep it any more."""
    known = {"figures_told": figures_told}
    ending = _by_group(_kept(draft, incident))
    for group, posts in ending.items():
        facts = {"posts": tuple(line_of(post) for post in posts), **known}
        whom: list[tuple[GroupId, Audience]] = [(group, "verifiers")]
        draft.tell(incident.id, kind, whom, urgency="urgent", statement=statement, facts=facts)
    rest = [pair for pair in incident.told if pair[1] != "verifiers" or pair[0] not in ending]
    draft.tell(incident.id, kind, rest, urgency="urgent", statement=statement, facts=known)


def _kept(draft: Draft, incident: Incident) -> list[Post]:
    """The posts of which anybody knows, and that are not over."""
    return [post for post in incident.aftercare.posts if post.ends > draft.now and post.known]


def _by_group(posts: Iterable[Post]) -> dict[GroupId, list[Post]]:
    found: dict[GroupId, list[Post]] = {}
    for post in sorted(posts, key=lambda p: p.group):
        found.setdefault(post.group, []).append(post)
    return found
