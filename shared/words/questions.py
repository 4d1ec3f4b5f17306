"""What a reporter is asked back: three questions, each in every language that reports are understood in.

And where an exercise's question is answered.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from shared.contracts.desk import Question

_TEXTS: Final = Path(__file__).parent / "questions.toml"
_ELSE: Final = "en"
_Key = Question | Literal["exercise"]


@cache
def questions() -> Mapping[str, Mapping[_Key, str]]:
    """Language → question → its text."""
    read: dict[str, dict[_Key, str]] = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return read


def question(asks: Question, language: str, *, drill: bool = False, form: str | None = None) -> str:
    """The text in that language; in English where there is none.

    With `form`, its address, it is answered there: no answer to the message itself comes in. In a drill that
    is the exercise's form, which whoever takes part has open; the real one's address is not said.
    """
    texts = questions().get(language, questions()[_ELSE])
    if drill:
        return f"DRILL {texts[asks]}" if form is None else f"DRILL {texts[asks]} {texts['exercise']}"
    return texts[asks] if form is None else f"{texts[asks]}\n{form}"
