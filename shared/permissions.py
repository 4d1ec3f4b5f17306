"""Who may do what: the one table, role by command. The router decides by it; pages and documents show it.

A new command stands in exactly one of the sets below.
"""

from typing import Final

from shared.contracts import desk
from shared.contracts.groups import Role

Commands = frozenset[type[desk.DeskCommand]]

VERIFIER: Final[Commands] = frozenset({
    desk.Claim, desk.Release, desk.HandOver, desk.Attend, desk.Seen, desk.Note, desk.AskReporter,
})  # fmt: skip
DISPATCHER: Final[Commands] = VERIFIER | {
    desk.Confirm, desk.Reject, desk.PutPlace, desk.Merge, desk.Split, desk.Update, desk.End,
    desk.ReleaseReport, desk.Reopen, desk.Escalate, desk.Mute, desk.Unmute, desk.Flood,
}  # fmt: skip
RUNNING: Final[Commands] = frozenset({desk.DefineGroup, desk.AddMember, desk.RevokeMember, desk.KillSwitch})

ALLOWED: Final[dict[Role, Commands]] = {
    "verifier": VERIFIER,
    "dispatcher": DISPATCHER,
    "admin": DISPATCHER | RUNNING,
    "operator": RUNNING,
}
