"""A small corpus: raids at two streets at a time, copies, news and noise, in six scenarios, weeks apart."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.router.fitting.weight_files import DECIDE, KINDS_FILE, LINKS
from shared.contracts.groups import Area, GroupDefinition

AREA = Area(polygons=((((-0.12, 51.52), (0.0, 51.52), (0.0, 51.58), (-0.12, 51.58), (-0.12, 51.52)),),))
STREETS = (
    ("Ashwin Street", 51.5470, -0.0748, "Mare Street", 51.5437, -0.0556),
    ("Ridley Road", 51.5489, -0.0735, "Mare Street", 51.5437, -0.0556),
    ("Dalston Lane", 51.5470, -0.0697, "Hackney Town Hall", 51.5452, -0.0553),
)
SIGHTS = (
    "two vans, I can see them taking somebody away from the bakery",
    "officers in black jackets went into the car wash, my cousin is inside",
    "they have blocked both ends and stop every delivery rider, come and film",
    "door broken down at the flats above the chemist, children are crying",
    "a coach and four cars, staff of the hotel are lined up against the wall",
    "six of them in the kitchen asking the cooks for passports, owner shouting",
)
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def told(scenario: int) -> list[tuple[int, str, str, str | None, str]]:
    """(minute, sender, role, which of the two events, words)."""
    one, _, _, other, _, _ = STREETS[scenario % len(STREETS)]
    first = f"immigration raid on {one}, {SIGHTS[scenario]}"
    return [
        (0, "a", "report", "1", first),
        (2, "b", "report", "2", f"immigration officers are raiding {other} right now, they hold a rider"),
        (4, "c", "report", "1", f"Forwarded: {first}"),
        (6, "b", "update", "2", "two more vans have come, they are asking everyone for papers"),
        (7, "a", "update", "1", "they have put one person in the van"),
        (9, "d", "report", "2", f"{other}: Home Office enforcement, six officers, two people held"),
        (11, "e", "report", "1", f"immigration enforcement still on {one}, come and watch"),
        (13, "f", "question", None, "is it true that there is a raid somewhere?"),
        (15, "g", "chatter", None, "thanks everyone for coming to the know your rights meeting on sunday"),
        (17, "h", "old_news", None, f"remember the immigration raid on {one} last year"),
        (30, "a", "all_clear", "1", "they have left, all clear"),
        (32, "b", "all_clear", "2", "officers gone now, all clear here"),
    ]


def lines(scenario: int) -> list[str]:
    street = STREETS[scenario % len(STREETS)]
    found = []
    for number, (minute, sender, role, event, text) in enumerate(told(scenario)):
        at = {"1": street[1:3], "2": street[4:6]}.get(event or "", (None, None))
        truth: dict[str, Any] = {"incident": event and f"s{scenario}-{event}", "role": role}
        truth |= {"lat": at[0], "lon": at[1], "radius_m": 60, "groups": ["hackney"] if event else []}
        moment = START + timedelta(days=14 * scenario, minutes=minute)
        line = {"id": f"s{scenario}-{number}", "at": moment.isoformat(), "text": text, "truth": truth}
        more = {"scenario": f"s{scenario}", "language": "en", "sender": f"s{scenario}-{sender}"}
        found.append(json.dumps(line | more))
    return found


@pytest.fixture(scope="session")
def groups() -> list[GroupDefinition]:
    return [GroupDefinition(id="hackney", name="Hackney", area=AREA)]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "town.jsonl"
    path.write_text("\n".join(line for n in range(6) for line in lines(n)) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the relay's weights, for the tests to write."""
    for name in (LINKS, KINDS_FILE):
        shutil.copy(DECIDE / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def blank(folder: Path) -> Path:
    """The same, as if nobody had ever set a weight."""
    path = folder / LINKS
    names = [
        line.split("=")[0].strip() for line in path.read_text().splitlines() if "=" in line.split("#")[0]
    ]
    path.write_text("".join(f"{name} = 0.0\n" for name in names))
    return folder
