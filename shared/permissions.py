"""Who may do what: the one table, role by command. The router decides by it; pages and documents show it.

A new command stands in exactly one of the sets below.
"""

from typing import Final

from shared.contracts import aftercare, dead, desk, drills, duty, members, wording
from shared.contracts.groups import Role

Commands = frozenset[type[desk.DeskCommand]]

VERIFIER: Final[Commands] = frozenset({
    desk.Claim, desk.Release, desk.HandOver, desk.Attend, desk.Seen, desk.Note, desk.AskReporter,
    duty.TakeShift, duty.GiveUpShift, duty.NoteShift,
    aftercare.JoinPost, aftercare.LeavePost, aftercare.CheckIn,
})  # fmt: skip
DISPATCHER: Final[Commands] = VERIFIER | {
    desk.Confirm, desk.Reject, desk.PutPlace, desk.Merge, desk.Split, desk.Update, desk.End,
    desk.ReleaseReport, desk.Reopen, desk.Escalate, desk.SendOn, desk.Mute, desk.Unmute, desk.Flood,
    duty.OfferShift, duty.WithdrawShift,
    aftercare.Account, aftercare.OpenPost, aftercare.WithdrawPost,
    drills.BeginDrill, drills.EndDrill,
    wording.ReviewWords, wording.WithdrawWords,
}  # fmt: skip
RUNNING: Final[Commands] = frozenset({
    desk.DefineGroup, desk.AddMember, desk.RevokeMember, desk.KillSwitch, members.InviteMember,
    desk.TestChannel,
})  # fmt: skip
OF_THE_GROUP: Final[Commands] = frozenset({wording.ProposeWords})
"""What a group's admins do, and whoever runs the hub does not: what a group says is its own."""
OF_THE_HUB: Final[Commands] = frozenset({dead.RetryDead, dead.DiscardDead})
"""What only whoever runs the hub does: what could not be handled may be any group's."""
OWN: Final[Commands] = frozenset({
    members.PutWayIn, members.RemoveWayIn, desk.OfferAccount, desk.UnbindAccounts,
})  # fmt: skip
"""What every member may do about themself, whatever their role."""

ALLOWED: Final[dict[Role, Commands]] = {
    "verifier": VERIFIER,
    "dispatcher": DISPATCHER,
    "admin": DISPATCHER | RUNNING | OF_THE_GROUP,
    "operator": RUNNING | OF_THE_HUB,
}

Row = tuple[str, str, tuple[bool, ...]]
"""An act's name, what it means, and for each of `ROLES` whether it may."""
ROLES: Final[tuple[Role, ...]] = ("verifier", "dispatcher", "admin", "operator")


def table() -> list[Row]:
    """The table for people: what most may do first."""
    acts = {command for may in ALLOWED.values() for command in may}
    rows = [(name_of(act), meaning(act), tuple(act in ALLOWED[role] for role in ROLES)) for act in acts]
    return sorted(rows, key=lambda row: ([not may for may in row[2]], row[0]))


def name_of(command: type[desk.DeskCommand]) -> str:
    """The act's name: `desk.add_member.v1` → `add_member`."""
    return str(command.model_fields["type"].default).split(".")[1]


def meaning(command: type[desk.DeskCommand]) -> str:
    """What the act is, in the contract's own words."""
    return " ".join((command.__doc__ or "").partition("\n\n")[0].split())
