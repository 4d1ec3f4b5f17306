"""The live desk: what is pushed last equals what a fresh page shows, whatever happened; and who is let go."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.console.web.desk.pictures import PICTURES
from shared.contracts.base import Position
from tests.rigs.console import until
from tests.rigs.desk import DeskRig, desk_rig

LIVE = re.compile(
    r'<div id="live"[^>]*>\n(.*?)\n</div>\n'
    r'(?:</main>|<p><a class="more" href="/groups/|<details class="drawer"><summary>Flood)',
    re.DOTALL,
)
SPOTS = [
    ("Immigration raid at Ashwin Street E8, two vans and six officers", 51.5467, -0.0753),
    ("Immigration officers at Clapton Square E5, one van", 51.5545, -0.0545),
    ("immigration enforcement in Mare Street E8, they hold two people", 51.5430, -0.0555),
]


class Open:
    """An open page: what it shows after what was pushed so far."""

    def __init__(self) -> None:
        self.html = ""
        self.events = 0
        self.ended = False

    async def read(self, answer: aiohttp.ClientResponse) -> None:
        event = ""
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            event = line.removeprefix("event: ") if line.startswith("event: ") else event
            if line.startswith("data: ") and event == "live":
                self.html, self.events = json.loads(line[6:])["html"], self.events + 1
        self.ended = True


@asynccontextmanager
async def opened(desk: DeskRig, headers: dict[str, str], view: str, seen: str = "") -> AsyncIterator[Open]:
    url = f"{desk.rig.url}/desk/live?view={view}&seen={seen}"
    page = Open()
    timeout = aiohttp.ClientTimeout(total=None)
    async with desk.rig.http.get(url, headers=headers, timeout=timeout) as answer:
        assert answer.status == 200
        reading = asyncio.create_task(page.read(answer))
        try:
            yield page
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def fresh(desk: DeskRig, headers: dict[str, str], path: str) -> str:
    async with desk.rig.http.get(desk.rig.url + path, headers=headers) as answer:
        text = await answer.text()
        assert answer.status == 200, text
    found = LIVE.search(text)
    assert found is not None
    return found.group(1)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney")
        for name in ("Ada", "Ben"):
            await found.member(name, hackney="dispatcher")
        yield found


async def one_raid(desk: DeskRig) -> str:
    text, lat, lon = SPOTS[0]
    await desk.report(text, at=Position(lat=lat, lon=lon, accuracy_m=20), first_hand=True)
    return str((await desk.incidents("Ada"))[0]["code"])


async def something(desk: DeskRig, dice: random.Random) -> None:
    """One act or report of many kinds; what makes no sense just now is refused, as in life."""
    incidents = [i["code"] for i in await desk.incidents("Ada")]
    text, lat, lon = dice.choice(SPOTS)
    what = dice.choice(["report", "claim", "release", "attend", "seen", "note", "confirm", "update", "end",
                        "reject", "reopen", "merge", "place", "flood", "time"])  # fmt: skip
    known: dict[str, dict[str, Any]] = {
        "claim": {}, "release": {}, "seen": {"text": "I see it"}, "note": {"text": f"note {dice.random()}"},
        "attend": {"step": dice.choice(["going", "there", "left"])},
        "confirm": {"ask": dice.choice(["NONE", "WITNESSES"]), "text": "Two vans."},
        "update": {"ask": "ENOUGH", "text": "Enough."},
        "end": {"stage": dice.choice(["officers_left", "aftercare", "closed"]), "unknown": 1},
        "reject": {"outcome": dice.choice(["not_confirmed", "other_agency"])}, "reopen": {},
        "merge": {"absorbed": dice.choice(incidents)} if incidents else {},
        "place": {"lat": lat, "lon": lon, "label": "Here"},
    }  # fmt: skip
    fields = known.get(what, {})
    if what == "time":
        desk.rig.clock.forward(minutes=dice.choice([1, 4, 16]))
    elif what == "report" or not incidents:
        await desk.report(text, at=Position(lat=lat, lon=lon, accuracy_m=20), first_hand=dice.random() < 0.5)
    else:
        target = {"group": "hackney", "on": dice.random() < 0.5} if what == "flood" else {}
        target = target or {"incident": dice.choice(incidents), **fields}
        token = desk.tokens[dice.choice(["Ada", "Ben"])]
        status, answer = await desk.rig.ask("POST", f"/v1/desk/{what}", token, json=target)
        assert status in {200, 404, 409}, answer
    await desk.rig.shown()


@pytest.mark.parametrize(("seed", "acts"), [(0, 1_000), (1, 60), (2, 60)])
async def test_what_is_pushed_last_equals_a_fresh_page(desk: DeskRig, seed: int, acts: int) -> None:
    dice = random.Random(seed)
    code = await one_raid(desk)
    headers = {"Cookie": (await desk.rig.signed_in("Ada"))["Cookie"]}
    async with opened(desk, headers, "list") as many, opened(desk, headers, code) as one:
        for _ in range(acts):
            await something(desk, dice)

        async def alike() -> bool:
            desk_now = await fresh(desk, headers, "/desk")
            one_now = await fresh(desk, headers, f"/desk/{code}")
            return (_unmarked(many.html), one.html) == (_unmarked(desk_now), one_now)

        # The clock of the test was moved; a page notices time at its next news at the latest.
        await desk.act("note", "Ben", incident=code, text="the last word")
        await until(alike, within_s=60)
        assert many.events > 1
        assert one.events > 1


def _unmarked(html: str) -> str:
    """Without what is new to whoever looks: looking at the incident's page changed that."""
    return re.sub(r'<p class="news">.*?</p>\n', "", html, flags=re.DOTALL)


