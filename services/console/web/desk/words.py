"""The words of the desk's pages in each language: one JSON file a language, all with the same keys."""

from pathlib import Path
from typing import Final

from services.console.web.words import Words

DESK: Final = Words(Path(__file__).parent.parent / "desk_languages")
