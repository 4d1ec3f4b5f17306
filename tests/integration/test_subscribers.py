"""The subscribers' book through the notifier: in by a code, told in their way, gone after STOP."""

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import pytest

from services.notifier.channels.smtp import SmtpChannel, SmtpSettings
from services.notifier.decide.pseudo import Kin, chunked, pseudonym
from services.notifier.decide.subscribing import ON_THE_WAY
from services.notifier.delivery import Bill, claimed, expanded, settled
from services.notifier.fetching import Fetching
from services.notifier.form_contacts import Form
from services.notifier.sending import as_record
from services.notifier.subscribers import subscribers
from shared.contracts.base import HUB, GroupId
from shared.contracts.catalog import SUBSCRIPTIONS_ASKED, decode_each, encode
from shared.contracts.desk import KillSwitch
from shared.contracts.groups import Area, GroupChannels, GroupDefined, GroupDefinition
from shared.contracts.incidents import IncidentMerged
from shared.contracts.ledger import AlertExpanded, AlertSettled, ChunkClaimed, ChunkSettled, DeliveryReceipted
from shared.contracts.subscribers import (
    CodeGiven,
    Follow,
    LeftByLink,
    Pending,
    Said,
    SignedUp,
    Subscriber,
    SubscriberKept,
    SubscriberLeft,
    SubscriptionAsked,
)
from shared.errors import BusUnavailableError, MissedTooMuchError
from shared.plugins.bridge_file import BridgeEntry, Subscriptions
from shared.plugins.channel_testing import KnownSecrets, a_host
from shared.plugins.contacts_file import FormContacts
from shared.plugins.contacts_file import Way as ContactWay
from shared.plugins.sms import HAS_LEFT
from shared.plugins.spec import (
    Delivered,
    Outcome,
    PluginSettings,
    RenderedMessage,
    RetryLater,
    Spec,
    Unknown,
)
from shared.ports import Bus, Entry, Outgoing, Stored
from shared.subscribing import code_of
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig, ToldSettings, an_alert, channel_kind, until
from tests.integration.test_questions import Writer
from tests.rigs.mail import DOMAIN, PASSWORD, MailHost, needs_dovecot
from tests.unit.ingest.front_door import SetClock

ADA, BO = "+447700900123", "+447700900456"
POINTS = ("notifier.before_book", "notifier.after_book", "notifier.after_answer", "notifier.before_erasing")


class Texts(Writer):
    """A number of its own: what went to whom, and what the provider says next time."""

    spec: ClassVar[Spec] = Spec("texts", "Texts", "", "nobody", "good", "fake", {})
    to: ClassVar[list[tuple[str, str]]] = []
    next: ClassVar[dict[str, list[Outcome]]] = {}

    async def write_back(self, address: str, text: str, _host: Any, *, key: str) -> Outcome:  # noqa: ARG002 - the interface
        outcome = self.next[address].pop(0) if self.next.get(address) else Delivered("m")
        if isinstance(outcome, Delivered):
            self.to.append((address, text))
        return outcome


class Crash(BaseException):
    """The process ends here."""


def texts(address: str = ADA) -> list[str]:
    return [text for to, text in Texts.to if to == address]


def square(lat: float, lon: float, half: float) -> Area:
    west, east, south, north = lon - half, lon + half, lat - half, lat + half
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return Area(polygons=((ring,),))


class Book(Rig):
    """A hub with two groups, one number to subscribe by, and people who write to it."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, {"told": channel_kind("told")})
        self.bridges = {"join": BridgeEntry(Texts, PluginSettings(), "bridges.yaml", Subscriptions())}
        self.secrets = KnownSecrets({"env:INBOUND": "x"})
        self.subscribable = True
        self._count = 0

    async def groups(self, *names: str) -> None:
        for name in names or ("hackney",):
            definition = GroupDefinition(id=name, name=name.title(), area=square(51.546, -0.07, 0.02))
            channels = GroupChannels(channels=())
            await self.store(
                GroupDefined(
                    id=f"g.{name}", at=NOW, group=name, version=1, definition=definition, channels=channels
                )
            )

    async def ask(self, content: Any, name: str = "") -> str:
        self._count += 1
        name = name or f"q{self._count}"
        await self.store(SubscriptionAsked(id=name, at=NOW, content=content))
        return name

    async def says(self, text: str, address: str = ADA, name: str = "") -> None:
        await self.ask(Said(way="join", address=address, text=text), name)

    async def person(self, number: int, address: str, *follows: Follow, language: str = "en") -> None:
        """Somebody who confirmed long ago."""
        details = Subscriber(number=number, way="join", address=address, follows=follows, language=language)
        await self.store(
            SubscriberKept(id=f"long-ago.{number}", at=NOW, subscriber=f"s{number}", details=details)
        )

    async def joins(self, place: str = "E8", address: str = ADA) -> None:
        """Join, and send the code back."""
        before = len(texts(address))
        await self.says(f"JOIN {place}", address)
        await until(lambda: len(texts(address)) > before)
        await self.says(code_in(texts(address)[-1]), address)
        await until(lambda: any("You're in" in text for text in texts(address)[before:]))

    async def tell(self, alert_id: str, **more: Any) -> AlertSettled:
        fields = {
            "audience": "community",
            "kind": "CONFIRMED",
            "status": "confirmed",
            "ask": "WITNESSES",
            **more,
        }
        await self.alert(alert_id, **fields)
        return (await self.settled(alert_id))[0]

    async def stored(self) -> list[tuple[int, str]]:
        """What lies in the book's stream: place and type."""
        found = []
        last = await self.bus.last("SUBSCRIBERS", "subscribers.v1.*")
        for seq in range(1, (last.seq if last else 0) + 1):
            entry = await self.bus.get("SUBSCRIBERS", seq)
            found += [(seq, m.type) for m in decode_each(entry) if hasattr(m, "type")] if entry else []
        return found

    async def holds(self, *types: str, within_s: float = 10.0) -> None:
        """Wait until nothing else lies in the stream but messages of these types."""
        async with asyncio.timeout(within_s):
            while sorted(kind for _, kind in await self.stored()) != sorted(types):  # noqa: ASYNC110 - the stream
                await asyncio.sleep(0.02)


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found, text
    return found[0]


