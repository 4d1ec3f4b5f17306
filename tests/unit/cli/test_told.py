"""What the command line says of who was told: accepted, delivered and failed are never one figure."""

import pytest

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
