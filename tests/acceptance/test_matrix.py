"""Matrix over a real Synapse: reports by private chat, the verifiers' room as a desk, restarts amid it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from services.notifier.channels.matrix import MatrixChannel, MatrixSettings
from shared.plugins.channel_testing import MESSAGE, a_host
from shared.plugins.spec import BadCredentials, Delivered, Rejected, RetryLater
from tests.rigs.byte_search import found_in
from tests.rigs.sink import channel
from tests.rigs.synapse import BOT, Account, Synapse, needs_synapse
from tests.rigs.system import RelaySystem, lent, square

pytestmark = needs_synapse

LAT, LON = 51.5467, -0.0753
RAID = "immigration raid in Ashwin Street Dalston, I see six officers outside the shop"


@dataclass
class Scene:
    """A relay whose verifiers sit in a Matrix room; Ada is one of them, and enrolled."""

    relay: RelaySystem
    synapse: Synapse
    http: aiohttp.ClientSession
    ada: Account
    neighbour: Account
    alerts: Account
    """By it the group's channel writes."""
    room: str
    code: str = ""

    async def says(self, text: str, who: Account | None = None, room: str = "", **more: Any) -> str:
        """Somebody writes, Ada into the verifiers' room unless said otherwise."""
        return await self.synapse.write(self.http, who or self.ada, room or self.room, text, **more)

    async def direct(self, who: Account, *texts: str) -> str:
        """A chat with the bot, as apps begin it: the invitation and the first words at once."""
        room = await self.synapse.create_room(self.http, who, invite=[BOT], is_direct=True)
        for text in texts:
            await self.says(text, who, room)
        return room

    async def answered(self, start: str, who: Account | None = None, room: str = "") -> str:
        """The bot's first words in a room that begin so, once they are there."""
        found: list[str] = []

        async def there() -> bool:
            texts = await self.said(who, room)
            found[:] = [text for text in texts if text.startswith(start)]
            return bool(found)

        await self.relay.wait_until(there, f"the bot says {start!r}", within_s=60)
        return found[0]

    async def said(self, who: Account | None = None, room: str = "") -> list[str]:
        """What the bot or the group's account said there, oldest first."""
        ours = {BOT, self.alerts.user_id}
        return await self.synapse.said_by(ours, self.http, who or self.ada, room or self.room)

    async def said_nothing_twice(self) -> None:
        """Each message stands in the verifiers' room once; that it is sent is said for each that is."""
        texts = [text for text in await self.said() if not text.endswith("it is sent.")]
        assert len(texts) == len(set(texts)), texts

    async def event_of(self, start: str) -> str:
        """The id of the bot's message in the verifiers' room that begins so."""
        events = await self.synapse.events(self.http, self.ada, self.room)
        found = (e for e in events if str(e["content"].get("body", "")).startswith(start))
        return str(next(found)["event_id"])

    async def gone(self, start: str, who: Account, room: str) -> None:
        """Return once the bot has said so and left."""
        await self.answered(start, who, room)

        async def left() -> bool:
            return BOT not in await self.synapse.members(self.http, who, room)

        await self.relay.wait_until(left, "the bot leaves", within_s=60)

    async def transact(self, txn: str, events: list[dict[str, Any]]) -> None:
        """The homeserver's transaction, by hand."""
        headers = {"Authorization": f"Bearer {self.synapse.hs_token}"}
        path = f"ingest/bridges/matrix/_matrix/app/v1/transactions/{txn}"
        answer = await self.relay.request("PUT", path, json={"events": events}, headers=headers)
        assert (answer.status, answer.body) == (200, {})

    async def told(self, kind: str, audience: str = "community") -> None:
        sink = self.relay.sink
        await self.relay.wait_until(lambda: bool(sink.received(kind=kind, audience=audience)), f"told {kind}")

    async def shown(self, holds: Callable[[dict[str, Any]], bool], what: str) -> None:
        async def there() -> bool:
            return holds(await self.relay.the_incident("hackney"))

        await self.relay.wait_until(there, f"the desk shows {what}")

    async def reports(self) -> int:
        """How many reports the one incident has."""
        return int((await self.relay.the_incident("hackney"))["reports"])

    async def notifier_counts(self, outcome: str) -> None:
        """Return once the notifier has had that outcome."""

        async def had() -> bool:
            health = await self.relay.request("GET", "notifier/health")
            return outcome in health.body["outcomes"]

        await self.relay.wait_until(had, f"the notifier counts {outcome}", within_s=60)

    async def count(self, name: str) -> int:
        """A figure of the front door's health."""
        return int((await self.relay.bridges_health())["counts"].get(f"bridge.matrix.{name}", 0))


