"""SMS by Vonage's SMS API; what became of a message comes back in signed delivery receipts.

Vonage answers 200 whatever happened and says in the body, for each part, what did. A message is known by a
name of ours, which comes back with the receipt of each of its parts.
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from alert_relay.plugins import (
    BadCredentials,
    ChannelHost,
    Delivered,
    DeliveryReceipt,
    Ignored,
    Outcome,
    PluginSettings,
    Refused,
    Rejected,
    RenderedMessage,
    RetryLater,
    Spec,
    Unknown,
    WebhookRequest,
    sms_length,
)
from shared.plugins.addresses import http_base, resolved
from shared.plugins.http_outcomes import from_status, post
from shared.plugins.sms import (
    BAD_NUMBER,
    MAX_CHARS,
    Numbers,
    PricePence,
    Sender,
    is_number,
    lives_s,
    numbers,
    own_id,
    reachable,
    text_of,
)

_MAX_FIELDS: Final = 50
_LOST: Final = frozenset({"failed", "rejected", "expired"})
_PERSON: Final = frozenset({"4", "8", "11", "14", "32"})
"""Wrong key or secret, account barred, no HTTP, wrong signature, secret not allowed: somebody must act."""
_LATER: Final[Mapping[str, str]] = {
    "1": "throttled",
    "5": "vonage_5",
    "9": "no_credit",
    "10": "too_many_binds",
}
_NEVER: Final[Mapping[str, str]] = {"7": "barred", "12": "too_long", "15": "bad_sender",
                                    "29": "not_on_trial_list", "33": "number_gone"}  # fmt: skip
_BAD_SIGNATURE: Final = Refused(
    403,
    "bad_signature",
    "The signature does not fit; check signature_secret, and that the account signs with SHA-256 HMAC.",
)


class VonageSettings(PluginSettings):
    """The account, who writes, and to whom."""

    api_key: str = Field(pattern=r"^[0-9A-Za-z]{4,32}$")
    """The account's API key."""
    api_secret: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the account's API secret."""
    signature_secret: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to the account's signature secret; without it no receipts are asked for."""
    sender: Sender
    """A number of the account's, a short code, or a name of up to eleven letters."""
    to: Numbers
    """Phone numbers with their country (+44…), or references to them."""
    api: str = "https://rest.nexmo.com"
    """Vonage's SMS API server."""
    price_pence: PricePence = 0.0


