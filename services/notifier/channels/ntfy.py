"""ntfy: a push to the phones that subscribe to a topic, on ntfy.sh or a server of the group's own."""

import base64
import json
from collections.abc import Sequence
from typing import ClassVar

import aiohttp
from pydantic import Field

from shared.errors import SettingsError
from shared.plugins.addresses import http_base, resolved
from shared.plugins.http_outcomes import from_error, from_status, read_answer
from shared.plugins.spec import ChannelHost, Delivered, Outcome, PluginSettings, RenderedMessage, Spec

_URGENT, _USUAL = "5", "3"


class NtfySettings(PluginSettings):
    """The server, the topic, and a token if the server wants one."""

    url: str = Field(default="https://ntfy.sh", min_length=1)
    """The server's address, or a reference to it."""
    topic: str = Field(min_length=1)
    """The topic, or a reference to it: whoever knows it can read along."""
    token: str | None = Field(default=None, pattern=r"^(env|file):.+$")
    """A reference to an access token."""


class NtfyChannel:
    """Publishes to one topic."""

    spec: ClassVar[Spec] = Spec(
        kind="ntfy",
        title="ntfy",
        summary="Pushes alerts to everybody who subscribes to a topic in the ntfy app.",
        who_else_reads="The ntfy server's operator, and everybody who knows the topic's name.",
        stability="good",
        tested="fake",
        example={"url": "https://ntfy.sh", "topic": "env:HACKNEY__NTFY_TOPIC"},
    )
    Settings: ClassVar[type[PluginSettings]] = NtfySettings
    max_chars: ClassVar[int] = 1000

    def __init__(self, settings: NtfySettings, host: ChannelHost) -> None:
        self._http = host.http
        topic = resolved(settings.topic, host.secrets)
        if not topic.replace("-", "").replace("_", "").isalnum() or not topic.isascii():
            raise SettingsError("An ntfy topic has only letters, digits, hyphens and underscores.")
        self._url = f"{http_base(settings.url, host.secrets)}/{topic}"
        self._token = resolved(settings.token, host.secrets) if settings.token else None

    def recipients(self) -> Sequence[str]:
        """The one topic."""
        return (self._url,)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:  # noqa: ARG002 - ntfy has no idempotency key
        """Publish it as plain text."""
        try:
            async with self._http.post(
                address, data=message.text.encode(), headers=self._headers(message), allow_redirects=False
            ) as response:
                answer = await read_answer(response)
                outcome = from_status(response.status, response.headers, answer)
        except (aiohttp.ClientError, OSError) as error:
            return from_error(error)
        return Delivered(_id_in(answer)) if isinstance(outcome, Delivered) else outcome

    def _headers(self, message: RenderedMessage) -> dict[str, str]:
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Title": _header(message.subject),
            "Priority": _URGENT if message.urgent else _USUAL,
            "Tags": "rotating_light" if message.urgent else "information_source",
            "Markdown": "no",
        }
        return headers | ({"Authorization": f"Bearer {self._token}"} if self._token else {})


def _header(text: str) -> str:
    """One line that cannot become a second header; RFC 2047 where it is not plain ASCII."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if line.isascii():
        return line
    return f"=?UTF-8?B?{base64.b64encode(line.encode()).decode()}?="


def _id_in(answer: bytes) -> str | None:
    try:
        found = json.loads(answer)["id"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None
