"""Names that follow from their cause, so that two routers give the same ones."""

import hashlib

from shared.contracts.base import AlertId, IncidentId

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "23456789"
_SHORT_TRIES = 8


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()


def _name(*parts: str) -> str:
    """64 bits, enough that no two of a hub's causes share a name."""
    return _digest(*parts).hex()[:16]


def incident_id(*cause: str) -> IncidentId:
    """The id of the incident that this report (or split) opens."""
    return IncidentId("i" + _name(*cause))


def watch_id(report: str) -> str:
    """The id of the watch that this report completes."""
    return "w" + _name("watch", report)


def mute_id(command: str) -> str:
    """The id of what this command mutes."""
    return "u" + _name("mute", command)


def alert_id(event_id: str, group: str, audience: str) -> AlertId:
    """The id of the alert that this event raises for this group's audience."""
    return AlertId("a" + _name(event_id, group, audience))


def code(incident: IncidentId, attempt: int) -> str:
    """What people may call the incident, at the n-th try: three characters, then five (D7K, D7KB3)."""
    digest = _digest(incident, str(attempt))
    length = 3 if attempt < _SHORT_TRIES else 5
    alphabets = (_LETTERS, _DIGITS, _LETTERS, _LETTERS, _DIGITS)
    return "".join(a[b % len(a)] for a, b in zip(alphabets[:length], digest, strict=False))
