"""A group's own words as people see them: which there are, how they stand, and how they read. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal, cast, get_args

from services.console.decide.draft import Document
from shared.contracts.groups import GroupDefinition
from shared.contracts.own_words import LONGEST, OwnWords, WordsKind, WordsSize
from shared.words.fit import fit, fit_sms
from shared.words.own import OwnWordsError, starters
from shared.words.own_examples import BASE_URL, examples
from shared.words.render import MIN_CHARS, own_fields, own_parts
from shared.words.sms import sms_length

KINDS: Final = get_args(WordsKind)
SIZES: Final = get_args(WordsSize)
SOON: Final = timedelta(days=30)
"""How long before their end words are said to end soon."""
USUAL: Final = timedelta(days=183)
"""How long a review is offered to hold."""
_LONG_CHARS: Final = 1_500
State = Literal["draft", "waiting", "in_use", "soon", "expired"]
_LOUD: Final[Mapping[State, str]] = {"expired": "ends", "soon": "ends", "waiting": "waiting"}


@dataclass(frozen=True, slots=True)
class Slot:
    """Which message, how long, in which language."""

    kind: WordsKind
    size: WordsSize
    language: str

    @property
    def path(self) -> str:
        """The end of its page's address."""
        return f"{self.kind}/{self.size}/{self.language}"


@dataclass(frozen=True, slots=True)
class Shown:
    """One template and how it stands today."""

    words: OwnWords
    state: State

    @property
    def slot(self) -> Slot:
        """Where it belongs."""
        return Slot(self.words.kind, self.words.size, self.words.language)


@dataclass(frozen=True, slots=True)
class Preview:
    """One made-up alert in these words."""

    text: str
    segments: int | None
    """As text messages; None where it is none."""


def slot_of(kind: str, size: str, language: str, languages: Iterable[str]) -> Slot | None:
    """The slot of these names; None if there is none."""
    if kind not in KINDS or size not in SIZES or language not in set(languages):
        return None
    return Slot(cast("WordsKind", kind), cast("WordsSize", size), language)


def words_in(group: Document, today: date) -> list[Shown]:
    """All of a group's own words, by language, message and size."""
    known = [OwnWords.model_validate(w) for w in group.get("words", ())]
    known.sort(key=lambda w: (w.language, KINDS.index(w.kind), SIZES.index(w.size), w.version))
    return [Shown(w, _state(w, today)) for w in known]


def of_slot(shown: Iterable[Shown], slot: Slot) -> tuple[Shown | None, Shown | None]:
    """The words in use (or ended) there, and those to come."""
    here = [one for one in shown if one.slot == slot]
    used = next((one for one in here if one.words.state == "in_use"), None)
    return used, next((one for one in here if one.words.state != "in_use"), None)


def newest(*shown: Shown | None) -> int:
    """The newest version among them, 0 for none."""
    return max((one.words.version for one in shown if one), default=0)


def calls_for(group: Document, today: date) -> dict[str, int]:
    """What needs somebody: how many `waiting` for a second person, how many whose review `ends`."""
    found = {"waiting": 0, "ends": 0}
    for one in words_in(group, today):
        if why := _LOUD.get(one.state):
            found[why] += 1
    return found


def previews(text: str, slot: Slot, group: GroupDefinition) -> list[Preview]:
    """How every case reads in these words; raises `OwnWordsError` where they cannot be made."""
    return [_preview(text, slot, group, case.alert) for case in examples(slot.kind)]


def _preview(text: str, slot: Slot, group: GroupDefinition, alert: Any) -> Preview:
    made = own_parts(text, alert, group, size=slot.size, language=slot.language, base_url=BASE_URL)
    parts = [part for _, part in made]
    try:
        if slot.size == "long":
            return Preview(fit(parts, _LONG_CHARS, joined_by="\n"), None)
        said = fit_sms(parts, MIN_CHARS)
    except ValueError:
        raise OwnWordsError([]) from None
    return Preview(said, sms_length(said).segments)


def example_fields(slot: Slot, group: GroupDefinition) -> list[tuple[str, Any]]:
    """What the relay fills in, by name, each with an example that says something, where there is one."""
    cases = [
        own_fields(case.alert, group, size=slot.size, language=slot.language, base_url=BASE_URL)
        for case in examples(slot.kind)
    ]
    return [(name, next((c[name] for c in cases if c[name]), cases[0][name])) for name in cases[0]]


def begin_with(slot: Slot, *shown: Shown | None) -> str:
    """What the form begins with: the newest words there, or what anybody may begin with."""
    last = max((one.words for one in shown if one), key=lambda w: w.version, default=None)
    return last.text if last else starters()[slot.kind]


def last_days(today: date) -> tuple[date, date, date]:
    """The first, the last and the usual day on which a review may end."""
    return today + timedelta(days=1), today + LONGEST, today + USUAL


def _state(words: OwnWords, today: date) -> State:
    if words.state != "in_use":
        return words.state
    if words.expires_on is None or not words.in_force(today):
        return "expired"
    return "soon" if words.expires_on - today <= SOON else "in_use"
