"""Rights pages: what a person may be told about the law, and when it is better to say nothing. Pure.

Guarantees that words about the law reach a reader only while somebody who knows it stands behind exactly
these words, for this place and setting: a page is signed with a name, a date, an end, and the digest of
its text. Unsigned, expired or changed since, it gives no advice, only names who can.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, UrlConstraints

from shared.contracts.situation import Jurisdiction, Setting
from shared.signing import Line, Signature, Standing, digest_of

FIRST: Final = "en"

Key = tuple[str, str, str]
Https = Annotated[HttpUrl, UrlConstraints(allowed_schemes=["https"])]
Why = Literal["reviewed", "reviewed_in_english", "not_reviewed"]


class Source(BaseModel):
    """A recognised organisation that knows this law, and its page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line
    url: Https


class Head(Signature):
    """What stands above the text in a page's file."""

    jurisdiction: Jurisdiction
    setting: Setting
    language: Annotated[str, StringConstraints(pattern="^[a-z]{2}$")]
    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=8)]


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
        return digest_of(*self.key, self.text)

    def standing(self, today: date) -> Standing:
        """The named reason why it may be shown (`signed`), or why not."""
        return self.head.standing(self.digest, today)


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
