"""An act that changes nothing says so and sends nothing, by page and API; what goes out is true."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.base import Position
from tests.rigs.desk import COMMUNITY, VERIFIERS, DeskRig, desk_rig
from tests.rigs.desk_pages import browser

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY, VERIFIERS])
        await found.member("Ada", hackney="dispatcher")
        await found.member("Cem", hackney="verifier")
        yield found


@pytest.fixture
async def code(desk: DeskRig) -> str:
    await desk.report(RAID, at=HERE, first_hand=True)
    return str((await desk.incidents("Ada"))[0]["code"])


async def alerts(desk: DeskRig, code: str) -> list[str]:
    """Every message about it so far, by kind."""
    incident = await desk.rig.store.incident(code) or {}
    return [a["kind"] for a in await desk.rig.store.many("alert", incident["alerts"])]


async def see(desk: DeskRig, code: str, text: str) -> Any:
    """Cem says by page what he sees; his browser."""
    cem = await browser(desk, "Cem")
    await cem.get(f"/desk/{code}/seen")
    await cem.send(f"/desk/{code}/seen", text=text)
    await cem.send(f"/desk/{code}/seen", send="1")
    return cem


async def test_a_sighting_sent_again_is_refused_in_words_and_told_once(desk: DeskRig, code: str) -> None:
    await see(desk, code, "Four officers at the door.")
    told = await alerts(desk, code)
    again = await see(desk, code, "Four officers at the door.")
    assert again.status == 409
    assert "Nothing was sent again" in again.text
    assert "Four officers at the door." in again.text, "what was typed is kept"
    assert await alerts(desk, code) == told
    form = await again.get(f"/desk/{code}/seen")
    assert "You said this at 19:00" in form


async def test_whoever_said_what_they_see_is_not_asked_to_say_it_again(desk: DeskRig, code: str) -> None:
    await desk.act("claim", "Cem", incident=code)
    await desk.act("attend", "Cem", incident=code, step="there")
    cem = await browser(desk, "Cem")
    assert f"/desk/{code}/seen" in (await cem.get(f"/desk/{code}")).partition('class="next"')[2][:900]
    cem = await see(desk, code, "Four officers.")
    page = await cem.get(f"/desk/{code}")
    section = page.partition('class="next"')[2].partition("</section>")[0]
    assert "You said what you see" in section
    assert "/seen" not in section


async def test_an_update_sent_again_is_refused_in_words(desk: DeskRig, code: str) -> None:
    await desk.act("confirm", "Ada", incident=code, ask="WITNESSES", text="Two vans.")
    ada = await browser(desk, "Ada")
    for expected in (200, 409):
        await ada.get(f"/desk/{code}/update")
        shown = await ada.send(f"/desk/{code}/update", ask="ENOUGH", text="")
        assert ada.status == expected
        if expected == 200:
            assert "ENOUGH people are there now" in shown
            await ada.send(f"/desk/{code}/update", send="1")
    assert "Nothing was sent again" in ada.text
    assert (await alerts(desk, code)).count("UPDATE") == 3, "each audience once"


async def test_the_same_step_again_says_that_nothing_changed(desk: DeskRig, code: str) -> None:
    cem = await browser(desk, "Cem")
    await cem.get(f"/desk/{code}")
    await cem.send(f"/desk/{code}/going")
    await cem.get(f"/desk/{code}")
    page = await cem.send(f"/desk/{code}/going")
    assert cem.url == f"/desk/{code}?done=unchanged"
    assert "It was so already. Nothing was changed, and nobody was sent anything." in page
    assert "Undo" not in page.partition('id="live"')[0]


async def test_the_api_says_so_and_previews_nothing(desk: DeskRig, code: str) -> None:
    first = await desk.act("seen", "Cem", incident=code, text="Two vans")
    again = await desk.act("seen", "Cem", incident=code, text="two vans")
    assert (first["reason"], first["detail"]) == ("applied", None)
    assert again["reason"] == "unchanged"
    assert "nobody was sent anything" in again["detail"]
    asked = {"incident": code, "text": "Two vans"}
    _, shown = await desk.rig.ask("POST", "/v1/desk/seen/preview", desk.tokens["Cem"], json=asked)
    assert shown == {"sends": [], "costs": [], "stopped": []}


async def test_later_that_it_is_still_so_goes_out(desk: DeskRig, code: str) -> None:
    await desk.act("seen", "Cem", incident=code, text="Two vans")
    desk.rig.clock.forward(minutes=15)
    assert (await desk.act("seen", "Cem", incident=code, text="Two vans"))["reason"] == "applied"


# --- the words before they go ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("went", "words"),
    [
        (False, "could not be confirmed. None of us has been there."),
        (True, "one of us went there, and could not confirm an immigration raid."),
    ],
)
async def test_not_confirmed_says_in_its_preview_what_was_done(
    desk: DeskRig, code: str, *, went: bool, words: str
) -> None:
    if went:
        await desk.act("attend", "Cem", incident=code, step="there")
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/not_confirmed")
    preview = unescape(await ada.send(f"/desk/{code}/not_confirmed"))
    assert words in preview
    assert "we checked" not in preview


async def test_a_new_place_is_previewed_with_the_old_one(desk: DeskRig, code: str) -> None:
    await desk.act("confirm", "Ada", incident=code)
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/place")
    fields = {"where": "51.5500, -0.0600", "label": "By the pond", "radius_m": "20"}
    preview = unescape(await ada.send(f"/desk/{code}/place", **fields))
    assert "as we wrote before: it is By the pond." in preview
    assert "What we know has changed" not in preview


async def test_verifiers_who_heard_in_a_digest_stand_in_the_preview(desk: DeskRig) -> None:
    await desk.act("flood", "Ada", group="hackney", on=True)
    await desk.report(RAID, at=HERE, first_hand=True)
    code = str((await desk.incidents("Ada"))[0]["code"])
    desk.rig.clock.forward(minutes=5)
    incident: dict[str, Any] = {}
    while not incident.get("digests"):  # the router ticks by itself
        await desk.rig.shown()
        incident = await desk.rig.store.incident(code) or {}
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/not_confirmed")
    preview = await ada.send(f"/desk/{code}/not_confirmed")
    assert "Hackney Watch: verifiers" in preview
    assert "NOT CONFIRMED, no need to go" in preview
