"""`relay explain`: why the relay did what it did, in the words of its named reasons."""

from collections.abc import Mapping
from typing import Any

import click

from alert_relay.cli.base import json_option, put_json, say, with_hub
from alert_relay.cli.desk_views import groups_of, place_of
from alert_relay.client import Hub


@click.command(short_help="Why did the relay do that?")
@click.argument("name", metavar="CODE_OR_REPORT")
@with_hub(admin=False)
@json_option
def explain(name: str, *, hub: Hub, as_json: bool) -> None:
    """Tell an incident's story, or why a held report waits, with the reason of each step.

    \b
    Examples:
      relay explain D7K
      relay explain rabcdefghijklmnopqrst --json
    """
    held = [h for h in hub.held() if h.get("report_id") == name]
    story = held[0] if held else hub.incident(name)
    if as_json:
        put_json(story)
    elif held:
        say(f"Report {name} waits for a person: {held[0].get('reason')}.")
    else:
        _tell(story)


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


def _words(step: Mapping[str, Any]) -> str:
    told = {k: v for k, v in step.items() if k not in {"at", "what", "reason"} and v not in (None, "")}
    facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items())
    reason = step.get("reason")
    # `applied` says only that the person's command was obeyed.
    why = f" because {reason.replace('_', ' ')}" if reason and reason != "applied" else ""
    return f"{step['what'].replace('_', ' ')}{why}{f' ({facts})' if facts else ''}"
