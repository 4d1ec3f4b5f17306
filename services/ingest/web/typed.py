"""What a person typed into the form, and what is wrong with it. Pure.

The form forgives: whatever can be understood is taken, and what cannot is asked for again with
everything else still filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.ingest.decide.tidy import tidy
from shared.contacts import Reach, contact_of
from shared.contracts.reports import MAX_TEXT
from shared.plugins.spec import IncomingReport

_MAX_LINE: Final = 200
_FIRST_HAND: Final[Mapping[str, bool]] = {"now": True, "earlier": True, "told": False}


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they were typed, tidied."""

    what: str = ""
    where: str = ""
    there: str = ""
    write_back: str = ""
    contact: str = ""
    lat: str = ""
    lon: str = ""
    accuracy_m: str = ""
    trap: str = ""
    waited: bool = False
    """Whether it waited on the phone for the network, so that its writer may be gone."""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Typed":
        """From the form's fields; unknown ones are ignored."""
        typed = cls.__dataclass_fields__.keys() - {"trap", "waited"}
        known = {name: tidy(fields.get(name, "")) for name in typed}
        return cls(**known, trap=fields.get("website", ""), waited=fields.get("waited") == "1")

    def errors(self, reach: Reach) -> dict[str, str]:
        """Field → key of the sentence that says what to do; empty when all is well."""
        checks = {
            "what": self._wrong_what(),
            "where": "error_long_line" if len(self.where) > _MAX_LINE else None,
            "contact": self._wrong_contact(reach),
            "website": "error_trap" if self.trap else None,
        }
        return {field: key for field, key in checks.items() if key}

    def _wrong_what(self) -> str | None:
        if not (self.what or self.where or self.position()):
            return "error_nothing"
        return "error_long_text" if len(self.text()) > MAX_TEXT else None

    def _wrong_contact(self, reach: Reach) -> str | None:
        # Nobody may be there any more to mend it, and what was seen must not be lost for it.
        if self.write_back != "yes" or self.waited or not reach.anybody or contact_of(self.contact, reach):
            return None
        if reach.email and reach.phone:
            return "error_contact"
        return "error_contact_email" if reach.email else "error_contact_phone"

    def text(self) -> str:
        """What and where as one text, which is read for places as a whole."""
        return "\n".join(part for part in (self.what, self.where) if part)

    def position(self) -> tuple[float, float, float | None] | None:
        """Latitude, longitude and metres from the phone, or None where they are missing or no place."""
        lat, lon = _number(self.lat, 90), _number(self.lon, 180)
        if lat is None or lon is None:
            return None
        return lat, lon, _number(self.accuracy_m, 1_000_000)

    def report(self, *, source_id: str, language: str, reach: Reach) -> IncomingReport:
        """The report that this makes. A contact counts where writing back is allowed, and can be done."""
        contact = contact_of(self.contact, reach) if self.write_back == "yes" else None
        lat, lon, accuracy_m = self.position() or (None, None, None)
        return IncomingReport(
            source_id=source_id,
            text=self.text(),
            contact=contact.text if contact else None,
            lat=lat,
            lon=lon,
            accuracy_m=accuracy_m,
            language=language,
            first_hand=_FIRST_HAND.get(self.there),
        )


def _number(text: str, limit: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= limit else None
