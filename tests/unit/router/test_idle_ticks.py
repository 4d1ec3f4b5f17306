"""Ticks that are passed over would have decided nothing: with and without passing over, the log is one."""

import gc
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpds import HashTrieMap

from services.router.decide import ticks
from services.router.decide.changed import changed
from services.router.decide.draft import Draft
from services.router.decide.due import NEVER, next_due
from services.router.decide.latest import Latest
from services.router.decide.state import State
from services.router.decide.walked import Walked
from services.router.evaluate import Play, state_with
from services.router.memory import seldom_collecting
from shared.contracts import aftercare, desk, duty
from shared.contracts.base import Message
from shared.contracts.incidents import IncidentQuiet
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.index import SqliteGazetteer

from .conftest import HACKNEY, START, Story

EVERYTHING = (
    "immigration enforcement vans on Ashwin Street now, I can see them",
    "Immigration raid somewhere in Hackney",
    "they say immigration is on Kingsland Road, forwarded as received",
    "immigration raid",
    "Immigration raid in Peckham right now, officers taking people, I am here",
)
STRIDES = st.lists(st.sampled_from((1, 45, 60, 61, 299, 3_600, 86_400, 8 * 86_400)), min_size=1, max_size=25)


def told(gazetteer: SqliteGazetteer, strides: list[int]) -> list[Message]:
    story = Story(gazetteer)
    for n, text in enumerate(EVERYTHING):
        story.report(text, sender=f"s{n}", after_s=20)
    opened = story.incidents()[0].id
    story.command(desk.Claim, incident_id=opened)
    work_afterwards(story)
    for stride in strides:
        story.tick(stride)
    return story.log


def work_afterwards(story: Story) -> None:
    """Everything else that only time brings forward: people taken, posts, shifts."""
    position = {"lat": 51.473, "lon": -0.066, "accuracy_m": 20}
    taken = story.report("immigration raid now, two vans", sender="p", position=position).incident_id
    here: dict[str, Any] = {"incident_id": taken, "member": "d-southwark", "group": "southwark"}
    where = aftercare.PostPlace(label="Front door")
    story.command(desk.Confirm, **here)
    story.command(desk.End, **here, tally=desk.Tally(taken=1))
    assert taken is not None
    assert story.state.incidents[taken].status == "officers_left"
    for n, minutes in enumerate((20, 300)):
        begins = story.now + timedelta(minutes=minutes)
        times: dict[str, Any] = {"begins": begins, "ends": begins + timedelta(hours=2)}
        story.command(aftercare.OpenPost, **here, **times, post_id=f"p{n}", where=where)
        story.command(aftercare.JoinPost, **here, post_id=f"p{n}")
        story.command(duty.OfferShift, **times, shift_id=f"s{n}")


@given(STRIDES)
@settings(deadline=None, max_examples=60)
def test_passing_over_changes_nothing(gazetteer: SqliteGazetteer, strides: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ticks._idle, "covers", lambda _draft: False)
        every = told(gazetteer, strides)
    assert told(gazetteer, strides) == every


def test_a_state_that_stays_is_looked_at_twice_and_then_when_something_is_due(
    story: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.report(EVERYTHING[0], sender="a")
    looked: list[datetime] = []

    def look(draft: Draft) -> Iterator[None]:
        looked.append(draft.now)
        yield from ()

    confirmed = story.incidents()[0].id  # nobody need take it any more
    story.command(desk.Confirm, incident_id=confirmed)
    monkeypatch.setattr(ticks, "_DUE", (look, *ticks._DUE))
    for _ in range(89):
        assert story.tick(60) == ()
    assert len(looked) == 2
    assert any(isinstance(e, IncidentQuiet) for e in story.tick(60))


def test_nothing_is_ever_due_where_nothing_is() -> None:
    assert next_due(State(), START) == NEVER


def test_the_latest_answer_is_kept_for_the_very_object() -> None:
    asked: list[list[int]] = []

    @Latest
    def length(of: list[int]) -> int:
        asked.append(of)
        return len(of)

    one, equal = [1, 2], [1, 2]
    assert (length(one), length(one), length(equal), length(one)) == (2, 2, 2, 2)
    assert asked == [one, equal, one]


def test_a_changed_value_differs_in_the_fields_named_alone() -> None:
    state = State(reports_seq=3)
    assert changed(state, desk_seq=5) == State(reports_seq=3, desk_seq=5)
    assert state.desk_seq == 0
    with pytest.raises(AttributeError):
        changed(state, no_such_field=1)


def test_reports_that_leave_no_minute_between_them_do_not_stop_the_clock(gazetteer: SqliteGazetteer) -> None:
    play = Play(state_with([HACKNEY]), gazetteer, {})

    def take(n: int, text: str) -> None:
        at = START + timedelta(seconds=50 * n)
        play.until(at, n)
        content = ReportContent(text=text, sender=f"s{n}")
        play.take(ReportReceived(id=f"r{n}", at=at, report_id=f"r{n}", bridge="test", content=content), n)

    take(1, EVERYTHING[0])
    for n in range(2, 130):
        take(n, "lovely weather today")
    assert [i.status for i in play.state.incidents.values()] == ["no_news"]


def test_the_collector_is_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with seldom_collecting():
        assert gc.get_threshold() > before
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.integers(0, 3)), max_size=30))
def test_what_is_walked_through_is_what_the_map_holds(acts: list[tuple[str, str, int]]) -> None:
    walked = Walked[str, int]()
    maps: list[HashTrieMap[str, int]] = [HashTrieMap()]
    for act, key, back in acts:
        of = maps[-1 - min(back, len(maps) - 1)]  # an older map, as after a refused decision
        if act == "a":
            assert dict(walked.entries(of)) == dict(of.items())
        elif act == "b":
            maps.append(walked.discard(of, key))
        else:
            maps.append(walked.put(of, key, len(maps)))
    for of in maps:
        assert dict(walked.entries(of)) == dict(of.items())
