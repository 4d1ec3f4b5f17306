"""Signal: messages by an account of the group's or hub's own, through signal-cli on this machine."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from shared.plugins.addresses import resolved
from shared.plugins.signal_cli import DEFAULT, Daemon, checked_daemon, recipient
from shared.plugins.signal_words import SENDING, SENDING_SET_UP
from shared.plugins.spec import ChannelHost, Outcome, PluginSettings, RenderedMessage, Spec


class SignalSettings(PluginSettings):
    """The account, and to whom it writes."""

    account: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's phone number: only the accounts that your operator has put there count."""
    to: tuple[str, ...] = Field(min_length=1)
    """Groups (group:ID), phone numbers, user names (u:name.01), or references to them."""
    daemon: str = DEFAULT
    """Where signal-cli's daemon is: on this machine's loopback address, or unix:/path/to/socket."""

    @field_validator("to")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not address.startswith(("env:", "file:")):
                recipient(address)
        return value

    @field_validator("daemon")
    @classmethod
    def _on_this_machine(cls, value: str) -> str:
        return checked_daemon(value)


class SignalChannel:
    """Sends plain text."""

    spec: ClassVar[Spec] = Spec(
        kind="signal",
        title="Signal",
        summary="Sends alerts by a Signal account to groups and people.",
        who_else_reads=(
            "Nobody on the way: messages are end-to-end encrypted from the machine on which signal-cli "
            "runs. In a group all its members read them. Signal knows which account wrote when."
        ),
        stability="experimental",
        tested="fake",
        example={
            "account": "env:SHARED__SIGNAL_ACCOUNT",
            "to": ["group:ZXhhbXBsZSBvZiBhIGdyb3VwJ3MgaWQsIDMyIGI="],
        },
        set_up=SENDING_SET_UP,
        notes=SENDING,
    )
    Settings: ClassVar[type[PluginSettings]] = SignalSettings
    max_chars: ClassVar[int] = 2000

    def __init__(self, settings: SignalSettings, host: ChannelHost) -> None:
        self._http = host.http
        self._daemon = Daemon(settings.daemon, resolved(settings.account, host.secrets))
        self._to = tuple(resolved(address, host.secrets) for address in settings.to)

    def recipients(self) -> Sequence[str]:
        """The groups and people."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send it to one of them."""
        return await self._daemon.send(self._http, address, message.text, key=key)
