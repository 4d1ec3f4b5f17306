"""Our own words, come back: an alert that somebody passes on to a bridge is no report of its own.

One rule for all bridges, the form and the API, by the mark that each message of ours about an incident bears:
its status in capitals, the code of an incident that we know, a day and a time. What somebody wrote around it
is theirs, and is judged; the alert within it is not.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from shared.text import tokens
from shared.words.sms import spelled_plainly
from shared.words.subscribers import ending, texts

_STATUS: Final = (
    "UNCONFIRMED|LIKELY|CONFIRMED|UPDATE|OVER|NO NEWS|WRONG, SORRY|NOT CONFIRMED|AFTERCARE|CLOSED"
)
_HEAD: Final = re.compile(rf"^[\s>*_\"'“«]*(?:DRILL )?(?:{_STATUS})\b", re.MULTILINE)
_CODE: Final = re.compile(r"(?<![0-9A-Za-z])[A-HJ-NP-Z][2-9][A-HJ-NP-Z](?:[A-HJ-NP-Z][2-9])?(?![0-9A-Za-z])")
_MOMENT: Final = re.compile(r"\b[A-Z][a-z]{2} \d{1,2}(?:/\d{1,2}| [A-Z][a-z]{2}),? \d{1,2}:\d{2}\b")
_IN_HEAD: Final = 240
"""Characters from the status word on in which code and moment stand."""
_LEAVES: Final = "|".join(
    re.escape(said) for key in texts() for said in {ending(key), spelled_plainly(ending(key))}
)
"""How a subscriber leaves, in every language."""
_CLOSES: Final = re.compile(
    r"Observe, don['’]t obstruct\.|We write again [^\n]{0,120}|Please don['’]t post faces or names\."
    rf"|Next \d{{1,2}}:\d{{2}}\.?|https?://\S+/(?:i|desk)/\S+|{_LEAVES}"
)
"""With what our messages end, in one order or another."""
_PASSED_ON: Final = frozenset({"fwd", "fw", "forwarded", "from", "message", "via", "re", "rt"})


@dataclass(frozen=True, slots=True)
class Echo:
    """The code of the alert that a text passes on, and what else stands there."""

    code: str
    theirs: str


def echo_in(text: str, codes: Container[str]) -> Echo | None:
    """The alert of ours about one of these incidents that the text passes on; None if there is none."""
    for head in _HEAD.finditer(text):
        beginning = text[head.start() : head.start() + _IN_HEAD]
        code = next((c for c in _CODE.findall(beginning) if c in codes), None)
        if code is not None and _MOMENT.search(beginning):
            return Echo(code, _around(text, head.start()))
    return None


def _around(text: str, start: int) -> str:
    """What somebody wrote before the alert and after it; nothing where that is no words of theirs."""
    ours = text[start:]
    closed = [found.end() for found in _CLOSES.finditer(ours)]
    paragraph = len(ours.partition("\n\n")[0])
    rest = f"{text[:start]}\n{ours[max(closed, default=paragraph) :]}".strip(" \t\n>\"'”»")
    said = [word for word in tokens(rest) if word not in _PASSED_ON]
    return rest if len(said) > 1 else ""
