"""The desk over HTTP: who sees what, what is stored, how a command is answered."""

import asyncio
import io
import itertools
import json
from pathlib import Path

import pytest

from services.console.submit import TAG
from shared.contracts import desk
from shared.contracts.base import GroupId, IncidentId, KeyId, ReportId, Sealed
from shared.contracts.catalog import decode, decode_all
from shared.contracts.groups import ChannelDefinition
from shared.contracts.incidents import (
    GroupShare,
    HeldReport,
    InputDecided,
    InputRef,
    ReportAttached,
    ReportHeld,
    Weighed,
    Why,
)
from shared.ports import Progress
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import BLURRED, EXACT, Rig, console_rig, until

HOOK = ChannelDefinition(id="hook", kind="webhook", audience="verifiers", settings={
    "url": "env:NO_SUCH_URL", "path": "/x", "secret": "env:NO_SUCH_SECRET"})  # fmt: skip
FEED = ChannelDefinition(id="public", kind="feed", audience="community")
LIST = ["a@group.example", "b@group.example"]
MAIL = ChannelDefinition(id="list", kind="smtp", audience="community", settings={
    "host": "mail.example", "sender": "relay@group.example", "to": LIST})  # fmt: skip


@pytest.fixture
async def ada(rig: Rig) -> str:
    """Hackney's dispatcher, with Hackney in force and one incident there."""
    await rig.group("hackney", [HOOK, FEED, MAIL])
    await rig.group("peckham")
    await rig.incident()
    return await rig.member("Ada", hackney="dispatcher")


async def commands(rig: Rig) -> list[desk.DeskCommand]:
    """What lies in DESK, opened."""
    found = []
    for seq in range(1, await rig.bus.last_seq("DESK") + 1):
        entry = await rig.bus.get("DESK", seq)
        assert entry is not None
        command = await rig.keyring.open(decode(entry))
        assert isinstance(command, desk.DeskCommand)
        found.append(command)
    return found


# --- who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/v1/desk/incidents", "/v1/desk/held", "/v1/members", "/v1/groups", "/v1/status"]
)
async def test_nobody_sees_anything_without_a_token_that_opens(rig: Rig, path: str) -> None:
    status, problem = await rig.ask("GET", path)
    assert (status, problem["code"]) == (401, "token_missing")
    status, problem = await rig.ask("GET", path, "relay_made_up")
    assert (status, problem["code"]) == (401, "token_unknown")


async def test_a_revoked_token_opens_nothing(rig: Rig, ada: str) -> None:
    assert (await rig.ask("GET", "/v1/desk/incidents", ada))[0] == 200
    await rig.revoke("Ada")
    await rig.shown()
    status, problem = await rig.ask("GET", "/v1/desk/incidents", ada)
    assert (status, problem["code"]) == (401, "token_unknown")


async def test_members_of_another_group_see_nothing_and_can_do_nothing(rig: Rig, ada: str) -> None:
    bea = await rig.member("Bea", peckham="dispatcher")
    root = await rig.member("Root", hub="operator")
    for token in (bea, root):
        assert (await rig.ask("GET", "/v1/desk/incidents", token))[1] == {"incidents": [], "stopped": []}
        for method, path in (
            ("GET", "/v1/desk/incidents/D7K"),
            ("POST", "/v1/desk/claim"),
            ("POST", "/v1/desk/confirm/preview"),
        ):
            body = {"json": {"incident": "D7K"}} if method == "POST" else {}
            status, problem = await rig.ask(method, path, token, **body)
            assert (status, problem["code"]) == (404, "no_such_incident")
    assert await rig.bus.last_seq("DESK") == 0


async def test_no_member_may_act_for_a_group_that_is_not_theirs(rig: Rig, ada: str) -> None:
    status, problem = await rig.ask(
        "POST", "/v1/desk/claim", ada, json={"incident": "D7K", "group": "peckham"}
    )
    assert (status, problem["code"]) == (403, "not_your_group")


