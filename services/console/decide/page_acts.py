"""The acts of the desk page: which command each is, when it makes sense, who may do it, who is told. Pure.

The router decides; this table only keeps from people what would be refused, and says beforehand whether
anybody is told. Who may do what stands in `shared.permissions`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from services.console.decide.draft import Document
from services.console.models import CommandName
from shared.contracts import aftercare, desk
from shared.contracts.base import HUB
from shared.contracts.groups import Role
from shared.permissions import ALLOWED

Kind = Literal["look", "say", "end", "mend", "pass"]
KINDS: Final[tuple[Kind, ...]] = ("look", "say", "end", "mend", "pass")

_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})
_RUNNING: Final = _UNPROVEN | {"confirmed"}
_QUIET: Final = frozenset({"no_news"})
_OPEN: Final = _RUNNING | {"officers_left", "aftercare"}
_HELD: Final = frozenset({"confirmed", "officers_left", "aftercare"})
_OVER: Final = frozenset({"closed", "not_confirmed", "other_agency", "retracted", "no_news"})
_ANY: Final = _OPEN | _OVER


@dataclass(frozen=True, slots=True)
class PageAct:
    """One act as the page offers it; `asks` False: a button is enough, there is nothing to fill in."""

    name: str
    command: CommandName
    sort: type[desk.DeskCommand]
    when: frozenset[str]
    kind: Kind
    tells: bool = False
    asks: bool = True
    fixed: Mapping[str, str] | None = None
    undo: str | None = None
    """The act that takes it back, where the world allows it."""


_ALL: Final = (
    PageAct("claim", "claim", desk.Claim, _OPEN, "look", asks=False, undo="release"),
    PageAct("going", "attend", desk.Attend, _OPEN, "look", asks=False, fixed={"step": "going"}, undo="left"),
    PageAct("there", "attend", desk.Attend, _OPEN, "look", asks=False, fixed={"step": "there"}, undo="left"),
    PageAct("left", "attend", desk.Attend, _OPEN, "look", asks=False, fixed={"step": "left"}, undo="going"),
    PageAct("seen", "seen", desk.Seen, _RUNNING | _QUIET, "look", tells=True),
    PageAct("ask", "ask", desk.AskReporter, _OPEN | _QUIET, "look", tells=True),
    PageAct("note", "note", desk.Note, _ANY, "look"),
    PageAct("confirm", "confirm", desk.Confirm, _UNPROVEN | _QUIET, "say", tells=True),
    PageAct("update", "update", desk.Update, _OPEN, "say", tells=True),
    PageAct("send_on", "send_on", desk.SendOn, _OPEN, "say"),
    PageAct("officers_left", "end", desk.End, _RUNNING | _QUIET, "end", tells=True,
            fixed={"stage": "officers_left"}, undo="reopen"),
    PageAct("aftercare", "end", desk.End, _RUNNING | _QUIET | {"officers_left"}, "end", tells=True,
            fixed={"stage": "aftercare"}, undo="reopen"),
    PageAct("account", "account", aftercare.Account, _HELD, "end"),
    PageAct("post", "post", aftercare.OpenPost, _HELD, "end", tells=True),
    PageAct("closed", "end", desk.End, _OPEN | _QUIET, "end", tells=True, fixed={"stage": "closed"},
            undo="reopen"),
    PageAct("not_confirmed", "reject", desk.Reject, _UNPROVEN | _QUIET, "end", tells=True,
            fixed={"outcome": "not_confirmed"}, undo="reopen"),
    PageAct("other_agency", "reject", desk.Reject, _RUNNING | _QUIET, "end", tells=True,
            fixed={"outcome": "other_agency"}, undo="reopen"),
    PageAct("watch", "watch", desk.Reject, _UNPROVEN | _QUIET, "end", tells=True, undo="reopen"),
    PageAct("retract", "reject", desk.Reject, frozenset({"confirmed"}), "end", tells=True,
            fixed={"outcome": "retracted"}, undo="reopen"),
    PageAct("reopen", "reopen", desk.Reopen, _OVER | {"officers_left", "aftercare"}, "end", tells=True),
    PageAct("place", "place", desk.PutPlace, _OPEN, "mend", tells=True),
    PageAct("merge", "merge", desk.Merge, _OPEN, "mend", tells=True, undo="split"),
    PageAct("split", "split", desk.Split, _OPEN, "mend", tells=True, undo="merge"),
    PageAct("hand_over", "hand_over", desk.HandOver, _OPEN, "pass"),
    PageAct("escalate", "escalate", desk.Escalate, _OPEN, "pass", tells=True),
    PageAct("release", "release", desk.Release, _OPEN, "pass", asks=False, undo="claim"),
)  # fmt: skip
ACTS: Final[Mapping[str, PageAct]] = {act.name: act for act in _ALL}
POST_ACTS: Final[Mapping[str, PageAct]] = {
    "join": PageAct("post_join", "post_join", aftercare.JoinPost, _HELD, "end", asks=False),
    "outside": PageAct("post_outside", "post_join", aftercare.JoinPost, _HELD, "end", asks=False),
    "leave": PageAct("post_leave", "post_leave", aftercare.LeavePost, _HELD, "end", asks=False),
    "check_in": PageAct("post_check_in", "post_check_in", aftercare.CheckIn, _HELD, "end", asks=False),
    "withdraw": PageAct(
        "post_withdraw", "post_withdraw", aftercare.WithdrawPost, _HELD, "end", tells=True, asks=False
    ),
}
"""What is done about one post, by the last word of its address: each needs the post, and one a tag."""


def may(role: str | None, act: PageAct) -> bool:
    """Whether the table lets a role do it."""
    return role is not None and act.sort in ALLOWED[cast("Role", role)]


def may_mute(incident: Document, roles: Mapping[str, str]) -> bool:
    """Whether this member may mute what the incident's reports bring."""
    role = role_in(incident, roles)
    return role is not None and desk.Mute in ALLOWED[cast("Role", role)]


