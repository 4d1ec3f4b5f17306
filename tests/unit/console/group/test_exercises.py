"""The page of exercises: who may begin one, what it shows, and that nobody outside the group learns of it."""

import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.exercise_views import Played, standing
from services.console.decide.group.training import scenarios, speed_for
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import Position
from shared.contracts.catalog import decode_each
from shared.contracts.drills import DrillMessage
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived
from shared.exercises import path_of, played_id
from shared.scenarios import shipped
from shared.words import drill_told_message
from tests.rigs.console import until
from tests.rigs.desk import COMMUNITY, HACKNEY, VERIFIERS, DeskRig, desk_rig
from tests.rigs.group_admin import Person

HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
AWAY = Position(lat=51.5483, lon=-0.0745, accuracy_m=15)
RAID = "Immigration raid at Ashwin Street E8, two vans"
PAGE = "/groups/hackney/drills"
APART = (
    ("Immigration officers at the market on Ridley Road", 51.5483, -0.0745),
    ("Border Force vans outside the town hall in Mare Street", 51.5450, -0.0553),
    ("Immigration raid at a shop by Clapton Pond", 51.5590, -0.0560),
    ("Six immigration officers take a man from his home in Hackney Wick", 51.5430, -0.0260),
)
"""One event more than verifiers hear of singly."""
CARRIES = VERIFIERS.model_copy(update={"drills": True})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path, ingest_public_url="https://report.example") as found:
        await found.group("hackney", channels=[CARRIES, COMMUNITY])
        for name, role in (("Dora", "dispatcher"), ("Vera", "verifier"), ("Adam", "admin")):
            await found.member(name, hackney=role)  # type: ignore[arg-type]
        yield found


async def person(desk: DeskRig, name: str) -> Person:
    return Person(desk.rig, await desk.rig.signed_in(name))


async def begun(desk: DeskRig, who: Person, what: str = "ourselves", minutes: str = "30") -> dict[str, Any]:
    assert await who.send(PAGE + "/begin", what=what, minutes=minutes) == 200
    (exercise,) = await desk.rig.store.listed("exercises:hackney", "exercise")
    return exercise


async def test_an_exercise_is_begun_and_ended_with_a_button(desk: DeskRig) -> None:
    dora = await person(desk, "Dora")
    assert await dora.get(PAGE) == 200
    assert "Begin the exercise" in dora.text
    exercise = await begun(desk, dora)
    link = "https://report.example" + path_of(desk.rig.keyring.master, exercise["id"])
    assert link in html.unescape(dora.text)
    assert "<svg" in dora.text  # to scan
    assert "Begin the exercise" not in dora.text
    assert f'href="{PAGE}/end"' in dora.text
    assert await dora.get(PAGE + "/end") == 200
    assert await dora.send(PAGE + "/end", exercise=exercise["id"]) == 200
    assert "The exercise has ended" in dora.text
    assert link not in dora.text
    assert "Begin the exercise" in dora.text


async def test_what_came_of_it_is_told_in_the_order_in_which_it_happened(desk: DeskRig) -> None:
    dora = await person(desk, "Dora")
    await begun(desk, dora)
    await desk.report(RAID + " this one is real", at=Position(lat=51.5545, lon=-0.0545, accuracy_m=15))
    await desk.drill(RAID, at=HERE, first_hand=True)
    (incident,) = [i for i in await desk.incidents("Dora") if i["drill"]]
    desk.rig.clock.forward(minutes=2, seconds=5)
    await desk.act("claim", "Vera", incident=incident["code"])
    desk.rig.clock.forward(minutes=5)
    await desk.act("confirm", "Dora", incident=incident["code"], text="Two vans.")
    await dora.get(PAGE)
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", dora.text))
    assert incident["code"] in plain
    assert re.search(r"Somebody took it after 2 min 5 s .*Confirmed after 7 min 5 s .*Ended not yet", plain)
    (real,) = [i for i in await desk.incidents("Dora") if not i["drill"]]
    assert real["code"] not in plain
    (exercise,) = await desk.rig.store.listed("exercises:hackney", "exercise")
    await dora.send(PAGE + "/end", exercise=exercise["id"])
    assert f"Still open from an earlier exercise: {incident['code']}" in dora.text


