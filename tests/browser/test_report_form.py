"""The report form in a real Chromium at 360 px, with and without JavaScript."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page

from services.ingest.app import make_app
from services.ingest.spool import Spool
from shared.clock import SystemClock
from shared.contacts import Reach
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportContent, ReportReceived
from shared.http import site
from shared.plugins.contacts_file import FormContacts
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus
from tests.rigs.browser import a_phone, needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]


@dataclass
class Visit:
    """One person's visit to the form."""

    page: Page
    origin: str
    bus: MemoryBus
    asked: list[str]

    async def report(self) -> ReportContent:
        """The one report that arrived, opened."""
        assert await self.bus.last_seq("REPORTS") == 1
        entry = await self.bus.get("REPORTS", 1)
        assert entry is not None
        message = decode(entry)
        keyring = Keyring(MasterKey(bytes(32)), self.bus, SystemClock(), source="test")
        assert isinstance(message, ReportReceived)
        content = (await keyring.open(message)).content
        assert isinstance(content, ReportContent)
        return content


@contextlib.asynccontextmanager
async def visit(folder: Path, *, javascript: bool) -> AsyncIterator[Visit]:
    bus = MemoryBus()
    spool = Spool(folder, max_bytes=100_000)

    contacts = FormContacts(reach=Reach(email=True, countries=("GB",)))
    app = make_app(bus=bus, clock=SystemClock(), master=MasterKey(bytes(32)), spool=spool, contacts=contacts)
    async with site(app, "127.0.0.1", 0) as port, a_phone(javascript=javascript) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        # Whatever would leave this origin is stopped here, and noted above.
        origin = f"http://127.0.0.1:{port}"
        await page.route(
            lambda url: not url.startswith(origin), lambda route: route.fulfill(body="elsewhere")
        )
        yield Visit(page, origin, bus, asked)
        assert await page.context.cookies() == []
    await spool.close()


both = pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])


@both
async def test_a_report_is_sent_and_its_receipt_shown(tmp_path: Path, *, javascript: bool) -> None:
    async with visit(tmp_path, javascript=javascript) as v:
        page = v.page
        await page.goto(v.origin)
        await page.get_by_label("What do you see?").fill("Van and six officers, checking riders")
        await page.get_by_label("Where is it?").fill("Ashwin Street E8 3DL")
        await page.get_by_label("Yes, I can see it").check()
        await page.get_by_label("No", exact=True).check()
        await page.get_by_role("button", name="Send report").click()
        await page.get_by_role("heading", name="Your report has arrived").wait_for()
        content = await v.report()
        assert content.text == "Van and six officers, checking riders\nAshwin Street E8 3DL"
        assert content.first_hand is True
        await page.get_by_role("link", name="See what has become of it").click()
        await page.get_by_text("We have your report.").wait_for()
        assert v.asked
        assert all(url.startswith((v.origin, "data:")) for url in v.asked)


@both
async def test_the_page_fits_360_pixels_and_targets_are_large(tmp_path: Path, *, javascript: bool) -> None:
    async with visit(tmp_path, javascript=javascript) as v:
        for language in ("en", "es", "ar"):
            await v.page.goto(f"{v.origin}/?lang={language}")
            for target in await v.page.locator("a:visible, button:visible, .choice:visible").all():
                box = await target.bounding_box()
                assert box is not None
                assert box["height"] >= 44
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 360


@both
async def test_a_mistake_is_named_linked_and_loses_nothing(tmp_path: Path, *, javascript: bool) -> None:
    async with visit(tmp_path, javascript=javascript) as v:
        page = v.page
        await page.goto(v.origin)
        await page.get_by_label("What do you see?").fill("Officers at the door")
        await page.get_by_label("Yes", exact=True).check()
        await page.get_by_label("Phone number or e-mail").fill("nonsense")
        await page.get_by_role("button", name="Send report").click()
        link = page.get_by_role("alert").get_by_role("link")
        assert await link.get_attribute("href") == "#contact"
        contact = page.get_by_label("Phone number or e-mail")
        assert await contact.get_attribute("aria-invalid") == "true"
        assert await page.get_by_label("What do you see?").input_value() == "Officers at the door"
        await contact.fill("07400 123456")
        await page.get_by_role("button", name="Send report").click()
        await page.get_by_text("they may write to you").wait_for()
        assert (await v.report()).text == "Officers at the door"


async def test_the_phones_location_is_added_and_can_be_removed(tmp_path: Path) -> None:
    async with visit(tmp_path, javascript=True) as v:
        page = v.page
        await page.goto(v.origin)
        await page.get_by_role("button", name="Add my location").click()
        await page.get_by_text("within about 18 metres").wait_for()
        await page.get_by_role("button", name="Remove it").click()
        await page.get_by_role("button", name="Add my location").click()
        await page.get_by_role("button", name="Remove it").wait_for()
        await page.get_by_role("button", name="Send report").click()
        await page.get_by_role("heading", name="Your report has arrived").wait_for()
        position = (await v.report()).position
        assert position is not None
        assert (position.lat, position.lon, position.accuracy_m) == (51.5465, -0.0752, 18)


async def test_without_javascript_there_is_no_dead_button(tmp_path: Path) -> None:
    async with visit(tmp_path, javascript=False) as v:
        await v.page.goto(v.origin)
        assert await v.page.get_by_role("button").count() == 1


async def test_leaving_replaces_the_page_and_nothing_stays_in_the_browser(tmp_path: Path) -> None:
    async with visit(tmp_path, javascript=True) as v:
        page = v.page
        await page.goto(f"{v.origin}/?lang=es")
        await page.goto(v.origin)
        stored = "[localStorage.length, sessionStorage.length, document.cookie.length]"
        assert await page.evaluate(stored) == [0, 0, 0]
        await page.get_by_role("link", name="Leave this page").click()
        await page.wait_for_url("https://www.bbc.co.uk/weather")
        await page.go_back()
        assert page.url == f"{v.origin}/?lang=es"
