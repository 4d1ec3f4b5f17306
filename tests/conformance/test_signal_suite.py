"""The bridge for Signal passes the suite for bridges that read, on the stand-in of signal-cli's daemon."""

import json
import time
from typing import Any, ClassVar

from services.ingest.bridges.signal import Signal
from shared.plugins.testing import ReadingCase, ReadingConformance
from tests.rigs.signal import SignalCli

ACCOUNT = "+447700900555"
NOW = int(time.time() * 1000)
"""What is older than two weeks is none."""


class Daemon(SignalCli):
    """Each message is what signal-cli tells of one envelope; what is none it tells all the same."""

    def __init__(self) -> None:
        super().__init__(ACCOUNT)

    async def say(self, message: bytes) -> None:
        try:
            envelope = json.loads(message)
        except (ValueError, RecursionError):
            envelope = message.decode("latin-1")
        # Half a character pair cannot stand in the daemon's stream, which is UTF-8.
        told = json.dumps({"account": ACCOUNT, "envelope": envelope}, ensure_ascii=False)
        await self.tell(json.loads(told.encode("utf-8", "replace")))

    async def break_off(self) -> None:
        self.drop_listeners()


def envelope(stamp: int, marker: str) -> bytes:
    said = {
        "source": "+447700900417",
        "sourceNumber": "+447700900417",
        "sourceUuid": "6c1b7bd4-9a63-4c4a-9a75-0f2d3f4f5a6b",
        "sourceName": "marker-name",
        "sourceDevice": 1,
        "timestamp": stamp,
        "dataMessage": {
            "timestamp": stamp,
            "message": f"Vans in Ashwin Street {marker}",
            "expiresInSeconds": 0,
        },
    }
    return json.dumps(said).encode()


def settings(at: Daemon) -> dict[str, Any]:
    return {"account": "env:ACCOUNT", "daemon": at.url}


class TestSignal(ReadingConformance):
    case: ClassVar[ReadingCase] = ReadingCase(
        bridge=Signal,
        source=Daemon,
        settings=settings,
        messages={
            "first": envelope(NOW - 2_000, "marker-one"),
            "second": envelope(NOW - 1_000, "marker-two"),
        },
        secrets={"env:ACCOUNT": ACCOUNT},
        private=("marker-one", "marker-two", "marker-name", "900417"),
        tells_again=False,
        somebody_elses={"env:ACCOUNT": "+447700900556"},
    )
