"""`relay desk`: what volunteers do, from a terminal; every act is one POST to the desk API."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

import click

from alert_relay.cli.base import (
    EXIT_REFUSED,
    EXIT_USAGE,
    Command,
    Failure,
    json_option,
    put_json,
    say,
    table,
    with_hub,
    yes_option,
)
from alert_relay.cli.desk_views import all_held, previewed, row, whole
from alert_relay.cli.root import NearestGroup
from alert_relay.cli.stops import say_stops
from alert_relay.client import Hub

ASKS: Final = ("WITNESSES", "ENOUGH", "LEAVE", "NONE")
INCIDENT = click.argument("incident", metavar="CODE")
TEXT = click.option("--text", help="What those who are told will read, in your words.")
SMS = click.option(
    "--sms",
    "sms_to",
    type=click.Choice(["nobody", "witnesses", "everyone"]),
    help="Who gets it by SMS if that passes a group's cap for the month.",
)
SMS_REASON = click.option("--sms-reason", help="Why everyone gets it although it passes the cap.")
ASK = click.option("--ask", type=click.Choice(ASKS, case_sensitive=False), help="The one thing asked for.")


SETTING = click.option(
    "--setting",
    type=click.Choice(["street", "driving", "home", "work", "other"]),
    help="Where people are, so which words go out; left out, as most reports say.",
)


@click.group(cls=NearestGroup, short_help="See incidents and decide about them.")
def desk() -> None:
    """See incidents and decide about them, as a named member of a group.

    CODE is the incident's short code (D7K) or its id.

    \b
    Examples:
      relay desk list
      relay desk show D7K
      relay desk claim D7K
      relay desk confirm D7K --ask WITNESSES --text "One van, six officers, outside the cafe"
      relay desk end D7K --stage officers_left --let-go 1
    """


def act(function: Command) -> Command:
    """What all acts share: the group for whom one acts, a fixed command id, --json."""
    for option in (
        json_option,
        with_hub(),
        click.option("--id", "command_id", help="The same id again is the same act."),
        click.option("--version", type=int, help="Only if the incident is still at this version."),
        click.option("--group", help="For which of your groups you act."),
    ):
        function = option(function)
    return function


def send(hub: Hub, name: str, body: Mapping[str, Any], *, as_json: bool) -> None:
    """Give the command and say how it was decided."""
    told = {key: value for key, value in body.items() if value is not None}
    told["id"] = told.pop("command_id", None) or uuid.uuid4().hex
    answer = hub.command(name, told)
    if as_json:
        put_json(answer)
        return
    incident = answer.get("incident") or {}
    words = " ".join(str(incident[key]) for key in ("code", "status") if incident.get(key))
    made = f" {answer['made']}" if answer.get("made") else ""
    how = answer.get("detail") or f"{answer['outcome']} ({answer.get('reason')})"
    say(f"{name}: {how} {words}{made}".rstrip())


def telling(function: Command) -> Command:
    """What acts share that people are told of: besides, --yes to be asked nothing."""
    return yes_option(act(function))


def tell(hub: Hub, name: str, body: Mapping[str, Any], *, yes: bool, as_json: bool) -> None:
    """Show what would be sent to whom, ask, and do it; where nobody is told, nothing is asked."""
    if not yes:
        _show_and_ask(hub, name, body, as_json=as_json)
    send(hub, name, body, as_json=as_json)


def _show_and_ask(hub: Hub, name: str, body: Mapping[str, Any], *, as_json: bool) -> None:
    wanted = {key: value for key, value in body.items() if value is not None and key != "command_id"}
    found = hub.preview(name, wanted)
    for line in previewed(found):
        click.echo(line, err=as_json)
    if found["sends"] and not click.confirm("Send this?", default=False, err=as_json):
        raise Failure("Nothing was sent.", EXIT_REFUSED)


@desk.command(name="list")
@click.option("--all", "every", is_flag=True, help="Ended ones too.")
@click.option("--held", is_flag=True, help="Reports that wait for a person instead.")
@with_hub()
@json_option
def list_(*, every: bool, held: bool, hub: Hub, as_json: bool) -> None:
    """The open incidents of your groups.

    \b
    Examples:
      relay desk list
      relay desk list --all --json
      relay desk list --held
    """
    if held:
        waiting = hub.held()
        if as_json:
            put_json(waiting["held"])
        else:
            all_held(waiting)
        return
    found, stopped = hub.desk_list("all" if every else "open")
    if as_json:
        put_json(found)
    else:
        say_stops(stopped)
        table("Incidents", ("code", "status", "place", "groups", "reports", "claimed"), map(row, found))


@desk.command()
@INCIDENT
@with_hub()
@json_option
def show(incident: str, *, hub: Hub, as_json: bool) -> None:
    """One incident with its reports and what was done.

    \b
    Example:
      relay desk show D7K
    """
    found = hub.incident(incident)
    if as_json:
        put_json(found)
        return
    whole(found)


@desk.command()
@INCIDENT
@act
def claim(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """I am on it (for 15 minutes).

    \b
    Example:
      relay desk claim D7K
    """
    send(hub, "claim", {"incident": incident, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@click.option("--into", metavar="CODE", help="Of a held report: the incident that it belongs to.")
@click.option("--lat", type=click.FloatRange(-90, 90), help="Of a held report: where it is.")
@click.option("--lon", type=click.FloatRange(-180, 180))
@click.option("--label", help="What people call the place.")
@act
def release(incident: str, *, hub: Hub, as_json: bool, into: str | None, **rest: Any) -> None:
    """I give up my claim; with a report's id (r…): let that held report go on.

    A held report becomes an incident where it says it is, or where you say; or joins the one you name.

    \b
    Examples:
      relay desk release D7K
      relay desk release rabcdefghijklmnopqrst --into D7K
      relay desk release rabcdefghijklmnopqrst --lat 51.5466 --lon -0.0752 --label "Ashwin Street"
    """
    if incident.startswith("r") and incident.islower():
        rest.pop("version", None)
        send(hub, "release_report", {"report": incident, "incident": into, **rest}, as_json=as_json)
        return
    if into or rest["lat"] is not None or rest["lon"] is not None or rest["label"]:
        raise Failure("--into, --lat, --lon and --label are for a held report (r…).", EXIT_USAGE)
    send(hub, "release", {"incident": incident, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@ASK
@SETTING
@TEXT
@SMS
@SMS_REASON
@telling
def confirm(incident: str, *, hub: Hub, yes: bool, as_json: bool, **rest: Any) -> None:
    """It is true: tell the community. Shows first what will be sent to whom, and asks.

    \b
    Examples:
      relay desk confirm D7K --ask WITNESSES --text "One van, six officers, by the station"
      relay desk confirm D7K --ask WITNESSES --setting home
      relay desk confirm D7K --yes --json
      relay desk confirm D7K --sms everyone --sms-reason "Twelve people are held"
    """
    tell(hub, "confirm", {"incident": incident, **rest}, yes=yes, as_json=as_json)


@desk.command()
@INCIDENT
@click.option("--as", "outcome", type=click.Choice(["not_confirmed", "other_agency", "retracted"]))
@click.option(
    "--agency", type=click.Choice(["police", "bailiffs", "inspectors", "other"]), help="Who it was."
)
@TEXT
@telling
def reject(incident: str, *, hub: Hub, yes: bool, as_json: bool, **rest: Any) -> None:
    """It is not what was reported: those who were told are told.

    \b
    Examples:
      relay desk reject D7K --text "Police traffic stop, no immigration officers"
      relay desk reject D7K --agency bailiffs
    """
    tell(hub, "reject", {"incident": incident, **rest}, yes=yes, as_json=as_json)


@desk.command()
@INCIDENT
@TEXT
@telling
def reopen(incident: str, *, hub: Hub, yes: bool, as_json: bool, **rest: Any) -> None:
    """It was ended by mistake, or begins again: those who were told are told.

    \b
    Example:
      relay desk reopen D7K --text "They are back"
    """
    tell(hub, "reopen", {"incident": incident, **rest}, yes=yes, as_json=as_json)


@desk.command()
@INCIDENT
@click.option("--lat", type=click.FloatRange(-90, 90), required=True)
@click.option("--lon", type=click.FloatRange(-180, 180), required=True)
@click.option(
    "--radius", "radius_m", type=click.FloatRange(min=1), default=50.0, show_default=True, help="Metres."
)
@click.option("--label", help="What people call the place.")
@act
def place(incident: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """Say where it is; who is told is decided anew.

    \b
    Example:
      relay desk place D7K --lat 51.5466 --lon -0.0752 --label "Ashwin Street"
    """
    send(hub, "place", {"incident": incident, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@click.argument("absorbed", metavar="OTHER")
@act
def merge(incident: str, absorbed: str, *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """OTHER is the same event as CODE.

    \b
    Example:
      relay desk merge D7K P4M
    """
    send(hub, "merge", {"incident": incident, "absorbed": absorbed, **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@click.argument("reports", nargs=-1, required=True)
@act
def split(incident: str, reports: tuple[str, ...], *, hub: Hub, as_json: bool, **rest: Any) -> None:
    """These reports are another event.

    \b
    Example:
      relay desk split D7K rabcdefghijklmnopqrst
    """
    send(hub, "split", {"incident": incident, "reports": list(reports), **rest}, as_json=as_json)


@desk.command()
@INCIDENT
@ASK
@TEXT
@SMS
@SMS_REASON
@telling
def update(incident: str, *, hub: Hub, yes: bool, as_json: bool, **rest: Any) -> None:
    """News for everyone who was told.

    \b
    Example:
      relay desk update D7K --ask ENOUGH --text "Two hundred people here; no more needed"
    """
    tell(hub, "update", {"incident": incident, **rest}, yes=yes, as_json=as_json)


@desk.command()
@INCIDENT
@click.option(
    "--stage",
    type=click.Choice(["officers_left", "aftercare", "closed"]),
    default="officers_left",
    show_default=True,
)
@click.option("--let-go", type=click.IntRange(min=0), help="People let go.")
@click.option("--taken", type=click.IntRange(min=0), help="People taken away.")
@click.option(
    "--unknown", type=click.IntRange(min=0), help="People of whom nobody knows whether they were taken."
)
@TEXT
@telling
def end(incident: str, *, hub: Hub, yes: bool, as_json: bool, **rest: Any) -> None:
    """Officers left, aftercare, or closed: everyone who was told is told what is new.

    \b
    Examples:
      relay desk end D7K --let-go 1
      relay desk end D7K --stage closed --yes
    """
    tell(hub, "end", {"incident": incident, **rest}, yes=yes, as_json=as_json)
