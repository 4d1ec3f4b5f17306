"""Puts groups in force through the console, as any operator would; twice does nothing twice."""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from alert_relay.client import Hub
from alert_relay.groupfile import GroupFile
from alert_relay.supervisor.home import Home
from shared.errors import RelayError, SettingsError
from shared.start import FROM_FILES

_POLL_S: Final = 0.1


async def apply_groups(
    home: Home, facts: Mapping[str, Any], groups: Sequence[GroupFile], patience_s: float
) -> list[str]:
    """Put every group in force; the ids of those that changed."""
    await _operator_token(home, time.monotonic() + patience_s)
    hub = Hub.at_home(home.folder, console=facts["console"])
    return await asyncio.to_thread(put_groups, hub, groups)


async def _operator_token(home: Home, deadline: float) -> None:
    while not home.operator_token.exists():
        if time.monotonic() > deadline:
            raise SettingsError(
                f"{home.operator_token} is missing although this folder's relay has an operator; put the "
                "token back, or start without groups: relay up --no-examples"
            )
        await asyncio.sleep(_POLL_S)


def put_groups(hub: Hub, groups: Sequence[GroupFile]) -> list[str]:
    """Put each group; the ids of those whose definition or channels changed."""
    before = {g["id"]: g.get("version") for g in hub.groups()}
    changed = []
    for group in groups:
        definition = group.definition.model_dump(mode="json")
        channels = [c.model_dump(mode="json") for c in group.channels.channels]
        path = f"/v1/groups/{group.definition.id}"
        answer = hub.at_desk(
            "PUT",
            path,
            {"id": FROM_FILES + secrets.token_hex(8), "definition": definition, "channels": channels},
        )
        if not isinstance(answer, dict):
            raise RelayError(f"{path} answered with something else than a document.")
        if answer.get("version") != before.get(group.definition.id):
            changed.append(str(group.definition.id))
    return changed
