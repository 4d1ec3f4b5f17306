"""What became of a channel's test, as a person reads it. Pure.

A test speaks for the channel as it is now: once its settings have changed, the test says nothing any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.console.decide.draft import Document

Outcome = Literal["pending", "delivered", "failed"]
WITHIN: Final = frozenset({"feed"})
"""Kinds of channels that lead nowhere else: nothing outside has to work, so nobody need test them."""
_MAYBE_LATER: Final = "retry"
_NEEDS_A_PERSON: Final = frozenset({"bad_credentials", "secret_missing"})
"""Nothing that the relay tries again mends these."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How it ended for one recipient, the n-th of the channel."""

    number: int
    result: str
    reason: str
    words: str
    arrived: str = ""
    """What the provider said later, if it does: `delivered`, or `failed` and why."""
    arrived_why: str = ""


@dataclass(frozen=True, slots=True)
class ChannelTest:
    """The latest test of a channel."""

    channel: str
    at: datetime
    until: datetime
    current: bool
    """Whether the channel is still as it was tested."""
    outcome: Outcome
    answers: tuple[Answer, ...]
    recipients: int | None

    @property
    def works(self) -> bool:
        """Whether the channel, as it is now, was seen to work."""
        return self.current and self.outcome == "delivered"


def latest_test(
    group: Document, channel: str, test: Document | None, alert: Document | None
) -> ChannelTest | None:
    """The test, out of the documents of its alert and of the group; None if there was none."""
    if test is None:
        return None
    found = alert or {}
    answers = tuple(_answer(name, one) for name, one in sorted(found.get("answers", {}).items(), key=_number))
    return ChannelTest(
        channel=channel,
        at=datetime.fromisoformat(test["at"]),
        until=datetime.fromisoformat(test["until"]),
        current=test["version"] >= group.get("channels_since", {}).get(channel, 0),
        outcome=_outcome(answers, found),
        answers=answers,
        recipients=found.get("recipients"),
    )


def carried_at(group: Document, channel: str, carried: Document) -> datetime | None:
    """When a message in earnest was last accepted over the channel as it is now; None: none yet."""
    last = carried.get(channel)
    if last is None or last["version"] < group.get("channels_since", {}).get(channel, 0):
        return None
    return datetime.fromisoformat(last["at"])


def seen_to_work(test: ChannelTest | None, carried: datetime | None) -> bool:
    """Whether a channel was seen to work, by whichever came last: its test, or a message in earnest."""
    if test is None or not test.current or test.outcome == "pending":
        return carried is not None
    return test.works or (carried is not None and carried > test.at)


def as_json(test: ChannelTest, held: str | None) -> Document:
    """The test for programs."""
    return {
        "channel": test.channel,
        "at": test.at.isoformat(),
        "outcome": test.outcome,
        "current": test.current,
        "held": held,
        "answers": [
            {
                "recipient": a.number,
                "result": a.result,
                "reason": a.reason,
                "words": a.words,
                "arrived": a.arrived or None,
                "arrived_why": a.arrived_why or None,
            }
            for a in test.answers
        ],
    }


def _outcome(answers: tuple[Answer, ...], alert: Mapping[str, object]) -> Outcome:
    settled = alert.get("settled") is not None
    recipients = alert.get("recipients")
    all_in = isinstance(recipients, int) and len(answers) >= recipients
    still_trying = any(a.result == _MAYBE_LATER and a.reason not in _NEEDS_A_PERSON for a in answers)
    if not settled and (not all_in or still_trying):
        return "pending"
    well = answers and all(a.result == "delivered" and a.arrived != "failed" for a in answers)
    return "delivered" if well else "failed"


def _answer(recipient: str, one: Document) -> Answer:
    said = one.get("words", ""), one.get("arrived", ""), one.get("arrived_why", "")
    return Answer(_position(recipient), one["result"], one["reason"], *said)


def _number(item: tuple[str, object]) -> int:
    return _position(item[0])


def _position(recipient: str) -> int:
    """Counted from 1, as people do."""
    return int(recipient.rpartition(":")[2]) + 1
