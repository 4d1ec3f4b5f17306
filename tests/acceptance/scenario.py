"""Plays the example scenarios through the front door and the desk, one step after the other.

Every message goes in over the API with the time it has in the story; before a dispatcher acts,
everything said before is decided, as it would be in real time.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import cos, hypot, radians
from pathlib import Path
from typing import Any, Final

from alert_relay.groupfile import find_group_files, load_group_files
from tests.faults.raw_log import RawLog
from tests.rigs.system import RelaySystem

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
_SAID: Final = ("lat", "lon", "accuracy_m", "postcode", "language", "first_hand")
_NOT_FOR_THE_DESK: Final = ("t", "act", "by", "match")
_DEGREE_M: Final = 111_320


def steps(*names: str) -> list[dict[str, Any]]:
    """The steps of these scenarios, told at the same time, in order."""
    files = [EXAMPLES / "scenarios" / f"{name}.jsonl" for name in names]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return sorted((json.loads(line) for line in lines), key=lambda step: float(step["t"]))


async def define_example_groups(relay: RelaySystem) -> list[str]:
    """All example groups with their own areas and policies, but webhooks to the sink as channels."""
    groups = load_group_files(find_group_files([EXAMPLES / "networks"]))
    for group in groups:
        await relay.define_group(group.definition.model_dump(mode="json"))
    return [str(group.definition.id) for group in groups]


@dataclass
class Player:
    """A story under way."""

    relay: RelaySystem
    start: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    posted: int = 0

    def __post_init__(self) -> None:
        self.log = RawLog(self.relay.nats.url)

    async def play(self, story: Iterable[dict[str, Any]]) -> None:
        """Every step, then wait until all is decided and told."""
        for step in story:
            await (self._act(step) if "act" in step else self._say(step))
        await self.settled()

    async def settled(self) -> None:
        """Everything said is decided, and every alert has been delivered or given up."""

        async def done() -> bool:
            await self.log.catch_up()
            return len(self.log.records["REPORTS"]) >= self.posted and self.log.at_rest()

        await self.relay.wait_until(done, "everything is decided and told")

    async def _say(self, step: dict[str, Any]) -> None:
        fields = {name: step[name] for name in _SAID if name in step}
        at = (self.start + timedelta(seconds=float(step["t"]))).isoformat()
        sender = f"{step['via']}:{step['from']}"
        await self.relay.deliver_report(step["text"], received_at=at, sender=sender, **fields)
        self.posted += 1

    async def _act(self, step: dict[str, Any]) -> None:
        await self.settled()
        fields = {name: value for name, value in step.items() if name not in _NOT_FOR_THE_DESK}
        incident = await self._find(step["by"], step["match"]["near"])
        await self.relay.desk(step["act"], by=step["by"], incident=incident, **fields)

    async def _find(self, group: str, near: dict[str, float]) -> str:
        """The group's one incident within `m` metres, once the console shows it."""
        found: list[str] = []

        async def shown() -> bool:
            incidents = await self.relay.incidents(group)
            found[:] = [i["id"] for i in incidents if distance_m(i["place"], near) <= near["m"]]
            return bool(found)

        await self.relay.wait_until(shown, f"{group} sees the incident")
        if len(found) > 1:
            raise AssertionError(f"{group} sees {len(found)} incidents at one place")
        return found[0]


def distance_m(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Metres between two places, near enough."""
    north = (one["lat"] - other["lat"]) * _DEGREE_M
    east = (one["lon"] - other["lon"]) * _DEGREE_M * cos(radians(other["lat"]))
    return hypot(north, east)


def split_at(story: Sequence[dict[str, Any]], t: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What comes before that second, and what from it on."""
    return [s for s in story if s["t"] < t], [s for s in story if s["t"] >= t]
