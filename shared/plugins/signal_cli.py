"""signal-cli's daemon, as bridge and channel know it: where it may be, and one call of it, `send`.

The daemon has no password: whoever reaches it reads and writes in the account's name. So it is reached on
this machine alone, by its loopback address or by a unix socket; anything else is refused with the remedy.
"""

import ipaddress
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import structlog
from yarl import URL

from shared.plugins.http_outcomes import from_error, from_status, read_answer
from shared.plugins.spec import BadCredentials, Delivered, Outcome, Rejected, RetryLater, Unknown

if TYPE_CHECKING:
    from aiohttp import ClientSession

log = structlog.get_logger()

DEFAULT: Final = "http://127.0.0.1:7583"
GROUP: Final = "group:"
_UNIX: Final = "unix:"
_REMEDY: Final = (
    "signal-cli's daemon has no password, so it must be reached on this machine only: start it with "
    f"--http=127.0.0.1:7583 and write {DEFAULT} here, or unix:/path/to/socket"
)
_PHONE: Final = re.compile(r"\+[1-9][0-9]{4,17}\Z")
_ACI: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_USER: Final = re.compile(r"u:([a-z_][a-z0-9_]{2,31}\.[0-9]{2,9})\Z", re.IGNORECASE)
_GROUP: Final = re.compile(r"group:([A-Za-z0-9+/]{22,86}={0,2})\Z")

_CODES: Final[Mapping[int, Callable[[str | None], Outcome]]] = {
    -32600: lambda words: BadCredentials(words=words),  # no account given
    -32602: lambda words: BadCredentials(words=words),  # no such account
    -1: lambda words: Rejected("refused_by_signal", words=words),
    -4: lambda words: Rejected("untrusted_identity", words=words),
    -5: lambda words: RetryLater("rate_limited", words=words),
    -6: lambda words: RetryLater("captcha_needed", words=words),
}
"""The daemon's errors before anything was sent, by their JSON-RPC code."""


def checked_daemon(value: str) -> str:
    """The daemon's address as a setting; `ValueError` with the remedy for one that others could reach."""
    if value.startswith(_UNIX):
        if not value.removeprefix(_UNIX).startswith("/"):
            raise ValueError("a unix socket is written as unix:/path/to/socket")
        return value
    try:
        url = URL(value)
        plain = url.scheme == "http" and url.port is not None and str(url.origin()) == value.rstrip("/")
    except ValueError:
        raise ValueError(_REMEDY) from None
    if not plain or not _is_here(url.host or ""):
        raise ValueError(_REMEDY)
    return value.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


NO_ACCOUNT: Final = "account must be a phone number with its country (+44…), or an account id (ACI)."


def is_account(value: str) -> bool:
    """Whether it names an account: a phone number, or the account id of one that has none."""
    return bool(_PHONE.match(value) or _ACI.match(value))


def recipient(address: str) -> dict[str, Any]:
    """Who is meant, in the words of `send`. `ValueError` with the remedy for what is no address."""
    if found := _GROUP.match(address):
        return {"groupId": found[1]}
    if found := _USER.match(address):
        return {"username": [found[1]]}
    if _PHONE.match(address) or _ACI.match(address):
        return {"recipient": [address]}
    raise ValueError(
        "a Signal address is group:ID (see `signal-cli listGroups`), a phone number with its country "
        "(+44…), a user name (u:name.01), or an account id."
    )


