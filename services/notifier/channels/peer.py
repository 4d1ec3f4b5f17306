"""Peer hub: what is in another hub's area goes there, signed; and what became of theirs goes back."""

import asyncio
import itertools
import json
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final

import aiohttp
from pydantic import Field

from shared.federation.letter import Letter
from shared.federation.link import Link, link_from, public_of, signed
from shared.federation.trust import PURPOSE, Refusal
from shared.federation.writing import Stamp, letter_for
from shared.plugins.http_outcomes import from_error, from_status, read_answer
from shared.plugins.spec import (
    BadCredentials,
    ChannelHost,
    Delivered,
    Outcome,
    PluginSettings,
    Rejected,
    RenderedMessage,
    RetryLater,
    Spec,
    Unknown,
)

_PATIENCE_S: Final = 8.0
"""Less than a send may take: what broke off is tried again, and never counts as a copy."""
_REPLAYED: Final = 409
_CODE: Final = re.compile(r"[a-z_]{1,40}\Z")


class PeerSettings(PluginSettings):
    """Which peer, and the key that signs for this link alone."""

    link: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the peer's file, as `relay peer` wrote it."""
    key: str = Field(pattern=r"^(env|file):.+$")
    """A reference to our private key for this peer, which lies beside it."""


class PeerChannel:
    """Writes a letter an alert; whatever may have been lost is written again, since the peer knows its id."""

    spec: ClassVar[Spec] = Spec(
        kind="peer",
        title="Peer hub",
        summary="Passes reports on to another city's hub, in whose area they are, and tells it what became "
        "of those that it passed on.",
        who_else_reads="The other hub's verifiers, and whoever runs that hub.",
        stability="good",
        tested="real",
        example={
            "link": "file:/var/lib/relay/secrets/glasgow/peer.json",
            "key": "file:/var/lib/relay/secrets/glasgow/peer.key",
        },
        notes="For the `verifiers` audience of a group that stands for the other hub (`peer: glasgow` in its "
        "file). Digests, exercises, shifts and silence are not passed on; the ledger calls them "
        "`not_for_peers`. [Peers](../operating/peers.md) says how two hubs come to know each other.",
    )
    Settings: ClassVar[type[PluginSettings]] = PeerSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: PeerSettings, host: ChannelHost) -> None:
        self._settings, self._secrets, self._http = settings, host.secrets, host.http
        self._key = host.secrets.resolve(settings.key)
        public_of(self._key)
        self._run, self._numbers = secrets.token_hex(8), itertools.count(1)
        self._hub = self._link().hub

    def recipients(self) -> Sequence[str]:
        """The one peer."""
        return (self._hub,)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Write to the peer, if the link still stands."""
        link = self._link()
        if link.hub != address or link.state != "open" or link.url is None:
            return Rejected("peer_not_open")
        stamp = Stamp(self._run, next(self._numbers), datetime.now(UTC))
        letter = letter_for(link, message, key=key, stamp=stamp)
        return Rejected(letter.reason) if isinstance(letter, Refusal) else await self._post(link.url, letter)

    def _link(self) -> Link:
        """As the file says now: a peer that was revoked a moment ago is written to no more."""
        return link_from(self._secrets.resolve(self._settings.link), self._settings.link)

    async def _post(self, url: str, letter: Letter) -> Outcome:
        body = letter.model_dump_json(exclude_none=True).encode()
        headers = {
            "content-type": "application/json",
            "x-relay-signature": signed(self._key, PURPOSE, body),
        }
        try:
            async with (
                asyncio.timeout(_PATIENCE_S),
                self._http.post(url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                answer = await read_answer(response)
                return _means(response.status, from_status(response.status, response.headers, answer), answer)
        except (aiohttp.ClientError, OSError) as error:
            outcome = from_error(error)
            return RetryLater(outcome.reason) if isinstance(outcome, Unknown) else outcome


def _means(status: int, outcome: Outcome, answer: bytes) -> Outcome:
    """With the peer's own reason. A letter that it heard before is written anew: perhaps it is not stored."""
    if isinstance(outcome, Delivered):
        return outcome
    if status == _REPLAYED:
        return RetryLater("replayed")
    if isinstance(outcome, BadCredentials):
        return outcome
    return Rejected(_reason(answer, outcome.reason)) if isinstance(outcome, Rejected) else outcome


def _reason(answer: bytes, otherwise: str) -> str:
    try:
        code = json.loads(answer)["code"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return otherwise
    return code if isinstance(code, str) and _CODE.match(code) else otherwise
