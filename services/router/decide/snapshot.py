"""An open incident as one JSON value, so that it outlives the log's age limit, and back."""

from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from rpds import HashTrieMap

from services.router.decide.state import Claim, Evidence, Incident
from shared.contracts.base import Place
from shared.contracts.desk import Tally
from shared.contracts.incidents import GroupShare

MOST_REPORTS: Final = 200
"""Reports that a snapshot carries, the latest ones: a message of the log has a size limit."""

_EVIDENCE: Final = TypeAdapter(list[Evidence])
_CLAIM: Final = TypeAdapter(Claim | None)
_TIME: Final = TypeAdapter(datetime | None)
_PLAIN: Final = ("id", "code", "status", "drill", "version", "placed_by_person", "first_hand", "merged_into")
_TIMES: Final = ("opened_at", "last_at", "ended_at", "stated_at")


def snapshot_of(incident: Incident) -> dict[str, Any]:
    """The incident as plain JSON values."""
    latest = sorted(incident.evidence.values(), key=lambda e: (e.at, e.report))[-MOST_REPORTS:]
    return {
        **{name: getattr(incident, name) for name in _PLAIN},
        **{name: _TIME.dump_python(getattr(incident, name), mode="json") for name in _TIMES},
        "place": incident.place.model_dump(mode="json") if incident.place else None,
        "groups": [share.model_dump(mode="json") for share in incident.groups],
        "told": [list(pair) for pair in incident.told],
        "claim": _CLAIM.dump_python(incident.claim, mode="json"),
        "tally": incident.tally.model_dump(mode="json"),
        "evidence": _EVIDENCE.dump_python(latest, mode="json"),
        "support": _EVIDENCE.dump_python(list(incident.support), mode="json"),
        "best": _EVIDENCE.dump_python([incident.best] if incident.best else [], mode="json"),
    }


def incident_from(state: dict[str, Any]) -> Incident:
    """The incident that `snapshot_of` restated."""
    best = _EVIDENCE.validate_python(state["best"])
    plain: dict[str, Any] = {name: state[name] for name in _PLAIN}
    times: dict[str, Any] = {name: _TIME.validate_python(state[name]) for name in _TIMES}
    return Incident(
        **plain,
        **times,
        place=Place.model_validate(state["place"]) if state["place"] else None,
        groups=tuple(GroupShare.model_validate(share) for share in state["groups"]),
        told=tuple((pair[0], pair[1]) for pair in state["told"]),
        claim=_CLAIM.validate_python(state["claim"]),
        tally=Tally.model_validate(state["tally"]),
        evidence=HashTrieMap({e.report: e for e in _EVIDENCE.validate_python(state["evidence"])}),
        support=tuple(_EVIDENCE.validate_python(state["support"])),
        best=best[0] if best else None,
    )
