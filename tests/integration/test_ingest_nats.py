"""The front door with a real NATS server: away, back, killed, restarted."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.ingest.main import serve
from services.ingest.settings import IngestSettings
from services.ingest.submission import BODY_TAG
from shared.bus import NatsBus, connect
from shared.clock import SystemClock
from shared.contracts.catalog import decode
from shared.contracts.reports import ReportContent, ReportReceived
from shared.errors import RelayError
from shared.sealing import Keyring, load_master_key, make_unsafe_key_file
from shared.testing.servers import NatsServer, free_port

PATIENCE_S = 40


def environment(server: NatsServer, home: Path, port: int) -> dict[str, str]:
    make_unsafe_key_file(home / "master.key")
    return {
        "RELAY_HOME": str(home),
        "RELAY_NATS_URL": server.url,
        "RELAY_NATS_MONITORING_URL": server.monitoring_url,
        "RELAY_MASTER_KEY_FILE": str(home / "master.key"),
        "RELAY_INGEST_PORT": str(port),
    }


@contextlib.asynccontextmanager
async def ingest(server: NatsServer, home: Path, **extra: str) -> AsyncIterator[tuple[str, Any]]:
    """A front door as a process of its own, ready; yields its address and the process."""
    port = free_port()
    env = {**os.environ, **environment(server, home, port), **extra}
    log = (home / "ingest.log").open("ab")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.ingest", env=env, stderr=log, stdout=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        await health(address, lambda _: True)
        yield address, process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(15):
            await process.wait()
        log.close()


async def health(address: str, wanted: Any) -> dict[str, Any]:
    """The front door's health, once it is as wanted."""
    deadline = time.monotonic() + PATIENCE_S
    async with aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{address}/health") as response:
                    found: dict[str, Any] = await response.json()
                    if wanted(found):
                        return found
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def post(address: str, numbers: range) -> list[str]:
    """Post so many reports at once, each with its own key; returns their ids, all of them accepted."""
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> str:
            body, headers = {"text": f"marked-text {number}"}, {"Idempotency-Key": f"key-{number}"}
            async with session.post(f"{address}/v1/reports", json=body, headers=headers) as response:
                assert response.status == 202
                return str((await response.json())["report_id"])

        return list(await asyncio.gather(*(one(number) for number in numbers)))


async def stored(server: NatsServer, home: Path) -> Counter[str]:
    """How often each report's text lies in the stream, opened with its key."""
    master = load_master_key(home / "master.key", production=False)
    found: Counter[str] = Counter()
    async with await connect(server.url, name="test", monitoring_url=server.monitoring_url) as bus:
        keyring = Keyring(master, bus, SystemClock(), source="test")
        for seq in range(1, await bus.last_seq("REPORTS") + 1):
            found[await text_of(bus, keyring, seq)] += 1
    return found


async def text_of(bus: NatsBus, keyring: Keyring, seq: int) -> str:
    entry = await bus.get("REPORTS", seq)
    assert entry is not None
    assert BODY_TAG in entry.headers
    message = decode(entry)
    assert isinstance(message, ReportReceived)
    content = (await keyring.open(message)).content
    assert isinstance(content, ReportContent)
    return content.text


def in_clear(folder: Path) -> list[Path]:
    """The files in which a report's words can be read."""
    return [f for f in folder.rglob("*") if f.is_file() and b"marked-text" in f.read_bytes()]


def drained(found: dict[str, Any]) -> bool:
    return bool(found["bus_connected"]) and found["spool"]["waiting"] == 0


async def test_nats_stopped_200_posted_and_stored_once(tmp_path: Path, fresh_nats: NatsServer) -> None:
    server = fresh_nats
    async with ingest(server, tmp_path) as (address, _process):
        await health(address, drained)
        await post(address, range(1))
        server.stop()
        async with asyncio.timeout(PATIENCE_S):
            await post(address, range(1, 201))
        server.start()
        await health(address, drained)
    assert await stored(server, tmp_path) == {f"marked-text {n}": 1 for n in range(201)}
    assert not in_clear(tmp_path)


async def test_killed_with_a_full_spool_the_next_start_drains_it(
    tmp_path: Path, fresh_nats: NatsServer
) -> None:
    server = fresh_nats
    async with ingest(server, tmp_path) as (address, process):
        await health(address, drained)
        server.stop()
        await post(address, range(50))
        process.send_signal(signal.SIGKILL)
        await process.wait()
    # It opens although NATS is still away, and takes more.
    async with ingest(server, tmp_path) as (address, process):
        await post(address, range(50, 60))
        server.start()
        await health(address, drained)
    assert await stored(server, tmp_path) == {f"marked-text {n}": 1 for n in range(60)}


@pytest.mark.parametrize("fault", ["ingest.before_store", "ingest.after_store"])
async def test_killed_between_two_steps_a_retry_is_one_report(
    fault: str, tmp_path: Path, fresh_nats: NatsServer
) -> None:
    server = fresh_nats
    async with ingest(server, tmp_path, RELAY_FAULT=f"{fault}:3") as (address, process):
        await health(address, drained)
        await post(address, range(2))
        with pytest.raises(aiohttp.ClientError):
            await post(address, range(2, 3))
        assert await process.wait() == 137
    async with ingest(server, tmp_path) as (address, _process):
        await health(address, drained)
        await post(address, range(4))
    assert await stored(server, tmp_path) == {f"marked-text {n}": 1 for n in range(4)}


