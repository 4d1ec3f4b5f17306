"""What happens between two people at one incident, on a phone and on a desktop, in English and in Arabic.

A conflicting edit, a claim that lapses, two incidents that are one and one that is two. The tests share a
running desk and a browser; each has incidents of its own.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.console.web.desk.words import DESK
from shared.contracts.base import Position
from tests.rigs.browser import PHONE, WIDE, a_browser, at_desk, needs_chromium
from tests.rigs.desk import COMMUNITY, VERIFIERS, DeskRig, desk_rig

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Shared:
    """The desk, the browser, and places where nothing has happened yet."""

    desk: DeskRig
    browser: Browser
    places: Iterator[Position]

    async def raid(self, words: str = "Immigration raid here, two vans") -> str:
        """A new incident where there was none; its code."""
        known = {i["code"] for i in await self.desk.incidents("Ada")}
        await self.desk.report(words, at=next(self.places), first_hand=True)
        (code,) = {i["code"] for i in await self.desk.incidents("Ada")} - known
        return str(code)


@dataclass(frozen=True)
class Screen:
    """How wide it is, and in which language it is read."""

    width: int
    language: str

    def says(self, key: str) -> str:
        return DESK.say(self.language, key)


@pytest.fixture(
    params=[Screen(width, language) for width in (PHONE, WIDE) for language in ("en", "ar")],
    ids=lambda screen: f"{screen.width} {screen.language}",
)
def screen(request: pytest.FixtureRequest) -> Screen:
    found: Screen = request.param
    return found


def quiet_places() -> Iterator[Position]:
    """Places in Hackney, more than half a kilometre from each other."""
    for lat in (51.540, 51.546, 51.552, 51.558):
        for lon in (-0.075, -0.063, -0.051, -0.039):
            yield Position(lat=lat, lon=lon, accuracy_m=15)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    async with desk_rig(tmp_path_factory.mktemp("desk")) as desk, a_browser() as browser:
        await desk.group("hackney", channels=[COMMUNITY, VERIFIERS])
        for name in ("Ada", "Ben"):
            await desk.member(name, hackney="dispatcher")
        yield Shared(desk, browser, quiet_places())


@pytest_asyncio.fixture(loop_scope="module")
async def shared(running: Shared) -> AsyncIterator[Shared]:
    """The same for one test, which leaves nothing open to the next."""
    yield running
    for incident in await running.desk.incidents("Ada"):
        if incident["status"] in {"unconfirmed", "likely", "confirmed"}:
            await running.desk.act("reject", "Ada", incident=incident["id"], outcome="other_agency")


async def next_step(page: Page) -> None:
    await page.locator("main form .thumb button").first.click()


async def test_a_conflict_is_explained_and_what_was_typed_is_kept(shared: Shared, screen: Screen) -> None:
    desk, code, mine = shared.desk, await shared.raid(), "Two vans by the café."
    async with at_desk(shared.browser, desk, "Ada", width=screen.width, language=screen.language) as ada:
        await ada.goto(f"{desk.rig.url}/desk/{code}/confirm?write=1")
        await expect(ada.locator("html")).to_have_attribute("dir", screen.says("direction"))
        await ada.fill("[name=text]", mine)
        await next_step(ada)
        await expect(ada.get_by_role("heading", level=1, name=screen.says("preview_title"))).to_be_visible()
        await desk.act("seen", "Ben", incident=code, text="I see four officers.")
        await ada.click("button[name=send]")
        await expect(ada.get_by_role("heading", level=1, name=screen.says("conflict_title"))).to_be_visible()
        await expect(ada.locator("main li").filter(has_text="Ben")).to_contain_text("I see four officers.")
        await expect(ada.locator("main blockquote")).to_have_text(mine)
        await ada.click("main form button")
        await expect(ada.locator("[name=text]")).to_have_value(mine)
        await next_step(ada)
        await ada.click("button[name=send]")
        await expect(ada.locator(".done")).to_contain_text(screen.says("done_confirm"))
        assert (await desk.rig.store.incident(code) or {})["statement"] == mine


async def test_a_claim_counts_down_and_when_it_lapses_another_takes_it(
    shared: Shared, screen: Screen
) -> None:
    desk, code = shared.desk, await shared.raid()
    look = {"width": screen.width, "language": screen.language}
    await desk.act("claim", "Ada", incident=code)
    async with (
        at_desk(shared.browser, desk, "Ada", **look) as ada,  # type: ignore[arg-type]
        at_desk(shared.browser, desk, "Ben", **look) as ben,  # type: ignore[arg-type]
    ):
        await ben.goto(f"{desk.rig.url}/desk/{code}")
        await expect(ben.locator(".head .theirs")).to_contain_text("Ada")
        desk.rig.clock.forward(minutes=13, seconds=58)
        await ada.goto(f"{desk.rig.url}/desk/{code}")
        await expect(ada.locator(".head .left")).to_have_text(re.compile(r"(1:0\d|0:5\d)"))
        await expect(ada.locator("#state")).not_to_have_text(screen.says("live"))
        desk.rig.clock.forward(minutes=2)
        await desk.act("note", "Ben", incident=code, text="Anybody there?")
        await expect(ben.locator(".head .nobody")).to_be_visible()
        await ben.get_by_role("button", name=screen.says("act_claim"), exact=True).click()
        await expect(ben.locator(".head .mine")).to_have_text(screen.says("you_on_it"))
        await expect(ada.locator(".head .theirs")).to_contain_text("Ben")


async def test_two_that_are_one_are_merged_and_split_again(shared: Shared, screen: Screen) -> None:
    desk, code = shared.desk, await shared.raid()
    other = await shared.raid("Immigration officers hold a rider here")
    async with at_desk(shared.browser, desk, "Ada", width=screen.width, language=screen.language) as ada:
        await ada.goto(f"{desk.rig.url}/desk/{code}")
        await ada.locator("#d-acts summary").click()
        await ada.get_by_role("link", name=screen.says("act_merge"), exact=True).click()
        if screen.width == PHONE:
            await ada.locator(f'[name=absorbed][value="{other}"]').check()
        else:
            await ada.fill("[name=absorbed_code]", other.lower())
        await next_step(ada)
        await expect(ada.locator(".done")).to_contain_text(screen.says("done_merge"))
        rider = ada.locator("blockquote").filter(has_text="hold a rider")
        await expect(rider).to_be_visible()
        await ada.locator(".done a").click()
        await ada.locator("label").filter(has_text="hold a rider").locator("input").check()
        await next_step(ada)
        await expect(ada.locator(".done")).to_contain_text(screen.says("done_split"))
        await expect(rider).to_have_count(0)
        codes = {i["code"] for i in await desk.incidents("Ada")}
        assert len(codes) >= 2, "the reports that were split off are an incident of their own"
