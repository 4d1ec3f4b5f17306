"""Whether a request that changes something was made by our own page. Pure.

A cookie travels with whatever a browser sends, also when another site made it send. So a form carries
a token that only our pages know, and the browser's own word on where the request came from must not
contradict it. Requests with a bearer token need neither: no browser adds one by itself.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

FIELD: Final = "csrf"
"""The hidden field of every form."""
HEADER: Final = "X-CSRF"
"""The same for a script's JSON."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def csrf_token(session: str) -> str:
    """The token of this session's forms. Who knows it learns nothing of the session's own token."""
    return hashlib.sha256(b"csrf\n" + session.encode()).hexdigest()


def is_token_of(session: str, given: str) -> bool:
    """Whether this is that session's token, told in constant time."""
    return hmac.compare_digest(csrf_token(session).encode(), given.encode())


def from_elsewhere(headers: Mapping[str, str], hosts: Collection[str]) -> bool:
    """Whether the browser says that another site made the request; `hosts` are ours, with their ports.

    Under `Referrer-Policy: no-referrer` browsers send `Origin: null` even for our own forms: that says
    nothing, and the token decides.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site != "same-origin"
    origin = headers.get("Origin", "null")
    return origin != "null" and urlsplit(origin).netloc not in hosts
