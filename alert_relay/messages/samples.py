"""One made-up incident from the first report to the last word: what each message is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from shared.contracts.base import Place
from shared.contracts.desk import Tally
from shared.contracts.groups import GroupDefinition

GROUP: Final = GroupDefinition.model_validate({"id": "hackney", "name": "Hackney Anti Raids"})
_BEGAN: Final = datetime(2022, 5, 14, 17, 33, tzinfo=UTC)
_PLACE: Final = Place(
    lat=51.5466, lon=-0.075, radius_m=30, how="junction", label="Ashwin St/Kingsland Rd E8", outcode="E8"
)
_PUBLIC: Final = PublicPlace(lat=51.546, lon=-0.075, radius_m=200, label="Ashwin St, E8")
_FACTS: Final[dict[str, Any]] = {
    "place": _PLACE, "public": _PUBLIC, "first_report_at": _BEGAN, "since": _BEGAN, "reports": 6,
    "first_hand": 2,
}  # fmt: skip
_SEEN: Final = {"van": 2, "person": 1}
_WROTE: Final = "2 vans by the station, they hold a rider"
_STATION: Final = "Stoke Newington Police Station"


@dataclass(frozen=True, slots=True)
class Sample:
    """One message: to whom and when, and the alert it is made of."""

    title: str
    alert: AlertRaised


def at(minutes: float) -> datetime:
    """So long after the first report."""
    return _BEGAN + timedelta(minutes=minutes)


def samples() -> Iterator[Sample]:
    """The incident's life, in the order in which people hear of it; then what stands beside it."""
    yield from _first()
    yield from _to_the_community()
    yield from _ends()
    yield from _aftercare()
    yield from _beside()


def _first() -> Iterator[Sample]:
    yield Sample("Verifiers: the first word", _alert("UNCONFIRMED", 9, seen=_SEEN, reports=4, first_hand=1))
    nobody: dict[str, Any] = {"note": "nobody_took", "on_duty": ("Ada",)}
    yield Sample(
        "Verifiers: nobody has taken it", _alert("UPDATE", 14, "verifiers", status="unconfirmed", **nobody)
    )
    asked: dict[str, Any] = {
        "note": "asked_to_help",
        "also_told": ("Islington Anti Raids",),
        "excerpt": _WROTE,
    }
    yield Sample("A neighbour group's verifiers", _alert("UNCONFIRMED", 19, reports=4, first_hand=1, **asked))
    yield Sample(
        "Verifiers: independent reports agree", _alert("LIKELY", 12, reports=6, first_hand=2, seen=_SEEN)
    )
    seen: dict[str, Any] = {"note": "seen", "statement": "Two vans, one rider held", "sightings": 1}
    yield Sample("Verifiers: one of ours sees it", _alert("LIKELY", 15, reports=6, first_hand=2, **seen))
    yield Sample(
        "Verifiers: it moved",
        _alert("UPDATE", 16, "verifiers", status="likely", note="moved", was="Dalston Lane"),
    )


def _to_the_community() -> Iterator[Sample]:
    said = "Our volunteer sees them. 1 person held."
    yield Sample("Community: confirmed", _alert("CONFIRMED", 18, ask="WITNESSES", statement=said))
    law: dict[str, Any] = {"jurisdiction": "england-wales", "statement": "Our volunteer sees two vans."}
    district = _PUBLIC.model_copy(update={"label": "E8"})
    for where, setting, public in (
        ("at a home", "home", district),
        ("at work", "work", _PUBLIC),
        ("drivers are stopped", "driving", _PUBLIC),
        ("in the street", "street", _PUBLIC),
    ):
        there = {**law, "setting": setting, "public": public}
        yield Sample(f"Community: confirmed, {where}", _alert("CONFIRMED", 18, ask="WITNESSES", **there))
    yield Sample(
        "Community: enough are there",
        _alert("UPDATE", 40, ask="ENOUGH", statement="About 60 people are here."),
    )
    yield Sample("Community: it goes on", _alert("UPDATE", 70))
    yield Sample("Community: another place", _alert("UPDATE", 75, was="Dalston Lane, E8", was_m=420.0))


