"""Whatever is reported, what the log must hold stays small and what a command costs stays bounded."""

from dataclasses import replace
from typing import Any

import pytest

from services.router.decide import assess
from services.router.decide.evolve import evolve
from services.router.decide.state import Evidence, Held
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import GroupId, IncidentId, ReportId
from shared.contracts.catalog import encode
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus

from .conftest import START, Story

RAID = "Immigration raid at Ashwin Street"
_LOG_TAKES = 700_000


def attach(story: Story, incident: IncidentId, *reports: tuple[str, dict[str, Any]]) -> None:
    """Reports join the incident without the router's judgement, which is not what is tested here."""
    for name, detail in reports:
        event = events.ReportAttached(
            id=f"x-{name}",
            at=story.now,
            incident_id=incident,
            report_id=ReportId(name),
            detail=events.ReportDetail(**detail),
        )
        story.state = evolve(story.state, event)
        story.log.append(event)


@pytest.mark.parametrize("letter", ["x", "移", "🚨", "\x01"], ids=["one", "three", "four", "escaped"])
async def test_a_snapshot_of_many_long_reports_fits_into_the_log(story: Story, letter: str) -> None:
    opened = story.report(RAID, sender="a")
    incident = IncidentId(opened.incident_id or "")
    attach(story, incident, *((f"n{n}", {"text": letter * 4_000, "sender": f"s{n}"}) for n in range(230)))
    story.command(desk.Confirm, incident_id=incident)
    story.command(desk.End, incident_id=incident, stage="officers_left")
    story.tick(15 * 86_400)
    carried = next(e for e in story.events if isinstance(e, events.IncidentCarried))
    keyring = Keyring(MasterKey(b"k" * 32), MemoryBus(), _Clock(story), source="test")
    sealed = await keyring.seal(carried)
    assert len(encode(sealed, source="router").body) < _LOG_TAKES
    assert isinstance(carried.snapshot, events.IncidentSnapshot)
    assert 50 < len(carried.snapshot.state["evidence"]) <= 200
    latest = max(story.state.incidents[incident].evidence.values(), key=lambda e: (e.at, e.report))
    assert carried.snapshot.state["evidence"][-1]["report"] == latest.report


class _Clock:
    def __init__(self, story: Story) -> None:
        self._story = story

    def now(self) -> Any:
        return self._story.now


def test_a_digest_of_very_many_names_them_in_several_events(gazetteer: Any) -> None:
    story = Story(gazetteer)
    names = [ReportId(f"{n:064}") for n in range(12_000)]
    held, hackney = story.state.held, (GroupId("hackney"),)
    for name in names:
        held = held.insert(name, Held(Evidence(name, START), "no_place", None, hackney, drill=False))
    story.state = replace(story.state, held=held)
    story.tick(600)
    digested = [e for e in story.events if isinstance(e, events.HeldDigested)]
    assert [len(e.reports) for e in digested] == [5_000, 5_000, 2_000]
    assert {name for e in digested for name in e.reports} == set(names)
    assert {e.alert_id for e in digested} == {e.alert_id for e in story.events if isinstance(e, AlertRaised)}
    assert all(len(encode(e, source="router").body) < _LOG_TAKES for e in digested)
    assert story.tick(1_200) == ()


def test_a_split_counts_what_remains_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = story.report(RAID, sender="a")
    incident = IncidentId(opened.incident_id or "")
    details = [(f"n{n}", {"text": f"immigration {n}", "sender": f"s{n}"}) for n in range(2_000)]
    attach(story, incident, *details)
    calls = 0
    count = assess.supported_by

    def counted(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        return count(*given)

    monkeypatch.setattr(assess, "supported_by", counted)
    moved = tuple(ReportId(name) for name, _ in details[:200])
    split = story.command(desk.Split, incident_id=incident, reports=moved)
    assert split.outcome == "applied"
    assert calls <= 2_000 + 200
    remaining, new = story.state.incidents[incident], next(i for i in story.incidents() if i.id != incident)
    assert (len(remaining.evidence), set(new.evidence)) == (1_801, set(moved))
    assert not {e.report for e in remaining.support} & set(moved)


def test_what_was_merged_and_split_off_again_leaves_the_same_counts(story: Story) -> None:
    one = IncidentId(story.report(RAID, sender="a", first_hand=True).incident_id or "")
    story.report("officers of immigration walk along ashwin street", sender="c", after_s=5)
    two = IncidentId(story.report("Immigration van Ridley Road market", sender="b").incident_id or "")
    story.report("I see immigration at ridley road market", sender="d", first_hand=True, after_s=5)
    before, theirs = story.state.incidents[one], story.state.incidents[two]
    assert len(theirs.evidence) == 2
    story.command(desk.Merge, incident_id=one, absorbed=two)
    story.command(desk.Split, incident_id=one, reports=tuple(sorted(theirs.evidence)))
    after = story.state.incidents[one]
    into = next(i for i in story.incidents() if i.id not in {one, two})
    for name in ("evidence", "support", "first_hand", "best", "place"):
        assert getattr(after, name) == getattr(before, name), name
    assert set(into.evidence) == set(theirs.evidence)
    assert into.first_hand == theirs.first_hand
