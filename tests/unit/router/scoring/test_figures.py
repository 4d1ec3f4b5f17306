"""The figures, by tables small enough to reckon by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from services.router.scoring.metrics import Score, language_of, scenario_of
from services.router.scoring.targets import as_data, rows

Table = Callable[..., Score]
NOTHING = {"precision": None, "recall": None, "f1": None}
PERFECT = {"precision": 1.0, "recall": 1.0, "f1": 1.0}


def test_a_perfect_prediction_gives_ones_and_zeros(table: Table) -> None:
    found = table(
        ("e1", "P", "opened", {"after_s": 2}),
        ("e1", "P", "attached", {"role": "update"}),
        ("question", None, "ignored"),
        ("e2", "Q", "opened", {"after_s": 4}),
        ("e2", "Q", "attached", {"role": "retraction"}),
    ).figures()
    assert found == {
        "messages": 5,
        "incidents": 2,
        "by_message": PERFECT,
        "by_incident": PERFECT,
        "false_merges": [],
        "swallowed": [],
        "missed": [],
        "noise": {"messages": 1, "opened": [], "opened_share": 0.0, "attached": 0, "held": 0},
        "first_alerts_per_incident": 1.0,
        "delay_s": {"median": 3, "p90": 4, "max": 4},
        "routing": PERFECT,
        "location_error_m": {"median": 0, "p90": 0, "max": 0},
        "retraction_links": {"messages": 1, "linked": 1},
    }
    assert all(row.met is not False for row in rows(found))


def test_a_false_merge_costs_precision_and_is_named(table: Table) -> None:
    found = table(
        ("e1", "P", "opened"),
        ("e1", "P", "attached"),
        ("e2", "P", "attached"),
        ("e2", "P", "attached"),
    ).figures()
    assert found["false_merges"] == [["e1", "e2"]]
    assert found["by_message"] == {"precision": 0.5, "recall": 1.0, "f1": 0.6667}
    assert found["by_incident"] == {"precision": 0.5, "recall": 1.0, "f1": 0.6667}


def test_an_event_whose_messages_joined_anothers_is_swallowed_and_one_in_silence_is_missed(
    table: Table,
) -> None:
    found = table(
        ("e1", "P", "opened"),
        ("e2", "P", "attached"),
        ("e3", None, "ignored"),
        ("e4", None, "held"),
    ).figures()
    assert (found["swallowed"], found["missed"]) == (["e2"], ["e3", "e4"])
    assert as_data(found)["lost"] == {"value": 3, "target": "0", "met": False}


def test_an_event_that_opened_is_not_swallowed_though_most_of_it_was_merged(table: Table) -> None:
    found = table(
        ("e1", "P", "opened"),
        ("e2", "Q", "opened"),
        ("e2", "P", "attached"),
        ("e2", "P", "attached"),
    ).figures()
    assert (found["swallowed"], found["missed"], found["false_merges"]) == ([], [], [["e1", "e2"]])


def test_a_split_costs_recall_and_a_second_first_alert(table: Table) -> None:
    found = table(
        ("e1", "P", "opened"),
        ("e1", "Q", "opened"),
        ("e1", "Q", "attached"),
        ("e2", "R", "opened"),
    ).figures()
    assert found["first_alerts_per_incident"] == 1.5
    assert found["by_message"] == {"precision": 1.0, "recall": 0.6667, "f1": 0.8}
    assert found["by_incident"]["recall"] == pytest.approx((5 / 9 + 1) / 2, abs=1e-4)
    assert found["false_merges"] == []


def test_noise_that_joins_costs_precision_but_opens_nothing(table: Table) -> None:
    found = table(("e1", "P", "opened"), ("chatter", "P", "attached")).figures()
    assert found["by_message"] == {"precision": 0.5, "recall": 1.0, "f1": 0.6667}
    assert found["noise"] == {"messages": 1, "opened": [], "opened_share": 0.0, "attached": 1, "held": 0}


def test_noise_that_is_held_has_not_opened(table: Table) -> None:
    found = table(("hoax", None, "held"), ("hoax", "P", "opened", {"id": "x"})).figures()
    assert found["noise"] == {"messages": 2, "opened": ["x"], "opened_share": 0.5, "attached": 0, "held": 1}


def test_the_delay_runs_from_the_first_report_to_the_first_word_singly_or_in_a_digest(table: Table) -> None:
    found = table(
        ("e1", None, "held"),
        ("e1", "P", "opened", {"after_s": 240}),
        ("e2", "Q", "opened", {"after_s": 0}),
        ("e3", "R", "opened"),  # in nobody's area: nobody was to be told
    ).figures()
    assert found["delay_s"] == {"median": 150, "p90": 300, "max": 300}


@pytest.mark.parametrize(
    ("said", "real", "precision", "recall"),
    [
        (("hackney", "islington"), ("hackney",), 0.5, 1.0),
        (("hackney",), ("hackney", "islington"), 1.0, 0.5),
        (("camden",), ("hackney",), 0.0, 0.0),
        ((), ("hackney",), None, 0.0),
        (("camden",), (), 0.0, None),
        ((), (), None, None),
    ],
)
def test_routing(
    table: Table, said: tuple[str, ...], real: tuple[str, ...], precision: float | None, recall: float | None
) -> None:
    found = table(("e1", "P", "opened", {"groups": said, "true_groups": real})).figures()["routing"]
    assert (found["precision"], found["recall"]) == (precision, recall)


def test_the_location_error_is_that_of_the_first_alert(table: Table) -> None:
    opened = [(f"e{n}", f"P{n}", "opened", {"north": n / 1000}) for n in range(10)]
    found = table(*opened, ("e0", "P0", "attached", {"north": 1.0})).figures()["location_error_m"]
    assert found == {"median": 500, "p90": 890, "max": 1001}


def test_a_retraction_counts_as_linked_where_most_of_its_event_is(table: Table) -> None:
    found = table(
        ("e1", "P", "opened"),
        ("e1", "P", "attached", {"role": "retraction"}),
        ("e2", "Q", "opened"),
        ("e2", "Q", "attached"),
        ("e2", "P", "attached", {"role": "retraction"}),
    ).figures()
    assert found["retraction_links"] == {"messages": 2, "linked": 1}


def test_a_part_shares_the_clusters_of_the_whole(table: Table) -> None:
    turkish: dict[str, Any] = {"language": "tr", "scenario": "a-02"}
    score = table(
        ("e1", "P", "opened"),
        ("e1", "P", "attached", {"language": "tr"}),
        ("e2", "P", "attached", turkish),
        ("question", None, "ignored", turkish),
    )
    languages, scenarios = score.by(language_of), score.by(scenario_of)
    assert list(languages) == ["en", "tr"]
    assert languages["en"]["by_message"] == {"precision": 0.6667, "recall": 1.0, "f1": 0.8}
    assert languages["tr"]["by_message"]["precision"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    # An event is of its first report's language and scenario.
    assert (languages["en"]["incidents"], languages["tr"]["incidents"]) == (1, 1)
    assert (languages["en"]["swallowed"], languages["tr"]["swallowed"]) == ([], ["e2"])
    assert scenarios["a-02"]["swallowed"] == ["e2"]
    assert scenarios["a-01"]["false_merges"] == scenarios["a-02"]["false_merges"] == [["e1", "e2"]]


def test_where_nothing_is_true_there_is_nothing_to_find(table: Table) -> None:
    found = table(("chatter", None, "ignored")).figures()
    assert found["by_message"] == found["by_incident"] == found["routing"] == NOTHING
    assert found["first_alerts_per_incident"] is None
    assert {row.shown for row in rows(found) if row.key.startswith("by_")} == {"–"}


def test_nothing_said_of_something_true_is_no_success(table: Table) -> None:
    found = table(("e1", None, "ignored"), ("e1", None, "ignored")).figures()
    assert found["by_message"] == {"precision": None, "recall": 0.5, "f1": 0.0}
