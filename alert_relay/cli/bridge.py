"""`relay bridge`: the bridges by which reports come in."""

import click

from alert_relay.cli.bridge_live import list_bridges, test_bridge
from alert_relay.cli.root import NearestGroup


@click.group(cls=NearestGroup, short_help="Look at bridges, and test one.")
def bridge() -> None:
    """A bridge is an input: an account, a number or a chat from which reports come.

    \b
    Examples:
      relay bridge list
      relay bridge test sms-london
    """


bridge.add_command(list_bridges)
bridge.add_command(test_bridge)
