"""What scenes of a group that works by chat alone share, whatever the chat: the group, and a way into it."""

import re
from typing import Any, Final

from tests.rigs.sink import channel
from tests.rigs.system import RelaySystem, square

LAT, LON = 51.5467, -0.0753
"""Ashwin Street."""
_ALERT: Final = re.compile(r"UNCONFIRMED ([A-Z0-9]{3,6})\.")


async def define(relay: RelaySystem, kind: str, settings: dict[str, Any]) -> None:
    """Hackney, whose verifiers sit in a chat of this kind and whose community hears by the sink."""
    chat = {"id": "chat", "kind": kind, "audience": "verifiers", "settings": settings}
    definition = {"id": "hackney", "name": "Hackney", "area": square(LAT, LON, 0.03)}
    body = {"definition": definition, "channels": [chat, channel("hackney", "community")]}
    answer = await relay.as_member("PUT", "v1/groups/hackney", json=body)
    if answer.status != 200:
        raise AssertionError(f"the group was not taken: {answer}")
    await relay.add_dispatcher("hackney")


async def enrolment(relay: RelaySystem) -> str:
    """The one-time code by which an account speaks for the group's dispatcher."""
    answer = await relay.as_member("POST", "v1/account/chat", by="hackney", json={})
    if answer.status != 201:
        raise AssertionError(f"no code was given: {answer}")
    return str(answer.body["code"])


def code_in(alert: str) -> str:
    """The incident's code in the first alert to verifiers."""
    found = _ALERT.match(alert)
    if found is None:
        raise AssertionError(f"no first alert: {alert!r}")
    return found[1]
