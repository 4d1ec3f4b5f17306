"""Coming in by a link, signing in and out, one's own ways in: the pages without JavaScript."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.console.account import passwords
from services.console.account.attempts import PER_NAME
from shared.testing.state import MemoryState
from tests.rigs.account import PASSWORD, Browser, code, invited, operator, path_of, with_password
from tests.rigs.console import Rig


@pytest.fixture
async def hub(rig: Rig) -> Rig:
    await rig.group("hackney")
    await operator(rig)
    return rig


@pytest.fixture
async def bo(hub: Rig) -> AsyncIterator[Browser]:
    async with Browser(hub) as browser:
        yield browser


async def test_a_link_lets_somebody_in_once(hub: Rig, bo: Browser) -> None:
    made = await invited(hub)
    path = path_of(made)
    for _ in range(3):  # a chat looks at what is sent in it
        assert await bo.get(path) == 200
    assert "Welcome, Bo" in bo.text
    await with_password(hub, bo, made)
    assert (bo.status, bo.path) == (200, "/desk")
    assert await bo.get("/account") == 200
    assert "You are Bo here." in bo.text
    async with Browser(hub) as other:
        assert await other.get(path) == 404
        assert "This link opens nothing" in other.text
        assert await other.get("/account") == 200
        assert other.path == "/sign-in?next=/account"


async def test_two_who_use_a_link_at_once_are_one(hub: Rig, bo: Browser) -> None:
    made = await invited(hub)
    path = path_of(made) + "/password"
    async with Browser(hub) as other:
        await asyncio.gather(bo.get(path), other.get(path))
        typed = [
            {"login": n, "password": PASSWORD, "code": code(hub, b.secret())}
            for n, b in (("bo1", bo), ("bo2", other))
        ]
        await asyncio.gather(bo.send(path, **typed[0]), other.send(path, **typed[1]))
        assert sorted([bo.path, other.path]) == ["/desk", path]
        await asyncio.gather(bo.get("/account"), other.get("/account"))
        assert sorted([bo.path, other.path]) == ["/account", "/sign-in?next=/account"]


async def test_a_link_ends_after_three_days(hub: Rig, bo: Browser) -> None:
    path = path_of(await invited(hub))
    hub.clock.forward(hours=71)
    assert await bo.get(path) == 200
    hub.clock.forward(hours=1)
    assert await bo.get(path) == 404


MISTYPED: list[Any] = [
    pytest.param({"login": "b"}, "Choose a sign-in name", id="short name"),
    pytest.param({"login": "b o o"}, "Choose a sign-in name", id="name with spaces"),
    pytest.param({"password": "short"}, "Choose a password of 12", id="short password"),
    pytest.param({"password": "my name is bobo here"}, "Choose a password of 12", id="name in it"),
    pytest.param({"code": "000000"}, "This code does not fit", id="wrong code"),
    pytest.param({"code": ""}, "This code does not fit", id="no code"),
]


@pytest.mark.parametrize(("wrong", "words"), MISTYPED)
async def test_what_was_mistyped_is_said_and_the_app_need_not_scan_again(
    hub: Rig, bo: Browser, wrong: dict[str, str], words: str
) -> None:
    path = path_of(await invited(hub)) + "/password"
    await bo.get(path)
    secret = bo.secret()
    typed = {"login": "bobo.", "password": PASSWORD, "code": code(hub, secret)}
    assert await bo.send(path, **{**typed, "login": "bobo", **wrong}) == 422
    assert words in bo.text
    assert PASSWORD not in bo.text
    assert bo.secret() == secret
    await bo.send(path, **typed)
    assert bo.path == "/desk"


async def test_a_login_that_another_has_is_refused(hub: Rig, bo: Browser) -> None:
    await with_password(hub, bo, await invited(hub))
    async with Browser(hub) as cy:
        made = await invited(hub, "Cy")
        await with_password(hub, cy, made, login="BOBO")
        assert (cy.status, "Somebody else uses this name" in cy.text) == (409, True)
        await with_password(hub, cy, made, login="cyrus")
        assert cy.path == "/desk"


async def signed_out(bo: Browser) -> None:
    await bo.get("/account")
    await bo.send("/sign-out")
    assert bo.path == "/sign-in"


async def test_in_and_out_by_password_and_code(hub: Rig, bo: Browser) -> None:
    secret = await with_password(hub, bo, await invited(hub))
    kept = [cookie for cookie in bo.http.cookie_jar if cookie.key == "relay"]
    await signed_out(bo)
    await bo.get("/account", Cookie=f"relay={kept[0].value}")
    assert bo.path == "/sign-in?next=/account"
    typed = {"login": " Bobo ", "password": PASSWORD, "code": code(hub, secret)}
    await bo.send("/sign-in?next=/members/roles", **typed)
    assert (bo.status, bo.path) == (200, "/members/roles")
    (cookie,) = [c for c in bo.http.cookie_jar if c.key == "relay"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    async with Browser(hub) as thief:  # who has read the code over a shoulder
        assert await thief.send("/sign-in", **typed) == 422


@pytest.mark.parametrize("wrong", [{"login": "nobody"}, {"password": "x" * 14}, {"code": "12 34 56"}])
async def test_whatever_is_wrong_the_answer_is_the_same(hub: Rig, bo: Browser, wrong: dict[str, str]) -> None:
    secret = await with_password(hub, bo, await invited(hub))
    async with Browser(hub) as other:
        typed = {"login": "bobo", "password": PASSWORD, "code": code(hub, secret), **wrong}
        assert await other.send("/sign-in", **typed) == 422
        assert "Name, password and code do not fit together" in other.text
        assert other.text.count(typed["login"]) == 1  # what was typed, to be corrected


@pytest.mark.parametrize("login", ["bobo", "nobody"])
async def test_guessing_ends_soon_and_begins_anew_after_minutes(hub: Rig, bo: Browser, login: str) -> None:
    await with_password(hub, bo, await invited(hub))
    async with Browser(hub) as thief:
        guesses = [
            await thief.send("/sign-in", login=login, password="x", code="1") for _ in range(PER_NAME + 1)
        ]
        assert guesses == [422] * PER_NAME + [429]
        assert "tried too often" in thief.text
        assert await thief.send("/sign-in", login="another", password="x", code="1") == 422
        assert isinstance(hub.state, MemoryState)
        counted = {k: life for k, life in hub.state.ephemeral.values.items() if k.startswith("attempts:")}
        assert counted
        assert login not in str(counted)


async def test_another_site_can_sign_nobody_in_or_out(hub: Rig, bo: Browser) -> None:
    secret = await with_password(hub, bo, await invited(hub))
    typed = {"login": "bobo", "password": PASSWORD, "code": code(hub, secret)}
    async with Browser(hub) as victim:
        assert await victim.send("/sign-in", site="cross-site", **typed) == 403
    await bo.get("/account")
    assert await bo.send("/sign-out", site="cross-site") == 403
    assert await bo.send("/account/sign-out-everywhere", csrf="guessed") == 403
    await bo.get("/account")
    assert bo.path == "/account"


async def test_who_lost_their_phone_comes_in_by_a_new_link(hub: Rig, bo: Browser) -> None:
    made = await invited(hub)
    secret = await with_password(hub, bo, made)
    again = await invited(hub, "Bo", member=made.member)
    async with Browser(hub) as new:
        await with_password(hub, new, again, login="bo2")
        assert new.path == "/desk"
        await bo.get("/account")
        assert bo.path == "/sign-in?next=/account"
        typed = {"login": "bobo", "password": PASSWORD, "code": code(hub, secret)}
        assert await bo.send("/sign-in", **typed) == 422


async def test_revocation_ends_every_way_in(hub: Rig, bo: Browser) -> None:
    secret = await with_password(hub, bo, await invited(hub, "Bo"))
    token = await hub.member("Boss", hub="operator")
    _, answer = await hub.ask("GET", "/v1/members", token)
    (member,) = [m["member"] for m in answer["members"] if m["name"] == "Bo"]
    status, _ = await hub.ask("DELETE", f"/v1/members/{member}", token)
    assert status == 200
    await bo.get("/account")
    assert bo.path == "/sign-in?next=/account"
    assert await bo.send("/sign-in", login="bobo", password=PASSWORD, code=code(hub, secret)) == 422


async def test_a_password_is_changed_in_place_and_ends_other_sessions(hub: Rig, bo: Browser) -> None:
    secret = await with_password(hub, bo, await invited(hub))
    async with Browser(hub) as elsewhere:
        await elsewhere.send("/sign-in", login="bobo", password=PASSWORD, code=code(hub, secret))
        assert elsewhere.path == "/desk"
        await bo.get("/account/password")
        new = bo.secret()
        await bo.send("/account/password", login="bobo", password="another " + PASSWORD, code=code(hub, new))
        assert (bo.path, bo.text.count("password and codes</span>")) == ("/account", 1)
        await elsewhere.get("/account")
        assert elsewhere.path == "/sign-in?next=/account"
        hub.clock.forward(seconds=60)
        old = {"login": "bobo", "password": PASSWORD, "code": code(hub, secret)}
        assert await elsewhere.send("/sign-in", **old) == 422


async def test_the_last_way_in_stays(hub: Rig, bo: Browser) -> None:
    made = await invited(hub)
    await with_password(hub, bo, made)
    ways = await hub.store.one(f"ways:{made.member}")
    assert ways is not None
    (way,) = ways["ways"]
    assert 'name="remove"' not in bo.text
    assert await bo.send(f"/account/ways/{way}", remove="1") == 409
    assert "This is your last way in" in bo.text
    assert await bo.get("/account") == 200


async def test_ways_in_are_changed_only_after_signing_in_of_late(hub: Rig, bo: Browser) -> None:
    await with_password(hub, bo, await invited(hub))
    hub.clock.forward(hours=1)
    await bo.get("/account")
    assert "sign in again" in bo.text
    assert "data-passkey" not in bo.text
    for path in ("/account/password", "/account/ways/w1"):
        await bo.get("/account")
        await bo.send(path, login="bobo", password=PASSWORD, code="1")
        assert bo.path == "/sign-in?next=/account"
    await bo.get("/account")
    status, answer = await bo.post_json("/account/passkey/question")
    assert (status, answer["code"]) == (403, "sign_in_again")


async def test_while_the_router_is_away_coming_in_is_stored_and_said(hub: Rig, bo: Browser) -> None:
    path = path_of(await invited(hub)) + "/password"
    hub.console.settings.__dict__["console_patience_s"] = 0.05
    hub.deciding = False
    await bo.get(path)
    secret = bo.secret()
    typed = {"login": "bobo", "password": PASSWORD, "code": code(hub, secret)}
    assert await bo.send(path, **typed) == 503
    assert "stored but not decided" in bo.text


async def test_redis_away_is_said_on_the_page(hub: Rig, bo: Browser) -> None:
    await with_password(hub, bo, await invited(hub))
    assert isinstance(hub.state, MemoryState)
    hub.state.go_away()
    assert await bo.get("/account") == 503
    assert "look anything up just now" in bo.text
    hub.state.come_back()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"id": "x"},
        {"response": {"clientDataJSON": "!!"}},
        {"response": {"clientDataJSON": "e30"}},
        {"id": ["x"], "response": {"clientDataJSON": "eyJjaGFsbGVuZ2UiOiJ4In0"}},
        {"response": {"clientDataJSON": "WzFd"}},
        {"id": "\ud800", "label": "\udfff"},
    ],
)
async def test_hostile_answers_prove_nothing(hub: Rig, bo: Browser, answer: Any) -> None:
    for path in ("/sign-in/passkey", path_of(await invited(hub)) + "/passkey"):
        status, said = await bo.post_json(path, answer)
        assert status in {400, 422}, path
        assert said["code"] in {"not_json", "passkey_unproven", "passkey_needs_name"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"login=%ED%A0%80&password=%00&code=%FF", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded; charset=utf-8"),
        (b"login=x", "application/x-www-form-urlencoded; charset=none-such"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
        (b"--x\r\nContent-Disposition: form-data; name=login; filename=a\r\n\r\n1\r\n--x--\r\n",
         "multipart/form-data; boundary=x"),
        (b"login=" + b"x" * 100_000, "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
async def test_hostile_forms_are_refused(hub: Rig, body: bytes, kind: str) -> None:
    path = path_of(await invited(hub)) + "/password"
    headers = {"Content-Type": kind, "Sec-Fetch-Site": "same-origin"}
    for where in ("/sign-in", path):
        async with hub.http.post(hub.url + where, data=body, headers=headers) as response:
            assert response.status in {400, 422}, where


async def test_a_link_that_a_chat_cut_off_says_so(hub: Rig, bo: Browser) -> None:
    assert await bo.get(path_of(await invited(hub))[:-3]) == 404
    assert "This link opens nothing" in bo.text
    assert await bo.get("/invite/%ED%A0%80") == 404


async def test_an_account_page_is_never_kept_and_runs_only_our_own_script(hub: Rig, bo: Browser) -> None:
    made = await invited(hub)
    for path in ("/sign-in", path_of(made), path_of(made) + "/password"):
        await bo.get(path)
        assert "'unsafe" not in bo.headers["Content-Security-Policy"]
        assert bo.headers["Cache-Control"] == "no-store"
        assert bo.headers["Referrer-Policy"] == "same-origin"
        assert " style=" not in bo.text


async def test_groups_are_called_by_their_names_and_none_is_chosen_for_one(hub: Rig, bo: Browser) -> None:
    await with_password(hub, bo, await invited(hub, "Ann", hub="operator"))
    await hub.group("peckham")
    await hub.shown()
    await bo.get("/members")
    form = bo.text.partition('id="group"')[2].partition("</select>")[0]
    first, *groups = re.findall(r'<option value="([^"]*)">([^<]*)<', form)
    assert first == ("", "Choose a group")
    assert [name for name, _ in groups] == ["hackney", "peckham", "hub"]
    names = [words for _, words in groups]
    assert names[2] == "The hub itself"
    assert not {"hackney", "peckham"} & set(names)
    await bo.send("/members/invite", name="Cy", group="", role="verifier")
    assert bo.status == 422
    await bo.get("/members")
    await bo.send("/members/invite", name="Cy", group="hackney", role="verifier")
    assert 'data-copy="link"' in bo.text
    assert 'src="/static/copy.js"' in bo.text
    assert "Tap the link to mark it" in bo.text


def test_a_password_is_kept_at_full_price_and_a_name_that_nobody_has_costs_the_same() -> None:
    price = "$argon2id$v=19$m=65536,t=3,p=4$"
    assert passwords._HASHER.hash("four loose words").startswith(price)
    assert passwords._NOBODYS.startswith(price)
