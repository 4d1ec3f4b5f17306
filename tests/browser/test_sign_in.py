"""Coming in for the first time in a real Chromium: by passkey, and by password with codes."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.account import PASSWORD, code, invited, operator, path_of
from tests.rigs.browser import SCREENS, a_phone, needs_chromium, no_violations
from tests.rigs.console import Rig, console_rig

pytestmark = [pytest.mark.browser, needs_chromium]

WORDS = {
    "en": {
        "make": "Make a passkey", "sign_in": "Sign in", "by_key": "Sign in with a passkey", "out": "Sign out",
        "choose": "Choose a password", "come_in": "Come in", "name": "Sign-in name", "password": "Password",
        "code": "Code from your app", "you": "You are Bo here.",
    },
    "ar": {
        "make": "إنشاء مفتاح مرور", "sign_in": "تسجيل الدخول", "by_key": "الدخول بمفتاح مرور",
        "out": "تسجيل الخروج", "choose": "اختيار كلمة مرور", "come_in": "ادخل", "name": "اسم الدخول",
        "password": "كلمة المرور", "code": "الرمز من التطبيق", "you": "أنت هنا \u2066Bo\u2069.",
    },
}  # fmt: skip


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path) as found:
        await found.group("hackney")
        await operator(found)
        yield found


def url(rig: Rig, path: str = "") -> str:
    """By a name: passkeys belong to one."""
    return rig.url.replace("127.0.0.1", "localhost") + path


@asynccontextmanager
async def a_browser(rig: Rig, screen: tuple[int, str], *, javascript: bool = True) -> AsyncIterator[Page]:
    """A browser that asks nobody but us and has nothing to complain of."""
    width, language = screen
    wrong: list[str] = []
    async with a_phone(javascript=javascript, width=width, language=language) as page:
        ours = (url(rig), rig.url, "data:")
        page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(ours) else None)
        # Chromium also writes there that we refused something, which these tests want.
        page.on(
            "console", lambda m: wrong.append(m.text) if m.type == "error" and " 422 " not in m.text else None
        )
        yield page
        if javascript:
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong == []


async def with_authenticator(page: Page) -> Any:
    """A device that keeps passkeys and whose owner says yes with a finger."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options: dict[str, Any] = {"protocol": "ctap2", "transport": "internal"}
    yes = ("hasResidentKey", "hasUserVerification", "isUserVerified", "automaticPresenceSimulation")
    options |= dict.fromkeys(yes, True)
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


async def looked_at(page: Page, name: str) -> None:
    """axe finds nothing, nothing leaves the screen, and (where asked) a picture is kept to be looked at."""
    await no_violations(page)
    if folder := os.environ.get("SCREENSHOTS"):
        width = (page.viewport_size or {"width": 0})["width"]
        language = await page.locator("html").get_attribute("lang")
        await page.screenshot(path=f"{folder}/{name}-{language}-{width}.png", full_page=True)


async def came_in(page: Page, text: str) -> None:
    """Whoever comes in stands at the desk; their name leads to what is theirs."""
    await page.wait_for_url(re.compile("/desk$"))
    await page.get_by_role("link", name="Bo", exact=True).click()
    await expect(page.get_by_text(text)).to_be_visible()


