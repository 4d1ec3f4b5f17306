"""RELAY_HOME: the one folder with all local state, and the demo secrets that a trial run needs.

Guarantees: secrets are readable by their owner only and made once, so a second start finds the
world as the first left it; `run.json` names addresses and paths but no secret; one supervisor
a folder.
"""

import base64
import fcntl
import hashlib
import io
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from ruamel.yaml import YAML

from shared.errors import SettingsError
from shared.sealing.master import make_unsafe_key_file

SIMULATOR: Final = "simulator"
TWILIO_ACCOUNT: Final = "AC00000000000000000000000000000000"
_MAX_LOG_BYTES: Final = 20_000_000
_MAX_SOCKET_PATH: Final = 100
_MAKERS: Final = {
    "postbox": lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "telegram-bot-token": lambda: f"100000001:{secrets.token_urlsafe(26)}",
}


class Home:
    """The folder's paths. Making one makes the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets = folder / "secrets"
        self.logs = folder / "logs"
        self.run_file = folder / "run.json"
        self.keys_file = folder / "keys.yaml"
        self.bridges_file = folder / "bridges.yaml"
        self.operator_token = folder / "operator.token"
        self.unsafe_key = folder / "unsafe-master.key"
        self._lock: IO[str] | None = None
        try:
            for part in (folder, self.secrets, self.logs, folder / "nats"):
                part.mkdir(parents=True, exist_ok=True)
                part.chmod(0o700)
        except OSError as error:
            raise SettingsError(
                f"The folder {folder} cannot be made or used ({error.strerror}); set RELAY_HOME to another."
            ) from error

    def lock(self) -> None:
        """Be the only supervisor of this folder; raises `SettingsError` if there is one."""
        lock = (self.folder / "relay.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise SettingsError(
                f"A relay is running in {self.folder} already{self._who()}; stop it with Ctrl-C, "
                "or choose another folder: RELAY_HOME=…"
            ) from None
        self._lock = lock

    def unlock(self) -> None:
        """Let another supervisor have the folder."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _who(self) -> str:
        run = read_run_file(self.run_file)
        return f" (process {run['pid']}, {run.get('console', '')})" if run.get("pid") else ""

    def secret(self, name: str) -> str:
        """The demo secret of that name, made at the first asking."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, _MAKERS.get(name, lambda: secrets.token_urlsafe(24))() + "\n")
        return path.read_text(encoding="utf-8").strip()

    def make_key_file(self) -> bool:
        """Make the unsafe master key; True if there was none."""
        new = not self.unsafe_key.exists()
        make_unsafe_key_file(self.unsafe_key)
        return new

    def write_door_files(self, *, answering: bool = False) -> None:
        """Write the files that open the front door to this relay's own commands and the three demo bridges.

        `answering`: the bot writes back, into the postbox that the example groups' channels deliver to.
        """
        digest = hashlib.sha256(self.secret(SIMULATOR).encode()).hexdigest()
        rights = ["set_received_at", "high_volume", "drill", "health"]
        _write_yaml(self.keys_file, [{"name": SIMULATOR, "sha256": digest, "rights": rights}])
        _write_yaml(self.bridges_file, self._bridges(answering=answering))

    def _bridges(self, *, answering: bool) -> list[dict[str, Any]]:
        for name in ("twilio", "android", "telegram"):
            self.secret(name)
        return [
            {"id": "sms", "kind": "twilio-sms", "settings": {"auth_token": self._reference("twilio")}},
            {"id": "android", "kind": "android-sms", "settings": {"signing_key": self._reference("android")}},
            {"id": "telegram", "kind": "telegram", "settings": self._telegram(answering=answering)},
        ]

    def _telegram(self, *, answering: bool) -> dict[str, str]:
        bot = {"bot_token": "env:SHARED__TELEGRAM_TOKEN", "api": "env:SHARED__POSTBOX_URL"}
        return {"secret_token": self._reference("telegram"), **(bot if answering else {})}

    def _reference(self, name: str) -> str:
        return f"file:{self.secrets / name}"

    def write_run_file(self, facts: Mapping[str, Any]) -> None:
        """Tell the command line where everything is; replaced whole, never half written."""
        beside = self.run_file.with_suffix(".new")
        beside.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        beside.replace(self.run_file)

    def open_log(self, name: str) -> IO[bytes]:
        """The log of one process, to append to; a large one is put aside first."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def redis_socket(self) -> Path:
        """Where Redis listens: here, or in a short folder where this path is too long for a socket."""
        here = self.folder / "redis.sock"
        if len(os.fsencode(here)) <= _MAX_SOCKET_PATH:
            return here
        return Path(tempfile.mkdtemp(prefix="relay-")) / "redis.sock"

    def forget_socket(self, socket: Path) -> None:
        """Remove what `redis_socket` made."""
        socket.unlink(missing_ok=True)
        if socket.parent != self.folder:
            shutil.rmtree(socket.parent, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def read_run_file(path: Path) -> dict[str, Any]:
    """What the last `relay up` wrote; empty if there was none."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}


def _write_yaml(path: Path, value: Any) -> None:
    text = io.StringIO()
    YAML(typ="safe", pure=True).dump(value, text)
    write_private(path, "# Written by `relay up` at each start, for trying out.\n" + text.getvalue())
