"""`/v1/desk/reports/{report}`: why a report was decided as it was, from the log itself.

The read model keeps only where the decision lies. What was understood and weighed is sealed under the
report's own hour, so nobody can explain a report whose key is destroyed.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from services.console.decide import views
from services.console.decide.draft import Document
from services.console.door import CONSOLE, Actor, Console, actor_of, whole
from services.console.models import Explained
from shared.contracts.base import HUB
from shared.contracts.catalog import decode_all
from shared.contracts.incidents import InputDecided, Weighed, Why
from shared.errors import BusError, MalformedMessageError
from shared.http import Problem

_NONE: Final = Problem(404, "no_such_report", "Your groups have no such report; look at the list.")


async def get_report(request: web.Request) -> web.Response:
    """What became of a report and why: what was understood, where, whose, compared with what."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    shown = await explained(console, actor, request.match_info["report"])
    return web.json_response(shown.model_dump(mode="json"))


async def explained(console: Console, actor: Actor, report_id: str) -> Explained:
    """The same, for whoever shows it in another way."""
    report = await console.store.one(f"report:{report_id}")
    if report is None or "outcome" not in report:
        await whole(console.store, since=actor.epoch)
        raise _NONE
    why = await _why(console, report)
    incident = await console.store.one(f"incident:{report['incident']}") if report.get("incident") else None
    waiting = await console.store.one(f"held:{report['report_id']}")
    if not _may_see(actor, why, incident, waiting):
        raise _NONE
    return Explained(
        report_id=report["report_id"],
        at=report["at"],
        outcome=report["outcome"],
        reason=report["reason"],
        incident=incident.get("code") if incident and views.may_see(incident, actor.roles) else None,
        waits=waiting is not None,
        groups=[g["group"] for g in incident.get("groups", ())] if incident else _groups(why, waiting),
        why=await _shown(console, actor, why) if why else None,
    )


async def _why(console: Console, report: Document) -> Why | None:
    """The reasons, out of the log; None where they are erased or were never kept."""
    if "decided" not in report:
        return None
    try:
        entry = await console.bus.get("DECISIONS", report["decided"])
        events = [m for m in (decode_all(entry) if entry else ()) if isinstance(m, InputDecided)]
        decided = next((e for e in events if e.report_id == report["report_id"]), None)
        why = (await console.keyring.open(decided)).why if decided else None
    except BusError:
        raise Problem(503, "log_away", "The log is away; try again.", retry_after_s=2) from None
    except MalformedMessageError:
        return None
    return why if isinstance(why, Why) else None


def _may_see(actor: Actor, why: Why | None, incident: Document | None, waiting: Document | None) -> bool:
    """Whose incident, held report or place it is; what is nobody's, the operators may ask about."""
    if incident is not None:
        return views.may_take_up(incident, actor.roles)
    groups = _groups(why, waiting)
    return any(g in actor.roles for g in groups) if groups else actor.operates


def _groups(why: Why | None, waiting: Document | None) -> list[str]:
    if waiting is not None:
        return [g for g in waiting.get("groups", ()) if g != HUB]
    return [share.group for share in why.groups] if why else []


async def _shown(console: Console, actor: Actor, why: Why) -> dict[str, Any]:
    """The reasons as this member may see them: an operator sees no place, nobody another's incidents."""
    placed = bool(actor.roles.keys() - {HUB})
    names = [w.incident for w in why.considered]
    known = {d["id"]: d for d in await console.store.many("incident", names) if "id" in d}
    return {
        "kind": why.kind,
        "sure": why.sure,
        "because": why.because,
        "first_hand": why.first_hand,
        "trusted": why.trusted,
        "who": why.who,
        "place": why.place.model_dump(mode="json") if why.place and placed else None,
        "place_reason": why.place_reason,
        "places": why.places if placed else {},
        "groups": [share.model_dump(mode="json") for share in why.groups],
        "considered": [_weighed(w, known, actor.roles) for w in why.considered],
    }


def _weighed(weighed: Weighed, known: Mapping[str, Document], roles: Mapping[str, str]) -> dict[str, Any]:
    incident = known.get(weighed.incident)
    code = incident.get("code") if incident and views.may_see(incident, roles) else None
    return {"incident": code, "score": weighed.score, "signs": weighed.signs}
