"""A real Synapse for tests: one homeserver on a loopback port, with our application service registered.

It is installed by `.ci/synapse` into `.synapse`, apart from the relay's own dependencies; where it is not,
tests that need it are skipped and say so. People are accounts with a token of their own, as an app has one.
"""

import base64
import itertools
import json
import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import pytest

from shared.testing.servers import Process, free_port, healthy

HOME: Final = Path(os.environ.get("SYNAPSE_HOME") or Path(__file__).resolve().parents[2] / ".synapse")
_PYTHON: Final = HOME / "bin" / "python"
_LOCK: Final = Path(__file__).with_name("synapse.lock")
APPSERVICE: Final = "alert-relay"
BOT: Final = "@relay:localhost"
_GENEROUS: Final = {"per_second": 1_000, "burst_count": 1_000}
_LIMITS: Final = ("message", "registration", "joins_remote", "admin_redaction")

_installed = (HOME / "installed.lock").is_file() and (
    HOME / "installed.lock"
).read_bytes() == _LOCK.read_bytes()
needs_synapse = pytest.mark.skipif(
    not _installed and not os.environ.get("CI"),
    reason="Synapse is not installed; run .ci/synapse once (45 s, 250 MB, in .synapse)",
)
"""In CI a missing Synapse is a failure, not a skip."""


@dataclass(frozen=True)
class Account:
    """Somebody with an app."""

    user_id: str
    token: str


class Synapse(Process):
    """One homeserver; `register` tells it where our bridge is, before it is started."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.hs_token, self.as_token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._txn = itertools.count()
        config = folder / "homeserver.yaml"
        super().__init__(
            args=[str(_PYTHON), "-m", "synapse.app.homeserver", "--config-path", str(config)],
            log=folder / "synapse.log",
            ready=lambda: healthy(self.port, "/health"),
        )

    def register(self, bridge_url: str) -> None:
        """Write the configuration and our registration; JSON is YAML too."""
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        (self.folder / "signing.key").write_text(f"ed25519 a_test {seed}\n")
        registration = {
            "id": APPSERVICE,
            "url": bridge_url,
            "hs_token": self.hs_token,
            "as_token": self.as_token,
            "sender_localpart": "relay",
            "rate_limited": False,
            "namespaces": {"users": [], "aliases": [], "rooms": []},
        }
        (self.folder / "registration.yaml").write_text(json.dumps(registration))
        (self.folder / "homeserver.yaml").write_text(json.dumps(self._config()))

    def _config(self) -> Mapping[str, Any]:
        listener = {
            "port": self.port,
            "bind_addresses": ["127.0.0.1"],
            "type": "http",
            "resources": [{"names": ["client"]}],
        }
        return {
            "server_name": "localhost",
            "listeners": [listener],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "synapse.db")}},
            "signing_key_path": str(self.folder / "signing.key"),
            "media_store_path": str(self.folder / "media"),
            "pid_file": str(self.folder / "synapse.pid"),
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "report_stats": False,
            "macaroon_secret_key": secrets.token_urlsafe(16),
            "enable_registration": True,
            "enable_registration_without_verification": True,
            "bcrypt_rounds": 4,
            "app_service_config_files": [str(self.folder / "registration.yaml")],
            **{f"rc_{name}": _GENEROUS for name in _LIMITS},
            "rc_joins": {"local": _GENEROUS, "remote": _GENEROUS},
            "rc_invites": {"per_room": _GENEROUS, "per_user": _GENEROUS, "per_issuer": _GENEROUS},
        }

    async def sign_up(self, http: aiohttp.ClientSession, name: str) -> Account:
        """An account of that name."""
        body = {"username": name, "password": secrets.token_urlsafe(12), "auth": {"type": "m.login.dummy"}}
        made = await self.call(http, "POST", "/v3/register", None, body)
        return Account(made["user_id"], made["access_token"])

    async def call(
        self, http: aiohttp.ClientSession, method: str, path: str, who: Account | None, body: Any = None
    ) -> dict[str, Any]:
        """One call as somebody's app makes it; anything but 200 is the test's failure."""
        headers = {"Authorization": f"Bearer {who.token}"} if who else {}
        async with http.request(
            method, f"{self.url}/_matrix/client{path}", json=body, headers=headers
        ) as response:
            answer: dict[str, Any] = await response.json()
            if response.status != HTTPStatus.OK:
                raise AssertionError(f"{method} {path.partition('?')[0]}: {response.status} {answer}")
            return answer

    async def create_room(self, http: aiohttp.ClientSession, who: Account, **more: Any) -> str:
        """A room of theirs; with `invite` and `is_direct` as apps make it for a chat."""
        body = {"preset": "trusted_private_chat", **more}
        return str((await self.call(http, "POST", "/v3/createRoom", who, body))["room_id"])

    async def send(
        self, http: aiohttp.ClientSession, who: Account, room: str, content: Mapping[str, Any], kind: str = ""
    ) -> str:
        """An event of theirs; its id."""
        path = f"/v3/rooms/{quote(room)}/send/{kind or 'm.room.message'}/t{next(self._txn)}"
        return str((await self.call(http, "PUT", path, who, content))["event_id"])

    async def write(
        self, http: aiohttp.ClientSession, who: Account, room: str, text: str, **more: Any
    ) -> str:
        """A text message; its id."""
        return await self.send(http, who, room, {"msgtype": "m.text", "body": text, **more})

    async def events(self, http: aiohttp.ClientSession, who: Account, room: str) -> list[dict[str, Any]]:
        """The room's last events as this member sees them, oldest first."""
        path = f"/v3/rooms/{quote(room)}/messages?dir=b&limit=100"
        return list((await self.call(http, "GET", path, who))["chunk"])[::-1]

    async def said_by(
        self, authors: Collection[str], http: aiohttp.ClientSession, who: Account, room: str
    ) -> list[str]:
        """The texts of these accounts in a room as somebody sees it, oldest first."""
        texts = [e for e in await self.events(http, who, room) if e["type"] == "m.room.message"]
        return [e["content"].get("body", "") for e in texts if e["sender"] in authors]

    async def members(self, http: aiohttp.ClientSession, who: Account, room: str) -> set[str]:
        """Who is in the room now."""
        path = f"/v3/rooms/{quote(room)}/joined_members"
        return set((await self.call(http, "GET", path, who))["joined"])
