"""The words of the account pages: whatever a page, an act or a role asks for is there."""

import re
from pathlib import Path

from services.console.account.pages import WORDS
from shared.permissions import ALLOWED, OWN, name_of

WEB = Path(__file__).parents[3] / "services" / "console" / "web"


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
