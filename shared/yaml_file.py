"""Reads an operator's YAML files so that every mistake is named by file, entry and key."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from shared.errors import SettingsError


def read_yaml(path: Path) -> Any:
    """The file's content. Raises `SettingsError` naming file, line and remedy."""
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); correct the setting.") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise SettingsError(f"{path} line {line}: not YAML ({error.problem}); correct it.") from None
    except (YAMLError, UnicodeDecodeError):
        raise SettingsError(f"{path}: not YAML; write a list, one entry a dash.") from None


def where(error: ValidationError, noun: str) -> str:
    """The first mistake in a list of entries, in one sentence; never a value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    number, *rest = first["loc"] or ("",)
    entry = f"{noun} {number + 1}: " if isinstance(number, int) else ""
    key = ".".join(str(part) for part in (rest if entry else first["loc"]))
    remedy = {"extra_forbidden": "there is no such key; remove it or mend its spelling"}
    return f"{entry}{key + ': ' if key else ''}{remedy.get(first['type'], first['msg'])}."
