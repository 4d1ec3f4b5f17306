"""The subscribers' book, folded from its stream: who there is, what is asked, what is to be erased. Pure.

Whoever folds the same stream has the same book. It also knows what no longer need be there: an entry that a
newer one stands for, all of a person who left, what was asked and is done with. So a crash between a record
and the erasing leaves only a moment's delay, and a restart erases.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.contracts.base import GroupId
from shared.contracts.subscribers import (
    AnswerClaimed,
    BookRecord,
    Subscriber,
    SubscriberKept,
    SubscriberLeft,
    SubscriptionAsked,
)


@dataclass(frozen=True, slots=True)
class Person:
    """One person's entry: what they are called here, where it stands in the stream, what it says."""

    name: str
    seq: int
    details: Subscriber


@dataclass(slots=True)
class Done:
    """A request that was decided: by which record, and which claims of its answer there are."""

    seq: int
    record: BookRecord
    claims: list[int] = field(default_factory=list)
    attempts: int = 0


@dataclass(slots=True)
class Book:
    """The book as far as it was read."""

    people: dict[str, Person] = field(default_factory=dict)
    asked: dict[int, SubscriptionAsked] = field(default_factory=dict)
    """Requests that are there, oldest first, still sealed; those `done` wait for their answer."""
    imports: dict[int, None] = field(default_factory=dict)
    """Where lines of lists lie, oldest first: they are many, so what they say is looked up when decided."""
    done: dict[int, Done] = field(default_factory=dict)
    spent: set[int] = field(default_factory=set)
    """What is to be erased."""
    tombs: dict[int, SubscriberLeft] = field(default_factory=dict)
    """Ends that other notifiers may not have read yet."""
    by_contact: dict[tuple[str, str], str] = field(default_factory=dict)
    by_ticket: dict[str, str] = field(default_factory=dict)
    by_group: dict[GroupId, dict[str, Person]] = field(default_factory=dict)
    """Those who confirmed, by each group that they follow."""
    changes: int = 0
    """Entries taken in so far."""
    newest: int = 0
    """Where the entry or end stands that was taken in last."""

    def ask(self, seq: int, asked: SubscriptionAsked) -> None:
        """Something is asked."""
        self.asked[seq] = asked

    def hand_in(self, seq: int) -> None:
        """A line of a list is there."""
        self.imports[seq] = None

    def keep(self, seq: int, record: SubscriberKept) -> None:
        """A person's entry, in clear; one that cannot be read any more is nobody's."""
        self.newest = seq
        if isinstance(record.details, Subscriber):
            self.changes += 1
            self._drop(record.subscriber)
            self._put(Person(record.subscriber, seq, record.details))
        self._settles(seq, record)

    def leave(self, seq: int, record: SubscriberLeft) -> None:
        """A person left; an end by time is none where they have confirmed meanwhile."""
        self.newest = seq
        person = self.people.get(record.subscriber)
        if record.entry is not None and person is not None and person.seq > record.entry:
            self.spent.add(seq)
            return
        self._drop(record.subscriber)
        self.tombs[seq] = record
        self._settles(seq, record)

    def settle(self, seq: int, record: BookRecord) -> None:
        """A request changed nothing."""
        self._settles(seq, record)

    def claim(self, seq: int, record: AnswerClaimed) -> None:
        """Somebody answers."""
        done = self.done.get(record.request)
        if done is None:
            self.spent.add(seq)
            return
        done.claims.append(seq)
        done.attempts = max(done.attempts, record.attempt)

    def answered(self, request: int) -> None:
        """The request is done with: it goes, and whatever says no more than that it was there."""
        self.asked.pop(request, None)
        self.imports.pop(request, None)
        self.spent.add(request)
        if done := self.done.pop(request, None):
            self.spent.update(done.claims)
            if not isinstance(done.record, SubscriberKept | SubscriberLeft):
                self.spent.add(done.seq)

    def waiting(self) -> int | None:
        """The oldest request that nobody has decided."""
        return next((seq for seq in self.asked if seq not in self.done), None)

    def next_import(self) -> int | None:
        """The oldest line of a list that nobody has decided."""
        return next((seq for seq in self.imports if seq not in self.done), None)

    def is_there(self, request: int) -> bool:
        """Whether the request still lies in the stream, as far as it was read."""
        return request in self.asked or request in self.imports

    def find(self, way: str, address: str) -> Person | None:
        """Whose contact it is."""
        return self.people.get(self.by_contact.get((way, address), ""))

    def with_ticket(self, ticket: str) -> Person | None:
        """Who waits for the code that goes with the ticket."""
        return self.people.get(self.by_ticket.get(ticket, ""))

    def followers(self, group: GroupId) -> Iterator[Person]:
        """Those who confirmed that they follow the group, as of now: the book may change meanwhile."""
        return iter(list(self.by_group.get(group, {}).values()))

    def _settles(self, seq: int, record: BookRecord) -> None:
        if record.request is not None:
            self.done[record.request] = Done(seq, record)

    def _put(self, person: Person) -> None:
        self.people[person.name] = person
        details = person.details
        self.by_contact[details.way, details.address] = person.name
        for pending in details.waiting:
            self.by_ticket[pending.ticket] = person.name
        for follow in details.follows:
            self.by_group.setdefault(follow.group, {})[person.name] = person

    def _drop(self, name: str) -> None:
        person = self.people.pop(name, None)
        if person is None:
            return
        self.spent.add(person.seq)
        details = person.details
        self.by_contact.pop((details.way, details.address), None)
        for pending in details.waiting:
            self.by_ticket.pop(pending.ticket, None)
        for follow in details.follows:
            self.by_group.get(follow.group, {}).pop(name, None)
