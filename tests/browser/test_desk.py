"""The desk as two people have it open, in real Chromium: claim, confirm, conflict, lapse, merge, keyboard."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from services.console.decide.page_acts import ACTS
from shared.contracts.base import Position
from shared.contracts.groups import ChannelDefinition
from tests.rigs.browser import a_browser, needs_chromium, no_violations
from tests.rigs.console import until
from tests.rigs.desk import DeskRig, desk_rig
from tests.rigs.system import RelaySystem, square

pytestmark = [pytest.mark.browser, needs_chromium]

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
THERE = Position(lat=51.5545, lon=-0.0545, accuracy_m=15)
COMMUNITY = ChannelDefinition(
    id="telegram", kind="telegram", audience="community",
    settings={"api": "env:U", "token": "env:T", "to": ["@one", "@two"]},
)  # fmt: skip
VERIFIERS = ChannelDefinition(
    id="hook",
    kind="webhook",
    audience="verifiers",
    settings={"url": "env:U", "path": "/v", "secret": "env:S"},
)
PHONE, WIDE = 360, 1200
MOST_BYTES = 300_000


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY, VERIFIERS])
        for name in ("Ada", "Ben"):
            await found.member(name, hackney="dispatcher")
        yield found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as found:
        yield found


@asynccontextmanager
async def at_desk(  # noqa: PLR0913 - a browser's own parts
    browser: Browser,
    desk: DeskRig,
    name: str,
    *,
    width: int = PHONE,
    language: str = "en-GB",
    script: bool = True,
) -> AsyncIterator[Page]:
    """A page of a browser where this member is signed in; nothing may go wrong in it or leave the origin."""
    token = (await desk.rig.signed_in(name))["Cookie"].partition("=")[2]
    context = await browser.new_context(
        viewport={"width": width, "height": 740}, locale=language, java_script_enabled=script
    )
    await context.add_cookies([{"name": "relay", "value": token, "url": desk.rig.url}])
    page = await context.new_page()
    wrong: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((desk.rig.url, "data:")) else wrong.append(r.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if "Content Security Policy" in m.text else None)
    try:
        yield page
    finally:
        await context.close()
    assert wrong == []


async def one_raid(desk: DeskRig) -> str:
    await desk.report(RAID, at=HERE, first_hand=True)
    return str((await desk.incidents("Ada"))[0]["code"])


@pytest.mark.parametrize("script", [True, False], ids=["javascript", "no javascript"])
async def test_a_report_is_claimed_by_one_seen_by_the_other_and_confirmed(
    browser: Browser, desk: DeskRig, *, script: bool
) -> None:
    async with (
        at_desk(browser, desk, "Ada", script=script) as ada,
        at_desk(browser, desk, "Ben", width=WIDE, script=script) as ben,
    ):
        await ada.goto(desk.rig.url + "/desk")
        await ben.goto(desk.rig.url + "/desk")
        await expect(ada.get_by_role("heading", name="All quiet")).to_be_visible()
        code = await one_raid(desk)
        for page in (ada, ben):
            if not script:
                await page.reload()
            await expect(page.get_by_role("link", name="Ashwin Street")).to_be_visible()
        await ada.get_by_role("link", name="Ashwin Street").click()
        await ada.get_by_role("button", name="I am on it").click()
        await expect(ada.get_by_text("You are on it", exact=True)).to_be_visible()
        if not script:
            await ben.reload()
        await expect(ben.get_by_text("Ada is on it")).to_be_visible()

        await ada.get_by_role("link", name="Confirm", exact=True).click()
        await ada.get_by_label("I see it myself").check()
        await ada.get_by_role("group", name="2. Is it still going on?").get_by_label("Yes").check()
        await ada.get_by_label("Vans", exact=True).fill("2")
        await ada.get_by_label("Officers", exact=True).fill("6")
        await ada.get_by_label("They said so").check()
        await ada.get_by_role("button", name="Make the text").click()
        text = "Seen: 2 vans, 6 officers. Still going on. They say that they are immigration officers."
        await expect(ada.get_by_label("Words for those who will be told")).to_have_value(text)
        await ada.get_by_label("Witnesses are useful").check()
        await ada.get_by_role("button", name="See what will be sent").click()
        await expect(ada.get_by_role("heading", name="This will be sent")).to_be_visible()
        await expect(ada.locator(".words-sent").first).to_contain_text("WITNESSES useful")
        await ada.get_by_text("To pass on by hand").click()
        await expect(ada.get_by_role("button", name="Copy")).to_be_visible(visible=script)
        await ada.get_by_role("button", name="Send to").click()
        await expect(ada.get_by_text("Confirmed. The messages are on their way")).to_be_visible()
        if not script:
            await ben.reload()
        await expect(ben.get_by_role("heading", name="Confirmed, going on")).to_be_visible()
        assert (await desk.rig.store.incident(code) or {})["status"] == "confirmed"


async def test_a_conflict_is_explained_and_what_was_typed_is_kept(browser: Browser, desk: DeskRig) -> None:
    code = await one_raid(desk)
    async with at_desk(browser, desk, "Ada") as ada:
        await ada.goto(f"{desk.rig.url}/desk/{code}/confirm?write=1")
        await ada.get_by_label("Words for those who will be told").fill("Two vans by the café.")
        await ada.get_by_role("button", name="See what will be sent").click()
        await desk.act("seen", "Ben", incident=code, text="I see four officers.")
        await ada.get_by_role("button", name="Send to").click()
        await expect(ada.get_by_role("heading", name="It changed while you wrote")).to_be_visible()
        await expect(ada.get_by_text("Ben sees it")).to_be_visible()
        await no_violations(ada)
        await ada.get_by_role("button", name="Go on with mine").click()
        await expect(ada.get_by_label("Words for those who will be told")).to_have_value(
            "Two vans by the café."
        )
        await ada.get_by_role("button", name="See what will be sent").click()
        await ada.get_by_role("button", name="Send to").click()
        await expect(ada.get_by_text("Confirmed. The messages are on their way")).to_be_visible()


async def test_a_claim_counts_down_and_when_it_lapses_another_takes_it(
    browser: Browser, desk: DeskRig
) -> None:
    code = await one_raid(desk)
    await desk.act("claim", "Ada", incident=code)
    async with at_desk(browser, desk, "Ada") as ada, at_desk(browser, desk, "Ben") as ben:
        await ben.goto(f"{desk.rig.url}/desk/{code}")
        await expect(ben.locator(".who")).to_contain_text("Ada is on it")
        desk.rig.clock.forward(minutes=13, seconds=58)
        await ada.goto(f"{desk.rig.url}/desk/{code}")
        await expect(ada.locator(".left")).to_have_text(re.compile(r"^(1:0\d|0:5\d) left$"))
        await expect(ada.locator("#state")).to_contain_text("Your claim ends in")
        desk.rig.clock.forward(minutes=2)
        await desk.act("note", "Ben", incident=code, text="Anybody there?")
        await expect(ben.get_by_text("Nobody is on it", exact=True)).to_be_visible()
        await ben.get_by_role("button", name="I am on it").click()
        await expect(ben.get_by_text("You are on it", exact=True)).to_be_visible()
        await expect(ada.locator(".who")).to_contain_text("Ben is on it")


async def test_merge_and_split_on_a_phone(browser: Browser, desk: DeskRig) -> None:
    first = await one_raid(desk)
    await desk.report("Immigration officers at Clapton Square E5, one van", at=THERE, first_hand=True)
    async with at_desk(browser, desk, "Ada") as ada:
        await ada.goto(f"{desk.rig.url}/desk/{first}")
        await ada.get_by_text("What else can be done").click()
        await ada.get_by_role("link", name="Merge with another").click()
        await ada.get_by_role("radio").first.check()
        await ada.get_by_role("button", name="Merge with another").click()
        await expect(ada.get_by_text("The two are one now")).to_be_visible()
        await expect(ada.locator("blockquote").filter(has_text="Clapton Square")).to_be_visible()
        await ada.get_by_role("link", name="Undo").click()
        await ada.get_by_label("Clapton Square").check()
        await ada.get_by_role("button", name="Split reports off").click()
        await expect(ada.get_by_text("an incident of their own now")).to_be_visible()
        await expect(ada.locator("blockquote").filter(has_text="Clapton Square")).to_have_count(0)


async def test_the_map_is_clicked_without_a_script(browser: Browser, desk: DeskRig) -> None:
    code = await one_raid(desk)
    async with at_desk(browser, desk, "Ada", script=False) as ada:
        await ada.goto(f"{desk.rig.url}/desk/{code}/place")
        await ada.get_by_role("button", name="Map of the area").click(position={"x": 160, "y": 80})
        await expect(ada.get_by_text("Chosen:")).to_be_visible()
        await ada.get_by_role("button", name="Go on").click()
        await ada.get_by_role("button", name="Send to").click()
        await expect(ada.get_by_text("Done.", exact=True)).to_be_visible()
        place = (await desk.rig.store.incident(code) or {})["place"]
        assert place["how"] == "person"
        assert 51.547 < place["lat"] < 51.56
        assert abs(place["lon"] - -0.0753) < 0.001


async def test_everything_works_by_keyboard(browser: Browser, desk: DeskRig) -> None:
    code = await one_raid(desk)
    async with at_desk(browser, desk, "Ada") as ada:
        await ada.goto(desk.rig.url + "/desk")
        await _tab_to(ada, "Ashwin Street")
        await ada.keyboard.press("Enter")
        await expect(ada).to_have_url(re.compile(f"/desk/{code}$"))
        await _tab_to(ada, "I am on it")
        await ada.keyboard.press("Enter")
        await ada.wait_for_url(re.compile("done=claim$"))
        await expect(ada.get_by_text("You are on it", exact=True)).to_be_visible()
        await _tab_to(ada, "What else can be done")
        await ada.keyboard.press("Enter")
        await _tab_to(ada, "Write a note")
        # Somebody else's act renews the page under the keyboard: the focus and what is open stay.
        await desk.act("note", "Ben", incident=code, text="On my way.")
        await expect(ada.get_by_text("On my way.")).to_be_visible()
        assert await _focused(ada) == "Write a note"
        await ada.keyboard.press("Enter")
        await ada.wait_for_url(re.compile("/note$"))
        await _tab_to(ada, "textarea")
        await ada.keyboard.type("Called the café.")
        await _tab_to(ada, "Do it")
        await ada.keyboard.press("Enter")
        await expect(ada.get_by_text("Called the café.")).to_be_visible()


async def _tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await _focused(page) == name:
            return
    raise AssertionError(f"no way to {name} by keyboard")


async def _focused(page: Page) -> str:
    found: str = await page.evaluate(
        "(() => { const e = document.activeElement;"
        " return e.tagName === 'TEXTAREA' ? 'textarea' : e.textContent.split(',')[0].trim(); })()"
    )
    return found


@pytest.mark.parametrize("language", ["en-GB", "ar"])
@pytest.mark.parametrize("width", [PHONE, WIDE], ids=["phone", "wide"])
async def test_every_page_fits_is_accessible_and_light(
    browser: Browser, desk: DeskRig, width: int, language: str
) -> None:
    code = await one_raid(desk)
    await desk.act("note", "Ben", incident=code, text="x" * 120)
    held = await desk.report("raid in E9")
    await desk.act("claim", "Ada", incident=code)
    await desk.act("attend", "Ben", incident=code)
    report = (await desk.rig.store.reports_of(await desk.rig.store.incident(code) or {}))[0]["report_id"]
    paths = [
        "",
        f"/held/{held}",
        "/held",
        f"/{code}",
        f"/{code}/reports",
        f"/{code}/why/{report}",
        f"/{code}/mute/{report}",
    ]
    paths += [f"/{code}/{act}" for act in ACTS] + [f"/{code}/confirm?write=1", f"/{code}/place?look=out"]
    async with at_desk(browser, desk, "Ada", width=width, language=language) as page:
        sizes: list[int] = []
        page.on("response", lambda r: sizes.append(int(r.headers.get("content-length", 0))))
        for path in paths:
            sizes.clear()
            answer = await page.goto(f"{desk.rig.url}/desk{path}")
            assert answer is not None
            assert answer.status == 200, path
            await expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
            await expect(page.locator("h1")).to_have_count(1)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert sum(sizes) < MOST_BYTES, path
            await page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
            await no_violations(page)
            await _big_enough_for_fingers(page, path)


async def _big_enough_for_fingers(page: Page, path: str) -> None:
    for control in await page.locator("a:visible, button:visible, input:visible, summary:visible").all():
        box = await control.bounding_box()
        name = await control.evaluate("e => e.outerHTML.slice(0, 120)")
        assert box is not None
        inside = await control.evaluate(
            "e => Boolean(e.closest('label')) || getComputedStyle(e).display === 'inline'"
        )
        assert inside or (box["height"] >= 24 and box["width"] >= 24), (path, name)


async def test_the_whole_relay_from_a_report_to_the_community_by_the_desk(
    tmp_path: Path, browser: Browser
) -> None:
    async with RelaySystem(tmp_path) as relay:
        group = {"id": "hackney", "name": "Hackney", "area": square(51.5466, -0.0752, 0.05)}
        await relay.define_group(group)
        await relay.deliver_report(RAID, lat=51.5467, lon=-0.0753, first_hand=True)
        code = (await relay.the_incident("hackney"))["code"]
        await relay.wait_until(lambda: len(relay.sink.log) == 1, "the verifiers hear")
        context = await browser.new_context(
            viewport={"width": PHONE, "height": 740},
            extra_http_headers={"Authorization": f"Bearer {relay.tokens['hackney']}"},
        )
        page = await context.new_page()
        await page.goto(f"{relay.urls['console']}/desk")
        await page.get_by_role("link", name="Ashwin Street").click()
        await page.get_by_role("button", name="I am on it").click()
        await page.get_by_role("link", name="Confirm", exact=True).click()
        await page.get_by_role("button", name="Write it myself").click()
        await page.get_by_label("Words for those who will be told").fill("One van, one person held.")
        await page.get_by_role("button", name="See what will be sent").click()
        shown = await page.locator(".words-sent").first.inner_text()
        assert "One van, one person held." in shown
        await page.get_by_role("button", name="Send to").click()
        await expect(page.get_by_text("Confirmed. The messages are on their way")).to_be_visible()
        await relay.wait_until(lambda: len(relay.sink.log) >= 3, "verifiers and community hear")
        await expect(page.get_by_text("delivered 1").first).to_be_visible()
        incident = await relay.the_incident("hackney")
        assert (incident["code"], incident["status"]) == (code, "confirmed")
        await context.close()


async def test_who_is_signed_out_is_led_to_the_door(browser: Browser, desk: DeskRig) -> None:
    code = await one_raid(desk)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{desk.rig.url}/desk/{code}")
    await expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    await context.close()
    assert await _unseen(desk, code)


async def _unseen(desk: DeskRig, code: str) -> bool:
    """Whether nobody is on it."""

    async def known() -> bool:
        return await desk.rig.store.incident(code) is not None

    await until(known)
    return not (await desk.rig.store.incident(code) or {}).get("claim")
