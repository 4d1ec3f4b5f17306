"""An authenticator in software, for tests: makes passkeys and signs with them, honestly or not."""

import base64
import hashlib
import json
import secrets
import struct
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Authenticator:
    """One passkey; what it says can be spoilt."""

    def __init__(self, origin: str, site: str = "localhost", credential: bytes | None = None) -> None:
        self.origin, self.site, self.verified, self.count = origin, site, True, 0
        self.credential: Final = credential or secrets.token_bytes(16)
        self._key = generate_private_key(SECP256R1())

    def make(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question for a new passkey."""
        numbers = self._key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        made = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + cbor2.dumps(key)
        said = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._said(_ATTESTED) + made})
        client = self._client("webauthn.create", question)
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(said)})

    def sign(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question for a signature."""
        said, client = self._said(), self._client("webauthn.get", question)
        signature = self._key.sign(said + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": said, "signature": signature}
        return self._answer({name: b64(part) for name, part in parts.items()})

    def _said(self, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        return hashlib.sha256(self.site.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, question: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": question["challenge"], "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = b64(self.credential)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
