"""What people said last of an incident: each member for themself, and all of us to everybody who was told.

Kept so that whoever says the same again a moment later changes nothing and sends nothing (`shared.repeats`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from services.router.decide.changed import changed
from shared.contracts.base import MemberId
from shared.contracts.desk import Ask, Statement
from shared.repeats import STILL, facts_told, figures_heard, repeats

if TYPE_CHECKING:
    from services.router.decide.state import Incident

What = Literal["seen", "note"]
MOST: Final = 40
"""Words of members that are kept of one incident."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a member last saw, or noted, in their words."""

    member: MemberId
    what: What
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What everybody who was told heard last from a person."""

    at: datetime
    facts: str
    text: str = ""
    ask: Ask = "NONE"
    cause: str = ""
    """Which decision it is part of: what follows in the same one is told along."""


def statement_of(said: Any) -> Statement | None:
    """The statement of a command or an event; None where there is none, or it is sealed or gone."""
    return said.statement if isinstance(said.statement, Statement) else None


def words_of(said: Any) -> str:
    """The words of that statement."""
    statement = statement_of(said)
    return statement.text if statement else ""


def with_word(incident: "Incident", event: Any, what: What) -> "Incident":
    """Their last word of this sort."""
    others = [w for w in incident.words_by if (w.member, w.what) != (event.member, what)]
    word = Word(event.member, what, event.at, words_of(event))
    return changed(incident, words_by=(*others, word)[-MOST:])


def said_again(incident: "Incident", member: MemberId, what: What, words: str, now: datetime) -> bool:
    """Whether this member said just this a moment ago."""
    before = next((w for w in incident.words_by if (w.member, w.what) == (member, what)), None)
    return before is not None and repeats(before.text, before.at, words, now)


def with_told(incident: "Incident", event: Any, ask: Ask = "NONE") -> "Incident":
    """Everybody who was told hears this."""
    said = Told(event.at, _facts(incident, ask), words_of(event), ask, _cause(event))
    return changed(incident, said=said)


def told_along(incident: "Incident", event: Any) -> "Incident":
    """What this event says was told, if it follows from the same decision as what was said last."""
    said = incident.said
    if said is None or said.cause != _cause(event):
        return incident
    return changed(incident, said=changed(said, facts=_facts(incident, said.ask)))


def _cause(event: Any) -> str:
    return str(event.id).rpartition(".")[0]


def told_again(incident: "Incident", ask: Ask, words: str, now: datetime) -> bool:
    """Whether everybody who was told heard just this a moment ago."""
    before = incident.said
    if before is None or before.facts != _facts(incident, ask):
        return False
    return repeats(before.text, before.at, words, now)


def ask_now(incident: "Incident") -> Ask:
    """What everybody was asked last: it holds until a person asks for something else, or it is over."""
    return incident.said.ask if incident.said is not None and incident.status == "confirmed" else "NONE"


def figures_known(before: "Incident", after: "Incident") -> bool:
    """Whether everybody who was told has heard the numbers as they are now."""
    fates = (person.fate for person in after.aftercare.people)
    return before.said is not None and figures_heard(before.said.facts, after.tally, fates)


def figures_just_heard(before: "Incident", after: "Incident", now: datetime) -> bool:
    """Whether they heard them a moment ago: later, the last word says them again, to stand on its own."""
    lately = before.said is not None and now - before.said.at < STILL
    return lately and figures_known(before, after)


def _facts(incident: "Incident", ask: Ask) -> str:
    fates = (person.fate for person in incident.aftercare.people)
    return facts_told(incident.status, ask, incident.tally, fates)
