"""docker-compose.yml and Dockerfile say only what is so: settings, files and commands that exist."""

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("ingest", "router", "notifier", "console")


def _settings(service: str) -> type[ServiceSettings]:
    if service not in OURS:
        return ServiceSettings
    module = importlib.import_module(f"services.{service}.settings")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value is not ServiceSettings
    )
    return found


def test_all_parts_are_there() -> None:
    assert set(SERVICES) == {"nats", "redis", "streams", *OURS}


@pytest.mark.parametrize("service", [*OURS, "streams"])
def test_every_variable_is_a_real_setting(service: str) -> None:
    fields = _settings(service).model_fields
    for name in SERVICES[service]["environment"]:
        assert name.startswith("RELAY_")
        assert name.removeprefix("RELAY_").lower() in fields, name


def test_every_nats_variable_is_read_by_its_files_and_none_is_missing() -> None:
    files = [ROOT / "deploy/nats" / name for name in ("single.conf", "common.conf", "users.conf")]
    conf = "".join(file.read_text() for file in files)
    lines = [line.split("#")[0] for line in conf.splitlines()]
    assert set(re.findall(r"\$(NATS_[A-Z_]+)", "\n".join(lines))) == set(SERVICES["nats"]["environment"])


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_mounted_file_or_volume_exists(service: str) -> None:
    for mount in SERVICES[service].get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), source
        else:
            assert source in COMPOSE["volumes"]
    for secret in SERVICES[service].get("secrets", []):
        assert secret in COMPOSE["secrets"]


def test_every_command_exists() -> None:
    for name, service in SERVICES.items():
        program, *rest = service["command"]
        if program == "python":
            assert rest[0] == "-m"
            assert importlib.util.find_spec(rest[1]), rest[1]
            if rest[1].startswith("services."):
                assert importlib.util.find_spec(f"{rest[1]}.__main__"), rest[1]
        else:
            assert program in {"nats-server", "valkey-server"}, name
    config = SERVICES["nats"]["command"][-1]
    assert (ROOT / "deploy" / config.removeprefix("/etc/")).exists()


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_part_is_confined(service: str) -> None:
    part = SERVICES[service]
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in part["security_opt"]
    assert int(part["user"].split(":")[0]) > 0
    assert service == "streams" or part["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_only_loopback_is_shown_by_the_machine(service: str) -> None:
    for port in SERVICES[service].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("service", OURS)
def test_the_health_check_asks_the_port_that_the_service_is_given(service: str) -> None:
    port = SERVICES[service]["environment"][f"RELAY_{service.upper()}_PORT"]
    assert f"127.0.0.1:{port}/health" in SERVICES[service]["healthcheck"]["test"][-1]


def test_what_must_come_first_is_a_part() -> None:
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            once = SERVICES[needed].get("restart") == "no"
            wanted = "service_completed_successfully" if once else "service_healthy"
            assert how["condition"] == wanted


def test_redis_writes_nothing_to_disk() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--save") + 1] == ""
    assert command[command.index("--appendonly") + 1] == "no"


def test_the_image_is_made_from_the_hashed_lock_and_is_no_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes --no-deps -r requirements.lock" in text
    assert re.search(r"^USER relay$", text, re.MULTILINE)
    for source in re.findall(r"^COPY ((?:(?!--from).)+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), name
            assert f"!{name}" in (ROOT / ".dockerignore").read_text().splitlines(), name


def test_no_example_secret_is_in_the_files() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"PASSWORD: (?!\$\{)", text)


@pytest.mark.parametrize("service", OURS)
def test_metrics_have_a_port_that_the_machine_does_not_show(service: str) -> None:
    port = SERVICES[service]["environment"][f"RELAY_{service.upper()}_METRICS_PORT"]
    assert f"127.0.0.1:{port}" in (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    assert not any(port in shown for shown in SERVICES[service].get("ports", []))
