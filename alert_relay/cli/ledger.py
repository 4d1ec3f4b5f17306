"""`relay ledger`: who was told of an incident, when and how; and who was not, and why."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from alert_relay.cli.base import aligned, json_option, put_json, say, with_hub
from alert_relay.cli.stops import say_stops
from alert_relay.client import Hub, SaidNoError

_FORBIDDEN: Final = 403
_HEADS: Final = (
    "at",
    "what",
    "to whom",
    "to",
    "accepted",
    "arrived",
    "failed",
    "refused",
    "perhaps",
    "trying",
)
_FIGURES: Final = ("to", "accepted", "arrived", "failed", "refused", "perhaps", "under_way")


@click.command(short_help="Who was told, who was not, and why?")
@click.argument("name", metavar="INCIDENT")
@click.option("--each", is_flag=True, help="Every recipient of your groups' messages, step by step.")
@with_hub(admin=False)
@json_option
def ledger(name: str, *, hub: Hub, each: bool, as_json: bool) -> None:
    """Say who was told of an incident (its code or id), how many, how; and who was not, and why.

    Accepted: the channel's provider took it. Arrived and failed: what the provider said later, where it
    says so at all. Nobody's address is here: a recipient is the n-th of a channel, a subscriber has a
    pseudonym of the day.

    \b
    Examples:
      relay ledger D7K
      relay ledger D7K --each
      relay ledger D7K --json
    """
    found = hub.ledger(name)
    if each:
        found["each"] = {m["alert_id"]: list(them) for m, them in _everybody(hub, name, found)}
    if as_json:
        put_json(found)
    else:
        _screen(found)


def _everybody(
    hub: Hub, name: str, found: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """The messages of our own groups, with their recipients; others' are for others to see."""
    for message in found["messages"]:
        try:
            yield message, list(hub.recipients(name, message["alert_id"]))
        except SaidNoError as error:
            if error.status != _FORBIDDEN:
                raise


def _screen(found: Mapping[str, Any]) -> None:
    say_stops(found.get("stopped", ()))
    held = sum(m["all"]["under_way"] for m in _shown(found) if m.get("state") == "held")
    say(f"{found['code']}: {sentence(found['all'], held=held)}")
    for why in found["why_not"]:
        say(f"  {why['people']} not told ({why['reason'].replace('_', ' ')}). {why['words']}")
    say("")
    rows = [_row(m) for m in _shown(found)]
    aligned("Messages, the oldest first", _HEADS, rows)
    for alert, recipients in found.get("each", {}).items():
        say("")
        say(f"Message {alert}")
        for one in recipients:
            say(f"  {one['recipient']}  {'; '.join(_step(s) for s in one['steps']) or 'not tried yet'}")


def _shown(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its messages; those that were for nobody are no row."""
    return [m for m in (*found["messages"], *found["joined_later"]) if m["all"]["to"] or m["why_not"]]


def sentence(figures: Mapping[str, int], *, held: int = 0) -> str:
    """The figures as one sentence: what is known, and what is not."""
    told = figures["accepted"] - figures["failed"]
    parts = [
        f"told {told} of {figures['to']}",
        _part(figures["arrived"], "of these are said to have arrived"),
        _part(figures["unheard"], "were accepted by the provider, and nothing was said since"),
        _part(figures["failed"], "were accepted, and did not arrive"),
        _part(figures["refused"], "were surely not told"),
        _part(figures["perhaps"], "perhaps, nobody can say"),
        _part(held, "held: kill switch"),
        _part(figures["under_way"] - held, "still being tried"),
    ]
    return "; ".join(part for part in parts if part) + "."


def _part(n: int, words: str) -> str:
    return f"{n} {words}" if n else ""


def _row(message: Mapping[str, Any]) -> tuple[object, ...]:
    at = (message["at"] or "")[:16].replace("T", " ")
    what = (message["kind"] or "joined later") + (" (held)" if message.get("state") == "held" else "")
    to_whom = f"{message['group']} {message['audience']}"
    return (at, what, to_whom, *(message["all"][name] for name in _FIGURES))


def _step(step: Mapping[str, Any]) -> str:
    reason = f" ({step['reason'].replace('_', ' ')})" if step.get("reason") else ""
    return f"{step['at'][11:19]} {step['what']}{reason}"
