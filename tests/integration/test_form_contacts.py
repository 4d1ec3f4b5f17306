"""Whoever left an e-mail address or a number on the form is asked by the operator's own channels."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notifier.form_contacts import Form, FormReporters, OneContact
from shared.contacts import Reach
from shared.plugins.channel_testing import Answer, HttpProvider, KnownSecrets, a_host
from shared.plugins.contacts_file import FormContacts, Way, read_contacts
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    BadCredentials,
    Delivered,
    Outcome,
    RenderedMessage,
    RetryLater,
    Unknown,
)
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import Rig, ToldSettings, channel_kind, until
from tests.integration.test_questions import ASKED, ask, refusals

PHONE, MAIL = "+447400123456", "anna@mail.example"
URL = "https://hub.example/"


class Provider:
    """What stands behind the two channels: answers as the test says, and remembers what came."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.sent: list[tuple[str, RenderedMessage]] = []

    async def take(self, address: str, message: RenderedMessage) -> Outcome:
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered()
        if isinstance(outcome, Delivered):
            self.sent.append((address, message))
        return outcome

    def texts(self) -> list[str]:
        return [message.text for _, message in self.sent]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def rig(memory_bus: MemoryBus, provider: Provider) -> AsyncIterator[Rig]:
    rig = Rig(memory_bus, {})
    rig.form = a_form(provider)
    yield rig
    await rig.crash()


def a_form(provider: Provider, *, answers: str | None = None, per_hour: int = 60) -> Form:
    mail = Way(channel_kind("mail", provider.take), ToldSettings(), per_hour)
    sms = Way(channel_kind("sms", provider.take), ToldSettings(), per_hour, answers)
    return Form(FormContacts(mail, sms, Reach(email=True, countries=("GB",))), URL)


async def asked(rig: Rig, address: str = PHONE, alert_id: str = "q1", **more: Any) -> None:
    await ask(rig, alert_id, bridge="web", address=address, **more)


@pytest.mark.parametrize(("address", "kind"), [(PHONE, "sms"), (MAIL, "mail")])
async def test_each_kind_of_contact_is_asked_by_its_own_channel(
    rig: Rig, provider: Provider, address: str, kind: str
) -> None:
    await asked(rig, address)
    rig.start()
    (end,) = await rig.settled("q1")
    assert (end.delivered, end.reason) == (1, "done")
    ((to, message),) = provider.sent
    assert (to, message.text, message.subject) == (address, f"{ASKED}\n{URL}", ASKED)
    (expanded, *_) = await rig.ledger()
    assert kind in repr([r for r in await rig.ledger() if getattr(r, "outcomes", ())])
    assert address not in repr(await rig.ledger())
    assert expanded.alert_id == "q1"


async def test_where_a_bridge_takes_answers_in_the_question_needs_no_address(
    rig: Rig, provider: Provider
) -> None:
    rig.form = a_form(provider, answers="sms-london")
    await asked(rig)
    rig.start()
    await rig.settled("q1")
    assert provider.texts() == [ASKED]


@pytest.mark.parametrize("answers", ["sms-london", None])
async def test_a_drills_question_never_leads_to_what_is_real(
    rig: Rig, provider: Provider, answers: str | None
) -> None:
    rig.form = a_form(provider, answers=answers)
    await asked(rig, drill=True)
    rig.start()
    await rig.settled("q1")
    assert provider.texts() == [f"DRILL {ASKED} Please answer on the exercise's page."]


@pytest.mark.parametrize(
    "address",
    [f"{MAIL}\r\nBcc: all@c.example", "env:SECRET", "file:/etc/passwd", "+449061234567", "07400123456", "x"],
)
async def test_whatever_the_log_says_nothing_goes_but_to_a_plain_contact(
    rig: Rig, provider: Provider, address: str
) -> None:
    await asked(rig, address)
    rig.start()
    assert refusals((await rig.settled("q1"))[0]) == [("web:0", "unknown", "cannot_write_back")]
    assert provider.sent == []


