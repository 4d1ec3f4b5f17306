"""The attention budget, digests and watches: everything reaches a person, in few messages, in time."""

from typing import Any

from services.router.decide.limits import DIGEST_LINES
from shared.contracts import desk
from shared.contracts.alerts import AlertRaised, DigestBody
from shared.contracts.base import Position
from shared.contracts.incidents import IncidentOpened

SEEN = (
    "immigration raid at the {0}, two vans outside, I can see them taking somebody",
    "Home Office immigration officers are raiding the {0} and checking everyone's papers now",
    "immigration enforcement van outside the {0}, six officers, they hold a rider",
)
SHOPS = (
    "bakery",
    "nail bar",
    "car wash",
    "butcher",
    "hotel",
    "laundrette",
    "chicken shop",
    "school",
    "garage",
)


def flood(story: Any, count: int, *, every_s: float = 1) -> list[str]:
    """So many true events 600 m apart in Hackney, one after the other; their ids."""
    found = []
    for n in range(count):
        row, column = divmod(n, 6)
        here = Position(lat=51.533 + 0.0056 * row, lon=-0.086 + 0.0088 * column, accuracy_m=10)
        text = SEEN[n % 3].format(SHOPS[n % 9])
        answer = story.report(text, after_s=every_s, sender=f"s{n}", position=here, first_hand=True)
        assert answer.outcome == "opened", (n, answer.reason)
        found.append(answer.incident_id)
    return found


def digests(events: Any) -> list[DigestBody]:
    raised = [e for e in events if isinstance(e, AlertRaised) and e.kind == "DIGEST"]
    return [e.body for e in raised if isinstance(e.body, DigestBody)]


def codes(bodies: list[DigestBody]) -> list[str]:
    return [line.code for body in bodies for line in body.lines if line.code]


def test_three_are_told_singly_and_the_others_together_within_five_minutes(story: Any) -> None:
    flood(story, 6)
    singly = [e for e in story.log if isinstance(e, AlertRaised) and e.kind == "UNCONFIRMED"]
    assert len(singly) == 3
    assert digests(story.tick(230)) == []
    told = digests(story.tick(20))
    assert len(codes(told)) == 3
    assert digests(story.tick(600)) == []


def test_what_does_not_fit_into_a_digest_is_in_the_next_one(story: Any) -> None:
    opened = flood(story, 3 + DIGEST_LINES + 5)
    bodies: list[DigestBody] = []
    for _ in range(12):
        bodies += digests(story.tick(60))
    again = [line for line in bodies[-1].lines if line.reason == "nobody_took"]
    assert [len(body.lines) for body in bodies] == [DIGEST_LINES, 5 + len(again)]
    assert bodies[-1].lines[5:] == tuple(again)  # those told singly, whom nobody took: after the others
    told = [line.code for body in bodies for line in body.lines if line.reason == "too_many_at_once"]
    assert len(told) == len(set(told)) == len(opened) - 3


def test_a_vague_report_is_told_five_minutes_after_it_came_though_the_budget_is_used_up(story: Any) -> None:
    held = story.report("Immigration raid somewhere in Stoke Newington, they take people now", sender="v")
    assert (held.outcome, held.reason) == ("held", "place_too_vague")
    flood(story, 3)
    told: list[DigestBody] = []
    for _ in range(5):
        told += digests(story.tick(59))
    assert held.report_id in {line.report_id for body in told for line in body.lines}


def test_a_raid_at_a_place_where_a_person_ended_another_reaches_the_group(story: Any) -> None:
    here = Position(lat=51.547, lon=-0.062, accuracy_m=20)
    first = story.report("immigration raid, two vans, officers hold a man", position=here, first_hand=True)
    story.command(desk.Confirm, incident_id=first.incident_id)
    story.command(desk.End, after_s=60, incident_id=first.incident_id)
    again = story.report(
        "immigration officers are at the bakery and take somebody",
        after_s=1_200,
        position=here,
        first_hand=True,
    )
    assert (again.outcome, again.reason) == ("opened", "placed_report")
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]


def test_a_rumour_beside_a_live_incident_is_in_the_groups_digest(story: Any) -> None:
    here = Position(lat=51.5465, lon=-0.0746, accuracy_m=20)
    story.report("immigration raid on Ashwin Street, two vans", position=here, first_hand=True, sender="a")
    rumour = (
        "they say immigration is on Ashwin Street everywhere tonight, forwarded as received, share with all"
    )
    held = story.report(rumour, sender="b", after_s=30)
    assert (held.outcome, held.reason) == ("held", "rumour")
    bodies = digests(story.tick(1_800))
    assert [line.report_id for body in bodies for line in body.lines] == [held.report_id]


