"""A real mail server for tests: dovecot keeps the mailboxes, aiosmtpd takes mail in, both on loopback ports.

dovecot comes with Debian's package dovecot-imapd; where it is not, tests that need it are skipped and say so.
Between the two stands what a mail server does: it puts a mail into the mailbox of its address, whatever
follows a plus in that, writes down to whom it came, and sends back what it cannot deliver.
"""

import asyncio
import grp
import mailbox
import os
import pwd
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psutil  # type: ignore[import-untyped] # it brings no types
import pytest
from aiosmtpd import smtp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.testing.servers import Process, free_port

_DOVECOT: Final = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/usr/local/sbin")
PASSWORD: Final = "made-up-mailbox-password"
DOMAIN: Final = "hub.example"
FULL: Final = f"full@{DOMAIN}"
"""An address whose mailbox is full for now."""

needs_dovecot = pytest.mark.skipif(
    _DOVECOT is None and not os.environ.get("CI"),
    reason="dovecot is not installed; apt-get install dovecot-imapd (.ci/run does)",
)
"""In CI a missing dovecot is a failure, not a skip."""

_CONFIG: Final = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
protocols = imap
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
default_internal_user = {inner}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%n
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={inner} gid={group} home={folder}/mail/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail as it came in by SMTP: who is told if it comes back, whom it is for, and what it says."""

    sender: str
    to: str
    mail: Message


@dataclass
class MailHost:
    """Open it as a context; `people` have mailboxes, mail for anybody else of the domain comes back."""

    people: Sequence[str]
    domain: str = DOMAIN
    sent: list[Sent] = field(default_factory=list)
    smtp_port: int = field(default_factory=free_port)
    imap_port: int = field(default_factory=free_port)
    imaps_port: int = field(default_factory=free_port)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="mail-"))  # a socket's path must be short
        self.folder.chmod(0o755)
        self._owner = _owner()
        self.certificate = _certificate(self.folder)
        for person in self.people:
            self._own(self.box(person))
        self._own(self.folder / "mail")
        self._dovecot = Process(
            args=[str(_DOVECOT), "-F", "-c", str(self._config())],
            log=self.folder / "dovecot.out",
            ready=lambda: _listens(self.imap_port),
        )
        self._dovecot.start()
        await self.start_smtp()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_imap()
        await self.stop_smtp()
        shutil.rmtree(self.folder, ignore_errors=True)

    def mailbox_url(self, person: str) -> str:
        """How a bridge or channel names the mailbox."""
        return f"imap://{person}@127.0.0.1:{self.imap_port}"

    @property
    def smtp_url(self) -> str:
        """Where mail is handed in."""
        return f"smtp://127.0.0.1:{self.smtp_port}"

    # --- mailboxes -----------------------------------------------------------------------------

    def restart_imap(self) -> None:
        """The mailboxes' server is killed and started again."""
        self.stop_imap()
        self._dovecot.start()

    def stop_imap(self) -> None:
        """The mailboxes' server goes away as by a power cut; by itself it would tell us after ten seconds."""
        if self._dovecot.running is not None:
            workers = psutil.Process(self._dovecot.pid).children(recursive=True)
            self._dovecot.kill()
            for worker in workers:
                with suppress(psutil.NoSuchProcess):
                    worker.kill()

    def start_imap(self) -> None:
        """And comes back."""
        self._dovecot.start()

    def box(self, person: str) -> Path:
        """Where somebody's mails lie, one file each."""
        path = self.folder / "mail" / person
        path.parent.mkdir(exist_ok=True)
        mailbox.Maildir(path)
        return path

    def lying(self, person: str) -> list[bytes]:
        """The mails in somebody's inbox."""
        found = []
        for part in ("new", "cur"):
            for file in sorted((self.box(person) / part).iterdir()):
                with suppress(FileNotFoundError):  # the server moves and deletes them meanwhile
                    found.append(file.read_bytes())
        return found

    def put(self, person: str, raw: bytes) -> None:
        """Somebody has a mail; it is whole, and dovecot's, before dovecot can see it."""
        box, name = self.box(person), f"{time.time_ns()}.{uuid.uuid4().hex}.rig"
        unseen = box / "tmp" / name
        unseen.write_bytes(raw)
        self._own(unseen)
        unseen.rename(box / "new" / name)

    # --- the server that takes mail in ---------------------------------------------------------

    async def start_smtp(self) -> None:
        """Take mail in."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", self.smtp_port)

    async def stop_smtp(self) -> None:
        """Take in no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _session(self) -> smtp.SMTP:
        return smtp.SMTP(self, enable_SMTPUTF8=False, loop=asyncio.get_running_loop())

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        mail = message_from_bytes(envelope.content, policy=policy.default)
        for to in envelope.rcpt_tos:
            self.sent.append(Sent(envelope.mail_from, to, mail))
            self._deliver(envelope.mail_from, to, envelope.content)
        return "250 taken"

    def _deliver(self, sender: str, to: str, content: bytes) -> None:
        local, _, domain = to.rpartition("@")
        person = local.partition("+")[0].lower()
        if domain != self.domain or not sender:
            return
        if person in self.people:
            self.put(person, f"Return-Path: <{sender}>\r\nDelivered-To: {to}\r\n".encode() + content)
        else:
            action, status = ("delayed", "4.2.2") if to == FULL else ("failed", "5.1.1")
            self.send_back(sender, to, action=action, status=status)

    def send_back(self, sender: str, to: str, *, action: str, status: str) -> None:
        """A mail to `to` comes back to whoever sent it, or is said to be late."""
        back, _, _ = sender.rpartition("@")[0].partition("+")
        told = bounce(sender, to, action=action, status=status)
        self.put(back, b"Return-Path: <>\r\nDelivered-To: " + sender.encode() + b"\r\n" + told)

    # --- files ---------------------------------------------------------------------------------

    def _config(self) -> Path:
        inner, group, login = self._owner
        path = self.folder / "dovecot.conf"
        path.write_text(
            _CONFIG.format(
                folder=self.folder,
                inner=inner,
                group=group,
                login=login,
                password=PASSWORD,
                port=self.imap_port,
                tls_port=self.imaps_port,
            )
        )
        return path

    def _own(self, path: Path) -> None:
        """Root may not read mail: then it belongs to dovecot's own user."""
        if os.geteuid() == 0:
            for one in (path, *path.rglob("*")):
                shutil.chown(one, self._owner[0], self._owner[1])


