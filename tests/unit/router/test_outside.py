"""What surely happens outside the country served is not ours, and said so; all else is taken up as ever."""

from typing import Any

import pytest

from shared.contracts.base import Position
from shared.contracts.incidents import ReportHeld, Why
from shared.gazetteer.country import WHOLE, abroad
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace, Point
from shared.gazetteer.rows import Rows

from .conftest import HACKNEY, Story, group

WARSAW, DUBLIN, CALAIS, DOVER = (52.23, 21.01), (53.35, -6.26), (50.95, 1.86), (51.13, 1.31)
LERWICK, PARIS, NEW_YORK = (60.155, -1.145), (48.857, 2.352), (40.71, -74.0)
LONDON = (51.5, -0.1)
TOWN = NamedPlace("Lerwick", "area", *LERWICK, 1_000)


def whole_country() -> Story:
    """A hub whose gazetteer holds as many districts as a country has: all in England, but for Lerwick's."""
    outcodes = {f"ZZ{n}": (51.13 + n % 40 * 0.1, -2.7 + n // 40 * 0.08) for n in range(WHOLE)}
    return Story(gazetteer_of(Rows(names=[TOWN], outcodes={**outcodes, "ZE1": LERWICK})))


@pytest.mark.parametrize(
    ("point", "starter", "whole"),
    [
        # The built-in districts of London and Glasgow know the country only roughly.
        (WARSAW, "outside_the_country", "outside_the_country"),
        (NEW_YORK, "outside_the_country", "outside_the_country"),
        (DUBLIN, "placed_report", "outside_the_country"),
        (PARIS, "placed_report", "outside_the_country"),
        (CALAIS, "placed_report", "outside_the_country"),
        (DOVER, "placed_report", "placed_report"),
        (LERWICK, "placed_report", "placed_report"),
        (LONDON, "placed_report", "placed_report"),
    ],
)
def test_what_is_surely_outside(story: Story, point: tuple[float, float], starter: str, whole: str) -> None:
    lat, lon = point
    for hub, expected in ((story, starter), (whole_country(), whole)):
        hub.define(group("everywhere", 10, 10, 1_000, fallback=True))
        said = hub.report(f"immigration raid at {lat:.4f}, {lon:.4f}", sender="a")
        seen = hub.report("immigration raid here now", position=Position(lat=lat, lon=lon), first_hand=True)
        for answer in (said, seen):
            assert answer.reason in {expected, "nobodys_area", "same_place"}
            assert (answer.outcome == "ignored") == (expected == "outside_the_country")
        assert len(hub.incidents()) == (expected != "outside_the_country")


def test_a_group_beyond_the_districts_is_ours(story: Story) -> None:
    story.define(group("warsaw", *WARSAW))
    near = Position(lat=WARSAW[0] + 0.2, lon=WARSAW[1])
    assert story.report("immigration raid here now", position=near, first_hand=True).outcome == "opened"
    far = Position(lat=WARSAW[0] + 1, lon=WARSAW[1])
    assert story.report("immigration raid here", position=far, sender="b").reason == "outside_the_country"


@pytest.mark.parametrize(
    ("text", "more", "outcome", "reason"),
    [
        # Words beat the phone: a relative abroad tells of a place here.
        ("immigration raid in Ashwin Street, my sister rang me", {}, "opened", "placed_report"),
        ("immigration raid at E8 3DL", {"first_hand": False}, "held", "place_too_vague"),
        # A relative abroad names no place: they are asked, as if they had no phone.
        ("my brother rang, immigration raid at his work", {"first_hand": False}, "held", "no_place"),
        # Who is there themselves is abroad.
        ("immigration raid here now", {"first_hand": True}, "ignored", "outside_the_country"),
        ("immigration raid here now", {}, "ignored", "outside_the_country"),
        ("", {}, "ignored", "outside_the_country"),
        # Other reasons stand as they are.
        ("is there a raid in Dalston?", {}, "ignored", "question"),
    ],
)
def test_a_phone_abroad(story: Any, text: str, more: dict[str, Any], outcome: str, reason: str) -> None:
    phone = Position(lat=WARSAW[0], lon=WARSAW[1], accuracy_m=20)
    answer = story.report(text, position=phone, sender="a", contact="+48", **more)
    assert (answer.outcome, answer.reason) == (outcome, reason)
    asked = [e.asked for e in story.events if isinstance(e, ReportHeld)]
    assert asked == (["where"] if outcome == "held" else [])
    # Nobody is told, and nobody asked, of what is not ours.
    assert outcome != "ignored" or len(story.events) == 1


def test_who_told_of_it_before_may_be_abroad_by_now(story: Story) -> None:
    opened = story.report("Immigration raid at Ashwin Street", sender="a")
    phone = Position(lat=WARSAW[0], lon=WARSAW[1], accuracy_m=20)
    again = story.report("they are still there, five vans", sender="a", position=phone, after_s=60)
    assert again.incident_id == opened.incident_id


def test_explain_shows_where_it_was_taken_to_be(story: Story) -> None:
    answer = story.report("immigration raid here now", position=Position(lat=WARSAW[0], lon=WARSAW[1]))
    assert isinstance(answer.why, Why)
    assert answer.why.place is not None


def test_without_districts_nothing_is_abroad() -> None:
    assert not abroad(*WARSAW, [])
    assert abroad(*WARSAW, [Point(*LONDON, 1_000)])
    assert not abroad(*DUBLIN, [Point(*LONDON, 1_000)])
    hub = Story(gazetteer_of(Rows(names=[TOWN])))
    hub.define(HACKNEY)
    far = Position(lat=NEW_YORK[0], lon=NEW_YORK[1])
    assert hub.report("immigration raid here now", position=far, first_hand=True).outcome == "opened"