async def test_who_was_told_in_a_digest_was_told(desk: DeskRig) -> None:
    dora = await person(desk, "Dora")
    await begun(desk, dora)
    for text, lat, lon in APART:
        await desk.drill(text, at=Position(lat=lat, lon=lon, accuracy_m=15), first_hand=True)
    assert len(await desk.incidents("Dora")) == 4
    await dora.get(PAGE)
    assert dora.text.count("<dt>Verifiers told</dt><dd>not yet</dd>") == 1
    desk.rig.clock.forward(minutes=5)

    async def digested() -> bool:
        found = [await desk.rig.store.incident(i["code"]) or {} for i in await desk.incidents("Dora")]
        return any(i.get("digests") for i in found)

    await until(digested, within_s=60)
    await dora.get(PAGE)
    assert "<dt>Verifiers told</dt><dd>not yet</dd>" not in dora.text


async def test_a_scenario_is_put_into_the_log_at_the_chosen_pace(desk: DeskRig) -> None:
    adam = await person(desk, "Adam")
    exercise = await begun(desk, adam, "dalston-2022", "15")
    assert (exercise["name"], exercise["count"]) == ("dalston-2022", 33)
    assert exercise["lasts_s"] == pytest.approx(15 * 60)
    assert exercise["messages"][0]["text"] == shipped()["dalston-2022"][0].text
    assert "Dalston 2022" in adam.text
    await adam.send(PAGE + "/end", exercise=exercise["id"])
    (exercise,) = await desk.rig.store.listed("exercises:hackney", "exercise")
    assert exercise["messages"] == []  # nothing is kept that is not played any more


async def test_before_it_is_ended_one_sees_who_will_be_told_what_and_what_is_still_open(
    desk: DeskRig,
) -> None:
    dora = await person(desk, "Dora")
    exercise = await begun(desk, dora)
    assert "formaction" not in dora.text, "nothing on the page itself ends it"
    assert f'action="{PAGE}/end"' not in dora.text
    await desk.drill(RAID, at=HERE, first_hand=True)
    (incident,) = await desk.incidents("Dora")
    await dora.get(PAGE + "/end")
    assert f"Still open: {incident['code']}" in plain(dora)
    said = re.search(r"<blockquote[^>]*>(.*?)</blockquote>", dora.text, re.DOTALL)
    assert said
    await dora.send(PAGE + "/end", exercise=exercise["id"])
    alert = [a for a in await alerts_told(desk) if a.kind == "DRILL_ENDED"]
    group = await desk.rig.store.one("group:hackney") or {}
    definition = GroupDefinition.model_validate(group["definition"])
    assert [drill_told_message(a, definition, "en").text for a in alert] == [html.unescape(said[1])]


async def alerts_told(desk: DeskRig) -> list[AlertRaised]:
    last = await desk.rig.bus.last_seq("DECISIONS")
    entries = [await desk.rig.bus.get("DECISIONS", n) for n in range(1, last + 1)]
    found = [part for entry in entries if entry for part in decode_each(entry)]
    return [part for part in found if isinstance(part, AlertRaised)]


async def test_where_no_channel_carries_exercises_nobody_is_told_of_the_end_and_that_is_said(
    desk: DeskRig,
) -> None:
    await desk.group("quiet", ())
    await desk.member("Quinn", quiet="dispatcher")
    quinn = await person(desk, "Quinn")
    await quinn.send("/groups/quiet/drills/begin", what="ourselves")
    await quinn.get("/groups/quiet/drills/end")
    assert "Nobody is told of it: no channel to verifiers carries exercises." in quinn.text


async def test_there_is_no_end_to_ask_about_where_none_goes_on_or_one_may_not(desk: DeskRig) -> None:
    dora, vera = await person(desk, "Dora"), await person(desk, "Vera")
    assert await dora.get(PAGE + "/end") == 404
    await begun(desk, dora)
    assert await vera.get(PAGE + "/end") == 403


async def test_whoever_may_not_begin_one_reads_what_the_page_is_for(desk: DeskRig) -> None:
    vera = await person(desk, "Vera")
    await vera.get(PAGE)
    assert "No exercise goes on now. When one does, you see here what comes of it." in plain(vera)


def plain(who: Person) -> str:
    text = re.sub("[\u2066-\u2069]", "", html.unescape(re.sub(r"<[^>]+>", " ", who.text)))
    return re.sub(r"\s+", " ", text)


async def test_it_is_over_by_itself(desk: DeskRig) -> None:
    dora = await person(desk, "Dora")
    await begun(desk, dora)
    desk.rig.clock.forward(hours=4)
    await dora.get(PAGE)
    assert "An exercise goes on" not in dora.text
    assert "Begin the exercise" in dora.text


async def test_two_at_once_are_refused_with_the_reason(desk: DeskRig) -> None:
    dora, adam = await person(desk, "Dora"), await person(desk, "Adam")
    await begun(desk, dora)
    assert await adam.send(PAGE + "/begin", what="ourselves") == 409
    assert "goes on already" in adam.text


