"""The same said again changes nothing and goes to nobody; what is new goes out, and says what was done."""

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.decide.pace import may_wait
from services.router.decide import reasons
from services.router.decide.limits import CLAIM_LEASE
from services.router.decide.snapshot import incident_from, snapshot_of
from shared.contracts import desk
from shared.contracts.aftercare import Account, Became, News
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import HUB, Place
from shared.contracts.desk import ReporterAddress, Statement
from shared.repeats import STILL

from .conftest import SHA, Story

RAID = "Immigration raid at Ashwin Street"
JUST = STILL - timedelta(seconds=1)


@pytest.fixture
def incident(story: Story) -> Any:
    opened = story.report(RAID, sender="a", contact="chat-a")
    for name in ("v1", "v2"):
        story.command(
            desk.AddMember, member="op", group=HUB, new_member=name, roles={"hackney": "verifier"},
            token_sha256=SHA,
        )  # fmt: skip
    return opened.incident_id


def act(story: Story, model: Any, incident: Any, text: str | None = None, **fields: Any) -> str:
    said: dict[str, Any] = {"statement": Statement(text=text)} if text is not None else {}
    return str(story.command(model, incident_id=incident, **said, **fields).reason)


def bodies(story: Story, audience: str = "verifiers") -> list[Any]:
    """What this audience is told by the last input."""
    return [e.body for e in story.events if isinstance(e, AlertRaised) and e.audience == audience]


# --- the same again -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "later", "reason"),
    [
        ("Two vans", timedelta(seconds=2), "unchanged"),
        ("  two VANS ", JUST, "unchanged"),
        ("", JUST, "unchanged"),
        ("Two vans, six officers", timedelta(seconds=2), "applied"),
        ("Two vans", STILL, "applied"),
    ],
)
def test_a_sighting_said_again_tells_the_verifiers_once(
    story: Story, incident: Any, again: str, later: timedelta, reason: str
) -> None:
    act(story, desk.Seen, incident, "Two vans", member="v1")
    seen, version = story.incidents()[0].seen, story.incidents()[0].version
    after = later.total_seconds()
    assert act(story, desk.Seen, incident, again, member="v1", after_s=after) == reason
    told = [a for a in story.alerts() if a[2] != "UPDATE"]
    assert bool(told) == (reason == "applied")
    new = reason == "applied"
    assert (story.incidents()[0].seen, story.incidents()[0].version) == (seen + new, version + new)


def test_what_another_member_sees_is_news(story: Story, incident: Any) -> None:
    act(story, desk.Seen, incident, "Two vans", member="v1")
    assert act(story, desk.Seen, incident, "Two vans", member="v2") == reasons.APPLIED
    assert act(story, desk.Seen, incident, "Two vans", member="v1") == reasons.UNCHANGED


def test_a_sighting_again_still_ends_a_silence(story: Story, incident: Any) -> None:
    act(story, desk.Seen, incident, member="v1")
    story.tick(after_s=3 * 3600)
    assert story.incidents()[0].status == "no_news"
    assert act(story, desk.Seen, incident, member="v1") == reasons.APPLIED
    assert story.incidents()[0].status == "likely"


def test_whoever_says_it_again_keeps_their_claim(story: Story, incident: Any) -> None:
    act(story, desk.Claim, incident, member="v1")
    act(story, desk.Seen, incident, "Two vans", member="v1")
    act(story, desk.Seen, incident, "Two vans", member="v1", after_s=600)
    claim = story.incidents()[0].claim
    assert claim is not None
    assert claim.until == story.now + CLAIM_LEASE


@pytest.mark.parametrize(
    ("first", "again", "reason"),
    [
        (("ENOUGH", "About 60"), ("ENOUGH", "About 60"), "unchanged"),
        (("ENOUGH", "About 60"), ("ENOUGH", ""), "unchanged"),
        (("ENOUGH", ""), ("ENOUGH", "About 60"), "applied"),
        (("ENOUGH", ""), ("LEAVE", ""), "applied"),
    ],
)
def test_an_update_said_again_goes_to_nobody(
    story: Story, incident: Any, first: Any, again: Any, reason: str
) -> None:
    act(story, desk.Confirm, incident, "Two vans", ask="WITNESSES")
    assert act(story, desk.Update, incident, first[1], ask=first[0]) == reasons.APPLIED
    assert act(story, desk.Claim, incident) == reasons.APPLIED, "what else is done makes it no news"
    assert act(story, desk.Update, incident, again[1], ask=again[0], after_s=5) == reason
    assert bool(story.alerts()) == (reason == "applied")


