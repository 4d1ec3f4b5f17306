"""What members write by chat: their command where the account is enrolled, a report everywhere else."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts import desk, members
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertRaised, ReplyBody
from shared.contracts.base import HUB
from shared.contracts.groups import (
    AccountBound,
    AccountOffer,
    ChannelDefinition,
    GroupChannels,
    JoinRefused,
)
from shared.contracts.incidents import InputDecided
from shared.gazetteer.index import SqliteGazetteer
from shared.words import reply
from tests.unit.router.conftest import HACKNEY, SHA, Story

CODE = "JOIN-AB2C-3DEF"
RAID = "immigration raid at Ashwin Street E8, six officers outside"
ROLES = ("verifier", "dispatcher", "admin")
MINUTE = 60
CHANNELS = GroupChannels(
    channels=(
        ChannelDefinition(
            id="desk", kind="webhook", audience="verifiers", drills=True, settings={"to": ["v"]}
        ),
        ChannelDefinition(id="all", kind="telegram", audience="community", settings={"to": ["a", "b"]}),
        ChannelDefinition(id="page", kind="feed", audience="community"),
    )
)


def offer(story: Any, member: str, code: str = CODE, **more: Any) -> InputDecided:
    made = AccountOffer(code_sha256=hashlib.sha256(code.encode()).hexdigest())
    answer: InputDecided = story.command(desk.OfferAccount, member=member, offer=made, **more)
    return answer


def enrol(story: Any, member: str, account: str, **more: Any) -> None:
    assert offer(story, member).outcome == "applied"
    assert write(story, account, CODE, **more).reason == "account_joined"


def add(story: Any, name: str, role: str, group: str = "hackney") -> None:
    roles: Any = {group: role}
    story.command(
        desk.AddMember, member="op", group=HUB, new_member=name, roles=roles, token_sha256=SHA,
        name={"name": name.title()},
    )  # fmt: skip


def write(story: Any, account: str, text: str, **more: Any) -> InputDecided:
    decided = {"sender": account, "sender_is": "account", "contact": f"chat-{account}", **more}
    answer: InputDecided = story.report(text, **decided)
    return answer


def said(story: Any) -> Any:
    """The `ReplyBody` by which the last input answers by chat, or None."""
    found = [e.body for e in story.events if isinstance(e, AlertRaised) and e.kind == "REPLY"]
    assert len(found) <= 1
    return found[0] if found else None


def answer(story: Any) -> str | None:
    body = said(story)
    assert body is None or isinstance(body, ReplyBody)
    return body.answer if body else None


def statements(story: Any, kind: Any) -> list[tuple[str, str]]:
    """Who said what in the last input's events of this kind."""
    return [(e.member, e.statement.text) for e in story.events if isinstance(e, kind)]


def told(story: Any) -> list[tuple[str, str, str]]:
    """Who is told by the last input, members who wrote apart."""
    return [a for a in story.alerts() if a[2] != "REPLY"]


def a_desk(story: Any) -> None:
    story.command(desk.DefineGroup, member="op", group=HUB, definition=HACKNEY, channels=CHANNELS)
    for name, role in (("ada", "dispatcher"), ("vera", "verifier")):
        add(story, name, role)
        enrol(story, name, f"tg-{name}")
    assert story.report(RAID, sender="neighbour", first_hand=True).outcome == "opened"


@pytest.fixture
def desk_story(story: Any) -> Any:
    """A story with channels, Ada (dispatcher) and Vera (verifier) enrolled, and one incident."""
    a_desk(story)
    return story


def code_of(story: Any) -> str:
    return str(story.incidents()[0].code)


# --- enrolment ----------------------------------------------------------------------------------


def test_a_code_binds_the_account_that_writes_it_once(story: Any) -> None:
    add(story, "ada", "dispatcher")
    assert offer(story, "ada").outcome == "applied"
    assert write(story, "tg1", "join ab2c 3def").reason == "account_joined"
    assert said(story).who == "Ada"
    assert story.state.accounts["tg1"].member == "ada"
    assert write(story, "tg2", CODE).reason == "join_code_wrong"
    assert answer(story) == "join_refused"
    assert "tg2" not in story.state.accounts


