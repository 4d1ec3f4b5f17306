"""The rota as a page, over a real router: one tap each, what is typed is kept, the table is kept."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from services.console.decide.local_times import checks_after, span_of
from services.console.web.desk.duty import ACTS
from shared.contracts import duty
from shared.contracts.groups import Policy
from shared.permissions import ALLOWED
from tests.rigs.account import Browser
from tests.rigs.desk import HARINGEY, DeskRig, desk_rig

NASTY = '<script>alert(1)</script>"&\u202e'


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", policy=Policy(quiet_hours="22:00-07:00"))
        await found.group("haringey", HARINGEY)
        await found.member("Ada", hackney="dispatcher")
        await found.member("Cem", hackney="verifier")
        await found.member("Dora", haringey="admin")
        yield found


async def browser(desk: DeskRig, name: str) -> Browser:
    found = Browser(desk.rig)
    cookie, _, token = (await desk.rig.signed_in(name))["Cookie"].partition("=")
    found.http.cookie_jar.update_cookies({cookie: token}, URL(desk.rig.url))
    return found


@pytest.fixture
async def ada(desk: DeskRig) -> AsyncIterator[Browser]:
    async with await browser(desk, "Ada") as found:
        await found.get("/desk/duty")
        yield found


@pytest.fixture
async def cem(desk: DeskRig) -> AsyncIterator[Browser]:
    async with await browser(desk, "Cem") as found:
        await found.get("/desk/duty")
        yield found


def times(desk: DeskRig, *, in_h: float = -1, hours: float = 3) -> dict[str, str]:
    """A span's fields, as somebody in London types them (who is an hour ahead of UTC in May)."""
    begins = desk.rig.clock.now() + timedelta(hours=in_h + 1)
    ends = begins + timedelta(hours=hours)
    return {"day": f"{begins:%Y-%m-%d}", "from": f"{begins:%H:%M}", "until": f"{ends:%H:%M}"}


async def offered(desk: DeskRig, ada: Browser, **fields: Any) -> str:
    """A shift that Ada has offered on the page; its id."""
    await ada.get("/desk/duty")
    await ada.send("/desk/duty/offer", **{**times(desk), "places": "1", **fields})
    assert ada.path == "/desk/duty?done=shift_offer", ada.text
    shifts = (await desk.rig.ask("GET", "/v1/duty", desk.tokens["Ada"]))[1]["shifts"]
    return str(shifts[-1]["id"])


async def test_a_shift_is_offered_taken_and_given_up_in_one_tap_each(
    desk: DeskRig, ada: Browser, cem: Browser
) -> None:
    assert "Nobody is on duty now." in ada.text
    assert "No shift is planned." in ada.text
    shift = await offered(desk, ada)
    await cem.get("/desk/duty")
    assert "people wanted: 1" in cem.text
    now = cem.text.partition("On duty now")[2].partition("Quiet hours")[0]
    assert "A shift is on until" in now, "it runs, and says so where it is looked for first"
    assert ("Nobody is on duty now." in now, "No shift is planned." in now) == (False, False)
    assert "No later shift is planned." in now
    await cem.send("/desk/duty/take", shift=shift)
    assert "The shift is yours" in cem.text
    await ada.get("/desk/duty")
    assert "<bdi>Cem</bdi>" in ada.text.partition("On duty now")[2].partition("</div>")[0]
    assert f'name="shift" value="{shift}" aria-describedby="h-{shift}">I will be there' not in ada.text
    await ada.send("/desk/duty/take", shift=shift)
    assert (ada.status, "Everybody that this shift needs has taken it" in ada.text) == (409, True)
    await cem.send("/desk/duty/give_up", shift=shift)
    assert "nobody has taken it" in cem.text


async def test_what_is_handed_over_is_written_at_the_end_and_read_by_the_next(
    desk: DeskRig, ada: Browser, cem: Browser
) -> None:
    shift = await offered(desk, ada)
    assert "Hand over" not in ada.text, "whoever has no shift has nothing to hand over"
    await cem.send("/desk/duty/take", shift=shift)
    await cem.send("/desk/duty/note", shift=shift, text="")
    assert (cem.status, "There is nothing to note" in cem.text) == (422, True)
    desk.rig.clock.forward(hours=3)
    await cem.get("/desk/duty")
    assert "You were on duty:" in cem.text
    await cem.send("/desk/duty/note", shift=shift, text=f"One van at six. {NASTY}")
    assert cem.path == "/desk/duty?done=shift_note"
    await ada.get("/desk/duty")
    assert "One van at six. &lt;script&gt;" in ada.text
    assert "<script>alert" not in ada.text
    desk.rig.clock.forward(hours=25)
    await cem.get("/desk/duty")
    assert "You were on duty:" not in cem.text


