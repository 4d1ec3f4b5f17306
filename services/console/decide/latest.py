"""The latest that somebody saw with their own eyes: what one wants to know first of an incident. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.console.decide.draft import Document


@dataclass(frozen=True, slots=True)
class Sighting:
    """Who saw it when (`member` None: a reporter), in their words if they are known."""

    at: str
    member: str | None
    text: str


def latest_sighting(incident: Document, reports: Iterable[Document]) -> Sighting | None:
    """The newest sighting by a member or a first-hand report; None if nobody saw it."""
    ours = [
        Sighting(step["at"], step.get("member"), step.get("text") or "")
        for step in incident.get("timeline", ())
        if step.get("what") == "seen"
    ]
    theirs = [
        Sighting(report["at"], None, report.get("text") or "")
        for report in reports
        if report.get("first_hand") and report.get("at")
    ]
    return max((*ours, *theirs), key=lambda s: s.at, default=None)
