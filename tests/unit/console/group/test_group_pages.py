"""A group's pages: whose they are, what they show to whom, and that nobody overwrites anybody."""

import asyncio
import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from shared.contracts.groups import Area, ChannelDefinition, GroupDefinition, InsteadOf
from shared.contracts.ledger import SubscribersCounted, SubscribersOpened
from shared.plugins.spec import BridgeState
from shared.state.bridges import BridgeStandings
from tests.rigs.console import until
from tests.rigs.group_admin import BAD_ENV, CHAT, GOOD_ENV, HACKNEY, Desk, Person, geojson, group_desk, who

PAGES = ("", "/name", "/area", "/channels", "/add-channel?kind=telegram", "/policy")


def telegram(id_: str, api: str, token: str = GOOD_ENV, chat: str = CHAT) -> ChannelDefinition:
    settings = {"token": f"env:{token}", "to": [chat], "api": api}
    return ChannelDefinition(id=id_, kind="telegram", audience="verifiers", settings=settings)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with group_desk(tmp_path, monkeypatch) as found:
        await found.rig.group("hackney", [telegram("chat", found.bot.url)])
        await found.rig.shown()
        yield found


@pytest.fixture
async def ada(desk: Desk) -> Person:
    return await who(desk, "Ada", hackney="admin")


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ({"hackney": "admin"}, 200),
        ({"hub": "operator"}, 200),
        ({"hackney": "dispatcher"}, 403),
        ({"hackney": "verifier"}, 403),
        ({"southwark": "admin"}, 403),
    ],
)
async def test_a_groups_pages_are_its_admins_and_the_hubs_operators(
    desk: Desk, roles: dict[str, str], status: int
) -> None:
    person = await who(desk, "Bo", **roles)
    for page in PAGES:
        assert await person.get("/groups/hackney" + page) == status, page
    for form in (
        "name",
        "area/districts",
        "area/clear",
        "add-channel",
        "channels/chat/test",
        "policy",
        "drills",
    ):
        if status != 200:
            assert await person.send(f"/groups/hackney/{form}") == 403, form
            assert (await person.group())["version"] == 1


async def test_the_page_says_how_the_groups_own_bridges_stand(desk: Desk, ada: Person) -> None:
    assert await ada.get("/groups/hackney") == 200
    assert 'id="bridges"' not in ada.text, "it has none"
    told = {"kind": "telegram", "since": "2026-11-27T10:00:00+00:00"}
    states = get_args(BridgeState)
    standings = {f"e8-{n}": {**told, "group": "hackney", "state": state} for n, state in enumerate(states)}
    standings |= {"se15": {**told, "group": "southwark", "state": "CONNECTED"}}
    standings |= {"sms": {**told, "state": "CONNECTED"}}
    await BridgeStandings(desk.rig.state.ephemeral).say(standings)
    assert await ada.get("/groups/hackney") == 200
    assert "shut out: nothing comes in by it until the operator mends it, since 27/11 10:00" in ada.text
    assert all(f"e8-{n}" in ada.text for n in range(len(states)))
    assert "se15" not in ada.text
    assert "sms<" not in ada.text


async def test_the_page_says_how_many_subscribe_and_when_their_list_was_opened(
    desk: Desk, ada: Person
) -> None:
    assert await ada.get("/groups/hackney") == 200
    assert 'id="people"' not in ada.text, "nobody subscribes"
    counted = SubscribersCounted(
        **desk.rig.base(),
        group="hackney",
        total=105,
        texts=80,
        ways={"join": 80, "email": 25},
        languages={"en": 90, "xx": 5},
        choices={"witness": 40, "information": 70},
    )
    await desk.rig.publish(counted)
    acts = ("listed", "exported", "imported", "exported", "listed", "imported")
    for act in acts:
        await desk.rig.publish(SubscribersOpened(**desk.rig.base(), group="hackney", act=act))
    await desk.rig.publish(SubscribersCounted(**desk.rig.base(), group="southwark", total=995))
    await desk.rig.shown()
    assert await ada.get("/groups/hackney") == 200
    for words in ("Up to 105 people", "By join: up to 80", "English</bdi>: up to 90", "xx</bdi>: up to 5"):
        assert words in ada.text
    assert "Up to 40 said that they can come" in ada.text
    assert "995" not in ada.text
    assert ada.text.count("as a file, with contacts") == 2, "the last five"
    assert ada.text.count("looked through the list") == 1


