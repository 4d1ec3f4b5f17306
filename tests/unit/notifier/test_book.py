"""The book folded: one entry a person, and everything that no longer need be there is named for erasing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.notifier.decide.book import Book
from services.notifier.decide.book_records import lapse_of
from shared.contracts.base import GroupId, Sealed
from shared.contracts.subscribers import (
    AnswerClaimed,
    Follow,
    Pending,
    Subscriber,
    SubscriberKept,
    SubscriberLeft,
    SubscriptionAsked,
    SubscriptionSettled,
)

NOW = datetime(2026, 5, 14, 18, 42, tzinfo=UTC)
SEALED = Sealed(key="own", box="x.y")


def asked(seq: int) -> SubscriptionAsked:
    return SubscriptionAsked(id=f"q{seq}", at=NOW, content=SEALED)


def kept(request: int | None, name: str = "s1", **more: Any) -> SubscriberKept:
    details = Subscriber.model_validate(
        {"number": 1, "way": "sms", "address": "+447700900123", "follows": [Follow(group="hackney")], **more}
    )
    return SubscriberKept(id=f"of.{request}", at=NOW, request=request, subscriber=name, details=details)


def left(request: int | None, name: str = "s1") -> SubscriberLeft:
    return SubscriberLeft(id=f"of.{request}", at=NOW, request=request, subscriber=name, why="asked")


def test_an_entry_is_found_by_contact_ticket_and_group_and_a_newer_one_stands_for_it() -> None:
    book = Book()
    pending = Pending(ticket="t1", until=NOW, follows=(), language="en")
    book.keep(2, kept(1, follows=[], pending=pending))
    found = book.find("sms", "+447700900123")
    assert found is not None
    assert book.with_ticket("t1") == found
    assert list(book.followers("hackney")) == []  # type: ignore[arg-type]
    book.keep(3, kept(2, follows=[], earlier=[pending], pending=pending.model_copy(update={"ticket": "t2"})))
    assert book.with_ticket("t1") == book.with_ticket("t2") != found
    book.keep(4, kept(3))
    assert book.with_ticket("t1") is book.with_ticket("t2") is None
    assert [p.seq for p in book.followers("hackney")] == [4]  # type: ignore[arg-type]
    assert book.spent == {2, 3}


def test_who_left_is_nowhere_and_all_of_theirs_is_to_be_erased() -> None:
    book = Book()
    book.keep(2, kept(1))
    book.keep(4, kept(3))
    book.leave(6, left(5))
    assert (book.people, book.by_contact, book.by_ticket) == ({}, {}, {})
    assert list(book.followers("hackney")) == []  # type: ignore[arg-type]
    assert book.spent == {2, 4}
    assert set(book.tombs) == {6}


@pytest.mark.parametrize("order", [(4, 6), (6, 4)])
def test_an_end_by_time_ends_no_entry_that_is_newer(order: tuple[int, int]) -> None:
    book = Book()
    pending = Pending(ticket="t1", until=NOW, follows=(), language="en")
    book.keep(2, kept(1, follows=[], pending=pending))
    end = lapse_of(book.people["s1"], NOW)
    confirmed, lapsed = order
    steps = {confirmed: lambda: book.keep(confirmed, kept(3)), lapsed: lambda: book.leave(lapsed, end)}
    for seq in sorted(steps):
        steps[seq]()
    assert [p.seq for p in book.followers(GroupId("hackney"))] == [confirmed]
    assert 2 in book.spent
    assert lapsed in book.spent | set(book.tombs), "the end itself is erased, too"


def test_an_end_by_time_ends_the_entry_that_it_names() -> None:
    book = Book()
    book.keep(2, kept(1, follows=[]))
    book.leave(3, lapse_of(book.people["s1"], NOW))
    assert (book.people, book.spent, set(book.tombs)) == ({}, {2}, {3})


def test_requests_wait_in_order_until_decided_and_go_when_answered() -> None:
    book = Book()
    for seq in (1, 2, 3):
        book.ask(seq, asked(seq))
    assert book.waiting() == 1
    book.keep(4, kept(1))
    assert book.waiting() == 2
    book.settle(5, SubscriptionSettled(id="of.2", at=NOW, request=2, answer="help"))
    claim = AnswerClaimed(id="answer.2.1", at=NOW, request=2, attempt=1, claimant="n1")
    book.claim(6, claim)
    assert book.done[2].attempts == 1
    book.answered(1)
    book.answered(2)
    assert book.spent == {1, 2, 5, 6}, "a person's entry stays; what only said that it was asked goes"
    assert book.waiting() == 3


def test_a_claim_of_what_is_done_with_is_left_over() -> None:
    book = Book()
    book.claim(9, AnswerClaimed(id="answer.2.1", at=NOW, request=2, attempt=1, claimant="n1"))
    assert book.spent == {9}


def test_an_entry_that_cannot_be_read_is_nobodys_and_still_settles_its_request() -> None:
    book = Book()
    book.ask(1, asked(1))
    book.keep(2, kept(1).model_copy(update={"details": SEALED}))
    assert book.people == {}
    assert book.waiting() is None
