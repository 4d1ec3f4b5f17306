"""The whole path: a Telegram message that names no place, one question back by the bot, one answer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.plugins.channel_testing import Answer, HttpProvider
from shared.plugins.spec import Delivered
from shared.words import question
from tests.acceptance.doors import by_form, by_sms, by_telegram, telegram_update
from tests.faults.raw_log import RawLog
from tests.rigs.byte_search import found_in
from tests.rigs.system import RelaySystem

CHAT = 770055443318
ASKED = {"chat_id": CHAT, "text": question("where", "en")}
TAKEN = Answer(200, Delivered(), body=b'{"ok":true,"result":{"message_id":7}}')


@asynccontextmanager
async def a_relay(folder: Path, bot: HttpProvider) -> AsyncIterator[RelaySystem]:
    """A relay whose Telegram bridge writes back by this Bot API; no group is needed for that."""
    file, token = folder / "bridges.yaml", folder / "bot-token"
    token.write_text("12345:bot-token-of-the-test\n")
    secret = folder / "home" / "secrets" / "telegram"
    settings = {"secret_token": f"file:{secret}", "bot_token": f"file:{token}", "api": bot.url}
    file.write_text(json.dumps([{"id": "telegram", "kind": "telegram", "settings": settings}]))
    env = {"RELAY_INGEST_BRIDGES_FILE": str(file)}
    async with RelaySystem(folder, services=("ingest", "router", "notifier"), env=env) as relay:
        yield relay


@pytest.fixture
async def bot() -> AsyncIterator[HttpProvider]:
    bot = HttpProvider()
    await bot.start()
    bot.will(TAKEN)
    yield bot
    await bot.stop()


async def write(relay: RelaySystem, text: str, number: int) -> None:
    assert (await by_telegram(relay, telegram_update(text, chat=CHAT, number=number))).status == 200


async def at_rest(relay: RelaySystem, reports: int) -> RawLog:
    log = RawLog(relay.nats.url)

    async def done() -> bool:
        await log.catch_up()
        return len(log.records["REPORTS"]) == reports and log.at_rest()

    await relay.wait_until(done, "everything is decided and told")
    return log


def questions(bot: HttpProvider) -> list[dict[str, object]]:
    told = [json.loads(got.raw) for got in bot.received]
    return [{name: body[name] for name in ("chat_id", "text")} for body in told]


async def test_help_raid_is_asked_where_once_and_the_answer_opens_one_incident(
    tmp_path: Path, bot: HttpProvider
) -> None:
    async with a_relay(tmp_path, bot) as relay:
        update = telegram_update("help raid", chat=CHAT, number=1)
        for _ in range(2):  # Telegram may repeat an update
            assert (await by_telegram(relay, update)).status == 200
        await at_rest(relay, 1)
        await write(relay, "it is near the shop", 2)
        await write(relay, "Ashwin Street, Dalston", 3)
        log = await at_rest(relay, 3)
    assert len(log.of("DECISIONS", "incident.opened.v1")) == 1
    assert len(log.of("DECISIONS", "report.attached.v1")) == 3  # what they said in between is more of it
    assert questions(bot) == [ASKED]
    logs = "".join((tmp_path / f"{name}.log").read_text() for name in ("ingest", "router", "notifier"))
    assert str(CHAT) not in logs
    assert "help raid" not in logs
    assert "bot-token-of-the-test" not in logs
    assert found_in(tmp_path, {"the chat": str(CHAT), "the report": "help raid"}) == []


@pytest.mark.parametrize(("point", "copies"), [("notifier.after_claim", 1), ("notifier.after_send", 2)])
async def test_a_notifier_that_is_killed_on_the_way_asks_twice_at_most(
    tmp_path: Path, bot: HttpProvider, point: str, copies: int
) -> None:
    async with a_relay(tmp_path, bot) as relay:
        await relay.arm("notifier", point)
        await write(relay, "help raid", 1)
        await relay.died_at_fault_point("notifier")
        await relay.start("notifier")
        await at_rest(relay, 1)
    assert questions(bot) == [ASKED] * copies


async def test_a_number_left_on_the_form_is_asked_and_its_text_message_is_the_answer(tmp_path: Path) -> None:
    gateway = HttpProvider("textMessage.text")
    await gateway.start()
    gateway.will(Answer(202, Delivered(), body=b'{"id":"1"}'))
    (tmp_path / "password").write_text("gateway-password-of-the-test\n")
    settings = {"url": gateway.url, "username": "sms", "password": f"file:{tmp_path / 'password'}"}
    phone = {"kind": "sms-gateway", "settings": settings, "answers": "sms"}
    (tmp_path / "contacts.yaml").write_text(json.dumps({"phone": phone}))
    env = {"RELAY_INGEST_CONTACTS_FILE": str(tmp_path / "contacts.yaml")}
    async with RelaySystem(tmp_path, services=("ingest", "router", "notifier"), env=env) as relay:
        contact = {"write_back": "yes", "contact": "07400 123456"}
        receipt = await by_form(relay, "help raid", **contact)
        assert "they may write to you" in receipt.body
        await at_rest(relay, 1)
        assert [got.text for got in gateway.received] == [question("where", "en")]
        await by_sms(relay, "Ashwin Street, Dalston", sender="+447400123456")
        log = await at_rest(relay, 2)
    await gateway.stop()
    assert len(log.of("DECISIONS", "incident.opened.v1")) == 1
    assert len(log.of("DECISIONS", "report.attached.v1")) == 2
    assert "+447400123456" in gateway.received[0].raw
    logs = "".join((tmp_path / f"{name}.log").read_text() for name in ("ingest", "router", "notifier"))
    assert "7400123456" not in logs
    assert found_in(tmp_path, {"the number": "7400123456", "the report": "help raid"}) == []
