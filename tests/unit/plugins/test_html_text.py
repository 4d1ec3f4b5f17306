"""What HTML says in words, also where somebody made it to keep whoever reads it busy."""

import pytest

from shared.plugins.html_text import text_of_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>raid <div <div <div ", "raid "),
        ("raid </", "raid "),
        ("raid <!-- here", "raid "),
        ("1 < 2 <b>raid</b> 3 < 4", "1 < 2 raid 3 < 4"),
        ("raid <a href='x'", "raid "),
        ("raid <a href='x'>there", "raid there"),
    ],
)
def test_a_tag_that_never_ends_is_none(html: str, text: str) -> None:
    assert text_of_html(html).strip("\n") == text


@pytest.mark.parametrize("piece", ["<div ", "<a '", "<!--", "</", "<", "&#", "<p>", "<script>"])
def test_any_number_of_one_thing_is_read(piece: str) -> None:
    """With tags that never end this took twelve seconds."""
    text_of_html(piece * 4_000)
