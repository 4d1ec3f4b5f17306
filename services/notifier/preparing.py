"""Before anything is sent: the words for every channel concerned, and the recipients, frozen.

An alert whose words cannot be made (its key is gone, its audience may not be told) is never
expanded; one that is too old needs no words, only its recipients, to be recorded.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from services.notifier.costs import Costs, cap_of
from services.notifier.decide.expand import expand, stand_ins
from services.notifier.decide.pseudo import chunked, is_pseudo
from services.notifier.decide.rate import width
from services.notifier.decide.remembered import Remembered
from services.notifier.delivery import Delivery, ForSubscribers, expanded
from services.notifier.directory import Directory, GroupVersion
from services.notifier.engine import WIDTHS, Engine
from services.notifier.reading import Reader
from services.notifier.reporters import MAX_CHARS, NOBODY, message
from services.notifier.subscribers.subscribers import Subscribers
from shared.contracts.alerts import AlertRaised, QuestionBody, ReplyBody
from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import AlertExpanded
from shared.ports import Clock
from shared.words import (
    DRILL_TOLD,
    channel_test_message,
    drill_told_message,
    render,
    spending_told_message,
)

log = structlog.get_logger()

TO_ONE: Final = frozenset({"QUESTION", "REPLY"})
"""What goes to one person by a bridge, rather than to a group by its channels."""


class Preparation:
    """Makes alerts ready to be sent."""

    def __init__(  # noqa: PLR0913 - each is another thing it works with
        self,
        reader: Reader,
        directory: Directory,
        clock: Clock,
        *,
        engine: Engine,
        costs: Costs,
        remembered: Remembered,
        subscribers: Subscribers | None = None,
    ) -> None:
        self._reader, self._directory = reader, directory
        self._clock, self._engine, self._costs = clock, engine, costs
        self._subscribers = subscribers
        self._remembered = remembered

    async def ready(self, delivery: Delivery, alert: AlertRaised) -> bool:
        """Make the words; False if the alert or the channels cannot be read, or it may not be told."""
        if alert.kind in TO_ONE:
            return await self._to_one(delivery, alert)
        group = self._directory.version(alert.group, alert.group_version)
        if group is None or group.channels is None:
            return False
        if alert.kind == "TEST":
            return self._test(delivery, alert, group)
        concerned = concerned_by(alert, group.channels)
        if alert.kind == "SPENDING":
            return self._spending(delivery, alert, group, concerned)
        if alert.not_after > self._clock.now() and not await self._words(delivery, alert, group, concerned):
            return False
        delivery.channels = {c.id: c for c in concerned}
        delivery.providers = self._directory.providers(alert.group, alert.group_version, concerned)
        return await self._subscribed(delivery, alert, group)

    async def _subscribed(self, delivery: Delivery, alert: AlertRaised, group: GroupVersion) -> bool:
        """Choose the group's subscribers, or find them in what is frozen already, and make their words."""
        if self._subscribers is None or alert.audience != "community" or alert.drill:
            return True
        opened = await self._reader.opened(alert)
        if opened is None:  # too old for words: whom it would have been for no longer matters
            return alert.not_after <= self._clock.now()
        if not delivery.ledger.expanded and delivery.entry is not None:
            found = await self._subscribers.chosen(opened, delivery.entry)
            why = delivery.overtaken
            delivery.subscribers = found.untold(why) if found is not None and why else found
        if delivery.kin():  # before any claim: by a book half read, whoever is frozen seems to have left
            await self._subscribers.known()
        for kin in delivery.kin():
            definition = kin.definition(self._subscribers.kind(kin.way))
            delivery.channels[definition.id] = definition
            try:
                words = self._subscribers.words(opened, group, kin, base_url=self._engine.public_url)
            except Exception as error:  # noqa: BLE001 - as with `_words`: it cannot be said
                log.warning("not_rendered", alert_id=alert.alert_id, error=type(error).__name__)
                return False
            delivery.messages[definition.id, self._subscribers.max_chars(kin.way)] = words
        return True

    def _test(self, delivery: Delivery, alert: AlertRaised, group: GroupVersion) -> bool:
        """Make a test of one channel ready: with the secrets as they are now, and words of its own."""
        definition = group.channel(alert.channel or "")
        if definition is None:
            return False
        self._directory.forget_channel(alert.group, alert.group_version, definition.id)
        plugin = self._directory.plugin(definition.kind)
        if plugin is not None:
            key = (definition.language, plugin.max_chars)
            delivery.messages[key] = channel_test_message(alert, group.definition, definition.language)
        delivery.channels = {definition.id: definition}
        return True

    def _spending(
        self,
        delivery: Delivery,
        alert: AlertRaised,
        group: GroupVersion,
        channels: tuple[ChannelDefinition, ...],
    ) -> bool:
        """That money goes, over channels that cost none; too late, or of a cap that is gone, to nobody."""
        cap = cap_of(group)
        free = [c for c in channels if not self._directory.pence_a_segment(c)] if cap is not None else []
        for channel in free:
            if plugin := self._directory.plugin(channel.kind):
                key = (channel.language, plugin.max_chars)
                delivery.messages[key] = spending_told_message(
                    alert,
                    group.definition,
                    channel.language,
                    spent=self._costs.spent(alert.group),
                    cap=cap or 0,
                )
        delivery.channels = {c.id: c for c in free}
        return True

    async def _to_one(self, delivery: Delivery, alert: AlertRaised) -> bool:
        """Make the question or answer ready; one that is too old needs no words."""
        opened = await self._reader.opened(alert)
        body = opened.body if opened is not None else None
        if not isinstance(body, QuestionBody | ReplyBody):
            delivery.channels = {NOBODY.id: NOBODY}
            return alert.not_after <= self._clock.now()
        definition = self._directory.reporters.definition(body)
        delivery.channels = {definition.id: definition}
        shown = body.preview if isinstance(body, ReplyBody) else None
        group = self._directory.version(shown.group, shown.group_version) if shown else None
        try:
            words = message(
                alert,
                body,
                group=group.definition if group else None,
                base_url=self._engine.public_url,
                words=group.words if group else (),
                form=self._directory.reporters.answered_at(body, drill=alert.drill),
            )
        except Exception as error:  # noqa: BLE001 - as with `_words`: it cannot be said
            log.warning("not_rendered", alert_id=alert.alert_id, error=type(error).__name__)
            return False
        delivery.messages[definition.language, MAX_CHARS] = words
        delivery.question = body
        return True

    async def _words(
        self,
        delivery: Delivery,
        alert: AlertRaised,
        group: GroupVersion,
        channels: tuple[ChannelDefinition, ...],
    ) -> bool:
        if alert.kind in DRILL_TOLD:
            self._drill_told(delivery, alert, group, channels)
            return True
        opened = await self._reader.opened(alert)
        if opened is None:
            return False
        for channel in channels:
            plugin = self._directory.plugin(channel.kind)
            if plugin is None or (key := (channel.language, plugin.max_chars)) in delivery.messages:
                continue
            try:
                delivery.messages[key] = render(
                    opened,
                    group.definition,
                    language=channel.language,
                    max_chars=plugin.max_chars,
                    base_url=self._engine.public_url,
                    words=group.words,
                )
            except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it cannot be said
                # Only the error's name: its text could hold the words themselves.
                log.warning("not_rendered", alert_id=alert.alert_id, error=type(error).__name__)
                return False
        return True

    def _drill_told(
        self,
        delivery: Delivery,
        alert: AlertRaised,
        group: GroupVersion,
        channels: tuple[ChannelDefinition, ...],
    ) -> None:
        """That an exercise begins, or ends: words of its own, for there is no incident to tell of."""
        for channel in channels:
            if plugin := self._directory.plugin(channel.kind):
                words = drill_told_message(alert, group.definition, channel.language)
                delivery.messages[channel.language, plugin.max_chars] = words

    def expansion(self, delivery: Delivery, alert: AlertRaised) -> AlertExpanded:
        """The record that freezes the recipients: the group's channels first, then its subscribers."""
        channels = tuple(c for c in delivery.channels.values() if not is_pseudo(c.id))
        addresses = self._addresses(alert, channels)
        about = self._remembered.merged.names(alert.incident_id)
        told = self._remembered.stood_in.told(alert.group, about)
        waiting = stand_ins(channels, addresses=addresses, told=told)
        chunks = expand(
            channels,
            alert.audience,
            addresses=addresses,
            widths={c.kind: self._width(c.kind) for c in channels},
            stand_ins=waiting,
            providers=delivery.providers,
        )
        found = delivery.subscribers
        if found is None:
            bill = self._costs.bill(delivery, alert, chunks, waiting)
            return expanded(alert, bill, self._clock.now())
        bill = self._costs.bill(delivery, alert, (*chunks, *self._chunks(delivery, found)), waiting)
        return expanded(alert, bill, found.at, found.not_told)

    def _chunks(self, delivery: Delivery, found: ForSubscribers) -> Iterator[tuple[str, ...]]:
        for kin in sorted(found.kin):
            yield from chunked(kin, found.kin[kin], self._width(delivery.channels[kin.id].kind))

    def _width(self, kind: str) -> int:
        """How many of that kind go at once."""
        return width(WIDTHS.get(kind, self._engine.lane_width), self._directory.per_second(kind))

    def _addresses(self, alert: AlertRaised, channels: Sequence[ChannelDefinition]) -> dict[str, int]:
        """How many recipients each channel has: a question one, an alert those of the group's version."""
        if alert.kind in TO_ONE:
            return {channel.id: 1 for channel in channels}
        return self._directory.addresses(alert.group, alert.group_version, channels)


def concerned_by(alert: AlertRaised, channels: Sequence[ChannelDefinition]) -> tuple[ChannelDefinition, ...]:
    """The channels that carry an alert, then, where it tells of an incident, those that stand in for them."""
    carrying = tuple(c for c in channels if c.carries(alert.audience, drill=alert.drill))
    if alert.incident_id is None:
        return carrying
    known = {c.id for c in carrying}
    standing_in = (
        c
        for c in channels
        if c.stands_in(alert.audience, drill=alert.drill) and c.instead_of and c.instead_of.channel in known
    )
    return (*carrying, *standing_in)
