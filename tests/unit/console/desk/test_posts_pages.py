"""What came after, as pages over a real router: who was taken, the posts, and a post's link for outsiders."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from services.console import outside
from services.console.account.attempts import PER_ADDRESS
from services.console.decide.made import made_tag
from services.console.decide.page_acts import ACTS, POST_ACTS
from services.console.decide.post_views import CHECK_IN_EARLY, MISSED_AFTER, RESERVE_BEFORE, ends_posts
from services.console.decide.rota import NOTED_UNTIL
from services.console.outside import link_of
from services.console.submit import Verdict
from services.console.web.desk.outside import _MOST_JOIN
from services.router.decide.limits import POST_EARLY, POST_NO_SHOW, POST_UNFILLED, SHIFT_NOTED
from shared.contracts import aftercare as ac
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import IncidentId, MemberId, Position
from shared.contracts.catalog import decode, decode_all
from shared.permissions import ALLOWED
from shared.testing.state import MemoryState
from tests.rigs.account import Browser
from tests.rigs.console import until
from tests.rigs.desk import HARINGEY, VERIFIERS, DeskRig, desk_rig

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
STATION = "Stoke Newington Police Station, front door"
NASTY = '<script>alert(1)</script>"&'


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[VERIFIERS])
        await found.group("haringey", HARINGEY)
        await found.member("Ada", hackney="dispatcher")
        await found.member("Cem", hackney="verifier")
        await found.member("Dora", haringey="dispatcher")
        yield found


@pytest.fixture
async def code(desk: DeskRig) -> str:
    """An incident whose officers have left with one person, and of another nobody knows."""
    await desk.report(RAID, at=HERE, first_hand=True)
    name = str((await desk.incidents("Ada"))[0]["code"])
    await desk.act("confirm", "Ada", incident=name)
    await desk.act("end", "Ada", incident=name, taken=1, unknown=1)
    return name


async def browser(desk: DeskRig, name: str) -> Browser:
    found = Browser(desk.rig)
    cookie, _, token = (await desk.rig.signed_in(name))["Cookie"].partition("=")
    found.http.cookie_jar.update_cookies({cookie: token}, URL(desk.rig.url))
    return found


@pytest.fixture
async def ada(desk: DeskRig) -> AsyncIterator[Browser]:
    async with await browser(desk, "Ada") as found:
        yield found


@pytest.fixture
async def cem(desk: DeskRig) -> AsyncIterator[Browser]:
    async with await browser(desk, "Cem") as found:
        yield found


@pytest.fixture
async def outsider(desk: DeskRig) -> AsyncIterator[Browser]:
    async with Browser(desk.rig) as found:
        yield found


async def opened(
    desk: DeskRig, code: str, *, in_min: float = 30, needed: int = 2, label: str = STATION
) -> str:
    begins = desk.rig.clock.now() + timedelta(minutes=in_min)
    times = {"begins": begins.isoformat(), "ends": (begins + timedelta(hours=2)).isoformat()}
    made = await desk.act("post", "Ada", incident=code, **times, label=label, needed=needed)
    return str(made["made"])


async def link(desk: DeskRig, code: str, post: str) -> str:
    """The link's path."""
    found = link_of(desk.rig.console, await desk.rig.store.incident(code) or {}, post)
    assert found
    return URL(found).path


async def keepers(desk: DeskRig, code: str) -> list[tuple[str, bool]]:
    after = (await desk.rig.store.incident(code) or {})["aftercare"]
    return [(k["who"], bool(k["there_at"])) for post in after["posts"] for k in post["keepers"]]


async def last_post_event(desk: DeskRig, kind: type[ac.PostCommand]) -> ac.PostCommand:
    entry = await desk.rig.bus.get("DESK", await desk.rig.bus.last_seq("DESK"))
    assert entry is not None
    command = await desk.rig.keyring.open(decode(entry))
    assert isinstance(command, kind)
    return command


# --- people -------------------------------------------------------------------------------------


