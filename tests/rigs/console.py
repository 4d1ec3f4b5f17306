"""A console for tests: the real application and workers over any bus and read model, on a free port.

Beside it stands a tiny router that says yes to commands (or no, where a test asks), and words to
publish what a router and a notifier would. Everything goes through the contracts, sealed.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import aiohttp
import aiohttp.web
from argon2 import PasswordHasher

from services.console.account import passwords
from services.console.app import make_app
from services.console.channels import Channels
from services.console.csrf import csrf_token
from services.console.door import Console
from services.console.live import Live
from services.console.news import News
from services.console.projector import Projector, Rhythm
from services.console.settings import ConsoleSettings
from services.console.stops import Stops
from services.console.store import Store
from services.console.tiles import Tiles
from services.router.decide.decider import Input, step
from services.router.decide.evolve import evolve
from services.router.decide.evolve_members import MEMBER_EVENTS
from services.router.decide.state import State
from shared.contracts import desk, members, wording
from shared.contracts import incidents as i
from shared.contracts.alerts import AlertBody, AlertKind, AlertRaised, PublicPlace
from shared.contracts.base import AlertId, GroupId, IncidentId, MemberId, Message, Place, ReportId
from shared.contracts.catalog import decode, encode
from shared.contracts.groups import (
    Audience,
    ChannelDefinition,
    GroupChannels,
    GroupDefined,
    GroupDefinition,
    MemberAdded,
    MemberName,
    MemberRevoked,
)
from shared.contracts.ledger import AlertExpanded, ChunkSettled, RecipientOutcome
from shared.gazetteer.live import LiveGazetteer
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.rows import Rows
from shared.http import site
from shared.ports import Bus, Entry
from shared.sealing import Keyring, MasterKey
from shared.state import RedisState
from shared.testing.state import MemoryState

START: Final = datetime(2022, 5, 14, 18, 0, tzinfo=UTC)
EXACT: Final = Place(
    lat=51.5467, lon=-0.0753, radius_m=30, how="junction", label="21 Ashwin Street, E8 3DL", outcode="E8"
)
BLURRED: Final = PublicPlace(lat=51.546, lon=-0.076, radius_m=200, label="Ashwin Street, E8")
_CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Passwords at a thousandth of their price; the real one is looked at in `test_account.py`."""
_POLL_S: Final = 0.01
QUICK: Final = Rhythm(pace_s=0.0, look_s=0.1)
"""A test acts faster than people, and empties the read model on purpose."""
REMEMBERED: Final = (*MEMBER_EVENTS, GroupDefined)
"""Events that the real router must know to decide those."""
REALLY_DECIDED: Final = (
    desk.DefineGroup,
    desk.TestChannel,
    wording.ProposeWords,
    wording.ReviewWords,
    wording.WithdrawWords,
    desk.RevokeMember,
    members.InviteMember,
    members.AcceptInvite,
    members.PutWayIn,
    members.RemoveWayIn,
)
"""Commands that the tiny router leaves to the real one, which knows the members published here."""
NOWHERE: Final = gazetteer_of(Rows())
BUILT_IN: Final = LiveGazetteer(None)


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 10) -> None:
    """Return once the condition holds; `TimeoutError` if it never does."""
    pause = _POLL_S / 8
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(pause)
            pause = min(2 * pause, _POLL_S)


class TestClock:
    """A clock that stands where a test puts it."""

    __test__ = False

    def __init__(self, now: datetime = START) -> None:
        self.present = now

    def now(self) -> datetime:
        """The present."""
        return self.present

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.present += timedelta(**span)


