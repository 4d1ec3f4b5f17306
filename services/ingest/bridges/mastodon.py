"""Mastodon: an account of the hub's own; who mentions it reports, and so does who uses a hashtag of ours.

The account's server is asked for the newest mentions every few seconds, and for the newest posts of each
hashtag, back to where all was read before; after a start, for the last thirteen days. A post is known by its
id there, so what is known already is a report no second time, no place has to be kept, and none is lost.

A post is answered to whoever mentions us, by a direct post that nobody else sees, and tells them who can
read theirs. Posts of the account's own, of bots, and boosts are none of anybody's own words and no reports.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, StringConstraints

from alert_relay.plugins import (
    EVERYBODY,
    FOLLOWERS,
    SERVERS,
    BadCredentials,
    ChannelHost,
    Ignored,
    IncomingReport,
    Outcome,
    PluginSettings,
    ReadingHost,
    Rejected,
    RetryLater,
    Secrets,
    Spec,
)
from shared.plugins.addresses import http_base
from shared.plugins.html_text import text_of_html
from shared.plugins.mastodon_api import asked, direct_to, post_status
from shared.plugins.mastodon_words import READING, SET_UP, WHILE_AWAY
from shared.plugins.untrusted import object_in, text_in

_EVERY_S: Final = 10.0
_PAGE: Final = 40
_MOST_PAGES: Final = 500
_MOST_KNOWN: Final = 20_000
_LATE: Final = timedelta(hours=1)
"""A post that another server passes on late stands where it was written, below newer ones."""
_OLDEST: Final = timedelta(days=13)
"""What is older may be a repeat that the log has forgotten."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_READ_BY: Final = {"public": EVERYBODY, "unlisted": EVERYBODY, "direct": SERVERS}
_MENTIONS: Final = "/api/v1/notifications?types[]=mention&include_filtered=true"


class MastodonSettings(PluginSettings):
    """The account, and which hashtags count."""

    server: str = Field(min_length=1)
    """The server that the account is on, or a reference to its address."""
    token: str = Field(pattern=r"^(env|file):.+$")
    """A reference to an access token of the account's: read:accounts, read:notifications, read:statuses,
    write:statuses."""
    hashtags: tuple[Annotated[str, StringConstraints(pattern=r"^\w{1,60}$")], ...] = Field(
        default=(), max_length=5
    )
    """Public posts with one of these are reports, too, as far as the account's server knows them."""


