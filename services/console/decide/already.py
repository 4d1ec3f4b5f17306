"""What was said and done already: so that the same again is known for what it is before it is sent. Pure.

By the rule of the router (`shared.repeats`), which decides.
"""

from datetime import datetime

from services.console.decide.draft import Document
from services.console.models import DeskRequest
from shared.contracts.alerts import Check
from shared.contracts.base import Message
from shared.contracts.desk import Ask, Tally
from shared.repeats import facts_told, repeats


def checked(incident: Document, *how: Check) -> None:
    """Somebody of ours did this to find out whether it is so."""
    if how:
        incident["checked"] = list(dict.fromkeys((*incident.get("checked", ()), *how)))


def told(incident: Document, event: Message, ask: Ask, words: str) -> None:
    """Everybody who was told hears this from a person."""
    said = {"at": event.at.isoformat(), "facts": _facts(incident, ask), "text": words}
    incident["said"] = {**said, "ask": ask, "cause": _cause(event)}


def told_along(incident: Document, event: Message) -> None:
    """What this event says was told too, if it follows from the same decision as what was said last."""
    said = incident.get("said")
    if said and said["cause"] == _cause(event):
        said["facts"] = _facts(incident, said["ask"])


def _cause(event: Message) -> str:
    return event.id.rpartition(".")[0]


def _told_again(incident: Document, ask: Ask, words: str, now: datetime) -> bool:
    """Whether everybody who was told heard just this a moment ago."""
    before = incident.get("said")
    if not before or before["facts"] != _facts(incident, ask):
        return False
    return repeats(before["text"], datetime.fromisoformat(before["at"]), words, now)


def _seen_again(incident: Document, member: str, words: str, now: datetime) -> bool:
    """Whether this member said a moment ago that they see just this."""
    before = own_sighting(incident, member)
    if before is None or incident.get("status") in {"unconfirmed", "no_news"}:
        return False
    return repeats(before.get("text") or "", datetime.fromisoformat(before["at"]), words, now)


def own_sighting(incident: Document, member: str) -> Document | None:
    """What this member said last that they see."""
    steps = (s for s in reversed(incident.get("timeline", ())) if s["what"] == "seen")
    return next((s for s in steps if s.get("member") == member), None)


def nothing_new(command: str, asked: DeskRequest, incident: Document, member: str, now: datetime) -> bool:
    """Whether this command would change nothing and tell nobody, because it was said a moment ago."""
    words = asked.text or ""
    if command == "seen":
        return _seen_again(incident, member, words, now)
    return command == "update" and _told_again(incident, asked.ask or "NONE", words, now)


def _facts(incident: Document, ask: Ask) -> str:
    people = (incident.get("aftercare") or {}).get("people") or ()
    tally = Tally.model_validate(incident.get("tally") or {})
    return facts_told(str(incident.get("status")), ask, tally, (person["fate"] for person in people))
