"""A group begins one exercise at a time; it ends by a person or by its own time."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.decide import reasons
from services.router.decide.due import next_due
from services.router.decide.limits import DRILL_AFTER, DRILL_LIFE, DRILL_OVER_IS_NEWS
from services.router.decide.snapshot import incident_from, snapshot_of
from shared.contracts import desk, drills
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import HUB, Sealed
from shared.contracts.groups import ChannelDefinition, GroupChannels

from .conftest import HACKNEY, Story


def begin(story: Story, drill: str = "d1", *times: float, **fields: Any) -> str:
    messages = tuple(drills.DrillMessage(t=t, sender="a", text="vans in Ashwin Street") for t in times)
    played = {"name": "an-evening", "script": drills.DrillScript(messages=messages)} if times else {}
    return story.command(drills.BeginDrill, drill_id=drill, **{**played, **fields}).reason


def begun(story: Story) -> drills.DrillBegun:
    return next(e for e in story.events if isinstance(e, drills.DrillBegun))


def end(story: Story, drill: str = "d1", **fields: Any) -> str:
    return story.command(drills.EndDrill, drill_id=drill, **fields).reason


def test_one_at_a_time(story: Story) -> None:
    assert begin(story, "d1") == reasons.APPLIED
    assert begin(story, "d2") == reasons.DRILL_GOES_ON
    assert begin(story, "d3", group="southwark", member="d-southwark") == reasons.APPLIED
    assert end(story, "d1") == reasons.APPLIED
    assert begin(story, "d4") == reasons.APPLIED


def test_one_that_nobody_ends_is_over_by_itself(story: Story) -> None:
    begin(story, "d1")
    assert begun(story).until == story.now + DRILL_LIFE
    story.now += DRILL_LIFE - timedelta(seconds=1)
    assert begin(story, "d2") == reasons.DRILL_GOES_ON
    story.now += timedelta(seconds=1)
    assert begin(story, "d3") == reasons.APPLIED


@pytest.mark.parametrize(("speed", "long_h"), [(1.0, 6), (2.0, 4), (6.0, 4)])
def test_it_lasts_until_all_is_played_and_a_while_longer(story: Story, speed: float, long_h: float) -> None:
    begin(story, "d1", 0, 4 * 3600, speed=speed)
    assert begun(story).until == story.now + timedelta(hours=long_h)
    assert timedelta(hours=2) == DRILL_AFTER


def test_what_would_be_played_far_too_long_is_refused(story: Story) -> None:
    assert begin(story, "d1", 0, 86_400, speed=2) == reasons.DRILL_TOO_LONG
    assert begin(story, "d1", 0, 86_400, speed=3) == reasons.APPLIED


def test_what_is_played_stands_in_the_event(story: Story) -> None:
    begin(story, "d1", 0, 30, speed=2)
    script = begun(story).script
    assert isinstance(script, drills.DrillScript)
    assert [m.t for m in script.messages] == [0, 30]


def test_a_script_whose_key_is_gone_is_no_exercise_without_one(story: Story) -> None:
    assert begin(story, name="an-evening") == reasons.CONTENT_GONE


def test_an_end_that_is_none_changes_nothing(story: Story) -> None:
    assert end(story, "d1") == reasons.UNKNOWN_DRILL
    begin(story, "d1")
    assert end(story, "d2") == reasons.UNKNOWN_DRILL
    assert end(story, "d1", group="southwark", member="d-southwark") == reasons.UNKNOWN_DRILL
    assert end(story, "d1") == reasons.APPLIED
    assert end(story, "d1") == reasons.UNCHANGED
    assert len([e for e in story.log if isinstance(e, drills.DrillEnded)]) == 1


def test_an_end_that_comes_late_ends_no_other(story: Story) -> None:
    begin(story, "d1")
    end(story, "d1")
    begin(story, "d2")
    assert end(story, "d1") == reasons.UNKNOWN_DRILL
    assert begin(story, "d3") == reasons.DRILL_GOES_ON


def test_who_only_runs_the_hub_wakes_no_group(story: Story) -> None:
    assert begin(story, "d1", member="op") == reasons.NOT_YOUR_GROUP
    assert begin(story, "d1", member="d-southwark") == reasons.NOT_YOUR_GROUP


def test_what_it_says_travels_sealed_only() -> None:
    clear = drills.DrillScript(messages=(drills.DrillMessage(t=0, sender="a", text="vans"),))
    with pytest.raises(ValueError, match="in clear"):
        clear.model_dump_json()
    assert Sealed in drills.DrillBegun.model_fields["script"].annotation.__args__  # type: ignore[union-attr]


EVENING = (
    ("Immigration raid at Ashwin Street, six officers and two vans outside the bakery", "a"),
    ("RT: Immigration raid at Ashwin Street, six officers and two vans outside the bakery", "b"),
    ("immigration vans ashwin st", "c"),
    ("they have a rider in the van, by the bakery", "a"),
)


def play(story: Story, exercise: str) -> set[str | None]:
    """The incidents that the evening's messages join, as the front door sends them."""
    return {
        story.report(text, sender=f"{exercise}.{sender}", drill=True, after_s=30).incident_id
        for text, sender in EVENING
    }


