"""Every page there is, in the states that matter: where it is, who looks, and what is done there first.

Beside it a hub in which all of these states are there at once. The table is checked against the routes of
the applications (`tests/browser/test_every_page.py`), so a page that nobody has entered here fails there.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, get_args

from playwright.async_api import Page, expect

from services.console.channels import MANIFEST
from services.console.decide.page_acts import ACTS
from services.console.outside import link_of
from shared.contracts.base import AlertId, Position
from shared.contracts.groups import Policy
from shared.contracts.keys import DeadLettered
from shared.contracts.ledger import (
    AlertExpanded,
    Following,
    MessagesWaiting,
    SubscribersCounted,
    SubscribersOpened,
)
from shared.plugins.registry import load_plugins
from shared.plugins.spec import BridgeState
from shared.state.bridges import KEY as BRIDGES
from shared.words.own import starters
from tests.rigs.account import invited, path_of
from tests.rigs.desk import COMMUNITY, HARINGEY, VERIFIERS, DeskRig, desk_rig

LONG: Final = "x" * 120
DRILLED: Final = VERIFIERS.model_copy(update={"drills": True})
PLACES: Final = {
    "full": (51.5467, -0.0753), "second": (51.5545, -0.0545), "lapsed": (51.5400, -0.0560),
    "over": (51.5360, -0.0700), "after": (51.5480, -0.0400), "on": (51.5475, -0.0625),
    "merged": (51.5385, -0.0810),
}  # fmt: skip
"""An incident each, far enough from the others to be one of its own."""
_WITNESSES: Final = Following(
    channel="sub_join_en_w", kind="twilio-sms", language="en", choice="witness", people=40, max_chars=306,
    sms=True, price_pence=4.0,
)  # fmt: skip


class Pages:
    """A hub with an incident in every state, somebody in every role, and what their pages are about."""

    def __init__(self, desk: DeskRig) -> None:
        self.desk, self.rig = desk, desk.rig
        self.facts: dict[str, str] = {}

    async def begin(self) -> None:
        """Let it all happen, in the order in which time allows it."""
        policy = Policy(second_person_above=1, sms_pounds_a_month=1)
        await self.desk.group("hackney", channels=[COMMUNITY, DRILLED], policy=policy)
        await self.desk.group("quiet", ())
        for name, role in (
            ("Ada", "dispatcher"),
            ("Ben", "dispatcher"),
            ("Vera", "verifier"),
            ("Adam", "admin"),
        ):
            await self.desk.member(name, hackney=role)  # type: ignore[arg-type]
        await self.desk.member("Quinn", quiet="admin")
        await self.desk.group("haringey", HARINGEY)
        await self.desk.member("Hana", haringey="dispatcher")
        await self._incidents()
        await self._held()
        await self._beside()
        await self._own_words()
        await self._subscribers()
        await self._bridges()
        await self._money()
        asked = ("POST", "/v1/groups/hackney/exercises", self.desk.tokens["Ada"])
        self.facts["exercise"] = (await self.rig.ask(*asked, json={}))[1]["id"]
        self.facts["invite"] = path_of(await invited(self.rig)).rpartition("/")[2]
        await self._dead()

    async def _money(self) -> None:
        """The month's money for SMS is spent, subscribers would cost more of it; and the hour is full."""
        base = {"at": self.rig.clock.now(), "group": "hackney"}
        names = tuple(f"sub_join_en_w:{n}" for n in range(20))
        spent = {"audience": "community", "chunks": (names,), "prices": {"sub_join_en_w": 8.0}}
        await self.desk.put(AlertExpanded(id="spent", alert_id=AlertId("spent"), **base, **spent))
        about = {"incident_id": (await self.rig.store.incident(self.facts["full"]) or {})["id"]}
        waits = MessagesWaiting(id="w1", messages=4_300, since=self.rig.clock.now(), **base, **about)
        await self.desk.put(waits)
        await self.rig.shown()

    async def _own_words(self) -> None:
        """Words in use that end soon, and others that wait for a second person."""
        admin, other = await self.rig.signed_in("Adam"), await self.rig.signed_in("Ada")
        for slot in ("CONFIRMED/short/en", "OVER/short/tr"):
            form = {"text": starters()[slot.partition("/")[0]], "newest": "0", "propose": "1"}
            await self._sent(f"/groups/hackney/words/{slot}", admin, form)
        group = await self.rig.store.one("group:hackney") or {}
        (version,) = (str(w["version"]) for w in group["words"] if w["kind"] == "CONFIRMED")
        day = (self.rig.clock.now() + timedelta(days=20)).date().isoformat()
        signed = {"looked_at": version, "signed_by": "Ada", "signed_as": "member", "expires_on": day}
        await self._sent("/groups/hackney/words/CONFIRMED/short/en/review", other, signed)

    async def _sent(self, path: str, headers: Mapping[str, str], form: Mapping[str, str]) -> None:
        data = {"csrf": headers["X-CSRF"], **form}
        async with self.rig.http.post(self.rig.url + path, data=data, headers=headers) as answer:
            if "done=" not in answer.url.path_qs:
                raise AssertionError(f"{path}: {answer.status}")

    async def _incidents(self) -> None:
        for name, (lat, lon) in PLACES.items():
            at = Position(lat=lat, lon=lon, accuracy_m=15)
            known = {i["code"] for i in await self.desk.incidents("Ada")}
            report = await self.desk.report("Immigration raid here, two vans", at=at, first_hand=True)
            self.facts[f"{name}_report"] = report
            (self.facts[name],) = {i["code"] for i in await self.desk.incidents("Ada")} - known
        await self._happens("lapsed", ("claim", "Ada", {}))
        self.rig.clock.forward(minutes=16)
        await self._happens(
            "full", ("claim", "Ada", {}), ("attend", "Ben", {}), ("note", "Ben", {"text": LONG})
        )
        await self._happens("full", ("merge", "Ada", {"absorbed": self.facts["merged"]}))
        await self._happens("second", ("confirm", "Ben", {"text": "Two vans."}))
        for name in ("over", "after", "on"):
            said = {"text": "Two vans, six officers.", "ask": "WITNESSES"}
            await self._happens(name, ("confirm", "Ben", said), ("confirm", "Ada", said))
        await self._is_public("on")
        for name, taken in (("over", 0), ("after", 2)):
            await self._happens(
                name, ("end", "Ada", {"stage": "officers_left", "taken": taken, "unknown": 0})
            )
        await self._happens("over", ("end", "Ada", {"stage": "closed"}))
        await self._happens("after", ("end", "Ada", {"stage": "aftercare"}))
        await self._posts()

    async def _dead(self) -> None:
        """A letter that waits, one that is closed, and one that can only be let go."""
        self.facts["letter"], self.facts["closed"] = await self.desk.poison(), await self.desk.poison()
        path = f"/v1/dead/{self.facts['closed']}/discard"
        await self.rig.ask("POST", path, self.desk.tokens["op"], json={"why": "seen"})
        unsent = {"service": "notifier", "stream": "DECISIONS", "subject": "decisions.v1.told", "seq": 7}
        await self.rig.publish(DeadLettered(**self.rig.base(), reason="ambiguous_twice", detail="", **unsent))
        self.facts["unsent"] = "notifier.DECISIONS.7"

    async def _is_public(self, name: str) -> None:
        """What its community was told has arrived, so that the public pages may say it."""
        incident = await self.rig.store.incident(self.facts[name]) or {}
        alerts = await self.rig.store.many("alert", incident["alerts"])
        (told,) = (a["alert_id"] for a in alerts if a["audience"] == "community")
        self.facts[f"{name}_alert"] = told
        await self.rig.delivered(told)

    async def _posts(self) -> None:
        """Somebody is on duty; a post with a member and a volunteer from outside; and its link."""
        begins, ends = (self.rig.clock.now() + timedelta(hours=n) for n in (1, 3))
        times = {"begins": begins.isoformat(), "ends": ends.isoformat()}
        about = {"incident": self.facts["after"]}
        token = self.desk.tokens["Ada"]
        offer = {"group": "hackney", "places": 2, **times}
        _, shift = await self.rig.ask("POST", "/v1/duty/offer", token, json=offer)
        await self.rig.ask("POST", "/v1/duty/take", token, json={"shift": shift["made"]})
        post = (await self.desk.act("post", "Ada", **about, label="Front door", needed=3, **times))["made"]
        await self.desk.act("post_join", "Ben", **about, post=post)
        self.facts["tag"] = (await self.desk.act("post_join", "Ada", **about, post=post, outside=True))[
            "made"
        ]
        _, shown = await self.rig.ask("GET", f"/v1/desk/incidents/{self.facts['after']}", token)
        self.facts |= {"post": post, "key": shown["aftercare"]["posts"][0]["link"].rpartition("/")[2]}
        await self._called_off(about, times)

    async def _called_off(self, about: Mapping[str, str], times: Mapping[str, str]) -> None:
        """A post that was opened and is kept no more, and its link."""
        post = (await self.desk.act("post", "Ada", **about, label="Back door", **times))["made"]
        document = await self.rig.store.incident(about["incident"]) or {}
        link = link_of(self.rig.console, document, str(post))
        await self.desk.act("post_withdraw", "Ada", **about, post=post)
        self.facts |= {"off": str(post), "off_key": link.rpartition("/")[2]}

    async def _happens(self, name: str, *acts: tuple[str, str, Mapping[str, object]]) -> None:
        for command, who, fields in acts:
            await self.desk.act(command, who, incident=self.facts[name], **fields)

    async def _held(self) -> None:
        self.facts["held"] = await self.desk.report("immigration raid somewhere in N15", contact="a")
        spam = await self.desk.report("immigration raid somewhere in N15", sender="spammer")
        await self.desk.act("mute", "Hana", report=spam)

    async def _subscribers(self) -> None:
        ways, choices = {"join": 80, "email": 25}, {"witness": 40, "information": 70}
        counted = {
            "total": 105,
            "texts": 80,
            "ways": ways,
            "languages": {"en": 90, "ur": 15},
            "choices": choices,
            "following": [_WITNESSES.model_dump()],
        }
        base = {**self.rig.base(), "group": "hackney"}
        await self.rig.publish(SubscribersCounted.model_validate({**base, **counted}))
        await self.rig.publish(
            SubscribersOpened.model_validate({**base, "id": "opened.1", "act": "exported"})
        )

    async def _bridges(self) -> None:
        told = {"kind": "telegram", "group": "hackney", "since": "2026-11-27T10:00:00+00:00"}
        standings = {f"e8-{n}": {**told, "state": state} for n, state in enumerate(get_args(BridgeState))}
        # Longer than the front door says it, because looking at all pages takes longer.
        await self.rig.state.ephemeral.put(BRIDGES, json.dumps(standings), life_s=3_600)

    async def _beside(self) -> None:
        await self.desk.act("flood", "Ada", group="hackney", on=True)
        for n in range(3):
            await self.desk.report("two police cars, traffic stop in Mare Street E8", sender=f"w{n}")
        known = {i["code"] for i in await self.desk.incidents("Ada")}
        there = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
        await self.desk.drill("Immigration raid here, two vans", at=there, first_hand=True)
        (self.facts["drill"],) = {i["code"] for i in await self.desk.incidents("Ada")} - known


