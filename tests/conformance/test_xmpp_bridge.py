"""The XMPP bridge against a real Prosody: what is a report, what came while away, who is answered where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from pydantic import ValidationError

from services.ingest.bridges.xmpp import Xmpp
from shared.clock import SystemClock
from shared.contracts.reports import ReportContact
from shared.plugins.channel_testing import KnownSecrets, a_host
from shared.plugins.spec import BadCredentials, Checks, Delivered, Reads, Rejected, RetryLater, WritesBack
from shared.plugins.xmpp_words import CANNOT_READ
from shared.testing.bus import MemoryBus
from shared.words.chat_talk import told_in_chat
from tests.rigs.prosody import DOMAIN, PASSWORD, RELAY, ROOM, Prosody, needs_prosody, person, until
from tests.rigs.reading import ReadingHost, reading

SECRETS = {"env:XMPP": PASSWORD}
ADA = f"ada@{DOMAIN}"


def bridge(*, password: str = PASSWORD, **more: Any) -> Xmpp:
    settings = Xmpp.Settings.model_validate({"jid": RELAY, "password": "env:XMPP", **more})
    return Xmpp(settings, KnownSecrets({"env:XMPP": password}))  # type: ignore[arg-type]  # validated


@dataclass
class Scene:
    """A server, and what a test reads from it."""

    server: Prosody
    folder: Path
    bus: MemoryBus
    starts: int = 0

    def bridge(self, **more: Any) -> Xmpp:
        return bridge(**{"server": self.server.server, "ca_file": str(self.server.ca_file), **more})

    @asynccontextmanager
    async def host(self, **more: Any) -> AsyncIterator[ReadingHost]:
        """The front door, once it is connected."""
        self.starts += 1
        made, folder = self.bridge(**more), self.folder / f"spool-{self.starts}"
        async with reading(folder, made, bus=self.bus, secrets=SECRETS) as host:
            await host.until(lambda: host.standing["state"] == "CONNECTED")
            yield host


@asynccontextmanager
async def a_scene(folder: Path, **server: bool) -> AsyncIterator[Scene]:
    prosody = Prosody(folder / "prosody", **server)
    await asyncio.to_thread(prosody.start)
    try:
        yield Scene(prosody, folder, MemoryBus(SystemClock()))
    finally:
        prosody.stop()


def test_it_is_a_bridge_that_reads_and_writes_back() -> None:
    made = bridge()
    assert isinstance(made, Reads)
    assert isinstance(made, WritesBack)
    assert isinstance(made, Checks)
    assert PASSWORD not in repr(made) + repr(made._account())
    assert all((made.spec.set_up, made.spec.while_away, made.spec.who_else_reads))


@pytest.mark.parametrize(
    "wrong",
    [
        {"jid": "relay"},
        {"jid": "relay@example.org/phone"},
        {"password": "in-clear"},
        {"rooms": ["verifiers"]},
        {"nick": "a b"},
        {"server": "example.org"},
        {"server": "example.org:port"},
        {"hashtag": "#raid"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Xmpp.Settings.model_validate({"jid": RELAY, "password": "env:XMPP", **wrong})


# --- in private ------------------------------------------------------------------------------------


@needs_prosody
async def test_a_message_is_one_report_and_one_answer_that_says_who_reads(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, scene.host() as host, person(scene.server, "ada") as ada:
        await ada.write("two vans in Dalston Lane")
        await until(ada.texts)
        (report,) = await host.reports()
        assert report.content.text == "two vans in Dalston Lane"
        assert report.content.sender_is == "account"
        assert report.contact == ReportContact(address=ADA)
        assert "ada" not in str(report.content)
        (answer,) = ada.texts()
        assert answer.startswith("Thank you")
        assert "server" in answer
        await ada.write("and six officers")
        await host.until(lambda: host.accepted == 2)
        assert host.counts["bridge.xmpp.ignored.own_message"] == 0


@needs_prosody
async def test_an_app_that_asks_gets_a_receipt_once_it_is_stored(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, scene.host() as host, person(scene.server, "ada") as ada:
        await ada.write("two vans", key="m1", more=[Element("{urn:xmpp:receipts}request")])
        await until(lambda: ada.receipts() == ["m1"])
        assert host.accepted == 1


@needs_prosody
async def test_who_writes_encrypted_is_told_that_nobody_reads_it(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, scene.host() as host, person(scene.server, "ada") as ada:
        for _ in range(2):
            await ada.write("I sent you an OMEMO message", more=[Element("{urn:xmpp:eme:0}encryption")])
        await ada.write("two vans")
        await host.until(lambda: host.accepted == 1)
        await until(lambda: len(ada.texts()) == 2)
        assert CANNOT_READ in ada.texts()
        assert host.counts["bridge.xmpp.ignored.encrypted"] == 2


# --- in a room -------------------------------------------------------------------------------------


@needs_prosody
async def test_of_a_rooms_talk_only_what_is_meant_for_us_is_taken(tmp_path: Path) -> None:
    async with (
        a_scene(tmp_path) as scene,
        scene.host(rooms=[ROOM]) as host,
        person(scene.server, "ada", room=ROOM) as ada,
    ):
        for said in (
            "who brings tea?",
            "relay: two vans in Dalston Lane",
            "#raid in Ridley Road",
            "@relay and six officers",
            "the relay is quiet today",
        ):
            await ada.write(said, ROOM)
        await host.until(lambda: host.counts["bridge.xmpp.ignored.group_talk"] == 2)
        await host.until(lambda: host.accepted == 3)
        reports = await host.reports()
        assert [report.content.text for report in reports] == [
            "two vans in Dalston Lane",
            "#raid in Ridley Road",
            "and six officers",
        ]
        assert {report.contact for report in reports} == {None}
        assert {report.content.chat for report in reports} == {"verifiers"}
        assert len({report.content.sender for report in reports}) == 1
        assert ada.texts() == []


@needs_prosody
@pytest.mark.parametrize("archives", [True, False], ids=["archives", "none"])
async def test_a_room_is_told_once_what_is_taken_there(tmp_path: Path, *, archives: bool) -> None:
    async with (
        a_scene(tmp_path, archives=archives) as scene,
        person(scene.server, "ada", room=ROOM) as ada,
    ):
        for _ in range(2):
            async with scene.host(rooms=[ROOM]) as host:
                await until(lambda: ada.texts(ROOM))
                await ada.write("who brings tea?", ROOM)
                await ada.write("#raid in Ridley Road", ROOM)
                await host.until(lambda: host.accepted == 1)
        told = [text for text in ada.texts(ROOM) if text == told_in_chat("raid")]
        assert len(told) == 1
        async with scene.host(rooms=[ROOM], hashtag="other", tells_chats=False) as host:
            await ada.write("#other in Ridley Road", ROOM)
            await host.until(lambda: host.accepted == 1)
        assert told_in_chat("other") not in ada.texts(ROOM)


@needs_prosody
async def test_a_members_desk_word_is_answered_in_the_room_by_another_process(tmp_path: Path) -> None:
    async with (
        a_scene(tmp_path) as scene,
        scene.host(rooms=[ROOM]) as host,
        person(scene.server, "ada", room=ROOM) as ada,
        a_host(SECRETS) as notifier,
    ):
        await ada.write("MINE D7K", ROOM)
        await host.until(lambda: host.accepted == 1)
        (report,) = await host.reports()
        assert report.reply_to == ReportContact(address=f"room:{ROOM}")
        told = await scene.bridge().write_back(report.reply_to.address, "D7K is yours.", notifier, key="k1")
        assert told == Delivered()
        await until(lambda: "D7K is yours." in ada.texts(ROOM))
        await ada.write("relay: thanks", ROOM)
        await host.until(lambda: host.accepted == 2)
        # What the room was told on coming in, and that.
        await host.until(lambda: host.counts["bridge.xmpp.ignored.own_message"] == 2)


@needs_prosody
async def test_where_a_room_hides_addresses_no_desk_word_is_taken(tmp_path: Path) -> None:
    """Anybody may take a member's name there once they have left."""
    async with (
        a_scene(tmp_path, known=False) as scene,
        person(scene.server, "ada", room=ROOM) as ada,  # whoever comes first may see them
        scene.host(rooms=[ROOM]) as host,
    ):
        await ada.write("MINE D7K", ROOM)
        await ada.write("#raid in Ridley Road", ROOM)
        await host.until(lambda: host.accepted == 1)
        await host.until(lambda: host.counts["bridge.xmpp.ignored.unknown_sender"])
        assert host.accepted == 1


