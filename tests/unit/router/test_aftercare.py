"""Aftercare: nothing is closed while somebody is unaccounted for, and no post stays empty unseen."""

import itertools
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide import reasons
from services.router.decide.custody import Person, becoming, joined, numbering
from services.router.decide.limits import CHECK_AGAIN, MOST_POSTS
from services.router.decide.snapshot import incident_from, snapshot_of
from shared.contracts import aftercare, desk
from shared.contracts.aftercare import (
    Account,
    Became,
    CheckIn,
    Fate,
    JoinPost,
    LeavePost,
    News,
    OpenPost,
    PostPlace,
)
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import IncidentId
from shared.contracts.desk import Tally
from shared.contracts.groups import Policy
from shared.contracts.incidents import IncidentEnded
from shared.gazetteer.index import SqliteGazetteer

from .conftest import HACKNEY, START, Story
from .test_duty import hire, tick_for

RAID = "immigration enforcement vans on Ashwin Street now, I can see them"
STATION = PostPlace(label="Stoke Newington Police Station, front door")


@pytest.fixture
def left(story: Any) -> str:
    """Officers have left with one person, and of another nobody knows."""
    hire(story, "ada", "ben", "cem")
    name: str = story.report(RAID, sender="a").incident_id
    story.command(desk.Confirm, incident_id=name)
    story.command(desk.End, incident_id=name, tally=Tally(let_go=2, taken=1, unknown=1))
    return name


def people(story: Any, name: str) -> dict[str, str]:
    return {person.tag: person.fate for person in story.state.incidents[name].aftercare.people}


def close(story: Any, name: str, **more: Any) -> str:
    reason: str = story.command(desk.End, incident_id=name, stage="closed", **more).reason
    return reason


def post(story: Any, incident: str, name: str = "p1", *, in_min: int = 120, **more: Any) -> Any:
    begins = story.now + timedelta(minutes=in_min)
    fields = {"begins": begins, "ends": begins + timedelta(hours=2), "where": STATION, **more}
    return story.command(OpenPost, incident_id=incident, post_id=name, **fields)


def raised_for(story: Any) -> list[Any]:
    """The alerts of aftercare, with their bodies in clear."""
    return [e for e in story.log if isinstance(e, AlertRaised) and e.kind == "AFTERCARE"]


def told(story: Any) -> list[tuple[datetime, str]]:
    """The messages of aftercare, all to the verifiers of the group alone."""
    raised = raised_for(story)
    assert {(a.group, a.audience) for a in raised} <= {("hackney", "verifiers")}
    return [(a.at, a.body.note) for a in raised]


# --- people -------------------------------------------------------------------------------------


def test_whoever_was_taken_is_unknown_until_somebody_says_what_became_of_them(story: Any, left: str) -> None:
    assert list(people(story, left).values()) == ["unknown", "unknown"]
    after = story.state.incidents[left].aftercare
    assert (after.owner, after.owner_group) == ("d-hackney", "hackney")
    assert after.check_at == story.now + timedelta(hours=2)


def test_it_is_closed_only_when_everybody_is_accounted_for(story: Any, left: str) -> None:
    assert close(story, left) == reasons.NOT_ACCOUNTED
    first, second = people(story, left)
    story.command(Account, incident_id=left, news=News(became=(Became(fate="released", tag=second),)))
    assert close(story, left) == reasons.NOT_ACCOUNTED
    story.command(Account, incident_id=left, news=News(became=(Became(fate="detention"),)))
    assert people(story, left) == {first: "detention", second: "released"}
    assert close(story, left) == reasons.APPLIED
    ended = [e for e in story.log if isinstance(e, IncidentEnded)][-1]
    assert ended.tally == Tally(let_go=2, taken=2)
    assert story.state.incidents[left].aftercare.check_at is None


@pytest.mark.parametrize("tally", [Tally(), Tally(let_go=3)])
def test_where_nobody_was_taken_it_is_closed_as_ever(story: Any, tally: Tally) -> None:
    name = story.report(RAID, sender="a").incident_id
    story.command(desk.Confirm, incident_id=name)
    story.command(desk.End, incident_id=name, tally=tally)
    assert close(story, name) == reasons.APPLIED


