"""A group has sent all that it sends in an hour: the desk says how much waits, and may send it."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.draft import Draft
from services.console.decide.told import waiting
from shared.contracts.base import GroupId, IncidentId
from shared.contracts.catalog import TOLD, decode_each
from shared.contracts.incidents import IncidentSentOn
from shared.contracts.ledger import MessagesWaiting
from shared.ports import Entry
from tests.rigs.desk import COMMUNITY, VERIFIERS, DeskRig, desk_rig
from tests.rigs.desk_pages import browser
from tests.unit.console.desk.test_desk_pages import one_raid

WHY = "Twelve people are held"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY, VERIFIERS])
        await found.member("Ada", hackney="dispatcher")
        await found.member("Vera", hackney="verifier")
        yield found


async def wait(desk: DeskRig, code: str, messages: int) -> None:
    """What the notifier says."""
    incident = await desk.rig.store.incident(code) or {}
    now = desk.rig.clock.now()
    about: dict[str, Any] = {"group": GroupId("hackney"), "incident_id": incident["id"]}
    await desk.put(MessagesWaiting(id=f"w{messages}", at=now, since=now, messages=messages, **about))
    await desk.rig.shown()


async def sent_on(desk: DeskRig) -> list[tuple[IncidentSentOn, Entry]]:
    found = []
    for seq in range(1, await desk.rig.bus.last_seq("DECISIONS") + 1):
        entry = await desk.rig.bus.get("DECISIONS", seq)
        assert entry is not None
        found += [(m, entry) for m in decode_each(entry) if isinstance(m, IncidentSentOn)]
    return found


async def test_the_list_the_incident_and_the_api_say_how_many_wait_until_none_does(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    assert "so many wait" not in await ada.get("/desk")
    assert "/send_on" not in await ada.get(f"/desk/{code}"), "nothing waits"
    await wait(desk, code, 4_300)
    listed = unescape(await ada.get("/desk"))
    assert "Hackney Watch has sent all its messages for this hour." in listed
    assert f'so many wait: 4300. <a href="/desk/{code}">' in listed
    page = await ada.get(f"/desk/{code}")
    assert "so many wait: 4300" in page
    assert f"/desk/{code}/send_on" in page
    _, shown = await desk.rig.ask("GET", f"/v1/desk/incidents/{code}", desk.tokens["Ada"])
    assert shown["waiting"]["hackney"]["messages"] == 4_300
    await wait(desk, code, 0)
    assert "so many wait" not in await ada.get("/desk")
    assert "/send_on" not in await ada.get(f"/desk/{code}")


async def test_a_dispatcher_sends_it_with_a_reason_that_stays_in_the_history_and_nowhere_in_clear(
    desk: DeskRig,
) -> None:
    code = await one_raid(desk)
    await wait(desk, code, 4_300)
    ada = await browser(desk, "Ada")
    assert "Why it may not wait" in await ada.get(f"/desk/{code}/send_on")
    await ada.send(f"/desk/{code}/send_on")
    assert ada.status == 422
    assert await sent_on(desk) == []
    await ada.send(f"/desk/{code}/send_on", text=WHY)
    ((event, entry),) = await sent_on(desk)
    assert entry.subject == TOLD, "the notifier reads nothing else"
    assert (event.group, WHY.encode() in entry.body) == ("hackney", False)
    page = unescape(await ada.get(f"/desk/{code}"))
    assert "sent what waited, beyond the hour's limit" in page
    assert WHY in page


async def test_who_only_verifies_may_not(desk: DeskRig) -> None:
    code = await one_raid(desk)
    await wait(desk, code, 4_300)
    vera = await browser(desk, "Vera")
    assert "so many wait: 4300" in await vera.get("/desk"), "they see it"
    assert "/send_on" not in await vera.get(f"/desk/{code}")
    body = {"incident": code, "text": WHY}
    status, _ = await desk.rig.ask("POST", "/v1/desk/send_on", desk.tokens["Vera"], json=body)
    assert status == 403
    assert await sent_on(desk) == []


def test_of_an_incident_that_is_forgotten_nothing_is_kept() -> None:
    draft = Draft()
    draft.load("incident:i1", None)
    now = "2026-11-28T12:00:00+00:00"
    event = MessagesWaiting.model_validate(
        {"id": "w1", "at": now, "since": now, "group": "hackney", "incident_id": "i1", "messages": 3}
    )
    waiting(draft, event, 1.0)
    assert draft.get("incident:i1") is None
    assert event.incident_id == IncidentId("i1")
