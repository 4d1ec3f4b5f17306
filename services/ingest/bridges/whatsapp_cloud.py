"""WhatsApp by Meta's Cloud API: Meta calls us for what people write to a number of the hub's.

Each call is signed over its very bytes; one may hold several messages, and word of messages that we sent,
which is none of ours here. A message is known by its id (`wamid…`), so Meta may tell it again, as it does
for days. Text, what stands below a picture, a pressed button and a place count; no picture or recording is
ever fetched. What is edited, deleted or of a kind that nobody knows yet is counted and passed by.

Receipts and questions are messages of their own. WhatsApp lets them through for a day after somebody wrote,
which is longer than either ever waits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final

from pydantic import Field

from alert_relay.plugins import (
    CANNOT_WRITE_BACK,
    Answered,
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
from shared.plugins.http_outcomes import post
from shared.plugins.sms import BAD_NUMBER, own_id
from shared.plugins.untrusted import moment_in, object_in
from shared.plugins.whatsapp_cloud import (
    API,
    BAD_SIGNATURE,
    handshake,
    messages_in,
    outcome_of,
    recipient,
    signed,
)

_NOT_UNDERSTOOD: Final = Refused(422, "not_understood", "A webhook of Meta's is a JSON object with `entry`.")
_OLDEST: Final = timedelta(days=13)
"""What is older may be a repeat that the log has forgotten."""
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("body",),
    "button": ("text",),
    "location": ("name", "address"),
    **dict.fromkeys(("image", "video", "document", "audio", "voice"), ("caption",)),
}
"""Where in a message of each kind its words stand."""
_CHOSEN: Final = ("button_reply", "list_reply")
_NO_REPORT: Final = {"edit": "edited_message", "revoke": "deleted_message"}


class WhatsAppCloudSettings(PluginSettings):
    """The number that people write to, and the Meta app that it belongs to."""

    phone_number_id: str = Field(pattern=r"^[0-9]{5,20}$")
    """The id of the number that people write to (not the number itself); what comes to others is ignored."""
    app_secret: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the Meta app's secret, by which Meta signs."""
    verify_token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the verify token that is entered in the Meta app."""
    token: str = Field(default="", pattern=r"^((env|file):.+)?$")
    """A reference to a system user's access token, for receipts and questions; else there are neither."""
    api: str = API
    """Meta's Graph API with its version."""


