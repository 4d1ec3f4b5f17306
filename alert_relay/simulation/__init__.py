"""Plays timed scenarios through the real front door and the real desk, and counts what came of them.

It knows the relay only from outside: HTTP doors in, the postbox's own log out. So what it
says was delivered was delivered, whatever the relay believes.
"""
