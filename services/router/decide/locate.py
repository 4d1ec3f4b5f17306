"""Where a report is: a point, an uncertainty radius, and how it was found.

Every name in the words is weighed by what else is known: districts and areas named beside it, another
name close by, the phone, the sender's thread, whose area it is. Words beat a distant phone, because
people report what happens elsewhere. A name that may mean several places is settled by such clues or
stays ambiguous: a wrong place is worse than a vague one.
"""

from dataclasses import dataclass
from typing import Final

from services.router.decide.areas import ONE_AREA_M, area_place, district
from services.router.decide.clues import (
    AREA_LEAST_M,
    PHONE_IN_AREA_M,
    PHONE_M,
    Clues,
    Hints,
    clues_of,
    precise,
)
from services.router.decide.codes import Codes, find_codes
from services.router.decide.mentions import Mentions, find_mentions, where_it_was
from services.router.decide.places import at
from services.router.decide.reasons import AMBIGUOUS_PLACE, NO_PLACE
from services.router.decide.weigh import named_place
from shared.contracts.base import Place
from shared.contracts.reports import ReportContent
from shared.gazetteer.port import Gazetteer
from shared.geo import distance_m

_PHONE_LEAST_M: Final = 30.0
_WITNESS_M: Final = 500.0
_WITNESS_NEAR_M: Final = 5_000.0
_PHONE_ALONE_M: Final = 60.0

_TYPED_REACH_M: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Located:
    """The place, or the reason why there is none; and what was considered."""

    place: Place | None
    reason: str
    considered: tuple[tuple[str, float], ...] = ()
    """Names of the places weighed, with their points, the best first."""
    said: bool = False
    """Whether the words name the place, rather than the phone alone."""


def locate(content: ReportContent, gazetteer: Gazetteer, hints: Hints) -> Located:
    """Find the report's place; see the module's docstring."""
    mentions = find_mentions(content.text, hints.languages, gazetteer)
    if hints.leaves:
        mentions = where_it_was(mentions, hints.languages)
    typed = find_codes(content.postcode, gazetteer) if content.postcode else None
    clues = clues_of(mentions, content.position, typed, gazetteer, hints)
    said = _exact(mentions.codes, mentions, gazetteer)
    if said is None:
        return _weighed(mentions, typed, clues, gazetteer)
    return Located(_with_phone(said, clues, gazetteer), "found", said=True)


def _weighed(mentions: Mentions, typed: Codes | None, clues: Clues, gazetteer: Gazetteer) -> Located:
    """A place of the names in the text; else of a field or the phone; else of the area named."""
    found, considered = named_place(mentions, clues)
    by_field = _exact(typed, mentions, gazetteer) if typed else None
    if found is not None:
        return Located(
            _with_phone(_with_field(found, by_field), clues, gazetteer), "found", considered, said=True
        )
    area = area_place(mentions, clues, gazetteer)
    if by_field is not None and (area is None or _inside(by_field, area)) and not _elsewhere(by_field, clues):
        return Located(by_field, "found", considered, said=True)
    if area is None and typed is not None:
        area = district(typed, gazetteer)
    if area is None and clues.phone is None:
        return Located(None, AMBIGUOUS_PLACE if mentions.names else NO_PLACE, considered)
    return Located(_with_phone(area, clues, gazetteer), "found", considered, said=area is not None)


def _elsewhere(by_field: Place, clues: Clues) -> bool:
    """Whether a witness's phone is far from the postcode they typed: it may be that of their home."""
    if clues.phone is None or clues.hints.hearsay:
        return False
    return distance_m(by_field.lat, by_field.lon, clues.phone.lat, clues.phone.lon) > _TYPED_REACH_M


def _exact(codes: Codes, mentions: Mentions, gazetteer: Gazetteer) -> Place | None:
    """A point, a full postcode or a sector."""
    if codes.point:
        lat, lon = codes.point
        outcode = gazetteer.outcode_at(lat, lon)
        return at(lat, lon, codes.point_m, "coordinates", bare_label(lat, lon, gazetteer), outcode)
    streets = [m.name for m in mentions.names if m.precise and not m.denied]
    for postcode in codes.postcodes:
        if point := gazetteer.postcode(postcode):
            label = ", ".join([*streets[:1], postcode])
            return at(point.lat, point.lon, point.radius_m, "postcode", label, postcode.split(" ")[0])
    return None


def bare_label(lat: float, lon: float, gazetteer: Gazetteer) -> str:
    """What to call a bare point: "near 51.5470, -0.0748, E8"."""
    outcode = gazetteer.outcode_at(lat, lon)
    return f"near {lat:.4f}, {lon:.4f}" + (f", {outcode}" if outcode else "")


# --- words, field and phone ----------------------------------------------------------------------


def _inside(one: Place, other: Place) -> bool:
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= other.radius_m + one.radius_m + AREA_LEAST_M


def _with_field(said: Place, by_field: Place | None) -> Place:
    """The form's postcode refines the street it agrees with, and yields where it does not."""
    if by_field is None or by_field.radius_m >= said.radius_m:
        return said
    apart = distance_m(said.lat, said.lon, by_field.lat, by_field.lon)
    if apart > said.radius_m + 300:
        return said
    return at(by_field.lat, by_field.lon, by_field.radius_m, said.how, said.label, by_field.outcode)


def _with_phone(said: Place | None, clues: Clues, gazetteer: Gazetteer) -> Place | None:
    """Words and phone together: the phone refines what it agrees with, and yields where it does not."""
    phone = clues.phone
    if phone is None:
        return said
    accuracy = max(PHONE_M if phone.accuracy_m is None else phone.accuracy_m, _PHONE_LEAST_M)
    if said is None:
        outcode = gazetteer.outcode_at(phone.lat, phone.lon)
        radius = max(accuracy, 2_000.0) if clues.hints.hearsay else max(accuracy, _PHONE_ALONE_M)
        how = "area" if clues.hints.hearsay else "coordinates"
        return at(phone.lat, phone.lon, radius, how, bare_label(phone.lat, phone.lon, gazetteer), outcode)
    apart = distance_m(said.lat, said.lon, phone.lat, phone.lon)
    near = apart <= said.radius_m + _WITNESS_NEAR_M
    if clues.hints.witness and said.how == "area" and accuracy <= _WITNESS_M and near:
        label = (
            said.label if apart <= said.radius_m + ONE_AREA_M else bare_label(phone.lat, phone.lon, gazetteer)
        )
        return at(
            phone.lat,
            phone.lon,
            max(accuracy, PHONE_IN_AREA_M),
            "coordinates",
            label,
            gazetteer.outcode_at(phone.lat, phone.lon),
        )
    reach = {"street": 1_200.0, "area": 0.0, "outcode": 0.0}.get(said.how, 500.0)
    agrees = (
        apart <= said.radius_m + accuracy + reach
        and accuracy < max(said.radius_m, reach)
        and not clues.hints.hearsay
    )
    if said.how in {"postcode", "coordinates"} or not agrees:
        return said
    if not precise(said):
        accuracy = max(accuracy, PHONE_IN_AREA_M)
    return at(phone.lat, phone.lon, accuracy, "coordinates", said.label, said.outcode)
