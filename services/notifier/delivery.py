"""One alert on its way: its words, its ledger so far, and the records that are written about it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from services.notifier.decide.expand import channel_of, is_among
from services.notifier.decide.lanes import Account, Lane
from services.notifier.decide.ledger import AlertLedger, Claim, Finished
from services.notifier.decide.overtaken import Overtaken
from services.notifier.decide.pseudo import EMAIL, Kin, kin_of
from services.notifier.engine import Job, Planned
from shared.contracts.alerts import AlertRaised, QuestionBody, ReplyBody
from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import (
    AlertExpanded,
    AlertSettled,
    ChunkClaimed,
    ChunkSettled,
    RecipientOutcome,
    StandIn,
)
from shared.plugins.contacts_file import FORM
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

    def untold(self, why: str) -> "ForSubscribers":
        """Nobody of them after all: so the end of it is nothing to them either."""
        count = sum(map(len, self.kin.values()))
        return ForSubscribers(self.at, {}, {**self.not_told, **({why: count} if count else {})})


Ending = tuple[int, tuple[RecipientOutcome, ...], "Why"]
"""How an alert ends: how many were delivered, who was not, and the one word for it."""
Why = Literal["done", "expired", "flagged", "no_recipients", "unreadable"]


@dataclass(slots=True)
class Delivery:
    """One alert as this notifier knows it; `alert` comes with DECISIONS, `ledger` with LEDGER."""

    ledger: AlertLedger = field(default_factory=AlertLedger)
    alert: AlertRaised | None = None
    entry: Entry | None = None
    begun_at: datetime | None = None
    """When this notifier could first try it; None while its words and recipients are made."""
    open_chunks: set[int] = field(default_factory=set)
    ended: dict[int, Finished] = field(default_factory=dict)
    planned: dict[int, Planned] = field(default_factory=dict)
    """What is scheduled or under way here, by chunk; any other job for it is done with."""
    lapsed: dict[int, int] = field(default_factory=dict)
    """The last attempt whose claim was held for abandoned, by chunk."""
    held_at: dict[int, datetime] = field(default_factory=dict)
    """When a switch, the group's hour or the ledger last kept us from trying a chunk."""
    messages: dict[tuple[str, int], RenderedMessage] = field(default_factory=dict)
    channels: dict[str, ChannelDefinition] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    """By whom recipients are reached, where several providers stand behind their channel."""
    question: QuestionBody | ReplyBody | None = None
    """What a reporter is asked, or a member answered; None for an alert to a group."""
    subscribers: ForSubscribers | None = None
    """Whom of the group's subscribers it is for, until that is frozen."""
    corrected: bool = False
    """Whether everyone is told what corrects it: then what would have to wait of it is told no more."""
    overtaken: Overtaken | None = None
    """Why what is not sent of it by now never is: its incident ended, or it was corrected."""

    def kind_of(self, recipient: str) -> str:
        """The kind of channel a recipient is reached by; `unknown` if the channel is gone."""
        definition = self.channels.get(channel_of(recipient))
        return definition.kind if definition is not None else "unknown"

    def lane(self, alert: AlertRaised, recipient: str) -> Lane:
        """The lane of what goes to a recipient; a person's test of a channel waits for no provider."""
        account = None if alert.kind == "TEST" else self.account(alert, recipient)
        return Lane(alert.urgency == "urgent", alert.group, self.kind_of(recipient), account)

    def account(self, alert: AlertRaised, recipient: str) -> Account:
        """Who sends it, as its provider knows us."""
        channel = channel_of(recipient)
        kin = kin_of(channel)
        if self.question is None and kin is None:
            return Account(alert.group, channel, self.providers.get(recipient, ""))
        way = kin.way if kin else self.question.bridge if self.question else channel
        return Account("", f"form-{self.kind_of(recipient)}" if way in {FORM, EMAIL} else way)

    def alone(self, job: Job) -> Job:
        """The job for one of its recipients: who has the least to lose if it ends in a maybe.

        Of those who was asked for the least often, lest one whom nobody reaches keeps an account shut.
        """
        chunk = self.ledger.chunks[job.chunk]
        asked = Counter(recipient for who in chunk.claims.values() for recipient in who)
        return replace(job, recipients=(min(job.recipients, key=lambda r: (chunk.copies(r), asked[r])),))

    def left_s(self, alert: AlertRaised, job: Job, now: datetime) -> float:
        """Seconds until it is too late for them: the alert is too old, or another channel stands in."""
        stands_in = self._stands_in_at(job.chunk, job.recipients[0])
        ends = alert.not_after if stands_in is None else min(stands_in, alert.not_after)
        return (ends - now).total_seconds()

    def is_too_late(self, alert: AlertRaised, job: Job, now: datetime) -> bool:
        """Whether it is only to be recorded."""
        return job.hopeless or self.overtaken is not None or self.left_s(alert, job, now) <= 0

    def too_late(self, alert: AlertRaised, chunk: int, recipient: str, now: datetime) -> str:
        """Why they are not sent to any more."""
        if self.overtaken:
            return self.overtaken
        stood_in = self._stands_in_at(chunk, recipient) is not None
        return "fell_back" if stood_in and now < alert.not_after else "expired"

    def _stands_in_at(self, chunk: int, recipient: str) -> datetime | None:
        """When another channel stands in for theirs, if one does."""
        if self.ledger.at is None or not is_among(recipient, self.ledger.stood_in_for):
            return None
        channel = channel_of(recipient)
        rules = (c.instead_of for c in self.channels.values())
        waits = [rule.after_s for rule in rules if rule is not None and rule.channel == channel]
        return self._tried_since(chunk, self.ledger.at) + timedelta(seconds=min(waits)) if waits else None

    def _tried_since(self, chunk: int, frozen_at: datetime) -> datetime:
        """Since when it has been in the provider's hands alone whether they are reached.

        That is from the first attempt on; before one was made, from when we could have made it.
        """
        since = self.ledger.tried_at.get(chunk) or self.begun_at or frozen_at
        return max(since, self.held_at.get(chunk, since))

    def next_chunks(self, ended: int) -> list[int]:
        """The chunks that stood in for one that has ended now, and wait for no other."""
        awaiting = (n for n, others in sorted(self.ledger.awaited.items()) if ended in others)
        return [n for n in awaiting if not self.waits(n)]

    def waits(self, chunk: int) -> bool:
        """Whether it stands in for recipients of whom nobody knows yet whether they are reached."""
        return not self.open_chunks.isdisjoint(self.ledger.awaited.get(chunk, ()))

    def unclaimed(self) -> Iterator[tuple[int, Claim]]:
        """What the ledger says is to be claimed next, chunk by chunk; of who stands in, once they are due."""
        chunks = self.open_chunks if self.begun_at else self.ledger.chunks.keys() - self.ledger.awaited.keys()
        for number in chunks:
            step = self.ledger.chunks[number].next_step(lapsed=self.lapsed.get(number, 0))
            if isinstance(step, Claim) and not self.waits(number):
                yield number, step

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
    # For whom another channel stood in, that one's records say whether they were reached.
    unsent = tuple(o for n in sorted(ended) for o in ended[n].unsent if o.reason != "fell_back")
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
    stand_ins: Mapping[str, StandIn] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    over_cap: Mapping[str, int] = field(default_factory=dict)


def expanded(
    alert: AlertRaised, bill: Bill, at: datetime, not_told: Mapping[str, int] | None = None
) -> AlertExpanded:
    """The record that freezes the recipients."""
    over_cap = sum(bill.over_cap.values())
    reasons = {**(not_told or {}), **({OVER_CAP: over_cap} if over_cap else {})}
    return AlertExpanded(
        id=f"expanded.{alert.alert_id}",
        at=at,
        alert_id=alert.alert_id,
        group=alert.group,
        incident_id=alert.incident_id,
        audience=alert.audience,
        chunks=bill.chunks,
        not_told=reasons or None,
        stand_ins=dict(bill.stand_ins) or None,
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


def all_too_late(
    claim: ChunkClaimed, kinds: Mapping[str, str], reasons: Mapping[str, str]
) -> tuple[RecipientOutcome, ...]:
    """Outcomes for a chunk that it is too late to send; `kinds` and `reasons` by recipient."""
    return tuple(
        RecipientOutcome(recipient=r, result="rejected", channel_kind=kinds[r], reason=reasons[r])
        for r in claim.recipients
    )
