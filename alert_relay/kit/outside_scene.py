"""A bridge out of process at work: started as a command, pointed at a stand-in for the front door."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError
from yarl import URL

from services.ingest.models import NewReport
from services.ingest.signed import signed_of
from shared.http import Problem
from shared.plugins.conformance.criteria import Broken, must

NAME: Final = "check"
_PATIENCE_S: Final = 15.0
_STOPS_S: Final = 5.0
AFTER_S: Final = 1


@dataclass(frozen=True)
class Call:
    """One request as it reached the door."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        """The message's id: that of the signature, or of an unsigned request's header."""
        return self.headers.get("webhook-id") or self.headers.get("Idempotency-Key", "")

    @property
    def text(self) -> str:
        """The report's words, if it is a report."""
        try:
            return NewReport.model_validate(json.loads(self.body)).text
        except (ValueError, ValidationError, RecursionError):
            return ""


@dataclass
class StandInDoor:
    """Takes reports at an address, and answers as it is told."""

    url: URL
    calls: list[Call] = field(default_factory=list)
    answers: list[int | None] = field(default_factory=list)
    """Statuses of the next answers, None for none at all; 202 when there are no more."""

    async def post(self, request: web.Request) -> web.Response:
        """Keep it, and answer."""
        self.calls.append(
            Call(request.raw_path, request.headers.copy(), await request.read(), time.monotonic())
        )
        status = self.answers.pop(0) if self.answers else 202
        if status is None and request.transport is not None:
            request.transport.abort()
        headers = {"Retry-After": str(AFTER_S)} if status in {429, 503} else {}
        return web.json_response({"report_id": "rcheck"}, status=status or 202, headers=headers)

    def of(self, marker: str) -> list[Call]:
        """The calls about one message."""
        return [call for call in self.calls if marker in call.text]


@dataclass(frozen=True)
class OutsideCase:
    """How to start the bridge, and where the stand-in listens for it."""

    url: URL
    command: Sequence[str]


@dataclass
class Scene:
    """The door, and the bridge at work."""

    door: StandInDoor
    process: asyncio.subprocess.Process
    key: Ed25519PrivateKey
    output: bytes = b""

    async def say(self, *lines: str) -> None:
        """Let the source say these."""
        if self.process.stdin is None or self.process.returncode is not None:
            raise Broken("the bridge ended before its source said anything")
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
            await self.process.stdin.drain()

    async def until(self, true: Callable[[], object], otherwise: str) -> None:
        """Wait for a condition."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not true():  # noqa: ASYNC110 - conditions of many kinds
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise Broken(otherwise) from None

    async def stopped(self) -> int | None:
        """End it as an operator does; its exit code, None for a bridge that had to be killed."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOPS_S):
                self.output, _ = await self.process.communicate()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            return None
        return self.process.returncode


@contextlib.asynccontextmanager
async def scene(case: OutsideCase) -> AsyncIterator[Scene]:
    """The stand-in listening, and the bridge started with a key of its own."""
    door, key = StandInDoor(case.url), Ed25519PrivateKey.generate()
    app = web.Application(client_max_size=1_000_000)
    app.router.add_route("*", "/{path:.*}", door.post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    with tempfile.TemporaryDirectory() as folder:
        try:
            await web.TCPSite(runner, case.url.host, case.url.port).start()
            at = Scene(door, await _started(case, key, Path(folder)), key)
            yield at
            await at.stopped()
        finally:
            await runner.cleanup()


async def _started(case: OutsideCase, key: Ed25519PrivateKey, folder: Path) -> asyncio.subprocess.Process:
    pem = folder / "bridge.pem"
    pem.touch(mode=0o600)
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    told = {"RELAY_URL": str(case.url).rstrip("/"), "RELAY_BRIDGE": NAME, "RELAY_KEY_FILE": str(pem)}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *case.command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env={**os.environ, **told}
    )


def check_signature(key: Ed25519PrivateKey, call: Call) -> None:
    """Raise `Broken` unless the call is signed with this key, as the front door itself judges it."""
    signed = signed_of(call.headers)
    must(
        signed is not None and signed.client == NAME, "a request lacks `Authorization: Signed $RELAY_BRIDGE`"
    )
    public: Any = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    try:
        if signed is not None:
            signed.check(public, call.body, datetime.now(UTC))
    except Problem as problem:
        raise Broken(f"the signature is refused ({problem.code})") from None