async def test_a_provider_that_is_away_is_tried_again_and_doubt_once_more(
    rig: Rig, provider: Provider
) -> None:
    provider.outcomes = [RetryLater("unreachable"), RetryLater("http_503", 2.0)]
    await asked(rig)
    rig.start(sleep=lambda s: asyncio.sleep(s / 100), lease_s=4)
    assert (await rig.settled("q1"))[0].delivered == 1
    provider.outcomes = [Unknown("timeout"), Unknown("timeout")]
    await asked(rig, alert_id="q2")
    assert (await rig.settled("q2"))[0].reason == "flagged"
    assert len(provider.sent) == 1


async def test_the_same_question_twice_in_the_log_goes_out_once(rig: Rig, provider: Provider) -> None:
    await asked(rig)
    await asked(rig)
    rig.start()
    rig.start()
    await rig.settled("q1")
    await asked(rig, MAIL, "q2")
    await rig.settled("q2")
    assert [to for to, _ in provider.sent] == [PHONE, MAIL]


async def test_strangers_typed_in_by_the_hundred_are_no_flood(rig: Rig, provider: Provider) -> None:
    rig.form = a_form(provider, per_hour=2)
    for n in range(5):
        await asked(rig, f"+44740012345{n}", f"q{n}")
    rig.start()
    ends = await rig.settled(*(f"q{n}" for n in range(5)))
    assert sum(end.delivered for end in ends) == len(provider.sent) == 2
    reasons = {reason for end in ends for *_, reason in refusals(end)}
    assert reasons == {"too_many_this_hour"}


async def test_an_hour_later_there_is_room_again_and_a_further_try_takes_none(provider: Provider) -> None:
    now = [0.0]
    async with a_host({}) as host:
        ways = FormReporters(a_form(provider, per_hour=1), host, monotonic=lambda: now[0])
        message = RenderedMessage("q", "QUESTION", "", "Where?", urgent=False, language="en")

        async def send(key: str) -> Outcome:
            channel = ways.channel(PHONE)
            assert isinstance(channel, OneContact)
            return await channel.send(PHONE, message, key=key)

        assert [type(await send(key)) for key in ("a", "a")] == [Delivered, Delivered]
        assert await send("b") != Delivered()
        now[0] = 3600.0
        assert await send("b") == Delivered()


async def test_a_missing_secret_holds_it_until_it_is_mended_and_no_contact_is_logged(
    memory_bus: MemoryBus, tmp_path: Any
) -> None:
    gateway = HttpProvider("textMessage.text")
    await gateway.start()
    gateway.will(Answer(202, Delivered(), body=b'{"id":"1"}'))
    file = tmp_path / "contacts.yaml"
    settings = {"url": gateway.url, "username": "sms", "password": "env:HUB_SMS"}
    file.write_text(json.dumps({"phone": {"kind": "sms-gateway", "settings": settings}}))
    rig = Rig(memory_bus, {})
    rig.form = Form(read_contacts(file, {}, form_url=URL), URL)
    rig.secrets = KnownSecrets(values := {})
    async with a_host({}) as host:
        rig.http = host.http
        assert isinstance(FormReporters(rig.form, host).channel(PHONE), BadCredentials)
        assert FormReporters(rig.form, host).channel(MAIL) == CANNOT_WRITE_BACK
        with capture_logs() as logs:
            await asked(rig)
            notifier = rig.start(sleep=lambda s: asyncio.sleep(s / 1000), lease_s=40)
            await until(lambda: bool(notifier._attempts.without_credentials))
            values["env:HUB_SMS"] = "mended"
            assert (await rig.settled("q1"))[0].delivered == 1
        (got,) = gateway.received
        assert (got.text, PHONE in got.raw) == (f"{ASKED}\n{URL}", True)
        assert PHONE not in repr(logs)
        await rig.stop()
    await gateway.stop()
