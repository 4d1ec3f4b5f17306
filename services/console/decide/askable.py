"""Whose sender can be asked: they left a way to reach them, and it is not erased yet. Pure."""

from datetime import datetime, timedelta
from typing import Final

from services.console.decide.draft import Document

CONTACT_LIFE: Final = timedelta(hours=72)
"""How long a report's contact is kept (DESIGN 16)."""


def can_be_asked(report: Document, now: datetime) -> bool:
    """Whether a question to this report's sender can be sent."""
    if not report.get("left_contact") or not report.get("at"):
        return False
    return now - datetime.fromisoformat(report["at"]) < CONTACT_LIFE