async def test_whoever_is_not_signed_in_is_led_to_the_door(desk: Desk) -> None:
    async with desk.rig.http.get(desk.rig.url + "/groups/hackney", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/sign-in?next=/groups/hackney")


async def test_no_form_is_taken_without_its_token(desk: Desk, ada: Person) -> None:
    ada.headers["X-CSRF"] = "wrong"
    for form in ("name", "area/save", "channels/chat/remove", "channels/chat/test", "policy"):
        assert await ada.send(f"/groups/hackney/{form}") == 403
    assert (await ada.group())["version"] == 1


async def test_an_operator_sees_that_a_channel_is_there_and_none_of_its_settings(desk: Desk) -> None:
    op = await who(desk, "Olu", hub="operator")
    await op.get("/groups/hackney/channels")
    assert "chat" in op.text
    assert GOOD_ENV not in op.text
    assert CHAT not in op.text
    assert await op.get("/groups/hackney/channels/chat") == 403
    assert await op.send("/groups/hackney/channels/chat", audience="community") == 403


async def test_the_admin_sees_and_changes_the_settings(desk: Desk, ada: Person) -> None:
    assert await ada.get("/groups/hackney/channels/chat") == 200
    assert f"env:{GOOD_ENV}" in ada.text
    fields: dict[str, Any] = {
        "s-token": f"env:{BAD_ENV}",
        "s-to": f"{CHAT}\n@second",
        "audience": "partners",
        "drills": "on",
    }
    assert await ada.send("/groups/hackney/channels/chat", language="ar", **fields) == 200
    (channel,) = (await ada.group())["channels"]
    assert channel["settings"] == {"token": f"env:{BAD_ENV}", "to": [CHAT, "@second"]}
    assert (channel["audience"], channel["language"], channel["drills"]) == ("partners", "ar", True)


async def test_a_secret_that_was_typed_is_refused_and_sent_back_to_nobody(desk: Desk, ada: Person) -> None:
    fields: dict[str, Any] = {
        "kind": "telegram",
        "id": "new",
        "audience": "verifiers",
        "s-to": CHAT,
        "s-token": "4711:hush",
    }
    assert await ada.send("/groups/hackney/add-channel", **fields) == 422
    assert "A secret is written here in clear" in ada.text
    assert "hush" not in ada.text
    assert len((await ada.group())["channels"]) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": "chat"}, "There is a channel of this name already"),
        ({"id": "Not OK"}, "only small letters"),
        ({"audience": "reporter"}, "Choose one from the list"),
        ({"s-to": ""}, "This is needed"),
        ({"kind": "feed", "audience": "verifiers"}, "The public page shows only"),
        (
            {"kind": "mastodon", "s-server": "https://m.example", "s-visibility": "public", "s-to": ""},
            "What everybody can read shows only",
        ),
    ],
)
async def test_what_is_wrong_with_a_channel_is_said(
    desk: Desk, ada: Person, fields: dict[str, str], words: str
) -> None:
    sound: dict[str, Any] = {
        "kind": "telegram",
        "id": "new",
        "audience": "verifiers",
        "s-to": CHAT,
        "s-token": "env:X",
    }
    assert await ada.send("/groups/hackney/add-channel", **{**sound, **fields}) == 422
    assert words in ada.text
    assert len((await ada.group())["channels"]) == 1


async def test_of_two_admins_the_second_is_told_and_their_words_are_kept(desk: Desk, ada: Person) -> None:
    ben = await who(desk, "Ben", hackney="admin")
    assert await ada.send("/groups/hackney/name", version=1, name="Ada's", language="en") == 200
    assert await ben.send("/groups/hackney/name", version=1, name="Ben's", language="es") == 409
    assert "Somebody else has changed the group" in ben.text
    assert 'value="Ben&#39;s"' in ben.text
    assert (await ben.group())["definition"]["name"] == "Ada's"
    assert 'name="seen" value="2"' in ben.text, "the form they have now can be saved"
    assert await ben.send("/groups/hackney/name", name="Ben's", language="es") == 200
    assert (await ben.group())["definition"]["name"] == "Ben's"


async def test_a_race_that_the_page_did_not_see_is_decided_by_the_log(desk: Desk, ada: Person) -> None:
    sends = [ada.send("/groups/hackney/name", version=1, name=f"Name {n}", language="en") for n in range(4)]
    await asyncio.gather(*sends)
    assert (await ada.group())["version"] == 2


async def test_the_same_form_sent_twice_is_one_change(desk: Desk, ada: Person) -> None:
    await asyncio.gather(*(ada.send("/groups/hackney/drills", version=1, channel="chat") for _ in range(2)))
    found = await ada.group()
    assert (found["version"], found["channels"][0]["drills"]) == (2, True)


