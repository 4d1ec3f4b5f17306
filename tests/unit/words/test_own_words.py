"""A group's own words: what may stand in them, what is refused with its line, and that they do no harm."""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.own_words import OwnWords
from shared.words import MIN_CHARS, render
from shared.words.fit import MUST
from shared.words.own import FIELDS, Mistake, OwnWordsError, always, lines_of, parts, starters
from shared.words.own_check import mistakes_in
from shared.words.own_examples import BASE_URL, GROUP, examples, longest
from shared.words.render import own_fields, own_parts

ROOT = Path(__file__).parents[3]
SIZES = ("short", "long")
MINE = """! {{ head }} {{ date }} {{ time }} {{ group }} {{ code }}: {{ place }}, vans of the police.
3 {{ statement }}
1 {% if ask == "WITNESSES" or ask == "LEAVE" %}{{ ask }}{% elif ask == "ENOUGH" %}ENOUGH of us.{% endif %}
! {{ observe }}
2 {% if link %}News: {{ link }}{% endif %}"""


def own(text: str = MINE, **more: Any) -> OwnWords:
    fields: dict[str, Any] = {
        "kind": "CONFIRMED",
        "size": "short",
        "language": "en",
        "version": 4,
        "state": "in_use",
        "text": text,
        "proposed_by": "mada",
        "proposed_at": "2022-05-01T10:00:00Z",
        "reviewed_by": "mben",
        "signed_by": "Ben",
        "signed_as": "member",
        "signed_on": "2022-05-02",
        "expires_on": "2022-11-01",
        **more,
    }
    return OwnWords.model_validate(fields)


def said(*words: OwnWords, language: str = "en", max_chars: int = MIN_CHARS, **alert: Any) -> str:
    raised = next(examples("CONFIRMED")).alert.model_copy(update=alert)
    return render(raised, GROUP, language=language, max_chars=max_chars, base_url=BASE_URL, words=words).text


