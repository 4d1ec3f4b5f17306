"""What every plug-in keeps, bridge or channel: its spec is its documentation, its settings are strict."""

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from shared.errors import SettingsError
from shared.plugins.conformance.criteria import Broken, NotTried, Suite, must

COMMON = Suite()
_KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SECRET = re.compile("secret|password|token|signing")
_OURS = ("alert_relay", "services", "shared")
_OPEN = "alert_relay.plugins"


class AnyCase(Protocol):
    """What the criteria of every plug-in look at."""

    @property
    def plugin(self) -> type[Any]:
        """The plug-in's class."""
        ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """Reference → value, as the settings refer to them."""
        ...


class KnownSecrets:
    """Secrets by reference, from a table; never shown."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def resolve(self, reference: str) -> str:
        """The value; `SettingsError` for a reference that is not in the table."""
        if reference not in self._values:
            raise SettingsError(f"The secret {reference} is not set.")
        return self._values[reference]


@COMMON.at("experimental")
def its_spec_documents_it(case: AnyCase) -> None:
    """Its spec says in words what it is, and who else can read what passes through it.

    Give `kind` as lower-case letters, digits and hyphens, and fill `title`, `summary` and `who_else_reads`.
    """
    spec = case.plugin.spec
    must(
        _KIND.fullmatch(spec.kind), "spec.kind has other characters than lower-case letters, digits, hyphens"
    )
    for name in ("title", "summary", "who_else_reads"):
        must(getattr(spec, name).strip(), f"spec.{name} is empty")


@COMMON.at("experimental")
def its_example_works(case: AnyCase) -> None:
    """The example on its page is valid, and names secrets by reference.

    Make `spec.example` settings that `Settings` takes, each secret as `env:NAME` or `file:/path`.
    """
    example = case.plugin.spec.example
    try:
        case.plugin.Settings.model_validate(example)
    except ValidationError as error:
        where = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise Broken(f"spec.example is not valid at: {where}") from None
    secret = {name: value for name, value in example.items() if _SECRET.search(name)}
    clear = [name for name, value in secret.items() if not str(value).startswith(("env:", "file:"))]
    must(not clear, f"spec.example holds a secret in clear: {', '.join(clear)}")


@COMMON.at("experimental")
def a_misspelt_setting_is_refused(case: AnyCase) -> None:
    """A misspelt setting is an error, not a silence.

    Derive `Settings` from `PluginSettings`, and leave its `model_config` alone.
    """
    try:
        case.plugin.Settings.model_validate({**case.plugin.spec.example, "no_such_setting": 1})
    except ValidationError as error:
        must("no_such_setting" in str(error), "the error does not name the misspelt setting")
        return
    raise Broken("a setting that does not exist is taken without a word")


@COMMON.at("good")
def every_setting_is_explained(case: AnyCase) -> None:
    """Each setting has a sentence of its own, which its page shows.

    Write a docstring below each field of `Settings`.
    """
    fields = case.plugin.Settings.model_fields
    mute = [name for name, field in fields.items() if not (field.description or "").strip()]
    must(not mute, f"without a docstring: {', '.join(mute)}")


@COMMON.at("good")
def it_imports_the_interface_alone(case: AnyCase) -> None:
    """Of the relay it imports `alert_relay.plugins` and nothing else.

    Import from `alert_relay.plugins`; what is missing there is worth an issue.
    """
    if case.plugin.__module__.partition(".")[0] in _OURS:
        raise NotTried("it comes with the relay; the walls of the source tree say what it may import")
    other = sorted(
        name for name in _imports(case.plugin) if name.partition(".")[0] in _OURS and name != _OPEN
    )
    must(not other, f"it imports {', '.join(other)}")


@COMMON.at("excellent")
def its_page_says_how_to_set_it_up(case: AnyCase) -> None:
    """Its page says step by step what to do at the provider.

    Write the steps into `spec.set_up` (Markdown).
    """
    must(case.plugin.spec.set_up.strip(), "spec.set_up is empty")


@COMMON.at("excellent")
def it_was_tried_on_the_real_thing(case: AnyCase) -> None:
    """It is tested against the real server, and says so.

    Try it against the real server, again and again in a test if you can; then say `tested="real"`.
    """
    must(case.plugin.spec.tested == "real", f'spec.tested is "{case.plugin.spec.tested}"')


def _imports(plugin: type[Any]) -> set[str]:
    module = sys.modules.get(plugin.__module__)
    path = inspect.getsourcefile(module) if module is not None else None
    if path is None:
        raise NotTried("its source cannot be read")
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            # `from alert_relay import plugins` is the interface, too.
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {_OPEN} if names == {_OPEN} else {node.module or ""}
    return found
