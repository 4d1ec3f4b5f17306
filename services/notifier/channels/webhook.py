"""Signed webhook: a POST of JSON with Standard Webhooks headers to a program of the group's own."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

import aiohttp
from pydantic import Field
from standardwebhooks.webhooks import Webhook

from shared.errors import SettingsError
from shared.plugins.addresses import http_base, resolved
from shared.plugins.http_outcomes import from_error, from_status, read_answer
from shared.plugins.spec import ChannelHost, Outcome, PluginSettings, RenderedMessage, Spec


class WebhookSettings(PluginSettings):
    """Where to post, and the shared secret that signs it."""

    url: str = Field(min_length=1)
    """The receiver's address: https://…, or a reference to it (env:NAME, file:/path)."""
    path: str = Field(default="", pattern=r"^(/[A-Za-z0-9._~/-]*)?$")
    """Appended to the address, where several channels share a receiver."""
    secret: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the signing secret, `whsec_` and base64."""


class WebhookChannel:
    """Posts each alert once; the receiver may drop what it has, by its `webhook-id`."""

    spec: ClassVar[Spec] = Spec(
        kind="webhook",
        title="Signed webhook",
        summary="POSTs each alert as JSON, signed as Standard Webhooks says, to an address of your own.",
        who_else_reads="Whoever runs the receiving server.",
        stability="good",
        tested="real",
        example={"url": "https://hooks.group.example/relay", "secret": "env:HACKNEY__WEBHOOK_SECRET"},
    )
    Settings: ClassVar[type[PluginSettings]] = WebhookSettings
    max_chars: ClassVar[int] = 4000

    def __init__(self, settings: WebhookSettings, host: ChannelHost) -> None:
        self._http = host.http
        self._url = http_base(settings.url, host.secrets) + settings.path
        try:
            self._signer = Webhook(resolved(settings.secret, host.secrets))
        except Exception:  # noqa: BLE001 - whatever the library says would hold the secret
            raise SettingsError(
                f"The secret {settings.secret} is not a signing secret; it reads whsec_ and base64."
            ) from None

    def recipients(self) -> Sequence[str]:
        """The one address."""
        return (self._url,)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Post it, signed now; a redirect is not followed, since the content was meant for this address."""
        body = json.dumps(_body(message), ensure_ascii=False, separators=(",", ":"))
        try:
            async with self._http.post(
                address, data=body.encode(), headers=self._headers(key, body), allow_redirects=False
            ) as response:
                return from_status(response.status, response.headers, await read_answer(response))
        except (aiohttp.ClientError, OSError) as error:
            return from_error(error)

    def _headers(self, key: str, body: str) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(key, now, body),
        }


def _body(message: RenderedMessage) -> dict[str, object]:
    words = {"subject": message.subject, "text": message.text}
    return {"type": "alert", **message.data, **words}
