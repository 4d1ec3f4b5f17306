"""signal-cli's daemon and the Signal behind it, as a client sees them. Keeps their protocol.

What people write waits at Signal until a client of the daemon is connected (`--receive-mode=on-connection`);
then the daemon fetches it, keeps it among its last events and sends it to whoever listens, as server-sent
events with ids of this run. A client that names the last event it had gets those after it; one that names an
unknown event gets all that are kept. A daemon that is killed while it hands a message over finds it on its
disk at the next start and hands it over again; its kept events are gone.

`send` is answered as JSON-RPC with one result a recipient, and refused as signal-cli refuses it: wrong
content type, wrong host, no or unknown account, unknown group, nobody registered.
"""

import asyncio
import base64
import itertools
import json
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from shared.plugins.channel_testing import Answer, Received

_KEPT: Final = 1_000
_KEEP_ALIVE_S: Final = 0.5
"""Seconds in a test; signal-cli says something every 15."""
GROUP: Final = base64.b64encode(b"the verifiers of the test, 32 b.").decode()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with the app; their number may be hidden, their account id is not."""

    name: str
    number: str | None = None
    aci: str = ""

    def __post_init__(self) -> None:
        """Who is given no account id has the same one in every run."""
        object.__setattr__(self, "aci", self.aci or str(uuid.uuid5(uuid.NAMESPACE_OID, self.name)))


@dataclass(frozen=True, slots=True)
class Sent:
    """What the account wrote: where, what, and the time that is its id."""

    to: str
    text: str
    timestamp: int


@dataclass(eq=False)
class _Listener:
    """A client of the event stream."""

    response: web.StreamResponse
    gone: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class SignalCli:
    """One account's daemon; open it as a context. `url` stays the same over restarts."""

    account: str
    aci: str = field(default_factory=lambda: str(uuid.uuid4()))
    multi: bool = True
    """Whether it was started without `-a`, for several accounts."""
    socket: Path | None = None
    groups: dict[str, list[Person]] = field(default_factory=lambda: {GROUP: []})
    unregistered: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    """Every call of `send`, for the conformance suite of channels."""
    url: str = ""
    connections: int = 0
    """How often a client began to listen."""
    said_last: list[str] = field(default_factory=list)
    """The Last-Event-ID of every client, "" for none."""
    _port: int = 0
    _runner: web.AppRunner | None = None
    _at_signal: deque[dict[str, Any]] = field(default_factory=deque)
    _on_disk: dict[str, Any] | None = None
    """A message that was fetched and perhaps not handed over."""
    _events: deque[tuple[int, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _run: str = ""
    _seq: int = 0
    _listeners: set[_Listener] = field(default_factory=set)
    _stamps: "itertools.count[int]" = field(default_factory=lambda: itertools.count(int(time.time() * 1000)))
    _manner: str = "answer"
    _answer: Answer | None = None

    async def __aenter__(self) -> Self:
        """Start the daemon."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # --- the daemon ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, at the same address as before."""
        self._run, self._seq = f"{time.time_ns()}-", 0
        self._events.clear()
        app = web.Application()
        app.router.add_post("/api/v1/rpc", self._rpc)
        app.router.add_get("/api/v1/events", self._event_stream)
        app.router.add_get("/api/v1/check", self._check)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        if self.socket is not None:
            await web.UnixSite(self._runner, str(self.socket)).start()
            self.url = f"unix:{self.socket}"
            return
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Stop: connections are refused, and every stream ends."""
        self.drop_listeners()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def drop_listeners(self) -> None:
        """Every event stream ends at once, as by a cut cable."""
        for listener in self._listeners:
            listener.gone.set()

    async def restart(self, *, repeats_last: bool = False) -> None:
        """Killed and started again; `repeats_last`: while it handed over the last message."""
        last = self._events[-1][1] if self._events and repeats_last else None
        await self.stop()
        self._on_disk = last
        await self.start()

    # --- what people do ------------------------------------------------------------------------

    async def write(  # noqa: PLR0913 - each is a thing that the app can do
        self,
        person: Person,
        text: str,
        *,
        group: str | None = None,
        answering: Sent | None = None,
        mentions_us: bool = False,
        stamp: int | None = None,
    ) -> dict[str, Any]:
        """Somebody writes, in private or in a group; returns the envelope."""
        message: dict[str, Any] = {"message": text, "expiresInSeconds": 0, "viewOnce": False}
        if group is not None:
            info = {"groupId": group, "groupName": "Verifiers", "revision": 3, "type": "DELIVER"}
            message["groupInfo"] = info
        if answering is not None:
            us = {"author": self.account, "authorNumber": self.account, "authorUuid": self.aci}
            message["quote"] = {"id": answering.timestamp, **us, "text": answering.text, "attachments": []}
        if mentions_us:
            message["message"] = f"\ufffc {text}"
            us = {"name": self.account, "number": self.account, "uuid": self.aci}
            message["mentions"] = [{**us, "start": 0, "length": 1}]
        at = next(self._stamps) if stamp is None else stamp
        return await self.happens(person, {"dataMessage": {"timestamp": at, **message}}, stamp=at)

    async def happens(
        self, person: Person, content: dict[str, Any], *, stamp: int | None = None
    ) -> dict[str, Any]:
        """Anything else that a person's app sends: an edit, a reaction, typing."""
        at = next(self._stamps) if stamp is None else stamp
        envelope = {
            "source": person.number or person.aci,
            "sourceNumber": person.number,
            "sourceUuid": person.aci,
            "sourceName": person.name,
            "sourceDevice": 1,
            "timestamp": at,
            "serverReceivedTimestamp": at + 40,
            "serverDeliveredTimestamp": at + 60,
            **content,
        }
        await self.tell({"account": self.account, "envelope": envelope})
        return envelope

    async def tell(self, told: dict[str, Any]) -> None:
        """Signal has something for the account."""
        self._at_signal.append(told)
        await self._fetch()

    async def wrote_elsewhere(self, text: str, *, group: str = GROUP) -> None:
        """The account itself wrote, on another of its devices."""
        at = next(self._stamps)
        sent = {"timestamp": at, "message": text, "groupInfo": {"groupId": group, "type": "DELIVER"}}
        await self.happens(
            Person("us", self.account, self.aci), {"syncMessage": {"sentMessage": sent}}, stamp=at
        )

    def said(self, to: str) -> list[str]:
        """What the account wrote there, oldest first."""
        return [sent.text for sent in self.sent if sent.to == to]

    def last(self, to: str = GROUP) -> Sent:
        """The last message that the account wrote there."""
        return next(sent for sent in reversed(self.sent) if sent.to == to)

    # --- the event stream ----------------------------------------------------------------------

    async def _fetch(self) -> None:
        """Fetch what waits, if somebody listens; what a killed daemon left on its disk comes first."""
        if self._on_disk is not None and self._listeners:
            told, self._on_disk = self._on_disk, None
            await self._hand_over(told)
        while self._at_signal and self._listeners:
            await self._hand_over(self._at_signal.popleft())

    async def _hand_over(self, told: dict[str, Any]) -> None:
        self._seq += 1
        self._events.append((self._seq, told))
        for listener in list(self._listeners):
            await self._send_event(listener, self._seq, told)

    async def _send_event(self, listener: _Listener, seq: int, told: dict[str, Any]) -> None:
        lines = f"id:{self._run}{seq}\nevent:receive\ndata:{json.dumps(told, ensure_ascii=False)}\n\n"
        with suppress(ConnectionError):
            await listener.response.write(lines.encode())

    async def _event_stream(self, request: web.Request) -> web.StreamResponse:
        if not self._right_host(request):
            return web.Response(status=421)
        if self.multi and request.query.get("account", self.account) not in {self.account, self.aci}:
            return web.Response(status=400)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        listener = _Listener(response)
        last = request.headers.get("Last-Event-ID")
        self.said_last.append(last or "")
        if last is not None:
            after = int(last.removeprefix(self._run)) if last.startswith(self._run) else 0
            for seq, told in list(self._events):
                if seq > after:
                    await self._send_event(listener, seq, told)
        self._listeners.add(listener)
        self.connections += 1
        try:
            await self._fetch()
            await self._keep_alive(listener)
        finally:
            self._listeners.discard(listener)
        return response

    async def _keep_alive(self, listener: _Listener) -> None:
        while not listener.gone.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(listener.gone.wait(), _KEEP_ALIVE_S)
            try:
                await listener.response.write(b":\n")
            except ConnectionError:
                return

    async def _check(self, _: web.Request) -> web.Response:
        return web.Response()

    def _right_host(self, request: web.Request) -> bool:
        host, _, port = request.host.partition(":")
        return host in {"localhost", "127.0.0.1"} and port in {"", str(self._port)}

    # --- JSON-RPC ------------------------------------------------------------------------------

    def will(self, answer: Answer) -> None:
        """Answer every call so from now on."""
        self._manner, self._answer = "answer", answer

    def will_hang(self) -> None:
        """Take calls and never answer."""
        self._manner = "hang"

    def will_reset(self) -> None:
        """Take calls and break the connection."""
        self._manner = "reset"

    def will_be_itself(self) -> None:
        """Answer as signal-cli does."""
        self._manner, self._answer = "answer", None

    async def _rpc(self, request: web.Request) -> web.StreamResponse:
        if not self._right_host(request):
            return web.Response(status=421)
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            return web.Response(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        raw = await request.text()
        call = json.loads(raw)
        self.calls.append(call)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, str(call["params"].get("message")), raw))
        if self._manner == "hang":
            await asyncio.sleep(3600)
        if self._manner == "reset" and request.transport is not None:
            request.transport.abort()
        if self._answer is not None:
            return web.Response(
                status=self._answer.status, body=self._answer.body, headers=dict(self._answer.headers)
            )
        return web.json_response({"jsonrpc": "2.0", **self._done(call), "id": call["id"]})

    def _done(self, call: dict[str, Any]) -> dict[str, Any]:
        params = call["params"]
        if call["method"] != "send":
            return _error(-32601, "Method not implemented")
        if self.multi and params.get("account") is None:
            return _error(-32602, "Method requires valid account parameter")
        if self.multi and params["account"] not in {self.account, self.aci}:
            return _error(-32602, "Specified account does not exist")
        if not params.get("message"):
            return _error(-1, "Sending empty message is not allowed")
        return self._send(params)

    def _send(self, params: dict[str, Any]) -> dict[str, Any]:
        group = params.get("groupId")
        if group is not None and group not in self.groups:
            return _error(-1, f"Group not found: {group}")
        people = [p.aci for p in self.groups[group]] if group is not None else _listed(params)
        results = [self._result(person, group) for person in people]
        stamp = next(self._stamps)
        response = {"timestamp": stamp, "results": results}
        if results and not any(one["type"] == "SUCCESS" for one in results):
            return _error(-1, "Failed to send message", {"response": response})
        self.sent.append(Sent(group or people[0], params["message"], stamp))
        return {"result": response}

    def _result(self, person: str, group: str | None) -> dict[str, Any]:
        known = "UNREGISTERED_FAILURE" if person in self.unregistered else "SUCCESS"
        result = {"recipientAddress": {"uuid": person, "number": None, "username": None}, "type": known}
        return result if group is None else {**result, "groupId": group}


def _listed(params: dict[str, Any]) -> list[str]:
    return list(params.get("recipient") or params.get("username") or ())


def _error(code: int, message: str, data: Any = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "data": data}}
