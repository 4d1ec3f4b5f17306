"""The words of the public pages in each language: one JSON file a language, all with the same keys."""

import json
from pathlib import Path
from typing import Final

from aiohttp import web

_FOLDER: Final = Path(__file__).parent / "languages"
_FIRST: Final = "en"
_TEXTS: Final[dict[str, dict[str, str]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.json"))
}
CHECKED_BY: Final = "checked_by"
"""The key under which a native reader signs a whole catalog, with name and date."""
LANGUAGES: Final = (_FIRST, *sorted(set(_TEXTS) - {_FIRST}))
"""Language codes, the default first."""


_ISOLATE, _POP = "\u2066", "\u2069"


def say(language: str, key: str, **values: object) -> str:
    """The text in that language with its `{placeholders}` filled.

    English stands in where a language lacks a key: `missing` names those, and a test wants none. What is
    filled in keeps its own direction, or a date and a time would change places between Arabic words.
    """
    texts = _TEXTS[language]
    if texts["direction"] == "rtl":
        values = {name: f"{_ISOLATE}{value}{_POP}" for name, value in values.items()}
    return (texts.get(key) or _TEXTS[_FIRST][key]).format(**values)


def keys(language: str) -> frozenset[str]:
    """Which texts that language has."""
    return frozenset(_TEXTS[language])


def missing(language: str) -> frozenset[str]:
    """Which texts are shown in English, because that language lacks them or has them empty."""
    have = {key for key, text in _TEXTS[language].items() if text.strip() or key == CHECKED_BY}
    return frozenset(_TEXTS[_FIRST].keys() - have)


def unchecked(language: str) -> bool:
    """Whether no native reader has put their name to this translation."""
    return language != _FIRST and not _TEXTS[language].get(CHECKED_BY)


def language_of(request: web.Request) -> str:
    """The language chosen on the page (`?lang=`), else the first of the browser's that we have."""
    accepted = (
        part.partition(";")[0] for part in request.headers.get("Accept-Language", "")[:500].split(",")
    )
    wanted = (tag.strip().partition("-")[0].lower() for tag in (request.query.get("lang", ""), *accepted))
    return next((tag for tag in wanted if tag in LANGUAGES), _FIRST)
