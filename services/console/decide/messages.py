"""An alert as a group's channels and subscribers would get it: the very words, to how many, at what cost.

Pure; rendered by the same `shared.words` as the notifier's messages. Of subscribers only figures are known
here: they are counted as if all were told; for whose area and in whose quiet hours it is, the book knows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.console.decide.draft import Document
from services.console.models import Send
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.groups import ChannelDefinition, GroupDefinition
from shared.contracts.ledger import Following
from shared.contracts.own_words import OwnWords
from shared.contracts.subscribers import Choice
from shared.spending import ENDS, may_be_held_back
from shared.words import MIN_CHARS, render
from shared.words.said import says_all
from shared.words.sms import sms_length
from shared.words.subscribers import ending

_UNPROVEN: Final = frozenset({"unconfirmed", "likely"})


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known of a group's channel: how much it carries, and how many it reaches (None: unknown)."""

    definition: ChannelDefinition
    max_chars: int
    recipients: int | None
    sms: bool = False
    pence_a_segment: float = 0.0


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group with its channels."""

    definition: GroupDefinition
    version: int
    channels: tuple[ChannelFacts, ...]
    words: tuple[OwnWords, ...] = ()
    """Its own."""
    followers: tuple[Following, ...] = ()
    """Its subscribers, as the notifier counted them last."""
    spent_pence: float = 0.0
    """What its text messages cost this month."""


@dataclass(frozen=True, slots=True)
class _Way:
    """By what a message goes to how many."""

    channel: str
    kind: str
    language: str
    max_chars: int
    recipients: int | None
    sms: bool
    pence_a_segment: float
    choice: Choice | None = None
    ending: str = ""


def messages_of(
    alert: AlertRaised, group: GroupFacts, told: Sequence[Document], *, base_url: str
) -> list[Send]:
    """The messages in the channels' order, then those to subscribers; `told` are the alerts raised so far."""
    ways = (*_channels(alert, group), *_followers(alert, group, told))
    return [_message(alert, group, way, base_url) for way in ways]


def _channels(alert: AlertRaised, group: GroupFacts) -> Iterator[_Way]:
    for channel in group.channels:
        definition = channel.definition
        if definition.carries(alert.audience, drill=alert.drill):
            yield _Way(
                channel=definition.id,
                kind=definition.kind,
                language=definition.language,
                max_chars=max(channel.max_chars, MIN_CHARS),
                recipients=channel.recipients,
                sms=channel.sms,
                pence_a_segment=channel.pence_a_segment,
            )


def _followers(alert: AlertRaised, group: GroupFacts, told: Iterable[Document]) -> Iterator[_Way]:
    """Subscribers hear what is confirmed; an end those alone who heard of the thing."""
    if alert.audience != "community" or alert.drill or alert.status in _UNPROVEN:
        return
    heard = _heard(told, alert.group)
    for kin in group.followers:
        people = min(kin.people, heard[kin.channel]) if alert.kind in ENDS else kin.people
        if people:
            yield _Way(
                channel=kin.channel,
                kind=kin.kind,
                language=kin.language,
                max_chars=kin.max_chars,
                recipients=people,
                sms=kin.sms,
                pence_a_segment=kin.price_pence,
                choice=kin.choice,
                ending="" if kin.leaves_by_link else ending(kin.language),
            )


def _heard(told: Iterable[Document], group: str) -> Counter[str]:
    """How many of the group's subscribers were told of it, by way, language and choice."""
    heard: Counter[str] = Counter()
    for alert in told:
        if alert.get("group") == group:
            heard |= Counter(alert.get("followers", {}))
    return heard


def _message(alert: AlertRaised, group: GroupFacts, way: _Way, base_url: str) -> Send:
    message = render(
        alert.model_copy(update={"ask": "NONE"}) if way.choice == "information" else alert,
        group.definition,
        language=way.language,
        max_chars=way.max_chars,
        base_url=base_url,
        words=group.words,
        ending=way.ending,
    )
    segments = sms_length(message.text).segments if way.sms else None
    held_back = may_be_held_back(alert.kind, alert.audience, alert.urgency)
    return Send(
        group=group.definition.id,
        audience=alert.audience,
        channel=way.channel,
        channel_kind=way.kind,
        kind=message.kind,
        language=way.language,
        recipients=way.recipients,
        text=message.text,
        segments=segments,
        choice=way.choice,
        shortened=isinstance(alert.body, AlertBody) and not says_all(message.text, alert.body.statement),
        pence=way.pence_a_segment * (segments or 0) * (way.recipients or 0),
        capped=held_back and alert.sms_to != "everyone",
    )
