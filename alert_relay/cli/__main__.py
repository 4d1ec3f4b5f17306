"""`python -m alert_relay.cli` is the same as `relay`."""

from alert_relay.cli import main

main()
