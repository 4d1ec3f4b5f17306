"""Desk replies at the front door: what passes of a group's talk, whom it names, where it is answered."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.ingest.app import make_app
from services.ingest.bridges.telegram import Telegram, TelegramSettings
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from services.ingest.submission import Submission, message_of
from shared.contracts.base import BridgeId, ReportId
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import Ignored, IncomingReport, Refused, WebhookRequest
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus
from tests.unit.ingest.front_door import NOW, SetClock

GROUP = -1001234567891
ALERT = "UNCONFIRMED D7K. For verifiers only.\nSat 14 May 16:30, Hackney"
BOT = {"id": 1, "is_bot": True, "username": "alerts_bot"}
HEADERS = {"x-telegram-bot-api-secret-token": "secret-of-the-test"}


def bridge() -> Telegram:
    settings = TelegramSettings(secret_token="env:SECRET", bot_username="relay_bot")
    return Telegram(settings, KnownSecrets({"env:SECRET": "secret-of-the-test"}))


def update(text: str, *, group: bool = True, quoted: tuple[str, Any] | None = None) -> dict[str, Any]:
    chat = {"id": GROUP, "type": "supergroup"} if group else {"id": 77, "type": "private"}
    message: dict[str, Any] = {
        "message_id": 1,
        "from": {"id": 77, "is_bot": False},
        "chat": chat,
        "text": text,
    }
    if quoted is not None:
        message["reply_to_message"] = {"message_id": 2, "from": quoted[1], "text": quoted[0]}
    return {"update_id": 5, "message": message}


def parsed(body: dict[str, Any]) -> IncomingReport | str:
    request = WebhookRequest("POST", "https://x/bridges/telegram", HEADERS, json.dumps(body).encode(), NOW)
    found = bridge().parse(request)
    if isinstance(found, Ignored):
        return found.reason
    assert not isinstance(found, Refused)
    (report,) = found
    return report


@pytest.mark.parametrize(
    ("text", "quoted", "taken"),
    [
        ("MINE D7K", None, "MINE D7K"),
        ("me muevo, voy D7K", None, None),
        ("voy D7K", None, "voy D7K"),
        ("/mine@relay_bot D7K", None, "/mine@relay_bot D7K"),
        ("GO", (ALERT, BOT), "GO D7K"),
        ("seen two vans", (ALERT, BOT), "seen D7K two vans"),
        ("GO", (ALERT, {"id": 5, "is_bot": False}), None),
        ("GO", ("no code here", BOT), None),
        ("thanks everybody", (ALERT, BOT), None),
        ("MINE", None, None),
        ("yes", None, None),
        ("who takes D7K?", None, None),
        ("@relay_bot list", None, "@relay_bot list"),
        ("yes", ("D7K: this would go out now, over 2 channel(s):", BOT), "yes D7K"),
        ("yes", ("Which one? Write the code with it.", {**BOT, "username": "relay_bot"}), "yes"),
        ("I cannot today, sorry", None, None),
    ],
)
def test_of_a_groups_talk_only_what_is_meant_for_the_desk_passes(
    text: str, quoted: tuple[str, Any] | None, taken: str | None
) -> None:
    found = parsed(update(text, quoted=quoted))
    if taken is None:
        assert found == "group_talk"
        return
    assert isinstance(found, IncomingReport)
    assert (found.text, found.sender, found.contact) == (taken, "77", None)
    assert (found.reply_to, found.source) == (str(GROUP), str(GROUP))


def test_what_reports_in_a_group_is_answered_nowhere() -> None:
    found = parsed(update("#raid two vans, Dalston Lane"))
    assert isinstance(found, IncomingReport)
    assert (found.contact, found.reply_to) == (None, None)


def test_in_private_it_is_answered_where_it_was_written() -> None:
    for text in ("MINE D7K", "/mine D7K", "JOIN-AB2C-3DEF", "list", "/list"):
        found = parsed(update(text, group=False))
        assert isinstance(found, IncomingReport)
        assert (found.contact, found.reply_to) == ("77", None)
    assert parsed(update("/start", group=False)) == "bot_command"


async def sent(tmp_path: Path, *bodies: dict[str, Any]) -> tuple[list[ReportReceived], list[str], MemoryBus]:
    """What is stored of these updates, opened; what Telegram is answered; and the bus."""
    bus, clock, master = MemoryBus(), SetClock(), MasterKey(bytes(32))
    app = make_app(
        bus=bus,
        clock=clock,
        master=master,
        spool=Spool(tmp_path, max_bytes=1_000),
        settings=IngestSettings(),
        bridges={"telegram": bridge()},
    )
    answers = []
    async with TestClient(TestServer(app)) as client:
        for body in bodies:
            async with client.post("/bridges/telegram", json=body, headers=HEADERS) as response:
                assert response.status == 200
                answers.append(await response.text())
    keyring = Keyring(master, bus, clock, source="test")
    reports = []
    for seq in range(1, await bus.last_seq("REPORTS") + 1):
        entry = await bus.get("REPORTS", seq)
        assert entry is not None
        assert str(GROUP).encode() not in entry.body
        report = decode(entry)
        assert isinstance(report, ReportReceived)
        reports.append(await keyring.open(report))
    return reports, answers, bus


async def test_the_host_says_what_vouches_for_the_sender_and_seals_where_to_answer(tmp_path: Path) -> None:
    (report,), answers, _ = await sent(tmp_path, update("MINE D7K"))
    assert isinstance(report.content, ReportContent)
    assert report.content.sender_is == "account"
    assert report.contact is None
    assert report.reply_to == ReportContact(address=str(GROUP))
    assert answers == [""]


async def test_the_same_sender_is_the_same_account_in_private_and_in_a_group(tmp_path: Path) -> None:
    private = {**update("JOIN-AB2C-3DEF", group=False), "update_id": 6}
    (one, two), _, _ = await sent(tmp_path, update("MINE D7K"), private)
    assert isinstance(one.content, ReportContent)
    assert isinstance(two.content, ReportContent)
    assert one.content.sender == two.content.sender
    assert "77" not in str(one.content.sender)


async def test_the_desk_gives_no_receipt_but_a_report_gets_one(tmp_path: Path) -> None:
    bodies = [
        {**update(text, group=False), "update_id": n}
        for n, text in enumerate(("MINE D7K", "JOIN-AB2C-3DEF", "LIST", "police", "two vans in Dalston Lane"))
    ]
    _, answers, _ = await sent(tmp_path, *bodies)
    assert answers[:3] == ["", "", ""]
    assert [json.loads(answer)["method"] for answer in answers[3:]] == ["sendMessage"] * 2


async def test_group_talk_is_not_stored_and_a_repeated_update_once(tmp_path: Path) -> None:
    reports, _, bus = await sent(tmp_path, update("MINE D7K"), update("MINE D7K"), update("hello all"))
    assert len(reports) == 1
    assert await bus.last_seq("REPORTS") == 1


@pytest.mark.parametrize(
    ("group", "title", "chat"),
    [(True, "E8 neighbours", "E8 neighbours"), (True, None, None), (True, 7, None), (False, "Ann", None)],
)
def test_a_groups_name_comes_along_and_a_persons_never(*, group: bool, title: Any, chat: str | None) -> None:
    body = update("#raid two vans", group=group)
    body["message"]["chat"]["title"] = title
    report = parsed(body)
    assert isinstance(report, IncomingReport)
    assert report.chat == chat


def test_the_name_of_a_chat_is_kept_short() -> None:
    report = IncomingReport(source_id="1", text="two vans", source="g", chat="E8 " + "x" * 300)
    submission = Submission(bridge=BridgeId("telegram"), client="", report=report)
    content = message_of(MasterKey(b"k" * 32), submission, ReportId("r1"), now=NOW).content
    assert isinstance(content, ReportContent)
    assert content.chat == "E8 " + "x" * 97