Steps = Callable[[Page, Pages], Awaitable[object]]


@dataclass(frozen=True)
class Visit:
    """A page in one state. `{…}` in the path stands for what the hub's `facts` know."""

    route: str
    path: str
    who: str | None = "Ada"
    status: int = 200
    then: Steps | None = None


async def conflict(page: Page, hub: Pages) -> None:
    """Somebody else is quicker."""
    await page.fill("[name=text]", "Two vans by the café.")
    await hub.desk.act("seen", "Ben", incident=hub.facts["on"], text="I see four officers.")
    await page.click("main form .thumb button")
    await expect(page.locator("main blockquote")).to_be_visible()


async def preview(page: Page, hub: Pages) -> None:
    """What would be sent, and to whom."""
    await page.fill("[name=text]", "They are still here.")
    await page.click("main form .thumb button")
    await expect(page.locator("button[name=send]")).to_be_visible()


async def over_cap(page: Page, hub: Pages) -> None:
    """It would cost more than the group wants to pay, and nobody chose yet who gets it by SMS."""
    await preview(page, hub)
    await page.locator("[name=sms_to]").last.check()
    await page.click("button[name=send]")
    await expect(page.locator("#problem")).to_be_visible()


async def calls_off(page: Page, hub: Pages) -> None:
    """The words that go out when a post is called off."""
    await page.locator("details.drawer summary").last.click()
    await page.locator('button[formaction$="/withdraw"]').click()
    await expect(page.locator("button[name=send]")).to_be_visible()


