"""Mails that come back: what another server refuses later is failed in the ledger, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.notifier.channels.smtp import SmtpChannel
from services.notifier.fetching import Fetching, Pace
from shared.contracts.ledger import DeliveryReceipted
from shared.plugins.channel_testing import KnownSecrets
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import Rig, until
from tests.rigs.mail import DOMAIN, FULL, PASSWORD, MailHost, bounce, needs_dovecot

pytestmark = needs_dovecot
NOBODY = f"nobody@{DOMAIN}"


async def _soon(_seconds: float) -> None:
    await asyncio.sleep(0.01)


@pytest.fixture
async def mails() -> AsyncIterator[MailHost]:
    async with MailHost(["bounces", "rota"]) as host:
        yield host


def channel(mails: MailHost, *to: str) -> dict[str, Any]:
    return {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": mails.smtp_port,
        "tls": "none",
        "sender": f"relay@{DOMAIN}",
        "to": list(to),
        "bounces_to": f"bounces@{DOMAIN}",
        "bounces_mailbox": mails.mailbox_url("bounces"),
        "bounces_password": "env:HACKNEY__BOUNCES",
    }


class Hub:
    """A notifier that reads its mailboxes."""

    def __init__(self, bus: MemoryBus) -> None:
        self.rig = Rig(bus, {"smtp": SmtpChannel})
        self.rig.secrets = KnownSecrets({"env:HACKNEY__BOUNCES": PASSWORD})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        notifier = self.rig.start(deadline_s=5, lease_s=10)
        self.counted = notifier.receipts.counted
        notifier.receipts._patience_s = 0.05
        pace = Pace(sleep=_soon, jitter=lambda: 0.0)
        self.fetching = Fetching(notifier.receipts, self.rig.directories[-1], notifier.caught_up, pace=pace)
        stop = asyncio.Event()
        task = asyncio.create_task(self.fetching.run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 10)
            await self.rig.stop()

    async def receipts(self) -> list[tuple[str, str]]:
        return [
            (r.recipient, f"{r.arrived}.{r.reason}")
            for r in await self.rig.ledger()
            if isinstance(r, DeliveryReceipted)
        ]

    def state(self, name: str = "hackney/mail") -> str:
        return self.fetching.health().get(name, {}).get("state", "")


@pytest.fixture
def hub(memory_bus: MemoryBus) -> Hub:
    return Hub(memory_bus)


async def test_what_comes_back_fails_its_own_message_and_a_delay_fails_none(
    hub: Hub, mails: MailHost
) -> None:
    await hub.rig.group(mail=channel(mails, f"rota@{DOMAIN}", NOBODY, FULL))
    async with hub.running():
        await hub.rig.alert()
        (ended,) = await hub.rig.settled("a1")
        assert (ended.delivered, ended.unsent) == (3, ())  # accepted, all three
        await until(lambda: hub.counted["smtp.failed"] == 1 and hub.counted["ignored.delayed"] == 1)
        assert await hub.receipts() == [("mail:1", "failed.dsn_5_1_1")]
        await until(lambda: not mails.lying("bounces"))  # they named whom we wrote to
    senders = {sent.to: sent.sender for sent in mails.sent}
    assert len(set(senders.values())) == 3
    assert not [s for s in senders.values() if "rota" in s or "nobody" in s or "a1" in s]
    assert NOBODY not in repr(await hub.rig.ledger())


async def test_what_is_said_of_a_made_up_name_or_by_another_channel_s_is_left_and_counted(
    hub: Hub, mails: MailHost
) -> None:
    await hub.rig.group(mail=channel(mails, f"rota@{DOMAIN}"))
    async with hub.running():
        await hub.rig.alert()
        await hub.rig.settled("a1")
        forged = bounce(f"bounces+{'a' * 32}@{DOMAIN}", NOBODY, action="failed", status="5.1.1")
        mails.put("bounces", forged)
        mails.put("bounces", b"Subject: hello\r\n\r\nnothing of ours")
        mails.send_back(mails.sent[0].sender, NOBODY, action="failed", status="5.2.2")
        await until(lambda: hub.counted["ignored.not_ours"] == 2 and hub.counted["smtp.failed"] == 1)
        assert await hub.receipts() == [("mail:0", "failed.dsn_5_2_2")]
        mails.send_back(mails.sent[0].sender, NOBODY, action="delivered", status="2.0.0")
        await until(lambda: hub.counted["repeated"] == 1)  # failed it is, whatever is said after it
        await until(lambda: len(mails.lying("bounces")) == 2)


async def test_two_channels_share_a_mailbox_and_each_hears_of_its_own(hub: Hub, mails: MailHost) -> None:
    await hub.rig.group(mail=channel(mails, NOBODY), second=channel(mails, f"rota@{DOMAIN}", NOBODY))
    async with hub.running():
        await hub.rig.alert()
        await hub.rig.settled("a1")
        await until(lambda: hub.counted["smtp.failed"] == 2)
        assert sorted(await hub.receipts()) == [
            ("mail:0", "failed.dsn_5_1_1"),
            ("second:1", "failed.dsn_5_1_1"),
        ]


async def test_while_the_mailbox_is_away_nothing_is_lost_and_after_a_restart_nothing_is_said_twice(
    hub: Hub, mails: MailHost
) -> None:
    await hub.rig.group(mail=channel(mails, NOBODY))
    async with hub.running():
        await until(lambda: hub.state() == "CONNECTED")
        mails.stop_imap()
        await until(lambda: hub.state() == "TRANSIENT_DISCONNECT")
        await hub.rig.alert()
        await hub.rig.settled("a1")
        assert await hub.receipts() == []
    mails.start_imap()
    async with hub.running():
        await until(lambda: hub.counted["smtp.failed"] == 1)
        mails.send_back(mails.sent[0].sender, NOBODY, action="failed", status="5.1.1")
        await until(lambda: hub.counted["repeated"] == 1)
        assert await hub.receipts() == [("mail:0", "failed.dsn_5_1_1")]


async def test_a_wrong_password_is_shown_and_mails_go_out_all_the_same(hub: Hub, mails: MailHost) -> None:
    hub.rig.secrets = KnownSecrets({"env:HACKNEY__BOUNCES": "wrong"})
    await hub.rig.group(mail=channel(mails, f"rota@{DOMAIN}"))
    async with hub.running():
        await hub.rig.alert()
        (ended,) = await hub.rig.settled("a1")
        assert ended.delivered == 1
        await until(lambda: hub.state() == "BAD_CREDENTIALS")
