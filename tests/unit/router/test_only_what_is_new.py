"""Those who were told hear what is new and nothing twice; a mistake is called one only where it was one."""

from typing import Any

import pytest

from services.router.decide import reasons
from shared.contracts import desk
from shared.contracts.aftercare import Account, Became, News
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.base import Place
from shared.contracts.desk import Statement, Tally

RAID = "I can see immigration officers, ashwin street dalston"


def raised(story: Any, audience: str = "community") -> AlertRaised:
    """The last input's alert to Hackney's people of this kind."""
    (found,) = [
        e
        for e in story.events
        if isinstance(e, AlertRaised) and (e.group, e.audience) == ("hackney", audience)
    ]
    return found


def body(story: Any, audience: str = "community") -> AlertBody:
    inside = raised(story, audience).body
    assert isinstance(inside, AlertBody)
    return inside


def at(label: str, lat: float = 51.5467, lon: float = -0.0753) -> Statement:
    return Statement(place=Place(lat=lat, lon=lon, radius_m=20, how="person", label=label))


@pytest.fixture
def name(story: Any) -> str:
    found: str = story.report(RAID, sender="a").incident_id
    return found


@pytest.fixture
def confirmed(story: Any, name: str) -> str:
    story.command(desk.Confirm, incident_id=name, ask="WITNESSES")
    return name


@pytest.mark.parametrize("outcome", ["not_confirmed", "other_agency"])
def test_what_was_only_unconfirmed_was_no_mistake(story: Any, name: str, outcome: str) -> None:
    story.command(desk.Reject, incident_id=name, outcome=outcome)
    assert story.alerts() == [("hackney", "verifiers", "NOT_CONFIRMED")]


@pytest.mark.parametrize("outcome", ["retracted", "other_agency"])
def test_what_was_told_as_fact_was_a_mistake(story: Any, confirmed: str, outcome: str) -> None:
    story.command(desk.Reject, incident_id=confirmed, outcome=outcome)
    assert {kind for _, _, kind in story.alerts()} == {"WRONG"}


def test_it_stays_a_mistake_after_a_silence(story: Any, confirmed: str) -> None:
    while story.state.incidents[confirmed].status == "confirmed":
        story.tick(3_600)
    assert story.state.incidents[confirmed].status == "no_news"
    story.command(desk.Reject, incident_id=confirmed, outcome="not_confirmed")
    assert {kind for _, _, kind in story.alerts()} == {"WRONG"}


@pytest.mark.parametrize("audience", ["community", "verifiers"])
def test_what_people_are_asked_stays_when_the_place_is_put_right(
    story: Any, confirmed: str, audience: str
) -> None:
    story.command(desk.Update, incident_id=confirmed, ask="ENOUGH", after_s=60)
    story.command(desk.PutPlace, incident_id=confirmed, statement=at("Ashwin Street 38"), after_s=60)
    assert (raised(story, audience).kind, raised(story, audience).ask) == ("UPDATE", "ENOUGH")
    assert body(story, audience).was_m >= 0


def test_whoever_hears_of_it_late_is_asked_the_same(story: Any, confirmed: str) -> None:
    story.command(desk.Update, incident_id=confirmed, ask="ENOUGH", after_s=60)
    story.command(desk.Escalate, incident_id=confirmed, groups=("southwark",), after_s=60)
    assert {(a.kind, a.ask) for a in story.events if isinstance(a, AlertRaised)} == {("CONFIRMED", "ENOUGH")}
    story.command(desk.PutPlace, incident_id=confirmed, statement=at("Peckham Rye", 51.4700, -0.0690))
    fresh = [a for a in story.events if isinstance(a, AlertRaised) and a.group == "southwark"]
    assert {(a.audience, a.kind, a.ask) for a in fresh} >= {("community", "CONFIRMED", "ENOUGH")}


