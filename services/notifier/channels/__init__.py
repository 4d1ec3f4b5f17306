"""The relay's own channels, one file each; MANIFEST names them."""

from pathlib import Path
from typing import Any

from shared.plugins.registry import load_plugins

ENTRY_POINTS = "alert_relay.channels"


def load_channels() -> dict[str, type[Any]]:
    """Every channel class by kind: ours and third parties'. Raises `SettingsError`."""
    return load_plugins(Path(__file__).with_name("MANIFEST"), ENTRY_POINTS)
