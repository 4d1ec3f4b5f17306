"""DESK and DECISIONS about what comes after a raid: what became of the people taken, and who waits for them.

Whoever was taken is here a random tag and one word of what became of them; their names stay with the
group's legal people. Whoever keeps a post is a member's id, or for an outside volunteer a tag.
"""

import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    Frozen,
    GroupId,
    KeyKind,
    MemberId,
    Moment,
    Private,
    Sealed,
    Token,
)
from shared.contracts.desk import IncidentCommand, Tally
from shared.contracts.incidents import IncidentEvent

Fate = Literal["unknown", "released", "bailed", "charged", "detention", "hospital", "let_go"]
"""What became of somebody who was taken, or may have been; `detention` is immigration detention.

`let_go`: they were not taken after all, and count among those let go.
"""
PersonTag = Annotated[str, StringConstraints(pattern=r"^P[A-Z2-9]{3}$")]
"""What a person who was taken is called here."""
VolunteerTag = Annotated[str, StringConstraints(pattern=r"^V[A-Z2-9]{4}$")]
"""What a volunteer who is no member is called here."""
VOLUNTEER_TAG: Final = re.compile(r"V[A-Z2-9]{4}\Z")
OUTSIDE: Final = MemberId("outside")
"""Who gives a command for a post by its link, without an account: no member's id."""
PostTold = Literal["open", "unfilled", "no_show"]
"""What the verifiers were told of a post: it is open; it lacks people; somebody did not come."""


class Became(Frozen):
    """What became of one person (by tag), or of so many of whom nobody knew yet."""

    fate: Fate
    tag: PersonTag | None = None
    number: Annotated[int, Field(ge=1, le=1000)] = 1


class News(Private):
    """What became of whom."""

    sealed_under: ClassVar[KeyKind] = "incident"
    became: Annotated[tuple[Became, ...], Field(max_length=200)] = ()


class Account(IncidentCommand):
    """How many were taken, what became of them, who follows it up, and when it is looked at next."""

    type: Literal["desk.account.v1"] = "desk.account.v1"
    arrested: Annotated[int, Field(ge=0, le=1000)] | None = None
    """How many were taken in all, or may have been, if that is known better now."""
    news: News | Sealed | None = None
    owner: Annotated[MemberId, TOKEN_RULE] | None = None
    check_at: Moment | None = None


class PostPlace(Private):
    """Where a post is: which police station, which door."""

    sealed_under: ClassVar[KeyKind] = "incident"
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class PostCommand(IncidentCommand):
    """A command about one post of an incident."""

    post_id: Token


class OpenPost(PostCommand):
    """People are needed outside a police station from then to then (`post_id` is chosen by the desk)."""

    type: Literal["desk.post.v1"] = "desk.post.v1"
    begins: Moment
    ends: Moment
    needed: Annotated[int, Field(ge=1, le=10)] = 2
    where: PostPlace | Sealed | None = None


class WithdrawPost(PostCommand):
    """The post is needed no longer."""

    type: Literal["desk.post_withdraw.v1"] = "desk.post_withdraw.v1"


class JoinPost(PostCommand):
    """I will stand there; with a tag: a volunteer from outside will."""

    type: Literal["desk.post_join.v1"] = "desk.post_join.v1"
    tag: VolunteerTag | None = None


class LeavePost(PostCommand):
    """I can't after all; with a tag: that volunteer can't."""

    type: Literal["desk.post_leave.v1"] = "desk.post_leave.v1"
    tag: VolunteerTag | None = None


class CheckIn(PostCommand):
    """I am at the post; with a tag: that volunteer is."""

    type: Literal["desk.post_check_in.v1"] = "desk.post_check_in.v1"
    tag: VolunteerTag | None = None


class Fates(Private):
    """Everybody who was taken, by tag, and what became of them."""

    sealed_under: ClassVar[KeyKind] = "incident"
    people: dict[PersonTag, Fate]


class IncidentAccounted(IncidentEvent):
    """What is known of all who were taken, who follows it up, and when it is looked at next."""

    type: Literal["incident.accounted.v1"] = "incident.accounted.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    group: Annotated[GroupId, SLUG_RULE]
    fates: Fates | Sealed | None = None
    tally: Tally | None = None
    """The numbers as they are known now; None in events from before they stood here."""
    owner: MemberId | None = None
    owner_group: GroupId | None = None
    """Whose verifiers are reminded."""
    check_at: Moment | None = None


class CheckCameDue(IncidentEvent):
    """It was time to look again after those of whom nothing is known; the next time is set."""

    type: Literal["incident.check_due.v1"] = "incident.check_due.v1"
    next_at: Moment


class PostOpened(IncidentEvent):
    """A post outside a police station."""

    type: Literal["incident.post_opened.v1"] = "incident.post_opened.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    group: Annotated[GroupId, SLUG_RULE]
    post_id: Token
    begins: Moment
    ends: Moment
    needed: Annotated[int, Field(ge=1, le=10)]
    where: PostPlace | Sealed | None = None


class PostEvent(IncidentEvent):
    """Something happened to a post."""

    post_id: Token
    member: Annotated[MemberId, TOKEN_RULE]


class PostWithdrawn(PostEvent):
    """The post is needed no longer."""

    type: Literal["incident.post_withdrawn.v1"] = "incident.post_withdrawn.v1"


class PostJoined(PostEvent):
    """Somebody will stand there: a member's id, or a volunteer's tag."""

    type: Literal["incident.post_joined.v1"] = "incident.post_joined.v1"
    who: Token


class PostLeft(PostEvent):
    """Somebody will not stand there after all."""

    type: Literal["incident.post_left.v1"] = "incident.post_left.v1"
    who: Token


class PostCheckedIn(PostEvent):
    """Somebody is at the post."""

    type: Literal["incident.post_checked_in.v1"] = "incident.post_checked_in.v1"
    who: Token


class PostsTold(IncidentEvent):
    """The verifiers of the group that opened them were told of these posts."""

    type: Literal["incident.posts_told.v1"] = "incident.posts_told.v1"
    group: Annotated[GroupId, SLUG_RULE]
    posts: tuple[Token, ...]
    what: PostTold