def test_it_is_not_closed_in_one_go_over_somebody_who_is_taken(story: Any) -> None:
    name = story.report(RAID, sender="a").incident_id
    story.command(desk.Confirm, incident_id=name)
    assert close(story, name, tally=Tally(taken=1)) == reasons.NOT_ACCOUNTED
    assert story.state.incidents[name].status == "confirmed"


def test_a_stage_without_numbers_leaves_the_numbers(story: Any, left: str) -> None:
    story.command(desk.End, incident_id=left, stage="aftercare")
    assert story.state.incidents[left].tally == Tally(let_go=2, taken=1, unknown=1)
    assert len(people(story, left)) == 2


def test_a_corrected_number_strikes_off_the_unknown_only(story: Any, left: str) -> None:
    story.command(Account, incident_id=left, arrested=4, news=News(became=(Became(fate="bailed", number=2),)))
    assert sorted(people(story, left).values()) == ["bailed", "bailed", "unknown", "unknown"]
    assert story.command(Account, incident_id=left, arrested=1).reason == reasons.FEWER_THAN_KNOWN
    story.command(Account, incident_id=left, arrested=2)
    assert list(people(story, left).values()) == ["bailed", "bailed"]
    assert close(story, left) == reasons.APPLIED


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"news": News(became=(Became(fate="released", number=3),))}, reasons.MORE_THAN_TAKEN),
        ({"news": News(became=(Became(fate="released", tag="PZZZ"),))}, reasons.UNKNOWN_PERSON),
        ({"owner": "nobody"}, reasons.UNKNOWN_MEMBER),
        ({"owner": "d-southwark"}, reasons.UNKNOWN_MEMBER),
        ({"check_min": -5}, reasons.WRONG_TIMES),
        ({"check_min": 60 * 24 * 31}, reasons.WRONG_TIMES),
        ({"member": "ada"}, reasons.ROLE_TOO_LOW),
    ],
)
def test_an_account_that_does_not_fit_is_refused_whole(
    story: Any, left: str, fields: dict[str, Any], reason: str
) -> None:
    before = story.state.incidents[left]
    if minutes := fields.pop("check_min", None) if "check_min" in fields else None:
        fields = {**fields, "check_at": story.now + timedelta(minutes=minutes)}
    assert story.command(Account, incident_id=left, arrested=2, **fields).reason == reason
    assert story.state.incidents[left] == before


def test_an_account_that_says_nothing_is_none(story: Any, left: str) -> None:
    assert story.command(Account, incident_id=left, news=News()).reason == reasons.EMPTY
    assert story.command(Account, incident_id=left, arrested=0).reason == reasons.APPLIED


# --- not taken after all ------------------------------------------------------------------------


def tally(story: Any, name: str) -> tuple[int, int, int]:
    said = story.state.incidents[name].tally
    return said.let_go, said.taken, said.unknown


def became(story: Any, name: str, *news: Became, **more: Any) -> None:
    answer = story.command(Account, incident_id=name, news=News(became=news), **more)
    assert answer.outcome == "applied", answer.reason


def test_who_was_not_known_of_and_went_home_is_counted_as_let_go(story: Any, left: str) -> None:
    became(story, left, Became(fate="let_go"))
    assert tally(story, left) == (3, 1, 0), "four people before, four people after"
    assert close(story, left) == reasons.NOT_ACCOUNTED, "of whoever was taken nothing is known yet"
    became(story, left, Became(fate="released"))
    assert tally(story, left) == (3, 1, 0)
    assert close(story, left) == reasons.APPLIED
    bodies: list[Any] = [e.body for e in story.log if isinstance(e, AlertRaised) and e.kind == "CLOSED"]
    assert {(b.tally.let_go, b.tally.taken, b.tally.unknown) for b in bodies} == {(3, 1, 0)}
    assert [b.fates for b in bodies] == [{"released": 1}] * len(bodies), "who was let go was never held"


def test_who_was_thought_to_be_taken_and_was_let_go_is_counted_there(story: Any, left: str) -> None:
    became(story, left, Became(fate="let_go", number=2))
    assert tally(story, left) == (4, 0, 0)
    assert close(story, left) == reasons.APPLIED


