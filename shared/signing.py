"""A signature under words: who stands behind exactly these, from when until when. Pure.

Pages about the law and translated messages carry it in their files. Its digest is of the very text, so that
it fits nothing else; it does not guard against somebody who may write to the file.
"""

import hashlib
from datetime import date, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

LONGEST: Final = timedelta(days=366)
"""How long a review may hold."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Standing = Literal["signed", "unsigned", "changed_since_signed", "signed_in_the_future", "expired"]


class Signature(BaseModel):
    """The four parts of a signature, all or none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signed_by: Line | None = None
    signed_on: date | None = None
    expires_on: date | None = None
    signed_digest: Line | None = None

    @model_validator(mode="after")
    def _whole_signature(self) -> Self:
        parts = (self.signed_by, self.signed_on, self.expires_on, self.signed_digest)
        if any(parts) and not all(parts):
            raise ValueError("a signature has four parts: signed_by, signed_on, expires_on, signed_digest")
        if self.signed_on and self.expires_on and not self.signed_on < self.expires_on:
            raise ValueError("expires_on must lie after signed_on")
        if self.signed_on and self.expires_on and self.expires_on - self.signed_on > LONGEST:
            raise ValueError("a review holds for a year at most; choose an earlier expires_on")
        return self

    def standing(self, digest: str, today: date) -> Standing:
        """The named reason why words of that digest may be shown today (`signed`), or why not."""
        if not (self.signed_on and self.expires_on):
            return "unsigned"
        if self.signed_digest != digest:
            return "changed_since_signed"
        if today < self.signed_on:
            return "signed_in_the_future"
        return "signed" if today < self.expires_on else "expired"


def digest_of(*parts: str) -> str:
    """Of words and of where they belong."""
    # The prefix keeps YAML from reading one of digits alone as a number.
    return "sha256-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
