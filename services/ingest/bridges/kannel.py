"""Text messages by a Kannel gateway of our own: its smsbox calls us for each SMS that comes in.

Kannel signs nothing: it logs in with the password in the address that it was given. It joins the parts of a
long message before it calls, and gives each message an id that stays the same however often it calls. The
words come as the body, so they stand in no address and in no log of addresses. The receipt is the response,
which Kannel sends on; a question goes out by the smsbox's own HTTP interface.
"""

import hmac
import re
from collections.abc import Sequence
from email.message import Message
from typing import ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

import aiohttp
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
from shared.errors import SettingsError
from shared.plugins.addresses import http_base
from shared.plugins.kannel_api import send_message
from shared.plugins.sms import is_number, own_id
from shared.plugins.untrusted import moment_in

_USER: Final = "relay"
"""The name before the password in `post-url`."""
_LIVES_S: Final = 900
"""Seconds after which Kannel's network no longer sends what still waits."""
_MAX_FIELDS: Final = 20
_PASSWORD: Final = re.compile(r"[A-Za-z0-9_-]{16,}")
_BAD_SIGNATURE: Final = Refused(
    403, "bad_signature", "The login does not fit; let Kannel's post-url begin with http://relay:PASSWORD@."
)
_FIELD_MISSING: Final = Refused(
    422, "field_missing", "Let Kannel's post-url end with ?id=%I&time=%T, and set send-sender = true."
)


class KannelBridgeSettings(PluginSettings):
    """What Kannel calls us with, and how to ask back."""

    webhook_password: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the password in Kannel's `post-url`: 16 or more letters, digits, - and _."""
    reply: bool = True
    """Whether the sender gets a receipt by SMS (it costs two messages)."""
    url: str = ""
    """The smsbox's address (http://127.0.0.1:13013), to ask reporters back; without it they are not asked."""
    username: str = Field(default="", pattern=r"^[\x21-\x7e]*$")
    """The user in Kannel's `sendsms-user` group."""
    password: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to that user's password."""
    number: str = Field(default="", pattern=r"^(\+?[0-9]{3,15})?$")
    """The number that the questions come from: the one that people text."""


