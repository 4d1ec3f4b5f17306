"""The projection: each event of DECISIONS, LEDGER and DEAD, folded into documents. Pure.

`needs` says which documents an event touches, `project` folds it. The streams may be folded
in any interleaving (each in its own order) with the same result, because a rebuild reads them
side by side; so an alert's document takes its facts and its deliveries in either order. What no
document shows is neither read (`passes_by`) nor opened (`shows_private`).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from services.console.decide import (
    accounts,
    aftercare,
    dead,
    duty,
    exercises,
    held,
    incidents,
    people,
    quiet,
    subscribers,
    told,
    watches,
)
from services.console.decide.counts import COUNTS, count
from services.console.decide.draft import Draft
from shared.contracts import aftercare as ac
from shared.contracts import alerts as a
from shared.contracts import dead as de
from shared.contracts import drills as dr
from shared.contracts import duty as d
from shared.contracts import groups as g
from shared.contracts import incidents as i
from shared.contracts import keys as k
from shared.contracts import ledger as lg
from shared.contracts import members as m
from shared.contracts.base import Message
from shared.contracts.catalog import TYPES
from shared.ports import Entry

Fold = Callable[[Draft, Any, float], None]
Needs = Callable[[Draft, Any], Iterable[str]]


def _needs_of_revoked(draft: Draft, event: g.MemberRevoked) -> Iterable[str]:
    yield from people.needs(draft, event)
    yield from accounts.needs(draft, event)


def _revoked(draft: Draft, event: g.MemberRevoked, place: float) -> None:
    people.revoked(draft, event, place)
    accounts.unbound(draft, event, place)


_TABLE: Final[Mapping[type[Message], tuple[Needs, Fold]]] = {
    i.InputDecided: (incidents.needs_of_decision, incidents.decided),
    i.IncidentOpened: (incidents.needs, incidents.opened),
    i.ReportAttached: (incidents.needs_of_report, incidents.attached),
    i.IncidentAssessed: (incidents.needs, incidents.assessed),
    i.IncidentClaimed: (incidents.needs, incidents.claimed),
    i.IncidentAttended: (incidents.needs, incidents.attended),
    i.IncidentSeen: (incidents.needs, incidents.seen),
    i.IncidentNoted: (incidents.needs, incidents.noted),
    i.IncidentSentOn: (incidents.needs, incidents.sent_on),
    i.IncidentEscalated: (incidents.needs, incidents.escalated),
    i.ReporterAsked: (incidents.needs, incidents.reporter_asked),
    i.ConfirmProposed: (incidents.needs, incidents.confirm_proposed),
    i.ClaimReleased: (incidents.needs, incidents.claim_released),
    i.IncidentConfirmed: (incidents.needs, incidents.confirmed),
    i.IncidentRejected: (incidents.needs, incidents.rejected),
    i.IncidentPlaced: (incidents.needs, incidents.placed),
    i.IncidentUpdated: (incidents.needs, incidents.updated),
    i.IncidentEnded: (incidents.needs, incidents.ended),
    i.IncidentQuiet: (incidents.needs, incidents.quiet),
    i.IncidentReopened: (incidents.needs, incidents.reopened),
    i.IncidentMerged: (incidents.needs_of_merge, incidents.merged),
    i.IncidentSplit: (incidents.needs_of_split, incidents.split),
    i.IncidentForgotten: (incidents.needs_of_forgotten, incidents.forgotten),
    i.IncidentCarried: (incidents.needs_of_carried, incidents.carried),
    ac.IncidentAccounted: (incidents.needs, aftercare.accounted),
    ac.CheckCameDue: (incidents.needs, aftercare.check_due),
    ac.PostOpened: (incidents.needs, aftercare.opened),
    ac.PostWithdrawn: (incidents.needs, aftercare.withdrawn),
    ac.PostJoined: (incidents.needs, aftercare.joined),
    ac.PostLeft: (incidents.needs, aftercare.left),
    ac.PostCheckedIn: (incidents.needs, aftercare.checked_in),
    ac.PostsTold: (incidents.needs, aftercare.told),
    d.ShiftOffered: (duty.needs, duty.offered),
    d.ShiftTaken: (duty.needs, duty.taken),
    d.ShiftGivenUp: (duty.needs, duty.given_up),
    d.ShiftNoted: (duty.needs, duty.noted),
    d.ShiftDropped: (duty.needs, duty.dropped),
    dr.DrillBegun: (exercises.needs, exercises.begun),
    dr.DrillEnded: (exercises.needs, exercises.ended),
    i.ReportHeld: (held.needs, held.held),
    i.HeldSettled: (held.needs, held.settled),
    i.MuteSet: (quiet.needs, quiet.muted),
    i.MuteLifted: (quiet.needs, quiet.lifted),
    i.FloodSet: (quiet.needs_of_flood, quiet.flooded),
    i.HeldDigested: (held.needs_of_digest, held.digested),
    i.WatchNoted: (watches.needs, watches.noted),
    a.AlertRaised: (told.needs_of_alert, told.raised),
    lg.AlertExpanded: (told.needs_of_expansion, told.expanded),
    lg.ChunkSettled: (told.needs_of_chunk, told.chunk_settled),
    lg.AlertSettled: (told.needs, told.settled),
    lg.DeliveryReceipted: (told.needs_of_receipt, told.receipted),
    lg.MessagesWaiting: (told.needs_of_waiting, told.waiting),
    lg.SubscribersCounted: (subscribers.needs, subscribers.counted),
    lg.SubscribersOpened: (subscribers.needs, subscribers.opened),
    g.GroupDefined: (people.needs_of_group, people.group_defined),
    g.MemberAdded: (people.needs, people.added),
    g.MemberRevoked: (_needs_of_revoked, _revoked),
    g.AccountBound: (accounts.needs, accounts.bound),
    g.AccountsUnbound: (accounts.needs, accounts.unbound),
    m.MemberInvited: (people.needs_of_invite, people.invited),
    m.InviteSettled: (people.needs_of_invite, people.invite_settled),
    m.WayInPut: (people.needs_of_way, people.way_put),
    m.WayInRemoved: (people.needs_of_way, people.way_removed),
    k.DeadLettered: (dead.needs, dead.lettered),
    de.DeadClosed: (dead.needs, dead.closed),
}


_UNSHOWN: Final = frozenset({"chunk.claimed.v1"})
SHOWN: Final = TYPES.keys() - _UNSHOWN
"""The types that mean something to a document."""
_MOST_TOGETHER: Final = 65_536
"""Messages in one stored message, at most: its bytes have a limit."""
_MORE: Final[Mapping[type[Message], str]] = {i.IncidentMerged: "absorbed", i.IncidentSplit: "into"}
"""Events that speak of a second incident, and under which name."""


_PRIVATE: Final = (
    i.InputDecided, i.ReportWatched, i.YesAsked, g.AccountOffered, g.JoinRefused
)  # fmt: skip
"""What no document shows the private part of."""


def passes_by(entry: Entry) -> bool:
    """Whether nothing shows what this entry holds, by its type in the header: it need not be read.

    What is damaged inside is found by those to whom it means something.
    """
    return entry.headers.get("ce-type") in _UNSHOWN


def shows_private(event: Message) -> bool:
    """Whether a document shows the event's sealed part.

    Of alerts only the community's, for the public. Why a report was decided stays in the log, where it is
    looked up when somebody asks.
    """
    if isinstance(event, a.AlertRaised):
        return event.audience == "community"
    return not isinstance(event, _PRIVATE)


def needs(draft: Draft, event: Message) -> list[str]:
    """Keys of documents that must be loaded before the event is folded.

    Ask again once they are loaded: what an incident's document names may be needed too.
    """
    found = _TABLE.get(type(event))
    return [COUNTS] if found is None else [COUNTS, *found[0](draft, event)]


def place_of(seq: int, n: int) -> float:
    """Where the n-th message of the stored message at that sequence lies: in order, and exact."""
    return seq + n / _MOST_TOGETHER


def project(draft: Draft, event: Message, place: float) -> None:
    """Fold one opened event, which lies at that place of its stream."""
    count(draft, event)
    found = _TABLE.get(type(event))
    if found is not None and not _of_forgotten(draft, event):
        found[1](draft, event, place)


def _of_forgotten(draft: Draft, event: Message) -> bool:
    """Whether it speaks of an incident that is forgotten: then it means nothing any more."""
    if not isinstance(event, i.IncidentEvent):
        return False
    names = [event.incident_id]
    if more := _MORE.get(type(event)):
        names.append(getattr(event, more))
    return any("forgotten" in (draft.get(f"incident:{name}") or ()) for name in names)