# --- what ---------------------------------------------------------------------------------------


async def test_the_list_and_one_incident(rig: Rig, ada: str) -> None:
    _, listed = await rig.ask("GET", "/v1/desk/incidents", ada)
    (row,) = listed["incidents"]
    assert (row["code"], row["status"], row["reports"], row["claim"]) == ("D7K", "unconfirmed", 1, None)
    assert row["place"]["label"] == "21 Ashwin Street, E8 3DL"
    for name in ("D7K", "d7k", "i1"):
        status, incident = await rig.ask("GET", f"/v1/desk/incidents/{name}", ada)
        assert status == 200
    assert [r["text"] for r in incident["reports"]] == ["six officers"]
    assert [s["what"] for s in incident["history"]] == ["opened"]
    assert [(t["audience"], t["kind"]) for t in incident["told"]] == [("verifiers", "UNCONFIRMED")]


async def test_deliveries_are_counted_where_an_alert_is_shown(rig: Rig, ada: str) -> None:
    alert = await rig.confirmed("i1", "D7K", "six officers")
    await rig.delivered(alert, kind="webhook")
    _, incident = await rig.ask("GET", "/v1/desk/incidents/D7K", ada)
    told = {t["kind"]: t for t in incident["told"]}
    assert told["CONFIRMED"]["results"] == {"webhook": {"delivered": 1}}
    assert told["CONFIRMED"]["recipients"] == 1
    _, status = await rig.ask("GET", "/v1/status", ada)
    assert status["counts"]["deliveries"] == {"webhook.community.delivered": 1}
    assert status["counts"]["alerts"] == {"UNCONFIRMED.verifiers": 1, "CONFIRMED.community": 1}
    assert status["ok"] is True
    assert status["streams"]["DECISIONS"]["lag"] == 0


async def test_a_claim_is_stored_sealed_decided_and_answered(rig: Rig, ada: str) -> None:
    status, answer = await rig.ask("POST", "/v1/desk/claim", ada, json={"incident": "D7K", "id": "c1"})
    assert (status, answer["outcome"], answer["reason"], answer["command_id"]) == (
        200,
        "applied",
        "applied",
        "c1",
    )
    assert (answer["incident"]["claim"]["member"], answer["incident"]["claim"]["name"]) == ("mada", "Ada")
    assert answer["incident"]["history"][-1] == {
        "at": "2022-05-14T18:00:00+00:00", "what": "claimed", "by": "Ada", "group": "hackney",
        "until": "2022-05-14T18:15:00+00:00", "reason": "applied",
    }  # fmt: skip
    (command,) = await commands(rig)
    assert (command.id, command.member, command.group) == ("mada.c1", "mada", "hackney")


async def test_words_travel_sealed_only(rig: Rig, ada: str) -> None:
    said = {"incident": "D7K", "ask": "WITNESSES", "text": "six officers at the corner"}
    status, answer = await rig.ask("POST", "/v1/desk/confirm", ada, json=said)
    assert status == 200
    assert answer["incident"]["statement"] == "six officers at the corner"
    entry = await rig.bus.get("DESK", 1)
    assert entry is not None
    assert b"corner" not in entry.body
    (command,) = await commands(rig)
    assert isinstance(command, desk.Confirm)
    assert isinstance(command.statement, desk.Statement)
    assert (command.ask, command.statement.text) == ("WITNESSES", "six officers at the corner")


