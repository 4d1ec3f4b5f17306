"""What a piece of HTML says in plain words, for sources that send their texts as HTML."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

_MOST: Final = 20_000
"""Characters that are read: more would cost time and say nothing."""
_LINES: Final = frozenset({"p", "br", "li", "blockquote", "pre", "div"})
_TAG: Final = re.compile(r"<[^>]*>?")
_BEGUN: Final = re.compile(r"<[A-Za-z/!?]")
_UNSEEN: Final = frozenset({"script", "style"})


def text_of_html(html: str) -> str:
    """Its words; paragraphs and breaks become lines."""
    parser, whole = _Words(), _ended(html[:_MOST])
    try:
        parser.feed(whole)
        parser.close()
    except AssertionError:  # the parser's own, for a declaration that it does not know
        return _TAG.sub("\n", whole)
    return "".join(parser.found)


def _ended(html: str) -> str:
    """Without a tag that never ends: the parser would try each that begins in it anew, for many seconds."""
    head, end, tail = html.rpartition(">")
    return head + end + _BEGUN.split(tail, maxsplit=1)[0]


class _Words(HTMLParser):
    """Collects what is written between the tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of no use
        """A new line where one begins; nothing of what no reader sees."""
        if tag in _LINES:
            self.found.append("\n")
        self._hidden += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        """As at its start."""
        if tag in _LINES:
            self.found.append("\n")
        self._hidden = max(0, self._hidden - (tag in _UNSEEN))

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._hidden:
            self.found.append(data)
