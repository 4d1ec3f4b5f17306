"""What an alert costs before it goes out, and whom the group's monthly cap leaves out of it.

Guarantees: what costs nothing always goes out; an end goes to every paid channel that heard of the thing, and
to none that did not; whoever is left out stands in the ledger with the reason. What another notifier freezes
at the same moment is not known here yet: by that much the cap may be passed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from services.notifier.decide.expand import channel_of
from services.notifier.decide.pseudo import kin_of
from services.notifier.decide.remembered import Remembered
from services.notifier.decide.spending import left_out
from services.notifier.delivery import Bill, Delivery
from services.notifier.directory import Directory, GroupVersion
from services.notifier.subscribers.subscribers import Subscribers
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import GroupId
from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import StandIn
from shared.ports import Clock
from shared.spending import ENDS, may_be_held_back, month_of, people_in
from shared.words.sms import sms_length

_PENCE: Final = 100


class Costs:
    """Works out what alerts cost."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        remembered: Remembered,
        subscribers: Subscribers | None = None,
    ) -> None:
        self._directory, self._clock, self._subscribers = directory, clock, subscribers
        self._spending, self._merged = remembered.spending, remembered.merged

    def bill(
        self,
        delivery: Delivery,
        alert: AlertRaised,
        chunks: Sequence[tuple[str, ...]],
        stand_ins: Mapping[str, StandIn],
    ) -> Bill:
        """What goes out of it, and at which price; whoever stands in costs nothing before they are told."""
        sure = people_in(chunk for chunk in chunks if chunk[0] not in stand_ins)
        prices = self.prices(delivery, alert, people_in(chunks))
        costs = {channel: price * sure[channel] for channel, price in prices.items()}
        standing = {channel_of(recipient) for recipient in stand_ins} & prices.keys()
        out, unheard = self._left_out(alert, costs, standing), self._unheard(delivery, alert, prices)
        gone = out | unheard
        going = tuple(
            c for c in chunks if channel_of(c[0]) not in gone and not _is_for(c, stand_ins, unheard)
        )
        return Bill(
            going,
            {r: stand_ins[r] for chunk in going for r in chunk if r in stand_ins},
            {channel: price for channel, price in prices.items() if channel not in gone},
            {channel: sure[channel] for channel in sorted(out)},
        )

    def prices(self, delivery: Delivery, alert: AlertRaised, channels: Iterable[str]) -> dict[str, float]:
        """What one recipient costs, in pence, by channel that costs; what is too late goes nowhere."""
        if delivery.overtaken or alert.not_after <= self._clock.now():
            return {}
        found = {channel: self._price(delivery, delivery.channels[channel]) for channel in channels}
        return {channel: price for channel, price in found.items() if price > 0}

    def spent(self, group: GroupId) -> float:
        """What the group spent this month, in pence."""
        return self._spending.spent(group, month_of(self._clock.now()))

    def _price(self, delivery: Delivery, definition: ChannelDefinition) -> float:
        kin = kin_of(definition.id)
        if kin is not None and self._subscribers is not None:
            pence, most = self._subscribers.pence_a_segment(kin.way), self._subscribers.max_chars(kin.way)
        else:
            plugin = self._directory.plugin(definition.kind)
            pence, most = self._directory.pence_a_segment(definition), plugin.max_chars if plugin else 0
        return pence * sms_length(delivery.words_for(definition, most).text).segments if pence else 0.0

    def _left_out(
        self, alert: AlertRaised, costs: Mapping[str, float], standing: Collection[str]
    ) -> frozenset[str]:
        cap = cap_of(self._directory.version(alert.group, alert.group_version))
        if cap is None or not may_be_held_back(alert.kind, alert.audience, alert.urgency):
            return frozenset()
        witnesses = {c for c in costs if (kin := kin_of(c)) is not None and kin.choice == "witness"}
        left = cap - self.spent(alert.group)
        return left_out(costs, left, alert.sms_to, witnesses, standing=standing)

    def _unheard(self, delivery: Delivery, alert: AlertRaised, channels: Iterable[str]) -> set[str]:
        """The channels to which it would be the end of nothing. Whoever stands in tells others, who heard.

        Of subscribers those are chosen who heard, whatever they have chosen to hear since.
        """
        if alert.kind not in ENDS:
            return set()
        own = (c for c in channels if kin_of(c) is None)
        about = self._merged.names(alert.incident_id)
        never = {c for c in own if self._spending.never_told(alert.group, about, c)}
        return {channel for channel in never if delivery.channels[channel].instead_of is None}


def _is_for(chunk: Sequence[str], stand_ins: Mapping[str, StandIn], channels: Collection[str]) -> bool:
    """Whether it stands in for one of these channels."""
    stands = stand_ins.get(chunk[0])
    return stands is not None and stands.of.partition(":")[0] in channels


def cap_of(group: GroupVersion | None) -> float | None:
    """The group's monthly cap in pence; None where it has none."""
    pounds = group.definition.policy.sms_pounds_a_month if group else None
    return None if pounds is None else pounds * _PENCE
