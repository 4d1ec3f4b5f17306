"""People come in by a link, once, by ways in that the log remembers; and nobody comes in otherwise."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide import reasons
from services.router.decide.desk_members import MOST_WAYS
from shared.contracts import desk
from shared.contracts import members as m
from shared.contracts.base import HUB
from shared.contracts.groups import MemberAdded, MemberName
from shared.gazetteer.load import load_gazetteer

from .conftest import START, Story

LINK, OTHER, SHA = "a" * 64, "b" * 64, "c" * 64
KEY = m.Passkey(credential="id", public_key="key", label="Phone")
WORD = m.Password(login="bo", argon2id="$argon2id$", totp="wrapped")


def invited(story: Any, link: str = LINK, who: str = "mbo", hours: float = 72, **more: Any) -> str:
    fields = {"member": "op", "group": HUB, "roles": {"hackney": "dispatcher"}, **more}
    answer = story.command(
        m.InviteMember,
        new_member=who,
        invite=link,
        expires_at=story.now + timedelta(hours=hours),
        name=MemberName(name="Bo"),
        **fields,
    )
    return str(answer.reason)


def accepted(story: Any, link: str = LINK, who: str = "mbo", **more: Any) -> str:
    fields = {"way_in": "w1", "secret": KEY, "token_sha256": SHA, **more}
    return str(story.command(m.AcceptInvite, member=who, group=HUB, invite=link, **fields).reason)


def ways(story: Any, who: str = "mbo") -> set[str]:
    return set(story.state.members[who].ways_in)


def test_a_link_makes_a_member_once_with_the_roles_it_was_made_for(story: Any) -> None:
    assert invited(story) == reasons.APPLIED
    assert "mbo" not in story.state.members
    assert accepted(story) == reasons.APPLIED
    bo = story.state.members["mbo"]
    assert (bo.name, dict(bo.roles.items()), ways(story)) == ("Bo", {"hackney": "dispatcher"}, {"w1"})
    assert accepted(story, way_in="w2") == reasons.NO_SUCH_INVITE
    assert ways(story) == {"w1"}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ({"link": OTHER}, reasons.NO_SUCH_INVITE),
        ({"who": "op"}, reasons.NO_SUCH_INVITE),
        ({"secret": None}, reasons.UNREADABLE),
    ],
)
def test_nobody_else_and_nothing_else_comes_in(story: Any, spoil: dict[str, Any], reason: str) -> None:
    invited(story)
    assert accepted(story, **spoil) == reason
    assert "mbo" not in story.state.members
    assert not ways(story, "op")


def test_a_link_ends_by_time(story: Any) -> None:
    assert invited(story, hours=100) == reasons.INVITE_TOO_LONG
    assert invited(story, hours=0) == reasons.INVITE_TOO_LONG
    assert invited(story, hours=1) == reasons.APPLIED
    story.now += timedelta(hours=1)
    assert accepted(story) == reasons.NO_SUCH_INVITE
    invited(story, link=OTHER)
    assert set(story.state.invites) == {OTHER}


def test_a_link_ends_by_revoking_whom_it_invites(story: Any) -> None:
    invited(story)
    revoke = {"member": "op", "group": HUB, "revoked": "mbo"}
    assert story.command(desk.RevokeMember, **revoke).reason == reasons.APPLIED
    assert accepted(story) == reasons.NO_SUCH_INVITE
    assert story.command(desk.RevokeMember, **revoke).reason == reasons.UNKNOWN_MEMBER


def test_who_lost_their_phone_comes_in_anew_and_what_opened_before_does_not(story: Any) -> None:
    invited(story)
    accepted(story)
    token = story.state.members["mbo"].token_sha256
    invited(story, link=OTHER, roles={"hackney": "admin"})
    invited(story, link="d" * 64)
    assert accepted(story, link=OTHER, way_in="w2", token_sha256="e" * 64) == reasons.APPLIED
    bo = story.state.members["mbo"]
    assert ways(story) == {"w2"}
    assert dict(bo.roles.items()) == {"hackney": "dispatcher"}
    assert bo.token_sha256 == token
    assert accepted(story, link="d" * 64) == reasons.NO_SUCH_INVITE


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"member": "admin", "group": "hackney"}, reasons.APPLIED),
        ({"member": "admin", "group": "hackney", "roles": {"southwark": "verifier"}}, reasons.NOT_YOUR_GROUP),
        ({"member": "admin", "group": "hackney", "roles": {"hackney": "operator"}}, reasons.ROLE_TOO_LOW),
        ({"member": "admin", "group": "hackney", "who": "op"}, reasons.NOT_YOUR_GROUP),
        ({"member": "admin", "group": "hackney", "who": "d-southwark"}, reasons.NOT_YOUR_GROUP),
        ({"member": "admin", "group": "hackney", "who": "mboth"}, reasons.NOT_YOUR_GROUP),
        ({"member": "d-hackney", "group": "hackney"}, reasons.ROLE_TOO_LOW),
        ({"member": "nobody", "group": "hackney"}, reasons.NOT_A_MEMBER),
    ],
)
def test_who_may_invite_whom(story: Any, fields: dict[str, Any], reason: str) -> None:
    add = {"member": "op", "group": HUB, "new_member": "admin", "roles": {"hackney": "admin"}}
    story.command(desk.AddMember, **add, token_sha256=SHA)
    invited(story, link=OTHER, who="mboth", roles={"hackney": "verifier", "southwark": "verifier"})
    assert invited(story, **fields) == reason


def test_a_login_belongs_to_one_member(story: Any) -> None:
    tag = "f" * 64
    invited(story)
    assert accepted(story, secret=WORD, login_tag=tag) == reasons.APPLIED
    invited(story, link=OTHER, who="mcy")
    assert accepted(story, link=OTHER, who="mcy", secret=WORD, login_tag=tag) == reasons.LOGIN_TAKEN
    assert "mcy" not in story.state.members
    assert accepted(story, link=OTHER, who="mcy") == reasons.APPLIED
    again = {"member": "mcy", "group": HUB, "way_in": "w3", "secret": WORD, "login_tag": tag}
    assert story.command(m.PutWayIn, **again).reason == reasons.LOGIN_TAKEN
    own = {**again, "member": "mbo", "way_in": "w1"}
    assert story.command(m.PutWayIn, **own).reason == reasons.APPLIED


def test_a_member_keeps_a_last_way_in_and_not_too_many(story: Any) -> None:
    invited(story)
    accepted(story)
    who = {"member": "mbo", "group": HUB}
    assert story.command(m.RemoveWayIn, **who, way_in="w1").reason == reasons.LAST_WAY_IN
    assert story.command(m.RemoveWayIn, **who, way_in="w9").reason == reasons.UNKNOWN_WAY_IN
    answers = [story.command(m.PutWayIn, **who, way_in=f"x{n}", secret=KEY).reason for n in range(MOST_WAYS)]
    assert answers == [reasons.APPLIED] * (MOST_WAYS - 1) + [reasons.TOO_MANY_WAYS_IN]
    assert story.command(m.PutWayIn, **who, way_in="x0", secret=KEY).reason == reasons.APPLIED
    assert story.command(m.RemoveWayIn, **who, way_in="w1").reason == reasons.APPLIED
    assert "w1" not in ways(story)


def test_a_way_in_is_the_members_own(story: Any) -> None:
    """Whoever acts is whose way in it is: no command puts one in another's name."""
    assert "new_member" not in m.PutWayIn.model_fields
    put = {"group": HUB, "way_in": "w1", "secret": KEY}
    assert story.command(m.PutWayIn, member="nobody", **put).reason == reasons.NOT_A_MEMBER
    assert story.command(m.PutWayIn, member="op", **put).reason == reasons.APPLIED
    assert story.command(desk.RevokeMember, member="op", group=HUB, revoked="d-hackney")
    assert story.command(m.PutWayIn, member="d-hackney", **put).reason == reasons.NOT_A_MEMBER


