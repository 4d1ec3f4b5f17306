"""`relay simulate --drill`: a scenario as an exercise, and what people made of it in which time."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alert_relay.cli.base import note, put_json, say, table
from alert_relay.cli.report import training_key
from alert_relay.client import Hub, SaidNoError

_STEPS: Final = ("claimed", "confirmed", "rejected", "ended")


def train(hub: Hub, files: tuple[Path, ...], *, speed: float, as_json: bool) -> None:
    """Send the messages at their times, then tell what was done about them."""
    began = datetime.now(UTC)
    sent = asyncio.run(_send_all(hub, files, speed, quiet=as_json))
    outcome = {"reports": sent, "incidents": _incidents(hub, began)}
    if as_json:
        put_json(outcome)
    else:
        _tell(outcome)


async def _send_all(hub: Hub, files: tuple[Path, ...], speed: float, *, quiet: bool) -> int:
    import aiohttp

    from alert_relay.simulation.doors import Doors
    from shared.scenarios import Said, read_scenarios

    said = [step for step in read_scenarios(files) if isinstance(step, Said)]
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession() as http:
        doors = Doors.for_training(http, hub.ingest, training_key(hub))
        began = loop.time()
        for n, message in enumerate(said, 1):
            await asyncio.sleep(max(0.0, began + message.t / speed - loop.time()))
            await doors.exercise(message)
            if not quiet:
                note(f"{n} of {len(said)}  {message.text[:80]}")
    return len(said)


def _incidents(hub: Hub, began: datetime) -> list[dict[str, Any]]:
    """The exercises that opened since, as far as whoever asks may see them."""
    from alert_relay.client import default_home, read_token

    kept = (hub.home or default_home()) / "member.token"
    if kept.exists():  # the operator's own token opens no group's incidents
        hub = dataclasses.replace(hub, token=read_token(kept))
    try:
        listed = hub.incidents("all") if hub.token else []
        mine = [i for i in listed if i.get("drill") and datetime.fromisoformat(i["opened_at"]) >= began]
        return [_times(hub.incident(i["id"])) for i in mine]
    except SaidNoError:
        return []


def _times(incident: Mapping[str, Any]) -> dict[str, Any]:
    """After how many seconds each step was first taken."""
    opened = datetime.fromisoformat(incident["opened_at"])
    place = (incident.get("place") or {}).get("label")
    found: dict[str, Any] = {"code": incident["code"], "place": place, "status": incident["status"]}
    for step in incident.get("history") or ():
        if step["what"] in _STEPS:
            found.setdefault(step["what"], (datetime.fromisoformat(step["at"]) - opened).total_seconds())
    return found


def _tell(outcome: Mapping[str, Any]) -> None:
    say(f"{outcome['reports']} messages were sent, as an exercise.")
    incidents: Sequence[Mapping[str, Any]] = outcome["incidents"]
    if not incidents:
        say("See what your people make of it: relay desk list --all (as a member of the group).")
        return
    rows = [
        (i["code"], i["place"], i["status"], *(_after(i.get(step)) for step in _STEPS)) for i in incidents
    ]
    table("What your people made of it", ("code", "place", "now", *_STEPS), rows)


def _after(seconds: float | None) -> str:
    return "" if seconds is None else f"after {int(seconds) // 60} min {int(seconds) % 60} s"
