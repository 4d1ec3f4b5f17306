"""The desk's pages over a real router: who sees what, each act, conflicts, faults, hostile input."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from alert_relay.cli import desk_views
from services.console.decide.page_acts import ACTS
from services.console.web.desk.words import DESK
from shared.contracts import incidents as i
from shared.contracts.aftercare import Fate
from shared.contracts.alerts import AlertKind
from shared.contracts.base import Place, Position
from shared.contracts.groups import ChannelDefinition, Policy
from shared.contracts.ledger import AlertSettled, ChunkSettled, DeliveryReceipted, RecipientOutcome
from shared.testing.state import MemoryState
from tests.rigs.desk import HARINGEY, DeskRig, desk_rig
from tests.rigs.desk_pages import browser

NASTY = '<script>alert(1)</script>"&\u202e<img src=x onerror=alert(1)>{{ 7 * 7 }}'
RAID = "Immigration raid at Ashwin Street E8, two vans and six officers"
HERE = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
COMMUNITY = ChannelDefinition(
    id="telegram", kind="telegram", audience="community",
    settings={"api": "env:U", "token": "env:T", "to": ["@one", "@two"]},
)  # fmt: skip
VERIFIERS = ChannelDefinition(
    id="hook",
    kind="webhook",
    audience="verifiers",
    settings={"url": "env:U", "path": "/v", "secret": "env:S"},
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney", channels=[COMMUNITY, VERIFIERS], policy=Policy(second_person_above=500))
        await found.group("haringey", HARINGEY)
        await found.member("Ada", hackney="dispatcher")
        await found.member("Ben", hackney="dispatcher")
        await found.member("Cem", hackney="verifier")
        await found.member("Dora", haringey="dispatcher")
        yield found


async def one_raid(desk: DeskRig, text: str = RAID) -> str:
    """An incident with a first-hand report; its code."""
    await desk.report(text, at=HERE, first_hand=True)
    return str((await desk.incidents("Ada"))[0]["code"])


def _bare(page: str) -> str:
    """Without the marks that keep figures and names apart from text of another direction."""
    return re.sub("[\u2066-\u2069]", "", page)


async def status_of(desk: DeskRig, code: str) -> str:
    return str((await desk.rig.store.incident(code) or {})["status"])


async def alerts_of(desk: DeskRig, code: str) -> list[str]:
    return list((await desk.rig.store.incident(code) or {})["alerts"])


# --- who sees what ------------------------------------------------------------------------------


async def test_nobody_sees_the_desk_without_signing_in(desk: DeskRig) -> None:
    code = await one_raid(desk)
    for path in ("/desk", f"/desk/{code}", f"/desk/{code}/confirm", "/desk/held"):
        async with desk.rig.http.get(desk.rig.url + path, allow_redirects=False) as answer:
            assert answer.status == 303
            assert answer.headers["Location"].startswith("/sign-in?next=/desk")
    async with desk.rig.http.get(desk.rig.url + "/desk/live") as answer:
        assert answer.status == 401


async def test_only_the_groups_concerned_see_an_incident(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada, dora = await browser(desk, "Ada"), await browser(desk, "Dora")
    assert RAID in await ada.get(f"/desk/{code}")
    assert f"/desk/{code}" in await ada.get("/desk")
    assert f"/desk/{code}" not in await dora.get("/desk")
    for path in ("", "/reports", "/note", "/confirm"):
        text = await dora.get(f"/desk/{code}{path}")
        assert dora.status == 404, path
        assert "Ashwin" not in text
    await dora.get("/desk/ZZZ")
    assert dora.status == 404


async def test_an_operator_sees_no_words_and_no_place(desk: DeskRig) -> None:
    nobodys = Position(lat=53.8, lon=-1.55, accuracy_m=10)
    await desk.report("Immigration raid here in Leeds, six officers, one van", at=nobodys, first_hand=True)
    operator = await browser(desk, "op")
    text = await operator.get("/desk")
    assert operator.status == 200
    assert 'href="/members"' in text
    assert "Leeds" not in text
    assert "six officers" not in text


async def test_a_verifier_cannot_do_what_only_dispatchers_may(desk: DeskRig) -> None:
    code = await one_raid(desk)
    cem = await browser(desk, "Cem")
    page = await cem.get(f"/desk/{code}")
    assert f"/desk/{code}/confirm" not in page
    assert f"/desk/{code}/seen" in page
    for act in ("confirm", "merge", "officers_left", "escalate"):
        await cem.get(f"/desk/{code}/{act}")
        assert cem.status == 403, act
        await cem.get(f"/desk/{code}")
        await cem.send(f"/desk/{code}/{act}", send="1", text="x")
        assert cem.status == 403, act
    assert await status_of(desk, code) == "unconfirmed"


async def test_a_form_without_our_token_changes_nothing(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await ada.post(f"/desk/{code}/claim", [])
    assert ada.status == 403
    assert not (await desk.rig.store.incident(code) or {}).get("claim")


# --- acts ---------------------------------------------------------------------------------------


async def test_claim_shows_who_and_can_be_undone(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada, ben = await browser(desk, "Ada"), await browser(desk, "Ben")
    assert "Nobody is on it" in await ada.get(f"/desk/{code}")
    done = await ada.send(f"/desk/{code}/claim")
    assert ada.url == f"/desk/{code}?done=claim"
    assert "You are on it" in done
    assert "Undo" in done
    assert "<bdi>Ada</bdi> is on it" in await ben.get("/desk")
    await ben.get(f"/desk/{code}")
    refused = await ben.send(f"/desk/{code}/claim")
    assert (ben.status, "Ada is on it, for 15 more minutes" in _bare(refused)) == (409, True)
    undone = await ada.send(f"/desk/{code}/release")
    assert "Nobody is on it" in undone


async def test_a_form_sent_twice_is_done_once(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/note")
    fields = [*ada._hidden(f"/desk/{code}/note", {}), ("text", "Called the café.")]
    await asyncio.gather(*(ada.post(f"/desk/{code}/note", fields) for _ in range(3)))
    page = await ada.get(f"/desk/{code}")
    assert page.count("Called the café.") == 1


async def test_a_preview_of_texts_says_how_many_numbers_and_segments_are_paid_for(desk: DeskRig) -> None:
    to = [f"+44770090010{n}" for n in range(3)]
    settings = {"url": "http://127.0.0.1:13013", "username": "relay", "password": "env:HACKNEY__KANNEL",
                "sender": "Hackney", "to": to}  # fmt: skip
    texts = ChannelDefinition(id="texts", kind="kannel", audience="community", settings=settings)
    await desk.group("hackney", channels=[texts, VERIFIERS], policy=Policy(second_person_above=500))
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    form = f"/desk/{code}/confirm"
    await ada.get(form)
    shown = _bare(
        await ada.send(form, text="Six officers \u2013 near the caf\u00e9\u2019s door.", ask="WITNESSES")
    )
    assert "3 phone numbers" in shown
    assert "SMS each: 2, in all: 6" in shown
    assert "Six officers - near the café&#39;s door." in shown
    previewed = await desk.act("confirm/preview", "Ada", incident=code, ask="WITNESSES", text="Six officers.")
    sends = previewed["sends"]
    assert {s["channel"]: s["segments"] for s in sends} == {"texts": 2, "hook": None}
    assert "Your words are shortened here." not in shown


async def test_a_preview_says_where_the_words_are_shortened(desk: DeskRig) -> None:
    settings = {"url": "http://127.0.0.1:13013", "username": "relay", "password": "env:HACKNEY__KANNEL",
                "sender": "Hackney", "to": ["+447700900100"]}  # fmt: skip
    texts = ChannelDefinition(id="texts", kind="kannel", audience="community", settings=settings)
    await desk.group("hackney", channels=[texts, VERIFIERS], policy=Policy(second_person_above=500))
    code = await one_raid(desk)
    said = "Six officers are in the café and four more wait at the back of the house. They asked everybody."
    previewed = await desk.act("confirm/preview", "Ada", incident=code, ask="WITNESSES", text=said)
    assert {s["channel"]: s["shortened"] for s in previewed["sends"]} == {"texts": True, "hook": False}
    assert "\n".join(desk_views.previewed(previewed)).count("Your words are shortened") == 1
    ada = await browser(desk, "Ada")
    form = f"/desk/{code}/confirm"
    await ada.get(form)
    shown = await ada.send(form, text=said, ask="WITNESSES")
    assert shown.count("Your words are shortened here.") == 1


async def test_guided_confirm_builds_the_text_shows_it_and_sends_it(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    form = f"/desk/{code}/confirm"
    assert "Who saw it?" in await ada.get(form)
    words = await ada.send(
        form, who="me", still="yes", at="19:02", vans="2", officers="6", held="1", where="by the café",
        signs=["markings", "said"], built="1",
    )  # fmt: skip
    text = "Seen: 2 vans, 6 officers, 1 person held. By the café. Still going on at 19:02."
    assert text in unescape(words)
    assert "Before you confirm" not in words
    typed = unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", words, re.DOTALL).group(1))  # type: ignore[union-attr]
    preview = await ada.send(form, text=typed, ask="WITNESSES")
    assert await status_of(desk, code) == "unconfirmed"
    assert "This will be sent" in preview
    assert "2 Telegram chats" in preview
    assert "How many people read them is not known" in preview
    assert "WITNESSES useful" in preview
    assert "To pass on by hand" in preview
    assert "Send to these 2 channels" in preview
    await ada.send(form, send="1")
    assert ada.url == f"/desk/{code}?done=confirm"
    assert await status_of(desk, code) == "confirmed"
    incident = await desk.rig.store.incident(code) or {}
    assert (incident["ask"], incident["statement"]) == ("WITNESSES", typed)
    assert "what is known now" in ada.text
    assert "Still going on at 19:02." in ada.text.partition('id="forward"')[2]
    assert "what is known now" not in await (await browser(desk, "Cem")).get(f"/desk/{code}")


async def test_doubts_are_said_before_the_preview(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/confirm")
    words = await ada.send(f"/desk/{code}/confirm", who="nobody", still="unknown", built="1")
    assert words.partition("</main>")[0].count("<li>") == 3
    assert "Nobody that we spoke with has seen it" in words


async def test_a_change_meanwhile_is_a_conflict_that_keeps_what_was_typed(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    form = f"/desk/{code}/confirm"
    await ada.get(form + "?write=1")
    await ada.send(form, text="Two vans by the café.", ask="WITNESSES")
    await desk.act("seen", "Ben", incident=code, text="I see four officers.")
    conflict = await ada.send(form, send="1")
    assert ada.status == 409
    assert "Ben sees it" in conflict
    assert "I see four officers." in conflict
    assert "Two vans by the café." in conflict
    assert await status_of(desk, code) == "likely"
    again = await ada.send(form)
    assert "Two vans by the café." in again
    assert 'value="WITNESSES" checked' in again
    await ada.send(form, text="Two vans, four officers.", ask="WITNESSES")
    await ada.send(form, send="1")
    assert await status_of(desk, code) == "confirmed"


async def test_two_who_send_at_once_are_decided_once(desk: DeskRig) -> None:
    code = await one_raid(desk)
    people = [await browser(desk, "Ada"), await browser(desk, "Ben")]
    form = f"/desk/{code}/confirm"
    for n, person in enumerate(people):
        await person.get(form + "?write=1")
        await person.send(form, text=f"Text {n}", ask="NONE")
    await asyncio.gather(*(person.send(form, send="1") for person in people))
    assert sorted(person.status for person in people) == [200, 409]
    timeline = (await desk.rig.store.incident(code) or {})["timeline"]
    assert [s["what"] for s in timeline].count("confirmed") == 1


async def test_a_large_send_waits_for_a_second_person(desk: DeskRig) -> None:
    await desk.group("hackney", channels=[COMMUNITY, VERIFIERS], policy=Policy(second_person_above=1))
    code = await one_raid(desk)
    ada, ben = await browser(desk, "Ada"), await browser(desk, "Ben")
    form = f"/desk/{code}/confirm"
    await ada.get(form + "?write=1")
    preview = await ada.send(form, text="Two vans by the café.", ask="WITNESSES")
    assert "only when a second person says yes" in preview
    assert "Propose to a second person" in preview
    done = await ada.send(form, send="1")
    assert ada.url.endswith("?done=proposed")
    assert "Another dispatcher has to say yes" in done
    assert await status_of(desk, code) == "unconfirmed"
    page = await ben.get(f"/desk/{code}")
    assert "Ada wants to confirm it. It would go to 2 addresses." in page
    words = await ben.get(form)
    assert "Two vans by the café." in words
    assert 'value="WITNESSES" checked' in words
    preview = await ben.send(form, text="Two vans by the café.", ask="WITNESSES")
    assert "You are the second person" in preview
    assert "only when a second person" not in preview
    await ben.send(form, send="1")
    assert await status_of(desk, code) == "confirmed"


async def test_the_questions_stand_beside_what_is_known_and_from_whom(desk: DeskRig) -> None:
    code = await one_raid(desk, "Immigration raid at Ashwin Street, 2 vans and 6 officers")
    ada = await browser(desk, "Ada")
    page = unescape(await ada.get(f"/desk/{code}/confirm"))
    assert "None of us has said yet that they saw it." in page
    counted = _bare(page).partition("A report counts: ")[2]
    assert counted.startswith("Vans: 2 · Officers: 6.")
    assert counted.partition("</p>")[0].endswith("2 vans and 6 officers</span>")
    await desk.act("seen", "Cem", incident=code, text="<b>Four</b> vans, one person held")
    page = await ada.get(f"/desk/{code}/confirm")
    time = f"{desk.rig.clock.now().astimezone(ZoneInfo('Europe/London')):%H:%M}"
    assert _bare(page).count(f"Cem saw it at {time}.") == 3, "who, when, and beside the numbers"
    assert "&lt;b&gt;Four&lt;/b&gt; vans, one person held" in page
    assert "None of us" not in page


async def test_a_refusal_that_names_another_act_leads_there(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await desk.act("confirm", "Ada", incident=code)
    await desk.act("end", "Ada", incident=code, stage="officers_left", taken=1)
    await ada.get(f"/desk/{code}/closed")
    page = await ada.send(f"/desk/{code}/closed")
    refusal = page.partition('id="problem"')[2].partition("</p>")[0]
    assert ada.status == 409
    assert f'<a href="/desk/{code}/account">' in refusal


@pytest.mark.parametrize(
    ("act", "fields", "status"),
    [
        (
            "officers_left",
            {"let_go": "1", "taken": "0", "unknown": "1", "text": "They drove off."},
            "officers_left",
        ),
        ("aftercare", {}, "aftercare"),
        ("closed", {}, "closed"),
        ("not_confirmed", {}, "not_confirmed"),
        ("other_agency", {"agency": "bailiffs"}, "other_agency"),
        ("watch", {}, "other_agency"),
    ],
)
async def test_an_end_is_shown_before_it_is_said_and_can_be_opened_again(
    desk: DeskRig, act: str, fields: dict[str, str | list[str]], status: str
) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/{act}")
    assert "This will be sent" in await ada.send(f"/desk/{code}/{act}", **fields)
    assert await status_of(desk, code) == "unconfirmed"
    done = await ada.send(f"/desk/{code}/{act}", send="1")
    assert await status_of(desk, code) == status
    if "unknown" in fields:
        assert "not known whether taken: 1" in done
    assert f'/desk/{code}/reopen">Undo' in done
    await ada.get(f"/desk/{code}/reopen")
    await ada.send(f"/desk/{code}/reopen", text="")
    await ada.send(f"/desk/{code}/reopen", send="1")
    assert await status_of(desk, code) == "unconfirmed"


async def test_confirmed_then_update_then_retract(desk: DeskRig) -> None:
    code = await one_raid(desk)
    await desk.act("confirm", "Ada", incident=code, ask="WITNESSES", text="Two vans.")
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/update")
    preview = await ada.send(f"/desk/{code}/update", ask="ENOUGH", text="Enough neighbours are here.")
    assert "ENOUGH people are there now" in preview
    await ada.send(f"/desk/{code}/update", send="1")
    assert (await desk.rig.store.incident(code) or {})["ask"] == "ENOUGH"
    await ada.get(f"/desk/{code}/retract")
    assert "WRONG" in await ada.send(f"/desk/{code}/retract", text="It was a film set.")
    await ada.send(f"/desk/{code}/retract", send="1")
    assert await status_of(desk, code) == "retracted"


async def test_place_by_typing_by_choice_by_click_and_by_arrows(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    form = f"/desk/{code}/place"

    async def placed(**fields: str) -> tuple[float, float]:
        assert "This will be sent" in await ada.send(form, **fields), ada.text
        await ada.send(form, send="1")
        place = (await desk.rig.store.incident(code) or {})["place"]
        return round(place["lat"], 4), round(place["lon"], 4)

    await ada.get(form)
    assert await placed(where="51.5500, -0.0600", label="By the pond", radius_m="20") == (51.55, -0.06)
    page = await ada.get(form)
    chosen = re.search(r'name="chosen" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    assert await placed(chosen=chosen) == (51.5467, -0.0753)
    await ada.get(form)
    clicked = await ada.send(form, **{"map.x": "160", "map.y": "80"})
    assert "Chosen:" in clicked
    north = await placed(put="1")
    assert north[0] > 51.5467
    assert north[1] == -0.0753
    await ada.get(form)
    await ada.send(form, look="east")
    assert "Chosen:" in await ada.send(form, look="middle")
    east = await placed(put="1")
    assert east[0] == north[0]
    assert east[1] > -0.0753
    await ada.get(form)
    corner = await ada.send(form, **{"map.x": "0", "map.y": "0"})
    assert (ada.status, "Say where" in corner) == (422, True)
    wrong = await ada.send(form, where="Nowhere At All")
    assert (ada.status, "Choose one of the places" in wrong) == (422, True)
    assert 'value="Nowhere At All"' in wrong
    assert "Nothing of that name" in wrong
    strange = {"view_lat": "nan", "view_lon": "1e999", "view_side": "-3", "look": "in"}
    assert "<svg" in await ada.send(form, **strange)


async def test_merge_and_split_undo_each_other(desk: DeskRig) -> None:
    first = await one_raid(desk)
    there = Position(lat=51.5545, lon=-0.0545, accuracy_m=15)
    await desk.report("Immigration officers at Clapton Square E5, one van", at=there, first_hand=True)
    codes = {i["code"] for i in await desk.incidents("Ada")}
    (second,) = codes - {first}
    ada = await browser(desk, "Ada")
    page = await ada.get(f"/desk/{first}/merge")
    assert f'value="{second}"' in page
    assert "m away" in page
    await ada.send(f"/desk/{first}/merge")
    assert (ada.status, "Choose the incident" in ada.text) == (422, True)
    done = await ada.send(f"/desk/{first}/merge", absorbed=second)
    assert "The two are one now" in done
    assert "Clapton Square" in done
    assert await status_of(desk, second) == "merged"
    assert f'href="/desk/{first}"' in await ada.get(f"/desk/{second}")
    page = await ada.get(f"/desk/{first}/split")
    report = re.findall(
        r'name="reports" value="([^"]+)"[^>]*>\s*<span[^>]*>Immigration officers at Clapton', page
    )
    await ada.send(f"/desk/{first}/split")
    assert (ada.status, "Choose at least one report" in ada.text) == (422, True)
    done = await ada.send(f"/desk/{first}/split", reports=report)
    assert "split 1 reports off" in done
    assert "Clapton Square" not in await ada.get(f"/desk/{first}")
    assert len([i for i in await desk.incidents("Ada") if i["status"] == "unconfirmed"]) == 2


async def test_go_there_see_note_hand_over_and_ask_neighbours(desk: DeskRig) -> None:
    code = await one_raid(desk)
    cem, ada = await browser(desk, "Cem"), await browser(desk, "Ada")
    await cem.get(f"/desk/{code}")
    await cem.send(f"/desk/{code}/claim")
    await cem.send(f"/desk/{code}/going")
    assert "Say when you are there" in await cem.get(f"/desk/{code}")
    await cem.send(f"/desk/{code}/there")
    page = await ada.get(f"/desk/{code}")
    assert "<bdi>Cem</bdi> is there" in page
    await cem.get(f"/desk/{code}/seen")
    preview = await cem.send(f"/desk/{code}/seen", text="Four officers at the door.")
    assert "Four officers at the door." in preview
    assert await status_of(desk, code) == "unconfirmed", "nothing goes out unseen"
    await cem.send(f"/desk/{code}/seen", send="1")
    assert await status_of(desk, code) == "likely"
    page = await cem.get(f"/desk/{code}/hand_over")
    assert "Dora" not in page
    await cem.send(f"/desk/{code}/hand_over", to="mada", text="I stay here.")
    page = await ada.get(f"/desk/{code}")
    assert "Cem handed it over to Ada" in page
    assert "You are on it" in page
    assert "I stay here." in page
    page = await ada.get(f"/desk/{code}/escalate")
    assert "Haringey Watch" in page
    preview = await ada.send(f"/desk/{code}/escalate", groups=["haringey"])
    assert "Nobody is sent anything" in preview, "they have no channel"
    await ada.send(f"/desk/{code}/escalate", send="1")
    assert "asked for help: haringey" in ada.text
    dora = await browser(desk, "Dora")
    assert RAID in await dora.get(f"/desk/{code}")


async def test_it_is_closed_once_everybody_taken_is_accounted_for(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await desk.act("confirm", "Ada", incident=code)
    await ada.get(f"/desk/{code}/officers_left")
    await ada.send(f"/desk/{code}/officers_left", taken="1", unknown="1")
    await ada.send(f"/desk/{code}/officers_left", send="1")
    await ada.get(f"/desk/{code}/aftercare")
    preview = await ada.send(f"/desk/{code}/aftercare", text="We go to the police station.")
    assert "It stays open until we know what became of everybody." in preview
    assert "looked after" not in preview, "nobody does yet"
    assert "Immigration officers: " not in preview
    assert "1 person taken" not in preview, "they have just heard it"
    told = await alerts_of(desk, code)
    await ada.get(f"/desk/{code}/aftercare")
    await ada.send(f"/desk/{code}/aftercare")
    await ada.send(f"/desk/{code}/aftercare", send="1")
    assert ada.url.endswith("?done=aftercare")
    assert await alerts_of(desk, code) == told, "nothing is new in it"
    page = await ada.get(f"/desk/{code}")
    assert f"/desk/{code}/account" in page.split('class="next')[-1]
    page = await ada.get(f"/desk/{code}/closed")
    assert f'href="/desk/{code}/account"' in page
    page = await ada.send(f"/desk/{code}/closed")
    assert (ada.status, "nobody knows what became" in page) == (409, True)
    page = await ada.get(f"/desk/{code}/account")
    assert "Let go: 0 · taken: 1 · not known whether taken: 1" in _bare(page)
    page = await ada.send(f"/desk/{code}/account", arrested="2", fate_released="5")
    assert (ada.status, "more people than are not known" in page) == (409, True)
    await ada.get(f"/desk/{code}/account")
    await ada.send(f"/desk/{code}/account", arrested="2", fate_released="1", fate_detention="1")
    page = await ada.get(f"/desk/{code}")
    assert "said what became of those taken" in page
    assert "What became of them: Released: 1 · In immigration detention: 1" in _bare(page)
    assert "do not know yet what became" in page
    update = await ada.get(f"/desk/{code}/update")
    assert "Released: 1" in _bare(update)
    desk.rig.clock.forward(minutes=1)
    preview = unescape(await ada.send(f"/desk/{code}/update", ask="NONE", text=""))
    assert "2 people taken: 1 released, 1 in immigration detention." in preview
    await ada.send(f"/desk/{code}/update", send="1")
    assert "do not know yet what became" not in await ada.get(f"/desk/{code}")
    await ada.get(f"/desk/{code}/closed")
    preview = await ada.send(f"/desk/{code}/closed")
    assert "2 people taken" not in preview, "they have just heard it"
    desk.rig.clock.forward(minutes=20)
    await ada.get(f"/desk/{code}/closed")
    preview = await ada.send(f"/desk/{code}/closed")
    assert "2 people taken: 1 released, 1 in immigration detention." in preview, "the last word says it again"
    await ada.send(f"/desk/{code}/closed", send="1")
    assert await status_of(desk, code) == "closed"


async def test_aftercare_asks_for_no_number_again_and_shows_that_nobody_is_sent_anything(
    desk: DeskRig,
) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await desk.act("confirm", "Ada", incident=code)
    await desk.act("end", "Ada", incident=code, stage="officers_left", let_go=0, taken=1, unknown=1)
    form = await ada.get(f"/desk/{code}/aftercare")
    assert re.search(
        "Filled in with what Ada said at \\d\\d:\\d\\d. Change only what is different now.", _bare(form)
    )
    values = dict(re.findall(r'name="(let_go|taken|unknown)"[^>]*value="(\d*)"', form))
    assert values == {"let_go": "0", "taken": "1", "unknown": "1"}
    preview = await ada.send(f"/desk/{code}/aftercare", **values)
    assert "Nobody is sent anything" in preview
    assert await status_of(desk, code) == "officers_left", "it is shown first, as promised"
    await ada.send(f"/desk/{code}/aftercare", send="1")
    assert await status_of(desk, code) == "aftercare"


async def test_numbers_of_an_earlier_end_and_the_account_are_one_truth(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await desk.act("confirm", "Ada", incident=code)
    await desk.act("end", "Ada", incident=code, stage="officers_left", let_go=1, taken=1, unknown=1)
    await desk.act("reopen", "Ada", incident=code)
    await desk.act("account", "Ada", incident=code, arrested=3, became=[{"fate": "released", "number": 2}])
    page = _bare(await ada.get(f"/desk/{code}"))
    assert "Said at an end, before it was opened again or merged: Let go: 1 · taken: 2" in page
    assert "taken: 2 · not known whether taken: 1" in page
    assert "What became of them: Released: 2 · Not known whether taken: 1" in page
    form = _bare(await ada.get(f"/desk/{code}/officers_left"))
    values = {n: re.search(rf'name="{n}"[^>]*value="(\d*)"', form) for n in ("let_go", "taken", "unknown")}
    assert {n: m and m[1] for n, m in values.items()} == {"let_go": "1", "taken": "2", "unknown": "1"}
    shown = await ada.send(f"/desk/{code}/officers_left", let_go="1", taken="2", unknown="1")
    answer = await desk.act("end", "Ada", incident=code, stage="officers_left", let_go=1, taken=2, unknown=1)
    assert answer["incident"]["tally"] == {"let_go": 1, "taken": 2, "unknown": 1}
    told = (
        "2 people taken: 2 released. 1 person let go. Of 1 person we don&#39;t know whether they were taken."
    )
    assert told in shown
    await ada.get(f"/desk/{code}/aftercare")
    shown = await ada.send(f"/desk/{code}/aftercare", let_go="2", taken="2", unknown="0")
    assert "2 people taken: 2 released. 2 people let go." in shown


async def test_every_page_of_an_exercise_says_so_at_its_head(desk: DeskRig) -> None:
    await desk.group("hackney", channels=[VERIFIERS.model_copy(update={"drills": True})])
    await desk.drill(RAID, at=HERE, first_hand=True)
    code = str((await desk.incidents("Ada"))[0]["code"])
    ada = await browser(desk, "Ada")
    report = (await desk.rig.store.reports_of(await desk.rig.store.incident(code) or {}))[0]["report_id"]
    paths = ["", "/reports", f"/why/{report}", *(f"/{act}" for act in ACTS)]
    for path in paths:
        page = await ada.get(f"/desk/{code}{path}")
        assert "DRILL: this is an exercise" in page.partition("<h1")[0], path
        assert "<title>DRILL" in page, path
    await ada.get(f"/desk/{code}/confirm?write=1")
    preview = await ada.send(f"/desk/{code}/confirm", text="Two vans.", ask="NONE")
    assert ">DRILL: This will be sent</h1>" in preview
    assert "DRILL: this is an exercise" not in await ada.get("/desk/held")


async def test_whoever_sees_nothing_is_shown_what_to_do_instead(desk: DeskRig) -> None:
    code = await one_raid(desk)
    page = await (await browser(desk, "Ada")).get(f"/desk/{code}/seen")
    for act in ("not_confirmed", "officers_left", "other_agency"):
        assert f'href="/desk/{code}/{act}"' in page
    page = await (await browser(desk, "Cem")).get(f"/desk/{code}/seen")
    assert "Only a dispatcher can end it" in page
    assert f'href="/desk/{code}/note"' in page
    assert f'href="/desk/{code}/not_confirmed"' not in page


async def test_what_people_are_asked_and_who_saw_it_last_stand_at_the_top(desk: DeskRig) -> None:
    code = await one_raid(desk)
    await desk.act("seen", "Ben", incident=code, text="Two vans by the café.")
    await desk.act("confirm", "Ada", incident=code, ask="WITNESSES")
    page = await (await browser(desk, "Ada")).get(f"/desk/{code}")
    head = page.partition('class="next"')[0]
    assert "What people are asked now: Witnesses are useful" in head
    assert "Last seen by Ben" in head
    assert "Two vans by the café." in head


async def test_the_list_says_that_reports_wait(desk: DeskRig) -> None:
    ada = await browser(desk, "Ada")
    assert "All quiet" in await ada.get("/desk")
    await desk.report("raid in E9")
    page = _bare(await ada.get("/desk"))
    assert '<a href="/desk/held">1 report was set aside and waits for a person. The oldest came' in page
    assert "All quiet" not in page


async def test_a_merge_without_candidates_asks_for_the_code_alone(desk: DeskRig) -> None:
    code = await one_raid(desk)
    page = await (await browser(desk, "Ada")).get(f"/desk/{code}/merge")
    assert "No other incident of your groups is open" in page
    assert "Or its code" not in page


async def test_only_who_left_a_way_to_reach_them_is_offered_to_be_asked(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    page = await ada.get(f"/desk/{code}/ask")
    assert "Nobody who reported this can be asked" in page
    assert 'name="report"' not in page
    report = await desk.report(RAID + " now", at=HERE, sender=None, contact="a@b.example")
    page = await ada.get(f"/desk/{code}/ask")
    assert re.findall(r'name="report" value="([^"]+)"', page) == [report]
    assert "Left no way to reach them, or it is erased: 1" in page
    assert (await ada.send(f"/desk/{code}/ask", report=report, asks="what"), ada.status)[1] == 200
    desk.rig.clock.forward(hours=72)
    assert 'name="report"' not in await ada.get(f"/desk/{code}/ask")


async def test_a_made_up_form_cannot_ask_whom_the_page_does_not_offer(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/ask")
    refused = await ada.send(f"/desk/{code}/ask", report="r1", asks="what")
    assert (ada.status, "they left no way to reach them" in refused) == (409, True)


# --- held, mute, flood --------------------------------------------------------------------------


async def test_a_held_report_says_why_it_waits_and_goes_on(desk: DeskRig) -> None:
    await desk.rig.publish(
        i.ReportHeld(
            **desk.rig.base(), report_id="held1", reason="place_too_vague", groups=("hackney",),
            detail=i.HeldReport(text="raid near the market " + NASTY),
        )
    )  # fmt: skip
    await desk.rig.shown()
    ada, dora = await browser(desk, "Ada"), await browser(desk, "Dora")
    page = await ada.get("/desk")
    assert "the place is too vague" in page
    assert "raid near the market" in page
    assert "<script>alert" not in page
    assert "raid near the market" not in await dora.get("/desk")
    await dora.get("/desk/held/held1")
    assert dora.status == 404
    assert "raid near the market" in await ada.get("/desk/held")
    await ada.get("/desk/held/held1")
    refused = await ada.send("/desk/held/held1/release", where="no idea")
    assert (ada.status, "Choose one of the places" in refused) == (422, True)


async def test_a_report_that_the_router_holds_is_released_to_where_a_person_says(desk: DeskRig) -> None:
    report = await desk.report("immigration raid in Hackney, vans and officers")
    held = await desk.rig.store.one(f"held:{report}") or {}
    assert held["groups"] == ["hackney"]
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/held/{report}")
    done = await ada.send(f"/desk/held/{report}/release", where="51.5467, -0.0753", label="By the café")
    assert "done=released" in ada.url
    assert "By the café" in done
    assert await desk.rig.store.one(f"held:{report}") is None
    await ada.get(f"/desk/held/{report}")
    assert (ada.status, "This report waits no longer" in ada.text) == (404, True)


async def test_a_held_report_is_released_into_an_incident_or_its_sender_muted(desk: DeskRig) -> None:
    code = await one_raid(desk)
    report = await desk.report("raid in E9")
    assert (await desk.rig.store.one(f"held:{report}") or {})["reason"] == "place_too_vague"
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/held/{report}")
    done = await ada.send(f"/desk/held/{report}/mute", what="sender", reason="hoax")
    assert "It is muted for 24 hours" in done
    await ada.get(f"/desk/held/{report}")
    await ada.send(f"/desk/held/{report}/release", into="one", incident=code)
    assert ada.url == f"/desk/{code}?done=released"
    assert "raid in E9" in ada.text


async def test_mute_and_unmute_by_page(desk: DeskRig) -> None:
    code = await one_raid(desk)
    report = (await desk.rig.store.reports_of(await desk.rig.store.incident(code) or {}))[0]["report_id"]
    await desk.act("mute", "Ada", report=report, group="hackney", what="sender", reason="hoax")
    ada = await browser(desk, "Ada")
    page = await ada.get("/desk")
    assert "A sender, by Ada" in page
    assert "A hoax" in page
    mute = re.search(r'name="mute" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    done = await ada.send("/desk/unmute", mute=mute)
    assert "It may ask for attention again" in done
    assert "A sender, by Ada" not in done


async def test_what_a_report_of_an_incident_brings_is_muted_and_undone_on_its_page(desk: DeskRig) -> None:
    code = await one_raid(desk)
    incident = await desk.rig.store.incident(code) or {}
    report = (await desk.rig.store.reports_of(incident))[0]["report_id"]
    ada, form = await browser(desk, "Ada"), f"/desk/{code}/mute/{report}"
    assert f'href="{form}"' in await ada.get(f"/desk/{code}")
    assert RAID in await ada.get(form)
    page = await ada.send(form, what="sender", reason="hoax")
    assert ada.url == f"/desk/{code}?done=muted_here"
    assert "Muted: A sender, by Ada, until" in page
    assert "A hoax" in page
    assert "Muted:" not in await (await browser(desk, "Dora")).get("/desk")
    value = re.search(r'name="mute" value="([^"]+)"', page)
    assert value
    await ada.post(f"/desk/unmute?back={code}", [*ada._hidden("", {}), ("mute", value[1])])
    assert ada.url == f"/desk/{code}?done=unmuted"
    assert "Muted: A sender" not in ada.text
    await ada.get(form)
    await ada.send(form, what="sender", reason="nonsense")
    assert ada.status == 422


async def test_a_mute_in_an_exercise_says_that_real_reports_come_through_and_is_shown_there_alone(
    desk: DeskRig,
) -> None:
    real = await one_raid(desk)
    exercise = await desk.drill(RAID, at=HERE, sender="both")
    code = next(i["code"] for i in await desk.incidents("Ada") if i["drill"])
    said = "Real reports come through as before"
    ada = await browser(desk, "Ada")
    assert said in await ada.get(f"/desk/{code}/mute/{exercise}")
    await ada.send(f"/desk/{code}/mute/{exercise}", what="sender", reason="hoax")
    assert "Muted: A sender, by Ada" in ada.text
    await desk.report("I see the vans too, Ashwin Street E8", at=HERE, sender="both")
    assert "Muted: A sender" not in await ada.get(f"/desk/{real}")
    report = (await desk.rig.store.reports_of(await desk.rig.store.incident(real) or {}))[0]["report_id"]
    assert said not in await ada.get(f"/desk/{real}/mute/{report}")
    drawer = (await ada.get("/desk")).partition('id="d-mutes"')[2].partition("</details>")[0]
    assert "DRILL" in drawer


async def test_only_who_may_mute_is_offered_it_and_only_for_reports_of_this_incident(desk: DeskRig) -> None:
    code = await one_raid(desk)
    other = await desk.report("raid in E9")
    cem, ada = await browser(desk, "Cem"), await browser(desk, "Ada")
    assert "/mute/" not in await cem.get(f"/desk/{code}")
    await cem.get(f"/desk/{code}/mute/{other}")
    assert cem.status == 403
    await ada.get(f"/desk/{code}/mute/{other}")
    assert ada.status == 404


async def test_a_report_in_another_language_says_so_with_a_hint(desk: DeskRig) -> None:
    await desk.report("La migra está en Ashwin Street E8, dos camionetas", at=HERE, first_hand=True)
    code = str((await desk.incidents("Ada"))[0]["code"])
    ada = await browser(desk, "Ada")
    assert "Written in Spanish. What you can do" in await ada.get(f"/desk/{code}")
    assert "Don’t paste it into a website" in ada.text
    assert "Qué puedes hacer" not in await ada.get(f"/desk/{code}?lang=es")


async def test_flood_mode_on_and_off(desk: DeskRig) -> None:
    ada, cem = await browser(desk, "Ada"), await browser(desk, "Cem")
    assert "Flood mode" not in await cem.get("/desk")
    await ada.get("/desk")
    done = await ada.send("/desk/flood", group="hackney", on="1")
    assert "Hackney Watch hears in digests only until" in done
    done = await ada.send("/desk/flood", group="hackney", on="")
    assert "hears in digests only" not in done
    await ada.send("/desk/flood", group="haringey", on="1")
    assert ada.status == 403


async def test_a_watch_is_one_quiet_line_for_two_hours(desk: DeskRig) -> None:
    where = i.WatchPlace(
        place=Place(lat=51.5467, lon=-0.0753, radius_m=30, how="street", label="Ashwin Street"),
        since=desk.rig.clock.now(),
        reports=3,
    )
    await desk.rig.publish(i.WatchNoted(**desk.rig.base(), watch_id="w1", groups=("hackney",), where=where))
    await desk.rig.shown()
    ada, dora = await browser(desk, "Ada"), await browser(desk, "Dora")
    assert "<bdi>Ashwin Street</bdi> · 3 reports since 19:00" in await ada.get("/desk")
    assert "Ashwin" not in await dora.get("/desk")
    desk.rig.clock.forward(hours=2)
    assert "Ashwin" not in await ada.get("/desk")


# --- new since one looked, and the rest ---------------------------------------------------------


async def test_what_is_new_is_marked_until_one_looks(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    assert '<span class="new">New</span></p>' in await ada.get("/desk")
    await ada.get(f"/desk/{code}")
    assert '<span class="new">' not in await ada.get("/desk")
    await desk.act("claim", "Ben", incident=code)
    await desk.report("I am in Ashwin Street E8 and see immigration officers", at=HERE)
    assert "1 more report · Ben is on it" in await ada.get("/desk")
    assert "Since you looked:" in await ada.get(f"/desk/{code}")
    assert '<span class="new">' not in await ada.get("/desk")


async def test_hostile_words_are_only_words(desk: DeskRig) -> None:
    code = await one_raid(desk, RAID + NASTY)
    await desk.act("note", "Ada", incident=code, text=NASTY)
    ada = await browser(desk, "Ada")
    for path in ("", "/reports", "/split", "/ask", "/confirm"):
        text = await ada.get(f"/desk/{code}{path}")
        assert ada.status == 200
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\S{0,4})", text)
    report = (await desk.rig.store.reports_of(await desk.rig.store.incident(code) or {}))[0]["report_id"]
    why = await ada.get(f"/desk/{code}/why/{report}")
    assert "Opened an incident" in why
    assert "<script>alert" not in why
    await ada.get(f"/desk/{code}/note")
    await ada.send(f"/desk/{code}/note", text="\x00\x1b[31m" * 5)
    assert ada.status in {200, 409, 422}
    await ada.get(f"/desk/{code}/note")
    await ada.send(f"/desk/{code}/note", **{f"f{n}": "x" for n in range(700)})
    assert ada.status == 413


async def test_every_act_has_its_words_and_its_page(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    for language in DESK.languages:
        for act in ACTS:
            await ada.get(f"/desk/{code}/{act}?lang={language}")
            assert ada.status == 200, (language, act)
        assert f'lang="{language}" dir="{DESK.say(language, "direction")}"' in ada.text


async def test_pages_say_so_when_the_read_model_is_away(desk: DeskRig) -> None:
    code = await one_raid(desk)
    ada = await browser(desk, "Ada")
    await ada.get(f"/desk/{code}/note")
    state = desk.rig.state
    assert isinstance(state, MemoryState)
    state.go_away()
    text = await ada.get("/desk")
    assert ada.status == 503
    assert "Nothing is lost" in text
    state.come_back()
    await ada.get("/desk")
    assert ada.status == 200


async def test_an_incident_in_a_storm_stays_small_and_everything_can_be_reached(desk: DeskRig) -> None:
    code = await one_raid(desk)
    incident = await desk.rig.store.incident(code) or {}
    long = "Immigration officers in Ashwin Street number {}, " + "word {} " * 200
    events = [
        i.ReportAttached(
            **desk.rig.base(), incident_id=incident["id"], report_id=f"x{n}",
            detail=i.ReportDetail(text=long.replace("{}", str(n * 7919)), first_hand=False),
        )
        for n in range(220)
    ]  # fmt: skip
    for event in events:
        await desk.rig.publish(event)
    await desk.rig.shown()
    ada = await browser(desk, "Ada")
    page = await ada.get(f"/desk/{code}")
    assert len(page) < 200_000
    assert "See all 221 reports" in page
    seen: set[str] = set()
    for start in range(0, 250, 50):
        text = await ada.get(f"/desk/{code}/reports?from={start}")
        assert len(text) < 200_000
        seen |= set(re.findall(r"/why/([A-Za-z0-9]+)", text))
    assert len(seen) == 221


def test_whatever_may_be_told_or_happen_has_words() -> None:
    kinds = [f"kind_word_{kind}" for kind in get_args(AlertKind)]
    settled = [f"settled_{r}" for r in get_args(AlertSettled.model_fields["reason"].annotation)]
    results = [f"result_{r}" for r in get_args(RecipientOutcome.model_fields["result"].annotation)]
    fates = [f"fate_{fate}" for fate in get_args(Fate)]
    steps = [
        f"step_{what}" for what in ("accounted", "check_due", "post_opened", "post_withdrawn", "posts_told")
    ]
    assert [key for key in (*kinds, *settled, *results, *fates, *steps) if not DESK.has(key)] == []


def test_every_act_and_status_has_words() -> None:
    needed = {f"{kind}_{act}" for act in ACTS for kind in ("act", "what")}
    needed |= {f"status_{s}" for s in i.Status.__args__}  # type: ignore[attr-defined]
    assert needed <= DESK.keys("en")


# --- what became of what was sent ----------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_who_was_told_keeps_accepted_delivered_and_failed_apart(desk: DeskRig, language: str) -> None:
    code = await one_raid(desk)
    (incident,) = await desk.incidents("Ada")
    alert_id = await desk.rig.alert(
        incident["id"], code, "UNCONFIRMED", "hackney", "verifiers", status="unconfirmed"
    )
    about = {"alert_id": alert_id, "group": "hackney"}
    said = ("delivered", "delivered", "failed")
    outcomes = [
        {"recipient": f"texts:{n}", "result": "delivered", "channel_kind": "kannel", "reason": "delivered"}
        for n in range(4)
    ]
    await desk.rig.publish(
        ChunkSettled.model_validate(
            {**desk.rig.base(), **about, "chunk": 0, "attempt": 1, "outcomes": outcomes}
        ),
        *(
            DeliveryReceipted.model_validate(
                {**desk.rig.base(), **about, "recipient": f"texts:{n}", "channel_kind": "kannel",
                 "provider_id": f"p{n}", "arrived": arrived, "reason": "undelivered"}
            )
            for n, arrived in enumerate(said)
        ),
    )  # fmt: skip
    await desk.rig.shown()
    ada = await browser(desk, "Ada")
    shown = _bare(await ada.get(f"/desk/{code}?lang={language}"))
    if language == "en":
        assert "kannel: accepted 4, delivered 2, did not arrive 1" in shown
    else:
        assert "kannel: قُبلت 4, سُلّمت 2, لم تصل 1" in shown
    alert = await desk.rig.store.one(f"alert:{alert_id}")
    assert (alert or {})["receipts"] == {"kannel": {"delivered": 2, "failed": 1}}
