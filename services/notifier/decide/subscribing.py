"""What follows from what somebody asks of the subscribers' book: an entry, an end, an answer. Pure.

Guarantees (double opt-in): nobody hears of an incident before the code that went to their contact came back,
within the hour; whoever types or forges somebody's contact changes nothing of theirs but what is then
confirmed by them, and makes no code of theirs worthless; nobody guesses one. STOP needs no code: that
somebody else could end it is the lesser harm.
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
    MAX_WAITING,
    Answer,
    Choice,
    CodeGiven,
    Follow,
    Guesses,
    Imported,
    LeftByLink,
    Pending,
    Said,
    SignedUp,
    Subscriber,
    Unreachable,
)
from shared.gazetteer.port import Gazetteer
from shared.subscribing import LIFE

ON_THE_WAY: Final = timedelta(hours=1)
"""How much longer what waits is kept: a code that came in time may lie in the front door's spool."""
MOST_GUESSES: Final = 5
"""Wrong codes of one contact in an hour, by message; after that none counts before the hour is over."""
Asked = Said | SignedUp | CodeGiven | LeftByLink | Unreachable | Imported
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
            return _code(known, asked.code, at, world, ticket=asked.ticket) if known else Outcome()
        case LeftByLink():
            return Outcome(left="link") if known else Outcome()
        case Imported():
            return _imported(asked, known, at, world)
        case Unreachable():
            return Outcome(left="provider") if known else Outcome()


def lapsed(known: Subscriber, now: datetime) -> bool:
    """Whether it is somebody who was asked for a code and never sent it: nothing of them stays."""
    waits = any(now <= pending.until + ON_THE_WAY for pending in known.waiting)
    counts = known.guesses is not None and now <= known.guesses.until
    return not (known.follows or waits or counts)


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
            return _wanted(said, known, _chosen(known.follows, "witness"), at, world)
        case "facts" if known and known.follows:
            return Outcome("facts", kept=_facts_only(known))
    return Outcome("help")


def _join(said: Said, what: Meant, known: Subscriber | None, at: Moment, world: World) -> Outcome:
    area = place(what.rest, world.gazetteer) if what.rest else "where"
    if isinstance(area, str):
        return Outcome(area)
    groups = groups_at(area, world.groups)
    if not groups:  # of somebody on the list, their entry says what stays
        return Outcome("nobody", kept=known if known and known.follows else None)
    choice = known.follows[0].choice if known and known.follows else "information"
    more = tuple(Follow(group=group, area=area, choice=choice) for group in groups)
    return _wanted(said, known, more, at, world)


def _chosen(follows: tuple[Follow, ...], choice: Choice) -> tuple[Follow, ...]:
    return tuple(follow.model_copy(update={"choice": choice}) for follow in follows)


def _facts_only(known: Subscriber) -> Subscriber:
    """Facts only, from now on; also where something else waits for its code."""
    waiting = [p.model_copy(update={"follows": _chosen(p.follows, "information")}) for p in known.waiting]
    return _waits(known, *waiting).model_copy(update={"follows": _chosen(known.follows, "information")})


# --- the page -----------------------------------------------------------------------------------


def _signed_up(asked: SignedUp, known: Subscriber | None, at: Moment, world: World) -> Outcome:
    follow = _follow(asked, world)
    if follow is None:
        return Outcome()
    return _wanted(asked, known, (follow,), Moment(at.seq, asked.ticket, at.now), world)


def _follow(asked: SignedUp | Imported, world: World) -> Follow | None:
    """What they want to hear of; None where there is no such group."""
    definition = world.groups.get(asked.group)
    if definition is None:
        return None
    area = place(asked.place, world.gazetteer) if asked.place else None
    if isinstance(area, str) or (area is not None and not lies_in(area, definition)):
        area = None  # the message that they get says that it is the whole area then
    return Follow(
        group=asked.group,
        area=area,
        choice=asked.choice,
        quiet=asked.quiet,
        urgent_breaks=asked.urgent_breaks,
    )


# --- a list -------------------------------------------------------------------------------------


def _imported(asked: Imported, known: Subscriber | None, at: Moment, world: World) -> Outcome:
    """They have agreed elsewhere; whoever follows the group already stays as they chose themselves."""
    follow = _follow(asked, world)
    before = known.follows if known else ()
    if follow is None or len(before) == MAX_FOLLOWS or any(f.group == asked.group for f in before):
        return Outcome()
    entry = known or Subscriber(number=at.seq, way=asked.way, address=asked.address, language=asked.language)
    update = {"follows": (*before, follow), "consent": asked.consent, "since": entry.since or at.now}
    return Outcome("imported", kept=entry.model_copy(update=update))


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
    if len(_with(known.follows if known else (), *follows)) > MAX_FOLLOWS:
        return Outcome("full")
    waiting = _waiting(known, at.now) if known else ()
    if len(waiting) >= MAX_WAITING or (isinstance(asked, Said) and known and _guesses(known, at.now) is None):
        return Outcome()  # as many codes as this are sent in an hour, and one more would be good for nothing
    language = asked.language if isinstance(asked, SignedUp) else language_of(asked, known, world.languages)
    pending = Pending(ticket=at.ticket, until=at.now + LIFE, follows=follows, language=language)
    entry = known or Subscriber(number=at.seq, way=asked.way, address=asked.address, language=language)
    return Outcome("confirm", kept=_waits(entry, *waiting, pending))


def _code(known: Subscriber, code: str, at: Moment, world: World, *, ticket: str = "") -> Outcome:
    """Let them in by the code of anything that waits; by the page, of that which its ticket names.

    Wrong ones are counted by the contact, not by the request: asking again gives nobody more guesses. What
    the page takes the front door has counted.
    """
    waiting = _waiting(known, at.now)
    named = [pending for pending in waiting if ticket in ("", pending.ticket)]
    guesses = _guesses(known, at.now)
    if not named or (guesses is None and not ticket):
        return Outcome("old_code")
    found = next((pending for pending in named if code == world.code(pending.ticket)), None)
    if found is not None:
        return _joined(_waits(known, *(p for p in waiting if p != found)), found, at.now)
    if guesses is None:
        return Outcome("old_code")
    counted = guesses.model_copy(update={"wrong": guesses.wrong + 1})
    answer: Answer = "wrong_code" if counted.wrong < MOST_GUESSES else "old_code"
    return Outcome(answer, kept=known.model_copy(update={"guesses": counted}))


def _joined(known: Subscriber, confirmed: Pending, now: datetime) -> Outcome:
    follows = _with(known.follows, *confirmed.follows)
    if len(follows) > MAX_FOLLOWS:
        return Outcome("full", kept=known)
    update = {"follows": follows, "language": confirmed.language, "since": known.since or now}
    return Outcome("joined", kept=known.model_copy(update=update))


def _waiting(known: Subscriber, now: datetime) -> tuple[Pending, ...]:
    """What waits and whose code is still good."""
    return tuple(pending for pending in known.waiting if now <= pending.until)


def _waits(known: Subscriber, *pending: Pending) -> Subscriber:
    """With just this waiting, the newest last."""
    newest = pending[-1] if pending else None
    return known.model_copy(update={"pending": newest, "earlier": pending[:-1]})


def _guesses(known: Subscriber, now: datetime) -> Guesses | None:
    """The hour's count of wrong codes; None when it is full."""
    found = known.guesses
    if found is None or found.until < now:
        return Guesses(wrong=0, until=now + LIFE)
    return found if found.wrong < MOST_GUESSES else None
