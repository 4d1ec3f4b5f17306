"""What changed since a member last looked: a mark of where they were, and the difference. Pure.

A mark is what they saw of an incident: its last step and its number of reports. It is kept per member and
incident, may be lost at any time, and then the incident is simply new again.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from services.console.decide.draft import Document
from services.console.decide.history import SILENT, latest_of_each, lines

_MARK: Final = re.compile(r"([A-Z]{1,12}\.\d{1,15}|-)\.(\d{1,9})\Z")
_SIGNS: Final = 16


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is new: the steps that matter (what happened, the latest last), and how many reports more."""

    never: bool
    """They have not looked at it yet."""
    steps: tuple[Document, ...] = ()
    reports: int = 0

    @property
    def named(self) -> list[Document]:
        """All that changed, each thing once, as it is now."""
        return latest_of_each(self.steps)

    def __bool__(self) -> bool:
        """Whether there is anything new."""
        return self.never or bool(self.steps) or self.reports > 0


def mark_of(incident: Document) -> str:
    """Where somebody is who sees it as it is now."""
    timeline = incident.get("timeline") or ()
    return f"{timeline[-1]['cause'] if timeline else '-'}.{incident.get('reports', 0)}"


def fresh(incident: Document, mark: str | None, member: str) -> Fresh:
    """What is new to the member whose mark this is; what they did themselves is not."""
    found = _MARK.match(mark or "")
    if found is None:
        return Fresh(never=True)
    since = lines(_after(incident, found[1]))
    steps = tuple(s for s in since if s["what"] not in SILENT and s.get("member") != member)
    reports = int(incident.get("reports", 0)) - int(found[2])
    return Fresh(never=False, steps=steps, reports=max(0, reports))


def others_did(incidents: Iterable[Document], member: str) -> str:
    """A mark that changes when somebody else, a report or time did something, and not by one's own acts.

    What follows from one's own act (that a sighting makes it likely) is one's own.
    """
    known = sorted(incidents, key=lambda i: i["id"])
    own = {s["cause"] for i in known for s in i.get("timeline", ()) if s.get("member") == member}
    marks = (f"{i['id']} {_last_of_others(i, own)} {i.get('fed_by', '-')}" for i in known)
    return version_of("\n".join(marks))


def _last_of_others(incident: Document, own: Collection[str]) -> str:
    steps = (s for s in reversed(incident.get("timeline", ())) if s["cause"] not in own)
    return next((f"{s['cause']} {s['what']}" for s in steps), "-")


def version_of(text: str) -> str:
    """The same for the same content."""
    return hashlib.sha256(text.encode()).hexdigest()[:_SIGNS]


def _after(incident: Document, cause: str) -> list[Document]:
    """The steps after the last that this decision left; all, where it is long past."""
    timeline: list[Document] = incident.get("timeline", [])
    last = max((n for n, step in enumerate(timeline) if step["cause"] == cause), default=-1)
    return timeline[last + 1 :]
