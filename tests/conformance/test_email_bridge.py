"""The e-mail bridge against a real mail server: what is a report, what is missed, who is answered and how."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from services.ingest.bridges.email import Email, words_of
from shared.clock import SystemClock
from shared.contracts.reports import ReportContact
from shared.errors import SettingsError
from shared.plugins.channel_testing import Answer, KnownSecrets, a_host
from shared.plugins.imap_mailbox import Mail
from shared.plugins.mail_text import Letter
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    BadCredentials,
    Delivered,
    Ignored,
    IncomingReport,
    Reads,
    Rejected,
    RetryLater,
    Unknown,
    WritesBack,
)
from shared.testing.bus import MemoryBus
from tests.conformance.test_channels import MailServer
from tests.rigs.mail import DOMAIN, PASSWORD, MailHost, bounce, mail_of, needs_dovecot
from tests.rigs.reading import reading

US = f"reports@{DOMAIN}"
ADA = "Ada <ada@hub.example>"
NOW = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)
SECRETS = {"env:MAIL": PASSWORD}
CONTACT = '["ada@far.example", "<1@far.example>", "raid"]'


def bridge(host: MailHost | None = None, *, password: str = PASSWORD, **more: str) -> Email:
    settings = {
        "address": US,
        "mailbox": host.mailbox_url("reports") if host else "imap://reports@127.0.0.1:1",
        "password": "env:MAIL",
        **({"outgoing": host.smtp_url} if host else {}),
        **more,
    }
    made = Email.Settings.model_validate(settings)
    return Email(made, KnownSecrets({"env:MAIL": password}))  # type: ignore[arg-type]  # validated


@pytest.fixture
async def mails() -> AsyncIterator[MailHost]:
    async with MailHost(["reports", "ada"]) as host:
        yield host


def write(mails: MailHost, text: str, number: int = 1, **headers: str) -> None:
    mails.put("reports", mail_of(ADA, US, text, message_id=f"<{number}@far.example>", **headers).as_bytes())


# --- one mail --------------------------------------------------------------------------------------


def read(mail: EmailMessage | bytes, at: datetime | None = NOW) -> IncomingReport | str:
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    found = bridge().report_in(Mail("1", raw, at), NOW)
    return found.reason if isinstance(found, Ignored) else found


def test_a_mail_is_its_words_its_writer_and_its_moment() -> None:
    report = read(
        mail_of("Ada <Ada@Far.example>", US, "two vans", subject="Raid", message_id="<1@far.example>")
    )
    assert isinstance(report, IncomingReport)
    assert (report.text, report.sender, report.observed_at) == ("Raid\ntwo vans", "ada@far.example", NOW)
    assert report.contact == '["Ada@Far.example", "<1@far.example>", "Raid"]'
    assert report.first_hand is None
    passed = read(mail_of(ADA, US, "two vans", subject="Fwd: Raid"))
    assert isinstance(passed, IncomingReport)
    assert passed.first_hand is False


def test_what_is_older_than_the_log_remembers_is_none() -> None:
    assert read(mail_of(ADA, US, "raid"), NOW - timedelta(days=14)) == "too_old"
    assert isinstance(read(mail_of(ADA, US, "raid"), None), IncomingReport)


@pytest.mark.parametrize("sender", ["ada@fär.example", '"a b"@far.example'])
def test_who_cannot_be_answered_has_reported_all_the_same(sender: str) -> None:
    report = read(f"From: {sender}\n\nraid".encode())
    assert report == "no_sender" or (isinstance(report, IncomingReport) and report.contact is None)


def letter(text: str, subject: str = "", *, answers: bool = False) -> Letter:
    return Letter("n", "a@x.example", subject, text, answers, False, "", True)  # noqa: FBT003 - as it comes


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (letter("two vans", "Raid"), "Raid\ntwo vans"),
        (letter("", "Raid"), "Raid"),
        (letter("A raid in Ridley Road", "raid"), "A raid in Ridley Road"),
        (letter("MINE D7K", "hello"), "MINE D7K"),
        (letter("in Ridley Road", "Re: Raid", answers=True), "in Ridley Road"),
        (letter("mine", "Re: UNCONFIRMED D7K: Ashwin St", answers=True), "mine D7K"),
    ],
)
def test_a_subject_counts_where_it_is_the_writer_s_own(found: Letter, words: str) -> None:
    assert words_of(found) == words


def test_it_is_a_bridge_that_reads_and_writes_back() -> None:
    made = bridge()
    assert isinstance(made, Reads)
    assert isinstance(made, WritesBack)
    assert PASSWORD not in repr(made)
    assert Email.Settings.model_validate(made.spec.example)
    assert all((made.spec.set_up, made.spec.while_away, made.spec.who_else_reads))


@pytest.mark.parametrize(
    "wrong",
    [
        {"mailbox": "imaps://mail.example"},
        {"outgoing": "http://x.example"},
        {"password": "clear"},
        {"folder": "x"},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Email.Settings.model_validate({**Email.spec.example, **wrong})


def test_a_missing_secret_and_an_address_that_is_two_are_named() -> None:
    settings: Any = Email.Settings.model_validate(Email.spec.example)
    with pytest.raises(SettingsError, match="env:RELAY_MAIL_PASSWORD"):
        Email(settings, KnownSecrets({}))
    two: Any = settings.model_copy(update={"address": "a@x.example, b@x.example"})
    with pytest.raises(SettingsError, match="address"):
        Email(two, KnownSecrets({"env:RELAY_MAIL_PASSWORD": "x"}))


# --- reading ---------------------------------------------------------------------------------------


@needs_dovecot
async def test_a_mail_is_one_report_and_one_answer_in_its_thread_and_then_it_is_gone(
    mails: MailHost, tmp_path: Path
) -> None:
    async with reading(tmp_path, bridge(mails), secrets=SECRETS) as host:
        await host.until(lambda: host.standing["state"] == "CONNECTED")
        long_name = f"<{'x' * 120}@far.example>"
        mails.put("reports", mail_of(ADA, US, "two vans", subject="Raid", message_id=long_name).as_bytes())
        await host.until(lambda: mails.sent and not mails.lying("reports"))
        (report,) = await host.reports()
        assert report.content.text == "Raid\ntwo vans"
        assert report.content.sender_is == "number"
        assert isinstance(report.contact, ReportContact)
        assert "ada" not in str(report.content)
        (answer,) = mails.sent
        assert (answer.sender, answer.to) == (US, "ada@hub.example")
        assert answer.mail["In-Reply-To"] == answer.mail["References"] == long_name
        assert (answer.mail["Subject"], answer.mail["Auto-Submitted"]) == ("Re: Raid", "auto-replied")
        assert "Whoever runs your server or ours can read what you write here." in answer.mail.get_content()  # type: ignore[attr-defined]


@needs_dovecot
async def test_a_program_that_answers_ours_ends_it(mails: MailHost, tmp_path: Path) -> None:
    async with reading(tmp_path, bridge(mails), secrets=SECRETS) as host:
        write(mails, "two vans")
        await host.until(lambda: mails.sent)
        first = mails.sent[0].mail["Message-ID"]
        write(mails, "I am away", 2, in_reply_to=first, auto_submitted="auto-replied")
        mails.put("reports", bounce(US, "ada@hub.example", action="failed", status="5.1.1"))
        mails.put("reports", mails.sent[0].mail.as_bytes())  # our own, sent back to us
        await host.until(lambda: host.counts["bridge.email.ignored.auto_reply"] == 1)
        await host.until(lambda: host.counts["bridge.email.ignored.bounce"] == 1)
        await host.until(lambda: host.counts["bridge.email.ignored.own_message"] == 1)
        assert (len(mails.sent), host.accepted, len(mails.lying("reports"))) == (1, 1, 3)


@needs_dovecot
async def test_one_that_does_not_say_that_it_is_a_program_is_answered_three_times_and_no_more(
    mails: MailHost, tmp_path: Path
) -> None:
    async with reading(tmp_path, bridge(mails), secrets=SECRETS) as host:
        for number in range(6):
            write(mails, f"I am away, {number}", number)
            await host.until(lambda number=number: host.accepted == number + 1)  # type: ignore[misc]
        await host.until(lambda: len(mails.sent) == 3)
        assert len(mails.sent) == 3


@needs_dovecot
async def test_a_server_that_restarts_in_the_middle_loses_and_doubles_nothing(
    mails: MailHost, tmp_path: Path
) -> None:
    for number in range(40):
        write(mails, f"van number {number}", number)
    async with reading(tmp_path, bridge(mails)) as host:
        await host.until(lambda: host.accepted >= 5)
        mails.stop_imap()
        for number in range(40, 60):
            write(mails, f"van number {number}", number)
        mails.start_imap()
        await host.until(lambda: host.accepted == 60 and not mails.lying("reports"))
        texts = [report.content.text for report in await host.reports()]
        assert sorted(texts) == sorted(f"van number {n}" for n in range(60))


@needs_dovecot
async def test_what_was_stored_and_not_deleted_is_told_again_and_stored_once(
    mails: MailHost, tmp_path: Path
) -> None:
    bus = MemoryBus(SystemClock())
    write(mails, "two vans")
    (raw,) = mails.lying("reports")
    async with reading(tmp_path / "a", bridge(mails), bus=bus, secrets=SECRETS) as host:
        await host.until(lambda: not mails.lying("reports") and mails.sent)
    mails.put("reports", raw)
    async with reading(tmp_path / "b", bridge(mails), bus=bus, secrets=SECRETS) as host:
        await host.until(lambda: not mails.lying("reports"))
        assert len(await host.reports()) == 1
    assert len(mails.sent) == 1


@needs_dovecot
async def test_while_nothing_can_be_stored_the_mail_stays(mails: MailHost, tmp_path: Path) -> None:
    bus = MemoryBus(SystemClock())
    async with reading(tmp_path, bridge(mails), bus=bus) as host:
        await host.until(lambda: host.standing["state"] == "CONNECTED")
        bus.go_away()
        for number in range(30):  # more than the spool of the test holds
            write(mails, f"van number {number} " + "x" * 900, number)
        await host.until(lambda: host.counts["report_not_stored"] or host.counts["refused.cannot_store"])
    assert len(mails.lying("reports")) + host.counts["accepted.spooled"] >= 30


HOSTILE = {
    "huge": b"From: ada@hub.example\n\nraid\n" + b"x" * 9_000_000,
    "nested": b"From: ada@hub.example\n"
    + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5_000)),
    "many headers": b"From: ada@hub.example\n" + b"X: y\n" * 100_000 + b"\nraid\n",
    "long header": b"From: ada@hub.example\nSubject: " + b"=?utf-8?q?x?= " * 50_000 + b"\n\nraid\n",
    "long addresses": b"From: " + b"<(" * 50_000 + b"\n\nraid\n",
    "charset": b"From: ada@hub.example\nContent-Type: text/plain; charset=bz2\n\nBZh9\n",
    "injection": b"From: ada@hub.example\nSubject: =?utf-8?q?raid=0D=0ABcc:_eve@x.example?=\n\nraid\n",
    "nothing": b"",
    "zeros": b"\0" * 5_000,
}


@needs_dovecot
async def test_mails_made_to_break_what_reads_them_break_nothing(mails: MailHost, tmp_path: Path) -> None:
    async with reading(tmp_path, bridge(mails), secrets=SECRETS) as host:
        for raw in HOSTILE.values():
            mails.put("reports", raw)
        write(mails, "two vans in Ridley Road", 99)
        await host.until(
            lambda: host.accepted >= 1 and not [m for m in mails.lying("reports") if b"<99@" in m]
        )
        await host.until(lambda: host.counts["bridge.email.ignored.too_many_parts"] == 1)
        assert host.counts["bridge.email.failed"] == 0
        assert {sent.to for sent in mails.sent} <= {"ada@hub.example"}
        assert not [sent for sent in mails.sent if sent.mail["Bcc"]]


@needs_dovecot
async def test_a_wrong_password_and_a_server_that_is_away_are_told_apart(
    mails: MailHost, tmp_path: Path
) -> None:
    async with reading(tmp_path / "a", bridge(mails, password="wrong")) as host:
        await host.until(lambda: host.standing["state"] == "BAD_CREDENTIALS")
    mails.stop_imap()
    async with reading(tmp_path / "b", bridge(mails)) as host:
        await host.until(lambda: host.standing.get("reason") == "unreachable")


# --- writing back ----------------------------------------------------------------------------------


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    made = MailServer()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(250, Delivered()), Delivered()),
        (Answer(550, Delivered(), body=b"rcpt"), Rejected("smtp_550")),
        (Answer(450, Delivered(), body=b"rcpt"), RetryLater("smtp_450")),
        (Answer(530, Delivered(), body=b"rcpt"), BadCredentials()),
        (Answer(554, Delivered(), body=b"data"), Rejected("smtp_554")),
    ],
)
async def test_what_the_server_says_is_the_outcome(server: MailServer, answer: Answer, outcome: Any) -> None:
    server.will(answer)
    async with a_host(SECRETS) as host:
        made = bridge(outgoing=f"smtp://127.0.0.1:{server.url}")
        assert await made.write_back(CONTACT, "Where?", host, key="k") == outcome


async def test_a_connection_that_breaks_may_have_carried_it(server: MailServer) -> None:
    async with a_host(SECRETS) as host:
        made = bridge(outgoing=f"smtp://127.0.0.1:{server.url}")
        server.will_reset()
        assert await made.write_back(CONTACT, "Where?", host, key="k") == Unknown("connection_broke")
        await server.stop()
        assert await made.write_back(CONTACT, "Where?", host, key="k") == RetryLater("unreachable")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Raid", "Re: Raid"),
        ("RE: Raid", "RE: Raid"),
        ("", "Re:"),
        ("raid\r\nBcc: eve", "Re: raid Bcc: eve"),
        ("see https://evil.example now", "Re:"),
        ("see evil.example now", "Re:"),
        ("x" * 81, "Re:"),
    ],
)
async def test_a_subject_keeps_the_thread_and_leads_nobody_anywhere(
    server: MailServer, theirs: str, ours: str
) -> None:
    async with a_host(SECRETS) as host:
        made = bridge(outgoing=f"smtp://127.0.0.1:{server.url}")
        contact = json.dumps(["ada@far.example", "<1@far.example>", theirs])
        assert await made.write_back(contact, "Where?", host, key="k") == Delivered()
    assert server.received[0].headers["subject"].strip() == ours
    assert "bcc" not in server.received[0].headers


@pytest.mark.parametrize(
    "contact",
    ["", "ada@far.example", "[1,2,3]", '["a"]', '["a@x.example, b@x.example", "", ""]', "[" * 5_000, "null"],
)
async def test_what_is_no_contact_of_ours_is_written_to_nobody(server: MailServer, contact: str) -> None:
    async with a_host(SECRETS) as host:
        made = bridge(outgoing=f"smtp://127.0.0.1:{server.url}")
        assert await made.write_back(contact, "Where?", host, key="k") == Rejected("bad_address")
    assert server.received == []


async def test_without_a_way_out_nobody_is_answered() -> None:
    async with a_host(SECRETS) as host:
        assert await bridge().write_back(CONTACT, "Where?", host, key="k") == CANNOT_WRITE_BACK
