"""Whether a letter is believed: one pure decision, with a named reason for each way to refuse.

To believe a letter is to believe that the peer says so. What that is worth the router decides: a peer's word
is evidence and never a command.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Final

from pydantic import ValidationError

from shared.federation.letter import LONGEST_LIFE, MOST_BYTES, MOST_HOPS, Letter, Where
from shared.federation.link import Link, is_signed

PURPOSE: Final = b"alert-relay peer letter 1\n"
"""Stands before the signed bytes, so that a signature of a letter is good for nothing else."""
SKEW: Final = timedelta(minutes=2)
"""How far two hubs' clocks may be apart."""
MOST_REMEMBERED: Final = 50_000
"""Letters that are still good and were heard: about eighty a second."""

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a letter is not believed."""

    reason: str


def believe(  # noqa: PLR0911 - one a way to refuse
    body: bytes, signature: str, link: Link, now: datetime, *, within: Box | None = None
) -> Letter | Refusal:
    """The letter, or the first reason why not. What is not signed is not even read."""
    if link.state != "open" or link.key is None:
        return Refusal("revoked" if link.state == "revoked" else "not_open")
    if len(body) > MOST_BYTES:
        return Refusal("too_large")
    if not is_signed(link.key, PURPOSE, body, signature):
        return Refusal("bad_signature")
    try:
        letter = Letter.model_validate_json(body)
    except (ValidationError, RecursionError):
        return Refusal("bad_letter")
    if letter.audience != link.us:
        return Refusal("wrong_audience")
    if letter.sender != link.hub:
        return Refusal("wrong_sender")
    return _in_time(letter, now) or _by_a_way(letter, link) or _of_a_place(letter, within) or letter


def _in_time(letter: Letter, now: datetime) -> Refusal | None:
    if not letter.at < letter.until <= letter.at + LONGEST_LIFE:
        return Refusal("window_too_long")
    if now + SKEW < letter.at:
        return Refusal("from_the_future")
    return Refusal("expired") if letter.until < now else None


def _by_a_way(letter: Letter, link: Link) -> Refusal | None:
    """News comes by few hubs, each of them once, and never by us; an answer comes from its own hub."""
    if letter.via[-1] != link.hub:
        return Refusal("wrong_way")
    if link.us in letter.via or len(set(letter.via)) < len(letter.via):
        return Refusal("loop")
    most = 1 if letter.answers else MOST_HOPS
    return Refusal("too_many_hops") if len(letter.via) > most else None


def _of_a_place(letter: Letter, within: Box | None) -> Refusal | None:
    """Whether news is of where this peer may speak of; an answer is of what we asked and needs no place."""
    if letter.answers or letter.says == "test":
        return None
    if letter.where is None:
        return Refusal("no_place")
    return None if within is None or _inside(letter.where, within) else Refusal("outside_area")


def _inside(where: Where, box: Box) -> bool:
    west, south, east, north = box
    return south <= where.lat <= north and west <= where.lon <= east


@dataclass
class Heard:
    """The letters that were heard and are still good, by process and sequence: none is good twice.

    It may be lost at a restart: until a letter expires the log, too, knows its id, so what it tells is still
    told once.
    """

    _known: set[tuple[str, int]] = field(default_factory=set)
    _ends: list[tuple[datetime, tuple[str, int]]] = field(default_factory=list)

    def first(self, letter: Letter, now: datetime) -> Refusal | None:
        """None for a letter that comes for the first time; it is remembered."""
        while self._ends and self._ends[0][0] < now:
            self._known.discard(heappop(self._ends)[1])
        name = (letter.run, letter.sequence)
        if name in self._known:
            return Refusal("replayed")
        if len(self._known) >= MOST_REMEMBERED:
            return Refusal("too_many_at_once")
        self._known.add(name)
        heappush(self._ends, (letter.until, name))
        return None
