"""The lexicon of every language: sound as a file, and right about sentences written before it.

A sentence in `lexicon/<language>.toml` says what a person would understand; here that is compared
with what the relay understands. How to write one: docs/mechanisms/languages.md.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest

from services.router.decide.kinds import Context, reckon
from services.router.decide.lexicon import SIGNS, lexicon, trie
from services.router.decide.phrases import Step, choices, phrases
from services.router.decide.understand import Understood, understand
from shared.text import tokens

SENTENCES: Final = Path(__file__).parent / "lexicon"
LANGUAGES: Final = sorted(path.stem for path in SENTENCES.glob("*.toml"))

MISSES: Final = {
    "am": 0, "ar": 3, "bn": 2, "en": 23, "es": 5, "fr": 3, "hi": 1, "ku": 2, "pa": 0, "pl": 2,
    "pt": 5, "ro": 4, "so": 0, "sq": 2, "ti": 2, "tr": 2, "uk": 2, "ur": 3, "vi": 3, "zh": 3,
}  # fmt: skip
"""How many sentences of each language are misunderstood today. Only ever lower these numbers.

Raised twice, by 16 and by 10 of 2,482, when what words are worth was learned from the corpus and then from
half as much again: on messages that were new to it B-cubed F1 rose by 0.036 by message and 0.030 by incident,
and then by 0.025 and 0.022 (part r). With parts v, w and x it is one more in Kurdish and in Romanian, one
fewer in Hindi and in Portuguese. With parts z, A and B it is one more in Kurdish and in Albanian, and four
fewer in Bengali, Hindi and Urdu. With parts ze, zf and zg it is seven more (66 in all), most thanks that
somebody is free: there B-cubed F1 rose by 0.018 and 0.011 on part zd, by 0.002 and 0.003 on r, y and zc.
"""

ONE_CHAT: Final = (frozenset({"ur", "hi", "pa"}), frozenset({"am", "ti"}))
"""Languages that are one in the chats, at least in their everyday words."""

EITHER: Final = frozenset({"not", "not_after"})
"""A language denies before or behind; one of these is enough."""

RARE: Final = frozenset({"real", "driving"})
"""What a language may do without."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_understood(language: str) -> None:
    """What is said of a sentence holds: its kind, and of `Understood` whatever else is written there.

    The kind is the one that the relay acts upon, `reckon`, here with nothing known around the message.
    It is made to be given more (where the place is, what is going on there), so where it is less than
    half sure without that, the answer of the rules counts, if they have one: it is the lexicon's own.
    """
    missed = [
        f"{sentence['text']}\n    {'; '.join(wrong)}"
        for sentence in sentences(language)
        if (wrong := list(wrongs(sentence)))
    ]
    listed = "\n".join(missed)
    allowed = MISSES[language]
    assert len(missed) <= allowed, f"{language}: {len(missed)} misunderstood, {allowed} known:\n{listed}"
    assert len(missed) >= allowed, f"{language}: {len(missed)} misunderstood now: lower the number in MISSES"


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_known_for_their_language(language: str) -> None:
    """A sign counts only in the languages that a message seems to be in: so everyday words matter most."""
    family = next((family for family in ONE_CHAT if language in family), {language})
    strange = [s["text"] for s in sentences(language) if not family & set(understand(s["text"]).languages)]
    assert not strange, f"add everyday words of these to `common` in {language}.toml"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cry_for_help_is_understood_alone(language: str) -> None:
    """It is a word or two, so its language is known by them or not at all."""
    cries = [cry for text in entries(language)["help"] for cry in choices(text.removeprefix("^"))]
    short = [cry.replace("*", "") for cry in cries if len(tokens(cry)) <= 4]
    assert not [cry for cry in short if understand(cry).kind != "help"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_signs_that_matter(language: str) -> None:
    assert entries(language).keys() <= SIGNS
    found = {sign for sign, texts in entries(language).items() if texts}
    assert not SIGNS - EITHER - RARE - found
    assert found & EITHER


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_adds_something(language: str) -> None:
    """No phrase is written twice under a sign, nor stands for only such as are there already."""
    idle = []
    for sign, texts in entries(language).items():
        known: set[object] = set()
        for text in texts:
            added = set(phrases(text)) - known
            known |= added
            if not added:
                idle.append((sign, text))
    assert not idle


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_can_match(language: str) -> None:
    """Its words come out of `tokens` as they stand in the trie, and there they are found."""
    lost = []
    for sign, texts in entries(language).items():
        for text in texts:
            steps, _ = next(phrases(text))
            words = tokens(" ".join(spoken(steps)))
            if (sign, 0) not in {(hit[0], hit[1]) for hit in trie(language).hits(words)}:
                lost.append((sign, text))
    assert not lost


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_places_can_be_found(language: str) -> None:
    data = lexicon().files[language]
    numbers, places = table(data, "numbers"), table(data, "places")
    assert all(isinstance(n, int) and n > 0 for n in numbers.values())
    assert all(isinstance(name, str) and tokens(name) for name in places.values())
    assert all(tokens(one) for spelt in (*numbers, *places) for one in choices(spelt))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_tells_speakers_where_to_read_on(language: str) -> None:
    """The first lines are comments, so that whoever opens the file knows what it is."""
    text = (
        resources.files("services.router.decide").joinpath("lexicon", f"{language}.toml").read_text("utf-8")
    )
    assert re.match(r"#.+\n#", text)


def test_every_lexicon_has_sentences() -> None:
    assert LANGUAGES == sorted(lexicon().files) == sorted(MISSES)


def sentences(language: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((SENTENCES / f"{language}.toml").read_text("utf-8"))[
        "sentence"
    ]
    return found


def wrongs(sentence: Mapping[str, Any]) -> Iterator[str]:
    """What is misunderstood of a sentence, in words."""
    understood = understand(sentence["text"])
    for name, wanted in sentence.items():
        if name == "text":
            continue
        found: Any = kind_of(understood) if name == "kind" else getattr(understood, name)
        right = found.issuperset(wanted) if name == "venues" else found == wanted
        if not right:
            yield f"{name} is {found}, should be {wanted}"


def kind_of(understood: Understood) -> str:
    reckoned = reckon(understood, Context())
    unsure = reckoned.sure < 0.5 and understood.kind != "unclear"
    return understood.kind if unsure else reckoned.kind


def entries(language: str) -> dict[str, list[str]]:
    """Sign → its phrases, as written."""
    data = lexicon().files[language]
    return {name: texts for name, texts in data.items() if isinstance(texts, list) and name != "common"}


def table(data: Mapping[str, object], name: str) -> dict[str, object]:
    found = data.get(name, {})
    assert isinstance(found, dict)
    return found


def spoken(steps: tuple[Step, ...]) -> Iterator[str]:
    """The words of a phrase in a message, with some word where any may stand."""
    for step in steps:
        if step.how != "gap":
            yield step.word or "xyzzy"
