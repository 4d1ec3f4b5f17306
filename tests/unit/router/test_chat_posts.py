"""POST and THERE by chat: the same commands as on the desk page, refused for the same reasons."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts import desk
from shared.contracts.aftercare import OpenPost, PostCheckedIn, PostJoined, PostLeft, PostPlace
from shared.contracts.alerts import AlertRaised, ReplyBody
from shared.contracts.incidents import IncidentAttended, IncidentNoted, InputDecided
from shared.words import reply
from shared.words.desk_words import languages
from shared.words.replies import replies

from .test_chat_desk import CODE, add, answer, desk_story, offer, write

__all__ = ["desk_story"]
MINUTE = 60
STATION = "Stoke Newington Police Station, front door"


@pytest.fixture
def left(desk_story: Any) -> Any:
    """Ada has ended it: officers have left, and somebody was taken."""
    name = desk_story.incidents()[0].id
    desk_story.command(desk.Confirm, member="ada", incident_id=name)
    desk_story.command(desk.End, member="ada", incident_id=name, tally=desk.Tally(taken=1))
    return desk_story


def opened(story: Any, name: str = "p1", *, in_min: int = 90, needed: int = 1, label: str = STATION) -> None:
    begins = story.now + timedelta(minutes=in_min)
    decided = story.command(
        OpenPost, member="ada", incident_id=story.incidents()[0].id, post_id=name, begins=begins,
        ends=begins + timedelta(hours=2), needed=needed, where=PostPlace(label=label),
    )  # fmt: skip
    assert decided.outcome == "applied"


def code(story: Any) -> str:
    return str(story.incidents()[0].code)


def keepers(story: Any) -> dict[str, list[tuple[str, bool]]]:
    posts = story.incidents()[0].aftercare.posts
    return {p.id: [(k.who, k.there_at is not None) for k in p.keepers] for p in posts}


def words(story: Any, *, language: str | None = None) -> str:
    """The last answer, as the member reads it."""
    (raised,) = [e for e in story.events if isinstance(e, AlertRaised) and e.kind == "REPLY"]
    body = raised.body
    assert isinstance(body, ReplyBody)
    body = body.model_copy(update={"language": language}) if language else body
    return reply(raised, body, None, base_url="")[0]


def test_a_member_signs_up_comes_and_is_told_where_and_when(left: Any) -> None:
    opened(left)
    decided = write(left, "tg-vera", f"POST {code(left)}")
    assert (decided.outcome, answer(left)) == ("applied", "post_taken")
    assert keepers(left) == {"p1": [("vera", False)]}
    assert f"{STATION}, 14/5 14:30-16:30" in words(left)
    assert [e.member for e in left.events if isinstance(e, PostJoined)] == ["vera"]
    write(left, "tg-vera", f"THERE {code(left)}", after_s=31 * MINUTE)
    assert answer(left) == "post_there"
    assert keepers(left) == {"p1": [("vera", True)]}


def test_who_steps_in_for_one_who_did_not_come_signs_up_by_chat(left: Any) -> None:
    opened(left, in_min=30)
    write(left, "tg-vera", f"POST {code(left)}")
    write(left, "tg-ada", f"POST {code(left)}", after_s=35 * MINUTE)
    assert answer(left) == "post_none", "she may still come"
    write(left, "tg-ada", f"POST {code(left)}", after_s=6 * MINUTE)
    assert answer(left) == "post_taken"
    assert keepers(left) == {"p1": [("vera", False), ("ada", False)]}


def test_there_means_the_street_until_the_post_may_be_meant(left: Any) -> None:
    opened(left)
    write(left, "tg-vera", f"POST {code(left)}")
    write(left, "tg-vera", f"THERE {code(left)}", after_s=29 * MINUTE)
    assert answer(left) == "there"
    assert [e for e in left.events if isinstance(e, IncidentAttended)]
    assert not [e for e in left.events if isinstance(e, PostCheckedIn)]
    write(left, "tg-ada", f"THERE {code(left)}", after_s=5 * MINUTE)
    assert answer(left) == "there", "who keeps no post is where it happened"
    assert [v.member for v in left.incidents()[0].visits] == ["vera", "ada"]
    write(left, "tg-vera", f"THERE {code(left)}")
    assert answer(left) == "post_there"
    assert [v.member for v in left.incidents()[0].visits] == ["ada"], "she is at the post now"


def test_no_behind_it_gives_up_in_every_language(left: Any) -> None:
    opened(left)
    for language in replies():
        write(left, "tg-vera", f"POST {code(left)}")
        post, no = (languages()[language][key][0].upper() for key in ("POST", "NO"))
        given_up = f"{post} {code(left)} {no}"
        assert given_up in words(left, language=language)
        decided = write(left, "tg-vera", f"{given_up}.", after_s=2 * MINUTE)
        assert (decided.outcome, answer(left)) == ("applied", "post_left"), (language, given_up)
        assert keepers(left) == {"p1": []}
    assert [e.who for e in left.log if isinstance(e, PostLeft)] == ["vera"] * len(replies())


def test_the_next_post_that_wants_somebody_or_the_one_that_begins_then(left: Any) -> None:
    opened(left, "early")
    opened(left, "late", in_min=210)
    write(left, "tg-vera", f"POST {code(left)}")
    write(left, "tg-ada", f"POST {code(left)}")
    assert keepers(left) == {"early": [("vera", False)], "late": [("ada", False)]}
    assert (write(left, "tg-vera", f"POST {code(left)}").reason, answer(left)) == ("unchanged", "post_taken")
    write(left, "tg-ada", f"POST {code(left)} NO")
    write(left, "tg-vera", f"POST {code(left)} 16:30")
    assert keepers(left)["late"] == [("vera", False)]


@pytest.mark.parametrize("text", ["POST {}", "POST {} 09:00", "POST {} NO"])
def test_where_nobody_is_wanted_it_is_said(left: Any, text: str) -> None:
    opened(left)
    write(left, "tg-ada", f"POST {code(left)}")
    decided = write(left, "tg-vera", text.format(code(left)))
    expected = ("not_on_it", "failed") if "NO" in text else ("post_full", "post_none")
    assert (decided.outcome, decided.reason, answer(left)) == ("refused", *expected)
    assert keepers(left) == {"p1": [("ada", False)]}


def test_without_a_code_nobody_promises_anything(left: Any) -> None:
    opened(left)
    write(left, "tg-vera", "post")
    assert answer(left) == "which"
    assert keepers(left) == {"p1": []}


def test_a_stranger_and_a_neighbour_sign_up_for_nothing(left: Any) -> None:
    opened(left)
    assert write(left, "tg-nobody", f"POST {code(left)}").reason == "account_not_enrolled"
    add(left, "sue", "dispatcher", "southwark")
    assert offer(left, "sue", group="southwark").outcome == "applied"
    write(left, "tg-sue", CODE)
    assert write(left, "tg-sue", f"POST {code(left)}").reason == "unknown_incident"
    assert keepers(left) == {"p1": []}


def test_a_message_that_comes_twice_signs_up_once_and_words_are_no_note(left: Any) -> None:
    opened(left, needed=3)
    write(left, "tg-vera", f"POST {code(left)} glad to", report_id="twice")
    write(left, "tg-vera", f"POST {code(left)} glad to", report_id="twice")
    assert keepers(left) == {"p1": [("vera", False)]}
    assert not [e for e in left.log if isinstance(e, IncidentNoted)]
    decided = [e for e in left.log if isinstance(e, InputDecided)][-1]
    assert decided.reason != "applied"
