"""The words of the front door in each language: one JSON file a language, all with the same keys."""

import json
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "languages"
_FIRST: Final = "en"
CHECKED_BY: Final = "checked_by"
"""The key under which a native reader signs a whole catalog, with name and date."""


class Words:
    """The catalog. English is complete and stands in wherever another language lacks a key.

    `missing` names those keys, and a test wants none: nobody is to meet English by surprise.
    """

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._texts: dict[str, dict[str, str]] = {
            path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
        }
        self.languages = (_FIRST, *sorted(set(self._texts) - {_FIRST}))
        """Language codes, the default first."""

    def say(self, language: str, key: str, **values: str) -> str:
        """The text in that language with its `{placeholders}` filled."""
        text = self._texts[language].get(key) or self._texts[_FIRST][key]
        return text.format(**values)

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

    def keys(self, language: str) -> frozenset[str]:
        """Which texts that language has."""
        return frozenset(self._texts[language])

    def named(self) -> list[tuple[str, str]]:
        """Each language's code and its own name for itself, the default first."""
        return [(language, self._texts[language]["language_name"]) for language in self.languages]

    def direction(self, language: str) -> str:
        """`ltr` or `rtl`."""
        return self._texts[language]["direction"]
