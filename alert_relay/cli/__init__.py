"""The `relay` command line: the relay's public face for people at a terminal.

Guarantees: it speaks to the relay over HTTP only; `--json` output is one line of JSON on
standard output; exit codes mean the same everywhere; `relay --help` loads nothing heavy, so it
answers at once.
"""

import sys

from alert_relay.cli.root import relay


def main() -> None:
    """The entry point `relay`."""
    sys.exit(relay.main(standalone_mode=True))


__all__ = ["main", "relay"]
