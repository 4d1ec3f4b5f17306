"""The JSON of the desk API: what may be asked, and what is answered. OpenAPI is made from these.

Requests refuse unknown fields: a misspelt `ask` must not become a message without one.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from shared.areas import is_surface
from shared.contracts.aftercare import Became, VolunteerTag
from shared.contracts.base import (
    TOKEN_RULE,
    Latitude,
    Longitude,
    MemberId,
    Metres,
    Moment,
    ReportId,
    Slug,
    Token,
)
from shared.contracts.desk import (
    Agency,
    Ask,
    EndStage,
    MuteReason,
    MuteWhat,
    Question,
    RejectAs,
    SmsTo,
    Step,
)
from shared.contracts.drills import MOST_CHARACTERS, MOST_MESSAGES, DrillMessage, Speed
from shared.contracts.duty import HandoverText, Places
from shared.contracts.groups import ChannelDefinition, GroupDefinition, Role
from shared.contracts.situation import SettingSaid
from shared.contracts.subscribers import Choice
from shared.stand_ins import stand_in_flaws

CommandName = Literal[
    "claim",
    "release",
    "release_report",
    "attend",
    "seen",
    "note",
    "send_on",
    "hand_over",
    "ask",
    "escalate",
    "watch",
    "reopen",
    "mute",
    "unmute",
    "flood",
    "confirm",
    "reject",
    "place",
    "merge",
    "split",
    "update",
    "end",
    "account",
    "post",
    "post_withdraw",
    "post_join",
    "post_leave",
    "post_check_in",
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Count = Annotated[int, Field(ge=0, le=1000)]


class Request(BaseModel):
    """What all requests share: an id of the client's own, so that a repeated command is one command."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Token | None = Field(default=None, description="The same id again is the same command.")


class DeskRequest(Request):
    """One command. Which fields it needs follows from the command; the others may be left out."""

    incident: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="Id or code.")
    group: Slug | None = Field(default=None, description="For which of your groups you act.")
    version: int | None = Field(default=None, description="Only if the incident is still at this version.")
    text: Annotated[str, Field(max_length=1_000)] | None = Field(
        default=None, description="Your words for those who will be told."
    )
    ask: Ask | None = None
    setting: SettingSaid | None = Field(
        default=None,
        description="For confirm: where people are, so which words go out; left out, as most reports say.",
    )
    sms_to: SmsTo | None = Field(
        default=None,
        description="For confirm and update: who gets it by SMS where that passes a group's monthly cap.",
    )
    sms_reason: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Why everyone gets it although it passes the cap."
    )
    outcome: RejectAs | None = Field(default=None, description="For reject.")
    agency: Agency | None = Field(default=None, description="For reject as other_agency: which.")
    step: Step | None = Field(default=None, description="For attend: going (the default), there or left.")
    to: Annotated[MemberId, TOKEN_RULE] | None = Field(
        default=None, description="For hand_over: who takes it."
    )
    groups: Annotated[tuple[Slug, ...], Field(max_length=10)] | None = Field(
        default=None, description="For escalate: whose verifiers are asked to help."
    )
    asks: Question | None = Field(default=None, description="For ask: the question (what, where or which).")
    what: MuteWhat | None = Field(default=None, description="For mute: the sender (the default) or the text.")
    reason: MuteReason | None = Field(default=None, description="For mute.")
    mute: Token | None = Field(default=None, description="For unmute: the mute's id.")
    on: bool | None = Field(default=None, description="For flood: on or off.")
    stage: EndStage | None = Field(default=None, description="For end.")
    let_go: Count | None = None
    taken: Count | None = None
    unknown: Count | None = None
    arrested: Count | None = Field(default=None, description="For account: how many were taken in all.")
    became: Annotated[tuple[Became, ...], Field(max_length=200)] | None = Field(
        default=None, description="For account: what became of whom (by tag, or so many of the unknown)."
    )
    owner: Annotated[MemberId, TOKEN_RULE] | None = Field(
        default=None, description="For account: who follows it up (`me` is you)."
    )
    check_at: Moment | None = Field(default=None, description="For account: when it is looked at next.")
    post: Token | None = Field(default=None, description="For post_…: the post's id.")
    begins: Moment | None = Field(default=None, description="For post.")
    ends: Moment | None = Field(default=None, description="For post.")
    needed: Annotated[int, Field(ge=1, le=10)] | None = Field(
        default=None, description="For post: how many people (2)."
    )
    tag: VolunteerTag | None = Field(
        default=None, description="For post_leave and post_check_in: which volunteer from outside."
    )
    outside: bool = Field(
        default=False,
        description="For post_join: a volunteer from outside; the answer's `made` is their tag.",
    )
    lat: Latitude | None = None
    lon: Longitude | None = None
    radius_m: Metres | None = None
    label: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Words for a place, or for a post: which police station, which door."
    )
    absorbed: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="For merge: id or code."
    )
    reports: Annotated[tuple[Annotated[ReportId, TOKEN_RULE], ...], Field(max_length=500)] | None = Field(
        default=None, description="For split."
    )
    report: Annotated[ReportId, TOKEN_RULE] | None = Field(
        default=None, description="For release_report, ask and mute."
    )


