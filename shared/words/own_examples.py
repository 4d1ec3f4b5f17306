"""Made-up alerts by which a group's own words are checked and shown: each case that they have to tell apart.

The same facts for the check, for whoever writes, and for whoever reviews. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

from shared.contracts.alerts import (
    AlertBody,
    AlertRaised,
    DigestBody,
    DigestLine,
    DutyBody,
    PostLine,
    PublicPlace,
    ShiftLine,
)
from shared.contracts.base import AlertId, GroupId, IncidentId, Place
from shared.contracts.desk import Tally
from shared.contracts.groups import GroupDefinition
from shared.contracts.situation import JURISDICTIONS, SETTINGS

BASE_URL: Final = "https://relay.example"
GROUP: Final = GroupDefinition(id=GroupId("hackney"), name="Hackney Anti Raids")
_AT: Final = datetime(2022, 5, 14, 17, 42, tzinfo=UTC)
_STATUS: Final = {
    "UNCONFIRMED": "unconfirmed", "LIKELY": "likely", "CONFIRMED": "confirmed", "OVER": "officers_left",
    "WRONG": "retracted", "NO_NEWS": "no_news", "UPDATE": "confirmed", "CLOSED": "closed",
    "AFTERCARE": "officers_left", "NOT_CONFIRMED": "not_confirmed",
}  # fmt: skip
_POST: Final = PostLine(place="Front door", begins=_AT, ends=_AT + timedelta(hours=2), needed=2, coming=1)
_STATEMENT: Final = "Two vans at the corner."
_TALLY: Final = Tally(let_go=23, taken=37, unknown=41)


@dataclass(frozen=True, slots=True)
class Example:
    """One case; those of one `apart` have to read differently, because only that differs."""

    alert: AlertRaised
    apart: str = ""


def examples(kind: str) -> Iterator[Example]:
    """The cases of a kind of message, in the order in which a person would want to see them."""
    match kind:
        case "CONFIRMED":
            yield Example(_alert(kind, statement=_STATEMENT, ask="WITNESSES"))
            for ask in ("WITNESSES", "ENOUGH", "LEAVE", "NONE"):
                yield Example(_alert(kind, ask=ask), "ask")
            yield Example(_alert(kind, ask="WITNESSES", setting="home"))
        case "OVER":
            yield Example(_alert(kind, tally=_TALLY, statement=_STATEMENT))
            yield Example(_alert(kind))
        case "WRONG":
            for status in ("retracted", "not_confirmed", "other_agency"):
                yield Example(_alert(kind, status=status), "status")
            yield Example(_alert(kind, status="not_confirmed", checked=("went", "asked")), "status")
            yield Example(_alert(kind, statement=_STATEMENT))
            yield Example(_alert(kind, audience="verifiers", posts=(_POST,)), "posts")
            yield Example(_alert(kind, audience="verifiers"), "posts")
        case "UNCONFIRMED":
            yield Example(_alert(kind, excerpt="Vans, they stop riders"), "help")
            yield Example(_alert(kind, excerpt="Vans, they stop riders", note="asked_to_help"), "help")
        case "LIKELY":
            yield Example(_alert(kind, excerpt="Vans, they stop riders"), "seen")
            yield Example(_alert(kind, excerpt="Vans, they stop riders", note="seen"), "seen")
            yield Example(_alert(kind, statement=_STATEMENT))
        case _:
            yield Example(_alert(kind, statement=_STATEMENT))
    yield Example(elsewhere(kind))


def product_examples(kind: str) -> Iterator[AlertRaised]:
    """Cases of every kind of message to a group, also of those that are the relay's alone."""
    match kind:
        case "DIGEST":
            line = DigestLine(report_id="r1", at=_AT, place="Dalston", excerpt="vans", reason="no_place")
            lines = (line, line.model_copy(update={"code": "D7K", "reports": 3}))
            yield _bare(kind, DigestBody(lines=lines, held=2, oldest=_AT))
        case "DUTY":
            shift = ShiftLine(begins=_AT, ends=_AT + timedelta(hours=4), places=2, taken=0)
            yield _bare(kind, DutyBody(what="empty", lines=(shift,)))
        case "AFTERCARE":
            for note in ("posts_open", "post_unfilled", "post_no_show", "post_withdrawn", "check_due"):
                yield _alert(kind, audience="verifiers", note=note, posts=(_POST,), unknown=2, owner="Ada")
        case "UPDATE":
            yield from _updates(kind)
        case "NOT_CONFIRMED":
            for status in ("not_confirmed", "other_agency"):
                yield _alert(kind, status=status, statement=_STATEMENT, posts=(_POST,))
            yield _alert(kind, checked=("went", "asked"))
        case "CONFIRMED":
            yield from _confirmed(kind)
        case "CLOSED":
            yield _alert(kind, tally=_TALLY, fates={"released": 2, "bailed": 35}, posts=(_POST,))
        case _:
            yield from (case.alert for case in examples(kind) if not case.alert.drill)


