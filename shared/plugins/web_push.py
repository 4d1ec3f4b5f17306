"""Web Push as the channel knows it: a browser's subscription, encryption (RFC 8291), our name (RFC 8292).

Pure but for the randomness of each message's key and salt, which may be given.
"""

import base64
import binascii
import ipaddress
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from yarl import URL

MOST_BYTES: Final = 3_993
"""What every push service takes of a message before it is encrypted (RFC 8030 wants 4,096 bytes in all)."""
SERVICES: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""Hosts of the browsers' makers; `*.` stands for any names before it."""
_RECORD: Final = 4_096
_CURVE: Final = ec.SECP256R1()
_POINT_BYTES, _SECRET_BYTES, _KEY_BYTES = 65, 16, 32
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser can be reached, and with which keys; its maker's push service knows the first alone."""

    endpoint: str = field(repr=False)
    key: bytes = field(repr=False)
    """The browser's public key, an uncompressed point."""
    secret: bytes = field(repr=False)


def read_subscription(text: str, services: Collection[str] = SERVICES) -> Subscription:
    """A `PushSubscription` as a browser's toJSON() writes it; `ValueError` for no such, never its content.

    Whoever hands one in chooses its address: so only `services` are called, or anybody could have us call
    what is reachable from here alone.
    """
    try:
        given: Any = json.loads(text[:_LONGEST])
        endpoint, keys = given["endpoint"], given["keys"]
        key, secret = from_base64(keys["p256dh"]), from_base64(keys["auth"])
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key)
        sound = len(key) == _POINT_BYTES and len(secret) == _SECRET_BYTES
        fine = sound and _may_be_called(endpoint, services)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        fine = False
    if not fine:
        raise ValueError("a subscription is the JSON that a browser's PushSubscription.toJSON() gives")
    return Subscription(endpoint, key, secret)


def service_of(text: str, services: Collection[str] = SERVICES) -> str:
    """The host that a subscription is called at; nothing where it is none that may be called."""
    try:
        endpoint = json.loads(text[:_LONGEST])["endpoint"]
        return (URL(endpoint).host or "") if _may_be_called(endpoint, services) else ""
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""


def _may_be_called(endpoint: str, services: Collection[str]) -> bool:
    """A known push service, by https; without it one on this machine alone."""
    url = URL(endpoint)
    host = url.host or ""
    known = any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in services)
    return known and (url.scheme == "https" or (url.scheme == "http" and _is_here(host)))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def encrypt(
    text: bytes,
    to: Subscription,
    *,
    ours: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The message's body, `aes128gcm`: one record, which only that browser can read."""
    ours, salt = ours or ec.generate_private_key(_CURVE), salt or os.urandom(_SECRET_BYTES)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, to.key)
    point = _point(ours.public_key())
    shared = ours.exchange(ec.ECDH(), theirs)
    secret = _derived(shared, to.secret, b"WebPush: info\0" + to.key + point, _KEY_BYTES)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4, "big") + len(point).to_bytes(1, "big") + point
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)  # 2: the last record, without padding


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(frozen=True, slots=True)
class Vapid:
    """Who we are to push services; a browser takes messages only from whom it agreed to."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    contact: str

    def authorization(self, endpoint: str, until: int) -> str:
        """The header for one push service, good until then (seconds since 1970)."""
        claims: Mapping[str, Any] = {"aud": str(URL(endpoint).origin()), "exp": until, "sub": self.contact}
        token = jwt.encode(dict(claims), self.key, algorithm="ES256")
        return f"vapid t={token}, k={self.public_key}"

    @property
    def public_key(self) -> str:
        """What a page gives a browser as `applicationServerKey`."""
        return to_base64(_point(self.key.public_key()))


def read_vapid_key(text: str) -> ec.EllipticCurvePrivateKey:
    """A private key of 32 bytes as base64url, as all key makers write it; `ValueError` for anything else."""
    raw = from_base64(text.strip())
    if len(raw) != _KEY_BYTES:
        raise ValueError("a VAPID private key has 32 bytes")
    return ec.derive_private_key(int.from_bytes(raw, "big"), _CURVE)


def to_base64(raw: bytes) -> str:
    """Base64 as it stands in URLs, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """Of either alphabet, padded or not; `ValueError` for what is none."""
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