def _ends() -> Iterator[Sample]:
    yield Sample("Community: the end", _alert("OVER", 112, tally=Tally(let_go=2, taken=1)))
    yield Sample("Community: no news", _alert("NO_NEWS", 160, since=at(65)))
    yield Sample(
        "Community: a mistake",
        _alert(
            "WRONG", 32, told_at=at(18), statement="Our volunteer sees police traffic checks, nobody held."
        ),
    )
    yield Sample("Community: another agency", _alert("WRONG", 32, status="other_agency", told_at=at(18)))
    yield Sample("Verifiers: not confirmed", _alert("NOT_CONFIRMED", 32, checked=("went", "asked")))


def _aftercare() -> Iterator[Sample]:
    left: dict[str, Any] = {"tally": Tally(let_go=2, taken=1), "fates": {"unknown": 1}}
    yield Sample("Community: aftercare", _alert("UPDATE", 115, status="aftercare", **left))
    posts = (PostLine(place=_STATION, begins=at(207), ends=at(327), needed=2, coming=0),)
    yield Sample(
        "Verifiers: people are needed", _alert("AFTERCARE", 120, "verifiers", note="posts_open", posts=posts)
    )
    check: dict[str, Any] = {"note": "check_due", "unknown": 1, "owner": "Ada"}
    yield Sample("Verifiers: ask again", _alert("AFTERCARE", 235, "verifiers", **check))
    closed: dict[str, Any] = {"tally": Tally(let_go=2, taken=1), "fates": {"released": 1}}
    yield Sample("Community: closed", _alert("CLOSED", 1500, **closed))


def _beside() -> Iterator[Sample]:
    lines = (
        DigestLine(report_id="r1", at=at(20), place="Dalston", excerpt="vans near the market",
                   reason="place_too_vague"),
        DigestLine(report_id="r2", at=at(13), place="Mare Street", reason="too_many_at_once", code="L4B",
                   reports=3),
    )  # fmt: skip
    digest = DigestBody(lines=lines, held=12, oldest=at(-20))
    yield Sample("Verifiers: a digest", _bare("DIGEST", 25, digest))
    shift = ShiftLine(begins=at(57), ends=at(297), places=2, taken=0)
    yield Sample("Verifiers: a shift is empty", _bare("DUTY", 27, DutyBody(what="empty", lines=(shift,))))
    drill: dict[str, Any] = {"drill": True, "statement": "Two vans."}
    yield Sample("An exercise: confirmed", _alert("CONFIRMED", 18, ask="WITNESSES", **drill))
    at_home: dict[str, Any] = {"setting": "home", "jurisdiction": "scotland"}
    yield Sample("An exercise: confirmed, at a home in Scotland", _alert("CONFIRMED", 18, **drill, **at_home))


_STATUS: Final = {
    "UNCONFIRMED": "unconfirmed", "LIKELY": "likely", "CONFIRMED": "confirmed", "UPDATE": "confirmed",
    "OVER": "officers_left", "CLOSED": "closed", "WRONG": "retracted", "NOT_CONFIRMED": "not_confirmed",
    "NO_NEWS": "no_news", "AFTERCARE": "officers_left",
}  # fmt: skip
_VERIFIERS: Final = frozenset({"UNCONFIRMED", "LIKELY", "NOT_CONFIRMED", "DIGEST", "DUTY"})


def _alert(  # noqa: PLR0913 - what an alert may be about
    kind: str,
    minutes: float,
    audience: str = "",
    *,
    ask: str = "NONE",
    status: str = "",
    drill: bool = False,
    **body: Any,
) -> AlertRaised:
    given = {"ask": ask, "drill": drill, "status": status or _STATUS[kind]}
    about = {**given, "code": "D7K", "incident_id": "i1"}
    return raised(kind, minutes, audience, AlertBody(**{**_FACTS, **body})).model_copy(update=about)


def _bare(kind: str, minutes: float, body: DigestBody | DutyBody) -> AlertRaised:
    return raised(kind, minutes, "verifiers", body)


def raised(kind: str, minutes: float, audience: str, body: Any) -> AlertRaised:
    """An alert of that kind, so long after the first report; without an audience, to its usual one."""
    usual = "verifiers" if kind in _VERIFIERS else "community"
    return AlertRaised.model_validate(
        {"id": "e1", "at": at(minutes), "alert_id": "a1", "group": "hackney", "group_version": 1,
         "audience": audience or usual, "kind": kind, "urgency": "urgent", "not_after": at(minutes + 120),
         "body": body}
    )  # fmt: skip
