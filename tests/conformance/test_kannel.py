"""Kannel itself: the real bearerbox and smsbox, with Kannel's fakesmsc in the network's place."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from services.notifier.channels.kannel import KannelChannel
from shared.plugins.channel_testing import HOSTILE, MESSAGE, a_host
from shared.plugins.sms import own_id
from shared.plugins.spec import (
    BadCredentials,
    Delivered,
    DeliveryReceipt,
    Ignored,
    Refused,
    Rejected,
    RetryLater,
    WebhookRequest,
)
from shared.words.sms import sms_length
from tests.conformance.test_sms import NOW, rendered
from tests.rigs.kannel import PASSWORD, QUEUE, REFUSED, USER, Kannel, Part, needs_kannel

pytestmark = needs_kannel
ONE, TWO = "+447700900123", "+447700900456"
SECRETS = {"env:PASSWORD": PASSWORD}


class Callbacks(ThreadingHTTPServer):
    """Where Kannel calls us back, and what it said. It outlives every test: refused, smsbox 1.4.5 may die."""

    def __init__(self) -> None:
        self.calls: list[WebhookRequest] = []
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                calls.append(WebhookRequest("GET", f"http://hub.example{self.path}", {}, b"", NOW))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/receipts/hackney/texts"


@pytest.fixture(scope="module")
def callbacks() -> Iterator[Callbacks]:
    with Callbacks() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory, callbacks: Callbacks) -> Iterator[Kannel]:
    gateway = Kannel(tmp_path_factory.mktemp("kannel")).start()
    yield gateway
    gateway.stop()


@pytest.fixture
async def channel(kannel: Kannel, callbacks: Callbacks) -> AsyncIterator[KannelChannel]:
    async with a_host(SECRETS) as host:
        yield KannelChannel(settings(kannel), replace(host, receipts_url=callbacks.url))


def settings(kannel: Kannel) -> Any:
    return KannelChannel.Settings.model_validate(
        {
            "url": kannel.url,
            "username": USER,
            "password": "env:PASSWORD",
            "sender": "Hackney",
            "to": [ONE, TWO, REFUSED],
        }
    )


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - another process's log
            await asyncio.sleep(0.02)


async def arrived(kannel: Kannel, text: str, to: str = ONE) -> list[Part]:
    """The parts of the message that reached the network, once they make up the text."""

    def parts() -> list[Part]:
        return [part for part in kannel.received if part.to == to and part.text and part.text in text]

    await until(lambda: text in "".join(p.text for p in parts()))
    return parts()


async def test_plain_words_arrive_whole_in_their_alphabet(kannel: Kannel, channel: KannelChannel) -> None:
    text = "OVER [D7K] {a} ^ ~ | \\ £5 €5 è Ñ ü ¿ % %d %% & + = <b> 'so' \"x\" @ plain"
    assert await channel.send(ONE, replace(MESSAGE, text=text), key="plain-0") == Delivered(own_id("plain-0"))
    (part,) = await arrived(kannel, text)
    assert (part.sender, part.coding) == ("Hackney", "text")


async def test_other_scripts_arrive_whole(kannel: Kannel, channel: KannelChannel) -> None:
    text = "Хакни: « ça va »? مرحبا 😱 ŵ"
    assert isinstance(await channel.send(ONE, replace(MESSAGE, text=text), key="script-0"), Delivered)
    (part,) = await arrived(kannel, text)
    assert part.coding == "ucs-2"


@pytest.mark.parametrize(("length", "parts"), [(160, 1), (161, 2), (306, 2), (307, 3)])
async def test_kannel_counts_segments_as_we_do(
    kannel: Kannel, channel: KannelChannel, length: int, parts: int
) -> None:
    text = f"{length} ".ljust(length, "a")
    to = f"+44770090{length:04}"
    assert isinstance(await channel.send(to, replace(MESSAGE, text=text), key=f"long-{length}"), Delivered)
    await until(lambda: sum(len(p.text) for p in kannel.received if p.to == to) == length)
    got = [part.text for part in kannel.received if part.to == to]
    assert "".join(got) == text
    assert len(got) == sms_length(text).segments == parts


async def test_whatever_people_write_is_one_message_of_two_parts_at_most(
    kannel: Kannel, channel: KannelChannel
) -> None:
    message = rendered("<script>=1+1\u202e @everyone %d " + "a\u0301" * 500 + "[€]" * 50)
    assert isinstance(await channel.send(TWO, message, key="hostile-0"), Delivered)
    parts = await arrived(kannel, message.text, TWO)
    assert len(parts) == sms_length(message.text).segments <= 2


async def test_words_that_nobody_cleaned_become_no_second_message(
    kannel: Kannel, channel: KannelChannel
) -> None:
    to = "+447700900789"
    assert isinstance(await channel.send(to, HOSTILE, key="raw-0"), Delivered)
    await until(lambda: any(part.to == to for part in kannel.received))
    assert not [part for part in kannel.received if "evil" in f"{part.to} {part.sender}"]


async def test_kannel_says_later_that_it_arrived_and_once_for_all_parts(
    channel: KannelChannel, callbacks: Callbacks
) -> None:
    for to, key, text in ((ONE, "told-0", "short"), (TWO, "long-0", "b" * 306)):
        message = replace(MESSAGE, text=text)
        assert await channel.send(to, message, key=key) == Delivered(own_id(key))
    names = {own_id("told-0"), own_id("long-0")}

    def said() -> list[DeliveryReceipt]:
        read = [channel.receipts(call) for call in callbacks.calls]
        assert not [one for one in read if isinstance(one, Refused | Ignored)]
        receipts = [one for some in read if isinstance(some, list) for one in some]
        return [one for one in receipts if one.provider_id in names]

    await until(lambda: len(said()) >= 2)
    assert {one.provider_id for one in said()} == names
    assert [one.arrived for one in said()] == ["delivered", "delivered"]
    assert all(PASSWORD not in call.url for call in callbacks.calls)


async def test_a_number_that_no_network_takes_is_that_number_s_misfortune_alone(
    channel: KannelChannel,
) -> None:
    outcome: Any = await channel.send(REFUSED, MESSAGE, key="refused-0")
    assert outcome == Rejected("not_routable")
    assert outcome.words == "Not routable. Do not try again."
    assert isinstance(await channel.send(ONE, MESSAGE, key="other-0"), Delivered)


async def test_a_wrong_password_is_ours_to_mend(kannel: Kannel) -> None:
    async with a_host({"env:PASSWORD": "wrong"}) as host:
        outcome: Any = await KannelChannel(settings(kannel), host).send(ONE, MESSAGE, key="k")
    assert isinstance(outcome, BadCredentials)
    assert outcome.words == "Authorization failed for sendsms"


async def test_a_queue_that_is_full_says_later_so_that_whoever_is_urgent_never_waits_behind_thousands(
    tmp_path: Path,
) -> None:
    gateway = Kannel(tmp_path).start()
    try:
        gateway.hang_up()
        async with a_host(SECRETS) as host:
            channel = KannelChannel(settings(gateway), host)
            outcomes = [await channel.send(ONE, MESSAGE, key=f"full-{n}") for n in range(QUEUE + 8)]
    finally:
        gateway.stop()
    later = [outcome for outcome in outcomes if isinstance(outcome, RetryLater)]
    assert {outcome.reason for outcome in later} == {"http_503"}
    assert outcomes[-1] in later
    assert not [outcome for outcome in outcomes if not isinstance(outcome, Delivered | RetryLater)]
