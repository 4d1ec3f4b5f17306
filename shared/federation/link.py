"""What a hub knows of one peer: their key and address, and how far the two have got with each other.

It lies in one file a peer, and holds no secret: ours lies beside it, for the notifier alone.
"""

import base64
import binascii
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.contracts.base import Moment, Slug
from shared.errors import SettingsError

PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""An Ed25519 key: 32 bytes in base64url without its padding."""
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]{1,300}$")]
LinkState = Literal["invited", "open", "revoked"]


class Step(BaseModel):
    """Something that a person did with a link."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Moment
    what: Literal["invited", "accepted", "revoked"]
    by: Annotated[str, Field(max_length=80)]


class Invite(BaseModel):
    """An invitation that nobody has answered yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    until: Moment


class Link(BaseModel):
    """One peer, as its file says."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    hub: Slug
    """What the peer is called, here and there."""
    us: Slug
    """What we are called, here and there."""
    state: LinkState
    our_key: PublicKey
    our_url: Url
    """Where the peer's letters come in."""
    key: PublicKey | None = None
    """The peer's; none before they have answered."""
    url: Url | None = None
    invite: Invite | None = None
    history: tuple[Step, ...] = ()


def link_from(text: str, where: str) -> Link:
    """The link in a file. Raises `SettingsError` that names the file and the remedy."""
    try:
        return Link.model_validate_json(text)
    except ValidationError:
        raise SettingsError(f"{where} holds no peer; make it with relay peer invite or accept.") from None


def public_of(private: str) -> str:
    """The public key that belongs to a private one. Raises `SettingsError`."""
    return encoded(_private(private).public_key().public_bytes_raw())


def signed(private: str, purpose: bytes, content: bytes) -> str:
    """The signature over exactly these bytes for this purpose."""
    return encoded(_private(private).sign(purpose + content))


def is_signed(public: str, purpose: bytes, content: bytes, signature: str) -> bool:
    """Whether the holder of that key signed exactly these bytes for this purpose."""
    try:
        Ed25519PublicKey.from_public_bytes(decoded(public)).verify(decoded(signature), purpose + content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(text: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(decoded(text))
    except ValueError:
        raise SettingsError("A peer's private key is spoilt; revoke that peer and begin anew.") from None


def encoded(content: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """What `encoded` made, and nothing else that means the same. Raises `ValueError`."""
    try:
        content = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("not base64url") from None
    if encoded(content) != text:
        raise ValueError("not base64url as we write it")
    return content
