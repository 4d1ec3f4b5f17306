"""Maps and the search on the desk's pages: who sees what, tiles for members alone, reports placed by name."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.console.decide.map.tiles import tile_at
from shared.contracts.base import Position
from shared.contracts.groups import ChannelDefinition
from tests.rigs.desk import HARINGEY, DeskRig, desk_rig
from tests.rigs.tiles import pmtiles

RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
VERIFIERS = ChannelDefinition(
    id="hook", kind="webhook", audience="verifiers",
    settings={"url": "env:U", "path": "/v", "secret": "env:S"},
)  # fmt: skip
TILE = "/map/{}/{}/{}".format(*tile_at(16, 51.5467, -0.0753))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path, console_tiles_file=pmtiles(tmp_path / "map.pmtiles")) as found:
        await found.group("hackney", channels=[VERIFIERS])
        await found.group("haringey", HARINGEY)
        await found.member("Ada", hackney="dispatcher")
        yield found


async def page(desk: DeskRig, path: str, name: str = "Ada", **fields: str) -> str:
    headers = await desk.rig.signed_in(name)
    method, data = ("POST", {"csrf": headers["X-CSRF"], **fields}) if fields else ("GET", None)
    async with desk.rig.http.request(method, desk.rig.url + path, headers=headers, data=data) as answer:
        return await answer.text()


async def one_raid(desk: DeskRig) -> str:
    await desk.report(RAID, at=HERE, first_hand=True)
    return str((await desk.incidents("Ada"))[0]["code"])


async def test_the_map_says_the_same_in_words_and_owes_its_tiles_to_somebody(desk: DeskRig) -> None:
    shown = await page(desk, f"/desk/{await one_raid(desk)}")
    inside = shown.partition('id="map-says">')[2].partition("</figcaption>")[0]
    says = " ".join(re.sub(r"<[^>]+>", "", inside).split())
    assert "Ashwin Street, Dalston, known to within" in says
    assert "Reports: 1, of them first-hand: 1." in says
    assert "Nearest: Dalston Junction (60 m south)" in says
    assert "In the area of: Hackney Watch." in says
    assert 'href="/map/1' in shown
    assert "© Nobody &amp; friends" in shown
    assert "map.example" not in shown


async def test_who_only_operates_the_hub_sees_no_map(desk: DeskRig) -> None:
    code = await one_raid(desk)
    shown = await page(desk, f"/desk/{code}", "Op")
    assert 'class="map' not in shown
    assert "Ashwin" not in shown


async def test_tiles_are_for_those_who_are_signed_in_and_are_kept_nowhere(desk: DeskRig) -> None:
    async with desk.rig.http.get(desk.rig.url + TILE) as answer:
        assert answer.status == 401
    headers = await desk.rig.signed_in("Ada")
    async with desk.rig.http.get(desk.rig.url + TILE, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "image/png")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for nothing in (
        "/map/16/0/0",
        "/map/99/1/1",
        "/map/0/0/9999999",
        "/map/16/-1/0",
        "/map/1/2",
        "/map/a/b/c",
    ):
        async with desk.rig.http.get(desk.rig.url + nothing, headers=headers) as answer:
            assert answer.status == 404, nothing


async def test_without_a_map_there_are_no_tiles_and_the_drawing_stands_alone(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as desk:
        await desk.group("hackney", channels=[VERIFIERS])
        await desk.member("Ada", hackney="dispatcher")
        shown = await page(desk, f"/desk/{await one_raid(desk)}")
        assert "Dalston Junction" in shown
        assert "/map/" not in shown
        headers = await desk.rig.signed_in("Ada")
        async with desk.rig.http.get(desk.rig.url + TILE, headers=headers) as answer:
            assert answer.status == 404


async def test_a_held_report_is_placed_by_a_search(desk: DeskRig) -> None:
    report = await desk.report("Immigration officers are taking people from a van right now", first_hand=True)
    form = f"/desk/held/{report}"
    assert "Search for the place" in await page(desk, form)
    found = await page(desk, form + "/release", where="ashwin st", find="1")
    chosen = re.search(r'name="chosen" value="([^"]+)"', found)
    assert chosen
    assert "in your area" in found
    unchosen = await page(desk, form + "/release", where="ashwin st")
    assert "Choose one of the places that were found" in unchosen
    await page(desk, form + "/release", where="ashwin st", chosen=chosen[1])
    (incident,) = await desk.incidents("Ada")
    assert incident["place"]["label"] == "Ashwin Street, Dalston"
    assert incident["place"]["radius_m"] == 90
