"""Which processes a relay is made of, in the order of their start, and what each is told.

A process learns everything from its environment, the same names that a deployment sets, so
what runs here runs the same way elsewhere.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from alert_relay.supervisor.child import ChildSpec
from alert_relay.supervisor.health import http_ok, redis_ok
from alert_relay.supervisor.home import Home
from alert_relay.supervisor.settings import UpSettings
from shared.servers import NATS_ENV, find_nats_server, find_redis_server, nats_config, redis_args

SERVICES: Final = ("ingest", "router", "notifier", "console")
NETWORKS: Final = Path(__file__).resolve().parents[2] / "examples" / "networks"
STOP_ORDER: Final = ("ingest", "router", "notifier", "console", "postbox", "redis", "nats")
"""The door closes first; whoever reads comes after whoever writes; the log goes last."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What `relay up` was asked for."""

    examples: bool = True
    nats_url: str | None = None
    nats_monitoring_url: str | None = None
    redis_url: str | None = None
    auto_ports: bool = False
    groups: tuple[Path, ...] = ()
    """Group files or folders to put in force at the start, instead of the examples'."""
    stay: bool = True
    """Whether to run on after what was to be done meanwhile."""

    def group_paths(self) -> tuple[Path, ...]:
        """What is put in force at the start."""
        return self.groups or ((NETWORKS,) if self.examples else ())

    def ports_wanted(self) -> list[str]:
        """The names of the ports that this run listens on."""
        own_nats = () if self.nats_url else ("nats", "nats_monitoring")
        postbox = ("postbox",) if self.examples else ()
        return [*SERVICES, *postbox, *own_nats]


@dataclass(frozen=True, slots=True)
class Plan:
    """Servers start first, one after the other; the services and the postbox together."""

    servers: tuple[ChildSpec, ...]
    services: tuple[ChildSpec, ...]
    facts: Mapping[str, Any]
    """For run.json: addresses and paths, no secret."""


def make_plan(  # noqa: PLR0913, PLR0917 - wiring: it says what a run is made of
    home: Home,
    settings: UpSettings,
    choices: Choices,
    ports: Mapping[str, int],
    redis_socket: Path,
    http: aiohttp.ClientSession,
) -> Plan:
    """Everything a run needs; raises `SettingsError` when a server's program is missing."""
    env = _environment(home, settings, choices, ports, redis_socket)
    servers = []
    if not choices.nats_url:
        servers.append(_nats(home, ports, env, http))
    if not choices.redis_url:
        servers.append(_redis(home, redis_socket, env))
    services = [_service(name, env, ports, http, settings.drain_s) for name in SERVICES]
    if choices.examples:
        services.append(_postbox(env, ports, http))
    return Plan(tuple(servers), tuple(services), _facts(home, ports, env, examples=choices.examples))


def _url(ports: Mapping[str, int], name: str) -> str:
    return f"http://127.0.0.1:{ports[name]}"


def _environment(
    home: Home, settings: UpSettings, choices: Choices, ports: Mapping[str, int], redis_socket: Path
) -> dict[str, str]:
    own = {
        "RELAY_HOME": str(home.folder),
        "RELAY_NATS_URL": choices.nats_url or f"nats://127.0.0.1:{ports['nats']}",
        "RELAY_NATS_MONITORING_URL": choices.nats_monitoring_url
        or (settings.nats_monitoring_url if choices.nats_url else _url(ports, "nats_monitoring")),
        "RELAY_REDIS_URL": choices.redis_url or f"unix://{redis_socket}",
        **{f"RELAY_{name.upper()}_PORT": str(ports[name]) for name in SERVICES},
        "RELAY_INGEST_URL": _url(ports, "ingest"),
        "RELAY_CONSOLE_URL": _url(ports, "console"),
    }
    unless_set = {
        "RELAY_MASTER_KEY_FILE": str(home.unsafe_key),
        "RELAY_INGEST_KEYS_FILE": str(home.keys_file),
        "RELAY_INGEST_BRIDGES_FILE": str(home.bridges_file),
        "RELAY_INGEST_PUBLIC_URL": _url(ports, "ingest"),
        "RELAY_CONSOLE_PUBLIC_URL": _url(ports, "console"),
    }
    examples = _example_secrets(home, ports) if choices.examples else {}
    return {**unless_set, **examples, **os.environ, **own}


def _example_secrets(home: Home, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "SHARED__POSTBOX_URL": _url(ports, "postbox"),
        "SHARED__POSTBOX_SECRET": home.secret("postbox"),
        "SHARED__TELEGRAM_TOKEN": home.secret("telegram-bot-token"),
    }


def _nats(
    home: Home, ports: Mapping[str, int], env: Mapping[str, str], http: aiohttp.ClientSession
) -> ChildSpec:
    file = home.folder / "nats.conf"
    file.write_text(
        nats_config(home.folder / "nats", ports["nats"], ports["nats_monitoring"]), encoding="utf-8"
    )
    healthy = partial(http_ok, http, _url(ports, "nats_monitoring") + "/healthz")
    return ChildSpec("nats", [str(find_nats_server()), "-c", str(file)], {**env, **NATS_ENV}, healthy)


def _redis(home: Home, socket: Path, env: Mapping[str, str]) -> ChildSpec:
    args = [str(find_redis_server()), *redis_args(home.folder, unix_socket=socket)]
    return ChildSpec("redis", args, env, partial(redis_ok, socket))


def _service(
    name: str,
    env: Mapping[str, str],
    ports: Mapping[str, int],
    http: aiohttp.ClientSession,
    drain_s: float,
) -> ChildSpec:
    args = [sys.executable, "-m", f"services.{name}"]
    healthy: Callable[[], Awaitable[bool]] = partial(http_ok, http, _url(ports, name) + "/health")
    return ChildSpec(name, args, env, healthy, drain_s + 2)


def _postbox(env: Mapping[str, str], ports: Mapping[str, int], http: aiohttp.ClientSession) -> ChildSpec:
    args = [sys.executable, "-m", "alert_relay.postbox", "--port", str(ports["postbox"])]
    return ChildSpec("postbox", args, env, partial(http_ok, http, _url(ports, "postbox") + "/health"))


def _facts(home: Home, ports: Mapping[str, int], env: Mapping[str, str], *, examples: bool) -> dict[str, Any]:
    addresses = {name: _url(ports, name) for name in (*SERVICES, *(("postbox",) if examples else ()))}
    return {
        "pid": os.getpid(),
        "home": str(home.folder),
        **addresses,
        "nats_url": without_password(env["RELAY_NATS_URL"]),
        "nats_monitoring_url": env["RELAY_NATS_MONITORING_URL"],
        "redis_url": without_password(env["RELAY_REDIS_URL"]),
        "logs": str(home.logs),
        "keys_file": env["RELAY_INGEST_KEYS_FILE"],
        "bridges_file": env["RELAY_INGEST_BRIDGES_FILE"],
        "operator_token_file": str(home.operator_token),
        "ports": dict(ports),
    }


def without_password(url: str) -> str:
    """The address as it may be written down."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc="…@" + parts.netloc.rpartition("@")[2]).geturl()