async def test_the_same_id_again_is_the_same_command_and_with_other_content_refused(
    rig: Rig, ada: str
) -> None:
    body = {"incident": "D7K", "text": "one", "id": "c1"}
    first = await rig.ask("POST", "/v1/desk/update", ada, json=body)
    again = await rig.ask("POST", "/v1/desk/update", ada, json=body)
    assert (first[0], again[0]) == (200, 200)
    assert await rig.bus.last_seq("DESK") == 1
    status, problem = await rig.ask("POST", "/v1/desk/update", ada, json={**body, "text": "two"})
    assert (status, problem["code"]) == (409, "id_used")
    bob = await rig.member("Bob", hackney="dispatcher")
    assert (await rig.ask("POST", "/v1/desk/update", bob, json=body))[0] == 200
    assert await rig.bus.last_seq("DESK") == 2
    entry = await rig.bus.get("DESK", 1)
    assert entry is not None
    assert len(entry.headers[TAG]) == 32


async def test_a_refusal_is_a_sentence_with_the_routers_reason(rig: Rig, ada: str) -> None:
    rig.refuse = "claimed_by_another"
    status, problem = await rig.ask("POST", "/v1/desk/claim", ada, json={"incident": "D7K"})
    assert (status, problem["code"]) == (409, "claimed_by_another")
    assert problem["detail"].startswith("Somebody else is on it")


async def test_what_is_not_decided_in_time_is_pending(tmp_path: Path) -> None:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path, console_patience_s=0.05) as rig:
        await rig.incident()
        ada = await rig.member("Ada", hackney="dispatcher")
        rig.deciding = False
        status, answer = await rig.ask("POST", "/v1/desk/claim", ada, json={"incident": "D7K", "id": "c1"})
        assert (status, answer["outcome"], answer["command_id"]) == (202, "pending", "c1")
        assert await rig.bus.last_seq("DESK") == 1


WRONG = [
    pytest.param("claim", {}, (422, "invalid"), id="no incident"),
    pytest.param("merge", {"incident": "D7K"}, (422, "invalid"), id="merge into what"),
    pytest.param("place", {"incident": "D7K", "lat": 51.5}, (422, "invalid"), id="half a place"),
    pytest.param("place", {"incident": "D7K", "lat": 200, "lon": 0}, (422, "invalid"), id="off the globe"),
    pytest.param("confirm", {"incident": "D7K", "aks": "WITNESSES"}, (422, "invalid"), id="misspelt"),
    pytest.param("confirm", {"incident": "D7K", "ask": "COME"}, (422, "invalid"), id="no such ask"),
    pytest.param("confirm", {"incident": "D7K", "text": "x" * 1001}, (422, "invalid"), id="too long"),
    pytest.param("confirm", {"incident": "D7K", "id": "a.b"}, (422, "invalid"), id="an id with a dot"),
    pytest.param("explode", {"incident": "D7K"}, (404, "unknown_command"), id="no such command"),
    pytest.param("claim", {"incident": "Z9Z"}, (404, "no_such_incident"), id="no such incident"),
    pytest.param("claim", [], (422, "invalid"), id="no object"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "body", "expected"), WRONG)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    rig: Rig, ada: str, command: str, body: object, expected: tuple[int, str]
) -> None:
    status, problem = await rig.ask("POST", f"/v1/desk/{command}", ada, json=body)
    assert (status, problem["code"]) == expected
    assert await rig.bus.last_seq("DESK") == 0


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"{", "headers": {}}, 415),
        ({"data": b"{\xff", "type": "application/json"}, 400),
        ({"data": b"[" * 100_000, "type": "application/json"}, 400),
        ({"data": b" " * 2_000_000, "type": "application/json"}, 413),
    ],
)
async def test_hostile_bodies_are_refused(
    rig: Rig, ada: str, options: dict[str, object], status: int
) -> None:
    headers = {"Authorization": f"Bearer {ada}", "Content-Type": str(options.get("type", "text/plain"))}
    data = options["data"]
    assert isinstance(data, bytes)
    async with rig.http.post(rig.url + "/v1/desk/claim", data=io.BytesIO(data), headers=headers) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"


# --- held ---------------------------------------------------------------------------------------


