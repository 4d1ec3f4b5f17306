"""The desk's further acts: who goes, what a member saw, whom to ask or spare, and a second person's yes."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.decide import reasons
from services.router.decide.limits import CLAIM_LEASE, FLOOD_LIFE, MUTE_LIFE, PROPOSAL_LIFE
from services.router.decide.mutes import rests_until
from services.router.decide.snapshot import incident_from, snapshot_of
from services.router.decide.state import DAWN
from shared.contracts import desk
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertBody, AlertRaised, QuestionBody
from shared.contracts.base import HUB
from shared.contracts.desk import ReporterAddress, Statement
from shared.contracts.incidents import WatchNoted

from .conftest import HACKNEY, SHA, Story

ASHWIN = "Immigration raid at Ashwin Street"


@pytest.fixture
def incident(story: Story) -> Any:
    opened = story.report(ASHWIN, sender="a")
    assert opened.incident_id
    for name in ("v1", "v2"):
        story.command(
            desk.AddMember,
            member="op",
            group=HUB,
            new_member=name,
            roles={"hackney": "verifier"},
            token_sha256=SHA,
        )
    return opened.incident_id


def act(story: Story, model: Any, incident: Any, **fields: Any) -> str:
    answer = story.command(model, incident_id=incident, **fields)
    return answer.reason


def now(story: Story) -> Any:
    return story.incidents()[0]


# --- go, there, left ------------------------------------------------------------------------------


def test_who_goes_is_seen_by_all_and_told_to_nobody(story: Story, incident: Any) -> None:
    version = now(story).version
    assert act(story, desk.Attend, incident, member="v1", step="going") == reasons.APPLIED
    assert act(story, desk.Attend, incident, member="v2", step="there") == reasons.APPLIED
    assert story.alerts() == []
    assert [(v.member, v.step) for v in now(story).visits] == [("v1", "going"), ("v2", "there")]
    assert act(story, desk.Attend, incident, member="v1", step="there") == reasons.APPLIED
    assert act(story, desk.Attend, incident, member="v2", step="left") == reasons.APPLIED
    assert [(v.member, v.step) for v in now(story).visits] == [("v1", "there")]
    assert now(story).version == version, "who goes does not unsettle what others are deciding"


@pytest.mark.parametrize(("first", "again"), [("going", "going"), (None, "left")])
def test_the_same_step_again_changes_nothing(
    story: Story, incident: Any, first: str | None, again: str
) -> None:
    if first:
        act(story, desk.Attend, incident, step=first)
    before = story.state.incidents
    assert act(story, desk.Attend, incident, step=again) == reasons.UNCHANGED
    assert story.state.incidents == before


# --- seen -----------------------------------------------------------------------------------------


def test_what_a_member_sees_makes_it_likely_and_never_confirms(story: Story, incident: Any) -> None:
    said = Statement(text="Two vans, four officers")
    assert act(story, desk.Seen, incident, member="v1", statement=said) == reasons.APPLIED
    assert now(story).status == "likely"
    assert story.alerts() == [("hackney", "verifiers", "LIKELY")]
    assert act(story, desk.Seen, incident, member="v2") == reasons.APPLIED
    assert now(story).status == "likely"


def test_what_a_member_sees_of_a_confirmed_one_goes_to_verifiers_only(story: Story, incident: Any) -> None:
    act(story, desk.Confirm, incident)
    assert act(story, desk.Seen, incident, member="v1") == reasons.APPLIED
    assert now(story).status == "confirmed"
    assert story.alerts() == [("hackney", "verifiers", "UPDATE")]


def test_what_a_member_sees_ends_a_silence(story: Story, incident: Any) -> None:
    story.tick(after_s=3 * 3600)
    assert now(story).status == "no_news"
    assert act(story, desk.Seen, incident, member="v1") == reasons.APPLIED
    assert now(story).status == "likely"
    assert story.alerts() == [("hackney", "verifiers", "LIKELY")]


def test_a_sighting_outlives_a_split(story: Story, incident: Any) -> None:
    other = story.report("immigration van on ashwin street", sender="b")
    act(story, desk.Seen, incident, member="v1")
    act(story, desk.Split, incident, reports=(f"r{other.input.seq}",))
    assert story.state.incidents[incident].status == "likely"


# --- notes, hand-over, claims ---------------------------------------------------------------------


@pytest.mark.parametrize(("text", "reason"), [("spoke to the shop", "applied"), ("  ", "nothing_said")])
def test_a_note_is_for_the_desk_alone(story: Story, incident: Any, text: str, reason: str) -> None:
    version = now(story).version
    assert act(story, desk.Note, incident, member="v1", statement=Statement(text=text)) == reason
    assert story.alerts() == []
    assert now(story).version == version


@pytest.mark.parametrize(("text", "reason"), [("twelve people are held", "applied"), ("  ", "nothing_said")])
def test_what_waits_is_sent_on_with_a_reason_alone(
    story: Story, incident: Any, text: str, reason: str
) -> None:
    version = now(story).version
    assert act(story, desk.SendOn, incident, statement=Statement(text=text)) == reason
    said = [e for e in story.events if isinstance(e, events.IncidentSentOn)]
    assert [e.group for e in said] == (["hackney"] if reason == "applied" else [])
    assert story.alerts() == []
    assert now(story).version == version


def test_an_act_of_whoever_holds_the_claim_renews_it(story: Story, incident: Any) -> None:
    act(story, desk.Claim, incident, member="v1")
    version = now(story).version
    assert sum(isinstance(e, events.IncidentClaimed) for e in story.events) == 1, "nothing to renew yet"
    act(story, desk.Attend, incident, member="v1", step="going", after_s=60)
    assert now(story).claim.until == story.now + CLAIM_LEASE
    said = Statement(text="a van")
    act(story, desk.Note, incident, member="v1", statement=said, after_s=600)
    act(story, desk.Note, incident, member="v1", statement=said, after_s=60)
    assert now(story).claim.until == story.now + CLAIM_LEASE, "to say it again is to be at work, too"
    act(story, desk.Attend, incident, member="v1", step="going", after_s=60)
    assert now(story).version == version, "a renewed claim is no news"
    act(story, desk.Attend, incident, member="v2", step="there", after_s=600)
    assert now(story).claim.until == story.now + CLAIM_LEASE - timedelta(seconds=600)


def test_an_incident_is_handed_over_with_a_word(story: Story, incident: Any) -> None:
    assert act(story, desk.HandOver, incident, member="v1", to="v2") == reasons.NOT_CLAIMED
    act(story, desk.Claim, incident, member="v1")
    said = Statement(text="call the cafe again at six")
    assert act(story, desk.HandOver, incident, member="v1", to="v2", statement=said) == reasons.APPLIED
    assert now(story).claim.member == "v2"
    kinds = [type(e) for e in story.events]
    assert events.IncidentClaimed in kinds
    assert events.IncidentNoted in kinds


@pytest.mark.parametrize("to", ["nobody", "d-southwark", "op", "v1"])
def test_it_is_handed_only_to_another_who_may_act_on_it(story: Story, incident: Any, to: str) -> None:
    act(story, desk.Claim, incident, member="v1")
    assert act(story, desk.HandOver, incident, member="v1", to=to) == reasons.UNKNOWN_MEMBER
    assert now(story).claim.member == "v1"


# --- calling for help, asking ---------------------------------------------------------------------


def test_neighbours_are_asked_once_and_may_act_from_then_on(story: Story, incident: Any) -> None:
    assert act(story, desk.Escalate, incident, groups=("nowhere",)) == reasons.UNKNOWN_GROUP
    assert act(story, desk.Escalate, incident, groups=("southwark", "southwark")) == reasons.APPLIED
    assert story.alerts() == [("southwark", "verifiers", "UNCONFIRMED")]
    assert act(story, desk.Escalate, incident, groups=("southwark",)) == reasons.ALREADY_TOLD
    claimed = act(story, desk.Claim, incident, member="d-southwark", group="southwark")
    assert claimed == reasons.APPLIED
    act(story, desk.End, incident)
    assert ("southwark", "verifiers", "OVER") in story.alerts(), "whoever was told hears of the end"


ADDRESS = ReporterAddress(bridge="sms", address="+447700900123", language="es")


def test_a_reporter_is_asked_and_nobody_sees_the_number(story: Story, incident: Any) -> None:
    assert act(story, desk.AskReporter, incident, report_id="r1", asks="what", to=ADDRESS) == reasons.APPLIED
    raised = [e for e in story.events if isinstance(e, AlertRaised)]
    assert [(a.kind, a.audience, a.group) for a in raised] == [("QUESTION", "reporter", HUB)]
    body = raised[0].body
    assert isinstance(body, QuestionBody)
    assert (body.address, body.language, body.asks) == ("+447700900123", "es", "what")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"report_id": "r9", "to": ADDRESS}, reasons.UNKNOWN_REPORT),
        ({"report_id": "r1", "to": None}, reasons.NOBODY_TO_ASK),
    ],
)
def test_nobody_is_asked_who_cannot_be(
    story: Story, incident: Any, fields: dict[str, Any], reason: str
) -> None:
    assert act(story, desk.AskReporter, incident, **fields) == reason
    assert story.alerts() == []


def test_a_reporter_is_not_asked_on_and_on(story: Story, incident: Any) -> None:
    answers = [act(story, desk.AskReporter, incident, report_id="r1", to=ADDRESS) for _ in range(4)]
    assert answers == [reasons.APPLIED] * 3 + [reasons.ASKED_ENOUGH]
    story.now += timedelta(minutes=61)
    assert act(story, desk.AskReporter, incident, report_id="r1", to=ADDRESS) == reasons.APPLIED


# --- a second person ------------------------------------------------------------------------------

MANY = HACKNEY.policy.second_person_above + 1


def test_what_reaches_many_needs_a_second_person(story: Story, incident: Any) -> None:
    assert act(story, desk.Confirm, incident, reach=MANY) == reasons.SECOND_PERSON
    assert now(story).status == "unconfirmed"
    assert story.alerts() == [("hackney", "verifiers", "UPDATE")]
    assert act(story, desk.Confirm, incident, reach=MANY) == reasons.SECOND_PERSON
    assert story.alerts() == [], "one is not two, and says it once"
    second = {"member": "d2", "group": "hackney"}
    story.command(
        desk.AddMember,
        member="op",
        group=HUB,
        new_member="d2",
        roles={"hackney": "dispatcher"},
        token_sha256=SHA,
    )
    assert act(story, desk.Confirm, incident, reach=MANY, **second) == reasons.APPLIED
    assert now(story).status == "confirmed"
    assert ("hackney", "community", "CONFIRMED") in story.alerts()


def test_a_first_yes_does_not_wait_for_ever(story: Story, incident: Any) -> None:
    act(story, desk.Confirm, incident, reach=MANY)
    story.command(
        desk.AddMember,
        member="op",
        group=HUB,
        new_member="d2",
        roles={"hackney": "dispatcher"},
        token_sha256=SHA,
    )
    story.now += PROPOSAL_LIFE + timedelta(seconds=1)
    assert act(story, desk.Confirm, incident, reach=MANY, member="d2") == reasons.SECOND_PERSON


def test_what_reaches_few_needs_one(story: Story, incident: Any) -> None:
    assert act(story, desk.Confirm, incident, reach=MANY - 1) == reasons.APPLIED


# --- another agency, undoing ----------------------------------------------------------------------


def test_a_place_of_ordinary_police_is_watched(story: Story, incident: Any) -> None:
    said = {"outcome": "other_agency", "agency": "police", "keep_watch": True}
    assert act(story, desk.Reject, incident, **said) == reasons.APPLIED
    assert [e for e in story.events if isinstance(e, WatchNoted)]
    assert len(story.state.watches) == 1
    later = story.report(
        "Immigration officers Ashwin Street now, I see six of them", sender="z", first_hand=True, after_s=2400
    )
    assert later.outcome == "opened"
    alert = next(e for e in story.events if isinstance(e, AlertRaised))
    assert isinstance(alert.body, AlertBody)
    assert alert.body.watch_reports == 1


@pytest.mark.parametrize(
    ("before", "status", "told"),
    [
        ("not_confirmed", "unconfirmed", {"verifiers"}),
        ("officers_left", "confirmed", {"verifiers", "community", "partners"}),
        ("closed", "confirmed", {"verifiers", "community", "partners"}),
    ],
)
def test_what_was_ended_by_mistake_is_opened_again(
    story: Story, incident: Any, before: str, status: str, told: set[str]
) -> None:
    act(story, desk.Confirm, incident)
    if before == "not_confirmed":
        act(story, desk.Reject, incident, outcome=before)
    else:
        act(story, desk.End, incident, stage=before)
    assert act(story, desk.Reopen, incident) == reasons.APPLIED
    assert (now(story).status, now(story).ended_at) == (status, None)
    assert {audience for _, audience, _ in story.alerts()} == told
    assert {kind for _, _, kind in story.alerts()} == {"UPDATE"}


def test_what_goes_on_is_not_reopened(story: Story, incident: Any) -> None:
    assert act(story, desk.Reopen, incident) == reasons.WRONG_STATUS


# --- sparing attention ----------------------------------------------------------------------------


def mute(story: Story, report: str, what: str = "sender", **fields: Any) -> str:
    return story.command(desk.Mute, report_id=report, what=what, reason="hoax", **fields).reason


def test_a_muted_sender_opens_nothing_for_a_day_and_is_kept(story: Story, incident: Any) -> None:
    assert mute(story, "r1") == reasons.APPLIED
    again = story.report("Immigration raid at Hackney Town Hall, four vans", sender="a", after_s=3600)
    assert (again.outcome, again.reason) == ("held", reasons.MUTED)
    assert story.alerts() == []
    story.tick(after_s=3600)
    assert not [kind for _, _, kind in story.alerts() if kind == "DIGEST"]
    other = story.report("Immigration raid here", sender="b", position={"lat": 51.5411, "lon": -0.0385})
    assert other.outcome == "opened"
    story.now += MUTE_LIFE
    later = story.report("Immigration raid here", sender="a", position={"lat": 51.5340, "lon": -0.0585})
    assert later.outcome == "opened"


def test_muted_words_open_nothing_whoever_sends_them(story: Story, incident: Any) -> None:
    hoax = "FORWARD THIS: immigration raid at Hackney Town Hall, everybody come at once, they take children"
    first = story.report(hoax, sender="x")
    act(story, desk.Reject, first.incident_id, outcome="not_confirmed")
    assert mute(story, f"r{first.input.seq}", "text") == reasons.APPLIED
    again = story.report(hoax + " !!", sender="y", position={"lat": 51.5452, "lon": -0.0553})
    assert again.outcome != "opened"


def test_a_mute_is_undone(story: Story, incident: Any) -> None:
    mute(story, "r1")
    (name,) = story.state.mutes
    assert story.command(desk.Unmute, mute_id=name, group="southwark", member="d-southwark").reason == (
        reasons.NOT_MUTED
    )
    assert story.command(desk.Unmute, mute_id=name).reason == reasons.APPLIED
    assert story.command(desk.Unmute, mute_id=name).reason == reasons.NOT_MUTED
    again = story.report("Immigration raid at Hackney Town Hall, four vans", sender="a", after_s=3600)
    assert again.outcome == "opened"


def test_a_group_mutes_for_itself_alone(story: Story, incident: Any) -> None:
    mute(story, "r1")
    elsewhere = story.report("Immigration raid at Evan Cook Close", sender="a")
    assert elsewhere.outcome == "opened"
    assert mute(story, "r1", member="d-southwark", group="southwark") == reasons.UNKNOWN_REPORT
    assert mute(story, "r99") == reasons.UNKNOWN_REPORT


@pytest.mark.parametrize("what", ["sender", "text"])
@pytest.mark.parametrize("drill", [True, False])
def test_a_mute_reaches_across_no_line_between_real_and_exercise(
    story: Story, what: str, *, drill: bool
) -> None:
    first = story.report(ASHWIN, sender="a", drill=drill)
    act(story, desk.Reject, first.incident_id, outcome="not_confirmed")
    assert mute(story, f"r{first.input.seq}", what) == reasons.APPLIED
    other = story.report(ASHWIN, sender="a", drill=not drill)
    assert other.outcome == "opened"


def test_what_is_muted_in_an_exercise_keeps_nothing_real_off_the_ladder(story: Story) -> None:
    story.report(ASHWIN, sender="a", drill=True)
    story.report(ASHWIN, sender="a", after_s=5)
    mute(story, "r1")
    mute(story, "r1", "text")
    exercise, real = (rests_until(story.state, i) for i in story.incidents())
    assert (exercise > story.now, real) == (True, DAWN)


def test_who_sent_no_name_cannot_be_muted(story: Story) -> None:
    story.report(ASHWIN)
    assert mute(story, "r1") == reasons.NOTHING_TO_MUTE


def test_in_flood_mode_incidents_ride_in_digests_and_it_ends_by_itself(story: Story) -> None:
    assert story.command(desk.Flood, on=True).reason == reasons.APPLIED
    opened = story.report(ASHWIN, sender="a")
    assert opened.outcome == "opened"
    assert story.alerts() == []
    story.tick(after_s=241)
    assert story.alerts() == [("hackney", "verifiers", "DIGEST")]
    story.now += FLOOD_LIFE
    story.report("Immigration raid at Hackney Town Hall", sender="b")
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]


def test_flood_mode_is_switched_off(story: Story) -> None:
    assert story.command(desk.Flood, on=False).reason == reasons.UNCHANGED
    story.command(desk.Flood, on=True)
    assert story.command(desk.Flood, on=False).reason == reasons.APPLIED
    story.report(ASHWIN, sender="a")
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]


def test_a_snapshot_keeps_who_goes_and_what_was_proposed(story: Story, incident: Any) -> None:
    act(story, desk.Attend, incident, member="v1", step="there")
    act(story, desk.Seen, incident, member="v1")
    act(story, desk.Confirm, incident, reach=MANY)
    kept = now(story)
    again = incident_from(snapshot_of(kept))
    assert (again.visits, again.proposed, again.seen) == (kept.visits, kept.proposed, kept.seen)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (desk.Confirm, {}),
        (desk.Escalate, {"groups": ("southwark",)}),
        (desk.Reopen, {}),
    ],
)
def test_a_verifier_goes_sees_and_notes_but_decides_nothing(
    story: Story, incident: Any, model: Any, fields: dict[str, Any]
) -> None:
    assert act(story, model, incident, member="v1", **fields) == reasons.ROLE_TOO_LOW


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Two vans, six officers, one man held", ("unknown", {"van": 2, "officer": 6, "person": 1})),
        ("They say they are immigration officers", ("immigration", {})),
        ("I am by the shop", None),
        ("", None),
    ],
)
def test_what_a_sighting_counts_is_kept_with_it(
    story: Story, incident: Any, words: str, expected: tuple[str, dict[str, int]] | None
) -> None:
    act(story, desk.Seen, incident, member="v1", statement=Statement(text=words))
    (seen,) = [e for e in story.events if isinstance(e, events.IncidentSeen)]
    detail = seen.detail
    found = (detail.who, dict(detail.seen)) if isinstance(detail, events.SightingDetail) else None
    assert found == expected
