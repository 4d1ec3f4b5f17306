"""The shift card says what was missing in 2022, in every language that has one."""

import tomllib
from pathlib import Path

import pytest

from services.console.web.desk.words import DESK
from shared.words import shift_card as cards
from shared.words.shift_card import shift_card

LANGUAGES = sorted(tomllib.loads((Path(cards.__file__).parent / "shift_card.toml").read_text("utf-8")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_is_whole(language: str) -> None:
    card = shift_card(language)
    assert card.version >= 1
    assert bool(card.reviewed_by) == bool(card.reviewed_on)
    assert any("999" in line for line in card.lines)
    assert len(card.lines) == len(shift_card("en").lines)
    assert card.version == shift_card("en").version, "it says what the English says now"
    assert card.by_a_machine == (language != "en" and not card.reviewed_by)


@pytest.mark.parametrize("language", DESK.languages)
def test_who_reads_the_pages_in_a_language_reads_the_card_in_it(language: str) -> None:
    card = shift_card(language)
    assert card.language == language
    assert language == "en" or not set(card.lines) & set(shift_card("en").lines)


def test_english_names_what_must_be_known() -> None:
    text = " ".join(shift_card("en").lines)
    for word in ("alcohol", "everyone who comes out", "first-aider", "ambulance", "food", "fare", "phone"):
        assert word in text


def test_a_language_without_a_card_gets_the_english_one() -> None:
    assert shift_card("xx") == shift_card("en")
