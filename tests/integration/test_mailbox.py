"""A mailbox as it is read in earnest: encrypted, by servers that are who they say, at once, no mail twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any

import pytest

from shared.plugins.imap_mailbox import Mail, Mailbox
from shared.plugins.mail_server import MailServer
from shared.plugins.spec import BadCredentials, RetryLater
from tests.integration.notifier_rig import until
from tests.rigs.mail import PASSWORD, MailHost, needs_dovecot

pytestmark = needs_dovecot


@pytest.fixture
async def mails() -> AsyncIterator[MailHost]:
    async with MailHost(["reports"]) as host:
        yield host


class Reader:
    """Somebody who follows a mailbox and is done with whatever does not say `keep`."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.seen: list[bytes] = []
        self.rounds = 0
        self.connected = asyncio.Event()
        self.task = asyncio.create_task(mailbox.follow(self.connected.set, self._look))

    async def _look(self, mails: Sequence[Mail]) -> Collection[str]:
        self.rounds += 1
        self.seen += [mail.raw.rpartition(b"\r\n\r\n")[2].strip() for mail in mails]
        return [mail.uid for mail in mails if b"keep" not in mail.raw]

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def server(mails: MailHost, tls: Any, host: str = "localhost") -> MailServer:
    return MailServer(host, mails.imaps_port if tls == "tls" else mails.imap_port, tls, "reports")


@pytest.mark.parametrize("tls", ["tls", "starttls", "none"])
async def test_what_is_there_and_what_comes_is_seen_once_and_at_once(
    mails: MailHost, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mails.certificate))
    mails.put("reports", b"Subject: x\n\nfirst")
    mailbox = Mailbox(server(mails, tls), PASSWORD)
    mailbox.idle_s = 60  # longer than the test waits: what is seen was told
    reader = Reader(mailbox)
    for number in range(20):  # between any two of the reader's steps
        mails.put("reports", b"Subject: x\n\n%s %d" % (b"keep" if number % 2 else b"go", number))
        await asyncio.sleep(0.01 * (number % 4))
    await until(lambda: len(reader.seen) == 21)
    await until(lambda: len(mails.lying("reports")) == 10)
    await reader.stop()
    assert len(set(reader.seen)) == 21


async def test_a_server_that_cannot_prove_who_it_is_is_told_no_password(mails: MailHost) -> None:
    for tls in ("tls", "starttls"):
        assert await Reader(Mailbox(server(mails, tls), PASSWORD)).task == BadCredentials("bad_certificate")


async def test_a_good_certificate_of_another_server_is_none(
    mails: MailHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mails.certificate))
    other = server(mails, "tls", "127.0.0.1")
    assert await Reader(Mailbox(other, PASSWORD)).task == BadCredentials("bad_certificate")


async def test_what_is_left_is_looked_at_no_second_time_and_again_after_a_new_start(mails: MailHost) -> None:
    mails.put("reports", b"Subject: x\n\nkeep")
    mailbox = Mailbox(server(mails, "none"), PASSWORD)
    reader = Reader(mailbox)
    await until(lambda: reader.seen == [b"keep"])
    mails.stop_imap()
    assert await reader.task == RetryLater("connection_broke")
    mails.start_imap()
    again = Reader(mailbox)
    mails.put("reports", b"Subject: x\n\ngo")
    await until(lambda: again.seen == [b"go"])
    await again.stop()
    anew = Reader(Mailbox(server(mails, "none"), PASSWORD))
    await until(lambda: anew.seen == [b"keep"])
    await anew.stop()


@pytest.mark.parametrize("password", ["wrong", "pässword"])
async def test_who_is_not_let_in_is_told_so(mails: MailHost, password: str) -> None:
    assert await Reader(Mailbox(server(mails, "none"), password)).task == BadCredentials()


async def test_what_is_no_mail_server_is_named() -> None:
    async def told(answer: bytes) -> Any:
        async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            await writer.drain()
            writer.close()

        listening = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        end = await Reader(Mailbox(MailServer("127.0.0.1", port, "none", "x"), "x")).task
        listening.close()
        await listening.wait_closed()
        return end

    for answer in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"* OK hello\r\n", b"* BYE busy\r\n"):
        assert await told(answer) == RetryLater("unreachable")


async def test_it_stops_while_the_server_says_nothing(mails: MailHost) -> None:
    reader = Reader(Mailbox(server(mails, "none"), PASSWORD))
    await asyncio.wait_for(reader.connected.wait(), 10)
    await asyncio.wait_for(reader.stop(), 2)


async def test_without_idle_it_looks_now_and_then(mails: MailHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.plugins.imap_mailbox._WITHOUT_IDLE_S", 0.02)
    hide: Callable[[Any], Any] = lambda _link: ["IMAP4REV1"]  # noqa: E731 - as short as it is
    monkeypatch.setattr("shared.plugins.imap_mailbox._abilities", hide)
    reader = Reader(Mailbox(server(mails, "none"), PASSWORD))
    await asyncio.wait_for(reader.connected.wait(), 10)
    mails.put("reports", b"Subject: x\n\nfirst")
    await until(lambda: reader.seen == [b"first"] and not mails.lying("reports"))
    await reader.stop()