class KannelBridge:
    """One Kannel, with all numbers that it hands on."""

    spec: ClassVar[Spec] = Spec(
        kind="kannel",
        title="SMS by Kannel",
        summary="People text a number of your own Kannel gateway; each message is a report.",
        who_else_reads=(
            "Whoever runs Kannel and the SMS centre behind it, and both phone companies, can read every "
            "message, its sender and the receipt."
        ),
        stability="good",
        tested="real",
        example={
            "webhook_password": "env:KANNEL_WEBHOOK_PASSWORD",
            "reply": True,
            "url": "http://127.0.0.1:13013",
            "username": "relay",
            "password": "env:KANNEL_PASSWORD",
            "number": "+442079460000",
        },
        set_up="""
1. Make a password (`openssl rand -hex 16`) and put it where `webhook_password` says, in the environment of
   ingest and notifier or in a file.
2. Tell Kannel in `kannel.conf` to hand on every message, with that password and the bridge's id:

       group = sms-service
       keyword = default
       catch-all = true
       post-url = "http://relay:PASSWORD@127.0.0.1:8080/bridges/my-kannel?id=%I&time=%T"
       send-sender = true
       max-messages = 3
       concatenation = true
       omit-empty = true

   The port is `RELAY_INGEST_PORT`. Without `omit-empty` whoever gets no receipt gets a message that says so;
   without `max-messages` a receipt is cut after 160 characters. If the relay is on another machine, use
   `https://`, or the password and every word go over the network for all to read.
3. Put this into the group `smsbox`: Kannel **by default asks once and forgets the message**, and tells its
   sender that it could not fetch something. With it Kannel asks for a day:

       http-request-retry = 8640
       http-queue-delay = 10

4. In the group `core` set `sms-combine-concatenated-mo-timeout = 60`: so long Kannel waits for the missing
   part of a message (else half an hour), then hands on what it has, part by part.
5. Keep words and numbers out of Kannel's logs: at `log-level = 1` the smsbox logs every text and sender, at 3
   the address with the password. Set `log-level = 4` for core and smsbox, start both with `-v 4`, and leave
   out `access-log`.
6. If the network writes numbers without their country, let the group `smsc` add it (`unified-prefix =
   "+44,0044,0"`): only whoever has a whole number can be asked back.
7. To ask back, give the relay a user as for [the channel](channel-kannel.md#set-up) and set `url`,
   `username`, `password` and `number`; that password only the notifier needs.
8. Text the number. The receipt is there in seconds; if not, `bridge.my-kannel.refused.…` in ingest's
   `/health/bridges` counts why.
""",
        while_away="""
While ingest is away, or can't store, or refuses (a wrong password), Kannel asks again and again, and each
message comes in once. **It keeps them in memory alone** (seen with 1.4.5): what waits for ingest is lost when
the smsbox ends, stopped or killed, and what waits for the rest of a long message when the bearerbox ends. So
end ingest rather than Kannel, and shortly.
""",
        notes="""
- **What it costs.** What your SMS centre takes; a receipt is two messages, a question one or two.
- Data for machines (8-bit messages that are no text) is no report and is counted as `ignored.binary`.
- A receipt goes out in the letters of plain SMS, a question in whatever it is written in.
- Tested against the real bearerbox and smsbox, with Kannel's own fakesmsc in the network's place, which knows
  no other scripts: those are tested with what Kannel was seen to send. Never run against a real SMS centre.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = KannelBridgeSettings

    def __init__(self, settings: KannelBridgeSettings, secrets: Secrets) -> None:
        """Resolve the password; `SettingsError` for one that Kannel could not say."""
        password = secrets.resolve(settings.webhook_password)
        if not _PASSWORD.fullmatch(password):
            raise SettingsError(
                f"{settings.webhook_password} must be 16 or more letters, digits, - and _: "
                "Kannel fills in what stands after a % in an address, and can write nothing else there."
            )
        self._login = aiohttp.encode_basic_auth(_USER, password).encode()
        self._settings = settings

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The one message of a request that is logged in."""
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        return _report(request) if hmac.compare_digest(self._login, given) else _BAD_SIGNATURE

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """What Kannel sends the sender; nothing sends nothing."""
        return WebhookResponse(body="\n".join(r.text for r in receipts) if self._settings.reply else "")

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Send it from the number that people text."""
        given = self._settings
        if not (given.url and given.username and given.password and given.number):
            return CANNOT_WRITE_BACK
        return await send_message(
            host.http,
            http_base(given.url, host.secrets),
            (given.username, host.secrets.resolve(given.password)),
            address,
            text,
            sender=given.number,
            name=own_id(key),
            lives_s=_LIVES_S,
        )


def _report(request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
    query, sender = _query(request.url), request.headers.get("x-kannel-from", "")
    source_id = query.get("id", "")
    if not source_id or not sender:
        return _FIELD_MISSING
    text = _text(request)
    if text is None:
        return Ignored("binary")
    if not text.strip():
        return Ignored("no_text")
    contact = sender if is_number(sender) else None
    observed_at = moment_in(query, "time")
    return [
        IncomingReport(
            source_id=source_id, text=text, sender=sender, contact=contact, observed_at=observed_at
        )
    ]


def _query(url: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return {}


def _text(request: WebhookRequest) -> str | None:
    """The words in the alphabet that Kannel names; None for data that is no text."""
    kind = Message()
    kind["content-type"] = request.headers.get("content-type", "")
    try:
        if kind.get_content_type() == "application/octet-stream":
            return request.body.decode()
        return request.body.decode(kind.get_content_charset() or "utf-8", "replace")
    except UnicodeError:
        return None
    except (LookupError, ValueError):  # an alphabet that there is not: better half of it than nothing
        return request.body.decode("utf-8", "replace")
