"""`relay channel`: what an author of a channel needs, and a test of one that is in use."""

from pathlib import Path

import click

from alert_relay.cli.base import json_option, with_hub
from alert_relay.cli.group import tell_channel_test
from alert_relay.cli.kit_views import least_option, tell_report, tell_scaffold
from alert_relay.cli.root import NearestGroup
from alert_relay.client import Hub


@click.group(cls=NearestGroup, short_help="For authors of channels: new, check, test.")
def channel() -> None:
    """A channel is one file that hands alerts to a provider.

    \b
    Examples:
      relay channel new river-chat
      relay channel check river_chat.py
      relay channel test hackney verifiers-chat
    """


@channel.command()
@click.argument("name")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to.")
@json_option
def new(name: str, *, folder: Path, as_json: bool) -> None:
    """Write a channel that works, with test and page: change it into yours.

    \b
    Example:
      relay channel new river-chat --folder channels
    """
    from alert_relay.kit.scaffold import scaffold

    tell_scaffold("channel", name, scaffold(name, "channel", folder), as_json=as_json)


@channel.command()
@click.argument("target", metavar="NAME|FILE")
@least_option
@json_option
def check(target: str, *, least: str, as_json: bool) -> None:
    """Try every criterion on a channel, and grade it. Exit code 1 below the grade asked for.

    \b
    Examples:
      relay channel check river_chat.py
      relay channel check river_chat.py --least good --json
    """
    from alert_relay.kit.find import CHANNELS, case_of
    from shared.plugins.conformance.run import checked

    tell_report(checked(case_of(target, CHANNELS)), as_json=as_json, least=least)


@channel.command()
@click.argument("group")
@click.argument("name", metavar="CHANNEL")
@with_hub(admin=True)
@json_option
def test(group: str, name: str, *, hub: Hub, as_json: bool) -> None:
    """Send a message that says it is a test, as `relay group test-channel` does.

    \b
    Example:
      relay channel test hackney verifiers-chat
    """
    tell_channel_test(hub, group, name, as_json=as_json)