@pytest.mark.parametrize(
    ("wrong", "said", "status"),
    [
        ({"until": "x"}, "Give a day and two times", 422),
        ({"day": "9999-12-31", "from": "23:00", "until": "22:00"}, "Give a day and two times", 422),
        ({"day": "2021-01-01"}, "must end after now", 409),
        ({"day": "2027-01-01"}, "must end after now", 409),
        ({"places": "0"}, "From 1 to 20 people", 422),
        ({"group": "haringey"}, "You act for no such group", 403),
    ],
)
async def test_a_wrong_offer_is_refused_in_words_and_stays_in_the_form(
    desk: DeskRig, ada: Browser, wrong: dict[str, str], said: str, status: int
) -> None:
    typed = {**times(desk), "places": "3", **wrong}
    await ada.send("/desk/duty/offer", **typed)
    assert (ada.status, said in ada.text) == (status, True)
    assert '<details id="d-offer" class="drawer" open>' in ada.text
    assert f'name="from" type="time" required value="{typed["from"]}"' in ada.text
    assert (await desk.rig.ask("GET", "/v1/duty", desk.tokens["Ada"]))[1]["shifts"] == []


async def test_a_verifier_is_offered_what_the_table_lets_them_do_and_refused_the_rest(
    desk: DeskRig, ada: Browser, cem: Browser
) -> None:
    shift = await offered(desk, ada)
    for act, sort in ACTS.items():
        await cem.get("/desk/duty")
        if sort in ALLOWED["verifier"]:
            continue
        assert f"/desk/duty/{act}" not in cem.text
        await cem.send(f"/desk/duty/{act}", shift=shift, group="hackney", **times(desk), places="1")
        assert (cem.status, "Your role does not allow this" in cem.text) == (403, True), act
    assert set(ACTS.values()) == set(duty.ShiftCommand.__subclasses__())


async def test_a_group_sees_its_own_rota_alone_and_who_runs_it_the_way_to_its_quiet_hours(
    desk: DeskRig, ada: Browser
) -> None:
    shift = await offered(desk, ada)
    await ada.get("/desk/duty")
    assert "22:00–07:00" in ada.text
    assert "/groups/" not in ada.text
    async with await browser(desk, "Dora") as dora:
        await dora.get("/desk/duty")
        assert shift not in dora.text
        assert "None: reminders come at any hour." in dora.text
        assert 'href="/groups/haringey/policy"' in dora.text
        await dora.send("/desk/duty/take", shift=shift)
        assert dora.status == 404
    async with await browser(desk, "op") as operator:
        assert await operator.get("/desk/duty") == 200
        assert "You belong to no group" in operator.text


async def test_without_our_token_or_a_session_nothing_is_done(desk: DeskRig, ada: Browser) -> None:
    shift = await offered(desk, ada)
    await ada.send("/desk/duty/take", shift=shift, csrf="")
    assert ada.status == 403
    async with Browser(desk.rig) as nobody:
        await nobody.get("/desk/duty")
        assert nobody.path.startswith("/sign-in?next=")
    shifts = (await desk.rig.ask("GET", "/v1/duty", desk.tokens["Ada"]))[1]["shifts"]
    assert [s["takers"] for s in shifts] == [[]]


async def test_the_same_form_twice_is_one_shift(desk: DeskRig, ada: Browser) -> None:
    sent = {**times(desk), "places": "1", **ada.hidden()}
    for _ in range(2):
        await ada.send("/desk/duty/offer", **sent)
    assert len((await desk.rig.ask("GET", "/v1/duty", desk.tokens["Ada"]))[1]["shifts"]) == 1
    assert len(re.findall("<h4", ada.text)) == 1


async def test_a_withdrawn_shift_is_gone(desk: DeskRig, ada: Browser) -> None:
    shift = await offered(desk, ada)
    await ada.send("/desk/duty/withdraw", shift=shift)
    assert ada.path == "/desk/duty?done=shift_withdraw"
    assert shift not in ada.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("2022-05-14", "18:30", "22:00"), ("2022-05-14T17:30", "2022-05-14T21:00")),
        (("2022-05-14", "22:00", "02:00"), ("2022-05-14T21:00", "2022-05-15T01:00")),
        (("2022-05-14", "22:00", "22:00"), ("2022-05-14T21:00", "2022-05-15T21:00")),
        (("2022-12-31", "23:00", "01:00"), ("2022-12-31T23:00", "2023-01-01T01:00")),
        (("2022-10-30", "01:30", "02:30"), ("2022-10-30T00:30", "2022-10-30T02:30")),
    ],
)
def test_local_times_are_the_moments_meant(typed: tuple[str, str, str], meant: tuple[str, str]) -> None:
    span = span_of(*typed)
    assert span is not None
    assert tuple(m.replace(tzinfo=None).isoformat("T", "minutes") for m in span) == meant
    assert {m.tzinfo for m in span} == {UTC}


@pytest.mark.parametrize(
    "typed",
    [
        ("", "18:00", "19:00"),
        ("14/05/2022", "18:00", "19:00"),
        ("2022-05-14", "25:00", "26:00"),
        ("2022-05-14", "", "19:00"),
        ("9999-12-31", "23:00", "01:00"),
        ("2022-02-30", "18:00", "19:00"),
    ],
)
def test_what_is_no_span_is_none(typed: tuple[str, str, str]) -> None:
    assert span_of(*typed) is None


def test_the_next_check_lies_ahead_and_within_what_is_allowed() -> None:
    now = datetime(2022, 5, 14, 19, 59, 59, tzinfo=UTC)
    found = checks_after(now)
    assert found == sorted(found)
    assert now + timedelta(hours=1) < found[0]
    assert found[-1] < now + timedelta(days=30)
