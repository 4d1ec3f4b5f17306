"""A desk for tests: the real console and the real router in this process, over the twins in memory.

Reports go in by the log, members act by pages and API, and time stands where a test puts it. So what a page
shows is what the router decided, without a server to wait for.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from services.router.worker import Patience, Router
from shared.contracts import desk
from shared.contracts.base import HUB, GroupId, MemberId, Message, Position, ReportId
from shared.contracts.catalog import decode, encode
from shared.contracts.dead import letter_of
from shared.contracts.groups import (
    Area,
    ChannelDefinition,
    GroupChannels,
    GroupDefinition,
    MemberName,
    Policy,
    Role,
)
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.gazetteer.load import load_gazetteer
from shared.ports import Outgoing
from shared.sealing import Keyring, MasterKey
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import Rig, TestClock, console_rig, until

HACKNEY: Final = (
    ((-0.104, 51.564), (-0.063, 51.5775), (-0.032, 51.556), (-0.017, 51.544), (-0.068, 51.531),
     (-0.077, 51.5215), (-0.088, 51.529), (-0.084, 51.546), (-0.104, 51.564)),
)  # fmt: skip
HARINGEY: Final = (((-0.104, 51.564), (-0.063, 51.5775), (-0.05, 51.61), (-0.12, 51.61), (-0.104, 51.564)),)
COMMUNITY: Final = ChannelDefinition(
    id="telegram", kind="telegram", audience="community",
    settings={"api": "env:U", "token": "env:T", "to": ["@one", "@two"]},
)  # fmt: skip
VERIFIERS: Final = ChannelDefinition(
    id="hook", kind="webhook", audience="verifiers",
    settings={"url": "env:U", "path": "/v", "secret": "env:S"},
)  # fmt: skip
_QUICK: Final = Patience(tick_s=0.05, takeover_s=0.3, idle_takeover_s=0.3)
_PATIENCE_S: Final = 60
"""A busy machine is no failure."""
_OPERATOR: Final = MemberId("mop")


class DeskRig:
    """A console rig whose commands a real router decides."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.tokens: dict[str, str] = {}
        self._n = 0

    async def put(self, message: Message) -> None:
        """Store one input."""
        await self.rig.bus.publish(encode(await self.rig.keyring.seal(message), source="test"))

    def _base(self) -> dict[str, Any]:
        self._n += 1
        return {"id": f"desk-rig.{self._n}", "at": self.rig.clock.now()}

    async def begin(self) -> None:
        """There is an operator."""
        await self._add("op", {HUB: "operator"}, by=MemberId("bootstrap"))

    async def member(self, name: str, **roles: Role) -> str:
        """A member with these roles; their token."""
        return await self._add(name, {GroupId(g): r for g, r in roles.items()}, by=_OPERATOR)

    async def _add(self, name: str, roles: dict[GroupId, Role], *, by: MemberId) -> str:
        token = "relay_" + secrets.token_urlsafe(16)
        self.tokens[name] = token
        await self.put(
            desk.AddMember(
                **self._base(),
                member=by,
                group=HUB,
                new_member=MemberId(f"m{name.lower()}"),
                roles=roles,
                token_sha256=hashlib.sha256(token.encode()).hexdigest(),
                name=MemberName(name=name),
            )
        )
        await until(lambda: self._has(f"member:m{name.lower()}"), within_s=_PATIENCE_S)
        return token

    async def revoke(self, name: str) -> None:
        """They may act no longer."""
        gone = MemberId(f"m{name.lower()}")
        await self.put(desk.RevokeMember(**self._base(), member=_OPERATOR, group=HUB, revoked=gone))

        async def revoked() -> bool:
            return bool((await self.rig.store.one(f"member:{gone}") or {}).get("revoked"))

        await until(revoked, within_s=_PATIENCE_S)

    async def group(
        self,
        group: str,
        polygon: Any = HACKNEY,
        *,
        channels: Sequence[ChannelDefinition] = (),
        name: str | None = None,
        policy: Policy | None = None,
    ) -> None:
        """A group with this area."""
        definition = GroupDefinition(
            id=GroupId(group),
            name=name or f"{group.capitalize()} Watch",
            area=Area(polygons=(polygon,) if polygon else ()),
            policy=policy or Policy(),
        )
        inside = GroupChannels(channels=tuple(channels))
        await self.put(
            desk.DefineGroup(
                **self._base(), member=_OPERATOR, group=HUB, definition=definition, channels=inside
            )
        )
        await until(lambda: self._has(f"group:{group}"), within_s=_PATIENCE_S)

    async def report(
        self, text: str, *, at: Position | None = None, contact: str | None = None, **content: Any
    ) -> str:
        """A report, decided and shown; its id."""
        return await self._report(text, at=at, drill=False, contact=contact, **content)

    async def drill(self, text: str, *, at: Position | None = None, **content: Any) -> str:
        """The same as an exercise."""
        return await self._report(text, at=at, drill=True, **content)

    async def _report(
        self, text: str, *, at: Position | None, drill: bool, contact: str | None = None, **content: Any
    ) -> str:
        self._n += 1
        report = f"r{self._n}"
        said = {"sender": f"s{self._n}", **content}
        if contact:
            said.setdefault("asked_as", said["sender"] or contact)
        inside = ReportContent(text=text, position=at, **said)
        base = {"id": report, "at": self.rig.clock.now(), "drill": drill, "bridge": "api"}
        way = ReportContact(address=contact) if contact else None
        await self.put(ReportReceived(**base, report_id=ReportId(report), content=inside, contact=way))
        await until(lambda: self._decided(report), within_s=_PATIENCE_S)
        await self.rig.shown()
        return report

    async def act(self, command: str, by: str, **fields: Any) -> dict[str, Any]:
        """A command by this member through the API, applied."""
        token = self.tokens[by]
        status, answer = await self.rig.ask("POST", f"/v1/desk/{command}", token, json=fields)
        if status != 200:
            raise AssertionError(f"{command}: {status} {answer}")
        return answer

    async def poison(self) -> str:
        """A report that nobody can read; the name of its dead letter, once the desk has it."""
        self._n += 1
        stored = await self.rig.bus.publish(Outgoing("reports.v1.api", f"poison{self._n}", b"no report"))
        letter = letter_of("router", stored.stream, stored.seq)
        await until(lambda: self._has(f"dead:{letter}"), within_s=_PATIENCE_S)
        return letter

    async def given(self) -> tuple[type[Message], str, str]:
        """The command that was stored last: what it is, whose it is, and how the router decided it."""
        seq = await self.rig.bus.last_seq("DESK")
        entry = await self.rig.bus.get("DESK", seq)
        if entry is None:
            raise AssertionError("nobody has given a command")
        command = decode(entry)
        decided = await self.rig.store.one(f"decided:DESK.{seq}") or {}
        return type(command), getattr(command, "member", ""), str(decided.get("outcome"))

    async def incidents(self, by: str) -> list[dict[str, Any]]:
        """What this member's groups have, newest first."""
        _, answer = await self.rig.ask("GET", "/v1/desk/incidents?state=all", self.tokens[by])
        return list(answer["incidents"])

    async def _has(self, key: str) -> bool:
        return await self.rig.store.one(key) is not None

    async def _decided(self, report: str) -> bool:
        return "outcome" in (await self.rig.store.one(f"report:{report}") or {})


@asynccontextmanager
async def desk_rig(folder: Path, **settings: Any) -> AsyncIterator[DeskRig]:
    """A running desk with an operator."""
    clock = TestClock()
    bus = MemoryBus(clock)
    async with console_rig(bus, MemoryState(), folder, clock=clock, **settings) as rig:
        rig.deciding = False
        keyring = Keyring(MasterKey(bytes(32)), bus, rig.clock, source="router")
        router = Router(bus, keyring, rig.clock, load_gazetteer(), patience=_QUICK)
        running = asyncio.create_task(router.run(rig.stop))
        try:
            found = DeskRig(rig)
            await found.begin()
            yield found
        finally:
            rig.stop.set()
            await asyncio.wait_for(running, 10)
