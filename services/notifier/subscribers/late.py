"""What goes on already, for somebody who joins now: once, claimed and recorded like any delivery.

It has an alert id of its own, made of the alert's and the person's pseudonym, so that it is told once,
whatever happens; and since it stands in the ledger, they hear the end like everybody who was told. While a
kill switch is on, or cannot be read, nothing is claimed and nobody is told.
"""

import hashlib
from typing import Final

import structlog

from services.notifier.decide.pseudo import Kin, chunked
from services.notifier.delivery import ForSubscribers, alert_settled, claimed, expanded, settled
from services.notifier.kill_switch import KillSwitches
from services.notifier.records import LedgerWriter
from services.notifier.sending import as_record, send_chunk
from services.notifier.subscribers.audience import Audience
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import AlertId
from shared.contracts.ledger import ChunkClaimed
from shared.plugins.spec import RenderedMessage
from shared.ports import Clock

log = structlog.get_logger()

_DEADLINE_S: Final = 10.0


class Latecomers:
    """Tells them."""

    def __init__(
        self, writer: LedgerWriter, audience: Audience, clock: Clock, switches: KillSwitches, *, claimant: str
    ) -> None:
        self._writer, self._audience, self._clock, self._switches = writer, audience, clock, switches
        self._claimant = claimant

    async def tell(
        self, alert: AlertRaised, kin: Kin, found: ForSubscribers, message: RenderedMessage
    ) -> None:
        """Tell the one person of this kin, unless somebody did or a switch is on."""
        if why := await self._switches.stopped(self._switches.ask(alert.group)):
            log.warning("late_not_told", group=alert.group, reason=why)
            return
        ((recipient,),) = chunked(kin, found.kin[kin], 1)
        mine = alert.model_copy(update={"alert_id": _late_id(alert, recipient)})
        frozen = expanded(mine, ((recipient,),), found.at)
        claim = claimed(
            mine,
            0,
            attempt=1,
            recipients=(recipient,),
            claimant=self._claimant,
            at=self._clock.now(),
        )
        held = await self._writer.write(frozen, claim, urgent=False)
        if not any(isinstance(r, ChunkClaimed) and r.claimant == self._claimant for r in held):
            return
        self._audience.learn(frozen)
        sender = await self._audience.sender(alert.group, found.at.date(), kin, (recipient,))
        if sender is None:
            return
        sent = await send_chunk(sender, (recipient,), message, deadline_s=_DEADLINE_S)
        outcomes = tuple(as_record(r, sender.spec.kind, outcome) for r, outcome in sent.items())
        delivered = sum(outcome.result == "delivered" for outcome in outcomes)
        unsent = tuple(outcome for outcome in outcomes if outcome.result != "delivered")
        now = self._clock.now()
        ending = alert_settled(mine.alert_id, mine.group, now, (delivered, unsent, "done"))
        await self._writer.note(settled(claim, outcomes, now), ending)


def _late_id(alert: AlertRaised, recipient: str) -> AlertId:
    """The same for the same person and alert on one day."""
    found = hashlib.sha256(f"{alert.alert_id}\n{recipient}".encode()).hexdigest()
    return AlertId(f"late-{found[:32]}")
