"""Properties: no input raises, a duplicate changes nothing, replay gives the state, order is nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide.decider import Input, decide, step
from services.router.decide.evolve import evolve
from services.router.decide.state import State
from services.router.evaluate import state_with
from services.router.gazetteer.load import load_gazetteer
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived

GAZETTEER = load_gazetteer()
START = datetime(2022, 5, 14, 12, 0, tzinfo=UTC)
BRITAIN = Area(polygons=((((-8.0, 49.5), (2.0, 49.5), (2.0, 59.5), (-8.0, 59.5), (-8.0, 49.5)),),))
GROUPS = state_with([GroupDefinition(id="britain", name="Britain", area=BRITAIN)])
WORDS = [
    "immigration raid",
    "Ashwin Street",
    "E8 3DL",
    "in Dalston",
    "?",
    "they have left",
    "false alarm",
    "\x00",
    "🚨",
    "Rye Lane",
    "SE15",
    "now",
    "51.5470, -0.0748",
    "yesterday",
    "help",
    "مداهمة",
    "移民局",
    "kenmure st",
    "police",
    "all clear",
    "is there",
    "raid",
]

texts = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join))
positions = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "lat": st.floats(-90, 90),
            "lon": st.floats(-180, 180),
            "accuracy_m": st.one_of(st.none(), st.floats(0, 20_000_000)),
        }
    ),
)
contents = st.builds(
    lambda text, sender, position, postcode, first: ReportContent.model_validate(
        {"text": text, "sender": sender, "position": position, "postcode": postcode, "first_hand": first}
    ),
    texts,
    st.one_of(st.none(), st.sampled_from("abc")),
    positions,
    st.one_of(st.none(), st.text(max_size=10), st.sampled_from(["E8 3DL", "E8", "SE15"])),
    st.sampled_from([None, True, False]),
)


def report(n: int, content: ReportContent, after_s: float = 0, name: str = "") -> ReportReceived:
    report_id = name or f"r{n}"
    at = START + timedelta(seconds=after_s)
    return ReportReceived(id=report_id, at=at, report_id=report_id, bridge="test", content=content)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(contents, st.floats(0, 4_000)), max_size=8))
def test_no_report_raises_and_replay_gives_the_same_state(played: list[tuple[ReportContent, float]]) -> None:
    state, replayed, clock = GROUPS, GROUPS, 0.0
    for n, (content, later) in enumerate(played, 1):
        clock += later
        message = report(n, content, clock)
        for given_input in (Input("TICK", n), Input("REPORTS", n, message)):
            events, after = step(state, given_input, message.at, GAZETTEER)
            assert events == decide(state, given_input, message.at, GAZETTEER)
            for event in events:
                replayed = evolve(replayed, event)
            state = after
    assert replayed == state


@settings(max_examples=40, deadline=None)
@given(contents)
def test_a_duplicate_changes_nothing(content: ReportContent) -> None:
    _, once = step(GROUPS, Input("REPORTS", 1, report(1, content)), START, GAZETTEER)
    events, twice = step(once, Input("REPORTS", 2, report(1, content)), START, GAZETTEER)
    assert [e.type for e in events] == ["input.decided.v1"]
    assert (twice.incidents, twice.held, twice.known) == (once.incidents, once.held, once.known)


PLACES = [(51.5470, -0.0748), (51.5600, -0.0748), (51.4725, -0.0563), (55.8419, -4.2731)]


@settings(max_examples=40, deadline=None)
@given(st.permutations([(place, n) for place in range(4) for n in range(3)]))
def test_order_within_a_minute_does_not_change_clusters_a_kilometre_apart(
    order: list[tuple[int, int]],
) -> None:
    state, clusters = GROUPS, {}
    for seq, (place, n) in enumerate(order, 1):
        lat, lon = PLACES[place]
        content = ReportContent.model_validate(
            {
                "text": f"immigration raid here, witness number {n} of street {place}",
                "sender": f"s{place}-{n}",
                "position": {"lat": lat + 0.0002 * n, "lon": lon, "accuracy_m": 30},
            }
        )
        message = report(seq, content, seq * 4, name=f"r{place}-{n}")
        events, state = step(state, Input("REPORTS", seq, message), message.at, GAZETTEER)
        decided: Any = events[-1]
        clusters[message.report_id] = decided.incident_id
    by_incident: dict[str, set[str]] = {}
    for name, incident in clusters.items():
        by_incident.setdefault(incident, set()).add(name.split("-")[0])
    assert sorted(by_incident.values(), key=sorted) == [{"r0"}, {"r1"}, {"r2"}, {"r3"}]


def test_a_state_knows_nothing_at_first() -> None:
    assert decide(State(), Input("TICK", 0), START, GAZETTEER) == ()
    assert step(State(), Input("DESK", 1, None, "unreadable"), START, GAZETTEER)[1].desk_seq == 1
