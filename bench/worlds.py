"""Worlds in which the judgement is measured: gazetteers, groups and incidents, given or made up."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from alert_relay.groupfile import find_group_files, load_group_files
from bench.gazetteer import write_tiles
from bench.stats import significant
from bench.writers import START, Street, road_names, streets_of
from services.router.decide.decider import Input, step
from services.router.decide.evolve import evolve
from services.router.evaluate import Play, state_with
from shared.contracts import incidents as events
from shared.contracts.base import GroupId, IncidentId, MemberId, Place, ReportId
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.reports import ReportReceived
from shared.gazetteer.importing import import_gazetteer
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import open_gazetteer
from tests.corpus import geodata as corpus

_UK: Final = (50.2, -5.0, 55.8, 1.5)


@dataclass(frozen=True, slots=True)
class Slice:
    """One stretch of reports, timed."""

    reports: int
    cpu_s: float
    wall_s: float

    @property
    def per_s(self) -> float:
        """Reports a second of CPU time."""
        return self.reports / self.cpu_s


@dataclass(slots=True)
class World:
    """A state that reports are played into."""

    name: str
    gazetteer: SqliteGazetteer
    play: Play
    slices: list[Slice] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, given: Sequence[ReportReceived]) -> None:
        """Play them, timed."""
        cpu, wall = time.process_time(), time.perf_counter()
        for report in given:
            number = next(self._numbers)
            self.play.until(report.at, number)
            deque(self.play.settled(), maxlen=0)
            self.play.take(report, number)
        self.slices.append(Slice(len(given), time.process_time() - cpu, time.perf_counter() - wall))

    @property
    def rates(self) -> list[float]:
        """Reports a second of each slice."""
        return [s.per_s for s in self.slices]


@dataclass(frozen=True, slots=True)
class Data:
    """What all worlds share."""

    files: tuple[Path, ...]
    file: Path
    """The gazetteer made of them."""
    gazetteer: SqliteGazetteer
    groups: tuple[GroupDefinition, ...]
    streets: tuple[Street, ...]
    made_up: bool


def given_data(geodata: Path, folder: Path, seed: int) -> Data:
    """Real names, postcodes and borders from a folder laid out as the corpus's."""
    files = (*corpus.places(geodata), *corpus.boundaries(geodata), *corpus.postcodes(geodata))
    gazetteer, _ = imported(files, folder / "given.db")
    (folder / "groups").mkdir()
    corpus.write_groups(geodata, folder / "groups")
    groups = tuple(group.definition for group in load_group_files(find_group_files([folder / "groups"])))
    streets = streets_of(road_names(corpus.places(geodata)[0]), gazetteer, seed)
    return Data(files, folder / "given.db", gazetteer, groups, tuple(streets), made_up=False)


def made_up_data(folder: Path, seed: int, places: int = 12_000) -> Data:
    """Generated places of about the number of the test gazetteer, and one group for all of them."""
    tiles = folder / "some"
    tiles.mkdir()
    write_tiles(tiles, places, places // 10, seed + 7)
    gazetteer, _ = imported((tiles,), folder / "some.db")
    streets = streets_of(road_names(tiles / "T000.csv"), gazetteer, seed)
    return Data((tiles,), folder / "some.db", gazetteer, tuple(squares(1)), tuple(streets), made_up=True)


def imported(files: Sequence[Path], out: Path) -> tuple[SqliteGazetteer, dict[str, float]]:
    """A gazetteer made of these files by the project's importer, and what that took."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = import_gazetteer(files, out, now=datetime.now(UTC))
    took = {
        "rows": float(found.rows),
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
    }
    assert not found.refused
    return open_gazetteer(out), {name: significant(value) for name, value in took.items()}


def squares(number: int) -> Iterator[GroupDefinition]:
    """So many groups side by side over the country."""
    south, west, north, east = _UK
    side = max(1, round(number**0.5))
    high, wide = (north - south) / -(-number // side), (east - west) / side
    for n in range(number):
        a, b = south + n // side * high, west + n % side * wide
        ring = ((b, a), (b + wide, a), (b + wide, a + high), (b, a + high), (b, a))
        yield GroupDefinition(id=GroupId(f"g{n}"), name=f"Group {n}", area=Area(polygons=((ring,),)))


def world(name: str, groups: Sequence[GroupDefinition], gazetteer: SqliteGazetteer) -> World:
    """A world in which nothing has happened yet."""
    return World(name, gazetteer, Play(state_with(groups), gazetteer, {}))


def open_many(crowded: World, number: int) -> None:
    """So many open incidents, all over the country."""
    south, west, north, east = _UK
    side = round(number**0.5) + 1
    for n in range(number):
        lat, lon = south + (north - south) * (n // side) / side, west + (east - west) * (n % side) / side
        name = IncidentId(f"seeded{n}")
        place = Place(lat=lat, lon=lon, radius_m=100, how="coordinates", label=f"near {n}")
        group = next(iter(crowded.play.state.groups))
        opened = events.IncidentOpened(
            id=f"SEED.{n}.0",
            at=START,
            incident_id=name,
            code=f"S{n:05}",
            groups=(events.GroupShare(group=group, version=1, share=1.0),),
            where=events.IncidentPlace(place=place),
        )
        attached = events.ReportAttached(
            id=f"SEED.{n}.1",
            at=START,
            incident_id=name,
            report_id=ReportId(f"seed{n}"),
            detail=events.ReportDetail(text="immigration vans outside, they are taking people", place=place),
        )
        told = events.HeldDigested(id=f"SEED.{n}.2", at=START, group=group, incidents=(name,))
        for event in (opened, attached, told):
            crowded.play.state = evolve(crowded.play.state, event)


def keep_open(crowded: World, number: int, now: datetime) -> None:
    """News of each of them, so that none falls silent meanwhile."""
    member, group = MemberId("bench"), next(iter(crowded.play.state.groups))
    for n in range(number):
        event = events.IncidentUpdated(
            id=f"SEED.{n}.3",
            at=now,
            incident_id=IncidentId(f"seeded{n}"),
            member=member,
            group=group,
            ask="NONE",
        )
        crowded.play.state = evolve(crowded.play.state, event)


def restate(started: World) -> None:
    """Let the first ticks pass that state the groups again (made-up groups are as old as 1970)."""
    play, given = started.play, Input("TICK", 0)
    moment = START - timedelta(hours=1)
    while (stepped := step(play.state, given, moment, started.gazetteer))[0]:
        play.state = stepped[1]
