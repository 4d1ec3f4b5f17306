"""The way back to whoever left an e-mail address or a phone number on the form: the operator's own channels.

Guarantees: nothing is sent but to a contact whose type is sound (`shared.contacts`), whatever the log says;
and no more than so many an hour by each channel, whoever types whose contacts into the form.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from shared.contacts import stored_contact
from shared.errors import RelayError
from shared.plugins.contacts_file import FormContacts, Way
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    BadCredentials,
    Channel,
    ChannelHost,
    Outcome,
    Rejected,
    RenderedMessage,
    Spec,
)
from shared.words import REPLY_CHARS

log = structlog.get_logger()

ASKED_TOO_MANY: Final = Rejected("too_many_this_hour")
"""As many strangers were written to within the hour as the operator wants."""
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Form:
    """What the operator set for the form's contacts, and where the form is."""

    contacts: FormContacts = field(default_factory=FormContacts)
    url: str = ""


class OneContact:
    """A channel with one recipient: whoever is asked."""

    max_chars = REPLY_CHARS

    def __init__(self, channel: Channel, hour: "_Hour", address: str) -> None:
        self._channel, self._hour, self._address = channel, hour, address

    @property
    def spec(self) -> Spec:
        """That of the operator's channel."""
        return self._channel.spec

    def recipients(self) -> Sequence[str]:
        """The reporter."""
        return (self._address,)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send it, if the hour has room for another message; a further try of one is none."""
        if not self._hour.room_for(key):
            log.warning("too_many_form_contacts", kind=self.spec.kind)
            return ASKED_TOO_MANY
        return await self._channel.send(address, message, key=key)


class FormReporters:
    """The ways to those who reported by the form. A channel is made each time: its secret may be mended."""

    def __init__(
        self, form: Form, host: ChannelHost, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._form, self._host, self._monotonic = form, host, monotonic
        self._hours: dict[str, _Hour] = {}

    def kind(self, address: str) -> str | None:
        """The kind of the channel by which this contact is written to; None where it is not."""
        way = self._way(address)
        return way.kind if way else None

    def answered_at(self, address: str, *, drill: bool) -> str | None:
        """The form's address; None where a bridge takes in what is written in return.

        In a drill no bridge does: what comes in by one is real.
        """
        way = self._way(address)
        return self._form.url if way and (drill or way.answers is None) else None

    def channel(self, address: str) -> OneContact | Rejected | BadCredentials:
        """The way to this contact, or the outcome of every send to it as things are."""
        way = self._way(address)
        if way is None:
            log.info("cannot_write_back", bridge="web")
            return CANNOT_WRITE_BACK
        try:
            channel = way.open(self._host)
        except RelayError:
            return BadCredentials("secret_missing")
        except Exception as error:  # noqa: BLE001 - a third party's constructor must not touch the others
            log.warning("channel_not_made", kind=way.kind, error=type(error).__name__)
            return Rejected("plugin_error")
        hour = self._hours.setdefault(way.kind, _Hour(way.per_hour, self._monotonic))
        return OneContact(channel, hour, address)

    def _way(self, address: str) -> Way | None:
        return self._form.contacts.way(stored_contact(address))


class _Hour:
    """Which messages went out within the last hour; each counts once, however often it is tried."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most, self._monotonic = most, monotonic
        self._begun: dict[str, float] = {}

    def room_for(self, key: str) -> bool:
        now = self._monotonic()
        self._begun = {k: at for k, at in self._begun.items() if now - at < _HOUR_S}
        if key not in self._begun and len(self._begun) >= self._most:
            return False
        self._begun.setdefault(key, now)
        return True
