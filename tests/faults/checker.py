"""The judge of a run: what clients were told, against what lies in the streams and what arrived.

It believes no server's state and no message of the relay about itself: its witnesses are the
clients' own log, the raw streams, and the receiving end's log.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, hypot, radians

from tests.faults.raw_log import RawLog
from tests.faults.reports import Site, TrueReport
from tests.rigs.sink import Received

Partition = frozenset[frozenset[int]]

_NEAR_M = 1_000
_DEGREE_M = 111_320
MAX_COPIES = 2


@dataclass(frozen=True)
class Evidence:
    """A run as its witnesses tell it. `accepted`: report number → report id, from the clients' log."""

    sites: Sequence[Site]
    reports: Sequence[TrueReport]
    accepted: Mapping[int, str]
    log: RawLog
    received: Sequence[Received]
    forged: int = 0
    confirmed: Collection[int] = ()
    """Sites whose incident a dispatcher confirmed, as the dispatcher was told."""


@dataclass
class Verdict:
    """What was found. The run was sound if `problems` is empty."""

    accepted: int
    lost: int
    stored_twice: int
    decided_twice: int
    undecided: int
    max_copies: int
    incidents: Partition
    problems: list[str] = field(default_factory=list)


def judge(run: Evidence) -> Verdict:
    """Compare the witnesses."""
    problems: list[str] = []
    stored = Counter(str(r.body["report_id"]) for r in run.log.of("REPORTS", "report.received.v1"))
    lost = sum(1 for report_id in run.accepted.values() if report_id not in stored)
    never_accepted = len(stored.keys() - set(run.accepted.values()))
    twice = sum(1 for times in stored.values() if times > 1)
    undecided, decided_twice = _decisions(run)
    copies = Counter(message.webhook_id for message in run.received)
    most = max(copies.values(), default=0)
    incidents = partition(run)
    _note(problems, lost, "accepted reports are not in REPORTS")
    _note(problems, never_accepted, "stored reports were never accepted")
    _note(problems, twice, "reports are stored more than once")
    _note(problems, undecided, "stored reports have no decision")
    _note(problems, decided_twice, "inputs were decided more than once")
    _note(problems, max(0, most - MAX_COPIES), "copies too many of one message arrived")
    _note(problems, run.forged, "webhooks had a wrong signature")
    _note(
        problems, 0 if incidents == truth(run) else 1, "partition of reports into incidents is not the truth"
    )
    problems += [*_first_alerts(run), *_confirmations(run)]
    return Verdict(len(run.accepted), lost, twice, decided_twice, undecided, most, incidents, problems)


def _note(problems: list[str], count: int, what: str) -> None:
    if count:
        problems.append(f"{count} {what}")


def _decisions(run: Evidence) -> tuple[int, int]:
    """How many stored reports have no decision, and how many inputs have more than one."""
    decided = Counter(
        (str(r.body["input"]["stream"]), int(r.body["input"]["seq"]))
        for r in run.log.of("DECISIONS", "input.decided.v1")
    )
    undecided = sum(1 for r in run.log.records["REPORTS"] if ("REPORTS", r.seq) not in decided)
    return undecided, sum(1 for ref, times in decided.items() if times > 1 and ref[0] != "TICK")


def partition(run: Evidence) -> Partition:
    """The incidents as sets of report numbers, from the log's `report.attached` events."""
    number_of = {report_id: number for number, report_id in run.accepted.items()}
    members: dict[str, set[int]] = {}
    for record in run.log.of("DECISIONS", "report.attached.v1"):
        number = number_of.get(record.body["report_id"], -1)
        members.setdefault(record.body["incident_id"], set()).add(number)
    return _frozen(members.values())


def truth(run: Evidence) -> Partition:
    """The same as the generator made it."""
    members: dict[int, set[int]] = {}
    for report in run.reports:
        if report.site is not None and report.number in run.accepted:
            members.setdefault(report.site, set()).add(report.number)
    return _frozen(members.values())


def _frozen(sets: Iterable[set[int]]) -> Partition:
    return frozenset(frozenset(members) for members in sets)


def _first_alerts(run: Evidence) -> list[str]:
    """Each true incident's verifiers were told first exactly once (copies apart), and nobody else was."""
    told_of = {report.site for report in run.reports if report.number in run.accepted}
    sites = [site for site in run.sites if site.number in told_of]
    return _told_once(run, sites, "UNCONFIRMED", "verifiers", others=frozenset())


def _confirmations(run: Evidence) -> list[str]:
    """Each confirmed incident's community was told exactly once; else only its verifiers were."""
    sites = [site for site in run.sites if site.number in run.confirmed]
    return _told_once(run, sites, "CONFIRMED", "community", others=frozenset({"verifiers"}))


def _told_once(
    run: Evidence, sites: Sequence[Site], kind: str, audience: str, *, others: frozenset[str]
) -> list[str]:
    problems = []
    messages = [m for m in run.received if m.kind == kind]
    for site in sites:
        about = [m for m in messages if near(m.payload["place"], site)]
        rightly = {m.webhook_id for m in about if m.group == site.group and m.audience == audience}
        if len(rightly) != 1:
            problems.append(f"site {site.number}: {len(rightly)} {kind} to its {audience} instead of one")
        if any(m.group != site.group or m.audience not in {audience, *others} for m in about):
            problems.append(f"site {site.number}: somebody else was told {kind}")
    return problems


def near(place: Mapping[str, float], site: Site) -> bool:
    """Whether the place is the site's."""
    north = (place["lat"] - site.lat) * _DEGREE_M
    east = (place["lon"] - site.lon) * _DEGREE_M * cos(radians(site.lat))
    return hypot(north, east) < _NEAR_M