def test_that_it_still_goes_on_is_news_after_a_while(story: Story, incident: Any) -> None:
    act(story, desk.Confirm, incident, "Two vans", ask="WITNESSES")
    assert act(story, desk.Update, incident, ask="WITNESSES") == reasons.UNCHANGED
    after = STILL.total_seconds()
    assert act(story, desk.Update, incident, ask="WITNESSES", after_s=after) == reasons.APPLIED
    assert ("hackney", "community", "UPDATE") in story.alerts()


def test_new_numbers_are_news(story: Story, incident: Any) -> None:
    act(story, desk.Confirm, incident)
    act(story, desk.End, incident, tally=desk.Tally(taken=1))
    assert act(story, desk.Update, incident) == reasons.UNCHANGED, "the end has told the numbers"
    story.command(Account, incident_id=incident, news=News(became=(Became(fate="released"),)))
    assert act(story, desk.Update, incident) == reasons.APPLIED
    assert act(story, desk.Update, incident) == reasons.UNCHANGED


def test_the_same_place_again_tells_nobody(story: Story, incident: Any) -> None:
    place = Place(lat=51.5468, lon=-0.0751, radius_m=40, how="person", label="By the station")
    where: dict[str, Any] = {"statement": Statement(place=place)}
    assert story.command(desk.PutPlace, incident_id=incident, **where).reason == reasons.APPLIED
    before = story.state.incidents
    assert story.command(desk.PutPlace, incident_id=incident, **where).reason == reasons.UNCHANGED
    assert story.alerts() == []
    assert story.state.incidents == before


def test_a_note_again_is_one_line(story: Story, incident: Any) -> None:
    assert act(story, desk.Note, incident, "rang the shop", member="v1") == reasons.APPLIED
    assert act(story, desk.Note, incident, "Rang  the shop", member="v1") == reasons.UNCHANGED
    assert act(story, desk.Note, incident, "rang the shop", member="v2") == reasons.APPLIED


def test_a_snapshot_keeps_what_was_said(story: Story, incident: Any) -> None:
    act(story, desk.Attend, incident, member="v1", step="there")
    act(story, desk.Seen, incident, "Two vans", member="v1")
    act(story, desk.Confirm, incident, "Two vans")
    kept = story.incidents()[0]
    again = incident_from(snapshot_of(kept))
    assert (again.words_by, again.said, again.checked) == (kept.words_by, kept.said, kept.checked)
    assert kept.checked == ("went",)


# --- what was done to check it --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("acts", "checked"),
    [
        ((), ()),
        (((desk.Attend, {"step": "going"}),), ()),
        (((desk.Attend, {"step": "there"}), (desk.Attend, {"step": "left"})), ("went",)),
        (((desk.Seen, {}),), ("went",)),
        (
            (
                (desk.AskReporter, {"report_id": "r1", "to": ReporterAddress(bridge="test", address="x")}),
                (desk.Attend, {"step": "there"}),
            ),
            ("asked", "went"),
        ),
    ],
)
def test_not_confirmed_says_what_was_done_and_no_more(
    story: Story, incident: Any, acts: Any, checked: tuple[str, ...]
) -> None:
    for model, fields in acts:
        assert act(story, model, incident, member="v1", **fields) == reasons.APPLIED
    act(story, desk.Reject, incident, outcome="not_confirmed")
    (told,) = bodies(story)
    assert told.checked == checked


# --- what changed about a place -------------------------------------------------------------------


def test_whoever_was_told_the_old_place_learns_both(story: Story, incident: Any) -> None:
    act(story, desk.Confirm, incident)
    old = story.incidents()[0].place
    assert old is not None
    place = Place(
        lat=51.549, lon=-0.0755, radius_m=20, how="person", label="Flat 3, 12 Kingsland High Street"
    )
    story.command(desk.PutPlace, incident_id=incident, statement=Statement(place=place))
    (ours,), (theirs,) = bodies(story), bodies(story, "community")
    assert (ours.was, ours.place.label) == (old.label, place.label)
    assert theirs.was.startswith("Ashwin Street")
    assert "12" not in theirs.place.label
    assert (ours.was_public, theirs.was_public) == ("", "")


