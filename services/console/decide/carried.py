"""Which of a group's channels carried a message in earnest: seen to work, without anybody testing. Pure.

What was sent and by which version of the group comes in two streams, in either order: the alert keeps what it
knows until the other half is there, so both orders come to the same.
"""

from collections.abc import Iterable

from services.console.decide.draft import Document, Draft
from shared.contracts.ledger import ChunkSettled, RecipientOutcome


def key(group: str) -> str:
    """The document: channel → by which version of the group, and when, latest."""
    return f"carried:{group}"


def accepted(alert: Document, event: ChunkSettled) -> None:
    """Note on the alert which channels took it for everybody; a test speaks for itself."""
    if event.words is not None:
        return
    known = alert.setdefault("accepted", {}).setdefault(event.group, {})
    for channel in _whole(event.outcomes):
        known[channel] = max(known.get(channel, ""), event.at.isoformat())


def note(draft: Draft, alert: Document) -> None:
    """Put it down for the group, once it is known by which of its versions it went."""
    group, version = alert.get("group"), alert.get("group_version")
    known = alert.get("accepted", {}).get(group)
    if not known or version is None:
        return
    channels = draft.edit(key(str(group)))
    for channel, at in known.items():
        before = channels.get(channel, {"version": 0, "at": ""})
        latest = max((before["version"], before["at"]), (version, at))
        channels[channel] = {"version": latest[0], "at": latest[1]}


def _whole(outcomes: Iterable[RecipientOutcome]) -> set[str]:
    """Channels of which nothing went wrong."""
    results = [(o.recipient.rpartition(":")[0], o.result) for o in outcomes]
    return {c for c, _ in results} - {c for c, result in results if result != "delivered"}
