"""What somebody means who writes to a subscription account: a keyword, a code, a postcode or none. Pure.

Guarantees: a keyword counts only as the whole message ("stop" does, "they stop everybody" does not), except
that a place follows JOIN; a lone postcode is a JOIN too, since that is how people answer the question where.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from shared.text import tokens

Kind = Literal["join", "stop", "help", "witness", "facts", "code", "other"]

CODE_DIGITS: Final = 6
_TEXTS: Final = Path(__file__).parent / "keywords.toml"
_ELSE: Final = "en"
_POSTCODE: Final = re.compile(r"[a-z]{1,2}\d[a-z\d]?( ?\d[a-z]{2})?")
_MOST_PLACE: Final = 60
_MOST_WORDS: Final = 6


@dataclass(frozen=True, slots=True)
class Meant:
    """What a message means, in which language (None: it does not show), and the place or the code in it."""

    kind: Kind
    language: str | None = None
    rest: str = ""


def meant(text: str) -> Meant:
    """What the whole message means."""
    said = folded(text)
    if len(code := _digits(said)) == CODE_DIGITS:
        return Meant("code", rest=code)
    for language, kinds in keywords().items():
        for kind, words in kinds.items():
            if said in words:
                return Meant(kind, _shows(language))
    if _POSTCODE.fullmatch(said):
        return Meant("join", rest=said)
    return _join(said) or Meant("other")


def _join(said: str) -> Meant | None:
    for language, kinds in keywords().items():
        for word in kinds["join"]:
            rest = _after(said, word)
            if rest and len(rest) <= _MOST_PLACE and len(rest.split(" ")) <= _MOST_WORDS:
                return Meant("join", _shows(language), rest)
    return None


def _after(said: str, word: str) -> str:
    """What follows the word."""
    rest = said.removeprefix(word)
    return rest.lstrip() if rest != said and rest.startswith(" ") else ""


def folded(text: str) -> str:
    """Without what people write differently: capitals, accents, punctuation, kinds of space, shouting."""
    return " ".join(tokens(text))


def _digits(said: str) -> str:
    """The digits of any script, where there is nothing else but punctuation between them."""
    found = said.replace(" ", "")
    return "".join(str(unicodedata.decimal(c)) for c in found) if found.isdecimal() else ""


def _shows(language: str) -> str | None:
    """English words show no language: everybody may use them."""
    return None if language == _ELSE else language


@cache
def keywords() -> Mapping[str, Mapping[Kind, frozenset[str]]]:
    """Language → meaning → words, folded."""
    read = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return {
        language: {kind: frozenset(map(folded, words)) for kind, words in kinds.items()}
        for language, kinds in read.items()
    }
