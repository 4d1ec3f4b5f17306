"""`relay simulate` and `relay demo` against a real relay: counted from the postbox's own log."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RELAY = [sys.executable, "-m", "alert_relay.cli"]
DALSTON = ROOT / "examples" / "scenarios" / "dalston-2022.jsonl"


def _relay(*args: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}
    return subprocess.run(
        [*RELAY, *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={**env, "RELAY_HOME": str(home)},
    )


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("demo") / "home"
    done = _relay("demo", "--ports", "auto", "--speed", "800", "--json", home=home)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_dalston_is_one_incident_of_one_group(outcome: dict[str, Any]) -> None:
    (incident,) = outcome["incidents"]
    assert incident["groups"] == ["hackney"]
    assert incident["states"][0] == "unconfirmed"
    assert incident["states"][-3:] == ["confirmed", "officers_left", "closed"]
    assert "Ashwin Street" in incident["place"]
    assert 0 <= incident["first_alert_after_s"] < 10  # 0.05 s on an idle machine
    assert outcome["reports"] == 33


def test_everybody_is_told_once_over_every_channel(outcome: dict[str, Any]) -> None:
    assert (outcome["lost"], outcome["duplicates"]) == (0, 0)
    delivered = outcome["deliveries"]
    assert delivered["webhook"]["community"] == delivered["feed"]["community"]
    assert delivered["telegram"]["verifiers"] == delivered["webhook"]["verifiers"]
    assert set(delivered) == {"webhook", "telegram", "feed"}


def test_a_scenario_without_a_relay_is_code_3(tmp_path: Path) -> None:
    done = _relay("simulate", str(DALSTON), "--console-url", "http://127.0.0.1:9", home=tmp_path)
    assert done.returncode == 2  # no operator's token here
    assert "relay up" in done.stderr
    (tmp_path / "operator.token").write_text("relay_x")
    done = _relay("simulate", str(DALSTON), "--console-url", "http://127.0.0.1:9", home=tmp_path)
    assert done.returncode == 3


def test_evaluate_predicts_a_line_a_report(tmp_path: Path) -> None:
    reports = tmp_path / "reports.jsonl"
    line = {"source": "sms", "lat": None, "lon": None, "accuracy_m": None, "postcode": None}
    rows = [
        {**line, "id": "1", "at": "2022-05-14T19:00:00Z", "sender": "a", "text": "lovely evening"},
        {
            **line,
            "id": "2",
            "at": "2022-05-14T19:10:00Z",
            "sender": "b",
            "text": "Immigration officers are taking a man away in Ashwin Street E8 right now, I see it",
            "unknown": 1,
        },
    ]
    reports.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out.jsonl"
    groups = str(ROOT / "examples" / "networks")
    done = _relay(
        *("evaluate", "--groups", groups, "--reports", str(reports), "--out", str(out), "--json"),
        home=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reports"] == 2
    first, second = (json.loads(text) for text in out.read_text().splitlines())
    assert set(first) == {"id", "incident", "status", "lat", "lon", "radius_m", "groups", "reason"}
    assert (first["id"], first["status"]) == ("1", "ignored")
    assert (second["id"], second["status"], second["groups"]) == ("2", "opened", ["hackney"])


def test_evaluate_takes_several_files_after_one_option(tmp_path: Path) -> None:
    reports = tmp_path / "reports.jsonl"
    row = {"id": "1", "at": "2022-05-14T19:00:00Z", "text": "immigration raid at N1 9GU now, two vans"}
    reports.write_text(json.dumps(row) + "\n")
    for name, code in (("a.csv", "N1 9GU"), ("b.csv", "E8 3DL")):
        (tmp_path / name).write_text(f"postcode,quality,easting,northing\n{code},10,530200,183500\n")
    out = tmp_path / "out.jsonl"
    done = _relay(
        *("evaluate", "--groups", str(ROOT / "examples" / "networks"), "--reports", str(reports)),
        *("--postcodes", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--out", str(out)),
        home=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["lat"] == pytest.approx(51.535, abs=0.01)
