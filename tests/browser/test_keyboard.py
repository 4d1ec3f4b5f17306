"""Every act of the desk by keyboard alone, in real Chromium: one volunteer, all that the page offers.

The acts come from the tables that the pages are built from. So an act that nobody can do by keyboard fails
here, and so does a new one for which no walk is written yet.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from playwright.async_api import Locator, Page, expect

from services.console.decide.page_acts import ACTS, POST_ACTS
from services.console.web.desk import ROUTES
from services.console.web.desk.words import DESK
from shared.contracts import desk as commands
from shared.contracts import duty
from shared.contracts.base import GroupId, Message, Position
from shared.contracts.dead import DiscardDead
from shared.contracts.ledger import MessagesWaiting
from tests.rigs.browser import a_browser, at_desk, needs_chromium
from tests.rigs.desk import COMMUNITY, HARINGEY, VERIFIERS, DeskRig, desk_rig
from tests.rigs.keyboard import Keyboard

pytestmark = [pytest.mark.browser, needs_chromium]

HERE: Final = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
RAID: Final = "Immigration raid at Ashwin Street E8, two vans and six officers"
THE_SAME: Final = "Immigration officers and vans at Ashwin Street E8, they hold a rider"
OF_ACTS: Final = "/desk/{code}/{act}"
MESSAGE: Final = '[role="status"], [role="alert"], h1'


class Volunteer:
    """Ada, who has a keyboard and nothing else, before one page of the desk."""

    def __init__(self, desk: DeskRig, page: Page) -> None:
        self.desk, self.page, self.keys = desk, page, Keyboard(page)

    def field(self, name: str) -> Locator:
        """The field (or the fields, if one may choose) of the form's main part."""
        return self.page.locator(f'main [name="{name}"]:not([type="hidden"])')

    def named(self, role: Any, key: str, within: str = "main") -> Locator:
        """What the catalog calls so."""
        inside = self.page.locator(within)
        return inside.get_by_role(role, name=DESK.say("en", key), exact=True)

    async def report(self, words: str) -> str:
        """The id of the report with these words, as the form's choice has it."""
        choice = self.page.locator("main label", has_text=words).locator("input")
        return str(await choice.get_attribute("value"))

    async def opens(self, path: str) -> None:
        """Go there by the address, and past what stands on every page, by the link for that."""
        await self.page.goto(self.desk.rig.url + path)
        await self.keys.enter(self.page.get_by_role("link", name=DESK.say("en", "skip")))

    async def chooses_act(self, name: str) -> None:
        """From an incident's page to the act: the one that is next, else one of those in the drawer."""
        role = "link" if ACTS[name].asks else "button"
        following = self.named(role, f"act_{name}", ".next")
        if await following.count():
            await self.keys.enter(following)
            return
        drawer = self.page.locator("#d-acts")
        await self.keys.enter(drawer.locator("summary"))
        await expect(drawer).to_have_attribute("open", "")
        await self.keys.enter(self.named(role, f"act_{name}", "#d-acts"))

    async def sends(self) -> None:
        """The form, and what it would send to whom, if it tells anybody."""
        await self.keys.enter(self.page.locator("main form .thumb button").first)
        send = self.page.locator("button[name=send]")
        await expect(send.or_(self.page.locator(".done"))).to_be_visible()
        if await send.is_visible():
            await self.keys.stands_at("h1")
            await self.keys.enter(send)

    async def has_done(self, word: str, sort: type[Message], by: str = "mada") -> None:
        """The page says so where the focus is, and the log has the command, applied."""
        await self.page.wait_for_url(re.compile(rf"done={word}(&|$)"))
        await self.keys.stands_at(f".done:is({MESSAGE})")
        assert await self.desk.given() == (sort, by, "applied"), word


Step = Callable[[Volunteer], Awaitable[object]]


async def nothing(_: Volunteer) -> None:
    """There is nothing to fill in."""


async def says_little(ada: Volunteer) -> None:
    await ada.keys.write(ada.field("text"), "Two vans by the café.")


async def asks_whom(ada: Volunteer) -> None:
    await ada.keys.choose(ada.field("asks"), "where")
    await ada.keys.choose(ada.field("report"), await ada.report("vans and six"))


async def hands_over(ada: Volunteer) -> None:
    await ada.keys.choose(ada.field("to"), "mben")
    await says_little(ada)


