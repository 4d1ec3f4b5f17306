"""What a chat is called says where its people are: a clue beside others, and never a place by itself."""

from datetime import timedelta

import pytest

from services.router.decide.chat_home import at_home, home_of
from services.router.decide.decider import Input, step
from services.router.decide.judge import judge
from services.router.decide.state import State
from shared.contracts.base import Place, Position
from shared.contracts.reports import ReportContent, ReportReceived, chat_of
from tests.unit.router.tellings import GAZETTEER, GROUPS, START

HACKNEY = Place(lat=51.5470, lon=-0.0748, radius_m=100, how="street", label="Ashwin Street")
GLASGOW = Place(lat=55.8419, lon=-4.2731, radius_m=100, how="street", label="Kenmure Street")


def everywhere(_lat: float, _lon: float) -> bool:
    return True


def home(chat: str | None) -> tuple[tuple[float, float, float], ...]:
    return home_of(chat, GAZETTEER, everywhere)


@pytest.mark.parametrize("chat", ["e8-mums", "E8 neighbours", "Dalston & E8 🌱", "hackney-watch"])
def test_a_district_or_an_area_in_its_name_is_where_its_people_are(chat: str) -> None:
    assert at_home(home(chat), HACKNEY)
    assert not at_home(home(chat), GLASGOW)


@pytest.mark.parametrize(
    "chat", [None, "", "riders", "van-watch", "mums", "london-alerts", "\x00", "-" * 100]
)
def test_a_name_without_one_says_nothing(chat: str | None) -> None:
    assert home(chat) == ()


@pytest.mark.parametrize(
    ("source", "chat"),
    [
        ("telegram:e17-mums", "e17-mums"),
        ("sms", None),
        (None, None),
        ("telegram:", None),
        ("a:" + "x" * 300, "x" * 100),
    ],
)
def test_a_source_of_the_api_names_its_chat_after_a_colon(source: str | None, chat: str | None) -> None:
    assert chat_of(source) == chat


def told(state: State, number: int, text: str, chat: str | None = None, minutes: int = 0) -> State:
    report = _report(number, text, chat, minutes)
    _, after = step(state, Input("REPORTS", number, report), report.at, GAZETTEER)
    return after


def _report(number: int, text: str, chat: str | None, minutes: int = 0) -> ReportReceived:
    content = ReportContent(text=text, sender=f"s{number}", source=chat, chat=chat)
    at = START + timedelta(minutes=minutes)
    return ReportReceived(id=f"r{number}", at=at, report_id=f"r{number}", bridge="test", content=content)


def two_raids() -> State:
    state = told(GROUPS, 1, "Immigration raid on Ashwin Street E8 now, I can see two vans")
    return told(state, 2, "Immigration raid on Kenmure Street Glasgow now, I can see a van", minutes=1)


def incident_of(state: State, text: str, chat: str | None) -> str | None:
    content = ReportContent(text=text, sender="somebody", source=chat, chat=chat)
    return judge(state, content, drill=False, now=START + timedelta(minutes=3), gazetteer=GAZETTEER).incident


def test_news_without_a_place_is_of_the_only_raid_where_its_chat_is_at_home() -> None:
    state = two_raids()
    by_street = {i.place.label: i.id for i in state.incidents.values() if i.place is not None}
    news = "they are putting people in the van, four officers still inside"
    hackney, glasgow = incident_of(state, news, "e8-mums"), incident_of(state, news, "govanhill-g42")
    assert hackney == next(id_ for label, id_ in by_street.items() if "Ashwin" in label)
    assert glasgow == next(id_ for label, id_ in by_street.items() if "Kenmure" in label)


def test_without_a_home_it_is_of_neither() -> None:
    assert (
        incident_of(two_raids(), "they are putting people in the van, four officers still inside", None)
        is None
    )


def test_a_name_places_no_report() -> None:
    content = ReportContent(text="Immigration raid here now!!", sender="s", source="c", chat="e8-mums")
    found = judge(GROUPS, content, drill=False, now=START, gazetteer=GAZETTEER)
    assert found.place is None
    assert found.verdict == "hold"


def test_whoever_told_of_a_raid_is_heard_on_wherever_their_phone_is() -> None:
    state = told(GROUPS, 1, "Immigration raid on Ashwin Street E8 now, I can see two vans")
    [raid] = state.incidents
    away = Position(lat=51.3762, lon=-0.0982)
    content = ReportContent(text="they have gone now, took one man", sender="s1", position=away)
    found = judge(state, content, drill=False, now=START + timedelta(minutes=40), gazetteer=GAZETTEER)
    assert (found.verdict, found.incident) == ("join", raid)


def test_a_stranger_far_away_tells_of_another() -> None:
    state = told(GROUPS, 1, "Immigration raid on Ashwin Street E8 now, I can see two vans")
    content = ReportContent(
        text="they have gone now, took one man", sender="other", position=Position(lat=51.3762, lon=-0.0982)
    )
    found = judge(state, content, drill=False, now=START + timedelta(minutes=40), gazetteer=GAZETTEER)
    assert found.incident is None
