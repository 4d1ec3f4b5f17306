"""Why a report was decided so, as sentences for a volunteer: what figures mean, without the figures. Pure.

Each line is a key of the desk's catalog with its values. Signs that mean nothing to people stay behind the
figures, which whoever wants them still finds on the page.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.console.models import Explained

_SURE: Final = 0.85
_A_COPY: Final = 0.85
_MOST_COMPARED: Final = 3
_TOGETHER: Final = (
    "copy",
    "sender",
    "same_spot",
    "near_spot",
    "in_area",
    "near_area",
    "same_label",
    "words",
    "chat",
    "home",
    "venue",
)
_ASUNDER: Final = {
    "returned": "returned",
    "apart": "apart",
    "elsewhere": "far_spot",
    "far_spot": "far_spot",
    "out_of_area": "far_spot",
    "other_street": "other_street",
    "other_venue": "other_venue",
    "other_business": "other_venue",
    "foreign": "foreign",
    "unlinked": "unlinked",
}
"""What speaks against, by the sentence that says it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence: the catalog's key and what is filled in; `code` None: another group's incident."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    more: Sequence[str] = ()
    """Keys of sentences that say why, below it."""


def lines(told: Explained) -> list[Line]:
    """What was decided and why, the decision first."""
    return [*_decided(told), *_understood(told.why or {}), *_compared(told.why or {})]


def _decided(told: Explained) -> Iterator[Line]:
    did = "held_settled" if told.outcome == "held" and not told.waits else told.outcome
    yield Line(f"why_did_{did}", {"code": told.incident}, (f"because_{told.reason}",))


def _understood(why: Mapping[str, Any]) -> Iterator[Line]:
    if not why:
        return
    unsure = ("why_unsure",) if why["sure"] < _SURE else ()
    yield Line(f"why_read_{why['kind']}", more=unsure)
    yield Line({True: "why_hand_yes", False: "why_hand_no"}.get(why["first_hand"], "why_hand_unknown"))
    yield Line(f"why_who_{why['who']}")
    if why["trusted"]:
        yield Line("why_trusted")
    place = why["place"]
    yield Line("why_place_is", {"place": place["label"]}) if place else Line("why_place_none")


def _compared(why: Mapping[str, Any]) -> Iterator[Line]:
    for one in (why.get("considered") or ())[:_MOST_COMPARED]:
        same = one["score"] > 0
        speaking = _together(one["signs"]) if same else _asunder(one["signs"])
        yield Line("why_same_as" if same else "why_other_than", {"code": one["incident"]}, tuple(speaking))


def _together(signs: Mapping[str, float]) -> list[str]:
    speaking = [s for s in _TOGETHER if s in signs and (s != "copy" or signs[s] >= _A_COPY)]
    return [f"why_sign_{sign}" for sign in speaking]


def _asunder(signs: Mapping[str, float]) -> list[str]:
    return list(dict.fromkeys(f"why_sign_{told}" for sign, told in _ASUNDER.items() if sign in signs))
