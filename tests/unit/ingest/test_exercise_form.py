"""An exercise's form: what goes in by it is an exercise's report or nothing; what is real goes elsewhere."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from services.ingest.door import DOOR
from services.ingest.exercises import Player
from services.ingest.web.words import Words
from shared.contracts.drills import DrillMessage
from shared.contracts.reports import ReportContent
from shared.exercises import Exercise, path_of
from tests.unit.ingest.front_door import NOW, FrontDoor, front_door

FIELDS = {"what": "Six officers at the café", "where": "E8 2NP", "there": "now", "write_back": "no"}
EXERCISE = Exercise("dabc", "hackney", NOW, NOW + timedelta(hours=4))
REAL_FORM = re.compile(r'<form[^>]* action="/\?')


def begin(door: FrontDoor, **more: object) -> str:
    door.exercises.known["dabc"] = Exercise("dabc", "hackney", NOW, NOW + timedelta(hours=4), **more)  # type: ignore[arg-type]
    return path_of(door.master, "dabc")


def end(door: FrontDoor) -> None:
    door.exercises.known["dabc"] = Exercise("dabc", "hackney", NOW, NOW + timedelta(hours=4), ended=True)


async def get(door: FrontDoor, path: str) -> tuple[int, str]:
    async with door.client.get(path) as response:
        return response.status, await response.text()


async def send(door: FrontDoor, path: str, **fields: str) -> tuple[int, str]:
    async with door.client.post(path, data={**FIELDS, **fields}) as response:
        return response.status, await response.text()


def nonce_in(html: str) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', html)
    assert found
    return found[1]


def marks(html: str) -> tuple[bool, bool, bool]:
    """Whether title, head line and heading say that it is an exercise."""
    title = re.search(r"<title>(.*)</title>", html)
    heading = (
        re.search(r"<h1>(.*)</h1>", html[html.index('id="writing"') :]) if 'id="writing"' in html else None
    )
    return (
        bool(title and title[1].startswith("DRILL")),
        'class="exercise"' in html,
        heading is None or heading[1].startswith("DRILL"),
    )


async def test_it_is_marked_from_top_to_bottom_and_makes_an_exercises_report(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        path = begin(door)
        status, html = await get(door, path)
        assert (status, marks(html)) == (200, (True, True, True))
        assert "Send exercise report" in html
        assert not REAL_FORM.search(html)
        status, receipt = await send(door, path, nonce=nonce_in(html))
        (stored,) = await door.stored()
        assert (status, stored.drill, stored.bridge) == (200, True, "web")
        assert isinstance(stored.content, ReportContent)
        assert marks(receipt) == (True, True, True)
        assert "Your exercise report has arrived" in receipt
        assert f'href="{path}?lang=en">Send another exercise report' in receipt


async def test_what_became_of_it_says_that_it_was_an_exercise(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        path = begin(door)
        _, receipt = await send(door, path, nonce=nonce_in((await get(door, path))[1]))
        link = re.search(r'class="button" href="([^"]+)"', receipt)
        assert link
        async with door.client.get(
            link[1].replace("&amp;", "&"), headers={"Accept": "text/html"}
        ) as response:
            html = await response.text()
        assert (response.status, marks(html)) == (200, (True, True, True))
        assert f'href="{path}?lang=en"' in html


@pytest.mark.parametrize("form", ["/exercise/dabc/" + "0" * 32, "/exercise/dabc", "https://evil.example", ""])
async def test_no_made_up_address_marks_what_became_of_a_real_report(tmp_path: Path, form: str) -> None:
    async with front_door(tmp_path) as door:
        begin(door)
        async with door.client.get(
            "/v1/reports/rnone", params={"form": form}, headers={"Accept": "text/html"}
        ) as response:
            html = await response.text()
        assert marks(html)[:2] == (False, False)
        assert 'href="/?lang=en"' in html


async def test_mistakes_and_old_pages_stay_marked(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        path = begin(door)
        for fields, expected in (({"what": "", "where": ""}, 422), ({"nonce": "forged.1.sig"}, 409)):
            status, html = await send(door, path, **fields)
            assert (status, marks(html)) == (expected, (True, True, True))
            assert not REAL_FORM.search(html)
        assert await door.stored() == []


async def test_the_number_of_one_form_is_good_for_no_other(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        path = begin(door)
        exercises, real = nonce_in((await get(door, path))[1]), nonce_in((await get(door, "/"))[1])
        assert (await send(door, "/", nonce=exercises))[0] == 409
        assert (await send(door, path, nonce=real))[0] == 409
        assert await door.stored() == []


@pytest.mark.parametrize("how", ["ended", "by its time"])
async def test_once_it_is_over_nothing_is_stored_and_the_real_form_is_offered(
    tmp_path: Path, how: str
) -> None:
    async with front_door(tmp_path) as door:
        path = begin(door)
        nonce = nonce_in((await get(door, path))[1])
        if how == "ended":
            end(door)
        else:
            door.clock.time += timedelta(hours=4)
        status, html = await send(door, path, nonce=nonce)
        assert (status, await door.stored()) == (410, [])
        assert "Six officers at the café" in html  # to copy: it may have been real
        assert 'href="/?lang=en"' in html
        assert "<form" not in html
        assert marks(html)[:2] == (False, False)
        assert (await get(door, path))[0] == 410


@pytest.mark.parametrize("path", ["/exercise/dabc/" + "0" * 32, "/exercise/other/" + "0" * 32])
async def test_a_guessed_link_opens_nothing(tmp_path: Path, path: str) -> None:
    async with front_door(tmp_path) as door:
        begin(door)
        assert (await get(door, path))[0] == 404
        status, html = await send(door, path)
        assert (status, await door.stored()) == (404, [])
        assert 'href="/?lang=en"' in html


async def test_while_nobody_can_tell_nothing_is_stored_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        path = begin(door)
        nonce = nonce_in((await get(door, path))[1])
        door.exercises.away = True
        assert (await get(door, path))[0] == 200
        async with door.client.post(path, data={**FIELDS, "nonce": nonce}) as response:
            html = await response.text()
            assert (response.status, "Retry-After" in response.headers) == (503, True)
        assert "Six officers at the café" in html
        assert await door.stored() == []
        door.exercises.away = False
        assert (await send(door, path, nonce=nonce_in(html)))[0] == 200


def test_every_language_marks_it() -> None:
    words = Words()
    for language in words.languages:
        word = words.say(language, "exercise_word")
        assert words.say(language, "exercise_line").startswith(word)


# --- playing one ----------------------------------------------------------------------------------


def script(*times: float) -> tuple[DrillMessage, ...]:
    return tuple(
        DrillMessage(t=t, sender=f"s{n}", text=f"vans {n} in Ashwin Street") for n, t in enumerate(times)
    )


async def test_messages_come_at_their_times_each_once_whoever_plays(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        begin(door, speed=2.0, messages=script(0, 60, 120))
        first, second = Player(door.app[DOOR]), Player(door.app[DOOR])
        counts = []
        for passed in (0, 29, 1, 30, 600):
            door.clock.time += timedelta(seconds=passed)
            await first.play()
            await second.play()
            counts.append(len(await door.stored()))
        assert counts == [1, 1, 2, 3, 3]
        stored = await door.stored()
        assert {(s.drill, s.bridge) for s in stored} == {(True, "api")}
        assert len({s.content.sender for s in stored if isinstance(s.content, ReportContent)}) == 3


async def test_nothing_is_played_once_it_is_over_or_while_nobody_can_tell(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:
        begin(door, messages=script(0, 60))
        door.exercises.away = True
        await Player(door.app[DOOR]).play()
        assert await door.stored() == []
        door.exercises.away = False
        player = Player(door.app[DOOR])
        await player.play()
        end(door)
        door.clock.time += timedelta(seconds=60)
        await player.play()
        assert len(await door.stored()) == 1


async def test_what_cannot_be_stored_now_is_played_when_it_can(tmp_path: Path) -> None:
    async with front_door(tmp_path, spool_bytes=1) as door:
        begin(door, messages=script(0, 10))
        door.clock.time += timedelta(seconds=10)
        door.bus.go_away()
        player = Player(door.app[DOOR])
        await player.play()
        door.bus.come_back()
        assert await door.stored() == []
        await player.play()
        assert len(await door.stored()) == 2
