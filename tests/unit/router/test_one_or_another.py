"""Names written or placed otherwise, and what may still be one event; each line fails without its rule."""

from datetime import timedelta

import pytest

from services.router.decide.clues import Hints
from services.router.decide.decider import Input, step
from services.router.decide.gist import gist_of
from services.router.decide.judge import Judgement, judge
from services.router.decide.likeness import Report, Signs, another
from services.router.decide.locate import locate
from services.router.decide.mentions import find_mentions
from services.router.decide.state import State
from services.router.decide.understand import understand
from shared.contracts.base import Place, Position
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows
from tests.unit.router.tellings import GROUPS, START

LONDON = Hints(covered=lambda lat, lon: 51.2 < lat < 51.7 and -0.6 < lon < 0.3)
LEAVING = Hints(covered=LONDON.covered, leaves=True)
FULHAM, MARKET = (51.4800, -0.2010), (51.4831, -0.2011)


@pytest.fixture(scope="module")
def town() -> SqliteGazetteer:
    """Names that are written in two ways, areas beside them, and one street that a business may be in."""
    names = [
        NamedPlace("Lordship Lane", "street", 51.5977, -0.0951, 180, area="West Green"),
        NamedPlace("North End Road", "street", *MARKET, 180, area="Fulham"),
        NamedPlace("Northend Road", "street", 51.4684, 0.1816, 180, area="Erith"),
        NamedPlace("Plumstead High Street", "street", 51.4897, 0.0857, 180, area="Plumstead"),
        NamedPlace("High Street", "street", 51.4500, 0.0500, 180, area="Eltham"),
        NamedPlace("Friend Street", "street", 51.5290, -0.1047, 180, area="Finsbury"),
        NamedPlace("Wesley Avenue", "street", 51.5300, -0.2500, 180, area="Willesden"),
        NamedPlace("Fulham", "area", *FULHAM, 1_200),
        NamedPlace("Southall", "area", 51.5115, -0.3753, 1_200),
        NamedPlace("South Road", "street", 51.4580, -0.3495, 180, area="Twickenham"),
        NamedPlace("East Ham", "area", 51.5330, 0.0550, 1_200),
        NamedPlace("Turnpike Lane", "area", 51.5902, -0.1025, 1_200),
        NamedPlace("West Green Road", "street", 51.5883, -0.1010, 100, area="Hornsey"),
        NamedPlace("Ealing Road", "street", 51.5413, -0.2996, 400, area="Alperton"),
    ]
    return gazetteer_of(Rows(names=names))


def names_in(text: str, town: SqliteGazetteer) -> list[str]:
    return [mention.name for mention in find_mentions(text, ("en",), town).names]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("vans coming down lord ship lane", "Lordship Lane"),
        ("they are on plumsted high st by the flats", "Plumstead High Street"),
        ("devant le Tesco d'Ealing Road", "Ealing Road"),
    ],
)
def test_a_name_heard_as_two_words_or_misspelt_before_high_street_is_found(
    text: str, name: str, town: SqliteGazetteer
) -> None:
    assert names_in(text, town) == [name]


@pytest.mark.parametrize("text", ["a message from a friend inside", "they took Wesley away", "in March"])
def test_people_and_days_are_no_half_names_of_streets(text: str, town: SqliteGazetteer) -> None:
    assert names_in(text, town) == []


def test_a_name_written_as_one_word_means_also_the_street_of_two(town: SqliteGazetteer) -> None:
    [mention] = find_mentions("at the bakery by northend rd", ("en",), town).names
    assert {place.area for place in mention.candidates} == {"Erith", "Fulham"}


def test_an_area_half_named_where_the_phone_is_speaks_against_a_street_a_town_away(
    town: SqliteGazetteer,
) -> None:
    there = Position(lat=MARKET[0], lon=MARKET[1], accuracy_m=12)
    text = "immigration at the bakery by northend rd market fulham"
    place = locate(ReportContent(text=text, position=there), town, LONDON).place
    assert place is not None
    assert abs(place.lon - MARKET[1]) < 0.02


def test_an_area_named_beside_it_speaks_against_a_street_of_another_part_of_town(
    town: SqliteGazetteer,
) -> None:
    text = "immigration sweep through Southall this afternoon, Broadway to South Road"
    place = locate(ReportContent(text=text), town, LONDON).place
    assert place is not None
    assert place.label.startswith("Southall")


