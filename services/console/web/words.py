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
LANGUAGES: Final = (_FIRST, *sorted(set(_TEXTS) - {_FIRST}))
"""Language codes, the default first."""


def say(language: str, key: str, **values: object) -> str:
    """The text in that language (in English where it has none) with its `{placeholders}` filled."""
    text = _TEXTS[language].get(key) or _TEXTS[_FIRST][key]
    return text.format(**values)


def keys(language: str) -> frozenset[str]:
    """Which texts that language has."""
    return frozenset(_TEXTS[language])


def language_of(request: web.Request) -> str:
    """The language chosen on the page (`?lang=`), else the first of the browser's that we have."""
    accepted = (
        part.partition(";")[0] for part in request.headers.get("Accept-Language", "")[:500].split(",")
    )
    wanted = (tag.strip().partition("-")[0].lower() for tag in (request.query.get("lang", ""), *accepted))
    return next((tag for tag in wanted if tag in LANGUAGES), _FIRST)
