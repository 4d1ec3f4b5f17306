"""What every message is made of: ids with types, the envelope, and what must never travel in clear.

A message is a frozen model discriminated by `type`, with the major version in the name
(`report.received.v1`). Its private parts are `Private` models; on the wire each is a `Sealed`
ciphertext, and serialising a message that still holds one in clear raises.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, NewType

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

from shared.errors import UnsealedError

ReportId = NewType("ReportId", str)
IncidentId = NewType("IncidentId", str)
AlertId = NewType("AlertId", str)
GroupId = NewType("GroupId", str)
MemberId = NewType("MemberId", str)
BridgeId = NewType("BridgeId", str)
KeyId = NewType("KeyId", str)

HUB = GroupId("hub")
"""The pseudo-group of hub-wide commands and records; no real group may take this id."""
SHARED = GroupId("shared")
"""Whose secrets every group's channels may refer to; no real group may take this id either."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
TOKEN_RULE = StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")
Token = Annotated[str, TOKEN_RULE]
"""What may stand as one token of a subject: nothing that NATS would read as a wildcard or a dot."""

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
SLUG_RULE = StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
Slug = Annotated[str, SLUG_RULE]
"""An id that people type: lower-case letters, digits and hyphens."""


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar") from None


Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A point in time; always aware, always UTC once read."""

KeyKind = Literal["report", "contact", "question", "incident", "group", "member", "own"]


class Frozen(BaseModel):
    """A value that never changes; unknown fields are ignored (consumers are lenient)."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Sealed(Frozen):
    """Ciphertext: which key opens it, and the box (base64url of nonce, ciphertext and tag)."""

    key: Token
    box: str


class Private(Frozen):
    """Content that may exist in clear only in a process's memory.

    `sealed_under` says which key seals it: of the report's, the contact's or the question's
    hour, the incident, the group or the member, or a key of its own that lies in the same box, wrapped, so
    that it dies with the message. Serialising one raises `UnsealedError`, except for the
    sealer, which names itself in the serialisation context.
    """

    sealed_under: ClassVar[KeyKind]

    @model_serializer(mode="wrap")
    def _never_in_clear(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        if not (isinstance(info.context, dict) and info.context.get("sealing")):
            raise UnsealedError(f"{type(self).__name__} was about to be serialised in clear")
        return handler(self)


class Message(Frozen):
    """The part that all messages share. `id` is stable: the same cause gives the same id."""

    type: str
    id: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
    at: Moment


Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Metres = Annotated[float, Field(ge=0, le=20_100_000, allow_inf_nan=False)]


class Position(Frozen):
    """A point in WGS 84 degrees with its uncertainty radius in metres."""

    lat: Latitude
    lon: Longitude
    accuracy_m: Metres | None = None


class Place(Frozen):
    """Where an incident is: a disc, how it was found, and words for people.

    `how` names the source in order of trust: coordinates, postcode, junction, street,
    landmark, outcode, area, person (placed by a dispatcher).
    """

    lat: Latitude
    lon: Longitude
    radius_m: Metres
    how: str
    label: str
    outcode: str | None = None
