"""How incidents and held reports look on a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from alert_relay.cli.base import facts, say, table
from alert_relay.cli.stops import stopped
from shared.money import pounds


def row(incident: Mapping[str, Any]) -> tuple[object, ...]:
    """An incident as one line of a table."""
    reports = incident.get("reports")
    return (
        incident.get("code"),
        status_of(incident),
        place_of(incident),
        ", ".join(groups_of(incident)),
        len(reports) if isinstance(reports, list) else reports,
        _claim(incident.get("claim")),
    )


def status_of(incident: Mapping[str, Any]) -> str:
    """What it is now; of an exercise, that it is one."""
    return f"{'DRILL ' if incident.get('drill') else ''}{incident.get('status')}"


def place_of(incident: Mapping[str, Any]) -> str:
    """Words for where it is."""
    place = incident.get("place")
    return str(place.get("label", "")) if isinstance(place, Mapping) else str(place or "")


def groups_of(incident: Mapping[str, Any]) -> list[str]:
    """The ids of the groups concerned."""
    groups = incident.get("groups") or []
    return [str(g["group"] if isinstance(g, Mapping) else g) for g in groups]


def _claim(claim: Any) -> str:
    if isinstance(claim, Mapping):
        return str(claim.get("name") or claim.get("member") or "")
    return str(claim or "")


def short(held: Mapping[str, Any]) -> str:
    """The beginning of what a held report says."""
    text = str(held.get("text") or "")
    return text[:80]


def all_held(waiting: Mapping[str, Any]) -> None:
    """What waits for a person, and what people spare themselves."""
    rows = [(h.get("report_id"), _day(h.get("at")), h.get("reason"), short(h)) for h in waiting["held"]]
    table("Held reports", ("report", "since", "why", "says"), rows)
    if mutes := waiting.get("mutes"):
        say("")
        shown = [(m["mute_id"], m["what"], m["reason"], m.get("name"), _day(m["until"])) for m in mutes]
        table("Muted", ("mute", "what", "why", "by", "until"), shown)
    for flood in waiting.get("floods") or ():
        say(f"Flood mode: {flood['group']} hears of incidents in digests only, until {_day(flood['until'])}.")


def _day(moment: object) -> str:
    """Day and time, UTC."""
    return str(moment or "")[:16].replace("T", " ")


def whole(incident: Mapping[str, Any]) -> None:
    """One incident for people: what it is, what came in, what was done, who was told."""
    facts(
        {
            "code": incident.get("code"),
            "status": status_of(incident),
            "place": place_of(incident),
            "groups": ", ".join(groups_of(incident)),
            "claimed by": _claim(incident.get("claim")),
            "nobody took it": incident.get("ladder"),
            "people taken": _taken(incident),
            "said last": incident.get("statement"),
            "version": incident.get("version"),
            "id": incident.get("id"),
        }
    )
    for group, one in (incident.get("waiting") or {}).items():
        so_many = f"{one['messages']} messages wait since {_day(one['since'])}"
        say(f"{group} has sent all its messages for this hour: {so_many} (`relay desk send-on` sends them).")
    reports = [(_time(r), _seen(r), r.get("text"), r.get("report_id")) for r in incident.get("reports") or ()]
    steps = [(_time(s), s["what"], s.get("by"), s.get("text")) for s in incident.get("history") or ()]
    told = [
        (_time(t), t["group"], t["audience"], t["kind"], t.get("recipients"), _accepted(t), *_arrived(t))
        for t in incident.get("told") or ()
    ]
    say("")
    table("Reports, newest first", ("at", "seen", "says", "report"), reports)
    say("")
    table("What was done", ("at", "what", "by", "words"), steps)
    say("")
    heads = ("at", "group", "audience", "what", "addresses", "accepted", "delivered", "failed")
    table("Who was told", heads, told)


def _accepted(told: Mapping[str, Any]) -> int:
    """How many the channels' providers took; whether they arrived is another question."""
    return sum(figures.get("delivered", 0) for figures in (told.get("results") or {}).values())


def _arrived(told: Mapping[str, Any]) -> tuple[int | str, int | str]:
    """How many arrived and how many did not, as providers said later; blank where none says so."""
    said = (told.get("receipts") or {}).values()
    if not said:
        return "", ""
    return sum(f.get("delivered", 0) for f in said), sum(f.get("failed", 0) for f in said)


def _taken(incident: Mapping[str, Any]) -> str | None:
    arrested = incident.get("arrested")
    return f"{arrested}, nothing known of {incident.get('unaccounted')}" if arrested else None


def _time(told: Mapping[str, Any]) -> str:
    return str(told.get("at") or "")[11:16]


def _seen(report: Mapping[str, Any]) -> str:
    first_hand = report.get("first_hand")
    hand = "" if first_hand is None else "first hand" if first_hand else "passed on"
    return ", ".join(part for part in ("trusted" if report.get("trusted") else "", hand) if part)


def previewed(found: Mapping[str, Any]) -> Iterator[str]:
    """What would be sent to whom, and what each group pays for it."""
    for one in found["sends"]:
        by = f"subscribers ({one['choice']})" if one.get("choice") else one.get("channel")
        to = f"{one.get('group')}, {one.get('audience')}, by {by}"
        yield f"--- {one.get('kind')} to {to} ({_addresses(one.get('recipients'))})"
        yield f"{one.get('text')}\n"
        if one.get("shortened"):
            yield "Your words are shortened in this one.\n"
    for cost in found.get("costs", ()):
        yield _cost(cost)
    yield from map(stopped, found.get("stopped", ()))


def _addresses(number: int | None) -> str:
    """To how many addresses; how many people read there, nobody knows."""
    if number is None:
        return "addresses not counted"
    return f"{number} address{'' if number == 1 else 'es'}"


def _cost(cost: Mapping[str, Any]) -> str:
    least, most = cost["segments"]
    each = f"{least}" if least == most else f"{least} to {most}"
    people = _by_sms(cost["people"])
    line = f"{cost['group']}: about {pounds(cost['pence'])}: {people}, {each} segment{'s' * (most > 1)} each"
    if cost["cap_pounds"] is not None:
        line += f"; this month so far {pounds(cost['spent_pence'])} of {pounds(cost['cap_pounds'] * 100)}"
    if not cost["asks"]:
        return line
    few = f"{_by_sms(cost['witnesses'])}, about {pounds(cost['witnesses_pence'])}"
    choice = f"--sms nobody, --sms witnesses ({few}), or --sms everyone with --sms-reason"
    return f"{line}.\nThat passes the group's cap: say who gets it by SMS with {choice}."


def _by_sms(number: int) -> str:
    return f"{number} {'person' if number == 1 else 'people'} by SMS"
