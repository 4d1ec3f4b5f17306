"""Sends one chunk through one channel: all at once, each within the deadline, every end a value.

A plug-in that raises, hangs or swallows its cancellation costs its own recipients an `unknown`
and nobody else anything.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import structlog

from services.notifier.decide.expand import position_of
from services.notifier.decide.retry import BAD_CREDENTIALS
from shared.contracts.ledger import RecipientOutcome, Result
from shared.plugins.sms import HAS_LEFT
from shared.plugins.spec import (
    BadCredentials,
    Delivered,
    Outcome,
    Rejected,
    RenderedMessage,
    RetryLater,
    Spec,
    Threads,
    Unknown,
)

log = structlog.get_logger()
_REASON = re.compile(r"[a-z0-9_]{1,64}\Z")
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")
_MAX_PROVIDER_ID = 200
_MAX_RETRY_AFTER_S = 604_800.0

_abandoned: set[asyncio.Task[Outcome]] = set()
"""Sends past their deadline: cancelled, and held until they end so that they are not lost half-way."""


class Sender(Protocol):
    """What of a channel is needed to send by it."""

    @property
    def spec(self) -> Spec:
        """Its plug-in's spec."""
        ...

    def recipients(self) -> Sequence[str]:
        """The addresses."""
        ...

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send once."""
        ...


@runtime_checkable
class Addressed(Sender, Protocol):
    """One whose recipients have no position: subscribers, who may leave at any time."""

    def address(self, recipient: str) -> str | None:
        """Their address now; None if they left."""
        ...


async def send_chunk(
    channel: Sender,
    recipients: Sequence[str],
    message: RenderedMessage,
    *,
    deadline_s: float,
    firsts: Mapping[str, str] | None = None,
) -> dict[str, Outcome]:
    """The outcome for each recipient, within `deadline_s` seconds.

    `firsts` are the messages to be answered, for those recipients who had one.
    """
    addresses = _addresses(channel, recipients)
    tasks = {
        recipient: asyncio.create_task(
            _one(channel, addresses[recipient], recipient, message, (firsts or {}).get(recipient))
        )
        for recipient in recipients
    }
    try:
        _, late = await asyncio.wait(tasks.values(), timeout=deadline_s)
    except asyncio.CancelledError:
        for task in tasks.values():
            task.cancel()
        raise
    for task in late:
        _abandon(task)
    return {r: Unknown("deadline") if t in late else t.result() for r, t in tasks.items()}


def _addresses(channel: Sender, recipients: Sequence[str]) -> dict[str, str | Rejected]:
    """Where each is to be found; asked once for the chunk, since both questions cost as much as a send."""
    if isinstance(channel, Addressed):
        return {recipient: channel.address(recipient) or HAS_LEFT for recipient in recipients}
    known = channel.recipients()
    positions = {recipient: position_of(recipient) for recipient in recipients}
    return {r: known[n] if n < len(known) else Rejected("no_such_address") for r, n in positions.items()}


async def _one(
    channel: Sender,
    address: str | Rejected,
    recipient: str,
    message: RenderedMessage,
    first: str | None,
) -> Outcome:
    if isinstance(address, Rejected):
        return address
    try:
        key = key_of(message.alert_id, recipient)
        if first is not None and isinstance(channel, Threads):
            return await channel.reply(address, message, key=key, first=first)
        return await channel.send(address, message, key=key)
    except Exception as error:  # noqa: BLE001 - DESIGN 18: one plug-in's exception never touches another
        log.warning("channel_raised", kind=channel.spec.kind, error=type(error).__name__)
        return Unknown("plugin_error")


def _abandon(task: asyncio.Task[Outcome]) -> None:
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)


def key_of(alert_id: str, recipient: str) -> str:
    """What names this delivery to the provider, the same at every attempt."""
    return f"{alert_id}-{recipient.replace(':', '-')}"


def as_record(recipient: str, kind: str, outcome: Outcome) -> RecipientOutcome:
    """The outcome as the ledger keeps it: a constant reason, never a provider's text."""
    result, reason, provider_id, after_s = _parts(outcome)
    plain = _NOT_PLAIN.sub("", provider_id or "")[:_MAX_PROVIDER_ID]
    return RecipientOutcome(
        recipient=recipient,
        result=result,
        channel_kind=kind,
        reason=reason if _REASON.match(reason) else "unspecified",
        provider_id=plain or None,
        retry_after_s=None if after_s is None else min(max(after_s, 0.0), _MAX_RETRY_AFTER_S),
    )


def _parts(outcome: Outcome) -> tuple[Result, str, str | None, float | None]:
    match outcome:
        case Delivered(provider_id):
            return "delivered", "delivered", provider_id, None
        case Rejected(reason):
            return "rejected", reason, None, None
        case RetryLater(reason, after_s):
            return "retry", reason, None, after_s
        case BadCredentials(reason):
            known = reason if reason in BAD_CREDENTIALS else "bad_credentials"
            return "retry", known, None, None
        case Unknown(reason):
            return "unknown", reason, None, None