class NewMember(Request):
    """Somebody who shall act."""

    name: Name
    roles: Annotated[dict[Slug, Role], Field(min_length=1, max_length=50)]


class NewInvite(Request):
    """Somebody who shall sign in on the pages by a link of their own."""

    name: Name
    roles: Annotated[dict[Slug, Role], Field(max_length=50)] = Field(
        default_factory=dict, description="For somebody new: what they will be."
    )
    member: Token | None = Field(default=None, description="For one who has lost their way in: who it is.")


class GroupRequest(Request):
    """A whole group, as its file says it."""

    definition: GroupDefinition
    channels: Annotated[tuple[ChannelDefinition, ...], Field(max_length=100)] = ()
    seen_version: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Only if the group is still at this version; 0: only if there is none."
    )

    @field_validator("definition")
    @classmethod
    def _encloses(cls, definition: GroupDefinition) -> GroupDefinition:
        if not is_surface(definition.area.polygons):
            raise ValueError(
                "every ring of area.polygons needs three different points or more; draw it again"
            )
        return definition

    @field_validator("channels")
    @classmethod
    def _stand_in(cls, channels: tuple[ChannelDefinition, ...]) -> tuple[ChannelDefinition, ...]:
        for n, flaw in stand_in_flaws(channels):
            raise ValueError(f"of the channel {channels[n].id!r}: {flaw}")
        return channels


class TestRequest(Request):
    """Try a channel: a message that says it is a test goes over it."""

    __test__ = False  # no test of pytest's


class ShiftRequest(Request):
    """A command about a shift. Which fields it needs follows from the command."""

    shift: Token | None = Field(default=None, description="The shift's id; not for offer.")
    group: Slug | None = Field(default=None, description="For offer: for which of your groups.")
    begins: Moment | None = Field(default=None, description="For offer.")
    ends: Moment | None = Field(default=None, description="For offer.")
    places: Places = Field(default=1, description="For offer: how many people.")
    text: HandoverText | None = Field(default=None, description="For note: what the next ones should know.")


class ExerciseRequest(Request):
    """An exercise of a group: what is played, or nothing, and then its members send the reports."""

    name: Slug | None = Field(default=None, description="What it is called that is played.")
    speed: Speed = Field(default=1.0, description="Times real time.")
    messages: Annotated[tuple[DrillMessage, ...], Field(max_length=MOST_MESSAGES)] = Field(
        default=(), description="What is sent, each so many seconds (t) after the beginning."
    )

    @model_validator(mode="after")
    def _whole(self) -> "ExerciseRequest":
        if bool(self.messages) != (self.name is not None):
            raise ValueError("name and messages go together; send both, or neither")
        if sum(len(m.text) for m in self.messages) > MOST_CHARACTERS:
            raise ValueError(f"the messages may have {MOST_CHARACTERS} characters together; leave some out")
        return self