async def test_held_reports_are_for_their_group_and_nobodys_for_the_hub_without_words(
    rig: Rig, ada: str
) -> None:
    for report, groups in (("r8", ("hackney",)), ("r9", ())):
        held = ReportHeld(**rig.base(), report_id=report, reason="no_place", asked="where", groups=groups,
                          detail=HeldReport(text="somewhere"))  # fmt: skip
        decided = InputDecided(**rig.base(), input=InputRef(stream="REPORTS", seq=1), outcome="held",
                               reason="no_place", report_id=report)  # fmt: skip
        await rig.publish(decided, held)
    root = await rig.member("Root", hub="operator")
    _, own = await rig.ask("GET", "/v1/desk/held", ada)
    assert [(h["report_id"], h["text"], h["asked"]) for h in own["held"]] == [("r8", "somewhere", "where")]
    _, hub = await rig.ask("GET", "/v1/desk/held", root)
    assert [(h["report_id"], h["text"], h["reason"]) for h in hub["held"]] == [("r9", None, "no_place")]
    status, _ = await rig.ask(
        "POST", "/v1/desk/release_report", ada, json={"report": "r8", "lat": 51.5, "lon": -0.1}
    )
    assert status == 200
    (command,) = await commands(rig)
    assert isinstance(command, desk.ReleaseReport)
    assert isinstance(command.placed, desk.HeldPlace)


# --- why ----------------------------------------------------------------------------------------


async def explained(rig: Rig, incident: str | None, *, groups: tuple[GroupShare, ...] = ()) -> None:
    """The report r7, decided, with its reasons."""
    compared = Weighed(incident=IncidentId("i1"), score=2.5, signs={"copy": 1.0})
    why = Why(kind="report", who="immigration", place=EXACT, groups=groups, considered=(compared,))
    joined = IncidentId(incident) if incident else None
    decided = InputDecided(
        **rig.base(),
        input=InputRef(stream="REPORTS", seq=7),
        outcome="attached" if joined else "ignored",
        reason="same_text",
        report_id=ReportId("r7"),
        incident_id=joined,
        why=why,
    )
    await rig.publish(decided)
    if joined:
        await rig.publish(ReportAttached(**rig.base(), incident_id=joined, report_id=ReportId("r7")))
    await rig.shown()


async def test_a_report_is_explained_to_those_whose_incident_it_joined(rig: Rig, ada: str) -> None:
    await explained(rig, "i1")
    status, told = await rig.ask("GET", "/v1/desk/reports/r7", ada)
    assert status == 200
    assert (told["outcome"], told["reason"], told["incident"]) == ("attached", "same_text", "D7K")
    assert told["why"]["place"]["label"] == EXACT.label
    assert told["why"]["considered"] == [{"incident": "D7K", "score": 2.5, "signs": {"copy": 1.0}}]
    stranger = await rig.member("Eve", elsewhere="dispatcher")
    assert (await rig.ask("GET", "/v1/desk/reports/r7", stranger))[0] == 404


async def test_what_was_ignored_is_explained_to_the_group_of_its_place_alone(rig: Rig, ada: str) -> None:
    await explained(rig, None, groups=(GroupShare(group=GroupId("peckham"), version=1),))
    neighbour = await rig.member("Bea", peckham="dispatcher")
    status, told = await rig.ask("GET", "/v1/desk/reports/r7", neighbour)
    assert (status, told["groups"], told["waits"]) == (200, ["peckham"], False)
    assert told["why"]["considered"][0]["incident"] is None, "of others' incidents only the score"
    assert (await rig.ask("GET", "/v1/desk/reports/r7", ada))[0] == 404


async def test_what_is_nobodys_is_explained_to_the_operator_without_its_place(rig: Rig, ada: str) -> None:
    await explained(rig, None)
    root = await rig.member("Root", hub="operator")
    status, told = await rig.ask("GET", "/v1/desk/reports/r7", root)
    assert (status, told["why"]["kind"], told["why"]["place"]) == (200, "report", None)
    assert (await rig.ask("GET", "/v1/desk/reports/r7", ada))[0] == 404


