"""The public face: the `relay` command line, and `alert_relay.plugins` for plug-in authors."""
