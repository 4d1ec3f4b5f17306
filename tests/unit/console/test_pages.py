"""The public pages and feeds: nothing before a person confirms, only what the ledger says was fed."""

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from pydantic import ValidationError

from services.console.decide.public import public_entries
from services.console.settings import ConsoleSettings
from services.console.web.words import LANGUAGES, keys, say
from shared.contracts import incidents as i
from shared.contracts.base import IncidentId, MemberId
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import BLURRED, EXACT, START, Rig, console_rig

NASTY = '<script>alert(1)</script>"&\u202e<img src=x onerror=alert(1)>'
ATOM = {"a": "http://www.w3.org/2005/Atom"}


async def features(rig: Rig) -> list[dict[str, object]]:
    _, text = await rig.page("/feed.geojson")
    found: list[dict[str, object]] = json.loads(text)["features"]
    return found


async def titles(rig: Rig) -> list[str]:
    _, text = await rig.page("/feed.atom")
    return [str(t.text) for t in ET.fromstring(text).findall("a:entry/a:title", ATOM)]  # noqa: S314 - our own


async def test_an_empty_page_says_what_it_is(rig: Rig) -> None:
    status, text = await rig.page("/")
    assert status == 200
    assert "Nothing confirmed right now" in text
    assert "trained local volunteer" in text


@pytest.mark.parametrize(
    ("facts", "leads"),
    [
        ({"setting": "home", "jurisdiction": "scotland"}, "/rights/scotland/home"),
        ({"setting": "work", "jurisdiction": "england-wales"}, "/rights/england-wales/work"),
        ({"setting": "home"}, None),
        ({"jurisdiction": "scotland"}, None),
        ({}, None),
    ],
)
async def test_an_incident_leads_to_the_law_where_it_is(
    rig: Rig, facts: dict[str, Any], leads: str | None
) -> None:
    await rig.group("hackney")
    await rig.incident()
    await rig.delivered(await rig.confirmed("i1", "D7K", "six officers", **facts))
    await rig.shown()
    _, text = await rig.page("/i/D7K?lang=es")
    assert re.findall(r'"(/rights/[^?"]+)', text) == ([leads] if leads else [])
    if leads:
        assert (await rig.page(leads))[0] == 200


async def test_nothing_is_public_before_the_ledger_says_that_the_feed_took_it(rig: Rig) -> None:
    await rig.group("hackney")
    await rig.incident()
    alert = await rig.confirmed("i1", "D7K", "six officers")
    await rig.shown()
    for path in ("/", "/feed.atom", "/feed.geojson", "/i/D7K"):
        _, text = await rig.page(path)
        assert "Ashwin" not in text
        assert "six officers" not in text
    await rig.delivered(alert, kind="webhook")
    assert await features(rig) == []
    await rig.delivered(alert)
    for path in ("/", "/i/D7K"):
        status, text = await rig.page(path)
        assert status == 200
        assert "six officers" in text
        assert BLURRED.label in text
        assert "Confirmed" in text
        assert "Witnesses are useful" in text
        assert "Hackney Anti Raids" in text
        assert EXACT.label not in text
    assert await titles(rig) == ["Confirmed: Ashwin Street, E8"]
    (feature,) = await features(rig)
    assert feature["geometry"] == {"type": "Point", "coordinates": [BLURRED.lon, BLURRED.lat]}
    _, geojson = await rig.page("/feed.geojson")
    assert "51.5467" not in geojson


async def test_an_unconfirmed_alert_never_shows_whatever_the_ledger_says(rig: Rig) -> None:
    await rig.incident()
    wrong = await rig.alert("i1", "D7K", "UNCONFIRMED", "hackney", "community", status="unconfirmed")
    verifiers = await rig.alert("i1", "D7K", "CONFIRMED", "hackney", "verifiers", status="confirmed")
    await rig.delivered(wrong)
    await rig.delivered(verifiers, audience="verifiers")
    assert await features(rig) == []
    assert (await rig.page("/i/D7K"))[0] == 404


async def confirmed_and_fed(rig: Rig, statement: str = "six officers") -> None:
    await rig.incident()
    await rig.delivered(await rig.confirmed("i1", "D7K", statement))


async def test_the_end_is_shown_for_two_hours_and_then_nothing(rig: Rig) -> None:
    await confirmed_and_fed(rig)
    rig.clock.forward(hours=1)
    who = {"member": MemberId("mada"), "group": "hackney"}
    await rig.publish(
        i.IncidentEnded.model_validate(
            {**rig.base(), **who, "incident_id": "i1", "stage": "officers_left", "tally": {"let_go": 1}}
        )
    )
    over = await rig.alert("i1", "D7K", "OVER", "hackney", "community", status="officers_left")
    await rig.delivered(over)
    assert "Officers have left" in (await rig.page("/"))[1]
    rig.clock.forward(hours=1, minutes=59)
    assert len(await features(rig)) == 1
    rig.clock.forward(minutes=1)
    assert await features(rig) == []
    assert (await rig.page("/i/D7K"))[0] == 404