async def test_reasons_die_with_their_key(rig: Rig, ada: str) -> None:
    await explained(rig, "i1")
    decisions = await rig.bus.last_seq("DECISIONS")
    found = [
        m for n in range(1, decisions + 1) if (e := await rig.bus.get("DECISIONS", n)) for m in decode_all(e)
    ]
    whys = [m.why for m in found if isinstance(m, InputDecided)]
    assert isinstance(whys[-1], Sealed)
    await rig.keyring.destroy(KeyId(whys[-1].key))
    status, told = await rig.ask("GET", "/v1/desk/reports/r7", ada)
    assert (status, told["incident"], told["why"]) == (200, "D7K", None)


# --- nobody's area -------------------------------------------------------------------------------


async def test_an_incident_in_nobodys_area_is_the_operators_and_any_dispatcher_may_take_it_up(
    rig: Rig, ada: str
) -> None:
    await rig.incident("i2", "N0B", groups=())
    root = await rig.member("Root", hub="operator")
    _, hub = await rig.ask("GET", "/v1/desk/incidents", root)
    assert [row["code"] for row in hub["incidents"]] == ["N0B"]
    _, whole = await rig.ask("GET", "/v1/desk/incidents/N0B", root)
    assert [(r["text"], r["place"]) for r in whole["reports"]] == [(None, None)]
    _, own = await rig.ask("GET", "/v1/desk/incidents", ada)
    assert [row["code"] for row in own["incidents"]] == ["D7K"]
    status, _ = await rig.ask("POST", "/v1/desk/claim", ada, json={"incident": "N0B"})
    assert status == 200
    (command,) = await commands(rig)
    assert command.group == "hackney"


# --- preview ------------------------------------------------------------------------------------


async def test_a_preview_shows_every_message_and_stores_nothing(rig: Rig, ada: str) -> None:
    said = {"incident": "D7K", "ask": "WITNESSES", "text": "six officers at the corner"}
    status, preview = await rig.ask("POST", "/v1/desk/confirm/preview", ada, json=said)
    assert status == 200
    shown = [(s["audience"], s["channel"], s["kind"], s["recipients"]) for s in preview["sends"]]
    assert shown == [
        ("community", "public", "CONFIRMED", 1),
        ("community", "list", "CONFIRMED", 2),
        ("verifiers", "hook", "CONFIRMED", 1),
    ]
    community = preview["sends"][0]["text"]
    assert "six officers at the corner" in community
    assert "WITNESSES" in community
    assert BLURRED.label in community
    assert "21 Ashwin" not in community
    assert await rig.bus.last_seq("DESK") == 0


@pytest.mark.parametrize(
    ("command", "body", "kind"),
    [
        ("update", {}, "UPDATE"),
        ("end", {}, "OVER"),
        ("end", {"stage": "closed"}, "CLOSED"),
        ("reject", {}, "NOT_CONFIRMED"),
        ("watch", {}, "NOT_CONFIRMED"),
    ],
)
async def test_other_acts_go_to_those_who_were_told(
    rig: Rig, ada: str, command: str, body: dict[str, str], kind: str
) -> None:
    _, preview = await rig.ask("POST", f"/v1/desk/{command}/preview", ada, json={"incident": "D7K", **body})
    assert [(s["audience"], s["kind"]) for s in preview["sends"]] == [("verifiers", kind)]


async def test_acts_that_tell_nobody_have_an_empty_preview(rig: Rig, ada: str) -> None:
    assert (await rig.ask("POST", "/v1/desk/claim/preview", ada, json={"incident": "D7K"}))[1] == {
        "sends": [],
        "costs": [],
        "stopped": [],
    }


# --- members, groups, the kill switch -----------------------------------------------------------


