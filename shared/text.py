"""Words in a form in which they can be compared. Pure.

Phrases of the lexicon, names of the gazetteer and messages go through the same `tokens`, so
what is equal to a reader (case, accents, apostrophes, width of letters, a word shouted with its
letters repeated) is equal here. The latest answers are kept, so that memory stays bounded.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"(?:[^\W_]|[\u0900-\u0dff\u200d])+")
"""Letters and digits; in the scripts of India the vowel signs too, which are no letters to `re`."""
_DROPPED: Final = {ord(c): None for c in "'’‘`´ʼʹ＇\u0640\u200b\u200c\ufe0f"}
_LETTERS: Final = str.maketrans(
    {
        **dict.fromkeys("ı", "i"),
        **dict.fromkeys("łŁ", "l"),
        **dict.fromkeys("đĐ", "d"),
        **dict.fromkeys("øØ", "o"),
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیيئێ", "ي"),
        **dict.fromkeys("ةۀہھەۂ", "ه"),
        **dict.fromkeys("ؤۆۇ", "و"),
        "ک": "ك",
        "ڕ": "ر",
        "ڵ": "ل",
    }
)
"""Letters that normalisation leaves alone: the stroked Latin ones, and one form for each Arabic letter."""
_ETHIOPIC: Final = {
    like + n: plain + n
    for like, plain in (
        (0x1210, 0x1200),
        (0x1280, 0x1200),
        (0x1220, 0x1230),
        (0x12D0, 0x12A0),
        (0x1340, 0x1338),
    )
    for n in range(7)
} | {0x12A3: 0x12A0, 0x12D3: 0x12A0, 0x1203: 0x1200, 0x1213: 0x1200, 0x1283: 0x1200}
"""Ethiopic letters that sound alike and are written for each other."""
_SCRIPT_CHANGE: Final = re.compile(r"(?<=[^\x00-\x7f\W_])(?=[a-z0-9])|(?<=[a-z0-9])(?=[^\x00-\x7f\W_])")
_MEANINGS: Final = str.maketrans(
    {
        "👮": " police ",
        "🚓": " police ",
        "🚔": " police ",
        "🚨": " alert ",
        "🚐": " van ",
        "🚌": " van ",
        "🆘": " help ",
        "🛂": " immigration ",
        "🍦": " ice cream ",
        "🍨": " ice cream ",
        "🎬": " film ",
        "🎥": " film ",
    }
)
_IDEOGRAPH: Final = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_REPEATED: Final = re.compile(r"([^\W\d_])\1{2,}")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HASHTAG: Final = re.compile(r"#(\w+)")
_LATIN_MARKS: Final = "Mn"
_NUKTAS: Final = frozenset("\u09bc\u093c\u0a3c")


@lru_cache(maxsize=8_192)
def fold(text: str) -> str:
    """Case, accents, marks, apostrophes and shouting away; width made equal."""
    text = text.replace("'", "").replace("`", "") if text.isascii() else text.translate(_DROPPED)
    if not text.isascii():
        marked = unicodedata.normalize("NFKD", text.translate(_MEANINGS).translate(_LETTERS))
        text = "".join(c for c in marked if _kept(c))
        text = _IDEOGRAPH.sub(r" \1 ", text.translate(_LETTERS).translate(_ETHIOPIC)).casefold()
        text = _SCRIPT_CHANGE.sub(" ", text)
    return _REPEATED.sub(r"\1", text.casefold())


def _kept(char: str) -> bool:
    """No mark, unless it is a vowel sign of India; the nukta is often left out and so always is here."""
    if "\u0900" <= char <= "\u0dff":
        return char not in _NUKTAS
    return unicodedata.category(char) != _LATIN_MARKS


@lru_cache(maxsize=8_192)
def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, folded; each ideograph is a word of its own, hashtags fall into their words."""
    if "#" in text:
        text = _HASHTAG.sub(lambda tag: _CAMEL.sub(" ", tag[1]), text)
    return tuple(_WORD.findall(fold(text)))