# --- while nobody reads ----------------------------------------------------------------------------


@needs_prosody
@pytest.mark.parametrize("archives", [True, False], ids=["archives", "none"])
async def test_what_came_while_away_is_read_once_however_often_we_start(
    tmp_path: Path, *, archives: bool
) -> None:
    async with (
        a_scene(tmp_path, archives=archives) as scene,
        person(scene.server, "ben", room=ROOM) as ben,
        person(scene.server, "ada") as ada,
    ):
        async with scene.host(rooms=[ROOM]) as host:
            await ada.write("first")
            await ben.write("#raid first in the room", ROOM)
            await host.until(lambda: host.accepted == 2)
            await until(lambda: len(ada.texts()) == 1)
        await ada.write("second")
        await ben.write("#raid second in the room", ROOM)
        await ben.write("other talk", ROOM)
        async with scene.host(rooms=[ROOM]) as host:
            await host.until(lambda: host.accepted == 2)
        async with scene.host(rooms=[ROOM]) as host:
            await ada.write("third")
            await host.until(lambda: host.accepted == 1)
            texts = [report.content.text for report in await host.reports()]
    said = ["#raid first in the room", "#raid second in the room", "first", "second", "third"]
    assert sorted(texts) == said
    assert len(ada.texts()) == 3


