"""Whatever people, reports and time do, in whatever order: no input raises, and the log tells it all.

Commands are about incidents and reports that there are, or were, or never will be, by members of every
role and by strangers.
"""

from datetime import timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide.state import State
from shared.contracts import desk
from shared.contracts.base import HUB, IncidentId, Place
from shared.contracts.incidents import InputDecided

from .conftest import SHA, Story, group
from .tellings import GAZETTEER, SPOTS, Telling, telling
from .test_properties import contents

MEMBERS: Final = ("d-hackney", "d-glasgow", "d-everywhere", "v", "op", "stranger", "bootstrap")
GROUPS: Final = ("hackney", "southwark", "glasgow", "everywhere", HUB, "nobody")
ASKS: Final = st.sampled_from(["WITNESSES", "ENOUGH", "LEAVE", "NONE"])
PLACES: Final = st.builds(
    Place,
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    radius_m=st.floats(0, 1e7),
    how=st.just("person"),
    label=st.text(max_size=20),
)
STATEMENTS: Final = st.one_of(
    st.none(), st.builds(desk.Statement, text=st.text(max_size=40), place=st.one_of(st.none(), PLACES))
)


_FIRST: Final = 5
"""So many true reports come first, so that there is something to act on."""


@st.composite
def commands(draw: st.DrawFn, state: State) -> tuple[Any, dict[str, Any]]:
    """A command and its fields: mostly one that makes sense, else any."""
    known = sorted(state.incidents)
    incident = st.sampled_from([*sorted(state.live) * 4, *known, "i-unknown"])
    about = draw(incident)
    own = sorted(state.incidents[IncidentId(about)].evidence) if about in known else []
    taken = [tuple(i.evidence) for i in state.incidents.values() if i.merged_into == about]
    report = st.sampled_from([*own * 5, "r1", "r-unknown"])
    made: dict[Any, dict[str, st.SearchStrategy[Any]]] = {
        desk.Claim: {},
        desk.Release: {},
        desk.Confirm: {"ask": ASKS, "statement": STATEMENTS},
        desk.Reject: {
            "outcome": st.sampled_from(["not_confirmed", "other_agency", "retracted"]),
            "statement": STATEMENTS,
        },
        desk.PutPlace: {"statement": st.one_of(STATEMENTS, *[st.builds(desk.Statement, place=PLACES)] * 3)},
        desk.Merge: {"absorbed": incident},
        desk.Split: {
            "reports": st.sampled_from([*map(sorted, taken)] * 3).map(tuple)
            if taken
            else st.lists(report, min_size=1, max_size=2).map(tuple)
        },
        desk.Update: {"ask": ASKS, "statement": STATEMENTS},
        desk.End: {
            "stage": st.sampled_from(["officers_left", "aftercare", "closed"]),
            "tally": st.builds(desk.Tally, taken=st.integers(0, 9)),
        },
        desk.ReleaseReport: {
            "report_id": st.sampled_from([*sorted(state.held) * 4, "r1", "r-unknown"]),
            "incident_id": st.one_of(st.none(), incident),
            "placed": st.one_of(st.none(), st.builds(desk.HeldPlace, place=PLACES)),
        },
        desk.RevokeMember: {"revoked": st.sampled_from(MEMBERS)},
        desk.KillSwitch: {"stopped": st.booleans()},
    }
    model = draw(st.sampled_from(sorted(made, key=lambda m: str(m.__name__))))
    fields = {name: draw(values) for name, values in made[model].items()}
    if issubclass(model, desk.IncidentCommand):
        fields |= {"incident_id": about, "version": draw(st.sampled_from([*[None] * 8, 1, 2]))}
    who = draw(st.sampled_from((*["d-everywhere"] * 20, *MEMBERS)))
    acts_for = "everywhere" if who == "d-everywhere" else draw(st.sampled_from(GROUPS))
    return model, {**fields, "member": who, "group": acts_for}


def hub() -> Story:
    """A hub with a group for all of Britain and members of every role."""
    story = Story(GAZETTEER)
    story.define(group("everywhere", 53.0, -2.0, 600_000, outcodes=("E8", "G41")))
    roles: dict[str, Any] = {"v": {"hackney": "verifier"}, "d-everywhere": {"everywhere": "admin"}}
    for name, role in roles.items():
        story.command(desk.AddMember, member="op", group=HUB, new_member=name, roles=role, token_sha256=SHA)
    story.report("Immigration raid, please come", sender="h")
    return story


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_input_raises_and_replay_gives_the_same_state(data: st.DataObject) -> None:
    story = hub()
    for n in range(data.draw(st.integers(8, 30))):
        early = n < _FIRST
        kind = data.draw(
            st.sampled_from(["true", "any", "command", "command", "tick"] if not early else ["true"])
        )
        later = data.draw(
            st.sampled_from([1, 20, 20, 200, 200, 4_000, 40_000, 700_000] if not early else [0, 20])
        )
        if kind == "true":
            event = data.draw(st.integers(0, 1 if early else 4))
            told: Telling = data.draw(telling(event, SPOTS[event]))
            story.report(after_s=later, drill=data.draw(st.booleans()) and n % 5 == 0, **told.fields)
        elif kind == "any":
            content = data.draw(contents)
            story.report(after_s=later, contact=data.draw(st.sampled_from([None, "+1"])), **dict(content))
        elif kind == "tick":
            story.tick(later)
        else:
            model, fields = data.draw(commands(story.state))
            story.command(model, after_s=min(later, 200), **fields)
        assert kind == "tick" or isinstance(story.events[-1], InputDecided)
    assert story.replayed() == story.state
    story.tick(timedelta(days=15).total_seconds())
    assert story.replayed() == story.state
