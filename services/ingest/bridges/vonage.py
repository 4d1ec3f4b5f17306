"""Text messages by Vonage: a number at Vonage calls us for each SMS, and for each part of a long one.

The account's signature is checked by the vendor's own library; its time is part of it. The host joins the
parts of a long message. A call's answer can carry no words, so a sender gets no receipt; a question goes out
by the SMS API.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from pydantic import Field

from alert_relay.plugins import (
    CANNOT_WRITE_BACK,
    ChannelHost,
    Ignored,
    IncomingReport,
    Outcome,
    Part,
    PluginSettings,
    Receipt,
    Refused,
    Secrets,
    Spec,
    WebhookRequest,
    WebhookResponse,
)
from shared.plugins.addresses import http_base
from shared.plugins.sms import is_number, own_id
from shared.plugins.vonage_api import BAD_SIGNATURE, fields_of, send_message, signed, signer

_LIVES_S: Final = 900
"""Seconds after which Vonage no longer sends what still waits in its queue."""
_TOLERANCE: Final = timedelta(hours=25)
"""Vonage tells a message again for a day, and nobody promises that it signs it anew."""
_STALE: Final = Refused(
    403,
    "stale_timestamp",
    "The signed time is too far from our clock; this is an old call, or a clock is wrong.",
)


class VonageBridgeSettings(PluginSettings):
    """What a Vonage account signs with, and how to ask back."""

    signature_secret: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's signature secret."""
    api_key: str = Field(default="", pattern=r"^([0-9A-Za-z]{4,32})?$")
    """The account's API key, to ask reporters back (one or two messages each); without it they aren't."""
    api_secret: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the account's API secret."""
    number: str = Field(default="", pattern=r"^(\+[1-9][0-9]{6,14})?$")
    """The number that the questions come from: the one that people text."""
    api: str = "https://rest.nexmo.com"
    """Vonage's SMS API server."""


class VonageBridge:
    """One Vonage account, with all its numbers whose webhook is this."""

    spec: ClassVar[Spec] = Spec(
        kind="vonage",
        title="SMS by Vonage",
        summary="People text a number at Vonage; each message, joined from its parts, is a report.",
        who_else_reads="Vonage and both phone companies can read every message and its sender.",
        stability="experimental",
        tested="replay",
        example={
            "signature_secret": "env:VONAGE_SIGNATURE",
            "api_key": "abcd1234",
            "api_secret": "env:VONAGE_SECRET",
            "number": "+442079460000",
        },
        set_up="""
1. In the account's API settings choose *SMS API* for messages, *SHA-256 HMAC signature* as the signature
   method, and *POST-JSON* (or *POST*) as the webhook's method: by *GET* the words would stand in logs of
   addresses, so it is refused.
2. Put the signature secret where `signature_secret` says, in the environment of ingest and notifier or in a
   file.
3. Set the number's inbound webhook to `https://reports.example/bridges/my-vonage`, with the bridge's id.
4. To ask back, set `api_key`, `api_secret` and `number`; that secret only the notifier needs.
5. Text the number. If no report comes, `bridge.my-vonage.refused.…` in ingest's `/health/bridges` counts why.
""",
        while_away="""
Vonage asks again for 24 hours; each message comes in once. If ingest was ended between the parts of a long
message, they come again, too; a part that is told again by itself is known in the message that is stored.
""",
        notes="""
- **What it costs.** Vonage's price for the number, and for each question.
- The parts of a long message wait four seconds for one another; then each is a report of its own, and so they
  are where **several ingest processes** share an address and each gets a part. A part that Vonage tells again
  by itself more than ten minutes later is a report of its own, too.
- Data for machines (`binary`) is no report and is counted as `ignored.binary`.
- Tested with calls signed by Vonage's own library, as its documentation describes them. Never run against
  Vonage.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = VonageBridgeSettings

    def __init__(self, settings: VonageBridgeSettings, secrets: Secrets) -> None:
        """Resolve the signature secret."""
        self._signer = signer(secrets.resolve(settings.signature_secret))
        self._settings = settings

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The one message, or part of one, of a sound, signed request."""
        said = fields_of(request)
        if said is None:
            return Refused(400, "unreadable_body", "Send what Vonage sends: form fields or a JSON object.")
        if not signed(self._signer, said):
            return BAD_SIGNATURE
        return _report(said) if _fresh(said["timestamp"], request.now) else _STALE

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """Vonage wants a 200 and reads nothing else."""
        return WebhookResponse(body=f"stored {len(receipts)}\n" if receipts else "")

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Send it from the number that people text."""
        given = self._settings
        if not (given.api_key and given.api_secret and given.number):
            return CANNOT_WRITE_BACK
        return await send_message(
            host.http,
            http_base(given.api, host.secrets),
            (given.api_key, host.secrets.resolve(given.api_secret)),
            address,
            text,
            sender=given.number,
            name=own_id(key),
            lives_s=_LIVES_S,
        )


def _fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    # Compared as numbers: a hostile timestamp may be no date at all.
    return abs(int(timestamp[:15]) - now.timestamp()) <= _TOLERANCE.total_seconds()


def _report(said: Mapping[str, str]) -> Sequence[IncomingReport] | Ignored | Refused:
    if "status" in said:
        return Ignored("other_event")  # a receipt, where one address takes both
    if said.get("type") == "binary":
        return Ignored("binary")
    source_id, sender = said.get("messageId", ""), said.get("msisdn", "")
    if not source_id or not sender:
        return Refused(422, "field_missing", "A message has messageId and msisdn; this request lacks one.")
    text, part = said.get("text", ""), _part(said, sender)
    if not text.strip() and part is None:
        return Ignored("no_text")
    number = sender if sender.startswith("+") else f"+{sender}"
    contact = number if is_number(number) else None
    return [
        IncomingReport(
            source_id=source_id,
            text=text,
            sender=contact or sender,
            contact=contact,
            observed_at=_moment(said.get("message-timestamp", "")),
            part=part,
        )
    ]


def _part(said: Mapping[str, str], sender: str) -> Part | None:
    numbers = said.get("concat-part", ""), said.get("concat-total", "")
    if said.get("concat") != "true" or not all(re.fullmatch("[0-9]{1,3}", number) for number in numbers):
        return None
    message = "\n".join((sender, said.get("to", ""), said.get("concat-ref", "")))
    return Part(message=message, number=int(numbers[0]), of=int(numbers[1]))


def _moment(value: str) -> datetime | None:
    """When Vonage began to tell it, in UTC."""
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
