"""Sealing: what is sealed opens again, only in its own place, and never after its key is gone."""

import asyncio
import base64
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import (
    BridgeId,
    GroupId,
    IncidentId,
    KeyId,
    MemberId,
    Place,
    Position,
    ReportId,
    Sealed,
)
from shared.contracts.catalog import decode, encode
from shared.contracts.desk import Confirm, Statement
from shared.contracts.groups import MemberAdded, MemberName
from shared.contracts.incidents import IncidentOpened, IncidentPlace, InputDecided, InputRef
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.contracts.subscribers import Subscriber, SubscriberKept
from shared.errors import BusRefusedError, KeyUnavailableError, MalformedMessageError, SettingsError
from shared.ports import Entry, Outgoing, Stored
from shared.sealing import Keyring, MasterKey, load_master_key, make_unsafe_key_file
from shared.testing.bus import MemoryBus

NOON = datetime(2026, 5, 14, 12, 10, tzinfo=UTC)
MARK = "MARKED-7f3a vans in the yard +447700900123"


class SetClock:
    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def keyring(bus: MemoryBus, clock: SetClock | None = None, raw: bytes = b"k" * 32) -> Keyring:
    return Keyring(MasterKey(raw), bus, clock or SetClock(), source="test")


def report(name: str = "r1", text: str = MARK) -> ReportReceived:
    return ReportReceived(
        id=name,
        at=NOON,
        report_id=ReportId(name),
        bridge=BridgeId("form"),
        content=ReportContent(text=text, sender="abc", position=Position(lat=51.5, lon=-0.07)),
        contact=ReportContact(address="+447700900123"),
    )


async def test_a_sealed_report_opens_in_another_process_and_shows_nothing_on_the_wire() -> None:
    bus = MemoryBus()
    wire = encode(await keyring(bus).seal(report()), source="ingest").body
    assert b"MARKED" not in wire
    assert b"07700" not in wire
    assert await keyring(bus).open(decode(wire)) == report()


@given(text=st.text(max_size=300))
async def test_any_text_survives(text: str) -> None:
    ring = keyring(MemoryBus())
    sealed = await ring.seal(report(text=text))
    assert (await ring.open(sealed)).content == report(text=text).content


async def test_a_box_moved_to_another_message_or_field_does_not_open() -> None:
    ring = keyring(MemoryBus())
    one, other = await ring.seal(report("r1")), await ring.seal(report("r2"))
    moved = other.model_copy(update={"content": one.content})
    with pytest.raises(MalformedMessageError, match="content cannot be opened"):
        await ring.open(moved)
    swapped = one.model_copy(update={"content": one.contact})
    with pytest.raises(MalformedMessageError):
        await ring.open(swapped)


