"""A new group led to its first exercise in a real Chromium: small and wide, left to right and the reverse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from shared.contracts.base import IncidentId
from shared.contracts.desk import Statement, Tally
from shared.contracts.groups import MemberAdded
from shared.contracts.incidents import GroupShare, IncidentEnded, IncidentOpened, IncidentPlace
from tests.rigs.browser import SCREENS, a_phone, needs_chromium, no_violations
from tests.rigs.console import EXACT
from tests.rigs.group_admin import BAD_ENV, CHAT, GOOD_ENV, HACKNEY, Desk, geojson, group_desk

pytestmark = [pytest.mark.browser, needs_chromium]

WORDS = {
    "en": {
        "make": "Make the group", "no_area": "The group has no area yet.", "save_area": "Save this area",
        "save": "Save", "works": "Delivered: this channel works.",
        "fails": "This channel does not work.", "wrong_token": "The token is wrong.",
        "no_drill": "There was no exercise in the last weeks.",
        "clear": "A secret is written here in clear.",
        "ready": "Ready: every step to a first exercise is done",
        "swap": "Swap latitude and longitude, and look again",
        "moved": "Somebody else has changed the group", "no_geojson": "This is no GeoJSON file.",
    },
    "ar": {
        "make": "أنشئ المجموعة", "no_area": "ليس للمجموعة منطقة بعد.", "save_area": "احفظ هذه المنطقة",
        "save": "احفظ", "works": "وصلت: هذه القناة تعمل.",
        "fails": "هذه القناة لا تعمل.", "wrong_token": "الرمز خاطئ.",
        "no_drill": "لم يجرِ أي تمرين في الأسابيع الأخيرة.",
        "clear": "هنا سر مكتوب كما هو.",
        "ready": "جاهز: كل الخطوات إلى أول تمرين تمّت",
        "swap": "بدّل خط العرض وخط الطول وانظر مرة أخرى",
        "moved": "غيّر شخص آخر المجموعة", "no_geojson": "هذا ليس ملف GeoJSON.",
    },
}  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with group_desk(tmp_path, monkeypatch) as found:
        yield found


@asynccontextmanager
async def a_browser(
    desk: Desk, screen: tuple[int, str], name: str, *, javascript: bool = True
) -> AsyncIterator[Page]:
    """A browser in which this member is signed in; it asks nobody but us."""
    width, language = screen
    elsewhere: list[str] = []
    cookie, _, value = (await desk.rig.signed_in(name))["Cookie"].partition("=")
    async with a_phone(javascript=javascript, width=width, language=language) as page:
        await page.context.add_cookies([{"name": cookie, "value": value, "url": desk.rig.url}])
        ours = (desk.rig.url, "data:")
        page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith(ours) else None)
        page.set_default_timeout(20_000)
        yield page
    assert elsewhere == []


async def both(desk: Desk, name: str, group: str) -> None:
    """An operator who is also the group's admin, as in a small hub."""
    added = MemberAdded.model_validate(
        {**desk.rig.base(), "member": f"m{name.lower()}", "roles": {"hub": "operator", group: "admin"},
         "token_sha256": "0" * 64}
    )  # fmt: skip
    await desk.rig.publish(added)
    await desk.rig.shown()


async def an_exercise(desk: Desk, *, ended: bool) -> None:
    """An incident of an exercise in the group."""
    base, name = desk.rig.base, IncidentId("idrill")
    if not ended:
        shares = (GroupShare(group="hackney", version=1),)
        where = IncidentPlace(place=EXACT)
        opened = IncidentOpened(
            **base(), incident_id=name, code="D7K", groups=shares, where=where, drill=True
        )
        await desk.rig.publish(opened)
    else:
        said = Statement(text="over")
        who = {"member": "mop", "group": "hackney"}
        await desk.rig.publish(
            IncidentEnded(
                **base(), incident_id=name, **who, stage="officers_left", tally=Tally(), statement=said
            )
        )
    await desk.rig.shown()