async def test_parts_that_were_not_looked_at_stay_as_they_are(desk: Desk, ada: Person) -> None:
    before = await ada.group()
    assert await ada.send("/groups/hackney/policy", likely_after="5", neighbours="") == 200
    after = await ada.group()
    assert after["definition"]["policy"]["likely_after"] == 5
    assert after["channels"] == before["channels"]
    assert after["channels_since"] == {"chat": 1}


@pytest.mark.parametrize(
    ("typed", "words"), [("1", "at least 2"), ("x", "whole number"), ("99", "at most 20")]
)
async def test_a_policy_out_of_range_is_refused_with_its_range(
    desk: Desk, ada: Person, typed: str, words: str
) -> None:
    assert await ada.send("/groups/hackney/policy", likely_after=typed) == 422
    assert words in ada.text
    assert (await ada.group())["version"] == 1


async def test_an_area_is_seen_before_it_is_saved(desk: Desk, ada: Person) -> None:
    assert await ada.send("/groups/hackney/area/districts", districts="E8 n16") == 200
    assert "Is this right?" in ada.text
    assert (await ada.group())["version"] == 1
    assert await ada.send("/groups/hackney/area/save", kept=ada.kept()) == 200
    assert (await ada.group())["definition"]["area"]["outcodes"] == ["E8", "N16"]


async def test_nobody_saves_what_another_looked_at(desk: Desk, ada: Person) -> None:
    await ada.send("/groups/hackney/area/districts", districts="E8")
    ben = await who(desk, "Ben", hackney="admin")
    assert await ben.send("/groups/hackney/area/save", kept=ada.kept()) == 410
    assert await ada.send("/groups/hackney/area/save", kept="no") == 410
    assert (await ada.group())["version"] == 1


async def test_an_area_changed_meanwhile_is_shown_again_and_not_overwritten(desk: Desk, ada: Person) -> None:
    await ada.send("/groups/hackney/area/districts", districts="E8")
    kept = ada.kept()
    await ada.send("/groups/hackney/drills", channel="chat")
    assert await ada.send("/groups/hackney/area/save", version=1, kept=kept) == 409
    assert "Somebody else has changed the group" in ada.text
    assert await ada.send("/groups/hackney/area/save", kept=ada.kept()) == 200
    found = await ada.group()
    assert (found["definition"]["area"]["outcodes"], found["channels"][0]["drills"]) == (["E8"], True)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (geojson(*HACKNEY).encode(), 200, "17.2 km²"),
        (b"", 422, "This is no GeoJSON file"),
        (b"\x89PNG\r\n<script>alert(1)</script>", 422, "This is no GeoJSON file"),
        (geojson(*HACKNEY[:-1]).encode(), 422, "not closed"),
        (geojson(*((lat, lon) for lon, lat in HACKNEY)).encode(), 422, "Swap latitude and longitude"),
        (b" " * 600_000, 422, "too large"),
        (b" " * 1_000_000, 413, "more than can be taken"),
    ],
    ids=["sound", "empty", "picture", "open", "swapped", "large", "huge"],
)
async def test_files_are_taken_or_refused_in_plain_words(
    desk: Desk, ada: Person, content: bytes, status: int, words: str
) -> None:
    assert await ada.upload("/groups/hackney/area/file", content) == status
    assert words in ada.text
    assert "alert(1)" not in ada.text
    assert (await ada.group())["version"] == 1


async def test_a_swapped_file_is_swapped_and_the_outline_added_to_what_is_there(
    desk: Desk, ada: Person
) -> None:
    await ada.upload("/groups/hackney/area/file", geojson(*HACKNEY).encode())
    await ada.send("/groups/hackney/area/save", kept=ada.kept())
    east = [(lat, lon + 0.2) for lon, lat in HACKNEY]
    await ada.upload("/groups/hackney/area/file", geojson(*east).encode(), how="add")
    assert 'name="how" value="add"' in ada.text
    assert await ada.send("/groups/hackney/area/swap", kept=ada.kept(), how="add") == 200
    await ada.send("/groups/hackney/area/save", kept=ada.kept())
    assert len(Area.model_validate((await ada.group())["definition"]["area"]).polygons) == 2
    await ada.send("/groups/hackney/area/clear")
    await ada.send("/groups/hackney/area/save", kept=ada.kept())
    assert (await ada.group())["definition"]["area"]["polygons"] == []


