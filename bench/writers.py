"""People who write, made up: reports with distinct texts, the same for the same seed.

Events begin all over a town or country, each on a street of the gazetteer; some people see each and
write about it in their language, one in three with a phone. Between them stand chatter, questions,
rumours and other police. The texts are made of `messages.toml`.
"""

import csv
import heapq
import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from shared.contracts.base import BridgeId, Position, ReportId
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.keys import name_key
from shared.gazetteer.port import Gazetteer

START: Final = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)

_CHOICE: Final = re.compile(r"\{([^{}]*)\}")
_SLOT: Final = re.compile(r"<(\w+)>")
_MOST_STREETS: Final = 20_000
_STORM: Final = timedelta(milliseconds=10)
_LANGUAGES: Final = {
    "en": 60, "es": 7, "pt": 6, "fr": 5, "pl": 6, "tr": 5, "ar": 4, "ro": 4, "zh": 3,
}  # fmt: skip
_NOISE: Final = {"chatter": 45, "question": 25, "police": 20, "rumour": 10}
_EVENT_SHARE: Final = 0.12
"""Of all that begins, what is an event; the rest is a single message of noise. About half of all reports."""
_OPENINGS: Final = ("", "", "", "hi ", "guys ", "omg ", "ok so ", "pls ", "heads up ", "update ", "hey all ")
_ENDINGS: Final = ("", "", "", "!", "!!", "...", " x", " thanks", " 🙏", " 🚨", " #<area>")


@dataclass(frozen=True, slots=True)
class Street:
    """A street's name, and where a phone on it may be."""

    name: str
    lat: float
    lon: float


def streets_of(names: Sequence[str], gazetteer: Gazetteer, seed: int) -> list[Street]:
    """Those of the names that the gazetteer knows as streets, at most 20,000 of them."""
    dice = random.Random(seed)
    found = []
    for name in dice.sample(names, min(len(names), _MOST_STREETS)):
        place = next((p for p in gazetteer.named(name_key(name)) if p.kind == "street"), None)
        if place is not None:
            found.append(Street(place.name, place.lat, place.lon))
    return found


def road_names(path: Path) -> list[str]:
    """The names of roads in an OS Open Names file with or without its header, each once, in order."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(dict.fromkeys(row[2] for row in csv.reader(stream) if "Named Road" in row))


@cache
def _messages() -> Mapping[str, Any]:
    path = Path(__file__).with_name("messages.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


class Writers:
    """Writes texts, none of them twice."""

    def __init__(self, streets: Sequence[Street], seed: int) -> None:
        self.dice = random.Random(seed)
        self._streets = streets
        self._written: set[str] = set()
        self.streams = (f"s{n}" for n in count())
        """Names of the streams of reports that they wrote."""

    def street(self) -> Street:
        """One of the streets."""
        return self.dice.choice(self._streets)

    def language(self) -> str:
        """A language, the common ones more often."""
        return self.dice.choices([*_LANGUAGES], [*_LANGUAGES.values()])[0]

    def text(self, kind: str, language: str, street: Street) -> str:
        """A new text of this kind; in English where the language has none."""
        table = _messages()[kind]
        while True:
            chosen = self.dice.choice(table.get(language) or table["en"])
            opening, ending = self.dice.choice(_OPENINGS), self.dice.choice(_ENDINGS)
            text = self._filled(f"{opening}{self._chosen(chosen)}{ending}", street)
            if self.dice.random() < 0.2:
                text = text.lower()
            if text not in self._written:
                self._written.add(text)
                return text

    def _chosen(self, text: str) -> str:
        while found := _CHOICE.search(text):
            text = text[: found.start()] + self.dice.choice(found[1].split("|")) + text[found.end() :]
        return text

    def _filled(self, text: str, street: Street) -> str:
        return _SLOT.sub(lambda slot: self._word(slot[1], street), text)

    def _word(self, slot: str, street: Street) -> str:
        if slot == "street":
            return street.name
        if slot == "n":
            return str(self.dice.randint(2, 12))
        if slot == "time":
            return f"{self.dice.randint(6, 22)}:{self.dice.randint(0, 59):02}"
        return str(self.dice.choice(_messages()["words"][slot]))


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody writes, before it has a number and is received."""

    at: datetime
    text: str
    sender: str | None
    position: Position | None = None
    source: str | None = None


