"""Answers to those who ask something of the book: in their language, by the way they came, few.

Guarantees: at most three an hour to one contact and so many an hour by one way, whoever types or forges
whose contact. A code, a welcome and the word that somebody is out are three an hour each beside these: who
asked too much before still gets in, and knows when they are out. A provider that is busy is asked again a
few times, then that is the end of it: whoever waits asks again.
"""

import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from services.notifier.subscribers.ways import Ways
from shared.contacts import mailbox_of
from shared.contracts.subscribers import Answer
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RenderedMessage, RetryLater
from shared.words.sms import spelled_plainly

log = structlog.get_logger()

PER_CONTACT: Final = 3
_BESIDE: Final = frozenset({"confirm", "joined", "left"})
"""Answers without which somebody would not get in, or not know that they are out: counted each by itself."""
_HOUR_S: Final = 3600.0
_TRIES: Final = 3
_PAUSE_S: Final = 2.0
_LONGEST_S: Final = 30.0


class Answers:
    """Sends them."""

    def __init__(
        self,
        ways: Ways,
        hashed: Callable[[str, str], bytes],
        *,
        sleep: Callable[[float], Awaitable[None]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ways, self._hashed, self._sleep, self._monotonic = ways, hashed, sleep, monotonic
        self._latest: dict[bytes, deque[float]] = {}
        self.counted: Counter[str] = Counter()
        """Answers since the start by how they ended."""

    def import_room(self, way: str) -> bool:
        """Whether one more line of a list may be taken in this hour; then it is counted.

        As many as answers, beside them: a list costs no more in an hour than strangers may, and keeps none
        of them from their code.
        """
        name = f"imported\n{way}".encode()
        most = self._ways.per_hour(way)
        if most and not self._room(name, most):
            return False
        self._latest.setdefault(name, deque()).append(self._monotonic())
        return True

    async def welcome(self, way: str, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send it without counting: to somebody of a list, who was counted when their line was taken."""
        if self._ways.is_sms(way):
            message = _plainly(message)
        outcome = await self._patiently(way, address, message, key)
        self.counted[type(outcome).__name__.lower()] += 1
        return outcome

    async def send(
        self, way: str, address: str, message: RenderedMessage, *, answer: Answer, key: str
    ) -> Outcome | None:
        """Send it, if there is room in the hour; how it ended."""
        kind = answer if answer in _BESIDE else ""
        contact = self._hashed(way, mailbox_of(address)) + kind.encode()
        if not (self._room(contact, PER_CONTACT) and self._room(way.encode(), self._ways.per_hour(way))):
            self.counted["too_many"] += 1
            log.warning("answer_not_sent", way=way, reason="too_many_this_hour")
            return None
        for name in (contact, way.encode()):
            self._latest.setdefault(name, deque()).append(self._monotonic())
        return await self.welcome(way, address, message, key=key)

    async def _patiently(self, way: str, address: str, message: RenderedMessage, key: str) -> Outcome:
        for left in range(_TRIES - 1, -1, -1):
            try:
                outcome = await self._ways.send(way, address, message, key=key)
            except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
                log.warning("answer_failed", way=way, error=type(error).__name__)
                return Rejected("plugin_error")
            if isinstance(outcome, Delivered) or not left or not isinstance(outcome, RetryLater):
                break
            await self._sleep(min(outcome.after_s or _PAUSE_S, _LONGEST_S))
        if isinstance(outcome, BadCredentials):
            log.error("bad_credentials", way=way, reason=outcome.reason)
        return outcome

    def _room(self, name: bytes, most: int) -> bool:
        now = self._monotonic()
        self._forget(now)
        return len(self._latest.get(name, ())) < most

    def _forget(self, now: float) -> None:
        """Names whose hour is over go, so that none stays longer than it counts."""
        for name in [n for n, times in self._latest.items() if _past(times, now)]:
            del self._latest[name]


def _past(times: deque[float], now: float) -> bool:
    """Let go what is older than an hour; whether nothing is left."""
    while times and now - times[0] >= _HOUR_S:
        times.popleft()
    return not times


def _plainly(message: RenderedMessage) -> RenderedMessage:
    """In the alphabet of which most fits a text message, as far as that goes."""
    return RenderedMessage(
        alert_id=message.alert_id,
        kind=message.kind,
        subject=message.subject,
        text=spelled_plainly(message.text),
        urgent=message.urgent,
        language=message.language,
    )
