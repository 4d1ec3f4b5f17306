"""What a reporter is asked back: three questions, each in every language that reports are understood in."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from shared.contracts.desk import Question

_TEXTS: Final = Path(__file__).parent / "questions.toml"
_ELSE: Final = "en"


@cache
def questions() -> Mapping[str, Mapping[Question, str]]:
    """Language → question → its text."""
    read: dict[str, dict[Question, str]] = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return read


def question(asks: Question, language: str, *, drill: bool = False) -> str:
    """The text in that language; in English where there is none."""
    text = questions().get(language, questions()[_ELSE])[asks]
    return f"DRILL {text}" if drill else text
