"""What verifiers are told when an exercise of their group begins or ends, in the channel's language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from shared.contracts.alerts import AlertRaised
from shared.contracts.groups import GroupDefinition
from shared.plugins.spec import RenderedMessage
from shared.words.clean import clean

_TEXTS: Final = Path(__file__).parent / "drill_told.toml"
_ELSE: Final = "en"
_LONDON: Final = ZoneInfo("Europe/London")
_KEYS: Final = {"DRILL_BEGUN": "begun", "DRILL_ENDED": "ended"}
DRILL_TOLD: Final = frozenset(_KEYS)
"""The kinds of alert that these words are for."""


@cache
def drill_told_texts() -> Mapping[str, Mapping[str, str]]:
    """Language → `begun` and `ended`, the words after DRILL."""
    read: dict[str, dict[str, str]] = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return read


def drill_told_message(alert: AlertRaised, group: GroupDefinition, language: str) -> RenderedMessage:
    """The message, short enough for every channel; in English where the language has no words for it."""
    spoken = language if language in drill_told_texts() else _ELSE
    at = alert.at.astimezone(_LONDON).strftime("%d/%m %H:%M")
    words = drill_told_texts()[spoken][_KEYS[alert.kind]].format(group=clean(group.name, 40), at=at)
    return RenderedMessage(
        alert_id=alert.alert_id,
        kind="DRILL",
        subject=f"DRILL {clean(group.name, 40)}",
        text=f"DRILL {words}",
        urgent=False,
        language=spoken,
        data={
            "type": "drill",
            "alert_id": alert.alert_id,
            "kind": alert.kind,
            "drill": True,
            "audience": alert.audience,
            "group": alert.group,
            "language": spoken,
            "at": alert.at.isoformat(),
        },
    )
