"""Figures in sentences: each language counts in its own forms, and every catalog has all that it needs."""

import json
from pathlib import Path

import pytest

from services.console.web.plurals import chosen, forms_of, places_in, plurals_in
from services.console.web.words import Words

WEB = Path(__file__).parents[3] / "services" / "console" / "web"
CATALOGS = sorted(WEB.glob("*languages/*.json"))
VANS = "Seen: {n, plural, one {# van} other {# vans}} at {place}."


@pytest.mark.parametrize(("n", "text"), [(0, "0 vans"), (1, "1 van"), (2, "2 vans"), (21, "21 vans")])
def test_english_has_two_forms(n: int, text: str) -> None:
    assert chosen("en", VANS, {"n": n, "place": "x"}) == f"Seen: {text} at {{place}}."


@pytest.mark.parametrize(("n", "form"), [(1, "one"), (2, "few"), (5, "many"), (12, "many"), (22, "few")])
def test_polish_counts_as_poles_do(n: int, form: str) -> None:
    text = "{n, plural, one {one} few {few} many {many} other {other}}"
    assert chosen("pl", text, {"n": n}) == form


def test_a_form_that_is_missing_is_the_other_one() -> None:
    assert chosen("ar", "{n, plural, other {# x}}", {"n": 2}) == "2 x"


def test_what_is_filled_in_is_never_read_as_a_form(tmp_path: Path) -> None:
    (tmp_path / "en.json").write_text(json.dumps({"direction": "ltr", "a": VANS}), encoding="utf-8")
    said = Words(tmp_path).say("en", "a", n=1, place="{n, plural, other {boo}} {0.__class__}")
    assert said == "Seen: 1 van at {n, plural, other {boo}} {0.__class__}."


def test_figures_keep_their_direction_between_words_from_right_to_left(tmp_path: Path) -> None:
    for tag, direction in (("en", "ltr"), ("ar", "rtl")):
        texts = {"direction": direction, "a": "{n, plural, one {one} other {(#)}}"}
        (tmp_path / f"{tag}.json").write_text(json.dumps(texts), encoding="utf-8")
    assert Words(tmp_path).say("ar", "a", n=40) == "(\u206640\u2069)"


@pytest.mark.parametrize("catalog", CATALOGS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_text_counts_as_its_language_does_and_has_the_places_of_the_english(catalog: Path) -> None:
    english = json.loads(catalog.with_name("en.json").read_text(encoding="utf-8"))
    texts = json.loads(catalog.read_text(encoding="utf-8"))
    known = forms_of(catalog.stem)
    for key, text in texts.items():
        assert places_in(text) == places_in(english.get(key, text)), key
        assert len(plurals_in(text)) == len(plurals_in(english.get(key, text))), key
        for forms in plurals_in(text):
            assert "other" in forms, key
            assert forms <= known, (key, forms - known)
            assert {"one", "two", "few", "many"} & _used(catalog.stem) <= forms, key


def _used(language: str) -> set[str]:
    """The forms that figures up to a thousand take; in Vietnamese and Chinese words do not change."""
    if language in {"vi", "zh"}:
        return set()
    probe = "{n, plural, " + " ".join(f"{form} {{{form}}}" for form in sorted(forms_of(language))) + "}"
    return {chosen(language, probe, {"n": n}) for n in range(1, 1000)}
