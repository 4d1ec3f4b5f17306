"""The sources of bridges under kills: each has a log of what it was told is accepted, or of what it holds."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol

import aiohttp

from tests.faults import bridges_calls as by_call
from tests.faults.bridges_calls import REFERENCE, SECRET, Call, Provider
from tests.faults.bridges_judge import name_of, words
from tests.rigs import prosody
from tests.rigs.homeserver import Homeserver
from tests.rigs.mail import DOMAIN, PASSWORD, MailHost, mail_of, needs_dovecot
from tests.rigs.mastodon import TOKEN, Mastodon
from tests.rigs.signal import Person, SignalCli

_AGAIN_S: Final = 0.15
_ACCOUNT: Final = "+447700900999"


class Source(Protocol):
    """Where people write."""

    kind: str
    settings: Mapping[str, Any]
    secret: str
    redelivers: bool
    at_once: int
    said: set[str]
    accepted: set[str]
    cut: int
    """Calls that a kill cut off before they were answered."""

    def at(self, address: str) -> None:
        """Say where the front door is."""

    async def tell(self, numbers: Sequence[int]) -> None:
        """People write; returns at once."""

    async def finish(self) -> None:
        """Return once nothing more is on its way."""


@dataclass
class Calling:
    """A source that calls us, and again while it is not answered 2xx."""

    provider: Provider
    http: aiohttp.ClientSession
    secret: str = SECRET
    said: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    cut: int = 0
    _address: str = ""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _calls: list["asyncio.Task[None]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        """As its provider is."""
        self.kind, self.settings = self.provider.kind, self.provider.settings
        self.redelivers, self.at_once = self.provider.tries is None, self.provider.at_once

    def at(self, address: str) -> None:
        self._address = address

    async def tell(self, numbers: Sequence[int]) -> None:
        for call in self.provider.calls(numbers):
            self.said |= set(call.holds)
            self._calls.append(asyncio.create_task(self._hand_over(call)))

    async def finish(self) -> None:
        await asyncio.gather(*self._calls)

    async def _hand_over(self, call: Call) -> None:
        tries = 0
        async with self._turn if self.provider.in_order else nullcontext():
            while tries != self.provider.tries:
                if await self._taken(call):
                    self.accepted |= set(call.holds)
                    return
                tries += 1
                await asyncio.sleep(_AGAIN_S)

    async def _taken(self, call: Call) -> bool:
        request = call.make(self._address)
        url = f"{self._address}{request.path}"
        try:
            async with self.http.request(
                request.method, url, data=request.body, headers=request.headers
            ) as answer:
                status = answer.status
                await answer.read()
        except aiohttp.ClientConnectorError:
            return False
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.cut += 1
            return False
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise AssertionError(f"{self.kind}: a sound call was refused with {status}")
        return status < HTTPStatus.MULTIPLE_CHOICES


@dataclass
class Kept:
    """A source that is read: all that it holds is to come in."""

    kind: str
    settings: Mapping[str, Any]
    put: Callable[[int, str], Awaitable[object]]
    secret: str = SECRET
    redelivers: bool = True
    at_once: int = 1
    said: set[str] = field(default_factory=set)
    cut: int = 0

    def __post_init__(self) -> None:
        """Its log is what it holds."""
        self.accepted = self.said

    def at(self, address: str) -> None:
        """It asks for nobody's address."""

    async def tell(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.said.add(name_of(number))
            await self.put(number, words(name_of(number)))

    async def finish(self) -> None:
        """Nothing of it is on its way by itself."""


Opening = AbstractAsyncContextManager[Source]


def calling(make: Callable[[], Provider]) -> Callable[[], Opening]:
    """A source that needs nothing but us."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Source]:
        async with _http() as http:
            yield Calling(make(), http)

    return opened


@asynccontextmanager
async def matrix() -> AsyncIterator[Source]:
    """A homeserver that says who is in a room, and sends transactions."""
    async with Homeserver(as_token=SECRET) as home, _http() as http:
        yield Calling(by_call.matrix(home), http)


@asynccontextmanager
async def mastodon() -> AsyncIterator[Source]:
    """An account's server, which keeps every mention."""
    async with Mastodon() as server:

        async def put(number: int, text: str) -> None:
            account = {"id": f"a{number}", "acct": f"p{number}@far.example", "username": "p", "bot": False}
            server.mention(text, account=account)

        yield Kept("mastodon", {"server": server.url, "token": REFERENCE}, put, secret=TOKEN)


@asynccontextmanager
async def signal() -> AsyncIterator[Source]:
    """A recent signal-cli, which keeps its last events."""
    async with SignalCli(_ACCOUNT) as daemon:

        async def put(number: int, text: str) -> None:
            await daemon.write(Person(f"person {number}"), text)

        yield Kept("signal", {"account": _ACCOUNT, "daemon": daemon.url}, put)


@asynccontextmanager
async def email() -> AsyncIterator[Source]:
    """A real dovecot with one mailbox."""
    us = f"reports@{DOMAIN}"
    async with MailHost(["reports"]) as mails:

        async def put(number: int, text: str) -> None:
            mail = mail_of(f"p{number}@far.example", us, text, message_id=f"<{number}@far.example>")
            await asyncio.to_thread(mails.put, "reports", mail.as_bytes())

        reading = {"address": us, "mailbox": mails.mailbox_url("reports"), "password": REFERENCE}
        yield Kept("email", reading, put, secret=PASSWORD)


@asynccontextmanager
async def xmpp() -> AsyncIterator[Source]:
    """A real Prosody, which keeps an archive of what is written to our account."""
    with tempfile.TemporaryDirectory(prefix="prosody-") as folder:
        server = prosody.Prosody(Path(folder))
        await asyncio.to_thread(server.start)
        try:
            async with prosody.person(server, "ben") as writer:

                async def put(number: int, text: str) -> None:
                    await writer.write(text, key=f"id-{number}")

                reading = {"jid": prosody.RELAY, "password": REFERENCE, "server": server.server}
                settings = {**reading, "ca_file": str(server.ca_file)}
                yield Kept("xmpp", settings, put, secret=prosody.PASSWORD)
        finally:
            server.stop()


SOURCES: Final[Mapping[str, Callable[[], Opening]]] = {
    "twilio-sms": calling(by_call.twilio_sms),
    "android-sms": calling(by_call.android_sms),
    "vonage": calling(by_call.vonage),
    "kannel": calling(by_call.kannel),
    "whatsapp-cloud": calling(by_call.whatsapp_cloud),
    "telegram": calling(by_call.telegram),
    "matrix": matrix,
    "mastodon": mastodon,
    "signal": signal,
    "email": email,
    "xmpp": xmpp,
}


_NEEDS: Final = {"email": needs_dovecot, "xmpp": prosody.needs_prosody}


def missing(bridge: str) -> str:
    """What is not installed and would be needed; empty where nothing is."""
    needs = _NEEDS.get(bridge)
    return str(needs.kwargs["reason"]) if needs and needs.args[0] else ""


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