def test_one_is_let_go_by_tag_and_that_is_taken_back(story: Any, left: str) -> None:
    first, second = people(story, left)
    became(story, left, Became(fate="let_go", tag=second))
    assert tally(story, left) == (3, 1, 0)
    became(story, left, Became(fate="unknown", tag=second))
    assert tally(story, left) == (2, 1, 1)
    became(story, left, Became(fate="let_go", tag=second), Became(fate="charged", tag=first))
    became(story, left, Became(fate="bailed", tag=second))
    assert (tally(story, left), people(story, left)) == ((2, 2, 0), {first: "charged", second: "bailed"})


def test_a_number_of_the_taken_counts_nobody_who_was_let_go(story: Any, left: str) -> None:
    became(story, left, Became(fate="let_go"))
    became(story, left, arrested=1)
    assert (tally(story, left), len(people(story, left))) == ((3, 1, 0), 2)
    became(story, left, arrested=0)
    assert (tally(story, left), list(people(story, left).values())) == ((3, 0, 0), ["let_go"])
    story.command(desk.End, incident_id=left, stage="aftercare", tally=Tally(let_go=3, taken=2))
    assert tally(story, left) == (3, 2, 0)
    assert sorted(people(story, left).values()) == ["let_go", "unknown", "unknown"]


def test_a_lower_number_of_the_taken_strikes_off_who_may_not_have_been(story: Any, left: str) -> None:
    became(story, left, arrested=1)
    assert tally(story, left) == (2, 1, 0)


FOUND = st.one_of(
    st.builds(Became, fate=st.sampled_from(("let_go", "released", "hospital")), number=st.integers(1, 2)),
    st.tuples(st.sampled_from(("let_go", "unknown", "released")), st.integers(0, 5)),
)


@given(st.builds(Tally, let_go=st.integers(0, 3), taken=st.integers(0, 3), unknown=st.integers(0, 3)),
       st.lists(FOUND, max_size=8))  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_whatever_becomes_known_the_same_people_are_counted(
    gazetteer: SqliteGazetteer, said: Tally, found: list[Any]
) -> None:
    story = Story(gazetteer)
    name: Any = story.report(RAID, sender="x").incident_id
    story.command(desk.Confirm, incident_id=name)
    story.command(desk.End, incident_id=name, tally=said)
    for news in found:
        tags = list(people(story, name))
        if isinstance(news, tuple):
            if not tags:
                continue
            news = Became(fate=news[0], tag=tags[news[1] % len(tags)])  # noqa: PLW2901 - which there are is known now
        story.command(Account, incident_id=name, news=News(became=(news,)))
        known = Counter(people(story, name).values())
        assert sum(tally(story, name)) == said.let_go + said.taken + said.unknown
        assert tally(story, name)[0] == said.let_go + known["let_go"]
        assert tally(story, name)[2] <= known["unknown"]
    assert story.replayed() == story.state


# --- checks -------------------------------------------------------------------------------------


def test_an_account_before_anybody_confirmed_is_refused(story: Any) -> None:
    name = story.report(RAID, sender="a").incident_id
    assert story.command(Account, incident_id=name, arrested=1).reason == reasons.WRONG_STATUS


def test_the_unknown_are_asked_after_at_the_time_set_and_again_until_it_is_known(
    story: Any, left: str
) -> None:
    at = story.now + timedelta(minutes=30)
    story.command(Account, incident_id=left, owner="ada", check_at=at)
    tick_for(story, 60 * 13)
    assert told(story) == [(at, "check_due"), (at + CHECK_AGAIN, "check_due")]
    last = raised_for(story)[-1].body
    assert (last.owner, last.unknown) == ("Ada", 2)
    story.command(Account, incident_id=left, news=News(became=(Became(fate="released", number=2),)))
    tick_for(story, 60 * 40, every=10)
    assert len(told(story)) == 2


def test_a_check_waits_for_the_end_of_the_quiet_hours(story: Any, left: str) -> None:
    story.define(HACKNEY.model_copy(update={"policy": Policy(quiet_hours="14:00-20:00")}))  # 13 to 19 UTC
    tick_for(story, 60 * 8, every=5)
    assert [at.hour for at, _ in told(story)] == [19]