class ExerciseEnd(Request):
    """The exercise is over."""


class KillSwitchRequest(Request):
    """Stop all sending of a group (or of the hub), or allow it again."""

    group: Slug
    stopped: bool
    reason: Annotated[str, Field(max_length=200)] = ""


class SendingStopped(BaseModel):
    """A kill switch that is on: of a group, or of the whole hub (`hub`)."""

    group: str
    since: datetime
    member: str
    name: str = Field(description="What whoever stopped it is called.")
    reason: str


class Stopped(BaseModel):
    """The kill switches that are on and concern you: the hub's, and those of your groups."""

    stopped: list[SendingStopped]


class Decided(BaseModel):
    """The command was decided (`applied`), or is stored and not decided yet (`pending`)."""

    command_id: str
    outcome: Literal["applied", "pending"]
    reason: str | None = None
    detail: str | None = Field(default=None, description="In words, where the command changed nothing.")
    incident: dict[str, Any] | None = None
    made: str | None = Field(default=None, description="The id or tag of what the command made.")


class ExerciseBegun(BaseModel):
    """The exercise has begun (`applied`), or is stored and not decided yet (`pending`)."""

    id: str
    outcome: Literal["applied", "pending"]
    link: str = Field(description="Its own report form: what is sent there is an exercise's, and never real.")


class ExerciseIncident(BaseModel):
    """An incident of an exercise; times in seconds from its opening, null where that has not happened."""

    code: str
    place: str | None
    status: str
    open: bool
    reports: int
    told: dict[str, int] = Field(description="Audience: messages delivered.")
    first_told: float | None
    claimed: float | None
    confirmed: float | None
    rejected: float | None
    ended: float | None


class ExercisePlayed(BaseModel):
    """What became of each message of an exercise: together they are all of them."""

    joined: int = Field(description="In incidents.")
    copies: int = Field(description="Of these: came in the same words as one before.")
    waiting: int = Field(description="Wait for a person.")
    lapsed: int = Field(description="Waited, and nobody took them up in time.")
    aside: dict[str, int] = Field(description="Not for us: how many, by the reason's name.")
    coming: int = Field(description="Not sent or not decided yet; once it is over: never sent.")


class ExerciseAnswer(BaseModel):
    """How an exercise stands."""

    id: str
    name: str | None
    speed: float
    count: int = Field(description="Messages that are played.")
    begun_at: datetime
    until: datetime = Field(description="When it was over, or will be at the latest.")
    last_at: datetime | None = Field(description="When the last of its messages comes.")
    goes_on: bool
    reports: int = Field(description="Its reports that the desk has.")
    held: int = Field(description="Of these: wait for a person.")
    played: ExercisePlayed | None = Field(description="What became of each message that is played.")
    incidents: list[ExerciseIncident]
    left_open: list[str] = Field(description="The codes of its incidents that nobody has ended yet.")


class Recipient(BaseModel):
    """How a test ended for one recipient of a channel."""

    recipient: int = Field(description="Which of the channel's recipients, counted from 1.")
    result: str
    reason: str
    words: str = Field(description="The provider's own, cleaned; empty if it said none.")
    arrived: Literal["delivered", "failed"] | None = Field(
        default=None,
        description="What the provider said later, if it does; `result` is before that.",
    )
    arrived_why: str | None = Field(default=None, description="Why it did not arrive.")


class ChannelTested(BaseModel):
    """The latest test of a channel."""

    channel: str
    at: datetime
    outcome: Literal["pending", "delivered", "failed"]
    current: bool = Field(description="Whether the channel is still as it was tested.")
    held: str | None = Field(default=None, description="Why nothing is sent just now: the kill switch.")
    answers: list[Recipient]