@pytest.mark.parametrize("what", ["", "nonsense", "../dalston-2022"])
async def test_a_choice_that_is_none_is_asked_for_again(desk: DeskRig, what: str) -> None:
    dora = await person(desk, "Dora")
    assert await dora.send(PAGE + "/begin", what=what) == 422
    assert "Choose what is reported" in dora.text
    assert await desk.rig.store.listed("exercises:hackney", "exercise") == []


@pytest.mark.parametrize("exercise", ["", "nosuch", "a b", "x" * 64])
async def test_ending_what_is_none_is_refused(desk: DeskRig, exercise: str) -> None:
    dora = await person(desk, "Dora")
    assert await dora.send(PAGE + "/end", exercise=exercise) in {404, 409}
    assert "no such exercise" in dora.text


async def test_a_verifier_sees_it_and_may_not_begin_or_end_it(desk: DeskRig) -> None:
    dora, vera = await person(desk, "Dora"), await person(desk, "Vera")
    assert await vera.send(PAGE + "/begin", what="ourselves") == 403
    assert "In your group: Adam · Dora." in vera.text
    exercise = await begun(desk, dora)
    assert await vera.get(PAGE) == 200
    assert "/exercise/" in vera.text
    assert "End the exercise" not in vera.text
    assert 'name="channel"' not in vera.text
    assert await vera.send(PAGE + "/end", exercise=exercise["id"]) == 403


async def test_who_only_runs_the_hub_chooses_channels_and_sees_nothing_of_it(desk: DeskRig) -> None:
    dora, op = await person(desk, "Dora"), await person(desk, "op")
    await begun(desk, dora)
    await desk.drill(RAID, at=HERE)
    assert await op.get(PAGE) == 200
    assert 'name="channel"' in op.text
    assert "Ashwin" not in op.text
    assert "/exercise/" not in op.text
    assert await op.send(PAGE + "/begin", what="ourselves") == 403


async def test_people_of_other_groups_are_shown_nothing(desk: DeskRig) -> None:
    await desk.group("peckham")
    await desk.member("Paula", peckham="admin")
    paula = await person(desk, "Paula")
    for path in (PAGE, PAGE + "/begin", PAGE + "/end"):
        assert await (paula.get(path) if path == PAGE else paula.send(path)) == 403


def test_what_waits_for_a_person_and_what_is_of_another_time_is_told_apart() -> None:
    begun, later = "2022-05-14T18:00:00+00:00", "2022-05-14T18:10:00+00:00"
    exercise = {
        "id": "d1", "name": None, "speed": 1.0, "count": 0, "lasts_s": 0.0, "ended_at": later,
        "at": begun, "begun_at": begun, "until": "2022-05-14T22:00:00+00:00",
    }  # fmt: skip
    held = [
        {"at": "2022-05-14T18:05:00+00:00", "drill": True},
        {"at": "2022-05-14T18:05:00+00:00", "drill": False},
        {"at": "2022-05-14T17:59:00+00:00", "drill": True},
        {"at": "2022-05-14T19:30:00+00:00", "drill": True},
    ]
    now = datetime(2022, 5, 14, 18, 9, tzinfo=UTC)
    found = standing(exercise, [], {}, held, now)
    assert (found.held, found.reports, found.goes_on) == (1, 1, False)


def test_every_message_that_is_played_is_accounted_for() -> None:
    exercise = {
        "id": "d1", "name": "an-evening", "speed": 1.0, "count": 9, "lasts_s": 60.0, "ended_at": None,
        "at": "2022-05-14T18:00:00+00:00", "begun_at": "2022-05-14T18:00:00+00:00",
        "until": "2022-05-14T22:00:00+00:00",
    }  # fmt: skip
    sent = [
        {"outcome": "opened", "reason": "placed_report", "incident": "i1"},
        {"outcome": "attached", "reason": "same_text", "incident": "i1"},
        {"outcome": "held", "reason": "no_place", "incident": "i1", "settled": "joined"},
        {"outcome": "held", "reason": "no_place"},
        {"outcome": "held", "reason": "rumour", "settled": "expired"},
        {"outcome": "ignored", "reason": "chatter"},
        {"outcome": "ignored", "reason": "spam"},
        {"outcome": "ignored", "reason": "spam"},
        {"report_id": "known, but not decided yet"},
    ]
    found = standing(exercise, [], {}, [], datetime(2022, 5, 14, 18, 9, tzinfo=UTC), sent=sent).played
    assert found == Played(3, 1, 1, 1, {"spam": 2, "chatter": 1}, 1)
    assert list(found.aside) == ["spam", "chatter"]
    assert found.joined + found.waiting + found.lapsed + sum(found.aside.values()) + found.coming == 9