async def test_an_incident_that_ended_leaves_although_no_feed_was_told(rig: Rig) -> None:
    await confirmed_and_fed(rig)
    await rig.publish(i.IncidentQuiet(**rig.base(), incident_id=IncidentId("i1"), since=rig.clock.now()))
    await rig.shown()
    assert len(await features(rig)) == 1
    rig.clock.forward(hours=2)
    assert await features(rig) == []


async def test_an_hour_after_a_missed_word_nothing_calls_it_confirmed(rig: Rig) -> None:
    await confirmed_and_fed(rig)
    for path in ("/", "/i/D7K", "/feed.atom"):
        assert "Next news by" in (await rig.page(path))[1]
    (before,) = await features(rig)
    assert before["properties"]["next_news"] == "2022-05-14T18:30:00+00:00"  # type: ignore[index]
    rig.clock.forward(minutes=90)
    for path in ("/", "/i/D7K", "/feed.atom"):
        _, text = await rig.page(path)
        assert "No longer confirmed" in text
        assert "No volunteer has told us anything since 14/05 19:00" in text
        assert "Next news by" not in text
        assert "Witnesses are useful" not in text
    (after,) = await features(rig)
    wanted = {"status": "no_longer_confirmed", "ask": "NONE", "next_news": None}
    assert wanted.items() <= after["properties"].items()  # type: ignore[attr-defined]
    _, atom = await rig.page("/feed.atom")
    assert "<updated>2022-05-14T19:30:00+00:00</updated>" in atom


async def test_it_lapses_although_the_read_model_is_away(rig: Rig) -> None:
    await confirmed_and_fed(rig)
    await rig.page("/")
    assert isinstance(rig.state, MemoryState)
    rig.state.go_away()
    rig.clock.forward(minutes=90)
    status, text = await rig.page("/i/D7K")
    assert (status, "No longer confirmed" in text) == (200, True)


async def test_a_code_that_is_not_public_answers_as_if_it_did_not_exist(rig: Rig) -> None:
    await rig.incident("i1", "D7K")
    asked: list[str] = []
    original = rig.store.one

    async def watched(key: str) -> dict[str, object] | None:
        asked.append(key)
        return await original(key)

    await rig.live.look()
    rig.store.one = watched  # type: ignore[method-assign]
    answers = []
    for code in ("D7K", "Z9Z"):
        async with rig.http.get(f"{rig.url}/i/{code}") as response:
            text = (await response.text()).replace(code, "CODE")
            answers.append((response.status, dict(response.headers) | {"Date": ""}, text))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert not [key for key in asked if "D7K" in key or "Z9Z" in key]


async def test_a_merged_incidents_page_is_that_of_the_one_that_took_it_in(rig: Rig) -> None:
    await confirmed_and_fed(rig)
    await rig.incident("i2", "P4M")
    await rig.publish(
        i.IncidentMerged(
            **rig.base(), incident_id=IncidentId("i1"), absorbed=IncidentId("i2"), member=MemberId("mada")
        )
    )
    await rig.shown()
    status, text = await rig.page("/i/p4m")
    assert status == 200
    assert "D7K" in text


async def test_the_logs_clock_counts_where_it_runs_ahead(rig: Rig) -> None:
    await confirmed_and_fed(rig)
    rig.clock.forward(hours=5)
    await rig.publish(i.IncidentQuiet(**rig.base(), incident_id=IncidentId("i1"), since=rig.clock.now()))
    await rig.shown()
    rig.clock.forward(hours=-5)
    assert len(await features(rig)) == 1


async def test_hostile_words_are_only_words(rig: Rig) -> None:
    await confirmed_and_fed(rig, NASTY)
    for path in ("/", "/i/D7K"):
        _, text = await rig.page(path)
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "&lt;script&gt;" in text
    _, atom = await rig.page("/feed.atom")
    (summary,) = ET.fromstring(atom).findall("a:entry/a:summary", ATOM)  # noqa: S314 - our own
    assert str(summary.text).startswith("<script>alert(1)</script>")
    (feature,) = await features(rig)
    assert feature["properties"]["statement"] == NASTY  # type: ignore[index]


async def test_control_characters_do_not_break_the_feed(rig: Rig) -> None:
    await confirmed_and_fed(rig, "six\x00 \x0bofficers")
    assert await titles(rig) == ["Confirmed: Ashwin Street, E8"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/i/D7K",
        "/i/Z9Z",
        "/feed.atom",
        "/feed.geojson",
        "/static/live.css",
        "/rights",
        "/rights/scotland/home",
        "/rights/mars/home",
        "/start",
    ],
)
async def test_every_page_is_sealed_off(rig: Rig, path: str) -> None:
    async with rig.http.get(rig.url + path) as response:
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in response.headers


async def test_pages_speak_the_readers_language(rig: Rig) -> None:
    assert 'lang="es"' in (await rig.page("/", **{"Accept-Language": "de, es-MX;q=0.8"}))[1]
    _, arabic = await rig.page("/?lang=ar")
    assert 'dir="rtl"' in arabic
    assert say("ar", "empty_title") in arabic