class Guided:
    """Somebody who follows the pages from step to step, in their own language."""

    def __init__(self, desk: Desk, page: Page, screen: tuple[int, str]) -> None:
        self.desk, self.page, self.width, self.words = desk, page, screen[0], WORDS[screen[1]]

    async def opens(self, path: str) -> None:
        await self.page.goto(self.desk.rig.url + path)
        await self.sound()

    async def goes_on(self) -> None:
        """To the next step, by its one big button."""
        await self.page.click(".steps .next a")
        await self.sound()

    async def saves(self) -> None:
        await self.page.click(f"button:text-is('{self.words['save']}')")

    async def tests_chat(self) -> None:
        await self.page.click("form[action$='/channels/chat/test'] button")

    async def sees(self, name: str) -> None:
        await expect(self.page.get_by_text(self.words[name]).first).to_be_visible()

    async def sound(self) -> None:
        """Nothing keeps anybody from using this page, and it fits."""
        await no_violations(self.page)
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= self.width

    async def makes_the_group(self) -> None:
        await self.opens("/groups/new")
        await self.page.fill("#name", "Hackney")
        await self.page.click(f"text={self.words['make']}")
        await self.sees("no_area")
        await expect(self.page.locator(".steps .next")).to_have_count(1)
        await self.sound()

    async def uploads(self, text: str) -> None:
        file: FilePayload = {"name": "a.geojson", "mimeType": "application/json", "buffer": text.encode()}
        await self.page.set_input_files("#file", file)
        await self.page.click("form[action$='/file'] button")

    async def says_where_it_is(self) -> None:
        await self.goes_on()
        await self.uploads("no map at all")
        await self.sees("no_geojson")
        await self.uploads(geojson(*((lat, lon) for lon, lat in HACKNEY)))
        await self.sound()
        await self.page.click(f"text={self.words['swap']}")
        await expect(self.page.locator("svg .mine")).to_be_visible()
        await self.sound()
        await self.page.click(f"text={self.words['save_area']}")

    async def adds_a_chat(self) -> None:
        """First with a secret in clear, which is refused, then with a reference to a wrong one."""
        await self.goes_on()
        await self.page.click("a[href$='kind=telegram']")
        await self.sound()
        fields = {"#id": "chat", "#s-to": CHAT, "#s-api": self.desk.bot.url, "#s-token": "4711:right-token"}
        for field, text in fields.items():
            await self.page.fill(field, text)
        await self.saves()
        await self.sees("clear")
        await self.sound()
        await self.page.fill("#s-token", f"env:{BAD_ENV}")
        await self.saves()

    async def reads_what_telegram_says(self) -> None:
        await self.tests_chat()
        await self.sees("fails")
        await expect(self.page.locator("q")).to_have_text("Unauthorized")
        await self.sees("wrong_token")
        await self.sound()
        assert self.desk.bot.sent == []

    async def mends_the_token(self) -> None:
        await self.page.click("#channel-chat a[href$='/channels/chat']")
        await self.sound()
        await self.page.fill("#s-token", f"env:{GOOD_ENV}")
        await self.saves()
        await self.tests_chat()
        await self.sees("works")
        assert [m["text"].partition(" ")[0] for m in self.desk.bot.sent] == ["TEST"]

    async def chooses_channels_for_exercises(self) -> None:
        await self.opens("/groups/hackney")
        await self.goes_on()
        await self.page.check("#drill-chat")
        await self.saves()
        await self.sees("no_drill")


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_new_group_is_led_to_its_first_exercise(desk: Desk, screen: tuple[int, str]) -> None:
    async with a_browser(desk, screen, "Op") as page:
        led = Guided(desk, page, screen)
        await led.makes_the_group()
        await both(desk, "Op", "hackney")
        await led.says_where_it_is()
        await led.adds_a_chat()
        await led.reads_what_telegram_says()
        await led.mends_the_token()
        await led.chooses_channels_for_exercises()
        await an_exercise(desk, ended=False)
        await page.reload()
        await expect(page.get_by_text("D7K")).to_be_visible()
        await an_exercise(desk, ended=True)
        await page.reload()
        await led.sees("ready")
        for path in ("/groups/hackney", "/groups", "/groups/hackney/policy", "/groups/hackney/name"):
            await led.opens(path)


@pytest.mark.parametrize("screen", [(360, "en"), (360, "ar")], ids=["en", "ar"])
async def test_of_two_admins_the_second_is_told_and_keeps_their_words(
    desk: Desk, screen: tuple[int, str]
) -> None:
    await desk.rig.group("hackney")
    await desk.rig.member("Ada", hackney="admin")
    await desk.rig.member("Ben", hackney="admin")
    async with a_browser(desk, screen, "Ada") as ada, a_browser(desk, screen, "Ben") as ben:
        for page in (ada, ben):
            await page.goto(desk.rig.url + "/groups/hackney/name")
        for page, name in ((ada, "Ada's group"), (ben, "Ben's group")):
            await page.fill("#name", name)
            await page.click("main button")
        await expect(ben.get_by_role("alert")).to_contain_text(WORDS[screen[1]]["moved"])
        await expect(ben.locator("#name")).to_have_value("Ben's group")
        await no_violations(ben)
        await ada.reload()
        await expect(ada.locator("h1")).to_have_text("Ada's group")


async def test_everything_works_by_keyboard_and_without_scripts(desk: Desk) -> None:
    await desk.rig.member("Ada", hub="operator", hackney="admin")
    async with a_browser(desk, (360, "en"), "Ada", javascript=False) as page:
        await page.goto(desk.rig.url + "/groups/new")
        await page.focus("#name")
        await page.keyboard.type("Hackney")
        await page.keyboard.press("Enter")
        await expect(page.locator(".steps")).to_be_visible()
        await page.focus(".steps .next a")
        await page.keyboard.press("Enter")
        await page.focus("#districts")
        await page.keyboard.type("E5, E8")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.focus("form[action$='/save'] button")
        await page.keyboard.press("Space")
        await expect(page.get_by_role("status")).to_be_visible()
        await page.goto(desk.rig.url + "/groups/hackney/add-channel?kind=feed")
        await page.focus("#id")
        await page.keyboard.press("Enter")
        await page.focus("form[action$='/test'] button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Delivered: this channel works.")).to_be_visible()
        await page.focus("details summary")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator("button.danger")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The group has no channel yet.")).to_be_visible()
