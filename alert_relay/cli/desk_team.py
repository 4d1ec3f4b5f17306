"""`relay desk`, how people work together: go, see, note, ask, hand over, call for help, spare themselves."""

from typing import Any

import click

from alert_relay.cli.base import json_option, with_hub
from alert_relay.cli.desk import INCIDENT, TEXT, act, desk, send, tell, telling
from alert_relay.client import Hub

REPORT = click.argument("report", metavar="REPORT")


@desk.command()
@INCIDENT
@click.argument("step", type=click.Choice(["going", "there", "left"]), default="going")
@act
def attend(incident: str, step: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """I am going there, am there, or have left: the desk sees who goes. Go in twos.

    \b
    Examples:
      relay desk attend D7K
      relay desk attend D7K there
    """
    send(hub, "attend", {"incident": incident, "step": step, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@TEXT
@act
def seen(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """I see it with my own eyes: the verifiers are told, nobody else.

    \b
    Example:
      relay desk seen D7K --text "Two vans, six officers, one rider held"
    """
    send(hub, "seen", {"incident": incident, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@click.argument("text")
@act
def note(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """A line for the desk; nobody is sent it.

    \b
    Example:
      relay desk note D7K "Spoke to the cafe, they close at six"
    """
    send(hub, "note", {"incident": incident, **rest}, as_json=as_json)


@desk.command(name="send-on")
@INCIDENT
@click.argument("reason")
@act
def send_on(incident: str, *, hub: Hub, as_json: bool, reason: str, **rest: Any) -> None:
    """What waits of it goes out now, although my group has sent all its messages for this hour.

    \b
    Example:
      relay desk send-on D7K "Three vans, and people have an hour at most"
    """
    send(hub, "send_on", {"incident": incident, "text": reason, **rest}, as_json=as_json)


@desk.command(name="hand-over")
@INCIDENT
@click.argument("to", metavar="MEMBER")
@TEXT
@act
def hand_over(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """My claim passes to another member (`relay member list` shows their ids).

    \b
    Example:
      relay desk hand-over D7K mabcd2345 --text "Call the witness again at six"
    """
    send(hub, "hand_over", {"incident": incident, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@REPORT
@click.option("--asks", type=click.Choice(["what", "where", "which"]), default="what", show_default=True)
@act
def ask(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """Ask whoever sent a report one question, without seeing their number.

    \b
    Example:
      relay desk ask D7K rabcdefghijklmnopqrst --asks what
    """
    send(hub, "ask", {"incident": incident, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@click.argument("groups", metavar="GROUP...", nargs=-1, required=True)
@act
def escalate(incident: str, groups: tuple[str, ...], *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """Ask the verifiers of other groups to help.

    \b
    Example:
      relay desk escalate D7K haringey southwark
    """
    send(hub, "escalate", {"incident": incident, "groups": list(groups), **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@TEXT
@telling
def watch(incident: str, *, hub: Hub, yes: bool, as_json: bool, **rest: Any) -> None:
    """It is ordinary police: those who were told are told, and the place is remembered for two hours.

    \b
    Example:
      relay desk watch D7K --text "Traffic stop, two police cars"
    """
    tell(hub, "watch", {"incident": incident, **rest}, yes=yes, as_json=as_json)


@desk.command()
@REPORT
@click.option("--what", type=click.Choice(["sender", "text"]), default="sender", show_default=True)
@click.option(
    "--reason", type=click.Choice(["spam", "hoax", "abuse", "repeats"]), default="spam", show_default=True
)
@act
def mute(report: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """For 24 hours nothing by this report's sender, or in its words, asks for attention. It is kept.

    \b
    Examples:
      relay desk mute rabcdefghijklmnopqrst --reason hoax
      relay desk mute rabcdefghijklmnopqrst --what text
    """
    rest.pop("version", None)
    send(hub, "mute", {"report": report, **rest}, as_json=as_json)


@desk.command()
@click.argument("mute_id", metavar="MUTE")
@act
def unmute(mute_id: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """What was muted asks for attention again (`relay desk list --held` shows what is muted).

    \b
    Example:
      relay desk unmute u1234567890abcdef
    """
    rest.pop("version", None)
    send(hub, "unmute", {"mute": mute_id, **rest}, as_json=as_json)


@desk.command()
@click.argument("group")
@click.argument("state", type=click.Choice(["on", "off"]))
@with_hub()
@json_option
def flood(group: str, state: str, *, hub: Hub, as_json: bool) -> None:
    """On: for six hours the group's verifiers hear of incidents in digests only.

    \b
    Examples:
      relay desk flood hackney on
      relay desk flood hackney off
    """
    send(hub, "flood", {"group": group, "on": state == "on"}, as_json=as_json)
