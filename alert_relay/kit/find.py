"""Finds a plug-in and its case: by the name of its kind, or by its file.

The case of a file `my_source.py` is what `test_my_source.py` beside it calls `CASE`. Those of the relay's own
bridges come with the relay.
"""

import difflib
import importlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from shared.errors import SettingsError
from shared.plugins.bridge_file import ENTRY_POINTS, MANIFEST
from shared.plugins.conformance.bridge_case import BridgeCase, ReadingCase
from shared.plugins.conformance.channel import ChannelCase
from shared.plugins.conformance.run import Case
from shared.plugins.registry import load_plugins
from shared.plugins.spec import Spec

BRIDGE_CASES: Final = (BridgeCase, ReadingCase)
CHANNEL_CASES: Final = (ChannelCase,)


@dataclass(frozen=True)
class Family:
    """Bridges, or channels."""

    word: str
    cases: tuple[type[Any], ...]
    members: tuple[str, ...]
    """A class that has one of these is one of the family."""

    def kinds(self) -> Mapping[str, type[Any]]:
        """Every installed plug-in by kind."""
        if self.word == "bridge":
            return load_plugins(MANIFEST, ENTRY_POINTS)
        from services.notifier.channels import load_channels

        return load_channels()

    def own_cases(self) -> Mapping[str, Case]:
        """The cases that come with the relay."""
        if self.word != "bridge":
            return {}
        from alert_relay.conformance.ours import BY_KIND

        return BY_KIND


BRIDGES: Final = Family("bridge", BRIDGE_CASES, ("parse", "read"))
CHANNELS: Final = Family("channel", CHANNEL_CASES, ("send",))


def case_of(target: str, family: Family) -> Case:
    """The case of a plug-in, named by kind or file. Raises `SettingsError` with what to do."""
    path = Path(target)
    if path.suffix == ".py" or path.is_file():
        return _case_beside(_existing(path), family)
    own = family.own_cases()
    if target in own:
        return own[target]
    kinds = family.kinds()
    if target not in kinds:
        close = difflib.get_close_matches(target, kinds, n=1)
        hint = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(sorted(kinds))}."
        raise SettingsError(f"There is no {family.word} of the kind {target}.{hint} Or name its file (….py).")
    if kinds[target].__module__.startswith("services."):
        raise SettingsError(
            f"What {target} is tried on lies in the source tree; there: python -m pytest tests/conformance"
        )
    return _case_beside(Path(inspect.getfile(kinds[target])), family)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise SettingsError(f"{path}: there is no such file; name the plug-in's own (….py).")
    return path


def _case_beside(path: Path, family: Family) -> Case:
    """What the test beside a plug-in's file calls CASE."""
    test = path if path.stem.startswith("test_") else path.with_name(f"test_{path.stem}.py")
    if not test.is_file():
        raise SettingsError(
            f"{test}: there is no such file, so nothing says what the source of {path.name} sends. Write it "
            f"as `relay {family.word} new` does: it says CASE = …"
        )
    case = getattr(load(test), "CASE", None)
    if not isinstance(case, family.cases):
        names = " or ".join(one.__name__ for one in family.cases)
        raise SettingsError(f"{test}: say CASE = {names}(…), from alert_relay.conformance.")
    found: Case = case
    return found


def plugin_in(path: Path, family: Family) -> type[Any]:
    """The one plug-in in a file. Raises `SettingsError` where there is none, or several."""
    module = load(_existing(path))
    found = [
        thing
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and thing.__module__ == module.__name__
        and isinstance(getattr(thing, "spec", None), Spec)
        and any(hasattr(thing, member) for member in family.members)
    ]
    if len(found) != 1:
        raise SettingsError(f"{path}: it holds {len(found)} {family.word}s; one file is one {family.word}.")
    plugin: type[Any] = found[0]
    return plugin


def load(path: Path) -> ModuleType:
    """A file as the module that its neighbours import by its name, read anew. Raises `SettingsError`."""
    folder = path.resolve().parent
    for neighbour in folder.glob("*.py"):
        sys.modules.pop(neighbour.stem, None)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(path.stem)
    except Exception as error:
        raise SettingsError(f"{path}: it cannot be loaded ({type(error).__name__}: {error}).") from error
    finally:
        sys.path.remove(str(folder))
