"""A raid from the verifiers' own chat: an alert with its code, MINE, SEEN, YES; the community is told."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from shared.plugins.channel_testing import Answer, HttpProvider
from shared.plugins.spec import Delivered
from shared.words import question
from tests.acceptance.doors import by_sms
from tests.rigs.byte_search import found_in
from tests.rigs.chat_scene import LAT, LON, code_in, define, enrolment
from tests.rigs.system import RelaySystem, lent
from tests.rigs.telegram import Person, Telegram

TOKEN = "100000001:bot-token-of-the-test"
ACCOUNT = "AC00000000000000000000000000000000"
VERIFIERS = -1_001_234_567_891
ADA = Person(770_055_443_318, "ada")
NEIGHBOUR = Person(770_055_443_320, "neighbour")
STRANGER = Person(770_055_443_319, "stranger")
PHONE = "+447700900417"
RAID = "immigration raid in Ashwin Street, six officers outside the shop"


@dataclass
class Scene:
    """A relay whose verifiers sit in a Telegram group, with Ada enrolled, and one raid reported."""

    relay: RelaySystem
    telegram: Telegram
    code: str = ""

    async def says(self, text: str, who: Person = ADA, **more: Any) -> None:
        """Somebody writes into the verifiers' group."""
        await self.telegram.write(who, text, chat=VERIFIERS, **more)

    async def answered(self, start: str, chat: int = VERIFIERS) -> str:
        """The bot's answer that begins so, once it is there."""

        def there() -> bool:
            return any(t.startswith(start) for t in self.telegram.said_by_bot(chat))

        await self.relay.wait_until(there, f"the bot says {start!r}")
        return next(t for t in self.telegram.said_by_bot(chat) if t.startswith(start))

    async def told(self, kind: str, audience: str = "community") -> None:
        sink = self.relay.sink
        await self.relay.wait_until(lambda: bool(sink.received(kind=kind, audience=audience)), f"told {kind}")

    async def shown(self, holds: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Return once the desk shows the incident so."""

        async def there() -> bool:
            return holds(await self.relay.the_incident("hackney"))

        await self.relay.wait_until(there, f"the desk shows {what}")


def bridges(relay_home: Path, folder: Path, telegram: Telegram, twilio: str) -> Path:
    """A bridges file whose Telegram and Twilio write back to these."""
    secret = relay_home / "secrets"
    tg = {
        "secret_token": f"file:{secret / 'telegram'}",
        "bot_token": f"file:{lent(folder, 'bot-token', TOKEN)}",
        "bot_username": "relay_bot",
        "api": telegram.url,
    }
    sms = {
        "auth_token": f"file:{secret / 'twilio'}",
        "account_sid": ACCOUNT,
        "number": "+442079460000",
        "api": twilio,
    }
    file = folder / "bridges.yaml"
    found = [
        {"id": "telegram", "kind": "telegram", "settings": tg},
        {"id": "sms", "kind": "twilio-sms", "settings": sms},
    ]
    file.write_text(json.dumps(found))
    return file


@asynccontextmanager
async def a_scene(folder: Path, *, twilio: str = "http://127.0.0.1:9") -> AsyncIterator[Scene]:
    async with Telegram(TOKEN) as telegram:
        telegram.add_group(VERIFIERS)
        file = bridges(folder / "home", folder, telegram, twilio)
        async with RelaySystem(folder, env={"RELAY_INGEST_BRIDGES_FILE": str(file)}) as relay:
            telegram.webhook = f"{relay.urls['ingest']}/bridges/telegram"
            telegram.secret = relay.home.secret("telegram")
            token = f"file:{lent(folder, 'bot-token', TOKEN)}"
            settings = {"token": token, "to": [str(VERIFIERS)], "api": telegram.url}
            await define(relay, "telegram", settings)
            scene = Scene(relay, telegram)
            await telegram.write(ADA, await enrolment(relay))
            await scene.answered("This account now speaks for Dispatcher of hackney.", ADA.id)
            await relay.deliver_report(RAID, lat=LAT, lon=LON, sender="neighbour", first_hand=True)
            alert = await scene.answered("UNCONFIRMED ", VERIFIERS)
            scene.code = code_in(alert)
            yield scene


async def test_a_raid_is_claimed_seen_and_confirmed_from_the_verifiers_chat(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        relay, telegram, code = scene.relay, scene.telegram, scene.code
        await scene.says("who is near? I can be there in ten minutes")
        await scene.says("mine", answering=telegram.last(VERIFIERS))
        await scene.answered(f"{code} is yours until ")
        await scene.shown(lambda i: "Dispatcher of hackney" in str(i.get("claim")), "whose it is")

        await scene.says(f"CONFIRM {code}", STRANGER)
        await scene.answered(f"{code}: nothing was done.")
        await scene.says(f"SEEN {code} two vans, six officers")
        asked = await scene.answered(f"{code}: this would go out now, over 2 channel(s):")
        assert "CONFIRMED" in asked
        assert "two vans, six officers." in asked
        assert not relay.sink.received(audience="community"), "nothing goes out before the yes"

        await scene.says(f"YES {code}", STRANGER)
        yes = await telegram.write(ADA, f"YES {code}", chat=VERIFIERS)
        for _ in range(3):
            await telegram.deliver(yes)  # Telegram may repeat an update
        await scene.told("CONFIRMED")
        await scene.answered(f"{code}: it is sent.")
        await scene.shown(lambda i: i["status"] == "confirmed", "it as confirmed")
        (message,) = relay.sink.received(kind="CONFIRMED", audience="community")
        shown = asked.split("\n\n")[1]
        assert "two vans, six officers." in message.payload["text"]
        assert message.payload["text"].splitlines()[0] == shown.splitlines()[0]
        assert max(relay.sink.copies().values()) == 1
        assert len([t for t in telegram.said_by_bot(VERIFIERS) if t.startswith(f"{code}: it is sent")]) == 1
        assert telegram.refused == []
        secrets = {"what Ada saw": "two vans, six officers", "Ada's account": str(ADA.id)}
        talk = {"talk of the group": "who is near", "the group": str(VERIFIERS)}
    assert found_in(tmp_path, {**secrets, **talk}) == []


@pytest.mark.parametrize("point", ["router.after_decide", "router.before_append", "router.after_append"])
async def test_a_router_that_is_killed_over_the_yes_tells_the_community_once(
    tmp_path: Path, point: str
) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.says(f"CONFIRM {scene.code}")
        await scene.answered(f"{scene.code}: this would go out now")
        await scene.relay.arm("router", point)
        await scene.says(f"YES {scene.code}")
        await scene.relay.died_at_fault_point("router")
        await scene.relay.start("router")
        await scene.told("CONFIRMED")
        await scene.answered(f"{scene.code}: it is sent.")
        await scene.shown(lambda i: i["status"] == "confirmed", "it as confirmed")
        assert max(scene.relay.sink.copies().values()) == 1
        assert len(scene.relay.sink.received(kind="CONFIRMED")) == 1


async def test_what_is_written_while_nats_is_away_counts_when_it_is_back(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.relay.kill("nats")
        await scene.says(f"MINE {scene.code}")
        await scene.says(f"GO {scene.code}")
        await scene.relay.start("nats")
        await scene.answered(f"{scene.code} is yours until ")
        await scene.answered(f"{scene.code}: the others see that you are going.")


async def test_ask_reaches_the_reporter_and_nobody_sees_who_it_is(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.telegram.write(NEIGHBOUR, "immigration raid in Ashwin Street Dalston, I see six officers")
        await scene.answered("", NEIGHBOUR.id)  # the receipt
        await scene.says(f"ASK {scene.code}")
        await scene.answered(f"{scene.code}: whoever reported it is asked what they see.")
        await scene.answered(question("what", "en"), NEIGHBOUR.id)
        assert not any(str(NEIGHBOUR.id) in text for text in scene.telegram.said_by_bot(VERIFIERS))


async def test_by_sms_a_yes_needs_the_number_that_only_the_phone_was_sent(tmp_path: Path) -> None:
    twilio = HttpProvider()
    await twilio.start()
    twilio.will(Answer(201, Delivered(), body=b'{"sid":"SM1"}'))
    try:
        async with a_scene(tmp_path, twilio=twilio.url) as scene:
            relay = scene.relay

            def texts() -> list[str]:
                return [parse_qs(got.raw)["Body"][0] for got in twilio.received]

            async def answered(part: str) -> str:
                await relay.wait_until(lambda: any(part in t for t in texts()), f"an SMS says {part!r}")
                return next(t for t in reversed(texts()) if part in t)

            assert (await by_sms(relay, await enrolment(relay), sender=PHONE)).status == 200
            await answered("This account now speaks for")
            await by_sms(relay, f"confirm {scene.code} two vans", sender=PHONE)
            await answered("this would go out now")
            await by_sms(relay, f"YES {scene.code}", sender=PHONE)  # as anybody could who forges the number
            await answered("that is not the number that we sent you")
            assert not relay.sink.received(audience="community")
            await by_sms(relay, f"confirm {scene.code} two vans", sender=PHONE)
            await relay.wait_until(
                lambda: sum("would go out" in t for t in texts()) == 2, "it is asked again"
            )
            asked = await answered("this would go out now")
            found = re.search(rf"YES {scene.code} (\d{{4}})", asked)
            assert found is not None
            await by_sms(relay, f"yes {scene.code} {found[1]}", sender=PHONE)
            await scene.told("CONFIRMED")
            await answered("it is sent")
    finally:
        await twilio.stop()