@pytest.mark.parametrize(("hints", "where"), [(LONDON, "East Ham"), (LEAVING, None)])
@pytest.mark.parametrize(
    "text", ["vans gone now towards East Ham", "se fueron todos hacia East Ham"], ids=["en", "es"]
)
def test_where_they_left_towards_is_not_where_they_were(
    text: str, hints: Hints, where: str | None, town: SqliteGazetteer
) -> None:
    wanted = Hints(covered=hints.covered, leaves=hints.leaves, languages=("en", "es"))
    place = locate(ReportContent(text=text), town, wanted).place
    assert (place.label.partition(",")[0] if place else None) == where


# --- one event, or another -----------------------------------------------------------------------


def told(state: State, text: str, town: SqliteGazetteer, at: tuple[float, float] | None = None) -> State:
    position = Position(lat=at[0], lon=at[1], accuracy_m=30) if at else None
    content = ReportContent(text=text, sender="first", position=position)
    received = ReportReceived(id="r1", at=START, report_id="r1", bridge="test", content=content)
    return step(state, Input("REPORTS", 1, received), START, town)[1]


def judged(
    state: State,
    text: str,
    town: SqliteGazetteer,
    at: tuple[float, float] | None = None,
    accuracy: float = 30,
) -> Judgement:
    position = Position(lat=at[0], lon=at[1], accuracy_m=accuracy) if at else None
    content = ReportContent(text=text, sender="second", position=position)
    return judge(state, content, drill=False, now=START + timedelta(minutes=5), gazetteer=town)


@pytest.mark.parametrize(
    ("text", "joins"),
    [
        ("immigration at the barber in turnpike lane, they take a man", True),
        ("immigration at the nail bar in turnpike lane, they take a man", True),
        ("immigration at the car wash in turnpike lane, they take a man", False),
    ],
)
def test_an_area_called_like_a_street_holds_the_business_known_there(
    text: str, town: SqliteGazetteer, *, joins: bool
) -> None:
    state = told(GROUPS, "immigration raid at the barber on West Green Road", town)
    [raid] = state.incidents
    assert (judged(state, text, town).incident == raid) is joins


SITE = "immigration on the building site on Ealing Road"
NAMED = {"far_spot": 0.7, "words": 1.0}


@pytest.mark.parametrize(
    ("text", "signs", "radius_m", "why"),
    [
        (SITE, {"venue": 1.0}, 400, None),
        (SITE, {"alone": 1.0, "same_label": 1.0}, 400, None),
        (SITE, {}, 400, "elsewhere"),
        (SITE, {"venue": 1.0}, 30, "elsewhere"),
        (SITE, {"alone": 1.0, "same_label": 1.0, "other_venue": 1.0}, 400, "other_business"),
        ("another team of " + SITE, {"venue": 1.0, "apart": 1.0}, 400, "elsewhere"),
    ],
    ids=[
        "one business",
        "the only event",
        "nothing more",
        "known to a door",
        "another business",
        "another team",
    ],
)
def test_one_business_under_one_name_is_one_event_though_its_place_is_vague(
    text: str, signs: Signs, radius_m: float, why: str | None
) -> None:
    place = Place(lat=51.5495, lon=-0.2996, radius_m=radius_m, how="coordinates", label="Ealing Road")
    understood = understand(text)
    report = Report(
        text=text, understood=understood, gist=gist_of(text, understood), place=place, said=True,
        sender=None, source=None, drill=False,
    )  # fmt: skip
    assert another({**NAMED, **signs}, report, 900.0) == why
    if why is None:
        assert another({**NAMED, **signs}, report, 2_500.0) == "elsewhere"


@pytest.mark.parametrize(
    ("text", "joins"),
    [("nje shoku doli, tjetrin e kane ulur", True), ("my lunch was nice", False)],
    ids=["in its language", "in another"],
)
def test_news_in_the_only_events_own_language_joins_it(
    text: str, town: SqliteGazetteer, *, joins: bool
) -> None:
    state = told(GROUPS, "emigracioni ka ardhur ne Ealing Road, kane marre dy veta", town)
    [raid] = state.incidents
    assert (judged(state, text, town).incident == raid) is joins
