"""Requests that a bridge out of process signs, as Standard Webhooks says, with a key that only it has.

Authorization: Signed river            # the key's name in the keys file, which holds the public half
webhook-id: m-1001                     # the message's own id: the same again is the same report
webhook-timestamp: 1782139580          # when it was signed, in seconds; a repetition is signed anew
webhook-signature: v1a,…               # Ed25519 over `id.timestamp.body`, in base64
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.http import Problem

_SCHEME: Final = "signed "
_VERSION: Final = "v1a,"
_TOLERANCE_S: Final = 300
_MOST_ID: Final = 128
_MOST_GIVEN: Final = 4
"""Signatures of one request that are looked at: two while a key is changed, and some to spare."""
_UNKNOWN: Final = "The key is not known here, or the signature is not its own over these very bytes."
_STALE: Final = "The webhook-timestamp is missing or over 5 minutes off; set your clock, and sign anew."


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signed request says of itself; nothing of it is believed yet."""

    client: str
    id: str
    timestamp: str
    signatures: str

    def check(self, public_key: str | None, body: bytes, now: datetime) -> None:
        """Raise `Problem` 401 unless that key signed these very bytes about now."""
        if not self._is_fresh(now):
            raise Problem(401, "stale_timestamp", _STALE)
        fit_to_sign = 0 < len(self.id) <= _MOST_ID and self.id.isascii() and self.id.isprintable()
        content = f"{self.id}.{self.timestamp}.".encode("utf-8", "replace") + body
        given = [one.removeprefix(_VERSION) for one in self.signatures.split() if one.startswith(_VERSION)]
        known = public_key is not None and any(_fits(public_key, one, content) for one in given[:_MOST_GIVEN])
        if not (known and fit_to_sign):
            raise Problem(401, "bad_signature", _UNKNOWN)

    def _is_fresh(self, now: datetime) -> bool:
        if not (self.timestamp.isascii() and self.timestamp.isdigit()):
            return False
        # Compared as numbers: a hostile timestamp may be no date at all.
        return abs(int(self.timestamp[:15]) - now.timestamp()) <= _TOLERANCE_S


def signed_of(headers: Mapping[str, str]) -> Signed | None:
    """What a request says of its signature; None for one that claims none."""
    header = headers.get("Authorization", "")
    if not header.lower().startswith(_SCHEME):
        return None
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return Signed(header[len(_SCHEME) :].strip(), *(headers.get(name, "") for name in names))


def _fits(public_key: str, signature: str, content: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
