"""By what subscribers are written to: the bridges that take subscriptions, and the operator's e-mail."""

from collections.abc import Mapping
from typing import Final

from services.notifier.decide.pseudo import EMAIL
from services.notifier.writing_back import SECRET_MISSING, WaysBack
from shared.contacts import EmailAddress, stored_contact
from shared.errors import RelayError
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.contacts_file import Way as ContactWay
from shared.plugins.sms import MAX_CHARS as SMS_CHARS
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    BadCredentials,
    ChannelHost,
    Outcome,
    Rejected,
    RenderedMessage,
    Spec,
)

_BAD_ADDRESS: Final = Rejected("bad_address")
CHAT_CHARS: Final = 1_500
MAIL_CHARS: Final = 4_000


class Ways:
    """All ways, by id."""

    def __init__(
        self, bridges: Mapping[str, BridgeEntry], host: ChannelHost, email: ContactWay | None = None
    ) -> None:
        self._entries = {name: e for name, e in bridges.items() if e.subscriptions is not None}
        self._bridges = WaysBack(self._entries, host)
        self._host, self._email = host, email

    async def use(self, bridges: Mapping[str, BridgeEntry]) -> None:
        """Write by these from now on: the same ways, perhaps with another secret."""
        self._bridges.use({name: bridges[name] for name in self._entries})

    def __bool__(self) -> bool:
        """Whether anybody can subscribe at all."""
        return bool(self._entries) or self._email is not None

    def spec(self, way: str) -> Spec | None:
        """The plug-in's spec; None where there is no such way any more."""
        if way == EMAIL:
            return self._email.plugin.spec if self._email else None
        entry = self._entries.get(way)
        return entry.plugin.spec if entry else None

    def kind(self, way: str) -> str:
        """The plug-in's kind, as the ledger names it."""
        spec = self.spec(way)
        return spec.kind if spec else "unknown"

    def is_sms(self, way: str) -> bool:
        """Whether each part of a message by it costs."""
        spec = self.spec(way)
        return way != EMAIL and spec is not None and spec.senders == "number"

    def pence_a_segment(self, way: str) -> float:
        """What the operator says that each part costs."""
        entry = self._entries.get(way)
        return entry.subscriptions.price_pence if entry and entry.subscriptions and self.is_sms(way) else 0.0

    def max_chars(self, way: str) -> int:
        """How long a message it carries well."""
        if way == EMAIL:
            return MAIL_CHARS
        return SMS_CHARS if self.is_sms(way) else CHAT_CHARS

    def per_hour(self, way: str) -> int:
        """How many answers an hour the operator wants to go out by it."""
        if way == EMAIL and self._email:
            return self._email.per_hour
        entry = self._entries.get(way)
        return entry.subscriptions.per_hour if entry and entry.subscriptions else 0

    async def send(self, way: str, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send once."""
        if way == EMAIL:
            return await self._mail(address, message, key)
        bridge = self._bridges.opened(way)
        if isinstance(bridge, Rejected | BadCredentials):
            return bridge
        return await self._bridges.write(bridge, address, message.text, key=key)

    async def _mail(self, address: str, message: RenderedMessage, key: str) -> Outcome:
        if self._email is None:
            return CANNOT_WRITE_BACK
        if not isinstance(stored_contact(address), EmailAddress):
            return _BAD_ADDRESS  # whatever the log says, nothing goes but to one plain address
        try:
            channel = self._email.open(self._host)
        except RelayError:
            return SECRET_MISSING
        return await channel.send(address, message, key=key)
