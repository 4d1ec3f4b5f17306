"""The ladder: what nobody takes is brought to more people, each rung once, and attention is spared."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide.limits import SINGLES
from services.router.decide.route import neighbours
from services.router.decide.snapshot import incident_from, snapshot_of
from services.router.decide.state import RUNGS
from shared.contracts import desk
from shared.contracts.alerts import AlertBody, AlertRaised, DigestBody
from shared.contracts.base import GroupId, Place, Position
from shared.contracts.groups import GroupDefinition, Policy
from shared.contracts.incidents import IncidentEscalated
from shared.gazetteer.index import SqliteGazetteer

from .conftest import HACKNEY, SOUTHWARK, Story, group

RAID = "immigration enforcement vans on Ashwin Street now, I can see them"
REACH_M = 20_000.0


def rungs(story: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Every rung that was climbed, and who was asked."""
    return [(e.rung, e.groups) for e in story.log if isinstance(e, IncidentEscalated) and e.rung]


def alerts(story: Any) -> list[Any]:
    """All that were raised, with their bodies in clear."""
    return [e for e in story.log if isinstance(e, AlertRaised)]


def wait(story: Any, minutes: int) -> None:
    for _ in range(minutes):
        story.tick(60)


def with_policy(definition: GroupDefinition, **policy: Any) -> GroupDefinition:
    return definition.model_copy(update={"policy": Policy(**policy)})


@pytest.fixture
def raid(story: Any) -> str:
    name: str = story.report(RAID, sender="a").incident_id
    return name


def test_every_rung_is_climbed_once_and_then_nobody_is_left(story: Any, raid: str) -> None:
    story.define(group("far", 52.5, -1.9))
    story.define(GroupDefinition(id="hub-group", name="Everywhere", fallback=True))
    wait(story, 40)
    assert rungs(story) == [
        ("again", ("hackney",)),
        ("neighbours", ("southwark",)),
        ("fallback", ("hub-group",)),
        ("nobody_left", ()),
    ]
    times = [e.at for e in story.log if isinstance(e, IncidentEscalated)]
    assert [b - a for a, b in itertools.pairwise(times)] == [timedelta(minutes=5)] * 3
    assert story.state.incidents[raid].rung == len(RUNGS)


def test_words_on_each_rung(story: Any, raid: str) -> None:
    wait(story, 11)
    told = alerts(story)
    assert [(a.group, a.kind, a.body.note) for a in told] == [
        ("hackney", "UNCONFIRMED", None),
        ("hackney", "UPDATE", "nobody_took"),
        ("southwark", "UNCONFIRMED", "asked_to_help"),
    ]
    assert {a.audience for a in told} == {"verifiers"}
    assert told[-1].body.also_told == ("Hackney",)


def test_a_claim_stops_it_and_a_lapsed_one_lets_it_go_on_from_where_it_stood(story: Any, raid: str) -> None:
    wait(story, 6)
    story.command(desk.Claim, incident_id=raid)
    wait(story, 15)
    assert [rung for rung, _ in rungs(story)] == ["again"]
    wait(story, 4)
    assert [rung for rung, _ in rungs(story)] == ["again"]
    wait(story, 2)
    assert [rung for rung, _ in rungs(story)] == ["again", "neighbours"]


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (desk.Confirm, {}),
        (desk.Reject, {}),
        (desk.End, {"stage": "closed"}),
        (desk.End, {"stage": "officers_left"}),
    ],
)
def test_what_a_person_has_settled_is_asked_of_nobody(
    story: Any, raid: str, model: Any, fields: dict[str, Any]
) -> None:
    story.command(model, incident_id=raid, **fields)
    wait(story, 60)
    assert rungs(story) == []


def test_whoever_goes_there_has_it_without_a_claim(story: Any, raid: str) -> None:
    story.command(desk.Attend, incident_id=raid, step="going")
    wait(story, 14)
    assert rungs(story) == []
    wait(story, 2)
    assert len(rungs(story)) == 1


