"""One raid in a flood of noise, and how soon a person hears of it: `python -m bench.flood`.

In one hour 2,000 messages come in: chatter, questions, ordinary police, rumours and their copies, in
several languages, one in four with a phone. Somewhere in the middle is one raid: five reports from
four people. The hour is played through the judgement, ticked by the second as the router does.
Counted are the alerts to any group's verifiers, of every kind (a digest is one), and the questions
asked back to senders; and the seconds from the raid's first report until an alert names its incident
or a digest shows it. Last line: JSON.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.worlds import Data, given_data, made_up_data, squares
from bench.writers import START, Message, Street, Writers, phone_at, received
from services.router.decide.decider import Input, step
from services.router.decide.state import State
from services.router.evaluate import state_with
from shared.contracts.alerts import AlertRaised, DigestBody
from shared.contracts.base import Message as Event
from shared.contracts.incidents import InputDecided, ReportAttached
from shared.contracts.reports import ReportContact, ReportReceived
from shared.gazetteer.port import Gazetteer

TARGETS: Final = {"messages": 12, "heard_s": 300}
"""At most so many messages to verifiers in the hour, and the raid with a person after so many seconds."""

HOUR: Final = timedelta(hours=1)
_AFTERWARDS: Final = timedelta(minutes=15)
_RAID: Final = "raid"
_KINDS: Final = {"chatter": 40, "question": 20, "police": 15, "rumour": 10, "copy": 15}
_PHONES: Final = 0.25


def noise(writers: Writers, number: int) -> Iterator[Message]:
    """So many messages of noise, evenly over the hour; a copy is of one of five rumours."""
    dice = writers.dice
    hoaxes = [writers.text("rumour", "en", writers.street()) for _ in range(5)]
    for n in range(number):
        kind, street = dice.choices([*_KINDS], [*_KINDS.values()])[0], writers.street()
        yield Message(
            at=START + HOUR * n / number,
            text=dice.choice(hoaxes) if kind == "copy" else writers.text(kind, writers.language(), street),
            sender=f"n{n}",
            position=phone_at(dice, street) if dice.random() < _PHONES else None,
            source=f"telegram:chat{dice.randrange(60)}" if dice.random() < 1 / 3 else None,
        )


def raid(writers: Writers, street: Street) -> Iterator[Message]:
    """Five reports from four people within six minutes, half an hour into the flood."""
    name, begin = street.name, START + HOUR / 2
    said = (
        (0, "a", f"immigration enforcement vans outside the barbers on {name} right now, taking a man out"),
        (70, "b", f"Está la migra en {name}, frente a la barbería, son 6 agentes, lo estoy viendo ahora"),
        (150, "c", f"home office raid on {name}, 2 vans and officers blocking the door. I am stood opposite"),
        (260, "a", "they have got two in the van now, people are filming"),
        (350, "d", f"Kontrola imigracyjna na {name}, sprawdzają dokumenty u fryzjera. Widzę ich"),
    )
    for seconds, who, text in said:
        position = phone_at(writers.dice, street) if who == "c" else None
        yield Message(begin + timedelta(seconds=seconds), text, f"{_RAID}-{who}", position)


def flood(data: Data, number: int, seed: int) -> list[ReportReceived]:
    """The hour's messages in the order of their times; the raid's own begin with its name."""
    writers = Writers(data.streets, seed)
    street = next(s for s in iter(writers.street, None) if " " in s.name)
    told = [(m, f"noise-{n}") for n, m in enumerate(noise(writers, number))]
    told += [(m, f"{_RAID}-{n}") for n, m in enumerate(raid(writers, street))]
    return [_answerable(received(m, name)) for m, name in sorted(told, key=lambda t: t[0].at)]


def _answerable(report: ReportReceived) -> ReportReceived:
    """With a contact, so that its sender may be asked back."""
    return report.model_copy(update={"contact": ReportContact(address=f"to-{report.report_id}")})


@dataclass(slots=True)
class Heard:
    """What went out, and when the raid was first in it."""

    alerts: list[AlertRaised]
    questions: int
    outcomes: Counter[str]
    raid: dict[str, datetime]
    """Each incident that a report of the raid is in, and when that became so."""


def played(state: State, reports: Sequence[ReportReceived], gazetteer: Gazetteer) -> Heard:
    """The hour, and a quarter of one for what still waits then; ticked every second, as in the router."""
    heard, number, second = Heard([], 0, Counter(), {}), 0, timedelta(seconds=1)
    waiting, moment = list(reversed(reports)), START
    while moment <= START + HOUR + _AFTERWARDS:
        while waiting and waiting[-1].at <= moment:
            report, number = waiting.pop(), number + 1
            events, state = step(state, Input("REPORTS", number, report), report.at, gazetteer)
            _listen(heard, events)
            if isinstance(last := events[-1], InputDecided):
                source = "raid" if report.report_id.startswith(_RAID) else "noise"
                heard.outcomes[f"{source} {last.outcome}: {last.reason}"] += 1
        events, state = step(state, Input("TICK", number), moment, gazetteer)
        _listen(heard, events)
        moment += second
    return heard


def _listen(heard: Heard, events: Sequence[Event]) -> None:
    for event in events:
        if isinstance(event, AlertRaised) and event.audience == "verifiers":
            heard.alerts.append(event)
        elif isinstance(event, AlertRaised) and event.kind == "QUESTION":
            heard.questions += 1
        elif isinstance(event, ReportAttached) and event.report_id.startswith(_RAID):
            heard.raid.setdefault(event.incident_id, event.at)


def tells_of_raid(alert: AlertRaised, incidents: Sequence[str]) -> bool:
    """Whether verifiers who read it know of the raid."""
    if alert.incident_id in incidents:
        return True
    body = alert.body
    return isinstance(body, DigestBody) and any(line.report_id.startswith(_RAID) for line in body.lines)


def figures(heard: Heard, reports: Sequence[ReportReceived]) -> dict[str, Any]:
    """The numbers of one hour."""
    begin = next(r.at for r in reports if r.report_id.startswith(_RAID))
    told = [a.at for a in heard.alerts if tells_of_raid(a, [*heard.raid])]
    by_group = Counter(alert.group for alert in heard.alerts)
    return {
        "messages": len(heard.alerts),
        "most_to_one_group": max(by_group.values(), default=0),
        "groups_told": len(by_group),
        "heard_s": round((min(told) - begin).total_seconds(), 1) if told else None,
        "of_the_raid": len(told),
        "questions_to_senders": heard.questions,
        "kinds": dict(Counter(alert.kind for alert in heard.alerts)),
        "reasons_in_digests": dict(_reasons(heard.alerts)),
        "outcomes": dict(heard.outcomes.most_common()),
    }


def _reasons(alerts: Sequence[AlertRaised]) -> Counter[str]:
    bodies = [a.body for a in alerts if isinstance(a.body, DigestBody)]
    return Counter(line.reason for body in bodies for line in body.lines)


def table(rounds: Sequence[dict[str, Any]], at: datetime, *, made_up: bool) -> str:
    """The rounds as a table with their date."""
    lines = [f"## {at:%Y-%m-%d %H:%M} UTC, one raid in an hour of noise", ""]
    lines += [f"Gazetteer: {'made up' if made_up else 'given'}. Targets: {TARGETS}.", ""]
    names = ("messages", "most_to_one_group", "groups_told", "heard_s", "of_the_raid", "questions_to_senders")
    lines += ["| seed | " + " | ".join(n.replace("_", " ") for n in names) + " |", "| --- " * 7 + "|"]
    lines += [f"| {of['seed']} | " + " | ".join(str(of[name]) for name in names) + " |" for of in rounds]
    return "\n".join(lines) + "\n"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description=__doc__)
    parser.add_argument("--geodata", type=Path, help="folder with boundaries/, postcodes/ and gazetteer/")
    parser.add_argument("--messages", type=int, default=2_000, help="of noise (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="hours with other seeds (default: %(default)s)")
    parser.add_argument("--one-group", action="store_true", help="one group for the whole country")
    asked = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory(prefix="bench-flood-") as folder:
        data = given_data(asked.geodata, Path(folder), 1) if asked.geodata else made_up_data(Path(folder), 1)
        groups = tuple(squares(1)) if asked.one_group else data.groups
        for seed in range(1, asked.rounds + 1):
            reports = flood(data, asked.messages, seed)
            found = figures(played(state_with(groups), reports, data.gazetteer), reports)
            rounds.append({"seed": seed, **found})
            print(f"seed {seed}: {json.dumps(found)}", file=sys.stderr, flush=True)
    now = datetime.now(UTC)
    print(table(rounds, now, made_up=data.made_up), flush=True)
    medians = {n: statistics.median([of[n] or float("inf") for of in rounds]) for n in TARGETS}
    print(
        json.dumps({"at": now.isoformat(timespec="seconds"), **medians, "rounds": rounds, "targets": TARGETS})
    )


if __name__ == "__main__":
    main()