def reports(writers: Writers, number: int, *, a_minute: float = 60.0) -> list[ReportReceived]:
    """So many reports in the order of their times, about so many a minute."""
    dice, moment = writers.dice, START
    waiting: list[tuple[datetime, int, Message]] = []
    written: list[Message] = []
    begun = 0
    while len(written) < number:
        moment += timedelta(minutes=dice.expovariate(a_minute * _BEGIN_SHARE))
        event = dice.random() < _EVENT_SHARE
        for message in _event(writers, moment, begun) if event else _noise(writers, moment, begun):
            heapq.heappush(waiting, (message.at, len(written) + len(waiting), message))
        begun += 1
        while waiting and waiting[0][0] <= moment:
            written.append(heapq.heappop(waiting)[2])
    prefix = next(writers.streams)
    return [received(message, f"{prefix}-{n}") for n, message in enumerate(written[:number])]


_BEGIN_SHARE: Final = 1 / (1 - _EVENT_SHARE + _EVENT_SHARE * 7.0)
"""What begins of what is written: an event is seven messages on average."""


def received(message: Message, name: str) -> ReportReceived:
    """The report as the router reads it."""
    return ReportReceived(
        id=name,
        at=message.at,
        report_id=ReportId(name),
        bridge=BridgeId("bench"),
        content=ReportContent(
            text=message.text, sender=message.sender, position=message.position, source=message.source
        ),
    )


def _event(writers: Writers, moment: datetime, number: int) -> Iterator[Message]:
    """One event: two who claim it in the first minutes, some more, news of it, and often its end."""
    dice, street = writers.dice, writers.street()
    people = [f"p{number}-{n}" for n in range(dice.randint(2, 5))]
    for n in range(dice.randint(3, 10)):
        kind = "claim" if n < 2 or dice.random() < 0.4 else "more"
        moment += timedelta(minutes=dice.expovariate(0.4))
        who = people[n] if n < 2 else dice.choice(people)
        yield _message(writers, kind, moment, who, street)
    if dice.random() < 0.5:
        yield _message(writers, "over", moment + timedelta(minutes=15), people[0], street)


def _noise(writers: Writers, moment: datetime, number: int) -> Iterator[Message]:
    kind = writers.dice.choices([*_NOISE], [*_NOISE.values()])[0]
    yield _message(writers, kind, moment, f"n{number}", writers.street())


def _message(writers: Writers, kind: str, at: datetime, who: str, street: Street) -> Message:
    dice = writers.dice
    return Message(
        at=at,
        text=writers.text(kind, writers.language(), street),
        sender=who if dice.random() < 0.8 else None,
        position=phone_at(dice, street) if dice.random() < 1 / 3 else None,
        source=f"telegram:chat{dice.randrange(200)}" if dice.random() < 0.3 else None,
    )


def phone_at(dice: random.Random, street: Street) -> Position:
    """A phone within a few hundred metres of the street's middle."""
    lat, lon = street.lat + dice.gauss(0, 0.001), street.lon + dice.gauss(0, 0.0015)
    return Position(lat=round(lat, 5), lon=round(lon, 5), accuracy_m=float(dice.randint(5, 80)))


def copies_of(originals: Sequence[ReportReceived], number: int, seed: int) -> list[ReportReceived]:
    """A storm: so many copies of the same texts, from as many people without phones, a hundred a second."""
    dice, begin = random.Random(seed), originals[-1].at
    texts = [r.content.text for r in originals if isinstance(r.content, ReportContent)]
    return [
        received(Message(begin + n * _STORM, dice.choice(texts), f"c{seed}-{n}"), f"c{seed}-{n}")
        for n in range(number)
    ]
