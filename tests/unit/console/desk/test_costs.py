"""What a message costs before it goes, and who gets it by SMS once the month's money is not enough."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.costs import missing_choice
from services.console.models import Cost
from shared.contracts.alerts import AlertRaised
from shared.contracts.base import AlertId, GroupId
from shared.contracts.catalog import decode_each
from shared.contracts.groups import ChannelDefinition, Policy
from shared.contracts.ledger import (
    AlertExpanded,
    ChunkSettled,
    Following,
    RecipientOutcome,
    StandIn,
    SubscribersCounted,
)
from shared.money import pounds
from tests.rigs.desk import VERIFIERS, DeskRig, desk_rig
from tests.rigs.desk_pages import Browser, browser
from tests.unit.console.desk.test_desk_pages import one_raid, status_of

TEXTS = ChannelDefinition(
    id="texts",
    kind="twilio",
    audience="community",
    settings={
        "account_sid": "AC" + "0" * 32,
        "auth_token": "env:HACKNEY__T",
        "sender": "Hackney",
        "to": ["+447700900123", "+447700900124"],
        "price_pence": 5,
    },
)
PEOPLE = {"language": "en", "max_chars": 306, "sms": True, "price_pence": 4.0, "kind": "twilio-sms"}
WITNESSES = Following(channel="sub_join_en_w", choice="witness", people=10, **PEOPLE)
FACTS = Following(channel="sub_join_en_i", choice="information", people=30, **PEOPLE)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.member("Ada", hackney="dispatcher")
        await found.member("Ben", hackney="dispatcher")
        yield found


async def opens(desk: DeskRig, **policy: Any) -> str:
    """A group whose texts cost, with forty subscribers, and a raid; its code."""
    await desk.group("hackney", channels=[TEXTS, VERIFIERS], policy=Policy(**policy))
    following = (WITNESSES, FACTS)
    counted = SubscribersCounted(
        id="f1", at=desk.rig.clock.now(), group=GroupId("hackney"), total=40, following=following
    )
    await desk.put(counted)
    await desk.rig.shown()
    return await one_raid(desk)


async def spends(desk: DeskRig, pence: float, alert: str = "before") -> None:
    """What the notifier recorded of an earlier message of this month."""
    await desk.put(
        AlertExpanded(
            id=f"x.{alert}",
            at=desk.rig.clock.now(),
            alert_id=AlertId(alert),
            group=GroupId("hackney"),
            audience="community",
            chunks=(tuple(f"texts:{n}" for n in range(10)),),
            prices={"texts": pence / 10},
        )
    )
    await desk.rig.shown()


async def preview(desk: DeskRig, command: str = "confirm", **asked: Any) -> Any:
    code = (await desk.incidents("Ada"))[0]["code"]
    body = {"incident": code, **asked}
    _, found = await desk.rig.ask("POST", f"/v1/desk/{command}/preview", desk.tokens["Ada"], json=body)
    return found


async def confirming(desk: DeskRig, code: str, who: str = "Ada") -> Browser:
    """Somebody who looks at what would go out."""
    page = await browser(desk, who)
    await page.get(f"/desk/{code}/confirm")
    await page.send(f"/desk/{code}/confirm", text="Six officers at the corner", ask="WITNESSES")
    return page


async def told_by(desk: DeskRig) -> list[AlertRaised]:
    """The alerts to the community that the router raised."""
    found = []
    for seq in range(1, await desk.rig.bus.last_seq("DECISIONS") + 1):
        entry = await desk.rig.bus.get("DECISIONS", seq)
        found += [m for m in (decode_each(entry) if entry else ()) if isinstance(m, AlertRaised)]
    return [alert for alert in found if alert.audience == "community"]


async def test_subscribers_are_counted_as_people_and_as_money(desk: DeskRig) -> None:
    await opens(desk)
    found = await preview(desk, ask="WITNESSES")
    by = {(s["channel"], s["choice"]): s for s in found["sends"] if s["audience"] == "community"}
    assert {key: s["recipients"] for key, s in by.items()} == {
        ("texts", None): 2,
        ("sub_join_en_w", "witness"): 10,
        ("sub_join_en_i", "information"): 30,
    }
    assert "WITNESSES" in by["sub_join_en_w", "witness"]["text"]
    assert "WITNESSES" not in by["sub_join_en_i", "information"]["text"]
    (cost,) = found["costs"]
    assert cost["people"] == 42
    segments = {key: s["segments"] for key, s in by.items()}
    expected = sum(
        s["segments"] * s["recipients"] * (5 if s["channel"] == "texts" else 4) for s in by.values()
    )
    assert cost["pence"] == pytest.approx(expected)
    assert cost["segments"] == [min(segments.values()), max(segments.values())]
    assert (cost["cap_pounds"], cost["asks"]) == (None, False)


async def test_subscribers_count_for_the_second_person(desk: DeskRig) -> None:
    code = await opens(desk, second_person_above=41)
    answer = await desk.act("confirm", "Ada", incident=code, ask="NONE")
    assert answer["reason"] == "second_person_needed"


async def test_the_page_says_the_cost_in_pounds_and_people(desk: DeskRig) -> None:
    code = await opens(desk, sms_pounds_a_month=100)
    await spends(desk, 1_250)
    page = await confirming(desk, code)
    assert "42 people by SMS, segments each: 2" in page.text
    assert "this month so far £12.50 of £100.00" in page.text
    assert "Subscribers who can come" in page.text
    assert 'name="sms_to"' not in page.text


async def test_at_the_cap_the_page_asks_who_gets_it_and_nothing_goes_before_it_knows(desk: DeskRig) -> None:
    code = await opens(desk, sms_pounds_a_month=1)
    page = await confirming(desk, code)
    assert page.text.count('name="sms_to"') == 3
    await page.send(f"/desk/{code}/confirm", send="1")
    assert page.status == 422
    assert "Choose who gets it by SMS" in page.text
    await page.send(f"/desk/{code}/confirm", send="1", sms_to="everyone")
    assert "Say why everyone gets it" in page.text
    assert 'value="everyone" checked' in page.text
    assert await status_of(desk, code) != "confirmed"
    await page.send(f"/desk/{code}/confirm", send="1", sms_to="everyone", sms_reason="Twelve are held")
    assert await status_of(desk, code) == "confirmed"
    (alert,) = await told_by(desk)
    assert alert.sms_to == "everyone"
    page = await browser(desk, "Ben")
    await page.get(f"/desk/{code}")
    assert "SMS beyond the month" in unescape(page.text)
    assert "Twelve are held" in page.text


async def test_why_it_went_over_the_cap_lies_nowhere_in_clear(desk: DeskRig) -> None:
    code = await opens(desk, sms_pounds_a_month=1)
    said = {"sms_to": "everyone", "sms_reason": "Twelve are held"}
    await desk.act("confirm", "Ada", incident=code, ask="NONE", **said)
    for stream in ("DESK", "DECISIONS"):
        for seq in range(1, await desk.rig.bus.last_seq(stream) + 1):
            entry = await desk.rig.bus.get(stream, seq)
            assert entry is None or b"Twelve" not in entry.body


@pytest.mark.parametrize(
    ("sms_to", "reason", "status"),
    [
        (None, None, 422),
        ("everyone", None, 422),
        ("everyone", "  ", 422),
        ("everyone", "It is large", 200),
        ("nobody", None, 200),
        ("witnesses", None, 200),
    ],
)
async def test_the_api_asks_the_same(
    desk: DeskRig, sms_to: str | None, reason: str | None, status: int
) -> None:
    code = await opens(desk, sms_pounds_a_month=1)
    body = {"incident": code, "sms_to": sms_to, "sms_reason": reason, "id": "c1"}
    got, answer = await desk.rig.ask("POST", "/v1/desk/confirm", desk.tokens["Ada"], json=body)
    assert got == status, answer
    if got == 422:
        assert answer["code"] in {"needs_sms_to", "needs_sms_reason"}
    again, _ = await desk.rig.ask("POST", "/v1/desk/confirm", desk.tokens["Ada"], json=body)
    assert again == status, "the same command again has the same answer"


async def test_an_end_is_never_asked_about_and_counts_those_who_heard(desk: DeskRig) -> None:
    code = await opens(desk, sms_pounds_a_month=1)
    await desk.act("confirm", "Ada", incident=code, sms_to="witnesses")
    (alert,) = await told_by(desk)
    await desk.put(
        AlertExpanded(
            id="x1",
            at=desk.rig.clock.now(),
            alert_id=alert.alert_id,
            group=alert.group,
            incident_id=alert.incident_id,
            audience="community",
            chunks=(tuple(f"sub_join_en_w:{n}" for n in range(7)),),
            prices={"sub_join_en_w": 8.0},
            over_cap=("texts", "sub_join_en_i"),
            not_told={"over_cap": 32},
        )
    )
    await desk.rig.shown()
    found = await preview(desk, "end", stage="officers_left")
    followers = {s["channel"]: s["recipients"] for s in found["sends"] if s["choice"]}
    assert followers == {"sub_join_en_w": 7}
    assert not any(cost["asks"] for cost in found["costs"])
    page = await browser(desk, "Ada")
    await page.get(f"/desk/{code}")
    assert "32 people got no SMS: the month&#39;s money is spent" in page.text


@pytest.mark.parametrize(
    ("pence", "words"),
    [
        (7_999, None),
        (8_000, "Hackney Watch: SMS have cost about £80.00 of £100.00 this month."),
        (10_100, "SMS have cost about £101.00 this month, and £100.00 is the group's limit."),
    ],
)
async def test_the_list_says_that_money_goes(desk: DeskRig, pence: float, words: str | None) -> None:
    await opens(desk, sms_pounds_a_month=100)
    await spends(desk, pence)
    page = await browser(desk, "Ada")
    shown = unescape(await page.get("/desk"))
    assert words in shown if words else "SMS have cost" not in shown


async def test_what_was_refused_is_given_back(desk: DeskRig) -> None:
    await opens(desk, sms_pounds_a_month=100)
    await spends(desk, 5_000)
    await desk.put(
        ChunkSettled(
            id="s1",
            at=desk.rig.clock.now(),
            alert_id=AlertId("before"),
            group=GroupId("hackney"),
            chunk=0,
            attempt=1,
            outcomes=tuple(refused(f"texts:{n}") for n in range(9)),
        )
    )
    await desk.rig.shown()
    assert (await preview(desk))["costs"][0]["spent_pence"] == 500.0


async def test_whoever_stands_in_for_others_costs_when_they_are_told(desk: DeskRig) -> None:
    await opens(desk, sms_pounds_a_month=100)
    common = {"alert_id": AlertId("before"), "group": GroupId("hackney"), "at": desk.rig.clock.now()}
    frozen = AlertExpanded(
        id="x1",
        audience="community",
        chunks=(("chat:0",), ("texts:0", "texts:1")),
        stand_ins={f"texts:{n}": StandIn(of="chat") for n in range(2)},
        prices={"texts": 8.0},
        **common,
    )
    await desk.put(frozen)
    await desk.rig.shown()
    assert (await preview(desk))["costs"][0]["spent_pence"] == 0.0
    told = RecipientOutcome(recipient="texts:1", result="delivered", channel_kind="twilio", reason="ok")
    await desk.put(ChunkSettled(id="s1", chunk=1, attempt=1, outcomes=(told,), **common))
    await desk.rig.shown()
    assert (await preview(desk))["costs"][0]["spent_pence"] == 8.0


def refused(recipient: str) -> RecipientOutcome:
    """It came too late for this one."""
    return RecipientOutcome(recipient=recipient, result="rejected", channel_kind="twilio", reason="expired")


def cost(**more: Any) -> Cost:
    fields = {
        "group": "g",
        "pence": 1.0,
        "people": 1,
        "segments": (1, 1),
        "spent_pence": 0.0,
        "cap_pounds": 1.0,
    }
    return Cost(**{**fields, "asks": True, **more})


@pytest.mark.parametrize(
    ("costs", "sms_to", "reason", "lacks"),
    [
        ([], None, None, None),
        ([cost(asks=False)], None, None, None),
        ([cost(asks=False), cost()], None, None, "sms_to"),
        ([cost()], "nobody", None, None),
        ([cost()], "everyone", "", "sms_reason"),
        ([cost()], "everyone", "so", None),
    ],
)
def test_what_a_command_lacks(
    costs: list[Cost], sms_to: str | None, reason: str | None, lacks: str | None
) -> None:
    assert missing_choice(costs, sms_to, reason) == lacks


@pytest.mark.parametrize(
    ("pence", "shown"),
    [(0.0, "£0.00"), (0.2, "£0.01"), (320.0, "£3.20"), (320.1, "£3.21"), (100 * 3.3, "£3.30")],
)
def test_pence_are_said_in_pounds(pence: float, shown: str) -> None:
    assert pounds(pence) == shown