async def test_boroughs_are_offered_where_the_operator_keeps_their_boundaries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "boroughs.geojson"
    file.write_text(geojson(*HACKNEY).replace('"name": "drawn"', '"LAD23NM": "Hackney"'))
    async with group_desk(tmp_path, monkeypatch, console_boundaries_file=file) as desk:
        await desk.rig.group("hackney")
        ada = await who(desk, "Ada", hackney="admin")
        await ada.get("/groups/hackney/area")
        assert "<option>Hackney</option>" in ada.text
        assert await ada.send("/groups/hackney/area/borough", borough="Hackney") == 200
        assert "17.2 km²" in ada.text
        assert await ada.send("/groups/hackney/area/borough", borough="Elsewhere") == 422
        file.write_text("spoilt")
        assert await ada.get("/groups/hackney/area") == 200
        assert "By borough" not in ada.text


async def test_only_operators_make_groups_and_no_id_is_taken_twice(desk: Desk, ada: Person) -> None:
    assert await ada.get("/groups/new") == 403
    assert await ada.send("/groups/new", name="Mine", language="en") == 403
    op = await who(desk, "Olu", hub="operator")
    assert await op.send("/groups/new", name="Stoke Newington!", language=["en", "tr"]) == 200
    assert op.path == "/groups/stoke-newington"
    made = GroupDefinition.model_validate((await op.group("stoke-newington"))["definition"])
    assert (made.name, made.languages) == ("Stoke Newington!", ("en", "tr"))
    for id_, words in (("hackney", "already"), ("hub", "is not “hub”"), ("A b", "only small letters")):
        assert await op.send("/groups/new", name="X", id=id_, language="en") == 422
        assert words in op.text


# --- the test button ------------------------------------------------------------------------------


async def test_a_wrong_token_shows_telegrams_own_words_and_what_to_do(desk: Desk, ada: Person) -> None:
    await desk.rig.group("hackney", [telegram("chat", desk.bot.url, BAD_ENV)], version=2)
    await desk.rig.shown()
    assert await ada.send("/groups/hackney/channels/chat/test") == 200
    assert "Telegram answered:" in ada.text
    assert "Unauthorized" in ada.text
    assert "The token is wrong." in ada.text
    assert "wrong-token" not in ada.text
    assert desk.bot.sent == []


async def test_a_right_one_says_delivered_and_is_out_of_date_once_the_channel_has_changed(
    desk: Desk, ada: Person
) -> None:
    await ada.send("/groups/hackney/channels/chat/test")
    assert "Accepted: this channel works." in ada.text
    (sent,) = desk.bot.sent
    assert sent["text"].startswith("TEST from Hackney Anti Raids: this channel works.")
    await ada.send("/groups/hackney/name", name="Renamed", language="en")
    await ada.get("/groups/hackney/channels")
    assert "It was changed since then" not in ada.text, "the channel is as it was"
    await ada.send("/groups/hackney/drills", channel="chat")
    await ada.get("/groups/hackney/channels")
    assert "It was changed since then" not in ada.text, "it reaches the same people"
    fields: dict[str, Any] = {"s-token": f"env:{BAD_ENV}", "s-to": CHAT, "audience": "verifiers"}
    await ada.send("/groups/hackney/channels/chat", **fields)
    assert "It was changed since then" in ada.text


async def test_a_wrong_chat_shows_what_telegram_says_of_it_without_its_number(
    desk: Desk, ada: Person
) -> None:
    await desk.rig.group("hackney", [telegram("chat", desk.bot.url, chat="-100999888777")], version=2)
    await desk.rig.shown()
    await ada.send("/groups/hackney/channels/chat/test")
    assert "Bad Request: chat not found" in ada.text


async def test_a_kill_switch_that_holds_the_test_is_named(desk: Desk, ada: Person) -> None:
    operator = await desk.rig.member("Olu", hub="operator")
    body = {"group": "hackney", "stopped": True}
    assert (await desk.rig.ask("POST", "/v1/kill-switch", operator, json=body))[0] == 200
    await ada.send("/groups/hackney/channels/chat/test")
    assert "The group's kill switch is on" in ada.text.replace("&#39;", "'")
    assert desk.bot.sent == []


async def test_the_api_answers_the_same_and_refuses_whom_the_page_refuses(desk: Desk) -> None:
    admin = await desk.rig.member("Ada", hackney="admin")
    path = "/v1/groups/hackney/channels/chat/test"
    assert (await desk.rig.ask("GET", path, admin))[0] == 404
    status, tested = await desk.rig.ask("POST", path, admin, json={})
    assert (status, tested["outcome"], tested["current"]) == (200, "delivered", True)
    assert (await desk.rig.ask("GET", path, admin))[1] == tested
    once: dict[str, Any] = {"json": {"id": "c1"}}
    first, again = [await desk.rig.ask("POST", path, admin, **once) for _ in range(2)]
    assert first == again, "the same id again is the same test"
    assert len(desk.bot.sent) == 2
    for roles in ({"hackney": "dispatcher"}, {"southwark": "admin"}):
        token = await desk.rig.member("Bo", **roles)
        assert (await desk.rig.ask("POST", path, token, json={}))[0] == 403
        assert (await desk.rig.ask("GET", path, token))[0] == 403
    assert (await desk.rig.ask("POST", path.replace("chat", "gone"), admin, json={}))[0] == 409
    impossible = await desk.rig.ask("POST", path.replace("chat", "No Such"), admin, json={})
    assert (impossible[0], impossible[1]["code"]) == (404, "unknown_channel")
    assert (await desk.rig.ask("POST", path))[0] == 401


