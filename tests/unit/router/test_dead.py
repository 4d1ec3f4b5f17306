"""Dead letters: decided again exactly once, or let go; and what came late is a person's to judge."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from services.router.decide.decider import Input, step
from services.router.decide.desk_dead import to_decide_again
from shared.contracts import desk
from shared.contracts.base import HUB
from shared.contracts.dead import DeadClosed, DeadWhy, DiscardDead, RetryDead
from shared.contracts.groups import AccountOffer
from shared.contracts.incidents import IncidentOpened, InputDecided, ReportHeld
from shared.contracts.reports import ReportContent, ReportReceived

CODE = "JOIN-AB2C-3DEF"
TEXT = "Immigration raid in Ashwin Street Dalston, two vans and six officers"


def received(story: Any, text: str = TEXT, **content: Any) -> ReportReceived:
    inside = ReportContent(text=text, **{"sender": "s1", **content})
    return ReportReceived(id="r9", at=story.now, report_id="r9", bridge="test", content=inside)


def play(story: Any, given: Input) -> InputDecided:
    """One input, as the worker hands it in."""
    story._seqs[given.stream] = given.seq
    story.events, story.state = step(story.state, given, story.now, story.gazetteer)
    story.log += story.events
    decided: InputDecided = story.events[-1]
    return decided


def dies(story: Any, flaw: str = "unreadable", stream: Any = "REPORTS") -> int:
    """An input that cannot be decided; its place."""
    seq: int = story._seqs[stream] + 1
    play(story, Input(stream, seq, flaw=flaw))
    return seq


def ask(story: Any, model: Any, seq: int, **more: Any) -> Any:
    fields = {"member": "op", "group": HUB, "service": "router", "stream": "REPORTS", **more}
    n = story._seqs["DESK"] + 1
    return model(id=f"c{n}", at=story.now, seq=seq, why=DeadWhy(text="mended"), **fields)


def retry(
    story: Any, seq: int, report: ReportReceived | None, flaw: str | None = None, **more: Any
) -> InputDecided:
    """The command, with the report read anew as the worker does where the decider asks for it."""
    command = ask(story, RetryDead, seq, **more)
    wanted = to_decide_again(story.state, command)
    again = Input("REPORTS", wanted, report, flaw=flaw) if wanted is not None else None
    return play(story, Input("DESK", story._seqs["DESK"] + 1, command, again=again))


def discard(story: Any, seq: int, **more: Any) -> InputDecided:
    return play(story, Input("DESK", story._seqs["DESK"] + 1, ask(story, DiscardDead, seq, **more)))


@pytest.mark.parametrize("flaw", ["unreadable", "decide_failed"])
def test_a_report_that_can_be_decided_now_is_decided_as_if_it_came_now(story: Any, flaw: str) -> None:
    seq = dies(story, flaw)
    report = received(story)
    decided = retry(story, seq, report)
    assert (decided.outcome, decided.reason) == ("applied", "applied")
    assert type(story.events[0]) is IncidentOpened
    again, closed, last = story.events[-3:]
    assert isinstance(again, InputDecided)
    assert (again.input.stream, again.input.seq, again.outcome, again.report_id) == (
        "REPORTS",
        seq,
        "opened",
        "r9",
    )
    assert again.why is not None
    assert isinstance(closed, DeadClosed)
    assert (closed.how, closed.member, closed.stream, closed.seq) == ("retried", "op", "REPORTS", seq)
    assert isinstance(last, InputDecided)


def test_it_is_decided_again_only_once(story: Any) -> None:
    seq = dies(story)
    report = received(story)
    retry(story, seq, report)
    second = retry(story, seq, report)
    assert (second.outcome, second.reason) == ("refused", "no_such_letter")
    assert len(story.incidents()) == 1
    assert discard(story, seq).reason == "no_such_letter"


@pytest.mark.parametrize("flaw", ["still_unreadable", "still_fails"])
def test_what_still_cannot_be_decided_stays_where_it_is(story: Any, flaw: str) -> None:
    seq = dies(story)
    refused = retry(story, seq, None, flaw)
    assert (refused.outcome, refused.reason) == ("refused", flaw)
    assert [type(e) for e in story.events] == [InputDecided]
    assert retry(story, seq, received(story)).outcome == "applied"


def test_what_came_long_ago_is_held_for_a_person_and_nobody_is_told(story: Any) -> None:
    seq = dies(story)
    report = received(story)
    story.now += timedelta(minutes=11)
    retry(story, seq, report)
    held = story.events[0]
    assert isinstance(held, ReportHeld)
    assert (held.reason, held.asked) == ("came_late", None)
    assert story.alerts() == []
    story.tick(after_s=600)
    assert story.incidents() == [], "it does not ripen by itself"


def test_what_came_long_ago_does_not_join_what_goes_on_now(story: Any) -> None:
    seq = dies(story)
    report = received(story, sender="s2")
    story.report(TEXT, after_s=3600, sender="s3", first_hand=True)
    (incident,) = story.incidents()
    retry(story, seq, report)
    held = story.events[0]
    assert isinstance(held, ReportHeld)
    assert (held.reason, held.leans_to) == ("came_late", incident.id)
    assert story.incidents()[0].evidence.keys() == incident.evidence.keys()


def test_a_report_that_was_sent_again_meanwhile_is_one(story: Any) -> None:
    seq = dies(story)
    story.report(TEXT, report_id="r9", sender="s1")
    retry(story, seq, received(story))
    again = story.events[-3]
    assert (again.outcome, again.reason) == ("ignored", "duplicate_report")


def test_what_a_member_wrote_to_the_desk_is_not_done_later(story: Any) -> None:
    offer = AccountOffer(code_sha256=hashlib.sha256(CODE.encode()).hexdigest())
    story.command(desk.OfferAccount, member="d-hackney", offer=offer)
    assert story.report(CODE, sender="acc", sender_is="account").reason == "account_joined"
    seq = dies(story)
    refused = retry(story, seq, received(story, "CONFIRM D7K", sender="acc", sender_is="account"))
    assert (refused.outcome, refused.reason) == ("refused", "cannot_be_retried")


@pytest.mark.parametrize(
    "more",
    [{"service": "notifier", "stream": "DECISIONS"}, {"service": "console"}, {"stream": "DESK"}],
    ids=["a message that was not sent", "what is not shown", "what a person ordered"],
)
def test_what_is_past_is_not_handled_again_but_may_be_let_go_once(story: Any, more: dict[str, str]) -> None:
    seq = dies(story, stream="DESK") if more.get("stream") == "DESK" else 7
    assert retry(story, seq, None, **more).reason == "cannot_be_retried"
    assert (discard(story, seq, **more).outcome, story.events[0].how) == ("applied", "discarded")
    assert discard(story, seq, **more).reason == "no_such_letter"


def test_a_report_that_was_let_go_is_not_decided_after_all(story: Any) -> None:
    seq = dies(story)
    assert discard(story, seq).outcome == "applied"
    assert retry(story, seq, received(story)).reason == "no_such_letter"


@pytest.mark.parametrize("member", ["d-hackney", "nobody"])
@pytest.mark.parametrize("model", [RetryDead, DiscardDead])
def test_only_whoever_runs_the_hub_decides_about_them(story: Any, member: str, model: Any) -> None:
    seq = dies(story)
    command = ask(story, model, seq, member=member, group="hackney")
    assert to_decide_again(story.state, command) is None
    answer = play(story, Input("DESK", story._seqs["DESK"] + 1, command))
    assert answer.outcome == "refused"
    assert answer.reason in {"role_too_low", "not_a_member"}
