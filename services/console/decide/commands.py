"""From a request of the desk to the command that goes into DESK. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.console.models import CommandName, DeskRequest
from shared.contracts import aftercare, desk
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
    "attend": (),
    "seen": (),
    "note": ("text",),
    "send_on": ("text",),
    "hand_over": ("to",),
    "ask": ("report",),
    "escalate": ("groups",),
    "watch": (),
    "reopen": (),
    "update": (),
    "end": (),
    "account": (),
    "post": ("begins", "ends", "label"),
    "post_withdraw": ("post",),
    "post_join": ("post",),
    "post_leave": ("post",),
    "post_check_in": ("post",),
    "mute": ("report",),
    "unmute": ("mute",),
    "flood": ("group", "on"),
}
"""The fields that a command needs, beside `incident` where it is about one."""

_OF_NO_INCIDENT: Final = frozenset({"release_report", "mute", "unmute", "flood"})

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
    reach: int = 0
    """Of a confirmation: how many it would reach."""
    reporter: desk.ReporterAddress | None = None
    """Of a question: where it goes."""
    made: str | None = None
    """Of a post, or a volunteer from outside who joins one: what it is called."""


def missing_fields(name: CommandName, request: DeskRequest) -> list[str]:
    """The fields that the command needs and the request has not."""
    wanted = (*(() if name in _OF_NO_INCIDENT else ("incident",)), *NEEDS[name])
    return [field for field in wanted if getattr(request, field) in (None, ())]


def acting_group(asked: str | None, concerned: list[str], roles: Mapping[str, str]) -> GroupId | None:
    """For which group a member acts: the one they name, else the concerned one where they may do most."""
    if asked:
        return GroupId(asked) if asked in roles else None
    own = [group for group in concerned if group in roles]
    return GroupId(min(own, key=lambda g: _RANK.get(roles[g], 9))) if own else None


def command_of(name: CommandName, act: Act, request: DeskRequest) -> desk.DeskCommand:
    """The command, with its private parts in clear."""
    return _MAKE[name](act, request)


def _by(act: Act) -> dict[str, Any]:
    return {"id": act.id, "at": act.at, "member": act.member, "group": act.group}


def _on(act: Act, request: DeskRequest) -> dict[str, Any]:
    """What all commands about an incident say."""
    return {**_by(act), "incident_id": act.incident, "version": request.version}


def _saying(act: Act, request: DeskRequest) -> dict[str, Any]:
    """The same, with the person's own words."""
    said = desk.Statement(text=request.text or "", sms_reason=request.sms_reason or "")
    return {**_on(act, request), "statement": said}


def _confirm(act: Act, request: DeskRequest) -> desk.Confirm:
    asked = {"ask": request.ask or "NONE", "sms_to": request.sms_to}
    said = desk.Statement(
        text=request.text or "", sms_reason=request.sms_reason or "", setting=request.setting
    )
    return desk.Confirm(**_on(act, request), statement=said, **asked, reach=act.reach)


def _reject(act: Act, request: DeskRequest) -> desk.Reject:
    return desk.Reject(**_saying(act, request), outcome=reject_as(request), agency=request.agency)


def _watch(act: Act, request: DeskRequest) -> desk.Reject:
    """Ordinary police: no raid, and the place is remembered."""
    return desk.Reject(**_saying(act, request), outcome="other_agency", agency="police", keep_watch=True)


def _place(act: Act, request: DeskRequest) -> desk.PutPlace:
    said = desk.Statement(text=request.text or "", place=place_of(request))
    return desk.PutPlace(**_on(act, request), statement=said)


def _update(act: Act, request: DeskRequest) -> desk.Update:
    return desk.Update(**_saying(act, request), ask=request.ask or "NONE", sms_to=request.sms_to)


def _end(act: Act, request: DeskRequest) -> desk.End:
    stage = request.stage or "officers_left"
    return desk.End(**_saying(act, request), stage=stage, tally=tally_of(request))


def _ask(act: Act, request: DeskRequest) -> desk.AskReporter:
    asks = request.asks or "what"
    return desk.AskReporter(**_on(act, request), report_id=request.report, asks=asks, to=act.reporter)


def _mute(act: Act, request: DeskRequest) -> desk.Mute:
    what, reason = request.what or "sender", request.reason or "spam"
    return desk.Mute(**_by(act), report_id=request.report, what=what, reason=reason)


def _release_report(act: Act, request: DeskRequest) -> desk.ReleaseReport:
    place = place_of(request)
    return desk.ReleaseReport(
        **_by(act),
        report_id=request.report,
        incident_id=act.incident,
        placed=desk.HeldPlace(place=place) if place else None,
    )


def _account(act: Act, request: DeskRequest) -> aftercare.Account:
    owner = act.member if request.owner == "me" else request.owner
    return aftercare.Account(
        **_on(act, request),
        arrested=request.arrested,
        news=aftercare.News(became=request.became or ()),
        owner=owner,
        check_at=request.check_at,
    )


def _post(act: Act, request: DeskRequest) -> aftercare.OpenPost:
    return aftercare.OpenPost(
        **_on(act, request),
        post_id=act.made,
        begins=request.begins,
        ends=request.ends,
        needed=request.needed or 2,
        where=aftercare.PostPlace(label=request.label or ""),
    )


def _on_post(act: Act, request: DeskRequest) -> dict[str, Any]:
    return {**_on(act, request), "post_id": request.post}


_MAKE: Final[Mapping[CommandName, Callable[[Act, DeskRequest], desk.DeskCommand]]] = {
    "claim": lambda a, r: desk.Claim(**_on(a, r)),
    "release": lambda a, r: desk.Release(**_on(a, r)),
    "release_report": _release_report,
    "attend": lambda a, r: desk.Attend(**_on(a, r), step=r.step or "going"),
    "seen": lambda a, r: desk.Seen(**_saying(a, r)),
    "note": lambda a, r: desk.Note(**_saying(a, r)),
    "send_on": lambda a, r: desk.SendOn(**_saying(a, r)),
    "hand_over": lambda a, r: desk.HandOver(**_saying(a, r), to=r.to),
    "ask": _ask,
    "escalate": lambda a, r: desk.Escalate(**_on(a, r), groups=r.groups),
    "confirm": _confirm,
    "reject": _reject,
    "watch": _watch,
    "reopen": lambda a, r: desk.Reopen(**_saying(a, r)),
    "place": _place,
    "merge": lambda a, r: desk.Merge(**_on(a, r), absorbed=a.absorbed),
    "split": lambda a, r: desk.Split(**_on(a, r), reports=r.reports or ()),
    "update": _update,
    "end": _end,
    "account": _account,
    "post": _post,
    "post_withdraw": lambda a, r: aftercare.WithdrawPost(**_on_post(a, r)),
    "post_join": lambda a, r: aftercare.JoinPost(**_on_post(a, r), tag=a.made),
    "post_leave": lambda a, r: aftercare.LeavePost(**_on_post(a, r), tag=r.tag),
    "post_check_in": lambda a, r: aftercare.CheckIn(**_on_post(a, r), tag=r.tag),
    "mute": _mute,
    "unmute": lambda a, r: desk.Unmute(**_by(a), mute_id=r.mute),
    "flood": lambda a, r: desk.Flood(**_by(a), on=bool(r.on)),
}


def reject_as(request: DeskRequest) -> desk.RejectAs:
    """As what it is rejected: whoever names an agency need not say that it was another one."""
    return request.outcome or ("other_agency" if request.agency else "not_confirmed")


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
