"""The quick ways through the words do what the long ways would."""

import unicodedata
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError, UndefinedError

from shared.words.clean import _few_marks, _visible
from shared.words.library import shipped

LETTERS = st.text(
    st.characters() | st.sampled_from("aÄçşğ\u0300\u0301\u0489\u200b\u202e\u00ad\x7f\ue000\ud800 "),
    max_size=40,
)


@given(LETTERS)
def test_what_shows_nothing_is_dropped_also_where_the_whole_text_is_asked_at_once(said: str) -> None:
    spaced = " ".join(said.split())
    dropped = {"Cc", "Cf", "Co", "Cs", "Cn"}
    assert _visible(spaced) == "".join(c for c in spaced if unicodedata.category(c) not in dropped)


@given(LETTERS)
def test_no_letter_keeps_more_than_two_marks(said: str) -> None:
    marks = [unicodedata.category(c) in {"Mn", "Me"} for c in _few_marks(said)]
    assert not any(all(marks[n : n + 3]) for n in range(len(marks) - 2))
    assert [c for c in _few_marks(said) if unicodedata.category(c) not in {"Mn", "Me"}] == [
        c for c in said if unicodedata.category(c) not in {"Mn", "Me"}
    ]


@pytest.mark.parametrize("look", ["t.__class__.__mro__", "t._x.y", "w.__init__.__globals__", "range(9)"])
def test_a_template_still_cannot_look_behind_moments_and_macros(look: str) -> None:
    environment = shipped().environment
    template = environment.from_string('{% import "en/common.j2" as w %}{{ ' + look + " }}")
    with pytest.raises((SecurityError, UndefinedError)):
        template.render(t=datetime(2022, 5, 14, 18, 0))  # noqa: DTZ001 - any moment
