"""What goes on, for somebody who has heard nothing of it yet: one message that tells the state. Pure.

Guarantee: nothing in it but what a person released to the same people before.
"""

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from shared.contracts.alerts import AlertBody, AlertRaised

_LONDON: Final = ZoneInfo("Europe/London")


def state_now(latest: AlertRaised, before: Iterable[AlertRaised]) -> AlertRaised:
    """The latest alert (in clear, as those before it, newest first) without what only those told before know.

    Where it says nothing of its own, it says what was seen last, and when; of the place where it is now.
    """
    if not isinstance(latest.body, AlertBody):
        return latest
    news = {"was": "", "was_m": 0.0, "was_code": "", "figures_told": False}
    said = latest.body.statement or ("" if latest.body.was else _said_last(before))
    return latest.model_copy(
        update={
            "kind": "CONFIRMED" if latest.status == "confirmed" else latest.kind,
            "body": latest.body.model_copy(update={**news, "statement": said}),
        }
    )


def _said_last(before: Iterable[AlertRaised]) -> str:
    for alert in before:
        if isinstance(alert.body, AlertBody):
            if alert.body.statement:
                return f"{alert.at.astimezone(_LONDON):%H:%M}: {alert.body.statement}"
            if alert.body.was:
                return ""
    return ""