def test_whoever_is_there_and_says_something_has_it_anew(story: Any, raid: str) -> None:
    story.command(desk.Attend, incident_id=raid, step="there")
    wait(story, 10)
    story.command(desk.Note, incident_id=raid, statement=desk.Statement(text="I see nobody yet"))
    wait(story, 10)
    story.command(desk.Seen, incident_id=raid, statement=desk.Statement(text="a van"))
    wait(story, 14)
    assert rungs(story) == []
    wait(story, 2)
    assert len(rungs(story)) == 1


def test_a_drill_stays_within_its_own_groups(story: Any) -> None:
    story.define(GroupDefinition(id="hub-group", name="Everywhere", fallback=True))
    story.report(RAID, sender="a", drill=True)
    wait(story, 30)
    assert rungs(story) == [("again", ("hackney",)), ("nobody_left", ())]
    assert all(a.drill for a in alerts(story))


@pytest.mark.parametrize(
    ("own", "other", "asked"),
    [
        ({}, {}, [("again", ("hackney",)), ("neighbours", ("southwark",)), ("nobody_left", ())]),
        ({"neighbours": ()}, {}, [("again", ("hackney",)), ("nobody_left", ())]),
        ({"neighbours": ("glasgow", "nowhere")}, {}, [
            ("again", ("hackney",)), ("neighbours", ("glasgow",)), ("nobody_left", ())]),
        ({}, {"helps_neighbours": False}, [("again", ("hackney",)), ("nobody_left", ())]),
        ({"ladder_after_min": 60}, {}, [("again", ("hackney",))]),
    ],
)  # fmt: skip
def test_a_groups_policy_says_who_helps(story: Any, own: Any, other: Any, asked: Any) -> None:
    story.define(with_policy(HACKNEY, **own))
    story.define(with_policy(SOUTHWARK, **other))
    story.report(RAID, sender="a")
    wait(story, 61)
    assert rungs(story) == asked


def test_the_nearest_neighbours_are_asked_and_at_most_three(story: Any) -> None:
    for n, lat in enumerate((51.60, 51.62, 51.64, 51.66)):
        story.define(group(f"north-{n}", lat, -0.062, 1_000))
    story.report(RAID, sender="a")
    wait(story, 11)
    assert rungs(story)[-1] == ("neighbours", ("north-0", "southwark", "north-1"))
    place = Place(lat=51.5466, lon=-0.0752, radius_m=30, how="street", label="")
    near = neighbours(place, story.state.groups, REACH_M)
    assert near[0] == "hackney"
    assert "glasgow" not in near
    assert near.index(GroupId("north-0")) < near.index(GroupId("north-3"))


def test_in_a_flood_what_nobody_took_rides_in_the_next_digest(story: Any) -> None:
    """Not one more message than the budget: singly at most three in ten minutes, and then digests."""
    here = (Position(lat=51.533 + 0.0056 * n, lon=-0.062, accuracy_m=10) for n in range(6))
    for n, position in enumerate(here):
        answer = story.report("immigration raid here, I see two vans", sender=f"s{n}", position=position,
                              first_hand=True, after_s=1)  # fmt: skip
        assert answer.outcome == "opened"
    wait(story, 20)
    told = [a for a in alerts(story) if a.group == "hackney"]
    single = [a.at for a in told if a.kind != "DIGEST"]
    for at in single:
        assert sum(at <= other < at + timedelta(minutes=10) for other in single) <= SINGLES
    again = {
        line.code
        for a in told
        if isinstance(a.body, DigestBody)
        for line in a.body.lines
        if line.reason == "nobody_took"
    }
    singly = {a.code for a in told if isinstance(a.body, AlertBody) and a.body.note == "nobody_took"}
    assert again | singly == {i.code for i in story.incidents()}
    assert not again & singly


def test_flood_mode_keeps_the_ladder_to_digests(story: Any, raid: str) -> None:
    story.command(desk.Flood, on=True)
    wait(story, 12)
    assert not any(a.kind == "UPDATE" for a in alerts(story))
    digests = [a for a in alerts(story) if a.kind == "DIGEST"]
    assert [line.reason for d in digests for line in d.body.lines] == ["nobody_took"]


