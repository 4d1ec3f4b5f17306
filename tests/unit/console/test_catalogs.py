"""The console's catalogs: every language says everything, with the same places to fill, and who checked it.

One test for all folders, so that a page that is added later is held to the same.
"""

import json
import re
from pathlib import Path

import pytest

from services.console.account.pages import WORDS as ACCOUNT
from services.console.group.pages import LANGUAGES as OF_A_GROUP
from services.console.group.pages import WORDS as GROUP
from services.console.web.desk.words import DESK
from services.console.web.plurals import places_in
from services.console.web.words import CHECKED_BY, Words

WEB = Path(__file__).parents[3] / "services" / "console" / "web"
FOLDERS = {path.name: Words(path) for path in sorted(WEB.glob("*languages"))}
CATALOGS = [(name, language) for name, words in FOLDERS.items() for language in words.languages]
RIGHT_TO_LEFT = {"ar", "ur"}


def texts(folder: str, language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((WEB / folder / f"{language}.json").read_text(encoding="utf-8"))
    return found


def places(text: str) -> set[str]:
    """What is filled in: placeholders, figures, and the `[limit]` that forms fill."""
    return {*places_in(text), *re.findall(r"\[\w+\]", text)}


def words_in(text: str) -> int:
    """One word may well be the same in two languages: Spam, Version, ntfy."""
    return len(re.findall(r"[A-Za-z-]+", re.sub(r"\{\w*\}", "", text)))


def test_every_folder_of_catalogs_is_looked_at() -> None:
    assert set(FOLDERS) == {"account_languages", "desk_languages", "group_languages", "languages"}
    assert {DESK.languages, ACCOUNT.languages, GROUP.languages} == {FOLDERS["languages"].languages}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_speaks_every_language_that_a_group_may_name(folder: str) -> None:
    words = FOLDERS[folder]
    assert set(words.languages) == set(OF_A_GROUP)
    assert dict(words.named()) == OF_A_GROUP


@pytest.mark.parametrize(("folder", "language"), CATALOGS)
def test_no_text_is_missing_or_too_much_and_each_keeps_its_places(folder: str, language: str) -> None:
    english, own = texts(folder, "en"), texts(folder, language)
    assert own.keys() - english.keys() == set()
    assert FOLDERS[folder].missing(language) == frozenset()
    assert {key for key in english if places(own[key]) != places(english[key])} == set()
    assert own["direction"] == ("rtl" if language in RIGHT_TO_LEFT else "ltr")


@pytest.mark.parametrize(("folder", "language"), CATALOGS)
def test_no_translation_was_left_in_english(folder: str, language: str) -> None:
    english, own = texts(folder, "en"), texts(folder, language)
    same = {key for key, text in english.items() if own[key] == text and words_in(text) > 1}
    assert language == "en" or same == set()


@pytest.mark.parametrize(("folder", "language"), CATALOGS)
def test_texts_carry_no_stray_marks(folder: str, language: str) -> None:
    """No doubled space, nothing at either end (the comma between figures has its space), no markup."""
    for key, text in texts(folder, language).items():
        assert key == "built_comma" or text == text.strip(), key
        assert "  " not in text, key
        assert not re.search(r"[<>\ufffd]", text), key


@pytest.mark.parametrize("language", DESK.languages)
def test_no_two_states_are_told_by_the_same_word(language: str) -> None:
    own = texts("desk_languages", language)
    for kind in ("status_", "fate_", "ask_means_", "agency_"):
        said = [text.casefold() for key, text in own.items() if key.startswith(kind)]
        assert len(said) > 3
        assert len(set(said)) == len(said), said


def test_a_missing_or_empty_text_is_shown_in_english_and_named(tmp_path: Path) -> None:
    english = {
        "direction": "ltr",
        CHECKED_BY: "",
        "send": "Send",
        "exit": "Leave {n}",
        "unchecked": "By a machine.",
    }
    (tmp_path / "en.json").write_text(json.dumps(english))
    (tmp_path / "ur.json").write_text(json.dumps({"direction": "rtl", CHECKED_BY: "", "send": ""}))
    (tmp_path / "sq.json").write_text(json.dumps({**english, CHECKED_BY: "Ada, 1 May 2026"}))
    words = Words(tmp_path)
    assert words.say("ur", "send") == "Send"
    assert words.say("ur", "exit", n=3) == "Leave \u20663\u2069"
    assert words.missing("ur") == {"send", "exit", "unchecked"}
    assert words.missing("sq") == frozenset()
    assert [words.unchecked_in_english(tag) for tag in ("en", "ur", "sq")] == ["", "By a machine.", ""]
