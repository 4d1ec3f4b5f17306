"""Text messages by a phone of our own: the app SMS Gateway for Android calls us for each SMS.

Signed with HMAC-SHA256 over the raw body followed by the X-Timestamp header. The payload's
messageId is made from the content and is not unique, so a message is known by the outer id.
A question goes out by the app's own API, on the phone itself or through its server.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import Field

from alert_relay.plugins import (
    CANNOT_WRITE_BACK,
    ChannelHost,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    Receipt,
    Refused,
    Secrets,
    Spec,
    WebhookRequest,
    WebhookResponse,
)
from shared.plugins.addresses import http_base
from shared.plugins.sms_gateway import send_message, signed

_LIVES_S = 900
"""Seconds after which the phone no longer sends what still waits in it."""
_BAD_SIGNATURE = Refused(
    403,
    "bad_signature",
    "The signature does not fit the body; enter the app's signing key in the bridge's settings.",
)
_STALE = Refused(
    403,
    "stale_timestamp",
    "The X-Timestamp is missing or too far from our clock; set the phone's clock to automatic.",
)


class AndroidSettings(PluginSettings):
    """What the app's webhook needs."""

    signing_key: str
    """A reference to the app's webhook signing key (env:NAME or file:/path)."""
    tolerance_s: int = Field(default=300, ge=1, le=86_400)
    """How far a request's timestamp may be from our clock."""
    api_url: str = ""
    """The app's API, to ask reporters back: http://<phone>:8080, or its server's address; without it
    they are not asked."""
    api_user: str = ""
    """The user name that the app shows."""
    api_password: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the password that the app shows."""


class AndroidSms:
    """One phone with the app."""

    spec: ClassVar[Spec] = Spec(
        kind="android-sms",
        title="SMS by an Android phone",
        summary="People text an ordinary number; a phone with SMS Gateway for Android passes messages on.",
        who_else_reads="The phone companies can read every message, and whoever holds the phone.",
        stability="good",
        tested="replay",
        example={
            "signing_key": "env:ANDROID_SMS_SIGNING_KEY",
            "tolerance_s": 300,
            "api_url": "http://192.0.2.7:8080",
            "api_user": "sms",
            "api_password": "env:ANDROID_SMS_API_PASSWORD",
        },
        while_away="""
The app keeps on the phone what was not taken, signs it anew and sends it again: after ten seconds, twenty,
forty and so on, fourteen times unless set otherwise, which is about two days. Each message comes in once:
300 of 300 while ingest was killed twenty times (`python -m tests.faults.bridges --bridge android-sms`).
**What waits longer, or waits on a phone that is lost, does not come in**: then read the messages on the
phone itself. After a break of hours the next attempt may be hours away, too.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = AndroidSettings

    def __init__(self, settings: AndroidSettings, secrets: Secrets) -> None:
        """Resolve the signing key."""
        self._key = secrets.resolve(settings.signing_key).encode()
        self._tolerance_s = settings.tolerance_s
        self._settings = settings

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The one message of a sound, signed request."""
        timestamp = request.headers.get("x-timestamp", "")
        if not signed(self._key, request):
            return _BAD_SIGNATURE
        if not self._fresh(timestamp, request.now):
            return _STALE
        try:
            data: Any = json.loads(request.body)
        except (ValueError, RecursionError):
            return Refused(400, "not_json", "The body is not JSON; send what the app sends.")
        return _report(data)

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """The app wants a 2xx and reads nothing else."""
        return WebhookResponse(body=f"stored {len(receipts)}\n" if receipts else "")

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Give it to the app under one id at every attempt, by which the app knows a message."""
        given = self._settings
        if not (given.api_url and given.api_user and given.api_password):
            return CANNOT_WRITE_BACK
        login = given.api_user, host.secrets.resolve(given.api_password)
        base = http_base(given.api_url, host.secrets)
        return await send_message(host.http, base, login, address, text, key=key, lives_s=_LIVES_S)

    def _fresh(self, timestamp: str, now: datetime) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit()):
            return False
        # Compared as numbers: a hostile timestamp may be no date at all.
        return abs(int(timestamp[:15]) - now.timestamp()) <= self._tolerance_s


def _report(data: Any) -> Sequence[IncomingReport] | Ignored | Refused:
    outer = data if isinstance(data, dict) else {}
    event, payload, source_id = outer.get("event"), outer.get("payload"), outer.get("id")
    if isinstance(event, str) and event != "sms:received":
        return Ignored("other_event")
    if not isinstance(payload, dict) or not isinstance(source_id, str) or not source_id:
        return Refused(422, "field_missing", "A message has id, event and payload; this request lacks one.")
    sender = payload.get("sender") or payload.get("phoneNumber")
    text = payload.get("message")
    if not isinstance(sender, str) or not isinstance(text, str):
        return Refused(422, "field_missing", "The payload has message and sender; this one lacks one.")
    if not text.strip():
        return Ignored("no_text")
    observed_at = _moment(payload.get("receivedAt"))
    return [
        IncomingReport(source_id=source_id, text=text, sender=sender, contact=sender, observed_at=observed_at)
    ]


def _moment(value: Any) -> datetime | None:
    """When the phone got it; a time without an offset is not used, because its zone is unknown."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None
