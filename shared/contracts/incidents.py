"""DECISIONS, incidents.v1: what was decided about reports, commands and the passing of time.

Every input leaves exactly one `input.decided` event with its named reason; the events that
follow from it stand in the same atomic batch, so the log never holds half a decision.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from shared.contracts.base import (
    TOKEN_RULE,
    AlertId,
    Frozen,
    GroupId,
    IncidentId,
    KeyKind,
    MemberId,
    Message,
    Moment,
    Place,
    Position,
    Private,
    ReportId,
    Sealed,
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
    Statement,
    Step,
    Tally,
)
from shared.contracts.peers import PassedOn
from shared.contracts.situation import Setting

Outcome = Literal["opened", "attached", "held", "ignored", "applied", "refused", "ticked"]
Status = Literal[
    "unconfirmed",
    "likely",
    "confirmed",
    "officers_left",
    "aftercare",
    "closed",
    "not_confirmed",
    "other_agency",
    "retracted",
    "no_news",
    "merged",
]
Who = Literal["immigration", "police", "joint", "other", "unknown"]
Counted = Literal["van", "officer", "person"]
Rung = Literal["again", "neighbours", "fallback", "nobody_left"]
"""Who is asked while nobody takes an incident: its own verifiers again, the neighbours', the fallback
group's; then there is nobody left to ask."""


class InputRef(Frozen):
    """Which input was decided: its stream (`TICK` for the passing of time) and sequence."""

    stream: Literal["REPORTS", "DESK", "TICK"]
    seq: Annotated[int, Field(ge=0)]


class GroupShare(Frozen):
    """A group concerned by an incident, in the version of its definition that said so."""

    group: GroupId
    version: int
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The part of the uncertainty disc that lies in the group's area."""


class Weighed(Frozen):
    """One incident that a report was compared with: what spoke for and against, and the score."""

    incident: IncidentId
    score: float
    """The logarithm of the odds that it is the same: above 0 it joins."""
    signs: dict[str, float] = Field(default_factory=dict)


class Why(Private):
    """Why a report was decided as it was: what was understood, where, and what was considered."""

    sealed_under: ClassVar[KeyKind] = "report"
    kind: str
    sure: float = 1.0
    """How sure the kind is, 0 to 1."""
    because: dict[str, float] = Field(default_factory=dict)
    """What counted most for that kind."""
    first_hand: bool | None = None
    who: str = "unknown"
    place: Place | None = None
    groups: tuple[GroupShare, ...] = ()
    """Whose area its place is; empty where it joined, because then the incident's groups hold."""
    place_reason: str = ""
    places: dict[str, float] = Field(default_factory=dict)
    """Names of the places that were weighed, with their points."""
    considered: tuple[Weighed, ...] = ()
    copy_of: IncidentId | None = None
    trusted: bool = False
    """Whether it came in by a trusted account."""


class InputDecided(Message):
    """One input was decided, for this reason. The router's position is the last of these."""

    type: Literal["input.decided.v1"] = "input.decided.v1"
    input: InputRef
    outcome: Outcome
    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    report_id: ReportId | None = None
    incident_id: IncidentId | None = None
    why: Why | Sealed | None = None
    """Of reports."""


class IncidentEvent(Message):
    """Something happened to an incident."""

    incident_id: Annotated[IncidentId, TOKEN_RULE]


class Gist(Frozen):
    """What was understood of a report when it was decided; a later lexicon does not change it."""

    kind: str = "report"
    present: bool = False
    """Whether it says that it is going on now."""
    rumour: bool = False
    """Whether it is worded like what everybody passes on and nobody has seen."""
    home: bool = False
    """Whether it speaks of somebody's home."""
    setting: Setting | None = None
    """Where people are, as far as it says: in the street, in a vehicle, at home, at work."""
    venues: tuple[str, ...] = ()
    """Kinds of business it names ("food", "beauty")."""
    words: tuple[str, ...] = ()
    """Its rare words, folded, by which later messages may be known to be about the same."""
    scene: bool = False
    """Whether it says what officers do, how many they are, or what they came in."""
    tongue: str = "en"
    """The language it seems to be in."""
    who: Who = "unknown"
    """Who acts, as far as it says."""
    seen: tuple[tuple[Counted, int], ...] = ()
    """How many vans, officers and people held it counts."""


