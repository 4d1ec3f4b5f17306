"""What words are worth: read from a table, summed, and only one clue among those that make a kind."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.decide.sounds import Sounds, loudest, pairs, sounds, table
from services.router.decide.understand import understand
from services.router.fitting.sounds import fit_sounds, unseen_sounds

TABLE = Sounds(0.5, {"van": (3.0, 2.0), "van gone": (4.0, 1.0), "soup": (4.0, -3.0)})


def test_words_and_pairs_count_once_and_in_small_letters() -> None:
    assert pairs("VAN gone, van gone") == {"van", "gone", "van gone", "gone van"}


def test_nothing_known_leaves_the_bias() -> None:
    assert TABLE.of(pairs("hello")) == 0.5
    assert TABLE.of(()) == 0.5


def test_the_sum_is_by_rarity_and_does_not_grow_with_length() -> None:
    assert TABLE.of(["van"]) == 0.5 + 2.0
    assert TABLE.of(["van", "soup"]) == pytest.approx(0.5 + (3 * 2 - 4 * 3) / 5)


@given(st.text(max_size=300))
def test_no_text_raises_and_every_answer_is_a_number(text: str) -> None:
    assert math.isfinite(sounds(text))
    assert understand(text).sounds in {0.0, sounds(text)}
    assert len(loudest(text)) <= 3


def test_the_table_in_use_knows_news_from_talk() -> None:
    assert len(table().words) > 1_000
    assert sounds("they have broken the door down, two officers inside") > 0
    assert sounds("thank you all so much, see you at the training on thursday") < 0


NEWS = ["the van is here", "the van has gone", "officers in the van", "van outside now"] * 3
TALK = ["soup on thursday", "who brings the soup", "soup was lovely", "more soup please"] * 3


def test_fitting_tells_apart_what_the_texts_tell_apart() -> None:
    fitted = fit_sounds([*NEWS, *TALK], [True] * len(NEWS) + [False] * len(TALK))
    assert fitted.of(pairs("a van")) > 0 > fitted.of(pairs("some soup"))
    assert fitted.words["van"][1] > 0 > fitted.words["soup"][1]


def test_what_stands_in_one_text_only_is_left_out() -> None:
    fitted = fit_sounds([*NEWS, "a zebra crossing"], [True] * len(NEWS) + [False])
    assert "zebra" not in fitted.words


def test_a_text_is_heard_by_a_table_that_never_saw_its_scenario() -> None:
    texts = ["zebra raid", "zebra raid", *TALK[:4], *NEWS[:4]]
    scenarios = ["z", "z", "a", "b", "c", "d", "e", "f", "g", "h"]
    heard = unseen_sounds(texts, [True, True, *[False] * 4, *[True] * 4], scenarios)
    seen = fit_sounds(texts, [True, True, *[False] * 4, *[True] * 4])
    assert heard[0] == heard[1] < seen.of(pairs("zebra raid"))


def test_fitting_twice_gives_the_same_table() -> None:
    one, other = (fit_sounds([*NEWS, *TALK], [True] * len(NEWS) + [False] * len(TALK)) for _ in range(2))
    assert one == other
