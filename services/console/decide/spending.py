"""What groups spent on text messages this month, for the desk. Pure."""

from services.console.decide.draft import Draft
from shared.contracts.ledger import AlertExpanded, ChunkSettled
from shared.spending import cost_of, month_of, people_in, spent_since, stand_in_chunks

_SUBSCRIBERS = "sub_"


def key(group: str) -> str:
    """The document of what a group spent."""
    return f"spending:{group}"


def frozen(draft: Draft, event: AlertExpanded) -> None:
    """An alert's recipients are frozen: what they cost is spent."""
    alert = draft.edit(f"alert:{event.alert_id}")
    people = sorted(people_in(event.chunks).items())
    if followers := {c: n for c, n in people if c.startswith(_SUBSCRIBERS)}:
        alert["followers"] = followers
    if event.prices and "prices" not in alert:
        month = month_of(event.at)
        alert.update(prices=event.prices, month=month, standing=stand_in_chunks(event))
        _spend(draft, event.group, month, cost_of(event))


def settled(draft: Draft, event: ChunkSettled) -> None:
    """An attempt ended: what was refused was not spent after all, who stood in for others costs now."""
    alert = draft.get(f"alert:{event.alert_id}") or {}
    if more := spent_since(event, alert.get("prices") or {}, alert.get("standing", ())):
        _spend(draft, event.group, alert["month"], more)


def _spend(draft: Draft, group: str, month: str, pence: float) -> None:
    """Count it for its month; what belongs to a month before the one that is known says nothing any more."""
    spending = draft.edit(key(group))
    if spending.get("month", "") < month:
        spending.update(group=group, month=month, pence=0.0)
    if spending["month"] == month:
        spending["pence"] += pence
