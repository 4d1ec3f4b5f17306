"""A relay made of canned answers, for what the command line itself does with them."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

_NOTICES_S = 0.01
"""So soon it notices that it shall stop; the library's half a second would be most of these tests' time."""


@dataclass
class FakeRelay:
    """Answers by "METHOD /path"; keeps what was asked."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any, str | None]] = field(default_factory=list)

    def said(self, method: str, path: str) -> list[Any]:
        """The bodies of the requests to that address."""
        return [body for m, p, body, _ in self.asked if (m, p) == (method, path)]


class _Handler(BaseHTTPRequestHandler):
    relay: FakeRelay

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.relay.asked.append((self.command, self.path, body, self.headers.get("Authorization")))
        nothing = (404, {"code": "not_found", "detail": "No such thing."})
        status, answer = self.relay.answers.get(f"{self.command} {self.path}", nothing)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[FakeRelay]:
    found = FakeRelay()
    handler = type("Handler", (_Handler,), {"relay": found})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        for name in ("RELAY_INGEST_URL", "RELAY_CONSOLE_URL"):
            monkeypatch.setenv(name, found.url)
        monkeypatch.setenv("RELAY_HOME", str(tmp_path))
        monkeypatch.setenv("RELAY_TOKEN", "relay_me")
        thread = threading.Thread(target=server.serve_forever, args=(_NOTICES_S,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()
