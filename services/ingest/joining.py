"""Joins the parts of a long message that its source hands on one by one, each by a call of its own.

The calls wait for one another, a few seconds at most, and each is answered once the whole is stored: so no
crash loses a part, because the source tells again what it had no answer to. What is not complete by then is
taken as it is, each part as a report of its own: late words are worth less than few.

All that comes of one message goes by one id. So a part that is told again by itself, after a crash between
two answers, meets the whole that it is in (`Intake` looks for its words there).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from shared.plugins.spec import IncomingReport, Part

WAIT_S: Final = 4.0
_MOST_PARTS: Final = 32
_MOST_MESSAGES: Final = 500
"""Messages that wait or were joined of late; beyond, the oldest is forgotten."""
_KEPT_S: Final = 600.0
"""How long a message is known, for parts that are told again; its words are in memory so long."""


@dataclass(eq=False, slots=True)
class _Message:
    """What is there of one message; `closed` once it is whole, or is waited for no longer."""

    of: int
    parts: dict[int, IncomingReport] = field(default_factory=dict)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def takes(self, number: int, report: IncomingReport) -> bool:
        """Whether the part is this message's: missing, or there already and told again."""
        known = self.parts.get(number)
        return known.source_id == report.source_id if known else not self.closed.is_set()

    def whole(self) -> IncomingReport | None:
        """The message as one report, if it is complete."""
        if len(self.parts) < self.of:
            return None
        ordered = [self.parts[number] for number in sorted(self.parts)]
        text = "".join(report.text for report in ordered)
        return replace(ordered[0], text=text, part=None)


class Joining:
    """The messages of this process that came in parts, lately."""

    def __init__(self, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._messages: dict[tuple[str, str, int], _Message] = {}

    async def whole(self, instance: str, reports: Iterable[IncomingReport]) -> list[IncomingReport]:
        """The reports of one call, with the whole message in place of a part of it.

        All calls that brought a part get the same, and a part that is told again does: so it is one report.
        """
        return [await self._whole(instance, report) for report in reports]

    async def _whole(self, instance: str, report: IncomingReport) -> IncomingReport:
        part = report.part
        if part is None or part.of == 1 or not 1 <= part.number <= part.of <= _MOST_PARTS:
            return report
        message = self._put(instance, part, report)
        try:
            async with asyncio.timeout(self._wait_s):
                await message.closed.wait()
        except TimeoutError:
            message.closed.set()  # for all who wait, so that none of it is taken twice
        return replace(message.whole() or report, source_id=f"{part.message}\n{part.of}")

    def _put(self, instance: str, part: Part, report: IncomingReport) -> _Message:
        key = (instance, part.message, part.of)
        message = self._messages.get(key)
        if message is None or not message.takes(part.number, report):
            message = self._begun(key)
        message.parts.setdefault(part.number, report)
        if len(message.parts) == part.of:
            message.closed.set()
        return message

    def _begun(self, key: tuple[str, str, int]) -> _Message:
        message = _Message(of=key[2])
        self._messages.pop(key, None)
        self._messages[key] = message
        if len(self._messages) > _MOST_MESSAGES:
            self._messages.pop(next(iter(self._messages)))
        asyncio.get_running_loop().call_later(_KEPT_S, self._forget, key, message)
        return message

    def _forget(self, key: tuple[str, str, int], message: _Message) -> None:
        if self._messages.get(key) is message:
            del self._messages[key]
