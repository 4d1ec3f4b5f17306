"""The words of the console's pages in each language: one JSON file a language, all with the same keys."""

import json
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from services.console.web.plurals import chosen

_FIRST: Final = "en"
_CHOSEN: Final = "lang"
"""The query's name for a language, and the cookie's that remembers it."""
CHECKED_BY: Final = "checked_by"
"""The key under which a native reader signs a whole catalog, with name and date."""
_ISOLATE, _POP = "\u2066", "\u2069"


class Words:
    """One folder of catalogs."""

    def __init__(self, folder: Path) -> None:
        self._texts: dict[str, dict[str, str]] = {
            path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
        }
        self.languages = (_FIRST, *sorted(set(self._texts) - {_FIRST}))
        """Language codes, the default first."""

    def say(self, language: str, key: str, /, **values: object) -> str:
        """The text in that language with its `{placeholders}` and plurals filled.

        English stands in where a language lacks a key: `missing` names those, and a test wants none. What
        is filled in keeps its own direction, or a date and a time would change places between Arabic words.
        """
        texts = self._texts[language]
        if texts["direction"] == "rtl":
            values = {name: f"{_ISOLATE}{value}{_POP}" for name, value in values.items()}
        spoken = language if texts.get(key) else _FIRST
        return chosen(spoken, self._texts[spoken][key], values).format(**values)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts[_FIRST]

    def keys(self, language: str) -> frozenset[str]:
        """Which texts that language has."""
        return frozenset(self._texts[language])

    def missing(self, language: str) -> frozenset[str]:
        """Which texts are shown in English, because that language lacks them or has them empty."""
        have = {key for key, text in self._texts[language].items() if text.strip() or key == CHECKED_BY}
        return frozenset(self._texts[_FIRST].keys() - have)

    def unchecked(self, language: str) -> bool:
        """Whether no native reader has put their name to this translation."""
        return language != _FIRST and not self._texts[language].get(CHECKED_BY)

    def unchecked_in_english(self, language: str) -> str:
        """The English sentence that says so, to stand beside the reader's; empty where somebody signed."""
        return self._texts[_FIRST]["unchecked"] if self.unchecked(language) else ""

    def named(self) -> list[tuple[str, str]]:
        """Every language's code and its own name, for the list that a reader chooses from."""
        return [(tag, self._texts[tag]["language_name"]) for tag in self.languages]

    def language_of(self, request: web.Request) -> str:
        """The language chosen on a page, now or earlier, else the first of the browser's that we have."""
        accepted = (
            part.partition(";")[0] for part in request.headers.get("Accept-Language", "")[:500].split(",")
        )
        chosen = (request.query.get(_CHOSEN, ""), request.cookies.get(_CHOSEN, ""))
        wanted = (tag.strip().partition("-")[0].lower() for tag in (*chosen, *accepted))
        return next((tag for tag in wanted if tag in self.languages), _FIRST)


class Together:
    """The words of pages that wear another family's frame: their own, else the frame's."""

    def __init__(self, own: Words, frame: Words) -> None:
        self._own, self._frame = own, frame
        self.languages, self.language_of = frame.languages, frame.language_of

    def say(self, language: str, key: str, /, **values: object) -> str:
        """The text in that language, or in English where one of the two lacks it."""
        words = self._own if self._own.has(key) else self._frame
        return words.say(language if language in words.languages else _FIRST, key, **values)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return self._own.has(key) or self._frame.has(key)

    def named(self) -> list[tuple[str, str]]:
        """The languages of the frame."""
        return self._frame.named()

    def unchecked_in_english(self, language: str) -> str:
        """The English sentence, unless somebody has signed both."""
        unsigned = self._own.unchecked(language) or self._frame.unchecked(language)
        return self._frame.say(_FIRST, "unchecked") if unsigned else ""


def other_language(request: web.Request, tag: str) -> str:
    """The address of this page in another language; what else it asks for stays."""
    kept = [(name, value) for name, value in request.query.items() if name != _CHOSEN]
    return f"{request.path}?{urlencode([*kept, (_CHOSEN, tag)])}"


_PUBLIC: Final = Words(Path(__file__).parent / "languages")
LANGUAGES: Final = _PUBLIC.languages
say, keys, language_of = _PUBLIC.say, _PUBLIC.keys, _PUBLIC.language_of
unchecked_in_english, named = _PUBLIC.unchecked_in_english, _PUBLIC.named
