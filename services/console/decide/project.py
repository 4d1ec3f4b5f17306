"""The projection: each event of DECISIONS and LEDGER, folded into documents. Pure.

`needs` says which documents an event touches, `project` folds it. The two streams may be folded
in any interleaving (each in its own order) with the same result, because a rebuild reads them
side by side; so an alert's document takes its facts and its deliveries in either order.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from services.console.decide import held, incidents, people, told
from services.console.decide.counts import COUNTS, count
from services.console.decide.draft import Draft
from shared.contracts import alerts as a
from shared.contracts import groups as g
from shared.contracts import incidents as i
from shared.contracts import ledger as lg
from shared.contracts.base import Message

Fold = Callable[[Draft, Any, int], None]
Needs = Callable[[Draft, Any], Iterable[str]]

_TABLE: Final[Mapping[type[Message], tuple[Needs, Fold]]] = {
    i.InputDecided: (incidents.needs_of_decision, incidents.decided),
    i.IncidentOpened: (incidents.needs, incidents.opened),
    i.ReportAttached: (incidents.needs_of_report, incidents.attached),
    i.IncidentAssessed: (incidents.needs, incidents.assessed),
    i.IncidentClaimed: (incidents.needs, incidents.claimed),
    i.ClaimReleased: (incidents.needs, incidents.claim_released),
    i.IncidentConfirmed: (incidents.needs, incidents.confirmed),
    i.IncidentRejected: (incidents.needs, incidents.rejected),
    i.IncidentPlaced: (incidents.needs, incidents.placed),
    i.IncidentUpdated: (incidents.needs, incidents.updated),
    i.IncidentEnded: (incidents.needs, incidents.ended),
    i.IncidentQuiet: (incidents.needs, incidents.quiet),
    i.IncidentMerged: (incidents.needs_of_merge, incidents.merged),
    i.IncidentSplit: (incidents.needs_of_split, incidents.split),
    i.IncidentForgotten: (incidents.needs_of_forgotten, incidents.forgotten),
    i.IncidentCarried: (incidents.needs_of_carried, incidents.carried),
    i.ReportHeld: (held.needs, held.held),
    i.HeldSettled: (held.needs, held.settled),
    i.HeldDigested: (held.needs_of_digest, held.digested),
    a.AlertRaised: (told.needs_of_alert, told.raised),
    lg.AlertExpanded: (told.needs, told.expanded),
    lg.ChunkSettled: (told.needs, told.chunk_settled),
    lg.AlertSettled: (told.needs, told.settled),
    g.GroupDefined: (people.needs_of_group, people.group_defined),
    g.MemberAdded: (people.needs, people.added),
    g.MemberRevoked: (people.needs, people.revoked),
}


def needs(draft: Draft, event: Message) -> list[str]:
    """Keys of documents that must be loaded before the event is folded.

    Ask again once they are loaded: what an incident's document names may be needed too.
    """
    if type(event) not in _TABLE:
        return [COUNTS]
    return [COUNTS, *_TABLE[type(event)][0](draft, event)]


def project(draft: Draft, event: Message, seq: int) -> None:
    """Fold one opened event, which lies at that sequence of its stream."""
    count(draft, event)
    if type(event) in _TABLE and not _of_forgotten(draft, event):
        _TABLE[type(event)][1](draft, event, seq)


def _of_forgotten(draft: Draft, event: Message) -> bool:
    """Whether it speaks of an incident that is forgotten: then it means nothing any more."""
    if not isinstance(event, i.IncidentEvent):
        return False
    keys = (key for key in needs(draft, event) if key.startswith("incident:"))
    return any((draft.get(key) or {}).get("forgotten") for key in keys)