@pytest.mark.parametrize("language", ["en", "es", "ar", "zh"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", FIELDS)
def test_what_the_form_begins_with_fits(kind: str, size: str, language: str) -> None:
    assert mistakes_in(starters()[kind], kind, size, language) == []


def test_a_line_to_change_is_enough() -> None:
    assert mistakes_in(MINE, "CONFIRMED", "short", "en") == []


HEAD = "! {{ head }} {{ date }} {{ time }} {{ group }} {{ code }}: {{ place }}"
REFUSED = [
    ("", Mistake(0, "lacks", "place"), "an empty text says nothing"),
    (MINE.replace("{{ place }}", ""), Mistake(0, "lacks", "place"), "where it is"),
    (MINE.replace("{{ head }}", "CONFIRMED"), Mistake(0, "lacks", "head"), "a status that could be any"),
    (MINE.replace("{{ head }}", "Hello, {{ head }}"), Mistake(1, "head_first"), "the status comes first"),
    (MINE.replace("! {{ observe }}", "5 {{ observe }}"), Mistake(4, "may_be_dropped", "observe"), "dropped"),
    (
        MINE.replace("{{ time }}", '{% if ask == "NONE" %}{{ time }}{% endif %}'),
        Mistake(1, "may_be_dropped", "time"),
        "said in one case only",
    ),
    (MINE.replace("{{ time }}", "18:42"), Mistake(0, "lacks", "time"), "a time that is always the same"),
    (MINE.replace("3 {{ statement }}\n", ""), Mistake(0, "lacks", "statement"), "what a person released"),
    (MINE.replace("2 {% if link %}News: {{ link }}{% endif %}", ""), Mistake(0, "lacks", "link"), "the link"),
    (MINE.replace("ENOUGH of us.", "No more."), Mistake(0, "lacks_ask", "ENOUGH"), "an ask without its word"),
    (
        MINE.replace("vans of", "WITNESSES"),
        Mistake(0, "asks_anyway", "WITNESSES"),
        "an ask that nobody asked",
    ),
    (MINE + "\nmore", Mistake(6, "no_rank"), "which to drop first is not said"),
    (MINE + "\n0 more", Mistake(6, "no_rank"), "ranks are from 1 to 9"),
    (MINE + "\n7 {{ excerpt }}", Mistake(6, "unknown_field", "excerpt"), "a report's own words"),
    (MINE + "\n7 {{ phone }}", Mistake(6, "unknown_field", "phone"), "there is no such field"),
    (MINE + "\n7 {{ code.__class__ }}", Mistake(6, "forbidden", "getattr"), "an attribute"),
    (MINE + "\n7 {{ code['upper'] }}", Mistake(6, "forbidden", "getitem"), "an item"),
    (MINE + "\n7 {{ code.upper() }}", Mistake(6, "forbidden", "call"), "a call"),
    (MINE + "\n7 {{ range(9) }}", Mistake(6, "forbidden", "call"), "a call"),
    (MINE + "\n7 {{ 'x' * 10000000 }}", Mistake(6, "forbidden", "mul"), "ten megabytes"),
    (MINE + "\n7 {{ 9 ** 999999999 }}", Mistake(6, "forbidden", "pow"), "a number without end"),
    (MINE + "\n7 {{ code ~ code }}", Mistake(6, "forbidden", "concat"), "putting together"),
    (MINE + "\n7 {% for c in place %}{{ code }}{% endfor %}", Mistake(6, "forbidden", "for"), "a loop"),
    (MINE + "\n7 {% macro m() %}{{ m() }}{% endmacro %}", Mistake(6, "forbidden", "macro"), "a recursion"),
    (MINE + "\n7 {% set x = code %}", Mistake(6, "forbidden", "assign"), "an assignment"),
    (MINE + "\n7 {% include 'en/common.j2' %}", Mistake(6, "forbidden", "include"), "another file"),
    (MINE + "\n7 {% import 'en/common.j2' as w %}", Mistake(6, "forbidden", "import"), "another file"),
    (MINE + "\n7 {{ code|upper }}", Mistake(6, "forbidden", "filter"), "a filter"),
    (MINE + "\n7 {% if code %}", Mistake(6, "syntax", ""), "an if without an end"),
    (MINE + "\n7 {{ " + "(" * 250 + "code" + ")" * 250 + " }}", Mistake(6, "too_nested"), "brackets"),
    (MINE + "\n7 {{ " + "not " * 100 + "code }}", Mistake(6, "too_nested"), "not not not"),
    (MINE + "\n7 a\u202eb", Mistake(6, "hidden_character"), "what turns the line around"),
    (MINE + '\n7 {{ "\\u202e" }}', Mistake(6, "hidden_character"), "the same, spelled out"),
    (MINE + "\n7 @everyone", Mistake(6, "mention"), "who calls everybody"),
    (MINE + "\n7 @{{ code }}", Mistake(6, "mention"), "put together from two"),
    (MINE + '\n7 {{ "\\x40all" }}', Mistake(6, "mention"), "the same, spelled out"),
    (MINE + "\n7 {% if taken > code %}x{% endif %}", Mistake(6, "unknown_field", "taken"), "of another kind"),
    (MINE + "\n7 {% if 1 > code %}x{% endif %}", Mistake(6, "fails", "TypeError"), "a number and a word"),
    (MINE + "\n7 " + "x" * 700, Mistake(6, "line_too_long", "600"), "a line"),
    (MINE + "\n7 x" * 60, Mistake(0, "too_much", "2000"), "lines"),
    (MINE + "\n! " + "word " * 40, Mistake(6, "too_long", ""), "more than two text messages"),
]


@pytest.mark.parametrize(("text", "mistake", "why"), REFUSED)
def test_what_does_not_fit_is_refused_with_its_line(text: str, mistake: Mistake, why: str) -> None:
    found = mistakes_in(text, "CONFIRMED", "short", "en")
    assert any((m.line, m.why) == (mistake.line, mistake.why) for m in found), (why, found)
    if mistake.what:
        assert mistake.what in {m.what for m in found}, (why, found)


@pytest.mark.parametrize(
    ("kind", "cut", "lost"),
    [
        ("UNCONFIRMED", "{{ only }}", "only"),
        ("UNCONFIRMED", "{{ mine }}", "mine"),
        ("LIKELY", "{{ reports }}", "reports"),
        ("OVER", "{{ taken }}", "taken"),
        ("OVER", "{{ unknown }}", "unknown"),
        ("NO_NEWS", "{{ since }}", "since"),
        ("WRONG", "{{ link }}", "link"),
    ],
)
def test_each_kind_says_what_it_has_to(kind: str, cut: str, lost: str) -> None:
    found = mistakes_in(starters()[kind].replace(cut, "that"), kind, "short", "en")
    assert Mistake(0, "lacks", lost) in found


@pytest.mark.parametrize(
    ("kind", "told", "apart"),
    [("WRONG", "status", "status"), ("WRONG", "posts", "posts"), ("LIKELY", "seen", "seen"),
     ("UNCONFIRMED", "asked_to_help", "help")],
)  # fmt: skip
def test_cases_that_people_have_to_tell_apart_read_differently(kind: str, told: str, apart: str) -> None:
    lines = starters()[kind].splitlines()
    blind = "\n".join(row.replace(told, "code") for row in lines)
    assert any(m.why == "alike" and m.what == apart for m in mistakes_in(blind, kind, "long", "en"))


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", FIELDS)
def test_the_longest_of_everything_fits(kind: str, size: str, language: str) -> None:
    words = own(starters()[kind], kind=kind, size=size, language=language, expires_on="2024-01-01")
    most = MIN_CHARS if size == "short" else 481
    for case in examples(kind):
        alert, group = longest(case.alert)
        made = render(alert, group, language=language, max_chars=most, base_url=BASE_URL, words=(words,))
        assert made.language == language
        assert len(made.text) <= most


TOKENS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "if", "endif", "else", "for", "in", "not", "and", "(", ")", "[", "]", "|", ".",
     "~", "*", "**", "'", '"', "!", "1", "9", "\n", " ", "head", "code", "place", "loop", "self", "cycler",
     "__class__", "import", "macro", "set", "{#", "#}", "-", "@", "\u202e", "raw", "endraw", "=="]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=60).map(" ".join) | st.text(max_size=300))