async def answers_the_questions(ada: Volunteer) -> None:
    await ada.keys.choose(ada.field("who"), "member")
    await ada.keys.choose(ada.field("still"), "yes")
    await ada.keys.write(ada.field("vans"), "2")
    await ada.keys.tick(ada.field("signs").first)
    await ada.keys.enter(ada.page.locator("button[name=built]"))
    await ada.keys.to(ada.field("text"))
    await ada.keys.choose(ada.field("ask"), "WITNESSES")


async def asks_for_one_thing(ada: Volunteer) -> None:
    await ada.keys.choose(ada.field("ask"), "ENOUGH")
    await says_little(ada)


async def counts(ada: Volunteer) -> None:
    for name, number in {"let_go": "1", "taken": "1", "unknown": "0"}.items():
        await ada.keys.write(ada.field(name), number)


async def says_what_became(ada: Volunteer) -> None:
    await ada.keys.write(ada.field("arrested"), "1")
    await ada.keys.write(ada.field("fate_released"), "1")


async def says_where_and_when(ada: Volunteer) -> None:
    await ada.keys.write(ada.field("label"), "Front door")
    await ada.keys.time(ada.field("from"), "20:30")
    await ada.keys.time(ada.field("until"), "22:00")


async def says_which_agency(ada: Volunteer) -> None:
    await ada.keys.choose(ada.field("agency"), "bailiffs")


async def moves_the_map(ada: Volunteer) -> None:
    """Who has no pointer moves the map until the middle is right; the focus stays on the arrow."""
    for look in ("north", "middle"):
        pressed = ada.page.locator(f'button[name=look][value="{look}"]')
        await ada.keys.enter(pressed)
        await expect(ada.page.locator('input[name="view_lat"]')).to_have_count(1)
        await expect(pressed).to_be_focused()
    await expect(ada.page.get_by_text(DESK.say("en", "place_marked"))).to_be_visible()


async def picks_a_group(ada: Volunteer) -> None:
    await ada.keys.tick(ada.field("groups").first)


async def picks_a_report(ada: Volunteer) -> None:
    report = await ada.report("hold a rider")
    await ada.keys.tick(ada.field("reports").and_(ada.page.locator(f'[value="{report}"]')))


async def picks_a_neighbour(ada: Volunteer) -> None:
    other = await ada.field("absorbed").first.get_attribute("value")
    await ada.keys.choose(ada.field("absorbed"), str(other))


@dataclass(frozen=True)
class Walk:
    """An act, what is typed and chosen on the way, and what others do before it (through the API)."""

    act: str
    fills: Step = nothing
    before: tuple[tuple[str, str], ...] = ()


WALKS: Final = (
    Walk("claim"),
    Walk("going"),
    Walk("there"),
    Walk("left"),
    Walk("note", says_little),
    Walk("seen", says_little),
    Walk("ask", asks_whom),
    Walk("hand_over", hands_over),
    Walk("release", before=(("Ben", "release"), ("Ada", "claim"))),
    Walk("place", moves_the_map),
    Walk("escalate", picks_a_group),
    Walk("not_confirmed", says_little),
    Walk("reopen", says_little),
    Walk("watch", says_little),
    Walk("other_agency", says_which_agency, before=(("Ada", "reopen"),)),
    Walk("confirm", answers_the_questions, before=(("Ada", "reopen"),)),
    Walk("retract", says_little),
    Walk("split", picks_a_report, before=(("Ada", "reopen"),)),
    Walk("merge", picks_a_neighbour),
    Walk("update", asks_for_one_thing, before=(("Ada", "confirm"),)),
    Walk("send_on", says_little),
    Walk("officers_left", counts),
    Walk("aftercare"),
    Walk("post", says_where_and_when),
    Walk("account", says_what_became),
    Walk("closed"),
)
"""In the order in which an incident allows them; each begins where the one before has led."""


async def mutes_a_sender(ada: Volunteer) -> None:
    report = await ada.desk.report("raid in E9 again", sender="spammer")
    await ada.opens(f"/desk/held/{report}")
    await ada.keys.enter(ada.page.locator("main details summary"))
    await ada.keys.choose(ada.field("what"), "sender")
    await ada.keys.choose(ada.field("reason"), "hoax")
    await ada.keys.enter(ada.page.locator('form[action$="/mute"] button'))
    await ada.has_done("muted", commands.Mute)


