"""Subscribers as the engine knows them: whom an alert is for, in which words, and their answers.

Guarantees: choosing waits until the whole book is read, so that nobody is left out after a restart; nothing
is decided about a place before the groups are known; information only never carries an ask.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from services.notifier.decide.book import Person
from services.notifier.decide.matching import ENDS, News
from services.notifier.decide.merged import Merged
from services.notifier.decide.pseudo import EMAIL, Kin
from services.notifier.decide.subscribing import Asked, World
from services.notifier.delivery import ForSubscribers
from services.notifier.directory import Directory, GroupVersion
from services.notifier.reading import Opener, Reader
from services.notifier.subscribers.answering import Answers
from services.notifier.subscribers.audience import Audience
from services.notifier.subscribers.figures import Counting
from services.notifier.subscribers.keeping import Keeping
from services.notifier.subscribers.late import Latecomers, Latest, Lent
from services.notifier.subscribers.said import Answer as AnswerTo
from services.notifier.subscribers.said import answer_to
from services.notifier.subscribers.ways import Ways
from shared.contracts.alerts import AlertRaised
from shared.contracts.catalog import decode_each, encode
from shared.contracts.incidents import IncidentMerged
from shared.contracts.ledger import AlertExpanded, LedgerRecord
from shared.contracts.subscribers import Answer, BookRecord, Unreachable
from shared.faults import fault_point
from shared.gazetteer.port import Gazetteer
from shared.plugins.sms import HAS_LEFT
from shared.plugins.spec import Outcome, RenderedMessage
from shared.ports import Bus, Clock, Entry, Outgoing
from shared.sealing import MasterKey
from shared.subscribing import code_of
from shared.words import render
from shared.words.state_now import state_now
from shared.words.subscribers import ending, texts

_PAUSE_S: Final = 0.05
_LOOK_S: Final = 300.0
_PACE_S: Final = 2.0
"""Between two counts; many who join at once are counted once."""
_REST: Final = 20
"""So many times as long as a count took is rested after it: counting a big book leaves the time to send."""
_IN: Final = frozenset({"joined", "imported"})
_BEFORE: Final = 10
"""So many earlier alerts are looked through for what was seen last."""
_WANTED: Final = frozenset({"alert.raised.v1"})


class Subscribers:
    """All of it. `attach` lends it what the engine has; `run` keeps the book."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        bus: Bus,
        keyring: Opener,
        clock: Clock,
        directory: Directory,
        ways: Ways,
        *,
        master: MasterKey,
        gazetteer: Callable[[], Gazetteer],
        front_url: str = "",
        base_url: str = "",
        lease_s: float = 20.0,
        claimant: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        fault: Callable[[str], None] = fault_point,
    ) -> None:
        self._bus, self._clock, self._directory, self._ways = bus, clock, directory, ways
        self._master, self._gazetteer, self._front_url = master, gazetteer, front_url
        self._sleep = sleep
        self._answers = Answers(ways, lambda *contact: master.tag("answered", *contact), sleep=sleep)
        self._keeping = Keeping(
            bus,
            keyring,
            clock,
            world=self._world,
            answer=self._answer,
            import_room=self._answers.import_room,
            lease_s=lease_s,
            claimant=claimant,
            sleep=sleep,
            fault=fault,
        )
        self.audience = Audience(
            self._keeping.book,
            ways,
            master,
            front_url=front_url,
            gone=self._gone,
            caught_up=self._keeping.caught_up,
        )
        self.counting = Counting(self._keeping.book, ways, clock, self._publish)
        self._reader: Reader | None = None
        self._merged = Merged()
        self._late: Latecomers | None = None
        self._base_url = base_url
        self._groups_known = False
        self._asking: set[asyncio.Task[None]] = set()
        self._live: dict[tuple[str, str], _Told] = {}
        """What each group's community was told of each incident that goes on."""

    def attach(self, reader: Reader, merged: Merged, lent: Lent) -> None:
        """What of the engine is needed: what it reads, which incidents are one, and how it sends."""
        self._reader, self._merged = reader, merged
        self._late = Latecomers(lent, self.audience, self._clock, self._ways)

    async def run(self, stop: asyncio.Event) -> None:
        """A worker: keep the book, and say how many stand in it."""
        works = [asyncio.create_task(self._keeping.run(stop)), asyncio.create_task(self._look_after())]
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
        finally:
            for task in (*works, *self._asking):
                task.cancel()
            await asyncio.gather(*works, *self._asking, return_exceptions=True)

    def health(self) -> dict[str, Any]:
        """Figures, and nobody."""
        book = self._keeping.book
        return {
            "read": self._keeping.ready.is_set(),
            "confirmed": sum(1 for p in book.people.values() if p.details.follows),
            "waiting": len(book.asked),
            "lists": len(book.imports),
            "answers": dict(sorted(self._answers.counted.items())),
        }

    # --- alerts --------------------------------------------------------------------------------

    def kind(self, way: str) -> str:
        """The kind of a way, for lanes and ledger."""
        return self._ways.kind(way)

    def max_chars(self, way: str) -> int:
        """How long a message by that way may be."""
        return self._ways.max_chars(way)

    def pence_a_segment(self, way: str) -> float:
        """What each part of a message by that way costs."""
        return self._ways.pence_a_segment(way)

    def heard(self, alert: AlertRaised, entry: Entry) -> None:
        """An alert was read: the latest of what goes on is for those who join late."""
        if alert.audience == "community" and not alert.drill and alert.incident_id is not None:
            about = alert.incident_id, alert.group
            known = self._live.pop(about, None)
            if alert.kind not in ENDS:
                before = (known.latest, *known.before)[:_BEFORE] if known else ()
                self._live[about] = _Told(alert, entry, before)

    def merged(self, event: IncidentMerged) -> None:
        """What was told of the absorbed one is for late joiners no more: what it became is."""
        for about in [about for about in self._live if about[0] == event.absorbed]:
            del self._live[about]

    def learn(self, record: LedgerRecord) -> None:
        """A record of the ledger: who was told of what."""
        if isinstance(record, AlertExpanded):
            self.audience.learn(record)
        if self._late is not None:
            self._late.learn(record)

    async def known(self) -> None:
        """Return once the whole book is read."""
        await self._keeping.ready.wait()

    async def chosen(
        self, alert: AlertRaised, entry: Entry, *, only: Person | None = None
    ) -> ForSubscribers | None:
        """Whom the alert (in clear) is for; None where it is for no subscribers at all."""
        news = News.of(alert)
        if news is None or alert.incident_id is None:
            return None
        await self.known()
        others = await self._others(alert, entry)
        about = self._merged.names(alert.incident_id)
        return await self.audience.chosen(news, about, others, self._clock.now(), only=only)

    async def _others(self, alert: AlertRaised, entry: Entry) -> tuple[News, ...]:
        """What other groups tell of the same incident at the same time: it stands in the same entry."""
        found = []
        for other in decode_each(entry, wanted=_WANTED):
            if isinstance(other, AlertRaised) and _beside(other, alert) and self._reader is not None:
                opened = await self._reader.opened(other)
                if opened is not None and (news := News.of(opened)) is not None:
                    found.append(news)
        return tuple(found)

    def words(self, alert: AlertRaised, group: GroupVersion, kin: Kin, *, base_url: str) -> RenderedMessage:
        """The message for one kin: without any ask for information only; by text with how to leave."""
        asked = alert if kin.choice == "witness" else alert.model_copy(update={"ask": "NONE"})
        return render(
            asked,
            group.definition,
            language=kin.language,
            max_chars=self._ways.max_chars(kin.way),
            base_url=base_url,
            words=group.words,
            ending="" if kin.way == EMAIL else ending(kin.language),
        )

    async def _look_after(self) -> None:
        """Give late alerts their last record where it is missing; say how many subscribers there are."""
        await self.known()
        while True:
            for end in self._late.left_over() if self._late else ():
                await self._publish(encode(end, source="notifier"))
                self.learn(end)
            newest, began = self._keeping.book.newest, time.monotonic()
            await self.counting.say()
            await self._sleep(max(_PACE_S, _REST * (time.monotonic() - began)))
            await self._changed(newest, until=began + _LOOK_S)

    async def _changed(self, newest: int, *, until: float) -> None:
        """Return once somebody came or went since, or it is time to look all the same."""
        while self._keeping.book.newest == newest and (left := until - time.monotonic()) > 0:
            await self._keeping.hear(left)

    async def _publish(self, message: Outgoing) -> None:
        if self._reader is not None:
            await self._reader.patiently(partial(self._bus.publish, message))

    # --- the book ------------------------------------------------------------------------------

    async def _world(self) -> World:
        await self._wait_for_groups()
        return World(
            groups=self._directory.definitions(),
            gazetteer=self._gazetteer(),
            code=lambda ticket: code_of(self._master, ticket),
            languages=frozenset(texts()),
        )

    async def _wait_for_groups(self) -> None:
        """Once at the start: until every group is known that the log holds."""
        if not self._groups_known and self._reader is not None:
            await self._reader.caught_up()
            self._groups_known = True

    async def _answer(self, asked: Asked, record: BookRecord, person: Person | None, attempt: int) -> None:
        to = answer_to(asked, record, self._master, self._directory.definitions(), form=self._front_url)
        if to is None:
            return
        key = f"{record.id}-{attempt}".replace(".", "-")
        outcome = await self._said(to, record.answer, key)
        if outcome == HAS_LEFT and person is not None:
            self._gone(person)
        elif person is not None and record.answer in _IN:
            await self._tell_late(person)

    async def _said(self, to: AnswerTo, answer: Answer | None, key: str) -> Outcome | None:
        """Send an answer, as its kind is counted."""
        if answer is None or answer == "imported":
            return await self._answers.welcome(to.way, to.address, to.message, key=key)
        return await self._answers.send(to.way, to.address, to.message, answer=answer, key=key)

    async def _tell_late(self, person: Person) -> None:
        """Tell whoever joined just now what goes on near them, once, as the ledger promises."""
        if self._reader is None or self._late is None:
            return
        now = self._clock.now()
        for about, told in list(self._live.items()):
            alert, entry = told.latest, told.entry
            group = self._directory.version(alert.group, alert.group_version)
            if alert.not_after <= now or group is None:
                continue
            if (opened := await self._reader.opened(alert)) is None:
                continue
            if not await self._frozen(alert):
                continue
            choose = partial(self.chosen, opened, entry, only=person)
            before = [one for sealed in told.before if (one := await self._reader.opened(sealed))]
            words = partial(self.words, state_now(opened, before), group, base_url=self._base_url)
            latest = Latest(alert, entry, partial(self._is_latest, about, alert))
            await self._late.tell(latest, person, choose, words)

    def _is_latest(self, about: tuple[str, str], alert: AlertRaised) -> bool:
        known = self._live.get(about)
        return known is not None and known.latest.alert_id == alert.alert_id

    async def _frozen(self, alert: AlertRaised) -> bool:
        """Wait until it is known whom it goes to anyway; False where that is settled otherwise meanwhile.

        Whoever joined while the others were being chosen may or may not be among them.
        """
        while alert.alert_id not in self.audience.frozen:
            about = alert.incident_id or "", alert.group
            if not self._is_latest(about, alert) or alert.not_after <= self._clock.now():
                return False
            await self._sleep(_PAUSE_S)
        return True

    def _gone(self, person: Person) -> None:
        """The provider says that they want nothing more: they have left, and are forgotten."""
        details = person.details
        asked = Unreachable(way=details.way, address=details.address)
        task = asyncio.create_task(self._keeping.ask(asked, f"gone.{person.name}.{person.seq}"))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a community was told of an incident: the latest with its entry, and before it, newest first."""

    latest: AlertRaised
    entry: Entry
    before: tuple[AlertRaised, ...]


def _beside(other: AlertRaised, alert: AlertRaised) -> bool:
    same = other.incident_id == alert.incident_id and other.audience == alert.audience
    return same and other.group != alert.group and other.drill == alert.drill
