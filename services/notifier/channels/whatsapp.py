"""WhatsApp by Meta's Cloud API: a template of the account's own, filled with the words.

To whom nobody has written within a day, WhatsApp lets through nothing but templates that Meta has approved;
so the words go as a template's parameter, which holds no line break. What became of a message comes back in
webhooks that Meta signs.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, field_validator

from alert_relay.plugins import (
    Answered,
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
from shared.plugins.http_outcomes import post
from shared.plugins.sms import BAD_NUMBER, Numbers, is_number, numbers, own_id, text_of
from shared.plugins.whatsapp_cloud import outcome_of, receipts_in, signed

_BAD_SIGNATURE: Final = Refused(
    403, "bad_signature", "The signature does not fit the body; check app_secret: it is the Meta app's."
)
_BAD_TOKEN: Final = Refused(
    403, "bad_verify_token", "Enter in the Meta app the very verify token that verify_token refers to."
)
_NOT_UNDERSTOOD: Final = Refused(422, "not_understood", "A status webhook is a JSON object with `entry`.")
_MOST_CHALLENGE: Final = 200

Part = Literal["kind", "code", "subject", "text"]
_PARTS: Final[Mapping[Part, Callable[[RenderedMessage], str]]] = {
    "kind": lambda message: message.kind,
    "code": lambda message: message.code or "-",  # WhatsApp refuses an empty parameter
    "subject": lambda message: message.subject,
    "text": text_of,
}


class WhatsAppSettings(PluginSettings):
    """The number that writes, its template, and to whom."""

    phone_number_id: str = Field(pattern=r"^[0-9]{5,20}$")
    """The id of the number that writes (not the number itself)."""
    token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to a system user's access token."""
    template: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    """The approved template's name."""
    template_language: str = Field(default="en", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    """The language the template was approved in, as Meta writes it (en, en_GB)."""
    parameters: tuple[Part, ...] = ("text",)
    """What fills {{1}}, {{2}} … of the template's body: kind, code, subject, text. The text must be there."""
    app_secret: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the Meta app's secret; without it no receipts are believed."""
    verify_token: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the verify token that is entered in the Meta app."""
    to: Numbers
    """Phone numbers with their country (+44…), or references to them."""
    api: str = "https://graph.facebook.com/v24.0"
    """Meta's Graph API with its version."""

    @field_validator("parameters")
    @classmethod
    def _say_everything(cls, value: tuple[Part, ...]) -> tuple[Part, ...]:
        if "text" not in value:
            raise ValueError("`text` must be among the parameters: it alone says everything")
        return value


class WhatsAppChannel:
    """Sends each number its own message."""

    spec: ClassVar[Spec] = Spec(
        kind="whatsapp",
        title="WhatsApp",
        summary="Sends alerts by WhatsApp's Cloud API to phones, and knows which of them arrived.",
        who_else_reads=(
            "Meta: the Cloud API is its own, so it reads every message, and knows to whom it goes and when "
            "they read it."
        ),
        stability="experimental",
        tested="fake",
        per_second=80,  # developers.facebook.com, Cloud API, "throughput": what a number has at first
        example={
            "phone_number_id": "106540352242922",
            "token": "env:HACKNEY__WHATSAPP_TOKEN",
            "template": "raid_alert",
            "app_secret": "env:HACKNEY__WHATSAPP_APP_SECRET",
            "verify_token": "env:HACKNEY__WHATSAPP_VERIFY_TOKEN",
            "to": ["+447700900123"],
        },
        set_up="""
1. Make an app with WhatsApp in Meta's developer console, with a number that writes, and an access token of
   a *system user* with the right `whatsapp_business_messaging`: other tokens end within a day.
2. Let Meta approve a template in the category *utility* whose body has a parameter, with words of yours
   around it, such as `Message of Hackney Anti Raids: {{1}} Answers here are not read.` A template neither
   begins nor ends with a parameter. Name it in `template`.
3. Put the token where `token` says, in the notifier's environment or in a file.
4. For receipts put the app's secret and a verify token of your own making where `app_secret` and
   `verify_token` say, let a proxy hand `/receipts/` (and nothing else) of an https:// address to the
   notifier, and set `RELAY_NOTIFIER_PUBLIC_URL` to that address. Then enter
   `https://…/receipts/GROUP/CHANNEL` and the verify token as the app's webhook, and subscribe `messages`.
5. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- **What it costs.** Meta's price for each template message, by country.
- Write only to those who asked for it: where people block the number or call it spam, Meta lowers how much
  it may send, and in the end locks it.
- *Accepted* means that Meta took it. *Delivered* and *failed* come later, in webhooks that Meta signs; what
  is *read* counts as delivered, and when it was read is not kept.
- `not_on_whatsapp` (131026): no WhatsApp at this number, or one too old. `held_back_by_meta` (131049): Meta
  chose not to deliver it; trying again makes it worse, so nothing does. `has_left` (131050): this person
  wants no such messages; take the number out. `template_needed` (131047): this was no template to Meta.
  `template_differs` (132000): the template has other parameters than `parameters` says.
- Line breaks become blanks: WhatsApp refuses them in a parameter.
- A new number may write to 250 people a day; Meta raises that by and by. Have a second channel.
- Meta has no key against copies: what broke off on the way is sent once more, so a second copy is possible,
  a third is not.
- A webhook belongs to the app: of two channels with one app, only the one that the webhook names gets
  receipts, unless each number has a webhook of its own.
- Tested against a stand-in that keeps the Cloud API, its codes, 429 with Retry-After, hangs and resets, with
  status webhooks in Meta's form, signed as Meta signs them. Never run against Meta.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = WhatsAppSettings
    max_chars: ClassVar[int] = 900
    """A template's body has 1,024 at most, its own words among them."""

    def __init__(self, settings: WhatsAppSettings, host: ChannelHost) -> None:
        self._http, self._settings = host.http, settings
        self._url = f"{http_base(settings.api, host.secrets)}/{settings.phone_number_id}/messages"
        self._token = resolved(settings.token, host.secrets)
        self._app_secret = resolved(settings.app_secret, host.secrets).encode()
        self._verify_token = resolved(settings.verify_token, host.secrets)
        self._to = numbers(settings.to, host.secrets)

    def recipients(self) -> Sequence[str]:
        """The numbers."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Give Meta the template for one number."""
        if not is_number(address):
            return BAD_NUMBER
        name = own_id(key)
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": address.removeprefix("+"),
            "type": "template",
            "template": self._template(message),
            "biz_opaque_callback_data": name,
        }
        headers = {"Authorization": f"Bearer {self._token}"}
        return await post(self._http, self._url, partial(outcome_of, name), json=body, headers=headers)

    def _template(self, message: RenderedMessage) -> dict[str, Any]:
        filled = [_PARTS[part](message) for part in self._settings.parameters]
        parameters = [{"type": "text", "text": " ".join(text.split())} for text in filled]
        return {
            "name": self._settings.template,
            "language": {"code": self._settings.template_language},
            "components": [{"type": "body", "parameters": parameters}],
        }

    def receipts(self, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Answered | Ignored | Refused:
        """What Meta says of messages, or its question whether this address is ours."""
        if request.method == "GET":
            return self._handshake(request)
        if not signed(self._app_secret, request):
            return _BAD_SIGNATURE
        said = receipts_in(request.body)
        if said is None:
            return _NOT_UNDERSTOOD
        return said or Ignored("not_final")

    def _handshake(self, request: WebhookRequest) -> Answered | Refused:
        """Meta's question carries the verify token, and wants its challenge back."""
        try:
            query = parse_qs(urlsplit(request.url).query, max_num_fields=10)
        except ValueError:
            return _BAD_TOKEN
        token = query.get("hub.verify_token", [""])[0].encode("utf-8", "replace")
        challenge = query.get("hub.challenge", [""])[0]
        known = self._verify_token and hmac.compare_digest(token, self._verify_token.encode())
        fine = challenge.isascii() and challenge.isalnum() and len(challenge) <= _MOST_CHALLENGE
        return Answered(challenge) if known and fine else _BAD_TOKEN
