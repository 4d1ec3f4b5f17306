"""The ledger of one alert, folded: what was claimed, how it ended, and what remains to be done. Pure.

Whoever folds the same records, in whatever order they arrive, reaches the same answer. A claim
without outcomes counts as a possible copy until its outcomes say otherwise: that is why nobody
gets a third copy, and why nobody is silently left out.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from services.notifier.decide.expand import channel_of, stood_in_for
from services.notifier.decide.retry import LEASE_LAPSED, MAX_COPIES
from shared.contracts.ledger import (
    AlertExpanded,
    AlertSettled,
    ChunkClaimed,
    ChunkSettled,
    LedgerRecord,
    RecipientOutcome,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Send to these, under this attempt's number; `after` are their latest outcomes, where there are any."""

    attempt: int
    recipients: tuple[str, ...]
    after: tuple[RecipientOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody claimed this attempt and may still be sending."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing more is sent for this chunk. `unsent` names everybody who surely or maybe got nothing."""

    delivered: int
    unsent: tuple[RecipientOutcome, ...]
    flagged: bool


Step = Claim | Wait | Finished


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """What is known of those who are stood in for, while their chunks have so many records."""

    records: tuple[int, ...]
    reached: bool
    copies: int


@dataclass(slots=True)
class Others:
    """Those whom a recipient stands in for, by their chunks.

    Hundreds may stand in for the same hundreds: what is known of them is reckoned once, not for each.
    """

    who: tuple[tuple["Chunk", tuple[str, ...]], ...]
    over_budget: bool
    _known: _Reckoned | None = field(default=None, init=False, compare=False, repr=False)

    def reached(self) -> bool:
        """Whether nobody of them is left to be told, once their chunks have ended; maybes are a person's."""
        return self._reckoned().reached

    def copies(self) -> int:
        """How many copies the recipient may have by them."""
        return self._reckoned().copies

    def _reckoned(self) -> _Reckoned:
        records = tuple(chunk.records for chunk, _ in self.who)
        if self._known is None or self._known.records != records:
            who = [(chunk, name) for chunk, names in self.who for name in names]
            reached = bool(who) and all(chunk.is_over_for(name) for chunk, name in who)
            copies = max((chunk.copies(name) for chunk, name in who), default=0)
            self._known = _Reckoned(records, reached, copies)
        return self._known


@dataclass(slots=True)
class Chunk:
    """One chunk's records so far."""

    recipients: tuple[str, ...] = ()
    claims: dict[int, tuple[str, ...]] = field(default_factory=dict)
    settled: dict[int, tuple[RecipientOutcome, ...]] = field(default_factory=dict)
    stand_ins: dict[str, Others] = field(default_factory=dict)
    """Whom its recipients stand in for; it is for later, when the chunks of all of those have ended."""
    _known: tuple[int, dict[str, list[RecipientOutcome]]] = field(
        default_factory=lambda: (0, {}), init=False, compare=False, repr=False
    )
    """Each recipient's outcomes, as far as so many attempts have ended."""

    @property
    def records(self) -> int:
        """How many there are: none is ever taken back."""
        return len(self.claims) + len(self.settled)

    def next_step(self, *, lapsed: int = 0) -> Step:
        """What comes next. Claims up to attempt `lapsed` are held for abandoned."""
        if self.recipients and not (self.claims or self.settled or self.stand_ins):
            return Claim(1, self.recipients)
        last = max(self.claims, default=0)
        if last > lapsed and last not in self.settled:
            return Wait(last)
        standing = self._standings()
        remaining = tuple(r for r, s in standing.items() if s.state == "open")
        if remaining:
            latest = (standing[r].last for r in remaining)
            return Claim(last + 1, remaining, tuple(o for o in latest if o is not None))
        return _finished(standing)

    def after(self, record: ChunkSettled, *, lapsed: int = 0) -> Step:
        """What would come next if this record stood there."""
        return replace(self, settled={**self.settled, record.attempt: record.outcomes}).next_step(
            lapsed=lapsed
        )

    def copies(self, recipient: str) -> int:
        """How many attempts may have left a copy with this recipient, or by those they stand in for."""
        return self._copies(recipient, self._outcomes().get(recipient, []))

    def is_over_for(self, recipient: str) -> bool:
        """Whether they were delivered to, or may have got as many copies as anybody may."""
        standing = self._standing(recipient, self._outcomes().get(recipient, []))
        return standing.state in {"delivered", "flagged"}

    def _copies(self, recipient: str, outcomes: list[RecipientOutcome]) -> int:
        others = self.stand_ins.get(recipient)
        before = others.copies() if others else 0
        unsettled = sum(recipient in who for a, who in self.claims.items() if a not in self.settled)
        return before + unsettled + sum(o.result in {"delivered", "unknown"} for o in outcomes)

    def _outcomes(self) -> dict[str, list[RecipientOutcome]]:
        """Each recipient's outcomes, attempt after attempt."""
        if self._known[0] != len(self.settled):
            found: dict[str, list[RecipientOutcome]] = {}
            for attempt in sorted(self.settled):
                for outcome in self.settled[attempt]:
                    found.setdefault(outcome.recipient, []).append(outcome)
            self._known = len(self.settled), found
        return self._known[1]

    def _standings(self) -> dict[str, "_Standing"]:
        outcomes = self._outcomes()
        return {r: self._standing(r, outcomes.get(r, [])) for r in self.recipients}

    def _standing(self, recipient: str, outcomes: list[RecipientOutcome]) -> "_Standing":
        last = outcomes[-1] if outcomes else None
        delivered = next((o for o in outcomes if o.result == "delivered"), None)
        refused = next((o for o in outcomes if o.result == "rejected"), None)
        if delivered is not None:
            return _Standing("delivered", delivered)
        if refused is not None:
            return _Standing("refused", refused)
        if not outcomes and (others := self.stand_ins.get(recipient)) is not None:
            if others.reached():
                return _Standing("spared", None)
            if others.over_budget:
                return _Standing("refused", _over_budget(recipient))
        if self._copies(recipient, outcomes) >= MAX_COPIES:
            return _Standing("flagged", last)
        return _Standing("open", last)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How things stand with one recipient, and the latest or deciding outcome."""

    state: Literal["delivered", "refused", "flagged", "spared", "open"]
    last: RecipientOutcome | None


def _over_budget(recipient: str) -> RecipientOutcome:
    return RecipientOutcome(
        recipient=recipient, result="rejected", channel_kind="unknown", reason="over_fallback_budget"
    )


def _finished(standing: dict[str, _Standing]) -> Finished:
    unsent = []
    for recipient, s in standing.items():
        if s.state == "flagged":
            kind = s.last.channel_kind if s.last is not None else "unknown"
            unsent.append(
                RecipientOutcome(
                    recipient=recipient, result="unknown", channel_kind=kind, reason="ambiguous_twice"
                )
            )
        elif s.state == "refused" and s.last is not None:
            unsent.append(s.last)
    states = [s.state for s in standing.values()]
    return Finished(states.count("delivered"), tuple(unsent), "flagged" in states)


@dataclass(slots=True)
class AlertLedger:
    """All records of one alert. `apply` may see a record any number of times, in any order."""

    chunks: dict[int, Chunk] = field(default_factory=dict)
    expanded: bool = False
    reached: bool = False
    """Whether it was delivered to anybody."""
    settled: bool = False
    at: datetime | None = None
    """When it was expanded."""
    stood_in_for: frozenset[str] = frozenset()
    """The recipients, and whole channels, for whom others are told where they are not reached."""
    tried_at: dict[int, datetime] = field(default_factory=dict)
    """When the first attempt ended that was made, by chunk."""
    awaited: dict[int, set[int]] = field(default_factory=dict)
    """The chunks for which a chunk of stand-ins waits."""

    @property
    def day(self) -> date | None:
        """Its subscribers stand there by their pseudonyms of the day on which it was expanded."""
        return self.at.date() if self.at else None

    def apply(self, record: LedgerRecord) -> None:
        """Fold one record."""
        if isinstance(record, AlertExpanded):
            self.expanded, self.at = True, record.at
            for number, recipients in enumerate(record.chunks):
                self._chunk(number).recipients = recipients
            self._learn_stand_ins(record)
        elif isinstance(record, ChunkClaimed):
            self._chunk(record.chunk).claims.setdefault(record.attempt, record.recipients)
        elif isinstance(record, ChunkSettled):
            self._chunk(record.chunk).settled.setdefault(record.attempt, record.outcomes)
            self.reached |= any(o.result == "delivered" for o in record.outcomes)
            if any(o.reason != LEASE_LAPSED for o in record.outcomes):
                first = self.tried_at.get(record.chunk, record.at)
                self.tried_at[record.chunk] = min(first, record.at)
        elif isinstance(record, AlertSettled):
            self.settled = True

    def _learn_stand_ins(self, record: AlertExpanded) -> None:
        if not record.stand_ins:
            return
        self.stood_in_for = stood_in_for(record.stand_ins)
        known: dict[str, dict[int, tuple[str, ...]]] = defaultdict(dict)
        """Whom a name stands for, a recipient's or a channel's, by their chunks."""
        for number, recipients in enumerate(record.chunks):
            for recipient in recipients:
                known[recipient][number] = (recipient,)
                known[channel_of(recipient)][number] = recipients
        others = {
            (of, over_budget): Others(
                tuple((self._chunk(n), who) for n, who in known[of].items()), over_budget
            )
            for of, over_budget in {(s.of, s.over_budget) for s in record.stand_ins.values()}
        }
        for recipient, stands in record.stand_ins.items():
            for number in known[recipient]:
                self._chunk(number).stand_ins[recipient] = others[stands.of, stands.over_budget]
                self.awaited.setdefault(number, set()).update(known[stands.of])

    def _chunk(self, number: int) -> Chunk:
        return self.chunks.setdefault(number, Chunk())
