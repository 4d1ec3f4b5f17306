"""What a command would send to whom: gathered from the read model and the log, foretold by `decide.sends`."""

import asyncio
from collections.abc import Sequence

from services.console.decide.costs import costs_of, spent_in
from services.console.decide.draft import Document
from services.console.decide.messages import GroupFacts
from services.console.decide.sends import Act, sends_of
from services.console.decide.verifiers_facts import VerifiersFacts, best_of, on_duty, setting_of
from services.console.door import Console
from services.console.models import CommandName, DeskRequest, Preview
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.catalog import decode_all
from shared.contracts.situation import Setting
from shared.errors import BusError, MalformedMessageError

_MOST_REPORTS = 5_000


async def foretold(
    console: Console, name: CommandName, asked: DeskRequest, incident: Document, *, group: str = ""
) -> Preview:
    """What the command would send about this incident, and its cost; `group`: for which it is given."""
    told = await console.store.many("alert", incident.get("alerts", ()))
    concerned = {*incident.get("seen_by", ()), *(asked.groups or ())}
    groups = await _groups(console, sorted(concerned))
    act = Act(
        command=name,
        request=asked,
        incident=incident,
        told=told,
        at=console.clock.now(),
        group=group,
        facts=await _facts(console, name, asked, incident, told),
        outcode_at=console.places.current.outcode_at,
    )
    sends = sends_of(act, groups, base_url=console.settings.base_url)
    stopped = await console.stops.on({send.group for send in sends}) if sends else []
    return Preview(sends=sends, costs=costs_of(sends, groups), stopped=stopped)


async def _groups(console: Console, names: Sequence[str]) -> dict[str, GroupFacts]:
    """The groups with what is known of their channels, subscribers and money."""
    groups, counted, spending = await asyncio.gather(
        *(console.store.many(family, names) for family in ("group", "subscribers", "spending"))
    )
    following = {c["group"]: c["following"] for c in counted if "following" in c}
    spent = spent_in(spending, console.clock.now())
    return {
        g["id"]: console.channels.facts(
            g, followers=following.get(g["id"], ()), spent_pence=spent.get(g["id"], 0.0)
        )
        for g in groups
    }


async def _facts(
    console: Console, name: CommandName, asked: DeskRequest, incident: Document, told: Sequence[Document]
) -> VerifiersFacts:
    """What reports say; of most acts nobody is told it."""
    if name == "confirm" and asked.setting is None:
        return VerifiersFacts(setting=await reports_say(console, incident))
    if name != "escalate":
        return VerifiersFacts()
    return VerifiersFacts(
        best=best_of(await console.store.reports_of(incident, limit=_MOST_REPORTS)),
        last=await _last_body(console, told),
        on_duty={group: await _on_duty(console, group) for group in asked.groups or ()},
    )


async def reports_say(console: Console, incident: Document) -> Setting | None:
    """Where people are, as most of its reports say."""
    return setting_of(await console.store.reports_of(incident, limit=_MOST_REPORTS))


async def _on_duty(console: Console, group: str) -> tuple[str, ...]:
    shifts = await console.store.listed(f"duty:{group}", "shift")
    takers = {taker for shift in shifts for taker in shift["takers"]}
    members = await console.store.many("member", sorted(takers))
    names = {m["member"]: m.get("name", "") for m in members if not m.get("revoked")}
    return on_duty(shifts, names, console.clock.now())


async def _last_body(console: Console, told: Sequence[Document]) -> AlertBody | None:
    """The facts of the last alert to verifiers, from the log; None while it is away."""
    verifiers = (alert for alert in told if alert.get("audience") == "verifiers" and "seq" in alert)
    last = max(verifiers, key=lambda alert: alert["seq"], default=None)
    if last is None:
        return None
    try:
        entry = await console.bus.get("DECISIONS", int(last["seq"]))
        raised = (m for m in (decode_all(entry) if entry else ()) if isinstance(m, AlertRaised))
        alert = next((a for a in raised if a.alert_id == last["alert_id"]), None)
        body = (await console.keyring.open(alert)).body if alert else None
    except (BusError, MalformedMessageError):
        return None
    return body if isinstance(body, AlertBody) else None
