"""One mistake a file: each stops the start with file, entry, key and remedy."""

import re
from pathlib import Path

import pytest

from services.ingest.keys import load_keys
from services.ingest.web.words import Words
from shared.errors import SettingsError
from shared.plugins.bridge_file import MANIFEST, load_bridges
from shared.plugins.registry import load_plugins
from shared.plugins.testing import CaseSecrets
from shared.words.sms import sms_length

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SECRETS = CaseSecrets({"env:TOKEN": "value-of-the-secret"})
GOOD = "- {id: sms, kind: twilio-sms, settings: {auth_token: 'env:TOKEN'}}\n"

MAIL = "{address: a@x.example, mailbox: 'imaps://a@x.example', password: env:TOKEN}"


def test_a_good_bridges_file(tmp_path: Path) -> None:
    file = tmp_path / "bridges.yaml"
    file.write_text(GOOD)
    assert list(load_bridges(file, SECRETS)) == ["sms"]
    assert load_bridges(None, SECRETS) == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (GOOD + GOOD, "bridge sms: the id is taken"),
        ("- {id: web, kind: twilio-sms}", "bridge web: the id is taken"),
        ("- {id: sms, kind: fax}", "bridge sms: there is no kind 'fax'; choose one of android-sms, "),
        ("- {id: 'No Slug', kind: telegram}", "bridge 1: id: String should match"),
        ("- {id: sms}", "bridge 1: kind: Field required"),
        ("- {id: sms, kind: twilio-sms, settings: {}}", "bridge sms: settings.auth_token: Field required"),
        (
            "- {id: sms, kind: twilio-sms, settings: {auth_token: 'env:TOKEN', replies: no}}",
            "bridge sms: settings.replies: there is no such key; remove it or mend its spelling",
        ),
        (
            "- {id: sms, kind: twilio-sms, settings: {auth_token: 'env:NO'}}",
            "bridge sms: The secret env:NO is not set",
        ),
        ("- {id: [", "line 1: not YAML"),
        ("just words", "Input should be a valid list"),
        ("- {id: email, kind: twilio-sms}", "bridge email: the id is taken"),
        (
            GOOD.replace("settings", "subscriptions: {countries: [XX]}, settings"),
            "a country is written by its two letters, like GB",
        ),
        (
            GOOD.replace("settings", "subscriptions: {}, settings").replace("{id: sms", f"{{id: {'s' * 25}"),
            "the id of a bridge for subscriptions has 24 characters at most",
        ),
        (
            f"- {{id: mail, kind: email, subscriptions: {{}}, settings: {MAIL}}}",
            "bridge mail: nobody can subscribe by email",
        ),
    ],
)
def test_a_wrong_bridges_file(content: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "bridges.yaml"
    file.write_text(content)
    with pytest.raises(SettingsError) as raised:
        load_bridges(file, SECRETS)
    assert str(raised.value).startswith(str(file))
    assert says in str(raised.value)
    assert "value-of-the-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"- {{name: a, sha256: {SHA}, rights: [fly]}}", "key 1: rights.0: Input should be"),
        ("- {name: a, sha256: short}", "key 1: sha256: String should match"),
        (f"- {{name: a, sha256: {SHA}}}\n- {{name: b, sha256: {SHA}}}", "key 2: its sha256 is taken"),
        (f"- {{name: a, sha256: {SHA}, secret: x}}", "key 1: secret: there is no such key"),
    ],
)
def test_a_wrong_keys_file(content: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(content)
    with pytest.raises(SettingsError) as raised:
        load_keys(file)
    assert str(file) in str(raised.value)
    assert says in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: cannot be read"):
        load_keys(tmp_path / "nowhere.yaml")


def test_a_key_is_found_by_its_secret(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(f"- {{name: a, sha256: {SHA}, rights: [high_volume]}}\n")
    found = load_keys(file).find("test")
    assert found is not None
    assert (found.name, found.rights) == ("a", frozenset({"high_volume"}))
    assert load_keys(file).find("wrong") is None


def test_the_manifest_loads() -> None:
    assert {"android-sms", "telegram", "twilio-sms"} <= set(load_plugins(MANIFEST, "no.such.group"))


def test_every_language_has_every_text_with_the_same_placeholders() -> None:
    words = Words()
    for language in words.languages:
        assert words.keys(language) == words.keys("en")
        assert words.missing(language) == frozenset(), language
        for key in words.keys("en"):
            assert placeholders(words, language, key) == placeholders(words, "en", key), (language, key)
    assert [words.direction(language) for language in ("ar", "ur", "en")] == ["rtl", "rtl", "ltr"]


def placeholders(words: Words, language: str, key: str) -> list[str]:
    text = words.say(
        language, key, metres="{metres}", ref="{ref}", time="{time}", codes="{codes}", who="{who}"
    )
    return sorted(re.findall(r"\{\w+\}", text))


def test_a_missing_text_is_english_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "en.json").write_text('{"checked_by": "", "send": "Send", "exit": "Leave"}')
    (tmp_path / "xx.json").write_text('{"checked_by": "Ada, 1 May 2026", "send": " "}')
    words = Words(tmp_path)
    assert words.say("xx", "exit") == "Leave"
    assert words.missing("xx") == {"send", "exit"}
    assert not words.unchecked("xx")


@pytest.mark.parametrize("language", Words().languages)
def test_a_receipt_says_what_it_must_in_few_text_messages(language: str) -> None:
    text = Words().say(language, "receipt_short", ref="ABC123")
    assert "ABC123" in text
    assert "999" in text
    length = sms_length(text)
    assert length.segments <= (2 if length.plain else 3)
    assert length.plain or language not in {"en", "es", "fr"}


@pytest.mark.parametrize("language", Words().languages)
def test_a_receipt_fits_into_a_post_with_who_else_reads_it(language: str) -> None:
    """Every Mastodon takes 500 characters, and the writer's name is among them."""
    words = Words()
    arrived = words.say(language, "receipt_short", ref="ABC123")
    for key in ("company", "servers", "followers", "everybody"):
        assert len(arrived + words.say(language, f"read_by_{key}", who="Telegram")) <= 430