@given(at=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
async def test_a_flipped_byte_is_noticed(at: int, flip: int) -> None:
    ring = keyring(MemoryBus())
    sealed = await ring.seal(report())
    assert isinstance(sealed.content, Sealed)
    box = bytearray(base64.urlsafe_b64decode(sealed.content.box))
    box[at % len(box)] ^= flip
    hurt = Sealed(key=sealed.content.key, box=base64.urlsafe_b64encode(bytes(box)).decode())
    with pytest.raises(MalformedMessageError):
        await ring.open(sealed.model_copy(update={"content": hurt}))


async def test_keys_rotate_with_the_hour_and_die_at_their_age() -> None:
    bus, clock = MemoryBus(), SetClock()
    ring = keyring(bus, clock)
    first = await ring.seal(report("r1"))
    clock.moment = NOON + timedelta(hours=1)
    second = await ring.seal(report("r2"))
    assert isinstance(first.content, Sealed)
    assert isinstance(second.content, Sealed)
    assert first.content.key != second.content.key

    assert await ring.destroy_outlived(NOON + timedelta(hours=71)) == []
    gone = await ring.destroy_outlived(NOON + timedelta(hours=73, minutes=50))
    assert [k.split("-")[0] for k in gone] == ["contact", "contact"]
    fresh = keyring(bus, clock)
    half = await fresh.open(first)
    assert half.contact is None
    assert half.content == report().content
    assert len(await ring.destroy_outlived(NOON + timedelta(days=14, hours=1))) == 1
    assert (await keyring(bus, clock).open(first)).content is None
    assert (await keyring(bus, clock).open(second)).content is not None


async def test_an_incidents_key_is_shared_by_all_processes_and_dies_with_it() -> None:
    bus = MemoryBus()
    command = Confirm(
        id="c1",
        at=NOON,
        member=MemberId("m1"),
        group=GroupId("hackney"),
        incident_id=IncidentId("i1"),
        statement=Statement(text=MARK),
    )
    one, two = keyring(bus), keyring(bus)
    by_one, by_two = await one.seal(command), await two.seal(command)
    assert await one.open(by_two) == await two.open(by_one) == command
    assert await bus.subjects("KEYS", "keys.v1.>") == {"keys.v1.incident-i1": 1}
    assert await one.destroy(KeyId("incident-i1"))
    assert not await one.destroy(KeyId("incident-i1"))
    assert (await keyring(bus).open(by_one)).statement is None
    with pytest.raises(KeyUnavailableError):
        await keyring(bus).seal(command)


async def test_a_members_name_has_a_key_of_its_own() -> None:
    bus = MemoryBus()
    added = MemberAdded(
        id="e1", at=NOON, member=MemberId("m9"), roles={}, token_sha256="0" * 64, name=MemberName(name="Ayşe")
    )
    sealed = await keyring(bus).seal(added)
    assert isinstance(sealed.name, Sealed)
    assert sealed.name.key == "member-m9"


async def test_a_message_without_private_parts_is_left_as_it_is() -> None:
    event = InputDecided(
        id="REPORTS.1.0",
        at=NOON,
        input=InputRef(stream="REPORTS", seq=1),
        outcome="ignored",
        reason="chatter",
    )
    ring = keyring(MemoryBus())
    assert await ring.seal(event) is event
    assert await ring.open(event) is event


async def test_another_master_key_is_told_so() -> None:
    bus = MemoryBus()
    sealed = await keyring(bus).seal(report())
    with pytest.raises(KeyUnavailableError, match="another master key"):
        await keyring(bus, raw=b"x" * 32).open(sealed)


def test_keyed_hashes_differ_by_purpose_and_by_the_parts_limits() -> None:
    key = MasterKey(b"k" * 32)
    assert key.tag("a", "bc") != key.tag("ab", "c")
    assert key.tag("sender", "x", "y") != key.tag("sender", "xy")
    assert key.tag("sender", "x") == MasterKey(b"k" * 32).tag("sender", "x")


def test_the_unsafe_key_file_works_for_trying_out_and_is_refused_in_production(tmp_path: Path) -> None:
    file = tmp_path / "unsafe-master.key"
    make_unsafe_key_file(file)
    before = file.read_text()
    make_unsafe_key_file(file)
    assert file.read_text() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    load_master_key(file, production=False)
    with pytest.raises(SettingsError, match=r"RELAY_MASTER_KEY_FILE"):
        load_master_key(file, production=True)


@pytest.mark.parametrize(
    ("content", "says"),
    [("short", "openssl rand"), ("", "openssl rand"), (base64.b64encode(b"x" * 16).decode(), None)],
)
def test_a_weak_key_file_is_refused_with_the_remedy(tmp_path: Path, content: str, says: str | None) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    if says is None:
        load_master_key(file, production=True)  # 24 characters: a passphrase long enough
        return
    with pytest.raises(SettingsError, match=says):
        load_master_key(file, production=True)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load_master_key(tmp_path / "nowhere", production=False)


def opened(incident: str) -> IncidentOpened:
    place = Place(lat=51.5, lon=-0.07, radius_m=40, how="street", label=MARK)
    return IncidentOpened(
        id=f"REPORTS.1.{incident}",
        at=NOON,
        incident_id=IncidentId(incident),
        code="D7K",
        groups=(),
        where=IncidentPlace(place=place),
    )


async def test_two_routers_that_open_the_same_incidents_seal_under_the_same_keys() -> None:
    bus = MemoryBus()
    events = [opened("i1"), opened("i2")]
    new = {event.incident_id for event in events}
    one, two = keyring(bus), keyring(bus)
    by_one, by_two = await asyncio.gather(one.seal_all(events, new=new), two.seal_all(events, new=new))
    again = await one.seal_all(events, new=new)
    assert await bus.subjects("KEYS", "keys.v1.>") == {"keys.v1.incident-i1": 1, "keys.v1.incident-i2": 1}
    reader = keyring(bus)
    for sealed in (by_one, by_two, again):
        assert [await reader.open(message) for message in sealed] == events


class AskedBus(MemoryBus):
    """Counts how often a key was asked for, and tells that it was stored only after the test allows it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.may_store = asyncio.Event()
        self.may_store.set()

    async def last(self, stream: str, pattern: str) -> Entry | None:
        self.asked += 1
        return await super().last(stream, pattern)

    async def publish(self, message: Outgoing, *, patience_s: float = 10.0) -> Stored:
        await self.may_store.wait()
        return await super().publish(message, patience_s=patience_s)


async def test_sealed_messages_are_given_out_only_when_their_key_is_stored() -> None:
    bus = AskedBus()
    bus.may_store.clear()
    sealing = asyncio.create_task(keyring(bus).seal_all([opened("i1")], new={IncidentId("i1")}))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not sealing.done()
    bus.may_store.set()
    assert await keyring(bus).open((await sealing)[0]) == opened("i1")


async def test_a_key_that_could_not_be_stored_seals_nothing_later() -> None:
    bus = AskedBus()
    ring = keyring(bus)
    bus.refuse_next()
    with pytest.raises(BusRefusedError):
        await ring.seal_all([opened("i1")], new={IncidentId("i1")})
    (sealed,) = await ring.seal_all([opened("i1")], new={IncidentId("i1")})
    assert await keyring(bus).open(sealed) == opened("i1")


async def test_who_follows_the_keys_need_not_ask_for_a_new_one_and_still_learns_of_its_end() -> None:
    bus, clock, stop = AskedBus(), SetClock(), asyncio.Event()
    old = await keyring(bus).seal(opened("i0"))
    reader = keyring(bus, clock)
    following = asyncio.create_task(reader.follow(stop))
    await asyncio.sleep(0.01)
    (sealed,) = await keyring(bus).seal_all([opened("i1")], new={IncidentId("i1")})
    await asyncio.sleep(0.01)
    bus.asked = 0
    assert await reader.open(sealed) == opened("i1")
    assert bus.asked == 0
    assert await reader.open(old) == opened("i0")
    assert bus.asked == 1
    await keyring(bus).destroy(KeyId("incident-i1"))
    clock.moment += timedelta(minutes=6)
    gone = await reader.open(sealed)
    assert isinstance(gone, IncidentOpened)
    assert gone.where is None
    stop.set()
    await following


async def test_following_waits_while_the_bus_is_away() -> None:
    bus, stop = MemoryBus(), asyncio.Event()
    bus.go_away()
    following = asyncio.create_task(keyring(bus).follow(stop))
    await asyncio.sleep(0.01)
    assert not following.done()
    stop.set()
    await asyncio.wait_for(following, 5)


async def test_a_process_with_another_master_key_does_not_begin() -> None:
    bus = MemoryBus()
    await keyring(bus).verify_master()
    await keyring(bus).verify_master()
    with pytest.raises(KeyUnavailableError, match="another master key; start with the one"):
        await keyring(bus, raw=b"x" * 32).verify_master()


async def test_a_process_that_may_not_issue_keys_leaves_the_mark_to_others() -> None:
    bus = MemoryBus()
    await keyring(bus).verify_master(leave_mark=False)
    assert await bus.last_seq("KEYS") == 0


# --- a key of its own ---------------------------------------------------------------------------


def kept(name: str = "of.1", address: str = MARK) -> SubscriberKept:
    details = Subscriber(number=1, way="sms", address=address)
    return SubscriberKept(id=name, at=NOON, subscriber="s1", details=details)


async def test_a_subscriber_is_sealed_under_a_key_that_lies_in_the_same_message_alone() -> None:
    bus = MemoryBus()
    first, again = await keyring(bus).seal(kept()), await keyring(bus).seal(kept())
    assert isinstance(first.details, Sealed)
    assert first.details != again.details, "a fresh key each time"
    assert MARK.encode() not in encode(first, source="test").body
    assert await bus.last_seq("KEYS") == 0, "no other stream holds anything that would open it"
    assert await keyring(MemoryBus()).open(first) == kept()


async def test_its_box_fits_into_no_other_message_and_opens_by_no_other_master_key() -> None:
    sealed = await keyring(MemoryBus()).seal(kept())
    with pytest.raises(MalformedMessageError):
        await keyring(MemoryBus()).open(sealed.model_copy(update={"id": "of.2"}))
    with pytest.raises(MalformedMessageError):
        await keyring(MemoryBus(), raw=b"x" * 32).open(sealed)


@pytest.mark.parametrize("box", ["", ".", "nothing", "not base64!.AAAA", "AAAA.AAAA"])
async def test_a_box_that_is_none_is_an_error_and_no_guess(box: str) -> None:
    spoilt = kept().model_copy(update={"details": Sealed(key="own", box=box)})
    with pytest.raises(MalformedMessageError):
        await keyring(MemoryBus()).open(spoilt)
