"""Every public page and the form in a real Chromium: for everybody, from here alone, by keyboard too."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from services.console.web.words import LANGUAGES, say
from services.ingest.app import make_app
from services.ingest.spool import Spool
from shared.clock import SystemClock
from shared.http import site
from shared.sealing import MasterKey
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.browser import a_phone, needs_chromium, no_violations
from tests.rigs.console import console_rig

pytestmark = [pytest.mark.browser, needs_chromium]

PAGES = ("/", "/i/D7K", "/i/P4M", "/i/Z9Z", "/rights", "/rights/scotland/home", "/start")
RTL = {"ar", "ur"}
SMALL = """() => [...document.querySelectorAll("a, button, summary")]
  .filter((target) => target.checkVisibility())
  .map((target) => [target.outerHTML, target.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 24)
  .map(([html]) => html)"""
"""What a finger would miss."""


@dataclass
class World:
    """The public pages, with one incident confirmed and one not confirmed any longer, and the form."""

    console: str
    form: str
    page: Page
    wrong: list[str]
    """Requests that left our origins, and errors that the browser told of (CSP's among them)."""

    def watch(self) -> None:
        ours = {urlsplit(self.console).netloc, urlsplit(self.form).netloc, ""}
        self.page.on(
            "request",
            lambda r: self.wrong.append(r.url) if urlsplit(r.url).netloc not in ours else None,
        )
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)

    def pages(self) -> list[str]:
        return [*(self.console + path for path in PAGES), self.form + "/"]


@pytest.fixture(params=[360, 1280], ids=["phone", "desktop"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    spool = Spool(tmp_path / "spool", max_bytes=100_000)
    app = make_app(bus=MemoryBus(), clock=SystemClock(), master=MasterKey(bytes(32)), spool=spool)
    async with (
        console_rig(MemoryBus(), MemoryState(), tmp_path, console_contact="hub@example.org") as rig,
        site(app, "127.0.0.1", 0) as port,
        a_phone(javascript=True, width=request.param) as page,
    ):
        await rig.group("hackney")
        await rig.incident("i2", "P4M")
        await rig.delivered(await rig.confirmed("i2", "P4M", "Two vans by the market"))
        rig.clock.forward(minutes=90)
        await rig.incident("i1", "D7K")
        await rig.delivered(await rig.confirmed("i1", "D7K", "Six officers, one van"))
        await rig.live.look()
        world = World(rig.url, f"http://127.0.0.1:{port}", page, [])
        world.watch()
        yield world
    await spool.close()
    # The browser notes an answer of 404 or 422 as an error; to us it is a page that says what to do.
    assert [w for w in world.wrong if "responded with a status of 4" not in w] == []


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_no_page_keeps_anybody_out(world: World, language: str) -> None:
    page = world.page
    for address in world.pages():
        await page.goto(f"{address}?lang={language}")
        await expect(page.locator("html")).to_have_attribute("dir", "rtl" if language in RTL else "ltr")
        await no_violations(page)
        await page.locator("summary").click()
        await page.emulate_media(color_scheme="dark")
        await no_violations(page)
        await page.emulate_media(color_scheme="light")


async def test_every_language_fits_and_can_be_used_with_fingers(world: World) -> None:
    page = world.page
    width = await page.evaluate("window.innerWidth")
    for language in LANGUAGES:
        for address in world.pages():
            await page.goto(f"{address}?lang={language}")
            assert await page.locator("html").get_attribute("lang") == language
            await page.locator("summary").click()
            assert await page.evaluate("document.documentElement.scrollWidth") == width, (address, language)
            assert await page.evaluate(SMALL) == [], (address, language)
        await page.goto(f"{world.console}/?lang={language}")
        for word in ("word_confirmed", "word_no_longer_confirmed"):
            await expect(page.get_by_text(say(language, word), exact=True)).to_be_visible()


async def test_the_language_is_changed_by_keyboard_alone(world: World) -> None:
    page = world.page
    for address in (world.console + "/start", world.form + "/"):
        await page.goto(f"{address}?lang=en")
        await page.locator("summary").focus()
        await page.keyboard.press("Enter")
        link = page.get_by_role("link", name="Polski")
        for _ in LANGUAGES:
            await page.keyboard.press("Tab")
            if await link.evaluate("link => link === document.activeElement"):
                break
        await expect(link).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("html")).to_have_attribute("lang", "pl")


async def test_a_report_is_written_and_sent_by_keyboard_alone(world: World) -> None:
    page = world.page
    await page.goto(world.form)
    await page.get_by_label("What do you see?").focus()
    await page.keyboard.type("Six officers, one van")
    send = page.get_by_role("button", name="Send report")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await send.evaluate("button => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your report has arrived")).to_be_focused()
    await no_violations(page)


async def test_a_mistake_is_read_out_and_breaks_nothing(world: World) -> None:
    page = world.page
    await page.goto(world.form)
    await page.get_by_role("button", name="Send report").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await no_violations(page)
    await page.get_by_label("What do you see?").fill("Six officers")
    await page.get_by_role("button", name="Send report").click()
    await expect(page.get_by_role("heading", name="Your report has arrived")).to_be_visible()
