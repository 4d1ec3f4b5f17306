"""What every measured system offers the benchmark, and how its processes are watched.

A system is started afresh for each round in a folder of its own and stopped after it, so that
only one of them runs at a time and none inherits another's backlog.
"""

import contextlib
import http.client
import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import psutil  # type: ignore[import-untyped] # it brings no types

from bench.wire import Caller, Sink
from shared.testing.servers import Process

TEXT = "Immigration enforcement vans outside, officers in uniform are stopping people and asking for papers"
"""The words of a report to the peers, about as long as those to the relay."""


@dataclass
class System(ABC):
    """One system under measurement: a port that takes reports, processes, and webhooks to a sink."""

    folder: Path
    sink_port: int
    port: int = 0
    processes: dict[str, Process] = field(default_factory=dict)

    name: ClassVar[str]

    @abstractmethod
    async def start(self) -> None:
        """Start everything; return when reports can be taken."""

    @abstractmethod
    def request(self, number: int) -> bytes:
        """The whole HTTP request that reports event `number`, distinct from all others."""

    @staticmethod
    @abstractmethod
    def number_of(body: bytes) -> int | None:
        """Which event a webhook's body is about; None for any other webhook."""

    async def storm(self, caller: Caller, sink: Sink, copies: int) -> dict[str, float]:  # noqa: ARG002 - for overriding
        """Post that many copies of one report and tell what came of it; a peer has nothing to show here."""
        return {}

    def stop(self) -> None:
        """Stop all processes, the last started first."""
        for process in reversed(self.processes.values()):
            process.stop()
        self.processes.clear()

    def run(
        self, name: str, args: list[str], ready: Callable[[], bool], env: Mapping[str, str] | None = None
    ) -> None:
        """Start one process of the system and wait until it is ready."""
        process = Process(args=args, log=self.folder / f"{name}.log", ready=ready, env=env or {})
        self.processes[name] = process
        process.start()

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size by process, in megabytes: shared pages are divided among their users."""
        return {n: psutil.Process(p.pid).memory_full_info().pss / 1e6 for n, p in self.processes.items()}

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds used so far by process."""
        times = {n: psutil.Process(p.pid).cpu_times() for n, p in self.processes.items()}
        return {name: t.user + t.system for name, t in times.items()}


def python(*args: str) -> list[str]:
    """The command line of a module run by this same Python."""
    return [sys.executable, "-m", *args]


def answers(port: int, path: str) -> Callable[[], bool]:
    """A check that GET on that loopback port answers 200."""

    def check() -> bool:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
            try:
                connection.request("GET", path)
                return connection.getresponse().status == http.HTTPStatus.OK
            except (OSError, http.client.HTTPException):
                return False

    return check


def health(port: int) -> Any:
    """What GET /health on that loopback port says."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        connection.request("GET", "/health")
        return json.loads(connection.getresponse().read())


def version_of(args: list[str]) -> str:
    """The first line a program prints about its version, or "unknown"."""
    try:
        done = subprocess.run(args, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "unknown"
    return (done.stdout or done.stderr).strip().splitlines()[0]
