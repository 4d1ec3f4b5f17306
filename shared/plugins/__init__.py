"""The plug-in interfaces: what a bridge (an input) and a channel (an output) are.

Third parties import them from `alert_relay.plugins`, never from here.
"""
