"""`/v1/desk/incidents/{name}/ledger`: who was told of an incident, how, and who was not and why.

The figures come out of the read model, so that 100,000 subscribers are a line. One message's recipients, one
by one, are read from the ledger itself when somebody asks, some at a time, by their own group's people alone.
"""

from contextlib import aclosing
from typing import Final

from aiohttp import web

from services.console.decide.draft import Document
from services.console.decide.heard import alerts_of
from services.console.decide.ledger_each import each, recipients_of
from services.console.decide.ledger_views import latecomers, message, total, whys
from services.console.decide.told import bucket, late_key
from services.console.desk import visible_incident
from services.console.door import CONSOLE, Actor, Console, actor_of
from services.console.ledger_models import Ledger, LedgerAlert, LedgerEach
from services.console.models import SendingStopped
from services.console.stops import keeps
from shared.contracts.catalog import SEVERAL_GROUPS, decode_each
from shared.contracts.ledger import LedgerRecord
from shared.errors import BusError
from shared.http import Problem

EACH: Final = 100
"""Recipients in one answer."""
_DIGITS: Final = 7


async def get_ledger(request: web.Request) -> web.Response:
    """Who was told, in figures."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    incident = await visible_incident(console, actor, request.match_info["name"])
    return web.json_response((await ledger_of(console, incident)).model_dump(mode="json"))


async def get_each(request: web.Request) -> web.Response:
    """One message's recipients and what became of each, `?from=` the n-th."""
    console, actor = request.app[CONSOLE], await actor_of(request)
    incident = await visible_incident(console, actor, request.match_info["name"])
    alert = await own_alert(console, actor, incident, request.match_info["alert"])
    shown = await each_of(console, alert, begins_at(request))
    return web.json_response(shown.model_dump(mode="json"))


async def ledger_of(console: Console, incident: Document) -> Ledger:
    """The same, for whoever shows it in another way."""
    alerts = [a for a in await console.store.many("alert", alerts_of(incident)) if "kind" in a]
    alerts.sort(key=lambda a: a.get("seq", 0))
    sources = [(source, group) for source in incident["sources"] for group in incident.get("seen_by", ())]
    late = [(g, await console.store.one(late_key(source, g))) for source, g in sources]
    messages = [message(alert) for alert in alerts]
    joined = [latecomers(group, found) for group, found in late if found]
    documents = [*alerts, *(found for _, found in late if found)]
    channels = {
        f"{n}:{name}": c for n, d in enumerate(documents) for name, c in d.get("channels", {}).items()
    }
    figures = total(m.all for m in (*messages, *joined))
    stopped = await console.stops.on(incident.get("seen_by", ()))
    return Ledger(
        code=incident["code"],
        incident=incident["id"],
        all=figures,
        why_not=whys(channels, _not_told(alerts), perhaps=figures.perhaps),
        messages=[_held(m, stopped) for m in messages],
        joined_later=[_held(m, stopped) for m in joined],
        stopped=stopped,
    )


def _held(message: LedgerAlert, stopped: list[SendingStopped]) -> LedgerAlert:
    """Not on its way while a kill switch keeps its group from sending."""
    if message.state != "under_way" or not keeps(stopped, message.group):
        return message
    return message.model_copy(update={"state": "held"})


def _not_told(alerts: list[Document]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for alert in alerts:
        for why, n in alert.get("not_told", {}).items():
            counted[why] = counted.get(why, 0) + n
    return counted


def begins_at(request: web.Request) -> int:
    """The number that the address asks for; 0 where it asks for none that we understand."""
    start = request.query.get("from", "0")
    return int(start) if start.isascii() and start.isdigit() and len(start) <= _DIGITS else 0


async def own_alert(console: Console, actor: Actor, incident: Document, alert_id: str) -> Document:
    """A message of a group of theirs about this incident. Raises a 404 or 403 problem."""
    alert = await console.store.one(f"alert:{alert_id}") if alert_id in alerts_of(incident) else None
    if alert is None or "group" not in alert:
        raise Problem(404, "no_such_message", "This incident has no such message; look at its ledger again.")
    if alert["group"] not in actor.roles:
        raise Problem(403, "not_your_group", "Whom another group told one by one, its own people see.")
    return alert


async def each_of(console: Console, alert: Document, begins: int) -> LedgerEach:
    """Some of a message's recipients. Raises a 503 problem while the log is away."""
    try:
        records = await _records(console, alert)
    except BusError:
        raise Problem(503, "log_away", "The log is away; try again.", retry_after_s=2) from None
    everybody = recipients_of(records)
    wanted = everybody[begins : begins + EACH]
    return LedgerEach(
        alert_id=alert["alert_id"],
        recipients=each(records, wanted, await _arrivals(console, alert["alert_id"], wanted)),
        begins=begins,
        total=len(everybody) or alert.get("recipients", 0),
        readable=bool(everybody) or not alert.get("recipients"),
    )


async def _arrivals(console: Console, alert_id: str, wanted: list[str]) -> dict[str, Document]:
    keys = list(dict.fromkeys(bucket(alert_id, recipient).partition(":")[2] for recipient in wanted))
    found = await console.store.many("arrived", keys) if keys else []
    return {recipient: said for document in found for recipient, said in document.items()}


async def _records(console: Console, alert: Document) -> list[LedgerRecord]:
    """The alert's records, in order, out of the stretch of the ledger in which they lie."""
    first, last = alert.get("ledger", (0, 0))
    if not last or await console.bus.get("LEDGER", last) is None:
        return []
    found: list[LedgerRecord] = []
    subjects = (f"ledger.v1.{alert['group']}", SEVERAL_GROUPS)
    mark = alert["alert_id"].encode()
    async with aclosing(console.bus.read("LEDGER", after=first - 1, subjects=subjects)) as entries:
        async for entry in entries:
            if mark in entry.body:
                records = (part for part in decode_each(entry) if isinstance(part, LedgerRecord))
                found += [record for record in records if record.alert_id == alert["alert_id"]]
            if entry.seq >= last:
                break
    return found
