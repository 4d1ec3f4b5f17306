"""What a person typed into a group's sign-up page. Pure: what can't be understood is the careful choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.ingest.decide.tidy import tidy
from shared.contracts.subscribers import MAX_SAID

QUIET: Final = ("22:00-07:00", "23:00-08:00", "21:00-09:00")
"""What the page offers."""
_CHOICES: Final = frozenset({"witness", "information"})


@dataclass(frozen=True, slots=True)
class SignUp:
    """The fields as they were typed, tidied."""

    contact: str = ""
    place: str = ""
    choice: str = "information"
    quiet: str = ""
    urgent: bool = True
    trap: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "SignUp":
        """From the form's fields; who does not say that they can come is not asked to."""
        choice, quiet = fields.get("choice", ""), fields.get("quiet", "")
        return cls(
            contact=tidy(fields.get("contact", ""))[:MAX_SAID],
            place=" ".join(tidy(fields.get("place", "")).split())[:MAX_SAID],
            choice=choice if choice in _CHOICES else "information",
            quiet=quiet if quiet in QUIET else "",
            urgent=fields.get("urgent") == "1",
            trap=fields.get("website", ""),
        )
