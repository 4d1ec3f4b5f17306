"""DESK: a group's own words are proposed by one person and put in use by another."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Sealed
from shared.contracts.desk import DeskCommand
from shared.contracts.own_words import Language, WordsKind, WordsSignature, WordsSize, WordsText


class WordsCommand(DeskCommand):
    """A command about one message, size and language of the group's own words."""

    kind: WordsKind
    size: WordsSize
    language: Language


class ProposeWords(WordsCommand):
    """Own words for one of the group's messages, to be reviewed by a second person.

    `seen` is the newest version of them that was looked at, 0 for none: if there is a newer one by now,
    nothing is overwritten.
    """

    type: Literal["desk.propose_words.v1"] = "desk.propose_words.v1"
    seen: Annotated[int, Field(ge=0)] = 0
    draft: bool = False
    """Kept to be gone on with; nobody is asked to review it."""
    words: WordsText | Sealed | None = None


class ReviewWords(WordsCommand):
    """A second person stands behind exactly this version of the words: messages are made of it now."""

    type: Literal["desk.review_words.v1"] = "desk.review_words.v1"
    version: Annotated[int, Field(ge=1)]
    signature: WordsSignature | Sealed | None = None


class WithdrawWords(WordsCommand):
    """This version of own words is proposed or used no longer."""

    type: Literal["desk.withdraw_words.v1"] = "desk.withdraw_words.v1"
    version: Annotated[int, Field(ge=1)]
