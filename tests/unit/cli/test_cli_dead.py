"""What `relay dead` asks, says, and with which code it ends."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay

LETTER = {
    "letter": "router.REPORTS.17", "service": "router", "stream": "REPORTS", "seq": 17,
    "subject": "reports.v1.api", "reasons": ["decide_failed"], "at": "2022-05-14T18:42:00Z",
    "detail": "ZeroDivisionError while deciding", "waits": True, "may_retry": True, "advice": "retry",
    "words": "Have it decided again.", "closed": None, "kind": "report.received.v1", "there": False,
}  # fmt: skip
DONE = {"command_id": "c", "outcome": "applied", "reason": "applied"}


def run(*args: str) -> Result:
    return CliRunner().invoke(relay, ["dead", *args])


def test_the_list_says_what_lies_where_since_when_and_why(fake: Any) -> None:
    fake.answers["GET /v1/dead"] = (200, {"letters": [LETTER], "total": 3})
    shown = run("list")
    assert shown.exit_code == 0
    words = " ".join(shown.output.split())
    assert "router.REPORTS.17" in words
    assert "2 more; these are the newest." in words
    assert json.loads(run("list", "--json").output)["total"] == 3


def test_one_letter_says_whether_it_still_lies_there_and_who_closed_it(fake: Any) -> None:
    over = {"at": "2022-05-14T19:00:00Z", "how": "discarded", "member": "mop", "why": "a scanner"}
    fake.answers["GET /v1/dead/router.REPORTS.17"] = (200, {**LETTER, "waits": False, "closed": over})
    shown = run("show", "router.REPORTS.17").output
    assert "no: it is erased, or older than the stream keeps" in shown
    assert "discarded by mop at 2022-05-14T19:00:00Z: a scanner" in shown
    assert "Have it decided again." not in shown


def test_a_letter_is_tried_again_or_let_go_with_the_reason(fake: Any) -> None:
    for what in ("retry", "discard"):
        fake.answers[f"POST /v1/dead/router.REPORTS.17/{what}"] = (200, DONE)
    assert run("retry", "router.REPORTS.17", "--why", "updated").output == "router.REPORTS.17: handled\n"
    shown = run("discard", "router.REPORTS.17", "--reason", "a scanner")
    assert shown.output == "router.REPORTS.17: discarded\n"
    assert [body for *_, body, _ in fake.asked] == [{"why": "updated"}, {"why": "a scanner"}]
    assert run("discard", "router.REPORTS.17").exit_code == 2, "never without a reason"


@pytest.mark.parametrize(
    ("tried", "code"),
    [
        ({"retried": 3, "refused": {}, "left": 0}, 0),
        ({"retried": 2, "refused": {"still_fails": 1}, "left": 0}, 1),
        ({"retried": 0, "refused": {}, "left": 3}, 4),
    ],
)
def test_trying_all_ends_with_what_stays(fake: Any, tried: dict[str, Any], code: int) -> None:
    fake.answers["POST /v1/dead/retry"] = (200, tried)
    shown = run("retry", "--all", "--reason", "decide_failed")
    assert shown.exit_code == code
    assert f"Handled: {tried['retried']}." in shown.output
    assert fake.said("POST", "/v1/dead/retry") == [{"why": "", "reason": "decide_failed"}]


@pytest.mark.parametrize("args", [(), ("router.REPORTS.17", "--all"), ("router.REPORTS.17", "--reason", "x")])
def test_what_to_try_is_said_one_way(fake: Any, args: tuple[str, ...]) -> None:
    shown = run("retry", *args)
    assert (shown.exit_code, fake.asked) == (2, [])


def test_a_refusal_says_why_and_ends_with_code_1(fake: Any) -> None:
    detail = "It still cannot be read; it stays in the list."
    fake.answers["POST /v1/dead/router.REPORTS.17/retry"] = (
        409,
        {"code": "still_unreadable", "detail": detail},
    )
    shown = run("retry", "router.REPORTS.17")
    assert shown.exit_code == 1
    assert detail in shown.output