def test_a_code_is_too_old_after_a_quarter_of_an_hour_and_a_new_one_replaces_it(story: Any) -> None:
    add(story, "ada", "dispatcher")
    offer(story, "ada", "JOIN-2222-3333")
    offer(story, "ada")
    assert write(story, "tg1", "JOIN-2222-3333").reason == "join_code_wrong"
    assert write(story, "tg1", CODE, after_s=15 * MINUTE).reason == "join_code_wrong"
    offer(story, "ada")
    assert write(story, "tg1", CODE, after_s=15 * MINUTE - 1).reason == "account_joined"


def test_codes_cannot_be_guessed_nor_answers_farmed(story: Any) -> None:
    add(story, "ada", "dispatcher")
    answered = 0
    for n in range(10):
        assert write(story, "guesser", f"JOIN-2{n % 8 + 2}AA-2BBB").reason == "join_code_wrong"
        answered += answer(story) is not None
    assert answered == 3
    offer(story, "ada")
    assert write(story, "guesser", CODE).reason == "join_tried_too_often"
    assert [type(e) for e in story.events] == [InputDecided]
    assert write(story, "tg1", CODE).reason == "account_joined"
    offer(story, "ada")
    assert write(story, "guesser", CODE, after_s=61 * MINUTE).reason == "join_code_wrong"  # too old by then
    assert isinstance(story.events[0], JoinRefused)


def test_an_account_speaks_for_one_member_and_the_last_code_counts(story: Any) -> None:
    for name in ("ada", "vera"):
        add(story, name, "verifier")
        enrol(story, name, "shared-phone")
    assert story.state.accounts["shared-phone"].member == "vera"
    assert len(story.state.accounts) == 1


def test_nobody_joins_by_a_client_that_names_its_sender(story: Any) -> None:
    add(story, "ada", "dispatcher")
    offer(story, "ada")
    assert write(story, "tg1", CODE, sender_is=None).outcome in {"held", "ignored"}
    assert not story.state.accounts


@pytest.mark.parametrize("how", ["revoked", "unbound", "another bridge", "said by a client"])
def test_an_account_that_counts_no_more_writes_reports(desk_story: Any, how: str) -> None:
    more: dict[str, Any] = {}
    if how == "revoked":
        desk_story.command(desk.RevokeMember, member="op", group=HUB, revoked="ada")
    elif how == "unbound":
        assert desk_story.command(desk.UnbindAccounts, member="ada").reason == "applied"
        assert desk_story.command(desk.UnbindAccounts, member="ada").reason == "unchanged"
    else:
        more = {"bridge": "sms"} if how == "another bridge" else {"sender_is": None}
    decided = write(desk_story, "tg-ada", f"MINE {code_of(desk_story)}", **more)
    assert decided.outcome != "applied"
    assert desk_story.incidents()[0].claim is None
    assert write(desk_story, "tg-ada", f"CONFIRM {code_of(desk_story)}", **more).outcome != "applied"
    assert not told(desk_story)


def test_accounts_outlive_the_logs_age_limit(desk_story: Any) -> None:
    for _ in range(3):
        desk_story.tick(after_s=5 * 24 * 3600)
    bound: Any = [e.account for e in desk_story.log if isinstance(e, AccountBound)]
    restated = [account.account for account in bound]
    assert sorted(restated) == ["tg-ada", "tg-ada", "tg-vera", "tg-vera"]


def test_who_comes_in_anew_has_no_account_and_no_code_left(desk_story: Any) -> None:
    offer(desk_story, "ada")
    link = "a" * 64
    desk_story.command(
        members.InviteMember,
        member="op",
        group=HUB,
        new_member="ada",
        roles={"hackney": "dispatcher"},
        invite=link,
        expires_at=desk_story.now + timedelta(hours=1),
    )
    key = members.Passkey(credential="id", public_key="key", label="Phone")
    fields = {"way_in": "w1", "secret": key, "token_sha256": SHA}
    taken = desk_story.command(members.AcceptInvite, member="ada", group=HUB, invite=link, **fields)
    assert taken.reason == "applied"
    assert write(desk_story, "tg-ada", f"CONFIRM {code_of(desk_story)}").reason == "account_not_enrolled"
    assert write(desk_story, "tg-new", CODE).reason == "join_code_wrong"


def test_a_member_who_is_given_other_roles_stays_enrolled(desk_story: Any) -> None:
    add(desk_story, "vera", "dispatcher")
    assert write(desk_story, "tg-vera", f"CONFIRM {code_of(desk_story)}").reason == "yes_asked"