def test_ways_in_are_said_again_before_the_log_forgets_them(story: Any) -> None:
    invited(story)
    accepted(story, secret=WORD, login_tag="f" * 64)
    said_before = len(story.log)
    for _ in range(40):
        story.tick(after_s=24 * 3600)
    later = story.log[said_before:]
    put = [e for e in later if isinstance(e, m.WayInPut) and e.member == "mbo"]
    added = [e for e in later if isinstance(e, MemberAdded) and e.member == "mbo"]
    assert len(put) == len(added) >= 1
    assert (put[-1].secret, put[-1].login_tag) == (WORD, "f" * 64)
    assert later.index(added[-1]) < later.index(put[-1])
    assert ways(story) == {"w1"}


PEOPLE, LINKS, WAYS = ("op", "mbo", "mcy", "nobody"), (LINK, OTHER, SHA), ("w1", "w2")
COMMANDS: dict[Any, dict[str, Any]] = {
    m.InviteMember: {
        "new_member": st.sampled_from(PEOPLE),
        "invite": st.sampled_from(LINKS),
        "roles": st.sampled_from([{}, {"hackney": "verifier"}, {HUB: "operator"}]),
        "expires_at": st.integers(-1, 80).map(lambda hours: START + timedelta(hours=hours)),
    },
    m.AcceptInvite: {
        "invite": st.sampled_from(LINKS),
        "way_in": st.sampled_from(WAYS),
        "login_tag": st.sampled_from([None, "e" * 64]),
        "token_sha256": st.just(SHA),
        "secret": st.sampled_from([None, KEY, WORD]),
    },
    m.PutWayIn: {
        "way_in": st.sampled_from(WAYS),
        "login_tag": st.sampled_from([None, "e" * 64]),
        "secret": st.sampled_from([None, KEY, WORD]),
    },
    m.RemoveWayIn: {"way_in": st.sampled_from(WAYS)},
    desk.RevokeMember: {"revoked": st.sampled_from(PEOPLE)},
}
GIVEN = st.sampled_from(sorted(COMMANDS, key=lambda c: str(c.__name__))).flatmap(
    lambda model: st.tuples(st.just(model), st.fixed_dictionaries(COMMANDS[model]))
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(GIVEN, st.sampled_from(PEOPLE), st.sampled_from([0, 60, 90_000])), max_size=25))
def test_whatever_comes_in_whatever_order_the_log_alone_says_who_is_in(given_: list[Any]) -> None:
    story = Story(load_gazetteer())
    for (model, fields), who, later in given_:
        before = story.state
        answer = story.command(model, after_s=later, member=who, group=HUB, **fields)
        assert answer.outcome in {"applied", "refused"}
        if answer.outcome == "refused":
            assert (story.state.members, story.state.invites) == (before.members, before.invites)
        if set(story.state.members) - set(before.members):
            assert model is m.AcceptInvite
            assert before.invites[fields["invite"]].member == who
        tags = [w.login_tag for one in story.state.members.values() for w in one.ways_in.values()]
        owners = {i for i, one in story.state.members.items() for w in one.ways_in.values() if w.login_tag}
        assert len(owners) <= len({t for t in tags if t}), "one login, one member"
    assert any(one.roles.get(HUB) == "operator" for one in story.state.members.values())
    story.tick(timedelta(days=20).total_seconds())
    assert story.replayed() == story.state
