"""Whom news is for: area, choice, quiet hours, one copy from two groups, the end to those who were told."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.decide.matching import News, counted, told_how
from services.notifier.decide.pseudo import Kin, chunked, kin_of, pseudonym
from services.notifier.decide.told import Told
from shared.contracts.alerts import PublicPlace
from shared.contracts.subscribers import Follow, FollowedArea, Subscriber
from shared.sealing import MasterKey
from tests.integration.notifier_rig import an_alert

EVENING = datetime(2026, 5, 14, 18, 42, tzinfo=UTC)
NIGHT = datetime(2026, 5, 14, 23, 30, tzinfo=UTC)
ASHWIN = PublicPlace(lat=51.546, lon=-0.075, radius_m=300, label="Ashwin St E8")
NEAR = FollowedArea(lat=51.556, lon=-0.075, radius_m=900, label="E8")
FAR = FollowedArea(lat=51.60, lon=-0.075, radius_m=1_500, label="N22")
QUIET = "22:00-07:00"


def news(group: str = "hackney", **more: Any) -> News:
    fields: dict[str, Any] = {"at": EVENING, "where": ASHWIN, "urgent": True, "ends": False, **more}
    return News(group=group, **fields)  # type: ignore[arg-type]


def person(*follows: Follow) -> Subscriber:
    return Subscriber(number=7, way="sms", address="+447700900123", follows=follows)


def follows(group: str = "hackney", **more: Any) -> Follow:
    return Follow.model_validate({"group": group, **more})


@pytest.mark.parametrize(
    ("follow", "of", "through", "how"),
    [
        (follows(), news(), (), "information"),
        (follows(choice="witness"), news(), (), "witness"),
        (follows(area=NEAR), news(), (), "information"),
        (follows(area=FAR), news(), (), "elsewhere"),
        (follows("other"), news(), (), "elsewhere"),
        (follows(area=FAR), news(), ("hackney",), "information"),
        (follows(quiet=QUIET), news(at=NIGHT), (), "information"),
        (follows(quiet=QUIET, urgent_breaks=False), news(at=NIGHT), (), "quiet"),
        (follows(quiet=QUIET), news(at=NIGHT, urgent=False), (), "quiet"),
        (follows(quiet=QUIET, urgent_breaks=False), news(), (), "information"),
        (follows(), news(ends=True), (), "never_told"),
        (follows(), news(ends=True), ("hackney",), "information"),
        (follows(area=FAR), news(ends=True), ("hackney",), "information"),
        (follows(quiet=QUIET, urgent_breaks=False), news(at=NIGHT, ends=True), ("hackney",), "information"),
        (follows(), news(ends=True), ("other",), "never_told"),
    ],
)
def test_one_person_and_one_group(follow: Follow, of: News, through: tuple[str, ...], how: str) -> None:
    assert told_how(person(follow), of, through=through) == how  # type: ignore[arg-type]


def test_of_several_areas_of_one_group_the_one_that_is_awake_and_asks_counts() -> None:
    both = person(
        follows(area=NEAR, quiet=QUIET, urgent_breaks=False), follows(choice="witness", quiet=QUIET)
    )
    assert told_how(both, news(at=NIGHT), through=()) == "witness"
    assert told_how(both, news(at=NIGHT, urgent=False), through=()) == "quiet"


@given(
    groups=st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1),
    through=st.sets(st.sampled_from(["a", "b", "c"])),
    ends=st.booleans(),
)
def test_of_groups_that_tell_at_the_same_time_one_tells(
    *, groups: list[str], through: set[str], ends: bool
) -> None:
    whole = person(*(follows(group) for group in groups))
    told = [
        group
        for group in groups
        if told_how(
            whole,
            news(group, ends=ends),
            through=through,  # type: ignore[arg-type]
            others=[news(other, ends=ends) for other in groups if other != group],
        )
        == "information"
    ]
    would = set(groups) & through if ends else set(groups)
    assert told == ([min(would & through or would)] if would else [])


@pytest.mark.parametrize(
    "more",
    [
        {"audience": "verifiers"},
        {"audience": "partners"},
        {"drill": True},
        {"body": None},
        {"status": "likely"},
    ],
)
def test_subscribers_hear_what_the_community_hears_and_no_exercise(more: dict[str, Any]) -> None:
    fields = {"audience": "community", "kind": "CONFIRMED", "status": "confirmed", **more}
    assert News.of(an_alert(**fields)) is None
    assert News.of(an_alert(audience="community", kind="OVER", status="officers_left")) is not None


def test_why_not_is_counted_but_not_for_what_was_no_news_to_them() -> None:
    assert counted({"quiet": 2, "never_told": 9, "elsewhere": 0}) == {"quiet": 2}


# --- as the ledger knows them -------------------------------------------------------------------

MASTER = MasterKey(b"k" * 32)
TODAY = date(2026, 5, 14)


def test_a_pseudonym_is_of_one_day_and_of_one_hub() -> None:
    names = {
        pseudonym(MASTER.tag, 7, TODAY),
        pseudonym(MASTER.tag, 8, TODAY),
        pseudonym(MASTER.tag, 7, date(2026, 5, 15)),
        pseudonym(MasterKey(b"x" * 32).tag, 7, TODAY),
    }
    assert len(names) == 4
    assert pseudonym(MASTER.tag, 7, TODAY) in names


@pytest.mark.parametrize("way", ["sms", "join-london", "a--b"])
def test_kin_is_found_again_in_its_channel(way: str) -> None:
    kin = Kin(way, "ar", "information")
    assert kin_of(kin.id) == kin
    assert kin.definition("twilio-sms").language == "ar"


@pytest.mark.parametrize("channel", ["sms", "sub_sms", "sub_sms_en_x", "x_sms_en_w"])
def test_other_channels_are_no_kin(channel: str) -> None:
    assert kin_of(channel) is None


def test_chunks_hold_one_kin_and_no_more_than_their_width() -> None:
    made = list(chunked(Kin("sms", "en", "witness"), range(150), 64))
    assert [len(chunk) for chunk in made] == [64, 64, 22]
    assert made[0][0] == "sub_sms_en_w:0"


def test_who_was_told_is_known_by_their_pseudonym_of_that_day() -> None:
    told = Told()
    ada = pseudonym(MASTER.tag, 7, TODAY)
    chunks = (("desk:0",), (f"sub_sms_en_w:{ada}",))
    told.learn("i1", "hackney", TODAY, "a1", chunks)  # type: ignore[arg-type]
    told.learn("i1", "hackney", TODAY, "a1", chunks)  # type: ignore[arg-type]
    heard = told.of({"i1"})
    assert heard.through(lambda day: pseudonym(MASTER.tag, 7, day)) == {"hackney"}
    assert heard.through(lambda day: pseudonym(MASTER.tag, 8, day)) == frozenset()
    assert told.of({"i0", "i1"}).through(lambda day: pseudonym(MASTER.tag, 7, day)) == {"hackney"}
    assert told.of({"i2"}).through(lambda day: pseudonym(MASTER.tag, 7, day)) == frozenset()
