"""The Matrix bridge behind the real front door, on a stand-in of a homeserver that goes wrong as we like."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from services.ingest import taking_part
from services.ingest.app import make_app
from services.ingest.bridge_host import PART
from services.ingest.bridges import matrix_rooms
from services.ingest.bridges.matrix import Matrix, MatrixSettings
from services.ingest.door import DOOR
from services.ingest.spool import Spool
from services.ingest.taking_part import TakingPart
from shared.plugins import standing
from shared.plugins.testing import CaseSecrets
from shared.sealing import MasterKey
from shared.testing.bus import MemoryBus
from shared.words.chat_talk import told_in_chat
from tests.rigs.bridges_health import KEYS, bridges_health
from tests.rigs.homeserver import BOT, Homeserver

NOW = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)
ADA, BEN = "@ada:example.org", "@ben:example.org"
DESK = "!verifiers:example.org"
HS_TOKEN = "hs-token-of-the-test"
SECRETS = CaseSecrets({"env:HS": HS_TOKEN, "env:AS": "as-token-of-the-test"})
THANKS = "Thank you, your report has arrived."


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Rig:
    home: Homeserver
    client: TestClient[Any, Any]
    bus: MemoryBus
    part: TakingPart

    async def transact(self, *events: dict[str, Any], token: str = HS_TOKEN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        path = "/bridges/matrix/_matrix/app/v1/transactions/1"
        body = io.BytesIO(json.dumps({"events": events}).encode())
        async with self.client.put(path, data=body, headers=headers) as response:
            return response.status, await response.json()

    async def takes(self, *events: dict[str, Any]) -> None:
        assert await self.transact(*events) == (200, {})

    async def stored(self) -> int:
        return await self.bus.last_seq("REPORTS")

    def stands(self) -> tuple[str, str]:
        found = self.part.health()["matrix"]
        return found["state"], found.get("reason", "")

    async def count(self, name: str) -> int:
        return int((await bridges_health(self.client))["counts"].get(f"bridge.matrix.{name}", 0))

    def said(self, room: str) -> list[str]:
        return self.home.rooms[room].said()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_rooms, "_AGAIN_S", (0.01, 0.01))
    monkeypatch.setattr(standing, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(standing, "LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(taking_part, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(taking_part, "_ANSWER_S", 0.5)
    monkeypatch.setattr(taking_part, "_LEARN_S", 0.5)


@contextlib.asynccontextmanager
async def a_rig(folder: Path, home: Homeserver, **settings: Any) -> AsyncIterator[Rig]:
    given = {
        "homeserver": home.url,
        "user_id": BOT,
        "hs_token": "env:HS",
        "as_token": "env:AS",
        "desk_rooms": [DESK],
    }
    bridge = Matrix(MatrixSettings.model_validate({**given, **settings}), SECRETS)
    bus, spool = MemoryBus(FixedClock()), Spool(folder, max_bytes=1_000)
    app = make_app(
        bus=bus,
        clock=FixedClock(),
        master=MasterKey(bytes(32)),
        spool=spool,
        bridges={"matrix": bridge},
        keys=KEYS,
    )
    async with ClientSession() as http:
        app[PART] = part = TakingPart(app[DOOR], {"matrix": bridge}, http=http, secrets=SECRETS)
        async with TestClient(TestServer(app)) as client:
            yield Rig(home, client, bus, part)
    await spool.close()


@pytest.fixture
async def home() -> AsyncIterator[Homeserver]:
    async with Homeserver() as home:
        yield home


@pytest.fixture
async def rig(tmp_path: Path, home: Homeserver) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path, home) as rig:
        yield rig


async def test_a_private_message_is_one_report_and_is_thanked_once(rig: Rig) -> None:
    room = rig.home.room("direct", ADA)
    message = rig.home.says(room, ADA, "vans in Ashwin Street")
    for _ in range(3):
        await rig.takes(message)
    assert await rig.stored() == 1
    (thanks,) = rig.said(room)
    assert thanks.startswith(THANKS)


async def test_the_first_words_come_with_the_invitation_and_are_read_when_we_come_in(rig: Rig) -> None:
    room = rig.home.room("direct", ADA, invited=True)
    rig.home.says(room, ADA, "written long before")
    invitation = rig.home.member(room, BOT, "invite", by=ADA)
    rig.home.says(room, ADA, "vans in Ashwin Street")
    await rig.takes(invitation)
    await rig.takes(invitation)  # we died before the homeserver had our answer
    assert await rig.stored() == 1, "what was written before we were invited is nothing to us"
    assert len(rig.said(room)) == 1


async def test_from_a_verifiers_room_nothing_but_desk_words_is_stored_and_nobody_is_asked(rig: Rig) -> None:
    rig.home.room("verifiers", ADA, BEN)
    talk = rig.home.says(DESK, ADA, "who is near? there are vans in Ashwin Street")
    await rig.takes(talk, rig.home.says(DESK, BEN, "MINE D7K"))
    assert await rig.stored() == 1
    assert rig.said(DESK) == []
    assert rig.home.calls == []


async def test_an_answer_to_an_alert_of_ours_takes_its_code_and_one_to_anybody_elses_does_not(
    rig: Rig,
) -> None:
    rig.home.room("verifiers", ADA, BEN)
    ours = rig.home.says(DESK, BOT, "UNCONFIRMED D7K. Reply MINE D7K.")
    theirs = rig.home.says(DESK, BEN, "is that D7K?")
    for answered in (ours, theirs):
        relation = {"m.in_reply_to": {"event_id": answered["event_id"]}}
        await rig.takes(rig.home.says(DESK, ADA, "mine", **{"m.relates_to": relation}))
    assert await rig.stored() == 1


CHAT = "!streets:example.org"


async def test_a_groups_own_room_is_told_what_is_taken_and_its_talk_stays_its_own(
    tmp_path: Path, home: Homeserver
) -> None:
    async with a_rig(tmp_path, home, chat_rooms=[CHAT]) as rig:
        home.room("streets", ADA, BEN, invited=True)
        await rig.takes(home.member(CHAT, BOT, "invite", by=ADA))
        await rig.takes(
            home.says(CHAT, ADA, "who brings tea?"),
            home.says(CHAT, BEN, "relay: two vans in Ridley Road"),
            home.says(CHAT, ADA, "six officers #raid"),
            home.says(CHAT, ADA, "MINE D7K"),
        )
        assert await rig.stored() == 3
        assert rig.said(CHAT) == [told_in_chat("raid")]
        assert home.rooms[CHAT].members[BOT] == "join"


async def test_a_groups_own_room_that_is_encrypted_is_told_and_left(tmp_path: Path, home: Homeserver) -> None:
    async with a_rig(tmp_path, home, chat_rooms=[CHAT]) as rig:
        home.room("streets", ADA, BEN, invited=True)
        home.rooms[CHAT].encrypted = True
        await rig.takes(home.member(CHAT, BOT, "invite", by=ADA))
        assert [words[:30] for words in rig.said(CHAT)] == ["We cannot read encrypted rooms"]
        assert home.rooms[CHAT].members[BOT] == "leave"


async def test_a_room_with_several_people_is_told_and_left_and_nothing_of_it_stored(rig: Rig) -> None:
    room = rig.home.room("crowd", ADA, BEN, invited=True)
    invitation = rig.home.member(room, BOT, "invite", by=ADA)
    rig.home.says(room, ADA, "vans in Ashwin Street")
    await rig.takes(invitation)
    (words,) = rig.said(room)
    assert words.startswith("We talk with one person at a time")
    assert room in words, "whoever runs the hub needs its id"
    assert rig.home.rooms[room].members[BOT] == "leave"
    assert await rig.stored() == 0


async def test_a_private_room_is_left_when_somebody_else_comes_and_when_its_person_goes(rig: Rig) -> None:
    room, other = rig.home.room("direct", ADA), rig.home.room("other", BEN)
    await rig.takes(rig.home.says(room, ADA, "vans"), rig.home.says(other, BEN, "police"))
    came, went = rig.home.member(room, BEN, "join"), rig.home.member(other, BEN, "leave")
    await rig.takes(came, rig.home.says(room, ADA, "and now a secret"), went)
    assert await rig.stored() == 2
    assert rig.said(room)[-1].startswith("We talk with one person at a time")
    assert [rig.home.rooms[r].members[BOT] for r in (room, other)] == ["leave", "leave"]


async def test_a_room_from_which_one_of_two_left_is_not_private(rig: Rig) -> None:
    room = rig.home.room("was-a-group", ADA, BEN)
    rig.home.rooms[room].members[BEN] = "leave"
    await rig.takes(rig.home.says(room, ADA, "nobody is here but me, it seems"))
    assert await rig.stored() == 0


@pytest.mark.parametrize("how", ["found on entering", "turned on", "written"])
async def test_an_encrypted_room_is_told_and_left(rig: Rig, how: str) -> None:
    room = rig.home.room("direct", ADA, invited=how == "found on entering")
    rig.home.rooms[room].encrypted = True
    event = {
        "found on entering": lambda: rig.home.member(room, BOT, "invite", by=ADA),
        "turned on": lambda: rig.home.event(room, ADA, {"algorithm": "x"}, "m.room.encryption", state_key=""),
        "written": lambda: rig.home.event(room, ADA, {"ciphertext": "x"}, "m.room.encrypted"),
    }[how]()
    await rig.takes(event)
    assert [words[:30] for words in rig.said(room)] == ["We cannot read encrypted rooms"]
    assert rig.home.rooms[room].members[BOT] == "leave"


async def test_an_encrypted_verifiers_room_is_told_once_and_not_left(rig: Rig) -> None:
    rig.home.room("verifiers", ADA, BEN)
    for _ in range(3):
        await rig.takes(rig.home.event(DESK, ADA, {"ciphertext": "x"}, "m.room.encrypted"))
    assert [words[:22] for words in rig.said(DESK)] == ["This room is encrypted"]
    assert rig.home.rooms[DESK].members[BOT] == "join"


async def test_what_we_are_told_before_we_came_in_does_not_turn_the_invitation_down(rig: Rig) -> None:
    """Synapse may send the room's beginning beside the invitation."""
    room = rig.home.room("direct", ADA, invited=True)
    began = rig.home.member(room, ADA, "join")
    await rig.takes(began)
    await rig.takes(began, rig.home.member(room, BOT, "invite", by=ADA))
    assert rig.home.rooms[room].members[BOT] == "join"
    assert rig.said(room) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, {}), "homeserver_away"),
        ((502, {}), "homeserver_away"),
        ((429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 10}), "homeserver_away"),
        ((401, {"errcode": "M_UNKNOWN_TOKEN"}), "bad_credentials"),
        ((0, {}), "cannot_ask_source"),
    ],
)
async def test_what_cannot_be_told_apart_now_is_not_taken_and_is_when_it_can(
    rig: Rig, answer: tuple[int, dict[str, Any]], code: str
) -> None:
    message = rig.home.says(rig.home.room("direct", ADA), ADA, "vans in Ashwin Street")
    rig.home.fails = lambda _method, path: answer if path.endswith("/members") else None
    status, problem = await rig.transact(message)
    assert (status, problem["code"], await rig.stored()) == (503, code, 0)
    rig.home.fails = lambda _method, _path: None
    await rig.takes(message)
    assert await rig.stored() == 1


