"""Maps in real Chromium: a place is searched, an area is drawn by finger and keys, nobody else is asked."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from services.console.group.pages import say
from services.console.web.desk.words import DESK
from shared.contracts.base import Position
from shared.contracts.groups import ChannelDefinition
from tests.rigs.browser import SCREENS, needs_chromium, no_violations
from tests.rigs.console import Rig
from tests.rigs.desk import HARINGEY, DeskRig, desk_rig
from tests.rigs.group_admin import Desk, group_desk
from tests.rigs.tiles import pmtiles

pytestmark = [pytest.mark.browser, needs_chromium]

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
COMMUNITY = ChannelDefinition(
    id="hook", kind="webhook", audience="verifiers",
    settings={"url": "env:U", "path": "/v", "secret": "env:S"},
)  # fmt: skip
MOST_BYTES = 300_000


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path, console_tiles_file=pmtiles(tmp_path / "map.pmtiles")) as found:
        await found.group("hackney", channels=[COMMUNITY])
        await found.group("haringey", HARINGEY)
        await found.member("Ada", hackney="dispatcher")
        yield found


@pytest.fixture
async def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with group_desk(tmp_path, monkeypatch) as found:
        await found.rig.group("hackney")
        await found.rig.member("Ada", hackney="admin")
        yield found


@asynccontextmanager
async def signed_in(
    browser: Browser, rig: Rig, screen: tuple[int, str], *, script: bool = True
) -> AsyncIterator[Page]:
    """Ada's browser; nothing may go wrong in it or leave the origin."""
    width, language = screen
    context = await browser.new_context(
        viewport={"width": width, "height": 740}, locale=language, java_script_enabled=script
    )
    token = (await rig.signed_in("Ada"))["Cookie"].partition("=")[2]
    await context.add_cookies([{"name": "relay", "value": token, "url": rig.url}])
    page = await context.new_page()
    wrong: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((rig.url, "data:")) else wrong.append(r.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if "422" not in m.text else None)
    try:
        yield page
    finally:
        await context.close()
    assert wrong == []


async def one_raid(desk: DeskRig) -> str:
    await desk.report(RAID, at=HERE, first_hand=True)
    return str((await desk.incidents("Ada"))[0]["code"])


async def top_of(page: Page, name: str) -> float:
    """How far down a name stands in the picture."""
    box = await page.locator(".map text", has_text=name).first.bounding_box()
    assert box
    return box["y"]


