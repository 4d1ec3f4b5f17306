"""A group's channels: known kinds, settings as each plug-in wants them, secrets only by reference."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from alert_relay.groupfile.mistakes import Spot, nearest
from alert_relay.groupfile.models import fill, plain
from shared.contracts.groups import ChannelDefinition, InsteadOf
from shared.plugins.bound import foreign, remedy
from shared.plugins.registry import load_plugins
from shared.plugins.settings_check import secrets_in_clear
from shared.plugins.spec import PluginSettings
from shared.stand_ins import stand_in_flaws

MANIFEST: Final = Path(__file__).resolve().parents[2] / "services/notifier/channels/MANIFEST"
ENTRY_POINTS: Final = "alert_relay.channels"


@cache
def channel_kinds() -> Mapping[str, type[Any]]:
    """Every channel plug-in of this installation by kind."""
    return load_plugins(MANIFEST, ENTRY_POINTS)


def read_channels(value: Any, spot: Spot, group: str | None) -> tuple[ChannelDefinition, ...]:
    """The channels of that group in the file's order; mistakes go to `spot`."""
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        spot.wrong("must be a list of channels (lines that begin with '- ').")
        return ()
    read = [_channel(item, spot.at(value, n), group) for n, item in enumerate(value)]
    _no_id_twice(value, read, spot)
    if len(found := [channel for channel in read if channel]) == len(read):
        for n, flaw in stand_in_flaws(found):
            spot.at(value, n).at(value[n], "instead_of").wrong(flaw)
    return tuple(channel for channel in read if channel)


def _no_id_twice(items: Any, channels: Sequence[ChannelDefinition | None], spot: Spot) -> None:
    seen: set[str] = set()
    for n, channel in enumerate(channels):
        if channel and channel.id in seen:
            spot.at(items, n).wrong(f"there is a channel {channel.id!r} already; give this one another id.")
        if channel:
            seen.add(channel.id)


def _channel(item: Any, spot: Spot, group: str | None) -> ChannelDefinition | None:
    if not isinstance(item, Mapping):
        spot.wrong("must be {id: …, kind: …, audience: …, settings: {…}}.")
        return None
    channel = fill(ChannelDefinition, item, spot)
    if isinstance(item.get("instead_of"), Mapping):
        spot.at(item, "instead_of").unknown_keys(item["instead_of"], InsteadOf.model_fields)
    kind = item.get("kind")
    plugin = channel_kinds().get(str(kind))
    if kind is not None and plugin is None:
        spot.at(item, "kind").wrong(f"no channel kind {kind!r}; {nearest(str(kind), channel_kinds())}")
    settings = item.get("settings", {})
    if group is not None and isinstance(settings, Mapping):
        _no_secret_of_others(settings, spot.at(item, "settings"), group)
    if plugin is not None and isinstance(settings, Mapping):
        checked = _check_settings(plugin, settings, spot.at(item, "settings"))
        if checked is not None and checked.public and item.get("audience") != "community":
            spot.at(item, "audience").wrong(
                "everybody can read this channel; its audience must be community."
            )
    return channel


def _check_settings(plugin: type[Any], settings: Mapping[str, Any], spot: Spot) -> PluginSettings | None:
    """The settings, if nothing is wrong with them."""
    before = len(spot.found)
    _no_secret_in_clear(settings, spot)
    spot.unknown_keys(settings, plugin.Settings.model_fields)
    if len(spot.found) > before:
        return None
    try:
        checked: PluginSettings = plugin.Settings.model_validate(plain(settings))
    except ValidationError as error:
        for e in error.errors(include_input=False, include_url=False, include_context=False):
            where = spot.at(settings, str(e["loc"][0])) if e["loc"] else spot
            where.wrong(f"{e['msg']} (see the page of the channel kind {plugin.spec.kind!r}).")
        return None
    return checked


def _no_secret_in_clear(settings: Mapping[str, Any], spot: Spot) -> None:
    for path in secrets_in_clear(settings):
        _at(settings, path, spot).wrong(
            "a secret is written in clear; write env:NAME or file:/path and change the secret."
        )


def _no_secret_of_others(settings: Mapping[str, Any], spot: Spot, group: str) -> None:
    for path in foreign(settings, group):
        _at(settings, path, spot).wrong(f"this is no secret of the group {group!r}; {remedy(group)}")


def _at(settings: Mapping[str, Any], path: tuple[str | int, ...], spot: Spot) -> Spot:
    here, container = spot, settings
    for name in path:
        here, container = here.at(container, name), container[name]  # type: ignore[index] # as it was found
    return here
