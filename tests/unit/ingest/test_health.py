"""What strangers learn of the front door, and what whoever has a key for it."""

import hashlib
from pathlib import Path

import pytest

from services.ingest import app
from services.ingest.door import DOOR
from services.ingest.health import HEALTH
from services.ingest.keys import ClientKey, ClientKeys
from services.ingest.metrics import facts
from tests.rigs.bridges_health import HEADERS, KEYS, bridges_health
from tests.unit.ingest.front_door import front_door

STANDING = {
    "union-branch-signal": {"state": "CONNECTED", "since": "2027-11-01T10:00:00"},
    "mums-of-e8": {"state": "BAD_CREDENTIALS", "since": "2027-11-01T10:00:00", "reason": "other_account"},
    "second": {"state": "CONNECTED", "since": "2027-11-01T10:00:00"},
}
COUNTS = {"bridge.mums-of-e8.failed": 2, "bridge.second.failed": 1, "accepted.stored": 4}


async def test_anybody_learns_how_many_and_not_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "standings", lambda _: STANDING)
    async with front_door(tmp_path, keys=KEYS) as door:
        assert door.client.app is not None
        door.client.app[DOOR].counts.update(COUNTS)
        async with door.client.get("/health", headers=HEADERS) as response:
            text, shown = await response.text(), await response.json()
        assert shown["bridges"] == {"BAD_CREDENTIALS": 1, "CONNECTED": 2}
        assert shown["counts"] == {"accepted.stored": 4, "bridge.failed": 3}
        assert not [name for name in (*STANDING, "other_account") if name in text]
        whole = await bridges_health(door.client)
        assert (whole["bridges"], whole["counts"]) == (STANDING, COUNTS)


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 401, "key_missing"),
        ("Bearer wrong", 401, "unknown_key"),
        ("Bearer plain", 403, "right_missing"),
    ],
)
async def test_which_bridges_there_are_needs_a_key_with_that_right(
    tmp_path: Path, authorization: str | None, status: int, code: str
) -> None:
    sha = hashlib.sha256(b"plain").hexdigest()
    keys = ClientKeys([ClientKey(name="plain", sha256=sha, rights=frozenset({"drill"}))])
    headers = {"Authorization": authorization} if authorization else {}
    async with (
        front_door(tmp_path, keys=keys) as door,
        door.client.get("/health/bridges", headers=headers) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (status, code)


async def test_prometheus_learns_kinds_and_states_and_no_bridges_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {"union-branch-signal": "signal", "mums-of-e8": "matrix", "second": "signal"}
    standing = {name: {**one, "kind": kinds[name]} for name, one in STANDING.items()}
    standing["new"] = {"state": "CONNECTING", "reason": "not_called_yet", "kind": "twilio"}
    monkeypatch.setattr(app, "standings", lambda _: standing)
    async with front_door(tmp_path) as door:
        assert door.client.app is not None
        shared = door.client.app[DOOR]
        shared.counts.update({**COUNTS, "bridge.second.ignored.Said by Someone": 5})
        shared.accepted.update(
            {("second", "stored"): 3, ("form", "stored"): 1, ("a-clients-own", "spooled"): 2}
        )
        assert door.client.app[HEALTH].standings() == standing
        read = [(f.metric.name, f.labels, f.value) for f in await facts(door.client.app)]
    assert ("alert_relay_bridges", ("signal", "CONNECTED"), 2) in read
    assert ("alert_relay_bridges", ("matrix", "BAD_CREDENTIALS"), 1) in read
    assert ("alert_relay_bridges", ("matrix", "CONNECTED"), 0) in read
    assert ("alert_relay_bridges", ("twilio", "NOT_CALLED"), 1) in read
    assert ("alert_relay_reports_total", ("signal", "stored"), 3) in read
    assert ("alert_relay_reports_total", ("api", "spooled"), 2) in read
    assert ("alert_relay_door_events_total", ("bridge.failed",), 3) in read
    assert ("alert_relay_door_events_total", ("unspecified",), 5) in read
    assert not [labels for _, labels, _ in read if {*STANDING, "a-clients-own"} & set(labels)]
