"""What comes after, in real Chromium: officers left, nobody comes to a post, the reserve hears, it is closed.

The whole line on real processes, and every page of duty and posts for itself: small and wide, in English and
in Arabic, with and without JavaScript, by keyboard. Times are those of the wall clock: what must have begun
was begun some minutes ago.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, expect

from services.console.outside import link_of
from services.console.web.desk.words import DESK
from shared.contracts.base import Position
from shared.contracts.groups import ChannelDefinition, Policy
from tests.rigs.browser import a_browser, a_tab, fits, needs_chromium, no_violations
from tests.rigs.desk import DeskRig, desk_rig
from tests.rigs.system import RelaySystem, square

pytestmark = [pytest.mark.browser, needs_chromium]

RAID: Final = "immigration raid now, two vans and six officers, I see them"
STATION: Final = "Ward Road Police Station, back door"
LATE: Final = timedelta(minutes=11)
"""A post that began so long ago: whoever is not there has not come."""
LONDON: Final = ZoneInfo("Europe/London")
PHONE, WIDE = 360, 1200
SCREENS: Final = ((PHONE, "en"), (WIDE, "ar"), (PHONE, "ar"), (WIDE, "en"))
VERIFIERS: Final = ChannelDefinition(
    id="hook", kind="webhook", audience="verifiers",
    settings={"url": "env:U", "path": "/v", "secret": "env:S"},
)  # fmt: skip
HERE: Final = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as found:
        yield found


class Reader:
    """A page and the language that it is read in: its parts are found by the catalog's words."""

    def __init__(self, page: Page, language: str, width: int) -> None:
        self.page, self.language, self.width = page, language, width

    def say(self, key: str, **values: object) -> str:
        return DESK.say(self.language, key, **values)

    async def press(self, key: str) -> None:
        await self.page.get_by_role("button", name=self.say(key), exact=True).first.click()

    async def follow(self, key: str) -> None:
        await self.page.get_by_role("link", name=self.say(key), exact=True).first.click()

    async def fill(self, key: str, value: str) -> None:
        await self.page.get_by_label(self.say(key), exact=True).fill(value)

    async def sees(self, key: str, **values: object) -> None:
        await expect(self.page.get_by_text(self.say(key, **values)).first).to_be_visible()

    async def is_sound(self) -> None:
        """It is accessible and fits, whatever is opened."""
        await self.page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        await fits(self.page, self.width)
        await no_violations(self.page)


async def confirmed(relay: RelaySystem, n: int) -> tuple[str, str]:
    """A group of its own, and in its area a raid that a person confirmed: the group's id and the code."""
    group, lat = f"ward{n}", 52.23 + n
    await relay.define_group({"id": group, "name": f"Ward Watch {n}", "area": square(lat, -1.53, 0.05)})
    await relay.deliver_report(RAID, sender=f"s{n}", lat=lat, lon=-1.53, first_hand=True)
    code = str((await relay.the_incident(group))["code"])
    await relay.desk("confirm", by=group, incident=code)
    return group, code


async def test_nobody_comes_the_reserve_hears_and_only_who_is_accounted_for_is_closed(
    tmp_path: Path, browser: Browser
) -> None:
    async with RelaySystem(tmp_path) as relay:
        for n, (width, language) in enumerate(SCREENS):
            group, code = await confirmed(relay, n)
            token = {"Authorization": f"Bearer {relay.tokens[group]}"}
            console = relay.urls["console"]
            async with a_tab(browser, console, headers=token, width=width, language=language) as page:
                desk = Reader(page, language, width)
                await officers_left(desk, f"{console}/desk/{code}")
                link = await open_post(desk)
                await sign_up_by(browser, link, language, script=n % 2 == 0)
                await hears(relay, desk, group, code)
                await close(relay, desk, group, code)
        assert max(relay.sink.copies().values()) == 1


async def officers_left(desk: Reader, url: str) -> None:
    """The dispatcher says so: one let go, of one nobody knows."""
    await desk.page.goto(f"{url}/officers_left")
    await desk.fill("let_go", "1")
    await desk.fill("taken", "0")
    await desk.fill("unknown", "1")
    await desk.press("go_on")
    await desk.page.locator("button[name=send]").click()
    await expect(desk.page.get_by_role("heading", name=desk.say("after_title"))).to_be_visible()
    await desk.sees("close_not_yet", n=1)
    await desk.is_sound()


