"""`relay up` as a person uses it: real servers and services, free ports, a home of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.servers import NATS_ENV, find_nats_server, nats_config
from shared.testing.servers import free_port, healthy

RELAY = [sys.executable, "-m", "alert_relay.cli"]
PATIENCE_S = 60.0


class Up:
    """A running `relay up`; `lines` is what it has said."""

    def __init__(self, home: Path, *args: str, env: dict[str, str] | None = None) -> None:
        self.home = home
        self.log = home.with_suffix(".out")
        with self.log.open("ab") as out:
            self._begin = out.tell()
            self.process = subprocess.Popen(
                [*RELAY, "up", "--ports", "auto", "--home", str(home), *args],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env={**_clean(), **(env or {})},
            )

    @property
    def said(self) -> str:
        return self.log.read_bytes()[self._begin :].decode()

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return facts

    def ready(self) -> "Up":
        until(lambda: "\nREADY\n" in "\n" + self.said or self.process.poll() is not None, self)
        assert self.process.poll() is None, self.said
        return self

    def stop(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)

    def relay(self, *args: str) -> subprocess.CompletedProcess[str]:
        env = {**_clean(), "RELAY_HOME": str(self.home)}
        return subprocess.run([*RELAY, *args], capture_output=True, text=True, check=False, env=env)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}


def until(condition: Callable[[], Any], up: Up) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, up.said
        time.sleep(0.05)


def alive(pid: int | None) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback address
        return int(answer.status)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up") / "home").ready()
    yield running
    if running.process.poll() is None:
        running.stop()


def test_it_says_ready_the_addresses_and_what_to_try(up: Up) -> None:
    lines = up.said.splitlines()
    start = lines.index("READY")
    addresses = re.findall(
        r"^(Report form|Live page|API|Postbox) +(http://127\.0\.0\.1:\d+/\S*)", up.said, re.MULTILINE
    )
    assert [name for name, _ in addresses] == ["Report form", "Live page", "API", "Postbox"]
    assert lines[start + 1].startswith("Report form")
    for name, url in addresses:
        if name != "API":
            assert status_of(url) == 200, name
    assert "relay report" in up.said
    assert "UNSAFE: a master key for trying out" in up.said


def test_the_first_operator_is_shown_a_link_that_opens(up: Up) -> None:
    (link,) = re.findall(r"^Sign in +(http://localhost:\d+/invite/\S+)", up.said, re.MULTILINE)
    assert status_of(link) == 200
    file = up.home / "first-sign-in.link"
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().splitlines()[0] == link
    kept = [up.home / "run.json", *(up.home / "logs").iterdir()]
    assert [f for f in kept if link.rpartition("/")[2] in f.read_text(errors="replace")] == []


def test_somebody_is_invited_by_a_command(up: Up) -> None:
    said = up.relay("member", "invite", "Cy", "--role", "hackney=verifier", "--json")
    assert said.returncode == 0, said.stderr
    made = json.loads(said.stdout)
    assert status_of(made["link"]) == 200
    assert "Cy" not in {m["name"] for m in json.loads(up.relay("member", "list", "--json").stdout)}


def test_all_parts_are_well_and_the_examples_are_in_force(up: Up) -> None:
    told = json.loads(up.relay("status", "--json").stdout)
    assert set(told["health"]) == {"ingest", "console", "router", "notifier", "postbox"}
    assert all(part["ok"] for part in told["health"].values())
    groups = json.loads(up.relay("group", "list", "--json").stdout)
    assert {g["id"] for g in groups} == {
        *("hackney", "southwark", "lambeth", "haringey"),
        *("pollokshields", "govan"),
    }


def test_run_json_holds_no_secret_and_secrets_are_private(up: Up) -> None:
    text = up.log.read_text() + (up.home / "run.json").read_text()
    for file in [*(up.home / "secrets").iterdir(), up.home / "operator.token"]:
        assert file.stat().st_mode & 0o077 == 0, file
        assert file.read_text().strip() not in text, file


def test_a_misspelt_group_is_named_with_the_nearest(up: Up) -> None:
    said = up.relay("member", "add", "Ada", "--role", "hackny=dispatcher")
    assert said.returncode == 2
    assert "there is no group hackny. Did you mean hackney?" in said.stderr


def test_a_report_becomes_an_incident_that_a_member_sees(up: Up) -> None:
    added = up.relay("member", "add", "Ada", "--role", "hackney=dispatcher", "--keep")
    assert added.returncode == 0, added.stderr
    said = "Immigration officers are holding a courier in Ashwin Street E8 now, I am here"
    sent = up.relay(
        *(
            "report",
            said,
            "--lat",
            "51.5466",
            "--lon",
            "-0.0752",
            "--accuracy",
            "30",
            "--first-hand",
            "--json",
        )
    )
    assert sent.returncode == 0, sent.stderr
    found: list[dict[str, Any]] = []

    def seen() -> bool:
        found[:] = json.loads(up.relay("desk", "list", "--json").stdout)
        return bool(found)

    until(seen, up)
    code = found[0]["code"]
    assert up.relay("desk", "claim", code).returncode == 0
    confirmed = up.relay("desk", "confirm", code, "--ask", "WITNESSES", "--yes", "--json")
    assert json.loads(confirmed.stdout)["outcome"] == "applied", confirmed.stderr
    explained = up.relay("explain", code)
    assert "confirmed" in explained.stdout

    def delivered() -> bool:
        address = f"{up.facts['postbox']}/log"
        with urllib.request.urlopen(address, timeout=5) as log:  # noqa: S310 - our own loopback address
            letters = [json.loads(line) for line in log.read().decode().splitlines()]
        return any(x["path"] == "/hackney/community" and x["kind"] == "CONFIRMED" for x in letters)

    until(delivered, up)


def test_a_second_start_in_the_same_home_says_so(up: Up) -> None:
    second = subprocess.run(
        [*RELAY, "up", "--ports", "auto", "--home", str(up.home)],
        capture_output=True,
        text=True,
        check=False,
        env=_clean(),
    )
    assert second.returncode == 2
    assert f"process {up.process.pid}" in second.stderr
    assert second.stderr.count("\n") == 1
    assert up.process.poll() is None


def test_a_killed_service_is_named_and_started_again(up: Up) -> None:
    before = up.facts["pids"]["router"]
    os.kill(before, signal.SIGKILL)
    until(lambda: up.facts["pids"]["router"] not in {before, None}, up)
    assert "router ended (killed by SIGKILL)" in up.said
    until(lambda: _well(up), up)


def _well(up: Up) -> bool:
    told = json.loads(up.relay("status", "--json").stdout)
    return all(part.get("ok") for part in told["health"].values())


def test_stop_drains_in_order_and_a_second_start_resumes(tmp_path: Path) -> None:
    first = Up(tmp_path / "home").ready()
    groups = json.loads(first.relay("group", "list", "--json").stdout)
    first.relay("report", "raid in Peckham")
    pids = first.facts["pids"]
    assert first.stop() == 0
    stopped = re.findall(r"^(\w+) stopped in", first.said, re.MULTILINE)
    assert stopped == ["ingest", "router", "notifier", "console", "postbox", "redis", "nats"]
    assert "Done so far: reports decided" in first.said
    assert not any(alive(pid) for pid in pids.values())
    second = Up(tmp_path / "home").ready()
    try:
        assert json.loads(second.relay("group", "list", "--json").stdout) == groups
        told = json.loads(second.relay("status", "--json").stdout)["status"]
        assert told["reports_decided"] == 1
        assert second.facts["ports"] == first.facts["ports"]
        assert "UNSAFE" not in second.said
    finally:
        assert second.stop(signal.SIGTERM) == 0


def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    first = Up(tmp_path / "home", "--no-examples").ready()
    pids = [pid for pid in first.facts["pids"].values() if pid]
    assert len(pids) == 6
    first.process.kill()
    first.process.wait()
    until(lambda: not any(alive(pid) for pid in pids), first)
    second = Up(tmp_path / "home", "--no-examples").ready()
    assert second.stop() == 0


def _fails(tmp_path: Path, *args: str, **env: str) -> str:
    done = subprocess.run(
        [*RELAY, "up", "--home", str(tmp_path / "home"), *args],
        capture_output=True,
        text=True,
        check=False,
        env={**_clean(), **env},
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_a_port_in_use_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        names = ("ROUTER", "NOTIFIER", "CONSOLE", "POSTBOX", "NATS", "NATS_MONITORING")
        others = {f"RELAY_{name}_PORT": str(free_port()) for name in names}
        said = _fails(tmp_path, RELAY_INGEST_PORT=str(port), **others)
    assert said.count("\n") == 0
    assert f"{port} (the report form and API)" in said
    assert "--ports auto" in said


def test_an_unsafe_nats_is_refused_with_the_remedy(tmp_path: Path) -> None:
    port, monitor = free_port(), free_port()
    file = tmp_path / "nats.conf"
    file.write_text(nats_config(tmp_path / "store", port, monitor, sync_interval="2m"))
    with subprocess.Popen(
        [str(find_nats_server()), "-c", str(file)], stderr=subprocess.DEVNULL, env={**os.environ, **NATS_ENV}
    ) as nats:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not healthy(monitor):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            urls = ("--nats-url", f"nats://127.0.0.1:{port}")
            said = _fails(
                tmp_path, *urls, "--nats-monitoring-url", f"http://127.0.0.1:{monitor}", "--ports", "auto"
            )
        finally:
            nats.kill()
    assert "sync_interval: always" in said
    assert said.count("\n") == 0


def test_a_broken_group_file_stops_the_start_with_file_line_and_remedy(tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text("id: a\nname: A\narea: {postcode_districts: [hackney]}\n")
    said = _fails(tmp_path, "--groups", str(file), "--ports", "auto")
    assert f"{file}:3: area.postcode_districts[0]:" in said
    assert not (tmp_path / "home" / "run.json").exists()
