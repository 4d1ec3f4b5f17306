"""How a kill switch that is on is said, wherever somebody would think that messages go out."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from alert_relay.cli.base import say


def stopped(one: Mapping[str, Any]) -> str:
    """Who is stopped, since when, by whom and why; and how it goes on."""
    hub = one["group"] == "hub"
    since = datetime.fromisoformat(one["since"]).astimezone().strftime("%a %d %b %H:%M")
    why = f" ({one['reason']})" if one.get("reason") else ""
    return (
        f"SENDING IS STOPPED for {'THE WHOLE HUB' if hub else one['group']} since {since}, by "
        f"{one.get('name') or one['member']}{why}. Once it is allowed again, what is still timely goes out: "
        f"relay kill-switch allow {'--hub' if hub else one['group']}"
    )


def say_stops(some: Iterable[Mapping[str, Any]]) -> None:
    """All that are on, a line each."""
    for one in some:
        say(stopped(one))