async def mistake(page: Page, hub: Pages) -> None:
    """The form is sent as it is, with something missing."""
    await page.click("main form .thumb button")
    await expect(page.locator("#problem")).to_be_visible()


async def clicked(page: Page, hub: Pages) -> None:
    """A place is marked on the map."""
    await page.locator('input[type="image"]').click(position={"x": 160, "y": 80})
    await expect(page.get_by_role("status")).to_be_visible()


async def wrong_code(page: Page, hub: Pages) -> None:
    """Somebody signs in, and is not let in."""
    for name in ("login", "password", "code"):
        await page.fill(f"#{name}", "000000 nobody")
    await page.locator("section form button").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def invites(page: Page, hub: Pages) -> None:
    """The link, this once."""
    await page.fill("#name", "Cy")
    await page.check("#role-verifier")
    await page.locator("section form button.main").click()
    await expect(page.locator("#link")).to_have_value(re.compile("/invite/"))


async def tries_all(page: Page, hub: Pages) -> None:
    """What came of trying all again."""
    await page.click('form[action="/dead/retry"] button')
    await expect(page.get_by_role("status")).to_be_visible()


async def districts(page: Page, hub: Pages) -> None:
    """An area by its districts, before it is saved."""
    await page.fill("#districts", "E5, E8")
    await page.click('form[action$="/districts"] button')
    await expect(page.locator('form[action$="/save"]')).to_be_visible()


