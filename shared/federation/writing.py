"""What a hub writes to a peer about one of its alerts, or why that is nothing for them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from shared.contracts.peers import PassedOn
from shared.federation.letter import IN_THE_REPORTS_WORDS, MOST_HOPS, MOST_TEXT, Letter, Says
from shared.federation.link import Link
from shared.federation.trust import Refusal
from shared.plugins.spec import RenderedMessage

LIFE: Final = timedelta(minutes=5)
_SAYS: Final[Mapping[str, Says]] = {
    "UNCONFIRMED": "unconfirmed",
    "LIKELY": "likely",
    "CONFIRMED": "confirmed",
    "UPDATE": "update",
    "OVER": "over",
    "CLOSED": "over",
    "WRONG": "wrong",
    "NOT_CONFIRMED": "not_confirmed",
    "TEST": "test",
}
"""All else (digests, exercises, shifts, silence) is for a group's own people."""
_NEWS: Final = frozenset({None, "moved", "reopened"})
"""Notes of an update that tell what is so; by the others our verifiers are asked to look."""
_PEERS: Final = TypeAdapter(tuple[PassedOn, ...])

NOT_FOR_PEERS: Final = Refusal("not_for_peers")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes this attempt another than the last: who signs it, its number, and when."""

    run: str
    sequence: int
    now: datetime


def letter_for(link: Link, message: RenderedMessage, *, key: str, stamp: Stamp) -> Letter | Refusal:
    """The letter for an alert's message, whose stable id is `key`."""
    says, facts = _SAYS.get(message.kind), message.data.get("facts") or {}
    if says is None or (says == "update" and facts.get("note") not in _NEWS):
        return NOT_FOR_PEERS
    try:
        way = _way(link, _PEERS.validate_python(facts.get("peers", ())))
        if isinstance(way, Refusal):
            return way
        return Letter(**_signed_by(link, key, stamp), **_told(message, says, way))
    except ValidationError:
        return Refusal("cannot_be_written")


@dataclass(frozen=True, slots=True)
class _Way:
    via: tuple[str, ...]
    answers: str | None = None


def _way(link: Link, peers: tuple[PassedOn, ...]) -> _Way | Refusal:
    """An answer to whoever told us goes straight back; news goes on, unless they have it already."""
    theirs = [word for word in peers if word.hub == link.hub]
    if theirs:
        return _Way((link.us,), theirs[-1].about)
    came_by = tuple(dict.fromkeys(hub for word in peers for hub in (*word.via, word.hub)))
    if link.hub in came_by:
        return Refusal("loop")
    return _Way((*came_by, link.us)) if len(came_by) < MOST_HOPS else Refusal("too_many_hops")


def _signed_by(link: Link, key: str, stamp: Stamp) -> dict[str, Any]:
    return {
        "sender": link.us,
        "audience": link.hub,
        "id": key,
        "run": stamp.run,
        "sequence": stamp.sequence,
        "at": stamp.now,
        "until": stamp.now + LIFE,
    }


def _told(message: RenderedMessage, says: Says, way: _Way) -> dict[str, Any]:
    """Where a peer told us of it, only what people decided goes back, never the words of others' reports."""
    facts = message.data.get("facts") or {}
    told = "report" if says in IN_THE_REPORTS_WORDS and way.answers is None else "statement"
    return {
        "via": way.via,
        "about": message.thread or "none",
        "answers": way.answers,
        "says": says,
        "text": str(facts.get(told, ""))[:MOST_TEXT],
        "where": None if way.answers else message.data.get("place"),
        "reported_at": facts.get("reported_at"),
    }
