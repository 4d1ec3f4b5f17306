"""Calls of Matrix's client-server API, and what its answers mean, for channel and bridge alike.

A message is sent under a transaction id of ours: the same again is the same event, so that a second attempt
is no second copy. (Synapse remembers those of an application service for half an hour, in memory, and those
of an account's own token for a day, on disk.) Only plain text is sent, with `m.mentions` empty: so no word
in it, `@room` least of all, is read as mark-up or calls anybody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from shared.plugins.http_outcomes import from_error, from_status, retry_after, words_in
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

if TYPE_CHECKING:
    from aiohttp import ClientSession

ROOM_ID: Final = r"![^\s/]{1,254}"
"""As the homeserver gives it; newer rooms have no server's name in it."""
_CLIENT: Final = "/_matrix/client"
_MAX_ANSWER: Final = 4_000_000
_NO_ACCOUNT: Final = frozenset({"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_SUSPENDED", "M_USER_LOCKED"})

_NOT_IN_ROOM: Final = Rejected("not_in_room")


@dataclass(frozen=True, slots=True)
class Said:
    """What the homeserver answered: what it means, and its JSON object (empty if it was none)."""

    outcome: Outcome
    data: Mapping[str, Any]

    @property
    def errcode(self) -> str:
        """Matrix's own name for what is wrong, or nothing."""
        code = self.data.get("errcode")
        return code if isinstance(code, str) else ""


@dataclass(frozen=True, slots=True)
class Homeserver:
    """A homeserver as one account of ours sees it."""

    http: "ClientSession"
    base: str
    token: str = field(repr=False)

    async def call(
        self, method: str, path: str, *, body: Any = None, query: Mapping[str, str] | None = None
    ) -> Said:
        """One call; `path` begins after `/_matrix/client` and is quoted already (`room_path`)."""
        url = URL(f"{self.base}{_CLIENT}{path}", encoded=True).update_query(query or {})
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            async with self.http.request(
                method, url, json=body, headers=headers, allow_redirects=False
            ) as response:
                raw = await _read(response)
                if raw is None and method == "GET":  # it has told us nothing
                    return Said(Unknown("connection_broke"), {})
                said = _said(response.status, response.headers, raw or b"")
                # What is forbidden in a room is so because we are not there; else it is another matter.
                elsewhere = said.outcome == _NOT_IN_ROOM and "/rooms/" not in path
                return replace(said, outcome=Rejected("forbidden")) if elsewhere else said
        except (aiohttp.ClientError, OSError) as error:
            return Said(from_error(error), {})

    async def send_text(
        self, room: str, text: str, *, txn: str, silent: bool = False, answers: str | None = None
    ) -> Outcome:
        """Send plain text; `silent` as a notice, which makes no phone ring and which bots don't answer.

        `answers` is an earlier event there; where it is gone, clients show the words by themselves.
        """
        content: dict[str, Any] = {
            "msgtype": "m.notice" if silent else "m.text",
            "body": text,
            "m.mentions": {},
        }
        if answers is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": answers}}
        path = room_path(room, f"send/m.room.message/{quote(txn, safe='')}")
        return (await self.call("PUT", path, body=content)).outcome


def room_path(room: str, rest: str) -> str:
    """The path of something in a room."""
    return f"/v3/rooms/{quote(room, safe='')}/{rest}"


def _said(status: int, headers: Mapping[str, str], raw: bytes) -> Said:
    data = _object(raw)
    said = Said(Delivered(), data)
    return Said(_outcome(status, headers, raw, said), data)


def _outcome(status: int, headers: Mapping[str, str], raw: bytes, said: Said) -> Outcome:
    if status == HTTPStatus.OK and said.errcode not in _NO_ACCOUNT:
        event = said.data.get("event_id")
        return Delivered(event if isinstance(event, str) else None)
    words = words_in(raw)
    if said.errcode in _NO_ACCOUNT:
        return BadCredentials(words=words)
    match status:
        case HTTPStatus.FORBIDDEN if said.errcode:
            return replace(_NOT_IN_ROOM, words=words)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return RetryLater("http_429", _wait(headers, said.data), words=words)
        case HTTPStatus.BAD_GATEWAY | HTTPStatus.GATEWAY_TIMEOUT:
            return Unknown(f"http_{status}")  # a gateway that does not know what became of it
    return from_status(status, headers, raw)


def _wait(headers: Mapping[str, str], data: Mapping[str, Any]) -> float | None:
    """The header as newer servers give it, or the milliseconds of older ones."""
    after_s = retry_after(headers.get("Retry-After"), datetime.now(UTC))
    if after_s is not None:
        return after_s
    after = data.get("retry_after_ms")
    return after / 1000 if isinstance(after, int | float) and not isinstance(after, bool) else None


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The answer; empty if it is longer than four megabytes, None if it breaks off."""
    body = b""
    try:
        while piece := await response.content.read(_MAX_ANSWER):
            body += piece
            if len(body) > _MAX_ANSWER:
                return b""
    except (aiohttp.ClientError, OSError):
        return None
    return body
