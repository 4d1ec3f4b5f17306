"""Whether a group's own words may stand for a message: named mistakes, line by line, before it is sent.

Guarantees that words without a mistake say, in the longest case too, the status, date, time, place, code and
group, and "observe, don't obstruct"; that they say what their kind has to, ask what is asked, and fit. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from shared.contracts.alerts import AlertRaised
from shared.contracts.groups import GroupDefinition
from shared.words.fit import MUST, Part
from shared.words.own import FIELDS, Mistake, OwnWordsError, lines_of
from shared.words.own_examples import BASE_URL, GROUP, Example, examples, longest
from shared.words.render import MIN_CHARS, SHORT_UP_TO, own_fields, own_parts
from shared.words.sms import is_plain, sms_places, spelled_plainly

_ALWAYS: Final = ("head", "date", "time", "group", "code", "place", "observe", "only")
_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "UNCONFIRMED": ("mine", "reports", "excerpt"),
    "LIKELY": ("reports", "excerpt", "statement"),
    "CONFIRMED": ("statement", "link"),
    "OVER": ("let_go", "taken", "unknown", "statement", "link"),
    "WRONG": ("statement", "link"),
    "NO_NEWS": ("since", "statement", "link"),
}
"""What has to be said where there is something to say; it may be dropped where there is no room."""
_ASKS: Final = ("WITNESSES", "ENOUGH", "LEAVE")
_LIMIT: Final[Mapping[str, int]] = {"short": MIN_CHARS, "long": SHORT_UP_TO + 1}
"""The least that a channel of the size carries."""
Numbered = list[tuple[int, Part]]


def mistakes_in(text: str, kind: str, size: str, language: str) -> list[Mistake]:
    """Everything that is wrong with these words for this message, size and language; empty if nothing is."""
    try:
        found = dict.fromkeys(_in_messages(_Words(text, kind, size, language)))
    except OwnWordsError as error:
        return error.mistakes
    return sorted(found, key=lambda m: (m.line, m.why, m.what))


@dataclass(frozen=True, slots=True)
class _Words:
    """The template that is looked at."""

    text: str
    kind: str
    size: str
    language: str

    def made(self, alert: AlertRaised, group: GroupDefinition = GROUP) -> Numbered:
        """The parts of that alert's message."""
        return own_parts(self.text, alert, group, size=self.size, language=self.language, base_url=BASE_URL)

    def fields(self, alert: AlertRaised) -> Mapping[str, object]:
        """What that alert's message may say."""
        return own_fields(alert, GROUP, size=self.size, language=self.language, base_url=BASE_URL)


def _in_messages(words: _Words) -> Iterator[Mistake]:
    yield from _kept(words)
    cases = list(examples(words.kind))
    for case in cases:
        made = words.made(case.alert)
        yield from _shown(made, words.fields(case.alert), words.kind)
        if words.language == "en" and words.kind == "CONFIRMED":
            yield from _asks(_joined(made), case.alert.ask)
        yield from _too_long(_musts(words.made(*longest(case.alert))), words.size)
    yield from _alike(words, cases)


def _kept(words: _Words) -> Iterator[Mistake]:
    """What has to stand in every message whatever the case, and whatever is dropped."""
    lines = lines_of(words.text, words.kind)
    certain = {name for line in lines if line.rank == MUST for name in line.certain}
    for name in (name for name in _ALWAYS if name in FIELDS[words.kind] and name not in certain):
        line = next((line.number for line in lines if name in line.names), 0)
        yield Mistake(line, "may_be_dropped" if line else "lacks", name)
    if "head" in certain and lines[0].certain[:1] != ("head",):
        yield Mistake(lines[0].number, "head_first")


def _shown(made: Numbered, fields: Mapping[str, object], kind: str) -> Iterator[Mistake]:
    whole = _joined(made)
    for name in _SHOWN[kind]:
        if fields[name] and str(fields[name]) not in whole:
            yield Mistake(0, "lacks", name)


def _asks(whole: str, asked: str) -> Iterator[Mistake]:
    """In English the ask is named by its own word, and no other."""
    if asked in _ASKS and asked not in whole:
        yield Mistake(0, "lacks_ask", asked)
    yield from (Mistake(0, "asks_anyway", ask) for ask in _ASKS if ask != asked and ask in whole)


def _too_long(musts: Numbered, size: str) -> Iterator[Mistake]:
    """What may not be dropped has to fit on its own."""
    text = _joined(musts)
    plain = spelled_plainly(text)
    length = sms_places(plain) if size == "short" and is_plain(plain) else len(text)
    if length > _LIMIT[size]:
        line = max(musts, key=lambda item: len(item[1].text))[0]
        yield Mistake(line, "too_long", f"{length}/{_LIMIT[size]}")


def _alike(words: _Words, cases: list[Example]) -> Iterator[Mistake]:
    """Cases that people have to tell apart, and cannot."""
    for one, other in combinations((case for case in cases if case.apart), 2):
        same = _joined(words.made(one.alert)) == _joined(words.made(other.alert))
        if one.apart == other.apart and same:
            yield Mistake(0, "alike", one.apart)


def _musts(made: Numbered) -> Numbered:
    return [(number, part) for number, part in made if part.rank == MUST]


def _joined(made: Numbered) -> str:
    return " ".join(part.text for _, part in made)
