"""What waits, and what comes after it, find each other; each line fails without its rule."""

from typing import Any

import pytest

from services.router.decide.codes import find_codes
from services.router.decide.gist import gist_of
from services.router.decide.likeness import Report, Signs, another
from services.router.decide.understand import understand
from shared.contracts import desk
from shared.contracts.base import Place, Position
from shared.gazetteer.keys import name_key
from tests.unit.router.tellings import GAZETTEER

IN_HACKNEY = Position(lat=51.547, lon=-0.062, accuracy_m=20)
VAGUE = "Immigration raid somewhere in Hackney"
MORE = "they hold two people against the wall"


def test_what_waits_joins_what_opens_after_it_in_its_chat(story: Any) -> None:
    held = story.report("immigration is here, they take people", sender="a", source="chat-1")
    assert (held.outcome, held.reason) == ("held", "no_place")
    opened = story.report("immigration raid on Ashwin Street, two vans", sender="b", source="chat-1")
    assert set(story.state.incidents[opened.incident_id].evidence) == {held.report_id, opened.report_id}
    assert not story.state.held


def test_what_waits_elsewhere_stays_where_it_is(story: Any) -> None:
    held = story.report("immigration is here, they take people", sender="a", source="chat-1")
    story.report("immigration raid on Ashwin Street, two vans", sender="b", source="chat-2")
    assert set(story.state.held) == {held.report_id}


def test_more_of_what_waits_opens_it_with_the_place_that_it_lacked(story: Any) -> None:
    held = story.report(VAGUE, sender="a")
    more = story.report(MORE, sender="a", position=IN_HACKNEY, after_s=20)
    assert (held.outcome, more.outcome) == ("held", "opened")
    [incident] = story.incidents()
    assert set(incident.evidence) == {held.report_id, more.report_id}
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]


def test_more_without_a_place_waits_with_it_and_comes_along(story: Any) -> None:
    story.report(VAGUE, sender="a")
    more = story.report(MORE, sender="a", after_s=20)
    assert (more.outcome, more.reason) == ("held", "more_of_held")
    story.tick(200)
    [incident] = story.incidents()
    assert more.report_id in incident.evidence


def test_a_stranger_tells_no_more_of_what_waits(story: Any) -> None:
    story.report(VAGUE, sender="a", source="chat-1")
    other = story.report(MORE, sender="b", source="chat-2", after_s=20)
    assert other.reason != "more_of_held"


def test_somebody_of_the_chat_says_where_minutes_after_the_report(story: Any) -> None:
    held = story.report("immigration is here, they take people", sender="a", source="chat-1")
    where = story.report("on the corner of Ashwin Street", sender="b", source="chat-1", after_s=60)
    assert (held.outcome, where.outcome) == ("held", "opened")
    assert set(story.state.incidents[where.incident_id].evidence) == {held.report_id, where.report_id}


@pytest.mark.parametrize(
    ("text", "source", "after_s"),
    [
        ("on the corner of Ashwin Street", "chat-1", 1_200),  # too late to be meant as an answer
        ("on the corner of Ashwin Street", "chat-2", 60),
        ("restaurant kitchen, Ashwin Street, six officers", "chat-1", 60),  # another business
    ],
)
def test_a_place_named_elsewhere_or_later_answers_nobody(
    story: Any, text: str, source: str, after_s: int
) -> None:
    held = story.report("immigration at the barbers, they take people", sender="a", source="chat-1")
    story.report(text, sender="b", source=source, after_s=after_s)
    assert held.report_id in story.state.held


def test_they_are_back_is_no_news_of_what_ended_hours_ago(story: Any) -> None:
    first = story.report("immigration raid on Ashwin Street, two vans", sender="a", position=IN_HACKNEY)
    story.command(desk.Confirm, incident_id=first.incident_id)
    story.command(desk.End, after_s=60, incident_id=first.incident_id)
    again = story.report(
        "they are back on Ashwin Street again now, same place",
        sender="b",
        position=IN_HACKNEY,
        after_s=14_400,
    )
    assert again.outcome == "opened"
    assert again.incident_id != first.incident_id


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("they are back! the same people, three cars this time", True),
        ("they've left, it is quiet again", False),  # again, but of the quiet
    ],
)
def test_they_are_back_means_where_they_were(story: Any, text: str, *, opens: bool) -> None:
    first = story.report("immigration raid on Ashwin Street, two vans", sender="a", source="chat-1")
    story.report("they have gone, all clear", sender="a", source="chat-1", after_s=600)
    back = story.report(text, sender="b", source="chat-1", after_s=14_400)
    again = story.state.incidents.get(back.incident_id) if back.incident_id else None
    assert (again is not None and back.incident_id != first.incident_id) is opens
    if again is not None and opens:
        assert again.place == story.state.incidents[first.incident_id].place