def answering(event: str) -> dict[str, Any]:
    """What makes a message an answer."""
    return {"m.relates_to": {"m.in_reply_to": {"event_id": event}}}


def is_raid(event: dict[str, Any]) -> bool:
    return bool(event["content"].get("body") == RAID)


def write_bridges(folder: Path, synapse: Synapse, rooms: list[str], alerts_from: list[str]) -> Path:
    for name, token in (("hs", synapse.hs_token), ("as", synapse.as_token)):
        (folder / f"{name}-token").write_text(token + "\n")
    settings = {
        "homeserver": synapse.url,
        "user_id": BOT,
        "hs_token": f"file:{folder / 'hs-token'}",
        "as_token": f"file:{folder / 'as-token'}",
        "desk_rooms": rooms,
        "alerts_from": alerts_from,
    }
    file = folder / "bridges.yaml"
    file.write_text(json.dumps([{"id": "matrix", "kind": "matrix", "settings": settings}]))
    return file


async def define(scene: Scene, folder: Path) -> None:
    token = f"file:{lent(folder, 'alerts-token', scene.alerts.token)}"
    settings = {"token": token, "to": [scene.room], "homeserver": scene.synapse.url}
    chat = {"id": "chat", "kind": "matrix", "audience": "verifiers", "settings": settings}
    definition = {"id": "hackney", "name": "Hackney", "area": square(LAT, LON, 0.03)}
    body = {"definition": definition, "channels": [chat, channel("hackney", "community")]}
    answer = await scene.relay.as_member("PUT", "v1/groups/hackney", json=body)
    assert answer.status == 200, answer.body
    await scene.relay.add_dispatcher("hackney")


async def enrol(scene: Scene) -> None:
    answer = await scene.relay.as_member("POST", "v1/account/chat", by="hackney", json={})
    assert answer.status == 201
    room = await scene.direct(scene.ada, str(answer.body["code"]))
    await scene.answered("This account now speaks for Dispatcher of hackney.", scene.ada, room)


async def read_code(scene: Scene) -> None:
    alert = await scene.answered("UNCONFIRMED ")
    found = re.match(r"UNCONFIRMED ([A-Z0-9]{3,6})\.", alert)
    assert found is not None
    scene.code = found[1]


@asynccontextmanager
async def a_scene(folder: Path) -> AsyncIterator[Scene]:
    synapse = Synapse(folder / "synapse")
    env = {"RELAY_INGEST_BRIDGES_FILE": str(write_bridges(folder, synapse, [], []))}
    async with RelaySystem(folder, env=env) as relay, aiohttp.ClientSession() as http:
        synapse.register(f"{relay.urls['ingest']}/bridges/matrix")
        await asyncio.to_thread(synapse.start)
        try:
            names = ("ada", "neighbour", "alerts")
            ada, neighbour, alerts = [await synapse.sign_up(http, name) for name in names]
            room = await synapse.create_room(http, ada, name="Verifiers E8", invite=[alerts.user_id])
            await synapse.call(http, "POST", f"/v3/rooms/{room}/join", alerts, {})
            write_bridges(folder, synapse, [room], [alerts.user_id])
            await relay.restart("ingest")
            scene = Scene(relay, synapse, http, ada, neighbour, alerts, room)
            await define(scene, folder)
            await synapse.call(http, "POST", f"/v3/rooms/{room}/invite", ada, {"user_id": BOT})

            async def entered() -> bool:
                return BOT in await synapse.members(http, ada, room)

            await relay.wait_until(entered, "the bot comes into the verifiers' room", within_s=60)
            await enrol(scene)
            yield scene
        finally:
            await asyncio.to_thread(synapse.stop)


