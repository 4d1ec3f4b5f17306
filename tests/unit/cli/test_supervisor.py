"""The supervisor over small children of its own: what it starts, starts again, stops, and never touches."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from alert_relay.supervisor.child import Child, ChildSpec
from alert_relay.supervisor.home import Home, read_run_file
from alert_relay.supervisor.plan import without_password
from alert_relay.supervisor.settings import choose_ports, load_up_settings
from shared.errors import RelayError, SettingsError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def _spec(code: str, healthy: Callable[[], Awaitable[bool]], drain_s: float = 5) -> ChildSpec:
    return ChildSpec("child", [sys.executable, "-c", code], dict(os.environ), healthy, drain_s)


def _says(home: Home, word: str) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        log = home.logs / "child.log"
        return log.exists() and word in log.read_text()

    return check


async def _until(condition: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is a file's content
            await asyncio.sleep(0.02)


async def test_a_child_that_dies_is_named_and_started_again_without_the_fault(home: Home) -> None:
    told: list[str] = []
    code = "import os, time; print('fault', os.environ.get('RELAY_FAULT'), flush=True); time.sleep(60)"
    spec = _spec(code, _says(home, "fault"))
    armed = ChildSpec(spec.name, spec.args, {**spec.env, "RELAY_FAULT": "x"}, spec.healthy, 5)
    child = Child(armed, home, told.append)
    await child.start()
    await child.ready(time.monotonic() + 10)
    keeper = asyncio.create_task(child.keep())
    first = child.pid
    assert first
    os.kill(first, 9)
    await _until(lambda: (home.logs / "child.log").read_text().count("fault") == 2)
    assert child.pid not in {None, first}
    assert told == [f"child ended (killed by SIGKILL); starting it again. Its log: {home.logs / 'child.log'}"]
    assert (home.logs / "child.log").read_text().split() == ["fault", "x", "fault", "None"]
    await child.stop()
    await keeper


async def test_a_child_that_will_not_end_is_killed_after_its_time(home: Home) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('up', flush=True); time.sleep(60)"
    )
    child = Child(_spec(code, _says(home, "up"), drain_s=0.3), home, print)
    await child.start()
    await child.ready(time.monotonic() + 10)
    assert await child.stop() == "did not finish in 0.3 s and was killed"
    assert child.pid is None


async def test_a_child_that_ends_at_its_start_says_why(home: Home) -> None:
    code = (
        "import sys; print('{\"event\": 1}'); "
        "print('Port 1 is taken; choose another.', file=sys.stderr); sys.exit(2)"
    )
    child = Child(_spec(code, _says(home, "never")), home, print)
    await child.start()
    with pytest.raises(SettingsError, match=r"^child: Port 1 is taken; choose another\.$"):
        await child.ready(time.monotonic() + 10)


async def test_a_child_that_never_becomes_ready_names_its_log(home: Home) -> None:
    child = Child(_spec("import time; time.sleep(60)", _says(home, "never")), home, print)
    await child.start()
    with pytest.raises(RelayError, match=r"child did not become ready in time.*child\.log"):
        await child.ready(time.monotonic() + 0.2)
    await child.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, sys, os\n"
        "from pathlib import Path\n"
        "from alert_relay.supervisor.child import Child, ChildSpec\n"
        "from alert_relay.supervisor.home import Home\n"
        "async def ok(): return True\n"
        "async def main():\n"
        "    home = Home(Path(sys.argv[1]))\n"
        "    args = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "    spec = ChildSpec('child', args, dict(os.environ), ok)\n"
        "    child = Child(spec, home, print)\n"
        "    await child.start()\n"
        "    print(child.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "h")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        child_pid = int(parent.stdout.readline())
        assert _alive(child_pid)
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 5
    while _alive(child_pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(child_pid)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_one_supervisor_a_folder(home: Home) -> None:
    home.lock()
    home.write_run_file({"pid": 4711, "console": "http://127.0.0.1:9"})
    with pytest.raises(SettingsError, match=r"running in .* already \(process 4711, http://127"):
        Home(home.folder).lock()
    home.unlock()
    again = Home(home.folder)
    again.lock()
    again.unlock()


def test_secrets_are_made_once_and_for_the_owner_only(home: Home) -> None:
    first = home.secret("postbox")
    assert Home(home.folder).secret("postbox") == first
    assert first.startswith("whsec_")
    assert (home.secrets / "postbox").stat().st_mode & 0o777 == 0o600
    assert home.make_key_file() is True
    assert home.make_key_file() is False


def test_door_files_are_sound_for_ingest_and_hold_no_secret(home: Home) -> None:
    from services.ingest.keys import load_keys
    from shared.plugins.bridge_file import load_bridges
    from shared.secrets import ReferencedSecrets

    home.write_door_files()
    assert set(load_bridges(home.bridges_file, ReferencedSecrets())) == {"sms", "android", "telegram"}
    key = load_keys(home.keys_file).find(home.secret("simulator"))
    assert key is not None
    assert key.rights == {"set_received_at", "high_volume", "drill", "health"}
    text = home.keys_file.read_text() + home.bridges_file.read_text()
    for name in ("simulator", "twilio", "android", "telegram"):
        assert home.secret(name) not in text


def test_a_long_home_gets_a_short_socket(tmp_path: Path) -> None:
    home = Home(tmp_path / ("x" * 120))
    socket_path = home.redis_socket()
    assert len(os.fsencode(socket_path)) <= 100
    assert socket_path.parent.is_dir()
    home.forget_socket(socket_path)
    assert not socket_path.parent.exists()


def test_a_port_in_use_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("RELAY_INGEST_PORT", str(port))
        settings = load_up_settings(tmp_path)
        with pytest.raises(SettingsError, match=rf"{port} \(the report form and API\).*--ports auto"):
            choose_ports(settings, ["ingest"], auto=False)


def test_automatic_ports_are_those_of_the_last_run_where_free(home: Home) -> None:
    settings = load_up_settings(home.folder)
    first = choose_ports(settings, ["ingest", "console", "nats"], auto=True)
    assert len(set(first.values())) == 3
    home.write_run_file({"ports": first})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first["console"]))
        taken.listen()
        second = choose_ports(settings, ["ingest", "console", "nats"], auto=True)
    assert second["ingest"] == first["ingest"]
    assert second["nats"] == first["nats"]
    assert second["console"] != first["console"]


def test_a_broken_run_file_is_no_run_file(home: Home) -> None:
    home.run_file.write_text("{")
    assert read_run_file(home.run_file) == {}
    assert choose_ports(load_up_settings(home.folder), ["ingest"], auto=True)["ingest"] > 0


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="set RELAY_HOME to another"):
        Home(tmp_path / "file" / "home")


def test_no_password_is_written_down() -> None:
    assert without_password("nats://me:hunter2@example.org:4222") == "nats://…@example.org:4222"
    assert without_password("unix:///tmp/redis.sock") == "unix:///tmp/redis.sock"
