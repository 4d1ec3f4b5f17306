"""A report says that it is over, or was no raid: the desk asks to look, until one of ours has looked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.said_over import Said, news_of, says_of, to_look_at
from shared.contracts.base import Position
from tests.rigs.desk import COMMUNITY, VERIFIERS, DeskRig, desk_rig
from tests.rigs.desk_pages import browser

from .test_thinking import at, incident

HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
LEFT = "They have left Ashwin Street, the vans are gone"


@pytest.mark.parametrize(
    ("gist", "first_hand", "expected"),
    [
        ({"kind": "over"}, None, "over"),
        ({"kind": "wrong"}, False, "wrong"),
        ({"kind": "report", "present": True}, True, "on"),
        ({"kind": "update", "present": True}, True, "on"),
        ({"kind": "report", "present": True}, None, None),
        ({"kind": "report", "present": False}, True, None),
        ({"kind": "question", "present": True}, True, None),
        ({}, True, None),
    ],
)
def test_what_a_report_says(gist: dict[str, Any], *, first_hand: bool | None, expected: str | None) -> None:
    assert says_of(gist, first_hand=first_hand) == expected


def report(says: str | None, n: int) -> dict[str, Any]:
    return {"report_id": f"r{n}", "at": at(n), "says": says, "text": f"text {n}"}


OVER, WRONG, ON = report("over", 1), report("wrong", 2), report("on", 3)
SEEN = {"at": at(4), "what": "seen", "member": "ben", "cause": "DESK.1"}
NEWS_AGAIN = {"at": at(4), "what": "reopened", "cause": "REPORTS.9"}
IT_IS_OVER = Said("over", "r1", at(1), "text 1")


@pytest.mark.parametrize(
    ("reports", "steps", "expected"),
    [
        ([], [], None),
        ([report(None, 1)], [], None),
        ([OVER], [], IT_IS_OVER),
        ([WRONG, OVER], [], Said("wrong", "r2", at(2), "text 2")),
        ([ON, OVER], [], None),
        ([ON, WRONG], [], Said("wrong", "r2", at(2), "text 2")),
        ([OVER, report("on", 0)], [], IT_IS_OVER),
        ([OVER], [SEEN], None),
        ([OVER, report("over", 5)], [SEEN], Said("over", "r5", at(5), "text 5")),
        ([OVER], [NEWS_AGAIN], IT_IS_OVER),
    ],
)
def test_what_is_still_to_be_looked_at(
    reports: list[dict[str, Any]], steps: list[dict[str, Any]], expected: Said | None
) -> None:
    known = incident(status="confirmed", timeline=steps)
    assert to_look_at(known, reports) == expected
    assert to_look_at({**known, "status": "officers_left"}, reports) is None


def test_the_history_says_it_once_until_somebody_has_looked() -> None:
    said = {"at": at(1), "what": "said_over", "cause": "REPORTS.2"}
    assert news_of(incident(timeline=[]), "over") == "said_over"
    assert news_of(incident(timeline=[said]), "over") is None
    assert news_of(incident(timeline=[said]), "wrong") == "said_wrong"
    assert news_of(incident(timeline=[said, SEEN]), "over") == "said_over"
    assert news_of(incident(timeline=[]), "on") is None
    assert news_of(incident(timeline=[], status="closed"), "over") is None


# --- on the page --------------------------------------------------------------------------------


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY, VERIFIERS])
        await found.member("Ada", hackney="dispatcher")
        await found.member("Cem", hackney="verifier")
        yield found


async def test_a_report_that_it_is_over_is_in_next_in_the_history_and_before_the_contrary(
    desk: DeskRig,
) -> None:
    await desk.report("Immigration raid at Ashwin Street E8, two vans", at=HERE, first_hand=True)
    (known,) = await desk.incidents("Ada")
    code, one = known["code"], {"incident": known["id"]}
    await desk.act("claim", "Ada", **one)
    await desk.act("confirm", "Ada", **one, ask="NONE", text="Two vans.")
    version = (await desk.incidents("Ada"))[0]["version"]
    desk.rig.clock.present += timedelta(seconds=60)
    for _ in range(3):
        await desk.report(LEFT, at=HERE)
    ada, cem = await browser(desk, "Ada"), await browser(desk, "Cem")
    page = await ada.get(f"/desk/{code}")
    next_ = page.partition('aria-labelledby="h-next"')[2].partition("</section>")[0]
    assert "A reporter says that it is over" in next_
    assert LEFT in next_
    assert f'href="/desk/{code}/officers_left"' in next_
    assert page.partition('id="h-time"')[2].count("A reporter says that it is over") == 1
    assert (await desk.incidents("Ada"))[0]["version"] == version, "it unsettles nobody's act"
    assert "If you are near, go and look" in await cem.get(f"/desk/{code}")

    contrary = "What you send here says that it goes on"
    assert contrary in await ada.get(f"/desk/{code}/update")
    shown = await ada.send(f"/desk/{code}/update", text="Still there", ask="NONE")
    assert 'class="words-sent"' in shown
    assert contrary in shown
    assert contrary not in await ada.get(f"/desk/{code}/officers_left")

    desk.rig.clock.present += timedelta(seconds=60)
    await desk.act("update", "Ada", **one, ask="NONE", text="Still there.")
    await desk.rig.shown()
    assert "A reporter says that it is over, " not in await ada.get(f"/desk/{code}")
    assert contrary not in await ada.get(f"/desk/{code}/update")
