"""`/v1/desk/…`: what members see of their groups' incidents, and what they decide about them."""

import asyncio
from dataclasses import replace
from typing import Any, Final, cast, get_args

from aiohttp import web
from pydantic import ValidationError

from services.console.asking import reporter_of
from services.console.decide import views
from services.console.decide.already import nothing_new
from services.console.decide.commands import Act as CommandAct
from services.console.decide.commands import acting_group, command_of, missing_fields
from services.console.decide.costs import missing_choice
from services.console.decide.draft import Document
from services.console.decide.heard import alerts_of
from services.console.decide.made import made_name, made_tag
from services.console.decide.page_acts import ACTS, passes_on
from services.console.decide.sentences import done_words
from services.console.door import CONSOLE, Actor, Console, actor_of, body_of, whole
from services.console.foretelling import foretold
from services.console.models import CommandName, Decided, DeskRequest, HeldList, IncidentList, Preview
from services.console.outside import link_of
from services.console.store import MOST
from services.console.submit import Verdict, command_id, stored_id, submit
from shared.contracts.base import HUB, GroupId, IncidentId
from shared.contracts.desk import DeskCommand
from shared.http import Problem

_KEYS: Final = {"incident": "id", "held": "report_id", "mute": "mute_id"}
_NEEDS: Final = {
    "sms_to": "It passes a group's money for SMS this month; say who gets it: nobody, witnesses or everyone.",
    "sms_reason": "Say why everyone gets it although it passes the group's money for SMS this month.",
}


async def get_incidents(request: web.Request) -> web.Response:
    """The incidents of the member's groups, newest first: `?state=open` (the default) or `all`."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    index = {"open": "open", "all": "incidents"}.get(request.query.get("state", "open"))
    if index is None:
        raise Problem(422, "invalid", "state is `open` or `all`.")
    found = await of_groups(console, actor, index, "incident")
    seen = [views.for_eyes(d, actor.roles) for d in found if views.may_see(d, actor.roles)]
    seen.sort(key=lambda d: (d.get("opened_at", ""), d["id"]), reverse=True)
    names = await console.store.names_of({m for d in seen for m in views.members_named(d)})
    stopped = await console.stops.on(actor.roles)
    return _answer(IncidentList(incidents=[views.row(d, names) for d in seen[:MOST]], stopped=stopped))


async def get_incident(request: web.Request) -> web.Response:
    """One incident with its reports, what was done, and who was told what."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    incident = await visible_incident(console, actor, request.match_info["name"])
    return web.json_response(await _whole(console, actor, incident))


async def get_held(request: web.Request) -> web.Response:
    """Reports that wait for a person, newest first."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    found = await of_groups(console, actor, "held", "held")
    found.sort(key=lambda d: (d["at"], d["report_id"]), reverse=True)
    now = console.clock.now().isoformat()
    mutes = [m for m in await of_groups(console, actor, "mutes", "mute") if m["until"] > now]
    floods = [f for f in await console.store.many("flood", actor.roles) if (f["until"] or "") > now]
    names = await console.store.names_of({one["member"] for one in (*mutes, *floods)})
    return _answer(
        HeldList(
            held=[views.held(d, actor.roles) for d in found[:MOST]],
            mutes=[views.named(m, names) for m in mutes],
            floods=[views.named(f, names) for f in floods],
        )
    )


async def post_command(request: web.Request) -> web.Response:
    """A command: stored, decided, answered."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    name, asked = await _asked(request)
    given, verdict = await give(console, actor, name, asked)
    return await _decided(console, actor, given, verdict)


async def give(console: Console, actor: Actor, name: CommandName, asked: DeskRequest) -> tuple[str, Verdict]:
    """Give the command for this member; its id and what was decided. Raises a problem if it is refused."""
    act, incident = await _act(console, actor, asked)
    act = await _completed(console, name, act, asked, incident)
    body = asked.model_dump_json(exclude_none=True)
    verdict = await submit(console, _command(name, act, asked), body=body)
    return act.id.partition(".")[2], replace(verdict, made=act.made)


def _command(name: CommandName, act: CommandAct, asked: DeskRequest) -> DeskCommand:
    """The command. Raises a 422 problem for what a request may hold and this command may not."""
    try:
        return command_of(name, act, asked)
    except ValidationError as error:
        wrong = sorted({str(e["loc"][-1]) for e in error.errors(include_input=False) if e["loc"]})
        field = wrong[0] if wrong else "request"
        raise Problem(422, f"wrong_{field}", f"{name} does not take this {field}; correct it.") from None


