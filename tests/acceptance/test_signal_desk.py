"""A raid from its report to its end over Signal alone; its daemon, and the front door, die meanwhile."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.words import question
from tests.rigs.byte_search import found_in
from tests.rigs.chat_scene import code_in, define, enrolment
from tests.rigs.signal import GROUP, Person, SignalCli
from tests.rigs.system import RelaySystem, lent

ACCOUNT = "+447700900555"
ADA = Person("Ada", "+447700900417")
NEIGHBOUR = Person("Neighbour", "+447700900318")
STRANGER = Person("Stranger")
RAID = "immigration raid in Ashwin Street Dalston, six officers outside the shop, I see them"


@dataclass
class Scene:
    """A relay that is reached by Signal alone, with Ada enrolled."""

    relay: RelaySystem
    signal: SignalCli
    code: str = ""

    async def says(self, text: str, who: Person = ADA, **more: Any) -> None:
        """Somebody writes into the verifiers' group."""
        await self.signal.write(who, text, group=GROUP, **more)

    async def answered(self, start: str, to: str = GROUP) -> str:
        """What the account wrote that begins so, once it is there."""

        def there() -> bool:
            return any(text.startswith(start) for text in self.signal.said(to))

        await self.relay.wait_until(there, f"Signal is told {start!r}")
        return next(text for text in self.signal.said(to) if text.startswith(start))

    async def told(self, kind: str) -> None:
        sink = self.relay.sink
        await self.relay.wait_until(
            lambda: bool(sink.received(kind=kind, audience="community")), f"the community is told {kind}"
        )

    async def bridge(self) -> dict[str, str]:
        """How the bridge stands."""
        return dict((await self.relay.bridges_health())["bridges"]["signal"])

    async def stands(self, state: str) -> None:
        async def so() -> bool:
            return (await self.bridge())["state"] == state

        await self.relay.wait_until(so, f"the bridge is {state}")


@asynccontextmanager
async def a_scene(folder: Path) -> AsyncIterator[Scene]:
    account = lent(folder, "account", ACCOUNT)
    async with SignalCli(ACCOUNT, groups={GROUP: [ADA, STRANGER]}) as signal:
        settings = {"account": f"file:{account}", "daemon": signal.url}
        file = folder / "bridges.yaml"
        file.write_text(json.dumps([{"id": "signal", "kind": "signal", "settings": settings}]))
        async with RelaySystem(folder, env={"RELAY_INGEST_BRIDGES_FILE": str(file)}) as relay:
            scene = Scene(relay, signal)
            await define(relay, "signal", {**settings, "to": [f"group:{GROUP}"]})
            await scene.stands("CONNECTED")
            await enrol(scene)
            yield scene


async def enrol(scene: Scene) -> None:
    await scene.signal.write(ADA, await enrolment(scene.relay))
    await scene.answered("This account now speaks for Dispatcher of hackney.", ADA.aci)


async def reported(scene: Scene) -> None:
    """The neighbour writes; the verifiers' group is told, with a code."""
    await scene.signal.write(NEIGHBOUR, RAID)
    alert = await scene.answered("UNCONFIRMED ")
    scene.code = code_in(alert)


async def test_a_raid_from_its_report_to_its_end_over_signal(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        relay, signal = scene.relay, scene.signal
        await reported(scene)
        code = scene.code
        await scene.answered("", NEIGHBOUR.aci)  # the receipt

        await scene.says("who is near? I can be there in ten minutes")
        await scene.says("mine", answering=signal.last())
        await scene.answered(f"{code} is yours until ")

        await scene.says(f"CONFIRM {code}", STRANGER)
        await scene.answered(f"{code}: nothing was done.")
        await scene.says(f"CONFIRM {code} two vans, six officers")
        asked = await scene.answered(f"{code}: this would go out now, over 2 channel(s):")
        assert "CONFIRMED" in asked
        assert "two vans, six officers." in asked
        assert not relay.sink.received(audience="community"), "nothing goes out before the yes"

        await scene.says(f"YES {code}", STRANGER)
        await scene.says(f"YES {code}")
        await scene.told("CONFIRMED")
        await scene.answered(f"{code}: it is sent.")
        (confirmed,) = relay.sink.received(kind="CONFIRMED", audience="community")
        assert confirmed.payload["text"].splitlines()[0] == asked.split("\n\n")[1].splitlines()[0]

        await scene.says(f"ASK {code}")
        await scene.answered(question("what", "en"), NEIGHBOUR.aci)

        await scene.says(f"OVER {code} 2 let go 1 taken")
        await scene.answered(f"{code}: this would go out now, over 2 channel(s):")
        await scene.says(f"YES {code}")
        await scene.told("OVER")
        await scene.answered("OVER ")
        assert max(relay.sink.copies().values()) == 1
        assert max(Counter(signal.said(GROUP)).values()) == 2, "only 'it is sent' is said for both"
        assert not any(NEIGHBOUR.aci in text for text in signal.said(GROUP))
        secrets = {"what Ada saw": "two vans, six officers", "Ada": ADA.aci, "the neighbour": NEIGHBOUR.aci}
        talk = {"talk of the group": "who is near", "the group": GROUP}
    # The account's number lies in its file and nowhere else.
    lent(tmp_path, "account", "").unlink()
    assert found_in(tmp_path, {**secrets, **talk, "the account": ACCOUNT}) == []


async def test_a_daemon_that_dies_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        relay, signal = scene.relay, scene.signal
        await reported(scene)
        await signal.restart(repeats_last=True)  # the report is told a second time
        await scene.says(f"MINE {scene.code}")  # waits at Signal until the bridge is back
        await scene.answered(f"{scene.code} is yours until ")

        await signal.stop()
        await scene.stands("TRANSIENT_DISCONNECT")
        await scene.says(f"CONFIRM {scene.code} two vans")
        await signal.start()
        await scene.answered(f"{scene.code}: this would go out now")
        await signal.restart(repeats_last=True)  # "CONFIRM" is told a second time
        await scene.says(f"YES {scene.code}")
        await scene.told("CONFIRMED")
        await scene.answered(f"{scene.code}: it is sent.")

        incidents = await relay.incidents("hackney")
        assert [(i["code"], i["reports"]) for i in incidents] == [(scene.code, 1)]
        assert max(relay.sink.copies().values()) == 1
        assert len(relay.sink.received(kind="CONFIRMED")) == 1
        assert max(Counter(signal.said(GROUP)).values()) == 1
        assert len(signal.said(NEIGHBOUR.aci)) == 1, "one receipt"


async def test_what_is_written_while_the_front_door_is_down_comes_when_it_is_back(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        relay = scene.relay
        await reported(scene)
        await relay.kill("ingest")
        await scene.says(f"MINE {scene.code}")
        await relay.start("ingest")
        await scene.answered(f"{scene.code} is yours until ")
        await relay.restart("ingest")  # and nothing is answered again
        await scene.stands("CONNECTED")
        await scene.says(f"GO {scene.code}")
        await scene.answered(f"{scene.code}: the others see that you are going.")
        assert max(Counter(scene.signal.said(GROUP)).values()) == 1
        assert len(scene.signal.said(NEIGHBOUR.aci)) == 1
        assert max(Counter(scene.signal.said(ADA.aci)).values()) == 1