def test_a_long_aftercare_is_forgotten_seven_days_after_its_close(story: Any, left: str) -> None:
    story.command(
        Account, incident_id=left, news=News(became=(Became(fate="charged", number=2),)), after_s=9 * 86_400
    )
    assert close(story, left) == reasons.APPLIED
    story.tick(6 * 86_400)
    assert left in story.state.incidents
    story.tick(2 * 86_400)
    assert left not in story.state.incidents


def test_a_merge_loses_nobody_who_was_taken(story: Any, left: str) -> None:
    other = story.report("immigration raid at Mare Street, two vans", sender="z").incident_id
    story.command(desk.Confirm, incident_id=other)
    story.command(Account, incident_id=other, arrested=2)
    post(story, other)
    post(story, left, "p2")
    reopened = story.command(desk.Merge, incident_id=other, absorbed=left)
    assert reopened.outcome == "applied", reopened.reason
    assert len(people(story, other)) == 4
    assert tally(story, other) == (2, 3, 1), "let go, taken, not known: of both together"
    assert {p.id for p in story.state.incidents[other].aftercare.posts} == {"p1", "p2"}
    assert close(story, other) == reasons.NOT_ACCOUNTED


# --- posts --------------------------------------------------------------------------------------


def test_dalston_again_but_the_empty_post_is_seen(story: Any, left: str) -> None:
    """Officers left with somebody; a post; one does not come; the reserve hears; closed when it is known."""
    post(story, left)
    begins = story.state.incidents[left].aftercare.posts[0].begins
    tick_for(story, 5)
    story.command(JoinPost, member="ada", incident_id=left, post_id="p1")
    story.command(JoinPost, member="ben", incident_id=left, post_id="p1", tag="VKARL")
    tick_for(story, 114)
    story.command(CheckIn, member="ada", incident_id=left, post_id="p1", after_s=60)
    tick_for(story, 60)
    assert [(at, note) for at, note in told(story) if note != "check_due"] == [
        (begins - timedelta(minutes=118), "posts_open"),
        (begins + timedelta(minutes=10), "post_no_show"),
    ]
    body = raised_for(story)[-1].body
    assert [(p.place, p.coming, p.there) for p in body.posts] == [(STATION.label, 2, 1)]
    assert close(story, left) == reasons.NOT_ACCOUNTED
    story.command(Account, incident_id=left, news=News(became=(Became(fate="released", number=2),)))
    assert close(story, left) == reasons.APPLIED
    tick_for(story, 60 * 24, every=10)
    assert len([note for _, note in told(story) if note != "check_due"]) == 2


def test_the_reserve_hears_half_an_hour_before_an_unfilled_handover(story: Any, left: str) -> None:
    post(story, left)
    begins = story.state.incidents[left].aftercare.posts[0].begins
    story.command(JoinPost, member="ada", incident_id=left, post_id="p1")
    tick_for(story, 240)
    assert (begins - timedelta(minutes=30), "post_unfilled") in told(story)
    assert (begins + timedelta(minutes=10), "post_no_show") in told(story)


def test_nobody_is_asked_to_fill_a_post_that_is_full_already(story: Any, left: str) -> None:
    post(story, left, needed=1)
    story.command(JoinPost, member="ada", incident_id=left, post_id="p1")
    tick_for(story, 30)
    assert told(story) == []
    story.command(LeavePost, member="ada", incident_id=left, post_id="p1")
    tick_for(story, 5)
    assert [note for _, note in told(story)] == ["posts_open"]


def test_posts_opened_together_are_told_together(story: Any, left: str) -> None:
    for n in range(6):
        post(story, left, f"p{n}", in_min=120 + 120 * n)
        story.tick(15)
    tick_for(story, 5)
    assert [note for _, note in told(story)] == ["posts_open"]
    body = raised_for(story)[-1].body
    assert len(body.posts) == 6


def test_whoever_gives_up_late_is_missed_at_once(story: Any, left: str) -> None:
    post(story, left, needed=1)
    begins = story.state.incidents[left].aftercare.posts[0].begins
    story.command(JoinPost, member="ada", incident_id=left, post_id="p1")
    tick_for(story, 110)
    story.command(LeavePost, member="ada", incident_id=left, post_id="p1", after_s=30)
    tick_for(story, 2)
    assert told(story)[-1][1] == "post_unfilled"
    assert told(story)[-1][0] < begins


