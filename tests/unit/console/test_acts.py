"""Each act of the desk API becomes the command it names; what the relay knows nobody need type."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.commands import NEEDS
from shared.contracts import aftercare, desk, drills, duty, wording
from shared.contracts import incidents as i
from shared.contracts.base import BridgeId, ReportId
from shared.contracts.catalog import decode, encode
from shared.contracts.groups import ChannelDefinition
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.permissions import ALLOWED
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import Rig, console_rig, until

HERE = {"incident": "D7K"}
ACTS: dict[str, tuple[dict[str, Any], type[desk.DeskCommand], dict[str, Any]]] = {
    "claim": (HERE, desk.Claim, {}),
    "release": (HERE, desk.Release, {}),
    "release_report": ({"report": "ri1", **HERE}, desk.ReleaseReport, {"report_id": "ri1"}),
    "attend": (HERE, desk.Attend, {"step": "going"}),
    "seen": ({**HERE, "text": "two vans"}, desk.Seen, {"statement": desk.Statement(text="two vans")}),
    "note": ({**HERE, "text": "rang"}, desk.Note, {"statement": desk.Statement(text="rang")}),
    "send_on": ({**HERE, "text": "many"}, desk.SendOn, {"statement": desk.Statement(text="many")}),
    "hand_over": ({**HERE, "to": "mben"}, desk.HandOver, {"to": "mben"}),
    "ask": ({**HERE, "report": "ri1", "asks": "where"}, desk.AskReporter, {"asks": "where", "to": None}),
    "escalate": ({**HERE, "groups": ["southwark"]}, desk.Escalate, {"groups": ("southwark",)}),
    "confirm": ({**HERE, "ask": "NONE"}, desk.Confirm, {"ask": "NONE"}),
    "reject": (
        {**HERE, "agency": "bailiffs"},
        desk.Reject,
        {"outcome": "other_agency", "agency": "bailiffs", "keep_watch": False},
    ),
    "watch": (HERE, desk.Reject, {"outcome": "other_agency", "agency": "police", "keep_watch": True}),
    "reopen": (HERE, desk.Reopen, {}),
    "place": ({**HERE, "lat": 51.5, "lon": -0.1}, desk.PutPlace, {}),
    "merge": ({**HERE, "absorbed": "P4M"}, desk.Merge, {"absorbed": "i2"}),
    "split": ({**HERE, "reports": ["ri1"]}, desk.Split, {"reports": ("ri1",)}),
    "update": (HERE, desk.Update, {"ask": "NONE"}),
    "end": (HERE, desk.End, {"stage": "officers_left"}),
    "account": (
        {**HERE, "arrested": 2, "became": [{"fate": "released", "number": 1}], "owner": "me"},
        aftercare.Account,
        {
            "arrested": 2,
            "owner": "mada",
            "news": aftercare.News(became=(aftercare.Became(fate="released"),)),
        },
    ),
    "post": (
        {
            **HERE,
            "begins": "2022-05-14T20:00:00Z",
            "ends": "2022-05-14T22:00:00+00:00",
            "label": "Front door",
        },
        aftercare.OpenPost,
        {"needed": 2, "where": aftercare.PostPlace(label="Front door")},
    ),
    "post_withdraw": ({**HERE, "post": "p1"}, aftercare.WithdrawPost, {"post_id": "p1"}),
    "post_join": ({**HERE, "post": "p1"}, aftercare.JoinPost, {"post_id": "p1", "tag": None}),
    "post_leave": ({**HERE, "post": "p1", "tag": "VABCD"}, aftercare.LeavePost, {"tag": "VABCD"}),
    "post_check_in": ({**HERE, "post": "p1"}, aftercare.CheckIn, {"post_id": "p1", "tag": None}),
    "mute": ({"report": "ri1"}, desk.Mute, {"what": "sender", "reason": "spam"}),
    "unmute": ({"mute": "u1"}, desk.Unmute, {"mute_id": "u1"}),
    "flood": ({"group": "hackney", "on": True}, desk.Flood, {"on": True}),
}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path) as found:
        await found.group("hackney")
        await found.incident()
        await found.incident("i2", "P4M")
        yield found


async def last_command(rig: Rig) -> desk.DeskCommand:
    entry = await rig.bus.get("DESK", await rig.bus.last_seq("DESK"))
    assert entry is not None
    command = await rig.keyring.open(decode(entry))
    assert isinstance(command, desk.DeskCommand)
    return command


def test_every_act_is_in_the_table_and_every_command_has_an_act() -> None:
    assert ACTS.keys() == NEEDS.keys()
    made = {model for _, model, _ in ACTS.values()}
    apart = (*duty.ShiftCommand.__subclasses__(), *drills.DrillCommand.__subclasses__(),
             *wording.WordsCommand.__subclasses__())  # fmt: skip
    elsewhere = {*ALLOWED["operator"], *apart}
    assert made == {model for allowed in ALLOWED.values() for model in allowed} - elsewhere


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_becomes_the_command_that_it_names(rig: Rig, act: str) -> None:
    ada = await rig.member("Ada", hackney="dispatcher")
    body, model, expected = ACTS[act]
    status, answer = await rig.ask("POST", f"/v1/desk/{act}", ada, json=body)
    assert (status, answer["outcome"]) == (200, "applied"), answer
    command = await last_command(rig)
    assert type(command) is model
    assert command.member == "mada"
    assert {name: getattr(command, name) for name in expected} == expected


@pytest.mark.parametrize("act", [act for act, needs in NEEDS.items() if needs])
async def test_what_an_act_needs_is_asked_for_by_name(rig: Rig, act: Any) -> None:
    ada = await rig.member("Ada", hackney="dispatcher")
    status, answer = await rig.ask("POST", f"/v1/desk/{act}", ada, json=HERE)
    assert status == 422
    assert all(field in answer["detail"] for field in NEEDS[act])
    assert await rig.bus.last_seq("DESK") == 0


async def received(rig: Rig, contact: str | None) -> None:
    """The incident's report as it came in and was decided."""
    report = ReportReceived(
        id="ri1",
        at=rig.clock.now(),
        report_id=ReportId("ri1"),
        bridge=BridgeId("sms"),
        content=ReportContent(text="six officers", language="es"),
        contact=ReportContact(address=contact) if contact else None,
    )
    stored = await rig.bus.publish(encode(await rig.keyring.seal(report), source="ingest"))
    await rig.publish(
        i.InputDecided(
            **rig.base(),
            input=i.InputRef(stream="REPORTS", seq=stored.seq),
            outcome="opened",
            reason="placed_report",
            report_id=ReportId("ri1"),
        )
    )
    await rig.shown()


