"""A group's subscribers for whoever has the notifier's rights and the hub's keys: listed, counted, out, in.

Guarantees: no more of the whole book is held than where each entry stands, and one entry is in clear at a
time; the ledger says that it was opened before it is; a list goes in by the notifier's own decisions.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final, Literal

from services.notifier.decide.figures import Figures
from services.notifier.decide.list_file import Contact
from services.notifier.decide.pseudo import EMAIL, pseudonym
from services.notifier.settings import NotifierSettings
from services.notifier.subscribers.following import STREAM
from shared.bus import open_bus
from shared.clock import SystemClock
from shared.contacts import EmailAddress, Reach, contact_of
from shared.contracts.base import GroupId
from shared.contracts.catalog import SUBSCRIPTIONS_KEPT, TOLD, decode_each, encode
from shared.contracts.groups import GroupDefined
from shared.contracts.ledger import SubscribersCounted, SubscribersOpened
from shared.contracts.subscribers import (
    Imported,
    Subscriber,
    SubscriberKept,
    SubscriberLeft,
    SubscriptionImported,
)
from shared.errors import MalformedMessageError
from shared.plugins.bridge_file import BridgeEntry, read_bridges
from shared.plugins.contacts_file import read_contacts
from shared.ports import Bus, Clock, Entry
from shared.sealing import Keyring, load_master_key

_PATIENCE_S: Final = 60.0
AT_ONCE: Final = 128
"""Rows that may well be handed in together."""
_MOST_ADDRESS: Final = 320
_DEFINED: Final = frozenset({"group.defined.v1"})
Act = Literal["listed", "exported", "imported"]


class Lists:
    """The book, opened beside the notifier."""

    def __init__(self, bus: Bus, keyring: Keyring, clock: Clock, is_sms: Callable[[str], bool]) -> None:
        self._bus, self._keyring, self._clock, self._is_sms = bus, keyring, clock, is_sms

    async def has_group(self, group: GroupId) -> bool:
        """Whether there is such a group."""
        async for entry in _to_the_end(self._bus, "DECISIONS", TOLD):
            for message in decode_each(entry, wanted=_DEFINED):
                if isinstance(message, GroupDefined) and message.group == group:
                    return True
        return False

    async def note(self, group: GroupId, act: Act) -> None:
        """Say in the ledger, where the group can see it, what is about to be done."""
        name = f"opened.{group}.{secrets.token_hex(8)}"
        record = SubscribersOpened(id=name, at=self._clock.now(), group=group, act=act)
        await self._bus.publish(encode(record, source="notifier"))

    async def people(self, group: GroupId) -> AsyncIterator[Subscriber]:
        """Everybody who follows the group, one after the other."""
        stands = await self._stands()
        latest = frozenset(stands.values())
        async for entry in _to_the_end(self._bus, STREAM, SUBSCRIPTIONS_KEPT):
            if entry.seq in latest and (person := await self._person(entry)) and _follows(person, group):
                yield person

    async def count(self, group: GroupId) -> SubscribersCounted:
        """How many there are, as the group's page says it."""
        figures = Figures(group, self._is_sms)
        async for person in self.people(group):
            figures.add(person)
        return figures.record(f"counted.{group}.now", self._clock.now())

    def called(self, person: Subscriber) -> int:
        """What today's ledger calls them."""
        return pseudonym(self._keyring.master.tag, person.number, self._clock.now().date())

    async def hand_in(self, rows: Sequence[Imported]) -> None:
        """Hand these in, all at once; the notifier decides about each. Within a day the same line is one."""
        await asyncio.gather(*map(self._store, rows))

    async def _store(self, row: Imported) -> None:
        name = self._keyring.master.tag("imported", row.group, row.way, row.address).hex()[:32]
        message = SubscriptionImported(id=f"imported.{name}", at=self._clock.now(), content=row)
        sealed = await self._keyring.seal(message)
        await self._bus.publish(encode(sealed, source="notifier"), patience_s=_PATIENCE_S)

    async def _stands(self) -> dict[str, int]:
        """Where each person's entry stands that counts."""
        stands: dict[str, int] = {}
        async for entry in _to_the_end(self._bus, STREAM, SUBSCRIPTIONS_KEPT):
            for message in decode_each(entry):
                if isinstance(message, SubscriberKept):
                    stands[message.subscriber] = entry.seq
                elif isinstance(message, SubscriberLeft) and not _is_newer(stands, message):
                    stands.pop(message.subscriber, None)
        return stands

    async def _person(self, entry: Entry) -> Subscriber | None:
        for message in decode_each(entry):
            if isinstance(message, SubscriberKept):
                try:
                    details = (await self._keyring.open(message)).details
                except MalformedMessageError:
                    return None
                return details if isinstance(details, Subscriber) else None
        return None


def _is_newer(stands: dict[str, int], end: SubscriberLeft) -> bool:
    """Whether the entry came after what time has ended."""
    return end.entry is not None and stands.get(end.subscriber, 0) > end.entry


def _follows(person: Subscriber, group: GroupId) -> bool:
    return any(follow.group == group for follow in person.follows)


async def _to_the_end(bus: Bus, stream: str, subject: str) -> AsyncIterator[Entry]:
    """What stands there now, in order."""
    last = await bus.last(stream, subject)
    if last is None:
        return
    async with aclosing(bus.read(stream, subjects=[subject])) as entries:
        async for entry in entries:
            yield entry
            if entry.seq >= last.seq:
                return


@asynccontextmanager
async def opened(settings: NotifierSettings) -> AsyncIterator[tuple[Lists, Contact]]:
    """The book by the notifier's own settings, and what a typed contact is to this hub."""
    master = load_master_key(settings.master_key_file, production=settings.production)
    bridges = read_bridges(settings.ingest_bridges_file)
    contacts = read_contacts(settings.ingest_contacts_file, bridges, form_url=settings.ingest_public_url)
    clock, numbers = SystemClock(), by_number(bridges)
    async with await open_bus(settings, "subscribers") as bus:
        keyring = Keyring(master, bus, clock, source="notifier")
        await keyring.verify_master(leave_mark=False)
        lists = Lists(bus, keyring, clock, lambda way: way in numbers)
        yield lists, contacts_of(bridges, email=contacts.email is not None)


def by_number(bridges: Mapping[str, BridgeEntry]) -> dict[str, tuple[str, ...]]:
    """The ways that reach phone numbers, and of which countries."""
    return {
        name: entry.subscriptions.countries
        for name, entry in bridges.items()
        if entry.subscriptions and entry.plugin.spec.senders == "number"
    }


def contacts_of(bridges: Mapping[str, BridgeEntry], *, email: bool) -> Contact:
    """Which contacts the hub can write to, and by which way."""
    numbers = by_number(bridges)
    accounts = {name for name, entry in bridges.items() if entry.subscriptions} - numbers.keys()

    def contact(typed: str, way: str) -> tuple[str, str] | None:
        if way in accounts:  # an id, as its own bridge wrote it
            return (way, typed) if typed.isprintable() and 0 < len(typed) <= _MOST_ADDRESS else None
        if way not in {"", EMAIL, *numbers}:
            return None
        number = way if way in numbers else next(iter(numbers), "")
        countries = numbers[number] if number and way != EMAIL else ()
        found = contact_of(typed, Reach(email=email and way in {"", EMAIL}, countries=countries))
        if found is None:
            return None
        return (EMAIL if isinstance(found, EmailAddress) else number), found.text

    return contact