# --- who may what -------------------------------------------------------------------------------

KEYWORDS = {
    "MINE": ("applied", "claimed"),
    "GO": ("applied", "going"),
    "THERE": ("applied", "there"),
    "NOTE": ("applied", "noted"),
}
TELLING = ("NOT", "POLICE", "ENOUGH", "OVER", "CONFIRM")
ENDS: dict[str, Any] = {
    "closed": (desk.End, {"stage": "closed"}),
    "not_confirmed": (desk.Reject, {"outcome": "not_confirmed"}),
    "officers_left": (desk.End, {"stage": "officers_left"}),
    "confirmed": (desk.Confirm, {}),
}
POSSIBLE = {
    "unconfirmed": {"MINE", "GO", "THERE", "NOTE", "SEEN", *TELLING},
    "confirmed": {"MINE", "GO", "THERE", "NOTE", "SEEN", "NOT", "POLICE", "ENOUGH", "OVER"},
    "officers_left": {"MINE", "GO", "THERE", "NOTE", "SEEN", "ENOUGH"},
    "closed": {"NOTE"},
    "not_confirmed": {"NOTE"},
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("keyword", [*KEYWORDS, *TELLING, "SEEN", "ASK"])
@pytest.mark.parametrize("status", POSSIBLE)
def test_every_keyword_in_every_role_and_state(desk_story: Any, role: str, keyword: str, status: str) -> None:
    story = desk_story
    if status in ENDS:
        command, fields = ENDS[status]
        assert story.command(command, incident_id=story.incidents()[0].id, **fields).outcome == "applied"
    add(story, "otto", role)
    enrol(story, "otto", "tg-otto")
    before = story.incidents()[0]
    decided = write(story, "tg-otto", f"{keyword} {before.code} two vans")
    after = story.incidents()[0]
    if keyword == "ASK":
        expected = ("nobody_to_ask", "nobody_to_ask")
    elif keyword in TELLING and role == "verifier":
        expected = ("applied", "noted") if keyword == "NOT" else ("role_too_low", "role")
    elif keyword not in POSSIBLE[status]:
        expected = ("wrong_status", "status")
    elif keyword in TELLING:
        expected = ("yes_asked", "will_send")
    elif keyword == "SEEN":
        may = role != "verifier" and status == "unconfirmed"
        expected = ("yes_asked", "will_send") if may else ("applied", "seen")
    else:
        expected = KEYWORDS[keyword]
    assert (decided.reason, answer(story)) == expected
    assert decided.incident_id == before.id
    assert (decided.outcome == "refused") == (answer(story) in {"role", "status", "nobody_to_ask"})
    if keyword in TELLING:
        assert after.status == before.status, "nothing is decided before the yes"
        assert not [a for a in told(story) if a[1] == "community"]


def test_a_bound_account_acts_in_its_own_groups_alone(desk_story: Any) -> None:
    add(desk_story, "sue", "dispatcher", "southwark")
    assert offer(desk_story, "sue", group="southwark").outcome == "applied"
    write(desk_story, "tg-sue", CODE)
    code = code_of(desk_story)
    decided = write(desk_story, "tg-sue", f"MINE {code}")
    assert (decided.outcome, decided.reason, answer(desk_story)) == (
        "refused",
        "unknown_incident",
        "unknown_code",
    )
    assert said(desk_story).lines == ()


# --- the words ----------------------------------------------------------------------------------


def test_mine_says_until_when_and_whose_it_is(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"mine {code.lower()} on my way")
    until = desk_story.incidents()[0].claim.until
    assert (said(desk_story).code, said(desk_story).until) == (code, until)
    assert statements(desk_story, events.IncidentNoted) == [("ada", "on my way")]
    decided = write(desk_story, "tg-vera", f"MINE {code}", after_s=MINUTE)
    assert (decided.outcome, decided.reason) == ("refused", "claimed_by_another")
    body = said(desk_story)
    assert (body.answer, body.who, body.until) == ("claimed_by", "Ada", until)
    assert write(desk_story, "tg-vera", f"MINE {code}", after_s=15 * MINUTE).outcome == "applied"


def test_whoever_goes_learns_who_else_does(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-vera", f"GO {code}")
    assert said(desk_story).who == ""
    write(desk_story, "tg-ada", f"GO {code}")
    assert said(desk_story).who == "Vera"
    desk_story.command(desk.Attend, member="vera", incident_id=desk_story.incidents()[0].id, step="left")
    write(desk_story, "tg-ada", f"THERE {code}")
    assert said(desk_story).who == ""


def test_a_verifiers_not_is_a_note_and_tells_the_other_verifiers(desk_story: Any) -> None:
    write(desk_story, "tg-vera", f"NOT {code_of(desk_story)} only road works")
    assert told(desk_story) == [("hackney", "verifiers", "UPDATE")]
    assert statements(desk_story, events.IncidentNoted) == [("vera", "NOT only road works")]
    assert desk_story.incidents()[0].status == "unconfirmed"


def test_a_dispatchers_sighting_offers_to_confirm_it(desk_story: Any) -> None:
    write(desk_story, "tg-ada", f"SEEN {code_of(desk_story)} two vans")
    assert statements(desk_story, events.IncidentSeen) == [("ada", "two vans")]
    shown = said(desk_story).preview
    assert (shown.kind, shown.audience, shown.body.statement) == ("CONFIRMED", "community", "two vans")
    assert (shown.channels, shown.groups) == (3, 1)
    assert write(desk_story, "tg-ada", "yes").reason == "applied"
    assert told(desk_story) == [
        ("hackney", audience, "CONFIRMED") for audience in ("community", "partners", "verifiers")
    ]
    assert answer(desk_story) == "told"


def test_over_counts_and_confirm_asks_for_witnesses(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"CONFIRM {code} WITNESSES six officers")
    assert (said(desk_story).preview.ask, said(desk_story).preview.body.statement) == (
        "WITNESSES",
        "six officers",
    )
    write(desk_story, "tg-ada", f"YES {code}")
    write(desk_story, "tg-ada", f"OVER {code} 2 let go, 1 taken")
    assert said(desk_story).preview.body.statement == ""
    write(desk_story, "tg-ada", f"yes {code}")
    tally = desk_story.incidents()[0].tally
    assert (tally.let_go, tally.taken, desk_story.incidents()[0].status) == (2, 1, "officers_left")


def test_police_and_enough_by_another_language(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"policía {code}")
    assert said(desk_story).language == "es"
    write(desk_story, "tg-ada", "no")
    assert answer(desk_story) == "dropped"
    write(desk_story, "tg-ada", f"yeter {code}")
    assert (said(desk_story).language, said(desk_story).preview.ask) == ("tr", "ENOUGH")
    write(desk_story, "tg-ada", f"policja {code}")
    write(desk_story, "tg-ada", "tak")
    rejected = [e for e in desk_story.events if isinstance(e, events.IncidentRejected)]
    assert [(e.outcome, e.agency) for e in rejected] == [("other_agency", "police")]


def test_a_keyword_alone_means_the_one_incident_that_can_be_meant(desk_story: Any) -> None:
    assert write(desk_story, "tg-ada", "MINE").incident_id == desk_story.incidents()[0].id
    desk_story.report(
        "immigration raid at Mare Street and Well Street, officers taking people", sender="n2", after_s=60
    )
    desk_story.report("immigration raid at 300 Kingsland Road E8, vans now", sender="n3")
    assert len(desk_story.incidents()) > 1
    assert write(desk_story, "tg-ada", "there").incident_id == desk_story.incidents()[0].id
    assert (write(desk_story, "tg-vera", "go").reason, answer(desk_story)) == (
        "which_one_is_unclear",
        "which",
    )
    assert len(said(desk_story).lines) == len(desk_story.incidents())
    write(desk_story, "tg-vera", "?")
    line = next(n for n in said(desk_story).lines if n.code == code_of(desk_story))
    assert line.who == "Ada"
    assert "Ashwin" in line.place


@pytest.mark.parametrize(
    "text",
    ["police at the market on Ridley Road", "yes", "going to need help, six officers at Well Street", "no"],
)
def test_what_is_no_desk_reply_is_a_members_report(desk_story: Any, text: str) -> None:
    decided = write(desk_story, "tg-ada", text)
    assert decided.outcome in {"opened", "attached", "held", "ignored"}
    assert decided.reason != "account_not_enrolled"
    assert said(desk_story) is None


def test_a_wrong_code_is_said_and_what_stands_beside_it_is_not_lost(desk_story: Any) -> None:
    decided = write(desk_story, "tg-ada", "SEEN Z9Z")
    assert (decided.outcome, decided.reason) == ("refused", "unknown_incident")
    assert [line.code for line in said(desk_story).lines] == [code_of(desk_story)]
    decided = write(desk_story, "tg-ada", "SEEN Z9Z immigration raid at Ashwin Street E8, six officers")
    assert (decided.outcome, answer(desk_story)) == ("attached", "unknown_code")


def test_a_merged_incidents_code_leads_to_the_one_that_took_it_in(desk_story: Any) -> None:
    desk_story.report("immigration raid at Mare Street, officers", sender="n2", after_s=60)
    first, second = desk_story.incidents()
    desk_story.command(desk.Merge, incident_id=first.id, absorbed=second.id)
    assert write(desk_story, "tg-ada", f"MINE {second.code}").incident_id == first.id
    assert said(desk_story).code == first.code


def test_what_is_passed_on_from_somebody_else_is_no_command(desk_story: Any) -> None:
    decided = write(desk_story, "tg-ada", f"CONFIRM {code_of(desk_story)}", first_hand=False)
    assert decided.outcome != "applied"
    assert "ada" not in desk_story.state.yes


def test_what_is_in_nobodys_area_is_not_listed_but_its_code_is_enough(desk_story: Any) -> None:
    far = {"lat": 53.48, "lon": -2.24, "accuracy_m": 30}
    assert desk_story.report("Immigration raid now", position=far, after_s=60).reason == "nobodys_area"
    nobodys = desk_story.incidents()[-1]
    assert not nobodys.groups
    write(desk_story, "tg-ada", "LIST")
    assert [line.code for line in said(desk_story).lines] == [code_of(desk_story)]
    assert write(desk_story, "tg-ada", f"MINE {nobodys.code}").outcome == "applied"


# --- asking -------------------------------------------------------------------------------------


def asked_where(story: Any) -> list[tuple[str, str]]:
    raised: Any = [e.body for e in story.events if isinstance(e, AlertRaised) and e.kind == "QUESTION"]
    return [(body.address, body.asks) for body in raised]


def test_ask_asks_whoever_sent_the_best_report_and_the_member_sees_no_number(desk_story: Any) -> None:
    code = code_of(desk_story)
    desk_story.report(
        f"{RAID}, I am inside", sender="anna", contact="+447700900123", first_hand=True, after_s=60
    )
    decided = write(desk_story, "tg-vera", f"ASK {code}")
    assert (decided.outcome, answer(desk_story)) == ("applied", "asked")
    assert asked_where(desk_story) == [("+447700900123", "what")]
    assert "+447700900123" not in str(said(desk_story))
    for _ in range(2):
        assert write(desk_story, "tg-vera", f"ASK {code}").outcome == "applied"
    decided = write(desk_story, "tg-vera", f"ASK {code}")
    assert (decided.outcome, answer(desk_story)) == ("refused", "nobody_to_ask"), "three an hour"
    assert write(desk_story, "tg-vera", "ASK").reason == "which_one_is_unclear"


def test_nobody_but_a_member_of_theirs_asks_anybody(desk_story: Any) -> None:
    desk_story.report(
        f"{RAID}, I am inside", sender="anna", contact="+447700900123", first_hand=True, after_s=60
    )
    code = code_of(desk_story)
    add(desk_story, "sue", "dispatcher", "southwark")
    assert offer(desk_story, "sue", group="southwark").outcome == "applied"
    write(desk_story, "tg-sue", CODE)
    for who, reason in (("tg-sue", "unknown_incident"), ("stranger", "account_not_enrolled")):
        assert write(desk_story, who, f"ASK {code}").reason == reason
        assert asked_where(desk_story) == []


def test_a_report_that_came_before_its_incident_is_not_mistaken_for_another(desk_story: Any) -> None:
    held = desk_story.report("help raid", sender="ben", contact="ben-number", after_s=60)
    assert held.outcome == "held"
    desk_story.report("Ashwin Street, Dalston", sender="ben", contact="ben-number", after_s=60)
    seqs = {e.report: e.seq for i in desk_story.incidents() for e in i.evidence.values()}
    assert seqs[held.report_id] == held.input.seq, "what joined later is asked by its own record"
    assert len({seq for seq in seqs.values() if seq}) == len([seq for seq in seqs.values() if seq])


# --- the yes ------------------------------------------------------------------------------------


def test_a_yes_counts_for_ten_minutes_once_and_from_the_same_account(desk_story: Any) -> None:
    code = code_of(desk_story)
    enrol(desk_story, "ada", "tg-ada-2")
    write(desk_story, "tg-ada", f"CONFIRM {code}")
    assert write(desk_story, "tg-ada-2", f"YES {code}").reason == "nothing_asked"
    assert write(desk_story, "tg-vera", f"YES {code}").reason == "nothing_asked"
    assert write(desk_story, "tg-ada", f"YES {code}", after_s=10 * MINUTE).reason == "nothing_asked"
    assert write(desk_story, "tg-ada", "YES").reason == "nothing_asked"
    write(desk_story, "tg-ada", f"CONFIRM {code}")
    assert write(desk_story, "tg-ada", f"YES {code}", after_s=10 * MINUTE - 1).reason == "applied"
    assert write(desk_story, "tg-ada", f"YES {code}").reason == "nothing_asked"
    assert not told(desk_story)


def test_if_it_moved_on_what_would_go_out_now_is_asked_again(desk_story: Any) -> None:
    code, incident = code_of(desk_story), desk_story.incidents()[0].id
    write(desk_story, "tg-ada", f"POLICE {code}")
    desk_story.command(desk.Confirm, incident_id=incident)
    assert (write(desk_story, "tg-ada", "YES").reason, answer(desk_story)) == ("yes_asked", "changed")
    assert desk_story.incidents()[0].status == "confirmed"
    desk_story.command(desk.End, incident_id=incident, stage="closed")
    assert (write(desk_story, "tg-ada", "YES").reason, answer(desk_story)) == ("wrong_status", "status")
    assert desk_story.incidents()[0].status == "closed"


def test_a_no_drops_it(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"CONFIRM {code}")
    assert write(desk_story, "tg-ada", f"NO {code}").reason == "dropped_by_no"
    assert write(desk_story, "tg-ada", f"YES {code}").reason == "nothing_asked"
    assert desk_story.incidents()[0].status == "unconfirmed"


def test_a_role_that_was_taken_in_between_confirms_nothing(desk_story: Any) -> None:
    write(desk_story, "tg-ada", f"CONFIRM {code_of(desk_story)}")
    add(desk_story, "ada", "verifier")
    assert (write(desk_story, "tg-ada", "YES").reason, answer(desk_story)) == ("role_too_low", "role")
    assert desk_story.incidents()[0].status == "unconfirmed"


@pytest.mark.parametrize("moved_on", [True, False])
def test_who_has_left_the_group_in_between_confirms_nothing(desk_story: Any, *, moved_on: bool) -> None:
    write(desk_story, "tg-ada", f"CONFIRM {code_of(desk_story)}")
    add(desk_story, "ada", "dispatcher", "southwark")
    if moved_on:
        write(desk_story, "tg-vera", f"SEEN {code_of(desk_story)}")
    decided = write(desk_story, "tg-ada", "YES")
    assert (decided.outcome, decided.reason, answer(desk_story)) == (
        "refused",
        "not_your_incident",
        "nothing_asked",
    )
    assert not told(desk_story)
    assert "ada" not in desk_story.state.yes


def test_where_a_sender_can_be_forged_a_yes_repeats_what_only_they_were_sent(desk_story: Any) -> None:
    sms: Any = {"sender_is": "number", "bridge": "sms"}
    enrol(desk_story, "ada", "+44", **sms)
    code = code_of(desk_story)
    write(desk_story, "+44", f"CONFIRM {code}", **sms)
    proof = said(desk_story).proof
    assert re.fullmatch(r"\d{4}", proof)
    assert write(desk_story, "+44", f"YES {code}", **sms).reason == "yes_without_its_number"
    assert write(desk_story, "+44", f"YES {code} {proof}", **sms).reason == "nothing_asked"
    write(desk_story, "+44", f"CONFIRM {code}", **sms)
    assert said(desk_story).proof != proof
    assert write(desk_story, "+44", f"yes {said(desk_story).proof}", **sms).reason == "applied"
    assert desk_story.incidents()[0].status == "confirmed"


def test_many_recipients_need_a_second_person_also_by_chat(desk_story: Any) -> None:
    few = HACKNEY.model_copy(update={"policy": HACKNEY.policy.model_copy(update={"second_person_above": 2})})
    desk_story.command(desk.DefineGroup, member="op", group=HUB, definition=few)
    add(desk_story, "dora", "dispatcher")
    enrol(desk_story, "dora", "tg-dora")
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"CONFIRM {code}")
    assert said(desk_story).preview.kind == "CONFIRMED"
    assert write(desk_story, "tg-ada", f"YES {code}").outcome == "applied"
    assert answer(desk_story) == "second"
    assert desk_story.incidents()[0].status == "unconfirmed"
    write(desk_story, "tg-dora", f"CONFIRM {code}")
    write(desk_story, "tg-dora", f"YES {code}")
    assert (answer(desk_story), desk_story.incidents()[0].status) == ("told", "confirmed")


# --- the way back -------------------------------------------------------------------------------


def test_the_answer_goes_to_the_group_where_it_was_written_else_to_the_contact(desk_story: Any) -> None:
    write(desk_story, "tg-ada", "LIST", reply_to="-100")
    assert (said(desk_story).address, said(desk_story).bridge) == ("-100", "test")
    write(desk_story, "tg-ada", "LIST")
    assert said(desk_story).address == "chat-tg-ada"
    decided = write(desk_story, "tg-ada", f"MINE {code_of(desk_story)}", contact=None)
    assert (decided.outcome, answer(desk_story)) == ("applied", None)


def test_the_answer_is_the_hubs_and_tells_the_incident_of_nobody(desk_story: Any) -> None:
    before = desk_story.incidents()[0].told
    write(desk_story, "tg-ada", f"GO {code_of(desk_story)}")
    (raised,) = [e for e in desk_story.events if isinstance(e, AlertRaised)]
    assert (raised.group, raised.audience, raised.incident_id, raised.code) == (HUB, "reporter", None, None)
    assert raised.not_after - raised.at == timedelta(minutes=10)
    assert desk_story.incidents()[0].told == before


def test_no_account_is_answered_without_end_but_what_it_does_counts(desk_story: Any) -> None:
    heard = sum(
        write(desk_story, "tg-ada", "LIST") is not None and said(desk_story) is not None for _ in range(70)
    )
    assert heard == 60 - 1  # joining was answered too
    assert write(desk_story, "tg-ada", f"MINE {code_of(desk_story)}").outcome == "applied"
    write(desk_story, "tg-ada", "LIST", after_s=3_601)
    assert answer(desk_story) == "open"


def test_a_message_that_comes_twice_acts_once(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"CONFIRM {code}")
    write(desk_story, "tg-ada", f"YES {code}", report_id="ryes")
    decided = write(desk_story, "tg-ada", f"YES {code}", report_id="ryes")
    assert (decided.outcome, decided.reason) == ("ignored", "duplicate_report")
    assert not told(desk_story)
    assert said(desk_story) is None


def test_what_is_shown_is_what_goes_out(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"CONFIRM {code} WITNESSES two vans, six officers")
    shown: Any = next(e for e in desk_story.events if isinstance(e, AlertRaised) and e.kind == "REPLY")
    text, language = reply(shown, shown.body, HACKNEY, base_url="https://hub.example")
    write(desk_story, "tg-ada", "YES")
    sent = next(e for e in desk_story.events if isinstance(e, AlertRaised) and e.audience == "community")
    assert shown.body.preview.body == sent.body
    assert (shown.body.preview.kind, shown.body.preview.ask, shown.body.preview.status) == (
        sent.kind, sent.ask, sent.status,
    )  # fmt: skip
    assert language == "en"
    assert "WITNESSES" in text
    assert f"YES {code}" in text
    assert "immigration raid at" not in text.lower(), "no report's words in what the community gets"


def test_a_drill_is_named_in_every_answer_about_it(desk_story: Any) -> None:
    desk_story.report(
        "immigration raid at Mare Street and Well Street, six officers", sender="n2", drill=True
    )
    code = next(i.code for i in desk_story.incidents() if i.drill)
    write(desk_story, "tg-ada", f"CONFIRM {code}")
    shown: Any = next(e for e in desk_story.events if isinstance(e, AlertRaised))
    assert shown.drill
    assert shown.body.preview.channels == 1, "an exercise goes over its own channels alone"
    assert reply(shown, shown.body, HACKNEY, base_url="")[0].startswith("DRILL ")


WRITERS = ("tg-ada", "tg-vera", "stranger")
TEXTS = (
    "MINE",
    "GO",
    "SEEN",
    "NOT",
    "POLICE",
    "ENOUGH",
    "OVER",
    "CONFIRM",
    "YES",
    "NO",
    "LIST",
    "ASK",
    "NOTE x",
)


@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(WRITERS),
            st.sampled_from(TEXTS),
            st.booleans(),
            st.sampled_from((0, 30, 400, 901)),
        ),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_the_community_hears_only_after_a_dispatchers_yes(
    gazetteer: SqliteGazetteer, acts: list[tuple[str, str, bool, int]]
) -> None:
    story = Story(gazetteer)
    a_desk(story)
    code = code_of(story)
    shown: Any = None
    for who, text, with_code, after_s in acts:
        word, _, rest = text.partition(" ")
        write(story, who, f"{word} {code} {rest}".strip() if with_code else text, after_s=after_s)
        public = [e for e in story.events if isinstance(e, AlertRaised) and e.audience == "community"]
        if public:
            assert (who, word) == ("tg-ada", "YES")
            assert shown is not None
            assert {e.kind for e in public} == {shown.kind}
        body = said(story)
        if who == "tg-ada" and (public or (body is not None and body.answer in {"dropped", "nothing_asked"})):
            shown = None
        if who == "tg-ada" and body is not None and body.preview is not None:
            shown = body.preview
    assert story.replayed() == story.state