def test_whoever_comes_without_having_said_so_fills_the_post(story: Any, left: str) -> None:
    post(story, left, needed=1, in_min=30)
    assert story.command(CheckIn, member="ben", incident_id=left, post_id="p1").outcome == "applied"
    assert story.command(CheckIn, member="ben", incident_id=left, post_id="p1").reason == reasons.UNCHANGED
    assert story.command(CheckIn, member="ada", incident_id=left, post_id="p1").reason == reasons.POST_FULL
    assert story.command(JoinPost, member="ada", incident_id=left, post_id="p1").reason == reasons.POST_FULL


@pytest.mark.parametrize("step", ["there", "going"])
def test_who_is_at_the_post_is_no_longer_where_it_happened(story: Any, left: str, step: Any) -> None:
    post(story, left, needed=2, in_min=30)
    for who in ("ada", "ben"):
        story.command(desk.Attend, member=who, incident_id=left, step=step)
    version = story.state.incidents[left].version
    story.command(CheckIn, member="ben", incident_id=left, post_id="p1", tag="VKARL")
    assert len(story.state.incidents[left].visits) == 2, "whom a member checks in is somebody else"
    story.command(CheckIn, member="ada", incident_id=left, post_id="p1", after_s=60)
    assert [v.member for v in story.state.incidents[left].visits] == ["ben"]
    assert story.state.incidents[left].version == version, "it unsettles nobody's act"
    story.command(CheckIn, member="cem", incident_id=left, post_id="p1")
    assert [v.member for v in story.state.incidents[left].visits] == ["ben"]


def test_who_has_not_come_keeps_nobody_elses_place(story: Any, left: str) -> None:
    post(story, left, needed=1, in_min=30)
    story.command(JoinPost, member="ada", incident_id=left, post_id="p1")
    join = {"member": "ben", "incident_id": left, "post_id": "p1"}
    assert story.command(JoinPost, **join, after_s=39 * 60).reason == reasons.POST_FULL
    assert story.command(JoinPost, **join, after_s=60).outcome == "applied", "ten minutes after it began"
    assert story.command(CheckIn, **join).outcome == "applied"
    assert story.command(CheckIn, member="cem", incident_id=left, post_id="p1").reason == reasons.POST_FULL
    late = story.command(CheckIn, member="ada", incident_id=left, post_id="p1")
    assert late.outcome == "applied", "nobody who said that they would come is sent away"


def lines_told(story: Any, kind: str) -> dict[tuple[str, str], list[str]]:
    """Of the last events: to whom that was said, and which posts it named."""
    raised = [e for e in story.events if isinstance(e, AlertRaised) and e.kind == kind]
    bodies: list[tuple[tuple[str, str], Any]] = [((e.group, e.audience), e.body) for e in raised]
    assert len(dict(bodies)) == len(bodies), "each is told once"
    return {whom: [line.place for line in body.posts] for whom, body in bodies}


def test_who_counts_on_a_post_hears_when_it_is_called_off(story: Any, left: str) -> None:
    post(story, left)
    story.command(aftercare.WithdrawPost, incident_id=left, post_id="p1")
    assert told(story) == [], "nobody knew of it"
    post(story, left, "p2")
    story.command(JoinPost, member="ada", incident_id=left, post_id="p2")
    story.command(aftercare.WithdrawPost, incident_id=left, post_id="p2")
    assert lines_told(story, "AFTERCARE") == {("hackney", "verifiers"): [STATION.label]}
    post(story, left, "p3")
    tick_for(story, 5)
    story.command(aftercare.WithdrawPost, incident_id=left, post_id="p3")
    assert [note for _, note in told(story)] == ["post_withdrawn", "posts_open", "post_withdrawn"]


