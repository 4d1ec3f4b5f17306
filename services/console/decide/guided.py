"""The guided confirm: the questions that trained verifiers ask, and the text that the answers make. Pure.

The text is a proposal that the dispatcher edits: short sentences, with figures as each language counts, and
nothing that would name or describe a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

Who = Literal["me", "member", "reporter", "nobody"]
Still = Literal["yes", "no", "unknown"]
Sign = Literal["markings", "said", "papers"]
Word = Callable[..., str]

COUNTED: Final = ("vans", "officers", "held")
_MOST: Final = 999
_LONGEST_WHERE: Final = 80
_LONGEST_TIME: Final = 5


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered; an empty answer is none."""

    who: Who | None = None
    still: Still | None = None
    at: str = ""
    """When it was last seen, as a clock shows it."""
    vans: int | None = None
    officers: int | None = None
    held: int | None = None
    where: str = ""
    signs: tuple[Sign, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether a person is named who saw it."""
        return self.who in {"me", "member", "reporter"}


def answers_of(form: Mapping[str, str], signs: tuple[str, ...]) -> Answers:
    """The answers in a form; what is no answer to its question is left out."""
    return Answers(
        who=cast("Who", form["who"]) if form.get("who") in get_args(Who) else None,
        still=cast("Still", form["still"]) if form.get("still") in get_args(Still) else None,
        at=form.get("at", "")[:_LONGEST_TIME] if form.get("at", "")[2:3] == ":" else "",
        vans=_count(form.get("vans", "")),
        officers=_count(form.get("officers", "")),
        held=_count(form.get("held", "")),
        where=" ".join(form.get("where", "").split())[:_LONGEST_WHERE],
        signs=tuple(cast("Sign", s) for s in get_args(Sign) if s in signs),
    )


def built(answers: Answers, word: Word) -> str:
    """The text, in the words of the catalog that `word` reads."""
    figures = [
        word(f"built_{name}", n=n) for name in COUNTED if (n := getattr(answers, name)) is not None and n > 0
    ]
    sentences = [
        word("built_list_end", list=word("built_comma").join(figures)) if figures else "",
        word("built_held_none") if answers.held == 0 else "",
        word("built_where", where=_begun(answers.where.rstrip("."))) if answers.where else "",
        _when(answers, word),
        *(word(f"built_{sign}") for sign in answers.signs),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def doubts(answers: Answers) -> list[str]:
    """What speaks against confirming yet: keys of sentences, shown before the preview."""
    found = []
    if not answers.seen:
        found.append("doubt_nobody_saw")
    if answers.still != "yes":
        found.append("doubt_not_there" if answers.still == "no" else "doubt_maybe_over")
    if not answers.signs:
        found.append("doubt_who_they_are")
    return found


def _begun(sentence: str) -> str:
    """With a capital, as a sentence begins."""
    return sentence[:1].upper() + sentence[1:]


def _when(answers: Answers, word: Word) -> str:
    if answers.still == "yes":
        return word("built_still_at", at=answers.at) if answers.at else word("built_still")
    return word("built_last_seen", at=answers.at) if answers.at else ""


def _count(text: str) -> int | None:
    text = text.strip()
    return (
        min(_MOST, int(text)) if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) else None
    )
