"""Subscribers as the ledger knows them: `sub_WAY_LANGUAGE_w:PSEUDONYM`. Pure.

Subscribers of one way, language and choice get one text, so they are a channel to the engine: frozen,
claimed and settled like any other, and never mixed with another in a chunk.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.contracts.groups import ChannelDefinition
from shared.contracts.ledger import MAX_CHUNK
from shared.contracts.subscribers import Choice

PREFIX: Final = "sub_"
"""No group's own channel can be called so: their ids hold no underscore."""
_LETTER: Final[dict[Choice, str]] = {"witness": "w", "information": "i"}
_CHOICE: Final[dict[str, Choice]] = {"w": "witness", "i": "information"}
_PSEUDONYMS: Final = 10**15
EMAIL: Final = "email"


@dataclass(frozen=True, slots=True, order=True)
class Kin:
    """Subscribers who get the same text by the same way."""

    way: str
    language: str
    choice: Choice

    @property
    def id(self) -> str:
        """The channel that they are to the engine."""
        return f"{PREFIX}{self.way}_{self.language}_{_LETTER[self.choice]}"

    def definition(self, kind: str) -> ChannelDefinition:
        """The same as a definition; `kind` is that of the way."""
        return ChannelDefinition.model_construct(
            id=self.id, kind=kind, audience="community", language=self.language
        )


def is_pseudo(channel: str) -> bool:
    """Whether these are subscribers."""
    return channel.startswith(PREFIX)


def kin_of(channel: str) -> Kin | None:
    """Which subscribers a channel's id stands for."""
    parts = channel.removeprefix(PREFIX).split("_")
    if not is_pseudo(channel) or len(parts) != 3 or parts[2] not in _CHOICE:  # noqa: PLR2004 - its three parts
        return None
    return Kin(parts[0], parts[1], _CHOICE[parts[2]])


def pseudonym(tag: Callable[..., bytes], number: int, day: date) -> int:
    """What a subscriber is called in the ledger on that day; `tag` is the master key's keyed hash."""
    found = tag("subscriber-in-ledger", day.isoformat(), str(number))
    return int.from_bytes(found[:8], "big") % _PSEUDONYMS


def chunked(kin: Kin, pseudonyms: Iterable[int], width: int) -> Iterator[tuple[str, ...]]:
    """Their names in chunks of at most `width`."""
    names = [f"{kin.id}:{n}" for n in sorted(pseudonyms)]
    size = max(1, min(MAX_CHUNK, width))
    yield from (tuple(names[i : i + size]) for i in range(0, len(names), size))
