"""Somebody who has a keyboard and nothing else: Tab, Enter, Space, the arrows, and what they type.

Guarantees: wherever the focus stops on its way, it can be seen there, or the walk ends and says where.
"""

from typing import Final

from playwright.async_api import Locator, Page, expect

_FAR: Final = 120
"""Nobody presses Tab more often than that to get anywhere."""
_NOON: Final = 12
_SEEN: Final = """wanted => {
  const e = document.activeElement;
  const drawn = [getComputedStyle(e), getComputedStyle(e, "::after")].find(
    (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2);
  const box = e.getBoundingClientRect();
  const on = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  const far = drawn ? parseFloat(drawn.outlineOffset) + 1 : 0;
  const cut = (a) => {
    const outer = a.getBoundingClientRect();
    return getComputedStyle(a).overflow !== "visible" && box.left - far < outer.left
      && box.top - far < outer.top && box.right + far > outer.right && box.bottom + far > outer.bottom;
  };
  let hidden = false;
  for (let a = e.parentElement; a && a !== document.body; a = a.parentElement) { hidden ||= cut(a); }
  const what = e.outerHTML.slice(0, 160);
  const seen = Boolean(drawn) && on && !hidden;
  return { there: e === wanted, lost: e === document.body, seen, on, hidden, what };
}"""
"""Whether the focus is where it is wanted, and can be seen: an outline, on the screen, not cut off."""


class Keyboard:
    """The keyboard of one page."""

    def __init__(self, page: Page) -> None:
        self.page, self._keys = page, page.keyboard

    async def to(self, target: Locator) -> None:
        """Tab on until the focus is there."""
        for _ in range(_FAR):
            await self._keys.press("Tab")
            if await self.sees(target):
                return
        raise AssertionError(f"no way by keyboard to {target} of {self.page.url}")

    async def sees(self, wanted: Locator | None = None) -> bool:
        """Whether the focus is there; wherever it is, it must be seen."""
        now = await (wanted or self.page.locator("body")).evaluate(_SEEN)
        # From the last control the focus leaves the page, and comes in again at the top.
        assert now["seen"] or now["lost"], f"the focus cannot be seen: {now}; {self.page.url}"
        return bool(now["there"])

    async def enter(self, target: Locator) -> None:
        """Follow a link, press a button, open a drawer."""
        await self.to(target)
        await self._keys.press("Enter")

    async def tick(self, target: Locator) -> None:
        """Choose a box."""
        await self.to(target)
        await self._keys.press("Space")
        await expect(target).to_be_checked()

    async def choose(self, choices: Locator, value: str) -> None:
        """Choose one of several: Tab leads to the group, the arrows lead through it."""
        chosen = choices.and_(self.page.locator(":checked"))
        await self.to(chosen if await chosen.count() else choices.first)
        wanted = choices.and_(self.page.locator(f'[value="{value}"]'))
        if not await chosen.count():
            await self._keys.press("Space")
        for _ in range(await choices.count()):
            if await wanted.is_checked():
                return
            await self._keys.press("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {value} of {self.page.url}")

    async def write(self, target: Locator, text: str) -> None:
        """Write into a field, over what stands there."""
        await self.to(target)
        await self._keys.press("Control+a")
        await self._keys.type(text)
        await expect(target).to_have_value(text)

    async def time(self, target: Locator, clock: str) -> None:
        """A time of day, part by part; Chromium asks for it as its own language does: with am and pm."""
        hour, minute = clock.split(":")
        await self.to(target)
        half = "P" if int(hour) >= _NOON else "A"
        await self._keys.type(f"{(int(hour) - 1) % _NOON + 1:02}{minute}{half}")
        if await target.input_value() != clock:  # or without
            for _ in range(2):
                await self._keys.press("ArrowLeft")
            await self._keys.type(hour + minute)
        await expect(target).to_have_value(clock)

    async def stands_at(self, css: str) -> None:
        """Assert that the focus is at such an element, where reading goes on."""
        await expect(self.page.locator(":focus")).to_have_count(1)
        here = self.page.locator(":focus")
        assert await here.evaluate("(e, css) => e.matches(css)", css), await here.evaluate("e => e.outerHTML")