@pytest.mark.parametrize("contact", ["+447700900123", None])
async def test_a_question_finds_its_reporter_and_shows_nobody_the_number(
    rig: Rig, contact: str | None
) -> None:
    ada = await rig.member("Ada", hackney="verifier")
    await received(rig, contact)
    _, answer = await rig.ask("POST", "/v1/desk/ask", ada, json={**HERE, "report": "ri1"})
    assert "+4477" not in str(answer)
    command = await last_command(rig)
    assert isinstance(command, desk.AskReporter)
    expected = desk.ReporterAddress(bridge="sms", address=contact, language="es") if contact else None
    assert command.to == expected
    entry = await rig.bus.get("DESK", await rig.bus.last_seq("DESK"))
    assert entry is not None
    assert b"+4477" not in entry.body


async def test_a_confirmation_says_how_many_it_reaches_verifiers_apart(rig: Rig) -> None:
    def mail(audience: Any, *to: str) -> ChannelDefinition:
        settings = {"host": "mail.invalid", "sender": "a@b.invalid", "to": list(to)}
        return ChannelDefinition(id=audience, kind="smtp", audience=audience, settings=settings)

    many = mail("community", "a@x.invalid", "b@x.invalid", "c@x.invalid")
    await rig.group("hackney", [many, mail("verifiers", "v@x.invalid")], version=2)
    ada = await rig.member("Ada", hackney="dispatcher")
    await rig.ask("POST", "/v1/desk/confirm", ada, json=HERE)
    command = await last_command(rig)
    assert isinstance(command, desk.Confirm)
    assert command.reach == 3


async def test_mutes_and_flood_mode_are_shown_with_their_end(rig: Rig) -> None:
    ada = await rig.member("Ada", hackney="dispatcher")
    until_ = rig.clock.now().replace(hour=23)
    who: Any = {"group": "hackney", "member": "mada", "until": until_}
    muting: Any = {"mute_id": "u1", "report_id": "ri1", "what": "sender", "reason": "hoax"}
    await rig.publish(i.MuteSet(**rig.base(), **who, **muting), i.FloodSet(**rig.base(), **who))
    await rig.shown()
    _, shown = await rig.ask("GET", "/v1/desk/held", ada)
    assert [(m["mute_id"], m["name"], m["reason"]) for m in shown["mutes"]] == [("u1", "Ada", "hoax")]
    assert [(f["group"], f["until"]) for f in shown["floods"]] == [("hackney", until_.isoformat())]
    ben = await rig.member("Ben", southwark="dispatcher")
    _, others = await rig.ask("GET", "/v1/desk/held", ben)
    assert (others["mutes"], others["floods"]) == ([], [])
    rig.clock.forward(hours=6)
    _, later = await rig.ask("GET", "/v1/desk/held", ada)
    assert (later["mutes"], later["floods"]) == ([], [])
    rig.clock.forward(hours=-6)
    await rig.publish(i.MuteLifted(**rig.base(), mute_id="u1", member="mada"))

    async def gone() -> bool:
        return not (await rig.ask("GET", "/v1/desk/held", ada))[1]["mutes"]

    await until(gone)