@pytest.mark.parametrize("how", ["closed", "taken back"])
def test_posts_end_with_their_incident_and_its_end_says_so(story: Any, left: str, how: str) -> None:
    post(story, left, where=PostPlace(label="Over by then"), in_min=-60)
    story.command(JoinPost, member="ada", incident_id=left, post_id="p1")
    post(story, left, "p2", in_min=240)
    story.command(JoinPost, incident_id=left, post_id="p2", tag="VAAAA")
    post(story, left, "p3", in_min=200, where=PostPlace(label="Nobody knows of it"))
    if how == "closed":
        became(story, left, Became(fate="released", number=2), after_s=2 * 3_600)
        assert close(story, left) == reasons.APPLIED
    else:
        story.command(desk.Reopen, incident_id=left, after_s=2 * 3_600)
        assert story.command(desk.Reject, incident_id=left, outcome="retracted").outcome == "applied"
    said = lines_told(story, "CLOSED" if how == "closed" else "WRONG")
    assert said.pop(("hackney", "verifiers"))[0] == STATION.label
    assert set(map(tuple, said.values())) == {()}, "others hear the end, and of no post"


def test_an_end_that_is_none_ends_no_post(story: Any, left: str) -> None:
    post(story, left)
    story.command(JoinPost, member="ada", incident_id=left, post_id="p1")
    said = desk.Statement(text="We stay with them")
    story.command(desk.End, incident_id=left, stage="aftercare", statement=said)
    assert set(map(tuple, lines_told(story, "UPDATE").values())) == {()}
    assert (
        story.command(CheckIn, member="ada", incident_id=left, post_id="p1", after_s=3_600).outcome
        == "applied"
    )


def test_nobody_at_a_post_is_sent_home_by_silence(story: Any, left: str) -> None:
    story.command(desk.Reopen, incident_id=left)
    post(story, left, in_min=120)
    tick_for(story, 60 * 4 - 10, every=10)
    assert story.state.incidents[left].status == "confirmed"
    tick_for(story, 30, every=10)
    assert story.state.incidents[left].status == "no_news"


@pytest.mark.parametrize(
    ("model", "fields", "reason"),
    [
        (JoinPost, {"post_id": "none"}, reasons.UNKNOWN_POST),
        (LeavePost, {}, reasons.NOT_ON_IT),
        (CheckIn, {}, reasons.NOT_NOW),
        (aftercare.WithdrawPost, {}, reasons.ROLE_TOO_LOW),
        (JoinPost, {"after_s": 5 * 3_600}, reasons.NOT_NOW),
        (CheckIn, {"after_s": 5 * 3_600}, reasons.NOT_NOW),
    ],
)
def test_what_is_refused_changes_no_post(
    story: Any, left: str, model: Any, fields: dict[str, Any], reason: str
) -> None:
    post(story, left)
    before = story.state.incidents[left]
    given = {"member": "ada", "incident_id": left, "post_id": "p1", **fields}
    assert story.command(model, **given).reason == reason
    assert story.state.incidents[left] == before


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"in_min": -180}, reasons.WRONG_TIMES),
        ({"in_min": 60 * 24 * 31}, reasons.WRONG_TIMES),
        ({"ends": START}, reasons.WRONG_TIMES),
        ({"where": None}, reasons.PLACE_NEEDED),
        ({"name": "p1"}, reasons.ID_TAKEN),
    ],
)
def test_a_post_that_cannot_be(story: Any, left: str, more: dict[str, Any], reason: str) -> None:
    post(story, left)
    assert post(story, left, **{"name": "p2", **more}).reason == reason


def test_an_incident_has_so_many_posts_and_its_snapshot_stays_small(story: Any, left: str) -> None:
    for n in range(MOST_POSTS):
        post(story, left, f"p{n:03}", needed=10)
        for k in range(10):
            tag = f"V{'ABCDEFGHJK'[k]}AAA"
            story.command(JoinPost, incident_id=left, post_id=f"p{n:03}", tag=tag)
    assert post(story, left, "more").reason == reasons.TOO_MANY
    assert len(str(snapshot_of(story.state.incidents[left]))) < 150_000


# --- whatever happens ---------------------------------------------------------------------------

tags = st.sampled_from(("PAAA", "PBBB", "PCCC"))
ACTS = st.one_of(
    st.tuples(st.just("end"), st.sampled_from(("officers_left", "aftercare", "closed")), st.integers(0, 3)),
    st.tuples(st.just("account"), st.sampled_from((None, 0, 1, 2, 5)), st.integers(0, 3)),
    st.tuples(st.just("post"), st.integers(-10, 120), st.integers(1, 2)),
    st.tuples(st.sampled_from(("join", "leave", "check")), st.integers(0, 3), st.sampled_from("ab")),
    st.tuples(st.just("tick"), st.sampled_from((60, 600, 1_800, 7_200, 50_000, 15 * 86_400)), st.just(0)),
)


