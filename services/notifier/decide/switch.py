"""Whether a group may send now: the kill switch of the hub, and its own (DESIGN 10). Pure."""

from shared.contracts.desk import KillSwitch


def stopped_by(hub: KillSwitch | None, group: KillSwitch | None) -> str | None:
    """Why nothing may be sent (`hub_stopped`, `group_stopped`), or None. None stands for "never used"."""
    if hub is not None and hub.stopped:
        return "hub_stopped"
    if group is not None and group.stopped:
        return "group_stopped"
    return None
