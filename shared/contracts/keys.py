"""KEYS and DEAD: wrapped keys of sealed fields, and what could not be handled."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import KeyKind, Message, Token


class KeyIssued(Message):
    """A data key, wrapped by the master key. Erasing this message destroys what it seals."""

    type: Literal["key.issued.v1"] = "key.issued.v1"
    key: Token
    kind: KeyKind
    wrapped: str


class DeadLettered(Message):
    """A message could not be handled; it still lies at its origin. A person decides what becomes of it."""

    type: Literal["dead.lettered.v1"] = "dead.lettered.v1"
    service: Token
    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    stream: str
    subject: str
    seq: int
    detail: str = ""
    """What was wrong with its shape; never its content."""