@pytest.mark.parametrize("screen", SCREENS)
async def test_first_sign_in_by_passkey(rig: Rig, screen: tuple[int, str]) -> None:
    words = WORDS[screen[1]]
    async with a_browser(rig, screen) as page:
        await with_authenticator(page)
        await page.goto(url(rig, path_of(await invited(rig))))
        await expect(page.locator("html")).to_have_attribute("dir", "rtl" if screen[1] == "ar" else "ltr")
        await looked_at(page, "invite")
        await page.get_by_role("button", name=words["make"]).click()
        await came_in(page, words["you"])
        await looked_at(page, "account")
        await page.get_by_role("button", name=words["out"], exact=True).click()
        await expect(page.get_by_role("heading", level=1, name=words["sign_in"])).to_be_visible()
        await looked_at(page, "sign-in")
        await page.get_by_role("button", name=words["by_key"]).click()
        await came_in(page, words["you"])


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
@pytest.mark.parametrize("screen", SCREENS)
async def test_first_sign_in_by_password_and_code(
    rig: Rig, screen: tuple[int, str], *, javascript: bool
) -> None:
    words = WORDS[screen[1]]
    async with a_browser(rig, screen, javascript=javascript) as page:
        await page.goto(url(rig, path_of(await invited(rig))))
        await page.get_by_role("link", name=words["choose"]).click()
        secret = await page.locator("code").inner_text()
        await page.get_by_label(words["name"]).fill("bobo")
        await page.get_by_label(words["password"], exact=True).fill("too short, 1")
        await page.get_by_label(words["code"]).fill("000000")
        if javascript:
            await looked_at(page, "password")
        await page.get_by_role("button", name=words["come_in"]).click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.get_by_label(words["password"], exact=True).fill(PASSWORD)
        await page.get_by_label(words["code"]).fill(code(rig, secret))
        await page.get_by_role("button", name=words["come_in"]).click()
        await came_in(page, words["you"])
        await page.get_by_role("button", name=words["out"], exact=True).click()
        rig.clock.forward(seconds=60)
        await page.get_by_label(words["name"]).fill("bobo")
        await page.get_by_label(words["password"], exact=True).fill(PASSWORD)
        await page.get_by_label(words["code"]).fill(code(rig, secret))
        await page.locator("section button").click()
        await came_in(page, words["you"])


async def test_a_passkey_that_is_refused_or_of_nobody_is_said(rig: Rig) -> None:
    async with a_browser(rig, (360, "en")) as page:
        devtools = await with_authenticator(page)
        made = await invited(rig)
        await page.goto(url(rig, path_of(made)))
        await page.get_by_role("button", name="Make a passkey").click()
        await came_in(page, "You are Bo here.")
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await rig.revoke_now(made.member)
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_text("This passkey was not accepted")).to_be_visible()
        await devtools.send("WebAuthn.disable")


@pytest.mark.parametrize("screen", SCREENS)
async def test_an_admin_invites_reads_the_roles_and_what_was_done(rig: Rig, screen: tuple[int, str]) -> None:
    await rig.member("Zed", hackney="verifier")
    async with a_browser(rig, screen) as page:
        await with_authenticator(page)
        await page.goto(url(rig, path_of(await invited(rig, "Bo", hackney="admin"))))
        await page.locator("[data-passkey] button").click()
        await page.wait_for_url(re.compile("/desk$"))
        await page.goto(url(rig, "/members"))
        await looked_at(page, "members")
        await page.locator("#name").fill("Cy")
        await page.locator("#role-dispatcher").check()
        await page.locator("section form button.main").click()
        await expect(page.locator("#link")).to_have_value(re.compile(r"/invite/[\w-]{43}$"))
        await looked_at(page, "invited")
        await page.goto(url(rig, "/members/roles"))
        await looked_at(page, "roles")
        await page.goto(url(rig, "/members/acts"))
        await expect(page.locator("ol > li")).to_have_count(3)
        await looked_at(page, "acts")
        await page.goto(url(rig, "/members"))
        zed = page.locator(".cards > li").filter(has_text="Zed")
        await zed.locator("summary").last.click()
        await zed.locator("button.danger").click()
        await page.wait_for_url(re.compile("/members$"))
        await expect(page.get_by_text("Zed")).to_have_count(0)


async def test_all_by_keyboard(rig: Rig) -> None:
    async with a_browser(rig, (360, "en")) as page:
        await with_authenticator(page)
        await page.goto(url(rig, path_of(await invited(rig))))

        async def to(name: str) -> None:
            for _ in range(30):
                await page.keyboard.press("Tab")
                focused = page.locator(":focus")
                if name in {await focused.inner_text(), await focused.get_attribute("id")}:
                    outline = await focused.evaluate("e => getComputedStyle(e).outlineStyle")
                    assert outline == "solid"
                    return
            pytest.fail(f"the keyboard does not reach {name!r}")

        await to("label")
        await page.keyboard.type("My key")
        await to("Make a passkey")
        await page.keyboard.press("Enter")
        await came_in(page, "You are Bo here.")
        await to("Sign out")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
        await to("Sign in with a passkey")
        await page.keyboard.press("Space")
        await came_in(page, "You are Bo here.")
