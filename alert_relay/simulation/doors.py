"""The front door's five entrances, used as real senders do: signed, identified, repeated if need be."""

import asyncio
import hashlib
import hmac
import json
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from alert_relay.client import NotReachableError, SaidNoError
from shared.scenarios import Said

PATIENCE_S: Final = 30.0
_NONCE: Final = re.compile(r'name="nonce" value="([^"]+)"')
_REPORT_ID: Final = re.compile(r"\br[a-z2-7]{20}\b")
_REF: Final = re.compile(r"\b[A-Z2-7]{6}\b")
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_AGAIN: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class DoorSecrets:
    """What opens the doors of a trial run (see RELAY_HOME/secrets)."""

    simulator: str
    twilio: str
    android: str
    telegram: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A report was stored: the beginning of its id, as far as its sender was told, and when."""

    prefix: str
    at: float
    """Wall clock, seconds since 1970."""


class Doors:
    """Sends messages. One for a whole simulation, so that nothing is sent under an id used before."""

    def __init__(self, http: aiohttp.ClientSession, base: str, keys: DoorSecrets) -> None:
        self._http = http
        self._base = base.rstrip("/")
        self._keys = keys
        self._update_id = secrets.randbelow(2**30) * 1000
        self._enter = {
            "api": self._api,
            "web": self._web,
            "sms": self._sms,
            "android": self._android,
            "telegram": self._telegram,
        }

    async def send(self, said: Said, received_at: datetime) -> Accepted:
        """Send one message and await its acceptance; raises `SaidNoError` for a refusal."""
        answer = await self._enter[said.via](said, received_at)
        return Accepted(_prefix(answer), time.time())

    async def _api(self, said: Said, received_at: datetime) -> str:
        told = said.model_dump(exclude={"t", "via", "sender"}, exclude_none=True)
        return await self._report({**told, "sender": said.sender, "received_at": received_at.isoformat()})

    async def _report(self, told: dict[str, Any]) -> str:
        headers = {
            "Authorization": f"Bearer {self._keys.simulator}",
            "Idempotency-Key": secrets.token_hex(16),
            "Content-Type": "application/json",
        }
        return await self._post("/v1/reports", json.dumps(told).encode(), headers)

    async def _web(self, said: Said, received_at: datetime) -> str:
        del received_at  # a browser cannot say when its report is received
        page = await self._get("/")
        nonce = _NONCE.search(page)
        if nonce is None:
            raise SaidNoError(502, "no_form", "The report form has no hidden number; is this the front door?")
        fields = {"nonce": nonce[1], "what": said.text, "where": said.postcode or "", "write_back": "no"}
        if said.first_hand is not None:
            fields["there"] = "now" if said.first_hand else "told"
        for name in ("lat", "lon", "accuracy_m"):
            if (value := getattr(said, name)) is not None:
                fields[name] = str(value)
        return await self._post("/", urlencode(fields).encode(), _FORM)

    async def _sms(self, said: Said, received_at: datetime) -> str:
        del received_at  # Twilio does not tell it
        from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

        fields = {
            "MessageSid": f"SM{secrets.token_hex(16)}",
            "AccountSid": "AC" + "0" * 32,
            "From": drama_number(said.sender),
            "To": "+447700900000",
            "Body": said.text,
            "NumMedia": "0",
        }
        signature = RequestValidator(self._keys.twilio).compute_signature(self._base + "/bridges/sms", fields)
        headers = {**_FORM, "X-Twilio-Signature": signature}
        return await self._post("/bridges/sms", urlencode(fields).encode(), headers)

    async def _android(self, said: Said, received_at: datetime) -> str:
        payload = {
            "messageId": hashlib.sha256(said.text.encode()).hexdigest()[:8],
            "message": said.text,
            "sender": drama_number(said.sender),
            "receivedAt": received_at.isoformat(),
        }
        event = {
            "id": secrets.token_hex(10),
            "event": "sms:received",
            "deviceId": "demo-phone",
            "payload": payload,
        }
        body, stamp = json.dumps(event).encode(), str(int(time.time()))
        signature = hmac.new(self._keys.android.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Signature": signature}
        return await self._post("/bridges/android", body, headers)

    async def _telegram(self, said: Said, received_at: datetime) -> str:
        self._update_id += 1
        person = number_of(said.sender, 10**9)
        message: dict[str, Any] = {
            "message_id": self._update_id % 10**6,
            "date": int(received_at.timestamp()),
            "chat": {"id": person, "type": "private"},
            "from": {"id": person, "is_bot": False, "language_code": said.language or "en"},
            "text": said.text,
        }
        body = json.dumps({"update_id": self._update_id, "message": message}).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Telegram-Bot-Api-Secret-Token": self._keys.telegram,
        }
        return await self._post("/bridges/telegram", body, headers)

    async def _get(self, path: str) -> str:
        return await self._try("GET", path, None, {})

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> str:
        return await self._try("POST", path, body, headers)

    async def _try(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> str:
        """As a provider does: the same bytes again while nobody answers or the answer is "later"."""
        deadline = time.monotonic() + PATIENCE_S
        pause = 0.1
        while True:
            try:
                return await self._once(method, path, body, headers)
            except (aiohttp.ClientError, TimeoutError, _LaterError) as error:
                if time.monotonic() > deadline:
                    raise NotReachableError(f"The front door took nothing for {PATIENCE_S:g} s.") from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> str:
        url = self._base + path
        async with self._http.request(method, url, data=body, headers=headers) as response:
            text = await response.text()
            if response.status in _AGAIN:
                raise _LaterError
            if not response.ok:
                raise SaidNoError(response.status, str(response.status), _detail(text, response.status))
            return text


class _LaterError(Exception):
    """The door asked to come again."""


def _detail(text: str, status: int) -> str:
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The front door answered {status}."


def _prefix(answer: str) -> str:
    """The report's id, or the six characters of it that a receipt shows."""
    if whole := _REPORT_ID.search(answer):
        return whole[0]
    ref = _REF.search(answer)
    return f"r{ref[0].lower()}" if ref else ""


def number_of(name: str, below: int) -> int:
    """A number that is always the same for one name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % below


def drama_number(name: str) -> str:
    """A telephone number that Ofcom keeps for fiction (07700 900001 to 900999)."""
    return f"+447700900{1 + number_of(name, 999):03d}"
