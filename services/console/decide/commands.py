"""From a request of the desk to the command that goes into DESK. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.console.models import CommandName, DeskRequest
from shared.contracts import desk
from shared.contracts.base import GroupId, IncidentId, MemberId, Place

NEEDS: Final[Mapping[CommandName, tuple[str, ...]]] = {
    "claim": (),
    "release": (),
    "release_report": ("report",),
    "confirm": (),
    "reject": (),
    "place": ("lat", "lon"),
    "merge": ("absorbed",),
    "split": ("reports",),
    "update": (),
    "end": (),
}
"""The fields that a command needs, beside `incident` (which only release_report does without)."""

_DEFAULT_RADIUS_M: Final = 50.0
_RANK: Final = {"dispatcher": 0, "admin": 1, "verifier": 2}


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, for which group, to which incident: what all commands say."""

    id: str
    at: datetime
    member: MemberId
    group: GroupId
    incident: IncidentId | None = None
    absorbed: IncidentId | None = None


def missing_fields(name: CommandName, request: DeskRequest) -> list[str]:
    """The fields that the command needs and the request has not."""
    wanted = (*(() if name == "release_report" else ("incident",)), *NEEDS[name])
    return [field for field in wanted if getattr(request, field) in (None, ())]


def acting_group(asked: str | None, concerned: list[str], roles: Mapping[str, str]) -> GroupId | None:
    """For which group a member acts: the one they name, else the concerned one where they may do most."""
    if asked:
        return GroupId(asked) if asked in roles else None
    own = [group for group in concerned if group in roles]
    return GroupId(min(own, key=lambda g: _RANK.get(roles[g], 9))) if own else None


def command_of(name: CommandName, act: Act, request: DeskRequest) -> desk.DeskCommand:  # noqa: C901, PLR0911 - one arm a command
    """The command, with its private parts in clear."""
    base: dict[str, Any] = {"id": act.id, "at": act.at, "member": act.member, "group": act.group}
    common = {**base, "incident_id": act.incident, "version": request.version}
    said = desk.Statement(text=request.text or "")
    match name:
        case "claim":
            return desk.Claim(**common)
        case "release":
            return desk.Release(**common)
        case "release_report":
            return _release_report(base, act, request)
        case "confirm":
            return desk.Confirm(**common, ask=request.ask or "NONE", statement=said)
        case "reject":
            return desk.Reject(**common, outcome=request.outcome or "not_confirmed", statement=said)
        case "place":
            return desk.PutPlace(**common, statement=said.model_copy(update={"place": place_of(request)}))
        case "merge":
            return desk.Merge(**common, absorbed=act.absorbed)
        case "split":
            return desk.Split(**common, reports=request.reports or ())
        case "update":
            return desk.Update(**common, ask=request.ask or "NONE", statement=said)
        case "end":
            stage = request.stage or "officers_left"
            return desk.End(**common, stage=stage, tally=tally_of(request), statement=said)


def _release_report(base: dict[str, Any], act: Act, request: DeskRequest) -> desk.ReleaseReport:
    place = place_of(request)
    return desk.ReleaseReport(
        **base,
        report_id=request.report,
        incident_id=act.incident,
        placed=desk.HeldPlace(place=place) if place else None,
    )


def tally_of(request: DeskRequest) -> desk.Tally:
    """What became of the people held."""
    return desk.Tally(let_go=request.let_go or 0, taken=request.taken or 0, unknown=request.unknown or 0)


def place_of(request: DeskRequest) -> Place | None:
    """The place that the request gives, if any."""
    if request.lat is None or request.lon is None:
        return None
    label = request.label or f"{request.lat:.4f}, {request.lon:.4f}"
    radius_m = _DEFAULT_RADIUS_M if request.radius_m is None else request.radius_m
    return Place(lat=request.lat, lon=request.lon, radius_m=radius_m, how="person", label=label)
