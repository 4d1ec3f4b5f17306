"""`relay explain`: why the relay did what it did, in the words of its named reasons."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from alert_relay.cli.base import json_option, put_json, say, with_hub
from alert_relay.cli.desk_views import groups_of, place_of
from alert_relay.client import Hub, SaidNoError

_NOT_FOUND: Final = 404
_BECAME: Final = {
    "opened": "It opened an incident",
    "attached": "It joined an incident",
    "held": "It waits for a person",
    "ignored": "Nobody was told of it",
}

_HAND: Final[Mapping[bool | None, str]] = {
    True: "first-hand",
    False: "second-hand",
    None: "not said whether first-hand",
}


@click.command(short_help="Why did the relay do that?")
@click.argument("name", metavar="CODE_OR_REPORT")
@with_hub(admin=False)
@json_option
def explain(name: str, *, hub: Hub, as_json: bool) -> None:
    """Tell an incident's story, or why a report was decided as it was.

    Of a report: what was understood, where it is and by what it was found, whose area that is, and
    the incidents it was compared with, those refused too. Of an incident: each step, with its reason.

    \b
    Examples:
      relay explain D7K
      relay explain rabcdefghijklmnopqrst --json
    """
    report = _report(hub, name)
    story = report or hub.incident(name)
    if as_json:
        put_json(story)
    elif report:
        for line in of_report(report):
            say(line)
    else:
        _tell(story)


def _report(hub: Hub, name: str) -> dict[str, Any] | None:
    try:
        return hub.report(name)
    except SaidNoError as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def of_report(report: Mapping[str, Any]) -> Iterator[str]:
    """A report's decision in sentences."""
    became = _BECAME.get(report["outcome"], report["outcome"])
    if report.get("incident"):
        became = became.replace("an incident", report["incident"])
    yield f"{became}: {_spaced(report['reason'])}."
    if report["outcome"] == "held" and not report.get("waits"):
        yield f"It waits no longer{' and is in ' + report['incident'] if report.get('incident') else ''}."
    concerned = ", ".join(report.get("groups") or ()) or "no group"
    yield f"Concerned: {concerned}."
    why = report.get("why")
    if why is None:
        yield "What was understood and weighed is erased by now."
        return
    yield from _understood(why)
    yield from _placed(why)
    yield from _compared(why.get("considered") or ())


def _understood(why: Mapping[str, Any]) -> Iterator[str]:
    hand = _HAND[why.get("first_hand")]
    yield f"Understood as {_spaced(why['kind'])} ({why['sure']:.0%} sure), {hand}; who acts: {why['who']}."
    if why.get("trusted"):
        yield "It came in by a trusted account: what such a one reports is likely, and a person's to confirm."
    if because := _parts(why.get("because") or {}):
        yield f"  because of {because}"


def _placed(why: Mapping[str, Any]) -> Iterator[str]:
    place = why.get("place")
    if place:
        yield f"Placed at {place['label']}, by {place['how']}, within {place['radius_m']:.0f} m."
        for share in why.get("groups") or ():
            yield f"  {share['share']:.0%} of that lies in the area of {share['group']}"
    elif why.get("place_reason") != "found":
        yield f"Not placed: {_spaced(why.get('place_reason') or 'not said')}."
    for label, points in (why.get("places") or {}).items():
        yield f"  weighed: {label} ({points:+.1f})"


def _compared(considered: Any) -> Iterator[str]:
    if not considered:
        yield "Compared with no incident."
    for one in considered:
        code = one["incident"] or "another group's incident"
        yield f"Compared with {code}: {one['score']:+.1f}, {'it may be' if one['score'] > 0 else 'refused'}"
        yield f"  because of {_parts(one.get('signs') or {}) or 'nothing'}"


def _parts(parts: Mapping[str, float]) -> str:
    return ", ".join(f"{_spaced(name)} {value:.2g}" for name, value in parts.items())


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _tell(incident: Mapping[str, Any]) -> None:
    concerned = ", ".join(groups_of(incident)) or "no group"
    say(f"{incident.get('code')} is {incident.get('status')}: {place_of(incident)} ({concerned})")
    place = incident.get("place")
    if isinstance(place, Mapping):
        say(f"Placed by {place.get('how')}, within {place.get('radius_m')} m.")
    for step in incident.get("history") or ():
        say(f"  {step['at'][:19]}  {_words(step)}")
    for alert in incident.get("told") or ():
        say(f"  told {alert['group']} {alert['audience']}: {alert['kind']} at {alert['at'][:19]}")
    for report in incident.get("reports") or ():
        say(f"  report {report['report_id']}: {_spaced(report.get('reason') or 'joined')}")


def _words(step: Mapping[str, Any]) -> str:
    told = {k: v for k, v in step.items() if k not in {"at", "what", "reason"} and v not in (None, "")}
    facts = ", ".join(f"{_spaced(name)} {value}" for name, value in told.items())
    reason = step.get("reason")
    # `applied` says only that the person's command was obeyed.
    why = f" because {_spaced(reason)}" if reason and reason != "applied" else ""
    return f"{_spaced(step['what'])}{why}{f' ({facts})' if facts else ''}"