@contextlib.asynccontextmanager
async def settling(rig: Rig) -> AsyncIterator[None]:
    """The worker runs while the context is open."""
    stop = asyncio.Event()
    running = asyncio.create_task(rig.part.run(stop))
    yield
    stop.set()
    await running


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110 - conditions of many kinds
            await asyncio.sleep(0.01)


async def test_a_slow_invitation_holds_up_no_report_and_is_taken_up_in_the_end(rig: Rig) -> None:
    far = rig.home.room("far", BEN, invited=True)
    invitation = rig.home.member(far, BOT, "invite", by=BEN)
    rig.home.says(far, BEN, "vans in Ashwin Street")
    rig.home.fails = lambda _method, path: (503, {}) if path.endswith(f"{far}/join") else None
    near = rig.home.room("near", ADA)
    await rig.takes(invitation, rig.home.says(near, ADA, "vans in Ashwin Street"))
    assert await rig.stored() == 1
    rig.home.fails = lambda _method, _path: None

    async def both() -> bool:
        return await rig.stored() == 2

    async with settling(rig):
        await until(both)
    assert rig.said(far)[0].startswith(THANKS)


async def test_settling_makes_the_account_and_tells_the_homeserver_that_we_are_here(rig: Rig) -> None:
    refusals = iter([(502, {}), (401, {"errcode": "M_UNKNOWN_TOKEN"})])
    rig.home.fails = lambda _method, path: next(refusals, None) if path.endswith("/register") else None

    assert rig.stands() == ("CONNECTING", "")

    async def settled() -> bool:
        return rig.stands()[0] == "CONNECTED"

    with capture_logs() as logs:
        async with settling(rig):
            await until(settled)
    assert rig.home.registered
    assert rig.home.pinged == 1
    loud = [log["reason"] for log in logs if log["log_level"] == "error"]
    assert loud == ["bad_credentials"], "a person has to act on that one, and on no other"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ((502, {"errcode": "M_CONNECTION_FAILED"}), "TRANSIENT_DISCONNECT", "cannot_reach_us"),
        ((403, {"errcode": "M_FORBIDDEN"}), "BAD_CREDENTIALS", "wrong_appservice"),
        ((401, {"errcode": "M_UNKNOWN_TOKEN"}), "BAD_CREDENTIALS", "bad_credentials"),
        ((429, {"retry_after_ms": 9_000}), "RATE_LIMITED", "http_429"),
    ],
)
async def test_a_homeserver_that_does_not_reach_us_is_named(
    rig: Rig, answer: tuple[int, dict[str, Any]], state: str, reason: str
) -> None:
    rig.home.fails = lambda _method, path: answer if path.endswith("/ping") else None

    async def named() -> bool:
        return rig.stands() == (state, reason)

    async with settling(rig):
        await until(named)
    assert (await bridges_health(rig.client))["bridges"]["matrix"]["reason"] == reason


