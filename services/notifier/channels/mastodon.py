"""Mastodon: posts by an account of the group's own, to chosen accounts or to everybody.

What everybody can read obeys what the public page obeys: only what goes to the community, so nothing before a
person confirmed and no place finer than the street; no exercise; and a test is seen by the account alone.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from alert_relay.plugins import (
    ChannelHost,
    Delivered,
    Outcome,
    PluginSettings,
    Rejected,
    RenderedMessage,
    RetryLater,
    Spec,
)
from shared.plugins.addresses import http_base, resolved
from shared.plugins.http_outcomes import from_status, post
from shared.plugins.sms import own_id, text_of

_ACCOUNT: Final = r"@?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?(?:@[A-Za-z0-9.-]+)?"
_MENTION: Final = re.compile(r"@(?=\w)")
_NOT_FOR_PUBLIC: Final = Rejected("not_for_public")
_UNPROVEN: Final = frozenset({"unconfirmed", "likely", None})
"""Nothing that says so, or nothing at all, of its state."""
_GONE: Final = Rejected("http_404")
Visibility = Literal["direct", "unlisted", "public"]


class MastodonSettings(PluginSettings):
    """The account's server and token, and who shall see what it posts."""

    server: str = Field(min_length=1)
    """The server that the account is on, or a reference to its address."""
    token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to an access token of the account's with the right write:statuses."""
    visibility: Visibility
    """`direct`: the accounts in `to` alone. `unlisted`, `public`: everybody; only for the community."""
    to: tuple[Annotated[str, StringConstraints(pattern=rf"^({_ACCOUNT}|(env|file):.+)$")], ...] = Field(
        default=(), validate_default=True
    )
    """With `direct`: accounts (name@mastodon.example), or references to them."""

    @field_validator("to")
    @classmethod
    def _fits_visibility(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        visibility = info.data.get("visibility")
        if visibility == "direct" and not value:
            raise ValueError("say which accounts a direct post goes to")
        if visibility in {"unlisted", "public"} and value:
            raise ValueError("a post to everybody goes to no accounts; leave `to` out, or choose direct")
        return value

    @property
    def public(self) -> bool:
        """Whether everybody can read it."""
        return self.visibility != "direct"


class MastodonChannel:
    """Posts once for everybody, or once to each account; what follows replies to the first post."""

    spec: ClassVar[Spec] = Spec(
        kind="mastodon",
        title="Mastodon",
        summary="Posts alerts by your account on a Mastodon server; what follows replies to the first post.",
        who_else_reads=(
            "Whoever runs the account's server and those of the accounts written to (a direct post is not "
            "end-to-end encrypted); an unlisted or public post everybody."
        ),
        stability="experimental",
        tested="fake",
        example={
            "server": "https://mastodon.example",
            "token": "env:HACKNEY__MASTODON_TOKEN",
            "visibility": "unlisted",
        },
        set_up="""
1. Make an account for the alerts and say in its profile who writes there, and that nobody reads answers. In
   its settings mark it as a bot, keep it out of search engines, and switch on *automated post deletion*.
2. Settings, *Development*, *New application*: tick `write:statuses` and nothing else, and put the access
   token where `token` says, in the notifier's environment or in a file.
3. Choose who sees it. `direct` for verifiers: their accounts go into `to`, and each gets a post of its own.
   `unlisted` (followers, and whoever looks at the profile) or `public` (server timelines too) for the
   community, in a channel of the audience *community*.
4. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- **What everybody can read** obeys what the public page obeys. A channel with `unlisted` or `public` takes
  nothing but what goes to the community, and of that nothing before a person has confirmed; places are no
  finer than the street. It takes no exercise, and its test is a post that the account alone sees. Whatever
  else comes ends as `not_for_public`.
- **What it cannot do**: a post does not go two hours after the end, as the public page's entries do. Let the
  server delete old posts, and know that other servers keep copies.
- An update, the end and a correction reply to the first post about their incident. Nothing is edited: an
  edit rings nobody's phone. Where the first post is gone they stand by themselves.
- Words are short (430 characters), since every Mastodon takes 500; a server that takes fewer says so, and the
  post ends as `http_422` with the server's words.
- The server knows a post again by its key for an hour, so a second attempt is no second copy within it.
- A server's usual limit is 300 calls in five minutes; when it says when it takes more, that is waited for.
- Tested against a stand-in that keeps the API: its answers, 429 with X-RateLimit-Reset, hangs and resets.
  Never run against Mastodon.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = MastodonSettings
    max_chars: ClassVar[int] = 430
    """Every Mastodon takes 500, an account's name among them."""

    def __init__(self, settings: MastodonSettings, host: ChannelHost) -> None:
        self._http, self._settings = host.http, settings
        self._url = http_base(settings.server, host.secrets) + "/api/v1/statuses"
        self._token = resolved(settings.token, host.secrets)
        accounts = tuple(resolved(account, host.secrets).removeprefix("@") for account in settings.to)
        self._to = accounts or ("everybody",)

    def recipients(self) -> Sequence[str]:
        """The accounts, or everybody."""
        return self._to

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Post it."""
        return await self._post(self._status(address, message), key)

    async def reply(self, address: str, message: RenderedMessage, *, key: str, first: str) -> Outcome:
        """Post it as a reply; by itself where the first post is gone."""
        status = self._status(address, message)
        if isinstance(status, Rejected):
            return status
        outcome = await self._post(status | {"in_reply_to_id": first}, key)
        return await self._post(status, key) if outcome == _GONE else outcome

    def _status(self, address: str, message: RenderedMessage) -> dict[str, Any] | Rejected:
        words = _MENTION.sub("@ ", text_of(message))  # a mention would let that account read a direct post
        status = {"status": words, "visibility": self._settings.visibility, "language": message.language}
        if not self._settings.public:
            known = re.fullmatch(_ACCOUNT, address)
            return status | {"status": f"{words}\n\n@{address}"} if known else Rejected("bad_address")
        if message.kind == "TEST":
            return status | {"visibility": "direct"}
        return status if _may_be_public(message.data) else _NOT_FOR_PUBLIC

    async def _post(self, status: dict[str, Any] | Rejected, key: str) -> Outcome:
        if isinstance(status, Rejected):
            return status
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": own_id(key)}
        return await post(self._http, self._url, _outcome, json=status, headers=headers)


def _may_be_public(data: Mapping[str, Any]) -> bool:
    """Whether it says that it goes to the community, in earnest, of something that a person has confirmed."""
    proven = data.get("status") not in _UNPROVEN
    return data.get("audience") == "community" and proven and not data.get("drill")


def _outcome(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    outcome = from_status(status, headers, answer)
    if isinstance(outcome, Delivered):
        return Delivered(_id_in(answer))
    if status == HTTPStatus.TOO_MANY_REQUESTS and isinstance(outcome, RetryLater):
        waits = outcome.after_s if outcome.after_s is not None else _until_reset(headers)
        return RetryLater(outcome.reason, waits, words=outcome.words)
    return outcome


def _until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until Mastodon takes more, by its own header."""
    try:
        reset = datetime.fromisoformat(headers.get("X-RateLimit-Reset", ""))
    except ValueError:
        return None
    return max(0.0, (reset.replace(tzinfo=reset.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _id_in(answer: bytes) -> str | None:
    try:
        found = json.loads(answer)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
