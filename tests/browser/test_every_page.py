"""Every page there is, in real Chromium, on a phone and on a desktop, left to right and the reverse.

Taken from the applications' own routes: a new page that nobody looks at fails here. Of each: axe-core finds
nothing, it fits and can be used with fingers, nothing is asked of anybody else, and it is light.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, expect

from services.ingest.app import ROUTES as OF_INGEST
from services.ingest.app import make_app
from services.ingest.bridges.twilio_sms import TwilioSettings, TwilioSms
from services.ingest.spool import Spool
from services.ingest.web.form import STATIC
from services.ingest.web.words import Words
from shared.clock import SystemClock
from shared.contracts.base import GroupId
from shared.exercises import Exercise, path_of
from shared.http import site
from shared.plugins.bridge_file import BridgeEntry, Subscriptions
from shared.sealing import MasterKey
from shared.subscribing import code_of, leave_path
from shared.testing.bus import MemoryBus
from tests.rigs.browser import PHONE, WIDE, a_browser, needs_chromium, violations
from tests.rigs.every_page import NO_PAGES, Pages, Visit, every_page, visits
from tests.rigs.exercises import Exercises

pytestmark = [pytest.mark.browser, needs_chromium]

MOST_OF_DESK, MOST_OF_FORM = 300_000, 60_000
RTL: Final = ("ar", "ur")
SPREAD: Final = 3
"""All pages of a language in so many tests, that may run side by side."""
LOOK: Final = """() => {
  const visible = (e) => e.checkVisibility() && getComputedStyle(e).position !== "absolute";
  const small = (e) => { const b = e.getBoundingClientRect(); return Math.min(b.width, b.height) < 24; };
  const inText = (e) => e.closest("label") !== null || getComputedStyle(e).display === "inline";
  const targets = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")];
  return {
    wide: document.documentElement.scrollWidth - innerWidth,
    small: targets.filter((e) => visible(e) && small(e) && !inText(e)).map((e) => e.outerHTML.slice(0, 120)),
    h1: [...document.querySelectorAll("h1")].filter((e) => e.checkVisibility()).length, title: document.title,
    dir: document.documentElement.dir, lang: document.documentElement.lang,
  };
}"""
"""What a person would meet: a page wider than the screen, targets that a finger misses, no heading."""
OPEN: Final = "document.querySelectorAll('details').forEach((drawer) => { drawer.open = true; })"


@dataclass
class Looking:
    """One page of a browser, what it asked for, and how many bytes came."""

    page: Page
    origin: str
    language: str
    wrong: list[str] = field(default_factory=list)
    came: int = 0

    async def begin(self) -> None:
        """Count what comes over the wire, the first time as every time."""
        self.page.on("request", self._asked)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        wire = await self.page.context.new_cdp_session(self.page)
        await wire.send("Network.enable")
        await wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.dataReceived", self._count)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.origin, "data:")):
            self.wrong.append(f"asks {request.url}")

    def _said(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.wrong.append(message.text)

    def _count(self, event: dict[str, Any]) -> None:
        self.came += int(event["encodedDataLength"] or event["dataLength"])

    async def goto(self, path: str) -> int:
        """Go there as on a phone, by day; the status."""
        self.came = 0
        await self.page.set_viewport_size({"width": PHONE, "height": 740})
        await self.page.emulate_media(color_scheme="light")
        answer = await self.page.goto(self.origin + path)
        assert answer is not None
        return answer.status

    async def finds(self, most: int) -> list[str]:
        """What is wrong with the page as it stands: on a phone by day, and on a desktop by night."""
        await self.page.wait_for_load_state("load")
        heavy = [f"{self.came} bytes"] if self.came > most or not self.came else []
        await self.page.evaluate(OPEN)
        found = await self._looks("phone")
        await self.page.set_viewport_size({"width": WIDE, "height": 900})
        await self.page.emulate_media(color_scheme="dark")
        found += await self._looks("desktop")
        wrong, self.wrong, self.came = self.wrong, [], 0
        return [*heavy, *found, *wrong]

    async def _looks(self, where: str) -> list[str]:
        seen = await self.page.evaluate(LOOK)
        wanted = {"h1": 1, "dir": "rtl" if self.language in RTL else "ltr", "lang": self.language}
        found = [f"{name} is {seen[name]}" for name, value in wanted.items() if seen[name] != value]
        found += [f"{seen['wide']} px too wide"] if seen["wide"] > 0 else []
        found += [f"too small: {target}" for target in seen["small"]]
        found += [] if seen["title"].strip() else ["no title"]
        return [f"{where}: {fault}" for fault in (*found, *await violations(self.page))]


class Lookers:
    """A browser of their own for each who looks."""

    def __init__(self, hub: Pages, browser: Browser, language: str) -> None:
        self.hub, self.browser, self.language = hub, browser, language
        self._known: dict[str | None, Looking] = {}

    async def of(self, who: str | None) -> Looking:
        """The browser of this member; None is anybody, signed in nowhere."""
        if who not in self._known:
            context = await self.browser.new_context(locale=self.language)
            if who is not None:
                cookie, _, token = (await self.hub.rig.signed_in(who))["Cookie"].partition("=")
                await context.add_cookies([{"name": cookie, "value": token, "url": self.hub.rig.url}])
            self._known[who] = await looking(context, self.hub.rig.url, self.language)
        return self._known[who]


async def looking(context: BrowserContext, origin: str, language: str) -> Looking:
    found = Looking(await context.new_page(), origin, language)
    await found.begin()
    return found


async def visited(lookers: Lookers, visit: Visit) -> list[str]:
    """What is wrong with a page of the console in that state."""
    looking, hub = await lookers.of(visit.who), lookers.hub
    status = await looking.goto(visit.path.format_map(hub.facts))
    found = [] if status == visit.status else [f"status {status}"]
    if visit.then:
        await visit.then(looking.page, hub)
    return found + await looking.finds(MOST_OF_DESK)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Pages]:
    async with every_page(tmp_path) as found:
        yield found


@pytest.mark.parametrize("first", range(SPREAD))
@pytest.mark.parametrize("language", ["en", "ar"])
async def test_every_page_of_the_console(hub: Pages, language: str, first: int) -> None:
    faults = []
    async with a_browser() as browser:
        lookers = Lookers(hub, browser, language)
        await hub.rig.live.look()
        for visit in (*visits(), Visit("none", "/no/such/page", None, 404))[first::SPREAD]:
            faults += [f"{visit.who}: {visit.path}: {fault}" for fault in await visited(lookers, visit)]
    assert not faults, "\n".join(faults)


async def test_every_route_of_the_console_is_looked_at_or_is_no_page(hub: Pages) -> None:
    routes = hub.rig.app.router.routes()
    there = {route.resource.canonical for route in routes if route.method == "GET" and route.resource}
    assert there == {visit.route for visit in visits()} | NO_PAGES.keys()
    assert {visit.route for visit in visits()}.isdisjoint(NO_PAGES)
    cookie = await hub.rig.signed_in("Adam")
    for path in NO_PAGES.values():
        async with hub.rig.http.get(hub.rig.url + path.format_map(hub.facts), headers=cookie) as answer:
            assert answer.content_type != "text/html", path


# --- the report form -----------------------------------------------------------------------------

OF_FORM: Final = {
    "/",
    "/v1/reports/{report_id}",
    "/exercise/{exercise}/{key}",
    "/follow/{group}",
    "/leave/{subscriber}/{key}",
}
"""The form and its receipt; what became of the report, as a browser is shown it; an exercise's form; the page
by which people subscribe, and the one by which they leave."""


JOIN: Final = BridgeEntry(TwilioSms, TwilioSettings(auth_token="env:X"), "bridges.yaml", Subscriptions())


class OneGroup:
    """A group with as long a name as there may be."""

    async def name(self, _group: GroupId) -> str | None:
        return "Hackney and Islington Anti Raids and Neighbours Together " + "x" * 20


@asynccontextmanager
async def the_form(folder: Path) -> AsyncIterator[str]:
    spool = Spool(folder, max_bytes=100_000)
    clock, exercises = SystemClock(), Exercises()
    now = clock.now()
    for name, ends in (("d1", now + timedelta(hours=4)), ("d0", now)):
        exercises.known[name] = Exercise(name, "hackney", now - timedelta(hours=1), ends)
    app = make_app(
        bus=MemoryBus(),
        clock=clock,
        master=MasterKey(bytes(32)),
        spool=spool,
        exercises=exercises,
        subscriptions={"join": JOIN},
        groups=OneGroup(),
    )
    async with site(app, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"
    await spool.close()


def test_every_route_of_the_front_door_is_looked_at() -> None:
    app = web.Application()
    app.add_routes(OF_INGEST)
    there = {r.resource.canonical for r in app.router.routes() if r.method == "GET" and r.resource}
    assert there == OF_FORM | {"/static", "/bridges/{bridge_id}"}  # providers ask there, nobody reads


async def subscribes(form: Looking, look: Callable[[str], Awaitable[None]]) -> None:
    """The page by which people subscribe, its mistakes, the code, and the page by which they leave."""
    assert await form.goto("/follow/hackney") == 200
    await look("follow")
    await form.page.click("button.send")
    await expect(form.page.get_by_role("alert")).to_be_visible()
    await look("follow: mistake")
    await form.page.fill("#contact", "07400 123456")
    await form.page.click("button.send")
    await expect(form.page.locator("#code")).to_be_visible()
    await look("follow: code")
    await form.page.fill("#code", "000000")
    await form.page.click("button.send")
    await expect(form.page.get_by_role("alert")).to_be_visible()
    await look("follow: wrong code")
    ticket = await form.page.locator("[name=ticket]").input_value()
    await form.page.fill("#code", code_of(MasterKey(bytes(32)), ticket))
    await form.page.click("button.send")
    await expect(form.page.get_by_role("status")).to_be_visible()
    await look("follow: done")
    assert await form.goto(leave_path(MasterKey(bytes(32)), "s1")) == 200
    await look("leave")
    await form.page.click("button.send")
    await expect(form.page.get_by_role("status")).to_be_visible()
    await look("left")


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_every_page_of_the_front_door(tmp_path: Path, language: str) -> None:
    faults: list[str] = []
    worker = (STATIC / "worker.js").stat().st_size  # fetched by the browser itself, beside the page
    words = Words()
    async with the_form(tmp_path) as origin, a_browser() as browser:
        form = await looking(await browser.new_context(locale=language), origin, language)

        async def look(state: str) -> None:
            found = await form.finds(MOST_OF_FORM - worker)
            faults.extend(f"{state}: {fault}" for fault in found)

        assert await form.goto("/") == 200
        await look("form")
        await form.page.click("#send")
        await expect(form.page.get_by_role("alert")).to_be_visible()
        await look("mistake")
        await form.page.fill("#what", "Six officers, one van")
        await form.page.click("#send")
        status = form.page.get_by_role("link", name=words.say(language, "receipt_status"))
        await expect(status).to_be_visible()
        await look("receipt")
        await status.click()
        await expect(form.page.locator(".state")).to_be_visible()
        await look("status")
        assert await form.goto("/v1/reports/none?secret=wrong") == 404
        await look("nobody's report")
        assert await form.goto("/no/such/page") == 404
        await look("nothing here")
        assert await form.goto(path_of(MasterKey(bytes(32)), "d1")) == 200
        await look("exercise")
        await form.page.fill("#what", "Six officers, one van")
        await form.page.click("#send")
        more = form.page.get_by_role("link", name=words.say(language, "exercise_more"))
        await expect(more).to_be_visible()
        await look("exercise's receipt")
        assert await form.goto(path_of(MasterKey(bytes(32)), "d0")) == 410
        await look("exercise over")
        await subscribes(form, look)
    assert not faults, "\n".join(faults)
