"""Where people are: found in reports, settled by whoever confirms, told with everything that follows."""

from typing import Any

import pytest

from services.router.decide.snapshot import incident_from, snapshot_of
from shared.contracts import desk
from shared.contracts.alerts import AlertBody, AlertRaised

from .conftest import Story

STREET = "I can see immigration officers on the pavement in Mare Street, asking couriers for papers"
HOME = "immigration inside the flat next door, they broke the front door, Mare Street"
WORK = "immigration officers in the kitchen of my workplace, Mare Street"
PLAIN = "immigration raid in Mare Street"


def opened(story: Story, *texts: str) -> Any:
    found = [story.report(text, after_s=5, sender=f"s{n}") for n, text in enumerate(texts)]
    assert {one.incident_id for one in found} == {found[0].incident_id}
    return found[0].incident_id


def confirmed(story: Story, incident: Any, **said: Any) -> AlertBody:
    """What the community is told."""
    statement = desk.Statement(**said) if said else None
    answer = story.command(desk.Confirm, incident_id=incident, ask="WITNESSES", statement=statement)
    assert answer.outcome == "applied"
    return told(story)


def told(story: Story) -> AlertBody:
    alerts = [e.body for e in story.events if isinstance(e, AlertRaised) and e.audience == "community"]
    assert isinstance(alerts[-1], AlertBody)
    return alerts[-1]


@pytest.mark.parametrize(
    ("texts", "setting"),
    [
        ((PLAIN,), None),
        ((HOME,), "home"),
        ((PLAIN, WORK), "work"),
        ((STREET, STREET, WORK), "street"),
        (("immigration have a checkpoint in Mare Street and are pulling over vans",), "driving"),
        (("Immigration officers on the pavement, Mare Street, asking couriers for papers",), "street"),
        ((HOME, WORK), None),
    ],
)
def test_most_reports_say_where_people_are(story: Story, texts: tuple[str, ...], setting: str | None) -> None:
    body = confirmed(story, opened(story, *texts))
    assert (body.setting, body.jurisdiction) == (setting, "england-wales")


@pytest.mark.parametrize(
    ("said", "setting"), [("street", "street"), ("work", "work"), ("other", None), (None, "home")]
)
def test_a_person_knows_better(story: Story, said: Any, setting: str | None) -> None:
    assert confirmed(story, opened(story, HOME), setting=said).setting == setting


def test_verifiers_are_told_no_setting_before_a_person_confirmed(story: Story) -> None:
    opened(story, HOME)
    bodies = [e.body for e in story.events if isinstance(e, AlertRaised)]
    assert bodies
    assert all(isinstance(body, AlertBody) and body.setting is None for body in bodies)


def test_later_reports_change_nothing_for_those_who_were_told(story: Story) -> None:
    incident = opened(story, WORK)
    confirmed(story, incident)
    for n in range(4):
        story.report(HOME, after_s=5, sender=f"late{n}")
    story.command(desk.Update, incident_id=incident, ask="ENOUGH")
    assert told(story).setting == "work"


def test_what_a_person_calls_a_home_is_blurred_like_one(story: Story) -> None:
    """Else its words would say what its place must not."""
    incident = opened(story, PLAIN)
    assert confirmed(story, incident, setting="home").place.label == "E8"


def test_a_snapshot_keeps_it(story: Story) -> None:
    incident = opened(story, PLAIN)
    confirmed(story, incident, setting="driving")
    kept = snapshot_of(story.state.incidents[incident])
    assert incident_from(kept).setting == "driving"
    del kept["setting"]  # as an older router restated it
    assert incident_from(kept).setting is None
