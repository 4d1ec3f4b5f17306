"""Decides: which reports are one incident, where, and whom it concerns."""
