"""The whole front door in one process without a socket, for many thousand requests a minute."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest.mock import Mock
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from alert_relay.conformance.ours import CASES
from alert_relay.conformance.signing import NOW, PUBLIC
from services.ingest.app import make_app
from services.ingest.bridge_intake import accept
from services.ingest.door import DOOR
from services.ingest.joining import Joining
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool
from services.ingest.web.nonce import make_nonce
from shared.http import Problem
from shared.plugins.spec import Ignored, IncomingReport, Spec, WebhookRequest
from shared.sealing import MasterKey
from shared.testing.bus import MemoryBus
from tests.conformance.test_bridges import FixedClock
from tests.conformance.test_peer import CASE as PEER

ALL: Final = {case.bridge.spec.kind: case for case in (*CASES, PEER)}
_AS_NEW_AFTER: Final = 500
"""Requests after which its log is emptied: it lies in memory."""
_NO_LIMITS: Final = {
    f"ingest_{who}_{what}": 1e12 for who in ("client", "key", "total") for what in ("per_s", "burst")
}
_MASTER: Final = MasterKey(bytes(32))


class FrontDoor:
    """Takes one request after the other; whatever comes, an answer that is our fault is a finding."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory()
        self._spool = Spool(Path(self._folder.name), max_bytes=1_000_000)
        self._asked = 0

    def webhook(self, kind: str, body: bytes) -> None:
        """A provider's call with this body, signed as the provider does, and one with another's signature."""
        signed = ALL[kind].signed(body)
        self.request(signed)
        if signed.body != body:
            self.request(replace(signed, body=body))

    def report(self, body: bytes) -> None:
        """`POST /v1/reports`."""
        headers = {"content-type": "application/json"}
        self.request(WebhookRequest("POST", f"{PUBLIC}/v1/reports", headers, body, NOW))

    def form(self, body: bytes) -> None:
        """The report form, sent as a page of today's."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        nonce = b"nonce=" + make_nonce(_MASTER, NOW).encode() + b"&"
        self.request(WebhookRequest("POST", f"{PUBLIC}/", headers, nonce + body, NOW))

    def request(self, asked: WebhookRequest) -> None:
        """Any request."""
        with structlog.testing.capture_logs() as logs:
            response = self._loop.run_until_complete(self._answer(asked))
        assert response.status < 500, (response.status, logs)
        if response.status >= 400 and "html" not in (response.content_type or ""):
            assert response.content_type == "application/problem+json", response.content_type

    def take(self, found: IncomingReport | Ignored, spec: Spec) -> None:
        """What a bridge read goes on to the store, as its host sees to it."""
        if isinstance(found, IncomingReport):
            self._loop.run_until_complete(self._accept(found, spec))

    async def _accept(self, found: IncomingReport, spec: Spec) -> None:
        try:
            await accept(self._app()[DOOR], spec.kind, found, spec)
        except Problem as problem:
            if problem.code != "key_used_for_another_report":  # a mutated message may keep its id
                raise

    async def _answer(self, asked: WebhookRequest) -> web.StreamResponse:
        stream = StreamReader(Mock(), 2**16, loop=asyncio.get_running_loop())
        stream.feed_data(asked.body)
        stream.feed_eof()
        at = urlsplit(asked.url)
        path = at.path + (f"?{at.query}" if at.query else "")
        app = self._app()
        request = make_mocked_request(asked.method, path, asked.headers, payload=stream, app=app)
        return await app._handle(request)

    def _app(self) -> web.Application:
        if self._asked % _AS_NEW_AFTER == 0:
            self._made = self._make()
        self._asked += 1
        return self._made

    def close(self) -> None:
        """Let go of the loop and the folder."""
        self._loop.run_until_complete(self._spool.close())
        self._loop.close()
        self._folder.cleanup()

    def _make(self) -> web.Application:
        app = make_app(
            bus=MemoryBus(FixedClock()),
            clock=FixedClock(),
            master=_MASTER,
            spool=self._spool,
            settings=IngestSettings.model_validate({"ingest_public_url": PUBLIC, **_NO_LIMITS}),
            bridges={kind: case.make() for kind, case in ALL.items()},
        )
        app[DOOR].joining = Joining(wait_s=0)  # parts of messages, each as it comes
        app.freeze()
        return app