async def test_a_picture_without_words_is_answered_and_no_report(rig: Rig) -> None:
    room = rig.home.room("direct", ADA)
    await rig.takes(rig.home.event(room, ADA, {"msgtype": "m.image", "body": "a.jpg", "url": "mxc://x/y"}))
    assert await rig.stored() == 0
    assert [words[:31] for words in rig.said(room)] == ["We can read words and places he"]


async def test_large_transactions_are_taken_from_the_homeserver_and_from_nobody_else(rig: Rig) -> None:
    room = rig.home.room("direct", ADA)
    large = [rig.home.says(room, ADA, f"{n} " + "vans " * 12_000) for n in range(3)]
    await rig.takes(*large)
    assert await rig.stored() == 3
    assert (await rig.transact(*large, token="forged"))[0] == 413
    huge = rig.home.says(room, ADA, "vans " * 1_700_000)
    assert (await rig.transact(huge))[0] == 413


async def test_one_broken_event_keeps_no_other_waiting(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    room = rig.home.room("direct", ADA)
    bad, good = rig.home.says(room, ADA, "bad"), rig.home.says(room, ADA, "vans in Ashwin Street")
    bad["content"] = {"msgtype": [], "m.relates_to": 7, "m.mentions": "x"}
    nonsense: list[Any] = [None, 1, {}, {"event_id": 7}, {**good, "room_id": "../x", "event_id": "$x"}]
    await rig.takes(bad, *nonsense, good)
    assert await rig.stored() == 1


async def test_a_report_that_reads_otherwise_the_second_time_does_not_block_the_homeserver(rig: Rig) -> None:
    """The alert that was answered is gone by then: the code is no longer known, the message is."""
    room = rig.home.room("direct", ADA)
    ours = rig.home.says(room, BOT, "UNCONFIRMED D7K. Reply MINE D7K.")
    relation = {"m.in_reply_to": {"event_id": ours["event_id"]}}
    mine = rig.home.says(room, ADA, "mine", **{"m.relates_to": relation})
    await rig.takes(mine)
    rig.part._taking["matrix"].rooms.quotes.clear()  # type: ignore[attr-defined]  # as after a restart
    rig.home.rooms[room].events.remove(ours)
    await rig.takes(mine, rig.home.says(room, ADA, "vans in Ashwin Street"))
    assert await rig.stored() == 2
    assert await rig.count("refused.key_used_for_another_report") == 1


async def test_pings_are_answered_and_nothing_else_is_here(rig: Rig) -> None:
    auth = {"Authorization": "Bearer hs-token-of-the-test"}
    base = "/bridges/matrix/_matrix/app/v1"
    wanted = [("POST", "/ping", 200), ("GET", "/users/@x:y", 404), ("GET", "/rooms/x", 404)]
    for method, path, status in wanted:
        async with rig.client.request(method, base + path, headers=auth, json={}) as response:
            assert response.status == status
        async with rig.client.request(method, base + path, json={}) as response:
            assert response.status == 403
    async with rig.client.put("/bridges/nobody/_matrix/app/v1/transactions/1", json={}) as response:
        assert response.status == 404


async def test_no_token_shows(rig: Rig) -> None:
    room = rig.home.room("direct", ADA)
    with capture_logs() as logs:
        rig.home.fails = lambda _method, _path: (401, {"errcode": "M_UNKNOWN_TOKEN"})
        answers = [await rig.transact(rig.home.says(room, ADA, "vans")), await rig.transact(token="x")]
    assert not any(
        f"{which}-token-of-the-test" in f"{logs}{answers}{rig.part._taking}" for which in ("hs", "as")
    )