class Rig:
    """The console, its address, and what the others would publish."""

    def __init__(
        self,
        bus: Bus,
        state: "MemoryState | RedisState",
        folder: Path,
        *,
        rhythm: Rhythm,
        clock: TestClock | None = None,
        **settings: Any,
    ) -> None:
        self.bus, self.state, self.clock = bus, state, clock or TestClock()
        self._rhythm = rhythm
        self.keyring = Keyring(MasterKey(bytes(32)), bus, self.clock, source="router")
        self.stop = asyncio.Event()
        self.settings = ConsoleSettings(home=folder, **settings)
        self.news = News(state)
        self.store = Store(state)
        self.live = Live(self.store, self.news, self.clock)
        self.refuse: str | None = None
        self.deciding = True
        self._router = State()
        self._ids = count(1)

    url: str
    app: aiohttp.web.Application
    http: aiohttp.ClientSession
    console: Console

    def projector(self) -> Projector:
        """One more projector over the same bus and read model."""
        keyring = Keyring(MasterKey(bytes(32)), self.bus, self.clock, source="console")
        return Projector(self.bus, self.state, keyring, self.clock, self._rhythm)

    # --- what others would publish -------------------------------------------------------------

    async def publish(self, *events: Message) -> None:
        """Store the events of one decision as they are, sealed."""
        for event in events:
            if type(event) in REMEMBERED:
                self._router = evolve(self._router, event)
        sealed = [await self.keyring.seal(event) for event in events]
        await self.bus.publish(encode(*sealed, source="test"))

    def base(self) -> dict[str, Any]:
        """A new event's id and time."""
        return {"id": f"TEST.{next(self._ids)}.0", "at": self.clock.now()}

    async def member(self, name: str, **roles: str) -> str:
        """A member with these roles; their token."""
        token = "relay_" + secrets.token_urlsafe(16)
        added = MemberAdded.model_validate(
            {
                **self.base(),
                "member": f"m{name.lower()}",
                "roles": roles,
                "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
            }
        )
        await self.publish(added.model_copy(update={"name": MemberName(name=name)}))
        await self.shown()
        return token

    async def revoke(self, name: str) -> None:
        """They may act no longer."""
        await self.revoke_now(MemberId(f"m{name.lower()}"))

    async def revoke_now(self, member: MemberId) -> None:
        """Whoever has this id may act no longer, and everybody sees it."""
        await self.publish(MemberRevoked(**self.base(), member=member))
        await self.shown()

    async def group(self, group: str, channels: Sequence[ChannelDefinition] = (), version: int = 1) -> None:
        """A group in force."""
        definition = GroupDefinition(id=GroupId(group), name=f"{group.capitalize()} Anti Raids")
        await self.publish(
            GroupDefined(
                **self.base(),
                group=GroupId(group),
                version=version,
                definition=definition,
                channels=GroupChannels(channels=tuple(channels)),
            )
        )

    async def incident(
        self, name: str = "i1", code: str = "D7K", groups: Iterable[str] = ("hackney",)
    ) -> None:
        """An incident with one report, of which the groups' verifiers are told."""
        concerned = tuple(i.GroupShare(group=GroupId(g), version=1) for g in groups)
        id_ = IncidentId(name)
        await self.publish(
            i.IncidentOpened(
                **self.base(),
                incident_id=id_,
                code=code,
                groups=concerned,
                where=i.IncidentPlace(place=EXACT),
            )
        )
        await self.report(name, f"r{name}")
        for group in groups:
            await self.alert(name, code, "UNCONFIRMED", group, "verifiers", status="unconfirmed")
        await self.shown()

    async def report(self, incident: str, report: str, text: str = "six officers") -> None:
        """One more report of an incident."""
        detail = i.ReportDetail(text=text, place=EXACT, first_hand=True)
        await self.publish(
            i.ReportAttached(
                **self.base(), incident_id=IncidentId(incident), report_id=ReportId(report), detail=detail
            )
        )

    async def alert(  # noqa: PLR0913 - an alert's own parts
        self,
        incident: str,
        code: str,
        kind: AlertKind,
        group: str,
        audience: Audience,
        *,
        status: i.Status,
        statement: str = "",
        ask: desk.Ask = "NONE",
        **facts: Any,
    ) -> str:
        """A group's audience is to be told; the alert's id. `facts` are further ones of its body."""
        alert_id = f"a{next(self._ids)}"
        await self.publish(
            AlertRaised(
                **self.base(),
                alert_id=AlertId(alert_id),
                group=GroupId(group),
                group_version=1,
                audience=audience,
                kind=kind,
                urgency="urgent",
                ask=ask,
                not_after=self.clock.now() + timedelta(hours=2),
                incident_id=IncidentId(incident),
                code=code,
                status=status,
                body=AlertBody(
                    place=EXACT,
                    public=BLURRED,
                    first_report_at=START,
                    statement=statement,
                    since=START,
                    **facts,
                ),
            )
        )
        return alert_id

    async def delivered(self, alert_id: str, kind: str = "feed", audience: Audience = "community") -> None:
        """The ledger says that a channel of this kind took the alert."""
        base = {"alert_id": AlertId(alert_id), "group": GroupId("hackney")}
        outcome = RecipientOutcome(
            recipient="public:0", result="delivered", channel_kind=kind, reason="delivered"
        )
        await self.publish(
            AlertExpanded(**self.base(), **base, audience=audience, chunks=(("public:0",),)),
            ChunkSettled(**self.base(), **base, chunk=0, attempt=1, outcomes=(outcome,)),
        )
        await self.shown()

    async def confirmed(
        self, incident: str, code: str, statement: str, group: str = "hackney", **facts: Any
    ) -> str:
        """A person confirmed it, and the community is to be told; the alert's id."""
        await self.publish(
            i.IncidentConfirmed(
                **self.base(),
                incident_id=IncidentId(incident),
                member=MemberId("mada"),
                group=GroupId(group),
                ask="WITNESSES",
                statement=desk.Statement(text=statement),
            )
        )
        return await self.alert(
            incident, code, "CONFIRMED", group, "community",
            status="confirmed", statement=statement, ask="WITNESSES", **facts,
        )  # fmt: skip

    # --- the tiny router ------------------------------------------------------------------------

    async def decide(self, stop: asyncio.Event) -> None:
        """Say yes to every command (or refuse it with the reason a test has set)."""
        reading = asyncio.create_task(self._decide_all())
        await stop.wait()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    async def _decide_all(self) -> None:
        async for entry in self.bus.read("DESK"):
            command = await self.keyring.open(decode(entry))
            if isinstance(command, desk.DeskCommand) and self.deciding:
                await self.publish(*self._decided(command, entry))

    def _decided(self, command: desk.DeskCommand, entry: Entry) -> list[Message]:
        if isinstance(command, REALLY_DECIDED) and not self.refuse:
            given = Input("DESK", entry.seq, command)
            return list(step(self._router, given, command.at, NOWHERE)[0])
        base = {"at": command.at}
        incident = getattr(command, "incident_id", None)
        events = [] if self.refuse else self._events(command, f"DESK.{entry.seq}")
        decided = i.InputDecided(
            **base,
            id=f"DESK.{entry.seq}.0",
            input=i.InputRef(stream="DESK", seq=entry.seq),
            outcome="refused" if self.refuse else "applied",
            reason=self.refuse or "applied",
            incident_id=incident,
        )
        return [decided, *events]

    def _events(self, command: desk.DeskCommand, cause: str) -> list[Message]:
        base: dict[str, Any] = {"id": f"{cause}.1", "at": command.at}
        who = {"member": command.member, "group": command.group}
        match command:
            case desk.AddMember():
                named = {"roles": command.roles, "token_sha256": command.token_sha256, "name": command.name}
                return [MemberAdded(**base, member=command.new_member, **named)]
            case desk.Claim():
                until = command.at + timedelta(minutes=15)
                return [i.IncidentClaimed(**base, incident_id=command.incident_id, **who, until=until)]
            case desk.Confirm():
                said = {"ask": command.ask, "statement": command.statement}
                return [i.IncidentConfirmed(**base, incident_id=command.incident_id, **who, **said)]
        return []

    # --- asking and waiting ---------------------------------------------------------------------

    async def shown(self) -> None:
        """Return once everything published is projected."""
        await until(self._is_shown, within_s=30)

    async def _is_shown(self) -> bool:
        ends = {s: await self.bus.last_seq(s) for s in ("DECISIONS", "LEDGER")}
        progress = await self.state.progress()
        if progress is None or not progress.ready:
            return False
        return all(progress.positions[s] >= n for s, n in ends.items())

    async def ask(
        self, method: str, path: str, token: str | None = None, **options: Any
    ) -> tuple[int, dict[str, Any]]:
        """A JSON request; status and document."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.request(method, self.url + path, headers=headers, **options) as response:
            return response.status, await response.json(content_type=None)

    async def signed_in(self, name: str) -> dict[str, str]:
        """Headers of a browser in which this member is signed in, with what its forms and scripts carry."""
        session = await self.console.sessions.begin(MemberId(f"m{name.lower()}"), "password")
        cookie = "__Host-relay" if self.settings.over_https else "relay"
        return {"Cookie": f"{cookie}={session.token}", "X-CSRF": csrf_token(session.token)}

    async def page(self, path: str, **headers: str) -> tuple[int, str]:
        """A page's status and text, once it shows the present."""
        await self.live.look()
        async with self.http.get(self.url + path, headers=headers) as response:
            return response.status, await response.text()


