"""XMPP over a real Prosody: reports in private, the verifiers' room as a desk; both are killed amid it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.words import question
from tests.faults.raw_log import RawLog
from tests.rigs.byte_search import found_in
from tests.rigs.chat_scene import LAT, LON, enrolment
from tests.rigs.prosody import DOMAIN, PASSWORD, RELAY, ROOM, Person, Prosody, needs_prosody, person
from tests.rigs.system import RelaySystem, lent, square

pytestmark = needs_prosody

RAID = "immigration raid in Ashwin Street Dalston, six officers outside the shop, I see them"


@dataclass
class Scene:
    """A relay whose verifiers sit in a room; Ada is one of them, and enrolled."""

    relay: RelaySystem
    server: Prosody
    code: str = ""

    @asynccontextmanager
    async def people(self) -> AsyncIterator[tuple[Person, Person]]:
        """Ada in the verifiers' room, and a neighbour."""
        async with (
            person(self.server, "ada", room=ROOM) as ada,
            person(self.server, "ben") as neighbour,
        ):
            yield ada, neighbour

    async def answered(self, who: Person, start: str, sender: str = ROOM) -> None:
        await self.relay.wait_until(
            lambda: any(text.startswith(start) for text in who.texts(sender)), f"XMPP is told {start!r}"
        )

    async def told(self) -> None:
        """All that was sent is known to be taken: what is on its way at a kill may come a second time."""
        log = RawLog(self.relay.nats.url)

        async def so() -> bool:
            await log.catch_up()
            return log.at_rest()

        await self.relay.wait_until(so, "everything is told")

    async def stands(self, state: str) -> None:
        async def so() -> bool:
            health = await self.relay.bridges_health()
            return bool(health["bridges"]["xmpp"]["state"] == state)

        await self.relay.wait_until(so, f"the bridge is {state}")


@asynccontextmanager
async def a_scene(folder: Path, elsewhere: Path) -> AsyncIterator[Scene]:
    server, password = Prosody(elsewhere), lent(folder, "xmpp", PASSWORD)
    settings = {
        "jid": RELAY,
        "password": f"file:{password}",
        "rooms": [ROOM],
        "server": server.server,
        "ca_file": str(server.ca_file),
    }
    file = folder / "bridges.yaml"
    file.write_text(json.dumps([{"id": "xmpp", "kind": "xmpp", "settings": settings}]))
    await asyncio.to_thread(server.start)
    try:
        async with RelaySystem(folder, env={"RELAY_INGEST_BRIDGES_FILE": str(file)}) as relay:
            area = square(LAT, LON, 0.03)
            await relay.define_group({"id": "hackney", "name": "Hackney", "area": area})
            yield Scene(relay, server)
    finally:
        server.stop()


async def test_a_raid_from_its_report_to_its_confirmation_while_both_servers_die(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with a_scene(tmp_path, tmp_path_factory.mktemp("prosody")) as scene:
        relay = scene.relay
        await scene.stands("CONNECTED")
        async with scene.people() as (ada, neighbour):
            await ada.write(await enrolment(relay))
            await scene.answered(ada, "This account now speaks for Dispatcher of hackney.", RELAY)
            await neighbour.write(RAID)
            await scene.answered(neighbour, "Thank you", RELAY)
            scene.code = code = (await relay.the_incident("hackney"))["code"]
            await ada.write("who is near? I can be there in ten minutes", ROOM)
            await ada.write(f"MINE {code}", ROOM)
            await scene.answered(ada, f"{code} is yours until ")
            await ada.write(f"ASK {code}", ROOM)
            await scene.answered(neighbour, question("what", "en"), RELAY)
            assert len(neighbour.texts()) == 2, "one receipt, one question"
            await scene.told()
            scene.server.kill()
        await scene.stands("TRANSIENT_DISCONNECT")
        await asyncio.to_thread(scene.server.start)
        await scene.stands("CONNECTED")
        async with scene.people() as (ada, neighbour):
            await relay.kill("ingest")
            await ada.write(f"CONFIRM {code} two vans, six officers", ROOM)
            await relay.start("ingest")
            await scene.answered(ada, f"{code}: this would go out now, over 2 channel(s):")
            await ada.write(f"YES {code}", ROOM)
            await scene.answered(ada, f"{code}: it is sent.")
            assert max(Counter(ada.texts(ROOM)).values()) == 1
            assert neighbour.texts() == []
        (incident,) = await relay.incidents("hackney")
        assert (incident["reports"], len(relay.sink.received(kind="CONFIRMED", audience="community"))) == (
            1,
            1,
        )
        assert max(relay.sink.copies().values()) == 1
    talk = {"talk of the room": "who is near", "Ada": f"ada@{DOMAIN}", "the neighbour": f"ben@{DOMAIN}"}
    assert found_in(tmp_path, {**talk, "the report": "six officers outside the shop"}) == []
