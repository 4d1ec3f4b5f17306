"""What an HTTP provider's answer, or its silence, means for a delivery. Shared by HTTP channels.

The line that matters: was the request surely not taken (try again freely), or may it have been
(that is a possible copy)? Nothing of the provider's text, address or our secret leaves here.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

_MAX_ANSWER = 65_536


def from_status(status: int, headers: Mapping[str, str]) -> Outcome:
    """The outcome of a complete answer; `Delivered` without id for any 2xx."""
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
        return Delivered()
    if status in {401, 403}:
        return BadCredentials()
    if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return RetryLater(f"http_{status}", retry_after(headers.get("Retry-After"), datetime.now(UTC)))
    return Rejected(f"http_{status}")


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


async def read_answer(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the answer's body; empty if it breaks off, because the status has decided."""
    body = b""
    with suppress(aiohttp.ClientError, OSError):
        while len(body) < _MAX_ANSWER and (piece := await response.content.read(_MAX_ANSWER - len(body))):
            body += piece
    return body
