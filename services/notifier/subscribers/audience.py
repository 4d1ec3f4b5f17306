"""Whom of the subscribers an alert is for, and the way to each of them at the moment of sending.

Guarantees: an address is looked up in the book when it is sent to and not before, so that whoever left in
between gets nothing more; nobody is taken for gone before all that stands in the stream is read; long lists
give way to other work every few milliseconds.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from services.notifier.decide.book import Book, Person
from services.notifier.decide.expand import position_of
from services.notifier.decide.matching import News, counted, told_how
from services.notifier.decide.pseudo import EMAIL, Kin, pseudonym
from services.notifier.decide.told import Heard, Told
from services.notifier.delivery import ForSubscribers
from services.notifier.subscribers.ways import Ways
from shared.contracts.base import AlertId, GroupId, IncidentId
from shared.contracts.ledger import AlertExpanded
from shared.plugins.sms import HAS_LEFT
from shared.plugins.spec import Outcome, RenderedMessage, Spec
from shared.sealing import MasterKey
from shared.subscribing import leave_path
from shared.words.subscribers import ending

_SLICE: Final = 500
_DAYS_KEPT: Final = 200
"""Pairs of group and day whose pseudonyms are held; others are worked out anew."""
Gone = Callable[[Person], None]


class Audience:
    """Chooses subscribers for alerts, and finds them again by what the ledger calls them."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        book: Book,
        ways: Ways,
        master: MasterKey,
        *,
        front_url: str,
        gone: Gone,
        caught_up: Callable[[], Awaitable[None]],
    ) -> None:
        self._book, self._ways, self._master = book, ways, master
        self._front_url, self._gone, self._caught_up = front_url.rstrip("/"), gone, caught_up
        self.told = Told()
        self.frozen: set[AlertId] = set()
        """Alerts of which the ledger says whom they go to."""
        self._names: dict[tuple[GroupId, date], dict[int, str]] = {}
        self._scanned: dict[tuple[GroupId, date], int] = {}
        self._scanning = asyncio.Lock()

    def learn(self, record: AlertExpanded, *, stored: bool = True) -> None:
        """Recipients are frozen, or about to be: remember who was told of what."""
        if stored:
            self.frozen.add(record.alert_id)
        if record.incident_id is not None and record.audience == "community":
            day = record.at.date()
            self.told.learn(record.incident_id, record.group, day, record.alert_id, record.chunks)

    async def chosen(
        self,
        news: News,
        incidents: Collection[IncidentId],
        others: tuple[News, ...],
        at: datetime,
        *,
        only: Person | None = None,
    ) -> ForSubscribers:
        """Those whom this news is for, in kin, by their pseudonyms of the day; `incidents` are one.

        `only`: one who joined late, and is not told again of what they heard of before.
        """
        heard, day = self.told.of(incidents), at.date()
        kin: dict[Kin, list[int]] = {}
        not_told: Counter[str] = Counter()
        names = self._of(news.group, day)
        async for person in self._followers(news.group, only):
            through = self._through(heard, person)
            if only is not None and through:
                continue
            how = told_how(person.details, news, through=through, others=others)
            if how == "witness" or how == "information":  # noqa: PLR1714 - it narrows the type
                mine = self._pseudonym(person.details.number, day)
                names[mine] = person.name
                theirs = Kin(person.details.way, person.details.language, how)
                kin.setdefault(theirs, []).append(mine)
            else:
                not_told[how] += 1
        return ForSubscribers(at, kin, counted(not_told))

    def called(self, person: Person, day: date) -> int:
        """What the ledger of that day calls the person."""
        return self._pseudonym(person.details.number, day)

    def _through(self, heard: Heard, person: Person) -> frozenset[GroupId]:
        return heard.through(lambda day: self._pseudonym(person.details.number, day))

    async def sender(
        self, group: GroupId, day: date, kin: Kin, recipients: Sequence[str]
    ) -> "KinSender | None":
        """The way to these of one kin of a group's subscribers; None where the way is gone."""
        spec = self._ways.spec(kin.way)
        if spec is None:
            return None
        names = self._of(group, day)
        if any(position_of(r) not in names for r in recipients):
            await self._scan(group, day, names)
        return KinSender(spec, kin, names, _Lent(self._book, self._ways, self._leave_url, self._gone))

    async def _scan(self, group: GroupId, day: date, names: dict[int, str]) -> None:
        """After a restart, or another's work: what the ledger of that day calls those who are there now."""
        async with self._scanning:  # or another chunk would take those not found yet for gone
            await self._caught_up()  # or a book half read would, or another notifier's newer entry
            changes = self._book.changes
            if self._scanned.get((group, day)) == changes:
                return  # who is missing has left
            async for person in self._followers(group):
                names[self._pseudonym(person.details.number, day)] = person.name
            self._scanned[group, day] = changes

    async def _followers(self, group: GroupId, only: Person | None = None) -> AsyncIterator[Person]:
        for n, person in enumerate(self._book.followers(group) if only is None else (only,)):
            if n % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            yield person

    def _of(self, group: GroupId, day: date) -> dict[int, str]:
        while len(self._names) > _DAYS_KEPT:
            self._names.pop(next(iter(self._names)))
        return self._names.setdefault((group, day), {})

    def _pseudonym(self, number: int, day: date) -> int:
        return pseudonym(self._master.tag, number, day)

    def _leave_url(self, subscriber: str) -> str:
        return f"{self._front_url}{leave_path(self._master, subscriber)}" if self._front_url else ""


@dataclass(frozen=True, slots=True)
class _Lent:
    """What sending to subscribers needs."""

    book: Book
    ways: Ways
    leave_url: Callable[[str], str]
    gone: Gone


class KinSender:
    """Subscribers of one way, language and choice as a channel."""

    def __init__(self, spec: Spec, kin: Kin, names: dict[int, str], lent: _Lent) -> None:
        self.spec, self._kin, self._names, self._lent = spec, kin, names, lent
        self.max_chars = lent.ways.max_chars(kin.way)

    def recipients(self) -> tuple[str, ...]:
        """Nobody by position."""
        return ()

    def address(self, recipient: str) -> str | None:
        """What names the subscriber to `send`; None if they left."""
        name = self._names.get(position_of(recipient), "")
        return name if name in self._lent.book.people else None

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send to the subscriber of that name, if they are still there."""
        person = self._lent.book.people.get(address)
        if person is None:
            return HAS_LEFT
        way = person.details.way
        mine = self._with_link(message, person.name) if way == EMAIL else message
        outcome = await self._lent.ways.send(way, person.details.address, mine, key=key)
        if outcome == HAS_LEFT:
            self._lent.gone(person)
        return outcome

    def _with_link(self, message: RenderedMessage, name: str) -> RenderedMessage:
        link = self._lent.leave_url(name)
        if not link:
            return message
        text = f"{message.text}\n\n{ending(self._kin.language, link)}"
        return replace(message, text=text, leave_url=link)
