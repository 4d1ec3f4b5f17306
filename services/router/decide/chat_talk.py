"""One member's message by chat, and the way back to them: who speaks, for which group, in which language.

An answer is one of few (`shared.words.replies`), goes to where the message came from, and is counted:
no account gets more than sixty an hour. Of an incident that is none of theirs it says nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.router.decide import ids, reasons
from services.router.decide.desk import decide_command
from services.router.decide.draft import Draft
from services.router.decide.due import open_incidents
from services.router.decide.language import DEFAULT
from services.router.decide.limits import HOUR, REPLIES, REPLY_LIFE
from services.router.decide.permissions import concerns, refusal
from services.router.decide.reports import Answer
from services.router.decide.state import Incident, Member, State
from shared.contracts.alerts import AlertRaised, DeskAnswer, ReplyBody, ReplyLine
from shared.contracts.base import HUB, GroupId, MemberId
from shared.contracts.desk import IncidentCommand
from shared.contracts.groups import Role
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.words.desk_reply import DeskReply

MOST_LINES: Final = 10
"""Open incidents named in one answer."""
_MAX_MERGES: Final = 8
_RANK: Final[dict[Role, int]] = {"dispatcher": 0, "admin": 1, "verifier": 2}
_SAID: Final[dict[str, DeskAnswer]] = {
    reasons.ROLE_TOO_LOW: "role",
    reasons.WRONG_STATUS: "status",
    reasons.CLAIMED_BY_OTHER: "claimed_by",
}


@dataclass(frozen=True, slots=True)
class Talk:
    """A message to the desk and whoever wrote it; `member` is empty for a stranger."""

    draft: Draft
    report: ReportReceived
    content: ReportContent
    member: MemberId
    language: str
    proven: bool

    @classmethod
    def of(cls, draft: Draft, report: ReportReceived, content: ReportContent, reply: DeskReply) -> "Talk":
        """The talk with the member whose account it is, or with a stranger."""
        state = draft.state
        account = state.accounts.get(content.sender or "")
        theirs = account is not None and account.bridge == report.bridge and account.member in state.members
        member = account.member if account is not None and theirs else MemberId("")
        proven = content.sender_is == "account"
        return cls(draft, report, content, member, _language(content, reply), proven)

    @property
    def account(self) -> str:
        """The pseudonym that it came from."""
        return self.content.sender or ""

    @property
    def answered(self) -> int:
        """How often this account was answered within the hour."""
        lately = self.draft.state.answered.get(self.account) or ()
        return sum(self.draft.now - at < HOUR for at in lately)

    @property
    def known(self) -> Member:
        """The member, as far as the hub knows them."""
        return self.draft.state.members[self.member]

    # --- what it is about ----------------------------------------------------------------------

    def incident(self, code: str) -> Incident | None:
        """The incident of that code, or what took it in, if it is any of theirs."""
        found = incident_of(self.draft.state, code)
        return found if found is not None and self.group(found) is not None else None

    def open(self) -> list[Incident]:
        """The open incidents of their groups, the newest first; not those in nobody's area."""
        known = (i for i in open_incidents(self.draft.state) if i.groups or i.told)
        mine = [i for i in known if self.group(i) is not None]
        return sorted(mine, key=lambda i: (i.opened_at, i.id), reverse=True)

    def group(self, incident: Incident) -> GroupId | None:
        """For which of their groups they act on it: the one in which they may do most."""
        own = [(_RANK.get(role, 9), g) for g, role in self.known.roles.items() if g != HUB]
        return min((pair for pair in own if concerns(incident, pair[1])), default=(0, None))[1]

    def lines(self) -> tuple[ReplyLine, ...]:
        """The open incidents as they are told of them."""
        return tuple(self._line(incident) for incident in self.open()[:MOST_LINES])

    def _line(self, incident: Incident) -> ReplyLine:
        place = incident.place.label if incident.place else ""
        claim = incident.claim if incident.claim and incident.claim.until > self.draft.now else None
        who = self.name(claim.member) if claim else ""
        return ReplyLine(code=incident.code, place=place, who=who, until=claim.until if claim else None)

    def others_there(self, incident: Incident) -> str:
        """Who else is going there or is there, by name."""
        return ", ".join(sorted(self.name(v.member) for v in incident.visits if v.member != self.member))

    def name(self, member: MemberId) -> str:
        """What a member is called."""
        known = self.draft.state.members.get(member)
        return (known.name if known is not None else None) or member

    # --- what follows --------------------------------------------------------------------------

    def base(self, incident: Incident) -> dict[str, Any]:
        """What all their commands on this incident say."""
        return {
            "id": self.report.report_id,
            "at": self.draft.now,
            "member": self.member,
            "group": self.group(incident),
            "incident_id": incident.id,
        }

    def may(self, command: type[IncidentCommand], incident: Incident) -> bool:
        """Whether they may give this command at all."""
        return refusal(self.draft.state, command(**self.base(incident))) is None

    def do(self, command: IncidentCommand) -> Answer:
        """Decide it as a command of the desk."""
        return decide_command(self.draft, command)

    def refuse(self, reason: str, incident: Incident) -> None:
        """Say why an act was refused."""
        claim = incident.claim
        self.say(
            _SAID.get(reason, "failed"),
            code=incident.code,
            reason=reason,
            who=self.name(claim.member) if claim else "",
            until=claim.until if claim else None,
            drill=incident.drill,
        )

    def say(self, answer: DeskAnswer, *, drill: bool = False, **facts: Any) -> None:
        """Answer where the message came from, if there is a way back and they are not answered too often."""
        where = next(self._ways_back(), None)
        if where is None or self.answered >= REPLIES:
            return
        body = ReplyBody(
            bridge=self.report.bridge,
            address=where.address,
            account=self.account,
            answer=answer,
            language=self.language,
            brief=not self.proven,
            **facts,
        )
        self.draft.emit(
            AlertRaised,
            alert_id=ids.alert_id(self.draft.next_id(), HUB, "reporter"),
            group=HUB,
            group_version=0,
            audience="reporter",
            kind="REPLY",
            urgency="urgent",
            not_after=self.draft.now + REPLY_LIFE,
            drill=drill,
            body=body,
        )

    def _ways_back(self) -> Iterator[ReportContact]:
        ways = (self.report.reply_to, self.report.contact)
        return (way for way in ways if isinstance(way, ReportContact))


def _language(content: ReportContent, reply: DeskReply) -> str:
    """The language of their word; where several have it, the one that their phone is set to."""
    spoken = reply.languages
    if content.language is not None and (not spoken or content.language in spoken):
        return content.language
    return spoken[0] if spoken else DEFAULT


def incident_of(state: State, code: str) -> Incident | None:
    """The incident of that code, or what took it in."""
    found = state.incidents.get(state.codes[code]) if code in state.codes else None
    for _ in range(_MAX_MERGES):
        if found is None or found.merged_into is None:
            break
        found = state.incidents.get(found.merged_into)
    return found
