"""One process under the supervisor: started, watched, started again, stopped by its own pid."""

import asyncio
import contextlib
import ctypes
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from alert_relay.supervisor.home import Home
from shared.errors import RelayError, SettingsError

_PR_SET_PDEATHSIG: Final = 1
_FIRST_BACKOFF_S: Final = 0.2
_MAX_BACKOFF_S: Final = 10.0
_SOUND_AFTER_S: Final = 30.0
_POLL_S: Final = 0.05
EXIT_SETTINGS: Final = 2


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run, how to tell that it is ready, and how long it may take to stop."""

    name: str
    args: Sequence[str]
    env: Mapping[str, str]
    healthy: Callable[[], Awaitable[bool]]
    drain_s: float = 12.0


def end_with_parent() -> None:
    """Ask the kernel (Linux) to kill this process when its parent dies; runs between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    """A running process and its history. `tell` says to the operator what happens to it."""

    spec: ChildSpec
    home: Home
    tell: Callable[[str], None]
    changed: Callable[[], None] = lambda: None
    restarts: int = 0
    stopping: bool = False
    process: asyncio.subprocess.Process | None = None
    _log_start: int = field(default=0, init=False)

    @property
    def log_file(self) -> Path:
        """Where its words go."""
        return self.home.logs / f"{self.spec.name}.log"

    async def start(self) -> None:
        """Start the process; its output is appended to its log."""
        env = dict(self.spec.env)
        if self.restarts:
            env.pop("RELAY_FAULT", None)  # an armed fault kills once, not at every start
        with self.home.open_log(self.spec.name) as log:
            self._log_start = log.tell()
            self.process = await asyncio.create_subprocess_exec(
                *self.spec.args,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which knows the order
                preexec_fn=end_with_parent,
            )
        self.changed()

    async def ready(self, deadline: float) -> None:
        """Return once it is healthy; raises with its own last sentence if it ended, or at the deadline."""
        while not await self.spec.healthy():
            if self.process is None or self.process.returncode is not None:
                raise SettingsError(self.last_words())
            if time.monotonic() > deadline:
                raise RelayError(f"{self.spec.name} did not become ready in time. Its log: {self.log_file}")
            await asyncio.sleep(_POLL_S)

    async def keep(self) -> None:
        """Start it again, with growing pauses, whenever it ends by itself."""
        backoff = _FIRST_BACKOFF_S
        while not self.stopping and self.process is not None:
            began = time.monotonic()
            code = await self.process.wait()
            if self.stopping:
                return
            if time.monotonic() - began > _SOUND_AFTER_S:
                backoff = _FIRST_BACKOFF_S
            self.tell(f"{self.spec.name} ended ({how(code)}); starting it again. Its log: {self.log_file}")
            await asyncio.sleep(backoff)
            if self.stopping:
                return
            backoff = min(backoff * 2, _MAX_BACKOFF_S)
            self.restarts += 1
            await self.start()

    async def stop(self) -> str:
        """Ask it to finish and wait; kill it when it takes too long. Says how it went."""
        self.stopping = True
        if self.process is None or self.process.returncode is not None:
            return "was not running"
        began = time.monotonic()
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), self.spec.drain_s)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            return f"did not finish in {self.spec.drain_s:g} s and was killed"
        return f"stopped in {time.monotonic() - began:.1f} s"

    def last_words(self) -> str:
        """The sentence with which it ended, or where to look."""
        lines: list[str] = []
        with contextlib.suppress(OSError), self.log_file.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
        code = self.process.returncode if self.process else None
        if code == EXIT_SETTINGS and lines and not lines[-1].startswith("{"):
            return f"{self.spec.name}: {lines[-1]}"
        return f"{self.spec.name} ended at its start ({how(code)}). Its log: {self.log_file}"

    @property
    def pid(self) -> int | None:
        """The process id, or None."""
        return self.process.pid if self.process and self.process.returncode is None else None


def how(code: int | None) -> str:
    """An exit code in words."""
    if code is None:
        return "not started"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
