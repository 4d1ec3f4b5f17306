"""Where words mean that name more than one thing: what surely speaks against a place, and what does not."""

import pytest

from services.router.decide.clues import Hints
from services.router.decide.locate import Located, locate
from shared.contracts.base import Position
from shared.contracts.reports import ReportContent
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows
from tests.unit.router.tellings import GROUPS
from tests.unit.router.test_which_one import judged, told

NOWHERE = Hints(covered=lambda *_: False)
LONDON = Hints(covered=lambda lat, lon: 51.2 < lat < 51.7 and -0.6 < lon < 0.3)
BIRMINGHAM = {
    "B1": (52.481, -1.900), "B5": (52.471, -1.897), "B10": (52.470, -1.852), "B11": (52.455, -1.860),
}  # fmt: skip


@pytest.fixture(scope="module")
def country() -> SqliteGazetteer:
    """Some of London, and a town of which only the districts are known."""
    names = [
        NamedPlace("Deptford", "area", 51.478, -0.026, 1_000),
        NamedPlace("Railway Bridge", "landmark", 51.486, -0.340, 120, area="Isleworth"),
        NamedPlace("Greenford Broadway", "street", 51.529, -0.354, 180, area="Greenford"),
        NamedPlace("Oldfield", "area", 52.300, -2.100, 1_200),
        NamedPlace("Dunheved Road North", "street", 51.391, -0.108, 180, area="Croydon"),
        NamedPlace("Thornton", "area", 53.790, -1.850, 1_200),
        NamedPlace("Thornton", "area", 53.520, -3.000, 1_200),
        NamedPlace("Thornton Heath Library", "landmark", 51.397, -0.105, 120, area="Croydon"),
        NamedPlace("Thornton Heath Station", "station", 51.399, -0.099, 120, area="Croydon"),
        NamedPlace("Queens Market", "landmark", 51.535, 0.035, 120, area="Upton Park"),
        NamedPlace("High Street", "street", 51.420, -0.200, 180, area="Wimbledon"),
        NamedPlace("High Street", "street", 51.440, -0.410, 180, area="Feltham"),
        NamedPlace("Hounslow", "borough", 51.468, -0.360, 7_500),
        NamedPlace("Hounslow High Street", "street", 51.469, -0.361, 260, area="Hounslow"),
        NamedPlace("East Ham Station", "station", 51.539, 0.051, 60, area="East Ham"),
        NamedPlace("Stoke Newington", "area", 51.562, -0.075, 1_000),
        *(NamedPlace("Birmingham", "area", *at, 1_200, outcode=code) for code, at in BIRMINGHAM.items()),
    ]
    return gazetteer_of(Rows(names=names, outcodes=BIRMINGHAM))


def found(country: SqliteGazetteer, text: str, hints: Hints = LONDON) -> Located:
    return locate(ReportContent(text=text), country, hints)


def test_a_landmark_in_another_part_of_town_than_the_area_named_is_not_meant(
    country: SqliteGazetteer,
) -> None:
    place = found(country, "Officers in Deptford, nail salon between the pub and the railway bridge").place
    assert place is not None
    assert place.label.startswith("Deptford")


def test_an_area_that_is_only_guessed_at_speaks_against_no_street(country: SqliteGazetteer) -> None:
    place = found(country, "immigration Greenford Broadway, launderette, corner of Oldfield Lane").place
    assert place is not None
    assert place.label.startswith("Greenford Broadway")


def test_an_area_surely_named_does(country: SqliteGazetteer) -> None:
    place = found(country, "immigration in Greenford Broadway, Deptford").place
    assert place is None or not place.label.startswith("Greenford Broadway")


def test_two_words_that_name_a_place_are_not_the_first_of_them_elsewhere(country: SqliteGazetteer) -> None:
    place = found(country, "immigration at Dunheved Road North, Thornton Heath").place
    assert place is not None
    assert place.label.startswith("Dunheved Road North")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("queens market e immigration er lok dhukse", True),
        ("immigration at Queens Market", True),
        ("the Queens like this market, no immigration there", False),
    ],
)
def test_everyday_words_that_end_as_a_name_does(country: SqliteGazetteer, text: str, *, named: bool) -> None:
    place = found(country, text).place
    assert (place is not None and place.label.startswith("Queens Market")) is named


