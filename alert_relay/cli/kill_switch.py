"""`relay kill-switch`: stop all sending, of one group or of the hub, before the next message."""

from typing import Any, Final

import click

from alert_relay.cli.base import EXIT_USAGE, Command, Failure, json_option, put_json, say, with_hub
from alert_relay.cli.root import NearestGroup
from alert_relay.cli.stops import stopped as sentence
from alert_relay.client import Hub

_HUB: Final = "hub"


@click.group(
    name="kill-switch",
    cls=NearestGroup,
    invoke_without_command=True,
    short_help="Stop or allow all sending; what is stopped?",
)
@click.pass_context
def kill_switch(ctx: click.Context) -> None:
    """Stop all sending at once, or allow it again. Without a word: what is stopped now.

    \b
    Examples:
      relay kill-switch
      relay kill-switch stop hackney --reason "false alert going round"
      relay kill-switch stop --hub
      relay kill-switch allow hackney
    """
    if ctx.invoked_subcommand is None:
        status.main(args=[], prog_name=f"{ctx.command_path} status", standalone_mode=False)


@kill_switch.command()
@with_hub(admin=True)
@json_option
def status(*, hub: Hub, as_json: bool) -> None:
    """What is stopped now, since when and by whom.

    \b
    Example:
      relay kill-switch status
    """
    found = hub.stopped()
    if as_json:
        put_json(found)
        return
    for one in found:
        say(sentence(one))
    if not found:
        say("Nothing is stopped.")


def _whom(function: Command) -> Command:
    """Whose sending: a group, or the whole hub, which has to be asked for by name."""
    for option in (
        json_option,
        with_hub(admin=True),
        click.option("--reason", default="", help="Why, for those who look at it."),
        click.option("--hub", "everybody", is_flag=True, help="The whole hub: every group."),
        click.option("--group", "named", metavar="GROUP", help="The same as GROUP."),
        click.argument("group", required=False),
    ):
        function = option(function)
    return function


@kill_switch.command()
@_whom
def stop(*, hub: Hub, reason: str, as_json: bool, **whom: Any) -> None:
    """Nothing more of GROUP (with --hub, of anybody) is sent until it is allowed again.

    \b
    Examples:
      relay kill-switch stop hackney --reason "wrong place"
      relay kill-switch stop --hub
    """
    _turn(hub, _group_of(**whom), reason, stopped=True, as_json=as_json)


@kill_switch.command()
@_whom
def allow(*, hub: Hub, reason: str, as_json: bool, **whom: Any) -> None:
    """Send again what is still timely.

    \b
    Examples:
      relay kill-switch allow hackney
      relay kill-switch allow --hub
    """
    _turn(hub, _group_of(**whom), reason, stopped=False, as_json=as_json)


def _group_of(*, group: str | None, named: str | None, everybody: bool) -> str:
    """The one that was named; never the whole hub because a name was left out."""
    names = {name for name in (group, named, _HUB if everybody else None) if name}
    if len(names) != 1:
        raise Failure(
            "Whose sending? Name one group (relay kill-switch stop GROUP), or --hub for every group.",
            EXIT_USAGE,
        )
    return names.pop()


def _turn(hub: Hub, group: str, reason: str, *, stopped: bool, as_json: bool) -> None:
    body = {"group": group, "stopped": stopped, "reason": reason}
    answer = hub.at_desk("POST", "/v1/kill-switch", body)
    if as_json:
        put_json(answer)
        return
    whole = "the whole hub" if group == _HUB else group
    say(f"{whole}: {'nothing is sent any more' if stopped else 'sending again'}")
