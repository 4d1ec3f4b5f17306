"""A real Chromium for tests, as a person with a cheap phone has it: 360 px wide, JavaScript or not."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.rigs.desk import DeskRig

CHROMIUM: Final = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ARGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PHONE: Final = 360
WIDE: Final = 1200
SCREENS: Final = [
    pytest.param((width, language), id=f"{name} {language}")
    for language in ("en", "ar")
    for name, width in (("phone", PHONE), ("desktop", WIDE))
]
"""A phone and a desktop, left to right and the reverse."""
expect.set_options(timeout=30_000)  # a busy machine is no failure
needs_chromium: Final = pytest.mark.skipif(
    not CHROMIUM.exists() and "CI" not in os.environ,
    reason="needs Debian's chromium package (or CHROMIUM=/path/to/chromium)",
)
"""Without the browser these tests are skipped, except in CI."""


async def no_violations(page: Page) -> None:
    """Assert that axe-core finds nothing wrong with the page as it is now."""
    found = await violations(page)
    assert found == [], "\n".join(found)


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now: the rule, and where it is broken."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found = await page.evaluate(
        "() => axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)"
    )
    return [f"{v['id']} ({v['help']}): {[n['html'] for n in v['nodes'][:3]]}" for v in found]


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """A new browser, for tests in which several people look at once; closed whatever happens."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def a_phone(*, javascript: bool, width: int = 360, language: str = "en-GB") -> AsyncIterator[Page]:
    """An empty page of a new browser (as wide as a desk's, if asked), closed whatever happens."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        try:
            context = await browser.new_context(
                viewport={"width": width, "height": 740},
                java_script_enabled=javascript,
                geolocation={"latitude": 51.5465, "longitude": -0.0752, "accuracy": 18},
                permissions=["geolocation"],
                locale=language,
            )
            yield await context.new_page()
        finally:
            await browser.close()


@asynccontextmanager
async def a_tab(  # noqa: PLR0913 - a browser's own parts
    browser: Browser,
    *origins: str,
    width: int = 360,
    language: str = "en-GB",
    script: bool = True,
    headers: Mapping[str, str] | None = None,
    session: str = "",
) -> AsyncIterator[Page]:
    """A page of somebody's own, signed in where it has their session or token in its headers.

    Nothing may go wrong in it, and nothing may be asked of anybody but these origins.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": 740},
        locale=language,
        java_script_enabled=script,
        extra_http_headers=dict(headers or {}),
    )
    if session:
        await context.add_cookies([{"name": "relay", "value": session, "url": origins[0]}])
    page = await context.new_page()
    wrong: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((*origins, "data:")) else wrong.append(r.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if "Content Security Policy" in m.text else None)
    try:
        yield page
    finally:
        await context.close()
    assert wrong == []


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
    """A page of a browser where this member is signed in at the desk."""
    session = (await desk.rig.signed_in(name))["Cookie"].partition("=")[2]
    look: dict[str, Any] = {"width": width, "language": language, "script": script}
    async with a_tab(browser, desk.rig.url, **look, session=session) as page:
        yield page


async def fits(page: Page, width: int) -> None:
    """Assert that nothing has to be scrolled sideways, and that there is one heading for the whole."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    await expect(page.locator("h1")).to_have_count(1)