async def unmutes_them(ada: Volunteer) -> None:
    await mutes_a_sender(ada)
    await ada.keys.enter(ada.page.locator("#d-mutes summary"))
    await ada.keys.enter(ada.named("button", "unmute", "#d-mutes"))
    await ada.has_done("unmuted", commands.Unmute)


async def lets_a_report_go_on(ada: Volunteer) -> None:
    report = await ada.desk.report("immigration raid somewhere in E5")
    await ada.opens("/desk")
    await ada.keys.enter(ada.page.locator("#d-held summary"))
    await ada.keys.enter(ada.page.locator(f'a[href="/desk/held/{report}"]'))
    await ada.keys.write(ada.field("where"), "51.5555, -0.0555")
    await ada.keys.enter(ada.page.locator('form[action$="/release"] .thumb button'))
    await ada.has_done("released", commands.ReleaseReport)


async def floods(ada: Volunteer) -> None:
    await ada.opens("/desk")
    form = ada.page.locator('form[action="/desk/flood"]')
    for word in ("flood_on_now", "flood_off_now"):
        await ada.keys.enter(ada.page.locator("details", has=form).locator("summary"))
        await ada.keys.enter(form.locator("button"))
        await ada.has_done(word, commands.Flood)


async def mutes_in_an_incident(ada: Volunteer) -> None:
    report = await ada.desk.report(RAID, at=HERE, first_hand=True)
    code = (await ada.desk.incidents("Ada"))[0]["code"]
    await ada.opens(f"/desk/{code}")
    await ada.keys.enter(ada.page.locator(f'a[href="/desk/{code}/mute/{report}"]'))
    await ada.keys.choose(ada.field("reason"), "repeats")
    await ada.keys.enter(ada.page.locator("main form .thumb button"))
    await ada.has_done("muted_here", commands.Mute)


async def keeps_the_rota(ada: Volunteer) -> None:
    await ada.opens("/desk/duty")
    await ada.keys.enter(ada.page.locator("#d-offer summary"))
    await ada.keys.time(ada.field("from"), "19:05")
    await ada.keys.time(ada.field("until"), "22:00")
    await ada.keys.enter(ada.page.locator("#d-offer .thumb button"))
    await ada.has_done("shift_offer", duty.OfferShift)
    await ada.keys.enter(ada.page.locator('button[formaction$="/take"]'))
    await ada.has_done("shift_take", duty.TakeShift)
    ada.desk.rig.clock.forward(minutes=30)
    await ada.opens("/desk/duty")
    await ada.keys.enter(ada.page.locator('details:has(form[action$="/note"]) summary'))
    await ada.keys.write(ada.page.locator('form[action$="/note"] textarea'), "All quiet.")
    await ada.keys.enter(ada.page.locator('form[action$="/note"] button'))
    await ada.has_done("shift_note", duty.NoteShift)
    await ada.keys.enter(ada.page.locator('button[formaction$="/give_up"]'))
    await ada.has_done("shift_give_up", duty.GiveUpShift)
    await ada.keys.enter(ada.page.locator('details:has(button[formaction$="/withdraw"]) summary'))
    await ada.keys.enter(ada.page.locator('button[formaction$="/withdraw"]'))
    await ada.has_done("shift_withdraw", duty.WithdrawShift)


async def a_post(ada: Volunteer) -> tuple[str, str, str]:
    """A confirmed incident with a post that begins soon: its code, the post, and the post's link."""
    await ada.desk.report(RAID, at=HERE, first_hand=True)
    code = (await ada.desk.incidents("Ada"))[0]["code"]
    await ada.desk.act("confirm", "Ada", incident=code)
    begins, ends = (ada.desk.rig.clock.now() + timedelta(minutes=n) for n in (5, 120))
    about = {"begins": begins.isoformat(), "ends": ends.isoformat(), "label": "Front door", "needed": 3}
    post = (await ada.desk.act("post", "Ada", incident=code, **about))["made"]
    _, shown = await ada.desk.rig.ask("GET", f"/v1/desk/incidents/{code}", ada.desk.tokens["Ada"])
    link = str(shown["aftercare"]["posts"][0]["link"])
    return code, post, link[link.index("/post/") :]