@dataclass(frozen=True, slots=True)
class Daemon:
    """One account of one daemon."""

    address: str
    account: str

    @property
    def base(self) -> str:
        """Where its HTTP paths begin; over a unix socket the daemon wants to be called localhost."""
        return "http://localhost" if self.address.startswith(_UNIX) else self.address

    @asynccontextmanager
    async def session(self, http: "ClientSession") -> AsyncIterator["ClientSession"]:
        """The host's session, or one of our own over the unix socket."""
        if not self.address.startswith(_UNIX):
            yield http
            return
        connector = aiohttp.UnixConnector(path=self.address.removeprefix(_UNIX))
        async with aiohttp.ClientSession(connector=connector, timeout=http.timeout) as own:
            yield own

    async def send(self, http: "ClientSession", address: str, text: str, *, key: str) -> Outcome:
        """Send plain text once. Signal has no idempotency key; `key` only pairs question and answer."""
        if not is_account(self.account):
            return BadCredentials(words=NO_ACCOUNT)
        try:
            params = {"account": self.account, **recipient(address), "message": text}
        except ValueError:
            return Rejected("bad_address")
        call = {"jsonrpc": "2.0", "id": key, "method": "send", "params": params}
        try:
            async with (
                self.session(http) as session,
                session.post(f"{self.base}/api/v1/rpc", json=call, allow_redirects=False) as response,
            ):
                answer = await read_answer(response)
                if response.status >= 300:  # noqa: PLR2004 - JSON-RPC's own refusals come with 200
                    return from_status(response.status, response.headers, answer)
        except (aiohttp.ClientError, OSError) as error:
            return from_error(error)
        return outcome_of(answer, key)


def outcome_of(answer: bytes, key: str) -> Outcome:
    """What the daemon's answer to our `send` means."""
    try:
        said: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return Unknown("not_understood")
    if not isinstance(said, dict) or said.get("id") not in (key, None):
        return Unknown("not_understood")
    error = said.get("error")
    if isinstance(error, dict):
        return _refused(error)
    result = said.get("result")
    return _sent(result) if isinstance(result, dict) else Unknown("not_understood")


def _sent(result: Mapping[str, Any]) -> Outcome:
    """Of a group, it is sent if anybody got it: sending again would give those a second copy."""
    results = _results(result)
    reached = sum(one.get("type") == "SUCCESS" for one in results)
    if results and not reached:
        return _none_reached(results, None)
    if reached < len(results):
        log.warning("signal_group_partly_reached", reached=reached, of=len(results))
    stamp = result.get("timestamp")
    return Delivered(str(stamp) if type(stamp) is int else None)


def _refused(error: Mapping[str, Any]) -> Outcome:
    code, words = error.get("code"), _text(error.get("message"))
    data = error.get("data")
    response = data.get("response") if isinstance(data, dict) else None
    results = _results(response) if isinstance(response, dict) else []
    if results:
        return _none_reached(results, words)
    if type(code) is int and code in _CODES:
        return _CODES[code](words)
    if "AuthorizationFailed" in (words or ""):
        return BadCredentials(words=words)
    # An error within the daemon or on its way to Signal: some may have got it.
    return Unknown("signal_error")


def _none_reached(results: Sequence[Mapping[str, Any]], words: str | None) -> Outcome:
    """Nobody got it: the one reason to wait for, if there is one, else the one that a person must mend."""
    proof = next((one for one in results if isinstance(one.get("token"), str)), None)
    if proof is not None:
        return RetryLater("captcha_needed", _seconds(proof), words=words)
    types = {one.get("type") for one in results}
    if "NETWORK_FAILURE" in types:
        return Unknown("network_failure")
    if "RATE_LIMIT_FAILURE" in types:
        waits = [wait for one in results if (wait := _seconds(one)) is not None]
        return RetryLater("rate_limited", max(waits, default=None), words=words)
    if types == {"UNREGISTERED_FAILURE"}:
        return Rejected("unregistered", words=words)
    if "IDENTITY_FAILURE" in types:
        return Rejected("untrusted_identity", words=words)
    return RetryLater("not_sent", words=words)


def _results(response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = response.get("results")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _seconds(result: Mapping[str, Any]) -> float | None:
    """How long to wait; signal-cli says -1 where Signal did not say."""
    after = result.get("retryAfterSeconds")
    return float(after) if type(after) is int and after >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
