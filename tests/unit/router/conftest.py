"""A story: reports, commands and time played through the pure decider; each is replayed at its end."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.router.decide.chat_ask import Reachable, asked_about
from services.router.decide.decider import Input, step
from services.router.decide.evolve import evolve
from services.router.decide.state import Incident, State
from shared.contracts import desk
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import HUB, Message
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.incidents import InputDecided
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import load_gazetteer

START = datetime(2022, 5, 14, 12, 0, tzinfo=UTC)
SHA = "0" * 64


def circle(lat: float, lon: float, radius_m: float) -> tuple[Any, ...]:
    points = []
    for n in range(24):
        angle = 2 * math.pi * n / 24
        dlat = radius_m / 111_195 * math.sin(angle)
        dlon = radius_m / 111_195 / math.cos(math.radians(lat)) * math.cos(angle)
        points.append((lon + dlon, lat + dlat))
    return (((*points, points[0]),),)


def group(name: str, lat: float, lon: float, radius_m: float = 3_000, **more: Any) -> GroupDefinition:
    area = Area(polygons=circle(lat, lon, radius_m), outcodes=more.pop("outcodes", ()))
    return GroupDefinition(id=name, name=name.title(), area=area, **more)


HACKNEY = group("hackney", 51.547, -0.062, outcodes=("E8",))
SOUTHWARK = group("southwark", 51.473, -0.066)
GLASGOW = group("glasgow", 55.845, -4.27, 6_000)


class Story:
    """Plays inputs one after the other; `events` are those of the last one."""

    def __init__(self, gazetteer: SqliteGazetteer) -> None:
        self.gazetteer, self.state, self.now = gazetteer, State(), START
        self.log: list[Message] = []
        self.events: tuple[Message, ...] = ()
        self._received: dict[int, ReportReceived] = {}
        self._seqs = {"REPORTS": 0, "DESK": 0, "TICK": 0}
        self.command(
            desk.AddMember,
            member="bootstrap",
            group=HUB,
            new_member="op",
            roles={HUB: "operator"},
            token_sha256=SHA,
        )
        for definition in (HACKNEY, SOUTHWARK, GLASGOW):
            self.define(definition)

    def define(self, definition: GroupDefinition) -> None:
        self.command(desk.DefineGroup, member="op", group=HUB, definition=definition)
        roles: Any = {definition.id: "dispatcher"}
        self.command(
            desk.AddMember,
            member="op",
            group=HUB,
            new_member=f"d-{definition.id}",
            roles=roles,
            token_sha256=SHA,
        )

    def report(
        self, text: str = "", *, after_s: float = 0, drill: bool = False, **content: Any
    ) -> InputDecided:
        report_id = content.pop("report_id", f"r{self._seqs['REPORTS'] + 1}")
        contact, reply_to = content.pop("contact", None), content.pop("reply_to", None)
        bridge = content.pop("bridge", "test")
        self.now += timedelta(seconds=after_s)
        message = ReportReceived(
            id=report_id,
            at=self.now,
            report_id=report_id,
            bridge=bridge,
            drill=drill,
            content=ReportContent(text=text, **content),
            contact=ReportContact(address=contact) if contact else None,
            reply_to=ReportContact(address=reply_to) if reply_to else None,
        )
        answer: InputDecided = self.play("REPORTS", message)
        return answer

    def command(self, model: type[desk.DeskCommand], *, after_s: float = 0, **fields: Any) -> InputDecided:
        self.now += timedelta(seconds=after_s)
        number = self._seqs["DESK"] + 1
        fields.setdefault("member", "d-hackney")
        fields.setdefault("group", "hackney")
        answer: InputDecided = self.play("DESK", model(id=f"c{number}", at=self.now, **fields))
        return answer

    def tick(self, after_s: float = 0) -> tuple[Message, ...]:
        self.now += timedelta(seconds=after_s)
        self.play("TICK", None)
        return self.events

    def play(self, stream: Any, message: Message | None) -> Any:
        self._seqs[stream] += 1
        given = Input(stream, self._seqs[stream], message, reporter=self._reporter(message))
        if isinstance(message, ReportReceived):
            self._received[self._seqs[stream]] = message
        self.events, self.state = step(self.state, given, self.now, self.gazetteer)
        self.log += self.events
        return self.events[-1] if self.events else None

    def _reporter(self, message: Message | None) -> Reachable | None:
        """Whom a member's ASK may ask, looked up as the worker does."""
        for about in asked_about(self.state, message):
            report = self._received[about.seq]
            assert report.report_id == about.report
            if isinstance(report.contact, ReportContact):
                to = desk.ReporterAddress(bridge=report.bridge, address=report.contact.address, language="")
                return Reachable(about.report, to)
        return None

    def alerts(self) -> list[tuple[str, str, str]]:
        """(group, audience, kind) of the last input's alerts, sorted."""
        raised = [e for e in self.events if isinstance(e, AlertRaised)]
        return sorted((a.group, a.audience, a.kind) for a in raised)

    def incidents(self) -> list[Incident]:
        return sorted(self.state.incidents.values(), key=lambda i: (i.opened_at, i.id))

    def replayed(self) -> State:
        state = State()
        for event in self.log:
            state = evolve(state, event)
        return state


@pytest.fixture(scope="session")
def gazetteer() -> SqliteGazetteer:
    return load_gazetteer()


@pytest.fixture
def story(gazetteer: SqliteGazetteer) -> Iterator[Story]:
    told = Story(gazetteer)
    yield told
    assert told.replayed() == told.state, "the log, replayed, gives another state"
    ids = [event.id for event in told.log]
    assert len(ids) == len(set(ids))
