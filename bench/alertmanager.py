"""Prometheus Alertmanager as a peer: known to be fast, and it keeps nothing that it has accepted.

Every alert has a label of its own and so a group of its own, which is notified at once
(`group_wait: 0s`) by one webhook; no cluster, nothing resolved within a run.
"""

import json
import re
import shutil
from typing import Final

from bench.systems import TEXT, System, answers
from bench.wire import post_request
from shared.testing.servers import free_port

_NAMES: Final = ("prometheus-alertmanager", "alertmanager")
_NUMBER: Final = re.compile(rb'"report":"(\d+)"')
_CONFIG: Final = """
route:
  receiver: sink
  group_by: [report]
  group_wait: 0s
  group_interval: 1h
  repeat_interval: 24h
receivers:
  - name: sink
    webhook_configs:
      - {url: "http://127.0.0.1:%d/hook", send_resolved: false}
"""


def find_alertmanager() -> str | None:
    """The program's path, or None where it is not installed (Debian: prometheus-alertmanager)."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Alertmanager(System):
    """Alertmanager as a system under measurement."""

    name = "alertmanager"

    async def start(self) -> None:
        """Start it with the configuration above."""
        program = find_alertmanager()
        if program is None:
            raise RuntimeError("Alertmanager is not installed")
        config = self.folder / "alertmanager.yml"
        config.write_text(_CONFIG % self.sink_port)
        self.port = free_port()
        args = [
            *(program, f"--config.file={config}", f"--storage.path={self.folder / 'data'}"),
            *(
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
                "--log.level=error",
            ),
        ]
        self.run("alertmanager", args, answers(self.port, "/-/ready"))

    def request(self, number: int) -> bytes:
        """One alert with the same words as a report."""
        alert = {
            "labels": {"alertname": "raid", "report": str(number)},
            "annotations": {"text": TEXT, "lat": "51.5", "lon": "-0.1", "accuracy_m": "20"},
        }
        return post_request(self.port, "/api/v2/alerts", json.dumps([alert]).encode())

    @staticmethod
    def number_of(body: bytes) -> int | None:
        """Each notification holds one alert."""
        found = _NUMBER.search(body)
        return int(found[1]) if found else None
