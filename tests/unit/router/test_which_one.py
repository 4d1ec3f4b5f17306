"""Which of several is meant: by what is going on, once nothing in the words themselves says it."""

from datetime import timedelta

import pytest

from services.router.decide.correlate import Candidate, _nearer_first
from services.router.decide.decider import Input, step
from services.router.decide.judge import Judgement, judge
from services.router.decide.kinds import Context, _likely
from services.router.decide.lexicon import warm_up
from services.router.decide.sounds import table
from services.router.decide.state import State
from shared.contracts.base import Position
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows
from shared.geo import distance_m
from tests.unit.router.tellings import GROUPS, START

SOUTH, NORTH = (51.466, -0.169), (51.650, -0.030)
GAZETTEER = gazetteer_of(
    Rows(
        names=[
            NamedPlace("Falcon Road", "street", *SOUTH, 180, area="Battersea"),
            NamedPlace("Falcon Road", "street", *NORTH, 180, area="Enfield"),
            NamedPlace("Golborne", "area", 53.477, -2.596, 1_200),
            NamedPlace("Golborne Road", "street", 51.522, -0.209, 100, area="North Kensington"),
            NamedPlace("Dalston", "area", 51.546, -0.075, 1_200),
            NamedPlace("Wood Green", "area", 51.600, -0.110, 1_200),
            NamedPlace("Wood Green High Road", "street", 51.5935, -0.1085, 180, area="Hornsey"),
        ]
    )
)


def told(  # noqa: PLR0913 - a report's parts
    state: State,
    number: int,
    minutes: float,
    text: str,
    at: tuple[float, float] | None = None,
    *,
    report: str = "",
) -> State:
    content = ReportContent(text=text, sender=f"s{number}", position=_phone(at))
    when, name = START + timedelta(minutes=minutes), report or f"r{number}"
    received = ReportReceived(id=name, at=when, report_id=name, bridge="test", content=content)
    return step(state, Input("REPORTS", int(name[1:]), received), when, GAZETTEER)[1]


def _phone(at: tuple[float, float] | None) -> Position | None:
    return Position(lat=at[0], lon=at[1], accuracy_m=30) if at else None


def judged(state: State, text: str, minutes: float = 5) -> Judgement:
    content = ReportContent(text=text, sender="somebody")
    return judge(state, content, drill=False, now=START + timedelta(minutes=minutes), gazetteer=GAZETTEER)


@pytest.mark.parametrize("at", [SOUTH, NORTH])
def test_of_two_streets_of_one_name_the_one_with_a_raid(at: tuple[float, float]) -> None:
    state = told(GROUPS, 1, 0, "Immigration raid on Falcon Road, I can see two vans", at)
    [raid] = state.incidents
    found = judged(state, "home office in falcon road now, they stop riders")
    assert (found.verdict, found.incident) == ("join", raid)
    assert found.place is not None
    assert distance_m(found.place.lat, found.place.lon, *at) < 500
    assert judged(GROUPS, "home office in falcon road now, they stop riders").reason == "ambiguous_place"


def test_what_waited_for_its_street_joins_when_a_raid_is_seen_there() -> None:
    state = told(GROUPS, 1, 0, "home office in falcon road now, they stop riders")
    assert state.held
    state = told(state, 2, 4, "Immigration raid on Falcon Road, I can see two vans", SOUTH)
    assert not state.held
    [raid] = state.incidents.values()
    assert set(raid.evidence) == {"r1", "r2"}


def test_an_area_named_may_be_short_for_the_street_with_a_raid() -> None:
    state = told(GROUPS, 1, 0, "Immigration raid on Golborne Road, I can see two vans")
    [raid] = state.incidents
    assert judged(state, "Golborne clear, they have left").incident == raid
    quiet = judged(GROUPS, "Golborne clear, they have left")
    assert quiet.incident is None
    assert quiet.place is not None


@pytest.mark.parametrize(("named", "joins"), [("Wood Green", True), ("the neighbourhood", False)])
def test_a_street_called_after_an_area_shares_its_name(*, named: str, joins: bool) -> None:
    state = told(GROUPS, 1, 0, "Immigration officers at the barbers on Wood Green High Road, two vans")
    [raid] = state.incidents
    text = f"I can see immigration officers in the barbers here in {named}, they locked the door"
    content = ReportContent(text=text, sender="somebody", position=_phone((51.6000, -0.1085)))
    now = START + timedelta(minutes=4)
    found = judge(state, content, drill=False, now=now, gazetteer=GAZETTEER)
    assert (found.incident == raid) is joins


@pytest.mark.parametrize(("north", "joins"), [(0.018, True), (0.045, False)])
def test_a_district_is_wider_than_its_radius_but_not_without_end(*, north: float, joins: bool) -> None:
    state = told(GROUPS, 1, 0, "Immigration raid at the car wash, they hold Farhad", (51.546 + north, -0.075))
    [raid] = state.incidents
    found = judged(state, "immigration at a car wash in Dalston, Farhad is held", minutes=3)
    assert (found.incident == raid) is joins


def test_of_two_raids_that_a_message_may_mean_the_nearer() -> None:
    state = told(GROUPS, 1, 0, "Immigration raid on Falcon Road, I can see two vans", SOUTH)
    [raid] = state.incidents.values()
    near, far = (Candidate(raid, {"same_spot": 1.0}, 2.0, apart) for apart in (75, 343))
    assert _nearer_first(near) > _nearer_first(far)
    assert _nearer_first(far._replace(signs={"chat": 1.0})) == far.score


@pytest.mark.parametrize(
    ("noise", "linked", "ignorable"), [(0.55, 0.0, True), (0.55, 0.9, False), (0.65, 0.9, True)]
)
def test_beside_a_known_raid_a_doubtful_word_is_news(*, noise: float, linked: float, ignorable: bool) -> None:
    assert ("chatter" in _likely(noise, Context(linked=linked))) is ignorable


def test_the_table_of_words_is_read_at_the_start() -> None:
    table.cache_clear()
    warm_up()
    assert table.cache_info().currsize == 1
