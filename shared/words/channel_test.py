"""What a test of a channel says, in the channel's language: that it is one, and that nothing need be done."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from shared.contracts.alerts import AlertRaised
from shared.contracts.groups import GroupDefinition
from shared.plugins.spec import RenderedMessage
from shared.words.clean import clean

_TEXTS: Final = Path(__file__).parent / "channel_test.toml"
_ELSE: Final = "en"


@cache
def channel_test_texts() -> Mapping[str, str]:
    """Language → the words after TEST, with a place for the group's name."""
    read: dict[str, str] = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return read


def channel_test_text(group: str, language: str) -> str:
    """The very words, as whoever tests it may look for them; in English where the language has none."""
    words = channel_test_texts().get(language) or channel_test_texts()[_ELSE]
    return "TEST " + words.format(group=clean(group, 40))


def channel_test_message(alert: AlertRaised, group: GroupDefinition, language: str) -> RenderedMessage:
    """The message, short enough for every channel; in English where the language has no words for it."""
    spoken = language if language in channel_test_texts() else _ELSE
    name = clean(group.name, 40)
    return RenderedMessage(
        alert_id=alert.alert_id,
        kind="TEST",
        subject=f"TEST {name}",
        text=channel_test_text(group.name, spoken),
        urgent=False,
        language=spoken,
        data={
            "type": "test",
            "alert_id": alert.alert_id,
            "kind": "TEST",
            "audience": alert.audience,
            "group": alert.group,
            "language": spoken,
            "at": alert.at.isoformat(),
        },
    )