def _confirmed(kind: str) -> Iterator[AlertRaised]:
    """The cases that a group's own words have too, then every place and setting."""
    yield from (case.alert for case in examples(kind) if not case.alert.drill)
    for jurisdiction, setting in product(JURISDICTIONS, SETTINGS):
        where: dict[str, Any] = {"jurisdiction": jurisdiction, "setting": setting}
        yield _alert(kind, statement=_STATEMENT, ask="WITNESSES", **where)


def _updates(kind: str) -> Iterator[AlertRaised]:
    for status in ("confirmed", "officers_left", "aftercare"):
        yield _alert(kind, status=status, tally=_TALLY, fates={"released": 2, "unknown": 1})
    for note in ("said_over", "moved", "reopened", "nobody_took"):
        yield _alert(kind, audience="verifiers", status="unconfirmed", note=note, was="Mare Street")
    yield from (_alert(kind, ask=ask) for ask in ("WITNESSES", "ENOUGH", "LEAVE"))


def _bare(kind: str, body: DigestBody | DutyBody) -> AlertRaised:
    raised = _alert("UNCONFIRMED")
    return raised.model_copy(
        update={"kind": kind, "body": body, "code": None, "incident_id": None, "status": None}
    )


def elsewhere(kind: str) -> AlertRaised:
    """An exercise at another time and place: by it what is written out is told from what is filled in."""
    return _alert(
        kind, label="Mare Street E9", code="K4P", at=datetime(2023, 11, 27, 7, 5, tzinfo=UTC), drill=True
    )


def longest(alert: AlertRaised) -> tuple[AlertRaised, GroupDefinition]:
    """The same where everything that others wrote is as long as it can be."""
    body, group = alert.body, GROUP.model_copy(update={"name": "W" * 80})
    if not isinstance(body, AlertBody):
        return alert, group
    long = "W" * 400
    place = body.place.model_copy(update={"label": long})
    public = body.public.model_copy(update={"label": long})
    more = {"place": place, "public": public, "statement": long, "excerpt": long, "reports": 9999}
    return alert.model_copy(update={"body": body.model_copy(update=more)}), group


def _alert(  # noqa: PLR0913 - what an alert may be about
    kind: str,
    *,
    label: str = "Ashwin St/Kingsland Rd E8",
    code: str = "D7K",
    at: datetime = _AT,
    ask: str = "NONE",
    drill: bool = False,
    status: str = "",
    audience: str = "",
    **body: Any,
) -> AlertRaised:
    usual = "verifiers" if kind in {"UNCONFIRMED", "LIKELY", "NOT_CONFIRMED"} else "community"
    return AlertRaised.model_validate(
        {
            "id": "example",
            "at": at,
            "alert_id": AlertId("example"),
            "group": GROUP.id,
            "group_version": 1,
            "audience": audience or usual,
            "kind": kind,
            "urgency": "urgent",
            "ask": ask,
            "not_after": at + timedelta(hours=2),
            "drill": drill,
            "incident_id": IncidentId("example"),
            "code": code,
            "status": status or _STATUS[kind],
            "body": _body(label, at, **body),
        }
    )


def _body(label: str, at: datetime, **more: Any) -> AlertBody:
    return AlertBody(
        place=Place(lat=51.5466, lon=-0.075, radius_m=60, how="junction", label=label),
        public=PublicPlace(lat=51.546, lon=-0.075, radius_m=300, label=label),
        first_report_at=at - timedelta(minutes=9),
        since=at - timedelta(minutes=95),
        reports=64,
        first_hand=12,
        **more,
    )
