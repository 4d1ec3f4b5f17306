"""What follows from what somebody asks of the subscribers' book: an entry, an end, an answer. Pure.

Guarantees (double opt-in): nobody hears of an incident before the code that went to their contact came back,
within the hour; whoever types or forges somebody's contact changes nothing of theirs but what is then
confirmed by them. STOP needs no code: that somebody else could end it is the lesser harm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.notifier.decide.keywords import Meant, meant
from services.notifier.decide.placing import groups_at, lies_in, place
from shared.contracts.base import GroupId
from shared.contracts.groups import GroupDefinition
from shared.contracts.subscribers import (
    MAX_FOLLOWS,
    Answer,
    Choice,
    CodeGiven,
    Follow,
    LeftByLink,
    Pending,
    Said,
    SignedUp,
    Subscriber,
    Unreachable,
)
from shared.gazetteer.port import Gazetteer

LIFE: Final = timedelta(hours=1)
"""How long a code is good."""
MOST_TRIES: Final = 3
Asked = Said | SignedUp | CodeGiven | LeftByLink | Unreachable
Why = Literal["asked", "link", "provider", "never_confirmed"]


@dataclass(frozen=True, slots=True)
class World:
    """What a decision looks at beside the person: the groups, the places, what code goes with a ticket."""

    groups: Mapping[GroupId, GroupDefinition]
    gazetteer: Gazetteer
    code: Callable[[str], str]
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the person's entry (at most one of `kept` and `left`), and what they are answered."""

    answer: Answer | None = None
    kept: Subscriber | None = None
    left: Why | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Which request it is, and when: `seq` is its place in the stream, `ticket` its id."""

    seq: int
    ticket: str
    now: datetime


def decide(asked: Asked, known: Subscriber | None, at: Moment, world: World) -> Outcome:
    """What follows. `known` is the entry of whoever it is about, if there is one."""
    match asked:
        case Said():
            return _said(asked, known, at, world)
        case SignedUp():
            return _signed_up(asked, known, at, world)
        case CodeGiven():
            return _code(known, asked.code, at, world) if known else Outcome()
        case LeftByLink():
            return Outcome(left="link") if known else Outcome()
        case Unreachable():
            return Outcome(left="provider") if known else Outcome()


def lapsed(known: Subscriber, now: datetime) -> bool:
    """Whether it is somebody who was asked for a code and never sent it: nothing of them stays."""
    return not known.follows and (known.pending is None or known.pending.until < now)


def language_of(said: Said, known: Subscriber | None, languages: frozenset[str]) -> str:
    """In which language whoever wrote this is answered: that of their word, then theirs, then their app's."""
    wanted = (meant(said.text).language, known.language if known else None, said.language)
    return next((language for language in wanted if language in languages), "en") or "en"


# --- what was written ---------------------------------------------------------------------------


def _said(said: Said, known: Subscriber | None, at: Moment, world: World) -> Outcome:
    what = meant(said.text)
    match what.kind:
        case "stop":
            return Outcome("left", left="asked" if known else None)
        case "join":
            return _join(said, what, known, at, world)
        case "code":
            return _code(known, what.rest, at, world) if known else Outcome("help")
        case "witness" if known and known.follows:
            return _wanted(said, known, _all(known, "witness"), at, world)
        case "facts" if known and known.follows:
            return Outcome("facts", kept=known.model_copy(update=_facts_only(known)))
    return Outcome("help")


def _join(said: Said, what: Meant, known: Subscriber | None, at: Moment, world: World) -> Outcome:
    area = place(what.rest, world.gazetteer) if what.rest else "where"
    if isinstance(area, str):
        return Outcome(area)
    groups = groups_at(area, world.groups)
    if not groups:
        return Outcome("nobody")
    before = known.follows if known else ()
    choice = before[0].choice if before else "information"
    more = (Follow(group=group, area=area, choice=choice) for group in groups)
    return _wanted(said, known, _with(before, *more), at, world)


def _all(known: Subscriber, choice: Choice) -> tuple[Follow, ...]:
    return tuple(follow.model_copy(update={"choice": choice}) for follow in known.follows)


def _facts_only(known: Subscriber) -> dict[str, object]:
    """Facts only, from now on; also where something else waits for its code."""
    pending = known.pending
    if pending is not None:
        wanted = tuple(f.model_copy(update={"choice": "information"}) for f in pending.follows)
        pending = pending.model_copy(update={"follows": wanted})
    return {"follows": _all(known, "information"), "pending": pending}


# --- the page -----------------------------------------------------------------------------------


def _signed_up(asked: SignedUp, known: Subscriber | None, at: Moment, world: World) -> Outcome:
    definition = world.groups.get(asked.group)
    if definition is None:
        return Outcome()
    area = place(asked.place, world.gazetteer) if asked.place else None
    if isinstance(area, str) or (area is not None and not lies_in(area, definition)):
        area = None  # the message with the code says that it is the whole area then
    follow = Follow(
        group=asked.group,
        area=area,
        choice=asked.choice,
        quiet=asked.quiet,
        urgent_breaks=asked.urgent_breaks,
    )
    before = known.follows if known else ()
    ticket = Moment(at.seq, asked.ticket, at.now)
    return _wanted(asked, known, _with(before, follow), ticket, world)


# --- the code -----------------------------------------------------------------------------------


def _with(before: tuple[Follow, ...], *more: Follow) -> tuple[Follow, ...]:
    """With these; each in the place of one for the same area of the same group."""
    new = {_name(follow): follow for follow in more}
    return (*(f for f in before if _name(f) not in new), *new.values())


def _name(follow: Follow) -> tuple[str, str]:
    return follow.group, follow.area.label if follow.area else ""


def _wanted(
    asked: Said | SignedUp, known: Subscriber | None, follows: tuple[Follow, ...], at: Moment, world: World
) -> Outcome:
    """Ask for the code; until it comes all stays as it was."""
    if len(follows) > MAX_FOLLOWS:
        return Outcome("full")
    language = asked.language if isinstance(asked, SignedUp) else language_of(asked, known, world.languages)
    pending = Pending(ticket=at.ticket, until=at.now + LIFE, follows=follows, language=language)
    entry = known or Subscriber(number=at.seq, way=asked.way, address=asked.address, language=language)
    return Outcome("confirm", kept=entry.model_copy(update={"pending": pending}))


def _code(known: Subscriber, code: str, at: Moment, world: World) -> Outcome:
    pending = known.pending
    if pending is None or pending.until < at.now:
        return Outcome("old_code", kept=_without_pending(known)) if known.follows else _gone()
    if code == world.code(pending.ticket):
        update = {"follows": pending.follows, "language": pending.language, "pending": None}
        return Outcome("joined", kept=known.model_copy(update=update))
    if pending.tries + 1 < MOST_TRIES:
        counted = pending.model_copy(update={"tries": pending.tries + 1})
        return Outcome("wrong_code", kept=known.model_copy(update={"pending": counted}))
    return Outcome("old_code", kept=_without_pending(known)) if known.follows else _gone()


def _gone() -> Outcome:
    return Outcome("old_code", left="never_confirmed")


def _without_pending(known: Subscriber) -> Subscriber:
    return known.model_copy(update={"pending": None})