async def keeps_a_post(ada: Volunteer) -> None:
    code, post, _ = await a_post(ada)
    await ada.opens(f"/desk/{code}/posts/{post}")
    for step in ("outside", "join", "leave", "join", "check_in"):
        await ada.keys.enter(ada.page.locator(f'button[formaction$="/{step}"]:not([name])'))
        await ada.has_done(step, POST_ACTS[step].sort)
    await ada.keys.enter(ada.page.locator('details:has(button[formaction$="/withdraw"]) summary'))
    await ada.keys.enter(ada.page.locator('button[formaction$="/withdraw"]'))
    await ada.keys.enter(ada.page.locator("button[name=send]"))
    await ada.has_done("post_withdraw", POST_ACTS["withdraw"].sort)


async def signs_up_by_the_link(ada: Volunteer) -> None:
    _, _, link = await a_post(ada)
    await ada.opens(link)
    await ada.keys.enter(ada.page.locator('form[action$="/join"] button'))
    await ada.page.wait_for_url(re.compile(r"done=join$"))
    await ada.keys.stands_at(".done")


async def keeps_it_by_the_link(ada: Volunteer) -> None:
    await signs_up_by_the_link(ada)
    for act in ("leave", "join", "check_in"):
        await ada.keys.enter(ada.page.locator(f'form[action$="/{act}"] button'))
        await ada.page.wait_for_url(re.compile(rf"done={act}$"))
        await ada.keys.stands_at(".done")


OTHERS: Final = {
    "/desk/held/{report}/mute": mutes_a_sender,
    "/desk/unmute": unmutes_them,
    "/desk/held/{report}/release": lets_a_report_go_on,
    "/desk/flood": floods,
    "/desk/duty/{act}": keeps_the_rota,
    "/desk/{code}/mute/{report}": mutes_in_an_incident,
    "/desk/{code}/posts/{post}/{step}": keeps_a_post,
    "/post/{code}/{post}/{key}/join": signs_up_by_the_link,
    "/post/{code}/{post}/{key}/{tag}/{act}": keeps_it_by_the_link,
}
"""What is done from the list and at a held report, by where its form is sent."""


@pytest.fixture
async def ada(tmp_path: Path) -> AsyncIterator[Volunteer]:
    async with desk_rig(tmp_path) as desk, a_browser() as browser:
        await desk.group("hackney", channels=[COMMUNITY, VERIFIERS])
        await desk.group("haringey", HARINGEY, channels=[VERIFIERS])
        for name in ("Ada", "Ben"):
            await desk.member(name, hackney="dispatcher")
        async with at_desk(browser, desk, "Ada") as page:
            yield Volunteer(desk, page)


def posts() -> set[str]:
    """Where forms of the desk's pages are sent."""
    app = web.Application()
    app.add_routes(ROUTES)
    return {r.resource.canonical for r in app.router.routes() if r.method == "POST" and r.resource}


def test_every_act_has_its_walk() -> None:
    assert {walk.act for walk in WALKS} == set(ACTS), "write a walk by keyboard for the new act"
    assert {OF_ACTS, *OTHERS} == posts(), "write a walk by keyboard for the new form"


async def messages_wait(ada: Volunteer, code: str) -> None:
    """More is to be sent than the group sends in an hour."""
    incident = (await ada.desk.rig.store.incident(code) or {})["id"]
    now = ada.desk.rig.clock.now()
    about = {"group": GroupId("hackney"), "incident_id": incident}
    await ada.desk.put(MessagesWaiting(id="w1", at=now, messages=9, since=now, **about))
    await ada.desk.rig.shown()


async def test_every_act_is_done_by_keyboard(ada: Volunteer) -> None:
    await ada.desk.report(RAID, at=HERE, first_hand=True, contact="neighbour-1")
    await ada.desk.report(THE_SAME, at=HERE)
    code = (await ada.desk.incidents("Ada"))[0]["code"]
    await messages_wait(ada, code)
    await ada.opens("/desk")
    await ada.keys.enter(ada.page.locator(f'a[href="/desk/{code}"]').last)
    await ada.page.wait_for_url(re.compile(f"/desk/{code}$"))
    for walk in WALKS:
        for by, command in walk.before:
            await ada.desk.act(command, by, incident=code)
        if walk.before or not ada.page.url.startswith(f"{ada.desk.rig.url}/desk/{code}?"):
            await ada.opens(f"/desk/{code}")
        await ada.chooses_act(walk.act)
        if ACTS[walk.act].asks:
            await ada.page.wait_for_url(re.compile(f"/{walk.act}$"))
            await walk.fills(ada)
            await ada.sends()
        await ada.has_done(walk.act, ACTS[walk.act].sort)


