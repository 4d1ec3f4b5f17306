"""A raid reported by mail: an incident, a question in the thread of its mail; the mailbox dies meanwhile."""

import asyncio
import json
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.words import question
from tests.rigs.byte_search import found_in
from tests.rigs.chat_scene import define
from tests.rigs.mail import DOMAIN, PASSWORD, MailHost, Sent, mail_of, needs_dovecot
from tests.rigs.system import RelaySystem, lent

pytestmark = needs_dovecot
US, ADA, VERIFIER, NOBODY = (f"{name}@{DOMAIN}" for name in ("reports", "ada", "verifier", "nobody"))
RAID = "immigration raid in Ashwin Street Dalston, six officers outside the shop, I see them"


@dataclass
class Scene:
    """A relay that is written to by mail alone, and mails its verifiers."""

    relay: RelaySystem
    mails: MailHost

    async def writes(self, text: str, number: int, **headers: str) -> None:
        """Ada writes, as her mail program does."""
        mail = mail_of(f"Ada Example <{ADA}>", US, text, message_id=f"<{number}@far.example>", **headers)
        await asyncio.to_thread(self._hand_in, mail.as_bytes())

    def _hand_in(self, raw: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.mails.smtp_port) as client:
            client.sendmail(ADA, US, raw)

    def to(self, address: str) -> list[Sent]:
        return [sent for sent in self.mails.sent if sent.to == address]

    async def stands(self, state: str) -> None:
        async def so() -> bool:
            bridges = (await self.relay.bridges_health())["bridges"]
            return bool(bridges["mail-reports"]["state"] == state)

        await self.relay.wait_until(so, f"the bridge is {state}")


@asynccontextmanager
async def a_scene(folder: Path) -> AsyncIterator[Scene]:
    secret = lent(folder, "mail", PASSWORD)
    async with MailHost(["reports", "bounces", "ada", "verifier"]) as mails:
        reading = {
            "address": US,
            "mailbox": mails.mailbox_url("reports"),
            "password": f"file:{secret}",
            "outgoing": mails.smtp_url,
        }
        file = folder / "bridges.yaml"
        file.write_text(json.dumps([{"id": "mail-reports", "kind": "email", "settings": reading}]))
        async with RelaySystem(folder, env={"RELAY_INGEST_BRIDGES_FILE": str(file)}) as relay:
            scene = Scene(relay, mails)
            telling = {
                "host": "127.0.0.1",
                "port": mails.smtp_port,
                "tls": "none",
                "sender": f"relay@{DOMAIN}",
                "to": [VERIFIER, NOBODY],
                "bounces_to": f"bounces@{DOMAIN}",
                "bounces_mailbox": mails.mailbox_url("bounces"),
                "bounces_password": f"file:{secret}",
            }
            await define(relay, "smtp", telling)
            await scene.stands("CONNECTED")
            yield scene


async def test_a_raid_by_mail_is_asked_after_in_its_thread_and_what_comes_back_is_failed(
    tmp_path: Path,
) -> None:
    async with a_scene(tmp_path) as scene:
        relay = scene.relay
        await scene.writes(RAID, 1, subject="Please help")
        await relay.wait_until(lambda: bool(scene.to(VERIFIER)), "the verifiers are told")
        await relay.wait_until(lambda: bool(scene.to(ADA)), "Ada has a receipt")
        (alert,) = scene.to(VERIFIER)
        code = str(alert.mail["Subject"]).split()[1].strip(":,")

        scene.mails.stop_imap()
        await scene.writes("two more vans in Ashwin Street Dalston, immigration raid", 2, subject="More")
        await scene.stands("TRANSIENT_DISCONNECT")
        scene.mails.start_imap()
        await relay.wait_until(lambda: len(scene.to(ADA)) == 2, "what came meanwhile is taken")
        await relay.wait_until(lambda: not scene.mails.lying("reports"), "no mail lies there")

        shown = await relay.as_member("GET", f"v1/desk/incidents/{code}", by="hackney")
        report = shown.body["reports"][0]["report_id"]
        await relay.desk("ask", by="hackney", incident=code, report=report, asks="what")
        asked = question("what", "en")
        await relay.wait_until(lambda: any(asked in said(s) for s in scene.to(ADA)), "Ada is asked")
        sent = next(s for s in scene.to(ADA) if asked in said(s))
        assert sent.mail["In-Reply-To"] in {"<1@far.example>", "<2@far.example>"}
        assert sent.mail["Auto-Submitted"] == "auto-replied"

        async def failed() -> bool:
            told = await relay.as_member("GET", f"v1/desk/incidents/{code}/ledger", by="hackney")
            return "dsn_5_1_1" in json.dumps(told.body)

        await relay.wait_until(failed, "the ledger says what came back")
        assert len(scene.to(VERIFIER)) == len({s.mail["Message-ID"] for s in scene.to(VERIFIER)})
    clear = {
        "what Ada saw": "six officers outside",
        "Ada": ADA,
        "who is told": VERIFIER,
        "who is not": NOBODY,
    }
    assert found_in(tmp_path / "nats", clear) == []


def said(sent: Sent) -> str:
    """The words of a mail."""
    return str(sent.mail.get_content())  # type: ignore[attr-defined]  # of a policy that has it
