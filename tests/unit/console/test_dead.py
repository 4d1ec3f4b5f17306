"""Dead letters at the console: seen by operators alone, without what they say; tried again, or let go."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.console.decide.counts import COUNTS
from services.console.decide.dead import INDEX
from services.console.decide.dead_views import ADVICE, letter
from services.console.decide.draft import Draft
from services.console.decide.project import needs, project
from services.router import worker
from services.router.decide import decider
from shared.contracts.base import Message
from shared.contracts.dead import DeadClosed, DeadWhy
from shared.contracts.keys import DeadLettered
from shared.contracts.reports import ReportContent, ReportReceived
from shared.ports import Outgoing
from tests.rigs.console import START, until
from tests.rigs.desk import DeskRig, desk_rig
from tests.rigs.desk_pages import browser

SECRET = "they are at my neighbour's door"


def lettered(reason: str = "unreadable", minutes: int = 0, **more: Any) -> DeadLettered:
    fields = {"service": "router", "stream": "REPORTS", "subject": "reports.v1.api", "seq": 7, **more}
    at = START + timedelta(minutes=minutes)
    return DeadLettered.model_validate({"id": f"d{reason}{minutes}", "at": at, "reason": reason, **fields})


def closed(minutes: int, how: str = "discarded") -> DeadClosed:
    return DeadClosed.model_validate(
        {"id": f"c{minutes}", "at": START + timedelta(minutes=minutes), "group": "hub", "member": "mop",
         "service": "router", "stream": "REPORTS", "seq": 7, "how": how, "why": DeadWhy(text="seen")}
    )  # fmt: skip


def folded(events: Sequence[Message]) -> tuple[Any, Any]:
    """The letter's document, and its place in the index (None: it does not wait)."""
    draft = Draft()
    for n, event in enumerate(events):
        for key in draft.missing(needs(draft, event)):
            draft.load(key, None)
        project(draft, event, float(n + 1))
    scores = draft.changes().scores
    return draft.get("dead:router.REPORTS.7"), scores[INDEX]["router.REPORTS.7"]


def test_one_message_is_one_letter_for_whatever_reasons_and_however_often_it_is_buried() -> None:
    document, place = folded([lettered(), lettered("decide_failed", 1), lettered(minutes=60)])
    shown = letter(document)
    assert (shown.reasons, shown.at, shown.waits) == (["decide_failed", "unreadable"], START, True)
    assert place == 1.0


@pytest.mark.parametrize("turned", [False, True])
def test_it_is_closed_whichever_stream_is_read_first(*, turned: bool) -> None:
    events = [lettered(), closed(5)]
    document, place = folded(events[::-1] if turned else events)
    assert place is None
    shown = letter(document)
    assert shown.waits is False
    assert shown.closed is not None
    assert (shown.closed.how, shown.closed.why) == ("discarded", "seen")


def test_said_again_by_a_rebuild_it_stays_closed_and_for_another_reason_it_waits_again() -> None:
    assert folded([lettered(), closed(5), lettered(minutes=9)])[1] is None
    assert folded([lettered(), closed(5), lettered("decide_failed", 9)])[1] is not None
    assert folded([lettered(), lettered("decide_failed", 9), closed(5)])[1] is not None


def test_letters_are_counted_by_service_stream_and_reason_and_move_no_clock() -> None:
    draft = Draft()
    for key in needs(draft, lettered()):
        draft.load(key, None)
    project(draft, lettered(), 1.0)
    assert draft.get(COUNTS) == {"dead": {"router.REPORTS.unreadable": 1}}


@pytest.mark.parametrize(
    ("service", "stream", "reason", "advice"),
    [
        ("router", "REPORTS", "unreadable", "retry"),
        ("router", "DESK", "decide_failed", "ordered"),
        ("notifier", "DECISIONS", "ambiguous_twice", "twice"),
        ("notifier", "DECISIONS", "unreadable", "unsent"),
        ("notifier", "SUBSCRIBERS", "unreadable", "asked"),
        ("console", "LEDGER", "unreadable", "shown"),
        ("ingest", "REPORTS", "unreadable", "other"),
    ],
)
def test_each_says_what_is_to_be_done_and_only_a_report_is_tried_again(
    service: str, stream: str, reason: str, advice: str
) -> None:
    where = {"service": service, "stream": stream, "seq": 7, "subject": "s", "detail": ""}
    shown = letter({**where, "reasons": {reason: START.isoformat()}})
    assert (shown.advice, shown.words, shown.may_retry) == (advice, ADVICE[advice], advice == "retry")


# --- with the real router -------------------------------------------------------------------------


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskRig]:
    async with desk_rig(tmp_path) as found:
        await found.group("hackney")
        await found.member("Adam", hackney="admin")
        yield found


async def ask(desk: DeskRig, method: str, path: str, who: str = "op", **body: Any) -> tuple[int, Any]:
    options = {"json": body} if method == "POST" else {}
    return await desk.rig.ask(method, f"/v1/dead{path}", desk.tokens[who], **options)