def test_nothing_is_asked_once_they_have_left(story: Any, confirmed: str) -> None:
    story.command(desk.End, incident_id=confirmed, tally=Tally(taken=1))
    story.command(desk.PutPlace, incident_id=confirmed, statement=at("Ashwin Street 38"))
    assert (raised(story).ask, body(story).figures_told) == ("NONE", True)


def test_a_place_put_right_says_how_far_away_it_is(story: Any, confirmed: str) -> None:
    before = story.state.incidents[confirmed].place
    there = at("Ashwin Street", before.lat + 0.001, before.lon)
    story.command(desk.PutPlace, incident_id=confirmed, statement=there)
    assert body(story, "verifiers").was_m == pytest.approx(111, abs=2)
    assert body(story).was_m == 0, "so near, a blurred place says nothing of it"
    assert body(story).was_public_m == body(story, "verifiers").was_public_m == 0


def test_that_aftercare_begins_is_news_to_nobody_unless_something_is_new(story: Any, confirmed: str) -> None:
    story.command(desk.End, incident_id=confirmed, tally=Tally(let_go=1, taken=2))
    answer = story.command(desk.End, incident_id=confirmed, stage="aftercare", after_s=60)
    assert (answer.reason, story.alerts()) == (reasons.APPLIED, [])
    assert story.state.incidents[confirmed].status == "aftercare"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"tally": Tally(let_go=1, taken=3)}, False),
        ({"statement": Statement(text="We stay with them")}, True),
    ],
)
def test_what_is_new_as_aftercare_begins_is_told(
    story: Any, confirmed: str, more: Any, *, told: bool
) -> None:
    story.command(desk.End, incident_id=confirmed, tally=Tally(let_go=1, taken=2))
    story.command(desk.End, incident_id=confirmed, stage="aftercare", after_s=60, **more)
    assert (raised(story).kind, body(story).figures_told) == ("UPDATE", told)


def test_from_confirmed_aftercare_tells_that_they_have_left(story: Any, confirmed: str) -> None:
    story.command(desk.End, incident_id=confirmed, stage="aftercare")
    assert (raised(story).kind, body(story).figures_told) == ("UPDATE", False)


@pytest.mark.parametrize(("after_s", "told"), [(60, True), (16 * 60, False)])
def test_the_last_word_repeats_no_number_just_heard(
    story: Any, confirmed: str, after_s: float, *, told: bool
) -> None:
    story.command(desk.End, incident_id=confirmed, tally=Tally(taken=1))
    news = News(became=(Became(fate="released"),))
    story.command(Account, incident_id=confirmed, news=news)
    story.command(desk.Update, incident_id=confirmed)
    assert body(story).figures_told is False
    story.command(desk.End, incident_id=confirmed, stage="closed", after_s=after_s)
    assert (raised(story).kind, body(story).figures_told) == ("CLOSED", told)


def test_an_update_with_words_alone_repeats_no_number(story: Any, confirmed: str) -> None:
    story.command(desk.End, incident_id=confirmed, tally=Tally(taken=1))
    story.command(desk.Update, incident_id=confirmed, statement=Statement(text="Thank you"), after_s=3_600)
    assert body(story).figures_told


def test_likely_by_the_eyes_of_ours_says_so_to_whoever_hears_later(story: Any, name: str) -> None:
    story.command(desk.Seen, incident_id=name)
    story.command(desk.Escalate, incident_id=name, groups=("southwark",))
    (alert,) = [e for e in story.events if isinstance(e, AlertRaised)]
    assert isinstance(alert.body, AlertBody)
    assert (alert.kind, alert.body.sightings) == ("LIKELY", 1)


def test_strangers_hear_how_far_only_where_blurring_does_not_make_it_up(story: Any, confirmed: str) -> None:
    before = story.state.incidents[confirmed].place
    there = at("Ashwin Street", before.lat + 0.008, before.lon)
    story.command(desk.PutPlace, incident_id=confirmed, statement=there)
    assert body(story, "verifiers").was_m == pytest.approx(890, abs=5)
    assert body(story).was_m == pytest.approx(890, abs=230)
