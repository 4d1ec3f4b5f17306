"""A real Prosody for tests, on loopback ports, with accounts, rooms, and archives or none.

It comes with Debian's package prosody; where it is not, tests that need it are skipped and say so.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from slixmpp import JID

from shared.plugins.xmpp_session import Account, Session, session
from shared.testing.servers import Process, free_port

_PROSODY: Final = shutil.which("prosody")
DOMAIN, ROOMS = "hub.test", "rooms.hub.test"
RELAY, ROOM = f"relay@{DOMAIN}", f"verifiers@{ROOMS}"
PASSWORD = "made-up-xmpp-password"
BODY: Final = "{jabber:client}body"

needs_prosody = pytest.mark.skipif(
    _PROSODY is None and not os.environ.get("CI"),
    reason="Prosody is not installed; apt-get install prosody (.ci/run does)",
)
"""In CI a missing Prosody is a failure, not a skip."""


class Prosody:
    """One server; `archives` says whether it keeps what was said, of accounts and of rooms."""

    def __init__(self, folder: Path, *, archives: bool = True, known: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port, self.ca_file = folder, free_port(), folder / "ca.pem"
        self._archives, self._known = archives, known
        _certificate(folder)
        for name in ("relay", "ada", "ben"):
            accounts = folder / "data" / DOMAIN.replace(".", "%2e") / "accounts"
            accounts.mkdir(parents=True, exist_ok=True)
            (accounts / f"{name}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}" }};\n')
        config = folder / "prosody.cfg.lua"
        config.write_text(self._text())
        self._process = Process(
            args=[str(_PROSODY), "--config", str(config), "-F"],
            log=folder / "prosody.out",
            ready=lambda: _listens(self.port),
        )
        self.start, self.stop, self.kill = self._process.start, self._process.stop, self._process.kill

    @property
    def server(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.port}"

    def account(self, name: str, *, password: str = PASSWORD) -> Account:
        """A way in."""
        return Account(f"{name}@{DOMAIN}", password, "127.0.0.1", self.port, str(self.ca_file))

    def _text(self) -> str:
        mam, muc_mam = ('"mam";', '"muc_mam"') if self._archives else ("", "")
        return f"""
run_as_root = true
daemonize = false
pidfile = "{self.folder}/prosody.pid"
data_path = "{self.folder}/data"
log = {{ info = "{self.folder}/prosody.log" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {self.port} }}
s2s_ports = {{ }}
c2s_direct_tls_ports = {{ }}
modules_disabled = {{ "s2s" }}
modules_enabled = {{ "roster"; "saslauth"; "tls"; "disco"; "ping"; {mam} }}
authentication = "internal_plain"
c2s_require_encryption = true
archive_expires_after = "never"
VirtualHost "{DOMAIN}"
ssl = {{ key = "{self.folder}/key.pem"; certificate = "{self.folder}/ca.pem" }}
Component "{ROOMS}" "muc"
modules_enabled = {{ {muc_mam} }}
restrict_room_creation = false
muc_room_locking = false
muc_room_default_public_jids = {str(self._known).lower()}
muc_room_default_persistent = true
muc_log_by_default = true
muc_log_expires_after = "never"
"""


@dataclass
class Person:
    """Somebody with an app."""

    name: str
    app: Session
    heard: list[Element] = field(default_factory=list)
    count: int = 0

    def texts(self, sender: str = RELAY) -> list[str]:
        """What that account wrote to them."""
        own = (m for m in self.heard if m.get("from", "").partition("/")[0] == sender)
        return [text for m in own if (text := m.findtext(BODY))]

    def receipts(self) -> list[str]:
        """The ids of their messages of which an app said that they arrived."""
        found = (m.find("{urn:xmpp:receipts}received") for m in self.heard)
        return [one.get("id", "") for one in found if one is not None]

    async def write(self, text: str, to: str = RELAY, *, key: str = "", more: Sequence[Element] = ()) -> None:
        """Write, and know that the server has it."""
        self.count += 1
        kind: Any = "groupchat" if to.endswith(ROOMS) else "chat"
        message = self.app._client.make_message(JID(to), text, mtype=kind)
        message["id"] = key or f"{self.name}-{self.count}"
        for part in more:
            message.append(part)
        message.send()
        assert await self.app.answers()


@asynccontextmanager
async def person(server: Prosody, name: str, *, room: str = "") -> AsyncIterator[Person]:
    """Somebody who is there, in that room too."""
    heard: list[Element] = []
    async with session(server.account(name), heard.append) as app:
        app.be_there()
        if room:
            assert await app.enter(room, name, since=None)
        yield Person(name, app, heard)


async def until(true: Callable[[], Any], *, within_s: float = 20) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - conditions of many kinds
            await asyncio.sleep(0.01)


def _certificate(folder: Path) -> None:
    """One that vouches for itself, for the domain."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(DOMAIN)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
