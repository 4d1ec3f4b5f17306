"""The link by which the first operator signs in, for whoever starts the relay to read.

It is in a file that the console writes, and is shown only while no operator can sign in.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Final

from alert_relay.client import Hub
from alert_relay.supervisor.home import Home
from shared.errors import RelayError

FILE: Final = "first-sign-in.link"
_PATIENCE_S: Final = 10.0
_POLL_S: Final = 0.1


async def first_link(home: Home, console: str, patience_s: float = _PATIENCE_S) -> str | None:
    """The link, once there is one; None where an operator can sign in already, or nobody can tell."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        members = await asyncio.to_thread(_members, home, console)
        if any(m["roles"].get("hub") == "operator" and m.get("signs_in") for m in members):
            return None
        if members and (link := _link_in(home)):
            return link
        await asyncio.sleep(_POLL_S)
    return None


def _members(home: Home, console: str) -> list[dict[str, Any]]:
    """Nobody, while the operator's token is not there or the console does not answer."""
    try:
        return Hub.at_home(home.folder, console=console).members()
    except RelayError:
        return []


def _link_in(home: Home) -> str | None:
    try:
        link, until, *_ = (home.folder / FILE).read_text(encoding="utf-8").splitlines()
        return link if datetime.fromisoformat(until) > datetime.now(UTC) else None
    except (OSError, ValueError):
        return None