async def test_a_raid_from_the_first_message_to_the_end(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        chat = await scene.direct(scene.neighbour, RAID)
        await scene.answered("Thank you, your report has arrived.", scene.neighbour, chat)
        await read_code(scene)
        code, sink = scene.code, scene.relay.sink
        await scene.says("who is near? I can be there in ten minutes")
        await scene.says("mine", **answering(await scene.event_of("UNCONFIRMED ")))
        await scene.answered(f"{code} is yours until ")
        await scene.shown(lambda i: "Dispatcher of hackney" in str(i.get("claim")), "whose it is")
        await scene.says(f"CONFIRM {code}", scene.neighbour, chat)
        await scene.answered(f"{code}: nothing was done.", scene.neighbour, chat)

        await scene.says(f"CONFIRM {code} two vans, six officers")
        asked = await scene.answered(f"{code}: this would go out now, over 2 channel(s):")
        assert "two vans, six officers." in asked
        assert not sink.received(audience="community"), "nothing goes out before the yes"
        await scene.says(f"YES {code}")
        await scene.told("CONFIRMED")
        await scene.answered("CONFIRMED ")
        await scene.says(f"OVER {code} 2 let go 0 taken")
        await scene.answered(f"{code}: this would go out now, over 2 channel(s):\n\nOVER")
        await scene.says(f"YES {code}")
        await scene.told("OVER")
        await scene.answered("OVER ")
        assert await scene.reports() == 1
        assert max(sink.copies().values()) == 1
        await scene.said_nothing_twice()
        private = {"what was seen": "six officers outside", "the neighbour": scene.neighbour.user_id}
    found = found_in(tmp_path, {**private, "talk of the room": "who is near"})
    assert [hit for hit in found if " in synapse/" not in hit] == []


async def test_a_homeserver_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        synapse, relay = scene.synapse, scene.relay
        await asyncio.to_thread(synapse.kill)
        await relay.deliver_report(RAID, lat=LAT, lon=LON, sender="neighbour", first_hand=True)
        await scene.notifier_counts("matrix.retry")
        await asyncio.to_thread(synapse.start)
        await read_code(scene)
        code = scene.code
        await scene.says(f"CONFIRM {code} two vans")
        await scene.answered(f"{code}: this would go out now")
        await asyncio.to_thread(synapse.stop)
        await asyncio.to_thread(synapse.start)
        await scene.says(f"YES {code}")
        await scene.told("CONFIRMED")
        await scene.answered("CONFIRMED ")
        await scene.answered(f"{code}: it is sent.")
        assert max(relay.sink.copies().values()) == 1
        await scene.said_nothing_twice()


async def test_what_came_while_we_were_away_or_died_is_one_report(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        relay = scene.relay
        await relay.stop("ingest")
        chat = await scene.direct(scene.neighbour, RAID)
        await relay.arm("ingest", "ingest.after_store")
        await relay.died_at_fault_point("ingest", within_s=60)  # stored, and the homeserver was not told
        await relay.start("ingest")
        await scene.answered("Thank you, your report has arrived.", scene.neighbour, chat)
        await read_code(scene)
        events = await scene.synapse.events(scene.http, scene.neighbour, chat)
        for txn in ("resent", "resent", "again"):
            await scene.transact(txn, events)
        assert await scene.reports() == 1
        thanks = await scene.said(scene.neighbour, chat)
        assert len(thanks) == 1, "one receipt"


async def test_where_it_cannot_be_heard_it_says_so_and_leaves(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        synapse, http, ada, neighbour = scene.synapse, scene.http, scene.ada, scene.neighbour
        encryption = {
            "type": "m.room.encryption",
            "state_key": "",
            "content": {"algorithm": "m.megolm.v1.aes-sha2"},
        }
        sealed = await synapse.create_room(http, neighbour, invite=[BOT], initial_state=[encryption])
        await scene.gone("We cannot read encrypted rooms", neighbour, sealed)
        crowd = await synapse.create_room(http, ada, invite=[BOT, neighbour.user_id])
        await scene.says(RAID, ada, crowd)
        await scene.gone("We talk with one person at a time", ada, crowd)

        chat = await scene.direct(neighbour)
        await scene.says(RAID, neighbour, chat)
        await scene.answered("Thank you, your report has arrived.", neighbour, chat)
        picture = {"msgtype": "m.image", "body": "a.jpg", "url": "mxc://localhost/x"}
        await synapse.send(http, neighbour, chat, picture)
        await scene.answered("We can read words and places here", neighbour, chat)
        await synapse.call(http, "POST", f"/v3/rooms/{chat}/invite", neighbour, {"user_id": ada.user_id})
        await scene.gone("We talk with one person at a time", neighbour, chat)
        await read_code(scene)
        assert await scene.reports() == 1, "what was said among several people is none"
        assert BOT in await synapse.members(http, ada, scene.room)


async def test_an_edit_a_deletion_and_a_bot_are_no_second_report(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        synapse, http, neighbour = scene.synapse, scene.http, scene.neighbour
        chat = await scene.direct(neighbour, RAID)
        await scene.answered("Thank you, your report has arrived.", neighbour, chat)
        (first,) = [e["event_id"] for e in await synapse.events(http, neighbour, chat) if is_raid(e)]
        edit = {"rel_type": "m.replace", "event_id": first}
        new = {"msgtype": "m.text", "body": RAID.replace("six", "nine")}
        await scene.says("* nine", neighbour, chat, **{"m.new_content": new, "m.relates_to": edit})
        await synapse.send(http, neighbour, chat, {"msgtype": "m.notice", "body": RAID})
        await synapse.call(http, "PUT", f"/v3/rooms/{chat}/redact/{first}/r1", neighbour, {})
        location = {"msgtype": "m.location", "body": "here", "geo_uri": f"geo:{LAT},{LON};u=20"}
        await synapse.send(http, neighbour, chat, location)  # comes in after all of them
        await scene.shown(lambda i: i["reports"] == 2, "the place, and nothing else, as a second report")
        assert await scene.count("ignored.edited_message") == 1
        assert await scene.count("ignored.from_a_bot") == 1


async def test_a_second_attempt_is_no_second_message_not_even_over_a_restart(tmp_path: Path) -> None:
    synapse = Synapse(tmp_path / "synapse")
    synapse.register("http://127.0.0.1:9/bridges/matrix")
    await asyncio.to_thread(synapse.start)
    try:
        async with aiohttp.ClientSession() as http:
            ada, alerts = [await synapse.sign_up(http, name) for name in ("ada", "alerts")]
            room = await synapse.create_room(http, ada, invite=[alerts.user_id])
            async with a_host({"env:T": alerts.token, "env:WRONG": "wrong"}) as host:
                settings = {"homeserver": synapse.url, "token": "env:T", "to": [room]}
                channel = MatrixChannel(MatrixSettings.model_validate(settings), host)
                assert await channel.send(room, MESSAGE, key="k1") == Rejected("not_in_room")
                await synapse.call(http, "POST", f"/v3/rooms/{room}/join", alerts, {})
                first = await channel.send(room, MESSAGE, key="k1")
                await asyncio.to_thread(synapse.kill)
                assert isinstance(await channel.send(room, MESSAGE, key="k2"), RetryLater)
                await asyncio.to_thread(synapse.start)
                assert await channel.send(room, MESSAGE, key="k1") == first
                assert isinstance(first, Delivered)
                update = replace(MESSAGE, text="UPDATE D7K")
                for key, answered in (("k3", first.provider_id or ""), ("k4", "$nosuchevent")):
                    assert isinstance(await channel.reply(room, update, key=key, first=answered), Delivered)
                wrong = MatrixSettings.model_validate({**settings, "token": "env:WRONG"})
                assert isinstance(
                    await MatrixChannel(wrong, host).send(room, MESSAGE, key="k1"), BadCredentials
                )
            said = await synapse.said_by({alerts.user_id}, http, ada, room)
            assert sorted(said) == sorted([MESSAGE.text, "UPDATE D7K", "UPDATE D7K"])
    finally:
        await asyncio.to_thread(synapse.stop)
