"""A homeserver as an application service sees it: rooms, members, events, transactions of ours by id.

Keeps the part of Matrix's client-server API that the relay calls, with its refusals (`M_FORBIDDEN` for who is
not in a room, `M_UNKNOWN_TOKEN`). A test says what shall go wrong (`fails`). A real Synapse is in
`tests.rigs.synapse`.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

from aiohttp import web

from shared.http import site

BOT: Final = "@relay:example.org"
_ROOM: Final = re.compile(r"/_matrix/client/v3/rooms/([^/]+)/(.+)")


@dataclass
class FakeRoom:
    """One room."""

    members: dict[str, str] = field(default_factory=dict)
    """Membership by account."""
    events: list[dict[str, Any]] = field(default_factory=list)
    encrypted: bool = False
    sent: dict[str, str] = field(default_factory=dict)
    """Event ids by our transaction ids: the same again is the same event."""

    def said(self) -> list[str]:
        """What our account said, oldest first."""
        return [e["content"]["body"] for e in self.events if e["sender"] == BOT]


@dataclass
class Homeserver:
    """One homeserver; open it as a context."""

    as_token: str = "as-token-of-the-test"
    rooms: dict[str, FakeRoom] = field(default_factory=dict)
    url: str = ""
    registered: bool = False
    pinged: int = 0
    calls: list[str] = field(default_factory=list)
    fails: Callable[[str, str], tuple[int, dict[str, Any]] | None] = lambda _method, _path: None
    """What to answer instead, by method and path; None: as usual. Status 0: never answer."""
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._called)
        self.url = f"http://127.0.0.1:{await self._stack.enter_async_context(site(app, '127.0.0.1', 0))}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def room(self, name: str, *people: str, invited: bool = False) -> str:
        """A room with these people and our account in it; its id."""
        members = {**dict.fromkeys(people, "join"), BOT: "invite" if invited else "join"}
        self.rooms[f"!{name}:example.org"] = FakeRoom(members)
        return f"!{name}:example.org"

    def event(
        self, room: str, sender: str, content: dict[str, Any], kind: str = "m.room.message", **more: Any
    ) -> dict[str, Any]:
        """Something that happens in a room."""
        event = {
            "event_id": f"$e{next(self._ids)}",
            "room_id": room,
            "sender": sender,
            "type": kind,
            "origin_server_ts": 1_782_139_580_123,
            "content": content,
            **more,
        }
        self.rooms[room].events.append(event)
        return event

    def says(self, room: str, sender: str, text: str, **more: Any) -> dict[str, Any]:
        """A text message."""
        return self.event(room, sender, {"msgtype": "m.text", "body": text, **more})

    def member(self, room: str, who: str, membership: str, by: str = "") -> dict[str, Any]:
        """Somebody is invited, comes or goes."""
        self.rooms[room].members[who] = membership
        content = {"membership": membership}
        return self.event(room, by or who, content, "m.room.member", state_key=who)

    async def _called(self, request: web.Request) -> web.Response:
        path = unquote(request.path)
        self.calls.append(f"{request.method} {path}")
        if (wrong := self.fails(request.method, path)) is not None:
            if wrong[0] == 0:
                await asyncio.sleep(3_600)
            return web.json_response(wrong[1], status=wrong[0])
        if request.headers.get("Authorization") != f"Bearer {self.as_token}":
            return _no(401, "M_UNKNOWN_TOKEN")
        body = json.loads(await request.text() or "{}")
        if found := _ROOM.fullmatch(request.rel_url.raw_path):
            return self._in_room(unquote(found[1]), unquote(found[2]), body)
        if path.endswith("/register"):
            was, self.registered = self.registered, True
            return _no(400, "M_USER_IN_USE") if was else web.json_response({"user_id": BOT})
        if path.endswith("/ping"):
            self.pinged += 1
            return web.json_response({"duration_ms": 1})
        return _no(404, "M_UNRECOGNIZED")

    def _in_room(  # noqa: PLR0911 - one answer a call
        self, name: str, rest: str, body: dict[str, Any]
    ) -> web.Response:
        room = self.rooms.get(name)
        if room is None or (rest != "join" and room.members.get(BOT) != "join"):
            return _no(403, "M_FORBIDDEN")
        match rest.split("/"):
            case ["join"] if room.members.get(BOT) in {"invite", "join"}:
                room.members[BOT] = "join"
                return web.json_response({"room_id": name})
            case ["leave"]:
                room.members[BOT] = "leave"
                return web.json_response({})
            case ["members"]:
                members = [
                    {"type": "m.room.member", "state_key": who, "content": {"membership": it}}
                    for who, it in room.members.items()
                ]
                return web.json_response({"chunk": members})
            case ["messages"]:
                return web.json_response({"chunk": room.events[::-1]})
            case ["event", event_id]:
                found = next((e for e in room.events if e["event_id"] == event_id), None)
                return web.json_response(found) if found else _no(404, "M_NOT_FOUND")
            case ["state", "m.room.encryption"]:
                return web.json_response({"algorithm": "x"}) if room.encrypted else _no(404, "M_NOT_FOUND")
            case ["send", "m.room.message", txn]:
                if txn not in room.sent:
                    room.sent[txn] = self.event(name, BOT, body)["event_id"]
                return web.json_response({"event_id": room.sent[txn]})
        return _no(403, "M_FORBIDDEN")


def _no(status: int, errcode: str) -> web.Response:
    return web.json_response({"errcode": errcode, "error": "No."}, status=status)
