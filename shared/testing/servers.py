"""Real servers for tests and benchmarks: started on free loopback ports, killed, started again.

A server keeps its ports and its store over `kill` and `restart`. Stopping is by the process
that was started, never by name.
"""

import contextlib
import http.client
import itertools
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.servers import NATS_ENV, find_nats_server, find_redis_server, nats_config, redis_args

READY_WITHIN_S = 90.0


_BLOCK: Final = 100
_FIRST_PORT: Final = 15_000 + os.getpid() % 170 * _BLOCK
_ports: Final = itertools.cycle(range(_FIRST_PORT, _FIRST_PORT + _BLOCK))


def free_port() -> int:
    """A loopback port that nobody listens on now, and that stays free while a killed server is away.

    Below those that the system lends to outgoing connections (a client that knocks at a dead
    server's door may be lent that very port), and from a block of this process's own, so that
    tests in parallel don't take each other's between the asking and the start.
    """
    for port in itertools.islice(_ports, _BLOCK):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port between {_FIRST_PORT} and {_FIRST_PORT + _BLOCK} is free")


@dataclass
class Process:
    """One server process that can be killed and started again in the same place."""

    args: list[str]
    log: Path
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self.running is None:
            raise RuntimeError("the server is not running")
        return self.running.pid

    def start(self) -> None:
        """Start it and return once it is ready; raises RuntimeError with the log's end if it is not."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(  # noqa: S603 - our own argument list
                self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.env}
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.ready():
            if self.running.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.args[0]} did not start: {self.log.read_text()[-1000:]}")
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it as a power cut would (SIGKILL)."""
        if self.running:
            self.running.kill()
            self.running.wait()
            self.running = None

    def stop(self) -> None:
        """Stop it politely (SIGTERM), killing it if it takes over 10 s."""
        if self.running:
            self.running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.running.wait(10)
            self.kill()

    def restart(self) -> None:
        """Start it again on the same ports and store, after `kill` or `stop`, or stopping it first."""
        self.stop()
        self.start()


@dataclass
class NatsServer(Process):
    """A running nats-server with JetStream."""

    url: str = ""
    monitoring_url: str = ""
    store_dir: Path = Path()


@dataclass
class RedisServer(Process):
    """A running redis-server (or valkey-server)."""

    url: str = ""


def start_nats(store_dir: Path, port: int = 0, *, sync_interval: str = "always") -> NatsServer:
    """Start a nats-server that keeps everything below `store_dir`; port 0 takes a free one."""
    store_dir.mkdir(parents=True, exist_ok=True)
    client_port, monitor_port = port or free_port(), free_port()
    config = store_dir / "nats.conf"
    config.write_text(nats_config(store_dir, client_port, monitor_port, sync_interval=sync_interval))
    server = NatsServer(
        args=[str(find_nats_server()), "--config", str(config)],
        log=store_dir / "nats.log",
        ready=lambda: healthy(monitor_port),
        env=NATS_ENV,
        url=f"nats://127.0.0.1:{client_port}",
        monitoring_url=f"http://127.0.0.1:{monitor_port}",
        store_dir=store_dir,
    )
    server.start()
    return server


def start_redis(folder: Path, port: int = 0) -> RedisServer:
    """Start a redis-server without persistence on a loopback port; port 0 takes a free one."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    server = RedisServer(
        args=[str(find_redis_server()), *redis_args(folder, port=port)],
        log=folder / "redis.log",
        ready=lambda: _pongs(port),
        url=f"redis://127.0.0.1:{port}/0",
    )
    server.start()
    return server


def healthy(port: int, path: str = "/healthz") -> bool:
    """Whether what listens there answers 200: a nats-server's monitoring port, or a service's /health."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return response.status == http.HTTPStatus.OK


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
