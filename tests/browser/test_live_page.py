"""The live page in a real Chromium at 360 px: live with JavaScript, complete without it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.browser import a_phone, needs_chromium
from tests.rigs.console import Rig, console_rig

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path) as found:
        await found.group("hackney")
        await found.incident()
        yield found


@pytest.fixture(params=[True, False], ids=["javascript", "no javascript"])
async def page(request: pytest.FixtureRequest, rig: Rig) -> AsyncIterator[Page]:
    async with a_phone(javascript=request.param) as page:
        elsewhere: list[str] = []
        page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith(rig.url) else None)
        page.on("console", lambda m: elsewhere.append(m.text) if m.type == "error" else None)
        yield page
    assert [e for e in elsewhere if not e.startswith("data:")] == []


async def test_an_incident_appears_only_when_confirmed_and_fed_and_changes_live(
    page: Page, rig: Rig, request: pytest.FixtureRequest
) -> None:
    live = "no javascript" not in request.node.name

    async def look() -> None:
        if not live:
            await rig.live.look()
            await page.reload()

    await rig.live.look()
    await page.goto(rig.url)
    await expect(page.get_by_role("heading", name="Nothing confirmed right now")).to_be_visible()
    await expect(page.get_by_text("Reload this page" if not live else "Live: this page")).to_be_visible()
    alert = await rig.confirmed("i1", "D7K", "Six officers & one van <b>here</b>")
    await rig.shown()
    await look()
    await expect(page.get_by_role("article")).to_have_count(0)
    await rig.delivered(alert)
    await look()
    await expect(page.get_by_role("article")).to_have_count(1)
    await expect(page.get_by_text("Six officers & one van <b>here</b>")).to_be_visible()
    await expect(page.get_by_role("heading", name="Ashwin Street, E8")).to_be_visible()
    over = await rig.alert("i1", "D7K", "OVER", "hackney", "community", status="officers_left")
    await rig.delivered(over)
    await look()
    await expect(page.get_by_text("Officers have left")).to_be_visible()
    await page.get_by_role("link", name="D7K").click()
    await expect(page.get_by_role("heading", name="What is known now")).to_be_visible()


@pytest.mark.parametrize("page", [True], indirect=True)
@pytest.mark.parametrize("language", ["en", "es", "ar"])
async def test_it_fits_a_small_phone_and_can_be_used_with_fingers(
    page: Page, rig: Rig, language: str
) -> None:
    long = "Six officers by the station, two vans. " * 6 + "x" * 120
    await rig.delivered(await rig.confirmed("i1", "D7K", long))
    await rig.live.look()
    await page.goto(f"{rig.url}/?lang={language}")
    await expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width == 360
    for link in await page.locator("a:visible").all():
        box = await link.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        assert box["width"] >= 24
    await expect(page.locator("main h1")).to_have_count(1)
    assert re.match(r"\S", await page.title())