class ReportDetail(Private):
    """A report as its incident keeps it: under the incident's key, so it dies with the incident."""

    sealed_under: ClassVar[KeyKind] = "incident"
    gist: Gist | None = None
    text: str = ""
    sender: str | None = None
    source: str | None = None
    position: Position | None = None
    place: Place | None = None
    first_hand: bool | None = None
    language: str | None = None
    observed_at: Moment | None = None
    reported_at: Moment | None = None
    """When it came, where that was before this event: it was held, or split off."""
    seq: int = 0
    """Where it lies in REPORTS, where this event does not follow from it; 0: not known."""
    trusted: bool = False
    """Whether it came in by a trusted account."""
    asked_as: str | None = None
    """By which pseudonym whoever sent it is asked; None: they left no contact."""
    passed_on: PassedOn | None = None
    """Of another hub's word: whose it is."""


class IncidentPlace(Private):
    """The incident's place: exact, so sealed."""

    sealed_under: ClassVar[KeyKind] = "incident"
    place: Place


class IncidentOpened(IncidentEvent):
    """A report that no open incident explains opened this one; its report is attached by the next event."""

    type: Literal["incident.opened.v1"] = "incident.opened.v1"
    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{3,6}$")]
    """What people call it in messages: unique among open incidents."""
    drill: bool = False
    groups: tuple[GroupShare, ...]
    where: IncidentPlace | Sealed | None = None


class ReportAttached(IncidentEvent):
    """A report belongs to this incident. `at` is the report's `received_at`."""

    type: Literal["report.attached.v1"] = "report.attached.v1"
    report_id: Annotated[ReportId, TOKEN_RULE]
    detail: ReportDetail | Sealed | None = None


class HeldReport(Private):
    """A report kept for a person: under its hour's key."""

    sealed_under: ClassVar[KeyKind] = "report"
    gist: Gist | None = None
    text: str = ""
    sender: str | None = None
    source: str | None = None
    position: Position | None = None
    place: Place | None = None
    first_hand: bool | None = None
    language: str | None = None
    trusted: bool = False
    asked_as: str | None = None
    passed_on: PassedOn | None = None


class ReportHeld(Message):
    """A report waits for a person or for more evidence; these groups' verifiers see it in a digest."""

    type: Literal["report.held.v1"] = "report.held.v1"
    report_id: Annotated[ReportId, TOKEN_RULE]
    reason: str
    leans_to: IncidentId | None = None
    groups: tuple[GroupId, ...] = ()
    drill: bool = False
    asked: Question | None = None
    """What its sender is asked, if anything: the question stands in the same decision."""
    detail: HeldReport | Sealed | None = None


class HeldSettled(Message):
    """A held report waits no longer: released by a person, joined to an incident, or expired."""

    type: Literal["report.held_settled.v1"] = "report.held_settled.v1"
    report_id: Annotated[ReportId, TOKEN_RULE]
    how: Literal["released", "joined", "expired"]
    incident_id: IncidentId | None = None


class HeldDigested(Message):
    """These held reports, incidents and watches were shown to a group's verifiers in a digest."""

    type: Literal["report.digested.v1"] = "report.digested.v1"
    group: GroupId
    reports: tuple[ReportId, ...] = ()
    incidents: tuple[IncidentId, ...] = ()
    """Incidents whose first word to the group this was, because too many came at once."""
    watches: tuple[Token, ...] = ()
    drill: bool = False
    alert_id: AlertId | None = None
    """The digest itself, so that what became of it can be found; older ones name none."""


class ReportWatched(Message):
    """Ordinary police were reported somewhere: no alert, but several such at one place make a watch."""

    type: Literal["report.watched.v1"] = "report.watched.v1"
    report_id: Annotated[ReportId, TOKEN_RULE]
    groups: tuple[GroupId, ...] = ()
    detail: HeldReport | Sealed | None = None


class WatchPlace(Private):
    """Where a watch is, since when, and how many reported it: under the hour's key."""

    sealed_under: ClassVar[KeyKind] = "report"
    place: Place
    since: Moment
    reports: int


class WatchNoted(Message):
    """Several people reported ordinary police at one place within the hour: one quiet line."""

    type: Literal["watch.noted.v1"] = "watch.noted.v1"
    watch_id: Token
    groups: tuple[GroupId, ...] = ()
    where: WatchPlace | Sealed | None = None


