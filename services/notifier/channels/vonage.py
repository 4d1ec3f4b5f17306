"""SMS by Vonage's SMS API; what became of a message comes back in signed delivery receipts.

A message is known by a name of ours, which comes back with the receipt of each of its parts.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

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
    Sender,
    is_number,
    lives_s,
    numbers,
    own_id,
    reachable,
    text_of,
)
from shared.plugins.vonage_api import BAD_SIGNATURE, fields_of, send_message, signed, signer

_LOST: Final = frozenset({"failed", "rejected", "expired"})


class VonageSettings(PluginSettings):
    """The account, who writes, and to whom."""

    api_key: str = Field(pattern=r"^[0-9A-Za-z]{4,32}$")
    """The account's API key."""
    api_secret: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's API secret."""
    signature_secret: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the account's signature secret; without it no receipts are asked for."""
    sender: Sender
    """A number of the account's, a short code, or a name of up to eleven letters."""
    to: Numbers
    """Phone numbers with their country (+44…), or references to them."""
    api: str = "https://rest.nexmo.com"
    """Vonage's SMS API server."""
    price_pence: PricePence = 0.0


class VonageChannel:
    """Sends each number its own message."""

    spec: ClassVar[Spec] = Spec(
        kind="vonage",
        title="SMS by Vonage",
        summary="Texts alerts by your Vonage account, and knows which of them arrived.",
        who_else_reads="Vonage and the phone companies: every message and whom it goes to.",
        stability="experimental",
        tested="fake",
        per_second=30,  # api.support.vonage.com, "throughput limit for outbound SMS": what a key has at first
        example={
            "api_key": "abcd1234",
            "api_secret": "env:HACKNEY__VONAGE_SECRET",
            "signature_secret": "env:HACKNEY__VONAGE_SIGNATURE",
            "sender": "Hackney",
            "to": ["+447700900123"],
        },
        sms=True,
        set_up="""
1. Put the API secret where `api_secret` says, in the notifier's environment or in a file.
2. For receipts choose *SHA-256 HMAC signature* in the account's API settings, put the signature secret where
   `signature_secret` says, let a proxy hand `/receipts/` (and nothing else) of an https:// address to the
   notifier, and set `RELAY_NOTIFIER_PUBLIC_URL` to that address. Each message names it; the account's own
   webhook for receipts stays as it is.
3. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- **What it costs.** Vonage's price for each segment and number. Words for SMS keep to two segments of 153
  characters; the preview says how many.
- *Accepted* means that Vonage queued it. *Delivered* and *failed* come later, for each part; a message of
  which one part failed has failed. Some networks say nothing, or say it for themselves.
- `no_credit`: the account is empty; it is tried again until the alert is too old. `throttled`: more than
  Vonage takes a second (30, or 1 to the United States).
- Vonage has no key against copies: what broke off on the way is sent once more, so a second copy is
  possible, a third is not.
- Tested against a stand-in that keeps the SMS API, its codes, 429 with Retry-After, hangs and resets, with
  receipts signed by Vonage's own library. Never run against Vonage.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = VonageSettings
    max_chars: ClassVar[int] = MAX_CHARS

    def __init__(self, settings: VonageSettings, host: ChannelHost) -> None:
        self._http, self._sender = host.http, settings.sender
        self._base = http_base(settings.api, host.secrets)
        self._login = settings.api_key, resolved(settings.api_secret, host.secrets)
        signing = resolved(settings.signature_secret, host.secrets)
        self._auth = signer(signing) if signing else None
        self._receipts_url = reachable(host.receipts_url) if signing else ""
        self._to = numbers(settings.to, host.secrets)

    def recipients(self) -> Sequence[str]:
        """The numbers."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Queue it for one number, in the alphabet that it needs."""
        if not is_number(address):
            return BAD_NUMBER
        return await send_message(
            self._http,
            self._base,
            self._login,
            address,
            text_of(message),
            sender=self._sender,
            name=own_id(key),
            lives_s=lives_s(message),
            receipts_url=self._receipts_url,
        )

    def receipts(self, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Ignored | Refused:
        """What Vonage says of one part of a message."""
        said = fields_of(request)
        if self._auth is None or said is None or not signed(self._auth, said):
            return BAD_SIGNATURE
        name, status = said.get("client-ref", ""), said.get("status", "")
        if not name:
            return Ignored("not_ours")
        if status == "delivered":
            return [DeliveryReceipt(name, "delivered")]
        if status in _LOST:
            return [DeliveryReceipt(name, "failed", f"vonage_err_{said.get('err-code', '')}".rstrip("_"))]
        return Ignored("not_final")