class WhatsAppCloud:
    """One number."""

    spec: ClassVar[Spec] = Spec(
        kind="whatsapp-cloud",
        title="WhatsApp",
        summary="People write to a WhatsApp number of the hub's; text, captions, buttons and places count.",
        who_else_reads=(
            "Meta can read every message and its answer: at the Cloud API, which is its own, WhatsApp's "
            "end-to-end encryption ends; it knows who wrote."
        ),
        stability="good",
        tested="replay",
        example={
            "phone_number_id": "106540352242922",
            "app_secret": "env:RELAY_WHATSAPP_APP_SECRET",
            "verify_token": "env:RELAY_WHATSAPP_VERIFY_TOKEN",
            "token": "env:RELAY_WHATSAPP_TOKEN",
        },
        senders="account",
        read_by="Meta",
        receipts="message",
        max_body=3_145_728,  # developers.facebook.com, WhatsApp webhooks: "up to 3 MB"
        per_second=80,  # developers.facebook.com, Cloud API, "throughput": what a number has at first
        set_up="""
1. Make an app with WhatsApp in Meta's developer console, with a number that nobody uses in WhatsApp's own
   app, and an access token of a *system user* with the right `whatsapp_business_messaging`: other tokens
   end within a day.
2. Put the app's secret, a verify token of your own making (`openssl rand -hex 32`) and the access token
   into the environment of ingest and notifier, under the names of the example. With these names no group's
   channel can refer to them.
3. Add the entry below to the bridges file, with the number's own id as `phone_number_id`, set
   `RELAY_INGEST_PUBLIC_URL`, and restart ingest and notifier. Meta calls only an https:// address with a
   certificate that browsers accept.
4. In the app, *WhatsApp, Configuration*: enter `https://…/bridges/my-whatsapp-cloud` and the verify token.
   Meta asks at once whether the address is ours; if it says no, the health page counts `bad_verify_token`
   for the bridge. Then subscribe the field `messages`, and nothing else.
5. Write to the number from any phone: a receipt comes back. In the number's profile say who reads along.
""",
        while_away="""
Meta sends what was not taken again, with growing pauses, for days; a message is a report once, however
often it comes. An answer of the relay's other than 200 is such a refusal, also while nothing can be stored.
What is older than thirteen days is not taken (`too_old`): it may be a repeat of something long forgotten.
""",
        notes="""
- **What counts.** Text, captions, replies to buttons and lists, places with their name and address. A voice
  message or picture without words is no report, and nobody is told so: say in the number's profile *write,
  or send your location*. A shared live location does not reach the Cloud API. Reactions, stickers, contacts
  and calls are passed by.
- **Edits and deletions.** An edit is not taken: write it anew. Deleting a message takes no report back.
- **Forwarded** messages are reports of somebody who was not necessarily there.
- **Groups.** What is written in a group is never taken: the number stands for a private chat.
- **Answers** cost nothing within a day of somebody's last message. Later WhatsApp refuses them
  (`template_needed`); a receipt or question is long out of date by then.
- **Without a number.** Who hides theirs behind a username is known by an id of Meta's, and answered there.
  Whoever begins to hide it is somebody new to the relay.
- **One webhook.** An app has one webhook. Where the channel [`whatsapp`](channel-whatsapp.md) wants
  receipts as well, give it an app of its own, or give each number a webhook of its own (*webhook
  overrides*).
- **Copies.** Meta has no key against copies: a question that broke off on the way is sent once more.
- **Tested** with webhooks in Meta's form, signed as Meta signs them, forged, cut and repeated, and against
  a stand-in of the Cloud API. Never run against Meta.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = WhatsAppCloudSettings

    def __init__(self, settings: WhatsAppCloudSettings, secrets: Secrets) -> None:
        """Resolve what reading needs."""
        self._app_secret = secrets.resolve(settings.app_secret).encode()
        self._verify_token = secrets.resolve(settings.verify_token)
        self._settings = settings

    def handshake(self, request: WebhookRequest) -> Answered | Refused:
        """Meta's question whether this address is ours."""
        return handshake(self._verify_token, request)

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The reports among the messages of a signed call."""
        if not signed(self._app_secret, request):
            return BAD_SIGNATURE
        messages = messages_in(request.body)
        if messages is None:
            return _NOT_UNDERSTOOD
        found = [self._read(number, message, request.now) for number, message in messages]
        reports = [one for one in found if isinstance(one, IncomingReport)]
        return reports or next((one for one in found if isinstance(one, Ignored)), Ignored("no_message"))

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:  # noqa: ARG002 - receipts go as messages
        """Meta wants a 200 and reads nothing else."""
        return WebhookResponse()

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Send it as plain text, which WhatsApp lets through for a day after their last message."""
        given = self._settings
        if not given.token:
            return CANNOT_WRITE_BACK
        token = host.secrets.resolve(given.token)
        to = recipient(address)
        if to is None:
            return BAD_NUMBER
        url = f"{http_base(given.api, host.secrets)}/{given.phone_number_id}/messages"
        words = {"type": "text", "text": {"preview_url": False, "body": text}}
        body = {"messaging_product": "whatsapp", "recipient_type": "individual", **to, **words}
        headers = {"Authorization": f"Bearer {token}"}
        return await post(host.http, url, partial(outcome_of, own_id(key)), json=body, headers=headers)

    def _read(self, number: str, message: Mapping[str, Any], now: datetime) -> IncomingReport | Ignored:
        if number != self._settings.phone_number_id:
            return Ignored("other_number")
        name, kind = message.get("id"), message.get("type")
        if not isinstance(name, str) or not name:
            return Ignored("no_message")
        if message.get("group_id"):
            return Ignored("group_talk")
        at = moment_in(message, "timestamp")
        if at is not None and now - at > _OLDEST:
            return Ignored("too_old")
        if not isinstance(kind, str) or kind not in {*_WORDS, "interactive"}:
            return Ignored(_NO_REPORT.get(str(kind), "no_words_of_its_own"))
        return _report(message, name, _text(message, kind), at)


def _report(
    message: Mapping[str, Any], name: str, text: str, at: datetime | None
) -> IncomingReport | Ignored:
    place = object_in(message, "location")
    lat, lon = _degrees(place.get("latitude"), 90), _degrees(place.get("longitude"), 180)
    has_place = lat is not None and lon is not None
    if not text and not has_place:
        return Ignored("no_text_or_place")
    context, sender = object_in(message, "context"), _sender(message)
    forwarded = any(context.get(how) is True for how in ("forwarded", "frequently_forwarded"))
    return IncomingReport(
        source_id=name,
        text=text,
        sender=sender,
        contact=sender,
        lat=lat if has_place else None,
        lon=lon if has_place else None,
        observed_at=at,
        # Whoever passes on another's message was not necessarily there.
        first_hand=False if forwarded else None,
    )


def _sender(message: Mapping[str, Any]) -> str | None:
    """Their number as other bridges write it, or Meta's id of whoever hides theirs."""
    number, hidden = message.get("from"), message.get("from_user_id")
    if isinstance(number, str) and number:
        return f"+{number.removeprefix('+')}" if number.removeprefix("+").isdigit() else number
    return hidden if isinstance(hidden, str) and hidden else None


def _text(message: Mapping[str, Any], kind: str) -> str:
    """The words of a message: its text or caption, what was chosen, or a place's name and address."""
    part, keys = object_in(message, kind), _WORDS.get(kind, ("title", "description"))
    if kind == "interactive":
        part = next((found for key in _CHOSEN if (found := object_in(part, key))), {})
    texts = (part.get(key) for key in keys)
    return "\n".join(text for text in texts if isinstance(text, str) and text.strip()).strip()


def _degrees(value: Any, limit: float) -> float | None:
    sound = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= limit
    return float(value) if sound else None
