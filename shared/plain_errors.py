"""What is wrong with somebody's input, in plain sentences: each names the field and says what to do.

The library's own words are for programmers ("Input should be a valid number, unable to parse string"). No
sentence holds what was sent, which may be a secret or a reporter's words.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

_MOST: Final = 5
_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "{field} is missing; add it",
    "extra_forbidden": "{field} is not known here; remove it or mend its spelling",
    "string_too_long": "{field} is too long; {max_length} characters at most",
    "string_too_short": "{field} is too short; {min_length} characters at least",
    "string_pattern_mismatch": "{field} is not written as it must be; look it up in the API's description",
    "greater_than_equal": "{field} is too small; {ge} at least",
    "greater_than": "{field} is too small; more than {gt}",
    "less_than_equal": "{field} is too large; {le} at most",
    "less_than": "{field} is too large; less than {lt}",
    "literal_error": "{field} must be one of {expected}",
    "too_long": "{field} has too many entries; {max_length} at most",
    "too_short": "{field} has too few entries; {min_length} at least",
    "json_invalid": "it is not JSON; send an object",
    "none_required": "{field} must be left out",
}
_KINDS: Final[Mapping[str, str]] = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "true or false",
    "datetime": "a time such as 2027-05-14T18:40:00Z",
    "timezone": "a time with its zone, such as 2027-05-14T18:40:00Z",
    "date": "a date such as 2027-05-14",
    "list": "a list",
    "tuple": "a list",
    "dict": "an object",
    "model": "an object",
    "union": "one of the forms that the API describes",
}
"""What is wanted, by how the library's name of the mistake begins."""


def sentences(error: ValidationError) -> str:
    """The first mistakes, each as a part of one sentence, without its full stop."""
    details = error.errors(include_input=False, include_url=False)
    return "; ".join(_sentence(detail) for detail in details[:_MOST])


def _sentence(detail: Mapping[str, Any]) -> str:
    kind, facts = str(detail["type"]), detail.get("ctx") or {}
    field = ".".join(map(str, detail["loc"])) or "the body"
    if kind == "value_error":  # our own words, raised by a contract
        own = str(facts.get("error", "")).rstrip(".")
        return f"{field}: {own}" if detail["loc"] else own
    if kind in _SENTENCES:
        bounds = {name: f"{fact:g}" if isinstance(fact, float) else fact for name, fact in facts.items()}
        return _SENTENCES[kind].format(field=field, **bounds)
    wanted = _KINDS.get(kind.partition("_")[0])
    return (
        f"{field} must be {wanted}"
        if wanted
        else f"{field} is not right; look it up in the API's description"
    )
