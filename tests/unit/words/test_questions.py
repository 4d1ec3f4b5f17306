"""The questions to reporters: in every language, short enough to send, and they give nothing away."""

import re
from pathlib import Path

import pytest

from services.router.decide import lexicon as lexicon_module
from shared.words.questions import question, questions

LEXICON = Path(lexicon_module.__file__).parent / "lexicon"
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
TELLING = ("confirm", "likely", "incident", "incidente", "підтвер", "onaylan", "potwierdz", "مؤكد")
ASKS = ("where", "which", "what")
ALL = [(language, asks) for language in questions() for asks in ASKS]
FORM = "https://hub.example/"


def segments(text: str) -> int:
    """How many SMS it takes: 160 characters alone or 153 each, 70 or 67 in any other script."""
    alone, each = (160, 153) if set(text) <= GSM else (70, 67)
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= alone else -(-units // each)


def test_every_language_that_reports_are_understood_in_has_all_three() -> None:
    assert set(questions()) == {path.stem for path in LEXICON.glob("*.toml")}
    assert all(set(texts) == {*ASKS, "exercise"} for texts in questions().values())


@pytest.mark.parametrize(("language", "asks"), ALL)
def test_it_fits_two_sms_as_a_drill_too(language: str, asks: str) -> None:
    assert segments(question(asks, language, drill=True)) <= 2  # type: ignore[arg-type]
    assert question(asks, language, drill=True).startswith("DRILL ")  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "asks"), ALL)
def test_what_is_answered_by_the_form_says_where_and_never_leads_from_a_drill_to_the_real_one(
    language: str, asks: str
) -> None:
    real = question(asks, language, form=FORM)  # type: ignore[arg-type]
    assert real == f"{question(asks, language)}\n{FORM}"  # type: ignore[arg-type]
    drill = question(asks, language, drill=True, form=FORM)  # type: ignore[arg-type]
    assert (drill.startswith("DRILL "), FORM in drill) == (True, False)
    assert drill.endswith(questions()[language]["exercise"])
    assert segments(drill) <= 3


@pytest.mark.parametrize(("language", "asks"), ALL)
def test_it_gives_nothing_away_and_asks(language: str, asks: str) -> None:
    text = questions()[language][asks]  # type: ignore[index]
    assert not re.search(r"\d|://|www\.|@|[{}<>]", text)
    assert not any(word in text.lower() for word in TELLING)
    assert re.search(r"[?？؟]", text)
    assert text == text.strip()
    assert "\n" not in text


def test_the_three_differ_and_no_two_languages_share_one() -> None:
    texts = [text for by_asks in questions().values() for text in by_asks.values()]
    assert len(texts) == len(set(texts))


def test_an_unknown_language_is_asked_in_english() -> None:
    assert question("where", "cy") == questions()["en"]["where"]
    assert question("where", "es") == questions()["es"]["where"]
