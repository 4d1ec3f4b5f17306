"""What a witness counted is offered to whoever confirms, with whose and when; only what they send counts."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.known_so_far import Offered, known_so_far
from shared.contracts.base import Position
from tests.rigs.desk import COMMUNITY, DeskRig, desk_rig
from tests.rigs.desk_pages import browser

from .test_thinking import at, incident

HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)


def seen(n: int, member: str, **more: Any) -> dict[str, Any]:
    return {"at": at(n), "what": "seen", "member": member, "cause": f"DESK.{n}", **more}


def report(n: int, **more: Any) -> dict[str, Any]:
    return {"report_id": f"r{n}", "at": at(n), "first_hand": True, "text": "x", **more}


TWO_VANS = {"counts": {"van": 2, "person": 1}}


@pytest.mark.parametrize(
    ("steps", "reports", "expected"),
    [
        ([], [], None),
        ([seen(1, "ben")], [report(2)], None),
        ([seen(1, "ben", **TWO_VANS)], [], Offered({"vans": 2, "held": 1}, None, "ben", at(1))),
        (
            [seen(1, "ben", **TWO_VANS), seen(2, "cem", counts={"officer": 6}, acting="police")],
            [],
            Offered({"officers": 6}, "police", "cem", at(2)),
        ),
        (
            [seen(1, "ben", **TWO_VANS), seen(2, "cem")],
            [],
            Offered({"vans": 2, "held": 1}, None, "ben", at(1)),
        ),
        ([seen(1, "ben", acting="joint")], [report(2, **TWO_VANS)], Offered({}, "joint", "ben", at(1))),
        (
            [seen(1, "ben")],
            [report(2, counts={"van": 1}, who="immigration")],
            Offered({"vans": 1}, "immigration", None, at(2)),
        ),
        ([], [report(2, counts={"van": 1}, who="unknown")], Offered({"vans": 1}, None, None, at(2))),
    ],
)
def test_what_is_offered(
    steps: list[dict[str, Any]], reports: list[dict[str, Any]], expected: Offered | None
) -> None:
    assert known_so_far(incident(timeline=steps), reports).offered == expected


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY])
        await found.member("Ada", hackney="dispatcher")
        await found.member("Vic", hackney="verifier")
        yield found


def filled(page: str) -> dict[str, str]:
    return {
        name: (re.search(rf'id="f-{name}"[^>]* value="([^"]*)"', page) or ["", ""])[1]
        for name in ("vans", "officers", "held")
    }


async def test_the_questions_come_with_what_the_witness_counted_and_when(desk: DeskRig) -> None:
    await desk.report("Immigration raid at Ashwin Street E8, one van", at=HERE, first_hand=True)
    (known,) = await desk.incidents("Ada")
    code, ada = known["code"], await browser(desk, "Ada")
    page = await ada.get(f"/desk/{code}/confirm")
    assert filled(page) == {"vans": "1", "officers": "", "held": ""}
    assert "from the words of a reporter at" in page
    words = "Two vans, six officers of Immigration Enforcement, one man held"
    await desk.act("seen", "Vic", incident=known["id"], text=words)
    await desk.rig.shown()
    page = await ada.get(f"/desk/{code}/confirm")
    assert filled(page) == {"vans": "2", "officers": "6", "held": "1"}
    assert re.search(r"from the words of [^<]*Vic[^<]* at [^<]*\d\d:\d\d", page)
    assert "It speaks of immigration officers." in page

    text = await ada.send(f"/desk/{code}/confirm", built="1", vans="3", officers="", held="1")
    assert "3 vans" in text
    assert "1 person held" in text
    assert "6 officers" not in text.partition("<textarea")[2], "what was struck out is not said"
