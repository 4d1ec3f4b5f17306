"""`/feed.atom` and `/feed.geojson`: the live page for feed readers and maps. No history."""

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from aiohttp import web

from services.console.decide.public import PublicEntry
from services.console.door import CONSOLE
from services.console.web.pages import LIVE
from services.console.web.rendering import clock, when
from services.console.web.words import language_of, say
from services.console.web.xml import add, document
from shared.words.clean import sentence

_ATOM = "http://www.w3.org/2005/Atom"
CAP = "application/cap+xml"


async def get_atom(request: web.Request) -> web.Response:
    """An Atom feed, an entry an incident; `updated` moves with every news."""
    language, base = language_of(request), base_url(request)
    picture = request.app[LIVE].picture
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": language})
    add(feed, "id", f"{base}/feed.atom")
    add(feed, "title", say(language, "title"))
    add(feed, "updated", max((e.moved for e in picture.entries), default=_dawn(picture.at)).isoformat())
    author = ET.SubElement(feed, "author")
    add(author, "name", say(language, "title"))
    ET.SubElement(feed, "link", {"rel": "self", "href": f"{base}/feed.atom"})
    ET.SubElement(feed, "link", {"rel": "alternate", "href": f"{base}/"})
    for entry in picture.entries:
        _entry(feed, entry, language, base)
    return web.Response(body=document(feed), content_type="application/atom+xml", charset="utf-8")


async def get_geojson(request: web.Request) -> web.Response:
    """A FeatureCollection: one blurred point an incident, with its uncertainty radius in metres."""
    base = base_url(request)
    features = [_feature(entry, base) for entry in request.app[LIVE].picture.entries]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    return web.Response(text=text, content_type="application/geo+json")


def base_url(request: web.Request) -> str:
    """The public address where one is set, else the one that was asked."""
    return request.app[CONSOLE].settings.base_url or f"{request.scheme}://{request.host}"


def heading(entry: PublicEntry, language: str) -> str:
    """`DRILL Confirmed: Ashwin Street`."""
    drill = say(language, "drill") + " " if entry.drill else ""
    return f"{drill}{say(language, 'word_' + entry.word)}: {entry.label}"


def _entry(feed: ET.Element, entry: PublicEntry, language: str, base: str) -> None:
    element = ET.SubElement(feed, "entry")
    add(element, "id", f"urn:alert-relay:{entry.incident_id}")
    add(element, "title", heading(entry, language))
    add(element, "published", entry.since.isoformat())
    add(element, "updated", entry.moved.isoformat())
    for kind, href in (("text/html", ""), (CAP, "/cap")):
        link = {"rel": "alternate", "type": kind, "href": f"{base}/i/{entry.code}{href}"}
        ET.SubElement(element, "link", link)
    add(element, "summary", " ".join((*told(entry, language), *asked(entry, language))))


def told(entry: PublicEntry, language: str) -> list[str]:
    """What is known, in sentences; and by when there is more."""
    lapsed = say(language, "lapsed", time=when(entry.at)) if entry.word == "no_longer_confirmed" else ""
    then = say(language, "next_news_by", time=clock(entry.next_news)) if entry.next_news else ""
    return [part for part in (lapsed, sentence(entry.statement.rstrip()), then) if part]


def asked(entry: PublicEntry, language: str) -> list[str]:
    """What people are asked, at most one thing; and how to look on."""
    ask = say(language, f"ask_{entry.ask}") if entry.ask != "NONE" else ""
    return [part for part in (ask, say(language, "observe")) if part]


def _feature(entry: PublicEntry, base: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": entry.code,
        "geometry": {"type": "Point", "coordinates": [entry.lon, entry.lat]},
        "properties": {
            "code": entry.code,
            "status": entry.word,
            "drill": entry.drill,
            "label": entry.label,
            "radius_m": entry.radius_m,
            "at": entry.at.isoformat(),
            "since": entry.since.isoformat(),
            "next_news": entry.next_news.isoformat() if entry.next_news else None,
            "statement": entry.statement,
            "ask": entry.ask,
            "groups": list(entry.groups),
            "url": f"{base}/i/{entry.code}",
        },
    }


def _dawn(moment: datetime | None) -> datetime:
    return moment or datetime(1970, 1, 1, tzinfo=UTC)
