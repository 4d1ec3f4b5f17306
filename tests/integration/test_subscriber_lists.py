"""Lists of subscribers, in and out: who has agreed elsewhere is told so, once, by the notifier's decision."""

import asyncio
import base64
import csv
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from services.notifier.form_contacts import Form
from services.notifier.subscribers.lists import Lists, contacts_of
from shared.bus import NatsBus
from shared.clock import SystemClock
from shared.contracts.base import GroupId
from shared.contracts.catalog import SUBSCRIPTIONS_ASKED, decode_each, encode
from shared.contracts.ledger import LedgerNote, SubscribersCounted, SubscribersOpened
from shared.contracts.subscribers import Consent, Follow, FollowedArea, Imported, SubscriptionImported
from shared.plugins.bridge_file import BridgeEntry, Subscriptions
from shared.plugins.contacts_file import FormContacts
from shared.plugins.contacts_file import Way as ContactWay
from shared.plugins.spec import Delivered, Outcome, PluginSettings, RenderedMessage
from shared.ports import Bus
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus
from shared.testing.servers import NatsServer
from tests.integration.notifier_rig import NOW, ToldSettings, an_alert, channel_kind, until
from tests.integration.test_subscribers import (
    ADA,
    BO,
    KEPT,
    LEFT,
    POINTS,
    Book,
    Texts,
    code_in,
    crash_at,
    texts,
)

HACKNEY = GroupId("hackney")
PAPER = Consent(on=date(2026, 5, 1), how="paper list")


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    Texts.to, Texts.next = [], {}


@pytest.fixture
async def quick(memory_bus: MemoryBus) -> AsyncIterator[Book]:
    book = Book(memory_bus)
    yield book
    await book.crash()


def row(address: str = ADA, **more: Any) -> Imported:
    fields = {"way": "join", "address": address, "language": "en", "group": "hackney", "consent": PAPER}
    return Imported.model_validate({**fields, **more})


def lists(bus: Bus) -> Lists:
    keyring = Keyring(MasterKey(b"k" * 32), bus, SystemClock(), source="notifier")
    return Lists(bus, keyring, SystemClock(), lambda way: way == "join")


async def notes(bus: Bus) -> list[LedgerNote]:
    found: list[LedgerNote] = []
    for seq in range(1, await bus.last_seq("LEDGER") + 1):
        entry = await bus.get("LEDGER", seq)
        found += [m for m in decode_each(entry) if isinstance(m, LedgerNote)] if entry else []
    return found


# --- in -----------------------------------------------------------------------------------------


