"""`/i/CODE/cap`: an incident's latest word as a CAP 1.2 alert, for warning systems and whatever reads them.

Guarantees: it says no more than the page does, and never that all is clear: a program could take that for
the end of any danger. A later word names all earlier ones, so that a reader replaces them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from aiohttp import web

from services.console.decide.public import OVERDUE, STAYS, PublicEntry
from services.console.web.feeds import CAP, asked, base_url, heading, told
from services.console.web.pages import LIVE
from services.console.web.words import language_of, say
from services.console.web.xml import add, document
from shared.http import Problem

_NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_METRES: Final = 1_000
_CERTAINTY: Final[Mapping[str, str]] = {
    "confirmed": "Observed",
    "officers_left": "Observed",
    "aftercare": "Observed",
    "closed": "Observed",
    "not_confirmed": "Unlikely",
    "other_agency": "Unlikely",
    "retracted": "Unlikely",
}
"""Of other words nobody can say."""
_TAKEN_BACK: Final = frozenset({"retracted", "other_agency", "not_confirmed"})


async def get_cap(request: web.Request) -> web.Response:
    """The alert; the same answer for every code that is not public (any more)."""
    entry = request.app[LIVE].picture.find(request.match_info["code"])
    if entry is None:
        raise Problem(404, "not_public", "Nothing public has this code (any more); look at the live page.")
    body = document(alert(entry, language_of(request), base_url(request)))
    return web.Response(body=body, content_type=CAP, charset="utf-8")


def alert(entry: PublicEntry, language: str, base: str) -> ET.Element:
    """The incident's latest word."""
    root = ET.Element("alert", {"xmlns": _NAMESPACE})
    sender = urlsplit(base).netloc
    earlier = [at for at in entry.words if at < entry.moved]
    add(root, "identifier", _name(entry, entry.moved))
    add(root, "sender", sender)
    add(root, "sent", _moment(entry.moved))
    add(root, "status", "Exercise" if entry.drill else "Actual")
    add(root, "msgType", _sort(entry, earlier))
    add(root, "scope", "Public")
    if earlier:
        named = (f"{sender},{_name(entry, at)},{_moment(at)}" for at in earlier)
        add(root, "references", " ".join(named))
    _info(ET.SubElement(root, "info"), entry, language, base)
    return root


def _sort(entry: PublicEntry, earlier: list[datetime]) -> str:
    if not earlier:
        return "Alert"
    return "Cancel" if entry.word in _TAKEN_BACK else "Update"


def _info(info: ET.Element, entry: PublicEntry, language: str, base: str) -> None:
    add(info, "language", language)
    add(info, "category", "Safety")
    add(info, "event", say(language, "raid"))
    add(info, "responseType", "None" if entry.ended else "Monitor")
    add(info, "urgency", _urgency(entry))
    add(info, "severity", "Unknown")
    add(info, "certainty", _CERTAINTY.get(entry.word, "Unknown"))
    add(info, "onset", _moment(entry.since))
    add(info, "expires", _moment(entry.next_news + OVERDUE if entry.next_news else entry.moved + STAYS))
    add(info, "senderName", ", ".join(entry.groups))
    add(info, "headline", heading(entry, language))
    if said := told(entry, language):
        add(info, "description", " ".join(said))
    add(info, "instruction", " ".join(asked(entry, language)))
    add(info, "web", f"{base}/i/{entry.code}")
    area = ET.SubElement(info, "area")
    add(area, "areaDesc", entry.label)
    add(area, "circle", f"{entry.lat:.5f},{entry.lon:.5f} {entry.radius_m / _METRES:.3f}")


def _urgency(entry: PublicEntry) -> str:
    if entry.word == "confirmed":
        return "Immediate"
    return "Past" if entry.ended and entry.word != "no_news" else "Unknown"


def _name(entry: PublicEntry, at: datetime) -> str:
    """Of one word: nothing in it may be a blank, a comma or a bracket."""
    return f"{entry.incident_id}.{int(at.timestamp())}"


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
