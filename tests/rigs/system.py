"""The whole relay for tests: real NATS and Redis, the four services as processes, a sink of our own.

Everything listens on free loopback ports and lives in one folder, logs included. Each process can
be killed and started again by name. Nothing waits for a fixed time: `wait_until` waits for a
condition and says what it waited for. What was started is stopped at the end, by its own pid.
"""

import asyncio
import inspect
import random
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from alert_relay.supervisor.home import SIMULATOR, Home
from shared.contracts.base import SHARED
from shared.testing.servers import (
    NatsServer,
    Process,
    RedisServer,
    free_port,
    healthy,
    start_nats,
    start_redis,
)
from tests.rigs.sink import Sink, channel

SERVICES: Final = ("ingest", "router", "notifier", "console")
FAST: Final[Mapping[str, str]] = {"RELAY_CLAIM_LEASE_S": "2"}
"""Settings that shorten what a test would have to wait for."""
_KILLED: Final = 137
_POLL_S: Final = 0.02

Condition = Callable[[], bool | Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    content_type: str
    body: Any

    @property
    def accepted(self) -> bool:
        """Whether a report was accepted."""
        return self.status == HTTPStatus.ACCEPTED


def lent(folder: Path, name: str, secret: str) -> Path:
    """A secret that the operator lends to every group's channels; its file."""
    file = folder / "secrets" / SHARED / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(secret + "\n")
    return file


class RelaySystem:
    """A relay in that folder, with those services. Open it as a context; then it is ready."""

    def __init__(
        self, folder: Path, *, services: Sequence[str] = SERVICES, env: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.home = folder, Home(folder / "home")
        self.sink = Sink()
        self.processes: dict[str, Process] = {}
        self.urls: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self._names, self._extra_env = tuple(services), {**FAST, **(env or {})}
        self._stack = AsyncExitStack()

    nats: NatsServer
    redis: RedisServer
    http: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        """Start the servers, then the services together; stop all of them if one fails."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        self.home.make_key_file()
        self.home.write_door_files()
        await self._stack.enter_async_context(self.sink)
        self.http = await self._stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        )
        self._stack.push_async_callback(self._stop_all)
        self.nats = await asyncio.to_thread(start_nats, self.folder / "nats")
        self.processes["nats"] = self.nats
        self.redis = await asyncio.to_thread(start_redis, self.folder / "redis")
        self.processes["redis"] = self.redis
        for name in self._names:
            self.add(name)
        await asyncio.gather(*(self.start(name) for name in self._names))
        if "console" in self._names:
            await self._become_operator()

    async def _stop_all(self) -> None:
        """The services drain first and together; the log goes last."""
        servers = {"nats", "redis"}
        await asyncio.gather(*(self.stop(name) for name in self.processes if name not in servers))
        for name in ("redis", "nats"):
            if name in self.processes:
                await self.stop(name)

    def add(self, name: str, *, like: str | None = None, env: Mapping[str, str] | None = None) -> None:
        """Make ready (not start) a service, or under another name a further process `like` it."""
        service = like or name
        port = free_port()
        self.urls[name] = f"http://127.0.0.1:{port}"
        own = {
            f"RELAY_{service.upper()}_PORT": str(port),
            "RELAY_INGEST_SPOOL": str(self.folder / f"spool-{name}"),
        }
        self.processes[name] = Process(
            args=[sys.executable, "-m", f"services.{service}"],
            log=self.folder / f"{name}.log",
            ready=lambda: healthy(port, "/health"),
            env={**self._environment(), **own, **(env or {})},
        )

    def _environment(self) -> dict[str, str]:
        return {
            "RELAY_HOME": str(self.home.folder),
            "RELAY_NATS_URL": self.nats.url,
            "RELAY_NATS_MONITORING_URL": self.nats.monitoring_url,
            "RELAY_REDIS_URL": self.redis.url,
            "RELAY_MASTER_KEY_FILE": str(self.home.unsafe_key),
            "RELAY_INGEST_KEYS_FILE": str(self.home.keys_file),
            "RELAY_INGEST_BRIDGES_FILE": str(self.home.bridges_file),
            **self.sink.env,
            **self._extra_env,
        }

    # --- processes ---------------------------------------------------------------------------

    async def start(self, name: str) -> None:
        """Start it and return once it is ready."""
        await asyncio.to_thread(self.processes[name].start)

    async def stop(self, name: str) -> None:
        """Ask it to finish, and wait."""
        await asyncio.to_thread(self.processes[name].stop)

    async def kill(self, name: str) -> None:
        """Kill it as a power cut would."""
        await asyncio.to_thread(self.processes[name].kill)

    async def restart(self, name: str) -> None:
        """Start it again, stopping it first."""
        await asyncio.to_thread(self.processes[name].restart)

    async def arm(self, name: str, point: str) -> None:
        """Start it again, this once to die at that fault point, perhaps before it is ready."""
        process = self.processes[name]
        env, ready = process.env, process.ready
        process.env, process.ready = {**env, "RELAY_FAULT": point}, lambda: True
        try:
            await self.restart(name)
        finally:
            process.env, process.ready = env, ready

    async def died_at_fault_point(self, name: str, *, within_s: float = 60) -> None:
        """Return once the process has ended at its armed fault point."""
        process = self.processes[name].running
        if process is None:
            raise RuntimeError(f"{name} is not running")
        await self.wait_until(lambda: process.poll() is not None, f"{name} dies", within_s=within_s)
        if process.returncode != _KILLED:
            raise AssertionError(f"{name} ended with {process.returncode}; see {self.processes[name].log}")

    async def wait_until(self, condition: Condition, what: str, *, within_s: float = 60) -> None:
        """Return once the condition holds; an AssertionError says what was waited for in vain."""
        try:
            async with asyncio.timeout(within_s):
                while not await _holds(condition):  # noqa: ASYNC110 - conditions of many kinds
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise AssertionError(f"after {within_s:g} s not: {what}; logs in {self.folder}") from None

    # --- the doors ---------------------------------------------------------------------------

    async def request(self, method: str, url: str, **options: Any) -> Answer:
        """One HTTP request; `url` begins with a service's name: `ingest/v1/reports`."""
        service, _, path = url.partition("/")
        async with self.http.request(method, f"{self.urls[service]}/{path}", **options) as response:
            raw = await response.read()
            is_json = response.content_type.endswith("json")
            body = await response.json(content_type=None) if is_json else raw.decode()
            return Answer(response.status, response.content_type, body)

    async def bridges_health(self) -> dict[str, Any]:
        """Which bridge stands how, and the front door's counts by bridge."""
        key = {"Authorization": f"Bearer {self.home.secret(SIMULATOR)}"}
        return dict((await self.request("GET", "ingest/health/bridges", headers=key)).body)

    async def post_report(self, text: str, *, key: str | None = None, **fields: Any) -> Answer:
        """One attempt to post a report, with the simulator's rights (so `sender` may be given)."""
        headers = {
            "Authorization": f"Bearer {self.home.secret(SIMULATOR)}",
            "Idempotency-Key": key or secrets.token_hex(16),
        }
        report = {"text": text, **fields}
        return await self.request("POST", "ingest/v1/reports", json=report, headers=headers)

    async def deliver_report(self, text: str, *, key: str | None = None, **fields: Any) -> str:
        """Post until it is accepted, as a careful client does; the report's id."""
        key = key or secrets.token_hex(16)
        while True:
            try:
                answer = await self.post_report(text, key=key, **fields)
            except (aiohttp.ClientError, TimeoutError, OSError):
                answer = None
            if answer and answer.accepted:
                return str(answer.body["report_id"])
            if answer and answer.status not in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
                raise AssertionError(f"a report was refused: {answer.status} {answer.body}")
            await asyncio.sleep(random.uniform(0.05, 0.15))

    async def _become_operator(self) -> None:
        path = self.home.operator_token
        await self.wait_until(path.exists, "the first operator's token")
        self.tokens["hub"] = path.read_text(encoding="utf-8").strip()

    async def as_member(self, method: str, path: str, by: str = "hub", **options: Any) -> Answer:
        """A request to the console as the operator (`hub`), or as a group's dispatcher.

        While the console says 503 it is asked again, as it asks for: with the same command id.
        """
        headers = {"Authorization": f"Bearer {self.tokens[by]}"}
        if "json" in options:
            options["json"] = {"id": secrets.token_hex(16), **options["json"]}
        answers: list[Answer] = []

        async def answered() -> bool:
            answers.append(await self.request(method, f"console/{path}", headers=headers, **options))
            return answers[-1].status != HTTPStatus.SERVICE_UNAVAILABLE

        await self.wait_until(answered, f"the console answers {method} {path}")
        return answers[-1]

    async def define_group(self, definition: Mapping[str, Any], *, audiences: Sequence[str] = ()) -> None:
        """Put a group, with a webhook to the sink for each audience, and make a dispatcher of it."""
        group = definition["id"]
        channels = [channel(group, audience) for audience in audiences or ("verifiers", "community")]
        body = {"definition": dict(definition), "channels": channels}
        _sound(await self.as_member("PUT", f"v1/groups/{group}", json=body))
        await self.add_dispatcher(group)

    async def add_dispatcher(self, group: str) -> None:
        """A member who may act for the group; their token is kept under the group's id."""
        body = {"name": f"Dispatcher of {group}", "roles": {group: "dispatcher"}}
        self.tokens[group] = _sound(await self.as_member("POST", "v1/members", json=body)).body["token"]

    async def desk(self, command: str, *, by: str, **fields: Any) -> dict[str, Any]:
        """A command by the group's dispatcher, applied."""
        answer = _sound(await self.as_member("POST", f"v1/desk/{command}", by=by, json=fields))
        body: dict[str, Any] = answer.body
        if body.get("outcome") != "applied":
            raise AssertionError(f"{command}: {body}")
        return body

    async def incidents(self, by: str, state: str = "all") -> list[dict[str, Any]]:
        """What the group's dispatcher sees."""
        answer = _sound(await self.as_member("GET", f"v1/desk/incidents?state={state}", by=by))
        return list(answer.body["incidents"] if isinstance(answer.body, dict) else answer.body)

    async def the_incident(self, by: str) -> dict[str, Any]:
        """The one incident that the group's dispatcher sees, once the desk shows it."""
        seen: list[dict[str, Any]] = []

        async def shown() -> bool:
            seen[:] = await self.incidents(by)
            return bool(seen)

        await self.wait_until(shown, "the desk shows an incident")
        (incident,) = seen
        return incident


def square(lat: float, lon: float, half_deg: float) -> dict[str, Any]:
    """An area: a square in degrees around the point."""
    west, east, south, north = lon - half_deg, lon + half_deg, lat - half_deg, lat + half_deg
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"polygons": [[ring]]}


async def _holds(condition: Condition) -> bool:
    result = condition()
    return bool(await result if inspect.isawaitable(result) else result)


def _sound(answer: Answer) -> Answer:
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise AssertionError(f"the console said {answer.status}: {answer.body}")
    return answer