class Send(BaseModel):
    """One message that a command would send."""

    group: str
    audience: str
    channel: str
    channel_kind: str
    kind: str
    language: str = "en"
    recipients: int | None = Field(default=None, description="How many; null where it cannot be told.")
    text: str
    segments: int | None = Field(default=None, description="Of SMS: how many are paid for each recipient.")
    choice: Choice | None = Field(
        default=None,
        description="Of subscribers: what they chose; `recipients` is how many there are at most.",
    )
    pence: float = Field(default=0.0, description="What it costs, as far as its group says what SMS cost.")
    shortened: bool = Field(
        default=False, description="Whether the words of who commands it are cut, or left out, to fit."
    )
    capped: bool = Field(default=False, description="Whether the group's monthly cap may keep it back.")


class Cost(BaseModel):
    """What a group pays for a command's SMS: an estimate, and at most."""

    group: str
    pence: float
    people: int = Field(description="How many get a paid SMS.")
    segments: tuple[int, int] = Field(description="How many each gets, at least and at most.")
    spent_pence: float = Field(description="What the group spent this month before.")
    cap_pounds: float | None = Field(description="The group's cap for a month; null: it has none.")
    asks: bool = Field(description="Whether it passes the cap, so that `sms_to` must say who gets it.")
    witnesses: int = Field(default=0, description="How many get it if `sms_to` is witnesses.")
    witnesses_pence: float = Field(default=0.0, description="What that costs.")


class Preview(BaseModel):
    """What a command would send to whom, and what each group pays for it."""

    sends: list[Send]
    costs: list[Cost] = Field(default_factory=list)
    stopped: list[SendingStopped] = Field(
        default_factory=list, description="What holds it back: it goes out once that is allowed again."
    )


class IncidentList(BaseModel):
    """Incidents of your groups, newest first."""

    incidents: list[dict[str, Any]]
    stopped: list[SendingStopped] = Field(default_factory=list)


class HeldList(BaseModel):
    """Reports that wait for a person; what your groups mute; which of them are in flood mode, until when."""

    held: list[dict[str, Any]]
    mutes: list[dict[str, Any]] = Field(default_factory=list)
    floods: list[dict[str, Any]] = Field(default_factory=list)


class Explained(BaseModel):
    """What became of a report, and why."""

    report_id: str
    at: str
    outcome: str
    reason: str
    incident: str | None = Field(default=None, description="The code of its incident.")
    waits: bool = Field(default=False, description="Whether it waits for a person.")
    groups: list[str] = Field(default_factory=list, description="Whom it concerns.")
    why: dict[str, Any] | None = Field(
        default=None, description="What was understood and weighed; null when it is erased."
    )


class DutyList(BaseModel):
    """The shifts of your groups, in the order in which they begin, and who has the present ones."""

    shifts: list[dict[str, Any]]
    on_duty: list[dict[str, Any]]


class GroupList(BaseModel):
    """The groups in force."""

    groups: list[dict[str, Any]]


class MemberList(BaseModel):
    """Who may act."""

    members: list[dict[str, Any]]


class MemberAnswer(BaseModel):
    """A new member; the token is shown this once."""

    outcome: Literal["applied", "pending"]
    member: str
    name: str
    roles: dict[str, str]
    token: str


class InviteAnswer(BaseModel):
    """A link by which somebody comes in, once; it is shown this once."""

    outcome: Literal["applied", "pending"]
    member: str
    name: str
    link: str
    until: datetime


class ChatOffer(BaseModel):
    """A one-time code for a chat account of yours, shown this once: send it to the hub's bot or number."""

    outcome: Literal["applied", "pending"]
    code: str
    minutes: int = Field(description="How long it counts.")


class ChatAccount(BaseModel):
    """A chat account that may act for you."""

    bridge: str


class ChatAccounts(BaseModel):
    """Your chat accounts, by the bridge that they write by."""

    accounts: list[ChatAccount]


class GroupAnswer(BaseModel):
    """A group in force."""

    outcome: Literal["applied", "pending"]
    group: str
    version: int | None = None
    reason: str | None = None


class ProblemDocument(BaseModel):
    """A refusal (RFC 9457): what was wrong, and in `detail` what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