async def tested(page: Page, hub: Pages) -> None:
    """A channel's test that nobody has answered yet."""
    await page.locator("#channel-hook form button").first.click()
    await expect(page.locator("#channel-hook [role=status]")).to_be_visible()


async def looks(page: Page, hub: Pages) -> None:
    """How own words read, before anybody proposes them."""
    await page.click("button[name=look]")
    await expect(page.locator("#reads")).to_be_visible()


async def does_not_fit(page: Page, hub: Pages) -> None:
    """Own words that lack what they have to say."""
    await page.fill("#text", "! {{ head }} hello\n7 {{ code.upper() }}\n8 {{ nothing }}")
    await page.click("button[name=propose]")
    await expect(page.locator("#problem")).to_be_visible()


_INCIDENT, _ACT, _HELD = "/desk/{code}", "/desk/{code}/{act}", "/desk/held/{report}"
_LINK = "/post/{code}/{post}/{key}"
_G, _C = "/groups/{group}", "/groups/{group}/channels/{channel}"
_WORDS = _G + "/words/{kind}/{size}/{language}"


def visits() -> Iterator[Visit]:
    """Every page of the console, for everybody and for members."""
    yield from _public()
    yield from _desk()
    yield from _acts()
    yield from _members()
    yield from _groups()


def _public() -> Iterator[Visit]:
    yield Visit("/", "/", None)
    yield Visit("/i/{code}", "/i/{on}", None)
    yield Visit("/i/{code}", "/i/Z9Z", None, 404)
    yield Visit("/rights", "/rights", None)
    yield Visit("/rights/{jurisdiction}/{setting}", "/rights/scotland/home", None)
    yield Visit("/start", "/start", None)
    yield Visit(_LINK, "/post/{after}/{post}/{key}", None)
    yield Visit(_LINK, "/post/{after}/{post}/{key}?tag=V2222", None, 409)
    yield Visit(_LINK, "/post/{after}/{post}/00000000000000000000000000000000", None, 404)
    yield Visit(_LINK, "/post/{after}/{off}/{off_key}", None, 410)
    yield Visit(_LINK + "/{tag}", "/post/{after}/{post}/{key}/{tag}", None)


