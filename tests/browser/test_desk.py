"""The desk as two people have it open, in real Chromium: a report, a claim, a confirmation, a place."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from shared.contracts.base import Position
from tests.rigs.browser import PHONE, WIDE, at_desk, needs_chromium
from tests.rigs.console import until
from tests.rigs.desk import COMMUNITY, VERIFIERS, DeskRig, desk_rig
from tests.rigs.system import RelaySystem, square

pytestmark = [pytest.mark.browser, needs_chromium]

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY, VERIFIERS])
        for name in ("Ada", "Ben"):
            await found.member(name, hackney="dispatcher")
        yield found


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


async def test_the_map_is_clicked_without_a_script(browser: Browser, desk: DeskRig) -> None:
    code = await one_raid(desk)
    async with at_desk(browser, desk, "Ada", script=False) as ada:
        await ada.goto(f"{desk.rig.url}/desk/{code}/place")
        await ada.get_by_role("button", name="Map of the area").click(position={"x": 160, "y": 80})
        await expect(ada.get_by_text("Chosen:")).to_be_visible()
        await ada.get_by_role("button", name="Go on").click()
        await ada.get_by_role("button", name="Send to").click()
        await expect(ada.get_by_text("The place is changed.")).to_be_visible()
        place = (await desk.rig.store.incident(code) or {})["place"]
        assert place["how"] == "person"
        assert 51.547 < place["lat"] < 51.56
        assert abs(place["lon"] - -0.0753) < 0.001


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
        await expect(page.get_by_text("accepted 1").first).to_be_visible()
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
