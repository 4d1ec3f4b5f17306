"""A real Kannel for tests: bearerbox and smsbox on loopback ports, its own fakesmsc in the network's place.

It comes with Debian's packages kannel and kannel-extras; where they are not, tests that need it are skipped
and say so. What the network got is read from fakesmsc's log, part by part as they were sent.
"""

import os
import re
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import pytest

from shared.testing.servers import Process, free_port

_BEARERBOX: Final = shutil.which("bearerbox", path="/usr/sbin:/usr/bin:/usr/local/sbin")
_SMSBOX: Final = shutil.which("smsbox", path="/usr/sbin:/usr/bin:/usr/local/sbin")
_FAKESMSC: Final = Path("/usr/lib/kannel/test/fakesmsc")
USER, PASSWORD = "relay", "made-up-kannel-password"
QUEUE: Final = 64
"""Messages that Kannel keeps for a network that is slow or away; more it refuses, for now."""
REFUSED: Final = "+447700900999"
"""A number that the SMS centre takes nothing for."""

needs_kannel = pytest.mark.skipif(
    not (_BEARERBOX and _SMSBOX and _FAKESMSC.exists()) and not os.environ.get("CI"),
    reason="Kannel is not installed; apt-get install kannel kannel-extras (.ci/run does)",
)
"""In CI a missing Kannel is a failure, not a skip."""

_GOT: Final = re.compile(r"Got message \d+: <(?P<line>.*)>\s*$")


@dataclass(frozen=True)
class Part:
    """One SMS as the network got it."""

    sender: str
    to: str
    text: str
    coding: str
    """`text` and `data` (of several) in GSM's alphabet, `ucs-2`."""


class Kannel:
    """Three processes; `received` are the parts that reached the network.

    `throughput` is about how many messages a second its SMS centre takes; without, as many as come.
    """

    def __init__(self, folder: Path, *, throughput: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port, self._smsc = folder, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._boxes, self._admin, self._throughput = free_port(), free_port(), throughput
        self.config = folder / "kannel.conf"
        self.config.write_text(self._text())
        self._parts: list[Part] = []
        self._read_to = 0
        self._bearerbox = self._process("bearerbox", str(_BEARERBOX), port=self._boxes)
        self._smsbox = self._process("smsbox", str(_SMSBOX), port=self.port)
        self._fake = Process(
            args=[str(_FAKESMSC), "-H", "127.0.0.1", "-r", str(self._smsc), "-m", "0", "1 2 text none"],
            log=folder / "fakesmsc.log",
            ready=lambda: b"fakesmsc starting" in self._log(),
        )

    def _process(self, name: str, program: str, *, port: int) -> Process:
        return Process(
            args=[program, str(self.config)],
            log=self.folder / f"{name}.out",
            ready=lambda: _listens(port),
        )

    def start(self) -> "Kannel":
        """Start all three; the network takes messages at once."""
        self._bearerbox.start()
        self._smsbox.start()
        self._fake.start()
        return self

    def stop(self) -> None:
        """Stop them."""
        for process in (self._fake, self._smsbox, self._bearerbox):
            process.kill()

    def hang_up(self) -> None:
        """The network is away: what Kannel takes waits in its queue."""
        self._fake.kill()

    @property
    def received(self) -> list[Part]:
        """Every part so far, as they arrived. Only what was written since the last look is read."""
        whole, _, _ = self._log(self._read_to).rpartition(b"\n")
        self._read_to += len(whole)
        found = (_GOT.search(line) for line in whole.decode(errors="replace").splitlines())
        self._parts += [part for got in found if got and (part := _part(got["line"])) is not None]
        return list(self._parts)

    def _log(self, begin: int = 0) -> bytes:
        path = self.folder / "fakesmsc.log"
        if not path.exists():
            return b""
        with path.open("rb") as log:
            log.seek(begin)
            return log.read()

    def _text(self) -> str:
        here = "127.0.0.1"
        groups: tuple[tuple[tuple[str, object], ...], ...] = (
            (
                ("group", "core"),
                ("admin-port", self._admin),
                ("admin-interface", here),
                ("admin-password", "made-up"),
                ("smsbox-port", self._boxes),
                ("smsbox-interface", here),
                ("box-allow-ip", f'"{here}"'),
                ("dlr-storage", "internal"),
                ("sms-outgoing-queue-limit", QUEUE),
                ("log-level", 1),
            ),
            (
                ("group", "smsc"),
                ("smsc", "fake"),
                ("smsc-id", "fake"),
                ("port", self._smsc),
                ("our-host", here),
                ("connect-allow-ip", here),
                ("denied-prefix", REFUSED),
                *((("throughput", self._throughput),) if self._throughput else ()),
            ),
            (
                ("group", "smsbox"),
                ("bearerbox-host", here),
                ("bearerbox-port", self._boxes),
                ("sendsms-port", self.port),
                ("sendsms-interface", here),
                ("log-level", 1),
                ("http-request-retry", 20),
                ("http-queue-delay", 1),
            ),
            (
                ("group", "sendsms-user"),
                ("username", USER),
                ("password", PASSWORD),
                ("max-messages", 5),
                ("concatenation", "true"),
            ),
        )
        return "\n\n".join("\n".join(f"{k} = {v}" for k, v in group) for group in groups) + "\n"


def _part(line: str) -> Part | None:
    """`SENDER TO text WORDS`, `SENDER TO ucs-2 %00H…`, or `SENDER TO udh … data WORDS` for one of several."""
    sender, to, coding, words = line.split(" ", 3)
    if coding == "udh":
        _, coding, words = words.split(" ", 2)
    if coding == "text":
        return Part(sender, to, words, coding)
    raw = unquote_to_bytes(words.replace("+", "%20"))
    return Part(sender, to, raw.decode("utf-16-be" if coding == "ucs-2" else "utf-8"), coding)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
