"""What is known of the people taken, and the posts outside the police stations where they may come out.

Values and plain arithmetic on them. People are random tags here and nothing else: who is meant, the
group's legal people know. Nobody is ever lost by a correction of a number: only those are struck off of
whom nothing was known, and never more than the number says.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.router.decide import reasons
from services.router.decide.changed import changed
from services.router.decide.limits import POST_NO_SHOW
from shared.contracts.aftercare import Became, Fate, PostTold
from shared.contracts.base import GroupId, IncidentId, MemberId

_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_TAG_SIGNS: Final = 3


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps a post: a member's id or a volunteer's tag, and since when they are there."""

    who: str
    there_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """People needed at one place from then to then."""

    id: str
    group: GroupId
    opened_at: datetime
    begins: datetime
    ends: datetime
    needed: int
    label: str = ""
    keepers: tuple[Keeper, ...] = ()
    told: tuple[PostTold, ...] = ()

    @property
    def unfilled(self) -> bool:
        """Whether fewer have signed up than are needed."""
        return len(self.keepers) < self.needed

    def wants(self, now: datetime) -> bool:
        """Whether somebody more is needed: who has not come in time keeps nobody else's place."""
        late = now >= self.begins + POST_NO_SHOW
        return sum(not late or keeper.there_at is not None for keeper in self.keepers) < self.needed

    @property
    def known(self) -> bool:
        """Whether anybody but who opened it may count on it: it was told of, or somebody signed up."""
        return bool(self.told or self.keepers)

    @property
    def missing(self) -> bool:
        """Whether somebody who said so is not there."""
        return any(keeper.there_at is None for keeper in self.keepers)


@dataclass(frozen=True, slots=True)
class Person:
    """One who was taken, or may have been, and what became of them."""

    tag: str
    fate: Fate = "unknown"


@dataclass(frozen=True, slots=True)
class Aftercare:
    """All of it, of one incident."""

    people: tuple[Person, ...] = ()
    owner: MemberId | None = None
    owner_group: GroupId | None = None
    check_at: datetime | None = None
    posts: tuple[Post, ...] = ()
    closed_at: datetime | None = None
    """When a person closed the incident: its keys live for seven days from then."""

    @property
    def unknown(self) -> int:
        """How many there are of whom nothing is known."""
        return sum(person.fate == "unknown" for person in self.people)

    def post(self, name: str) -> Post | None:
        """The post of that name."""
        return next((post for post in self.posts if post.id == name), None)


def numbering(people: Sequence[Person], number: int, incident: IncidentId) -> tuple[Person, ...]:
    """So many people, beside those let go; of too many those go of whom nothing is known, the last first."""
    kept = list(people)
    number += sum(person.fate == "let_go" for person in people)
    for n in range(len(people) - 1, -1, -1):
        if len(kept) > number and kept[n].fate == "unknown":
            del kept[n]
    tags = {person.tag for person in people}
    while len(kept) < number:
        fresh = _fresh(tags, incident)
        tags.add(fresh)
        kept.append(Person(fresh))
    return tuple(kept)


def _fresh(taken: set[str], incident: IncidentId) -> str:
    attempt = len(taken)
    while (tag := _tag(incident, attempt)) in taken:
        attempt += 1
    return tag


def _tag(incident: IncidentId, attempt: int) -> str:
    digest = hashlib.sha256(f"person\n{incident}\n{attempt}".encode()).digest()
    return "P" + "".join(_SIGNS[byte % len(_SIGNS)] for byte in digest[:_TAG_SIGNS])


def becoming(people: tuple[Person, ...], became: Sequence[Became]) -> tuple[Person, ...] | str:
    """The people after that news; the reason if it does not fit them."""
    for news in became:
        found = _meant(people, news)
        if isinstance(found, str):
            return found
        people = tuple(changed(p, fate=news.fate) if p.tag in found else p for p in people)
    return people


def _meant(people: tuple[Person, ...], news: Became) -> set[str] | str:
    """The tags it is about: the one that it names, or the first of whom nothing is known."""
    if news.tag is not None:
        return {news.tag} if any(p.tag == news.tag for p in people) else reasons.UNKNOWN_PERSON
    open_ones = [p.tag for p in people if p.fate == "unknown"]
    return set(open_ones[: news.number]) if len(open_ones) >= news.number else reasons.MORE_THAN_TAKEN


def fates(people: Sequence[Person]) -> dict[str, Fate]:
    """The people as an event tells of them."""
    return {person.tag: person.fate for person in people}


def people_of(told: Mapping[str, Fate]) -> tuple[Person, ...]:
    """The people that an event told of."""
    return tuple(Person(tag, fate) for tag, fate in told.items())


def joined(one: Sequence[Person], other: Sequence[Person], incident: IncidentId) -> tuple[Person, ...]:
    """The people of two incidents that were one, under tags that differ."""
    tags = {person.tag for person in one}
    people = list(one)
    for person in other:
        tag = person.tag if person.tag not in tags else _fresh(tags, incident)
        tags.add(tag)
        people.append(changed(person, tag=tag))
    return tuple(people)


def in_order(posts: Iterable[Post]) -> tuple[Post, ...]:
    """The posts as they follow each other, each once."""
    return tuple(sorted({post.id: post for post in posts}.values(), key=lambda p: (p.begins, p.id)))
