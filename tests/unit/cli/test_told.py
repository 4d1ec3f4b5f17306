"""What the command line says of who was told: accepted, delivered and failed are never one figure."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alert_relay.cli import relay
from alert_relay.cli.desk_views import whole


def test_an_incident_says_what_was_taken_what_arrived_and_what_did_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {"at": "2022-05-14T18:42:00+00:00", "group": "hackney", "audience": "community", "recipients": 64}
    texts = {
        **told,
        "kind": "CONFIRMED",
        "results": {"kannel": {"delivered": 61, "rejected": 3}, "feed": {"delivered": 1}},
        "receipts": {"kannel": {"delivered": 57, "failed": 2}},
    }
    silent = {**told, "kind": "UPDATE", "results": {"webhook": {"delivered": 64}}}
    whole({"code": "D7K", "status": "confirmed", "told": [texts, silent]})
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if "addresses" in line).split()[-3:] == [
        "accepted",
        "delivered",
        "failed",
    ]
    assert [line.split()[-4:] for line in lines if "CONFIRMED" in line] == [["64", "62", "57", "2"]]
    assert [line.split()[-2:] for line in lines if "UPDATE" in line] == [["64", "64"]]


FIGURES = {"to": 214, "accepted": 212, "arrived": 180, "failed": 2, "unheard": 30, "refused": 2, "perhaps": 0,
           "under_way": 0}  # fmt: skip
WHY = {"why": "gone", "reason": "bad_number", "people": 2, "words": "The number does not exist."}
MESSAGE = {"alert_id": "a1", "at": "2022-05-14T18:51:00+00:00", "kind": "CONFIRMED", "group": "hackney",
           "audience": "community", "state": "done", "all": FIGURES, "channels": {},
           "why_not": [WHY]}  # fmt: skip
OTHERS = {**MESSAGE, "alert_id": "a2", "group": "haringey"}
LEDGER = {"code": "D7K", "incident": "i1", "all": FIGURES, "why_not": [WHY], "messages": [MESSAGE, OTHERS],
          "joined_later": []}  # fmt: skip
EACH = [{"recipient": f"texts:{n}", "steps": [
    {"at": "2022-05-14T18:51:02+00:00", "what": "claimed"},
    {"at": "2022-05-14T18:51:03+00:00", "what": "refused", "reason": "bad_number"},
]} for n in range(3)]  # fmt: skip


def some(begins: int, recipients: list[Any]) -> dict[str, Any]:
    return {"alert_id": "a1", "recipients": recipients, "begins": begins, "total": 3, "readable": True}


@pytest.fixture
def hub(fake: Any) -> Any:
    path = "GET /v1/desk/incidents/D7K/ledger"
    fake.answers[path] = (200, LEDGER)
    fake.answers[f"{path}/a1?from=0"] = (200, some(0, EACH[:2]))
    fake.answers[f"{path}/a1?from=2"] = (200, some(2, EACH[2:]))
    fake.answers[f"{path}/a2?from=0"] = (403, {"code": "not_your_group", "detail": "Theirs."})
    return fake


def run(*args: str) -> Result:
    return CliRunner().invoke(relay, ["ledger", *args])


@pytest.mark.usefixtures("hub")
def test_the_ledger_begins_with_what_is_known_and_why_some_were_not_told() -> None:
    shown = run("D7K")
    assert shown.exit_code == 0
    first, why, *rest = shown.output.splitlines()
    assert first == (
        "D7K: told 210 of 214; 180 of these are said to have arrived; 30 were accepted by the provider, and "
        "nothing was said since; 2 were accepted, and did not arrive; 2 were surely not told."
    )
    assert why == "  2 not told (bad number). The number does not exist."
    assert sum("CONFIRMED" in line for line in rest) == 2


@pytest.mark.usefixtures("hub")
def test_each_recipient_of_our_own_messages_is_asked_for_some_at_a_time() -> None:
    shown = run("D7K", "--each")
    assert shown.exit_code == 0
    assert shown.output.splitlines()[-1] == "  texts:2  18:51:02 claimed; 18:51:03 refused (bad number)"
    assert "Message a2" not in shown.output, "another group's people are for them to see"
    found = json.loads(run("D7K", "--each", "--json").output)
    assert found["each"] == {"a1": EACH}
    assert json.loads(run("D7K", "--json").output) == LEDGER


@pytest.mark.usefixtures("hub")
def test_an_incident_that_is_not_ours_ends_with_code_1() -> None:
    assert run("P4M").exit_code == 1
