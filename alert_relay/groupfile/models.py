"""Fills a contract's model from a part of a group file, telling each mistake with its line."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from alert_relay.groupfile.mistakes import Spot

M = TypeVar("M", bound=BaseModel)

_WORDS = {
    "missing": "is missing; add it.",
    "tuple_type": "must be a list.",
    "string_type": "must be a text (put it in quotes).",
    "bool_parsing": "must be true or false.",
    "bool_type": "must be true or false.",
    "int_parsing": "must be a whole number.",
    "int_type": "must be a whole number.",
    "float_parsing": "must be a number.",
    "float_type": "must be a number.",
    "dict_type": "must be a mapping of keys to values.",
    "model_type": "must be a mapping of keys to values.",
    "string_pattern_mismatch": "must be lower-case letters, digits and hyphens (at most 40).",
}

_OF_KEY = {"quiet_hours": 'must be two times of day in quotes, such as "22:00-07:00".'}
"""Of texts that have a form of their own."""


def fill(model: type[M], mapping: Mapping[str, Any], spot: Spot, *, also: Sequence[str] = ()) -> M | None:
    """The model, or None after noting every mistake. `also` names keys that somebody else reads."""
    spot.unknown_keys(mapping, [*model.model_fields, *also])
    try:
        return model.model_validate({k: v for k, v in plain(mapping).items() if k in model.model_fields})
    except ValidationError as error:
        for e in error.errors(include_input=False, include_url=False):
            _place(mapping, e["loc"], spot).wrong(_words(e["type"], e["loc"], e["msg"]))
        return None


def _words(kind: str, location: tuple[int | str, ...], message: str) -> str:
    own = _OF_KEY.get(str(location[-1])) if location and kind == "string_pattern_mismatch" else None
    return own or _WORDS.get(kind, f"{message}.")


def _place(container: Any, location: tuple[int | str, ...], spot: Spot) -> Spot:
    for name in location:
        spot = spot.at(container, name)
        try:
            container = container[name]
        except (KeyError, IndexError, TypeError):
            break
    return spot


def plain(value: Any) -> Any:
    """The same value without ruamel's own types, for pydantic and for JSON."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return [plain(inner) for inner in value]
    return value