async def test_a_bridge_that_is_added_takes_reports_without_a_restart(
    tmp_path: Path, fresh_nats: NatsServer
) -> None:
    file = tmp_path / "bridges.yaml"
    file.write_text("[]")
    extra = {"RELAY_INGEST_BRIDGES_FILE": str(file), "BOT_SECRET": "secret-of-the-test"}
    async with ingest(fresh_nats, tmp_path, **extra) as (address, process):
        await health(address, drained)
        assert await told_bot(address, 1) == 404
        replaced(file, "- {id: bot, kind: fax}")
        await health(address, lambda found: not found["bridges_file_ok"])
        replaced(file, "- {id: bot, kind: telegram, settings: {secret_token: env:BOT_SECRET}}")
        await health(address, lambda found: found["bridges_file_ok"] and found["bridges"])
        assert [await told_bot(address, n) for n in (1, 1, 2)] == [200] * 3
        replaced(file, "[]")
        await health(address, lambda found: not found["bridges"])
        assert await told_bot(address, 3) == 404
        assert process.returncode is None
    assert await stored(fresh_nats, tmp_path) == {"marked-text 1": 1, "marked-text 2": 1}


BLOCKER = """
import pathlib, time
from typing import Any, ClassVar
from alert_relay.plugins import IncomingReport, PluginSettings, Spec, WebhookResponse

class Settings(PluginSettings):
    log: str

class Blocker:
    spec: ClassVar[Any] = Spec("blocker", "t", "s", "w", "experimental", "fake", {})
    Settings: ClassVar[Any] = Settings

    def __init__(self, settings: Any, secrets: Any) -> None:
        self.log = pathlib.Path(settings.log)

    def parse(self, request: Any) -> Any:
        for _ in range(3_000):
            if any("loop_blocked" in x and "at-fault" in x for x in self.log.read_text().splitlines()):
                break
            time.sleep(0.01)
        return [IncomingReport(source_id="1", text="marked-text 1")]

    def answer(self, receipts: Any) -> WebhookResponse:
        return WebhookResponse()
"""


async def test_a_third_partys_bridge_that_holds_up_the_process_is_named(
    tmp_path: Path, fresh_nats: NatsServer
) -> None:
    plugins = tmp_path / "plugins"
    (plugins / "blocker-1.dist-info").mkdir(parents=True)
    (plugins / "blocker.py").write_text(BLOCKER)
    (plugins / "blocker-1.dist-info" / "METADATA").write_text("Name: blocker\nVersion: 1\n")
    entry = "[alert_relay.bridges]\nblocker = blocker:Blocker\n"
    (plugins / "blocker-1.dist-info" / "entry_points.txt").write_text(entry)
    file, log = tmp_path / "bridges.yaml", tmp_path / "ingest.log"
    file.write_text(json.dumps([{"id": "at-fault", "kind": "blocker", "settings": {"log": str(log)}}]))
    extra = {"RELAY_INGEST_BRIDGES_FILE": str(file), "PYTHONPATH": str(plugins)}
    async with ingest(fresh_nats, tmp_path, **extra) as (address, process):
        await health(address, drained)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{address}/bridges/at-fault", data=b"x") as response,
        ):
            assert response.status == 200
        await health(address, lambda found: found["counts"].get("bridge.blocked"))
        assert process.returncode is None
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (named,) = [line for line in lines if line["event"] == "loop_blocked" and line["bridge"] == "at-fault"]
    assert re.fullmatch(r"\S+:\d+", named["at"])
    assert await stored(fresh_nats, tmp_path) == {"marked-text 1": 1}


def replaced(file: Path, text: str) -> None:
    """The file's new content, whole at once, as an editor saves it."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    beside.replace(file)


async def told_bot(address: str, number: int) -> int:
    """What the bot's bridge answers to a message."""
    chat = {"id": 7, "type": "private"}
    message = {
        "message_id": number,
        "date": 1,
        "chat": chat,
        "from": {"id": 7},
        "text": f"marked-text {number}",
    }
    headers = {"X-Telegram-Bot-Api-Secret-Token": "secret-of-the-test"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{address}/bridges/bot", json={"update_id": number, "message": message}, headers=headers
        ) as response,
    ):
        return response.status


async def test_a_wrong_setting_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bridges.yaml").write_text("- {id: sms, kind: fax}\n")
    make_unsafe_key_file(tmp_path / "master.key")
    settings = IngestSettings(
        home=tmp_path,
        master_key_file=tmp_path / "master.key",
        ingest_bridges_file=tmp_path / "bridges.yaml",
    )
    with pytest.raises(RelayError, match="there is no kind 'fax'"):
        await serve(settings, asyncio.Event())


async def test_a_port_in_use_stops_the_start_with_one_sentence(
    tmp_path: Path, fresh_nats: NatsServer
) -> None:
    async with ingest(fresh_nats, tmp_path) as (address, _process):
        port = address.rpartition(":")[2]
        env = {**os.environ, **environment(fresh_nats, tmp_path, int(port))}
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.ingest"),
            env={**env, "RELAY_INGEST_SPOOL": str(tmp_path / "other-spool")},
            stderr=asyncio.subprocess.PIPE,
        )
        _out, err = await second.communicate()
        assert second.returncode == 2
        assert err.decode().splitlines()[-1].startswith(f"Port {port} on 127.0.0.1 cannot be opened")


async def test_stopping_is_quick_and_says_so(tmp_path: Path, fresh_nats: NatsServer) -> None:
    async with ingest(fresh_nats, tmp_path) as (address, process):
        await health(address, drained)
        process.terminate()
        assert await process.wait() == 0
    last = json.loads((tmp_path / "ingest.log").read_text().splitlines()[-1])
    assert last["event"] == "service_stopped"