class Mastodon:
    """One account. How far it has read it may forget: that costs a few questions."""

    spec: ClassVar[Spec] = Spec(
        kind="mastodon",
        title="Mastodon",
        summary="People mention an account of the hub's, best in a private mention, or use a hashtag.",
        who_else_reads=(
            "Whoever runs the writer's server or the hub's can read everything, a private mention too; "
            "a post to followers all of them, a public or unlisted one everybody."
        ),
        stability="experimental",
        tested="fake",
        example={
            "server": "https://mastodon.example",
            "token": "env:RELAY_MASTODON_TOKEN",
            "hashtags": ["HackneyRaid"],
        },
        senders="account",
        read_by=SERVERS,
        silent_s=300,
        set_up=SET_UP,
        while_away=WHILE_AWAY,
        notes=READING,
    )
    Settings: ClassVar[type[PluginSettings]] = MastodonSettings
    every_s: float = _EVERY_S

    def __init__(self, settings: MastodonSettings, secrets: Secrets) -> None:
        """Resolve the server and the token."""
        self._server = http_base(settings.server, secrets)
        self._token = secrets.resolve(settings.token)
        tags = (f"/api/v1/timelines/tag/{tag}?" for tag in settings.hashtags)
        self._known: dict[str, dict[str, None]] = {what: {} for what in (_MENTIONS, *tags)}
        """By what is asked: the ids of what is done with, in order."""
        self._read_to: dict[str, datetime] = {}

    async def read(self, host: ReadingHost) -> RetryLater | BadCredentials:
        """Ask for what is new until the server does not answer."""
        us = await self._ask(host, "/api/v1/accounts/verify_credentials")
        if isinstance(us, RetryLater | BadCredentials):
            return us
        if not (isinstance(us, dict) and text_in(us, "id") and text_in(us, "username")):
            return RetryLater("not_understood")
        host.connected()
        while True:
            for what in tuple(self._known):
                host.alive()
                ended = await self._catch_up(host, what, us)
                if ended is not None:
                    return ended
            await asyncio.sleep(self.every_s)

    async def write_back(self, address: str, text: str, host: ChannelHost, *, key: str) -> Outcome:
        """Send it as a direct post to whoever mentioned us."""
        status = direct_to(address, text)
        if status is None:
            return Rejected("bad_address")
        return await post_status(host.http, self._server, self._token, status, key=key)

    async def _catch_up(
        self, host: ReadingHost, what: str, us: Mapping[str, Any]
    ) -> RetryLater | BadCredentials | None:
        """Take what is new, back to where all was read before; why not, if that could not be done."""
        began, known, before = host.now, self._known[what], ""
        until = self._read_to.get(what, began - _OLDEST)
        for _ in range(_MOST_PAGES):
            page = await self._ask(host, f"{what}&limit={_PAGE}{before and f'&max_id={before}'}")
            if isinstance(page, RetryLater | BadCredentials):
                return page
            told = _with_ids(page)
            new = [one for one in told if one["id"] not in known]
            for one in reversed(new):
                await self._take(host, one, us, mentioned=what == _MENTIONS)
                known[one["id"]] = None
            all_known = not new and (len(told) < _PAGE or told[-1]["id"] == before)
            if not told or all_known or _is_before(told[-1], until):
                break
            before = told[-1]["id"]
        self._read_to[what] = began - _LATE
        self._known[what] = dict.fromkeys(list(known)[-_MOST_KNOWN:])
        return None

    async def _take(
        self, host: ReadingHost, told: Mapping[str, Any], us: Mapping[str, Any], *, mentioned: bool
    ) -> None:
        status = object_in(told, "status") if mentioned else told
        found = report_of(status, us, host.now, mentioned=mentioned)
        if isinstance(found, IncomingReport):
            await host.take(found)
        else:
            host.ignored(found)

    async def _ask(self, host: ReadingHost, path: str) -> Any:
        return await asked(host.http, f"{self._server}{path}", self._token)


def report_of(
    status: Mapping[str, Any], us: Mapping[str, Any], now: datetime, *, mentioned: bool
) -> IncomingReport | Ignored:
    """The report in one post, or why there is none. Whoever only used a hashtag did not write to us."""
    name, writer = text_in(status, "id"), object_in(status, "account")
    account, at = text_in(writer, "acct"), _moment(status.get("created_at"))
    text = words_of(status, text_in(us, "username"))
    none = {
        "no_message": not name or not account,  # deleted before it was read
        "own_message": text_in(writer, "id") == text_in(us, "id"),
        "from_a_bot": writer.get("bot") is True,
        "boost": bool(object_in(status, "reblog")),
        "too_old": at is not None and now - at > _OLDEST,
        "no_text": not text,
    }
    if (why := next((why for why, so in none.items() if so), None)) is not None:
        return Ignored(why)
    return IncomingReport(
        source_id=name,
        text=text,
        sender=account,
        contact=account if mentioned else None,
        observed_at=at,
        language=text_in(status, "language").partition("-")[0].lower()[:8] or None,
        # A visibility that only some servers have is meant for a circle of people.
        read_by=_READ_BY.get(text_in(status, "visibility"), FOLLOWERS),
    )


def words_of(status: Mapping[str, Any], username: str) -> str:
    """A post as plain words: its warning, its text without mark-up, and without our own name in front."""
    us = f"@{username.lower()}"
    said = f"{text_in(status, 'spoiler_text')}\n{text_of_html(text_in(status, 'content'))}"
    lines = (" ".join(w for w in line.split() if not _names(w.lower(), us)) for line in said.split("\n"))
    return "\n".join(line for line in lines if line)


def _names(word: str, us: str) -> bool:
    bare = word.rstrip(".,:;!?")
    return bare == us or bare.startswith(f"{us}@")


def _with_ids(page: Any) -> list[dict[str, Any]]:
    told = [one for one in page if isinstance(one, dict)] if isinstance(page, list) else []
    return [one for one in told if _ID.fullmatch(text_in(one, "id"))]


def _is_before(told: Mapping[str, Any], until: datetime) -> bool:
    at = _moment(told.get("created_at"))
    return at is not None and at < until


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None
