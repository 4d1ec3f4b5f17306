"""A home that any report speaks of is told to strangers by its district alone, from then on."""

from typing import Any

import pytest

from services.router.decide.evolve import evolve
from services.router.decide.homes import speaks_of_home
from services.router.decide.snapshot import incident_from, snapshot_of
from services.router.decide.state import State
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.base import IncidentId

from .conftest import Story

HOME = "immigration inside my mum's flat, they broke the front door, Mare Street"


def community_place(story: Story, incident: Any) -> str:
    confirmed = story.command(desk.Confirm, incident_id=incident)
    assert confirmed.outcome == "applied"
    body = next(e.body for e in story.events if isinstance(e, AlertRaised) and e.audience == "community")
    assert isinstance(body, AlertBody)
    return body.place.label


def six_street_reports(story: Story) -> Any:
    opened = story.report("I can see an immigration raid in Mare Street", sender="s0")
    for n, words in enumerate(("vans", "officers", "uniforms", "dogs", "buses"), 1):
        text = f"immigration {words} in Mare Street now, number {n} of many {words} that I can see here"
        assert story.report(text, after_s=5, sender=f"s{n}").incident_id == opened.incident_id
    return opened.incident_id


def test_a_home_told_by_the_seventh_report_is_blurred_to_its_outcode(story: Story) -> None:
    incident = six_street_reports(story)
    seventh = story.report(HOME, after_s=5, sender="s7", first_hand=False)
    assert seventh.incident_id == incident
    assert community_place(story, incident) == "E8"


def test_a_street_stays_a_street(story: Story) -> None:
    assert community_place(story, six_street_reports(story)).startswith("Mare Street")


def test_a_home_is_remembered_through_a_merge_and_a_split(story: Story) -> None:
    incident = six_street_reports(story)
    other = story.report("Immigration van Ridley Road market, at our front door", sender="b")
    assert story.state.incidents[IncidentId(other.incident_id or "")].home
    story.command(desk.Merge, incident_id=incident, absorbed=other.incident_id)
    assert story.state.incidents[incident].home
    story.command(desk.Split, incident_id=incident, reports=(other.report_id,))
    assert story.state.incidents[incident].home
    assert all(i.home for i in story.incidents() if other.report_id in i.evidence)


def test_a_home_is_remembered_by_a_snapshot_however_late_its_words(story: Story) -> None:
    opened = story.report("immigration in Mare Street " + "and again " * 80 + HOME, sender="a")
    story.command(desk.Confirm, incident_id=opened.incident_id)
    story.command(desk.End, incident_id=opened.incident_id, stage="officers_left")
    story.tick(15 * 86_400)
    carried = next(e for e in story.events if isinstance(e, events.IncidentCarried))
    assert evolve(State(), carried).incidents[carried.incident_id].home
    assert isinstance(carried.snapshot, events.IncidentSnapshot)


def test_a_snapshot_from_before_homes_were_carried_tells_by_its_reports(story: Story) -> None:
    opened = story.report(HOME, sender="a")
    before = snapshot_of(story.state.incidents[IncidentId(opened.incident_id or "")])
    del before["home"]
    assert incident_from(before).home


@pytest.mark.parametrize(
    ("text", "home"),
    [
        (HOME, True),
        ("They are at MY FLAT", True),
        ("two vans in Mare Street", False),
        ("in front, doors of the vans open", False),
        ("", False),
    ],
)
def test_what_speaks_of_a_home(text: str, home: bool) -> None:  # noqa: FBT001 - a table's column
    assert speaks_of_home(text) is home