KEPT, LEFT = "subscriber.kept.v1", "subscriber.left.v1"


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    Texts.to, Texts.next = [], {}


@pytest.fixture
async def book(bus: Bus) -> AsyncIterator[Book]:
    """On the bus in memory, and on a real NATS."""
    book = Book(bus)
    yield book
    await book.crash()


@pytest.fixture
async def quick(memory_bus: MemoryBus) -> AsyncIterator[Book]:
    """On the bus in memory alone."""
    book = Book(memory_bus)
    yield book
    await book.crash()


async def test_in_by_the_code_told_and_gone_after_stop(book: Book) -> None:
    await book.groups()
    book.start()
    await book.says("JOIN E8")
    await until(lambda: bool(texts()))
    assert texts()[0].startswith("Hackney: ")
    over = {"kind": "OVER", "status": "officers_left"}
    assert (await book.tell("early")).delivered == 0, "not before the code came back"
    assert (await book.tell("early-over", **over)).delivered == 0
    await book.says(code_in(texts()[0]))
    await until(lambda: len(texts()) == 2)
    assert texts()[1].startswith("You're in: E8")
    await book.holds(KEPT)
    end = await book.tell("a1", incident_id="i2")
    assert (end.delivered, end.reason) == (1, "done")
    assert "CONFIRMED" in texts()[2]
    assert "STOP to leave." in texts()[2]
    await book.says("stop")
    await book.holds(LEFT)
    await until(lambda: len(texts()) == 4)
    assert texts()[3].startswith("You get no more messages")
    assert (await book.tell("a2", incident_id="i3")).delivered == 0


async def test_information_only_never_gets_an_ask_and_whoever_can_come_does(quick: Book) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    await quick.person(2, BO, Follow(group="hackney", choice="witness"))
    quick.start()
    for n, ask in enumerate(("WITNESSES", "ENOUGH", "LEAVE", "NONE")):
        for kind, status in (("CONFIRMED", "confirmed"), ("UPDATE", "confirmed"), ("OVER", "officers_left")):
            await quick.tell(f"a{n}{kind}", incident_id=f"i{n}", kind=kind, status=status, ask=ask)
    assert len(texts(ADA)) == len(texts(BO)) == 12
    for ask in ("WITNESSES useful", "ENOUGH people are there", "LEAVE now please"):
        assert [text for text in texts(BO) if ask in text], "or this would prove nothing"
        assert not [text for text in texts(ADA) if ask in text]
    assert all("Observe, don't obstruct" in text for text in texts(ADA))


async def test_overlapping_subscriptions_get_one_copy_and_the_end_by_the_same_group(quick: Book) -> None:
    await quick.groups("hackney", "islington")
    both = (Follow(group="hackney"), Follow(group="islington"), Follow(group="islington", choice="witness"))
    await quick.person(1, ADA, *both)
    await quick.person(2, BO, Follow(group="islington"))
    quick.start()
    await until(lambda: bool(quick.directories[0].definitions()))

    async def tell(name: str, **more: Any) -> None:
        alerts = [
            an_alert(f"{name}-{g}", g, audience="community", status="confirmed", incident_id="i1", **more)
            for g in ("islington", "hackney")
        ]
        sealed = [await quick.keyring.seal(alert) for alert in alerts]
        await quick.bus.publish(encode(*sealed, source="test"))
        await quick.settled(*(alert.alert_id for alert in alerts))

    await tell("first", kind="CONFIRMED")
    await tell("end", kind="OVER")
    assert [text.split()[0] for text in texts(ADA)] == ["CONFIRMED", "OVER"]
    assert all("Hackney" in text for text in texts(ADA))
    assert [text.split()[0] for text in texts(BO)] == ["CONFIRMED", "OVER"]
    assert all("Islington" in text for text in texts(BO))
    expanded = [r for r in await quick.ledger() if isinstance(r, AlertExpanded) and r.group == "islington"]
    assert [r.not_told for r in expanded] == [{"another_group": 1}, None]


