"""The rota: who is on duty is named first, shifts with room are brought to mind once, nothing stays long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide import reasons
from services.router.decide.limits import MOST_SHIFTS
from services.router.decide.rota import on_duty
from shared.contracts import desk, duty
from shared.contracts.alerts import AlertBody, AlertRaised, DutyBody
from shared.contracts.groups import MemberName, Policy
from shared.gazetteer.index import SqliteGazetteer
from shared.quiet_hours import after_quiet, reminded_at

from .conftest import HACKNEY, SHA, SOUTHWARK, Story

RAID = "immigration enforcement vans on Ashwin Street now, I can see them"


def hire(story: Any, *names: str, group: str = "hackney", role: str = "verifier") -> None:
    for name in names:
        story.command(
            desk.AddMember,
            member="op",
            group="hub",
            new_member=name,
            roles={group: role},
            token_sha256=SHA,
            name=MemberName(name=name.title()),
        )


def offer(story: Any, name: str = "s1", *, in_min: int = 120, long_min: int = 240, **more: Any) -> Any:
    begins = story.now + timedelta(minutes=in_min)
    ends = begins + timedelta(minutes=long_min)
    return story.command(duty.OfferShift, shift_id=name, begins=begins, ends=ends, **more)


def reminders(story: Any) -> list[tuple[datetime, str, tuple[int, ...]]]:
    told: list[Any] = [e for e in story.log if isinstance(e, AlertRaised) and e.kind == "DUTY"]
    assert all(a.audience == "verifiers" and isinstance(a.body, DutyBody) for a in told)
    return [(a.at, a.body.what, tuple(line.taken for line in a.body.lines)) for a in told]


def tick_for(story: Any, minutes: int, every: int = 1) -> None:
    for _ in range(0, minutes, every):
        story.tick(60 * every)


@pytest.fixture
def rota(story: Any) -> Any:
    hire(story, "ada", "ben", "cem")
    assert offer(story, places=2).outcome == "applied"
    return story


def test_whoever_is_on_duty_is_named_in_the_first_word_and_on_the_ladder(rota: Any) -> None:
    rota.command(duty.TakeShift, member="ada", shift_id="s1")
    rota.report(RAID, after_s=60, sender="early")
    rota.report("immigration raid at Mare Street, two vans", after_s=130 * 60, sender="later")
    tick_for(rota, 6)
    told = [e.body for e in rota.log if isinstance(e, AlertRaised) and isinstance(e.body, AlertBody)]
    first, *_, last = [b for b in told if b.note in {None, "nobody_took"}]
    assert first.on_duty == ()
    assert (last.note, last.on_duty) == ("nobody_took", ("Ada",))
    assert on_duty(rota.state, HACKNEY.id, rota.now) == ("Ada",)
    assert on_duty(rota.state, SOUTHWARK.id, rota.now) == ()


def test_others_than_verifiers_never_learn_who_is_on_duty(rota: Any) -> None:
    rota.command(duty.TakeShift, member="ada", shift_id="s1")
    opened = rota.report(RAID, after_s=130 * 60, sender="a")
    rota.command(desk.Confirm, incident_id=opened.incident_id)
    bodies: dict[str, Any] = {e.audience: e.body for e in rota.events if isinstance(e, AlertRaised)}
    assert bodies["verifiers"].on_duty == ("Ada",)
    assert bodies["community"].on_duty == ()


def test_a_shift_with_room_is_brought_to_mind_once_an_hour_before(rota: Any) -> None:
    rota.command(duty.TakeShift, member="ada", shift_id="s1")
    begins = rota.state.shifts["s1"].begins
    tick_for(rota, 200)
    assert reminders(rota) == [(begins - timedelta(hours=1), "open", (1,))]


def test_a_shift_that_nobody_took_is_told_twice_a_full_one_never(rota: Any) -> None:
    offer(rota, "s2")
    rota.command(duty.TakeShift, member="ben", shift_id="s2")
    begins = rota.state.shifts["s1"].begins
    tick_for(rota, 200)
    assert [(at, what) for at, what, _ in reminders(rota)] == [
        (begins - timedelta(minutes=60), "open"),
        (begins - timedelta(minutes=30), "empty"),
    ]


def test_a_shift_offered_late_is_told_of_once(story: Any) -> None:
    offer(story, in_min=10)
    tick_for(story, 60)
    assert [what for _, what, _ in reminders(story)] == ["empty"]


@pytest.mark.parametrize(
    ("quiet", "begins", "told"),
    [
        (None, "06:00", "05:00"),
        ("22:00-07:00", "06:00", "21:00"),
        ("22:00-07:00", "07:30", "07:00"),
        ("22:00-07:00", "09:00", "08:00"),
        ("22:00-07:00", "22:30", "21:30"),
        ("22:00-07:00", "23:30", "21:00"),
    ],
)
def test_reminders_rest_in_the_quiet_hours(story: Any, quiet: str | None, begins: str, told: str) -> None:
    """Times of London in May, an hour ahead of UTC."""
    story.define(HACKNEY.model_copy(update={"policy": Policy(quiet_hours=quiet)}))
    hour, minute = map(int, begins.split(":"))
    at = datetime(2022, 5, 16, hour, minute, tzinfo=UTC) - timedelta(hours=1)
    hire(story, "ada")
    story.command(duty.OfferShift, shift_id="s1", begins=at, ends=at + timedelta(hours=2), places=2)
    story.command(duty.TakeShift, member="ada", shift_id="s1")
    tick_for(story, 60 * 72, every=5)
    assert [(t + timedelta(hours=1)).strftime("%H:%M") for t, _, _ in reminders(story)] == [told]


moments = st.datetimes(datetime(2022, 1, 1), datetime(2022, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
clocks = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))


@given(moments, st.integers(1, 600), clocks, clocks)
def test_quiet_hours_only_ever_move_what_falls_into_them(
    moment: datetime, before_min: int, since: str, until: str
) -> None:
    hours = f"{since}-{until}"
    later = after_quiet(moment, hours)
    assert later >= moment
    assert later - moment <= timedelta(hours=25)
    begins = moment + timedelta(minutes=before_min)
    at = reminded_at(moment, begins, hours)
    assert at < begins
    if later == moment:
        assert at == moment


@pytest.mark.parametrize(
    ("model", "fields", "reason"),
    [
        (duty.TakeShift, {"shift_id": "none"}, reasons.UNKNOWN_SHIFT),
        (duty.TakeShift, {"member": "sue", "group": "southwark"}, reasons.UNKNOWN_SHIFT),
        (duty.GiveUpShift, {}, reasons.NOT_ON_IT),
        (duty.NoteShift, {"note": duty.HandoverNote(text="all quiet")}, reasons.NOT_ON_IT),
        (duty.WithdrawShift, {}, reasons.ROLE_TOO_LOW),
        (duty.OfferShift, {"begins": 0, "ends": 60}, reasons.ROLE_TOO_LOW),
        (duty.OfferShift, {"member": "d-hackney", "begins": 60, "ends": 120}, reasons.ID_TAKEN),
        (duty.OfferShift, {"member": "d-hackney", "shift_id": "n", "begins": 60, "ends": 60},
         reasons.WRONG_TIMES),
        (duty.OfferShift, {"member": "d-hackney", "shift_id": "n", "begins": -60, "ends": -5},
         reasons.WRONG_TIMES),
        (duty.OfferShift, {"member": "d-hackney", "shift_id": "n", "begins": 0, "ends": 60 * 25},
         reasons.WRONG_TIMES),
        (duty.OfferShift, {"member": "d-hackney", "shift_id": "n", "begins": 60 * 24 * 91,
                           "ends": 60 * 24 * 91 + 60}, reasons.WRONG_TIMES),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(rota: Any, model: Any, fields: dict[str, Any], reason: str) -> None:
    hire(rota, "sue", group="southwark")
    before = rota.state.shifts
    for name in ("begins", "ends"):
        if name in fields:
            fields = {**fields, name: rota.now + timedelta(minutes=fields[name])}
    answer = rota.command(model, **{"member": "ada", "shift_id": "s1", **fields})
    assert (answer.outcome, answer.reason) == ("refused", reason)
    assert rota.state.shifts == before


def test_a_shift_is_taken_given_up_and_full(rota: Any) -> None:
    for who in ("ada", "ben"):
        assert rota.command(duty.TakeShift, member=who, shift_id="s1").reason == "applied"
    assert rota.command(duty.TakeShift, member="ada", shift_id="s1").reason == "unchanged"
    assert rota.command(duty.TakeShift, member="cem", shift_id="s1").reason == reasons.SHIFT_FULL
    rota.command(duty.GiveUpShift, member="ada", shift_id="s1")
    assert rota.command(duty.TakeShift, member="cem", shift_id="s1").outcome == "applied"
    assert rota.state.shifts["s1"].takers == ("ben", "cem")


def test_a_note_is_left_from_the_beginning_to_a_day_after_the_end(rota: Any) -> None:
    rota.command(duty.TakeShift, member="ada", shift_id="s1")
    note = {"member": "ada", "shift_id": "s1", "note": duty.HandoverNote(text="one van seen, left")}
    assert rota.command(duty.NoteShift, **note).reason == reasons.NOT_NOW
    assert rota.command(duty.NoteShift, after_s=6 * 3600, **note).outcome == "applied"
    assert rota.command(duty.GiveUpShift, member="ada", shift_id="s1").reason == reasons.NOT_NOW
    assert rota.command(duty.NoteShift, after_s=90_000, **note).reason == reasons.NOT_NOW


def test_whoever_may_act_no_longer_has_no_shifts(rota: Any) -> None:
    rota.command(duty.TakeShift, member="ada", shift_id="s1")
    rota.command(desk.RevokeMember, member="op", group="hub", revoked="ada")
    assert rota.state.shifts["s1"].takers == ()


def test_shifts_are_forgotten_a_week_after_their_end_and_said_again_before_the_log_forgets(
    story: Any,
) -> None:
    hire(story, "ada")
    offer(story, in_min=60 * 24 * 40)
    story.command(duty.TakeShift, member="ada", shift_id="s1")
    shift = story.state.shifts["s1"]
    stated = []
    while "s1" in story.state.shifts:
        story.tick(3 * 3600)
        stated += [e.at for e in story.events if isinstance(e, duty.ShiftOffered)]
        assert story.state.shifts.get("s1") is None or story.state.shifts["s1"].takers == ("ada",)
        assert story.now < shift.ends + timedelta(days=8)
    assert len(stated) == 3
    assert story.now >= shift.ends + timedelta(days=7)


def test_a_rota_has_room_for_so_many_shifts(story: Any) -> None:
    for n in range(MOST_SHIFTS):
        assert offer(story, f"s{n}").outcome == "applied"
    assert offer(story, "more").reason == reasons.TOO_MANY


acts = st.one_of(
    st.tuples(st.just("offer"), st.integers(-30, 300), st.integers(1, 3)),
    st.tuples(st.sampled_from(("take", "give_up", "withdraw")), st.integers(0, 3), st.sampled_from("ab")),
    st.tuples(st.just("tick"), st.sampled_from((60, 600, 3_600, 86_400, 8 * 86_400)), st.just(0)),
)
MODELS: dict[str, Any] = {"take": duty.TakeShift, "give_up": duty.GiveUpShift, "withdraw": duty.WithdrawShift}


@given(st.lists(acts, max_size=30))
@settings(deadline=None, max_examples=60)
def test_whatever_happens_each_shift_is_told_of_at_most_once_as_each(
    gazetteer: SqliteGazetteer, played: list[tuple[str, int, Any]]
) -> None:
    story = Story(gazetteer)
    hire(story, "a", "b", role="dispatcher")
    for act, figure, who in played:
        if act == "tick":
            story.tick(figure)
        elif act == "offer":
            offer(story, f"s{len(story.log)}", in_min=figure, places=who)
        elif names := sorted(story.state.shifts):
            story.command(MODELS[act], member=who, shift_id=names[figure % len(names)])
    told = [(s, e.what) for e in story.log if isinstance(e, duty.ShiftReminded) for s in e.shifts]
    assert len(told) == len(set(told))
    assert all(len(s.takers) <= s.places for s in story.state.shifts.values())
    assert story.replayed() == story.state
