"""Figures in sentences, right in every language: `{n, plural, one {# van} other {# vans}}`.

This is the one part of ICU's messages that the catalogs need; which form a figure takes comes from CLDR.
A translator writes the forms that the language has (Polish `one few many other`, Chinese `other` alone).
"""

import re
from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Final

from babel import Locale

_PLURAL: Final = re.compile(r"\{(\w+), plural,((?: \w+ \{[^{}]*\})+)\}")
_FORM: Final = re.compile(r" (\w+) \{([^{}]*)\}")
_ELSE: Final = "other"


def chosen(language: str, text: str, values: Mapping[str, object]) -> str:
    """The text with each plural's form chosen and its figure filled in."""

    def form(match: re.Match[str]) -> str:
        forms, figure = dict(_FORM.findall(match[2])), values[match[1]]
        count = int(str(figure).strip("\u2066\u2069"))
        return str(forms.get(_rule(language)(count)) or forms[_ELSE]).replace("#", str(figure))

    return _PLURAL.sub(form, text) if ", plural," in text else text


def forms_of(language: str) -> frozenset[str]:
    """The forms that figures have in this language."""
    return frozenset({*_rule(language).tags, _ELSE})


def plurals_in(text: str) -> list[frozenset[str]]:
    """Of each plural in the text, the forms that it has."""
    return [frozenset(name for name, _ in _FORM.findall(match[2])) for match in _PLURAL.finditer(text)]


def places_in(text: str) -> frozenset[str]:
    """The names of all that is to be filled in."""
    figures = {match[1] for match in _PLURAL.finditer(text)}
    return frozenset(figures | {name for _, name, _, _ in Formatter().parse(_PLURAL.sub("", text)) if name})


@cache
def named_in(language: str) -> Mapping[str, str]:
    """What languages are called in this one, by their tags."""
    return dict(Locale.parse(language).languages)


@cache
def _rule(language: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Babel's own
    return Locale.parse(language).plural_form
