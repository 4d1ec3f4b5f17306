"""A trusted account's own report is enough for "likely", and never for more."""

from typing import Any

import pytest

from services.router.decide import reasons, snapshot
from shared.contracts import desk
from shared.contracts.incidents import IncidentAssessed, IncidentConfirmed, Why

from .conftest import Story

RAID = "Immigration raid at Ashwin Street"


def assessed(story: Story) -> list[tuple[str, str]]:
    """What the last input changed about support."""
    return [(e.status, e.reason) for e in story.events if isinstance(e, IncidentAssessed)]


@pytest.mark.parametrize(
    ("text", "more", "status"),
    [
        (RAID, {}, "likely"),
        (RAID, {"first_hand": True}, "likely"),
        # What they only heard is hearsay, whoever heard it.
        (RAID, {"first_hand": False}, "unconfirmed"),
        (RAID, {"trusted": False}, "unconfirmed"),
    ],
)
def test_one_is_enough_for_likely(story: Story, text: str, more: dict[str, Any], status: str) -> None:
    opened = story.report(text, **{"trusted": True, **more})
    (incident,) = story.incidents()
    assert incident.status == status
    assert assessed(story) == ([("likely", reasons.TRUSTED_REPORT)] if status == "likely" else [])
    assert {audience for _, audience, _ in story.alerts()} == {"verifiers"}
    assert isinstance(opened.why, Why)
    assert opened.why.trusted is more.get("trusted", True)


def test_a_trusted_witness_makes_what_others_reported_likely(story: Story) -> None:
    story.report(RAID, sender="a")
    story.report("I see immigration officers at Ashwin Street", sender="b", trusted=True, first_hand=True)
    assert assessed(story) == [("likely", reasons.TRUSTED_REPORT)]
    story.report("they are putting people into vans, Ashwin Street", trusted=True, sender="b")
    assert not assessed(story)


def test_ten_of_them_confirm_nothing(story: Story) -> None:
    for n in range(10):
        story.report(f"{RAID}, I count {n} vans", sender=f"s{n}", trusted=True, first_hand=True, after_s=30)
        assert not any(isinstance(e, IncidentConfirmed) for e in story.events)
    assert {i.status for i in story.incidents()} == {"likely"}


@pytest.mark.parametrize("text", ["Ashwin Street was a false alarm", "they have left Ashwin Street"])
def test_that_it_is_over_or_wrong_makes_nothing_likely(story: Story, text: str) -> None:
    opened = story.report(RAID, sender="a")
    assert story.report(text, sender="b", trusted=True).incident_id == opened.incident_id
    assert [i.status for i in story.incidents()] == ["unconfirmed"]


def test_it_counts_when_a_person_lets_a_held_one_go_on(story: Story) -> None:
    held = story.report("immigration raid in Dalston", trusted=True, sender="a")
    assert held.outcome == "held"
    story.report(RAID, sender="b")
    (incident,) = story.incidents()
    story.command(desk.ReleaseReport, report_id=held.report_id, incident_id=incident.id)
    assert story.state.incidents[incident.id].status == "likely"


def test_a_snapshot_keeps_it_and_an_older_one_has_none(story: Story) -> None:
    story.report(RAID, trusted=True)
    (incident,) = story.incidents()
    told = snapshot.snapshot_of(incident)
    assert snapshot.incident_from(told).vouched == 1
    del told["vouched"]
    for evidence in (*told["evidence"], *told["support"], *told["best"]):
        del evidence["trusted"]
    assert snapshot.incident_from(told).vouched == 0