def test_another_street_is_no_late_word_of_what_was_just_ended(story: Any) -> None:
    first = story.report("immigration raid in Mare Street E8, two vans", sender="a")
    story.command(desk.Reject, after_s=60, incident_id=first.incident_id)
    other = story.report("I see an immigration raid in Amhurst Road E8", sender="a", after_s=120)
    assert other.reason != "after_the_end"
    story.tick(200)
    assert [i for i in story.incidents() if other.report_id in i.evidence and i.id != first.incident_id]


def test_who_compares_theirs_with_another_means_their_own(story: Any) -> None:
    first = story.report("immigration raid on Ashwin Street, two vans", sender="a", position=IN_HACKNEY)
    still = story.report(
        "I am still with mine in Dalston, van has not moved. Must be a different crew",
        sender="a",
        after_s=600,
    )
    assert still.incident_id == first.incident_id


@pytest.mark.parametrize("text", ["S Lambeth Rd", "s lambeth road"])
def test_a_name_may_begin_with_the_first_letter_of_where_it_lies(text: str) -> None:
    assert name_key(text) == name_key("South Lambeth Road")
    assert name_key("S") == "s"


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("same curry house as last night, one van", {"again"}),
        ("separately, a team is inside a cafe", {"apart"}),
        ("they left and came again", {"again"}),
    ],
)
def test_what_is_said_of_a_second_visit(text: str, signs: set[str]) -> None:
    told = understand(text).told
    assert signs <= told
    assert not told & {"over", "old"}


@pytest.mark.parametrize(
    ("text", "postcodes"),
    [("the N17 one: two vans", ()), ("N17 our street", ()), ("at N17 ODL now", ("N17 0DL",))],
)
def test_a_word_is_no_half_of_a_postcode(text: str, postcodes: tuple[str, ...]) -> None:
    assert find_codes(text, GAZETTEER).postcodes == postcodes


@pytest.mark.parametrize("text", ["immgration at the barbers", "IMIGRAITON outside", "IE stopping riders"])
def test_a_shaking_hand_still_names_them(text: str) -> None:
    assert understand(text).told & {"agency", "immigration"}


@pytest.mark.parametrize("text", ["immigrants welcome here", "use your imagination"])
def test_other_words_stay_what_they_are(text: str) -> None:
    assert not understand(text).told & {"agency", "immigration"}


def of(text: str, how: str = "coordinates", *, said: bool = False) -> Report:
    place = Place(lat=51.547, lon=-0.062, radius_m=60, how=how, label="near 51.5470, -0.0620")
    understood = understand(text)
    return Report(
        text=text, understood=understood, gist=gist_of(text, understood), place=place, said=said,
        sender=None, source=None, drill=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("signs", "apart_m", "why"),
    [
        ({"far_phone": 1.0}, 3_900.0, "elsewhere"),
        ({"far_phone": 1.0}, 900.0, None),
        ({"far_phone": 1.0, "words": 0.3}, 3_900.0, None),
        ({"far_phone": 1.0, "alone": 1.0}, 3_900.0, None),
    ],
    ids=["nothing else", "near", "a word in common", "the only event"],
)
def test_news_from_a_phone_far_from_all_that_goes_on_is_of_none(
    signs: Signs, apart_m: float, why: str | None
) -> None:
    assert another(signs, of("they still have him on the floor"), apart_m) == why


@pytest.mark.parametrize(("near", "why"), [(0.1, "elsewhere"), (0.6, None)])
def test_a_chat_alone_does_not_make_one_raid_of_two_spots(near: float, why: str | None) -> None:
    signs = {"near_spot": near, "chat": 1.0}
    assert another(signs, of("immigration raid at the phone shop"), 500.0) == why


def test_who_waits_at_a_police_station_opens_nothing_by_time(story: Any) -> None:
    held = story.report(
        "two of them are held in Stoke Newington police station, we are outside now with the lawyer",
        sender="a",
        position=IN_HACKNEY,
    )
    assert (held.outcome, held.reason) == ("held", "who_is_unclear")
    story.tick(300)
    assert not story.incidents()