@pytest.mark.parametrize("text", ["raid in Hounslow, High Street", "raid in the High Street in Hounslow"])
def test_a_street_that_every_town_has_is_the_one_called_after_the_town(
    country: SqliteGazetteer, text: str
) -> None:
    place = found(country, text).place
    assert place is not None
    assert place.label.startswith("Hounslow High Street")


def test_a_name_may_end_in_small_letters(country: SqliteGazetteer) -> None:
    place = found(country, "East Ham station-er thik ulta dike mobile dokane immigration dhukse").place
    assert place is not None
    assert place.label.startswith("East Ham Station")


def test_a_district_says_more_than_the_town_that_it_is_part_of(country: SqliteGazetteer) -> None:
    place = found(country, "Birmingham B11, immigration in a restaurant", NOWHERE).place
    assert place is not None
    assert (place.how, place.outcode, place.lat) == ("outcode", "B11", BIRMINGHAM["B11"][0])


@pytest.mark.parametrize(("short", "name"), [("stokey", "Stoke Newington"), ("brum", "Birmingham")])
def test_what_people_call_a_place_for_short(country: SqliteGazetteer, short: str, name: str) -> None:
    place = found(country, f"immigration raid in {short} now", NOWHERE).place
    assert place is not None
    assert place.label.startswith(name)


@pytest.mark.parametrize(
    ("text", "at", "town"),
    [
        ("raid on Greenford Broadway", (52.455, -1.860), "B11"),
        ("raid on Greenford Broadway", (51.400, -0.100), "Greenford Broadway"),
        ("my cousin says raid on Greenford Broadway", (52.455, -1.860), "Greenford Broadway"),
    ],
    ids=["a city whose streets are not listed", "another part of town", "told by somebody else"],
)
def test_a_street_alone_against_the_phone(
    country: SqliteGazetteer, text: str, at: tuple[float, float], town: str
) -> None:
    hearsay = Hints(covered=LONDON.covered, hearsay="says" in text)
    content = ReportContent(text=text, position=Position(lat=at[0], lon=at[1], accuracy_m=30))
    place = locate(content, country, hearsay).place
    assert place is not None
    assert town in place.label


def test_who_pleads_for_help_is_not_taken_for_news_of_the_only_raid() -> None:
    state = told(GROUPS, 1, 0, "Immigration raid on Golborne Road, I can see two vans")
    pleads = judged(state, "ndihme kane ardhur per ne")
    assert (pleads.verdict, pleads.reason) == ("hold", "cry_for_help")


def test_the_place_that_a_cry_lacked_is_no_spam_whatever_its_words() -> None:
    state = told(GROUPS, 1, 0, "ajutor va rog imigrarea e la usa")
    assert state.held
    state = told(state, 1, 2, "Golborne Road, deasupra la cazino, suntem 9 in casa", report="r2")
    assert not state.held
    [raid] = state.incidents.values()
    assert set(raid.evidence) == {"r1", "r2"}


def test_another_lot_at_a_named_place_opens_beside_the_raid_going_on() -> None:
    state = told(GROUPS, 1, 0, "Immigration raid on Golborne Road, I can see two vans")
    other = judged(state, "another lot outside the shops in Dalston, two unmarked cars")
    assert (other.verdict, other.incident) == ("hold", None)
    assert other.reason == "place_too_vague"
    assert judged(GROUPS, "another lot outside the shops in Dalston").reason != "place_too_vague"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("12 March 2019: Immigration officers visited restaurants on Golborne Road, arresting two", "ignore"),
        ("Recap of yesterday: restaurant, Golborne Road, 7 officers, two taken at about noon", "ignore"),
        ("Immigration officers in Golborne Road since 2019 every year, they are here now, two vans", "open"),
        ("EXERCISE: two vans, Golborne Road, four immigration officers enter the cafe", "ignore"),
        ("Exercise closed. Golborne Road is a live one, I'm outside, four immigration officers", "open"),
    ],
)
def test_dates_recaps_and_exercises(text: str, verdict: str) -> None:
    assert judged(GROUPS, text).verdict == verdict