@needs_prosody
async def test_a_server_that_is_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, scene.host(rooms=[ROOM]) as host:
        for turn in range(2):
            async with (
                person(scene.server, "ada") as ada,
                person(scene.server, "ben", room=ROOM) as ben,
            ):
                for number in range(5):
                    await ada.write(f"van {turn}.{number}")
                    await ben.write(f"#raid {turn}.{number}", ROOM)
                if not turn:
                    scene.server.kill()
            if not turn:
                await host.until(lambda: host.standing["state"] == "TRANSIENT_DISCONNECT")
                await asyncio.to_thread(scene.server.start)
                await host.until(lambda: host.standing["state"] == "CONNECTED")
        await host.until(lambda: host.accepted == 20)
        texts = [report.content.text for report in await host.reports()]
    assert len(texts) == len(set(texts)) == 20


# --- what goes wrong -------------------------------------------------------------------------------


@needs_prosody
async def test_a_wrong_password_a_strange_certificate_and_no_server_are_told_apart(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_host(SECRETS) as notifier:
        wrong = scene.bridge(password="not-this-one-surely")
        strange = scene.bridge(ca_file="")
        refused = [await made.write_back(ADA, "x", notifier, key="k") for made in (wrong, strange)]
        assert refused == [BadCredentials(), RetryLater("bad_certificate")]
        assert [await made.check(notifier) for made in (wrong, strange)] == refused
        assert await scene.bridge().check(notifier) == Delivered()
        async with reading(tmp_path / "spool", wrong, secrets=SECRETS) as host:
            await host.until(lambda: host.standing["state"] == "BAD_CREDENTIALS")
        made = scene.bridge()
    async with a_host(SECRETS) as notifier:
        assert await made.write_back(ADA, "x", notifier, key="k") == RetryLater("unreachable")


@needs_prosody
async def test_an_answer_reaches_one_account_or_is_refused(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_host(SECRETS) as notifier:
        made = scene.bridge()
        for address in ("no address", "", "room:", "a@b/c", "room:a b@c"):
            assert await made.write_back(address, "x", notifier, key="k") == Rejected("bad_address")
        nobody = f"nobody@{DOMAIN}"
        assert await made.write_back(nobody, "x", notifier, key="k") == Rejected("service_unavailable")
        elsewhere = "room:verifiers@elsewhere.test"
        assert await made.write_back(elsewhere, "x", notifier, key="k") == RetryLater("room_refused")
        async with person(scene.server, "ada") as ada:
            assert await made.write_back(ADA, "Where? <b>&", notifier, key="k") == Delivered()
            await until(lambda: ada.texts() == ["Where? <b>&"])


@needs_prosody
async def test_a_room_that_is_refused_stops_nothing_else(tmp_path: Path) -> None:
    async with (
        a_scene(tmp_path) as scene,
        scene.host(rooms=["verifiers@elsewhere.test"]) as host,
        person(scene.server, "ada") as ada,
    ):
        await ada.write("two vans")
        await host.until(lambda: host.accepted == 1)
        assert host.counts["bridge.xmpp.ignored.room_refused"] == 1