async def test_a_letter_is_shown_without_what_it_says_and_to_operators_alone(desk: DeskRig) -> None:
    body = b'{"type": "report.received.v1", "content": "' + SECRET.encode() + b'"}'
    headers = {"ce-type": "report.received.v1"}
    stored = await desk.rig.bus.publish(Outgoing("reports.v1.api", "rx", body, headers))
    await until(lambda: waiting(desk))
    _, found = await ask(desk, "GET", "")
    assert [one["letter"] for one in found["letters"]] == [f"router.REPORTS.{stored.seq}"]
    status, one = await ask(desk, "GET", f"/router.REPORTS.{stored.seq}")
    assert (status, one["kind"], one["there"], one["advice"]) == (200, "report.received.v1", True, "retry")
    page = await (await browser(desk, "op")).get(f"/dead/router.REPORTS.{stored.seq}")
    assert "report.received.v1" in page
    for text in (str(found), str(one), page):
        assert SECRET not in text
    for method, path in (("GET", ""), ("GET", f"/router.REPORTS.{stored.seq}"), ("POST", "/retry")):
        status, refused = await ask(desk, method, path, "Adam")
        assert (status, refused["code"]) == (403, "role_too_low")


async def waiting(desk: DeskRig) -> bool:
    return bool(await desk.rig.state.names(INDEX))


async def test_what_cannot_be_read_stays_and_is_let_go_with_a_reason_that_is_kept(desk: DeskRig) -> None:
    name = await desk.poison()
    status, refused = await ask(desk, "POST", f"/{name}/retry")
    assert (status, refused["code"]) == (409, "still_unreadable")
    status, refused = await ask(desk, "POST", f"/{name}/discard")
    assert (status, refused["code"]) == (422, "why_needed")
    given = {"why": "a scanner", "id": "once"}
    assert (await ask(desk, "POST", f"/{name}/discard", **given))[0] == 200
    assert (await ask(desk, "POST", f"/{name}/discard", **given))[0] == 200, "the same command again"
    assert (await ask(desk, "POST", f"/{name}/discard", why="again"))[1]["code"] == "no_such_letter"
    await desk.rig.shown()
    assert (await ask(desk, "GET", ""))[1] == {"letters": [], "total": 0}
    _, one = await ask(desk, "GET", f"/{name}")
    assert (one["waits"], one["closed"]["how"], one["closed"]["member"]) == (False, "discarded", "mop")
    assert one["closed"]["why"] == "a scanner"
    acts = await (await browser(desk, "op")).get("/members/acts")
    assert "Let a dead letter go" in acts
    assert name in acts
    assert "a scanner" not in acts, "words stay sealed there"


async def test_all_that_can_be_are_tried_and_what_stays_is_counted(desk: DeskRig) -> None:
    for _ in range(3):
        await desk.poison()
    unsent = lettered(service="notifier", stream="DECISIONS", subject="decisions.v1.told", seq=1)
    await desk.rig.publish(unsent)
    await until(lambda: four(desk))
    status, tried = await ask(desk, "POST", "/retry")
    assert (status, tried) == (200, {"retried": 0, "refused": {"still_unreadable": 3}, "left": 0})
    assert (await ask(desk, "POST", "/retry", reason="decide_failed"))[1]["refused"] == {}
    _, figures = await desk.rig.ask("GET", "/v1/status", desk.tokens["op"])
    assert figures["dead_letters"] == 4
    assert figures["counts"]["dead"] == {"router.REPORTS.unreadable": 3, "notifier.DECISIONS.unreadable": 1}


async def four(desk: DeskRig) -> bool:
    return len(await desk.rig.state.names(INDEX)) == 4


async def test_once_the_cause_is_mended_the_report_is_decided_and_the_letter_is_gone(
    desk: DeskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise ZeroDivisionError

    report = ReportContent(text="Immigration raid in Ashwin Street E8, two vans", sender="s1")
    base = {"id": "rbad", "at": desk.rig.clock.now(), "report_id": "rbad", "bridge": "api"}
    with monkeypatch.context() as patched:
        patched.setattr(worker, "step", decider_that(breaks))
        await desk.put(ReportReceived(**base, content=report))
        await until(lambda: waiting(desk))
    monkeypatch.setattr(worker, "step", decider.step)
    status, answer = await ask(desk, "POST", "/router.REPORTS.1/retry", why="updated")
    assert (status, answer["outcome"]) == (200, "applied")
    await desk.rig.shown()
    assert (await ask(desk, "GET", ""))[1]["total"] == 0
    (incident,) = await desk.incidents("Adam")
    _, story = await desk.rig.ask("GET", "/v1/desk/reports/rbad", desk.tokens["Adam"])
    assert (story["outcome"], story["incident"], story["why"] is not None) == (
        "opened",
        incident["code"],
        True,
    )


def decider_that(breaks: Any) -> Any:
    """The judgement, except that it fails on the one report."""

    def step(state: Any, given: Any, now: Any, gazetteer: Any) -> Any:
        bad = getattr(given.message, "id", "") == "rbad"
        return breaks() if bad else decider.step(state, given, now, gazetteer)

    return step