@pytest.mark.parametrize("how", ["officers_left", "closed", "rejected"])
def test_the_same_evening_played_again_is_another_event(story: Story, how: str) -> None:
    begin(story, "d1", 0)
    (first,) = play(story, "d1")
    if how == "rejected":
        story.command(desk.Reject, incident_id=first)
    else:
        story.command(desk.Confirm, incident_id=first)
        story.command(desk.End, incident_id=first, stage="officers_left", tally=desk.Tally())
    if how == "closed":
        story.command(desk.End, incident_id=first, stage="closed", tally=desk.Tally())
    end(story, "d1")
    begin(story, "d2", 0, after_s=60)
    assert incident_from(snapshot_of(story.incidents()[0])).bygone
    (second,) = play(story, "d2")
    assert second not in {first, None}
    assert any(isinstance(e, AlertRaised) and e.incident_id == second for e in story.log)


def test_what_is_still_open_goes_on_in_the_next_exercise(story: Story) -> None:
    begin(story, "d1", 0)
    (first,) = play(story, "d1")
    end(story, "d1")
    begin(story, "d2", 0, after_s=60)
    assert play(story, "d2") == {first}


def test_an_exercise_forgets_nothing_that_is_real(story: Story) -> None:
    first = story.report(EVENING[0][0], sender="x").incident_id
    story.command(desk.Confirm, incident_id=first)
    story.command(desk.End, incident_id=first, stage="officers_left", tally=desk.Tally())
    begin(story, "d1", 0, after_s=60)
    assert story.report(EVENING[0][0], sender="y", after_s=60).incident_id == first
    assert not any(i.bygone for i in story.incidents())


def test_another_groups_exercise_goes_on_undisturbed(story: Story) -> None:
    story.command(drills.BeginDrill, drill_id="s1", group="southwark", member="d-southwark")
    at = "Immigration raid at Evan Cook Close, Peckham, one van"
    first = story.report(at, sender="p", drill=True).incident_id
    story.command(desk.Confirm, incident_id=first, group="southwark", member="d-southwark")
    fields: Any = {
        "incident_id": first,
        "group": "southwark",
        "member": "d-southwark",
        "stage": "officers_left",
    }
    story.command(desk.End, tally=desk.Tally(), **fields)
    begin(story, "d1", 0)
    assert story.report(at, sender="q", drill=True, after_s=60).incident_id == first


def told(story: Story) -> list[tuple[str, str, str, bool]]:
    raised = [e for e in story.events if isinstance(e, AlertRaised)]
    return [(e.kind, e.group, e.audience, e.drill) for e in raised]


def test_its_verifiers_are_told_that_it_begins_and_ends_where_a_channel_carries_exercises(
    story: Story,
) -> None:
    begin(story, "d1")
    assert told(story) == [], "no channel carries exercises"
    end(story, "d1")
    carry_exercises(story)
    begin(story, "d2")
    assert told(story) == [("DRILL_BEGUN", "hackney", "verifiers", True)]
    begin(story, "d2")
    assert told(story) == [], "it goes on already"
    end(story, "d2")
    assert told(story) == [("DRILL_ENDED", "hackney", "verifiers", True)]
    end(story, "d2")
    assert told(story) == [], "it was over"


def carry_exercises(story: Story, *, drills: bool = True) -> None:
    channels = tuple(
        ChannelDefinition(id=audience, kind="webhook", audience=audience, drills=drills)
        for audience in ("verifiers", "community")
    )
    carrying = GroupChannels(channels=channels)
    story.command(desk.DefineGroup, member="op", group=HUB, definition=HACKNEY, channels=carrying)


OVER = ("DRILL_ENDED", "hackney", "verifiers", True)


def test_who_heard_that_it_begins_hears_once_that_its_time_is_over(story: Story) -> None:
    carry_exercises(story)
    begin(story, "d1")
    assert next_due(story.state, story.now) <= story.now + DRILL_LIFE
    story.tick(after_s=(DRILL_LIFE - timedelta(seconds=1)).total_seconds())
    assert OVER not in told(story)
    story.tick(after_s=1)
    assert told(story) == [OVER]
    assert story.replayed() == story.state
    story.tick(after_s=60)
    assert told(story) == []
    assert end(story, "d1") == reasons.APPLIED, "by its time it was over; a person may still say so"
    assert told(story) == [], "they know"


def test_an_exercise_that_a_person_ended_is_not_ended_again_by_its_time(story: Story) -> None:
    carry_exercises(story)
    begin(story, "d1")
    end(story, "d1")
    story.tick(after_s=DRILL_LIFE.total_seconds())
    assert OVER not in told(story)


def test_nobody_is_told_of_an_end_who_heard_of_no_beginning(story: Story) -> None:
    begin(story, "d1")
    carry_exercises(story)
    story.tick(after_s=DRILL_LIFE.total_seconds())
    assert OVER not in told(story)


def test_an_end_is_told_late_and_not_after_a_day(story: Story) -> None:
    carry_exercises(story)
    begin(story, "d1")
    story.now += DRILL_LIFE
    late = story.now + DRILL_OVER_IS_NEWS - timedelta(seconds=1)
    story.tick(after_s=(late - story.now).total_seconds())
    assert told(story) == [OVER]
    begin(story, "d2")
    story.now += DRILL_LIFE + DRILL_OVER_IS_NEWS
    story.tick()
    assert OVER not in told(story)


def test_an_end_that_no_channel_carries_keeps_no_tick_awake(story: Story) -> None:
    carry_exercises(story)
    begin(story, "d1")
    carry_exercises(story, drills=False)
    story.tick(after_s=DRILL_LIFE.total_seconds())
    assert told(story) == []
    assert next_due(story.state, story.now) > story.now
