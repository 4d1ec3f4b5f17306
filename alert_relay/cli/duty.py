"""`relay duty`: the rota, from a terminal."""

import uuid
from collections.abc import Mapping
from typing import Any

import click

from alert_relay.cli.base import Command, json_option, put_json, say, table, with_hub
from alert_relay.cli.root import NearestGroup
from alert_relay.cli.times import TIME, shown
from alert_relay.client import Hub

SHIFT = click.argument("shift", metavar="SHIFT")


@click.group(cls=NearestGroup, short_help="Who is on duty when.")
def duty() -> None:
    """Who is on duty when: whoever is, is named first when a report comes in.

    SHIFT is a shift's id, as `relay duty list` shows it.

    \b
    Examples:
      relay duty list
      relay duty offer --from "tomorrow 06:00" --to "tomorrow 10:00" --places 2
      relay duty take sk7m2x9q
      relay duty note sk7m2x9q "One van seen at six, gone by seven"
    """


def _act(function: Command) -> Command:
    for option in (
        json_option,
        with_hub(),
        click.option("--id", "command_id", help="The same id again is the same act."),
    ):
        function = option(function)
    return function


def _send(hub: Hub, name: str, body: Mapping[str, Any], *, as_json: bool) -> None:
    told = {key: value for key, value in body.items() if value is not None}
    told["id"] = told.pop("command_id", None) or uuid.uuid4().hex
    answer = hub.duty_command(name, told)
    if as_json:
        put_json(answer)
    else:
        say(f"{name}: {answer['outcome']} ({answer.get('reason')}) {answer.get('made') or ''}".rstrip())


@duty.command(name="list")
@with_hub()
@json_option
def list_(*, hub: Hub, as_json: bool) -> None:
    """The shifts of your groups, and who has them.

    \b
    Examples:
      relay duty list
      relay duty list --json
    """
    found = hub.duty()
    if as_json:
        put_json(found)
        return
    now = ", ".join(f"{d.get('name') or d['member']} ({d['group']})" for d in found["on_duty"])
    say(f"On duty now: {now or 'nobody'}")
    rows = [(s["id"], s["group"], shown(s["begins"]), shown(s["ends"]), _who(s)) for s in found["shifts"]]
    table("Shifts", ("shift", "group", "from", "to", "who"), rows)
    for shift in found["shifts"]:
        for note in shift["notes"]:
            say(f"{shift['id']} {shown(note['at'])} {note.get('name')}: {note['text'] or '(erased)'}")


def _who(shift: Mapping[str, Any]) -> str:
    names = ", ".join(str(t.get("name") or t["member"]) for t in shift["takers"])
    free = shift["places"] - len(shift["takers"])
    return ", ".join(part for part in (names, f"{free} wanted" if free > 0 else "") if part)


@duty.command()
@click.option("--from", "begins", type=TIME, required=True, help='"18:30", "tomorrow 06:00", "+2h".')
@click.option("--to", "ends", type=TIME, required=True)
@click.option("--places", type=click.IntRange(1, 20), default=1, show_default=True, help="How many people.")
@click.option("--group", help="For which of your groups.")
@_act
def offer(*, hub: Hub, as_json: bool, **rest: Any) -> None:
    """People are wanted on duty from then to then.

    \b
    Examples:
      relay duty offer --from 18:00 --to 22:00
      relay duty offer --group hackney --from "tomorrow 06:00" --to "tomorrow 10:00" --places 2
    """
    _send(hub, "offer", rest, as_json=as_json)


@duty.command()
@SHIFT
@_act
def withdraw(shift: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """The shift is needed no longer.

    \b
    Example:
      relay duty withdraw sk7m2x9q
    """
    _send(hub, "withdraw", {"shift": shift, **rest}, as_json=as_json)


@duty.command()
@SHIFT
@_act
def take(shift: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """I will be on duty.

    \b
    Example:
      relay duty take sk7m2x9q
    """
    _send(hub, "take", {"shift": shift, **rest}, as_json=as_json)


@duty.command(name="give-up")
@SHIFT
@_act
def give_up(shift: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """I can't after all.

    \b
    Example:
      relay duty give-up sk7m2x9q
    """
    _send(hub, "give_up", {"shift": shift, **rest}, as_json=as_json)


@duty.command()
@SHIFT
@click.argument("text")
@_act
def note(shift: str, text: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """What the next ones should know; until a day after the shift. It is erased with its hour's key.

    \b
    Example:
      relay duty note sk7m2x9q "One van seen at six, gone by seven"
    """
    _send(hub, "note", {"shift": shift, "text": text, **rest}, as_json=as_json)