class VonageChannel:
    """Sends each number its own message."""

    spec: ClassVar[Spec] = Spec(
        kind="vonage",
        title="SMS by Vonage",
        summary="Texts alerts by your Vonage account, and knows which of them arrived.",
        who_else_reads="Vonage and the phone companies: every message and whom it goes to.",
        stability="experimental",
        tested="fake",
        per_second=30,  # api.support.vonage.com, "throughput limit for outbound SMS": what a key has at first
        example={
            "api_key": "abcd1234",
            "api_secret": "env:HACKNEY__VONAGE_SECRET",
            "signature_secret": "env:HACKNEY__VONAGE_SIGNATURE",
            "sender": "Hackney",
            "to": ["+447700900123"],
        },
        sms=True,
        set_up="""
1. Put the API secret where `api_secret` says, in the notifier's environment or in a file.
2. For receipts choose *SHA-256 HMAC signature* in the account's API settings, put the signature secret where
   `signature_secret` says, let a proxy hand `/receipts/` (and nothing else) of an https:// address to the
   notifier, and set `RELAY_NOTIFIER_PUBLIC_URL` to that address. Each message names it; the account's own
   webhook for receipts stays as it is.
3. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- **What it costs.** Vonage's price for each segment and number. Words for SMS keep to two segments of 153
  characters; the preview says how many.
- *Accepted* means that Vonage queued it. *Delivered* and *failed* come later, for each part; a message of
  which one part failed has failed. Some networks say nothing, or say it for themselves.
- `no_credit`: the account is empty; it is tried again until the alert is too old. `throttled`: more than
  Vonage takes a second (30, or 1 to the United States).
- Vonage has no key against copies: what broke off on the way is sent once more, so a second copy is
  possible, a third is not.
- Tested against a stand-in that keeps the SMS API, its codes, 429 with Retry-After, hangs and resets, with
  receipts signed by Vonage's own library. Never run against Vonage.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = VonageSettings
    max_chars: ClassVar[int] = MAX_CHARS

    def __init__(self, settings: VonageSettings, host: ChannelHost) -> None:
        self._http, self._settings = host.http, settings
        self._url = http_base(settings.api, host.secrets) + "/sms/json"
        self._secret = resolved(settings.api_secret, host.secrets)
        signing = resolved(settings.signature_secret, host.secrets)
        self._auth = _auth(settings.api_key, signing) if signing else None
        self._receipts_url = reachable(host.receipts_url) if signing else ""
        self._to = numbers(settings.to, host.secrets)

    def recipients(self) -> Sequence[str]:
        """The numbers."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Queue it for one number, in the alphabet that it needs."""
        if not is_number(address):
            return BAD_NUMBER
        name = own_id(key)
        form = self._form(address, message, name)
        return await post(self._http, self._url, partial(_outcome, name), data=form)

    def _form(self, address: str, message: RenderedMessage, name: str) -> dict[str, str]:
        form = {
            "api_key": self._settings.api_key,
            "api_secret": self._secret,
            "from": self._settings.sender.removeprefix("+"),
            "to": address.removeprefix("+"),
            "text": text_of(message),
            "type": "text" if sms_length(message.text).plain else "unicode",
            "ttl": str(lives_s(message) * 1000),
            "client-ref": name,
        }
        asked = {"status-report-req": "1", "callback": self._receipts_url}
        return form | (asked if self._receipts_url else {})

    def receipts(self, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Ignored | Refused:
        """What Vonage says of one part of a message."""
        said = _fields(request)
        if self._auth is None or said is None or not _signed(self._auth, said):
            return _BAD_SIGNATURE
        name, status = said.get("client-ref", ""), said.get("status", "")
        if not name:
            return Ignored("not_ours")
        if status == "delivered":
            return [DeliveryReceipt(name, "delivered")]
        if status in _LOST:
            return [DeliveryReceipt(name, "failed", f"vonage_err_{said.get('err-code', '')}".rstrip("_"))]
        return Ignored("not_final")


def _auth(api_key: str, signing: str) -> Auth:
    return Auth(api_key=api_key, signature_secret=signing, signature_method="sha256")


def _signed(auth: Auth, said: Mapping[str, str]) -> bool:
    """By the vendor's own check; it would put in the time where that is missing, which nobody signed."""
    if not (said.get("sig", "").isascii() and said.get("timestamp")):
        return False
    return bool(auth.check_signature(dict(said)))


def _fields(request: WebhookRequest) -> dict[str, str] | None:
    """By GET, as a form, or as JSON: the account's settings decide."""
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            data: Any = json.loads(request.body)
            return {str(k): str(v) for k, v in data.items()} if isinstance(data, dict) else None
        text = urlsplit(request.url).query if request.method == "GET" else request.body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except (ValueError, RecursionError):
        return None


def _outcome(name: str, status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    outcome = from_status(status, headers, answer)
    if not isinstance(outcome, Delivered):
        return outcome
    parts = _parts(answer)
    codes = [str(part.get("status")) for part in parts]
    if codes and set(codes) == {"0"}:
        return Delivered(name)
    if not codes or "0" in codes:
        return Unknown("partly_taken" if codes else "not_understood")
    words = parts[0].get("error-text")
    return _refused(codes[0], words if isinstance(words, str) else None)


def _parts(answer: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer)["messages"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def _refused(code: str, words: str | None) -> Outcome:
    if code in _PERSON:
        return BadCredentials(words=words)
    if code in _LATER:
        return RetryLater(_LATER[code], words=words)
    return Rejected(_NEVER.get(code, f"vonage_{code}"), words=words)