async def open_post(desk: Reader) -> str:
    """A post that has begun, shown in its words before it is told; its link."""
    begins = datetime.now(UTC).astimezone(LONDON) - LATE
    await desk.follow("act_post")
    await desk.is_sound()
    await desk.fill("post_where", STATION)
    await desk.fill("duty_day", f"{begins:%Y-%m-%d}")
    await desk.fill("duty_from", f"{begins:%H:%M}")
    await desk.fill("duty_until", f"{begins + timedelta(hours=3):%H:%M}")
    await desk.fill("duty_places", "1")
    await desk.press("go_on")
    words_sent = desk.page.locator(".words-sent").first
    await expect(words_sent).to_contain_text(STATION)
    await expect(words_sent).to_contain_text("lacks people")  # it has begun: said at once
    await desk.is_sound()
    await desk.page.locator("button[name=send]").click()
    await desk.sees("done_post")
    await desk.is_sound()
    words = await desk.page.get_by_role("textbox", name=desk.say("post_link_title")).input_value()
    await desk.page.locator("a.back").click()
    return words.split()[-1]


async def sign_up_by(browser: Browser, link: str, language: str, *, script: bool) -> None:
    """Somebody without an account takes the shift by the link, on a phone."""
    origin = link.partition("/post/")[0]
    async with a_tab(browser, origin, language=language, script=script) as page:
        outside = Reader(page, language, PHONE)
        await page.goto(link)
        await expect(page.get_by_text(STATION)).to_be_visible()
        await outside.press("act_post_join")
        await outside.sees("outside_done_join")
        await expect(page.get_by_role("button", name=outside.say("act_post_check_in"))).to_be_visible()
        if script:
            await outside.is_sound()


async def hears(relay: RelaySystem, desk: Reader, group: str, code: str) -> None:
    """Nobody checked in: the verifiers are asked to step in, and the open page shows it by itself."""

    def told() -> bool:
        alerts = relay.sink.received(kind="AFTERCARE", group=group, code=code)
        return any(
            "somebody has not come" in m.payload["text"] and STATION in m.payload["text"] for m in alerts
        )

    await relay.wait_until(told, "the verifiers hear that somebody has not come")
    await desk.sees("reserve_no_show")
    await expect(desk.page.get_by_text(desk.say("keeper_missed"), exact=True)).to_be_visible()
    audiences = {m.audience for m in relay.sink.received(kind="AFTERCARE", group=group)}
    assert audiences == {"verifiers"}
    await desk.is_sound()


async def close(relay: RelaySystem, desk: Reader, group: str, code: str) -> None:
    """The close says why not yet, and the way; then it is told to everybody."""
    await desk.page.goto(f"{relay.urls['console']}/desk/{code}/closed")
    await desk.sees("closed_first", n=1)
    await desk.is_sound()
    await desk.press("go_on")
    await desk.sees("refused_not_accounted_for")
    await desk.is_sound()
    assert relay.sink.received(kind="CLOSED", group=group) == []
    await desk.follow("act_account")
    await desk.is_sound()
    await desk.fill("fate_released", "1")
    await desk.press("do_it")
    await desk.sees("close_may")
    await desk.page.goto(f"{relay.urls['console']}/desk/{code}/closed")
    await desk.press("go_on")
    await desk.page.locator("button[name=send]").click()
    await expect(desk.page.locator(".pill").first).to_have_text(desk.say("status_closed"))
    await relay.wait_until(
        lambda: (
            {m.audience for m in relay.sink.received(kind="CLOSED", group=group)}
            == {"verifiers", "community"}
        ),
        "the end is told",
    )


# --- each page for itself -----------------------------------------------------------------------


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[VERIFIERS], policy=Policy(quiet_hours="22:00-07:00"))
        await found.member("Ada", hackney="admin")
        await found.member("Ben", hackney="verifier")
        yield found


async def duty(desk: DeskRig, act: str, by: str, **fields: Any) -> str:
    """A command about a shift; the shift."""
    status, answer = await desk.rig.ask("POST", f"/v1/duty/{act}", desk.tokens[by], json=fields)
    assert status == 200, answer
    return str(answer["made"] or fields["shift"])


def hours(desk: DeskRig, begins: float, ends: float) -> dict[str, str]:
    now = desk.rig.clock.now()
    return {
        "begins": (now + timedelta(hours=begins)).isoformat(),
        "ends": (now + timedelta(hours=ends)).isoformat(),
    }


async def session(desk: DeskRig, name: str) -> str:
    return (await desk.rig.signed_in(name))["Cookie"].partition("=")[2]


