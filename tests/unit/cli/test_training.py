"""`relay simulate --drill` begins the very exercise of the group's page, and tells what came of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay, training

Relay = Any  # the fixture `fake` of conftest.py
LINES = (
    {"t": 0, "via": "sms", "from": "a", "text": "vans in Ashwin Street", "first_hand": True},
    {"t": 60, "via": "api", "from": "b", "text": "they hold a rider"},
    {"t": 90, "act": "claim", "by": "hackney", "match": {}},
)
CAME = {
    "code": "D7K", "place": "Ashwin Street", "status": "confirmed", "open": True, "reports": 2, "told": {},
    "first_told": 0.0, "claimed": 65.0, "confirmed": None, "rejected": None, "ended": None,
}  # fmt: skip
STANDING = {"id": "d1", "goes_on": True, "reports": 2, "count": 2, "incidents": [CAME], "left_open": ["D7K"]}
PATH = "/v1/groups/hackney/exercises"


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    file = tmp_path / "An Evening.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return str(file)


@pytest.fixture
def begun(fake: Relay, monkeypatch: pytest.MonkeyPatch) -> Relay:
    monkeypatch.setattr(training, "_SETTLES_S", 0.0)
    fake.answers[f"POST {PATH}"] = (201, {"id": "d1", "outcome": "applied", "link": "http://x/exercise/d1/k"})
    fake.answers[f"GET {PATH}/d1"] = (200, STANDING)
    return fake


def run(*args: str) -> Result:
    return CliRunner().invoke(relay, ["simulate", *args])


def test_what_people_send_is_played_and_their_acts_are_left_to_those_who_train(
    begun: Relay, scenario: str
) -> None:
    result = run(scenario, "--drill", "--speed", "600", "--group", "hackney")
    assert result.exit_code == 0, result.output
    (asked,) = begun.said("POST", PATH)
    assert (asked["name"], asked["speed"]) == ("an-evening", 600.0)
    assert asked["messages"] == [
        {"t": 0.0, "sender": "a", "text": "vans in Ashwin Street", "first_hand": True},
        {"t": 60.0, "sender": "b", "text": "they hold a rider"},
    ]
    assert "http://x/exercise/d1/k" in result.output
    assert "1:05" in result.output
    assert "Still open: D7K" in result.output


def test_as_json_it_is_what_the_relay_says(begun: Relay, scenario: str) -> None:
    result = run(scenario, "--drill", "--speed", "600", "--group", "hackney", "--json")
    assert json.loads(result.output) == STANDING


def test_one_that_somebody_ends_on_the_page_is_waited_for_no_longer(begun: Relay, scenario: str) -> None:
    begun.answers[f"GET {PATH}/d1"] = (200, {**STANDING, "goes_on": False})
    result = run(scenario, "--drill", "--speed", "1", "--group", "hackney")
    assert result.exit_code == 0, result.output
    assert "goes on until somebody ends it" not in result.output


def test_which_group_trains_is_asked_for_where_there_are_several(begun: Relay, scenario: str) -> None:
    begun.answers["GET /v1/groups"] = (200, {"groups": [{"id": "hackney"}, {"id": "peckham"}]})
    result = run(scenario, "--drill")
    assert result.exit_code == 2
    assert "--group ID, one of hackney, peckham" in result.output
    begun.answers["GET /v1/groups"] = (200, {"groups": [{"id": "hackney"}]})
    assert run(scenario, "--drill", "--speed", "600").exit_code == 0


def test_a_group_trains_only_with_an_exercise(begun: Relay, scenario: str) -> None:
    result = run(scenario, "--group", "hackney")
    assert result.exit_code == 2
    assert "goes with --drill" in result.output


def test_who_only_runs_the_hub_is_told_who_may(begun: Relay, scenario: str) -> None:
    refusal = {
        "code": "not_your_group",
        "detail": "Exercises are for people of the group; name one of yours.",
    }
    begun.answers[f"POST {PATH}"] = (403, refusal)
    result = run(scenario, "--drill", "--group", "hackney")
    assert result.exit_code == 1
    assert "people of the group" in result.output