def test_an_end_and_a_denial_are_no_support(story: Any) -> None:
    here = Position(lat=51.547, lon=-0.062, accuracy_m=20)
    opened = story.report("immigration raid, officers hold a man", position=here, first_hand=True, sender="a")
    near = Position(lat=51.5471, lon=-0.0621, accuracy_m=20)
    story.report("they have left, all clear here", position=near, sender="b", after_s=300)
    story.report("false alarm here, it was bailiffs not immigration", position=near, sender="c", after_s=60)
    incident = story.state.incidents[opened.incident_id]
    assert len(incident.evidence) == 3
    assert incident.status == "unconfirmed"


def test_copies_that_wait_come_along_when_their_original_opens_by_itself(story: Any) -> None:
    words = "Immigration raid somewhere in Hackney they are taking people out of a restaurant right now"
    first = story.report(words, sender="a")
    copy = story.report(f"Fwd: {words}", sender="b", after_s=20)
    assert (first.reason, copy.reason) == ("place_too_vague", "copy_of_held")
    events = story.tick(200)
    assert len([e for e in events if isinstance(e, IncidentOpened)]) == 1
    assert not story.state.held
    assert {r for i in story.incidents() for r in i.evidence} == {first.report_id, copy.report_id}


def test_ordinary_police_seen_by_three_becomes_one_quiet_line(story: Any) -> None:
    here = Position(lat=51.5465, lon=-0.0746, accuracy_m=20)
    for n, text in enumerate(
        (
            "two police cars on Ashwin Street",
            "police everywhere on ashwin street, blue lights",
            "cops stopping a car at Ashwin Street",
        )
    ):
        answer = story.report(text, sender=f"p{n}", position=here, after_s=60)
        assert (answer.outcome, answer.reason) == ("ignored", "other_police")
    assert not story.incidents()
    lines = [line for _ in range(40) for body in digests(story.tick(60)) for line in body.lines]
    assert [(line.reason, line.reports) for line in lines] == [("watch", 3)]
    raid = story.report(
        "immigration vans on Ashwin Street, they take somebody", position=here, sender="q", after_s=10
    )
    assert (raid.outcome, story.alerts()) == ("opened", [("hackney", "verifiers", "UNCONFIRMED")])


def test_a_flood_of_rumours_is_few_messages_and_the_first_of_them_comes_soon(story: Any) -> None:
    told: list[DigestBody] = []
    for n in range(120):
        words = f"they say immigration is on Ashwin Street tonight, forwarded as received, share with all {n}"
        answer = story.report(words, after_s=30, sender=f"n{n}")
        assert answer.outcome == "held"
        told += digests(story.tick())
        assert told or n < 10, "nothing within five minutes"
    assert 1 <= len(told) <= 9


def test_a_report_without_a_place_is_shown_to_no_group_that_nothing_ties_it_to(story: Any) -> None:
    here = Position(lat=51.5465, lon=-0.0746, accuracy_m=20)
    story.report("immigration raid on Ashwin Street, two vans", position=here, first_hand=True, sender="a")
    held = story.report("Immigration officers inside the Gare du Nord in Paris", sender="b", after_s=30)
    assert held.outcome == "held"
    assert story.state.held[held.report_id].groups == ()


def test_a_rumour_of_tomorrow_joins_nothing(story: Any) -> None:
    here = Position(lat=51.5483, lon=-0.0755, accuracy_m=20)
    story.report("immigration raid at Ridley Road market, two vans", position=here, sender="a")
    later = story.report("immigration raid tomorrow 6am at Ridley Road, share this", sender="b", after_s=60)
    assert (later.outcome, later.reason) == ("held", "rumour")


def test_again_alone_opens_nothing(story: Any) -> None:
    answer = story.report("bins not collected again on Ashwin Street", sender="a")
    assert answer.outcome != "opened"


def test_a_cry_for_help_leans_to_the_only_event_and_never_to_a_drill(story: Any) -> None:
    here = Position(lat=51.5465, lon=-0.0746, accuracy_m=20)
    raid = "immigration raid on Ashwin Street, two vans"
    story.report(raid, position=here, first_hand=True, sender="a", drill=True)
    alone = story.report("help", sender="b", after_s=30)
    assert (alone.outcome, alone.incident_id) == ("held", None)
    opened = story.report(raid, position=here, first_hand=True, sender="c", after_s=30)
    beside = story.report("help", sender="d", after_s=30)
    assert (beside.outcome, beside.incident_id) == ("held", opened.incident_id)