class IncidentAssessed(IncidentEvent):
    """Support changed: unconfirmed or likely. Seen by verifiers only."""

    type: Literal["incident.assessed.v1"] = "incident.assessed.v1"
    status: Literal["unconfirmed", "likely"]
    reason: str


class IncidentClaimed(IncidentEvent):
    """A member is on it until the lease ends. Their own acts renew it."""

    type: Literal["incident.claimed.v1"] = "incident.claimed.v1"
    member: MemberId
    group: GroupId
    until: Moment
    handed_by: MemberId | None = None
    """Who passed it to them."""


class ClaimReleased(IncidentEvent):
    """Nobody is on it any more."""

    type: Literal["incident.claim_released.v1"] = "incident.claim_released.v1"
    reason: Literal["given_up", "lapsed"]


class IncidentConfirmed(IncidentEvent):
    """A person confirmed it."""

    type: Literal["incident.confirmed.v1"] = "incident.confirmed.v1"
    member: MemberId
    group: GroupId
    ask: Ask
    sms_to: SmsTo | None = None
    statement: Statement | Sealed | None = None


class ConfirmProposed(IncidentEvent):
    """A person would confirm it, and because it reaches many a second person has to say so too."""

    type: Literal["incident.confirm_proposed.v1"] = "incident.confirm_proposed.v1"
    member: MemberId
    group: GroupId
    ask: Ask
    reach: int
    statement: Statement | Sealed | None = None


class IncidentRejected(IncidentEvent):
    """A person said that it is not what was reported."""

    type: Literal["incident.rejected.v1"] = "incident.rejected.v1"
    member: MemberId
    group: GroupId
    outcome: RejectAs
    agency: Agency | None = None
    statement: Statement | Sealed | None = None


class IncidentPlaced(IncidentEvent):
    """The place became better, by a report (unconfirmed incidents only) or by a person."""

    type: Literal["incident.placed.v1"] = "incident.placed.v1"
    member: MemberId | None = None
    moved: bool = False
    """Whether it moved there, rather than becoming better known."""
    groups: tuple[GroupShare, ...]
    where: IncidentPlace | Sealed | None = None


class IncidentUpdated(IncidentEvent):
    """A person gave news."""

    type: Literal["incident.updated.v1"] = "incident.updated.v1"
    member: MemberId
    group: GroupId
    ask: Ask
    sms_to: SmsTo | None = None
    statement: Statement | Sealed | None = None


class IncidentEnded(IncidentEvent):
    """A person said: officers left, aftercare, or closed."""

    type: Literal["incident.ended.v1"] = "incident.ended.v1"
    member: MemberId
    group: GroupId
    stage: EndStage
    tally: Tally
    statement: Statement | Sealed | None = None


class IncidentMerged(IncidentEvent):
    """`absorbed` is the same event; its reports, groups and everyone told of it move to this one."""

    type: Literal["incident.merged.v1"] = "incident.merged.v1"
    absorbed: IncidentId
    member: MemberId


class IncidentSplit(IncidentEvent):
    """These reports left this incident for a new one (opened in the same batch)."""

    type: Literal["incident.split.v1"] = "incident.split.v1"
    into: IncidentId
    reports: tuple[ReportId, ...]
    member: MemberId


class IncidentQuiet(IncidentEvent):
    """No news since `since`: the incident is open no more, but nobody says that it is over."""

    type: Literal["incident.quiet.v1"] = "incident.quiet.v1"
    since: Moment


class IncidentReopened(IncidentEvent):
    """There is news again of an incident that had gone quiet, or a person says that it is not over."""

    type: Literal["incident.reopened.v1"] = "incident.reopened.v1"
    status: Literal["unconfirmed", "likely", "confirmed"]
    member: MemberId | None = None
    group: GroupId | None = None
    statement: Statement | Sealed | None = None


class IncidentAttended(IncidentEvent):
    """A member is going there, is there, or has left."""

    type: Literal["incident.attended.v1"] = "incident.attended.v1"
    member: MemberId
    group: GroupId
    step: Step


