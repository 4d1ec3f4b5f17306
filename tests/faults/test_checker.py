"""The judge must be able to say no: each fault that a relay could have is planted and found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.checker import Evidence, judge
from tests.faults.raw_log import RawLog, Record
from tests.faults.reports import make_reports, make_sites
from tests.rigs.sink import Received

SITES = make_sites(4)
REPORTS = make_reports(SITES, 80, seed=7)


def ids() -> dict[int, str]:
    return {report.number: f"r{report.number}" for report in REPORTS}


def record(seq: int, kind: str, **body: Any) -> Record:
    return Record(seq, "any", {"type": kind, **body})


def sound_run() -> Evidence:
    """What a faultless relay would leave behind."""
    log = RawLog("nats://nowhere")
    for seq, report in enumerate(REPORTS, 1):
        name = f"r{report.number}"
        log.records["REPORTS"].append(record(seq, "report.received.v1", report_id=name))
        decided = {"stream": "REPORTS", "seq": seq}
        log.records["DECISIONS"].append(record(2 * seq, "input.decided.v1", input=decided))
        if report.site is not None:
            attached = {"report_id": name, "incident_id": f"i{report.site}"}
            log.records["DECISIONS"].append(record(2 * seq + 1, "report.attached.v1", **attached))
    numbers = range(len(SITES))
    confirmations = [alert(n, "CONFIRMED", audience=a) for n in numbers for a in ("verifiers", "community")]
    return Evidence(SITES, REPORTS, ids(), log, [*map(alert, numbers), *confirmations], confirmed={*numbers})


def alert(
    number: int, kind: str = "UNCONFIRMED", *, group: str | None = None, audience: str = "verifiers"
) -> Received:
    site = SITES[number]
    place = {"lat": site.lat + 0.0002, "lon": site.lon, "label": "somewhere", "radius_m": 40}
    payload = {"kind": kind, "place": place}
    return Received(group or site.group, audience, f"{kind}-{number}-{group}-{audience}", payload)


def test_a_sound_run_has_no_problems() -> None:
    verdict = judge(sound_run())
    assert verdict.problems == []
    assert (verdict.accepted, verdict.max_copies, len(verdict.incidents)) == (80, 1, 4)


def with_records(
    stream: str, change: Callable[[list[Record]], list[Record]]
) -> Callable[[Evidence], Evidence]:
    def planted(run: Evidence) -> Evidence:
        run.log.records[stream] = change(run.log.records[stream])
        return run

    return planted


def with_received(change: Callable[[list[Received]], list[Received]]) -> Callable[[Evidence], Evidence]:
    return lambda run: replace(run, received=change(list(run.received)))


def moved(records: list[Record]) -> list[Record]:
    """The first attached report lands in another incident."""
    at = next(n for n, r in enumerate(records) if r.type == "report.attached.v1")
    body = {**records[at].body, "incident_id": "i99"}
    return [*records[:at], replace(records[at], body=body), *records[at + 1 :]]


def merged(records: list[Record]) -> list[Record]:
    """All reports land in one incident."""
    return [replace(r, body={**r.body, "incident_id": "i1"}) for r in records]


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (with_records("REPORTS", lambda r: r[:-1]), "not in REPORTS"),
        (with_records("REPORTS", lambda r: [*r, replace(r[0], seq=999)]), "stored more than once"),
        (
            with_records("REPORTS", lambda r: [*r, record(999, "report.received.v1", report_id="rx")]),
            "never accepted",
        ),
        (with_records("DECISIONS", lambda r: [d for d in r if d.seq != 2]), "no decision"),
        (with_records("DECISIONS", lambda r: [*r, r[0]]), "decided more than once"),
        (with_records("DECISIONS", moved), "not the truth"),
        (with_records("DECISIONS", merged), "not the truth"),
        (with_received(lambda m: m[1:]), "site 0: 0 UNCONFIRMED"),
        (with_received(lambda m: [*m, m[0], m[0]]), "copies too many"),
        (with_received(lambda m: [*m, replace(m[0], webhook_id="another")]), "site 0: 2 UNCONFIRMED"),
        (with_received(lambda m: [*m, alert(0, group="group-1")]), "somebody else"),
        (with_received(lambda m: [*m, alert(0, audience="community")]), "somebody else"),
        (with_received(lambda m: m[:-1]), "site 3: 0 CONFIRMED"),
        (with_received(lambda m: [*m, alert(2, "CONFIRMED", group="group-0")]), "somebody else"),
        (lambda run: replace(run, forged=1), "wrong signature"),
    ],
)
def test_each_planted_fault_is_found(plant: Callable[[Evidence], Evidence], found: str) -> None:
    problems = judge(plant(sound_run())).problems
    assert any(found in problem for problem in problems), problems


def test_a_second_copy_is_allowed() -> None:
    run = sound_run()
    assert judge(replace(run, received=[*run.received, run.received[0]])).problems == []


def test_the_generator_gives_the_same_reports_again() -> None:
    assert make_reports(SITES, 80, seed=7) == REPORTS
    assert make_reports(SITES, 80, seed=8) != REPORTS
