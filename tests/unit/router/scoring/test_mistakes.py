"""What went wrong with a message, in words; one mistake a message, the worst first."""

from collections.abc import Callable
from typing import Any

import pytest

from services.router.scoring.metrics import Score
from services.router.scoring.mistakes import first_words, mistakes

Table = Callable[..., Score]


def kinds(score: Score) -> dict[str, str]:
    return {m.message.id: m.kind for m in mistakes(score)}


def test_a_perfect_prediction_has_none(table: Table) -> None:
    assert kinds(table(("e1", "P", "opened"), ("e1", "P", "attached"), ("spam", None, "ignored"))) == {}


@pytest.mark.parametrize(
    ("row", "kind", "happened", "should"),
    [
        (
            ("e2", "P", "attached"),
            "swallowed",
            "joined the incident of e1",
            "open an incident (e2), told to hackney",
        ),
        (("e2", None, "held"), "missed", "held for a person", "open an incident (e2), told to hackney"),
        (("hoax", "Q", "opened"), "noise opened", "opened an incident", "open nothing: hoax"),
        (
            ("old_news", "P", "attached"),
            "noise joined",
            "joined the incident of e1",
            "join nothing: old news",
        ),
        (("e2", "Q", "opened", {"groups": ["camden"]}), "not told", "told camden", "tell hackney"),
        (
            ("e2", "Q", "opened", {"groups": ["camden", "hackney"]}),
            "told too many",
            "told camden, hackney",
            "tell hackney",
        ),
        (("e2", "Q", "opened", {"north": 0.02}), "far off", "placed 2.2 km away", "be placed where it was"),
        (("e1", "Q", "opened"), "opened again", "opened another incident, told hackney", "join that of e1"),
        (("e1", None, "ignored", {"role": "all_clear"}), "dropped", "ignored", "join e1 (all clear)"),
        (("e1", None, "held"), "waits", "held for a person", "join e1 (report)"),
    ],
)
def test_each_kind(table: Table, row: tuple[Any, ...], kind: str, happened: str, should: str) -> None:
    (found,) = mistakes(table(("e1", "P", "opened"), ("e1", "P", "attached"), row))
    assert (found.kind, found.happened, found.should) == (kind, happened, should)


def test_news_in_anothers_incident_and_a_retraction_that_does_not_reach_its_own(table: Table) -> None:
    score = table(
        ("e1", "P", "opened"),
        ("e1", "P", "attached"),
        ("e2", "Q", "opened"),
        ("e2", "Q", "attached"),
        ("e2", "P", "attached", {"role": "update"}),
        ("e2", "R", "opened"),
        ("e2", "R", "attached", {"role": "retraction"}),
    )
    assert kinds(score) == {"m5": "opened again", "m4": "wrong incident", "m6": "not linked"}


def test_the_worst_come_first_and_the_farthest_before_the_near(table: Table) -> None:
    score = table(
        ("e1", "P", "opened", {"north": 0.01}),
        ("e2", "Q", "opened", {"north": 0.02}),
        ("chatter", "R", "opened"),
        ("e3", None, "ignored"),
    )
    assert [m.message.id for m in mistakes(score)] == ["m3", "m2", "m1", "m0"]


def test_an_excerpt_commands_no_terminal() -> None:
    assert first_words("a\x1b[31m\u202eb\n\nc") == "a [31m b c"
    assert first_words("x" * 500, 10) == "x" * 9 + "…"
