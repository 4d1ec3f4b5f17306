"""The demo dispatchers: one per group, made once through the members API, and a watcher of all groups."""

import asyncio
import dataclasses
import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alert_relay.client import Hub, SaidNoError
from alert_relay.supervisor.home import write_private
from shared.errors import RelayError, SettingsError
from shared.scenarios import Done, Match

WATCHER: Final = "watcher"
_FIND_S: Final = 20.0
_POLL_S: Final = 0.1
_METRES_PER_DEGREE: Final = 111_320
_UNAUTHORISED: Final = 401


class NoSuchIncidentError(RelayError):
    """No open incident fits an act of the scenario."""


class DemoDesk:
    """Acts and looks with tokens that are kept in RELAY_HOME, so that a second run adds nobody."""

    def __init__(self, operator: Hub, folder: Path) -> None:
        if operator.token is None:
            raise SettingsError(
                "A simulation needs the operator's token, to make its demo dispatchers: run it with the "
                "RELAY_HOME of a running `relay up`."
            )
        self._operator = operator
        self._file = folder / "simulation-members.json"
        self._tokens: dict[str, dict[str, Any]] = {}
        self.groups: list[dict[str, Any]] = []

    async def prepare(self, acting: set[str]) -> None:
        """Make whoever is missing; raises `SettingsError` for a group that is not in force."""
        known = {str(group["id"]) for group in await asyncio.to_thread(self._operator.groups)}
        if missing := sorted(acting - known):
            raise SettingsError(
                f"No group {', '.join(missing)} here; apply the examples: relay group apply examples/networks"
            )
        self._tokens = _read(self._file)
        # Only a group's admin sees where its channels deliver.
        await self._member(WATCHER, dict.fromkeys(sorted(known), "admin"))
        self.groups = await asyncio.to_thread(self.watcher.groups)
        for group in sorted(acting):
            await self._member(group, {group: "dispatcher"})

    async def _member(self, name: str, roles: Mapping[str, str]) -> None:
        kept = self._tokens.get(name)
        if kept and kept["roles"] == roles and await asyncio.to_thread(self._works, kept["token"]):
            return
        added = await asyncio.to_thread(self._operator.add_member, f"Demo {name}", roles)
        self._tokens[name] = {"roles": dict(roles), "token": added["token"]}
        write_private(self._file, json.dumps(self._tokens))
        await self._until_known(added["token"])

    def _works(self, token: str) -> bool:
        try:
            self._hub(token).incidents()
        except SaidNoError as error:
            if error.status == _UNAUTHORISED:
                return False
            raise
        return True

    async def _until_known(self, token: str) -> None:
        deadline = time.monotonic() + _FIND_S
        while not await asyncio.to_thread(self._works, token):
            if time.monotonic() > deadline:
                raise RelayError("The desk does not know a member that was added; look at `relay status`.")
            await asyncio.sleep(_POLL_S)

    def _hub(self, token: str) -> Hub:
        return dataclasses.replace(self._operator, token=token)

    @property
    def watcher(self) -> Hub:
        """Sees the incidents and channels of all groups."""
        return self._hub(self._tokens[WATCHER]["token"])

    async def act(self, done: Done) -> dict[str, Any]:
        """Find the incident (waiting a while for it) and do it; raises what the desk says."""
        hub = self._hub(self._tokens[done.by]["token"])
        incident = await self._find(hub, done.match)
        body = {**done.body, "incident": incident["id"], "group": done.by}
        return await asyncio.to_thread(hub.command, done.act, body)

    async def _find(self, hub: Hub, match: Match) -> dict[str, Any]:
        deadline = time.monotonic() + _FIND_S
        while True:
            incidents = await asyncio.to_thread(hub.incidents)
            fitting = [incident for incident in incidents if fits(match, incident)]
            if fitting:
                return fitting[0]
            if time.monotonic() > deadline:
                raise NoSuchIncidentError(f"No open incident fits {match.model_dump(exclude_none=True)}.")
            await asyncio.sleep(_POLL_S)


def fits(match: Match, incident: Mapping[str, Any]) -> bool:
    """Whether the incident is the one meant."""
    place = incident.get("place") or {}
    if match.code and incident.get("code") != match.code:
        return False
    if match.place and match.place.casefold() not in str(place.get("label", "")).casefold():
        return False
    if match.near and "lat" in place:
        return metres(match.near.lat, match.near.lon, place["lat"], place["lon"]) <= match.near.m
    return match.near is None


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance of two points that are not far apart."""
    tall = (other_lat - lat) * _METRES_PER_DEGREE
    wide = (other_lon - lon) * _METRES_PER_DEGREE * math.cos(math.radians(lat))
    return math.hypot(tall, wide)


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