async def post_preview(request: web.Request) -> web.Response:
    """What the command would send to whom. Nothing is stored."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    name, asked = await _asked(request)
    act, incident = await _act(console, actor, asked)
    if not views.reads_words(actor.roles):
        raise Problem(403, "role_too_low", "Only a group's own people see what would be sent.")
    if incident is None or nothing_new(name, asked, incident, actor.member, console.clock.now()):
        return _answer(Preview(sends=[]))
    return _answer(await foretold(console, name, asked, incident, group=act.group))


async def _completed(
    console: Console, name: CommandName, act: CommandAct, asked: DeskRequest, incident: Document | None
) -> CommandAct:
    """With what the relay knows and the member need not say: how many it reaches, whom a question goes to."""
    if name in {"confirm", "update"} and incident is not None:
        preview = await foretold(console, name, asked, incident)
        if _sends(name, act, asked, incident):
            _within_cap_or_chosen(preview, asked)
        reach = sum(send.recipients or 0 for send in preview.sends if send.audience != "verifiers")
        return replace(act, reach=reach)
    if name == "ask":
        report = await console.store.one(f"report:{asked.report}")
        return replace(act, reporter=await reporter_of(console, report))
    if name == "post":
        return replace(act, made=made_name("p", act.id))
    if name == "post_join" and asked.outside:
        return replace(act, made=made_tag(act.id))
    return act


def _sends(name: CommandName, act: CommandAct, asked: DeskRequest, incident: Document) -> bool:
    """Whether it would send anything: what was done a moment ago, and is only asked again, does not."""
    possible = incident.get("status") in ACTS[name].when
    return possible and not nothing_new(name, asked, incident, act.member, act.at)


def _within_cap_or_chosen(preview: Preview, asked: DeskRequest) -> None:
    """Raises a 422 problem where it passes a cap and nobody said who gets it by SMS, or why everyone."""
    if missing := missing_choice(preview.costs, asked.sms_to, asked.sms_reason):
        raise Problem(422, f"needs_{missing}", _NEEDS[missing])


async def _asked(request: web.Request) -> tuple[CommandName, DeskRequest]:
    name = request.match_info["command"]
    if name not in get_args(CommandName):
        raise Problem(
            404, "unknown_command", f"There is no such command; use {', '.join(get_args(CommandName))}."
        )
    command = cast("CommandName", name)
    asked = await body_of(request, DeskRequest)
    if missing := missing_fields(command, asked):
        raise Problem(422, "invalid", f"{name} needs {', '.join(missing)}; add it and send it again.")
    return command, asked


async def _act(console: Console, actor: Actor, asked: DeskRequest) -> tuple[CommandAct, Document | None]:
    incident = await visible_incident(console, actor, asked.incident) if asked.incident else None
    absorbed = await visible_incident(console, actor, asked.absorbed) if asked.absorbed else None
    concerned = await _concerned(console, actor, asked, incident)
    group = acting_group(asked.group, concerned, actor.roles)
    if group is None:
        raise Problem(403, "not_your_group", "You act for no such group; name one of yours.")
    act = CommandAct(
        id=stored_id(actor.member, command_id(asked.id)),
        at=console.clock.now(),
        member=actor.member,
        group=group,
        incident=IncidentId(incident["id"]) if incident else None,
        absorbed=IncidentId(absorbed["id"]) if absorbed else None,
    )
    return act, incident


async def acts_for(console: Console, actor: Actor, asked: DeskRequest) -> GroupId:
    """For which of their groups the member would act. Raises a 403 problem if for none."""
    return (await _act(console, actor, asked))[0].group


async def _concerned(
    console: Console, actor: Actor, asked: DeskRequest, incident: Document | None
) -> list[str]:
    if incident is not None:
        current = [share["group"] for share in incident.get("groups", ())]
        known = [*current, *incident.get("seen_by", ())]
        return sorted(set(actor.roles) - {HUB}) if known == [HUB] else known
    groups = await _groups_of(console, asked)
    # What is nobody's area may be taken up by any group's dispatcher.
    return groups if any(g in actor.roles for g in groups) else sorted(set(actor.roles) - {HUB})


async def _groups_of(console: Console, asked: DeskRequest) -> list[str]:
    """Whom a mute, a held report or an incident's report concerns."""
    if asked.mute:
        muted = await console.store.one(f"mute:{asked.mute}")
        return [muted["group"]] if muted else []
    waiting = await console.store.one(f"held:{asked.report}") if asked.report else None
    if waiting is not None or not asked.report:
        return list((waiting or {}).get("groups", ()))
    report = await console.store.one(f"report:{asked.report}") or {}
    incident = await console.store.incident(report.get("incident", "")) or {}
    return list(incident.get("seen_by", ()))


async def visible_incident(console: Console, actor: Actor, name: str) -> Document:
    """The incident, if it concerns a group of the member; else the same answer as for none."""
    incident = await console.store.incident(name)
    if incident is None:
        await whole(console.store, since=actor.epoch)
    if incident is None or not views.may_take_up(incident, actor.roles):
        raise Problem(
            404,
            "no_such_incident",
            "Your groups have no such incident or report; look at the list, or ask the hub's operator.",
        )
    return views.for_eyes(incident, actor.roles)


async def of_groups(console: Console, actor: Actor, index: str, family: str) -> list[Document]:
    """The documents that the indexes of the member's groups name."""
    lists = await asyncio.gather(
        *(console.store.listed(f"{index}:{GroupId(group)}", family) for group in actor.roles)
    )
    key = _KEYS[family]
    return list({d[key]: d for found in lists for d in found if key in d}.values())


async def _whole(console: Console, actor: Actor, incident: Document) -> Document:
    reports, alerts, names = await asyncio.gather(
        console.store.reports_of(incident),
        console.store.many("alert", alerts_of(incident)),
        console.store.names_of(views.members_named(incident)),
    )
    shown = views.whole(incident, reports, alerts, names, actor.roles)
    for post in (shown["aftercare"] or {}).get("posts", ()):
        post["link"] = link_of(console, incident, post["id"]) if passes_on(incident, actor.roles) else None
    return shown


async def _decided(console: Console, actor: Actor, given: str, verdict: Verdict) -> web.Response:
    made = verdict.made
    if verdict.reason is None:
        return _answer(Decided(command_id=given, outcome="pending", made=made), status=202)
    incident = await console.store.incident(verdict.incident) if verdict.incident else None
    shown: dict[str, Any] | None = None
    if incident is not None and views.may_see(incident, actor.roles):
        shown = await _whole(console, actor, incident)
    answer = Decided(
        command_id=given,
        outcome="applied",
        reason=verdict.reason,
        detail=done_words(verdict.reason),
        incident=shown,
        made=made,
    )
    return _answer(answer)


def _answer(model: IncidentList | HeldList | Preview | Decided, *, status: int = 200) -> web.Response:
    return web.json_response(model.model_dump(mode="json"), status=status)
