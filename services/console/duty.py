"""`/v1/duty`: a group's rota. Who is on duty, which shifts have room; offer, take, give up, leave a note."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from services.console.decide.draft import Document
from services.console.decide.made import made_name
from services.console.decide.sentences import done_words
from services.console.decide.views import named
from services.console.door import CONSOLE, Actor, Console, actor_of, body_of, whole
from services.console.models import Decided, DutyList, ShiftRequest
from services.console.submit import Verdict, command_id, stored_id, submit
from shared.contracts import duty
from shared.contracts.base import HUB, GroupId
from shared.contracts.desk import DeskCommand
from shared.http import Problem

_Make = Callable[[dict[str, Any], ShiftRequest], DeskCommand]
_MAKE: Final[Mapping[str, _Make]] = {
    "offer": lambda b, r: duty.OfferShift(**b, begins=r.begins, ends=r.ends, places=r.places),
    "withdraw": lambda b, _: duty.WithdrawShift(**b),
    "take": lambda b, _: duty.TakeShift(**b),
    "give_up": lambda b, _: duty.GiveUpShift(**b),
    "note": lambda b, r: duty.NoteShift(**b, note=duty.HandoverNote(text=r.text or "")),
}
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "offer": ("begins", "ends"),
    "note": ("shift", "text"),
}


async def get_duty(request: web.Request) -> web.Response:
    """The shifts of the member's groups, in the order in which they begin."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    shown = await shifts_of(console, actor)
    now = console.clock.now().isoformat()
    present = [
        {"group": s["group"], **taker}
        for s in shown
        if s["begins"] <= now < s["ends"]
        for taker in s["takers"]
    ]
    return web.json_response(DutyList(shifts=shown, on_duty=present).model_dump(mode="json"))


async def shifts_of(console: Console, actor: Actor) -> list[Document]:
    """The shifts of the member's groups with everybody's names, in the order in which they begin."""
    await whole(console.store, since=actor.epoch)
    lists = await asyncio.gather(
        *(console.store.listed(f"duty:{group}", "shift") for group in sorted(set(actor.roles) - {HUB}))
    )
    shifts = sorted((s for found in lists for s in found), key=lambda s: (s["begins"], s["id"]))
    names = await console.store.names_of({m for s in shifts for m in _named_in(s)})
    return [_shown(shift, names) for shift in shifts]


async def post_duty(request: web.Request) -> web.Response:
    """A command about a shift: stored, decided, answered."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    name = request.match_info["command"]
    if name not in _MAKE:
        raise Problem(404, "unknown_command", f"There is no such command; use {', '.join(_MAKE)}.")
    asked = await body_of(request, ShiftRequest)
    given, verdict = await give(console, actor, name, asked)
    answer = Decided(
        command_id=given,
        outcome="applied" if verdict.reason else "pending",
        reason=verdict.reason,
        detail=done_words(verdict.reason),
        made=verdict.made,
    )
    return web.json_response(answer.model_dump(mode="json"), status=200 if verdict.reason else 202)


async def give(console: Console, actor: Actor, name: str, asked: ShiftRequest) -> tuple[str, Verdict]:
    """Give the command for this member; its id and what was decided. Raises a problem if it is refused."""
    wanted = _NEEDS.get(name, ("shift",))
    if missing := [field for field in wanted if getattr(asked, field) is None]:
        raise Problem(422, "invalid", f"{name} needs {', '.join(missing)}; add it and send it again.")
    stored = stored_id(actor.member, command_id(asked.id))
    made = made_name("s", stored) if name == "offer" else None
    base = {
        "id": stored,
        "at": console.clock.now(),
        "member": actor.member,
        "group": await _group(console, actor, asked),
        "shift_id": made or str(asked.shift),
    }
    verdict = await submit(console, _MAKE[name](base, asked), body=asked.model_dump_json(exclude_none=True))
    return stored.partition(".")[2], replace(verdict, made=made)


async def _group(console: Console, actor: Actor, asked: ShiftRequest) -> GroupId:
    """For which group they act: the shift's, the one they name, or the only one that they have."""
    own = sorted(set(actor.roles) - {HUB})
    shift = await console.store.one(f"shift:{asked.shift}") if asked.shift else None
    if asked.shift and (shift is None or shift["group"] not in own):
        raise Problem(404, "unknown_shift", "Your groups have no such shift; look at the rota again.")
    if shift is not None:
        return GroupId(shift["group"])
    if asked.group is None and len(own) == 1:
        return GroupId(own[0])
    if asked.group in own:
        return GroupId(str(asked.group))
    raise Problem(403, "not_your_group", "Name the group for which you offer it, one of yours.")


def _shown(shift: Document, names: Mapping[str, str]) -> Document:
    takers = [{"member": m, "name": names.get(m, "")} for m in shift["takers"]]
    return {**shift, "takers": takers, "notes": [named(note, names) for note in shift["notes"]]}


def _named_in(shift: Document) -> set[str]:
    return {*shift["takers"], *(note["member"] for note in shift["notes"])}
