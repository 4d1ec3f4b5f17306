"""The first operator's way in: a link in a file, while no operator can sign in on a page.

The token file stays for the command line. The link opens once and for a day; the next start makes a new one
if it was not used. The file goes as soon as some operator can sign in.
"""

import asyncio
from pathlib import Path
from typing import Final

import structlog

from services.console.decide.draft import Document
from services.console.door import Console
from services.console.invitations import FIRST_LIFE, Made, invite_of, make_invite
from services.console.news import within
from shared.contracts.base import HUB, MemberId
from shared.errors import StateUnavailableError
from shared.http import Problem

log = structlog.get_logger()

FILE: Final = "first-sign-in.link"
_LOOK_S: Final = 1.0


class FirstLink:
    """A worker that is done once an operator can sign in."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._file = console.settings.home / FILE
        self._made: Made | None = None
        self._unwritable = False

    async def work(self, stop: asyncio.Event) -> None:
        """Make the link if it is needed, and take the file away when it is not."""
        while not stop.is_set():
            heard = self._console.news.next()
            try:
                if await self.done():
                    await stop.wait()
            except (StateUnavailableError, Problem) as error:
                log.warning("first_link_waits", error=type(error).__name__)
            await within(heard, _LOOK_S)

    async def done(self) -> bool:
        """Whether some operator can sign in; until then, see to it that one can."""
        progress = await self._console.store.progress()
        if progress is None or not progress.ready:
            return False
        members = await self._console.store.listed("members", "member")
        operators = [m for m in members if m["roles"].get(HUB) == "operator"]
        if [m for m in operators if await self._signs_in(m)]:
            self._file.unlink(missing_ok=True)
            return True
        if self._unwritable:
            return True
        if operators and not await self._opens(_link_in(self._file)):
            await self._make(min(operators, key=lambda m: (m["at"], m["member"])))
        return False

    async def _signs_in(self, member: Document) -> bool:
        ways = await self._console.store.one(f"ways:{member['member']}")
        return bool((ways or {}).get("ways"))

    async def _opens(self, link: str | None) -> bool:
        return link is not None and await invite_of(self._console, link.rpartition("/")[2]) is not None

    async def _make(self, operator: Document) -> None:
        """One link a start; its file is written once it opens."""
        who = MemberId(operator["member"])
        if self._made is None:
            name, roles = operator["name"] or "First operator", operator["roles"]
            self._made = await make_invite(
                self._console, who, HUB, name=name, roles=roles, member=who, life=FIRST_LIFE
            )
        if await self._opens(self._made.link):
            self._write(self._made)

    def _write(self, made: Made) -> None:
        """Readable by its owner only, whole or not at all. Without it there is still the command line."""
        draft = self._file.with_name(self._file.name + ".pending")
        try:
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)
            until = made.until.isoformat(timespec="seconds")
            draft.write_text(f"{made.link}\n{until}\n", encoding="utf-8")
            draft.replace(self._file)
        except OSError as error:
            self._unwritable = True
            remedy = "relay member invite NAME --member ID"
            log.error("first_link_unwritable", file=str(self._file), error=error.strerror, instead=remedy)  # noqa: TRY400 - the sentence says all
        else:
            log.info("first_operator_may_sign_in", file=str(self._file))


def _link_in(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip() or None
    except OSError:
        return None
