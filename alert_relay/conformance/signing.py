"""Requests as the sources of our own bridges sign them, by their vendors' libraries where there are any."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import NAMESPACE_OID, uuid5

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from shared.plugins.spec import WebhookRequest

NOW: Final = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)
PUBLIC: Final = "https://relay.example"


def request(kind: str, body: bytes, headers: Mapping[str, str], query: str = "") -> WebhookRequest:
    """A call of the bridge's address."""
    return WebhookRequest("POST", f"{PUBLIC}/bridges/{kind}{query}", headers, body, NOW)


def sign_twilio(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """As Twilio's own library signs a form, or JSON by its hash."""
    validator = RequestValidator(secrets["env:TOKEN"])
    if body[:1] in (b"{", b"["):
        query = "?bodySHA256=" + hashlib.sha256(body).hexdigest()
        signature = validator.compute_signature(f"{PUBLIC}/bridges/twilio-sms{query}", {})
        headers = {"content-type": "application/json", "x-twilio-signature": signature}
        return request("twilio-sms", body, headers, query)
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    signature = validator.compute_signature(f"{PUBLIC}/bridges/twilio-sms", fields)
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    return request("twilio-sms", body, headers)


def sign_android(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """As the app signs: the body and the time."""
    stamp = str(int(NOW.timestamp()))
    signature = hmac.new(secrets["env:KEY"].encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-signature": signature, "x-timestamp": stamp}
    return request("android-sms", body, headers)


def sign_kannel(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """As Kannel is told to call: a password, the rest in headers and the query."""
    login = base64.b64encode(f"relay:{secrets['env:WEBHOOK']}".encode()).decode()
    script = "UTF-16BE" if b"\0" in body[:20] else "UTF-8"
    headers = {
        "authorization": f"Basic {login}",
        "content-type": f'text/plain; charset="{script}"',
        "x-kannel-from": "+447700900123",
        "x-kannel-to": "+442079460000",
        "x-kannel-time": "2026-06-22 14:46:20",
    }
    name = uuid5(NAMESPACE_OID, body.hex())
    return request("kannel", body, headers, f"?id={name}&time={int(NOW.timestamp())}")


def sign_telegram(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """As Telegram vouches for a call."""
    headers = {
        "content-type": "application/json",
        "x-telegram-bot-api-secret-token": secrets["env:SECRET"],
    }
    return request("telegram", body, headers)


def sign_matrix(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """As a homeserver vouches for a transaction."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {secrets['env:HS']}"}
    url = f"{PUBLIC}/bridges/matrix/_matrix/app/v1/transactions/7"
    return WebhookRequest("PUT", url, headers, body, NOW)


def sign_whatsapp(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """As Meta signs: the very bytes."""
    signature = hmac.new(secrets["env:APP"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={signature}"}
    return request("whatsapp-cloud", body, headers)


def _fields_in(body: bytes) -> dict[str, str]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return {_signable(k): _signable(v) for k, v in data.items()} if isinstance(data, dict) else {}


def _signable(value: object) -> str:
    """As a source can sign it: half a character pair has no bytes."""
    return str(value).encode("utf-8", "replace").decode()


def sign_vonage(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """The same fields with time and signature, as a form or as JSON; what is neither goes as it is."""
    said = {**_fields_in(body), "nonce": "n1", "timestamp": str(int(NOW.timestamp()))}
    auth = Auth(api_key="abcd1234", signature_secret=secrets["env:SIGNATURE"], signature_method="sha256")
    said["sig"] = auth.sign_params({k: v for k, v in said.items() if k != "sig"})
    if body[:1] in (b"{", b"["):
        return request("vonage", json.dumps(said).encode(), {"content-type": "application/json"})
    form = urlencode(said, errors="replace").encode()
    return request("vonage", form, {"content-type": "application/x-www-form-urlencoded"})


def unsigned_vonage(body: bytes) -> WebhookRequest:
    """The signature stands in the body, not in a header."""
    kind = "application/json" if body[:1] in (b"{", b"[") else "application/x-www-form-urlencoded"
    return request("vonage", body, {"content-type": kind})
