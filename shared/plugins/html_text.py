"""What a piece of HTML says in plain words, for sources that send their texts as HTML."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

_MOST: Final = 20_000
"""Characters that are read: more would cost time and say nothing."""
_LINES: Final = frozenset({"p", "br", "li", "blockquote", "pre", "div"})
_TAG: Final = re.compile(r"<[^>]*>?")
_UNSEEN: Final = frozenset({"script", "style"})


def text_of_html(html: str) -> str:
    """Its words; paragraphs and breaks become lines."""
    parser = _Words()
    try:
        parser.feed(html[:_MOST])
        parser.close()
    except AssertionError:  # the parser's own, for a declaration that it does not know
        return _TAG.sub("\n", html[:_MOST])
    return "".join(parser.found)


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