def _desk() -> Iterator[Visit]:
    for who in ("Ada", "Hana", "Quinn", "op"):
        yield Visit("/desk", "/desk", who)
    yield Visit("/desk", "/desk?done=muted")
    yield Visit("/desk/held", "/desk/held", "Hana")
    yield Visit("/desk/held", "/desk/held", "Quinn")
    yield Visit(_HELD, "/desk/held/{held}", "Hana")
    yield Visit(_HELD, "/desk/held/none", status=404)
    for state in (*PLACES, "drill"):
        yield Visit(_INCIDENT, f"/desk/{{{state}}}")
    yield Visit(_INCIDENT, "/desk/{full}", "Vera")
    yield Visit(_INCIDENT, "/desk/{full}", "Quinn", 404)
    yield Visit(_INCIDENT, "/desk/{on}?done=confirm")
    for who in ("Ada", "Vera", "Quinn", "op"):
        yield Visit("/desk/duty", "/desk/duty", who)
    for who in ("Ada", "Ben", "Vera"):
        yield Visit("/desk/{code}/posts/{post}", "/desk/{after}/posts/{post}", who)
    yield Visit("/desk/{code}/posts/{post}", "/desk/{after}/posts/none", status=404)
    yield Visit("/desk/{code}/posts/{post}", "/desk/{after}/posts/{off}", status=410)
    yield Visit("/desk/{code}/posts/{post}", "/desk/{after}/posts/{post}", then=calls_off)
    yield Visit("/desk/{code}/mute/{report}", "/desk/{full}/mute/{full_report}")
    yield Visit("/desk/{code}/mute/{report}", "/desk/{full}/mute/{full_report}", "Vera", 403)
    yield Visit("/desk/{code}/reports", "/desk/{full}/reports")
    yield Visit("/desk/{code}/why/{report}", "/desk/{full}/why/{full_report}")
    yield Visit("/desk/{code}/why/{report}", "/desk/{full}/why/none", status=404)
    for state in ("on", "after", "full", "drill"):
        yield Visit("/desk/{code}/ledger", f"/desk/{{{state}}}/ledger")
    yield Visit("/desk/{code}/ledger/{alert}", "/desk/{on}/ledger/{on_alert}")
    yield Visit("/desk/{code}/ledger/{alert}", "/desk/{on}/ledger/none", status=404)


def _acts() -> Iterator[Visit]:
    for act in ACTS:
        yield Visit(_ACT, f"/desk/{{full}}/{act}")
    yield Visit(_ACT, "/desk/{full}/nonsense", status=404)
    yield Visit(_ACT, "/desk/{full}/confirm", "Vera", 403)
    yield Visit(_ACT, "/desk/{full}/confirm?write=1")
    yield Visit(_ACT, "/desk/{second}/confirm")
    yield Visit(_ACT, "/desk/{after}/account")
    yield Visit(_ACT, "/desk/{after}/closed")
    yield Visit(_ACT, "/desk/{drill}/confirm")
    yield Visit(_ACT, "/desk/{full}/note", then=mistake)
    yield Visit(_ACT, "/desk/{full}/place", then=clicked)
    yield Visit(_ACT, "/desk/{on}/update", then=preview)
    yield Visit(_ACT, "/desk/{drill}/seen", then=preview)
    yield Visit(_ACT, "/desk/{on}/update", then=over_cap)
    yield Visit(_ACT, "/desk/{on}/update", then=conflict)


def _members() -> Iterator[Visit]:
    yield Visit("/sign-in", "/sign-in", None)
    yield Visit("/sign-in", "/sign-in?next=/desk", None, then=wrong_code)
    yield Visit("/invite/{secret}", "/invite/{invite}", None)
    yield Visit("/invite/{secret}", "/invite/none", None, 404)
    yield Visit("/invite/{secret}/password", "/invite/{invite}/password", None)
    yield Visit("/account", "/account", "Vera")
    yield Visit("/account/password", "/account/password", "Vera")
    yield Visit("/members", "/members", "Adam")
    yield Visit("/members", "/members", "op")
    yield Visit("/members", "/members", "Vera", 403)
    yield Visit("/members", "/members", "Adam", then=invites)
    yield Visit("/members/roles", "/members/roles", "Vera")
    yield Visit("/dead", "/dead", "op")
    yield Visit("/dead", "/dead", "op", then=tries_all)
    yield Visit("/dead", "/dead", "Adam", 403)
    yield Visit("/dead/{letter}", "/dead/{letter}", "op")
    yield Visit("/dead/{letter}", "/dead/{closed}", "op")
    yield Visit("/dead/{letter}", "/dead/{unsent}", "op")
    yield Visit("/dead/{letter}", "/dead/router.REPORTS.999", "op", 404)
    yield Visit("/members/acts", "/members/acts", "Adam")