async def test_an_operator_adds_a_member_whose_token_opens_at_once_and_revokes_them(
    rig: Rig, ada: str
) -> None:
    root = await rig.member("Root", hub="operator")
    new = {"name": "Cem", "roles": {"hackney": "verifier"}}
    status, added = await rig.ask("POST", "/v1/members", root, json=new)
    assert status == 201
    assert added["token"].startswith("relay_")
    assert (await rig.ask("GET", "/v1/desk/incidents", added["token"]))[1]["incidents"]
    entry = await rig.bus.get("DESK", 1)
    assert entry is not None
    assert b"Cem" not in entry.body
    assert added["token"].encode() not in entry.body
    _, listed = await rig.ask("GET", "/v1/members", root)
    assert {m["name"] for m in listed["members"]} == {"Ada", "Root", "Cem"}
    assert "token" not in json.dumps(listed)
    assert (await rig.ask("DELETE", f"/v1/members/{added['member']}", root))[0] == 200
    assert (await rig.ask("GET", "/v1/desk/incidents", added["token"]))[0] == 401
    assert (await rig.ask("DELETE", f"/v1/members/{added['member']}", root))[0] == 404


async def test_dispatchers_add_nobody_and_admins_see_their_own_group_only(rig: Rig, ada: str) -> None:
    new = {"name": "Cem", "roles": {"hackney": "verifier"}}
    assert (await rig.ask("POST", "/v1/members", ada, json=new))[0] == 403
    assert (await rig.ask("GET", "/v1/members", ada))[0] == 403
    await rig.member("Bea", peckham="verifier")
    admin = await rig.member("Dee", hackney="admin")
    assert (await rig.ask("POST", "/v1/members", admin, json=new))[0] == 201
    _, listed = await rig.ask("GET", "/v1/members", admin)
    assert {m["name"] for m in listed["members"]} == {"Ada", "Dee", "Cem"}


async def test_groups_are_put_and_their_settings_are_for_their_admins(rig: Rig, ada: str) -> None:
    root = await rig.member("Root", hub="operator")
    group = {"definition": {"id": "leeds", "name": "Leeds"}, "channels": [MAIL.model_dump()]}
    status, answer = await rig.ask("PUT", "/v1/groups/leeds", root, json=group)
    assert (status, answer["version"], answer["outcome"]) == (200, 1, "applied")
    assert (await rig.ask("PUT", "/v1/groups/york", root, json=group))[0] == 422
    assert (await rig.ask("PUT", "/v1/groups/leeds", ada, json=group))[0] == 403
    admin = await rig.member("Lea", leeds="admin")
    for token, settings in ((root, False), (ada, False), (admin, True)):
        _, listed = await rig.ask("GET", "/v1/groups", token)
        leeds = next(g for g in listed["groups"] if g["id"] == "leeds")
        assert ("a@group.example" in json.dumps(leeds)) is settings
        assert leeds["channels"][0]["kind"] == "smtp"


async def test_an_area_that_encloses_nothing_is_refused_in_a_clear_sentence(rig: Rig) -> None:
    root = await rig.member("Root", hub="operator")
    line = [[[[-0.07, 51.55], [-0.06, 51.56], [-0.07, 51.55]]]]
    group = {"definition": {"id": "leeds", "name": "Leeds", "area": {"polygons": line}}}
    status, answer = await rig.ask("PUT", "/v1/groups/leeds", root, json=group)
    assert status == 422
    assert "definition: every ring of area.polygons needs three different points" in answer["detail"]


SWITCH = [
    pytest.param({"hub": "operator"}, "hub", 200, id="an operator stops the hub"),
    pytest.param({"hub": "operator"}, "hackney", 200, id="an operator stops a group"),
    pytest.param({"hackney": "admin"}, "hackney", 200, id="an admin stops their group"),
    pytest.param({"hackney": "admin"}, "hub", 403, id="an admin not the hub"),
    pytest.param({"peckham": "admin"}, "hackney", 403, id="an admin no other group"),
    pytest.param({"hackney": "dispatcher"}, "hackney", 403, id="a dispatcher nothing"),
    pytest.param({"hub": "admin"}, "hub", 403, id="there are no admins of the hub"),
]


