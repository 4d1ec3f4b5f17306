"""The Matrix rooms of our account: which kind each is, coming in, and leaving where we cannot be.

Nobody shall believe to be heard who is not: a room with several people that is none of the settings', and one
that is encrypted, is told so in plain words and left. A verifiers' room is never left. A group's own room is
told what is taken of what is said there.

What is remembered here may be forgotten at any time: it costs a question to the homeserver.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import takewhile
from typing import Any, Final, Literal
from urllib.parse import quote

from alert_relay.plugins import (
    BadCredentials,
    Delivered,
    IncomingReport,
    Outcome,
    Receipt,
    Rejected,
    RetryLater,
    Unknown,
)
from services.ingest.bridges.matrix_events import (
    Event,
    Room,
    Us,
    content,
    events_in,
    invitations,
    text_of,
)
from shared.plugins.matrix_api import Homeserver, Said, room_path

Why = Literal["encrypted", "encrypted_desk", "several", "unreadable"]
Take = Callable[[Sequence[IncomingReport]], Awaitable[Sequence[Receipt]]]
Read = Callable[[Sequence[Event]], Sequence[IncomingReport]]

_MANY: Final = 10_000
_BACK: Final = 50
_AGAIN_S: Final = (0.5, 2.0, 8.0)
_LONGEST_PAUSE_S: Final = 10.0
_ORDER: Final = (BadCredentials, RetryLater, Unknown, Rejected, Delivered)

WORDS: Final[dict[Why, str]] = {
    "encrypted": (
        "We cannot read encrypted rooms: nothing that you write here reaches us. Please write to us in a "
        "chat without encryption, or report another way. We leave this room now."
    ),
    "encrypted_desk": (
        "This room is encrypted, and the relay cannot read that: words to the desk do nothing here. Alerts "
        "still come, not encrypted. Please use a room without encryption."
    ),
    "several": (
        "We talk with one person at a time, and more are or were in this room: from now on nothing that is "
        "written here reaches us. Please write to us in a chat of your own. We leave this room now. (Is this "
        "a verifiers' room? Whoever runs the hub can name it in the bridge's settings: {room})"
    ),
    "unreadable": (
        "We can read words and places here, no pictures, files or voice messages. Please write what you see, "
        "and where."
    ),
}
"""In English: Matrix does not say which language somebody reads."""


class Rooms:
    """What our account knows of its rooms, and does in them."""

    def __init__(self, us: Us, desk: Iterable[str], chats: Iterable[str] = (), chats_told: str = "") -> None:
        self._us, self._desk, self._chats = us, frozenset(desk), frozenset(chats)
        self._chats_told = chats_told
        """What a group's own room is told when we come in; nothing, if that is empty."""
        self.known: dict[str, Room] = {}
        self.quotes: dict[str, str] = {}
        self.entering: set[str] = set()
        """Rooms that we have not come into wholly: what was written before is still to be read."""

    def kind(self, room: str) -> Room:
        """Which kind it is, as far as we know; `other` if we don't."""
        if room in self._chats:
            return "chat"
        return "desk" if room in self._desk else self.known.get(room, "other")

    def unknown(self, rooms: set[str]) -> set[str]:
        """Those of which we have to ask who is in them."""
        return rooms - self._desk - self._chats - self.known.keys()

    async def look(self, home: Homeserver, room: str) -> Outcome:
        """Learn who is, or ever was, in it: private is a room with a single other person."""
        said = await home.call("GET", room_path(room, "members"))
        if isinstance(said.outcome, Delivered):
            _remember(self.known, room, "private" if len(_people(said, self._us)) == 1 else "other")
        return said.outcome

    async def quote(self, home: Homeserver, room: str, event_id: str) -> Outcome:
        """Learn the text that somebody answers, if it is ours: an alert's code stands in it."""
        said = await home.call("GET", room_path(room, f"event/{quote(event_id, safe='')}"))
        if isinstance(said.outcome, Delivered | Rejected):
            _remember(self.quotes, event_id, text_of(said.data) if self._us.wrote(said.data) else "")
        return said.outcome

    async def enter(self, home: Homeserver, room: str, *, take: Take, read: Read) -> Outcome:
        """Take up an invitation; in a private room read what was written since, elsewhere say why not."""
        self.entering.add(room)
        outcome = await self._enter(home, room, take, read)
        if isinstance(outcome, Delivered | Rejected):
            self.entering.discard(room)
        return outcome

    async def _enter(self, home: Homeserver, room: str, take: Take, read: Read) -> Outcome:
        came = (await home.call("POST", room_path(room, "join"), body={})).outcome
        if isinstance(came, Delivered) and room not in self._desk | self._chats:
            came = await self.look(home, room)
        if not isinstance(came, Delivered):
            return came
        if self.kind(room) == "other":
            return await self.bow_out(home, room, "several")
        encryption = await home.call("GET", room_path(room, "state/m.room.encryption"))
        if isinstance(encryption.outcome, Delivered):
            return await self.cannot_read(home, room)
        match self.kind(room):
            case "private":
                return await self._catch_up(home, room, take, read)
            case "chat" if self._chats_told:
                return await home.send_text(room, self._chats_told, txn="told-in-chat", silent=True)
        return Delivered()

    async def _catch_up(self, home: Homeserver, room: str, take: Take, read: Read) -> Outcome:
        """The homeserver does not send what was written while we were only invited."""
        said = await home.call("GET", room_path(room, "messages"), query={"dir": "b", "limit": str(_BACK)})
        newest_first = events_in({"events": said.data.get("chunk")})
        since = list(takewhile(lambda event: not invitations([event], self._us), newest_first))
        receipts = await take(read(since[::-1]))
        return worst([said.outcome, await together([self.thank(home, receipt) for receipt in receipts])])

    async def thank(self, home: Homeserver, receipt: Receipt) -> Outcome:
        """Give somebody their receipt."""
        if receipt.contact is None:
            return Delivered()
        room, txn = receipt.contact, f"receipt.{receipt.report_id}"
        return await _patiently(lambda: home.send_text(room, receipt.text, txn=txn, silent=True))

    async def cannot_read(self, home: Homeserver, room: str) -> Outcome:
        """Say that it is encrypted, and go, unless verifiers are to get alerts there."""
        if room in self._desk:
            return await self.say(home, room, "encrypted_desk")
        return await self.bow_out(home, room, "encrypted")

    async def bow_out(self, home: Homeserver, room: str, why: Why) -> Outcome:
        """Say why, then go: in that order, or nobody knows."""
        said = await self.say(home, room, why)
        if isinstance(said, RetryLater | Unknown | BadCredentials):
            return said
        return await self.leave(home, room)

    async def say(self, home: Homeserver, room: str, why: Why) -> Outcome:
        """Say it, once an hour: the homeserver knows the transaction."""
        words, txn = WORDS[why].format(room=room), f"{why}.{int(time.time() // 3600)}"
        return await _patiently(lambda: home.send_text(room, words, txn=txn, silent=True))

    async def leave(self, home: Homeserver, room: str) -> Outcome:
        """Be there no more."""
        _remember(self.known, room, "other")
        return (await home.call("POST", room_path(room, "leave"), body={})).outcome


def _people(said: Said, us: Us) -> set[str]:
    chunk = said.data.get("chunk")
    found = [event for event in chunk if isinstance(event, dict)] if isinstance(chunk, list) else []
    ever = [e for e in found if content(e).get("membership") in {"join", "invite", "leave", "ban"}]
    return {str(event.get("state_key")) for event in ever} - {us.user_id}


def _remember(memory: dict[str, Any], key: str, value: str) -> None:
    if len(memory) >= _MANY:
        memory.clear()
    memory[key] = value


async def _patiently(act: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Try for some seconds: the homeserver may be restarting."""
    for pause in _AGAIN_S:
        outcome = await act()
        if not isinstance(outcome, RetryLater | Unknown):
            return outcome
        asked = outcome.after_s if isinstance(outcome, RetryLater) else None
        await asyncio.sleep(min(asked or pause, _LONGEST_PAUSE_S))
    return await act()


async def together(acts: Sequence[Awaitable[Outcome]]) -> Outcome:
    """All at once; the one outcome of them that needs most."""
    return worst(await asyncio.gather(*acts))


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome about which a person or the host has most to do."""
    return min(outcomes, key=lambda outcome: _ORDER.index(type(outcome)), default=Delivered())
