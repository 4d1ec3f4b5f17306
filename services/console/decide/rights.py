"""Rights pages: what a person may be told about the law, and when it is better to say nothing. Pure.

Guarantees that words about the law reach a reader only while somebody who knows it stands behind exactly
these words, for this place and setting: a page is signed with a name, a date, an end, and the digest of
its text. Unsigned, expired or changed since, it gives no advice, only names who can.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, UrlConstraints, model_validator

JURISDICTIONS: Final = ("england-wales", "scotland", "northern-ireland")
SETTINGS: Final = ("street", "driving", "home", "work")
FIRST: Final = "en"
LONGEST: Final = timedelta(days=366)
"""How long a review may hold: the law moves faster than pages."""

Key = tuple[str, str, str]
Https = Annotated[HttpUrl, UrlConstraints(allowed_schemes=["https"])]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Why = Literal["reviewed", "reviewed_in_english", "not_reviewed"]


class Source(BaseModel):
    """A recognised organisation that knows this law, and its page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line
    url: Https


class Head(BaseModel):
    """What stands above the text in a page's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jurisdiction: Literal["england-wales", "scotland", "northern-ireland"]
    setting: Literal["street", "driving", "home", "work"]
    language: Annotated[str, StringConstraints(pattern="^[a-z]{2}$")]
    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=8)]
    signed_by: Line | None = None
    signed_on: date | None = None
    expires_on: date | None = None
    signed_digest: Line | None = None

    @model_validator(mode="after")
    def _whole_signature(self) -> "Head":
        parts = (self.signed_by, self.signed_on, self.expires_on, self.signed_digest)
        if any(parts) and not all(parts):
            raise ValueError("a signature has four parts: signed_by, signed_on, expires_on, signed_digest")
        if self.signed_on and self.expires_on and not self.signed_on < self.expires_on:
            raise ValueError("expires_on must lie after signed_on")
        if self.signed_on and self.expires_on and self.expires_on - self.signed_on > LONGEST:
            raise ValueError("a review holds for a year at most; choose an earlier expires_on")
        return self


@dataclass(frozen=True, slots=True)
class RightsPage:
    """One page in one language, as its file has it."""

    head: Head
    text: str
    """Markdown."""

    @property
    def key(self) -> Key:
        """Where it belongs."""
        return (self.head.jurisdiction, self.head.setting, self.head.language)

    @property
    def digest(self) -> str:
        """Of the text and of where it belongs, so that a signature fits nothing else."""
        # The prefix keeps YAML from reading one of digits alone as a number.
        return "sha256-" + hashlib.sha256("\n".join((*self.key, self.text)).encode()).hexdigest()[:16]

    def standing(self, today: date) -> str:
        """The named reason why it may be shown (`signed`), or why not."""
        head = self.head
        if not (head.signed_on and head.expires_on):
            return "unsigned"
        if head.signed_digest != self.digest:
            return "changed_since_signed"
        if today < head.signed_on:
            return "signed_in_the_future"
        return "signed" if today < head.expires_on else "expired"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader gets, and why. `page.text` may be shown only when it is reviewed."""

    why: Why
    page: RightsPage

    @property
    def reviewed(self) -> bool:
        """Whether somebody stands behind the text today."""
        return self.why != "not_reviewed"


def by_key(pages: Iterable[RightsPage]) -> dict[Key, RightsPage]:
    """The pages by where they belong; later ones come before earlier ones."""
    return {page.key: page for page in pages}


def choose(
    pages: Mapping[Key, RightsPage], jurisdiction: str, setting: str, language: str, *, today: date
) -> Shown | None:
    """The page for this reader; None where there is none for that jurisdiction and setting."""
    english = pages.get((jurisdiction, setting, FIRST))
    own = pages.get((jurisdiction, setting, language))
    if own and own.standing(today) == "signed":
        return Shown("reviewed", own)
    if english is None:
        return None
    if english.standing(today) == "signed":
        return Shown("reviewed_in_english", english)
    return Shown("not_reviewed", english)
