"""Which bridges are open: RELAY_INGEST_BRIDGES_FILE, a YAML list, checked whole before the start.

- id: sms-london              # the webhook is POST /bridges/sms-london
  kind: twilio-sms
  settings: {auth_token: env:TWILIO_AUTH_TOKEN}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.ingest.yaml_file import read_yaml, where
from shared.contracts.base import Slug
from shared.errors import SettingsError
from shared.plugins.registry import load_plugins
from shared.plugins.spec import Bridge, Secrets

MANIFEST: Final = Path(__file__).parent / "bridges" / "MANIFEST"
ENTRY_POINTS: Final = "alert_relay.bridges"
_TAKEN: Final = {"web", "api"}


class _Instance(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    kind: str
    settings: dict[str, Any] = {}


def load_bridges(path: Path | None, secrets: Secrets) -> dict[str, Bridge]:
    """The open bridges by instance id. Raises `SettingsError` naming file, entry, key and remedy."""
    if path is None:
        return {}
    try:
        instances = TypeAdapter(list[_Instance]).validate_python(read_yaml(path) or [])
    except ValidationError as error:
        raise SettingsError(f"{path}: {where(error, 'bridge')}") from None
    kinds = load_plugins(MANIFEST, ENTRY_POINTS)
    bridges: dict[str, Bridge] = {}
    for instance in instances:
        if instance.id in bridges or instance.id in _TAKEN:
            raise SettingsError(f"{path}: bridge {instance.id}: the id is taken; choose another.")
        bridges[instance.id] = _open(path, instance, kinds, secrets)
    return bridges


def _open(path: Path, instance: _Instance, kinds: Mapping[str, type[Any]], secrets: Secrets) -> Bridge:
    named = f"{path}: bridge {instance.id}"
    kind = kinds.get(instance.kind)
    if kind is None:
        raise SettingsError(
            f"{named}: there is no kind {instance.kind!r}; choose one of {', '.join(sorted(kinds))}."
        )
    try:
        bridge: Bridge = kind(kind.Settings.model_validate(instance.settings), secrets)
    except ValidationError as error:
        raise SettingsError(f"{named}: settings.{where(error, 'entry')}") from None
    except SettingsError as error:
        raise SettingsError(f"{named}: {error}") from None
    return bridge
