"""What the notifier reads: the ledger to its end first, then alerts and groups, for ever.

Guarantees: an alert whose content cannot be read is named in DEAD and settled as unreadable,
never skipped in silence; while KEYS cannot be read, reading waits.
"""

from collections.abc import Awaitable, Callable, Container
from typing import Final, Protocol, TypeVar

import structlog

from services.notifier.directory import Directory
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import SLUG, TOKEN, Message
from shared.contracts.catalog import TOLD, TYPES, Spoilt, decode_each
from shared.contracts.groups import GroupDefined
from shared.contracts.incidents import IncidentMerged, IncidentSentOn
from shared.contracts.ledger import LedgerRecord, MessagesWaiting
from shared.dead import dead_letter
from shared.errors import BusError, MalformedMessageError
from shared.ports import Bus, Clock, Entry

log = structlog.get_logger()
T = TypeVar("T")
M = TypeVar("M", bound=Message)
_PAUSE_S: Final = 0.5
_LOOK_S: Final = 0.05
_WATCHED: Final = (TOLD, "groups.v1.>", "alerts.v1.>")
"""The last two hold what earlier versions wrote."""
_WANTED: Final = frozenset(
    {"alert.raised.v1", "group.defined.v1", "incident.merged.v1", "incident.sent_on.v1"}
)


class Opener(Protocol):
    """Opens sealed messages, and seals them (the `Keyring`)."""

    async def open(self, message: M) -> M:
        """The message in clear; None stands where a key is destroyed."""
        ...

    async def seal(self, message: M) -> M:
        """The message with its private parts sealed."""
        ...


class Reader:
    """Reads LEDGER and DECISIONS; hands on records, alerts, and alerts that cannot be read."""

    def __init__(  # noqa: PLR0913 - each is another thing it is lent
        self,
        bus: Bus,
        keyring: Opener,
        clock: Clock,
        directory: Directory,
        *,
        is_own: Callable[[str], bool],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._bus, self._keyring, self._clock = bus, keyring, clock
        self._directory, self._is_own, self._sleep = directory, is_own, sleep
        self.decided_to = 0
        """The place in DECISIONS up to which all is read."""

    async def ledger(
        self,
        on_record: Callable[[LedgerRecord], None],
        on_waiting: Callable[[MessagesWaiting], None],
        on_end: Callable[[], None],
    ) -> None:
        """Every ledger record that others wrote; `on_end` once what stood there at the start is read."""
        end = await self.patiently(lambda: self._bus.last_seq("LEDGER"))
        if not end or await self.patiently(lambda: self._bus.get("LEDGER", end)) is None:
            end = 0
            on_end()
        async for entry in self._bus.read("LEDGER"):
            if not self._is_own(entry.headers.get("ce-id", "")):
                for record in await self._read(entry):
                    if isinstance(record, LedgerRecord):
                        on_record(record)
                    elif isinstance(record, MessagesWaiting):
                        on_waiting(record)
            if end and entry.seq >= end:
                end = 0
                on_end()

    async def decisions(
        self,
        on_alert: Callable[[AlertRaised, Entry], None],
        on_decided: Callable[[IncidentSentOn | IncidentMerged], None],
        on_unreadable: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """Every alert (sealed) with its entry; `on_unreadable(alert_id, group)` for the spoilt ones."""
        async for entry in self._bus.read("DECISIONS", subjects=_WATCHED):
            for message in await self._read(entry, _WANTED):
                if isinstance(message, AlertRaised):
                    on_alert(message, entry)
                elif isinstance(message, IncidentSentOn | IncidentMerged):
                    on_decided(message)
                elif isinstance(message, GroupDefined):
                    await self._learn(message, entry)
                elif isinstance(message, Spoilt) and (named := named_in(message)):
                    await on_unreadable(*named)
            self.decided_to = entry.seq

    async def caught_up(self) -> None:
        """Return once all is read that stands in DECISIONS now: every group as it is, and what has ended."""
        last = await self.patiently(lambda: self._bus.last("DECISIONS", TOLD))
        while last is not None and self.decided_to < last.seq:
            await self._sleep(_LOOK_S)

    async def opened(self, alert: AlertRaised) -> AlertRaised | None:
        """The alert with its body in clear; None if that will never be."""
        try:
            opened = await self.patiently(lambda: self._keyring.open(alert))
        except MalformedMessageError:
            return None
        return opened if opened.body is not None else None

    async def bury(self, entry: Entry, reason: str, detail: str = "") -> None:
        """Name the entry in DEAD, however long that takes."""
        log.error("dead_letter", stream=entry.stream, seq=entry.seq, reason=reason)
        at = self._clock.now()
        await self.patiently(
            lambda: dead_letter(self._bus, entry, service="notifier", reason=reason, at=at, detail=detail)
        )

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result, once NATS is there."""
        while True:
            try:
                return await attempt()
            except BusError as error:
                log.warning("reading_waits", error=type(error).__name__)
                await self._sleep(_PAUSE_S)

    async def _read(self, entry: Entry, wanted: Container[str] = TYPES) -> list[Message | Spoilt]:
        """The messages of an entry; if some are spoilt, it is named in DEAD first."""
        found = decode_each(entry, wanted=wanted)
        if spoilt := next((part for part in found if isinstance(part, Spoilt)), None):
            await self.bury(entry, "unreadable", spoilt.problem)
        return found

    async def _learn(self, event: GroupDefined, entry: Entry) -> None:
        try:
            self._directory.learn(await self.patiently(lambda: self._keyring.open(event)))
        except MalformedMessageError as error:
            await self.bury(entry, "unreadable", str(error))
            await self._learn_without_words(event)

    async def _learn_without_words(self, event: GroupDefined) -> None:
        """A group whose own words are damaged is still told, in the relay's."""
        bare = event.model_copy(update={"words": None})
        try:
            self._directory.learn(await self.patiently(lambda: self._keyring.open(bare)))
        except MalformedMessageError:
            self._directory.learn(event, readable=False)


def named_in(spoilt: Spoilt) -> tuple[str, str] | None:
    """The alert id and group that a spoilt alert still shows, if it does."""
    data = spoilt.data
    if not isinstance(data, dict) or data.get("type") != "alert.raised.v1":
        return None
    alert_id, group = data.get("alert_id"), data.get("group")
    if not isinstance(alert_id, str) or not isinstance(group, str):
        return None
    return (alert_id, group) if TOKEN.match(alert_id) and SLUG.match(group) else None
