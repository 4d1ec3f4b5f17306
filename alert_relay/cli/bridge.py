"""`relay bridge`: the bridges by which reports come in."""

import click

from alert_relay.cli.bridge_kit import check, new, page, record, replay
from alert_relay.cli.bridge_live import list_bridges, test_bridge
from alert_relay.cli.root import NearestGroup


@click.group(cls=NearestGroup, short_help="Look at bridges, test one, write one.")
def bridge() -> None:
    """A bridge is an input: an account, a number or a chat from which reports come. Each is one file.

    \b
    Examples:
      relay bridge list
      relay bridge test sms-london
      relay bridge new river-sms
      relay bridge check river_sms.py
    """


for _command in (list_bridges, test_bridge, new, check, page, record, replay):
    bridge.add_command(_command)