def test_every_status_and_ask_has_words() -> None:
    words = {f"word_{s}" for s in i.Status.__args__ if s not in {"unconfirmed", "likely", "merged"}}  # type: ignore[attr-defined]
    asks = {"ask_WITNESSES", "ask_ENOUGH", "ask_LEAVE"}
    assert words | asks <= keys("en")


def test_between_words_from_right_to_left_a_time_stays_in_order() -> None:
    assert "\u206614/05 18:40\u2069" in say("ar", "quiet", time="14/05 18:40")
    assert "\u2066" not in say("es", "quiet", time="14/05 18:40")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_translation_that_nobody_has_signed_says_so_in_both_languages(
    rig: Rig, language: str
) -> None:
    for path in ("/", "/rights", "/start"):
        _, text = await rig.page(f"{path}?lang={language}")
        assert (say("en", "unchecked") in text) is (language != "en")
        assert language == "en" or say(language, "unchecked") in text
        assert text.count("hreflang=") == len(LANGUAGES) - 1


async def test_a_new_group_finds_its_steps_and_whom_to_ask(tmp_path: Path, rig: Rig) -> None:
    _, text = await rig.page("/start")
    assert "Every message in it says DRILL" in text
    assert say("en", "start_no_contact") in text
    assert "mailto:" not in text
    known: dict[str, Any] = {
        "console_contact": "hub@example.org",
        "console_docs_url": "https://docs.example.org/",
    }
    async with console_rig(MemoryBus(), MemoryState(), tmp_path / "other", **known) as other:
        _, text = await other.page("/start")
        assert 'href="mailto:hub@example.org"' in text
        assert 'href="https://docs.example.org/"' in text


@pytest.mark.parametrize("contact", ["javascript:alert(1)", "http://hub.example.org", "us at the pub"])
def test_a_contact_is_a_page_or_an_address(contact: str) -> None:
    with pytest.raises(ValidationError, match="console_contact"):
        ConsoleSettings(console_contact=contact)


async def test_while_the_read_model_is_away_the_last_picture_stays_and_says_so(rig: Rig) -> None:
    await confirmed_and_fed(rig)
    await rig.page("/")
    assert isinstance(rig.state, MemoryState)
    rig.state.go_away()
    status, text = await rig.page("/")
    assert status == 200
    assert "six officers" in text
    assert "This is what we knew at 14/05 19:00" in text
    rig.state.come_back()
    assert "This is what we knew" not in (await rig.page("/"))[1]


# --- the stream -----------------------------------------------------------------------------------


async def next_event(stream: aiohttp.StreamReader) -> dict[str, str]:
    """The next event with data."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(10):
        while True:
            line = (await stream.readline()).decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                return fields
            else:
                fields = {}


async def test_the_stream_sends_the_list_at_every_change_and_resumes(rig: Rig) -> None:
    async with rig.http.get(rig.url + "/live") as live:
        assert live.headers["Content-Type"] == "text/event-stream"
        first = await next_event(live.content)
        assert "Nothing confirmed" in json.loads(first["data"])["html"]
        await confirmed_and_fed(rig)
        second = await next_event(live.content)
        assert "six officers" in json.loads(second["data"])["html"]
        assert second["id"] != first["id"]
    async with rig.http.get(rig.url + "/live?lang=es", headers={"Last-Event-ID": first["id"]}) as behind:
        assert "Confirmada" in json.loads((await next_event(behind.content))["data"])["html"]
    async with rig.http.get(rig.url + "/live", headers={"Last-Event-ID": second["id"]}) as present:
        await rig.delivered(await rig.alert("i1", "D7K", "UPDATE", "hackney", "community",
                                            status="confirmed", statement="two vans"))  # fmt: skip
        assert "two vans" in json.loads((await next_event(present.content))["data"])["html"]


async def test_too_many_live_pages_are_told_to_look_again(tmp_path: Path) -> None:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path, console_live_clients=1) as rig:
        async with rig.http.get(rig.url + "/live") as live:
            await next_event(live.content)
            async with rig.http.get(rig.url + "/live") as refused:
                assert refused.status == 503
                assert refused.headers["Retry-After"] == "30"
        assert (await rig.page("/"))[0] == 200


async def test_open_streams_end_when_the_console_stops(rig: Rig) -> None:
    async with rig.http.get(rig.url + "/live") as live:
        await next_event(live.content)
        rig.stop.set()
        async with asyncio.timeout(5):
            assert await live.content.read() is not None


def test_two_groups_that_tell_of_one_incident_make_one_entry() -> None:
    alert = {
        "alert_id": "a1", "seq": 1, "feed_at": "x", "audience": "community", "kind": "CONFIRMED",
        "status": "confirmed", "incident_id": "i1", "group": "hackney", "code": "D7K", "ask": "NONE",
        "at": "2022-05-14T18:00:00+00:00", "first_report_at": "2022-05-14T17:00:00+00:00",
        "public": BLURRED.model_dump(),
    }  # fmt: skip
    other = {**alert, "alert_id": "a2", "seq": 2, "group": "newham"}
    now = START + timedelta(minutes=1)
    (entry,) = public_entries([alert, other], {"i1": {"status": "confirmed"}}, {"hackney": "H"}, now=now)
    assert entry.groups == ("H", "newham")