async def test_a_page_that_shows_the_present_is_sent_nothing_until_it_changes(desk: DeskRig) -> None:
    code = await one_raid(desk)
    headers = {"Cookie": (await desk.rig.signed_in("Ada"))["Cookie"]}
    async with desk.rig.http.get(f"{desk.rig.url}/desk/{code}", headers=headers) as answer:
        seen = re.search(r'data-seen="([0-9a-f.]+)"', await answer.text())
    assert seen is not None
    async with opened(desk, headers, code, seen.group(1)) as page:
        await desk.act("claim", "Ben", incident=code)

        async def told() -> bool:
            return "<bdi>Ben</bdi> is on it" in page.html

        await until(told, within_s=60)
        assert page.events == 1


async def test_whoever_is_revoked_or_has_no_business_there_gets_no_more(
    desk: DeskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.console.web.desk.live._KNOWN_S", 0.0)
    code = await one_raid(desk)
    await desk.member("Zoe", leeds="dispatcher")
    stranger = {"Cookie": (await desk.rig.signed_in("Zoe"))["Cookie"]}
    async with desk.rig.http.get(f"{desk.rig.url}/desk/live?view={code}", headers=stranger) as answer:
        assert answer.status == 404
    headers = {"Cookie": (await desk.rig.signed_in("Ben"))["Cookie"]}
    async with opened(desk, headers, code) as page:
        await until(lambda: _first(page), within_s=60)
        await desk.revoke("Ben")
        await desk.act("note", "Ada", incident=code, text="for us only")

        async def over() -> bool:
            return page.ended

        await until(over, within_s=60)
        assert "for us only" not in page.html


async def _first(page: Open) -> bool:
    return page.events > 0


async def test_many_open_pages_share_what_is_read(desk: DeskRig) -> None:
    code = await one_raid(desk)
    headers = {"Cookie": (await desk.rig.signed_in("Ada"))["Cookie"]}
    app = desk.rig.app
    pictures = app[PICTURES]
    first, second = await asyncio.gather(pictures.shared_list(["hackney"]), pictures.shared_list(["hackney"]))
    assert first is second
    assert await pictures.shared_list(["hackney"]) is first
    await desk.act("claim", "Ada", incident=code)

    async def renewed() -> bool:
        return await pictures.shared_list(["hackney"]) is not first

    await until(renewed, within_s=60)
    async with opened(desk, headers, "list"):
        assert pictures.open == 1

    async def closed() -> bool:
        return pictures.open == 0

    await desk.act("note", "Ada", incident=code, text="x")
    await until(closed, within_s=60)
