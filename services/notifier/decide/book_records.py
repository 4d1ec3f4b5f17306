"""What is written into the subscribers' book: one record for each request, or for time that passed. Pure."""

from datetime import datetime
from typing import Any

from services.notifier.decide.book import Person
from services.notifier.decide.subscribing import Outcome
from shared.contracts.subscribers import BookRecord, SubscriberKept, SubscriberLeft, SubscriptionSettled


def record_of(
    outcome: Outcome, person: Person | None, request: int, at: datetime, *, fresh: str
) -> BookRecord:
    """The outcome as it is stored; its id is made of the request, so that it is stored once.

    `fresh` is what somebody is called of whom there is no entry yet.
    """
    shared: dict[str, Any] = {"id": f"of.{request}", "at": at, "request": request, "answer": outcome.answer}
    if outcome.kept is not None:
        name = person.name if person else fresh
        return SubscriberKept(**shared, subscriber=name, details=outcome.kept)
    if outcome.left is not None and person is not None:
        return SubscriberLeft(**shared, subscriber=person.name, why=outcome.left)
    return SubscriptionSettled(**shared)


def lapse_of(person: Person, now: datetime) -> SubscriberLeft:
    """The end of somebody who never sent back the code."""
    name = f"lapsed.{person.name}.{person.seq}"
    return SubscriberLeft(id=name, at=now, subscriber=person.name, why="never_confirmed", entry=person.seq)