async def test_the_end_reaches_whoever_was_told_though_their_area_changed_and_nobody_else(
    quick: Book,
) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    quick.start()
    await quick.tell("a1")
    far = {"lat": 51.6, "lon": 0.5, "radius_m": 100.0, "label": "far"}
    details = Subscriber(number=1, way="join", address=ADA, follows=(Follow(group="hackney", area=far),))
    await quick.store(SubscriberKept(id="moved", at=NOW, subscriber="s1", details=details))
    await quick.person(2, BO, Follow(group="hackney"))
    await quick.holds(KEPT, KEPT)
    assert (await quick.tell("new", incident_id="i9")).delivered == 1
    assert (await quick.tell("over", kind="OVER", status="officers_left")).delivered == 1
    assert [text.split()[0] for text in texts(ADA)] == ["CONFIRMED", "OVER"]
    assert [text.split()[0] for text in texts(BO)] == ["CONFIRMED"]


async def test_a_restart_knows_who_was_told_and_sends_what_was_frozen(quick: Book) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    Texts.next = {ADA: [RetryLater("http_503", 60.0)]}
    quick.start(lease_s=4)
    await quick.alert("a1", audience="community", kind="CONFIRMED", status="confirmed")
    await until(lambda: not Texts.next[ADA])
    await quick.crash()
    quick.start(sleep=lambda s: asyncio.sleep(min(s, 0.01)))
    assert (await quick.settled("a1"))[0].delivered == 1
    assert (await quick.tell("over", kind="OVER", status="officers_left")).delivered == 1


@pytest.mark.parametrize("read_so_far", [0, 1])
async def test_after_a_restart_nobody_is_taken_for_gone_before_the_whole_book_is_read(
    quick: Book, monkeypatch: pytest.MonkeyPatch, read_so_far: int
) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    await quick.person(2, BO, Follow(group="hackney"))
    Texts.next = {number: [RetryLater("http_503", 60.0)] for number in (ADA, BO)}
    quick.start(lease_s=4)
    await quick.alert("a1", audience="community", kind="CONFIRMED", status="confirmed")
    await until(lambda: not Texts.next[BO])
    await quick.crash()
    rest = slow_book(quick.bus, monkeypatch, read_so_far)
    notifier = quick.start(sleep=lambda s: asyncio.sleep(min(s, 0.01)))
    await quick.alert("v1")
    await quick.settled("v1")
    await until(lambda: notifier.ready)
    claims = [r for r in await quick.ledger() if isinstance(r, ChunkClaimed) and r.alert_id == "a1"]
    assert [claim.attempt for claim in claims] == [1], "no claim lapses while the book is read"
    rest.set()
    end = (await quick.settled("a1"))[0]
    assert (end.delivered, end.unsent) == (2, ())


