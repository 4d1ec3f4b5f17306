"""One alert on its way: its words, its ledger so far, and the records that are written about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from services.notifier.decide.expand import channel_of
from services.notifier.decide.ledger import AlertLedger, Finished
from services.notifier.decide.pseudo import Kin, kin_of
from shared.contracts.alerts import AlertRaised, QuestionBody, ReplyBody
from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import (
    AlertExpanded,
    AlertSettled,
    ChunkClaimed,
    ChunkSettled,
    RecipientOutcome,
)
from shared.plugins.spec import RenderedMessage
from shared.ports import Entry

MAX_NAMED: Final = 2_000
"""Unsent recipients named in the last record; all of them stand in their chunks' records."""

OVER_CAP: Final = "over_cap"
"""Why somebody was left out whose message would have passed the group's monthly cap."""


@dataclass(frozen=True, slots=True)
class ForSubscribers:
    """Subscribers an alert is for, as the ledger of the day `at` calls them; and why others are not told."""

    at: datetime
    kin: Mapping[Kin, Sequence[int]]
    not_told: Mapping[str, int]


Ending = tuple[int, tuple[RecipientOutcome, ...], "Why"]
"""How an alert ends: how many were delivered, who was not, and the one word for it."""
Why = Literal["done", "expired", "flagged", "no_recipients", "unreadable"]


@dataclass(slots=True)
class Delivery:
    """One alert as this notifier knows it; `alert` comes with DECISIONS, `ledger` with LEDGER."""

    ledger: AlertLedger = field(default_factory=AlertLedger)
    alert: AlertRaised | None = None
    entry: Entry | None = None
    begun: bool = False
    open_chunks: set[int] = field(default_factory=set)
    ended: dict[int, Finished] = field(default_factory=dict)
    planned: dict[int, int] = field(default_factory=dict)
    """The attempt that is scheduled or under way here, by chunk."""
    lapsed: dict[int, int] = field(default_factory=dict)
    """The last attempt whose claim was held for abandoned, by chunk."""
    messages: dict[tuple[str, int], RenderedMessage] = field(default_factory=dict)
    channels: dict[str, ChannelDefinition] = field(default_factory=dict)
    question: QuestionBody | ReplyBody | None = None
    """What a reporter is asked, or a member answered; None for an alert to a group."""
    subscribers: ForSubscribers | None = None
    """Whom of the group's subscribers it is for, until that is frozen."""

    def kind_of(self, recipient: str) -> str:
        """The kind of channel a recipient is reached by; `unknown` if the channel is gone."""
        definition = self.channels.get(channel_of(recipient))
        return definition.kind if definition is not None else "unknown"

    def kin(self) -> list[Kin]:
        """The kinds of subscribers it is for: as they were chosen, or as the ledger has frozen them."""
        frozen = (channel_of(c.recipients[0]) for c in self.ledger.chunks.values() if c.recipients)
        known = {kin for channel in frozen if (kin := kin_of(channel))}
        return sorted(known | set(self.subscribers.kin if self.subscribers else ()))

    def words_for(self, definition: ChannelDefinition, max_chars: int) -> RenderedMessage:
        """The message for a channel: its own, where it has one (subscribers), else that of its language."""
        own = self.messages.get((definition.id, max_chars))
        return own or self.messages[definition.language, max_chars]

    def end_chunk(self, number: int, how: Finished) -> bool:
        """Note that a chunk is finished; True when it was the last one."""
        self.open_chunks.discard(number)
        self.ended[number] = how
        return not self.open_chunks

    def outcome(self) -> Ending:
        """How it ends, once every chunk has."""
        return _ending(self.ended)

    def ending_with(self, record: ChunkSettled) -> Ending | None:
        """How it ends if this record is its last chunk's last and no person need look; else None."""
        if self.open_chunks != {record.chunk}:
            return None
        step = self.ledger.chunks[record.chunk].after(record, lapsed=self.lapsed.get(record.chunk, 0))
        if not isinstance(step, Finished):
            return None
        ending = _ending({**self.ended, record.chunk: step})
        return ending if ending[2] != "flagged" else None


def _ending(ended: dict[int, Finished]) -> Ending:
    unsent = tuple(o for n in sorted(ended) for o in ended[n].unsent)
    delivered = sum(e.delivered for e in ended.values())
    if not ended:
        return 0, (), "no_recipients"
    if any(e.flagged for e in ended.values()):
        return delivered, unsent, "flagged"
    return delivered, unsent, "expired" if any(o.reason == "expired" for o in unsent) else "done"


@dataclass(frozen=True, slots=True)
class Bill:
    """Who is told, what one recipient of a channel costs in pence, how many the cap left out of which."""

    chunks: tuple[tuple[str, ...], ...]
    prices: Mapping[str, float] = field(default_factory=dict)
    over_cap: Mapping[str, int] = field(default_factory=dict)


def expanded(
    alert: AlertRaised, bill: Bill, at: datetime, not_told: Mapping[str, int] | None = None
) -> AlertExpanded:
    """The record that freezes the recipients."""
    reasons = {**(not_told or {}), **({OVER_CAP: sum(bill.over_cap.values())} if bill.over_cap else {})}
    return AlertExpanded(
        id=f"expanded.{alert.alert_id}",
        at=at,
        alert_id=alert.alert_id,
        group=alert.group,
        incident_id=alert.incident_id,
        audience=alert.audience,
        chunks=bill.chunks,
        not_told=reasons or None,
        prices=dict(bill.prices) or None,
        over_cap=tuple(sorted(bill.over_cap)) or None,
    )


def claimed(  # noqa: PLR0913 - each is part of the record
    alert: AlertRaised, chunk: int, *, attempt: int, recipients: tuple[str, ...], claimant: str, at: datetime
) -> ChunkClaimed:
    """The record that must stand before anything is sent."""
    return ChunkClaimed(
        id=f"claim.{alert.alert_id}.{chunk}.{attempt}",
        at=at,
        alert_id=alert.alert_id,
        group=alert.group,
        chunk=chunk,
        attempt=attempt,
        claimant=claimant,
        recipients=recipients,
    )


def settled(claim: ChunkClaimed, outcomes: tuple[RecipientOutcome, ...], at: datetime) -> ChunkSettled:
    """The record of how a claimed attempt ended."""
    return ChunkSettled(
        id=f"settled.{claim.alert_id}.{claim.chunk}.{claim.attempt}",
        at=at,
        alert_id=claim.alert_id,
        group=claim.group,
        chunk=claim.chunk,
        attempt=claim.attempt,
        outcomes=outcomes,
    )


def alert_settled(alert_id: str, group: str, at: datetime, outcome: Ending) -> AlertSettled:
    """The last record of an alert."""
    delivered, unsent, reason = outcome
    return AlertSettled.model_validate(
        {
            "id": f"alert_settled.{alert_id}",
            "at": at,
            "alert_id": alert_id,
            "group": group,
            "delivered": delivered,
            "unsent": unsent[:MAX_NAMED],
            "reason": reason,
        }
    )


def all_expired(claim: ChunkClaimed, kinds: dict[str, str]) -> tuple[RecipientOutcome, ...]:
    """Outcomes for a chunk whose alert is too old to be sent; `kinds` by recipient."""
    return tuple(
        RecipientOutcome(recipient=r, result="rejected", channel_kind=kinds[r], reason="expired")
        for r in claim.recipients
    )
