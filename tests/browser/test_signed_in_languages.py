"""The pages of those who sign in, in every language, on the narrowest phone: whole words, whole targets.

That every page there is fits and keeps nobody out is looked at in English and Arabic (`test_every_page.py`);
this looks at what other languages break: long words, narrow signs, tall letters.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Page, expect

from services.console.account.pages import WORDS as ACCOUNT
from services.console.web.desk.words import DESK
from tests.rigs.browser import PHONE, a_phone, needs_chromium, no_violations
from tests.rigs.every_page import Pages, every_page

pytestmark = [pytest.mark.browser, needs_chromium]

SPREAD: Final = 4
"""All languages in so many tests, that may run side by side."""
WORDY: Final = {
    "Ada": (
        "/desk", "/desk/duty", "/desk/{full}", "/desk/{second}", "/desk/{on}", "/desk/{after}",
        "/desk/{drill}", "/desk/{full}/why/{full_report}", "/desk/{full}/confirm", "/desk/{second}/confirm",
        "/desk/{full}/seen", "/desk/{full}/place", "/desk/{on}/officers_left", "/desk/{full}/hand_over",
        "/desk/{after}/account", "/desk/{after}/post", "/desk/{after}/posts/{post}",
        "/post/{after}/{post}/{key}",
    ),
    "Hana": ("/desk/held/{held}",),
    "Adam": (
        "/account", "/members", "/members/acts", "/members/roles", "/groups", "/groups/hackney",
        "/groups/hackney/name", "/groups/hackney/area", "/groups/hackney/channels", "/groups/hackney/drills",
        "/groups/hackney/policy", "/groups/hackney/add-channel?kind=smtp",
    ),
}  # fmt: skip
"""Who looks, and at what: the pages with the most words of their own."""
CUT: Final = """() => {
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
SMALL: Final = """() => [...document.querySelectorAll("a:not(.cover), button, summary")]
  .filter((target) => target.checkVisibility())
  .map((target) => [target.outerHTML, target.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 24)
  .map(([html]) => html.slice(0, 120))"""
"""What a finger would miss; a card is touched anywhere, by its cover."""
OPEN: Final = "document.querySelectorAll('details').forEach((list) => { list.open = true; })"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Pages]:
    async with every_page(tmp_path) as found:
        yield found


@pytest.fixture
async def phone() -> AsyncIterator[Page]:
    async with a_phone(javascript=True) as page:
        yield page


async def signed_in(hub: Pages, context: BrowserContext, who: str) -> None:
    cookie, _, value = (await hub.rig.signed_in(who))["Cookie"].partition("=")
    await context.add_cookies([{"name": cookie, "value": value, "url": hub.rig.url}])


async def wrong(page: Page, address: str, language: str) -> list[str]:
    """What is wrong with the page there, with every list open."""
    answer = await page.goto(address)
    assert answer is not None
    assert answer.ok, address
    await page.evaluate(OPEN)
    html, links = page.locator("html"), page.locator(".languages a")
    seen = {
        "cut": await page.evaluate(CUT),
        "small": await page.evaluate(SMALL),
        "too wide": await page.evaluate("document.documentElement.scrollWidth") - PHONE,
        "lang": await html.get_attribute("lang") != language,
        "dir": await html.get_attribute("dir") != DESK.say(language, "direction"),
        "picker": await links.count() != len(DESK.languages) - 1,
        "says who checked it": await page.locator(".unchecked").count() != (language != "en"),
    }
    return [f"{language} {address}: {name} {fault}" for name, fault in seen.items() if fault]


@pytest.mark.parametrize("first", range(SPREAD))
async def test_every_wordy_page_is_whole_in_every_language(hub: Pages, phone: Page, first: int) -> None:
    faults = []
    for language in DESK.languages[first::SPREAD]:
        await phone.context.clear_cookies()
        faults += await wrong(phone, f"{hub.rig.url}/sign-in?lang={language}", language)
        for who, paths in WORDY.items():  # the language chosen at the door is remembered
            await signed_in(hub, phone.context, who)
            for path in paths:
                faults += await wrong(phone, hub.rig.url + path.format_map(hub.facts), language)
    assert not faults, "\n".join(faults)


async def test_the_language_is_chosen_before_and_after_signing_in_and_by_keyboard(
    hub: Pages, phone: Page
) -> None:
    await phone.goto(f"{hub.rig.url}/sign-in?next=/desk")
    await phone.locator(".languages summary").focus()
    await phone.keyboard.press("Enter")
    await no_violations(phone)
    await phone.get_by_role("link", name="Polski").focus()
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("heading", level=1)).to_have_text(ACCOUNT.say("pl", "sign_in"))
    assert phone.url.endswith("/sign-in?next=%2Fdesk&lang=pl")
    await expect(phone.locator(".unchecked")).to_contain_text(ACCOUNT.say("pl", "unchecked"))
    await expect(phone.locator(".unchecked [lang=en]")).to_have_text(ACCOUNT.say("en", "unchecked"))
    await signed_in(hub, phone.context, "Ada")
    await phone.goto(f"{hub.rig.url}/desk")
    await expect(phone.get_by_role("heading", level=1)).to_have_text(DESK.say("pl", "desk_title"))
    await phone.locator(".languages summary").click()
    await phone.get_by_role("link", name="اردو").click()
    await expect(phone.get_by_role("heading", level=1)).to_have_text(DESK.say("ur", "desk_title"))
    await no_violations(phone)
    await phone.goto(f"{hub.rig.url}/account")
    await expect(phone.locator("html")).to_have_attribute("dir", "rtl")