@asynccontextmanager
async def console_rig(
    bus: Bus, state: "MemoryState | RedisState", folder: Path, *, rhythm: Rhythm = QUICK, **settings: Any
) -> AsyncIterator[Rig]:
    """A running console, ready."""
    rig = Rig(bus, state, folder, rhythm=rhythm, **settings)
    async with AsyncExitStack() as stack:
        stack.enter_context(patch.multiple(passwords, _HASHER=_CHEAP, _NOBODYS=_CHEAP.hash("nobody's")))
        rig.http = await stack.enter_async_context(aiohttp.ClientSession())
        keyring = Keyring(MasterKey(bytes(32)), bus, rig.clock, source="console")
        channels = Channels.found(rig.http)
        rig.console = Console(
            *(
                bus,
                rig.store,
                keyring,
                rig.clock,
                rig.settings,
                rig.news,
                channels,
                rig.stop,
                state.ephemeral,
            ),
            places=BUILT_IN,
            stops=Stops(bus, rig.store),
            tiles=Tiles.open(tiles) if (tiles := rig.settings.console_tiles_file) else None,
        )
        workers = (rig.projector().work, rig.news.work, rig.live.work, rig.decide)
        tasks = [asyncio.create_task(work(rig.stop)) for work in workers]
        rig.app = make_app(rig.console, rig.live)
        port = await stack.enter_async_context(site(rig.app, "127.0.0.1", 0))
        rig.url = f"http://127.0.0.1:{port}"
        try:
            await rig.shown()
            yield rig
        finally:
            rig.stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 10)
