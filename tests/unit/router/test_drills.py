"""An exercise is an exercise from its first report to its last word, and what is real never notices it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide import reasons
from services.router.decide.decider import Input, step
from services.router.decide.state import State
from services.router.evaluate import state_with
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertRaised, DigestBody
from shared.contracts.base import HUB
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.load import load_gazetteer

from .conftest import Story

GAZETTEER = load_gazetteer()
START = datetime(2022, 5, 14, 12, 0, tzinfo=UTC)
BRITAIN = Area(polygons=((((-8.0, 49.5), (2.0, 49.5), (2.0, 59.5), (-8.0, 59.5), (-8.0, 49.5)),),))
TEXTS = (
    "Immigration raid at Ashwin Street, six officers and two vans outside the bakery",
    "immigration raid Ashwin St",
    "they have left now",
    "help raid",
    "police stopping cars at Ashwin Street",
    "two vans outside the bakery",
    "Immigration officers Kenmure Street",
    "raid in Hackney now please come",
)

said = st.tuples(
    st.just("report"),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.sampled_from("ab"),
    st.sampled_from((None, "chat")),
)
acts = st.tuples(
    st.just("act"),
    st.booleans(),
    st.sampled_from((desk.Claim, desk.Confirm, desk.Reject, desk.End, desk.Seen, desk.Reopen, desk.Update)),
)
time = st.tuples(st.just("time"), st.sampled_from((30, 300, 2_000)))


def story_of(steps: Sequence[tuple[Any, ...]], *, drills: bool) -> list[tuple[bool, AlertRaised]]:
    """The alerts of the steps, and whether an exercise caused each; `drills` False leaves those out."""
    state: State = state_with([GroupDefinition(id="here", name="Here", area=BRITAIN)])
    state = add(state, "bootstrap", "op", HUB, "operator")
    state = add(state, "op", "d", "here", "dispatcher")
    now, told = START, list[tuple[bool, AlertRaised]]()
    for n, what in enumerate(steps):
        if what[0] == "time":
            now += timedelta(seconds=what[1])
            given: Input | None = Input("TICK", n)
        else:
            given = _input(state, what, n, now) if drills or not what[1] else None
        if given is None:
            continue
        made, state = step(state, given, now, GAZETTEER)
        for event in made:
            if isinstance(event, AlertRaised):
                incident = state.incidents.get(event.incident_id) if event.incident_id else None
                told.append((incident.drill if incident else event.drill, event))
    return told


def add(state: State, by: str, name: str, group: str, role: Any) -> State:
    command = desk.AddMember(
        id=f"add-{name}", at=START, member=by, group=HUB, new_member=name, roles={group: role},
        token_sha256="0" * 64,
    )  # fmt: skip
    return step(state, Input("DESK", 0, command), START, GAZETTEER)[1]


def _input(state: State, what: tuple[Any, ...], n: int, now: datetime) -> Input | None:
    if what[0] == "report":
        _, drill, text, sender, source = what
        content = ReportContent(text=text, sender=sender, source=source)
        report = ReportReceived(
            id=f"r{n}", at=now, report_id=f"r{n}", bridge="t", drill=drill, content=content
        )
        return Input("REPORTS", n, report)
    _, drill, model = what
    open_ = [i for i in state.incidents.values() if i.drill == drill]
    if not open_:
        return None
    last = max(open_, key=lambda i: (i.opened_at, i.id))
    command = model(id=f"c{n}", at=now, member="d", group="here", incident_id=last.id)
    return Input("DESK", n, command)


def place_of(alert: AlertRaised) -> str:
    body = alert.body
    return body.place.label if body is not None and hasattr(body, "place") else ""


def shape(alert: AlertRaised) -> tuple[Any, ...]:
    body = alert.body
    lines = tuple((x.report_id, x.reason) for x in body.lines) if isinstance(body, DigestBody) else ()
    return alert.at, alert.kind, alert.audience, alert.status, alert.urgency, lines, place_of(alert)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(said, said, acts, time), min_size=4, max_size=30))
def test_every_word_of_an_exercise_says_so_and_what_is_real_never_notices_it(
    steps: list[tuple[Any, ...]],
) -> None:
    told = story_of(steps, drills=True)
    for drill, alert in told:
        assert alert.drill == drill
    real = [shape(alert) for drill, alert in told if not drill]
    alone = [shape(alert) for _, alert in story_of(steps, drills=False)]
    assert real == alone


def test_an_exercise_and_the_real_thing_are_never_one(story: Story) -> None:
    text = "Immigration raid at Ashwin Street"
    real, drill = story.report(text, sender="a"), story.report(text, sender="b", drill=True)
    assert (real.outcome, drill.outcome) == ("opened", "opened")
    for one, other in ((real, drill), (drill, real)):
        refused = story.command(desk.Merge, incident_id=one.incident_id, absorbed=other.incident_id)
        assert refused.reason == reasons.ANOTHER_WORLD
    split = story.report("immigration van on ashwin street", sender="c", drill=True)
    assert split.incident_id == drill.incident_id
    story.command(desk.Split, incident_id=drill.incident_id, reports=(f"r{split.input.seq}",))
    assert {i.drill for i in story.incidents() if i.id != real.incident_id} == {True}


@pytest.mark.parametrize("drill", [True, False])
def test_a_held_report_is_let_into_nothing_of_the_other_world(story: Story, *, drill: bool) -> None:
    opened = story.report("Immigration raid at Ashwin Street", sender="a", drill=not drill)
    held = story.report("immigration raid somewhere in E8", sender="b", drill=drill)
    assert held.outcome == "held"
    release: Any = {"report_id": f"r{held.input.seq}", "incident_id": opened.incident_id}
    assert story.command(desk.ReleaseReport, **release).reason == reasons.ANOTHER_WORLD
    assert f"r{held.input.seq}" in story.state.held


def test_exercises_spend_none_of_the_attention_for_what_is_real(story: Story) -> None:
    streets = ("Ashwin Street", "Hackney Town Hall", "Ridley Road", "London Fields station")
    for n, street in enumerate(streets):
        story.report(f"Immigration raid at {street}", sender=f"d{n}", drill=True)
    story.report("Immigration raid at Ashwin Street", sender="a")
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]


@pytest.mark.parametrize("drill", [True, False])
def test_police_at_an_exercise_make_no_watch(story: Story, *, drill: bool) -> None:
    for n in range(3):
        story.report("police stopping cars at Ashwin Street", sender=f"s{n}", drill=drill)
    assert bool([e for e in story.log if isinstance(e, events.WatchNoted)]) != drill
