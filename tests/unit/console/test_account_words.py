"""The words of the account pages: every language says the same things, with the same places to fill."""

import re
from pathlib import Path

import pytest

from services.console.account.pages import WORDS
from services.console.web.plurals import places_in
from shared.permissions import ALLOWED, OWN, name_of

WEB = Path(__file__).parents[3] / "services" / "console" / "web"


@pytest.mark.parametrize("language", WORDS.languages)
def test_every_language_has_every_text_with_the_same_places(language: str) -> None:
    assert WORDS.keys(language) == WORDS.keys("en")
    texts, english = WORDS._texts[language], WORDS._texts["en"]
    assert {k for k in texts if places_in(texts[k]) != places_in(english[k])} == set()
    assert all(texts.values())


def test_every_text_that_a_page_asks_for_is_there() -> None:
    asked = {
        key
        for page in (WEB / "templates" / "account").glob("*.html")
        for key in re.findall(r'say\("(\w+)"[,)]', page.read_text())
    }
    assert len(asked) > 80
    assert asked - WORDS.keys("en") == set()


def test_every_act_and_role_has_words() -> None:
    acts = {name_of(command) for may in ALLOWED.values() for command in may} | {name_of(c) for c in OWN}
    assert {f"act_{name}" for name in acts} - WORDS.keys("en") == set()
    assert {f"role_{role}{more}" for role in ALLOWED for more in ("", "_what")} - WORDS.keys("en") == set()
