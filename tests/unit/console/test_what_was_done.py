"""What was done: who reads of which acts, and that no words are among them; invitations over the API."""

from typing import Any

import pytest

from services.console.decide.acts import act, concerns
from shared.contracts import desk
from shared.contracts import members as m
from shared.contracts.base import HUB, GroupId, Sealed
from shared.contracts.catalog import encode
from shared.contracts.groups import GroupDefinition
from shared.start import FROM_FILES
from tests.rigs.account import PASSWORD, Browser, invited, operator, path_of, with_password
from tests.rigs.console import START, Rig

SHA = "a" * 64
ROLES = {"mbo": {"hackney": "verifier"}, "mzed": {"peckham": "admin"}}


def command(model: Any, member: str = "mada", group: str = "hackney", **fields: Any) -> Any:
    return model(id="x", at=START, member=member, group=group, **fields)


ADD = {"new_member": "mnew", "token_sha256": SHA}
CASES: list[Any] = [
    pytest.param(command(desk.Claim, incident_id="i1"), ["hackney"], True, id="for the group"),
    pytest.param(command(desk.Claim, incident_id="i1"), ["peckham"], False, id="for another"),
    pytest.param(
        command(desk.AddMember, group=HUB, roles={"hackney": "verifier"}, **ADD), ["hackney"], True,
        id="an operator adds to it",
    ),
    pytest.param(
        command(desk.AddMember, group=HUB, roles={"peckham": "verifier"}, **ADD), ["hackney"], False,
        id="an operator adds to another",
    ),
    pytest.param(command(desk.RevokeMember, group=HUB, revoked="mbo"), ["hackney"], True, id="revokes its"),
    pytest.param(command(desk.RevokeMember, group=HUB, revoked="mzed"), ["hackney"], False, id="another's"),
    pytest.param(command(m.RemoveWayIn, "mbo", HUB, way_in="w"), ["hackney"], True, id="its member's way in"),
    pytest.param(command(m.RemoveWayIn, "mzed", HUB, way_in="w"), ["hackney"], False, id="another's way in"),
    pytest.param(command(desk.KillSwitch, "mbo", HUB, stopped=True), ["hackney"], False, id="the hub's stop"),
    pytest.param(command(desk.KillSwitch, "mbo", HUB, stopped=True), ["hub"], True, id="for the operator"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "groups", "theirs"), CASES)
def test_whose_business_an_act_is(given: Any, groups: list[str], *, theirs: bool) -> None:
    assert concerns(given, groups, ROLES) is theirs


def test_an_act_shows_choices_and_no_words() -> None:
    sealed = Sealed(key="incident-i1", box="Ym94")
    given = command(desk.Confirm, incident_id="i1", ask="WITNESSES", statement=sealed)
    shown = act(given, START, {"outcome": "refused", "reason": "wrong_status"})
    assert shown["details"] == {"ask": "WITNESSES"}
    assert (shown["what"], shown["outcome"], shown["reason"]) == ("confirm", "refused", "wrong_status")
    assert "Ym94" not in str(shown)
    assert act(given, START, None)["outcome"] is None


async def test_an_admin_reads_of_their_group_alone(rig: Rig) -> None:
    await rig.group("hackney")
    await rig.incident()
    await operator(rig)
    await rig.member("Zed", peckham="admin")
    ada = await rig.member("Ada", hackney="dispatcher")
    said = {"incident": "D7K", "ask": "WITNESSES", "text": "six officers at the corner"}
    assert (await rig.ask("POST", "/v1/desk/confirm", ada, json=said))[0] == 200
    async with Browser(rig) as bo:
        await with_password(rig, bo, await invited(rig, "Bo", hackney="admin"))
        await rig.shown()
        assert await bo.get("/members/acts") == 200
        for words in ("Confirm", "D7K", "Ada", "WITNESSES", "Invite a member", "Came in by an invitation"):
            assert words in bo.text
        assert "six officers" not in bo.text
        headers = await rig.signed_in("Zed")
        async with rig.http.get(rig.url + "/members/acts", headers=headers) as response:
            text = await response.text()
        assert "Nothing yet." in text
        assert "D7K" not in text


async def test_nothing_that_opens_a_door_lies_in_the_log_in_clear(rig: Rig) -> None:
    await rig.group("hackney")
    await operator(rig)
    made = await invited(rig, "Bo Peep")
    async with Browser(rig) as bo:
        secret = await with_password(rig, bo, made, login="shepherdess")
    await rig.shown()
    entries = [
        entry
        for stream in ("DESK", "DECISIONS", "KEYS")
        for seq in range(1, await rig.bus.last_seq(stream) + 1)
        if (entry := await rig.bus.get(stream, seq))
    ]
    whole = b"\n".join(entry.body + str(entry.headers).encode() for entry in entries)
    assert b"accept_invite" in whole
    for private in (made.link.rpartition("/")[2], "shepherdess", "Bo Peep", secret, PASSWORD, "argon2"):
        assert private.encode() not in whole
    ways = await rig.store.one(f"ways:{made.member}")
    assert secret not in str(ways), "nor does the read model hold the codes' secret"


async def test_an_invitation_over_the_api(rig: Rig) -> None:
    await rig.group("hackney")
    root = await rig.member("Root", hub="operator")
    body = {"name": "Bo", "roles": {"hackney": "admin"}}
    status, answer = await rig.ask("POST", "/v1/invites", root, json=body)
    assert (status, answer["outcome"], answer["name"]) == (201, "applied", "Bo")
    async with Browser(rig) as bo:
        assert await bo.get("/invite/" + answer["link"].rpartition("/")[2]) == 200
    _, listed = await rig.ask("GET", "/v1/members", root)
    assert [(who["name"], who["signs_in"]) for who in listed["members"]] == [("Root", [])]
    for wrong, code in (({"name": "Bo"}, 422), ({"name": "Bo", "member": "nobody"}, 404)):
        assert (await rig.ask("POST", "/v1/invites", root, json=wrong))[0] == code


async def test_a_withdrawn_invitation_opens_nothing(rig: Rig) -> None:
    await rig.group("hackney")
    await operator(rig)
    made = await invited(rig)
    headers = await rig.signed_in("Op")
    url = f"{rig.url}/members/{made.member}/revoke"
    async with rig.http.post(url, headers=headers, allow_redirects=False) as response:
        assert response.status == 303
    async with Browser(rig) as bo:
        assert await bo.get(path_of(made)) == 404


async def test_what_was_set_up_at_the_start_is_nobodys_act(rig: Rig) -> None:
    await operator(rig)
    files = {
        "member": "mop",
        "group": HUB,
        "definition": GroupDefinition(id=GroupId("hackney"), name="Hackney"),
    }
    start = desk.DefineGroup(id=f"mop.{FROM_FILES}1", at=START, **files)
    by_hand = desk.DefineGroup(id="mop.2", at=START, **files)
    forged = desk.DefineGroup(
        id=f"mada.{FROM_FILES}1", at=START, **(files | {"member": "mada", "group": "hackney"})
    )
    assert [act(c, START, None)["at_start"] for c in (start, by_hand, forged)] == [True, False, False]
    first = command(desk.AddMember, "bootstrap", HUB, roles={HUB: "operator"}, **ADD)
    assert act(first, START, None)["at_start"]
    await rig.group("hackney")
    await rig.bus.publish(encode(start, source="test"))
    await rig.shown()
    async with Browser(rig) as op:
        await with_password(rig, op, await invited(rig, "Op", member="mop", hub="operator"))
        await op.get("/members/acts")
        assert "Set up at the start, from its files" in op.text
        assert "<bdi>Hackney</bdi>" in op.text
