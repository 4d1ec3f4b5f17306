"""From a command to its answer: sealed, stored in DESK under a stable id, and decided by the router.

The same command id of the same member is one command: sent again it gets the same answer, and
with other content it is refused.
"""

import asyncio
import secrets
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from services.console.decide.sentences import sentence
from services.console.door import Console
from services.console.news import within
from services.console.who_may import refused
from shared.contracts.base import MemberId
from shared.contracts.catalog import encode
from shared.contracts.desk import DeskCommand
from shared.errors import BusRefusedError, BusUnavailableError, KeyUnavailableError
from shared.http import Problem
from shared.ports import Stored

log = structlog.get_logger()

TAG: Final = "relay-body-tag"
_LOOK_S: Final = 0.5
_CATCH_UP_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided; `reason` None: nothing yet."""

    reason: str | None
    incident: str | None = None
    made: str | None = None
    """The id or tag of what the command made, where it made something."""


def command_id(given: str | None) -> str:
    """The client's id of a command, or a new one."""
    return given or secrets.token_hex(16)


def stored_id(member: MemberId, command: str) -> str:
    """The id under which it is stored: nobody can occupy another member's."""
    return f"{member}.{command}"


async def submit(console: Console, command: DeskCommand, *, body: str) -> Verdict:
    """Store the command and await its decision for a while.

    Raises a problem if it is refused: 403 where it lies in who asks, else 409.

    `body` is the request in one canonical form, by which a repetition is told from another command.
    """
    try:
        stored = await _store(console, command, body)
    except BusRefusedError:
        raise Problem(
            503, "not_stored", "The log does not take commands just now; tell the operator."
        ) from None
    except (BusUnavailableError, KeyUnavailableError):
        raise Problem(
            503, "not_stored", "The log is away; send it again with the same id.", retry_after_s=2
        ) from None
    decided = await _decision(console, stored.seq)
    if decided is None:
        return Verdict(None)
    log.info("command_decided", type=command.type, outcome=decided["outcome"], reason=decided["reason"])
    if decided["outcome"] != "applied":
        reason = decided["reason"]
        raise await refused(console, command, reason, sentence(reason))
    await _caught_up(console)
    return Verdict(decided["reason"], decided["incident"])


async def _store(console: Console, command: DeskCommand, body: str) -> Stored:
    tag = console.keyring.master.tag("desk", command.id, command.type, body).hex()[:32]
    message = encode(await console.keyring.seal(command), source="console")
    message = replace(message, headers={**message.headers, TAG: tag})
    stored = await console.bus.publish(message)
    if stored.duplicate:
        before = await console.bus.get(stored.stream, stored.seq)
        if before is not None and before.headers.get(TAG) != tag:
            raise Problem(409, "id_used", "This id was used for another command; use a new one.")
    return stored


async def _decision(console: Console, seq: int) -> dict[str, Any] | None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + console.settings.console_patience_s
    while True:
        heard = console.news.next()
        found = await console.store.one(f"decided:DESK.{seq}")
        left = deadline - loop.time()
        if found is not None or left <= 0 or console.stopping.is_set():
            return found
        await within(heard, min(left, _LOOK_S))


async def _caught_up(console: Console) -> None:
    """Wait until what followed from the decision can be seen too: it stands in the same stored message."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _CATCH_UP_S
    try:
        end = await console.bus.last_seq("DECISIONS")
    except BusUnavailableError:
        return
    while loop.time() < deadline:
        heard = console.news.next()
        progress = await console.store.progress()
        if progress is not None and progress.positions.get("DECISIONS", 0) >= end:
            return
        await within(heard, _LOOK_S)
