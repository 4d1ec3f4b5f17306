"""The front doors as the world knocks at them: signed as each provider signs, secrets from the harness."""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.rigs.system import Answer, RelaySystem


async def by_form(relay: RelaySystem, what: str, **fields: str) -> Answer:
    """The report form: the page's own nonce, then its fields."""
    page = await relay.request("GET", "ingest/")
    nonce = re.search(r'name="nonce"\s+value="([^"]+)"', page.body)
    if nonce is None:
        raise AssertionError("the form has no nonce")
    return await relay.request("POST", "ingest/", data={"nonce": nonce[1], "what": what, **fields})


async def by_sms(
    relay: RelaySystem, text: str, *, sender: str, sid: str | None = None, signature: str | None = None
) -> Answer:
    """Twilio's webhook, signed by the vendor's own code unless another signature is given."""
    fields = {
        "MessageSid": sid or f"SM{secrets.token_hex(16)}",
        "From": sender,
        "Body": text,
        "NumMedia": "0",
    }
    url = f"{relay.urls['ingest']}/bridges/sms"
    right: str = RequestValidator(relay.home.secret("twilio")).compute_signature(url, fields)
    headers = {"X-Twilio-Signature": right if signature is None else signature}
    return await relay.request("POST", "ingest/bridges/sms", data=fields, headers=headers)


async def by_android(relay: RelaySystem, text: str, *, sender: str) -> Answer:
    """The webhook of SMS Gateway for Android."""
    payload = {"messageId": "same-for-all", "message": text, "sender": sender}
    outer = {"id": secrets.token_hex(16), "event": "sms:received", "deviceId": "phone", "payload": payload}
    body, timestamp = json.dumps(outer).encode(), str(int(time.time()))
    key = relay.home.secret("android").encode()
    signature = hmac.new(key, body + timestamp.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Signature": signature, "X-Timestamp": timestamp, "Content-Type": "application/json"}
    return await relay.request("POST", "ingest/bridges/android", data=body, headers=headers)


def telegram_update(text: str, *, chat: int, number: int) -> dict[str, Any]:
    """An update with one private message."""
    person = {"id": chat, "is_bot": False, "first_name": "X", "language_code": "en"}
    message = {"message_id": 1, "from": person, "chat": {"id": chat, "type": "private"}, "text": text}
    return {"update_id": number, "message": {**message, "date": int(time.time())}}


async def by_telegram(relay: RelaySystem, update: Mapping[str, Any]) -> Answer:
    """Telegram's webhook."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": relay.home.secret("telegram")}
    return await relay.request("POST", "ingest/bridges/telegram", json=update, headers=headers)
