"""What an HTTP provider's answer, or its silence, means for a delivery. Shared by HTTP channels.

The line that matters: was the request surely not taken (try again freely), or may it have been
(that is a possible copy)? The provider's own text goes along as an outcome's `words` only, which the host
shows to whoever tests a channel and keeps nowhere else; our address and our secret never leave here.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

_MAX_ANSWER = 65_536
_MAX_WORDS = 4_000
_SAYS = ("description", "message", "detail", "title", "reason")
"""Where providers put their sentence."""
_DOES_NOT_KNOW: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
"""What a gateway answers that does not know what became of the request behind it."""
_TAG = re.compile(r"<(?:style|script)[^>]*>.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def from_status(status: int, headers: Mapping[str, str], answer: bytes = b"") -> Outcome:
    """The outcome of a complete answer; `Delivered` without id for any 2xx. `answer` is its body."""
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
        return Delivered()
    words = words_in(answer)
    if status in {401, 403}:
        return BadCredentials(words=words)
    if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 - HTTP's own classes
        after_s = retry_after(headers.get("Retry-After"), datetime.now(UTC))
        return RetryLater(f"http_{status}", after_s, words=words)
    return Rejected(f"http_{status}", words=words)


def as_known(known: Outcome, by_status: Outcome, words: str | None) -> Outcome:
    """What a provider's own code means, with the pause that was asked for and what was said."""
    match known:
        case RetryLater(reason):
            after_s = by_status.after_s if isinstance(by_status, RetryLater) else None
            return RetryLater(reason, after_s, words=words)
        case Rejected(reason):
            return Rejected(reason, words=words)
    return BadCredentials(words=words)


def words_in(answer: bytes) -> str | None:
    """What a body says to people: a JSON object's own sentence, or its text without mark-up."""
    text = answer[:_MAX_WORDS].decode(errors="replace").strip()
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return _TAG.sub(" ", text).strip() or None
    said = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(said, dict):
        said = next((s for key in _SAYS if isinstance(s := said.get(key), str)), None)
    return said if isinstance(said, str) and said.strip() else None


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header (seconds or an HTTP date); None if it says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    with suppress(ValueError):
        then = parsedate_to_datetime(value)
        return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds())
    return None


def from_error(error: Exception) -> Outcome:
    """The outcome of an exchange that broke off; raises what is no network error."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return RetryLater("connect_timeout")
        case aiohttp.ClientConnectorError():
            return RetryLater("unreachable")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return Rejected("bad_address")
        case asyncio.TimeoutError():
            return Unknown("timeout")
        case aiohttp.ClientError() | OSError():
            return Unknown("connection_broke")
    raise error


async def post(
    http: aiohttp.ClientSession,
    url: str,
    means: Callable[[int, Mapping[str, str], bytes], Outcome],
    **request: Any,
) -> Outcome:
    """POST where a copy costs: what may have been taken is `Unknown`; else `means` says, as `from_status`."""
    try:
        async with http.post(url, allow_redirects=False, **request) as response:
            if response.status in _DOES_NOT_KNOW:
                return Unknown(f"http_{response.status}")
            return means(response.status, response.headers, await read_answer(response))
    except (aiohttp.ClientError, OSError) as error:
        return from_error(error)


async def read_answer(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the answer's body; empty if it breaks off, because the status has decided."""
    body = b""
    with suppress(aiohttp.ClientError, OSError):
        while len(body) < _MAX_ANSWER and (piece := await response.content.read(_MAX_ANSWER - len(body))):
            body += piece
    return body
