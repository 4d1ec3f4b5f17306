"""A form out of a model's own schema: a channel's settings, a group's policy. Pure.

What the model says of a field (its type, range, default, docstring) is what the form asks, so a third party's
plug-in has a form too. A secret is never typed: its field takes a reference to where it lies.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError

from shared.plugins.settings_check import secrets_in_clear

Kind = Literal["text", "number", "choice", "lines", "check", "reference", "other"]
MOST_CHARS: Final = 4_000
_LIMITS: Final = ("ge", "le", "gt", "lt", "min_length", "max_length")
_REFERENCE: Final = re.compile(r"^\^\(env\|file\):")


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form."""

    name: str
    kind: Kind
    hint: str
    required: bool
    value: Any
    """As it stands in the form: text, or True for a ticked box."""
    options: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    whole: bool = True
    """Of a number: whether it has no fraction."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field: a code for the words, and the model's own sentence."""

    name: str
    code: str
    sentence: str
    limit: str = ""


def fields_of(model: type[BaseModel], values: Mapping[str, Any]) -> list[Field]:
    """The form's fields in the model's order, filled in."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    return [
        _field(name, spec, values, required=name in required)
        for name, spec in schema.get("properties", {}).items()
    ]


def typed_in(
    fields: Sequence[Field], form: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What was typed, as the settings would hold it; what is left empty is left out.

    What no form can ask, and what still reads as it did `before`, stays exactly as it was.
    """
    kept = {f.name: before[f.name] for f in fields if before and f.name in before and _untouched(f, form)}
    found = {field.name: _typed(field, form.get(field.name)) for field in fields if field.kind != "other"}
    return {name: value for name, value in found.items() if value not in (None, "", [])} | kept


def _untouched(field: Field, form: Mapping[str, Any]) -> bool:
    """Whether the form says of a field what it was filled in with."""
    if field.kind in {"other", "check"}:
        return field.kind == "other"
    given = form.get(field.name)
    return isinstance(given, str) and "\n".join(given.split()) == "\n".join(str(field.value).split())


def wrong_in(model: type[BaseModel], settings: Mapping[str, Any]) -> list[Wrong]:
    """Everything that is wrong with the settings, field by field; never a value."""
    clear = {str(path[0]) for path in secrets_in_clear(settings) if path}
    found = [Wrong(name, "secret_in_clear", "") for name in sorted(clear)]
    try:
        model.model_validate(dict(settings))
    except ValidationError as error:
        for e in error.errors(include_input=False, include_url=False):
            name = str(e["loc"][0]) if e["loc"] else ""
            if name not in {w.name for w in found}:
                found.append(Wrong(name, str(e["type"]), str(e["msg"]), _limit(e.get("ctx", {}))))
    return found


def _limit(context: Mapping[str, Any]) -> str:
    return str(next((context[k] for k in _LIMITS if k in context), ""))


def _field(name: str, spec: Mapping[str, Any], values: Mapping[str, Any], *, required: bool) -> Field:
    kind, inner = _kind(spec)
    default = spec.get("default")
    given = values.get(name, default)
    return Field(
        name=name,
        kind=kind,
        hint=" ".join(str(spec.get("description", "")).split()),
        required=required,
        value=bool(given) if kind == "check" else _shown(given),
        options=tuple(map(str, inner.get("enum", ()))),
        least=inner.get("minimum"),
        most=inner.get("maximum"),
        whole=inner.get("type") != "number",
        default="" if kind == "check" else _shown(default),
    )


def _kind(spec: Mapping[str, Any]) -> tuple[Kind, Mapping[str, Any]]:
    """What is asked for, and the part of the schema that says so (an optional field's has two)."""
    parts = [part for part in spec.get("anyOf", [spec]) if part.get("type") != "null"]
    inner = parts[0] if len(parts) == 1 else {}
    match inner:
        case {"enum": _}:
            return "choice", inner
        case {"type": "boolean"}:
            return "check", inner
        case {"type": "integer" | "number"}:
            return "number", inner
        case {"type": "array", "items": {"type": "string"}}:
            return "lines", inner
        case {"type": "string"}:
            secret = _REFERENCE.match(str(inner.get("pattern", "")))
            return "reference" if secret else "text", inner
    return "other", inner


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(map(str, value))
    return str(value)


def _typed(field: Field, given: Any) -> Any:
    if field.kind == "check":
        return given is not None
    text = given.strip() if isinstance(given, str) and len(given) <= MOST_CHARS else ""
    if field.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if field.kind == "number" and re.fullmatch(r"-?[0-9]{1,12}", text):
        return int(text)
    return text