async def test_who_is_on_a_list_is_told_so_and_hears_like_anybody_and_leaves_by_stop(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await lists(quick.bus).hand_in([row(), row(BO, choice="witness", place="E8", language="es")])
    await quick.holds(KEPT, KEPT)
    (welcome,) = texts(ADA)
    assert welcome.startswith("Hackney has put you on its list, as you agreed: all of Hackney.")
    assert welcome.endswith("STOP ends it and erases your number.")
    assert texts(BO)[0].startswith("Hackney te ha apuntado, como acordaste: E8.")
    await quick.tell("a1")
    assert "WITNESSES useful" in texts(BO)[-1]
    assert "WITNESSES useful" not in texts(ADA)[-1], "information only is never asked"
    await quick.says("STOP")
    await quick.holds(KEPT, LEFT)
    assert (await quick.tell("over", kind="OVER", status="officers_left")).delivered == 1


async def test_overlapping_lists_get_one_copy(quick: Book) -> None:
    await quick.groups("hackney", "islington")
    quick.start()
    await lists(quick.bus).hand_in([row(), row(group="islington")])
    await quick.holds(KEPT)
    await until(lambda: len(texts()) == 2)
    more = {"audience": "community", "status": "confirmed", "kind": "CONFIRMED", "incident_id": "i1"}
    alerts = [an_alert(f"a-{group}", group, **more) for group in ("hackney", "islington")]
    sealed = [await quick.keyring.seal(alert) for alert in alerts]
    await quick.bus.publish(encode(*sealed, source="test"))
    await quick.settled("a-hackney", "a-islington")
    assert [text.split()[0] for text in texts()] == ["Hackney", "Islington", "CONFIRMED"]


async def test_whoever_follows_already_stays_as_they_chose_and_is_told_nothing(quick: Book) -> None:
    await quick.groups()
    chosen = Follow(group="hackney", area=FollowedArea(lat=51.5, lon=0, radius_m=1500, label="E8"))
    await quick.person(1, ADA, chosen)
    quick.start()
    await lists(quick.bus).hand_in([row(choice="witness"), row(BO)])
    await until(lambda: bool(texts(BO)))
    await quick.holds(KEPT, KEPT)
    found = {p.address: p async for p in lists(quick.bus).people(HACKNEY)}
    assert found[ADA].follows == (chosen,)
    assert (found[ADA].consent, found[BO].consent) == (None, PAPER)
    assert found[BO].since is not None
    assert texts(ADA) == []


async def test_a_code_that_waits_still_counts_beside_a_list(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await quick.says("JOIN E8")
    await until(lambda: len(texts()) == 1)
    await lists(quick.bus).hand_in([row()])
    await until(lambda: len(texts()) == 2)
    await quick.says(code_in(texts()[0]))
    await until(lambda: len(texts()) == 3)
    assert texts()[2].startswith("You're in: E8")


async def test_a_list_takes_an_hours_room_and_none_of_those_who_ask_themselves(quick: Book) -> None:
    quick.bridges = {"join": BridgeEntry(Texts, PluginSettings(), "bridges.yaml", Subscriptions(per_hour=3))}
    await quick.groups()
    quick.start()
    numbers = [f"+4477009001{n:02}" for n in range(10)]
    known = [f"+4477009002{n:02}" for n in range(5)]
    for n, number in enumerate(known, 100):
        await quick.person(n, number, Follow(group="hackney"))
    await lists(quick.bus).hand_in([row(number) for number in known + numbers])
    await until(lambda: len(Texts.to) == 3)
    await quick.joins()
    assert [len(texts(number)) for number in numbers] == [1] * 3 + [0] * 7, "in the order of the list"
    kinds = [kind for _, kind in await quick.stored()]
    assert kinds.count("subscription.imported.v1") == 7, "the rest waits, sealed; who was there costs no room"


async def test_handed_in_twice_it_is_once(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await lists(quick.bus).hand_in([row(), row(BO)])
    await quick.holds(KEPT, KEPT)
    last = await quick.bus.last_seq("SUBSCRIBERS")
    await lists(quick.bus).hand_in([row(), row(BO), row(place="E5")])
    assert await quick.bus.last_seq("SUBSCRIBERS") == last
    await quick.holds(KEPT, KEPT)
    assert len(Texts.to) == 2


@pytest.mark.parametrize("point", POINTS)
async def test_a_crash_costs_a_second_welcome_at_most_and_leaves_nothing(quick: Book, point: str) -> None:
    await quick.groups()
    await lists(quick.bus).hand_in([row()])
    reached = asyncio.Event()
    quick.fault = crash_at(point, reached)
    quick.start()
    await asyncio.wait_for(reached.wait(), 10)
    await quick.crash()
    quick.fault = lambda _name: None
    quick.start()
    await quick.holds(KEPT)
    assert 1 <= len(texts()) <= 2
    assert len(set(texts())) == 1


async def test_two_notifiers_take_each_line_once(quick: Book) -> None:
    await quick.groups()
    quick.start(lease_s=5)
    quick.start(lease_s=5)
    numbers = [f"+4477009001{n:02}" for n in range(40)]
    await lists(quick.bus).hand_in([row(number) for number in numbers])
    await quick.holds(*[KEPT] * 40)
    assert [len(texts(number)) for number in numbers] == [1] * 40


async def test_the_front_door_can_hand_in_no_list(quick: Book) -> None:
    await quick.groups()
    forged = await quick.keyring.seal(SubscriptionImported(id="forged", at=NOW, content=row()))
    await quick.bus.publish(replace(encode(forged, source="test"), subject=SUBSCRIPTIONS_ASKED))
    quick.start()
    await quick.says("HELP", BO)
    await until(lambda: bool(texts(BO)))
    assert texts(ADA) == []
    assert await quick.bus.last_seq("DEAD") == 1


async def test_by_e_mail_the_welcome_has_a_link_to_leave_by(quick: Book) -> None:
    sent: list[RenderedMessage] = []

    async def takes(_address: str, message: RenderedMessage) -> Outcome:
        sent.append(message)
        return Delivered()

    mail = ContactWay(channel_kind("smtp", takes), ToldSettings(), per_hour=60)
    quick.form = Form(FormContacts(email=mail), "https://hub.example")
    await quick.groups()
    quick.start()
    await lists(quick.bus).hand_in([row("ada@example.org", way="email")])
    await until(lambda: bool(sent))
    assert sent[0].leave_url.startswith("https://hub.example/leave/s")
    assert sent[0].leave_url in sent[0].text


# --- out ----------------------------------------------------------------------------------------


async def test_what_is_read_is_the_group_as_it_stands(quick: Book) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    await quick.person(2, BO, Follow(group="islington"))
    quick.start()
    await quick.joins("E8", "+447700900001")
    await quick.joins("E8", "+447700900002")
    await quick.says("STOP", "+447700900002")
    await quick.holds(KEPT, KEPT, KEPT, LEFT)
    found = [p.address async for p in lists(quick.bus).people(HACKNEY)]
    assert sorted(found) == ["+447700900001", ADA]
    assert [p.address async for p in lists(quick.bus).people(GroupId("nobody"))] == []
    counted = await lists(quick.bus).count(HACKNEY)
    assert (counted.total, counted.texts, counted.choices) == (5, 5, {"information": 5})


async def test_the_ledger_says_how_many_there_are_in_fives_and_only_when_that_changes(quick: Book) -> None:
    await quick.groups("hackney", "islington")
    for number in range(1, 7):
        follows = [Follow(group="hackney", choice="witness" if number == 1 else "information")]
        follows += [Follow(group="islington")] if number == 2 else []
        await quick.person(number, f"+44770090000{number}", *follows, language="es" if number == 3 else "en")
    quick.start()

    async def counted() -> list[SubscribersCounted]:
        return [note for note in await notes(quick.bus) if isinstance(note, SubscribersCounted)]

    async with asyncio.timeout(10):
        while len(found := await counted()) < 2:  # noqa: ASYNC110 - the ledger
            await asyncio.sleep(0.01)
    hackney, islington = found
    assert (hackney.total, hackney.texts, islington.total) == (10, 10, 5)
    assert hackney.languages == {"en": 5, "es": 5}
    assert hackney.choices == {"information": 5, "witness": 5}
    assert [(f.channel, f.people) for f in hackney.following] == [
        ("sub_join_en_i", 5),
        ("sub_join_en_w", 5),
        ("sub_join_es_i", 5),
    ]
    counting = quick.books[0].counting
    await counting.say()
    assert len(await counted()) == 2


async def test_who_joins_or_leaves_is_counted_at_once(quick: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notifier.subscribers.subscribers._PACE_S", 0.01)
    await quick.groups("hackney")
    quick.start()

    async def total() -> int:
        found = [note for note in await notes(quick.bus) if isinstance(note, SubscribersCounted)]
        return found[-1].total if found else -1

    async def becomes(expected: int) -> None:
        async with asyncio.timeout(10):
            while await total() != expected:  # noqa: ASYNC110 - the ledger
                await asyncio.sleep(0.01)

    for number in range(1, 6):
        await quick.person(number, f"+44770090000{number}", Follow(group="hackney"))
    await becomes(5)
    await quick.joins()
    await becomes(10)
    await quick.says("STOP")
    await becomes(5)


# --- the command --------------------------------------------------------------------------------


class Hub:
    """A real NATS with one group and its book, and the command beside it."""

    def __init__(self, folder: Path, server: NatsServer, bus: NatsBus) -> None:
        self.bus, self.book = bus, Book(bus)
        (folder / "master.key").write_text(base64.b64encode(b"k" * 32).decode())
        (folder / "bridges.yaml").write_text(
            "[{id: join, kind: android-sms, subscriptions: {}, settings: {signing_key: 'env:X'}}]"
        )
        self.env = {
            "RELAY_HOME": str(folder),
            "RELAY_NATS_URL": server.url,
            "RELAY_NATS_MONITORING_URL": server.monitoring_url,
            "RELAY_MASTER_KEY_FILE": str(folder / "master.key"),
            "RELAY_INGEST_BRIDGES_FILE": str(folder / "bridges.yaml"),
        }

    async def run(self, *args: str, group: str = "hackney", typed: str | None = None) -> Result:
        command = ["subscribers", *args, "--group", group]
        return await asyncio.to_thread(CliRunner(env=self.env).invoke, relay, command, typed)

    async def acts(self) -> list[str]:
        return [note.act for note in await notes(self.bus) if isinstance(note, SubscribersOpened)]


@pytest.fixture
async def hub(tmp_path: Path, nats_server: NatsServer, nats_bus: NatsBus) -> AsyncIterator[Hub]:
    hub = Hub(tmp_path, nats_server, nats_bus)
    await hub.book.groups()
    await hub.book.person(1, "+447400123456", Follow(group="hackney", choice="witness"))
    yield hub
    await hub.book.crash()


async def test_a_list_goes_out_and_in_again_by_the_command(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    out = await hub.run("export", str(file), typed="y\n")
    assert out.exit_code == 0, out.output
    assert file.stat().st_mode & 0o777 == 0o600
    (found,) = csv.DictReader(file.read_text().splitlines())
    assert (found["contact"], found["choice"]) == ("'+447400123456", "witness")
    again = await hub.run("export", str(file), "--yes")
    assert (again.exit_code, "name a new file" in again.output) == (2, True)
    lines = [
        "contact;consented_on;consented_how;place",
        "'+447400123456;2026-05-01;paper list;",
        "07400 123457;2026-05-01;paper list;E8",
        "07400 12345;2026-05-01;paper list;E8",
        "07400 123458;2026-05-01;paper list;Nowhere-on-Sea",
    ]
    file.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    hub.book.start()
    done = await hub.run("import", str(file), "--json", "--yes")
    assert done.exit_code == 1
    summary, *_ = [line for line in done.output.splitlines() if line.startswith("{")]
    told = json.loads(summary)
    assert (told["taken"], told["wrong"]) == (2, 2)
    assert [(m["line"], m["column"]) for m in told["mistakes"]] == [(4, "contact"), (5, "place")]
    assert "line 4, column contact" in done.output
    assert "12345;" not in done.output
    await hub.book.holds(KEPT, KEPT)
    assert [to for to, _ in Texts.to] == ["+447400123457"], "who was in already gets nothing"
    assert await hub.acts() == ["exported", "imported"]


async def test_who_there_is_and_how_many_is_said_without_contacts(hub: Hub) -> None:
    shown = await hub.run("list", "--json", "--yes")
    (person,) = json.loads(shown.output)
    assert (person["way"], person["choice"], set(person) & {"contact"}) == ("join", "witness", set())
    assert person["name"].isdigit()
    in_words = await hub.run("list", "--yes")
    assert in_words.output.splitlines()[1].startswith(person["name"])
    counted = json.loads((await hub.run("count", "--json")).output)
    assert counted == {
        "group": "hackney",
        "total": 5,
        "texts": 5,
        "ways": {"join": 5},
        "languages": {"en": 5},
        "choices": {"witness": 5},
    }
    assert await hub.acts() == ["listed", "listed"]


async def test_nothing_is_done_unless_it_is_said_and_for_no_group_that_is_none(
    hub: Hub, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    for command in (["export", str(file)], ["list"]):
        assert (await hub.run(*command, typed="n\n")).exit_code == 1
        other = await hub.run(*command, "--yes", group="hackny")
        assert (other.exit_code, "no group hackny" in other.output) == (2, True)
    assert not file.exists()
    assert await hub.acts() == []


@pytest.mark.parametrize(
    ("typed", "way", "found"),
    [
        ("07400 123456", "", ("join", "+447400123456")),
        ("+447400123456", "join", ("join", "+447400123456")),
        ("07400 123456", "email", None),
        ("07400 123456", "chat", ("chat", "07400 123456")),
        ("@ada:example.org", "chat", ("chat", "@ada:example.org")),
        ("a\nb", "chat", None),
        ("Ada@Example.org", "", ("email", "Ada@example.org")),
        ("ada@example.org", "join", None),
        ("07400 123456", "nobody", None),
        ("+33612345678", "", None),
    ],
)
def test_a_contact_goes_by_the_way_that_reaches_it(
    typed: str, way: str, found: tuple[str, str] | None
) -> None:
    class Chat(Texts):
        spec = replace(Texts.spec, senders="account")

    marked = {
        "join": BridgeEntry(Texts, PluginSettings(), "", Subscriptions()),
        "chat": BridgeEntry(Chat, PluginSettings(), "", Subscriptions()),
        "reports": BridgeEntry(Texts, PluginSettings(), ""),
    }
    assert contacts_of(marked, email=True)(typed, way) == found
    if found and found[0] == "email":
        assert contacts_of(marked, email=False)(typed, way) is None
