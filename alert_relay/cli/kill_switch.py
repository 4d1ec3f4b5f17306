"""`relay kill-switch`: stop all sending, of one group or of the hub, before the next message."""

import click

from alert_relay.cli.base import json_option, put_json, say, with_hub
from alert_relay.cli.root import NearestGroup
from alert_relay.client import Hub


@click.group(name="kill-switch", cls=NearestGroup, short_help="Stop or allow all sending.")
def kill_switch() -> None:
    """Stop all sending at once, or allow it again.

    \b
    Examples:
      relay kill-switch stop --reason "false alert going round"
      relay kill-switch stop --group hackney
      relay kill-switch allow --group hackney
    """


@kill_switch.command()
@click.option("--group", default="hub", help="One group; without it the whole hub.")
@click.option("--reason", default="", help="Why, for those who look at it.")
@with_hub(admin=True)
@json_option
def stop(*, hub: Hub, group: str, reason: str, as_json: bool) -> None:
    """Nothing more is sent until it is allowed again.

    \b
    Example:
      relay kill-switch stop --group hackney --reason "wrong place"
    """
    _turn(hub, group, reason, stopped=True, as_json=as_json)


@kill_switch.command()
@click.option("--group", default="hub", help="One group; without it the whole hub.")
@click.option("--reason", default="", help="Why, for those who look at it.")
@with_hub(admin=True)
@json_option
def allow(*, hub: Hub, group: str, reason: str, as_json: bool) -> None:
    """Send again what is still timely.

    \b
    Example:
      relay kill-switch allow --group hackney
    """
    _turn(hub, group, reason, stopped=False, as_json=as_json)


def _turn(hub: Hub, group: str, reason: str, *, stopped: bool, as_json: bool) -> None:
    body = {"group": group, "stopped": stopped, "reason": reason}
    answer = hub.at_desk("POST", "/v1/kill-switch", body)
    if as_json:
        put_json(answer)
        return
    whole = "the whole hub" if group == "hub" else group
    say(f"{whole}: {'nothing is sent any more' if stopped else 'sending again'}")
