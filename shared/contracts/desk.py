"""DESK: what people and admins decided. Each command names who acts and for which group.

`id` is chosen by the client, so a command sent twice is one command. The router decides whether
the member may do it and whether it still makes sense; the answer is the `input.decided` event.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.base import (
    SLUG_RULE,
    TOKEN_RULE,
    Frozen,
    GroupId,
    IncidentId,
    KeyKind,
    MemberId,
    Message,
    Moment,
    Place,
    Private,
    ReportId,
    Sealed,
    Slug,
    Token,
)
from shared.contracts.groups import AccountOffer, GroupChannels, GroupDefinition, MemberName, Role
from shared.contracts.situation import SettingSaid

Ask = Literal["WITNESSES", "ENOUGH", "LEAVE", "NONE"]
RejectAs = Literal["not_confirmed", "other_agency", "retracted"]
Agency = Literal["police", "bailiffs", "inspectors", "other"]
"""Who it was, where it was not immigration officers."""
Step = Literal["going", "there", "left"]
"""How far a verifier is who goes to look."""
Question = Literal["where", "which", "what"]
"""What a reporter is asked back: where it is, which of several places, what they see."""
MuteWhat = Literal["sender", "text"]
MuteReason = Literal["spam", "hoax", "abuse", "repeats"]
EndStage = Literal["officers_left", "aftercare", "closed"]
SmsTo = Literal["nobody", "witnesses", "everyone"]
"""Who gets a text message that would pass the group's monthly cap, as whoever sends it chose."""


class DeskCommand(Message):
    """What all commands share."""

    member: Annotated[MemberId, TOKEN_RULE]
    group: Annotated[GroupId, SLUG_RULE]


class IncidentCommand(DeskCommand):
    """A command about one incident. `version`, where given, must be the incident's present one."""

    incident_id: Annotated[IncidentId, TOKEN_RULE]
    version: int | None = None


class Statement(Private):
    """What a person says in their own words: released by them to those who will be told."""

    sealed_under: ClassVar[KeyKind] = "incident"
    text: Annotated[str, Field(max_length=1_000)] = ""
    place: Place | None = None
    sms_reason: Annotated[str, Field(max_length=200)] = ""
    """Why text messages go out although they pass the cap: for the desk, never for those who are told."""
    setting: SettingSaid | None = None
    """Of a confirmation: where people are, so which words go out. None: as most reports say."""


class Claim(IncidentCommand):
    """I am on it: a lease on the incident."""

    type: Literal["desk.claim.v1"] = "desk.claim.v1"


class Release(IncidentCommand):
    """I give up my claim; somebody else may take it."""

    type: Literal["desk.release.v1"] = "desk.release.v1"


class ReleaseReport(DeskCommand):
    """Let a held report go on: it opens an incident (or joins `incident_id`)."""

    type: Literal["desk.release_report.v1"] = "desk.release_report.v1"
    report_id: Annotated[ReportId, TOKEN_RULE]
    incident_id: Annotated[IncidentId, TOKEN_RULE] | None = None
    placed: "HeldPlace | Sealed | None" = None


class HeldPlace(Private):
    """Where a person says a held report is."""

    sealed_under: ClassVar[KeyKind] = "report"
    place: Place


class Confirm(IncidentCommand):
    """A trained person confirms: from now on the community is told, with one ask.

    `reach` is how many recipients it would reach, as far as the console can count them: above the
    group's `second_person_above` the first person only proposes it.
    """

    type: Literal["desk.confirm.v1"] = "desk.confirm.v1"
    ask: Ask = "NONE"
    reach: Annotated[int, Field(ge=0)] = 0
    sms_to: SmsTo | None = None
    statement: Statement | Sealed | None = None


class Reject(IncidentCommand):
    """Not a raid, another agency, or a mistake of ours: those who were told are told."""

    type: Literal["desk.reject.v1"] = "desk.reject.v1"
    outcome: RejectAs = "not_confirmed"
    agency: Agency | None = None
    """Of another agency: which."""
    keep_watch: bool = False
    """Of ordinary police: remember the place, so that a later report of a raid there is told with this."""
    statement: Statement | Sealed | None = None


class PutPlace(IncidentCommand):
    """A person says where it is; routing is revised. `statement.place` holds the place."""

    type: Literal["desk.place.v1"] = "desk.place.v1"
    statement: Statement | Sealed | None = None


class Merge(IncidentCommand):
    """`absorbed` is the same event as this incident."""

    type: Literal["desk.merge.v1"] = "desk.merge.v1"
    absorbed: Annotated[IncidentId, TOKEN_RULE]


class Split(IncidentCommand):
    """These reports are another event: they become an incident of their own."""

    type: Literal["desk.split.v1"] = "desk.split.v1"
    reports: Annotated[tuple[ReportId, ...], Field(min_length=1)]


class Update(IncidentCommand):
    """News for those who were told."""

    type: Literal["desk.update.v1"] = "desk.update.v1"
    ask: Ask = "NONE"
    sms_to: SmsTo | None = None
    statement: Statement | Sealed | None = None


class Tally(Frozen):
    """What became of the people held: let go, taken, and not known yet."""

    let_go: Annotated[int, Field(ge=0, le=1000)] = 0
    taken: Annotated[int, Field(ge=0, le=1000)] = 0
    unknown: Annotated[int, Field(ge=0, le=1000)] = 0


