"""The card for whoever keeps a post outside a police station: reviewed words, with their version."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from shared.contracts.base import Frozen

_TEXTS: Final = Path(__file__).parent / "shift_card.toml"
_ELSE: Final = "en"


class ShiftCard(Frozen):
    """One language's card. `reviewed_by` is empty until a second person has reviewed this version.

    Of a translation that is somebody who grew up with the language; until then a machine made it.
    """

    language: str
    version: int
    reviewed_by: str
    reviewed_on: str
    title: str
    lines: tuple[str, ...]

    @property
    def by_a_machine(self) -> bool:
        """Whether it is a translation that nobody has signed."""
        return self.language != _ELSE and not self.reviewed_by


def shift_card(language: str) -> ShiftCard:
    """The card in that language; in English where there is none."""
    cards = _cards()
    return cards.get(language, cards[_ELSE])


@cache
def _cards() -> Mapping[str, ShiftCard]:
    read = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return {
        language: ShiftCard.model_validate({**card, "language": language}) for language, card in read.items()
    }
