"""My source calls us for each message: JSON, signed with HMAC-SHA256 over the very bytes."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from alert_relay.plugins import (
    Ignored,
    IncomingReport,
    PluginSettings,
    Receipt,
    Refused,
    Secrets,
    Spec,
    WebhookRequest,
    WebhookResponse,
    moment_in,
    text_in,
)

BAD_SIGNATURE = Refused(
    403, "bad_signature", "The signature does not fit the body; check the key in the bridge's settings."
)


class MySourceSettings(PluginSettings):
    """What the bridge must be told."""

    signing_key: str
    """A reference to the key that the source signs with (env:NAME or file:/path)."""


class MySource:
    """One account at the source."""

    spec: ClassVar[Spec] = Spec(
        kind="my-source",
        title="My source",
        summary="People write to the account; each message is a report.",
        who_else_reads="Whoever runs my source can read every message.",
        stability="good",
        tested="replay",
        example={"signing_key": "env:MY_SOURCE_KEY"},
        read_by="My Source",
        set_up="""
1. Make a key (`openssl rand -hex 32`) and put it into ingest's environment as `MY_SOURCE_KEY`.
2. Enter `https://reports.example/bridges/my-source` and the key at the source.
3. Send a message; the receipt comes back at once.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = MySourceSettings

    def __init__(self, settings: MySourceSettings, secrets: Secrets) -> None:
        """Resolve the key: one that is not set stops the start with a sentence."""
        self._key = secrets.resolve(settings.signing_key).encode()

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The reports in a request; the signature comes first."""
        expected = hmac.new(self._key, request.body, hashlib.sha256).hexdigest().encode()
        given = request.headers.get("x-signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(expected, given):
            return BAD_SIGNATURE
        try:
            said = json.loads(request.body)
        except (ValueError, RecursionError):
            return Refused(400, "not_json", "The body is not JSON; send what the source sends.")
        return report_of(said if isinstance(said, dict) else {})

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """What the source shows to whoever wrote, once everything is stored."""
        words = " ".join(receipt.text for receipt in receipts)
        return WebhookResponse(content_type="application/json", body=json.dumps({"reply": words}))


def report_of(said: dict[str, Any]) -> Sequence[IncomingReport] | Ignored | Refused:
    """The report in a message: every value is asked for its type, because strangers had a hand in it."""
    source_id, text = text_in(said, "id"), text_in(said, "text").strip()
    if not source_id:
        return Refused(422, "field_missing", "A message has an id and a text; this one lacks its id.")
    if not text:
        return Ignored("no_text")
    sender = text_in(said, "from") or None
    return [IncomingReport(source_id, text=text, sender=sender, observed_at=moment_in(said, "at"))]
