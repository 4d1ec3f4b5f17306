"""Decisions about the subscribers' book: nobody in without their code, nobody kept who said stop."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.placing import groups_at, place
from services.notifier.decide.subscribing import (
    MOST_GUESSES,
    ON_THE_WAY,
    Moment,
    Outcome,
    World,
    decide,
    lapsed,
)
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.subscribers import (
    CodeGiven,
    Follow,
    FollowedArea,
    LeftByLink,
    Said,
    SignedUp,
    Subscriber,
    Unreachable,
)
from shared.gazetteer.load import load_gazetteer
from shared.subscribing import LIFE

NOW = datetime(2026, 5, 14, 18, 42, tzinfo=UTC)
ADA = "+447700900123"
DALSTON = FollowedArea(lat=51.5466, lon=-0.075, radius_m=1500, label="Dalston")


def square(lat: float, lon: float, half: float) -> Area:
    ring = (
        (lon - half, lat - half),
        (lon + half, lat - half),
        (lon + half, lat + half),
        (lon - half, lat + half),
    )
    return Area(polygons=(((*ring, ring[0]),),))


GROUPS = {
    "hackney": GroupDefinition(id="hackney", name="Hackney", area=square(51.55, -0.06, 0.03)),
    "islington": GroupDefinition(id="islington", name="Islington", area=Area(outcodes=("N1",))),
}
WORLD = World(
    groups=GROUPS,  # type: ignore[arg-type]  # group ids
    gazetteer=load_gazetteer(),
    code=lambda ticket: f"{len(ticket):06}",
    languages=frozenset({"en", "es", "ar"}),
)


def said(
    text: str, known: Subscriber | None = None, *, after: timedelta = timedelta(), ticket: str = "ticket"
) -> Outcome:
    at = Moment(7, ticket, NOW + after)
    return decide(Said(way="sms", address=ADA, text=text, language=None), known, at, WORLD)


def joined(**more: object) -> Subscriber:
    follow = Follow(group="hackney", area=DALSTON)
    return Subscriber(number=7, way="sms", address=ADA, follows=(follow,)).model_copy(update=more)


def asked() -> Subscriber:
    kept = said("JOIN E8").kept
    assert kept is not None
    return kept


CODE = "000006"


def test_join_asks_for_a_code_and_nobody_is_in_before() -> None:
    found = said("JOIN E8")
    assert found.answer == "confirm"
    assert found.kept is not None
    assert (found.kept.follows, found.kept.number) == ((), 7)
    (follow,) = found.kept.waiting[0].follows
    assert (follow.group, follow.choice, follow.area is not None and follow.area.label) == (
        "hackney",
        "information",
        "E8",
    )


def test_the_code_lets_them_in_once_within_the_hour() -> None:
    found = said(CODE, asked(), after=LIFE)
    assert (found.answer, found.kept is not None and len(found.kept.follows)) == ("joined", 1)
    assert found.kept is not None
    assert found.kept.pending is None
    late = said(CODE, asked(), after=LIFE + timedelta(seconds=1))
    assert late == Outcome("old_code")
    assert said(CODE, found.kept).answer == "old_code", "it is spent"
    assert said(CODE).answer == "help", "a code of nobody's"


def guessed(known: Subscriber | None, times: int = MOST_GUESSES) -> Subscriber | None:
    for n in range(times):
        found = said("111111", known)
        assert found.answer == ("old_code" if n == MOST_GUESSES - 1 else "wrong_code")
        known = found.kept
    return known


@pytest.mark.parametrize("known", [None, joined()])
def test_five_wrong_codes_of_a_contact_are_an_hours_whatever_is_asked_in_between(
    known: Subscriber | None,
) -> None:
    one = guessed(said("JOIN N1", known).kept, 2)
    tried = said("JOIN N1", one, ticket="second").kept
    for _ in range(3):
        tried = said("111111", tried).kept or tried
    assert said(CODE, tried) == Outcome("old_code"), "not even the right one"
    assert said("JOIN N1", tried, ticket="third") == Outcome(), "and no new one"
    assert tried is not None
    assert tried.follows == (known.follows if known else ()), "who is in already stays in, as they were"
    assert not lapsed(tried, NOW + LIFE), "it is known for the hour that they were too many"
    anew = said("JOIN N1", tried, after=LIFE * 1.5, ticket="fourth").kept
    assert said("000006", anew, after=LIFE * 1.6).answer == "joined"


def test_guesses_by_message_cost_nobody_the_code_that_they_type_into_the_page() -> None:
    mine = sign_up(place="E8").kept
    guesses = guessed(mine)
    given = CodeGiven(ticket="t" * 9, code="000009")
    assert decide(given, guesses, Moment(10, "x", NOW), WORLD).answer == "joined"


def test_what_a_stranger_asks_later_makes_no_code_worthless() -> None:
    mine = sign_up(place="E8").kept
    for n in range(2):
        mine = sign_up(mine, ticket="t" * (10 + n), choice="witness", language="fr").kept
    assert sign_up(mine, ticket="t" * 12) == Outcome(), "three codes an hour are sent, a fourth is not"
    given = CodeGiven(ticket="t" * 9, code="000009")
    found = decide(given, mine, Moment(10, "x", NOW), WORLD)
    assert (found.answer, found.kept is not None and found.kept.language) == ("joined", "es")
    assert found.kept is not None
    (follow,) = found.kept.follows
    assert (follow.choice, follow.area is not None and follow.area.label) == ("information", "E8")
    assert len(found.kept.waiting) == 2, "nobody but its owner says what becomes of the others"
    late = Moment(11, "x", NOW + LIFE * 2)
    assert decide(CodeGiven(ticket="t" * 10, code="000010"), found.kept, late, WORLD) == Outcome("old_code")


def test_two_requests_of_one_person_are_both_confirmed() -> None:
    both = sign_up(sign_up(place="E8").kept, ticket="t" * 10, place="E5").kept
    for length in (9, 10):
        given = CodeGiven(ticket="t" * length, code=f"{length:06}")
        both = decide(given, both, Moment(10, "x", NOW), WORLD).kept
    assert both is not None
    assert [f.area.label for f in both.follows if f.area] == ["E8", "E5"]
    assert both.waiting == ()


def test_whoever_would_follow_more_than_five_areas_once_all_is_confirmed_is_told_so() -> None:
    four = tuple(Follow(group="hackney", area=DALSTON.model_copy(update={"label": f"{n}"})) for n in range(4))
    both = said("JOIN N1", said("JOIN E8", joined(follows=four)).kept, ticket="seven77").kept
    sure = said(CODE, both).kept
    assert said("000007", sure).answer == "full"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("JOIN", "where"),
        ("JOIN Nowhere-on-Sea", "where"),
        ("JOIN ZZ9 9ZZ", "where"),
        ("JOIN G41", "nobody"),
        ("HELP", "help"),
        ("immigration van in Mare Street", "help"),
        ("WITNESS", "help"),
        ("FACTS", "help"),
        ("x" * 200, "help"),
        ("=cmd|' /C calc'!A0", "help"),
        ("\u202eNIOJ", "help"),
    ],
)
def test_what_cannot_be_done_is_answered_and_nothing_is_kept(text: str, answer: str) -> None:
    assert said(text) == Outcome(answer)  # type: ignore[arg-type]


def test_a_name_of_several_places_is_asked_after_and_a_district_without_polygons_is_found_by_its_name() -> (
    None
):
    assert said("JOIN High Street").answer in {"which", "where"}
    found = said("JOIN N1").kept
    assert found is not None
    assert found.pending is not None
    assert [f.group for f in found.pending.follows] == ["islington"]


def test_stop_ends_it_at_once_without_a_code_and_a_second_one_is_answered_alike() -> None:
    assert said("Stop.", joined()) == Outcome("left", left="asked")
    assert said("Stop.", asked()) == Outcome("left", left="asked")
    assert said("Stop.") == Outcome("left")


def test_joining_again_changes_nothing_until_it_is_confirmed_and_the_same_area_stands_once() -> None:
    found = said("JOIN N1", joined()).kept
    assert found is not None
    assert found.follows == joined().follows
    both = said(CODE, found).kept
    assert both is not None
    assert [f.group for f in both.follows] == ["hackney", "islington"]
    again = said("JOIN N1", both).kept
    assert again is not None
    assert said(CODE, again).kept == both


def test_five_areas_are_the_most() -> None:
    follows = tuple(
        Follow(group="hackney", area=DALSTON.model_copy(update={"label": f"{n}"})) for n in range(5)
    )
    assert said("JOIN E8", joined(follows=follows)) == Outcome("full")


def test_a_place_of_no_group_leaves_whoever_is_on_the_list_as_they_are() -> None:
    known = joined()
    assert said("JOIN G41", known) == Outcome("nobody", kept=known)


def test_facts_are_at_once_and_witness_needs_the_code() -> None:
    witness = joined(follows=(Follow(group="hackney", choice="witness"),))
    facts = said("FACTS", witness)
    assert facts.answer == "facts"
    assert facts.kept is not None
    assert facts.kept.follows[0].choice == "information"
    asked_again = said("WITNESS", facts.kept).kept
    assert asked_again is not None
    assert asked_again.follows[0].choice == "information"
    sure = said(CODE, asked_again).kept
    assert sure is not None
    assert sure.follows[0].choice == "witness"


def test_facts_hold_for_what_waits_for_its_code_too() -> None:
    waiting = said("WITNESS", joined()).kept
    facts = said("FACTS", waiting).kept
    assert facts is not None
    sure = said(CODE, facts).kept
    assert sure is not None
    assert sure.follows[0].choice == "information"


def sign_up(known: Subscriber | None = None, **more: object) -> Outcome:
    fields = {
        "way": "email",
        "address": "ada@example.org",
        "language": "es",
        "ticket": "t" * 9,
        "group": "hackney",
    }
    request = SignedUp.model_validate({**fields, **more})
    return decide(request, known, Moment(9, "other", NOW), WORLD)


def test_the_page_asks_for_the_code_of_its_own_ticket() -> None:
    found = sign_up(place="E8", choice="witness", quiet="22:00-07:00", urgent_breaks=False)
    assert found.answer == "confirm"
    assert found.kept is not None
    sure = decide(CodeGiven(ticket="t" * 9, code="000009"), found.kept, Moment(10, "x", NOW), WORLD)
    assert sure.kept is not None
    (follow,) = sure.kept.follows
    assert (follow.choice, follow.quiet, follow.urgent_breaks) == ("witness", "22:00-07:00", False)
    assert sure.kept.language == "es"


@pytest.mark.parametrize("where", ["", "G41", "Nowhere-on-Sea"])
def test_a_place_that_is_not_the_groups_or_none_is_all_of_its_area(where: str) -> None:
    kept = sign_up(place=where).kept
    assert kept is not None
    assert kept.pending is not None
    assert kept.pending.follows[0].area is None


def test_strangers_change_nothing_and_a_group_that_is_none_is_no_answer() -> None:
    assert sign_up(group="nobody") == Outcome()
    other = sign_up(joined(), choice="witness").kept
    assert other is not None
    assert other.follows == joined().follows
    assert decide(CodeGiven(ticket="t", code="1"), None, Moment(1, "x", NOW), WORLD) == Outcome()
    assert decide(LeftByLink(subscriber="s"), None, Moment(1, "x", NOW), WORLD) == Outcome()


def test_the_link_and_the_provider_end_it() -> None:
    at = Moment(1, "x", NOW)
    assert decide(LeftByLink(subscriber="s"), joined(), at, WORLD) == Outcome(left="link")
    gone = Unreachable(way="sms", address=ADA)
    assert decide(gone, joined(), at, WORLD) == Outcome(left="provider")
    assert decide(gone, None, at, WORLD) == Outcome()


def test_who_never_confirmed_lapses_and_who_did_does_not() -> None:
    assert not lapsed(asked(), NOW + LIFE + ON_THE_WAY), "a code that came in time may be on its way"
    assert lapsed(asked(), NOW + LIFE + ON_THE_WAY + timedelta(seconds=1))
    assert not lapsed(joined(), NOW + timedelta(days=999))


@given(st.lists(st.sampled_from(["JOIN E8", "JOIN N1", "STOP", "111111", CODE, "WITNESS", "FACTS", "hi"])))
def test_whatever_is_said_only_the_code_puts_anybody_in_and_stop_is_always_the_end(texts: list[str]) -> None:
    known: Subscriber | None = None
    for text in texts:
        before, found = known, said(text, known)
        assert not (found.kept and found.left)
        known = None if found.left else found.kept or before
        if text == "STOP":
            assert known is None
        if len(known.follows if known else ()) > len(before.follows if before else ()):
            assert text == CODE


def test_a_place_has_a_reach_and_groups_that_it_lies_in() -> None:
    found = place("E8 3DL", WORLD.gazetteer)
    assert isinstance(found, FollowedArea)
    assert 1_500 <= found.radius_m <= 8_000
    assert groups_at(found, WORLD.groups) == ("hackney",)
