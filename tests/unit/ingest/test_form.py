"""The form without a browser: double submits, old pages, traps, and that nothing typed is lost."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.ingest.door import DOOR
from services.ingest.submission import Submission
from services.ingest.web.words import Words
from shared.contacts import Reach
from shared.contracts.base import BridgeId
from shared.contracts.reports import ReportContact, ReportContent
from shared.plugins.contacts_file import FormContacts, Way
from shared.plugins.spec import IncomingReport, PluginSettings
from tests.unit.ingest.front_door import FrontDoor, front_door

FIELDS = {"what": "Six officers at the café", "where": "E8 2NP", "there": "now", "write_back": "no"}


async def page(door: FrontDoor, path: str = "/", **headers: str) -> str:
    async with door.client.get(path, headers=headers) as response:
        assert response.status == 200
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        return await response.text()


async def nonce(door: FrontDoor) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', await page(door))
    assert found
    return found[1]


async def send(door: FrontDoor, fields: dict[str, str], path: str = "/") -> tuple[int, str]:
    async with door.client.post(path, data=fields) as response:
        return response.status, await response.text()


def contacts(answers: str | None = None, **reach: Any) -> FormContacts:
    """A hub that writes to these, by channels that nobody opens here."""
    way = Way(object, PluginSettings(), 60, answers)
    return FormContacts(way if reach.get("email") else None, way, Reach(**reach))


BOTH = contacts(email=True, countries=("GB",))


async def test_a_report_by_form(tmp_path: Path) -> None:
    async with front_door(tmp_path, contacts=BOTH) as door:
        contact = {"write_back": "yes", "contact": "07400 123456"}
        status, html = await send(door, {**FIELDS, **contact, "nonce": await nonce(door)}, "/?lang=es")
        (stored,) = await door.stored()
        assert (status, stored.bridge) == (200, "web")
        assert stored.report_id[1:7].upper() in html
        assert isinstance(stored.content, ReportContent)
        assert stored.content.text == "Six officers at the café\nE8 2NP"
        assert (stored.content.language, stored.content.first_hand) == ("es", True)
        assert stored.contact == ReportContact(address="+447400123456")


@pytest.mark.parametrize(
    ("reach", "asked", "not_asked"),
    [
        ({"email": True, "countries": ("GB",)}, "Phone number or e-mail", "write back to you from here"),
        ({"email": True}, "E-mail address", "Mobile number"),
        ({"countries": ("GB",)}, "Mobile number", "E-mail address"),
        ({}, "write back to you from here", "May we write back?"),
    ],
)
async def test_the_form_asks_only_for_what_can_be_used(
    tmp_path: Path, reach: dict[str, Any], asked: str, not_asked: str
) -> None:
    async with front_door(tmp_path, contacts=contacts(**reach)) as door:
        html = await page(door)
        assert (asked in html, not_asked in html) == (True, False)
        # What comes all the same (an old page, a made-up form) is taken, and kept only if it can be used.
        sent = {**FIELDS, "write_back": "yes", "contact": "a@b.example", "waited": "1"}
        _, receipt = await send(door, {**sent, "nonce": await nonce(door)})
        (stored,) = await door.stored()
        assert (stored.contact is not None) == ("email" in reach)
        told = "they may write to you" if stored.contact else "They can't write to you."
        assert told in receipt.replace("&#39;", "'")


async def test_a_number_is_no_sender_but_answers_as_the_one_who_texts_from_it(tmp_path: Path) -> None:
    async with front_door(tmp_path, contacts=contacts("sms", countries=("GB",))) as door:
        for what, write_back in (("one van", "yes"), ("two vans", "no")):
            fields = {**FIELDS, "what": what, "write_back": write_back, "contact": "07400123456"}
            await send(door, {**fields, "nonce": await nonce(door)})
        texted = IncomingReport("m1", "Ashwin St", sender="+447400123456", contact="+447400123456")
        submission = Submission(BridgeId("sms"), "", texted, sender_is="number")
        await door.app[DOOR].accept(submission)
        asked, silent, text = (report.content for report in await door.stored())
        assert isinstance(asked, ReportContent)
        assert isinstance(silent, ReportContent)
        assert isinstance(text, ReportContent)
        assert (asked.sender, asked.sender_is, silent.asked_as) == (None, None, None)
        assert asked.asked_as == text.asked_as == text.sender is not None


async def test_the_receipt_says_what_to_delete_and_how_and_leads_away(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        _, html = await send(door, {**FIELDS, "nonce": await nonce(door)})
        part = html.partition("Now delete")[2].partition("</section>")[0]
        assert "kept nothing on your phone" in part
        assert "browser&#39;s menu, choose History" in part
        assert re.search(
            r'<a class="button leave" href="https://[^"]+" rel="noreferrer noopener">Leave', part
        )


async def test_a_double_submit_is_one_report(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        fields = {**FIELDS, "nonce": await nonce(door)}
        first, second = await send(door, fields), await send(door, fields)
        assert first == second
        assert len(await door.stored()) == 1
        status, html = await send(door, {**fields, "what": "and a second van"})
        assert (status, "and a second van" in html) == (409, True)
        assert len(await door.stored()) == 1


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"what": "", "where": ""}, 422, "Write what you see, or where it is."),
        ({"write_back": "yes", "contact": "x"}, 422, "write to this. Give a mobile number (starting +44"),
        ({"website": "http://spam.example"}, 422, "hidden field"),
        ({"nonce": "forged.1.sig"}, 409, "open for long"),
        ({"nonce": "é"}, 409, "open for long"),
        ({"nonce": ""}, 409, "open for long"),
    ],
)
async def test_what_is_asked_for_again(
    change: dict[str, str], status: int, says: str, tmp_path: Path
) -> None:
    async with front_door(tmp_path, contacts=BOTH) as door:
        fields = {"nonce": await nonce(door), **FIELDS, **change}
        got, html = await send(door, fields)
        assert got == status
        assert says in html
        assert fields["where"] in html
        assert "spam.example" not in html
        assert await door.stored() == []
        # The new page's number is good: sending again with the mistake mended works.
        fresh = re.search(r'name="nonce" value="([^"]+)"', html)
        assert fresh
        assert (await send(door, {**FIELDS, "nonce": fresh[1]}))[0] == 200


async def test_a_page_open_for_a_day_is_renewed(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        old = await nonce(door)
        door.clock.time += timedelta(hours=21)
        assert (await send(door, {**FIELDS, "nonce": old}))[0] == 409


async def test_what_was_typed_survives_a_full_disk_and_is_escaped(tmp_path: Path) -> None:
    async with front_door(tmp_path, spool_bytes=10) as door:
        number = await nonce(door)
        door.bus.go_away()
        status, html = await send(door, {**FIELDS, "what": "<b>van</b>", "nonce": number})
        assert (status, "could not store" in html, "&lt;b&gt;van&lt;/b&gt;" in html) == (503, True, True)
        door.bus.come_back()
        again = re.search(r'name="nonce" value="([^"]+)"', html)
        assert again
        assert (await send(door, {**FIELDS, "nonce": again[1]}))[0] == 200


@pytest.mark.parametrize(
    ("kwargs", "status"),
    [
        ({"data": b"x" * 70_000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 413),
        ({"json": {"what": "van"}}, 415),
        (
            {
                "data": "&".join(f"a{n}=1" for n in range(50)).encode(),
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            },
            400,
        ),
    ],
)
async def test_what_is_no_form_gets_the_page_again(kwargs: Any, status: int, tmp_path: Path) -> None:
    async with front_door(tmp_path) as door, door.client.post("/", **kwargs) as response:
        assert response.status == status
        assert "could not read" in await response.text()


async def test_the_languages(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        assert '<html lang="ar" dir="rtl">' in await page(door, "/?lang=ar")
        assert '<html lang="es" dir="ltr">' in await page(door, "/", **{"Accept-Language": "es-MX,es"})
        assert '<html lang="en" dir="ltr">' in await page(door, "/?lang=xx")


async def test_the_status_page_opens_with_its_link_only(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        _, html = await send(door, {**FIELDS, "nonce": await nonce(door)})
        link = re.search(r'href="(/v1/reports/[^"]+)"', html)
        assert link
        door.states.state = "with_volunteers"
        path = link[1].replace("&amp;", "&")
        browser = {"Accept": "text/html"}
        assert "It has been passed on to the volunteers." in await page(door, path, **browser)
        async with door.client.get(path.replace("secret=", "secret=x"), headers=browser) as response:
            assert (response.status, "There is no such report" in await response.text()) == (404, True)


async def test_a_report_that_waited_is_not_lost_for_a_wrong_contact(tmp_path: Path) -> None:
    async with front_door(tmp_path, contacts=BOTH) as door:
        wrong = {**FIELDS, "write_back": "yes", "contact": "x", "waited": "1"}
        status, html = await send(door, {**wrong, "nonce": await nonce(door)})
        (stored,) = await door.stored()
        assert (status, stored.contact) == (200, None)
        assert "They can't write to you." in html.replace("&#39;", "'")
        status, _ = await send(door, {**wrong, "website": "spam", "nonce": await nonce(door)})
        assert status == 422


async def test_a_report_waits_no_longer_than_its_number_is_good(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        html = await page(door)
        keep = re.search(r'data-keep-s="(\d+)"', html)
        number = re.search(r'name="nonce" value="([^"]+)"', html)
        assert keep
        assert number
        assert int(keep[1]) <= 24 * 3600
        door.clock.time += timedelta(seconds=int(keep[1]))
        assert (await send(door, {**FIELDS, "nonce": number[1], "waited": "1"}))[0] == 200


async def test_a_translation_that_nobody_has_signed_says_so(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        for language in Words().languages:
            html = await page(door, f"/?lang={language}")
            assert ("No native speaker has checked it yet" in html) is (language != "en")
            assert language == "en" or Words().say(language, "unchecked") in html


def loads(text: str) -> set[str]:
    return set(re.findall(r"""["'](/static/[^"']+\.\w+)["']""", text))


@pytest.mark.parametrize("language", Words().languages)
async def test_the_form_is_light_and_loads_only_its_own(tmp_path: Path, language: str) -> None:
    """Every byte counts that a phone may load for it: page, sheet, scripts, and what scripts call."""
    async with front_door(tmp_path) as door:
        html = await page(door, f"/?lang={language}")
        total, todo, seen = (
            len(html.encode()),
            set(re.findall(r'["\'](/static/[^"\']+\.\w+)["\']', html)),
            set(),
        )
        while todo:
            path = todo.pop()
            seen.add(path)
            async with door.client.get(path) as response:
                assert response.status == 200
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                body = await response.text()
                total += len(body.encode())
                todo |= loads(body) - seen
        assert {p.rpartition("/")[2] for p in seen} == {"form.css", "form.js", "waiting.js", "worker.js"}
        assert total < 60_000
        others = re.findall(r'(?:src|href|action)="(http[^"]+)"', html)
        assert others == ["https://www.bbc.co.uk/weather"]
        assert "style=" not in html