class End(IncidentCommand):
    """Officers left, aftercare, or closed; everyone who was told is told."""

    type: Literal["desk.end.v1"] = "desk.end.v1"
    stage: EndStage = "officers_left"
    tally: Tally = Tally()
    statement: Statement | Sealed | None = None


class Reopen(IncidentCommand):
    """It ended by mistake, or begins again: it is open once more, and those who were told are told."""

    type: Literal["desk.reopen.v1"] = "desk.reopen.v1"
    statement: Statement | Sealed | None = None


class Attend(IncidentCommand):
    """I am going there, am there, or have left: everybody at the desk sees who goes."""

    type: Literal["desk.attend.v1"] = "desk.attend.v1"
    step: Step = "going"


class Seen(IncidentCommand):
    """I see it with my own eyes: a member's sighting, for the verifiers."""

    type: Literal["desk.seen.v1"] = "desk.seen.v1"
    statement: Statement | Sealed | None = None


class Note(IncidentCommand):
    """A line for the desk: nobody is sent it."""

    type: Literal["desk.note.v1"] = "desk.note.v1"
    statement: Statement | Sealed | None = None


class SendOn(IncidentCommand):
    """What waits of it because my group's messages an hour are used up goes out all the same."""

    type: Literal["desk.send_on.v1"] = "desk.send_on.v1"
    statement: Statement | Sealed | None = None


class HandOver(IncidentCommand):
    """My claim passes to another member, with a word on how things stand."""

    type: Literal["desk.hand_over.v1"] = "desk.hand_over.v1"
    to: Annotated[MemberId, TOKEN_RULE]
    statement: Statement | Sealed | None = None


class Escalate(IncidentCommand):
    """The verifiers of these other groups are asked to help."""

    type: Literal["desk.escalate.v1"] = "desk.escalate.v1"
    groups: Annotated[tuple[Annotated[GroupId, SLUG_RULE], ...], Field(min_length=1, max_length=10)]


class ReporterAddress(Private):
    """Where one reporter is asked, and in which language: the console copies it, no member sees it."""

    sealed_under: ClassVar[KeyKind] = "question"
    bridge: Token
    address: str
    language: str = ""
    """Empty: that of their words."""


class AskReporter(IncidentCommand):
    """Whoever sent this report of the incident is asked one question."""

    type: Literal["desk.ask.v1"] = "desk.ask.v1"
    report_id: Annotated[ReportId, TOKEN_RULE]
    asks: Question = "what"
    to: ReporterAddress | Sealed | None = None


class Mute(DeskCommand):
    """For 24 hours nothing by this report's sender, or in its words, asks for the group's attention."""

    type: Literal["desk.mute.v1"] = "desk.mute.v1"
    report_id: Annotated[ReportId, TOKEN_RULE]
    what: MuteWhat = "sender"
    reason: MuteReason = "spam"


class Unmute(DeskCommand):
    """What was muted asks for attention again."""

    type: Literal["desk.unmute.v1"] = "desk.unmute.v1"
    mute_id: Token


class Flood(DeskCommand):
    """On: for some hours the group's verifiers hear of incidents in digests only. Off: singly again."""

    type: Literal["desk.flood.v1"] = "desk.flood.v1"
    on: bool


class DefineGroup(DeskCommand):
    """A group file was applied, or a form saved."""

    type: Literal["desk.define_group.v1"] = "desk.define_group.v1"
    definition: GroupDefinition
    channels: GroupChannels | Sealed | None = None
    seen_version: Annotated[int, Field(ge=0)] | None = None
    """The version that was changed into this one, 0 for none: if another is in force by now, somebody
    else was faster, and nothing is overwritten. Without it whatever is in force is replaced."""


class TestChannel(DeskCommand):
    """A message that says it is a test goes over this one channel of the group."""

    type: Literal["desk.test_channel.v1"] = "desk.test_channel.v1"
    channel: Slug


class AddMember(DeskCommand):
    """Somebody may act for these groups from now on (`new_member` is their id, chosen by the desk)."""

    type: Literal["desk.add_member.v1"] = "desk.add_member.v1"
    new_member: Annotated[MemberId, TOKEN_RULE]
    roles: dict[GroupId, Role]
    token_sha256: str
    name: MemberName | Sealed | None = None


class RevokeMember(DeskCommand):
    """Somebody may act no longer."""

    type: Literal["desk.revoke_member.v1"] = "desk.revoke_member.v1"
    revoked: Annotated[MemberId, TOKEN_RULE]


class OfferAccount(DeskCommand):
    """I shall write from a chat account: the code that I was shown just now makes it mine."""

    type: Literal["desk.offer_account.v1"] = "desk.offer_account.v1"
    offer: AccountOffer | Sealed | None = None


class UnbindAccounts(DeskCommand):
    """No chat account of mine may act for me any more."""

    type: Literal["desk.unbind_accounts.v1"] = "desk.unbind_accounts.v1"


class KillSwitch(DeskCommand):
    """Stop (or allow again) all sending of one group, or of the hub (group `hub`).

    The notifier reads the last of these by direct get before each chunk; unreadable means stop.
    """

    type: Literal["desk.kill_switch.v1"] = "desk.kill_switch.v1"
    stopped: bool
    reason: Annotated[str, Field(max_length=200)] = ""
    since: Moment | None = None
    """Of a stop that is said again, lest it be forgotten: when it began."""


ReleaseReport.model_rebuild()
