"""Which bridges are open: RELAY_INGEST_BRIDGES_FILE, a YAML list, checked whole before the start.

- id: sms-london              # the webhook is POST /bridges/sms-london
  kind: twilio-sms
  settings: {auth_token: env:TWILIO_AUTH_TOKEN}
- id: e17-mums
  kind: telegram
  group: walthamstow          # whose it is, so that it is known whom to ask when it is away; else the hub's
  settings: {secret_token: env:E17_TELEGRAM_SECRET}
- id: join-london             # an account of its own, to which people write JOIN, STOP and HELP
  kind: twilio-sms
  subscriptions: {countries: [GB], per_hour: 600}
  settings: {…}

The front door takes reports in by them: it is called by their sources, or reads them itself (`Reads`). The
notifier writes back by those that can. Both follow the file while they run (`live_bridges`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.contacts import Country
from shared.contracts.base import Slug
from shared.errors import SettingsError
from shared.plugins.registry import load_plugins
from shared.plugins.spec import Bridge, PluginSettings, Reads, Secrets, WritesBack
from shared.yaml_file import read_yaml, where

MANIFEST: Final = Path(str(resources.files("services.ingest.bridges"))) / "MANIFEST"
"""Found by name, as the bridges in it are: whoever opens them imports no service."""
ENTRY_POINTS: Final = "alert_relay.bridges"
_TAKEN: Final = {"web", "api", "email"}
_FILE: Final = "file:"
_RUNS: Final = attrgetter("plugin", "settings", "secrets")
_LONGEST_WAY: Final = 24
"""Of a bridge for subscriptions: its id is part of what the ledger calls them."""


class Subscriptions(BaseModel):
    """Marks a bridge as one by which people subscribe and are written to; nothing by it is a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    countries: Annotated[tuple[Country, ...], Field(min_length=1)] = ("GB",)
    """Whose mobile numbers may be signed up on the page, where it is one of numbers."""
    per_hour: int = Field(default=600, ge=1)
    """Answers an hour at the most: whoever types strangers' numbers makes them no flood, us no bill."""
    price_pence: float = Field(default=0.0, ge=0, le=200, allow_inf_nan=False)
    """What one segment to a subscriber costs, in pence: it counts for the group that tells them."""


class _Instance(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    kind: str
    group: Slug | None = None
    subscriptions: Subscriptions | None = None
    settings: dict[str, Any] = {}


Signatures = tuple[tuple[Path, tuple[int, int, int] | None], ...]
"""Files, each with what is something else as soon as it is another; None where it cannot be looked at."""


def signatures(files: Iterable[Path]) -> Signatures:
    """The files as they are now."""
    return tuple((path, _signature(path)) for path in files)


def secret_files(settings: Any) -> list[Path]:
    """The files to which settings refer for secrets, wherever in them."""
    match settings:
        case str() if settings.startswith(_FILE):
            return [Path(settings.removeprefix(_FILE))]
        case Mapping():
            return [path for value in settings.values() for path in secret_files(value)]
        case list():
            return [path for value in settings for path in secret_files(value)]
    return []


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@dataclass(frozen=True, slots=True)
class BridgeEntry:
    """One sound entry of the file: its plug-in and settings, and where it stands, for messages."""

    plugin: type[Any]
    settings: PluginSettings
    named: str
    subscriptions: Subscriptions | None = None
    group: str | None = None
    """Whose it is, so whom to ask when it is away; None: the hub's. Where reports go, their place says."""
    secrets: Signatures = ()
    """The files with its secrets as they were when this was read: a new secret makes another bridge."""

    @property
    def kind(self) -> str:
        """The plug-in's kind."""
        return str(self.plugin.spec.kind)

    def runs_as(self, other: "BridgeEntry | None") -> bool:
        """Whether what is open by the other entry does for this one."""
        return other is not None and bool(_RUNS(self) == _RUNS(other))

    def open(self, secrets: Secrets) -> Bridge | Reads:
        """The bridge with its secrets. Raises `SettingsError` naming the entry and the remedy."""
        try:
            bridge: Bridge | Reads = self.plugin(self.settings, secrets)
        except SettingsError as error:
            raise SettingsError(f"{self.named}: {error}") from None
        return bridge


def load_bridges(path: Path | None, secrets: Secrets) -> dict[str, Bridge | Reads]:
    """The open bridges by instance id. Raises `SettingsError` naming file, entry, key and remedy."""
    return {name: entry.open(secrets) for name, entry in read_bridges(path).items()}


def read_bridges(path: Path | None) -> dict[str, BridgeEntry]:
    """The file's entries by instance id, no secret read yet. Raises `SettingsError` as `load_bridges`."""
    if path is None:
        return {}
    try:
        instances = TypeAdapter(list[_Instance]).validate_python(read_yaml(path) or [])
    except ValidationError as error:
        raise SettingsError(f"{path}: {where(error, 'bridge')}") from None
    kinds = load_plugins(MANIFEST, ENTRY_POINTS)
    entries: dict[str, BridgeEntry] = {}
    for instance in instances:
        if instance.id in entries or instance.id in _TAKEN:
            raise SettingsError(f"{path}: bridge {instance.id}: the id is taken; choose another.")
        entries[instance.id] = _checked(path, instance, kinds)
        _check_subscriptions(path, instance, entries[instance.id])
    return entries


def subscriptions_in(entries: Mapping[str, BridgeEntry]) -> dict[str, BridgeEntry]:
    """The bridges by which people subscribe."""
    return {name: entry for name, entry in entries.items() if entry.subscriptions is not None}


def _checked(path: Path, instance: _Instance, kinds: Mapping[str, type[Any]]) -> BridgeEntry:
    named = f"{path}: bridge {instance.id}"
    kind = kinds.get(instance.kind)
    if kind is None:
        raise SettingsError(
            f"{named}: there is no kind {instance.kind!r}; choose one of {', '.join(sorted(kinds))}."
        )
    try:
        settings = kind.Settings.model_validate(instance.settings)
        files = signatures(secret_files(instance.settings))
        return BridgeEntry(kind, settings, named, instance.subscriptions, instance.group, files)
    except ValidationError as error:
        raise SettingsError(f"{named}: settings.{where(error, 'entry')}") from None


def _check_subscriptions(path: Path, instance: _Instance, entry: BridgeEntry) -> None:
    """By a bridge for subscriptions people must be answered, and its id must leave room beside it."""
    if instance.subscriptions is None:
        return
    named = f"{path}: bridge {instance.id}"
    if entry.plugin.spec.contacts == "message":
        raise SettingsError(f"{named}: nobody can subscribe by {instance.kind}; take out `subscriptions`.")
    if not issubclass(entry.plugin, WritesBack):
        raise SettingsError(f"{named}: {instance.kind} can't write back, so nobody can subscribe by it.")
    if len(instance.id) > _LONGEST_WAY:
        raise SettingsError(
            f"{named}: the id of a bridge for subscriptions has {_LONGEST_WAY} characters at most."
        )
