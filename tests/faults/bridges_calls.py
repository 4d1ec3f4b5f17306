"""How each provider calls us about what somebody wrote: signed as it signs, and how long it asks again."""

import hashlib
import hmac
import itertools
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from tests.acceptance.doors import telegram_update
from tests.faults.bridges_judge import name_of, words
from tests.rigs.homeserver import BOT, Homeserver

SECRET: Final = "secret-of-the-measurement-0123"
REFERENCE: Final = "env:MEASURED_SECRET"
BRIDGE: Final = "measured"
PATH: Final = f"/bridges/{BRIDGE}"
_NUMBER: Final = "106540352242922"
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    body: bytes
    headers: Mapping[str, str]
    path: str = PATH
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Call:
    """What is handed over at once, and how: made anew at each attempt, given the front door's address."""

    holds: tuple[str, ...]
    make: Callable[[str], Request]


@dataclass(frozen=True, slots=True)
class Provider:
    """One that calls. `calls` says how it hands over messages of these numbers."""

    kind: str
    calls: Callable[[Sequence[int]], list[Call]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    in_order: bool = False
    """Whether a call waits until the one before it is taken."""
    at_once: int = 1
    """How many messages one call may hold."""
    tries: int | None = None
    """How often it tries in all; None: until we take it, as far as a restart is concerned."""


def twilio_sms() -> Provider:
    """Calls once: its one repeat, where it could not connect, comes at once and finds nobody either."""

    def calls(numbers: Sequence[int]) -> list[Call]:
        name = name_of(numbers[0])
        fields = {"MessageSid": f"SM{numbers[0]:032x}", "From": _phone(numbers[0]), "Body": words(name)}

        def make(address: str) -> Request:
            signature = RequestValidator(SECRET).compute_signature(f"{address}{PATH}", fields)
            form = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
            return Request(urlencode(fields).encode(), form)

        return [Call((name,), make)]

    return Provider("twilio-sms", calls, {"auth_token": REFERENCE}, tries=1)


def android_sms() -> Provider:
    """Asks again for two days, and signs each attempt with its own time."""

    def calls(numbers: Sequence[int]) -> list[Call]:
        name = name_of(numbers[0])
        payload = {"messageId": "same", "message": words(name), "sender": _phone(numbers[0])}
        body = json.dumps({"id": f"id-{name}", "event": "sms:received", "payload": payload}).encode()

        def make(_address: str) -> Request:
            stamp = str(int(time.time()))
            headers = {"X-Signature": _hmac(body + stamp.encode()), "X-Timestamp": stamp}
            return Request(body, _JSON | headers)

        return [Call((name,), make)]

    return Provider("android-sms", calls, {"signing_key": REFERENCE})


def vonage() -> Provider:
    """Asks again for a day, by the same bytes; every third message is long and comes in two parts."""

    def calls(numbers: Sequence[int]) -> list[Call]:
        number = numbers[0]
        if number % 3:
            return [_vonage_call(number, 1, {})]
        joins = {"concat": "true", "concat-ref": str(number), "concat-total": "2"}
        return [_vonage_call(number, part, {**joins, "concat-part": str(part)}) for part in (1, 2)]

    return Provider("vonage", calls, {"signature_secret": REFERENCE})


def _vonage_call(number: int, part: int, joins: Mapping[str, str]) -> Call:
    name = name_of(number, part)
    said = {
        "msisdn": _phone(number).removeprefix("+"),
        "to": "442079460000",
        "messageId": f"id-{name}",
        "text": words(name),
        "type": "text",
        "timestamp": str(int(time.time())),
        **joins,
    }
    auth = Auth(api_key="measured", signature_secret=SECRET, signature_method="sha256")
    request = Request(json.dumps({**said, "sig": auth.sign_params(dict(said))}).encode(), _JSON)
    return Call((name,), lambda _address: request)


def kannel() -> Provider:
    """Asks again for a day, if told to as its page says."""

    def calls(numbers: Sequence[int]) -> list[Call]:
        name = name_of(numbers[0])
        login = b64encode(f"relay:{SECRET}".encode()).decode()
        headers = {
            "Authorization": f"Basic {login}",
            "Content-Type": 'text/plain; charset="UTF-8"',
            "X-Kannel-From": _phone(numbers[0]),
        }
        query = urlencode({"id": f"id-{name}", "time": int(time.time())})
        request = Request(words(name).encode(), headers, path=f"{PATH}?{query}")
        return [Call((name,), lambda _address: request)]

    return Provider("kannel", calls, {"webhook_password": REFERENCE})


def whatsapp_cloud() -> Provider:
    """Asks again for days; one call holds several messages, and is taken whole or not."""

    def calls(numbers: Sequence[int]) -> list[Call]:
        names = tuple(name_of(number) for number in numbers)
        messages = [
            {
                "from": _phone(number).removeprefix("+"),
                "id": f"wamid.{name}",
                "timestamp": str(int(time.time())),
                "type": "text",
                "text": {"body": words(name)},
            }
            for number, name in zip(numbers, names, strict=True)
        ]
        value = {"metadata": {"phone_number_id": _NUMBER}, "messages": messages}
        entry = [{"id": "1", "changes": [{"field": "messages", "value": value}]}]
        body = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
        request = Request(body, _JSON | {"X-Hub-Signature-256": f"sha256={_hmac(body)}"})
        return [Call(names, lambda _address: request)]

    settings = {"phone_number_id": _NUMBER, "app_secret": REFERENCE, "verify_token": REFERENCE}
    return Provider("whatsapp-cloud", calls, settings, at_once=3)


def telegram() -> Provider:
    """Asks again until the update is taken, and brings no other before."""

    def calls(numbers: Sequence[int]) -> list[Call]:
        name = name_of(numbers[0])
        update = telegram_update(words(name), chat=100_000 + numbers[0], number=numbers[0])
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        request = Request(json.dumps(update).encode(), _JSON | headers)
        return [Call((name,), lambda _address: request)]

    return Provider("telegram", calls, {"secret_token": REFERENCE}, in_order=True)


def matrix(home: Homeserver) -> Provider:
    """Sends the same transaction until it is taken, and no other before; each person has a room with us."""
    transactions = itertools.count(1)

    def calls(numbers: Sequence[int]) -> list[Call]:
        names = tuple(name_of(number) for number in numbers)
        events = [_event(home, number, name) for number, name in zip(numbers, names, strict=True)]
        request = Request(
            json.dumps({"events": events}).encode(),
            _JSON | {"Authorization": f"Bearer {SECRET}"},
            path=f"{PATH}/_matrix/app/v1/transactions/{next(transactions)}",
            method="PUT",
        )
        return [Call(names, lambda _address: request)]

    settings = {"homeserver": home.url, "user_id": BOT, "hs_token": REFERENCE, "as_token": REFERENCE}
    return Provider("matrix", calls, settings, in_order=True, at_once=3)


def _event(home: Homeserver, number: int, name: str) -> dict[str, Any]:
    person = f"@person{number}:example.org"
    room = home.room(f"room{number}", person)
    content = {"msgtype": "m.text", "body": words(name)}
    return home.event(room, person, content, origin_server_ts=time.time_ns() // 1_000_000)


def _phone(number: int) -> str:
    return f"+447700{900_000 + number}"


def _hmac(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
