"""What a report says that only people can make so: that it is over, or was no raid. Pure.

The verifiers are asked to look (the router's `follow_up`); the desk says the same. Until one of ours has
looked the next act is to look, and whatever says that it goes on says beside it what was reported.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from services.console.decide.draft import Document

Says = Literal["over", "wrong"]
_LIVE: Final = frozenset({"unconfirmed", "likely", "confirmed"})
_LOOKED: Final = frozenset({"seen", "confirmed", "updated", "ended", "rejected", "reopened"})
"""Steps by which one of ours says how it is."""
_STEPS: Final[Mapping[str, Literal["said_over", "said_wrong"]]] = {"over": "said_over", "wrong": "said_wrong"}


@dataclass(frozen=True, slots=True)
class Said:
    """The latest report that says so, and what it says."""

    what: Says
    report: str
    at: str
    text: str = ""


def says_of(gist: Document, *, first_hand: bool | None) -> str | None:
    """Whether a report says that it is over, that it was wrong, or (having seen it) that it goes on."""
    kind = gist.get("kind")
    if kind in _STEPS:
        return str(kind)
    return "on" if kind in {"report", "update"} and gist.get("present") and first_hand is True else None


def news_of(incident: Document, says: str | None) -> Literal["said_over", "said_wrong"] | None:
    """The step of the history that such a report is, unless it stands there since one of ours looked."""
    what = _STEPS.get(says or "")
    if what is None or incident.get("status") not in _LIVE:
        return None
    for step in reversed(incident.get("timeline", ())):
        if step["what"] == what:
            return None
        if _looked(step):
            break
    return what


def to_look_at(incident: Document, reports: Iterable[Document]) -> Said | None:
    """What reports say since one of ours looked, the latest; who sees that it goes on takes it back."""
    if incident.get("status") not in _LIVE:
        return None
    known = sorted((r for r in reports if r.get("says") and r.get("at")), key=_order)
    looked = max((s["at"] for s in incident.get("timeline", ()) if _looked(s)), default="")
    found = None
    for report in known:
        if report["says"] == "on":
            found = None if found and found["says"] == "over" else found
        elif report["at"] > looked:
            found = report
    if found is None:
        return None
    return Said(found["says"], found["report_id"], found["at"], found.get("text") or "")


def _order(report: Document) -> tuple[Any, ...]:
    return report["at"], report["report_id"]


def _looked(step: Document) -> bool:
    return step["what"] in _LOOKED and bool(step.get("member"))