async def test_a_channel_is_not_tried_without_end(desk: Desk, ada: Person) -> None:
    for _ in range(10):
        await ada.send("/groups/hackney/channels/chat/test")
    assert await ada.send("/groups/hackney/channels/chat/test") == 429
    assert len(desk.bot.sent) == 10


async def test_a_test_is_shown_as_under_way_while_nobody_sends(desk: Desk, ada: Person) -> None:
    desk.rig.deciding = False
    waiting = asyncio.create_task(ada.send("/groups/hackney/channels/chat/test"))
    await until(lambda: _stored(desk))
    desk.rig.stop.set()  # the console is about to end: whoever waits is answered
    assert await asyncio.wait_for(waiting, 10) == 200
    assert "Never tested." in ada.text


async def _stored(desk: Desk) -> bool:
    return await desk.rig.bus.last("DESK", "desk.v1.hackney.test_channel") is not None


async def test_another_groups_secret_is_refused_by_page_and_api_and_never_looked_at(
    desk: Desk, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUTHWARK__TOKEN", "123456:token-of-southwark")
    await ada.get("/groups/hackney/add-channel?kind=telegram")
    fields: dict[str, Any] = {"kind": "telegram", "id": "second", "audience": "verifiers", "language": "en"}
    typed: dict[str, Any] = {"s-token": "env:SOUTHWARK__TOKEN", "s-to": CHAT, "s-api": desk.bot.url}
    assert await ada.send("/groups/hackney/add-channel", **fields, **typed) == 422
    assert "This secret is not your group's" in html.unescape(ada.text)
    assert "env:HACKNEY__TOKEN" in ada.text
    channel = telegram("second", desk.bot.url, "SOUTHWARK__TOKEN").model_dump(mode="json")
    definition = {"id": "hackney", "name": "Hackney Anti Raids"}
    status, answer = await desk.rig.ask(
        "PUT", "/v1/groups/hackney", await desk.rig.member("Api", hackney="admin"),
        json={"definition": definition, "channels": [channel]},
    )  # fmt: skip
    assert (status, answer["code"]) == (422, "secret_of_others")
    assert "second: settings.token" in answer["detail"]
    await desk.rig.group("hackney", [telegram("chat", desk.bot.url, "SOUTHWARK__TOKEN")], version=3)
    await desk.rig.shown()
    assert await ada.send("/groups/hackney/channels/chat/test") == 200
    assert "is no secret of this group" in html.unescape(ada.text)
    assert "token-of-southwark" not in ada.text
    assert desk.bot.sent == []


async def test_a_channel_that_stands_in_keeps_that_on_its_page_and_the_other_cannot_go(
    desk: Desk, ada: Person
) -> None:
    rule = InsteadOf(channel="chat", after_s=60)
    second = telegram("second", desk.bot.url).model_copy(update={"instead_of": rule})
    await desk.rig.group("hackney", [telegram("chat", desk.bot.url), second], version=2)
    await desk.rig.shown()
    await ada.get("/groups/hackney/channels/second")
    fields: dict[str, Any] = {"s-token": f"env:{GOOD_ENV}", "s-to": CHAT, "audience": "verifiers"}
    assert await ada.send("/groups/hackney/channels/second", language="ar", **fields) == 200
    kept = (await ada.group())["channels"][1]
    assert (kept["language"], kept["instead_of"]) == ("ar", rule.model_dump(mode="json"))
    await ada.get("/groups/hackney/channels")
    assert await ada.send("/groups/hackney/channels/chat/remove") == 422
    assert "there is no such channel to stand in for" in html.unescape(ada.text)
    alone = {
        "definition": {"id": "hackney", "name": "Hackney"},
        "channels": [second.model_dump(mode="json")],
    }
    api = await desk.rig.member("Api", hackney="admin")
    status, answer = await desk.rig.ask("PUT", "/v1/groups/hackney", api, json=alone)
    assert status == 422
    assert "no such channel to stand in for" in answer["detail"]
