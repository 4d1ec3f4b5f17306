"""DECISIONS, alerts.v1: what one group is to be told about an incident at one moment."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.aftercare import Fate
from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    AlertId,
    BridgeId,
    Frozen,
    GroupId,
    IncidentId,
    KeyKind,
    Latitude,
    Longitude,
    Message,
    Metres,
    Moment,
    Place,
    Private,
    Sealed,
    Slug,
)
from shared.contracts.desk import Ask, Question, SmsTo, Tally
from shared.contracts.duty import Reminder
from shared.contracts.groups import Audience
from shared.contracts.incidents import Counted, Status, Who
from shared.contracts.peers import PassedOn
from shared.contracts.situation import Jurisdiction, Setting

AlertKind = Literal[
    "UNCONFIRMED", "LIKELY", "CONFIRMED", "UPDATE", "OVER", "CLOSED", "WRONG", "NOT_CONFIRMED", "NO_NEWS",
    "DIGEST", "QUESTION", "TEST", "REPLY", "DUTY", "AFTERCARE", "DRILL_BEGUN", "DRILL_ENDED", "SPENDING",
]  # fmt: skip
Urgency = Literal["urgent", "normal"]
Note = Literal[
    "said_over", "said_wrong", "moved", "said_moved", "not_concerned", "reopened", "seen", "second_person",
    "nobody_took", "asked_to_help", "posts_open", "post_unfilled", "post_no_show", "check_due",
    "support_left", "post_withdrawn", "claim_lapsed",
]  # fmt: skip
Check = Literal["went", "asked"]
"""What people did to find out whether a report is true: one was there, or whoever reported it was asked."""


class PublicPlace(Frozen):
    """The place as strangers may know it: blurred to the street, homes to the outcode."""

    lat: Latitude
    lon: Longitude
    radius_m: Metres
    label: str


class PostLine(Frozen):
    """One post outside a police station, as its group's verifiers are told of it."""

    place: str
    begins: Moment
    ends: Moment
    needed: int
    coming: int
    there: int = 0


class AlertBody(Private):
    """The facts the words are made of, under the incident's key."""

    sealed_under: ClassVar[KeyKind] = "incident"
    place: Place
    public: PublicPlace
    first_report_at: Moment
    reports: int = 1
    first_hand: int = 0
    excerpt: str = ""
    """For verifiers: what the best report says. Never shown to any other audience."""
    statement: str = ""
    """What a person released to everyone told."""
    tally: Tally = Tally()
    fates: dict[Fate, int] = Field(default_factory=dict)
    """Once officers have left: how many of those taken became what, as far as it is known."""
    figures_told: bool = False
    """Whether these people have heard these numbers already: then they are not said again."""
    also_told: tuple[str, ...] = ()
    """Names of other groups whose verifiers were told of the same incident."""
    since: Moment | None = None
    note: Note | None = None
    """What verifiers are asked to look at: said by reports, decided by people."""
    checked: tuple[Check, ...] = ()
    """What people did to find out whether it is so; empty where nobody did anything."""
    was: str = ""
    """Where it was said to be before, where the place is what changed."""
    was_public: str = ""
    """The same as strangers may know it; stands in no alert but the router's own draft of it."""
    was_m: float = 0.0
    """How far that is from the place now, in metres; 0 where that says nothing."""
    was_public_m: float = 0.0
    """The same between the places as strangers know them; stands in no alert but the router's own draft."""
    was_code: str = ""
    """By which code they know it, where it became one with another."""
    setting: Setting | None = None
    """Where people are, once it is confirmed: some words differ. None: not known, or none of the four."""
    jurisdiction: Jurisdiction | None = None
    """Whose law holds there; None where that is not certain."""
    told_at: Moment | None = None
    """When those who were told heard last of it: what a correction is about."""
    who: Who = "unknown"
    """Who acts, as far as the reports say."""
    seen: dict[Counted, int] = Field(default_factory=dict)
    """How many vans, officers and people held the best report counts."""
    sightings: int = 0
    """How often one of us saw it with their own eyes."""
    alike: bool = False
    """Whether many sent it in one phrasing, and none saw it."""
    watch_reports: int = 0
    """Reports of ordinary police at the same place before."""
    watch_since: Moment | None = None
    on_duty: tuple[str, ...] = ()
    """For verifiers: who of theirs has the shift."""
    posts: tuple[PostLine, ...] = ()
    """For verifiers: the posts that an AFTERCARE message is about, or that end with what a message ends."""
    unknown: int = 0
    """For verifiers: people taken of whom nothing is known."""
    owner: str = ""
    """For verifiers: who follows that up."""
    peers: tuple[PassedOn, ...] = ()
    """For verifiers, and so for other hubs: whose word is in it, lest it go round in a circle."""


