"""What a hub writes to a peer: what is theirs to know, by the way that it came, and never the rest."""

from dataclasses import replace
from typing import Any

import pytest

from shared.federation.letter import Letter
from shared.federation.reading import passed_on, words_of
from shared.federation.trust import Refusal
from shared.federation.writing import Stamp, letter_for
from shared.plugins.channel_testing import MESSAGE
from tests.unit.federation.letters import LINK, NOW

STAMP = Stamp("run", 7, NOW)
PLACE = {"label": "Mare Street", "lat": 51.54, "lon": -0.06, "radius_m": 30}


def word(hub: str, about: str = "l1", **more: Any) -> dict[str, Any]:
    return {"hub": hub, "about": about, "via": [hub], **more}


def written(kind: str = "UNCONFIRMED", *, peers: Any = (), **facts: Any) -> Letter | Refusal:
    """What Glasgow writes to London about such an alert."""
    told = {"report": "what somebody wrote", "statement": "what a person released", "peers": peers, **facts}
    message = replace(MESSAGE, kind=kind, thread="g1", data={"place": PLACE, "facts": told})
    return letter_for(LINK, message, key="a1-peer-0", stamp=STAMP)


def letter(*args: Any, **kwargs: Any) -> Letter:
    found = written(*args, **kwargs)
    assert isinstance(found, Letter)
    return found


def test_news_goes_with_its_report_and_its_place() -> None:
    news = letter()
    assert (news.sender, news.audience, news.about, news.answers) == ("glasgow", "london", "g1", None)
    assert (news.text, news.via, news.where) == ("what somebody wrote", ("glasgow",), news.where)
    assert news.where is not None
    assert words_of(news) == "what somebody wrote"


def test_what_is_to_be_judged_names_no_hub_since_one_may_be_called_like_a_place() -> None:
    for kind in ("UNCONFIRMED", "LIKELY", "CONFIRMED"):
        assert words_of(letter(kind)) == "what somebody wrote"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("LIKELY", "likely"),
        ("CONFIRMED", "confirmed"),
        ("UPDATE", "update"),
        ("OVER", "over"),
        ("CLOSED", "over"),
        ("WRONG", "wrong"),
        ("NOT_CONFIRMED", "not_confirmed"),
    ],
)
def test_an_answer_holds_what_people_decided_and_no_words_of_reports(kind: str, says: str) -> None:
    answer = letter(kind, peers=[word("london")])
    assert (answer.says, answer.answers, answer.where) == (says, "l1", None)
    assert answer.text == "what a person released"
    assert words_of(answer).startswith(f"glasgow: {says.replace('_', ' ')}.")


@pytest.mark.parametrize("kind", ["DIGEST", "NO_NEWS", "AFTERCARE", "DUTY", "DRILL CONFIRMED", "REPLY"])
def test_the_rest_is_for_our_own_people(kind: str) -> None:
    assert written(kind) == Refusal("not_for_peers")


@pytest.mark.parametrize("note", ["said_over", "nobody_took", "second_person", "asked_to_help"])
def test_nor_is_what_our_verifiers_are_asked_passed_on(note: str) -> None:
    assert written("UPDATE", note=note) == Refusal("not_for_peers")


def test_news_goes_on_with_all_the_hubs_by_which_it_came() -> None:
    assert letter(peers=[word("leeds")]).via == ("leeds", "glasgow")
    further = letter(peers=[word("leeds", via=["york", "leeds"])])
    assert further.via == ("york", "leeds", "glasgow")


def test_news_never_goes_where_it_came_by() -> None:
    came = word("leeds", via=["london", "leeds"])
    assert written(peers=[came]) == Refusal("loop")


def test_news_goes_by_three_hubs_at_most() -> None:
    came = word("leeds", via=["hull", "york", "leeds"])
    assert written(peers=[came]) == Refusal("too_many_hops")


def test_whoever_told_us_is_answered_though_others_told_us_too() -> None:
    answer = letter("OVER", peers=[word("leeds"), word("london", about="old"), word("london", about="new")])
    assert (answer.answers, answer.via) == ("new", ("glasgow",))


def test_what_cannot_be_written_is_said_so() -> None:
    assert written(peers="rubbish") == Refusal("cannot_be_written")
    assert written(reported_at="yesterday") == Refusal("cannot_be_written")


def test_what_is_written_is_what_is_read() -> None:
    read = passed_on(letter("CONFIRMED", peers=[word("london")]))
    assert read is not None
    assert (read.hub, read.about, read.answers, read.says) == ("glasgow", "g1", "l1", "confirmed")
