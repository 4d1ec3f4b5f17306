"""One rule for every chat that the relay sits in: what it takes there, and what it tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.words.chat_talk import Meant, has_mark, meant_in_chat, told_in_chat


@pytest.mark.parametrize(
    ("text", "addressed", "meant"),
    [
        ("who brings tea?", False, None),
        ("who brings tea?", True, "report"),
        ("two vans in Ridley Road #raid", False, "report"),
        ("two vans (#RAID).", False, "report"),
        ("#raids are bad", False, None),
        ("raid in Ridley Road", False, None),
        ("MINE D7K", False, "desk"),
        ("mine d7k I am near", False, "desk"),
        ("mine", False, None),
        ("mine", True, "desk"),
        ("that bag is mine, D7K", False, None),
        ("", True, "report"),
        ("", False, None),
    ],
)
def test_what_is_meant_for_the_relay(text: str, addressed: bool, meant: Meant | None) -> None:  # noqa: FBT001 - a table
    assert meant_in_chat(text, addressed=addressed, hashtag="raid") == meant


@given(text=st.text(max_size=80), hashtag=st.from_regex(r"\A\w{1,10}\Z"))
def test_talk_without_mark_address_or_code_is_never_taken(text: str, hashtag: str) -> None:
    meant = meant_in_chat(text, addressed=False, hashtag=hashtag)
    if f"#{hashtag}".lower() not in text.lower():
        assert meant != "report"


def test_what_the_chat_is_told_names_the_hashtag_and_is_no_report_itself() -> None:
    told = told_in_chat("raid")
    assert '"raid"' in told
    assert not has_mark(told, "#raid")
    assert meant_in_chat(told, addressed=False, hashtag="raid") is None
    assert len(told) < 500
