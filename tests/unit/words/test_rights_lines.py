"""What a message says about the law where people are, a lawyer's words or none; what witnesses are told."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alert_relay.cli.root import relay
from shared.contracts.situation import JURISDICTIONS, SETTINGS
from shared.words import render
from shared.words.library import SHIPPED, Library, read_library, shipped
from shared.words.library_check import flaws_in, not_in_force
from shared.words.own_examples import BASE_URL, GROUP, examples
from shared.words.rights import MOST, rights_line, unwritten
from shared.words.sms import is_plain, sms_places
from tests.unit.words.test_library import TODAY

HOME = "en/rights/scotland/home.j2"
PLACES = [(jurisdiction, setting) for jurisdiction in JURISDICTIONS for setting in SETTINGS]
SIGNED = {
    "signed_by": "A. Advocate",
    "signed_as": "lawyer",
    "signed_on": "2022-05-01",
    "expires_on": "2022-11-01",
}

BY_A_READER = """---
signed_by: Ada
signed_on: 2022-05-01
expires_on: 2022-11-01
signed_digest: sha256-0
---
You may ask.
"""


def copied(folder: Path, **files: str) -> Library:
    """The templates that ship, with these files (`a__b` is a/b.j2) besides or instead."""
    shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.j2"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return read_library(folder)


def signed(folder: Path, name: str, text: str, **more: Any) -> Library:
    """With that line signed."""
    key = name.removesuffix(".j2").replace("/", "__")
    digest = copied(folder, **{key: text}).digest(name)
    head = {**SIGNED, "signed_digest": digest, **more}
    above = "".join(f"{k}: {v}\n" for k, v in head.items())
    return copied(folder, **{key: f"---\n{above}---\n{text}"})


def said(  # noqa: PLR0913 - what a message depends on
    found: Library | None = None,
    *,
    setting: str | None = "home",
    jurisdiction: str | None = "scotland",
    language: str = "en",
    drill: bool = False,
    most: int = 4000,
) -> str:
    alert = next(e.alert for e in examples("CONFIRMED") if e.alert.ask == "WITNESSES")
    where = {"setting": setting, "jurisdiction": jurisdiction}
    body = alert.body.model_copy(update=where)  # type: ignore[union-attr]
    alert = alert.model_copy(update={"body": body, "drill": drill})
    return render(
        alert, GROUP, language=language, max_chars=most, base_url=BASE_URL, library=found or shipped()
    ).text


@pytest.mark.parametrize(("jurisdiction", "setting"), PLACES)
def test_each_place_and_setting_has_its_line_in_english(jurisdiction: str, setting: str) -> None:
    line = rights_line(shipped(), "en", jurisdiction, setting, TODAY, drill=True)
    text, _, mark = line.partition(" No lawyer")
    assert mark == " has reviewed this." or shipped().standing(HOME, TODAY) == "signed"
    assert is_plain(text)
    assert 0 < sms_places(text) <= MOST


def test_nothing_is_said_of_the_law_that_no_lawyer_signed() -> None:
    """True of what ships, until somebody signs it."""
    for jurisdiction, setting in PLACES:
        name = f"en/rights/{jurisdiction}/{setting}.j2"
        if shipped().standing(name, TODAY) != "signed":
            assert shipped().templates[name].text.strip() not in said(
                setting=setting, jurisdiction=jurisdiction
            )


def test_a_signed_line_goes_out_where_it_holds_and_nowhere_else(tmp_path: Path) -> None:
    found = signed(tmp_path, HOME, "You may ask to see it.\n")
    assert flaws_in(found) == []
    assert "You may ask to see it." in said(found)
    for other in ({"setting": "work"}, {"setting": None}, {"jurisdiction": "england-wales"},
                  {"jurisdiction": None}):  # fmt: skip
        assert "You may ask to see it." not in said(found, **other)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ({"expires_on": "2022-05-14"}, "expired"),
        ({"signed_on": "2022-05-15"}, "signed_in_the_future"),
        ({"signed_digest": "sha256-0000000000000000"}, "changed_since_signed"),
    ],
)
def test_a_signature_that_does_not_hold_is_none_and_is_named(
    tmp_path: Path, head: dict[str, str], why: str
) -> None:
    found = signed(tmp_path, HOME, "You may ask to see it.\n", **head)
    assert "You may ask" not in said(found)
    assert not_in_force(found, TODAY) == {HOME: why}


def test_in_an_exercise_an_unsigned_line_goes_out_and_says_so() -> None:
    line = shipped().templates[HOME].text.strip()
    assert f"{line} No lawyer has reviewed this." in said(drill=True)


def test_a_line_in_the_messages_language_goes_before_english(tmp_path: Path) -> None:
    assert (
        rights_line(
            signed(tmp_path, HOME.replace("en/", "pl/"), "Po polsku.\n"),
            "pl",
            "scotland",
            "home",
            TODAY,
            drill=False,
        )
        == "Po polsku."
    )
    english = signed(tmp_path / "other", HOME, "In English.\n")
    assert rights_line(english, "pl", "scotland", "home", TODAY, drill=False) == "In English."
    assert rights_line(english, "pl", "scotland", "work", TODAY, drill=False) == ""


def test_macros_are_none_of_a_lawyers_business(tmp_path: Path) -> None:
    """A signature of a line about the law outlives a change of how a date is written."""
    signed(tmp_path, HOME, "You may ask to see it.\n")
    common = tmp_path / "en" / "common.j2"
    common.write_text(common.read_text() + "{%- macro new() -%}x{%- endmacro -%}\n")
    assert read_library(tmp_path).standing(HOME, TODAY) == "signed"


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("en__rights__wales__home", "You may ask.\n", 0, "england-wales, scotland or northern-ireland"),
        ("en__rights__scotland__train", "You may ask.\n", 0, "street, driving, home or work"),
        ("en__rights__home", "You may ask.\n", 0, "jurisdiction"),
        ("en__rights__scotland__home", "\nYou may ask.\nAnd ask.\n", 3, "one line"),
        ("en__rights__scotland__home", "\n\n", 1, "one line"),
        ("en__rights__scotland__home", "You may ask {{ group }}.\n", 1, "brackets"),
        ("en__rights__scotland__home", f"\n{'Ask them. ' * 11}\n", 2, "100 characters"),
        ("en__rights__scotland__home", BY_A_READER, 1, "signed_as: lawyer"),
    ],
)  # fmt: skip
def test_a_line_that_does_not_do_is_refused_by_file_and_line(
    tmp_path: Path, name: str, text: str, line: int, says: str
) -> None:
    (flaw,) = flaws_in(copied(tmp_path, **{name: text}))
    assert (flaw.name, flaw.line) == (f"{name.replace('__', '/')}.j2", line)
    assert says in flaw.what


def test_what_is_not_there_is_said_and_is_no_mistake(tmp_path: Path) -> None:
    copied(tmp_path, pl__rights__scotland__work="Po polsku.\n")
    (tmp_path / HOME).unlink()
    lacks = unwritten(read_library(tmp_path))
    assert HOME in lacks
    assert sum(name.startswith("pl/") for name in lacks) == 11
    ran = CliRunner().invoke(relay, ["words", "check", str(tmp_path)])
    assert ran.exit_code == 0
    assert f"{tmp_path / HOME}: missing; messages there say nothing about the law" in ran.output
    assert unwritten(shipped()) == []


@pytest.mark.parametrize("most", [306, 4000])
def test_who_comes_is_told_how_in_that_place(most: int) -> None:
    told = {setting: said(setting=setting, jurisdiction=None, most=most) for setting in (None, *SETTINGS)}
    assert "Keep back, film officers, not those held." in told[None]
    assert told["street"] == told[None]
    assert "Keep off the road." in told["driving"]
    assert "not the home or its people." in told["home"]
    assert "not those who work there." in told["work"]
    assert all("WITNESSES useful, only if safe for you." in text for text in told.values())


def test_who_only_wants_facts_is_told_the_law_and_asked_nothing(tmp_path: Path) -> None:
    found = signed(tmp_path, HOME, "You may ask to see it.\n")
    alert = next(e.alert for e in examples("CONFIRMED") if e.alert.ask == "NONE")
    body = alert.body.model_copy(update={"setting": "home", "jurisdiction": "scotland"})  # type: ignore[union-attr]
    text = render(
        alert.model_copy(update={"body": body}), GROUP, language="en", max_chars=306, base_url=BASE_URL,
        library=found,
    ).text  # fmt: skip
    assert "You may ask to see it." in text
    assert "WITNESSES" not in text
    assert "film" not in text
