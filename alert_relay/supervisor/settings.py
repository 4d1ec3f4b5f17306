"""What `relay up` may be told, and which ports it takes."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import Field

from shared.errors import SettingsError
from shared.settings import ServiceSettings, load_settings

Port = int


class UpSettings(ServiceSettings):
    """RELAY_HOME and one port a process; the rest is handed to the services as it stands."""

    ingest_port: Port = Field(default=8080, ge=1, le=65535)
    console_port: Port = Field(default=8081, ge=1, le=65535)
    router_port: Port = Field(default=8082, ge=1, le=65535)
    notifier_port: Port = Field(default=8083, ge=1, le=65535)
    postbox_port: Port = Field(default=8084, ge=1, le=65535)
    nats_port: Port = Field(default=4222, ge=1, le=65535)
    nats_monitoring_port: Port = Field(default=8222, ge=1, le=65535)
    up_patience_s: float = Field(default=60.0, gt=0)
    """Seconds that everything together may take to become ready."""


WHAT: Final[Mapping[str, str]] = {
    "ingest": "the report form and API",
    "console": "the live page and desk API",
    "router": "the router's health",
    "notifier": "the notifier's health",
    "postbox": "the examples' postbox",
    "nats": "NATS",
    "nats_monitoring": "NATS monitoring",
}


def load_up_settings(home: Path | None) -> UpSettings:
    """Settings from the environment; a home given on the command line goes before RELAY_HOME."""
    settings = load_settings(UpSettings, **({"home": home} if home else {}))
    return settings.model_copy(update={"home": settings.home.absolute()})


def choose_ports(settings: UpSettings, names: list[str], *, auto: bool) -> dict[str, int]:
    """One free loopback port for each name.

    With `auto` those of the last run where they are still free, else any. Without it the
    configured ones; raises `SettingsError` naming those that another program holds.
    """
    if auto:
        return _free_ports(names, _last_ports(settings.home))
    ports = {name: int(getattr(settings, f"{name}_port")) for name in names}
    taken = [name for name, port in ports.items() if not is_free(port)]
    if taken:
        listed = ", ".join(f"{ports[name]} ({WHAT[name]})" for name in taken)
        plural = "s are" if len(taken) > 1 else " is"
        raise SettingsError(
            f"Port{plural} in use by another program: {listed}. Stop it, choose others "
            f"(RELAY_{taken[0].upper()}_PORT=…), or let the relay choose: relay up --ports auto"
        )
    if len(set(ports.values())) < len(ports):
        raise SettingsError("Two of the RELAY_…_PORT settings name the same port; give each its own.")
    return ports


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_ports(names: list[str], before: Mapping[str, int]) -> dict[str, int]:
    chosen: dict[str, int] = {}
    open_probes = []
    for name in names:
        last = before.get(name)
        if last and last not in chosen.values() and is_free(last):
            chosen[name] = last
            continue
        # The probes stay open until all are chosen, so that no port is given twice.
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        open_probes.append(probe)
        chosen[name] = int(probe.getsockname()[1])
    for probe in open_probes:
        probe.close()
    return chosen


def _last_ports(home: Path) -> Mapping[str, int]:
    try:
        ports = json.loads((home / "run.json").read_text(encoding="utf-8"))["ports"]
        return {str(name): int(port) for name, port in ports.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}
