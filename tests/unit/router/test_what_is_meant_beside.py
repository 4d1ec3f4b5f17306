"""What is said beside a place: where its teller is, what they typed, how it is spelt; where a raid was."""

from datetime import timedelta

import pytest

from services.router.decide.clues import Hints
from services.router.decide.decider import Input, step
from services.router.decide.gist import rare_words
from services.router.decide.judge import Judgement, judge
from services.router.decide.locate import locate
from services.router.decide.mentions import find_mentions
from services.router.decide.state import State
from shared.contracts.base import BridgeId, Place, Position, ReportId
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.index import SqliteGazetteer
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows
from tests.unit.router.tellings import GAZETTEER as EXAMPLES
from tests.unit.router.tellings import GROUPS, START
from tests.unit.router.test_which_one import GAZETTEER, told

LONDON = Hints(covered=lambda lat, lon: 51.2 < lat < 51.7 and -0.6 < lon < 0.3)
BIRMINGHAM = (52.481, -1.900)
WITNESS = Hints(covered=LONDON.covered, witness=True)
HEARSAY = Hints(covered=LONDON.covered, hearsay=True)


@pytest.fixture(scope="module")
def country() -> SqliteGazetteer:
    """A street of London, and a city of which only a district is known."""
    names = [
        NamedPlace("Deptford", "area", 51.478, -0.026, 1_000),
        NamedPlace("Greenford Broadway", "street", 51.529, -0.354, 180, area="Greenford"),
        NamedPlace("South Road", "street", 51.436, -0.350, 180, area="Twickenham"),
        NamedPlace("Kings Place", "street", 51.535, -0.122, 180, area="King's Cross"),
        NamedPlace("Harrow", "area", 51.598, -0.341, 1_200),
        NamedPlace("Sheffield", "area", 53.381, -1.470, 4_000),
        NamedPlace("Birmingham", "area", *BIRMINGHAM, 4_000, outcode="B1"),
    ]
    return gazetteer_of(Rows(names=names, outcodes={"B1": BIRMINGHAM, "UB1": (51.514, -0.373)}))


def found(
    country: SqliteGazetteer, text: str, hints: Hints, at: tuple[float, float] | None = None, **more: str
) -> Place | None:
    position = Position(lat=at[0], lon=at[1], accuracy_m=30) if at else None
    return locate(ReportContent(text=text, position=position, **more), country, hints).place


@pytest.mark.parametrize(("hints", "label"), [(HEARSAY, "Greenford Broadway"), (WITNESS, "Birmingham")])
def test_where_somebody_is_who_was_told_speaks_against_no_street(
    country: SqliteGazetteer, hints: Hints, label: str
) -> None:
    text = "raid at Greenford Broadway my brother says, I am in Birmingham"
    place = found(country, text, hints, BIRMINGHAM)
    assert place is not None
    assert place.label.startswith(label)


def test_a_street_of_a_common_name_is_near_the_postcode_that_was_typed(country: SqliteGazetteer) -> None:
    typed = found(country, "two immigration vans on South Road", LONDON, postcode="UB1")
    assert typed is not None
    assert (typed.how, typed.outcode) == ("outcode", "UB1")
    alone = found(country, "two immigration vans on South Road", LONDON)
    assert alone is not None
    assert alone.label == "South Road, Twickenham"


@pytest.mark.parametrize(
    ("at", "how"), [((51.485, -0.030), "coordinates"), ((51.5462, -0.1203), "area")], ids=["there", "at home"]
)
def test_a_witness_far_from_the_area_they_name_is_not_there(
    country: SqliteGazetteer, at: tuple[float, float], how: str
) -> None:
    place = found(country, "I see immigration officers at the shops in Deptford", WITNESS, at)
    assert place is not None
    assert place.how == how
    assert place.label.startswith("Deptford")


@pytest.mark.parametrize(("at", "names"), [((51.465, -0.114), False), ((51.536, -0.123), True)])
def test_a_misspelt_name_needs_more_than_that_somebody_covers_it(
    country: SqliteGazetteer, at: tuple[float, float], *, names: bool
) -> None:
    place = found(country, "they are waiting for the wings place", LONDON, at)
    assert place is not None
    assert place.label.startswith("Kings Place") is names


@pytest.mark.parametrize(("town", "label"), [("in Sheffield", "Sheffield"), ("now", "Harrow")])
def test_what_is_spelt_like_an_area_is_not_it_where_another_town_is_named(
    country: SqliteGazetteer, town: str, label: str
) -> None:
    place = found(country, f"Immigration officers at a restaurant in Sharrow {town}", LONDON)
    assert place is not None
    assert place.label.startswith(label)