def bounce(sender: str, to: str, *, action: str, status: str, more: Sequence[str] = ()) -> bytes:
    """What a mail server writes to a return address (RFC 3464)."""
    whole = MIMEMultipart("report", report_type="delivery-status")
    whole["From"], whole["To"] = f"MAILER-DAEMON@{DOMAIN}", sender
    whole["Subject"], whole["Auto-Submitted"] = "Undelivered mail", "auto-replied"
    whole.attach(MIMEText("Your mail could not be delivered.\n"))
    status_part = MIMEMessage(Message(), "delivery-status")
    general, recipient = Message(), Message()
    general["Reporting-MTA"] = f"dns; mail.{DOMAIN}"
    recipient["Final-Recipient"] = f"rfc822; {to}"
    recipient["Action"], recipient["Status"] = action, status
    blocks: list[Any] = [general, recipient]
    for one in more:
        another = Message()
        another["Final-Recipient"], another["Action"], another["Status"] = "rfc822; x@y.example", *one.split()
        blocks.append(another)
    status_part.set_payload(blocks)
    whole.attach(status_part)
    return whole.as_bytes()


def mail_of(sender: str, to: str, text: str, **headers: str) -> EmailMessage:
    """A mail as somebody's program makes it; `in_reply_to="…"` is the header In-Reply-To."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, to
    for name, value in headers.items():
        mail["-".join(part.capitalize() for part in name.split("_"))] = value
    mail.set_content(text)
    return mail


def _certificate(folder: Path) -> Path:
    """A certificate of its own for `localhost`, which nobody trusts who is not told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    return folder / "cert.pem"


def _owner() -> tuple[str, str, str]:
    """The user and group whose the mails are, and the user who asks for passwords."""
    if os.geteuid() == 0:
        return "dovecot", "dovecot", "dovenull"
    user = pwd.getpwuid(os.geteuid())
    return user.pw_name, grp.getgrgid(user.pw_gid).gr_name, user.pw_name


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