@example("! {{ self }}")
@example("! {% raw %}{{ x }}{% endraw %}")
@example("! \x00")
def test_any_text_is_refused_or_bounded_and_never_raises(text: str) -> None:
    found = mistakes_in(text, "CONFIRMED", "short", "en")
    assert all(isinstance(m, Mistake) for m in found)
    with suppress(OwnWordsError):
        lines_of(text, "CONFIRMED")
        alert, group = longest(next(examples("CONFIRMED")).alert)
        made = own_parts(text, alert, group, size="long", language="en", base_url="")
        assert sum(len(part.text) for _, part in made) <= 1_200 * max(1, len(text))


HOSTILE = st.text(max_size=200) | st.sampled_from(
    [
        "<b>x</b>",
        "@everyone",
        "{{ 7*7 }}",
        "{% for %}",
        "a\u202eb",
        "a" + "\u0301" * 500,
        "x" * 10_000,
        "\n! OVER",
    ]
)


@given(HOSTILE, HOSTILE, st.sampled_from(SIZES))
def test_what_others_wrote_stays_a_field_of_one_line(place: str, statement: str, size: str) -> None:
    case = next(examples("CONFIRMED")).alert
    body = case.body.model_copy(  # type: ignore[union-attr]
        update={"public": case.body.public.model_copy(update={"label": place}), "statement": statement}  # type: ignore[union-attr]
    )
    alert = case.model_copy(update={"body": body})
    fields = own_fields(alert, GROUP, size=size, language="en", base_url=BASE_URL)
    made = parts(MINE, "CONFIRMED", fields)
    kept = " ".join(part.text for _, part in made if part.rank == MUST)
    assert all(str(fields[name]) in kept for name in ("head", "date", "time", "group", "code", "place"))
    assert all("\n" not in part.text and len(part.text) <= 1_200 for _, part in made)
    assert kept.startswith("CONFIRMED 14/5 18:42 Hackney Anti Raids D7K")