@pytest.mark.parametrize("text", ["21 Ashwin Street E8", "移民局突击 Ashwin Street"])
def test_what_stands_before_a_name_makes_it_no_misspelling(text: str) -> None:
    [mention] = find_mentions(text, ("en", "zh"), EXAMPLES).names
    assert (mention.name, mention.how) == ("Ashwin Street", "exact")


@pytest.mark.parametrize(("text", "how"), [("সোহোতে রেইড", "translated"), ("সোহো রোডে রেইড", "bare")])
def test_an_area_in_front_of_a_road_is_guessed_at_in_any_script(text: str, how: str) -> None:
    soho = gazetteer_of(Rows(names=[NamedPlace("Soho", "area", 51.514, -0.135, 1_200)]))
    assert [(m.name, m.how) for m in find_mentions(text, ("bn",), soho).names] == [("Soho", how)]


def test_new_road_is_a_streets_name() -> None:
    assert "new road" in rare_words("new road e curry house er vitore")
    assert "the road" not in rare_words("they block the road")


# --- and beside a raid ---------------------------------------------------------------------------


STOOD, MOVED = (51.522, -0.209), (51.529, -0.209)


def judged(  # noqa: PLR0913 - a report's parts
    state: State,
    text: str,
    minutes: float,
    *,
    at: tuple[float, float] | None = None,
    sender: str = "somebody",
    source: str | None = None,
) -> Judgement:
    position = Position(lat=at[0], lon=at[1], accuracy_m=30) if at else None
    content = ReportContent(text=text, sender=sender, source=source, position=position)
    return judge(state, content, drill=False, now=START + timedelta(minutes=minutes), gazetteer=GAZETTEER)


def test_a_late_word_of_where_it_stood_is_about_what_moved_on() -> None:
    state = told(GROUPS, 1, 0, "Immigration raid on Golborne Road, I can see two vans", STOOD)
    [raid] = state.incidents
    late = "immigration officers going into shops on Golborne Road, tell everybody"
    state = told(state, 1, 6, "they have moved, now at Wornington Road", MOVED, report="r2")
    assert judged(state, late, 9).incident == raid
    elsewhere = judged(state, "immigration officers going into shops here", 9, at=(51.540, -0.230))
    assert (elsewhere.verdict, elsewhere.incident) == ("open", None)


@pytest.mark.parametrize(
    ("text", "at", "joins"),
    [
        ("New Road too, warehouse door, 4 officers and a dog van", (51.5274, -0.209), False),
        ("now two women are being walked to the van", None, True),
    ],
)
def test_a_chat_alone_ties_no_other_named_street_to_its_raid(
    text: str, at: tuple[float, float] | None, *, joins: bool
) -> None:
    streets = [("Golborne Road", STOOD), ("New Road", (51.5274, -0.209))]
    near = gazetteer_of(Rows(names=[NamedPlace(name, "street", *at, 100) for name, at in streets]))
    first = _seen("Immigration raid on Golborne Road, I can see two vans", STOOD, "one")
    received = ReportReceived(
        id="r1", at=START, report_id=ReportId("r1"), bridge=BridgeId("test"), content=first
    )
    state = step(GROUPS, Input("REPORTS", 1, received), START, near)[1]
    [raid] = state.incidents
    now = START + timedelta(minutes=3)
    found = judge(state, _seen(text, at, "other"), drill=False, now=now, gazetteer=near)
    assert (found.incident == raid) is joins


def _seen(text: str, at: tuple[float, float] | None, sender: str) -> ReportContent:
    position = Position(lat=at[0], lon=at[1], accuracy_m=30) if at else None
    return ReportContent(text=text, sender=sender, source="telegram:watch", position=position)


def test_who_told_of_another_place_before_is_not_taken_for_news_of_the_only_raid() -> None:
    state = told(GROUPS, 1, 0, "Razzia de l'immigration, Golborne Road, je vois deux camions")
    news = "quatre officiers montent, elles sont enfermées à l'étage"
    stranger = judged(state, news, 6)
    state = told(state, 2, 2, "l'immigration est devant l'usine, à Dalston")
    assert state.held
    assert stranger.verdict == "join"
    assert judged(state, news, 6, sender="s2").verdict != "join"


def test_officers_at_an_area_named_are_kept_for_a_person() -> None:
    kept = judged(GROUPS, "Te pallatet ne Dalston kane ardhur me dy furgona, po trokasin ne kat te 3", 1)
    assert (kept.verdict, kept.reason) == ("hold", "who_is_unclear")
