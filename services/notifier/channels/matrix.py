"""Matrix: messages by an account of the group's own, or the hub's, to rooms that are not encrypted."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.plugins.addresses import http_base, resolved
from shared.plugins.matrix_api import ROOM_ID, Homeserver
from shared.plugins.matrix_words import SENDING, SENDING_SET_UP
from shared.plugins.spec import ChannelHost, Outcome, PluginSettings, RenderedMessage, Spec


class MatrixSettings(PluginSettings):
    """The homeserver, the account's token and the rooms it writes to."""

    homeserver: str = Field(min_length=1)
    """The homeserver's address for clients, or a reference to it."""
    token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's access token (or to an application service's as_token)."""
    to: tuple[Annotated[str, StringConstraints(pattern=rf"^({ROOM_ID}|(env|file):.+)$")], ...] = Field(
        min_length=1
    )
    """Ids of rooms (!abc:example.org), or references to them; the account is in these rooms."""


class MatrixChannel:
    """Sends plain text without mark-up, under an id that stays the same at every attempt."""

    spec: ClassVar[Spec] = Spec(
        kind="matrix",
        title="Matrix",
        summary="Sends alerts by your account on a homeserver to Matrix rooms.",
        who_else_reads=(
            "Everybody in the room, now and later, and whoever runs a homeserver of somebody in it: what the "
            "relay sends is not end-to-end encrypted."
        ),
        stability="good",
        tested="real",
        example={
            "homeserver": "https://matrix.example.org",
            "token": "env:HACKNEY__MATRIX_TOKEN",
            "to": ["!verifiers:example.org"],
        },
        set_up=SENDING_SET_UP,
        notes=SENDING,
    )
    Settings: ClassVar[type[PluginSettings]] = MatrixSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: MatrixSettings, host: ChannelHost) -> None:
        token = resolved(settings.token, host.secrets)
        self._home = Homeserver(host.http, http_base(settings.homeserver, host.secrets), token)
        self._to = tuple(resolved(room, host.secrets) for room in settings.to)

    def recipients(self) -> Sequence[str]:
        """The rooms."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send it to one room; what is not urgent as a notice, which makes no phone ring."""
        return await self._home.send_text(address, message.text, txn=key, silent=not message.urgent)

    async def reply(self, address: str, message: RenderedMessage, *, key: str, first: str) -> Outcome:
        """Send it as an answer to the first message about the incident in that room."""
        return await self._home.send_text(
            address, message.text, txn=key, silent=not message.urgent, answers=first
        )
