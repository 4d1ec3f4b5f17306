"""The words of the console's pages in each language: one JSON file a language, all with the same keys."""

import json
from pathlib import Path
from typing import Final

from aiohttp import web

_FIRST: Final = "en"
_CHOSEN: Final = "lang"
"""The query's name for a language, and the cookie's that remembers it."""


class Words:
    """One folder of catalogs."""

    def __init__(self, folder: Path) -> None:
        self._texts: dict[str, dict[str, str]] = {
            path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
        }
        self.languages = (_FIRST, *sorted(set(self._texts) - {_FIRST}))
        """Language codes, the default first."""

    def say(self, language: str, key: str, **values: object) -> str:
        """The text in that language (in English where it has none) with its `{placeholders}` filled."""
        text = self._texts[language].get(key) or self._texts[_FIRST][key]
        return text.format(**values)

    def keys(self, language: str) -> frozenset[str]:
        """Which texts that language has."""
        return frozenset(self._texts[language])

    def language_of(self, request: web.Request) -> str:
        """The language chosen on a page, now or earlier, else the first of the browser's that we have."""
        accepted = (
            part.partition(";")[0] for part in request.headers.get("Accept-Language", "")[:500].split(",")
        )
        chosen = (request.query.get(_CHOSEN, ""), request.cookies.get(_CHOSEN, ""))
        wanted = (tag.strip().partition("-")[0].lower() for tag in (*chosen, *accepted))
        return next((tag for tag in wanted if tag in self.languages), _FIRST)


_PUBLIC: Final = Words(Path(__file__).parent / "languages")
LANGUAGES: Final = _PUBLIC.languages
say, keys, language_of = _PUBLIC.say, _PUBLIC.keys, _PUBLIC.language_of
