"""The sign-up page and the link to leave by: what is asked of the book, and what nobody learns here."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from services.ingest.bridge_intake import accept
from services.ingest.bridges.twilio_sms import TwilioSettings, TwilioSms
from services.ingest.door import DOOR
from services.ingest.web.words import Words
from shared.contracts.base import GroupId
from shared.contracts.catalog import decode
from shared.contracts.subscribers import CodeGiven, LeftByLink, Said, SignedUp, SubscriptionAsked
from shared.errors import StateUnavailableError
from shared.plugins.bridge_file import BridgeEntry, Subscriptions
from shared.plugins.contacts_file import FormContacts
from shared.plugins.contacts_file import Way as ContactWay
from shared.plugins.spec import IncomingReport
from shared.sealing import Keyring
from shared.subscribing import LIFE, SLOT, code_of, is_late, leave_path
from tests.integration.notifier_rig import ToldSettings, channel_kind

from .front_door import FrontDoor, front_door

NUMBER = "+447400123456"
SMS = BridgeEntry(TwilioSms, TwilioSettings(auth_token="env:X"), "bridges.yaml", Subscriptions())


class Groups:
    """One group, or a read model that is away."""

    away: ClassVar[bool] = False

    async def name(self, group: GroupId) -> str | None:
        if self.away:
            raise StateUnavailableError
        return "Hackney <b>Anti</b> Raids" if group == "hackney" else None


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    async with front_door(tmp_path, subscriptions={"join": SMS}, groups=Groups()) as found:
        yield found


async def page(door: FrontDoor, path: str, **data: str) -> tuple[int, str]:
    async with door.client.request("POST" if data else "GET", path, data=data or None) as answer:
        return answer.status, await answer.text()


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html
    return found[1]


async def asked(door: FrontDoor) -> list[Any]:
    """What lies in the stream, opened."""
    keyring = Keyring(door.master, door.bus, door.clock, source="test")
    found = []
    for seq in range(1, await door.bus.last_seq("SUBSCRIBERS") + 1):
        entry = await door.bus.get("SUBSCRIBERS", seq)
        message = decode(entry) if entry else None
        assert isinstance(message, SubscriptionAsked)
        found.append((await keyring.open(message)).content)
    return found


async def sign_up(door: FrontDoor, contact: str = "07400 123456", **fields: str) -> tuple[int, str]:
    _, form = await page(door, "/follow/hackney")
    given = {"nonce": hidden(form, "nonce"), "contact": contact, "choice": "witness", "urgent": "1", **fields}
    return await page(door, "/follow/hackney", **given)


async def test_somebody_signs_up_and_sends_the_code_back(door: FrontDoor) -> None:
    status, html = await sign_up(door, place="E8 3DL", quiet="22:00-07:00")
    assert status == 200
    ticket = hidden(html, "ticket")
    wrong, again = await page(door, "/follow/hackney/code", ticket=ticket, code="000000")
    assert (wrong, hidden(again, "ticket")) == (422, ticket)
    code = code_of(door.master, ticket)
    assert code not in html
    right, done = await page(
        door, "/follow/hackney/code?lang=fr", ticket=ticket, code=f"{code[:3]} {code[3:]}"
    )
    assert (right, "Merci" in done) == (200, True)
    first, second = await asked(door)
    assert first == SignedUp(
        way="join",
        address=NUMBER,
        language="en",
        ticket=ticket,
        group="hackney",
        place="E8 3DL",
        choice="witness",
        quiet="22:00-07:00",
    )
    assert second == CodeGiven(ticket=ticket, code=code)


async def test_the_page_names_the_group_harmlessly_in_every_language(door: FrontDoor) -> None:
    for language in Words().languages:
        status, html = await page(door, f"/follow/hackney?lang={language}")
        assert status == 200
        assert "Hackney &lt;b&gt;Anti&lt;/b&gt; Raids" in html
        assert Words().say(language, "follow_title") in html.replace("&#39;", "'")


@pytest.mark.parametrize(
    "contact",
    [
        "",
        "nobody",
        "ada@example.org",
        "020 7946 0000",
        "+1 202 555 0143",
        "0900 1234567",
        "=1+1",
        "x" * 10_000,
    ],
)
async def test_a_contact_that_cannot_be_written_to_is_asked_for_again(door: FrontDoor, contact: str) -> None:
    status, html = await sign_up(door, contact, place="E8")
    assert status == 422
    assert 'value="E8"' in html, "what was typed is still there"
    assert await asked(door) == []


async def test_the_careful_choice_holds_where_nothing_sound_was_chosen(door: FrontDoor) -> None:
    await sign_up(door, choice="everything", quiet="always", place="\u202eE8\u0000" + "y" * 500)
    (only,) = await asked(door)
    assert (only.choice, only.quiet, len(only.place)) == ("information", None, 200)
    assert only.place.startswith("E8")


async def test_sent_twice_it_is_one_and_a_robot_or_an_old_page_is_none(door: FrontDoor) -> None:
    _, form = await page(door, "/follow/hackney")
    fields = {"nonce": hidden(form, "nonce"), "contact": NUMBER}
    first, second = [(await page(door, "/follow/hackney", **fields))[1] for _ in range(2)]
    assert hidden(first, "ticket") == hidden(second, "ticket")
    assert len(await asked(door)) == 1
    assert (await sign_up(door, website="http://spam"))[0] == 422
    _, report_form = await page(door, "/")
    stolen = {"nonce": hidden(report_form, "nonce"), "contact": NUMBER}
    assert (await page(door, "/follow/hackney", **stolen))[0] == 422
    assert len(await asked(door)) == 1


async def test_one_mailbox_has_one_limit_however_it_is_written(tmp_path: Path) -> None:
    mail = ContactWay(channel_kind("smtp"), ToldSettings(), per_hour=60)
    async with front_door(tmp_path, contacts=FormContacts(email=mail), groups=Groups()) as door:
        written = ("ada@example.org", "ADA@example.org", "ada+1@example.org", "Ada+2@Example.org")
        assert [(await sign_up(door, address))[0] for address in written] == [200, 200, 200, 429]
        assert (await sign_up(door, "bo@example.org"))[0] == 200


async def test_whoever_asks_again_later_from_the_same_page_is_sent_another_code(door: FrontDoor) -> None:
    _, form = await page(door, "/follow/hackney")
    fields = {"nonce": hidden(form, "nonce"), "contact": NUMBER}
    tickets = []
    for _ in range(2):
        tickets.append(hidden((await page(door, "/follow/hackney", **fields))[1], "ticket"))
        door.clock.time += timedelta(minutes=10)
    assert [one.ticket for one in await asked(door)] == tickets
    assert len(set(tickets)) == 2, "each is a request of its own, with a code of its own"


@pytest.mark.parametrize("changed", [{"urgent": "1"}, {"choice": "witness"}, {"place": "E5"}])
async def test_what_is_typed_anew_counts_though_the_page_is_the_same(
    door: FrontDoor, changed: dict[str, str]
) -> None:
    _, form = await page(door, "/follow/hackney")
    fields = {"nonce": hidden(form, "nonce"), "contact": NUMBER}
    await page(door, "/follow/hackney", **fields)
    await page(door, "/follow/hackney", **fields, **changed)
    assert len(await asked(door)) == 2


async def test_one_contact_is_typed_in_three_times_an_hour_and_a_code_is_tried_five_times(
    door: FrontDoor,
) -> None:
    found = [(await sign_up(door))[0] for _ in range(4)]
    assert found == [200, 200, 200, 429]
    assert (await sign_up(door, "07400 123457"))[0] == 200
    tries = [(await page(door, "/follow/hackney/code", ticket="t", code="1"))[0] for _ in range(6)]
    assert tries == [422] * 5 + [429]


async def test_a_code_that_comes_after_its_hour_is_not_thanked_for_and_one_within_it_is(
    door: FrontDoor,
) -> None:
    _, html = await sign_up(door)
    ticket = hidden(html, "ticket")
    code = code_of(door.master, ticket)
    made = door.clock.time
    door.clock.time = made + LIFE - SLOT
    assert (await page(door, "/follow/hackney/code", ticket=ticket, code=code))[0] == 200
    door.clock.time = made + LIFE + timedelta(seconds=1)
    status, again = await page(door, "/follow/hackney/code?lang=fr", ticket=ticket, code=code)
    assert (status, Words().say("fr", "follow_code_old") in again.replace("&#39;", "'")) == (422, True)
    assert 'name="contact"' in again, "and here is the form"
    assert len(await asked(door)) == 2


@pytest.mark.parametrize("ticket", ["", "-", "x-0", "-1-0", "9" * 40 + "-0", "٣-0", "99999999-0", "0-0"])
async def test_a_ticket_that_is_none_of_ours_is_no_ones(door: FrontDoor, ticket: str) -> None:
    assert (await page(door, "/follow/hackney/code", ticket=ticket, code="000000"))[0] == 422
    assert is_late(ticket, door.clock.time) is not ticket.startswith("99999999-")


async def test_where_there_is_no_such_group_no_way_or_no_telling_nobody_signs_up(
    door: FrontDoor, tmp_path: Path
) -> None:
    assert (await page(door, "/follow/nobody"))[0] == 404
    Groups.away = True
    try:
        assert (await page(door, "/follow/hackney"))[0] == 503
    finally:
        Groups.away = False
    async with front_door(tmp_path / "other", groups=Groups()) as closed:
        status, document = await page(closed, "/follow/hackney")
        assert (status, "docs/operating/subscribers.md" in document) == (404, True)
        async with closed.client.get("/follow/hackney", headers={"Accept": "text/html"}) as answer:
            assert answer.status == 404
            assert "Nobody can sign up for messages here yet" in await answer.text()


async def test_while_nats_is_away_the_spool_takes_it_and_its_own_key(
    door: FrontDoor,
) -> None:
    door.bus.go_away()
    assert (await sign_up(door))[0] == 200
    assert door.spool.depth == 1
    door.bus.come_back()
    await door.drained()
    assert len(await asked(door)) == 1


# --- leaving --------------------------------------------------------------------------------------


async def test_a_link_asks_first_and_one_tap_ends_it_also_for_a_mail_program(door: FrontDoor) -> None:
    path = leave_path(door.master, "s1")
    status, html = await page(door, path)
    assert (status, await asked(door)) == (200, []), "whoever only looks at the link ends nothing"
    assert "Leave now" in html
    one_click = {"List-Unsubscribe": "One-Click"}
    assert (await page(door, path, **one_click))[0] == 200
    assert (await page(door, path, **one_click))[0] == 200
    assert await asked(door) == [LeftByLink(subscriber="s1")]


@pytest.mark.parametrize("path", ["/leave/s1/0000", "/leave/s2/{key}"])
async def test_anothers_link_ends_nothing(door: FrontDoor, path: str) -> None:
    key = leave_path(door.master, "s1").rpartition("/")[2]
    for sent in ({}, {"x": "y"}):
        assert (await page(door, path.format(key=key), **sent))[0] == 404
    assert await asked(door) == []


# --- the account ----------------------------------------------------------------------------------


async def test_what_comes_in_by_the_account_is_no_report_and_gets_no_receipt(tmp_path: Path) -> None:
    async with front_door(tmp_path, subscriptions={"join": SMS}, groups=Groups()) as door:
        said = IncomingReport(
            source_id="SM1", text="STOP\u202e" + "x" * 10_000, sender=NUMBER, contact=NUMBER
        )
        for _ in range(2):
            taken = await accept(door.app[DOOR], "join", said, TwilioSms.spec)
            assert taken.receipt is None
        group_talk = IncomingReport(source_id="SM2", text="STOP", sender="x")
        await accept(door.app[DOOR], "join", group_talk, TwilioSms.spec)
        (only,) = await asked(door)
        assert isinstance(only, Said)
        assert (only.address, len(only.text)) == (NUMBER, 200)
        assert await door.stored() == []
        other = await accept(door.app[DOOR], "sms", said, TwilioSms.spec)
        assert other.receipt is not None, "at the reporting number it is a report"
        assert len(await door.stored()) == 1