def test_whom_a_rung_could_not_ask_in_time_the_next_one_does_not_forget(story: Any, raid: str) -> None:
    story.command(desk.Flood, on=True)
    wait(story, 6)
    story.tick(900)
    assert story.state.incidents[raid].rung > 1
    told = [(a.kind, a.group) for a in alerts(story)]
    assert told[1:] == [("DIGEST", "hackney"), ("UNCONFIRMED", "southwark")]


def test_a_quick_ladder_asks_on_and_keeps_whom_it_could_not_ask(story: Any) -> None:
    story.define(with_policy(HACKNEY, ladder_after_min=2, neighbours=()))
    story.report(RAID, sender="a")
    story.command(desk.Flood, on=True)
    wait(story, 3)
    wait(story, 2)
    assert [rung for rung, _ in rungs(story)] == ["again", "nobody_left"]
    wait(story, 5)
    assert [a.kind for a in alerts(story)].count("DIGEST") == 1


def test_a_claim_takes_it_out_of_the_digest_to_come(story: Any, raid: str) -> None:
    story.command(desk.Flood, on=True)
    wait(story, 6)
    assert story.state.incidents[raid].asking == ("hackney",)
    story.command(desk.Claim, incident_id=raid)
    assert story.state.incidents[raid].asking == ()
    wait(story, 10)
    assert not any(a.kind == "DIGEST" for a in alerts(story))


ACTS = st.sampled_from(("claim", "release", "attend", "note", "update", "tick", "tick", "tick"))


@given(st.lists(st.tuples(ACTS, st.sampled_from((1, 60, 299, 301, 901))), max_size=25))
@settings(deadline=None, max_examples=60)
def test_no_rung_twice_whatever_people_and_time_do(
    gazetteer: SqliteGazetteer, acts: list[tuple[str, int]]
) -> None:
    story = Story(gazetteer)
    name: Any = story.report(RAID, sender="a").incident_id
    said = desk.Statement(text="hm")
    models: dict[str, tuple[Any, dict[str, Any]]] = {
        "claim": (desk.Claim, {}),
        "release": (desk.Release, {}),
        "attend": (desk.Attend, {"step": "there"}),
        "note": (desk.Note, {"statement": said}),
        "update": (desk.Update, {"statement": said}),
    }
    for act, seconds in acts:
        if act == "tick":
            story.tick(seconds)
        else:
            model, fields = models[act]
            story.command(model, after_s=seconds, incident_id=name, **fields)
    climbed = [rung for rung, _ in rungs(story)]
    assert climbed == sorted(set(climbed), key=RUNGS.index)
    incident = story.state.incidents[name]
    restated = incident_from(snapshot_of(incident))
    assert (restated.rung, restated.waits_since, restated.asking) == (
        incident.rung,
        incident.waits_since,
        incident.asking,
    )
    assert story.replayed() == story.state


def test_what_only_muted_senders_report_climbs_no_ladder(story: Any, raid: str) -> None:
    """Nobody is asked again for what their group does not want to be troubled by."""
    story.command(desk.Mute, report_id="r1")
    wait(story, 20)
    assert rungs(story) == []
    story.report("Immigration officers in Ashwin Street, two vans", sender="b")
    wait(story, 2)
    assert [rung for rung, _ in rungs(story)] == ["again"]


def test_a_mute_that_is_undone_lets_it_climb(story: Any, raid: str) -> None:
    story.command(desk.Mute, report_id="r1")
    wait(story, 10)
    (name,) = story.state.mutes
    story.command(desk.Unmute, mute_id=name)
    wait(story, 2)
    assert [rung for rung, _ in rungs(story)] == ["again"]


def test_what_a_member_saw_is_asked_about_whoever_is_muted(story: Any, raid: str) -> None:
    story.command(desk.Mute, report_id="r1")
    story.command(desk.Seen, incident_id=raid)
    wait(story, 6)
    assert [rung for rung, _ in rungs(story)] == ["again"]