# --- strangers ----------------------------------------------------------------------------------


def test_a_strangers_desk_words_act_on_nothing_and_they_learn_it(desk_story: Any) -> None:
    code = code_of(desk_story)
    before = desk_story.incidents()[0]
    answers = 0
    for text in (f"MINE {code}", f"GO {code}", f"CONFIRM {code}", f"YES {code}", f"NO {code}"):
        decided = write(desk_story, "stranger", text)
        assert (decided.outcome, decided.reason) == ("ignored", "account_not_enrolled")
        answers += answer(desk_story) == "not_enrolled"
        assert not told(desk_story)
    assert answers == 3
    assert desk_story.incidents()[0] == before


def test_what_a_stranger_saw_is_evidence_though_it_begins_like_a_command(desk_story: Any) -> None:
    decided = write(desk_story, "stranger", f"SEEN {code_of(desk_story)} three vans at Ashwin Street E8")
    assert decided.outcome == "attached"
    assert said(desk_story) is None
    assert [m for m in desk_story.events if isinstance(m, events.IncidentSeen)] == []


# --- the same again -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "text", "first"),
    [
        ("vera", "GO {}", "going"),
        ("vera", "THERE {}", "there"),
        ("vera", "SEEN {} two vans", "seen"),
        ("vera", "NOTE {} rang the shop", "noted"),
        ("vera", "NOT {} only road works", "noted"),
    ],
)
def test_the_same_word_again_is_answered_as_such_and_told_to_nobody(
    desk_story: Any, who: str, text: str, first: str
) -> None:
    written = text.format(code_of(desk_story))
    assert write(desk_story, f"tg-{who}", written).outcome == "applied"
    assert answer(desk_story) == first
    again = write(desk_story, f"tg-{who}", written)
    assert (again.outcome, again.reason, answer(desk_story)) == ("applied", "unchanged", "unchanged")
    assert told(desk_story) == []


def test_a_step_again_with_a_new_word_notes_the_word(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-vera", f"GO {code}")
    write(desk_story, "tg-vera", f"GO {code} with two friends")
    assert answer(desk_story) == "going"
    assert statements(desk_story, events.IncidentNoted) == [("vera", "with two friends")]


def test_enough_said_again_shows_nothing_and_sends_nothing(desk_story: Any) -> None:
    code = code_of(desk_story)
    write(desk_story, "tg-ada", f"CONFIRM {code}")
    write(desk_story, "tg-ada", f"YES {code}")
    for expected in (("will_send", "told"), ("unchanged", "nothing_asked")):
        write(desk_story, "tg-ada", f"ENOUGH {code}")
        shown = answer(desk_story)
        write(desk_story, "tg-ada", f"YES {code}")
        assert (shown, answer(desk_story)) == expected
    assert told(desk_story) == []