def lets(groups: Iterable[str], roles: Mapping[str, str], sort: type[desk.DeskCommand]) -> bool:
    """Whether this member may do it for any of these groups; what waits at the hub any group may take up."""
    own = {g: r for g, r in roles.items() if g != HUB and (g in groups or list(groups) == [HUB])}
    return any(sort in ALLOWED[cast("Role", role)] for role in own.values())


def groups_that_let(roles: Mapping[str, str], sort: type[desk.DeskCommand]) -> set[str]:
    """The groups for which this member may do it."""
    return {g for g in roles if g != HUB and lets([g], roles, sort)}


def role_in(incident: Document, roles: Mapping[str, str]) -> str | None:
    """The role in which a member may do most about an incident; what is nobody's any group may take up."""
    seen_by = incident.get("seen_by", ())
    own = {g: r for g, r in roles.items() if g != HUB and (g in seen_by or list(seen_by) == [HUB])}
    return max(own.values(), key=lambda r: len(ALLOWED[cast("Role", r)]), default=None)


def passes_on(incident: Document, roles: Mapping[str, str]) -> bool:
    """Whether a member may pass on the links of its posts: whoever may open one, while it is not over."""
    act = ACTS["post"]
    return may(role_in(incident, roles), act) and incident.get("status") in act.when


def offered(incident: Document, role: str | None, *, mine: bool, step: str | None = None) -> list[PageAct]:
    """What this member can do about the incident now; `mine`: the claim is theirs; `step`: their visit's."""
    status = incident.get("status", "")
    found = (act for act in ACTS.values() if status in act.when and may(role, act))
    waits = bool(incident.get("waiting"))
    return [act for act in found if not _senseless(act.name, mine=mine, step=step, waits=waits)]


def _senseless(name: str, *, mine: bool, step: str | None, waits: bool) -> bool:
    """What they have done already, or cannot undo because they never did it; or what nothing waits for."""
    if name == "send_on":
        return not waits
    if name in {"release", "hand_over"}:
        return not mine
    if name == "left":
        return step is None
    return (name == "claim" and mine) or name == step or (name == "going" and step == "there")


def by_kind(acts: Iterable[PageAct]) -> dict[Kind, list[PageAct]]:
    """The acts under what they are for; kinds without any are left out."""
    found: dict[Kind, list[PageAct]] = {kind: [] for kind in KINDS}
    for act in acts:
        found[act.kind].append(act)
    return {kind: members for kind, members in found.items() if members}