@pytest.mark.parametrize("form", OTHERS)
async def test_whatever_else_the_desk_offers_is_done_by_keyboard(ada: Volunteer, form: str) -> None:
    await OTHERS[form](ada)


async def test_a_refusal_a_conflict_and_a_mistake_are_where_the_focus_is(ada: Volunteer) -> None:
    await ada.desk.report(RAID, at=HERE, first_hand=True)
    code = (await ada.desk.incidents("Ada"))[0]["code"]
    await ada.opens(f"/desk/{code}/note")
    await ada.keys.enter(ada.page.locator("main form .thumb button"))
    await expect(ada.page.locator("#problem")).to_be_focused()
    await ada.opens(f"/desk/{code}/update")
    await ada.desk.act("seen", "Ben", incident=code, text="I see four officers.")
    await says_little(ada)
    await ada.keys.enter(ada.page.locator("main form .thumb button"))
    heading = ada.page.get_by_role("heading", level=1, name=DESK.say("en", "conflict_title"))
    await expect(heading).to_be_focused()
    await ada.keys.enter(ada.page.locator("main form button"))
    await expect(ada.field("text")).to_have_value("Two vans by the café.")
    await ada.page.goto(f"{ada.desk.rig.url}/desk/Z9Z")
    await expect(ada.page.get_by_role("heading", level=1)).to_be_focused()


async def test_the_focus_stays_where_it_is_when_the_page_is_renewed(ada: Volunteer) -> None:
    await ada.desk.report(RAID, at=HERE, first_hand=True)
    code = (await ada.desk.incidents("Ada"))[0]["code"]
    await ada.opens(f"/desk/{code}")
    await ada.keys.enter(ada.page.locator("#d-acts summary"))
    note = ada.named("link", "act_note", "#d-acts")
    await ada.keys.to(note)
    await ada.desk.act("note", "Ben", incident=code, text="On my way.")
    await expect(ada.page.get_by_text("On my way.")).to_be_visible()
    await expect(note).to_be_focused()
    await ada.keys.sees()
    await expect(ada.page.locator("#d-acts")).to_have_attribute("open", "")


async def test_the_ledger_is_read_by_keyboard(ada: Volunteer) -> None:
    await ada.desk.report(RAID, at=HERE, first_hand=True)
    code = (await ada.desk.incidents("Ada"))[0]["code"]
    alert = ((await ada.desk.rig.store.incident(code)) or {})["alerts"][0]
    await ada.desk.rig.delivered(alert, kind="webhook", audience="verifiers")
    await ada.opens(f"/desk/{code}")
    await ada.keys.enter(ada.named("link", "ledger_link"))
    await ada.page.wait_for_url(re.compile(f"/desk/{code}/ledger$"))
    await ada.keys.enter(ada.named("link", "ledger_each"))
    await ada.page.wait_for_url(re.compile(f"/ledger/{alert}$"))
    await expect(ada.page.get_by_text("public:0")).to_be_visible()


async def test_dead_letters_are_tried_again_and_let_go_by_keyboard(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as desk, a_browser() as browser, at_desk(browser, desk, "op") as page:
        names = [await desk.poison() for _ in range(2)]
        keys = Keyboard(page)
        await page.goto(f"{desk.rig.url}/account")
        await keys.enter(page.locator('nav a[href="/dead"]'))
        await page.wait_for_url(re.compile("/dead$"))
        await keys.enter(page.locator('form[action="/dead/retry"] button'))
        await expect(page.get_by_role("status")).to_be_visible()
        await keys.enter(page.locator(f'a[href="/dead/{names[0]}"]'))
        await keys.to(page.locator("#why"))
        await page.keyboard.type("a scanner")
        await keys.enter(page.locator('button[formaction$="/discard"]'))
        await page.wait_for_url(re.compile("/dead$"))
        assert await desk.given() == (DiscardDead, "mop", "applied")
        await desk.rig.shown()
        await page.reload()
        await expect(page.locator(f'a[href="/dead/{names[0]}"]')).to_have_count(0)
        await expect(page.locator(f'a[href="/dead/{names[1]}"]')).to_be_visible()