def _groups() -> Iterator[Visit]:
    for who in ("Adam", "op"):
        yield Visit("/groups", "/groups", who)
        yield Visit(_G, "/groups/hackney", who)
        yield Visit(_G + "/channels", "/groups/hackney/channels", who)
    yield Visit("/groups", "/groups", "Vera", 403)
    yield Visit("/groups/new", "/groups/new", "op")
    yield Visit("/groups/new", "/groups/new", "Adam", 403)
    yield Visit(_G, "/groups/quiet", "Quinn")
    yield Visit(_G, "/groups/none", "op", 404)
    for part in ("name", "area", "channels", "drills", "policy"):
        yield Visit(f"{_G}/{part}", f"/groups/hackney/{part}", "Adam")
        yield Visit(f"{_G}/{part}", f"/groups/quiet/{part}", "Quinn")
    for who in ("Ada", "Vera", "op"):
        yield Visit(f"{_G}/drills", "/groups/hackney/drills", who)
    yield Visit(f"{_G}/drills", "/groups/hackney/drills", "Quinn", 403)
    yield Visit(f"{_G}/drills", "/groups/haringey/drills", "Hana")
    for who, status in (("Ada", 200), ("Vera", 403), ("op", 403)):
        yield Visit(f"{_G}/drills/end", "/groups/hackney/drills/end", who, status)
    yield Visit(f"{_G}/drills/end", "/groups/haringey/drills/end", "Hana", 404)
    for kind in load_plugins(MANIFEST, "alert_relay.channels"):
        yield Visit(f"{_G}/add-channel", f"/groups/hackney/add-channel?kind={kind}", "Adam")
    yield Visit(_C, "/groups/hackney/channels/hook", "Adam")
    yield Visit(_C, "/groups/hackney/channels/hook", "op", 403)
    yield Visit(_G + "/area", "/groups/hackney/area", "Adam", then=districts)
    yield Visit(_G + "/area/draw", "/groups/hackney/area/draw", "Adam")
    yield Visit(_G + "/area/draw", "/groups/quiet/area/draw", "Quinn")
    yield Visit(_G + "/area/draw", "/groups/hackney/area/draw", "Ada", 403)
    yield Visit(_G + "/channels", "/groups/hackney/channels", "Adam", then=tested)
    yield from _words()


def _words() -> Iterator[Visit]:
    for who, there in (("Adam", "hackney"), ("Ada", "hackney"), ("Vera", "hackney"), ("Quinn", "quiet")):
        yield Visit(_G + "/words", f"/groups/{there}/words", who)
    yield Visit(_G + "/words", "/groups/hackney/words", "op", 403)
    yield Visit(_G + "/words/write", "/groups/hackney/words/write?kind=OVER&size=long&language=es", "Adam")
    yield Visit(_G + "/words/write", "/groups/hackney/words/write", "Adam", 404)
    for who in ("Adam", "Ada", "Vera"):
        for slot in ("CONFIRMED/short/en", "OVER/short/tr"):
            yield Visit(_WORDS, f"/groups/hackney/words/{slot}", who)
    yield Visit(_WORDS, "/groups/hackney/words/UNCONFIRMED/long/ar", "Adam", then=looks)
    yield Visit(_WORDS, "/groups/hackney/words/WRONG/short/en", "Adam", then=does_not_fit)


_ALIKE: Final = (
    "/live", "/feed.atom", "/feed.geojson", "/openapi.json", "/health", "/v1/desk/incidents", "/v1/desk/held",
    "/v1/duty", "/v1/desk/card", "/v1/dead", "/v1/kill-switch", "/v1/members", "/v1/account/chat",
    "/v1/groups", "/v1/status",
)  # fmt: skip
NO_PAGES: Final = {
    **{route: route for route in _ALIKE},
    "/static": "/static/desk.css",
    "/desk/live": "/desk/live?view=list",
    "/map/{z}/{x}/{y}": "/map/16/32754/21779",
    "/v1/desk/incidents/{name}": "/v1/desk/incidents/{full}",
    "/v1/desk/incidents/{name}/ledger": "/v1/desk/incidents/{on}/ledger",
    "/v1/desk/incidents/{name}/ledger/{alert}": "/v1/desk/incidents/{on}/ledger/{on_alert}",
    "/v1/desk/reports/{report}": "/v1/desk/reports/{full_report}",
    "/i/{code}/cap": "/i/{on}/cap",
    "/v1/dead/{letter}": "/v1/dead/{letter}",
    "/v1/groups/{group}/channels/{channel}/test": "/v1/groups/hackney/channels/hook/test",
    "/v1/groups/{group}/exercises/{exercise}": "/v1/groups/hackney/exercises/{exercise}",
}
"""What programs read: streams, feeds, pictures, the API. That none of it is a page is looked at, too."""


@asynccontextmanager
async def every_page(folder: Path) -> AsyncIterator[Pages]:
    """The hub, ready."""
    async with desk_rig(folder) as found:
        pages = Pages(found)
        await pages.begin()
        yield pages
