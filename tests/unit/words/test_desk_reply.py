"""What reads as a desk reply, in every language; never what is talk, and never an exception."""

import re
import unicodedata
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.words import desk_reply, join_code, looks_like_desk_reply, tally_in, with_code_of
from shared.words.desk_words import KEYWORDS, Keyword, fold, keywords, languages, plain

THIRTEEN = {"en", "es", "pt", "pl", "tr", "ar", "bn", "fr", "ro", "ur", "sq", "vi", "zh"}
ALL = [
    (language, keyword, word)
    for language, table in languages().items()
    for keyword in KEYWORDS
    for word in table[keyword]
]
CODES = st.from_regex(r"[A-HJ-NP-Z][2-9][A-HJ-NP-Z]([A-HJ-NP-Z][2-9])?", fullmatch=True)


def test_every_language_has_every_word_and_no_word_means_two_things() -> None:
    assert set(languages()) == THIRTEEN
    for table in languages().values():
        assert set(table) == {*KEYWORDS, "WITNESSES", "let_go", "taken", "unknown"}
        assert all(table.values())
    assert {keyword for keyword, _ in keywords().values()} == set(get_args(Keyword))


@pytest.mark.parametrize(("language", "keyword", "word"), ALL)
def test_each_word_in_each_form_with_a_code(language: str, keyword: str, word: str) -> None:
    for written in (word, word.upper(), fold(word), f"{word}:", unicodedata.normalize("NFD", word)):
        found = desk_reply(f"{written} d7k now")
        assert found is not None, written
        assert (found.keyword, found.code, found.words) == (keyword, "D7K", "now")
        assert language in found.languages
        assert looks_like_desk_reply(f"{written} D7K")
    bare = desk_reply(f" {word}! ")
    assert bare is not None
    assert (bare.keyword, bare.code) == (keyword, None)


@pytest.mark.parametrize(
    ("text", "keyword", "code", "words"),
    [
        ("MINE D7K", "MINE", "D7K", ""),
        ("mine d 7 k, there in 5", "MINE", "D7K", "there in 5"),
        ("mine D-7-K", "MINE", "D7K", ""),
        ("mine #D7K", "MINE", "D7K", ""),
        ("seen D7KB3 two vans\nand a bus", "SEEN", "D7KB3", "two vans\nand a bus"),
        ("ＭＩＮＥ Ｄ７Ｋ", "MINE", "D7K", ""),
        ("لي D٧K", "MINE", "D7K", ""),
        ("আমার D৭K", "MINE", "D7K", ""),
        ("我来D7K", "MINE", "D7K", ""),
        ("\u200fنعم\u200e D7K", "YES", "D7K", ""),
        ("/mine D7K", "MINE", "D7K", ""),
        ("/mine@hackney_bot D7K", "MINE", "D7K", ""),
        ("@hackney_bot mine D7K", "MINE", "D7K", ""),
        ("confrm D7K", "CONFIRM", "D7K", ""),
        ("tehre D7K", "THERE", "D7K", ""),
        ("polcie D7K", "POLICE", "D7K", ""),
        ("sen D7K", "SEEN", "D7K", ""),
        ("YES D7K 4821", "YES", "D7K", "4821"),
        ("yes 4821", "YES", None, "4821"),
        ("?", "LIST", None, ""),
        ("/list@hackney_bot", "LIST", None, ""),
        ("NOT", "NOT", None, ""),
    ],
)
def test_these_are_replies(text: str, keyword: str, code: str | None, words: str) -> None:
    found = desk_reply(text)
    assert found is not None
    assert (found.keyword, found.code, found.words) == (keyword, code, words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "help",
        "stop",
        "police at the market",
        "not here",
        "there are six officers at Mare Street E8 3DL",
        "mine is the second house",
        "D7K mine",
        "is D7K mine?",
        "who is on D7K",
        "please confirm D7K",
        "mineD7K",
        "MINE D7KX",
        "MINE D1K",
        "nto D7K",
        "yes we can see them",
        "yes 48210",
        "no 4821",
        "go to SW1A 2AA",
        "going to N1C now",
        "over 40 officers",
        "x" * 60 + " D7K",
    ],
)
def test_these_are_not(text: str) -> None:
    assert desk_reply(text) is None
    assert not looks_like_desk_reply(text)


