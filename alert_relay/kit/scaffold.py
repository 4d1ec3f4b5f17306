"""Writes a new plug-in: its file, fixtures, test and page, of which every one works at once.

The templates are sound plug-ins called `my-source`; a new one is the same with another name.
"""

import re
import sys
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from alert_relay.kit.find import BRIDGES, CHANNELS, plugin_in
from alert_relay.kit.plugin_page import plugin_page
from shared.errors import SettingsError

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST: Final = 40


def scaffold(name: str, template: str, folder: Path) -> list[Path]:
    """Write the files into the folder. Raises `SettingsError` for a bad name, or before it overwrites any.

    A `pyproject.toml` that is there already stays as it is: `entry_of` says what to add to it.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise SettingsError(f"{name}: a name is lower-case letters, digits and single hyphens (river-sms).")
    if name.replace("-", "_") in sys.stdlib_module_names:
        raise SettingsError(f"{name}: Python has a module of that name; choose another ({name}-feed).")
    family = "channel" if template == "channel" else "bridge"
    base = resources.files("alert_relay.kit") / "templates" / template
    wanted = dict(_files(base, folder, name))
    module = folder / f"{name.replace('-', '_')}.py"
    page = folder / f"{name}.md"
    project = folder / "pyproject.toml"
    if not project.exists():
        wanted[project] = _project(name, family)
    there = [path for path in (*wanted, page) if path.exists()]
    if there:
        raise SettingsError(f"{there[0]}: it is there already; choose another name, or another --folder.")
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    page.write_text(page_of(module, family), encoding="utf-8")
    return [*wanted, page]


def page_of(module: Path, family: str) -> str:
    """The reference page of a plug-in's file, made from its spec."""
    plugin: type[Any] = plugin_in(module, CHANNELS if family == "channel" else BRIDGES)
    return plugin_page(family, plugin)


def _files(base: Traversable, folder: Path, name: str) -> list[tuple[Path, str]]:
    found = []
    for item in sorted(base.iterdir(), key=lambda one: one.name):
        if item.is_dir() and item.name == "fixtures":
            found += [(folder / "fixtures" / name / one.name, one.read_text()) for one in item.iterdir()]
        elif item.name.endswith(".py"):
            found.append((folder / _renamed(item.name, name), _renamed(item.read_text(), name)))
    return found


def _renamed(text: str, name: str) -> str:
    words = name.split("-")
    for old, new in (
        ("my-source", name),
        ("my_source", "_".join(words)),
        ("MY_SOURCE", "_".join(words).upper()),
        ("MySource", "".join(word.capitalize() for word in words)),
        ("My source", " ".join(words).capitalize()),
        ("My Source", " ".join(words).title()),
        ("my source", " ".join(words)),
    ):
        text = text.replace(old, new)
    return text


def entry_of(name: str, family: str) -> str:
    """The lines by which an installed relay finds the plug-in."""
    words = name.split("-")
    target = f"{'_'.join(words)}:{''.join(word.capitalize() for word in words)}"
    return f'[project.entry-points."alert_relay.{family}s"]\n{name} = "{target}"\n'


def _project(name: str, family: str) -> str:
    return (
        f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
        f'[project]\nname = "relay-{family}-{name}"\nversion = "0.1.0"\n\n'
        f"{entry_of(name, family)}\n"
        f'[tool.hatch.build.targets.wheel]\ninclude = ["{name.replace("-", "_")}.py"]\n'
    )


def write_page(module: Path, family: str) -> Path:
    """Write the page beside the file, under the plug-in's kind."""
    text = page_of(module, family)
    page = module.with_name(f"{module.stem.replace('_', '-')}.md")
    page.write_text(text, encoding="utf-8")
    return page