class DigestLine(Frozen):
    """One line of a digest: a held report, an incident not told singly, or a watch."""

    report_id: str
    at: Moment
    place: str = ""
    excerpt: str = ""
    reason: str
    code: str | None = None
    """Of an incident."""
    reports: int = 1


class DigestBody(Private):
    """Held reports for a group's verifiers, under the hour's key: best first, with count and oldest."""

    sealed_under: ClassVar[KeyKind] = "report"
    lines: tuple[DigestLine, ...]
    held: int
    oldest: Moment


class ShiftLine(Frozen):
    """One shift that has room."""

    begins: Moment
    ends: Moment
    places: int
    taken: int


class DutyBody(Private):
    """Shifts that a group's verifiers are reminded of, under the hour's key."""

    sealed_under: ClassVar[KeyKind] = "report"
    what: Reminder
    lines: tuple[ShiftLine, ...]


class QuestionBody(Private):
    """What one reporter is asked, and where. Its key dies soon after the question has lost its use."""

    sealed_under: ClassVar[KeyKind] = "question"
    bridge: Annotated[BridgeId, TOKEN_RULE]
    """The bridge instance that the report came in by, and that can write back."""
    address: str
    """The report's contact at that bridge."""
    asks: Question
    language: str


DeskAnswer = Literal[
    "joined",
    "join_refused",
    "not_enrolled",
    "claimed",
    "claimed_by",
    "going",
    "there",
    "seen",
    "noted",
    "unchanged",
    "told",
    "will_send",
    "changed",
    "yes_wrong",
    "nothing_asked",
    "dropped",
    "second",
    "unknown_code",
    "which",
    "role",
    "status",
    "asked",
    "nobody_to_ask",
    "post_taken",
    "post_left",
    "post_there",
    "post_none",
    "open",
    "none_open",
    "failed",
]
"""What a member may be answered by chat; the words stand in shared/words/replies.toml."""


class ReplyLine(Frozen):
    """One open incident as a member is told of it: its code, where, and who is on it."""

    code: str
    place: str = ""
    who: str = ""
    until: Moment | None = None


class Preview(Frozen):
    """What would go out, for its very words; and over how many channels of how many groups."""

    group: GroupId
    group_version: int
    audience: Audience
    kind: AlertKind
    ask: Ask = "NONE"
    status: Status | None = None
    body: AlertBody
    channels: int
    groups: int


class ReplyBody(Private):
    """What one member is answered by chat, and where. Its key dies soon after, as a question's does."""

    sealed_under: ClassVar[KeyKind] = "question"
    bridge: Annotated[BridgeId, TOKEN_RULE]
    address: str
    account: str
    """Whom it answers, so that their answers can be counted."""
    answer: DeskAnswer
    language: str
    brief: bool = False
    """Whether each part of it costs (text messages)."""
    code: str = ""
    who: str = ""
    until: Moment | None = None
    reason: str = ""
    lines: tuple[ReplyLine, ...] = ()
    post: PostLine | None = None
    """The post that it is about: where and when."""
    preview: Preview | None = None
    proof: str = ""
    """Four digits that a yes has to repeat."""


class AlertRaised(Message):
    """A group's audience is to be told. The notifier expands it to recipients and sends it once.

    A `QUESTION` is the hub's, to one reporter, and a `REPLY` to one member who wrote by chat: they
    have no incident, no code and no status. A `TEST` is no alert at all: it
    says so, over the one `channel` that it names, and has no body either.
    """

    type: Literal["alert.raised.v1"] = "alert.raised.v1"
    alert_id: Annotated[AlertId, TOKEN_RULE]
    group: Annotated[GroupId, SLUG_RULE]
    group_version: int
    audience: Audience
    kind: AlertKind
    urgency: Urgency
    ask: Ask = "NONE"
    not_after: Moment
    drill: bool = False
    incident_id: IncidentId | None = None
    code: str | None = None
    status: Status | None = None
    body: AlertBody | DigestBody | DutyBody | QuestionBody | ReplyBody | Sealed | None = None
    channel: Slug | None = None
    """Of a test: the only channel it goes over."""
    sms_to: SmsTo | None = None
    """Who gets it by text message where that passes the group's cap; None: nobody chose, so nobody does."""
