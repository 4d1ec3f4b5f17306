"""Whether a channel works, asked by a person: one message that says it is a test, over that channel alone.

It is sent the way alerts are, so that it shows what would become of them, and obeys the kill switch as
they do. It is no alert: no incident, nobody counts as told by it, and it uses up no attention.
"""

from services.router.decide import ids, reasons
from services.router.decide.draft import Draft
from services.router.decide.limits import TEST_LIFE
from shared.contracts import desk
from shared.contracts.alerts import AlertRaised


def test_channel(draft: Draft, command: desk.TestChannel) -> str:
    """The channel is tried, in the group's present version."""
    known = draft.state.groups.get(command.group)
    if known is None:
        return reasons.UNKNOWN_GROUP
    channels = known.channels.channels if known.channels else ()
    channel = next((c for c in channels if c.id == command.channel), None)
    if channel is None:
        return reasons.UNKNOWN_CHANNEL
    draft.emit(
        AlertRaised,
        alert_id=ids.alert_id(draft.next_id(), command.group, f"test {channel.id}"),
        group=command.group,
        group_version=known.version,
        audience=channel.audience,
        kind="TEST",
        urgency="normal",
        not_after=draft.now + TEST_LIFE,
        channel=channel.id,
    )
    return reasons.APPLIED
