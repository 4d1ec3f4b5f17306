"""The relay's own templates: which language goes out, who stands behind it, and what is refused by line."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from alert_relay.cli.root import relay
from services.notifier import main
from shared.errors import SettingsError
from shared.words import MIN_CHARS, render
from shared.words.library import ENGLISH, IN_FORCE, SHIPPED, Library, read_library, shipped
from shared.words.library_check import flaws_in, not_in_force
from shared.words.own_examples import BASE_URL, GROUP, examples

TODAY = date(2022, 5, 14)
NAME = "tr/short/CONFIRMED.j2"
TEXT = """{% import "tr/common.j2" as w %}
! {{ drill }}CONFIRMED {{ w.when(at) }} {{ group }} {{ code }}: göçmenlik memurları, {{ place }}.
3 {{ statement }}
! Gözlemle, engelleme.
2 {% if link %}Haber: {{ link }}{% endif %}
"""
COMMON = (
    "{%- macro when(t) -%}{{ t.day }}/{{ t.month }} "
    '{{ "%02d:%02d"|format(t.hour, t.minute) }}{%- endmacro -%}'
)


def library(folder: Path, text: str = TEXT, *, head: dict[str, Any] | None = None) -> Library:
    """The English templates and one in Turkish."""
    for file in SHIPPED.rglob("*.j2"):
        copied = folder / file.relative_to(SHIPPED)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(file.read_text())
    (folder / NAME).parent.mkdir(parents=True, exist_ok=True)
    (folder / "tr" / "common.j2").write_text(COMMON)
    above = "".join(f"{k}: {v}\n" for k, v in head.items()) if head else ""
    (folder / NAME).write_text((f"---\n{above}---\n" if head else "") + text)
    return read_library(folder)


def signed(folder: Path, text: str = TEXT, **more: Any) -> Library:
    digest = library(folder, text).digest(NAME)
    head = {
        "signed_by": "Aylin",
        "signed_on": "2022-05-01",
        "expires_on": "2022-11-01",
        "signed_digest": digest,
    }
    return library(folder, text, head={**head, **more})


def said(found: Library, *, language: str = "tr", drill: bool = False) -> Any:
    alert = next(examples("CONFIRMED")).alert.model_copy(update={"drill": drill})
    return render(alert, GROUP, language=language, max_chars=MIN_CHARS, base_url=BASE_URL, library=found)


def test_what_ships_has_no_flaw() -> None:
    assert flaws_in(shipped()) == []


def test_words_in_another_language_go_out_only_signed(tmp_path: Path) -> None:
    """Of a language made up here, and of whatever ships."""
    unsigned = [library(tmp_path), shipped()]
    tried = 0
    for found in unsigned:
        for name in found.templates:
            language = name.partition("/")[0]
            if language != ENGLISH and found.standing(name, TODAY) not in IN_FORCE:
                assert said(found, language=language).language == ENGLISH
                tried += 1
    assert tried > 0


@pytest.mark.parametrize("language", ["es", "pt", "pl", "tr", "ar", "bn", "fr", "ro", "ur", "sq", "vi", "zh"])
def test_without_words_in_a_language_english_goes_out_with_the_link(language: str) -> None:
    made = said(shipped(), language=language)
    assert (made.language, made.text.startswith("CONFIRMED Sat 14/5 18:42")) == ("en", True)
    assert f"{BASE_URL}/i/D7K" in made.text


def test_the_link_is_dropped_last_where_another_language_was_wanted() -> None:
    case = next(examples("OVER")).alert
    body = case.body.model_copy(update={"statement": "They went. " * 8})  # type: ignore[union-attr]
    long_link = "https://relay.example/" + "x" * 40
    fields: Any = {"max_chars": MIN_CHARS, "base_url": long_link}
    alert = case.model_copy(update={"body": body})
    assert "/i/D7K" in render(alert, GROUP, language="tr", **fields).text


def test_words_that_a_reader_signed_go_out_in_their_language(tmp_path: Path) -> None:
    made = said(signed(tmp_path))
    assert made.language == "tr"
    assert "göcmenlik memurlari" in made.text
    assert made.subject.startswith("CONFIRMED D7K"), "a subject that nobody translated is English"


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (None, "unsigned"),
        ({"expires_on": "2022-05-14"}, "expired"),
        ({"signed_on": "2022-05-15"}, "signed_in_the_future"),
        ({"signed_digest": "sha256-0000000000000000"}, "changed_since_signed"),
    ],
)
def test_without_a_signature_that_holds_it_is_english_and_in_an_exercise_says_so(
    tmp_path: Path, head: dict[str, Any] | None, why: str
) -> None:
    found = library(tmp_path) if head is None else signed(tmp_path, **head)
    assert found.standing(NAME, TODAY) == why
    assert not_in_force(found, TODAY) == {NAME: why}
    assert said(found).language == "en"
    drilled = said(found, drill=True)
    assert drilled.language == "tr"
    assert drilled.text.startswith("DRILL CONFIRMED 14/5 18:42")
    assert "Bu ceviriyi kimse" in drilled.text.replace("çeviriyi", "ceviriyi")


def test_a_changed_macro_voids_the_signature(tmp_path: Path) -> None:
    assert signed(tmp_path).standing(NAME, TODAY) == "signed"
    (tmp_path / "tr" / "common.j2").write_text(COMMON + " ")
    assert read_library(tmp_path).standing(NAME, TODAY) == "signed", "a blank says nothing"
    (tmp_path / "tr" / "common.j2").write_text(COMMON.replace("/", "."))
    assert read_library(tmp_path).standing(NAME, TODAY) == "changed_since_signed"


FLAWS = [
    (TEXT.replace("{{ place }}", "{{ plase }}"), 2, "plase", "an unknown field"),
    (TEXT.replace("{{ code }}", ""), 1, "D7K", "no code"),
    (TEXT.replace("{{ w.when(at) }}", ""), 1, "18:42", "no time"),
    (TEXT.replace("{{ group }}", ""), 1, "Hackney", "no group"),
    (TEXT + "{% if %}\n", 6, "Expected", "no Jinja"),
    (TEXT + "3 {{ code.__class__ }}\n", 6, "__class__", "an attribute"),
    (TEXT + "3 {{ code['__class__'] }}\n", 6, "__class__", "the same by its name"),
    (TEXT + "3 {{ ('x' * 10000000) }}\n", 6, "repeat", "ten megabytes"),
    (TEXT + "3 {{ 9 ** 9 ** 9 }}\n", 6, "pow", "a number without end"),
    (TEXT + "{% for a in place %}{% for b in place %}x{% endfor %}{% endfor %}\n", 6, "loop", "loops"),
    (TEXT + "3 {{ code|center(100000000) }}\n", 6, "center", "a filter that makes much of little"),
    (TEXT + "3 {{ code.upper() }}\n", 6, "call", "a call"),
    (TEXT.replace("engelleme", "bak"), 1, "Gözlemle, engelleme.", "what may not be said otherwise"),
    (TEXT + "3 {{ range(99) }}\n", 6, "range", "what does not exist"),
    (TEXT + '{% include "en/short/OVER.j2" %}\n', 6, "include", "another template"),
    (TEXT + "! " + "kelime " * 40 + "\n", 1, "306", "too long for two text messages"),
]


@pytest.mark.parametrize(("text", "line", "says", "why"), FLAWS)
def test_a_template_that_does_not_do_is_refused_by_file_and_line(
    tmp_path: Path, text: str, line: int, says: str, why: str
) -> None:
    found = flaws_in(library(tmp_path, text))
    assert [(f.name, f.line) for f in found][:1] == [(NAME, line)], (why, found)
    assert says in found[0].what


def test_the_line_is_the_files_also_below_a_head(tmp_path: Path) -> None:
    (flaw, *_) = flaws_in(signed(tmp_path, TEXT.replace("{{ place }}", "{{ plase }}")))
    assert (flaw.name, flaw.line) == (NAME, 8)


def test_a_missing_english_template_is_a_flaw(tmp_path: Path) -> None:
    library(tmp_path)
    (tmp_path / "en" / "long" / "OVER.j2").unlink()
    assert [f.name for f in flaws_in(read_library(tmp_path))] == ["en/long/OVER.j2"]


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("signed_by: Aylin\n", "four parts"),
        ("sined_by: Aylin\n", "no such key"),
        ("a: [b\n", "YAML"),
        ("signed_on: yesterday\n", "signed_on"),
    ],
)
def test_a_head_that_is_none_is_named(tmp_path: Path, head: str, says: str) -> None:
    library(tmp_path)
    (tmp_path / NAME).write_text(f"---\n{head}---\n{TEXT}")
    with pytest.raises(SettingsError, match=r"CONFIRMED\.j2 line 2: ") as raised:
        read_library(tmp_path)
    assert says in str(raised.value)


def test_a_head_without_an_end(tmp_path: Path) -> None:
    library(tmp_path)
    (tmp_path / NAME).write_text(f"---\nsigned_by: Aylin\n{TEXT}")
    with pytest.raises(SettingsError, match="three dashes"):
        read_library(tmp_path)


def test_a_notifier_does_not_start_over_a_template_with_a_flaw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = library(tmp_path, TEXT.replace("{{ place }}", "{{ plase }}"))
    monkeypatch.setattr(main, "shipped", lambda: broken)
    with pytest.raises(SettingsError, match=r"CONFIRMED\.j2 line 2: .*plase"):
        main.look_at_words(FixedClock())


def test_a_notifier_starts_without_signatures_and_names_what_nobody_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = library(tmp_path)
    monkeypatch.setattr(main, "shipped", lambda: found)
    with capture_logs() as logs:
        main.look_at_words(FixedClock())
    named = [(line["event"], line["template"], line["reason"]) for line in logs]
    assert named == [("words_not_in_force", NAME, "unsigned")]


class FixedClock:
    """A day."""

    def now(self) -> datetime:
        """It."""
        return datetime(2022, 5, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_names_mistakes_and_standings(tmp_path: Path, *, as_json: bool) -> None:
    def checked(*more: str) -> tuple[int, str]:
        ran = CliRunner().invoke(relay, ["words", "check", *more, *(["--json"] if as_json else [])])
        return ran.exit_code, ran.output

    code, out = checked()
    assert (code, "original" in out) == (0, True)
    library(tmp_path)
    assert checked(str(tmp_path))[0] == 0, "unsigned is no mistake"
    signed(tmp_path, expires_on="2022-05-02")
    code, out = checked(str(tmp_path))
    assert (code, "expired" in out, "sha256-" in out) == (1, True, True)
    assert re.search(r'"line":[2-9],"standing":"expired"' if as_json else r"\.j2 line [2-9]: expired", out)
    library(tmp_path, TEXT + "3 {{ plase }}\n")
    code, out = checked(str(tmp_path))
    assert (code, "plase" in out) == (1, True)
    assert ('"line":6' if as_json else "line 6:") in out


def test_the_command_says_that_there_is_nothing(tmp_path: Path) -> None:
    assert CliRunner().invoke(relay, ["words", "check", str(tmp_path)]).exit_code == 2
