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

Kind = Literal["join", "stop", "help", "witness", "facts", "code", "other"]

CODE_DIGITS: Final = 6
_TEXTS: Final = Path(__file__).parent / "keywords.toml"
_ELSE: Final = "en"
_ACCENTS: Final = re.compile(r"[\u0300-\u036f\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EDGE: Final = re.compile(r"^[\W_]+|[\W_]+$")
_POSTCODE: Final = re.compile(r"[a-z]{1,2}\d[a-z\d]?( ?\d[a-z]{2})?")
_MOST_PLACE: Final = 60
_MOST_WORDS: Final = 6
_PLAIN: Final = str.maketrans({"ı": "i", "ł": "l", "đ": "d"})


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
    """What follows the word; in scripts without blanks right behind it."""
    rest = said.removeprefix(word)
    apart = rest.startswith((" ", ":", ",")) or "\u4e00" <= word[-1] <= "\u9fff"
    return _EDGE.sub("", rest) if rest != said and apart else ""


def folded(text: str) -> str:
    """Without what people write differently: capitals, accents, punctuation around, kinds of space."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", plain)).translate(_PLAIN)
    return _EDGE.sub("", " ".join(plain.split()))


def _digits(said: str) -> str:
    """The digits of any script, where there is nothing else but blanks and hyphens between them."""
    found = said.replace(" ", "").replace("-", "")
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
