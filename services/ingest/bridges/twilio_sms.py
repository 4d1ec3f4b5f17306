"""Text messages by Twilio: a number at Twilio calls us for each SMS that comes in.

The signature is checked by the vendor's own validator, over the full public URL as Twilio
called it; a JSON body counts only with its hash in that URL. The receipt is the TwiML in the
response, so that no second call to Twilio is needed. A lone STOP or HELP is a report like any
other: Twilio may answer it by itself, but somebody may have meant it. A question goes out by
Twilio's Messages API.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from pydantic import Field
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from alert_relay.plugins import (
    CANNOT_WRITE_BACK,
    ChannelHost,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    Receipt,
    Refused,
    Rejected,
    Secrets,
    Spec,
    WebhookRequest,
    WebhookResponse,
)
from shared.plugins.addresses import http_base
from shared.plugins.twilio_api import account_state, form_fields, send_message, signed

_LIVES_S = 900
"""Seconds after which Twilio no longer sends what still waits in its queue."""
_BAD_SIGNATURE = Refused(
    403,
    "bad_signature",
    "The signature does not fit the request; check auth_token and RELAY_INGEST_PUBLIC_URL, which must be the "
    "address that Twilio calls.",
)


class TwilioSettings(PluginSettings):
    """What a Twilio number needs."""

    auth_token: str
    """A reference to the account's auth token (env:NAME or file:/path)."""
    reply: bool = True
    """Whether the sender gets a receipt by SMS (it costs one message)."""
    account_sid: str = Field(default="", pattern=r"^(AC[0-9a-fA-F]{32})?$")
    """The account, to ask reporters back (one or two messages each); without it they are not asked."""
    number: str = Field(default="", pattern=r"^(\+[1-9][0-9]{6,14})?$")
    """The number that the questions come from: the one that people text."""
    api: str = "https://api.twilio.com"
    """Twilio's API server."""


class TwilioSms:
    """One Twilio number, or several with the same auth token."""

    spec: ClassVar[Spec] = Spec(
        kind="twilio-sms",
        title="SMS by Twilio",
        summary="People text a number at Twilio; each message is a report, answered by a short receipt.",
        who_else_reads="Twilio and both phone companies can read every message, its sender and the receipt.",
        stability="good",
        tested="replay",
        example={
            "auth_token": "env:TWILIO_AUTH_TOKEN",
            "reply": True,
            "account_sid": "AC00000000000000000000000000000000",
            "number": "+442079460000",
        },
        while_away="""
**What is written while ingest is away does not come in.** Twilio calls once; where it could not connect it
calls a second time at once, and no more. What it was told is taken is stored, whenever ingest is killed:
killed twenty times while 300 messages came, half of them while it was away, 154 were taken and stored, each
once, and 146 never came in (`python -m tests.faults.bridges --bridge twilio-sms`). So:

- End ingest seldom, and shortly. Twilio's console keeps what it could not hand over (the messages, and an
  error for each): after a break look there, and report it by hand.
- Give the number a *fallback* address on another machine, with an ingest of its own (whose
  `RELAY_INGEST_PUBLIC_URL` is that machine's) and the same bridges file: Twilio calls it where the first
  fails. By whichever a message comes, it is one report.
- With `#rc=5&rp=all` behind the webhook's address Twilio calls up to five times more, within fifteen seconds
  in all. Never tried with this bridge: if `refused.bad_signature` is counted then, take it away again.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = TwilioSettings

    def __init__(self, settings: TwilioSettings, secrets: Secrets) -> None:
        """Resolve the auth token."""
        self._validator = RequestValidator(secrets.resolve(settings.auth_token))
        self._reply = settings.reply
        self._settings = settings

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The one message of a sound, signed request."""
        is_json = request.headers.get("content-type", "").startswith("application/json")
        fields = _json_fields(request.body) if is_json else form_fields(request.body)
        if fields is None:
            return Refused(400, "unreadable_body", "Send what Twilio sends: form fields or a JSON object.")
        if not signed(self._validator, request, fields, is_json=is_json):
            return _BAD_SIGNATURE
        return _report(fields)

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """TwiML; an empty `<Response/>` sends nothing."""
        texts = [receipt.text for receipt in receipts] if self._reply else []
        messages = "".join(f"<Message>{escape(text)}</Message>" for text in texts)
        twiml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{messages}</Response>'
        return WebhookResponse(content_type="text/xml", body=twiml)

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:  # noqa: ARG002 - Twilio has no idempotency key
        """Send it from the number that people text; on WhatsApp to those who wrote there."""
        given = self._settings
        if not (given.account_sid and given.number):
            return CANNOT_WRITE_BACK
        over = "whatsapp:" if address.startswith("whatsapp:") else ""
        form = {"To": address, "From": f"{over}{given.number}", "Body": text, "ValidityPeriod": str(_LIVES_S)}
        return await send_message(host.http, http_base(given.api, host.secrets), self._login(host), form)

    async def check(self, host: ChannelHost) -> Outcome:
        """Ask for the account."""
        if not self._settings.account_sid:
            return Rejected("no_account_sid", words="Without account_sid Twilio can't be asked.")
        return await account_state(host.http, http_base(self._settings.api, host.secrets), self._login(host))

    def _login(self, host: ChannelHost) -> tuple[str, str]:
        return self._settings.account_sid, host.secrets.resolve(self._settings.auth_token)


def _json_fields(body: bytes) -> dict[str, str] | None:
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return {k: str(v) for k, v in data.items() if v is not None} if isinstance(data, dict) else None


def _report(fields: Mapping[str, str]) -> Sequence[IncomingReport] | Ignored | Refused:
    source_id = fields.get("MessageSid") or fields.get("SmsSid")
    sender = fields.get("From")
    if not source_id or not sender:
        return Refused(422, "field_missing", "A message has MessageSid and From; this request lacks one.")
    text = fields.get("Body", "")
    lat, lon = _degrees(fields.get("Latitude"), 90), _degrees(fields.get("Longitude"), 180)
    if not text.strip() and (lat is None or lon is None):
        return Ignored("no_text")
    has_place = lat is not None and lon is not None
    return [
        IncomingReport(
            source_id=source_id,
            text=text,
            sender=sender,
            contact=sender,
            lat=lat if has_place else None,
            lon=lon if has_place else None,
        )
    ]


def _degrees(text: str | None, limit: float) -> float | None:
    """A coordinate, or None for one that is missing, no number, or nowhere on earth."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) <= limit else None
