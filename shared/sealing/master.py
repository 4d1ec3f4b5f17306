"""The master key: wraps data keys and derives the keyed hashes that must be stable.

It comes from a file handed in by the operator (a systemd credential, a mounted secret) and is
never stored beside the data in production. For trying out, `relay up` makes a key file that
says of itself that it is unsafe; production settings refuse it.
"""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from shared.errors import KeyUnavailableError, SettingsError

UNSAFE_PREFIX = "UNSAFE-FOR-TRYING-OUT "
_KEY_BYTES = 32
_NONCE_BYTES = 12
_MIN_PASSPHRASE = 20


class MasterKey:
    """32 bytes from which everything else follows. Never logged, never compared, never printed."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != _KEY_BYTES:
            raise SettingsError(f"A master key has {_KEY_BYTES} bytes; this one has {len(raw)}.")
        self._wrapping = AESGCM(self._derive(raw, b"wrap"))
        self._hashing = self._derive(raw, b"hash")

    @staticmethod
    def _derive(raw: bytes, label: bytes) -> bytes:
        info = b"alert-relay/v1/" + label
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(raw)

    def wrap(self, key_id: str, data_key: bytes) -> str:
        """The data key as base64url text, bound to its id (AES-256-GCM, random nonce)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = nonce + self._wrapping.encrypt(nonce, data_key, key_id.encode())
        return base64.urlsafe_b64encode(box).decode()

    def unwrap(self, key_id: str, wrapped: str) -> bytes:
        """The data key; raises `KeyUnavailableError` if this master key did not wrap it."""
        box = base64.urlsafe_b64decode(wrapped)
        try:
            return self._wrapping.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], key_id.encode())
        except InvalidTag:
            raise KeyUnavailableError(
                f"The key {key_id} was wrapped by another master key; start with the one that made this data."
            ) from None

    def tag(self, purpose: str, *parts: str) -> bytes:
        """A keyed hash (HMAC-SHA256, 32 bytes) of the parts, distinct per purpose; part limits count."""
        message = b"".join(len(p := part.encode()).to_bytes(4, "big") + p for part in (purpose, *parts))
        return hmac.digest(self._hashing, message, hashlib.sha256)


def load_master_key(path: Path, *, production: bool) -> MasterKey:
    """Read the key file: 32 bytes as base64, or a passphrase of at least 20 characters (scrypt).

    Raises `SettingsError` naming the file and the remedy; in production also for the unsafe file.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{path}: the master key file cannot be read ({error.strerror}); set RELAY_MASTER_KEY_FILE."
        ) from error
    if text.startswith(UNSAFE_PREFIX):
        if production:
            raise SettingsError(
                f"{path}: this key was made for trying out and lies beside the data; "
                "in production set RELAY_MASTER_KEY_FILE to a key handed in from elsewhere."
            )
        text = text.removeprefix(UNSAFE_PREFIX)
    return MasterKey(_key_bytes(text, path))


def _key_bytes(text: str, path: Path) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if len(raw) == _KEY_BYTES:
        return raw
    if len(text) < _MIN_PASSPHRASE:
        raise SettingsError(
            f"{path}: neither 32 bytes in base64 nor a passphrase of at least {_MIN_PASSPHRASE} characters; "
            "make one with: openssl rand -base64 32"
        )
    # The salt is fixed because the passphrase must give the same key on every machine of the hub.
    return Scrypt(salt=b"alert-relay/v1/master", length=_KEY_BYTES, n=2**15, r=8, p=1).derive(text.encode())


def make_unsafe_key_file(path: Path) -> None:
    """Make a key file for trying out, readable by its owner only, unless there is one."""
    if path.exists():
        return
    path.touch(mode=0o600)
    path.write_text(UNSAFE_PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode() + "\n")