class SightingDetail(Private):
    """What was understood of a member's words of what they saw, when it was decided."""

    sealed_under: ClassVar[KeyKind] = "incident"
    who: Who = "unknown"
    seen: tuple[tuple[Counted, int], ...] = ()
    """How many vans, officers and people held they count."""


class IncidentSeen(IncidentEvent):
    """A member saw it with their own eyes."""

    type: Literal["incident.seen.v1"] = "incident.seen.v1"
    member: MemberId
    group: GroupId
    statement: Statement | Sealed | None = None
    detail: SightingDetail | Sealed | None = None
    """None: their words count nothing and name nobody who acts."""


class IncidentNoted(IncidentEvent):
    """A line for the desk."""

    type: Literal["incident.noted.v1"] = "incident.noted.v1"
    member: MemberId
    group: GroupId
    statement: Statement | Sealed | None = None


class IncidentSentOn(IncidentEvent):
    """What was raised of it for this group before waits no longer for the group's messages an hour."""

    type: Literal["incident.sent_on.v1"] = "incident.sent_on.v1"
    member: MemberId
    group: GroupId
    statement: Statement | Sealed | None = None


class YesWanted(Private):
    """What a member wrote by chat that would tell people, and what they have to answer."""

    sealed_under: ClassVar[KeyKind] = "incident"
    account: str
    keyword: str
    words: str = ""
    proof: str = ""
    """Four digits that stand in our answer alone, where others could write in the account's name."""


class YesAsked(IncidentEvent):
    """A member was shown by chat what would go out: it does if they say yes in time, at this version."""

    type: Literal["incident.yes_asked.v1"] = "incident.yes_asked.v1"
    member: MemberId
    version: int
    until: Moment
    asked: YesWanted | Sealed | None = None


class YesSettled(IncidentEvent):
    """Their question is answered, or counts no more."""

    type: Literal["incident.yes_settled.v1"] = "incident.yes_settled.v1"
    member: MemberId
    how: Literal["yes", "no", "wrong"]


class IncidentEscalated(IncidentEvent):
    """The verifiers of these other groups are asked to help: by a person, or because nobody took it."""

    type: Literal["incident.escalated.v1"] = "incident.escalated.v1"
    groups: tuple[GroupId, ...]
    member: MemberId | None = None
    rung: Rung | None = None
    """Where nobody took it: how far up the ladder it has come."""


class ReporterAsked(IncidentEvent):
    """A member asked whoever sent this report one question."""

    type: Literal["incident.reporter_asked.v1"] = "incident.reporter_asked.v1"
    member: MemberId
    group: GroupId
    report_id: Annotated[ReportId, TOKEN_RULE]
    asks: Question


class MuteSet(Message):
    """Until then nothing by the report's sender, or in its words, asks for this group's attention."""

    type: Literal["mute.set.v1"] = "mute.set.v1"
    mute_id: Token
    group: GroupId
    member: MemberId
    report_id: Annotated[ReportId, TOKEN_RULE]
    what: MuteWhat
    reason: MuteReason
    until: Moment


class MuteLifted(Message):
    """It asks for attention again."""

    type: Literal["mute.lifted.v1"] = "mute.lifted.v1"
    mute_id: Token
    member: MemberId


class FloodSet(Message):
    """Until then the group's verifiers hear of incidents in digests only; None: singly again."""

    type: Literal["flood.set.v1"] = "flood.set.v1"
    group: GroupId
    member: MemberId
    until: Moment | None = None


class IncidentForgotten(IncidentEvent):
    """Seven days after its end the incident's key is destroyed; only counts and outcodes remain."""

    type: Literal["incident.forgotten.v1"] = "incident.forgotten.v1"
    outcode: str | None = None
    reports: int
    status: Status


class IncidentSnapshot(Private):
    """A whole incident as the router holds it (the shape is the router's own)."""

    sealed_under: ClassVar[KeyKind] = "incident"
    state: dict[str, Any]


class IncidentCarried(IncidentEvent):
    """An old open incident, restated so that it outlives the log's age limit."""

    type: Literal["incident.carried.v1"] = "incident.carried.v1"
    snapshot: IncidentSnapshot | Sealed | None = None


class PositionCarried(Message):
    """The router's positions, restated so that they outlive the log's age limit."""

    type: Literal["position.carried.v1"] = "position.carried.v1"
    reports: int
    desk: int
