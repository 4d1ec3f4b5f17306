"""The pages of those who sign in, in every language, on the narrowest phone: whole words, whole targets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from services.console.account.pages import WORDS as ACCOUNT
from services.console.web.desk.words import DESK
from shared.contracts.base import Position
from shared.contracts.groups import ChannelDefinition
from tests.rigs.browser import a_phone, needs_chromium, no_violations
from tests.rigs.desk import DeskRig, desk_rig

pytestmark = [pytest.mark.browser, needs_chromium]

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
WIDTH = 360
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
TELEGRAM = ChannelDefinition(
    id="telegram", kind="telegram", audience="community", settings={"token": "env:T", "to": ["@one", "@two"]}
)
OF_THE_INCIDENT = (
    "",
    "/confirm",
    "/seen",
    "/place",
    "/officers_left",
    "/hand_over",
    "/other_agency",
    "/merge",
)
OF_THE_GROUP = ("", "/name", "/area", "/channels", "/add-channel?kind=smtp", "/drills", "/policy")
ELSEWHERE = ("/desk", "/account", "/members", "/members/acts", "/members/roles", "/groups")
CUT = """() => {
  const cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const flows = (box) => getComputedStyle(box).display === "inline";
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    let box = node.parentElement;
    const scrolls = box.closest(".wide, .skip, pre, svg, option, textarea");
    if (!node.data.trim() || !box.checkVisibility() || scrolls) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    while (flows(box)) box = box.parentElement;
    const own = box.getBoundingClientRect();
    const [left, right] = [Math.max(own.left, 0), Math.min(own.right, innerWidth)];
    if (text.left < left - 1 || text.right > right + 1) cut.push(node.data);
    for (; box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflow === "visible") continue;
      if (text.bottom > box.getBoundingClientRect().bottom + 1) cut.push(node.data);
    }
  }
  return cut;
}"""
"""Words that stand out of their box or of the screen, or that a box hides; wide things scroll."""
SMALL = """() => [...document.querySelectorAll("a, button, summary")]
  .filter((target) => target.checkVisibility())
  .map((target) => [target.outerHTML, target.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 24)
  .map(([html]) => html)"""
"""What a finger would miss."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[TELEGRAM])
        for name in ("Ada", "Ben"):
            await found.member(name, hackney="admin")
        for n, words in enumerate((RAID, RAID + ", I can see them now", "Police van in Dalston Lane E8")):
            await found.report(words, at=HERE, first_hand=n < 2)
        yield found


@pytest.fixture
async def phone() -> AsyncIterator[Page]:
    async with a_phone(javascript=True) as page:
        yield page


async def signed_in(desk: DeskRig, page: Page) -> None:
    cookie, _, value = (await desk.rig.signed_in("Ada"))["Cookie"].partition("=")
    await page.context.add_cookies([{"name": cookie, "value": value, "url": desk.rig.url}])


async def whole(page: Page, address: str, language: str) -> None:
    """Nothing is cut, nothing stands out, and each target is large enough, with every list open."""
    answer = await page.goto(address)
    assert answer is not None
    assert answer.ok, address
    await page.evaluate("document.querySelectorAll('details').forEach((list) => { list.open = true })")
    assert await page.evaluate("document.documentElement.scrollWidth") == WIDTH, (address, language)
    assert await page.evaluate(CUT) == [], (address, language)
    assert await page.evaluate(SMALL) == [], (address, language)
    html, direction = page.locator("html"), DESK.say(language, "direction")
    assert [await html.get_attribute(name) for name in ("lang", "dir")] == [language, direction], address
    assert await page.locator(".languages a").count() == len(DESK.languages) - 1, address
    assert await page.locator(".unchecked").count() == (0 if language == "en" else 1), (address, language)


async def test_every_page_fits_in_every_language(desk: DeskRig, phone: Page) -> None:
    code = (await desk.incidents("Ada"))[0]["code"]
    paths = [*ELSEWHERE, *(f"/desk/{code}{act}" for act in OF_THE_INCIDENT)]
    paths += [f"/groups/hackney{page}" for page in OF_THE_GROUP]
    for language in DESK.languages:
        await phone.context.clear_cookies()
        await whole(phone, f"{desk.rig.url}/sign-in?lang={language}", language)
        await signed_in(desk, phone)
        for path in paths:  # the language chosen at the door is remembered
            await whole(phone, desk.rig.url + path, language)


async def test_the_language_is_chosen_before_and_after_signing_in_and_by_keyboard(
    desk: DeskRig, phone: Page
) -> None:
    await phone.goto(f"{desk.rig.url}/sign-in?next=/desk")
    await phone.locator(".languages summary").focus()
    await phone.keyboard.press("Enter")
    await no_violations(phone)
    await phone.get_by_role("link", name="Polski").focus()
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("heading", level=1)).to_have_text(ACCOUNT.say("pl", "sign_in"))
    assert phone.url.endswith("/sign-in?next=%2Fdesk&lang=pl")
    await expect(phone.locator(".unchecked")).to_contain_text(ACCOUNT.say("pl", "unchecked"))
    await expect(phone.locator(".unchecked [lang=en]")).to_have_text(ACCOUNT.say("en", "unchecked"))
    await signed_in(desk, phone)
    await phone.goto(f"{desk.rig.url}/desk")
    await expect(phone.get_by_role("heading", level=1)).to_have_text(DESK.say("pl", "desk_title"))
    await phone.locator(".languages summary").click()
    await phone.get_by_role("link", name="اردو").click()
    await expect(phone.get_by_role("heading", level=1)).to_have_text(DESK.say("ur", "desk_title"))
    await no_violations(phone)
    await phone.goto(f"{desk.rig.url}/account")
    await expect(phone.locator("html")).to_have_attribute("dir", "rtl")
