"""A push service on this machine, and a browser that agreed to it: it opens what is meant for it.

It checks what the standards ask of a sender (RFC 8030, 8188, 8291, 8292) and refuses what is not so, with
code of its own: what the channel's encryption shares with it is the standards alone.
"""

import json
import time
from dataclasses import replace
from typing import Any, Final

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.plugins.channel_testing import Answer, HttpProvider, Received
from shared.plugins.spec import Delivered
from shared.plugins.web_push import from_base64, to_base64

TAKEN: Final = Answer(201, Delivered(), body=b"", headers={"Location": "/message/1"}, exact=True)


class Browser:
    """A browser that agreed: its keys, and what it reads with them."""

    def __init__(self, path: str) -> None:
        self.path, self.secret = path, b"0123456789abcdef"
        self._key = ec.generate_private_key(ec.SECP256R1())

    def subscription(self, service: str) -> str:
        """As its page would hand it over."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": to_base64(point), "auth": to_base64(self.secret)}
        return json.dumps({"endpoint": service + self.path, "expirationTime": None, "keys": keys})

    def opened(self, body: bytes) -> dict[str, Any]:
        """What it says; fails for what was not encrypted for this browser."""
        salt, size, idlen = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, record = body[21 : 21 + idlen], body[21 + idlen :]
        assert len(record) <= size <= 4096
        assert len(body) <= 4096
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        mine = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        agreed = _mac(self.secret, self._key.exchange(ec.ECDH(), theirs))
        secret = _mac(agreed, b"WebPush: info\0" + mine + sender + b"\1")
        pseudo = _mac(salt, secret)
        key = _mac(pseudo, b"Content-Encoding: aes128gcm\0\1")[:16]
        nonce = _mac(pseudo, b"Content-Encoding: nonce\0\1")[:12]
        text = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert text.endswith(b"\2")
        found: dict[str, Any] = json.loads(text[:-1])
        return found


class PushService(HttpProvider):
    """Takes messages for one browser, from whoever signs as they should."""

    def __init__(self) -> None:
        super().__init__()
        self.browser = Browser("/push/1")
        self.shown: list[dict[str, Any]] = []

    async def words_of(self, request: web.Request) -> str:
        """The words as the browser shows them; a sender who breaks the rules is a failure of the test."""
        _check_headers(request, self.url)
        self.shown.append(self.browser.opened(await request.read()))
        return str(self.shown[-1]["body"])

    def note(self, got: Received) -> Received:
        """Nothing of the ciphertext is kept."""
        return replace(got, raw="")


def _check_headers(request: web.Request, service: str) -> None:
    headers = request.headers
    assert request.method == "POST"
    assert headers["Content-Encoding"] == "aes128gcm"
    assert 0 <= int(headers["TTL"]) <= 86_400
    assert headers["Urgency"] in {"very-low", "low", "normal", "high"}
    assert len(from_base64(headers["Topic"])) <= 32 >= len(headers["Topic"])
    scheme, _, rest = headers["Authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64(parts["k"]))
    claims = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=service)
    assert claims["sub"].startswith(("mailto:", "https://"))
    assert claims["exp"] <= time.time() + 86_400


def _mac(key: bytes, text: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(text)
    return made.finalize()
