"""The first operator: while the log has none, one is added with a token that lies in a file here.

The file appears only once the token opens something, so whoever waits for it may act at once. The
router accepts this command only while there is no operator, so a second console is harmless.
"""

import asyncio
import base64
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

import structlog

from services.console.decide.acts import BOOTSTRAP
from services.console.door import Console
from services.console.news import within
from services.console.submit import submit
from shared.contracts.base import HUB, MemberId
from shared.contracts.desk import AddMember
from shared.contracts.groups import MemberName
from shared.errors import SettingsError, StateUnavailableError
from shared.http import Problem

log = structlog.get_logger()

_LOOK_S: Final = 1.0


class Bootstrap:
    """A worker that is done once there is an operator, and then only waits for the stop."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._file = console.settings.bootstrap_token_file
        self._draft = self._file.with_name(self._file.name + ".pending")

    async def work(self, stop: asyncio.Event) -> None:
        """Add the first operator if there is none."""
        while not stop.is_set():
            heard = self._console.news.next()
            try:
                if await self._done():
                    await stop.wait()
            except (StateUnavailableError, Problem) as error:
                log.warning("bootstrap_waits", error=type(error).__name__)
            await within(heard, _LOOK_S)

    async def _done(self) -> bool:
        progress = await self._console.store.progress()
        if progress is None or not progress.ready:
            return False
        members = await self._console.store.listed("members", "member")
        operators = [m for m in members if m["roles"].get(HUB) == "operator"]
        if not operators:
            await self._add(_token_in(self._file) or _token_in(self._draft) or _make(self._draft))
            return False
        pending = _token_in(self._draft)
        if pending and any(m["token_sha256"] == _digest(pending) for m in operators):
            self._draft.replace(self._file)
            log.info("first_operator_added", file=str(self._file))
        return True

    async def _add(self, token: str) -> None:
        digest = _digest(token)
        new = MemberId("m" + base64.b32encode(bytes.fromhex(digest[:10])).decode().lower())
        command = AddMember(
            id=f"{BOOTSTRAP}.{digest[:16]}",
            at=self._console.clock.now(),
            member=BOOTSTRAP,
            group=HUB,
            new_member=new,
            roles={HUB: "operator"},
            token_sha256=digest,
            name=MemberName(name="First operator"),
        )
        await submit(self._console, command, body=new)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _token_in(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path}: the operator's token cannot be read ({error.strerror}).") from error


def _make(path: Path) -> str:
    """A new token in a file that only its owner may read."""
    token = "relay_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
    except FileExistsError:
        return _token_in(path) or token
    except OSError as error:
        raise SettingsError(
            f"{path}: the operator's token cannot be written ({error.strerror}); set RELAY_HOME to a "
            "folder that can be, or RELAY_CONSOLE_BOOTSTRAP_TOKEN_FILE to a file with a token."
        ) from error
    return token
