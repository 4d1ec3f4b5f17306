"""The whole relay on the deployed NATS: every service as its own user, with only the rights it needs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import tests.rigs.system as harness
from shared.servers import NATS_ENV, find_nats_server
from shared.testing.servers import NatsServer, free_port, healthy
from tests.rigs.system import RelaySystem, square

DEPLOY = Path(__file__).parents[2] / "deploy" / "nats"
USERS = ("admin", "ingest", "router", "notifier", "console")


def start_deployed(store: Path) -> NatsServer:
    """A server by `single.conf`, without streams."""
    store.mkdir(parents=True)
    port, monitor = free_port(), free_port()
    server = NatsServer(
        args=[str(find_nats_server()), "--config", str(DEPLOY / "single.conf")],
        log=store / "nats.log",
        ready=lambda: healthy(monitor),
        env={
            **NATS_ENV,
            **{f"NATS_{user.upper()}_PASSWORD": f"{user}Pass1" for user in USERS},
            "NATS_HOST": "127.0.0.1",
            "NATS_NAME": "one",
            "NATS_PORT": str(port),
            "NATS_MONITOR": f"127.0.0.1:{monitor}",
            "NATS_STORE": str(store),
        },
        url=f"nats://127.0.0.1:{port}",
        monitoring_url=f"http://127.0.0.1:{monitor}",
        store_dir=store,
    )
    server.start()
    make_streams(server)
    return server


def make_streams(server: NatsServer) -> None:
    """`python -m alert_relay.streams` as NATS's admin, as compose does it."""
    admin = {
        "RELAY_NATS_URL": server.url,
        "RELAY_NATS_MONITORING_URL": server.monitoring_url,
        "RELAY_NATS_USER": "admin",
        "RELAY_NATS_PASSWORD": "adminPass1",
    }
    subprocess.run([sys.executable, "-m", "alert_relay.streams"], env={**os.environ, **admin}, check=True)


class DeployedRelay(RelaySystem):
    """Each service signs in as itself and makes no streams."""

    def add(self, name: str, *, like: str | None = None, env: Mapping[str, str] | None = None) -> None:
        own = {
            "RELAY_NATS_USER": like or name,
            "RELAY_NATS_PASSWORD": f"{like or name}Pass1",
            "RELAY_NATS_MAKE_STREAMS": "false",
        }
        super().add(name, like=like, env={**own, **(env or {})})


async def test_a_report_is_confirmed_and_told_with_least_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "start_nats", start_deployed)
    async with DeployedRelay(tmp_path) as relay:
        definition = {"id": "hackney", "name": "Hackney", "area": square(51.5466, -0.0752, 0.05)}
        await relay.define_group(definition)
        answer = await relay.post_report(
            "immigration raid, vans and officers, they are holding a rider", lat=51.5466, lon=-0.0752
        )
        assert answer.accepted
        await relay.wait_until(lambda: "verifiers" in audiences(relay), "the verifiers hear")
        incident = await relay.the_incident("hackney")
        await relay.desk("confirm", by="hackney", incident=incident["id"], ask="WITNESSES")
        await relay.wait_until(lambda: "community" in audiences(relay), "the community hears")
        for name in ("router", "notifier", "console"):
            assert "permissions violation" not in relay.processes[name].log.read_text().lower()


def audiences(relay: RelaySystem) -> set[str]:
    """Who has been told something so far."""
    return {received.audience for received in relay.sink.log}
