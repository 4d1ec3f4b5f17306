"""Whose verifiers have heard of an incident, singly or in a digest, and for whom its word still waits. Pure.

The same as the router holds (`told` and `asking`): so what the desk says of who was told is what happened,
and nobody is said to have been told while their digest is still to come.
"""

from collections.abc import Iterable
from typing import Any

from services.console.decide.draft import Document
from shared.contracts.base import AlertId

_UNPROVEN = frozenset({"unconfirmed", "likely"})
_LIVE = _UNPROVEN | {"confirmed"}


def heard(incident: Document, group: str, cause: str) -> None:
    """This group's verifiers are told, by the decision of that cause: its step says so too."""
    known = incident.get("heard")
    if known is not None and group not in known:
        known.append(group)
    incident["asking"] = [g for g in incident.get("asking", ()) if g != group]
    for step in incident.get("timeline", ())[-1:]:
        if step["cause"] == cause and group in step.get("queued", ()):
            step["queued"].remove(group)
            step.setdefault("told", []).append(group)


def heard_too(incident: Document, absorbed: Document) -> None:
    """Who heard of the one that it takes in has heard of it."""
    if "heard" in incident:
        incident["heard"] = list(dict.fromkeys((*incident["heard"], *absorbed.get("heard", ()))))


def asked(incident: Document, groups: Iterable[str]) -> dict[str, Any]:
    """These are to be asked because nobody took it; what the timeline's step says of it."""
    incident["asking"] = list(dict.fromkeys((*incident.get("asking", ()), *groups)))
    return {"queued": list(groups)}


def in_digest(incident: Document, alert: AlertId | None) -> None:
    """A digest told of it."""
    if alert is not None:
        incident.setdefault("digests", []).append(alert)


def taken_or_over(incident: Document) -> None:
    """Nobody is asked any more once somebody is on it, or it is no longer unproven."""
    if incident.get("asking") and (incident.get("claim") or incident.get("status") not in _UNPROVEN):
        incident["asking"] = []


def queued(incident: Document) -> list[str]:
    """The groups whose verifiers learn of it, or are asked again, by their next digest."""
    told = incident.get("heard")
    if told is None or incident.get("status") not in _LIVE:
        return []  # it was shown before this was noted: nothing is known, so nothing is said
    unheard = [share["group"] for share in incident.get("groups", ()) if share["group"] not in told]
    return list(dict.fromkeys((*unheard, *incident.get("asking", ()))))


def alerts_of(incident: Document) -> list[str]:
    """Every alert by which somebody was told of it: its own, and the digests that it stood in."""
    return [*incident.get("alerts", ()), *incident.get("digests", ())]
