"""What people decided: one function per command. A refused command changes nothing and says why."""

from collections.abc import Callable
from typing import Any, Final

from services.router.decide import (
    desk_account,
    desk_accounts,
    desk_channels,
    desk_dead,
    desk_drills,
    desk_duty,
    desk_hub,
    desk_members,
    desk_merge,
    desk_place,
    desk_posts,
    desk_quiet,
    desk_team,
    desk_words,
    reasons,
)
from services.router.decide import desk_incident as acts
from services.router.decide.draft import Draft
from services.router.decide.permissions import concerns, refusal
from services.router.decide.reports import Answer
from shared.contracts import aftercare, dead, desk, drills, duty, members, wording
from shared.contracts.desk import DeskCommand, IncidentCommand

OnIncident = Callable[[Draft, Any, Any], str]
OnHub = Callable[[Draft, Any], str]

_INCIDENT: Final[dict[type[IncidentCommand], OnIncident]] = {
    desk.Claim: acts.claim,
    desk.HandOver: desk_team.hand_over,
    desk.Attend: desk_team.attend,
    desk.Seen: desk_team.seen,
    desk.Note: desk_team.note,
    desk.AskReporter: desk_team.ask_reporter,
    desk.Escalate: desk_team.escalate,
    desk.SendOn: desk_team.send_on,
    desk.Reopen: acts.reopen,
    desk.Release: acts.release,
    desk.Confirm: acts.confirm,
    desk.Reject: acts.reject,
    desk.PutPlace: desk_place.put_place,
    desk.Merge: desk_merge.merge,
    desk.Split: desk_merge.split,
    desk.Update: acts.update,
    desk.End: acts.end,
    aftercare.Account: desk_account.account,
    aftercare.OpenPost: desk_posts.open_post,
    aftercare.WithdrawPost: desk_posts.withdraw_post,
    aftercare.JoinPost: desk_posts.join_post,
    aftercare.LeavePost: desk_posts.leave_post,
    aftercare.CheckIn: desk_posts.check_in,
}
_HUB: Final[dict[type[DeskCommand], OnHub]] = {
    desk.ReleaseReport: acts.release_report,
    desk.Mute: desk_quiet.mute,
    desk.Unmute: desk_quiet.unmute,
    desk.Flood: desk_quiet.flood,
    desk.DefineGroup: desk_hub.define_group,
    desk.AddMember: desk_hub.add_member,
    desk.RevokeMember: desk_hub.revoke_member,
    desk.KillSwitch: desk_hub.kill_switch,
    desk.TestChannel: desk_channels.test_channel,
    dead.DiscardDead: desk_dead.discard,
    duty.OfferShift: desk_duty.offer,
    duty.WithdrawShift: desk_duty.withdraw,
    duty.TakeShift: desk_duty.take,
    duty.GiveUpShift: desk_duty.give_up,
    duty.NoteShift: desk_duty.note,
    drills.BeginDrill: desk_drills.begin,
    drills.EndDrill: desk_drills.end,
    members.InviteMember: desk_members.invite,
    members.AcceptInvite: desk_members.accept,
    members.PutWayIn: desk_members.put_way_in,
    members.RemoveWayIn: desk_members.remove_way_in,
    wording.ProposeWords: desk_words.propose,
    wording.ReviewWords: desk_words.review,
    wording.WithdrawWords: desk_words.withdraw,
    desk.OfferAccount: desk_accounts.offer_account,
    desk.UnbindAccounts: desk_accounts.unbind_accounts,
}
_DONE: Final = frozenset({reasons.APPLIED, reasons.UNCHANGED, reasons.SECOND_PERSON})


def decide_command(draft: Draft, command: DeskCommand) -> Answer:
    """Apply the command or refuse it; the answer names the reason."""
    incident = command.incident_id if isinstance(command, IncidentCommand) else None
    reason = refusal(draft.state, command) or _apply(draft, command)
    if reason in _DONE and incident is not None:
        acts.renew_claim(draft, incident, command.member)
    return Answer("applied" if reason in _DONE else "refused", reason, incident)


def _apply(draft: Draft, command: DeskCommand) -> str:
    if not isinstance(command, IncidentCommand):
        act = _HUB.get(type(command))
        return act(draft, command) if act else reasons.UNKNOWN_COMMAND
    incident = draft.state.incidents.get(command.incident_id)
    if incident is None:
        return reasons.UNKNOWN_INCIDENT
    if not concerns(incident, command.group):
        return reasons.NOT_YOUR_INCIDENT
    if command.version is not None and command.version != incident.version:
        return reasons.MOVED_ON
    return _INCIDENT[type(command)](draft, command, incident)