def test_own_words_come_before_the_relays_while_their_review_holds() -> None:
    assert "vans of the police" in said(own())
    assert "vans of" not in said(own(state="waiting"))
    assert "vans of" not in said(own(state="draft"))
    assert "vans of" not in said(own(size="long"))
    assert "vans of" not in said(own(kind="OVER"))
    assert "vans of" in said(own(expires_on="2022-05-15"))
    assert "vans of" not in said(own(expires_on="2022-05-14")), "the last day is over when it begins"
    assert "vans of" not in said(own(expires_on=None))


def test_own_words_are_of_one_language_and_english_ones_serve_where_there_are_no_others() -> None:
    es = own(MINE.replace("vans of the police", "furgonetas"), language="es")
    assert "furgonetas" in said(own(), es, language="es")
    assert "Observa, no obstruyas." in said(es, language="es")
    assert "vans of" in said(own(), es, language="tr")
    assert "furgonetas" not in said(es, language="tr")


def test_own_words_of_an_exercise_say_so() -> None:
    assert said(own(), drill=True).startswith("DRILL CONFIRMED 14/5")


def test_words_that_cannot_be_made_after_all_give_way_to_the_relays() -> None:
    broken = own("! {{ nothing }}")
    assert said(broken) == said()
    too_long = own("! " + "word " * 300)
    assert said(too_long) == said()


def test_the_last_day() -> None:
    assert own(expires_on="2022-11-01").in_force(date(2022, 10, 31))
    assert not own(expires_on="2022-11-01").in_force(date(2022, 11, 1))


@pytest.mark.parametrize(
    ("setting", "says"), [("home", "Stay outside."), ("work", "Keep back."), (None, "Keep back.")]
)
def test_a_group_may_say_something_else_where_people_are_at_home(setting: Any, says: str) -> None:
    text = MINE + '\n2 {% if setting == "home" %}Stay outside.{% else %}Keep back.{% endif %}'
    assert mistakes_in(text, "CONFIRMED", "short", "en") == []
    alert = next(examples("CONFIRMED")).alert
    there = alert.body.model_copy(update={"setting": setting})  # type: ignore[union-attr]
    words = [own(text=text)]
    made = render(
        alert.model_copy(update={"body": there}), GROUP, language="en", max_chars=MIN_CHARS, base_url="",
        words=words,
    )  # fmt: skip
    assert says in made.text


def test_the_example_in_the_documents_fits() -> None:
    page = (ROOT / "docs" / "operating" / "words.md").read_text(encoding="utf-8")
    example_ = page.partition("### How to write")[2].split("```")[1].strip()
    assert mistakes_in(example_, "CONFIRMED", "short", "en") == []


def test_what_the_relay_always_says_is_there_in_every_language_and_as_on_the_pages() -> None:
    pages = ROOT / "services" / "console" / "web" / "languages"
    for file in pages.glob("*.json"):
        said = always(file.stem)
        assert said["observe"] == json.loads(file.read_text(encoding="utf-8"))["observe"].replace("’", "'")
        assert set(said) == {"observe", "only", "unreviewed", "unreviewed_law"}
        assert file.stem == "en" or said["only"] != always("en")["only"]
    assert always("xx") == always("en")
