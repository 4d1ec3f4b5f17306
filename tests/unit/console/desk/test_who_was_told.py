"""Who was told, on the desk's page: what waits for a digest, what went out, what arrived."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.contracts.base import AlertId, GroupId, Position
from shared.contracts.ledger import AlertExpanded, AlertSettled, ChunkSettled, RecipientOutcome
from tests.rigs.console import until
from tests.rigs.desk import VERIFIERS, DeskRig, desk_rig
from tests.rigs.desk_pages import browser

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[VERIFIERS])
        await found.member("Ada", hackney="dispatcher")
        yield found


async def one_raid(desk: DeskRig) -> str:
    await desk.report(RAID, at=HERE, first_hand=True)
    return str((await desk.incidents("Ada"))[0]["code"])


async def told(desk: DeskRig, code: str) -> str:
    """What the page says under "Who was told"."""
    page = await (await browser(desk, "Ada")).get(f"/desk/{code}")
    return page.partition('id="h-told"')[2].partition("</section>")[0]


async def timeline(desk: DeskRig, code: str) -> str:
    page = await (await browser(desk, "Ada")).get(f"/desk/{code}")
    return page.partition('id="h-time"')[2].partition("</section>")[0]


async def pass_time(desk: DeskRig, code: str, *, minutes: float, until_step: str) -> None:
    """Let time pass until the router has done that."""
    desk.rig.clock.forward(minutes=minutes)

    async def done() -> bool:
        steps = (await desk.rig.store.incident(code) or {}).get("timeline", ())
        return any(step["what"] == until_step for step in steps)

    await until(done, within_s=60)
    await desk.rig.shown()


async def digest_of(desk: DeskRig, code: str) -> str:
    incident = await desk.rig.store.incident(code) or {}
    return str(incident["digests"][-1])


async def test_what_waits_for_a_digest_is_said_to_wait_and_then_to_have_been_in_it(desk: DeskRig) -> None:
    await desk.act("flood", "Ada", group="hackney", on=True)
    code = await one_raid(desk)
    shown = await told(desk, code)
    assert "Not told yet" in shown
    assert "Hackney Watch" in shown
    assert "Nobody yet" not in shown
    await pass_time(desk, code, minutes=5, until_step="digested")
    shown = await told(desk, code)
    assert "Not told yet" not in shown
    assert "<strong>Digest</strong>" in shown
    assert "on its way" in shown
    assert "In a digest to the verifiers of Hackney Watch" in await timeline(desk, code)
    alert = await digest_of(desk, code)
    outcome = RecipientOutcome(
        recipient="hook:0", result="delivered", channel_kind="webhook", reason="delivered"
    )
    base = {"alert_id": AlertId(alert), "group": GroupId("hackney")}
    await desk.rig.publish(
        AlertExpanded(**desk.rig.base(), **base, audience="verifiers", chunks=(("hook:0",),)),
        ChunkSettled(**desk.rig.base(), **base, chunk=0, attempt=1, outcomes=(outcome,)),
    )
    await desk.rig.shown()
    assert "webhook: accepted 1" in await told(desk, code)


@pytest.mark.parametrize("drill", [True, False])
async def test_whom_no_channel_reaches_is_said_with_what_to_do_and_who_can(
    desk: DeskRig, *, drill: bool
) -> None:
    await desk.group("hackney", channels=[])
    await desk.member("Adam", hackney="admin")
    await (desk.drill if drill else desk.report)(RAID, at=HERE, first_hand=True)
    incident = (await desk.incidents("Ada"))[0]
    (alert,) = (await desk.rig.store.one(f"incident:{incident['id']}") or {})["alerts"]
    base = {"alert_id": AlertId(alert), "group": GroupId("hackney")}
    await desk.rig.publish(AlertSettled(**desk.rig.base(), **base, reason="no_recipients", delivered=0))
    await desk.rig.shown()
    shown = re.sub("[\u2066-\u2069]", "", await told(desk, incident["code"]))
    way = "exercises go over no channel to them" if drill else "their group has no channel to them"
    assert f"Not told, because {way}: Hackney Watch (verifiers). An admin of the group can" in shown
    assert "/groups/hackney" not in shown, "Ada is no admin"
    page = await (await browser(desk, "Adam")).get(f"/desk/{incident['code']}")
    assert f'href="/groups/hackney/{"drills#channels" if drill else "channels"}"' in page


async def test_the_ladder_says_that_verifiers_were_asked_again_only_once_they_were(desk: DeskRig) -> None:
    code = await one_raid(desk)
    await desk.act("flood", "Ada", group="hackney", on=True)
    await pass_time(desk, code, minutes=6, until_step="escalated")
    waits = "the verifiers are asked again in their next digest"
    assert waits in await timeline(desk, code)
    assert "Not told yet" in await told(desk, code)
    await pass_time(desk, code, minutes=5, until_step="digested")
    assert "Not told yet" not in await told(desk, code)
    assert "In a digest to the verifiers of Hackney Watch" in await timeline(desk, code)


async def test_singly_asked_again_is_said_so(desk: DeskRig) -> None:
    code = await one_raid(desk)
    await pass_time(desk, code, minutes=6, until_step="escalated")
    shown = await timeline(desk, code)
    assert "Nobody took it: the verifiers were asked again" in shown
    assert "in their next digest" not in shown


async def test_the_api_says_the_same(desk: DeskRig) -> None:
    await desk.act("flood", "Ada", group="hackney", on=True)
    code = await one_raid(desk)
    path, token = f"/v1/desk/incidents/{code}", desk.tokens["Ada"]
    _, before = await desk.rig.ask("GET", path, token)
    assert (before["told"], before["queued"]) == ([], ["hackney"])
    await pass_time(desk, code, minutes=5, until_step="digested")
    _, after = await desk.rig.ask("GET", path, token)
    assert [t["kind"] for t in after["told"]] == ["DIGEST"]
    assert after["queued"] == []
