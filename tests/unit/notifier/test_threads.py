"""What is remembered of first messages: of so many at the most, and only where something can answer them."""

from datetime import UTC, datetime
from typing import Any

from services.notifier.threads import Threads
from shared.contracts.ledger import AlertExpanded, ChunkSettled, RecipientOutcome

NOW = datetime(2026, 6, 22, 14, 46, tzinfo=UTC)


class Directory:
    def threads(self, kind: str) -> bool:
        return kind == "chat"


def expanded(alert: str, incident: str | None) -> AlertExpanded:
    base: Any = {"id": f"e.{alert}", "at": NOW, "alert_id": alert, "group": "g"}
    return AlertExpanded(**base, incident_id=incident, audience="community", chunks=())


def sent(
    alert: str, provider_id: str | None, *, kind: str = "chat", result: Any = "delivered"
) -> ChunkSettled:
    outcome = RecipientOutcome(
        recipient="room:0", result=result, channel_kind=kind, reason="x", provider_id=provider_id
    )
    base: Any = {"id": f"s.{alert}", "at": NOW, "alert_id": alert, "group": "g"}
    return ChunkSettled(**base, chunk=0, attempt=1, outcomes=(outcome,))


def threads(most: int = 10) -> Threads:
    directory: Any = Directory()
    return Threads(directory, most=most)


def first(known: Threads, incident: str | None) -> str | None:
    where: Any = "g", incident, ["room:0", "room:1"]
    return known.firsts(*where).get("room:0")


def test_the_first_stays_the_first_however_often_the_ledger_is_read() -> None:
    known = threads()
    for record in (expanded("a1", "i1"), sent("a1", "m1"), expanded("a2", "i1"), sent("a2", "m2")) * 2:
        known.learn(record)
    assert first(known, "i1") == "m1"
    assert first(known, "i2") is None


def test_what_was_not_taken_has_no_id_or_is_about_no_incident_begins_no_thread() -> None:
    known = threads()
    for record in (
        sent("a0", "m0"),
        expanded("a1", None),
        sent("a1", "m1"),
        expanded("a2", "i1"),
        sent("a2", None),
        sent("a2", "m2", result="unknown"),
        sent("a2", "m2", kind="mail"),
    ):
        known.learn(record)
    assert first(known, "i1") is None
    assert first(known, None) is None


def test_of_very_many_the_oldest_are_forgotten() -> None:
    known = threads(most=3)
    for n in range(5):
        known.learn(expanded(f"a{n}", f"i{n}"))
        known.learn(sent(f"a{n}", f"m{n}"))
    assert [first(known, f"i{n}") for n in range(5)] == [None, None, "m2", "m3", "m4"]
