"""SMS by a phone of our own: the app SMS Gateway for Android sends, and calls back what became of it."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from pydantic import Field

from alert_relay.plugins import (
    ChannelHost,
    DeliveryReceipt,
    Ignored,
    Outcome,
    PluginSettings,
    Refused,
    RenderedMessage,
    Spec,
    WebhookRequest,
)
from shared.plugins.addresses import http_base, resolved
from shared.plugins.sms import (
    BAD_NUMBER,
    MAX_CHARS,
    Numbers,
    PricePence,
    is_number,
    lives_s,
    numbers,
    text_of,
)
from shared.plugins.sms_gateway import send_message, signed

_BAD_SIGNATURE: Final = Refused(
    403,
    "bad_signature",
    "The signature does not fit the body; enter the app's signing key in the channel's settings.",
)


class SmsGatewaySettings(PluginSettings):
    """The phone, and whom it writes to."""

    url: str = Field(min_length=1)
    """The app's API: http://<phone>:8080, or its server's address, or a reference to it."""
    username: str = Field(min_length=1)
    """The user name that the app shows."""
    password: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the password that the app shows."""
    signing_key: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the app's webhook signing key; without it no receipts are asked for."""
    to: Numbers
    """Phone numbers with their country (+44…), or references to them."""
    price_pence: PricePence = 0.0


class SmsGatewayChannel:
    """Gives the phone one message a number."""

    spec: ClassVar[Spec] = Spec(
        kind="sms-gateway",
        title="SMS by an Android phone",
        summary="A phone of your own with SMS Gateway for Android texts alerts, and says which arrived.",
        who_else_reads=(
            "The phone companies, and whoever holds the phone: every message and whom it goes to. Through "
            "the app's cloud server its operator too: the relay does not encrypt what it gives the app."
        ),
        stability="experimental",
        tested="fake",
        example={
            "url": "http://192.0.2.7:8080",
            "username": "sms",
            "password": "env:HACKNEY__SMS_PASSWORD",
            "signing_key": "env:HACKNEY__SMS_SIGNING_KEY",
            "to": ["+447700900123"],
        },
        sms=True,
        set_up="""
1. Install the app on a phone that stays charged and online, and switch on its *local server*, in a network
   that only the relay shares with it, or use a private server of your own.
2. Put its password where `password` says, in the notifier's environment or in a file.
3. For receipts put the app's signing key where `signing_key` says, let a proxy hand `/receipts/` (and
   nothing else) of an https:// address to the notifier, set `RELAY_NOTIFIER_PUBLIC_URL` to that address, and
   register `…/receipts/GROUP/CHANNEL` with the app for `sms:delivered` and `sms:failed` (`POST /webhooks`).
4. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- **What it costs.** What the phone's contract takes for each segment. Android and the phone company stop a
  phone that sends much at once (often 30 messages in half an hour): good for a dozen verifiers, not for a
  community.
- *Accepted* means that the app queued it; that the phone handed it to the network is not *delivered* yet.
  *Delivered* and *failed* are what the network and the app say later.
- The app knows a message by our id: what broke off on the way and was taken nevertheless is not sent twice.
- Tested against a stand-in that keeps the app's API, 429 with Retry-After, hangs and resets. Never run
  against the app.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = SmsGatewaySettings
    max_chars: ClassVar[int] = MAX_CHARS

    def __init__(self, settings: SmsGatewaySettings, host: ChannelHost) -> None:
        self._http = host.http
        self._base = http_base(settings.url, host.secrets)
        self._login = settings.username, resolved(settings.password, host.secrets)
        self._key = resolved(settings.signing_key, host.secrets).encode()
        self._to = numbers(settings.to, host.secrets)

    def recipients(self) -> Sequence[str]:
        """The numbers."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Give it to the app for one number."""
        if not is_number(address):
            return BAD_NUMBER
        return await send_message(
            self._http,
            self._base,
            self._login,
            address,
            text_of(message),
            key=key,
            lives_s=lives_s(message),
            report=bool(self._key),
        )

    def receipts(self, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Ignored | Refused:
        """What the app says of one message."""
        if not self._key or not signed(self._key, request):
            return _BAD_SIGNATURE
        try:
            data: Any = json.loads(request.body)
            name, event = data["payload"]["messageId"], data["event"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return Refused(
                422, "field_missing", "A call has event and payload.messageId; this one lacks one."
            )
        if not isinstance(name, str):
            return Refused(422, "field_missing", "payload.messageId is a text; this one is not.")
        if event == "sms:delivered":
            return [DeliveryReceipt(name, "delivered")]
        if event == "sms:failed":
            return [DeliveryReceipt(name, "failed", "phone_failed")]
        return Ignored("not_final")
