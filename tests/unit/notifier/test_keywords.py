"""What is written to a subscription account: keywords as whole messages, in thirteen languages."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.keywords import Meant, folded, keywords, meant
from shared.words.subscribers import texts

ALL = [
    (language, kind, word)
    for language, kinds in keywords().items()
    for kind, words in kinds.items()
    for word in sorted(words)
]


def test_every_language_of_the_answers_has_every_keyword() -> None:
    assert set(keywords()) == set(texts())
    assert len(keywords()) == 13
    kinds = {"join", "stop", "help", "witness", "facts"}
    assert all(set(k) == kinds and all(k.values()) for k in keywords().values())


def test_no_word_means_two_things() -> None:
    for (one, kind, word), (two, other, same) in combinations(ALL, 2):
        assert word != same or kind == other, f"{word}: {kind} in {one}, {other} in {two}"


@pytest.mark.parametrize(("language", "kind", "word"), ALL)
def test_a_word_counts_however_it_is_dressed_and_only_as_the_whole_message(
    language: str, kind: str, word: str
) -> None:
    for dressed in (word, f"  {word.upper()} !! ", f"«{word}».", f"\u202b{word}\u202c\n", f"{word}…"):
        found = meant(dressed)
        assert found.kind == kind, dressed
        assert found.language in {None, language} or kind in keywords()[found.language or "en"]
    assert meant(f"they said {word} to everybody in the street").kind == "other"


@pytest.mark.parametrize(
    ("text", "kind", "rest"),
    [
        ("JOIN E8", "join", "e8"),
        ("join e8 3dl.", "join", "e8 3dl"),
        ("Join: Dalston", "join", "dalston"),
        ("E8", "join", "e8"),
        ("e8 3dl", "join", "e8 3dl"),
        ("انضم E8", "join", "e8"),
        ("加入E8", "join", "e8"),
        ("tham gia E8", "join", "e8"),
        ("KATIL E8", "join", "e8"),
        ("katıl e8", "join", "e8"),
        ("482 133", "code", "482133"),
        ("482-133", "code", "482133"),
        ("٤٨٢١٣٣", "code", "482133"),
        ("48213", "other", ""),
        ("4821334", "other", ""),
        ("STOP!", "stop", ""),
        ("stop stop", "other", ""),
        ("please stop them, they take people away", "other", ""),
        ("help they are in my house", "other", ""),
        ("join us at the raid they are taking people now", "other", ""),
        ("joining E8", "other", ""),
        ("", "other", ""),
        ("🙏", "other", ""),
    ],
)
def test_what_is_meant(text: str, kind: str, rest: str) -> None:
    found = meant(text)
    assert (found.kind, found.rest) == (kind, rest)


@given(st.text(max_size=300))
def test_any_text_means_something_and_what_follows_join_stays_short(text: str) -> None:
    found = meant(text)
    assert isinstance(found, Meant)
    assert len(found.rest) <= 60
    assert folded(folded(text)) == folded(text) or found.kind == "other"


def test_ten_thousand_characters_are_no_keyword() -> None:
    assert meant("stop" * 2_500).kind == "other"
    assert meant("\u202e" * 9_996 + "stop").kind == "stop", "what nobody sees does not hide a STOP"