@pytest.mark.parametrize(("roles", "group", "status"), SWITCH)
async def test_only_who_may_stops_sending_because_the_notifier_obeys_what_is_stored(
    rig: Rig, roles: dict[str, str], group: str, status: int
) -> None:
    await rig.group("hackney")
    token = await rig.member("Kim", **roles)
    body = {"group": group, "stopped": True, "reason": "drill"}
    assert (await rig.ask("POST", "/v1/kill-switch", token, json=body))[0] == status
    stored = await rig.bus.last("DESK", f"desk.v1.{group}.kill_switch")
    assert (stored is not None) is (status == 200)


# --- servers away -------------------------------------------------------------------------------


async def test_with_redis_away_the_desk_says_so_and_comes_back(rig: Rig, ada: str) -> None:
    assert isinstance(rig.state, MemoryState)
    rig.state.go_away()
    status, problem = await rig.ask("GET", "/v1/desk/incidents", ada)
    assert (status, problem["code"]) == (503, "state_unavailable")
    assert (await rig.ask("GET", "/health"))[0] == 503
    rig.state.come_back()
    assert (await rig.ask("GET", "/v1/desk/incidents", ada))[0] == 200


async def test_after_a_flush_tokens_open_again_once_the_log_is_read(rig: Rig, ada: str) -> None:
    assert isinstance(rig.state, MemoryState)
    rig.state.flush()
    async with asyncio.timeout(10):
        while (answer := await rig.ask("GET", "/v1/desk/incidents", ada))[0] != 200:
            assert (answer[0], answer[1]["code"]) == (503, "rebuilding")
            await asyncio.sleep(0.01)
    assert [d["code"] for d in answer[1]["incidents"]] == ["D7K"]


@pytest.mark.parametrize("path", ["/v1/desk/incidents", "/v1/desk/incidents/D7K", "/v1/desk/incidents/X9X"])
async def test_while_the_log_is_read_again_nothing_is_said_to_be_missing(
    rig: Rig, ada: str, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The member is known again before the incident is: then half the truth must not be told."""

    async def half_read() -> Progress:
        return Progress("epoch", {"DECISIONS": 1, "LEDGER": 0}, ready=False)

    monkeypatch.setattr(rig.state, "progress", half_read)
    status, problem = await rig.ask("GET", path, ada)
    assert (status, problem["code"]) == (503, "rebuilding")


async def test_what_was_lost_while_it_was_looked_for_is_not_said_to_be_missing(
    rig: Rig, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs = itertools.count()

    async def emptied_meanwhile() -> Progress:
        return Progress(str(next(epochs)), {"DECISIONS": 1, "LEDGER": 0}, ready=True)

    monkeypatch.setattr(rig.state, "progress", emptied_meanwhile)
    status, problem = await rig.ask("GET", "/v1/desk/incidents/X9X", ada)
    assert (status, problem["code"]) == (503, "rebuilding")


async def test_with_nats_away_a_command_is_not_accepted(rig: Rig, ada: str) -> None:
    assert isinstance(rig.bus, MemoryBus)
    rig.bus.refuse_next()
    status, problem = await rig.ask("POST", "/v1/desk/claim", ada, json={"incident": "D7K"})
    assert (status, problem["code"]) == (503, "not_stored")


async def test_a_command_in_flight_when_the_console_stops_is_answered_as_pending(rig: Rig, ada: str) -> None:
    rig.deciding = False

    async def stored() -> bool:
        return await rig.bus.last_seq("DESK") == 1

    asked = asyncio.create_task(rig.ask("POST", "/v1/desk/claim", ada, json={"incident": "D7K"}))
    await until(stored)
    rig.stop.set()
    async with asyncio.timeout(2):
        status, answer = await asked
    assert (status, answer["outcome"]) == (202, "pending")
