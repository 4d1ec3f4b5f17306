"""What a member writes to the desk by chat: a keyword and the code of an incident, then what they like.

Pure, and never raises. Only what clearly is such a reply is one: the keyword stands first and alone
before the code; without a code, nothing else may stand beside it. So an enrolled member's "police at
the market" is a report as anybody's.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from shared.words.desk_words import Keyword, fold, keywords, plain

_HEAD: Final = 40
"""Characters in which keyword and code have to begin."""
_LEAST_FUZZY: Final = 4
"""Letters of a keyword from which on one wrong letter does not matter."""

_SHAPE: Final = r"[a-hj-np-z][2-9][a-hj-np-z](?:[a-hj-np-z][2-9])?"
_CODE: Final = re.compile(rf"(?<![0-9a-z])({_SHAPE})(?![0-9a-z])", re.IGNORECASE)
_SPACED: Final = re.compile(
    r"(?<![0-9a-z])([a-hj-np-z])[ .-]{0,2}([2-9])[ .-]{0,2}([a-hj-np-z])(?![0-9a-z])", re.IGNORECASE
)
_ADDRESSED: Final = re.compile(r"^[\s/]*(?:@\w{1,40})?[\s/]*|@\w{1,40}")
"""A bot's command, or its name before or behind it: /mine@bot D7K, @bot mine D7K."""
_PROOF: Final = re.compile(r"(.*?)\s*(\d{4})?\s*", re.DOTALL)
_JOIN: Final = re.compile(r"\W*join[\s-]*([a-z2-9]{4})[\s-]*([a-z2-9]{4})\W*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class DeskReply:
    """A keyword, the incident's code if it was given, what follows, and in which languages that is a word."""

    keyword: Keyword
    code: str | None = None
    words: str = ""
    languages: tuple[str, ...] = ()


def desk_reply(text: str) -> DeskReply | None:
    """The reply that this text is; None if it is not clearly one."""
    whole = plain(text).strip()
    if whole == "?":
        return DeskReply("LIST")
    return _with_code(whole) or _alone(whole)


def looks_like_desk_reply(text: str, *, addressed: bool = False) -> bool:
    """Whether a message is meant for the desk: a keyword and a code; a keyword alone if `addressed` to us.

    All other talk of a group is the group's own.
    """
    found = desk_reply(text)
    return found is not None and (addressed or found.code is not None)


def with_code_of(text: str, quoted: str) -> str | None:
    """A keyword that answers a quoted alert, with that alert's code put in; None if there is none to put."""
    whole = _ADDRESSED.sub("", plain(text), count=1).strip()
    code = code_in(quoted)
    if code is None or _with_code(whole) is not None:
        return None
    first, *rest = whole.split() or [""]
    words = [first.partition("@")[0], *rest]
    for count in range(min(len(words), 4), 0, -1):
        if _keyword(" ".join(words[:count]), fuzzy=False):
            return " ".join([*words[:count], code, *words[count:]])
    return None


def code_in(text: str) -> str | None:
    """The first code of an incident in a text of ours: there they are written in capitals."""
    return next((found[1] for found in _CODE.finditer(plain(text)) if found[1].isupper()), None)


def join_code(text: str) -> str | None:
    """The one-time code that this text is, in its one form; None if it is none.

    Both its halves hold a digit, so that "join them here" is none.
    """
    found = _JOIN.fullmatch(plain(text).strip())
    if found is None or not all(any(c.isdigit() for c in half) for half in found.groups()):
        return None
    return f"JOIN-{found[1]}-{found[2]}".upper()


def _with_code(whole: str) -> DeskReply | None:
    for shape in (_CODE, _SPACED):
        found = shape.search(whole[: _HEAD * 2])
        if found is None or found.start() > _HEAD:
            continue
        head = _ADDRESSED.sub("", whole[: found.start()])
        if known := _keyword(head, fuzzy=True):
            keyword, spoken = known
            return DeskReply(keyword, "".join(found.groups()).upper(), _rest(whole[found.end() :]), spoken)
    return None


def _rest(text: str) -> str:
    return text.lstrip(" \t:;,.-–—").strip()


def _alone(whole: str) -> DeskReply | None:
    bare = _ADDRESSED.sub("", whole[: 2 * _HEAD])
    if len(whole) > _HEAD:
        return None
    if known := _keyword(bare, fuzzy=False):
        return DeskReply(known[0], languages=known[1])
    head, digits = _PROOF.fullmatch(bare).groups()  # type: ignore[union-attr]  # it fits every text
    known = _keyword(head, fuzzy=False) if digits else None
    return DeskReply(known[0], words=digits, languages=known[1]) if known and known[0] == "YES" else None


def _keyword(head: str, *, fuzzy: bool) -> tuple[Keyword, tuple[str, ...]] | None:
    word = _trimmed(fold(head))
    exact = keywords().get(word)
    if exact is not None or not fuzzy or len(word) < _LEAST_FUZZY - 1:
        return exact
    near = [found for known, found in keywords().items() if len(known) >= _LEAST_FUZZY and _near(word, known)]
    meant = {keyword for keyword, _ in near}
    return near[0] if len(meant) == 1 else None


def _trimmed(text: str) -> str:
    """Without signs at either end; what belongs to a letter (a Bengali vowel sign) is none."""
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not _of_a_word(text[end - 1]):
        end -= 1
    return text[start:end]


def _of_a_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char) == "Mc"


def _near(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too many, or two neighbours are exchanged."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) == len(other):
        rest, other_rest = one[same:], other[same:]
        exchanged = rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
        return rest[1:] == other_rest[1:] or (len(rest) > 1 and exchanged)
    return one[same:] == other[same + 1 :]