async def after_a_raid(desk: DeskRig) -> tuple[str, str, str]:
    """Officers have left; a post runs, kept by a member who has not come and a volunteer: code, post, tag."""
    await desk.report("Immigration raid at Ashwin Street E8, six officers", at=HERE, first_hand=True)
    code = str((await desk.incidents("Ada"))[0]["code"])
    await desk.act("confirm", "Ada", incident=code)
    await desk.act("end", "Ada", incident=code, let_go=1, taken=2, unknown=1)
    made = await desk.act("post", "Ada", incident=code, **hours(desk, -0.5, 2), label="x" * 100, needed=3)
    post = str(made["made"])
    await desk.act("post_join", "Ben", incident=code, post=post)
    tag = (await desk.act("post_join", "Ada", incident=code, post=post, outside=True))["made"]
    return code, post, str(tag)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("width", [PHONE, WIDE], ids=["phone", "wide"])
async def test_every_page_of_duty_and_posts_fits_and_is_accessible(
    browser: Browser, desk: DeskRig, width: int, language: str
) -> None:
    shift = await duty(desk, "offer", "Ada", **hours(desk, -1, 3), places=2)
    await duty(desk, "take", "Ada", shift=shift)
    await duty(desk, "note", "Ada", shift=shift, text="y" * 200)
    await duty(desk, "offer", "Ada", **hours(desk, 70, 74), places=3)
    code, post, tag = await after_a_raid(desk)
    link = link_of(desk.rig.console, await desk.rig.store.incident(code) or {}, post)
    outside = "/post/" + link.partition("/post/")[2]
    seen: dict[str, int] = {
        "/desk/duty": 200, "/desk/duty?done=shift_take": 200, f"/desk/{code}": 200, f"/desk/{code}/post": 200,
        f"/desk/{code}/account": 200, f"/desk/{code}/posts/{post}": 200,
        f"/desk/{code}/posts/{post}?done=outside&tag={tag}": 200, f"/desk/{code}/posts/none": 404,
        outside: 200, f"{outside}/{tag}": 200, f"{outside}/{tag}?done=join": 200, f"{outside}?tag=VAAAA": 409,
        f"{outside[:-4]}0000": 404,
    }  # fmt: skip
    async with a_tab(
        browser, desk.rig.url, width=width, language=language, session=await session(desk, "Ada")
    ) as page:
        for path, status in seen.items():
            answer = await page.goto(desk.rig.url + path)
            assert (answer and answer.status) == status, path
            await expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
            await Reader(page, language, width).is_sound()


@pytest.mark.parametrize("script", [True, False], ids=["javascript", "no javascript"])
async def test_a_shift_is_taken_and_handed_over_on_a_phone(
    browser: Browser, desk: DeskRig, *, script: bool
) -> None:
    await duty(desk, "offer", "Ada", **hours(desk, -1, 3))
    async with a_tab(browser, desk.rig.url, script=script, session=await session(desk, "Ben")) as page:
        ben = Reader(page, "en", PHONE)
        await page.goto(desk.rig.url + "/desk")
        await ben.follow("duty_title")
        await expect(page.locator(".rota .nobody").first).to_contain_text("nobody has taken it")
        await ben.press("duty_take")
        await ben.sees("done_shift_take")
        await page.get_by_text(ben.say("duty_note")).click()
        await ben.fill("duty_note_title", "One van at six.")
        await ben.press("duty_note_do")
        await expect(page.locator("blockquote")).to_have_text("One van at six.")
        await ben.press("duty_give_up")
        await expect(page.locator(".rota .nobody").first).to_contain_text("nobody has taken it")


async def test_a_post_is_kept_by_keyboard_alone_and_the_open_page_shows_it(
    browser: Browser, desk: DeskRig
) -> None:
    code, post, _ = await after_a_raid(desk)
    async with (
        a_tab(browser, desk.rig.url, session=await session(desk, "Ben")) as bens,
        a_tab(browser, desk.rig.url, width=WIDE, session=await session(desk, "Ada")) as adas,
    ):
        await adas.goto(f"{desk.rig.url}/desk/{code}")
        await expect(adas.get_by_text("did not come").first).to_be_visible()
        await bens.goto(f"{desk.rig.url}/desk/{code}")
        await _tab_to(bens, DESK.say("en", "act_post_check_in"))
        await bens.keyboard.press("Enter")
        await bens.wait_for_url(f"**/posts/{post}?done=check_in")
        await expect(adas.locator(".k-there")).to_contain_text("there since")


async def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is so called has the focus, and shows it."""
    focused = "document.activeElement.firstChild?.textContent.trim()"
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate(focused) == name:
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    raise AssertionError(f"no way to {name} by keyboard")
