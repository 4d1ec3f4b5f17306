"""What verifiers are told when their group's money for text messages is nearly spent, and when it is."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from shared.contracts.alerts import AlertRaised
from shared.contracts.groups import GroupDefinition
from shared.money import pounds
from shared.plugins.spec import RenderedMessage
from shared.words.clean import clean

_TEXTS: Final = Path(__file__).parent / "spending_told.toml"
_ELSE: Final = "en"


@cache
def spending_told_texts() -> Mapping[str, Mapping[str, str]]:
    """Language → `near` and `full`, the words after MONEY."""
    read: dict[str, dict[str, str]] = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return read


def spending_told_message(
    alert: AlertRaised, group: GroupDefinition, language: str, *, spent: float, cap: float
) -> RenderedMessage:
    """The message; `spent` and `cap` are pence. In English where the language has no words for it."""
    spoken = language if language in spending_told_texts() else _ELSE
    name = clean(group.name, 40)
    words = spending_told_texts()[spoken]["full" if spent >= cap else "near"]
    return RenderedMessage(
        alert_id=alert.alert_id,
        kind="MONEY",
        subject=f"MONEY {name}",
        text=f"MONEY {words.format(group=name, spent=pounds(spent), cap=pounds(cap))}",
        urgent=False,
        language=spoken,
        data={
            "type": "spending",
            "alert_id": alert.alert_id,
            "kind": alert.kind,
            "audience": alert.audience,
            "group": alert.group,
            "language": spoken,
            "at": alert.at.isoformat(),
        },
    )
