"""A group's own words for its messages: what was proposed, by whom, who stands behind it, and until when."""

from datetime import date, timedelta
from typing import Annotated, ClassVar, Final, Literal

from pydantic import StringConstraints

from shared.contracts.base import TOKEN_RULE, Frozen, KeyKind, MemberId, Moment, Private

WordsKind = Literal["UNCONFIRMED", "LIKELY", "CONFIRMED", "OVER", "WRONG", "NO_NEWS"]
"""What a group may say in its own words. What the others say differs too much from case to case."""
WordsSize = Literal["short", "long"]
"""Short: two text messages. Long: a few lines."""
WordsState = Literal["draft", "waiting", "in_use"]
SignedAs = Literal["member", "native_reader", "lawyer"]
"""As what somebody stands behind the words. In other languages than English a member's is not enough."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]

MOST_CHARS: Final = 2_000
LONGEST: Final = timedelta(days=366)
"""How long a review may hold."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARS)]
Signer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class WordsText(Private):
    """The template as somebody wrote it."""

    sealed_under: ClassVar[KeyKind] = "group"
    text: Text


class WordsSignature(Private):
    """Who stands behind exactly these words, as what, and until when."""

    sealed_under: ClassVar[KeyKind] = "group"
    signed_by: Signer
    signed_as: SignedAs
    expires_on: date


class OwnWords(Frozen):
    """One template of a group's. `version` is that of the group which first held it: none has another's."""

    kind: WordsKind
    size: WordsSize
    language: Language
    version: int
    state: WordsState
    text: Text
    proposed_by: Annotated[MemberId, TOKEN_RULE]
    proposed_at: Moment
    reviewed_by: Annotated[MemberId, TOKEN_RULE] | None = None
    signed_by: Signer | None = None
    signed_as: SignedAs | None = None
    signed_on: date | None = None
    expires_on: date | None = None

    @property
    def slot(self) -> tuple[str, str, str]:
        """For which message, size and language."""
        return (self.kind, self.size, self.language)

    def in_force(self, today: date) -> bool:
        """Whether messages are made of it today."""
        return self.state == "in_use" and self.expires_on is not None and today < self.expires_on


class GroupWords(Private):
    """All own words of a group: of each message, size and language at most one in use and one to come."""

    sealed_under: ClassVar[KeyKind] = "group"
    words: tuple[OwnWords, ...] = ()