async def test_the_page_says_what_became_of_each_message(desk: DeskRig) -> None:
    dora = await person(desk, "Dora")
    exercise = await begun(desk, dora, what="dalston-2022")
    master, base = desk.rig.keyring.master, {"at": desk.rig.clock.now(), "bridge": "api", "drill": True}
    for number, text in enumerate((RAID, RAID, "lovely weather for a walk today")):
        report = played_id(master, exercise["id"], number)
        content = ReportContent(text=text, sender=f"s{number}", position=HERE if text == RAID else None)
        await desk.put(ReportReceived(**base, id=report, report_id=report, content=content))
    await until(lambda: shown(desk, played_id(master, exercise["id"], 2)))
    await dora.get(PAGE)
    text = re.sub("[\u2066-\u2069]", "", html.unescape(dora.text))
    assert f"Messages that have come: 3 of {exercise['count']}" in text
    assert f"What became of the {exercise['count']} messages that are sent for you" in text
    assert "What your own people sent" not in text
    assert "In incidents: 2. Of these copies in the same words: 1." in text
    assert "Set aside as no news of a raid: 1." in text
    assert f"Still to come: {exercise['count'] - 3}." in text
    await desk.drill(
        "I am at the market on Ridley Road E8: immigration officers, one van", at=AWAY, sender="us"
    )
    await dora.get(PAGE)
    assert "What your own people sent In incidents: 1." in plain(dora)
    await dora.send(PAGE + "/end", exercise=exercise["id"])
    assert "Not sent, because the exercise ended before" in dora.text


def test_what_people_sent_themselves_is_counted_beside_what_was_played() -> None:
    times = {"at": "2022-05-14T18:00:00+00:00", "begun_at": "2022-05-14T18:00:00+00:00"}
    exercise = {
        "id": "d1", "name": "an-evening", "speed": 1.0, "count": 2, "lasts_s": 60.0, "ended_at": None,
        "until": "2022-05-14T22:00:00+00:00", **times,
    }  # fmt: skip
    at = "2022-05-14T18:05:00+00:00"
    one = {"code": "AB2", "status": "likely", "drill": True, "opened_at": at}
    incidents = [
        {**one, "id": "i1", "reports": 5, "sources": ["i1", "i2"]},
        {**one, "id": "i2", "reports": 2, "sources": ["i2"], "status": "merged"},
    ]
    sent = [
        {"outcome": "opened", "reason": "placed_report", "incident": "i1"},
        {"outcome": "attached", "reason": "same_text", "incident": "i2"},
    ]
    held = [{"at": at, "drill": True}]
    found = standing(exercise, incidents, {}, held, datetime(2022, 5, 14, 18, 9, tzinfo=UTC), sent=sent)
    assert (found.reports, found.own_joined, found.own_waiting) == (6, 3, 1)


async def shown(desk: DeskRig, report: str) -> bool:
    return bool((await desk.rig.store.one(f"report:{report}") or {}).get("outcome"))


# --- what can be played ---------------------------------------------------------------------------


def district(lat: float, _lon: float) -> str:
    return "G41" if lat > 53 else "E8" if lat > 51.53 else "SE15"


def nowhere(_lat: float, _lon: float) -> None:
    return None


@pytest.mark.parametrize(
    ("area", "ours"),
    [
        (Area(polygons=(HACKNEY,)), {"dalston-2022"}),
        (Area(outcodes=("E8",)), {"dalston-2022"}),
        (Area(outcodes=("G41",)), {"kenmure-street-2021"}),
        (Area(outcodes=("SE15", "E8")), {"dalston-2022", "peckham-2022"}),
        (Area(), set()),
    ],
)
def test_a_scenario_whose_places_are_elsewhere_is_not_offered(area: Area, ours: set[str]) -> None:
    found = scenarios(shipped(), area, district)
    assert {s.name for s in found if s.ours} == ours
    assert [s.ours for s in found] == sorted((s.ours for s in found), reverse=True)


def test_the_three_scenarios_can_be_trained_with() -> None:
    found = {s.name: s for s in scenarios(shipped(), Area(), nowhere)}
    assert {n: (s.messages, s.minutes) for n, s in found.items()} == {
        "dalston-2022": (33, 120),
        "peckham-2022": (30, 240),
        "kenmure-street-2021": (31, 465),
    }


@pytest.mark.parametrize(("minutes", "speed"), [(0, 1), (15, 8), (120, 1), (600, 1)])
def test_a_scenario_goes_no_slower_than_it_was(minutes: int, speed: float) -> None:
    messages = [DrillMessage(t=t, sender="a", text="vans") for t in (0, timedelta(hours=2).total_seconds())]
    assert speed_for(messages, minutes) == speed
