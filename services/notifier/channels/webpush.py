"""Web Push: an encrypted message to a browser that agreed to it, by its maker's push service.

While a phone sleeps, an update takes the place of what it has not fetched yet about the same incident
(Topic), and once fetched, of what is shown (`tag`): whoever looks sees the present state, one an incident.
"""

import json
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

from pydantic import Field

from alert_relay.plugins import (
    ChannelHost,
    Outcome,
    PluginSettings,
    Rejected,
    RenderedMessage,
    Spec,
)
from shared.errors import SettingsError
from shared.plugins.addresses import resolved
from shared.plugins.http_outcomes import from_status, post, words_in
from shared.plugins.sms import lives_s, own_id, text_of
from shared.plugins.web_push import (
    MOST_BYTES,
    SERVICES,
    Vapid,
    encrypt,
    read_subscription,
    read_vapid_key,
    service_of,
)

_NAMED_FOR_S: Final = 43_200
"""How long our signed name is good: at most a day by the standard; clocks differ."""
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class WebPushSettings(PluginSettings):
    """Who we are to push services, and which browsers are told."""

    contact: str = Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$")
    """Whom push services write to if something is wrong: mailto:… or https://…"""
    vapid_key: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the VAPID private key (base64url) whose public key the browsers agreed to."""
    to: tuple[str, ...] = Field(min_length=1)
    """References to browsers' subscriptions (what PushSubscription.toJSON() gives), or those themselves."""
    services: tuple[str, ...] = Field(default=SERVICES, min_length=1)
    """Hosts of push services that may be called; `*.` at the beginning stands for any names before it."""


class WebPushChannel:
    """Sends each browser its own message."""

    spec: ClassVar[Spec] = Spec(
        kind="webpush",
        title="Web Push",
        summary="Pushes alerts to browsers that agreed to it, on phones and computers.",
        who_else_reads=(
            "Nobody on the way: it is encrypted as far as the browser. The push service of the browser's "
            "maker (Google, Mozilla, Apple, Microsoft) knows when something comes, from whom and how much."
        ),
        stability="experimental",
        tested="fake",
        example={
            "contact": "mailto:relay@group.example",
            "vapid_key": "env:HACKNEY__VAPID_KEY",
            "to": ["env:HACKNEY__BROWSER_1"],
        },
        set_up="""
1. Make a VAPID key pair (`npx web-push generate-vapid-keys` prints one). Put the private key where
   `vapid_key` says, in the notifier's environment or in a file; the page on which a browser agrees uses the
   public one. With another key every browser must agree anew.
2. Put what a browser's `PushSubscription.toJSON()` gives where `to` says: who has it can send to that browser
   if they have the key too.
3. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- **What a page must do**: its service worker gets JSON with `title`, `body`, `tag`, `lang`, `urgent` and
  `code`, and shows a notification with that `tag` (so a newer state replaces the older) and, where `urgent`,
  `renotify`.
- A message waits for a sleeping phone two hours if it is urgent, else four (TTL); one that is urgent wakes it
  (Urgency). What has not been fetched when news of the same incident comes is replaced by that (Topic).
- Each maker's push service is a provider of its own: one that asks for a pause holds its own browsers alone.
- `subscription_gone` (404, 410): the browser agreed to it no longer; take it out. `other_key` (403): it
  agreed to another VAPID key.
- **Whom it calls**: a subscription names the address that is called, and whoever hands one in chooses it. So
  only the hosts in `services` are called, by default those of the four makers; another ends as `bad_address`.
- *Accepted* means that the push service took it. Nobody says whether it was shown; iOS shows it only to
  pages that were put on the home screen. Never the only channel of a group.
- What broke off on the way is sent once more: a second copy replaces the first by its `tag`.
- Tested against a push service of our own that checks the signature and opens each message with the browser's
  key, and with the standard's own example; never run against a maker's service.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = WebPushSettings
    max_chars: ClassVar[int] = 700
    """So that title and text fit a push message in every script."""

    def __init__(self, settings: WebPushSettings, host: ChannelHost) -> None:
        self._http, self._services = host.http, settings.services
        try:
            key = read_vapid_key(resolved(settings.vapid_key, host.secrets))
        except ValueError:
            raise SettingsError(
                f"The secret {settings.vapid_key} is not a VAPID private key: 32 bytes as base64url."
            ) from None
        self._vapid = Vapid(key, settings.contact)
        self._to = tuple(resolved(one, host.secrets) for one in settings.to)

    def recipients(self) -> Sequence[str]:
        """The browsers' subscriptions."""
        return self._to

    def provider(self, address: str) -> str:
        """The push service of the browser's maker."""
        return service_of(address, self._services)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Push it to one browser."""
        try:
            browser = read_subscription(address, self._services)
        except ValueError:
            return Rejected("bad_address")
        topic = own_id(message.thread or key)
        shown = _shown(message, topic)
        if len(shown) > MOST_BYTES:
            return Rejected("too_long")
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(lives_s(message)),
            "Urgency": "high" if message.urgent else "normal",
            "Topic": topic,
            "Authorization": self._vapid.authorization(browser.endpoint, int(time.time()) + _NAMED_FOR_S),
        }
        body = encrypt(shown, browser)
        return await post(self._http, browser.endpoint, _outcome, data=body, headers=headers)


def _shown(message: RenderedMessage, tag: str) -> bytes:
    """What the page's service worker gets."""
    told: dict[str, Any] = {
        "title": message.subject,
        "body": text_of(message),
        "tag": tag,
        "lang": message.language,
        "urgent": message.urgent,
        "code": message.code,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _outcome(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    words = words_in(answer)
    if status in _GONE:
        return Rejected("subscription_gone", words=words)
    if status == HTTPStatus.FORBIDDEN:
        return Rejected("other_key", words=words)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Rejected("too_long", words=words)
    return from_status(status, headers, answer)