def play(story: Any, name: str, act: tuple[str, Any, Any]) -> None:
    what, figure, other = act
    incident = story.state.incidents.get(name)
    match what:
        case "tick":
            story.tick(figure)
        case "end":
            story.command(desk.End, incident_id=name, stage=figure, tally=Tally(taken=other))
        case "account":
            news = News(became=(Became(fate="released", number=other),)) if other else None
            story.command(Account, incident_id=name, arrested=figure, news=news)
        case "post":
            post(story, name, f"p{len(story.log)}", in_min=figure, needed=other)
        case _ if incident is not None and incident.aftercare.posts:
            chosen = incident.aftercare.posts[figure % len(incident.aftercare.posts)].id
            model = {"join": JoinPost, "leave": LeavePost, "check": CheckIn}[what]
            story.command(model, member=other, incident_id=name, post_id=chosen)
        case _:
            return


@given(st.lists(ACTS, max_size=25))
@settings(deadline=None, max_examples=80)
def test_closed_only_when_accounted_for_and_each_thing_told_once(
    gazetteer: SqliteGazetteer, acts: list[tuple[str, Any, Any]]
) -> None:
    story = Story(gazetteer)
    hire(story, "a", "b")
    name: Any = story.report(RAID, sender="x").incident_id
    story.command(desk.Confirm, incident_id=name)
    for act in acts:
        before = story.state.incidents.get(name)
        play(story, name, act)
        after = story.state.incidents.get(name)
        if after is None:
            continue
        if after.status == "closed" and before is not None and before.status != "closed":
            assert after.aftercare.unknown == 0
            assert len(after.aftercare.people) >= after.tally.unknown == 0
        open_ones = after.aftercare.unknown > 0 and not after.ended and after.status != "confirmed"
        assert not open_ones or (after.aftercare.owner and after.aftercare.check_at)
        restated = incident_from(snapshot_of(after))
        assert restated.aftercare == after.aftercare
        tags_used = [person.tag for person in after.aftercare.people]
        assert len(tags_used) == len(set(tags_used))
    said = [(p, e.what) for e in story.log if isinstance(e, aftercare.PostsTold) for p in e.posts]
    assert len(said) == len(set(said))
    checks = [e for e in story.log if isinstance(e, aftercare.CheckCameDue)]
    assert all(b.at - a.at >= timedelta(hours=2) for a, b in itertools.pairwise(checks))
    assert story.replayed() == story.state


FATES: tuple[Fate, ...] = ("unknown", "released", "hospital", "let_go")
fates = st.sampled_from(FATES)
crowds = st.lists(fates, max_size=12).map(lambda found: tuple(
    Person(p.tag, fate) for p, fate in zip(numbering((), len(found), IncidentId("i1")), found, strict=True)
))  # fmt: skip


@given(crowds, st.integers(0, 20))
def test_numbering_never_strikes_off_anybody_known(crowd: tuple[Person, ...], number: int) -> None:
    after = numbering(crowd, number, IncidentId("i1"))
    known = [p for p in crowd if p.fate != "unknown"]
    let_go = sum(p.fate == "let_go" for p in crowd)
    assert len(after) == max(number + let_go, len(known))
    assert [p for p in after if p.fate != "unknown"] == known
    assert len({p.tag for p in after}) == len(after)
    assert numbering(after, number, IncidentId("i1")) == after


@given(crowds, crowds)
def test_together_there_are_as_many_as_apart(one: tuple[Person, ...], other: tuple[Person, ...]) -> None:
    both = joined(one, other, IncidentId("i1"))
    assert sorted(p.fate for p in both) == sorted(p.fate for p in (*one, *other))
    assert len({p.tag for p in both}) == len(both)


@given(crowds, st.lists(st.builds(Became, fate=fates, number=st.integers(1, 4)), max_size=4).map(tuple))
def test_news_changes_fates_and_never_the_number(crowd: tuple[Person, ...], news: tuple[Became, ...]) -> None:
    after = becoming(crowd, news)
    assert isinstance(after, str) or [p.tag for p in after] == [p.tag for p in crowd]
