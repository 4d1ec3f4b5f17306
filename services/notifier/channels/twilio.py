"""SMS by Twilio's Messages API; what became of a message comes back in signed status callbacks."""

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import Field
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

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
    SENDER,
    Numbers,
    PricePence,
    is_number,
    lives_s,
    numbers,
    reachable,
    text_of,
)
from shared.plugins.twilio_api import FAILED, form_fields, send_message, signed

_ARRIVED: Final = frozenset({"delivered", "read"})
_LOST: Final = frozenset({"failed", "undelivered", "canceled"})
_BAD_SIGNATURE: Final = Refused(
    403,
    "bad_signature",
    "The signature does not fit; check auth_token and RELAY_NOTIFIER_PUBLIC_URL, which must be the address "
    "that Twilio calls.",
)


class TwilioSettings(PluginSettings):
    """The account, who writes, and to whom."""

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    """The account's SID."""
    auth_token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's auth token."""
    sender: str = Field(pattern=rf"^(MG[0-9a-fA-F]{{32}}|{SENDER})$")
    """A number of the account's, a name of up to eleven letters, or a Messaging Service (MG…)."""
    to: Numbers
    """Phone numbers with their country (+44…), or references to them."""
    api: str = "https://api.twilio.com"
    """Twilio's API server."""
    price_pence: PricePence = 0.0


class TwilioChannel:
    """Sends each number its own message."""

    spec: ClassVar[Spec] = Spec(
        kind="twilio",
        title="SMS by Twilio",
        summary="Texts alerts by your Twilio account, and knows which of them arrived.",
        who_else_reads="Twilio and the phone companies: every message and whom it goes to.",
        stability="experimental",
        tested="fake",
        example={
            "account_sid": "AC00000000000000000000000000000000",
            "auth_token": "env:HACKNEY__TWILIO_TOKEN",
            "sender": "+442079460000",
            "to": ["+447700900123"],
        },
        sms=True,
        set_up="""
1. Use a number (or Messaging Service) that is **not the one that people report to**: Twilio answers STOP
   and HELP by itself, and whoever texts STOP there gets nothing more from that number.
2. Put the auth token where `auth_token` says, in the notifier's environment or in a file.
3. For receipts let a proxy hand `/receipts/` (and nothing else) of an https:// address to the notifier, and
   set `RELAY_NOTIFIER_PUBLIC_URL` to that address; Twilio signs it, so it must be the one that Twilio calls.
4. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- **What it costs.** Twilio's price for each segment and number, and what it takes for the number. Words for
  SMS keep to two segments of 153 characters; the preview says how many.
- *Accepted* means that Twilio queued it. How fast it sends depends on the kind of number and its country: at
  one segment a second 600 numbers take twenty minutes. *Delivered* and *failed* come later, in callbacks
  that Twilio signs.
- `has_left` (Twilio's 21610): this person texted STOP. It is never tried again for that alert, and each
  later alert is refused by Twilio at no cost until they text START. Take the number out.
- Twilio has no key against copies: what broke off on the way is sent once more, so a second copy is
  possible, a third is not.
- Tested against a stand-in that keeps the Messages API, its codes, 429 with Retry-After, hangs and resets,
  with callbacks signed by Twilio's own library. Never run against Twilio.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = TwilioSettings
    max_chars: ClassVar[int] = MAX_CHARS

    def __init__(self, settings: TwilioSettings, host: ChannelHost) -> None:
        self._http, self._receipts_url = host.http, reachable(host.receipts_url)
        self._base, self._sender = http_base(settings.api, host.secrets), settings.sender
        token = resolved(settings.auth_token, host.secrets)
        self._login, self._validator = (settings.account_sid, token), RequestValidator(token)
        self._to = numbers(settings.to, host.secrets)

    def recipients(self) -> Sequence[str]:
        """The numbers."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:  # noqa: ARG002 - Twilio has no idempotency key
        """Queue it for one number."""
        if not is_number(address):
            return BAD_NUMBER
        form = {"To": address, "Body": text_of(message), "ValidityPeriod": str(lives_s(message))}
        form["MessagingServiceSid" if self._sender.startswith("MG") else "From"] = self._sender
        if self._receipts_url:
            form["StatusCallback"] = self._receipts_url
        return await send_message(self._http, self._base, self._login, form)

    def receipts(self, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Ignored | Refused:
        """What Twilio says of one message."""
        said = form_fields(request.body)
        if said is None or not signed(self._validator, request, said):
            return _BAD_SIGNATURE
        sid, status = said.get("MessageSid", ""), said.get("MessageStatus", "")
        if not sid:
            return Refused(422, "field_missing", "A status callback has MessageSid and MessageStatus.")
        if status in _ARRIVED:
            return [DeliveryReceipt(sid, "delivered")]
        if status in _LOST:
            code = said.get("ErrorCode", "")
            return [DeliveryReceipt(sid, "failed", FAILED.get(code, f"twilio_{code}" if code else status))]
        return Ignored("not_final")