async def test_a_chunk_waits_for_what_another_notifier_read_of_the_book_before_it(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    rest = slow_book(quick.bus, monkeypatch, 1)
    quick.start()
    book = quick.books[0]
    await until(lambda: book.health()["confirmed"] == 1)
    await quick.person(2, BO, Follow(group="hackney"))
    mine, day = Kin("join", "en", "information"), NOW.date()
    names = next(chunked(mine, [pseudonym(quick.keyring.master.tag, 2, day)], 1))
    asking = asyncio.create_task(book.audience.sender(GroupId("hackney"), day, mine, names))
    await asyncio.sleep(0)
    rest.set()
    sender = await asking
    assert sender is not None
    assert sender.address(names[0]) == "s2"


def slow_book(
    bus: Bus, monkeypatch: pytest.MonkeyPatch, read_so_far: int, *, stream: str = "SUBSCRIBERS"
) -> asyncio.Event:
    """From now on the book's stream (or another) is read that far; the rest when the event is set."""
    rest, read = asyncio.Event(), bus.read

    async def slowly(entries: AsyncGenerator[Entry]) -> AsyncGenerator[Entry]:
        n = 0
        async for entry in entries:
            if n == read_so_far:
                await rest.wait()
            n += 1
            yield entry

    def reading(read_from: str, **how: Any) -> AsyncGenerator[Entry]:
        entries = read(read_from, **how)
        return slowly(entries) if read_from == stream else entries

    monkeypatch.setattr(bus, "read", reading)
    return rest


@pytest.mark.parametrize("quiet", ["00:00-23:59"])
async def test_quiet_hours_hold_back_what_is_not_urgent_and_say_so(quick: Book, quiet: str) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney", quiet=quiet))
    await quick.person(2, BO, Follow(group="hackney", quiet=quiet, urgent_breaks=False))
    quick.start()
    at = NOW.replace(hour=12)
    await quick.tell("a1", at=at, not_after=NOW + timedelta(days=2))
    assert (len(texts(ADA)), len(texts(BO))) == (1, 0)
    (expanded,) = [r for r in await quick.ledger() if isinstance(r, AlertExpanded)]
    assert expanded.not_told == {"quiet": 1}


async def test_verifiers_news_and_exercises_go_to_no_subscriber(quick: Book) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    quick.start()
    await quick.alert("v1")
    await quick.alert("d1", audience="community", kind="CONFIRMED", status="confirmed", drill=True)
    await quick.settled("v1", "d1")
    assert texts() == []


async def test_each_is_told_in_their_language_where_it_is_signed_and_the_ledger_names_nobody(
    quick: Book,
) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"), language="es")
    quick.start()
    await quick.tell("a1")
    assert "BAJA termina estos mensajes." in texts()[0]
    assert "CONFIRMED" in texts()[0], "nobody has signed Spanish words yet"
    records = " ".join(record.model_dump_json() for record in await quick.ledger())
    assert ADA not in records
    assert re.search(r"sub_join_es_i:\d+", records)


async def test_by_e_mail_each_message_has_a_link_of_ones_own_to_leave_by(quick: Book) -> None:
    sent: list[tuple[str, RenderedMessage]] = []

    async def takes(address: str, message: RenderedMessage) -> Outcome:
        sent.append((address, message))
        return Delivered()

    mail = ContactWay(channel_kind("smtp", takes), ToldSettings(), per_hour=60)
    quick.form = Form(FormContacts(email=mail), "https://hub.example")
    await quick.groups()
    addresses = ("ada@example.org", "bo@example.org", "a@example.org\r\nBcc: x@example.org")
    for number, address in enumerate(addresses, 1):
        details = Subscriber(number=number, way="email", address=address, follows=(Follow(group="hackney"),))
        await quick.store(
            SubscriberKept(id=f"mail.{number}", at=NOW, subscriber=f"s{number}", details=details)
        )
    quick.start()
    end = await quick.tell("a1")
    assert (end.delivered, [o.reason for o in end.unsent]) == (2, ["bad_address"])
    links = {address: message.leave_url for address, message in sent}
    assert len(set(links.values())) == 2
    assert all(url.startswith("https://hub.example/leave/s") for url in links.values())
    assert all(message.leave_url in message.text for _, message in sent)


@needs_dovecot
async def test_a_mail_to_a_subscriber_that_comes_back_is_failed_in_the_ledger(quick: Book) -> None:
    async with MailHost(["bounces", "ada"]) as mails, a_host({"env:BOUNCES": PASSWORD}) as host:
        settings = SmtpSettings(
            host="127.0.0.1",
            port=mails.smtp_port,
            tls="none",
            sender=f"relay@{DOMAIN}",
            to=(f"stand-in@{DOMAIN}",),
            bounces_to=f"bounces@{DOMAIN}",
            bounces_mailbox=mails.mailbox_url("bounces"),
            bounces_password="env:BOUNCES",
        )
        mail = ContactWay(SmtpChannel, settings, per_hour=60)
        quick.form = Form(FormContacts(email=mail), "https://hub.example")
        quick.secrets = KnownSecrets({"env:INBOUND": "x", "env:BOUNCES": PASSWORD})
        quick.plugins = {**quick.plugins, "smtp": SmtpChannel}
        await quick.groups()
        for number, name in enumerate(("ada", "nobody"), 1):
            address, follows = f"{name}@{DOMAIN}", (Follow(group="hackney"),)
            details = Subscriber(number=number, way="email", address=address, follows=follows)
            await quick.store(
                SubscriberKept(id=f"mail.{number}", at=NOW, subscriber=f"s{number}", details=details)
            )
        notifier, stop = quick.start(deadline_s=5, lease_s=10), asyncio.Event()
        own = {mail.name: partial(mail.open, host)}
        fetching = Fetching(notifier.receipts, quick.directories[-1], notifier.caught_up, own=own)
        reading = asyncio.create_task(fetching.run(stop))
        end = await quick.tell("a1")
        assert end.delivered == 2
        await until(lambda: notifier.receipts.counted["smtp.failed"] == 1)
        assert fetching.health() == {"hub/smtp": {"state": "CONNECTED"}}
        stop.set()
        await reading
        (receipt,) = [r for r in await quick.ledger() if isinstance(r, DeliveryReceipted)]
        assert (receipt.group, receipt.arrived, receipt.reason) == ("hackney", "failed", "dsn_5_1_1")
        assert re.fullmatch(r"sub_email_en_i:\d+", receipt.recipient)


# --- providers, strangers, faults ---------------------------------------------------------------


async def test_whom_the_provider_calls_gone_is_forgotten(book: Book) -> None:
    await book.groups()
    await book.person(1, ADA, Follow(group="hackney"))
    Texts.next = {ADA: [HAS_LEFT]}
    book.start()
    end = await book.tell("a1")
    assert [o.reason for o in end.unsent] == ["has_left"]
    await book.holds(LEFT)
    assert (await book.tell("a2", incident_id="i2")).reason == "no_recipients"


async def test_a_join_that_comes_twice_is_one_and_two_stops_are_one_end(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await quick.says("JOIN E8", name="same")
    await quick.says("JOIN E8", name="same")
    await until(lambda: bool(texts()))
    await quick.says(code_in(texts()[0]))
    await quick.says("STOP")
    await quick.says("STOP")
    await quick.holds(LEFT)
    await until(lambda: len(texts()) == 4)
    assert [text.split()[0] for text in texts()] == ["Hackney:", "You're", "You", "You"]


async def test_nobody_gets_more_than_three_answers_an_hour_and_others_still_do(quick: Book) -> None:
    await quick.groups()
    quick.start()
    for _ in range(10):
        await quick.says("what is this?")
    await quick.says("HELP", BO)
    await quick.holds()
    assert (len(texts(ADA)), len(texts(BO))) == (3, 1)


async def test_whoever_asked_too_much_still_gets_their_code_and_hears_that_they_are_out(quick: Book) -> None:
    await quick.groups()
    quick.start()
    for _ in range(5):
        await quick.says("what is this?")
    await until(lambda: quick.books[0].health()["answers"].get("too_many") == 2)
    await quick.says("JOIN E8")
    await until(lambda: len(texts()) == 4)
    await quick.says(code_in(texts()[-1]))
    await until(lambda: len(texts()) == 5)
    for _ in range(5):
        await quick.says("STOP")
    await until(lambda: quick.books[0].health()["answers"].get("too_many") == 4)
    assert [text.split()[0] for text in texts()[3:]] == ["Hackney:", "You're", "You", "You", "You"]


async def test_the_page_and_the_link_work_and_a_wrong_code_does_not(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await quick.ask(
        SignedUp(way="join", address=ADA, language="fr", ticket="t1", group="hackney", place="E8")
    )
    await until(lambda: bool(texts()))
    await quick.ask(CodeGiven(ticket="t1", code="000000"))
    await until(lambda: len(texts()) == 2)
    await quick.ask(CodeGiven(ticket="t1", code=code_in(texts()[0])))
    await until(lambda: len(texts()) == 3)
    assert texts()[2].startswith("C'est fait")
    await quick.holds(KEPT)
    (seq, _) = (await quick.stored())[0]
    entry = await quick.bus.get("SUBSCRIBERS", seq)
    assert entry is not None
    (kept,) = decode_each(entry)
    assert isinstance(kept, SubscriberKept)
    await quick.ask(LeftByLink(subscriber="nobody"))
    await quick.ask(LeftByLink(subscriber=kept.subscriber))
    await quick.holds(LEFT)


async def test_one_mailbox_is_answered_three_times_an_hour_however_it_is_written(quick: Book) -> None:
    mail = ContactWay(channel_kind("smtp"), ToldSettings(), per_hour=60)
    quick.form = Form(FormContacts(email=mail), "https://hub.example")
    await quick.groups()
    quick.start()
    for n, address in enumerate(
        ("ada@example.org", "ADA@example.org", "ada+1@example.org", "Ada+2@example.org")
    ):
        await quick.ask(
            SignedUp(way="email", address=address, language="en", ticket=f"t{n}", group="hackney")
        )
    counts = {"delivered": 3, "too_many": 1}
    await until(lambda: quick.books[0].health()["answers"] == counts)


async def test_who_never_sends_the_code_is_forgotten_an_hour_after_it_is_over(quick: Book) -> None:
    await quick.groups()
    pending = Pending(ticket="t", until=NOW - ON_THE_WAY - timedelta(seconds=1), follows=(), language="en")
    details = Subscriber(number=1, way="join", address=ADA, pending=pending)
    await quick.store(SubscriberKept(id="old", at=NOW, subscriber="s1", details=details))
    quick.start()
    await quick.holds(LEFT)


async def test_a_code_sent_in_time_counts_though_the_hour_ends_before_it_is_decided(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quick.groups()
    pending = Pending(ticket="t", until=NOW, follows=(Follow(group="hackney"),), language="en")
    details = Subscriber(number=1, way="join", address=ADA, pending=pending)
    await quick.store(SubscriberKept(id="old", at=NOW, subscriber="s1", details=details))
    long_ago = NOW - timedelta(days=2)
    await quick.store(SubscriberLeft(id="gone", at=long_ago, subscriber="s9", why="asked"))
    await quick.ask(CodeGiven(ticket="t", code=code_of(quick.keyring.master, "t")))
    groups_known = slow_book(quick.bus, monkeypatch, 0, stream="DECISIONS")
    quick.start()
    async with asyncio.timeout(10):
        while await quick.bus.get("SUBSCRIBERS", 2) is not None:  # noqa: ASYNC110 - until it was swept once
            await asyncio.sleep(0.01)
    groups_known.set()
    await until(lambda: bool(texts()))
    assert texts()[0].startswith("You're in")
    await quick.holds(KEPT)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("said", ["JOIN E8", "STOP", "HELP"])
async def test_a_crash_between_two_steps_costs_a_second_answer_at_most_and_leaves_nothing(
    quick: Book, point: str, said: str
) -> None:
    await quick.groups()
    if said == "STOP":
        await quick.person(1, ADA, Follow(group="hackney"))
    await quick.says(said)
    reached = asyncio.Event()
    quick.fault = crash_at(point, reached)
    quick.start()
    await asyncio.wait_for(reached.wait(), 10)
    await quick.crash()
    quick.fault = lambda _name: None
    quick.start()
    await quick.holds(*{"JOIN E8": [KEPT], "STOP": [LEFT], "HELP": []}[said])
    assert 1 <= len(texts()) <= 2
    assert len(set(texts())) == 1


def crash_at(point: str, reached: asyncio.Event) -> Callable[[str], None]:
    def fault(name: str) -> None:
        if name == point:
            reached.set()
            raise Crash

    return fault


async def test_two_notifiers_decide_and_answer_each_request_once(book: Book) -> None:
    await book.groups()
    book.start(lease_s=5)
    book.start(lease_s=5)
    numbers = [f"+4477009001{n:02}" for n in range(20)]
    for number in numbers:
        await book.says("JOIN E8", number)
    await until(lambda: len(Texts.to) == 20)
    for number in numbers:
        await book.says(code_in(texts(number)[0]), number)
    await book.holds(*[KEPT] * 20)
    assert Counter(len(texts(number)) for number in numbers) == {2: 20}
    assert (await book.tell("a1")).delivered == 20
    assert Counter(len(texts(number)) for number in numbers) == {3: 20}


async def test_nats_away_and_lost_acknowledgements_delay_and_lose_nothing(memory_bus: MemoryBus) -> None:
    book = Book(memory_bus)
    await book.groups()
    book.start()
    await book.joins()
    memory_bus.go_away()
    stopping = asyncio.create_task(book.says("STOP"))
    await asyncio.sleep(0)
    memory_bus.come_back()
    await stopping
    memory_bus.fail_next(3)
    await book.holds(LEFT)
    await until(lambda: len(texts()) == 3)
    await book.crash()


async def test_what_cannot_be_read_is_named_and_holds_nobody_up(quick: Book) -> None:
    await quick.groups()
    for subject in ("subscribers.v1.asked", "subscribers.v1.kept"):
        await quick.bus.publish(Outgoing(subject, f"spoilt {subject}", b"{"))
    asked = SubscriptionAsked(id="q", at=NOW, content=Said(way="join", address=ADA, text="HELP"))
    sealed = await quick.keyring.seal(asked)
    await quick.bus.publish(encode(sealed.model_copy(update={"id": "moved"}), source="test"))
    await quick.says("HELP", BO)
    quick.start()
    await until(lambda: bool(texts(BO)))
    assert texts(ADA) == []
    assert await quick.bus.last_seq("DEAD") >= 2


@pytest.mark.parametrize("kind", ["kept", "left"])
async def test_whoever_may_only_ask_can_write_nothing_into_the_book(quick: Book, kind: str) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    details = Subscriber(number=2, way="join", address=BO, follows=(Follow(group="hackney"),))
    kept = SubscriberKept(id="forged", at=NOW, subscriber="s2", details=details)
    left = SubscriberLeft(id="forged", at=NOW, subscriber="s1", why="asked")
    forged = encode(await quick.keyring.seal(kept if kind == "kept" else left), source="test")
    await quick.bus.publish(replace(forged, subject=SUBSCRIPTIONS_ASKED))
    quick.start()
    assert (await quick.tell("a1")).delivered == 1
    assert (len(texts(ADA)), len(texts(BO))) == (1, 0)
    assert await quick.bus.last_seq("DEAD") == 1


async def test_who_joins_late_hears_once_what_goes_on_and_then_its_end(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await quick.tell("a1")
    await quick.tell("gone", incident_id="i2")
    await quick.tell("gone-over", incident_id="i2", kind="OVER", status="officers_left")
    await quick.joins()
    await until(lambda: len(texts()) == 3)
    assert texts()[2].startswith("CONFIRMED"), "what goes on, and not what is over"
    await quick.holds(KEPT)
    await quick.crash()
    quick.start()
    assert (await quick.tell("over", kind="OVER", status="officers_left")).delivered == 1
    assert texts()[3].startswith("OVER")
    late = [r for r in await quick.ledger() if r.alert_id.startswith("late-")]
    assert [r.type.split(".")[0] for r in late] == ["alert", "chunk", "chunk", "alert"]


async def test_who_joins_late_gets_the_state_in_one_message(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await quick.tell("a1")
    await quick.tell("a2", kind="UPDATE")
    await quick.joins()
    await until(lambda: len(texts()) == 3)
    assert texts()[2].startswith("CONFIRMED"), "they have not heard of it before"


@pytest.mark.parametrize("held", [False, True])
async def test_the_end_reaches_those_whom_another_notifier_froze_first_and_not_our_own_choice(
    quick: Book, monkeypatch: pytest.MonkeyPatch, *, held: bool
) -> None:
    await quick.groups()
    await quick.person(1, ADA, Follow(group="hackney"))
    await quick.person(2, BO, Follow(group="hackney"))
    first_is_another(quick, monkeypatch, "a1", number=2)
    quick.start()
    await quick.store(KillSwitch(id="k1", at=NOW, member="m1", group="hackney", stopped=held))
    await quick.alert("a1", audience="community", kind="CONFIRMED", status="confirmed")
    async with asyncio.timeout(10):
        while not await quick.ledger():  # noqa: ASYNC110 - the ledger
            await asyncio.sleep(0.01)
    await quick.store(KillSwitch(id="k2", at=NOW, member="m1", group="hackney", stopped=False))
    await quick.settled("a1")
    assert (await quick.tell("over", kind="OVER", status="officers_left")).delivered == 1
    assert [text.split()[0] for text in texts(BO)] == ["CONFIRMED", "OVER"]
    assert texts(ADA) == [], "who was not told that it began is not told that it ended"


def first_is_another(book: Book, monkeypatch: pytest.MonkeyPatch, alert_id: str, *, number: int) -> None:
    """Another notifier, which knew only that person, freezes the alert's recipients a moment before ours."""
    publish, kin = book.bus.publish, Kin("join", "en", "information")
    names = tuple(chunked(kin, [pseudonym(book.keyring.master.tag, number, NOW.date())], 1))
    theirs = encode(expanded(an_alert(alert_id, audience="community"), Bill(names), NOW), source="test")

    async def storing(message: Outgoing, **how: Any) -> Stored:
        if message.msg_id == theirs.msg_id:
            await publish(theirs)
        return await publish(message, **how)

    monkeypatch.setattr(book.bus, "publish", storing)


async def late_records(book: Book) -> list[Any]:
    return [r for r in await book.ledger() if r.alert_id.startswith("late-")]


async def late_ends(book: Book, most: int = 1) -> list[AlertSettled]:
    """How it ended for so many who joined late; of none: once somebody was tried to be told."""
    async with asyncio.timeout(20):
        while True:
            records = await late_records(book)
            ends = [r for r in records if isinstance(r, AlertSettled)]
            if len(ends) >= most and any(isinstance(r, ChunkSettled) for r in records):
                return ends
            await asyncio.sleep(0.02)


async def late_end(book: Book) -> AlertSettled:
    """How it ended for the one who joined late, once it has."""
    return (await late_ends(book))[0]


@pytest.mark.parametrize(("point", "copies"), [("notifier.after_claim", 1), ("notifier.after_send", 2)])
async def test_who_joined_late_is_told_though_it_crashed_after_the_claim(
    quick: Book, point: str, copies: int
) -> None:
    await quick.groups()
    reached = asyncio.Event()
    quick.start(fault=crash_at(point, reached))
    await quick.tell("a1")
    await quick.joins()
    await asyncio.wait_for(reached.wait(), 10)
    await quick.crash()
    quick.start()
    end = await late_end(quick)
    assert (end.delivered, end.reason) == (1, "done")
    assert [text.split()[0] for text in texts()].count("CONFIRMED") == copies
    claims = [r for r in await late_records(quick) if isinstance(r, ChunkClaimed)]
    assert [claim.attempt for claim in claims] == [1, 2]
    assert len({claim.claimant for claim in claims}) == 2, "each notifier claims under its own name"
    await quick.holds(KEPT)
    assert (await quick.tell("over", kind="OVER", status="officers_left")).delivered == 1


@pytest.mark.parametrize(
    ("says", "end"),
    [
        ([RetryLater("http_503")] * 2, (1, "done", [])),
        ([RetryLater("http_503")] * 9, (0, "expired", ["expired"])),
        ([Unknown("timeout")], (1, "done", [])),
        ([Unknown("timeout")] * 3, (0, "flagged", ["ambiguous_twice"])),
    ],
)
async def test_what_a_provider_says_of_a_late_message_is_taken_as_of_any_other(
    quick: Book, says: list[Outcome], end: tuple[int, str, list[str]]
) -> None:
    await quick.groups()
    quick.start(sleep=lambda s: asyncio.sleep(min(s, 0.01)))
    await quick.tell("a1")
    Texts.next = {ADA: [Delivered("code"), Delivered("joined"), *says]}
    await quick.joins()
    found = await late_end(quick)
    assert (found.delivered, found.reason, [o.reason for o in found.unsent]) == end
    assert await quick.bus.last_seq("DEAD") == (1 if found.reason == "flagged" else 0)


async def test_a_pause_that_the_provider_asks_for_holds_whoever_joins_late_too(quick: Book) -> None:
    await quick.groups()
    quick.start(jitter=lambda: 0.0)
    await quick.tell("a1")
    Texts.next = {ADA: [Delivered("code"), Delivered("joined"), RetryLater("http_429", 1.5)]}
    await quick.joins()
    await late_ends(quick, 0)
    await quick.joins(address=BO)
    assert [end.delivered for end in await late_ends(quick, 2)] == [1, 1]
    records = await late_records(quick)
    asked = next(r.at for r in records if isinstance(r, ChunkSettled) and r.outcomes[0].retry_after_s)
    after = [r.at for r in records if isinstance(r, ChunkClaimed) and r.at >= asked]
    assert len(after) == 2
    assert min(after) >= asked + timedelta(seconds=1.4)


@pytest.mark.parametrize("by", ["its end", "a merge"])
async def test_who_joins_late_and_has_to_wait_is_not_told_what_is_overtaken_by_then(
    quick: Book, by: str
) -> None:
    await quick.groups()
    quick.start(jitter=lambda: 0.0)
    await quick.tell("a1")
    Texts.next = {ADA: [Delivered("code"), Delivered("joined"), RetryLater("http_429", 1.0)]}
    await quick.joins()
    await until(lambda: not Texts.next[ADA])
    await quick.joins(address=BO)
    if by == "a merge":
        event = {"id": "m1", "at": NOW, "incident_id": "i2", "absorbed": "i1", "member": "ada"}
        await quick.store(IncidentMerged.model_validate(event))
    await quick.tell("a2", kind="OVER", status="officers_left", incident_id="i2" if "merge" in by else "i1")
    (ended,) = await late_ends(quick, 1)
    assert [o.reason for o in ended.unsent] == ["superseded"]
    await quick.holds(KEPT, KEPT)
    assert [text.split()[0] for text in (*texts(), *texts(BO))].count("CONFIRMED") == 0
    assert [text.split()[0] for text in texts(BO)].count("OVER") == 0, "who never heard of it"


async def test_who_joins_again_is_not_told_again_of_what_goes_on(quick: Book) -> None:
    await quick.groups()
    quick.start()
    await quick.tell("a1")
    await quick.joins()
    await late_end(quick)
    await quick.holds(KEPT)
    before = len(texts())
    await quick.says("JOIN E5")
    await until(lambda: len(texts()) > before)
    await quick.says(code_in(texts()[-1]))
    await until(lambda: texts()[-1].startswith("You're in"))
    await quick.holds(KEPT)
    assert [text.split()[0] for text in texts()].count("CONFIRMED") == 1
    claims = [r for r in await late_records(quick) if isinstance(r, ChunkClaimed)]
    assert len(claims) == 1


async def test_who_joins_while_the_others_are_being_chosen_hears_it_once(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quick.groups()
    quick.start()
    audience = quick.books[0].audience
    chosen, begun = audience.chosen, asyncio.Event()

    async def choosing(*news: Any, only: Any = None) -> Any:
        if only is None:
            begun.set()
            await until(lambda: any("You're in" in text for text in texts()))
            for _ in range(500):  # so many turns has the one who joined to be told first
                await asyncio.sleep(0)
        return await chosen(*news, only=only)

    monkeypatch.setattr(audience, "chosen", choosing)
    await quick.says("JOIN E8")
    await until(lambda: bool(texts()))
    await quick.alert("a1", audience="community", kind="CONFIRMED", status="confirmed")
    await begun.wait()
    await quick.says(code_in(texts()[0]))
    assert (await quick.settled("a1"))[0].delivered == 1
    await quick.holds(KEPT)
    assert [text.split()[0] for text in texts()] == ["Hackney:", "You're", "CONFIRMED"]
    assert await late_records(quick) == []


@pytest.mark.parametrize("said", [None, RetryLater("http_503"), Unknown("timeout")])
async def test_a_late_message_that_nobody_goes_on_with_gets_its_last_record(
    quick: Book, monkeypatch: pytest.MonkeyPatch, said: Outcome | None
) -> None:
    monkeypatch.setattr(subscribers, "_LOOK_S", 0.01)
    await quick.groups()
    names = tuple(chunked(Kin("join", "en", "information"), [7], 1))
    mine = an_alert("late-1", audience="community")
    claim = claimed(mine, 0, attempt=1, recipients=names[0], claimant="n1", at=NOW)
    await quick.store(expanded(mine, Bill(names), NOW))
    await quick.store(claim)
    if said is not None:
        await quick.store(settled(claim, (as_record(names[0][0], "texts", said),), NOW))
    hours = itertools.count(0, 60)
    quick.start(monotonic=lambda: float(next(hours)))
    async with asyncio.timeout(20):
        while not isinstance(end := (await late_records(quick))[-1], AlertSettled):  # noqa: ASYNC110 - the ledger
            await asyncio.sleep(0.02)
    result = "rejected" if isinstance(said, RetryLater) else "unknown"
    assert (end.delivered, end.reason) == (0, "expired")
    assert [(o.result, o.reason) for o in end.unsent] == [(result, "left_over")]
    assert texts() == []


async def test_a_notifier_that_was_cut_off_for_a_day_begins_anew_rather_than_write_to_who_left(
    memory_bus: MemoryBus,
) -> None:
    book = Book(memory_bus)
    book.book_clock = clock = SetClock()
    await book.groups()
    book.start()
    run = book.running[-1]
    await book.joins()
    memory_bus.go_away()
    clock.time += timedelta(hours=22)
    memory_bus.come_back()
    await book.joins(address=BO)
    memory_bus.go_away()
    clock.time += timedelta(hours=24)
    memory_bus.come_back()
    with pytest.raises(MissedTooMuchError, match="begins anew"):
        await asyncio.wait_for(run, 10)
    await book.crash()


@pytest.mark.parametrize("stopped_by", ["hackney", HUB, "unreadable"])
async def test_while_a_kill_switch_is_on_or_unreadable_who_joins_late_is_told_nothing(
    quick: Book, monkeypatch: pytest.MonkeyPatch, stopped_by: str
) -> None:
    await quick.groups()
    quick.start()
    await quick.tell("a1")
    if stopped_by == "unreadable":
        blind(quick.bus, monkeypatch)
    else:
        await quick.store(KillSwitch(id="k1", at=NOW, member="m1", group=stopped_by, stopped=True))
    await quick.joins()
    await quick.holds(KEPT)
    assert len(texts()) == 2, "the code and that they are in, and nothing of an incident"
    assert [r for r in await quick.ledger() if r.alert_id.startswith("late-")] == []


def blind(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nobody can read what lies in DESK."""
    last = bus.last

    async def reading(stream: str, pattern: str) -> Entry | None:
        if stream == "DESK":
            raise BusUnavailableError
        return await last(stream, pattern)

    monkeypatch.setattr(bus, "last", reading)


async def test_after_a_restart_every_chunk_finds_its_people_though_all_look_at_once(quick: Book) -> None:
    await quick.groups()
    numbers = [f"+44770{n:07}" for n in range(1_500)]
    for n, number in enumerate(numbers, 1):
        await quick.person(n, number, Follow(group="hackney"))
    Texts.next = {number: [RetryLater("not_sent")] for number in numbers}
    quick.start(lease_s=30)
    await quick.alert("a1", audience="community", kind="CONFIRMED", status="confirmed")
    await until(lambda: not Texts.next[numbers[0]])
    await quick.crash()
    Texts.next = {}
    quick.start(sleep=lambda s: asyncio.sleep(min(s, 0.01)), lease_s=0.4)
    end = (await quick.settled("a1", within_s=60))[0]
    assert (end.delivered, end.unsent) == (1_500, ())
