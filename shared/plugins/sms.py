"""What all SMS channels share: phone numbers, who it is from, how long it may wait, a name of our own for it.

Numbers are E.164, told from typing errors by libphonenumber's metadata. One wrong number is one recipient's
misfortune: it never keeps a channel from sending to the others.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final

import phonenumbers
from pydantic import AfterValidator, Field, StringConstraints

from shared.plugins.addresses import resolved
from shared.plugins.spec import Rejected, RenderedMessage, Secrets

MAX_CHARS: Final = 306
"""Two segments of GSM's alphabet, 153 characters each; the words keep to them (`shared.words.fit`)."""
BAD_NUMBER: Final = Rejected("bad_number")
HAS_LEFT: Final = Rejected("has_left")
"""They texted STOP to the provider: it sends them nothing, and we do not try."""
_LIVES_S: Final = 14_400
_URGENT_LIVES_S: Final = 7_200
_REFERENCES: Final = ("env:", "file:")


def is_number(value: str) -> bool:
    """Whether it is a number that may exist, as E.164 writes it."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return False
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return phonenumbers.is_possible_number(number) and written == value


def _number_or_reference(value: str) -> str:
    if not value.startswith(_REFERENCES) and not is_number(value):
        raise ValueError("a phone number is written with its country and without blanks, like +447700900123")
    return value


def _none_twice(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("the same number stands here twice; whoever has it would get every message twice")
    return value


Numbers = Annotated[
    tuple[Annotated[str, AfterValidator(_number_or_reference)], ...],
    AfterValidator(_none_twice),
    Field(min_length=1),
]
"""Whom a channel writes to: phone numbers, or references to them."""
SENDER: Final = r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z][A-Za-z0-9 ]{0,10}"
Sender = Annotated[str, StringConstraints(pattern=rf"^({SENDER})$")]
"""A number, a short code, or up to eleven letters and digits."""
PricePence = Annotated[
    float,
    Field(
        ge=0,
        le=200,
        allow_inf_nan=False,
        description="What you pay for one segment to one number, in pence (4.2). Then whoever sends sees the "
        "cost before, and it counts for the group's monthly cap; 0: it costs nothing.",
    ),
]
"""What a group says that its SMS cost."""


def numbers(to: Sequence[str], secrets: Secrets) -> tuple[str, ...]:
    """The numbers, with those that references stand for."""
    return tuple(resolved(number, secrets) for number in to)


def lives_s(message: RenderedMessage) -> int:
    """How long it may wait for a phone that is switched off: what was urgent is old news sooner."""
    return _URGENT_LIVES_S if message.urgent else _LIVES_S


def own_id(key: str) -> str:
    """A name for the delivery, the same at every attempt, that tells a provider nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def text_of(message: RenderedMessage) -> str:
    """The words without what no phone shows, and some gateways end a text at."""
    return message.text.replace("\0", "")


def reachable(receipts_url: str) -> str:
    """The address for a provider on the internet; none where it could not call it, or nobody should.

    Twilio refuses a whole message for the sake of an address such as this machine's.
    """
    return receipts_url if receipts_url.startswith("https://") else ""
