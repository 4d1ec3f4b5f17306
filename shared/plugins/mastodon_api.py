"""Mastodon's API as channel and bridge know it: asking, posting, and what its answers mean."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from shared.plugins.http_outcomes import from_status, post
from shared.plugins.sms import own_id
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

if TYPE_CHECKING:
    from aiohttp import ClientSession

ACCOUNT: Final = r"@?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?(?:@[A-Za-z0-9.-]+)?"
"""An account as its server writes it: ada, ada@mastodon.example."""
_MENTION: Final = re.compile(r"@(?=\w)")


_PATIENCE: Final = aiohttp.ClientTimeout(total=30, sock_connect=5)
_MOST_ANSWER: Final = 8_000_000


async def asked(http: "ClientSession", url: str, token: str) -> Any | RetryLater | BadCredentials:
    """What the server answers to a GET, or why it does not."""
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with http.get(url, headers=headers, timeout=_PATIENCE, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                return _why(response.status, response.headers)
            body = await _whole(response)
    except aiohttp.ClientConnectorError:
        return RetryLater("unreachable")
    except TimeoutError:
        return RetryLater("silent")
    except (aiohttp.ClientError, OSError):
        return RetryLater("connection_broke")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return RetryLater("not_understood")


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body, cut off where no server's is longer."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _MOST_ANSWER:
            break
    return bytes(body)


def _why(status: int, headers: Mapping[str, str]) -> RetryLater | BadCredentials:
    match with_pause(from_status(status, headers), status, headers):
        case RetryLater() | BadCredentials() as ended:
            return ended
        case Rejected(reason) | Unknown(reason):
            return RetryLater(reason)
    return RetryLater(f"http_{status}")


def naming_nobody(words: str) -> str:
    """The words without mentions: one would ring that account, and let it read a direct post."""
    return _MENTION.sub("@ ", words)


def direct_to(account: str, words: str) -> dict[str, str] | None:
    """A post that this account alone reads; None for what is no account."""
    if not re.fullmatch(ACCOUNT, account):
        return None
    return {"status": f"{naming_nobody(words)}\n\n@{account.removeprefix('@')}", "visibility": "direct"}


async def post_status(
    http: "ClientSession", server: str, token: str, status: Mapping[str, Any], *, key: str
) -> Outcome:
    """Post it; the server knows a post again by its key for an hour."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": own_id(key)}
    return await post(http, f"{server}/api/v1/statuses", _outcome, json=dict(status), headers=headers)


def _outcome(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    outcome = from_status(status, headers, answer)
    return (
        Delivered(_id_in(answer)) if isinstance(outcome, Delivered) else with_pause(outcome, status, headers)
    )


def with_pause(outcome: Outcome, status: int, headers: Mapping[str, str]) -> Outcome:
    """The outcome, with the pause that Mastodon asks for by a header of its own."""
    if status == HTTPStatus.TOO_MANY_REQUESTS and isinstance(outcome, RetryLater) and outcome.after_s is None:
        return RetryLater(outcome.reason, _until_reset(headers), words=outcome.words)
    return outcome


def _until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until it takes more."""
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
