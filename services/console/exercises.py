"""A group's exercises: begun, ended, and what came of them. The pages and the API stand on this alone.

Who may is decided by the router; what it came to is told to people of the group only, as of all incidents.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.console.decide.draft import Document
from services.console.decide.exercise_views import Standing, of, standing
from services.console.decide.heard import alerts_of
from services.console.decide.made import made_name
from services.console.door import Actor, Console
from services.console.submit import Verdict, command_id, stored_id, submit
from shared.contracts.base import TOKEN, GroupId
from shared.contracts.drills import BeginDrill, DrillMessage, DrillScript, EndDrill
from shared.exercises import path_of, played_id
from shared.http import Problem

_LOOKED_THROUGH: Final = 200
"""Incidents and held reports looked through for an exercise's, the latest ones."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is to be played: nothing, where the members send the reports themselves."""

    name: str | None = None
    speed: float = 1.0
    messages: Sequence[DrillMessage] = ()


async def begin(
    console: Console, actor: Actor, group: str, asked: Begun, given: str | None = None
) -> tuple[str, Verdict]:
    """Begin an exercise; its id and what was decided. Raises a problem if it is refused."""
    stored = stored_id(actor.member, command_id(given))
    exercise = made_name("d", stored)
    script = DrillScript(messages=tuple(asked.messages)) if asked.messages else None
    command = BeginDrill(
        id=stored,
        at=console.clock.now(),
        member=actor.member,
        group=GroupId(group),
        drill_id=exercise,
        name=asked.name,
        speed=asked.speed,
        script=script,
    )
    said = [asked.name, asked.speed, [m.model_dump_json() for m in asked.messages]]
    return exercise, await submit(console, command, body=repr(said))


async def end(console: Console, actor: Actor, group: str, exercise: str, given: str | None = None) -> Verdict:
    """End it. Raises a problem if it is refused."""
    if not TOKEN.match(exercise):
        raise _unknown()
    command = EndDrill(
        id=stored_id(actor.member, command_id(given)),
        at=console.clock.now(),
        member=actor.member,
        group=GroupId(group),
        drill_id=exercise,
    )
    return await submit(console, command, body=exercise)


async def latest(console: Console, group: str, *, most: int) -> list[Standing]:
    """The group's latest exercises with what came of each, the newest first."""
    found = await console.store.listed(f"exercises:{group}", "exercise", limit=most)
    return await _standing(console, group, found)


async def one(console: Console, group: str, exercise: str) -> Standing:
    """One exercise of the group. Raises a 404 problem if it has no such."""
    found = await console.store.one(f"exercise:{exercise}")
    if found is None or found["group"] != group:
        raise _unknown()
    return (await _standing(console, group, [found]))[0]


def _unknown() -> Problem:
    return Problem(404, "unknown_drill", "Your group has no such exercise (any more); look again.")


def link_of(console: Console, exercise: str) -> str:
    """The address of the exercise's own report form; a mere path where nobody has said where that form is."""
    return console.settings.report_url.rstrip("/") + path_of(console.keyring.master, exercise)


async def _standing(console: Console, group: str, exercises: Sequence[Document]) -> list[Standing]:
    if not exercises:
        return []
    store, now = console.store, console.clock.now()
    listed = await store.listed(f"incidents:{group}", "incident", limit=_LOOKED_THROUGH)
    incidents = [i for i in listed if "code" in i and any(of(e, [i]) for e in exercises)]
    held = await store.listed(f"held:{group}", "held", limit=_LOOKED_THROUGH)
    told = await asyncio.gather(*(_alerts(console, group, i) for i in incidents))
    alerts = {i["id"]: found for i, found in zip(incidents, told, strict=True)}
    sent = await asyncio.gather(*(_sent(console, e) for e in exercises))
    return [standing(e, incidents, alerts, held, now, sent=s) for e, s in zip(exercises, sent, strict=True)]


async def _sent(console: Console, exercise: Document) -> list[Document]:
    """The reports that its messages became so far."""
    master = console.keyring.master
    ids = [played_id(master, exercise["id"], number) for number in range(exercise["count"])]
    return await console.store.many("report", ids)


async def _alerts(console: Console, group: str, incident: Document) -> list[Document]:
    found = await console.store.many("alert", alerts_of(incident))
    return [alert for alert in found if alert.get("group") == group]
