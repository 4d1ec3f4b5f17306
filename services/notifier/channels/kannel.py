"""SMS by Kannel: its smsbox takes a message by HTTP and calls back when the network says what became of it.

Kannel signs no callback; so the address that it calls holds a code of ours, made from the password for this
one message.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from alert_relay.plugins import (
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
from shared.plugins.kannel_api import send_message
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
    text_of,
)

_SAYS: Final = 1 | 2 | 16
"""Which callbacks we want: delivered to the phone, not delivered, refused by the network's SMS centre."""
_FAILED: Final[Mapping[str, str]] = {"2": "undelivered", "16": "refused_by_smsc"}
_MAX_FIELDS: Final = 20
_BAD_SIGNATURE: Final = Refused(
    403, "bad_signature", "The code does not fit; let Kannel call the address that it was given, unchanged."
)


class KannelSettings(PluginSettings):
    """The smsbox, the user that it knows us by, and whom to write to."""

    url: str = Field(min_length=1)
    """The smsbox's address (http://127.0.0.1:13013), or a reference to it."""
    username: str = Field(min_length=1, pattern=r"^[\x21-\x7e]+$")
    """The user in Kannel's `sendsms-user` group."""
    password: str = Field(pattern=r"^(env|file):.+$")
    """A reference to that user's password."""
    sender: Sender
    """Who it is from: a number, a short code, or a name of up to eleven letters."""
    to: Numbers
    """Phone numbers with their country (+44…), or references to them."""
    price_pence: PricePence = 0.0


class KannelChannel:
    """Sends each number its own message; two parts of one message are one for Kannel, and one receipt."""

    spec: ClassVar[Spec] = Spec(
        kind="kannel",
        title="SMS by Kannel",
        summary="Texts alerts through your own Kannel gateway, and knows which of them arrived.",
        who_else_reads=(
            "Whoever runs Kannel and the SMS centre behind it, and the phone companies: every message and "
            "whom it goes to. Kannel's access log holds the texts unless it is switched off."
        ),
        stability="good",
        tested="real",
        example={
            "url": "http://127.0.0.1:13013",
            "username": "relay",
            "password": "env:HACKNEY__KANNEL_PASSWORD",
            "sender": "Hackney",
            "to": ["+447700900123", "file:/run/secrets/hackney/second-number"],
        },
        sms=True,
        set_up="""
1. Give the relay a user of its own in `kannel.conf`. Without `max-messages` Kannel cuts every message
   after 160 characters, says that it took it, **and nobody is told** (seen with 1.4.5); set it to 5:

       group = sendsms-user
       username = relay
       password = …
       max-messages = 5
       concatenation = true

2. Keep the smsbox to machines of yours: `sendsms-interface = 127.0.0.1`, and in the group `core`
   `admin-interface` and `smsbox-interface`. Leave out `access-log`: it holds numbers and texts.
3. Put `sms-outgoing-queue-limit = 64` into the group `core`. Kannel sends in the order in which it took:
   without a limit it takes 10,000 texts faster than an SMS centre does, and **another group's first alert
   waits behind all of them** (seen with 1,600 at some 60 a second: it came last). With one it says *later*,
   and whoever is urgent waits in the relay, which lets groups go in turn.
4. Put the password where `password` says, in the notifier's environment or in a file.
5. For receipts set `RELAY_NOTIFIER_PUBLIC_URL` to the notifier's address as Kannel reaches it; on the same
   machine `http://127.0.0.1:8083`. Then test the channel (the button on its page, or
   `relay group test-channel`).
""",
        notes="""
- **What it costs.** What your SMS centre takes, for each segment and number. Words for SMS keep to two
  segments of 153 characters; the preview says how many.
- *Accepted* means that Kannel queued it. *Delivered* and *failed* are what the network says, minutes or hours
  later; some networks say nothing, or say *delivered* for the SMS centre alone.
- Kannel has no key against copies: what broke off on the way is sent once more, so a second copy is
  possible, a third is not.
- A group has 16 messages on their way at once, some 300 a second: more than most SMS centres take. Kannel
  1.4.5 lets ten new connections wait and drops others; of what came with 256, some stood still until nobody
  could say whether it had been taken.
- An urgent message waits two hours for a phone that is off, any other four.
- Let something start the smsbox again when it ends (`run_kannel_box`, systemd): that of Kannel 1.4.5 was seen
  to die when nobody listened where it wanted to call back.
- Tested against the real bearerbox and smsbox, with Kannel's own fakesmsc in the network's place. Never run
  against a real SMS centre.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = KannelSettings
    max_chars: ClassVar[int] = MAX_CHARS

    def __init__(self, settings: KannelSettings, host: ChannelHost) -> None:
        self._http, self._receipts_url = host.http, host.receipts_url
        self._base, self._sender = http_base(settings.url, host.secrets), settings.sender
        self._login = settings.username, resolved(settings.password, host.secrets)
        self._to = numbers(settings.to, host.secrets)

    def recipients(self) -> Sequence[str]:
        """The numbers."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Queue it for one number, in the alphabet that it needs."""
        if not is_number(address):
            return BAD_NUMBER
        name = own_id(key)
        return await send_message(
            self._http,
            self._base,
            self._login,
            address,
            text_of(message),
            sender=self._sender,
            name=name,
            lives_s=lives_s(message),
            receipt=self._asking(name),
        )

    def _asking(self, name: str) -> dict[str, str]:
        """The headers that ask for a receipt, where one can come."""
        if not self._receipts_url:
            return {}
        url = self._receipts_url.replace("%", "%%")  # Kannel fills in what stands after a %
        called = f"{url}?id={name}&code={self._code(name)}&status=%d"
        return {"X-Kannel-DLR-Mask": str(_SAYS), "X-Kannel-DLR-Url": called}

    def receipts(self, request: WebhookRequest) -> Sequence[DeliveryReceipt] | Ignored | Refused:
        """What Kannel says of one message."""
        try:
            pairs = parse_qsl(urlsplit(request.url).query, max_num_fields=_MAX_FIELDS)
        except ValueError:
            return _BAD_SIGNATURE
        said = dict(pairs)
        name, status = said.get("id", ""), said.get("status", "")
        if not hmac.compare_digest(self._code(name).encode(), said.get("code", "").encode()):
            return _BAD_SIGNATURE
        if status == "1":
            return [DeliveryReceipt(name, "delivered")]
        if status in _FAILED:
            return [DeliveryReceipt(name, "failed", _FAILED[status])]
        return Ignored("not_final")

    def _code(self, name: str) -> str:
        return hmac.new(self._login[1].encode(), f"receipt {name}".encode(), hashlib.sha256).hexdigest()
