"""Held reports: kept for a person, listed for each group whose verifiers shall see them. Pure."""

from collections.abc import Iterable

from services.console.decide import incidents
from services.console.decide.draft import Draft
from shared.contracts.base import HUB
from shared.contracts.incidents import HeldDigested, HeldReport, HeldSettled, ReportHeld


def needs(_draft: Draft, event: ReportHeld | HeldSettled) -> Iterable[str]:
    """The held report and the report itself."""
    return (f"held:{event.report_id}", f"report:{event.report_id}")


def needs_of_digest(_draft: Draft, event: HeldDigested) -> Iterable[str]:
    """The held reports and the incidents that were shown."""
    yield from (f"held:{report_id}" for report_id in event.reports)
    yield from (f"incident:{name}" for name in event.incidents)


def held(draft: Draft, event: ReportHeld, _place: float) -> None:
    """It waits; what is nobody's area waits at the hub."""
    detail = event.detail if isinstance(event.detail, HeldReport) else None
    groups = list(event.groups) or [HUB]
    said = (
        {
            "text": detail.text,
            "place": detail.place.model_dump(mode="json") if detail.place else None,
            "first_hand": detail.first_hand,
            "language": detail.language,
        }
        if detail
        else {"erased": True}
    )
    draft.put(
        f"held:{event.report_id}",
        {
            "report_id": event.report_id,
            "at": event.at.isoformat(),
            "reason": event.reason,
            "asked": event.asked,
            "leans_to": event.leans_to,
            "groups": groups,
            "drill": event.drill,
            "digested": [],
            **said,
        },
    )
    for group in groups:
        draft.score(f"held:{group}", event.report_id, event.at.timestamp())
    report = draft.edit(f"report:{event.report_id}")
    report.update(report_id=event.report_id, held=event.reason, sender=detail.sender if detail else None)


def settled(draft: Draft, event: HeldSettled, _place: float) -> None:
    """It waits no longer."""
    waiting = draft.get(f"held:{event.report_id}") or {}
    for group in waiting.get("groups", ()):
        draft.score(f"held:{group}", event.report_id, None)
    draft.delete(f"held:{event.report_id}")
    report = draft.edit(f"report:{event.report_id}")
    report.update(report_id=event.report_id, held=None, settled=event.how)


def digested(draft: Draft, event: HeldDigested, _place: float) -> None:
    """A group's verifiers were shown these, and told of these incidents."""
    for report_id in event.reports:
        if waiting := draft.get(f"held:{report_id}"):
            edited = draft.edit(f"held:{report_id}")
            edited["digested"] = sorted({*waiting.get("digested", ()), event.group})
    for name in event.incidents:
        incidents.digested(draft, draft.edit(f"incident:{name}"), event)