async def test_the_incident_says_where_people_are_and_why_it_cannot_be_closed(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    await ada.get(f"/desk/{code}")
    assert "Where people are" in ada.text
    for word in ("Taken, nothing known yet", "Not known whether taken"):
        assert f'<div class="f-unknown"><dt>{word}</dt><dd>1</dd></div>' in ada.text
    assert "Ada follows it up." in ada.text
    assert "It can&#39;t be closed yet. Nobody knows what became of: 2." in ada.text
    assert f'href="/desk/{code}/account"' in ada.text.partition("closed yet")[2][:200]
    await ada.get(f"/desk/{code}/account")
    await ada.send(f"/desk/{code}/account", fate_released="1", fate_detention="1")
    assert "Everybody is accounted for: it can be closed." in ada.text
    assert "<dt>In immigration detention</dt><dd>1</dd>" in ada.text


async def test_one_person_is_named_by_tag_and_a_mistake_is_mended(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    await ada.get(f"/desk/{code}/account")
    first, second = re.findall(r'name="tag_(P\w+)"', ada.text)
    await ada.send(f"/desk/{code}/account", **{f"tag_{second}": "released"}, fate_bailed="1")
    people = (await desk.rig.store.incident(code) or {})["aftercare"]["people"]
    assert people == [{"tag": first, "fate": "bailed"}, {"tag": second, "fate": "released"}]
    await ada.get(f"/desk/{code}/account")
    await ada.send(f"/desk/{code}/account", **{f"tag_{second}": "hospital"})
    people = (await desk.rig.store.incident(code) or {})["aftercare"]["people"]
    assert people[1] == {"tag": second, "fate": "hospital"}


async def test_who_was_not_known_of_and_went_home_gets_a_box_and_nobody_is_lost(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    await ada.get(f"/desk/{code}/account")
    assert "What the desk knows:" in ada.text
    assert "Let go: 0 · taken: 1 · not known whether taken: 1" in ada.text
    await ada.send(f"/desk/{code}/account", fate_let_go="1")
    assert "Let go: 1 · taken: 1 · not known whether taken: 0" in ada.text
    assert '<div class="f-let_go"><dt>Let go, not taken</dt><dd>1</dd></div>' in ada.text
    assert "Nobody knows what became of: 1." in ada.text
    await ada.get(f"/desk/{code}/account")
    tag = re.findall(r'name="tag_(P\w+)"', ada.text)[1]
    await ada.send(f"/desk/{code}/account", **{f"tag_{tag}": "let_go"})
    assert "As far as the desk knows, nobody was taken." in ada.text
    assert "it can be closed" in ada.text
    await ada.get(f"/desk/{code}/update")
    await ada.send(f"/desk/{code}/update", ask="NONE", text="")
    assert "2 people let go." in ada.text


async def test_which_numbers_are_needed_is_seen(desk: DeskRig, ada: Browser) -> None:
    await desk.report(RAID, at=HERE, first_hand=True)
    code = str((await desk.incidents("Ada"))[0]["code"])
    await ada.get(f"/desk/{code}/officers_left")
    boxes = ada.text.partition("What became of the people held?")[2].partition("</fieldset>")[0]
    assert "Fill in all three: 0 where there is nobody." in boxes
    assert boxes.count(" required>") == 3
    assert "needed</span>" not in boxes, "one sentence says it of all three"
    await ada.get(f"/desk/{code}/aftercare")
    assert "Fill in all three" not in ada.text


async def test_an_owner_and_the_next_check_are_chosen(desk: DeskRig, code: str, ada: Browser) -> None:
    await ada.get(f"/desk/{code}/account")
    check = re.findall(r'<option value="(2022[^"]+)"', ada.text)[1]
    await ada.send(f"/desk/{code}/account", owner="mcem", check_at=html.unescape(check))
    assert "Cem follows it up." in ada.text
    after = (await desk.rig.store.incident(code) or {})["aftercare"]
    assert (after["owner"], after["check_at"]) == ("mcem", html.unescape(check))


# --- posts --------------------------------------------------------------------------------------


async def test_a_post_is_shown_in_the_very_words_before_it_is_opened(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    await opened(desk, code, in_min=60, label="Back door")
    form = f"/desk/{code}/post"
    await ada.get(form)
    await ada.send(form, label=STATION, day="2022-05-14", needed="2", **{"from": "20:00", "until": "22:00"})
    shown = html.unescape(ada.text)
    assert "This will be sent" in shown
    assert "AFTERCARE" in shown
    assert f"{STATION}, Sat 14/5 20:00 to 22:00: 0 of 2 people." in shown
    assert "Back door" in shown, "what is open and not told yet goes in the same message"
    assert "people are needed outside the police station" in shown
    assert "It goes out in two minutes" in shown
    assert len((await desk.rig.store.incident(code) or {})["aftercare"]["posts"]) == 1
    await ada.send(form, send="1")
    assert re.fullmatch(rf"/desk/{code}/posts/p\w+\?done=post", ada.path)
    assert STATION in ada.text
    passed_on = ada.text.partition("To pass on in your chat")[2].partition("</textarea>")[0]
    assert "/post/" in passed_on
    assert "Sat 14/05 20:00 to 22:00" in passed_on
    assert "today" not in passed_on, "it may be read tomorrow"


async def test_the_words_that_were_shown_are_those_that_go_out(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    form = f"/desk/{code}/post"
    await ada.get(form)
    await ada.send(form, label=STATION, day="2022-05-14", needed="3", **{"from": "20:00", "until": "22:00"})
    await ada.send(form, send="1")
    desk.rig.clock.forward(minutes=3)
    told = await raised(desk, "posts_open")
    (line,) = told.posts
    assert (line.place, line.needed, line.coming) == (STATION, 3, 0)


async def raised(desk: DeskRig, note: str) -> Any:
    """The body of the latest alert, once time has raised one of that kind, and the pages know of it."""
    found: list[Any] = []

    async def told() -> bool:
        last = await desk.rig.bus.last("DECISIONS", "decisions.v1.told")
        events = [event for event in (decode_all(last) if last else ()) if isinstance(event, AlertRaised)]
        found.extend([(await desk.rig.keyring.open(e)).body for e in events if e.kind == "AFTERCARE"])
        return any(body.note == note for body in found)

    await until(told, within_s=60)
    await desk.rig.shown()
    return next(body for body in found if body.note == note)


@pytest.mark.parametrize(
    ("wrong", "refused"),
    [
        ({"label": "  "}, (422, "which police station")),
        ({"label": "x" * 121}, (422, "1 to 120 letters")),
        ({"needed": "11"}, (422, "From 1 to 10 people")),
        ({"until": "?"}, (422, "Give a day and two times")),
        ({"day": ""}, (422, "Give a day and two times")),
        ({"day": "2021-05-14"}, (409, "must end after now")),
    ],
)
async def test_a_wrong_post_is_refused_in_words_and_stays_in_the_form(
    desk: DeskRig, code: str, ada: Browser, wrong: dict[str, str], refused: tuple[int, str]
) -> None:
    form = f"/desk/{code}/post"
    await ada.get(form)
    typed = {"label": STATION, "day": "2022-05-14", "needed": "2", "from": "20:00", "until": "22:00", **wrong}
    await ada.send(form, **typed, send="1")
    assert (ada.status, refused[1] in ada.text) == (refused[0], True)
    assert f'value="{typed["from"]}"' in ada.text
    assert not (await desk.rig.store.incident(code) or {})["aftercare"].get("posts")


async def test_the_api_says_so_too_when_a_place_is_too_long(desk: DeskRig, code: str) -> None:
    times = {"begins": "2022-05-14T20:00:00Z", "ends": "2022-05-14T22:00:00Z"}
    for label in ("x" * 150, "   "):
        body = {"incident": code, **times, "label": label}
        status, answer = await desk.rig.ask("POST", "/v1/desk/post", desk.tokens["Ada"], json=body)
        assert (status, answer["code"]) == (422, "wrong_label")


async def test_sign_up_be_there_and_give_up_in_one_tap_each(
    desk: DeskRig, code: str, ada: Browser, cem: Browser
) -> None:
    post = await opened(desk, code)
    path = f"/desk/{code}/posts/{post}"
    await cem.get(f"/desk/{code}")
    assert f'formaction="{path}/join"' in cem.text
    await cem.send(f"{path}/join")
    assert (cem.path, "Support everyone who comes out" in cem.text) == (f"{path}?done=join", True)
    await ada.get(f"/desk/{code}")
    assert '<bdi>Cem</bdi></strong> <span class="k-coming">is coming' in ada.text
    await cem.send(f"{path}/check_in")
    assert "there since" in cem.text
    await cem.send(f"{path}/check_in")
    assert cem.status == 200, "again is no mistake"
    await ada.send(f"{path}/join")
    await ada.send(f"{path}/leave")
    assert await keepers(desk, code) == [("mcem", True)]
    await cem.get(path)
    assert "I have left" in cem.text
    assert "I can&#39;t after all" not in cem.text
    await ada.get(f"/desk/{code}")
    assert "Cem is at the post" in ada.text
    assert "can&#39;t stand at the post after all" in ada.text


async def test_whoever_was_there_says_that_they_have_left(
    desk: DeskRig, code: str, cem: Browser, ada: Browser, outsider: Browser
) -> None:
    post = await opened(desk, code, needed=2)
    path, public = f"/desk/{code}/posts/{post}", await link(desk, code, post)
    await cem.get(path)
    await cem.send(f"{path}/check_in")
    await cem.get(f"/desk/{code}")
    assert "You are at the post. Say when you leave." in cem.text
    assert f'href="{path}"' in cem.text
    await cem.send(f"{path}/leave")
    await outsider.get(public)
    await outsider.send(f"{public}/join")
    own = outsider.path.partition("?")[0]
    await outsider.send(f"{own}/check_in")
    assert "I have left" in outsider.text
    await ada.get(path)
    tag = own.rpartition("/")[2]
    assert f"{tag} has left" in re.sub("[\u2066-\u2069]", "", ada.text)
    await outsider.send(f"{own}/leave")
    assert await keepers(desk, code) == []
    await ada.get(f"/desk/{code}")
    assert "Cem has left the post" in ada.text
    assert f"{tag} has left the post" in ada.text
    assert "after all" not in ada.text


async def test_who_did_not_come_is_said_and_that_the_reserve_was_asked(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    post = await opened(desk, code, in_min=5, needed=1)
    await desk.act("post_join", "Cem", incident=code, post=post)
    desk.rig.clock.forward(minutes=6)
    await desk.act("note", "Ada", incident=code, text="x")
    await ada.get(f"/desk/{code}")
    assert "not there yet" in ada.text
    desk.rig.clock.forward(minutes=10)
    await raised_soon(desk, code)
    await ada.get(f"/desk/{code}")
    assert "did not come" in ada.text
    assert "Somebody did not come. The verifiers were asked to step in." in ada.text
    assert "The verifiers were told that somebody did not come to a post" in ada.text


async def raised_soon(desk: DeskRig, code: str) -> None:
    """Return once the verifiers heard of a no-show."""

    async def told() -> bool:
        posts = (await desk.rig.store.incident(code) or {})["aftercare"]["posts"]
        return any("no_show" in post["told"] for post in posts)

    await until(told, within_s=60)


async def test_a_member_signs_up_somebody_from_outside_and_speaks_for_their_tag(
    desk: DeskRig, code: str, cem: Browser
) -> None:
    post = await opened(desk, code)
    path = f"/desk/{code}/posts/{post}"
    await cem.get(path)
    await cem.send(f"{path}/outside")
    tag = cem.path.rpartition("=")[2]
    assert re.fullmatch(r"V\w{4}", tag)
    assert f"Their tag is {tag}" in cem.text
    await cem.send(f"{path}/check_in", tag=tag)
    assert await keepers(desk, code) == [(tag, True)]
    await cem.get(f"{path}?done=outside&tag=%3Cscript%3E")
    assert "<script>" not in cem.text.partition("<main")[2]


async def test_a_post_is_one_truth_and_who_steps_in_may_sign_up(
    desk: DeskRig, code: str, ada: Browser, cem: Browser
) -> None:
    post = await opened(desk, code, in_min=5, needed=1)
    path = f"/desk/{code}/posts/{post}"
    desk.rig.clock.forward(minutes=1)
    await raised(desk, "post_unfilled")
    await ada.get(path)
    assert "People are missing" in ada.text
    await cem.get(path)
    await cem.send(f"{path}/join")
    await ada.get(path)
    assert ("coming: 1 of 1" in ada.text, "People are missing" in ada.text) == (True, False)
    assert ">full<" in ada.text.replace("\n", "") or "· full" in ada.text
    desk.rig.clock.forward(minutes=16)
    await raised_soon(desk, code)
    await ada.get(path)
    assert 'coming: 0 of 1 · <span class="nobody">did not come: 1</span>' in ada.text
    assert "people wanted: 1" in ada.text
    await ada.send(f"{path}/join")
    await ada.send(f"{path}/check_in")
    assert "coming: 1 of 1" in ada.text
    assert "asked to step in" not in ada.text, "somebody has"
    assert await keepers(desk, code) == [("mcem", False), ("mada", True)]


async def test_who_counts_on_a_post_is_told_when_it_is_called_off_in_the_words_seen_before(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    post = await opened(desk, code)
    await desk.act("post_join", "Cem", incident=code, post=post)
    path = f"/desk/{code}/posts/{post}"
    await ada.get(path)
    await ada.send(f"{path}/withdraw")
    shown = html.unescape(ada.text)
    assert "This will be sent" in shown
    assert "a post outside the police station is called off." in shown
    assert STATION in shown
    assert "Whoever signed up by the link learns it only by looking at it again." in shown
    assert len(await keepers(desk, code)) == 1, "nothing is done yet"
    await ada.send(f"{path}/withdraw", send="1")
    assert ada.path == f"/desk/{code}?done=post_withdraw"
    told = await raised(desk, "post_withdrawn")
    assert [(line.place, line.coming) for line in told.posts] == [(STATION, 1)]


async def test_who_closes_sees_whose_posts_end_and_they_are_told(
    desk: DeskRig, code: str, ada: Browser
) -> None:
    post = await opened(desk, code)
    await desk.act("post_join", "Cem", incident=code, post=post)
    await opened(desk, code, in_min=300, label="Back door")  # nobody counts on it yet
    await desk.act("account", "Ada", incident=code, became=[{"fate": "released", "number": 2}])
    form = f"/desk/{code}/closed"
    await ada.get(form)
    warned = ada.text.partition("People count on these posts.")[2].partition("</div>")[0]
    assert (STATION in warned, "coming: 1 of 2" in warned, "Back door" in warned) == (True, True, False)
    await ada.send(form)
    assert "People count on these posts." in ada.text
    assert f"Nobody need stand outside any more: {STATION}," in ada.text
    await ada.send(form, send="1")
    await ada.get(f"/desk/{code}/posts/{post}")
    assert "the group has closed it" in ada.text
    last = await desk.rig.bus.last("DECISIONS", "decisions.v1.told")
    alerts = [e for e in (decode_all(last) if last else ()) if isinstance(e, AlertRaised)]
    bodies: list[tuple[str, Any]] = [(a.audience, (await desk.rig.keyring.open(a)).body) for a in alerts]
    told = {audience: body.posts for audience, body in bodies}
    assert [line.place for line in told.pop("verifiers")] == [STATION]
    assert set(told.values()) == {()}, "nobody else hears where a post was"


async def test_only_who_may_does_what_is_done_about_posts(
    desk: DeskRig, code: str, cem: Browser, ada: Browser
) -> None:
    post = await opened(desk, code)
    path = f"/desk/{code}/posts/{post}"
    await cem.get(path)
    assert "withdraw" not in cem.text
    assert "/post/" not in cem.text, "the link is a dispatcher's to pass on"
    for name, act in POST_ACTS.items():
        if act.sort not in ALLOWED["verifier"]:
            await cem.send(f"{path}/{name}")
            assert cem.status == 403, name
    async with await browser(desk, "Dora") as dora:
        assert await dora.get(path) == 404
        await dora.get("/desk")
        assert (await dora.send(f"{path}/join"), STATION in dora.text) == (404, False)
    async with await browser(desk, "op") as operator:
        assert await operator.get(path) in {403, 404}
    async with Browser(desk.rig) as nobody:
        await nobody.get(path)
        assert nobody.path.startswith("/sign-in")
    await ada.get(path)
    assert await ada.send(f"{path}/join", csrf="") == 403
    await ada.get(path)
    assert await ada.send(f"{path}/fly") == 404
    assert await keepers(desk, code) == []
    await ada.get(path)
    await ada.send(f"{path}/withdraw", send="1")
    assert ada.path == f"/desk/{code}?done=post_withdraw"
    assert await ada.get(path) == 410
    assert "called off" in ada.text


async def test_a_verifier_may_not_open_a_post(desk: DeskRig, code: str, cem: Browser) -> None:
    await cem.get(f"/desk/{code}")
    assert f'/desk/{code}/post"' not in cem.text
    assert await cem.get(f"/desk/{code}/post") == 403
    assert ACTS["post"].sort is ac.OpenPost


# --- by a link, without an account --------------------------------------------------------------


async def test_somebody_without_an_account_signs_up_comes_and_goes(
    desk: DeskRig, code: str, outsider: Browser, ada: Browser
) -> None:
    post = await opened(desk, code)
    path = await link(desk, code, post)
    await outsider.get(path)
    assert (outsider.status, STATION in outsider.text) == (200, True)
    assert "Support everyone who comes out" in outsider.text
    assert await keepers(desk, code) == [], "looking changes nothing"
    await outsider.send(f"{path}/join")
    own, _, done = outsider.path.partition("?")
    tag = own.rpartition("/")[2]
    assert (done, re.fullmatch(r"V\w{4}", tag) is not None) == ("done=join", True)
    assert await keepers(desk, code) == [(tag, False)]
    await outsider.get(f"{path}?tag={tag.lower()}")
    assert outsider.path == own
    await outsider.send(f"{own}/check_in")
    assert "You are there since" in outsider.text
    command = await last_post_event(desk, ac.CheckIn)
    assert (command.member, command.group) == (ac.OUTSIDE, "hackney")
    await ada.get(f"/desk/{code}")
    assert f"{tag} is at the post" in ada.text
    assert outsider.http.cookie_jar.filter_cookies(URL(desk.rig.url)) == {}, "no cookie is set"
    assert outsider.headers["Referrer-Policy"] == "no-referrer"


async def test_the_api_gives_the_link_to_those_who_may_open_a_post(desk: DeskRig, code: str) -> None:
    post = await opened(desk, code)
    for name, whole in (
        ("Ada", link_of(desk.rig.console, await desk.rig.store.incident(code) or {}, post)),
        ("Cem", None),
    ):
        _, answer = await desk.rig.ask("GET", f"/v1/desk/incidents/{code}", desk.tokens[name])
        assert [p["link"] for p in answer["aftercare"]["posts"]] == [whole]


async def test_who_gives_up_frees_the_place(desk: DeskRig, code: str, outsider: Browser) -> None:
    post = await opened(desk, code, needed=1)
    path = await link(desk, code, post)
    await outsider.get(path)
    await outsider.send(f"{path}/join")
    own = outsider.path.partition("?")[0]
    async with Browser(desk.rig) as late:
        await late.get(path)
        assert "Everybody that is needed has signed up" in late.text
        await late.send(f"{path}/join")
        assert (late.status, "has signed up" in late.text) == (409, True)
    await outsider.send(f"{own}/leave")
    assert outsider.path == f"{path}?done=leave"
    assert await keepers(desk, code) == []
    assert await outsider.get(own) == 409
    assert "Nobody with this tag" in outsider.text


async def test_a_link_shows_nothing_of_the_incident(desk: DeskRig, code: str, outsider: Browser) -> None:
    post = await opened(desk, code, label=f"Door {NASTY}")
    await desk.act("post_join", "Cem", incident=code, post=post)
    await desk.act("post_join", "Ada", incident=code, post=post, outside=True)
    tags = [who for who, _ in await keepers(desk, code)]
    await outsider.get(await link(desk, code, post))
    page = outsider.text.partition("<main")[2]
    for secret in ("Ashwin", "Cem", "Ada", "six officers", *tags):
        assert secret not in page
    assert "coming: 2 of 2" in page
    assert "<script>alert" not in page


async def test_what_opens_nothing_looks_all_the_same(desk: DeskRig, code: str, outsider: Browser) -> None:
    post = await opened(desk, code)
    other = await opened(desk, code, in_min=60)
    path = await link(desk, code, post)
    key = path.rpartition("/")[2]
    wrong = [
        f"/post/{code}/{post}/{'0' * 32}", f"/post/ZZZ/{post}/{key}", f"/post/{code}/nope/{key}",
        f"/post/{code}/{other}/{key}", f"{path[:-32]}{'f' * 32}/VAAAA",
    ]  # fmt: skip
    pages = set()
    for address in wrong:
        assert await outsider.get(address) == 404
        pages.add(re.sub(r'href="[^"]*"', "", outsider.text))
        await outsider.send(f"{address}/{'leave' if 'VAAAA' in address else 'join'}")
        assert outsider.status == 404
    assert len(pages) == 1
    assert STATION not in pages.pop()
    assert await keepers(desk, code) == []


@pytest.mark.parametrize("how", ["over", "withdrawn", "closed"])
async def test_a_link_ends_with_its_post(desk: DeskRig, code: str, outsider: Browser, how: str) -> None:
    post = await opened(desk, code)
    path = await link(desk, code, post)
    await outsider.get(path)
    await outsider.send(f"{path}/join")
    own = outsider.path.partition("?")[0]
    if how == "over":
        desk.rig.clock.forward(hours=3)
        await desk.act("note", "Ada", incident=code, text="x")
    elif how == "withdrawn":
        await desk.act("post_withdraw", "Ada", incident=code, post=post)
    else:
        await desk.act("account", "Ada", incident=code, became=[{"fate": "released", "number": 2}])
        await desk.act("end", "Ada", incident=code, stage="closed")
    said = {
        "over": "This post ended",
        "withdrawn": "was called off today at",
        "closed": "the group has closed it",
    }
    for address in (path, own):
        assert await outsider.get(address) == 410
        assert said[how] in outsider.text
        assert STATION not in outsider.text, "a link that went astray tells no longer where"
    assert await outsider.send(f"{path}/join") == 410
    assert await outsider.send(f"{own}/leave") == 410
    assert await outsider.get(f"{path[:-32]}{'0' * 32}") == 404


async def test_a_link_says_that_its_post_was_called_off_after_a_merge_too(
    desk: DeskRig, code: str, outsider: Browser
) -> None:
    post = await opened(desk, code)
    path = await link(desk, code, post)
    await desk.act("post_withdraw", "Ada", incident=code, post=post)
    await merged_into_another(desk, code)
    assert await outsider.get(path) == 410
    assert "was called off" in outsider.text


async def merged_into_another(desk: DeskRig, code: str) -> str:
    """The code of the incident that takes it in."""
    there = Position(lat=51.5545, lon=-0.0545, accuracy_m=15)
    await desk.report("Immigration officers at Clapton Square E5, one van", at=there, first_hand=True)
    other = str(next(i["code"] for i in await desk.incidents("Ada") if i["code"] != code))
    await desk.act("confirm", "Ada", incident=other)
    await desk.act("merge", "Ada", incident=other, absorbed=code)
    return other


async def test_a_link_still_opens_its_post_after_a_merge(desk: DeskRig, code: str, outsider: Browser) -> None:
    post = await opened(desk, code)
    path = await link(desk, code, post)
    other = await merged_into_another(desk, code)
    await outsider.get(path)
    await outsider.send(f"{path}/join")
    assert outsider.status == 200, outsider.text
    assert len(await keepers(desk, other)) == 1


async def test_another_sites_form_and_a_double_tap_do_nothing_more(
    desk: DeskRig, code: str, outsider: Browser
) -> None:
    post = await opened(desk, code)
    path = await link(desk, code, post)
    await outsider.get(path)
    assert await outsider.send(f"{path}/join", site="cross-site") == 403
    form = outsider.hidden() or {"id": "a" * 32}
    await outsider.send(f"{path}/join", **form)
    await outsider.send(f"{path}/join", **form)
    assert len(await keepers(desk, code)) == 1
    for id_ in ("x" * 500, "a.b", ""):
        await outsider.send(f"{path}/join", id=id_)
        assert outsider.status in {200, 409}
    assert len(await keepers(desk, code)) == 2


async def test_what_is_tried_is_counted_for_who_tries_it(
    desk: DeskRig, code: str, outsider: Browser, cem: Browser
) -> None:
    post = await opened(desk, code)
    path = await link(desk, code, post)
    statuses = [await outsider.get(f"{path}/VAAAA") for _ in range(PER_ADDRESS + 1)]
    assert statuses == [409] * PER_ADDRESS + [429]
    assert "too often" in outsider.text
    await cem.get(f"/desk/{code}/posts/{post}")
    assert await cem.send(f"/desk/{code}/posts/{post}/join") == 200, "who has an account goes on"


async def test_who_signs_up_again_and_again_is_stopped(desk: DeskRig, code: str, outsider: Browser) -> None:
    post = await opened(desk, code, needed=1)
    path = await link(desk, code, post)
    await outsider.get(path)
    statuses = [await outsider.send(f"{path}/join", id=f"a{n}") for n in range(_MOST_JOIN + 1)]
    assert statuses == [200] + [409] * (_MOST_JOIN - 1) + [429]
    assert len(await keepers(desk, code)) == 1


async def test_what_is_stored_and_not_decided_yet_is_said_with_its_tag(
    desk: DeskRig, code: str, outsider: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: Any, **__: Any) -> Verdict:
        return Verdict(None)

    path = await link(desk, code, await opened(desk, code))
    await outsider.get(path)
    monkeypatch.setattr(outside, "submit", slow)
    assert await outsider.send(f"{path}/join", id="abc") == 503
    assert f"Your tag is {made_tag('outside.abc')}: look again" in outsider.text
    assert outsider.headers["Retry-After"] == "5"


async def test_the_log_takes_nothing_else_from_outside(desk: DeskRig, code: str) -> None:
    post = await opened(desk, code)
    incident = IncidentId((await desk.rig.store.incident(code) or {})["id"])
    base: dict[str, Any] = {"at": desk.rig.clock.now(), "group": "hackney", "incident_id": incident}
    wrong: list[Any] = [
        ac.JoinPost(id="o.1", member=ac.OUTSIDE, post_id=post, **base),
        ac.WithdrawPost(id="o.2", member=ac.OUTSIDE, post_id=post, **base),
        ac.Account(id="o.3", member=ac.OUTSIDE, arrested=0, **base),
        ac.JoinPost(id="o.4", member=MemberId("nobody"), post_id=post, tag="VAAAA", **base),
        ac.JoinPost(id="o.5", member=ac.OUTSIDE, post_id=post, tag="VAAAA", **{**base, "group": "haringey"}),
    ]
    for command in wrong:
        await desk.put(command)
    await desk.act("note", "Ada", incident=code, text="after them")
    assert await keepers(desk, code) == []
    last = await desk.rig.bus.last_seq("DESK")
    decided = [await desk.rig.store.one(f"decided:DESK.{n}") for n in range(last - len(wrong), last)]
    reasons = [(d or {}).get("reason") for d in decided]
    assert reasons == ["not_a_member"] * 4 + ["not_your_incident"]


async def test_pages_say_so_when_the_read_model_is_away(desk: DeskRig, code: str, outsider: Browser) -> None:
    path = await link(desk, code, await opened(desk, code))
    await outsider.get(path)
    state = desk.rig.state
    assert isinstance(state, MemoryState)
    state.go_away()
    assert await outsider.get(path) == 503
    assert "Nothing is lost" in outsider.text
    state.come_back()
    assert await outsider.get(path) == 200


def test_the_pages_go_by_the_routers_times() -> None:
    assert (CHECK_IN_EARLY, MISSED_AFTER, RESERVE_BEFORE) == (POST_EARLY, POST_NO_SHOW, POST_UNFILLED)
    assert NOTED_UNTIL == SHIFT_NOTED


def test_the_acts_that_end_an_incident_for_good_end_its_posts() -> None:
    ending = {a.name for a in ACTS.values() if ends_posts(a.command, (a.fixed or {}).get("stage"))}
    assert ending == {"closed", "not_confirmed", "other_agency", "watch", "retract"}