@pytest.mark.parametrize("text", ["MINE", "yes", "?", "list", "JOIN-AB2C-3DEF"])
def test_a_groups_talk_without_a_code_stays_its_own(text: str) -> None:
    assert not looks_like_desk_reply(text)
    assert looks_like_desk_reply(text, addressed=True) == (join_code(text) is None)


@given(st.text(max_size=300))
@example("\ud800 D7K".encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
@example("@" * 200 + " D7K")
def test_nothing_raises_and_whatever_is_a_reply_begins_with_its_keyword(text: str) -> None:
    found = desk_reply(text)
    join_code(text), with_code_of(text, text), tally_in(text)
    if found is not None and found.code is not None:
        assert re.fullmatch(r"[A-HJ-NP-Z][2-9][A-HJ-NP-Z]([A-HJ-NP-Z][2-9])?", found.code)
        assert looks_like_desk_reply(text)
        head = plain(text).strip().upper().split(found.code[0])[0]
        assert len(head) <= 41


@given(st.sampled_from(ALL), CODES, st.text("abc ,.!é不ب", max_size=20))
def test_what_follows_the_code_is_kept_as_it_was_written(
    known: tuple[str, str, str], code: str, rest: str
) -> None:
    found = desk_reply(f"{known[2]} {code} . {rest}")
    assert found is not None
    assert (found.keyword, found.code) == (known[1], code)
    assert found.words == rest.lstrip(" ,.").strip()


@given(st.sampled_from([a for a in ALL if len(fold(a[2])) >= 4 and a[0] != "zh"]), st.data())
def test_one_wrong_letter_never_makes_another_word_of_it(
    known: tuple[str, str, str], data: st.DataObject
) -> None:
    word = fold(known[2])
    at = data.draw(st.integers(0, len(word) - 1))
    spoilt = word[:at] + data.draw(st.sampled_from("qzxw")) + word[at + 1 :]
    found = desk_reply(f"{spoilt} D7K")
    exact = keywords().get(spoilt)
    assert found is None or found.keyword == (exact[0] if exact else known[1])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("JOIN-AB2C-3DEF", "JOIN-AB2C-3DEF"),
        ("join ab2c 3def.", "JOIN-AB2C-3DEF"),
        ("Join ab2c3def", "JOIN-AB2C-3DEF"),
        ("ＪＯＩＮ－ＡＢ２Ｃ－３ＤＥＦ", "JOIN-AB2C-3DEF"),
        ("join them here", None),
        ("join us", None),
        ("please JOIN-AB2C-3DEF", None),
        ("JOIN-AB2C-3DEFG", None),
        ("JOIN-AB1C-3DEF", None),
    ],
)
def test_a_one_time_code_is_the_whole_message(text: str, code: str | None) -> None:
    assert join_code(text) == code


ALERT = "UNCONFIRMED D7K. For verifiers only.\nCan you check? Claim D7K on the desk first."


@pytest.mark.parametrize(
    ("text", "quoted", "with_code"),
    [
        ("GO", ALERT, "GO D7K"),
        ("seen two vans", ALERT, "seen D7K two vans"),
        ("en route", ALERT, "en route D7K"),
        ("/go@hackney_bot", ALERT, "go D7K"),
        ("MINE K2M", ALERT, None),
        ("thanks all", ALERT, None),
        ("GO", "see you there", None),
        ("GO", "the code is d7k", None),
    ],
)
def test_an_answer_to_an_alert_takes_its_code(text: str, quoted: str, with_code: str | None) -> None:
    assert with_code_of(text, quoted) == with_code


@pytest.mark.parametrize(
    ("words", "counts", "nothing_else"),
    [
        ("2 let go, 1 taken", {"let_go": 2, "taken": 1}, True),
        ("2 let go and 1 taken", {"let_go": 2, "taken": 1}, True),
        ("3 arrested, all calm", {"taken": 3}, False),
        ("2 liberados y 3 detenidos", {"let_go": 2, "taken": 3}, True),
        ("2人释放，1人带走", {"let_go": 2, "taken": 1}, True),
        ("১ আটক", {"taken": 1}, True),
        ("1 unknown", {"unknown": 1}, True),
        ("they left", {}, False),
        ("12345 taken", {}, False),
        ("", {}, True),
    ],
)
def test_numbers_before_known_words_are_counted(
    words: str, counts: dict[str, int], *, nothing_else: bool
) -> None:
    assert tally_in(words) == (counts, nothing_else)
