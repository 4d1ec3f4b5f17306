"""Finds plug-ins: one manifest line each for ours, entry points for third parties'.

A manifest line reads `kind = module:Class`. Two plug-ins of one kind are an error at start.
"""

import importlib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from shared.errors import SettingsError


def load_plugins(manifest: Path, entry_point_group: str) -> dict[str, type[Any]]:
    """Every plug-in class by kind. Raises `SettingsError` naming the line or entry point at fault."""
    found: dict[str, type[Any]] = {}
    for where, kind, target in [*_manifest_lines(manifest), *_entry_points(entry_point_group)]:
        if kind in found:
            raise SettingsError(f"{where}: there is a plug-in of kind {kind!r} already; rename one of them.")
        found[kind] = _load(where, kind, target)
    return found


def _manifest_lines(manifest: Path) -> list[tuple[str, str, str]]:
    lines = []
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), 1):
        text = line.split("#", 1)[0].strip()
        if text:
            kind, _, target = (part.strip() for part in text.partition("="))
            lines.append((f"{manifest.name} line {number}", kind, target))
    return lines


def _entry_points(group: str) -> list[tuple[str, str, str]]:
    return [(f"entry point {group}:{e.name}", e.name, e.value) for e in entry_points(group=group)]


def _load(where: str, kind: str, target: str) -> type[Any]:
    module, _, name = target.partition(":")
    try:
        plugin: type[Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"{where}: {target!r} cannot be loaded ({type(error).__name__}: {error})."
        ) from error
    if plugin.spec.kind != kind:
        raise SettingsError(f"{where}: {target} says its kind is {plugin.spec.kind!r}, not {kind!r}.")
    return plugin
