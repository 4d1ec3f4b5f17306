"""A dead letter as an operator sees it: where it lies and why, never what it says; what to do. Pure."""

from collections.abc import Mapping
from typing import Final

from services.console.dead_models import DeadLetter
from services.console.decide.dead import name_of, waits
from services.console.decide.draft import Document

ADVICE: Final[Mapping[str, str]] = {
    "retry": "Have it decided again, once the cause is mended. After ten minutes a person looks first.",
    "ordered": "A person ordered this then; whoever still wants it orders it again. Then discard it.",
    "twice": "Somebody may have got it twice already, so it is never sent again. The incident's ledger "
    "names them: ask them, then discard it.",
    "unsent": "The time in which it was true has passed. Give an update of the incident, which reaches the "
    "same people. Then discard it.",
    "shown": "The pages are made from the log: update the relay, empty Redis, and it is read again. Then "
    "discard it.",
    "asked": "Whoever asked was not answered, and can ask again. Then discard it.",
    "other": "Nothing handles it again. Find the cause in the service's log, then discard it.",
}
"""What to do about a letter, in English. The pages have it in every language, as `dead_do_…`."""


def letter(document: Document) -> DeadLetter:
    """One letter."""
    advice = advice_of(document)
    return DeadLetter(
        letter=name_of(document),
        service=document["service"],
        stream=document["stream"],
        seq=document["seq"],
        subject=document["subject"],
        reasons=sorted(document["reasons"]),
        at=min(document["reasons"].values()),
        detail=document["detail"],
        waits=waits(document),
        may_retry=advice == "retry",
        advice=advice,
        words=ADVICE[advice],
        closed=document.get("closed"),
    )


def advice_of(document: Document) -> str:
    """What is to be done about it."""
    match document["service"], document["stream"]:
        case "router", "REPORTS":
            return "retry"
        case "router", "DESK":
            return "ordered"
        case "notifier", "SUBSCRIBERS":
            return "asked"
        case "notifier", _:
            return "twice" if "ambiguous_twice" in document["reasons"] else "unsent"
        case "console", _:
            return "shown"
    return "other"
