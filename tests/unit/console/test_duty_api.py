"""The rota and aftercare over HTTP: who sees what, what becomes which command, what a repeat does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.made import made_name, made_tag
from shared.contracts import aftercare as ac
from shared.contracts import desk, duty
from shared.contracts.base import IncidentId, KeyId, MemberId
from shared.contracts.catalog import decode
from shared.contracts.desk import Tally
from shared.contracts.groups import ChannelDefinition
from shared.contracts.incidents import IncidentEnded
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from shared.words.shift_card import shift_card
from tests.rigs.console import Rig, console_rig

INCIDENT = IncidentId("i1")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path) as found:
        await found.group("hackney")
        await found.group("southwark")
        await found.incident()
        yield found


@pytest.fixture
async def ada(rig: Rig) -> str:
    return await rig.member("Ada", hackney="dispatcher")


async def last_command(rig: Rig) -> desk.DeskCommand:
    entry = await rig.bus.get("DESK", await rig.bus.last_seq("DESK"))
    assert entry is not None
    command = await rig.keyring.open(decode(entry))
    assert isinstance(command, desk.DeskCommand)
    return command


async def shift(rig: Rig, name: str = "s1", *, begins_h: float = -1, group: str = "hackney") -> None:
    begins = rig.clock.now() + timedelta(hours=begins_h)
    ends = begins + timedelta(hours=4)
    await rig.publish(
        duty.ShiftOffered.model_validate(
            {**rig.base(), "shift_id": name, "group": group, "begins": begins, "ends": ends, "places": 2}
        )
    )
    await rig.shown()


TIMES = {"begins": "2022-05-14T20:00:00Z", "ends": "2022-05-14T22:00:00Z"}
ACTS: dict[str, tuple[dict[str, Any], type[desk.DeskCommand]]] = {
    "offer": ({**TIMES, "places": 2}, duty.OfferShift),
    "withdraw": ({"shift": "s1"}, duty.WithdrawShift),
    "take": ({"shift": "s1"}, duty.TakeShift),
    "give_up": ({"shift": "s1"}, duty.GiveUpShift),
    "note": ({"shift": "s1", "text": "all quiet"}, duty.NoteShift),
}


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_becomes_its_command(rig: Rig, ada: str, act: str) -> None:
    await shift(rig)
    body, model = ACTS[act]
    status, answer = await rig.ask("POST", f"/v1/duty/{act}", ada, json=body)
    assert (status, answer["outcome"]) == (200, "applied"), answer
    command = await last_command(rig)
    assert type(command) is model
    assert (command.member, command.group) == ("mada", "hackney")
    assert {m for _, m in ACTS.values()} == set(duty.ShiftCommand.__subclasses__())


@pytest.mark.parametrize(
    ("act", "body", "refused"),
    [
        ("offer", {}, (422, "invalid")),
        ("note", {"shift": "s1"}, (422, "invalid")),
        ("note", {"shift": "s1", "text": "  "}, (422, "invalid")),
        ("take", {}, (422, "invalid")),
        ("take", {"shift": "none"}, (404, "unknown_shift")),
        ("take", {"shift": "other"}, (404, "unknown_shift")),
        ("offer", {**TIMES, "group": "southwark"}, (403, "not_your_group")),
        ("offer", {**TIMES, "places": 0}, (422, "invalid")),
        ("offer", {"begins": "20:00", "ends": "22:00"}, (422, "invalid")),
        ("offer", {**TIMES, "begins": "0001-01-01T00:00:00+23:59"}, (422, "invalid")),
        ("offer", {**TIMES, "ends": "9999-12-31T23:59:59-23:59"}, (422, "invalid")),
        ("take", {"shift": "s.1"}, (422, "invalid")),
        ("swap", {"shift": "s1"}, (404, "unknown_command")),
        ("take", {"shift": "s1", "member": "mben"}, (422, "invalid")),
    ],
)
async def test_what_is_wrong_is_refused_and_stored_nowhere(
    rig: Rig, ada: str, act: str, body: dict[str, Any], refused: tuple[int, str]
) -> None:
    await shift(rig)
    await shift(rig, "other", group="southwark")
    found, answer = await rig.ask("POST", f"/v1/duty/{act}", ada, json=body)
    assert (found, answer["code"]) == refused
    assert await rig.bus.last_seq("DESK") == 0


async def test_the_same_offer_again_is_one_shift(rig: Rig, ada: str) -> None:
    body = {**TIMES, "id": "c1"}
    _, first = await rig.ask("POST", "/v1/duty/offer", ada, json=body)
    _, second = await rig.ask("POST", "/v1/duty/offer", ada, json=body)
    assert first["made"] == second["made"] == made_name("s", "mada.c1")
    assert await rig.bus.last_seq("DESK") == 1


async def test_a_groups_rota_is_seen_by_its_members_alone(rig: Rig, ada: str) -> None:
    await shift(rig)
    await rig.publish(duty.ShiftTaken(**rig.base(), shift_id="s1", member=MemberId("mada")))
    note = duty.HandoverNote(text="one van at six")
    await rig.publish(duty.ShiftNoted(**rig.base(), shift_id="s1", member=MemberId("mada"), note=note))
    await shift(rig, "s2", begins_h=20)
    await rig.shown()
    _, rota = await rig.ask("GET", "/v1/duty", ada)
    assert [(s["id"], [t["name"] for t in s["takers"]]) for s in rota["shifts"]] == [
        ("s1", ["Ada"]),
        ("s2", []),
    ]
    assert [n["text"] for n in rota["shifts"][0]["notes"]] == ["one van at six"]
    assert [(d["group"], d["name"]) for d in rota["on_duty"]] == [("hackney", "Ada")]
    ben = await rig.member("Ben", southwark="dispatcher")
    _, others = await rig.ask("GET", "/v1/duty", ben)
    assert others == {"shifts": [], "on_duty": []}
    operator = await rig.member("Olu", hub="operator")
    assert (await rig.ask("GET", "/v1/duty", operator))[1] == {"shifts": [], "on_duty": []}
    assert (await rig.ask("GET", "/v1/duty"))[0] == 401


async def test_a_note_dies_with_its_hours_key(rig: Rig, ada: str) -> None:
    await shift(rig)
    note = duty.HandoverNote(text="one van at six")
    sealed = await rig.keyring.seal(
        duty.ShiftNoted(**rig.base(), shift_id="s1", member=MemberId("mada"), note=note)
    )
    assert "one van" not in sealed.model_dump_json()
    await rig.keyring.destroy(KeyId(str(getattr(sealed.note, "key", ""))))
    await rig.publish(sealed)
    await rig.shown()
    _, rota = await rig.ask("GET", "/v1/duty", ada)
    assert [n["text"] for n in rota["shifts"][0]["notes"]] == [None]


async def test_a_dropped_shift_is_gone_and_a_restated_one_keeps_its_notes(rig: Rig, ada: str) -> None:
    await shift(rig)
    note = duty.HandoverNote(text="kept")
    await rig.publish(duty.ShiftNoted(**rig.base(), shift_id="s1", member=MemberId("mada"), note=note))
    await shift(rig)
    _, rota = await rig.ask("GET", "/v1/duty", ada)
    assert [n["text"] for n in rota["shifts"][0]["notes"]] == ["kept"]
    await rig.publish(duty.ShiftDropped(**rig.base(), shift_id="s1", how="withdrawn"))
    await rig.publish(duty.ShiftTaken(**rig.base(), shift_id="s1", member=MemberId("mada")))
    await rig.shown()
    assert (await rig.ask("GET", "/v1/duty", ada))[1]["shifts"] == []


async def test_aftercare_is_shown_with_names_of_members_and_tags_of_others(rig: Rig, ada: str) -> None:
    who: Any = {"incident_id": INCIDENT, "member": "mada"}
    now = rig.clock.now()
    await rig.publish(
        ac.IncidentAccounted(
            **rig.base(), **who, group="hackney", owner="mada",
            fates=ac.Fates(people={"PAAA": "unknown", "PBBB": "released"}),
        ),
        ac.PostOpened(
            **rig.base(), **who, group="hackney", post_id="p1", begins=now, ends=now + timedelta(hours=2),
            needed=2, where=ac.PostPlace(label="Front door"),
        ),
        ac.PostJoined(**rig.base(), **who, post_id="p1", who="mada"),
        ac.PostJoined(**rig.base(), **who, post_id="p1", who="VABCD"),
        ac.PostCheckedIn(**rig.base(), **who, post_id="p1", who="VABCD"),
    )  # fmt: skip
    await rig.shown()
    _, shown = await rig.ask("GET", "/v1/desk/incidents/D7K", ada)
    after = shown["aftercare"]
    assert (shown["arrested"], shown["unaccounted"], after["fates"]) == (2, 1, {"unknown": 1, "released": 1})
    assert after["owner"] == {"member": "mada", "name": "Ada"}
    (post,) = after["posts"]
    assert post["label"] == "Front door"
    assert [(k["who"], k["name"], bool(k["there_at"])) for k in post["keepers"]] == [
        ("mada", "Ada", False),
        ("VABCD", "", True),
    ]
    steps = [step["what"] for step in shown["history"]]
    assert steps[-5:] == ["accounted", "post_opened", "post_joined", "post_joined", "post_checked_in"]
    assert shown["history"][-5]["by"] == "Ada"


async def test_the_numbers_are_those_of_the_event_and_of_an_older_one_those_of_its_people(
    rig: Rig, ada: str
) -> None:
    who: Any = {"incident_id": INCIDENT, "member": "mada", "group": "hackney"}
    people = ac.Fates(people={"PAAA": "let_go", "PBBB": "released"})
    await rig.publish(
        ac.IncidentAccounted(
            **rig.base(), **who, fates=ac.Fates(people={"PAAA": "unknown", "PBBB": "released"})
        )
    )
    await rig.shown()
    _, shown = await rig.ask("GET", "/v1/desk/incidents/D7K", ada)
    assert shown["tally"] == {"let_go": 0, "taken": 2, "unknown": 0}
    await rig.publish(ac.IncidentAccounted(**rig.base(), **who, fates=people, tally=Tally(let_go=4, taken=1)))
    await rig.shown()
    _, shown = await rig.ask("GET", "/v1/desk/incidents/D7K", ada)
    assert shown["tally"] == {"let_go": 4, "taken": 1, "unknown": 0}
    assert (shown["arrested"], shown["aftercare"]["fates"]) == (1, {"let_go": 1, "released": 1})


async def test_a_volunteer_from_outside_gets_a_tag_and_the_same_one_again(rig: Rig, ada: str) -> None:
    body = {"incident": "D7K", "post": "p1", "outside": True, "id": "c1"}
    _, first = await rig.ask("POST", "/v1/desk/post_join", ada, json=body)
    _, second = await rig.ask("POST", "/v1/desk/post_join", ada, json=body)
    assert first["made"] == second["made"] == made_tag("mada.c1")
    command = await last_command(rig)
    assert isinstance(command, ac.JoinPost)
    assert command.tag == first["made"]


async def test_where_a_post_is_travels_sealed(rig: Rig, ada: str) -> None:
    body = {"incident": "D7K", **TIMES, "label": "Front door of the station"}
    await rig.ask("POST", "/v1/desk/post", ada, json=body)
    entry = await rig.bus.get("DESK", await rig.bus.last_seq("DESK"))
    assert entry is not None
    assert b"Front door" not in entry.body


async def test_a_refusal_says_what_to_do(rig: Rig, ada: str) -> None:
    rig.refuse = "not_accounted_for"
    status, answer = await rig.ask("POST", "/v1/desk/end", ada, json={"incident": "D7K", "stage": "closed"})
    assert (status, answer["code"]) == (409, "not_accounted_for")
    assert "account" in answer["detail"]


async def test_the_card_is_the_reviewed_one(rig: Rig, ada: str) -> None:
    _, card = await rig.ask("GET", "/v1/desk/card?language=xx", ada)
    assert card == shift_card("en").model_dump(mode="json")
    _, own = await rig.ask("GET", "/v1/desk/card?language=ur", ada)
    assert (own["language"], own["version"], own["lines"] != card["lines"]) == ("ur", card["version"], True)
    assert (await rig.ask("GET", "/v1/desk/card"))[0] == 401


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "1 person taken: 1 released. 2 people let go."),
        ({"taken": 3}, "3 people taken: 1 released, 2 not known yet."),
        ({"let_go": 1}, "1 person taken: 1 released. 1 person let go."),
    ],
)
async def test_the_preview_of_a_close_tells_the_numbers_that_will_be_told(
    rig: Rig, ada: str, asked: dict[str, Any], told: str
) -> None:
    hook = ChannelDefinition(id="hook", kind="webhook", audience="verifiers", settings={
        "url": "env:NO_SUCH_URL", "path": "/x", "secret": "env:NO_SUCH_SECRET"})  # fmt: skip
    await rig.group("hackney", [hook], version=2)
    who: Any = {"incident_id": INCIDENT, "member": "mada", "group": "hackney"}
    tally = desk.Tally(let_go=2, taken=1)
    await rig.publish(
        IncidentEnded(**rig.base(), **who, stage="officers_left", tally=tally),
        ac.IncidentAccounted(**rig.base(), **who, fates=ac.Fates(people={"PAAA": "released"})),
    )
    await rig.shown()
    body = {"incident": "D7K", "stage": "closed", **asked}
    _, preview = await rig.ask("POST", "/v1/desk/end/preview", ada, json=body)
    assert [told in send["text"] for send in preview["sends"]] == [True]


@pytest.mark.parametrize(
    ("in_min", "told"),
    [(29, "lacks people"), (31, "people are needed outside the police station")],
)
async def test_the_preview_of_a_post_shows_the_words_that_will_go_out(
    rig: Rig, ada: str, in_min: int, told: str
) -> None:
    """Of a post that begins soon it is said at once that it lacks people; of another, that one was opened."""
    hook = ChannelDefinition(id="hook", kind="webhook", audience="verifiers", settings={
        "url": "env:NO_SUCH_URL", "path": "/x", "secret": "env:NO_SUCH_SECRET"})  # fmt: skip
    await rig.group("hackney", [hook], version=2)
    who: Any = {"incident_id": INCIDENT, "member": "mada", "group": "hackney"}
    await rig.publish(IncidentEnded(**rig.base(), **who, stage="officers_left", tally=desk.Tally(taken=1)))
    await rig.shown()
    begins = rig.clock.now() + timedelta(minutes=in_min)
    times = {"begins": begins.isoformat(), "ends": (begins + timedelta(hours=2)).isoformat()}
    body = {"incident": "D7K", "label": "Stoke Newington police station", **times}
    _, preview = await rig.ask("POST", "/v1/desk/post/preview", ada, json=body)
    assert [told in send["text"] for send in preview["sends"]] == [True], preview