def test_a_home_it_was_said_to_be_at_is_no_more_to_strangers_than_a_district(story: Story) -> None:
    opened = story.report("They are raiding our flat, 21 Ashwin Street E8, at our home now", sender="a")
    incident = opened.incident_id
    assert story.incidents()[0].home
    act(story, desk.Confirm, incident)
    place = Place(lat=51.549, lon=-0.0755, radius_m=20, how="person", label="Kingsland High Street")
    story.command(desk.PutPlace, incident_id=incident, statement=Statement(place=place))
    (theirs,) = bodies(story, "community")
    assert "Ashwin" not in theirs.was
    assert "Ashwin" not in f"{theirs.place.label} {theirs.public.label}"


def test_of_an_improved_place_a_newly_concerned_group_hears_no_older_one(story: Story, incident: Any) -> None:
    place = Place(lat=51.473, lon=-0.066, radius_m=20, how="person", label="Rye Lane")
    story.command(desk.PutPlace, incident_id=incident, statement=Statement(place=place))
    first = [e for e in story.events if isinstance(e, AlertRaised) and e.group == "southwark"]
    assert [(a.kind, getattr(a.body, "was", None)) for a in first] == [("UNCONFIRMED", "")]


def test_whose_incident_became_part_of_another_learn_their_old_code(story: Story, incident: Any) -> None:
    other = story.report("Immigration raid at Hackney Town Hall", sender="b")
    code = story.state.incidents[other.incident_id].code  # type: ignore[index]
    act(story, desk.Merge, incident, absorbed=other.incident_id)
    (told,) = bodies(story)
    assert told.was_code == code


def test_what_corrects_what_people_heard_goes_to_all_of_them_and_waits_for_no_hour(
    story: Story, incident: Any
) -> None:
    def corrects() -> set[Any]:
        public = [e for e in story.events if isinstance(e, AlertRaised) and e.audience == "community"]
        assert not any(may_wait(alert) for alert in public)
        return {(alert.kind, alert.sms_to) for alert in public}

    second = story.report("Immigration raid at Hackney Town Hall", sender="b")
    other = second.incident_id
    for one in (incident, other):
        act(story, desk.Confirm, one)
    place = Place(lat=51.549, lon=-0.0755, radius_m=20, how="person", label="Kingsland High Street")
    story.command(desk.PutPlace, incident_id=incident, statement=Statement(place=place))
    assert corrects() == {("UPDATE", "everyone")}, "where it is"
    act(story, desk.Merge, incident, absorbed=other)
    assert corrects() == {("UPDATE", "everyone")}, "which code it has"
    act(story, desk.Split, incident, reports=(second.report_id,))
    assert corrects() == {("CONFIRMED", "everyone")}, "which code it has again"


# --- incidents that become one, or two, and what is open again ------------------------------------


def test_what_was_done_to_check_one_was_done_for_what_it_became_part_of(story: Story, incident: Any) -> None:
    other = story.report("Immigration raid at Hackney Town Hall", sender="b")
    act(story, desk.Attend, other.incident_id, member="v1", step="there")
    act(story, desk.Merge, incident, absorbed=other.incident_id)
    act(story, desk.Reject, incident, outcome="not_confirmed")
    assert {told.checked for told in bodies(story)} == {("went",)}


def test_whose_incident_is_likely_no_more_learn_why(story: Story, incident: Any) -> None:
    second = story.report("Two vans in Ashwin Street, officers are taking people", sender="b", trusted=True)
    assert story.incidents()[0].status == "likely"
    act(story, desk.Split, incident, reports=(second.report_id,))
    assert "support_left" in {getattr(body, "note", None) for body in bodies(story)}


def test_what_was_said_when_it_was_opened_again_is_no_news_a_moment_later(
    story: Story, incident: Any
) -> None:
    act(story, desk.Confirm, incident)
    act(story, desk.End, incident, stage="officers_left", tally=desk.Tally())
    assert act(story, desk.Reopen, incident, "They are back") == reasons.APPLIED
    assert act(story, desk.Update, incident, "They are back") == reasons.UNCHANGED