async def fits(page: Page) -> None:
    """Nothing lies outside the screen, and axe finds nothing wrong."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) <= 0
    await no_violations(page)


@pytest.mark.parametrize("screen", SCREENS)
async def test_the_incidents_map_says_where_it_is_in_the_picture_and_in_words(
    browser: Browser, desk: DeskRig, screen: tuple[int, str]
) -> None:
    code = await one_raid(desk)
    loaded: list[int] = []
    async with signed_in(browser, desk.rig, screen) as page:
        page.on("response", lambda r: loaded.append(int(r.headers.get("content-length", "0"))))
        await page.goto(f"{desk.rig.url}/desk/{code}")
        where = page.get_by_role(
            "img", name=re.compile("Ashwin Street.*Dalston Junction.*Hackney Watch", re.DOTALL)
        )
        await expect(where).to_be_visible()
        for name in ("Dalston Junction", "Hackney Watch", "Ashwin Street"):
            await expect(where.locator("text", has_text=name).first).to_be_visible()
        await expect(where.locator("image").first).to_be_visible()
        # The page may be mirrored; the world is not: Dalston Kingsland lies north of Dalston Junction.
        kingsland, junction = [await top_of(page, f"Dalston {n}") for n in ("Kingsland", "Junction")]
        assert kingsland < junction
        assert await page.locator(".map").evaluate("e => getComputedStyle(e).direction") == "ltr"
        await fits(page)
    assert 0 < sum(loaded) < MOST_BYTES


async def test_tiles_are_asked_for_once_while_the_page_lives(browser: Browser, desk: DeskRig) -> None:
    code = await one_raid(desk)
    asked: list[str] = []
    async with signed_in(browser, desk.rig, (360, "en")) as page:
        page.on("request", lambda r: asked.append(r.url) if "/map/" in r.url else None)
        await page.goto(f"{desk.rig.url}/desk/{code}")
        await expect(page.locator("image").first).to_be_visible()
        await expect(page.locator("#state")).to_have_text(DESK.say("en", "live"))
        await desk.act("note", "Ada", incident=code, text="On my way.")
        await expect(page.get_by_text("On my way.")).to_be_visible()
        await expect(page.locator("image").first).to_be_visible()
    assert len(asked) == len(set(asked)) > 0


@pytest.mark.parametrize("script", [True, False], ids=["javascript", "no javascript"])
@pytest.mark.parametrize("screen", [SCREENS[0], SCREENS[2]])
async def test_a_place_is_searched_chosen_previewed_and_told(
    browser: Browser, desk: DeskRig, screen: tuple[int, str], *, script: bool
) -> None:
    code, language = await one_raid(desk), screen[1]
    async with signed_in(browser, desk.rig, screen, script=script) as page:
        await page.goto(f"{desk.rig.url}/desk/{code}/place")
        await page.get_by_label(DESK.say(language, "find_title")).fill("Kingsland Rd, Haggerston")
        await page.keyboard.press("Enter")
        choice = page.get_by_role("radio", name=re.compile("Kingsland Road.*Haggerston"))
        await choice.check()
        if script:
            await fits(page)
        await page.get_by_role("button", name=DESK.say(language, "go_on"), exact=True).click()
        await expect(page.get_by_text("Kingsland Road, Haggerston").first).to_be_visible()
        await expect(page.get_by_text(DESK.say(language, "map_in"))).to_be_visible()
        assert (await desk.rig.store.incident(code) or {})["place"]["label"].startswith("Ashwin Street")
        await page.locator("button.send").click()
        await page.wait_for_url(re.compile("done=place"))
        place = (await desk.rig.store.incident(code) or {})["place"]
        assert (place["label"], place["radius_m"], place["how"]) == (
            "Kingsland Road, Haggerston",
            300,
            "person",
        )


async def test_words_that_are_no_place_are_said_so_and_kept(browser: Browser, desk: DeskRig) -> None:
    code = await one_raid(desk)
    async with signed_in(browser, desk.rig, (360, "en")) as page:
        await page.goto(f"{desk.rig.url}/desk/{code}/place")
        await page.get_by_label("Search for the place").fill("Nowhere At All")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Nothing of that name is known here")).to_be_visible()
        await expect(page.get_by_label("Search for the place")).to_have_value("Nowhere At All")
        await fits(page)


@pytest.mark.parametrize("screen", SCREENS)
async def test_an_area_is_drawn_by_tapping_and_by_keys(
    browser: Browser, groups: Desk, screen: tuple[int, str]
) -> None:
    language = screen[1]
    async with signed_in(browser, groups.rig, screen) as page:
        await page.goto(groups.rig.url + "/groups/hackney/area")
        await page.get_by_role("link", name=say(language, "draw_it")).click()
        await page.get_by_label(say(language, "draw_find")).fill("Dalston")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("radio").first).to_be_checked()
        drawn = page.get_by_role("application", name=say(language, "draw_map_keys"))
        box = await drawn.bounding_box()
        assert box
        for x, y in ((0.25, 0.25), (0.75, 0.25)):
            await drawn.click(position={"x": box["width"] * x, "y": box["height"] * y})
        await expect(page.locator(".corner")).to_have_count(2)
        await drawn.focus()
        for keys in ("Shift+ArrowDown ArrowDown Enter", "Shift+ArrowLeft Space", "ArrowUp Enter"):
            for key in keys.split():
                await page.keyboard.press(key)
        await expect(page.locator(".corner")).to_have_count(5)
        await page.keyboard.press("Backspace")
        await expect(page.locator(".corner")).to_have_count(4)
        await expect(page.locator("#said")).to_contain_text("4")
        await fits(page)
        await page.keyboard.press("Tab")
        await page.get_by_role("button", name=say(language, "look_out"), exact=True).click()
        await expect(page.locator(".corner")).to_have_count(4)
        await page.get_by_role("button", name=say(language, "look"), exact=True).click()
        await fits(page)
        await page.get_by_role("button", name=say(language, "area_save"), exact=True).click()
        await page.wait_for_url(re.compile("saved="))
    found = await groups.rig.store.one("group:hackney") or {}
    ((ring,),) = found["definition"]["area"]["polygons"]
    assert len(ring) == 5
    lons, lats = [p[0] for p in ring], [p[1] for p in ring]
    assert -0.11 < min(lons) < max(lons) < -0.04
    assert 51.53 < min(lats) < max(lats) < 51.57


async def test_an_area_is_drawn_without_a_script(browser: Browser, groups: Desk) -> None:
    async with signed_in(browser, groups.rig, (360, "en"), script=False) as page:
        await page.goto(groups.rig.url + "/groups/hackney/area/draw")
        await page.get_by_label("Search for a place to go to").fill("Dalston")
        await page.get_by_role("button", name="Search", exact=True).click()
        for x, y in ((80, 80), (240, 80), (160, 240)):
            await page.get_by_role("button", name="Map: tap a corner").click(position={"x": x, "y": y})
        await expect(page.get_by_text("Points: 3.")).to_be_visible()
        await page.get_by_role("button", name="Take the last point back").click()
        await page.get_by_role("button", name="Look at it first").click()
        await expect(page.get_by_text("at least three points")).to_be_visible()
        await page.get_by_role("button", name="Set a point in the middle").click()
        await page.get_by_role("button", name="Look at it first").click()
        await page.get_by_role("button", name="Save this area").click()
        await page.wait_for_url(re.compile("saved="))
