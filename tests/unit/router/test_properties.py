"""Properties: no input raises, a duplicate changes nothing, replay gives the state, order is nothing."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide.decider import Input, decide, step
from services.router.decide.evolve import evolve
from services.router.decide.reasons import DUPLICATE_REPORT
from services.router.decide.state import DAWN, State
from shared.contracts.reports import ReportContent, ReportReceived

from .tellings import GAZETTEER, GROUPS, START, Telling, evenings

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


def sparsely(state: State) -> State:
    """All but the positions and the clock, which every decided input moves."""
    return replace(state, reports_seq=0, desk_seq=0, now=DAWN, positions_at=DAWN)


@settings(max_examples=80, deadline=None)
@given(evenings(), st.lists(contents, max_size=6), st.data())
def test_a_duplicate_changes_nothing(
    told: list[Telling], others: list[ReportContent], data: st.DataObject
) -> None:
    """Whenever it comes again, at once or hours later, as it was or with other words under its id."""
    reports = [t.report(n, n) for n, t in enumerate(told)] + [report(n, c) for n, c in enumerate(others)]
    state = GROUPS
    for seq, message in enumerate(data.draw(st.permutations(reports)), 1):
        _, state = step(state, Input("REPORTS", seq, message), message.at, GAZETTEER)
    once, again = state, data.draw(st.lists(st.sampled_from(reports), min_size=1, max_size=4))
    for n, message in enumerate(again, 1):
        content = data.draw(st.sampled_from([message.content, *(r.content for r in reports)]))
        repeated = message.model_copy(update={"content": content})
        later = once.now + timedelta(seconds=n * data.draw(st.integers(0, 3_000)))
        events, state = step(state, Input("REPORTS", len(reports) + n, repeated), later, GAZETTEER)
        assert [(e.type, getattr(e, "reason", "")) for e in events] == [
            ("input.decided.v1", DUPLICATE_REPORT)
        ]
    assert sparsely(state) == sparsely(once)


def clusters(order: list[tuple[int, Telling]]) -> tuple[list[list[str]], State]:
    """The reports of each incident after these tellings, all received within one minute."""
    state = GROUPS
    for seq, (n, told) in enumerate(order, 1):
        message = told.report(n, 59 * seq / len(order))
        _, state = step(state, Input("REPORTS", seq, message), message.at, GAZETTEER)
    return sorted(sorted(incident.evidence) for incident in state.incidents.values()), state


@settings(max_examples=120, deadline=None)
@given(evenings(), st.data())
def test_order_within_a_minute_does_not_change_clusters_a_kilometre_apart(
    told: list[Telling], data: st.DataObject
) -> None:
    """Each of two orders gives the true events: named or seen by phone, in any language, by anybody."""
    numbered = list(enumerate(told))
    true: dict[int, list[str]] = {}
    for n, telling in numbered:
        true.setdefault(telling.event, []).append(f"e{telling.event}-{n}")
    expected = sorted(map(sorted, true.values()))
    for _ in range(2):
        found, state = clusters(data.draw(st.permutations(numbered)))
        assert found == expected
        assert not state.held


def test_a_state_knows_nothing_at_first() -> None:
    assert decide(State(), Input("TICK", 0), START, GAZETTEER) == ()
    assert step(State(), Input("DESK", 1, None, "unreadable"), START, GAZETTEER)[1].desk_seq == 1
