"""What the engine's tests share: a log with a group and alerts, channels that obey, and watching eyes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, ClassVar

from services.notifier.directory import Directory
from services.notifier.engine import Engine
from services.notifier.form_contacts import Form
from services.notifier.subscribers.subscribers import Subscribers
from services.notifier.subscribers.ways import Ways
from services.notifier.worker import Notifier
from shared.clock import SystemClock
from shared.contracts.alerts import AlertBody, AlertRaised, PublicPlace
from shared.contracts.base import Place
from shared.contracts.catalog import decode_all, encode
from shared.contracts.groups import (
    ChannelDefinition,
    GroupChannels,
    GroupDefined,
    GroupDefinition,
    Policy,
)
from shared.contracts.ledger import AlertSettled, LedgerNote, LedgerRecord
from shared.gazetteer.load import load_gazetteer
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import ChannelHost, Delivered, Outcome, PluginSettings, RenderedMessage, Spec
from shared.ports import Bus, Clock
from shared.sealing import Keyring, MasterKey

NOW = datetime.now(UTC)
_NO_SETTINGS = {"kind", "audience", "drills", "instead_of"}


class ToldSettings(PluginSettings):
    to: int = 1


Behaviour = Callable[[str, RenderedMessage], Awaitable[Outcome]]


class Told:
    """A channel whose provider does as the test says, and who remembers every copy."""

    spec: ClassVar[Spec]
    Settings: ClassVar[type[PluginSettings]] = ToldSettings
    max_chars: ClassVar[int] = 306
    copies: ClassVar[Counter[tuple[str, str]]]
    behaviour: ClassVar[Behaviour]

    def __init__(self, settings: ToldSettings, host: ChannelHost) -> None:  # noqa: ARG002 - the interface
        self._settings = settings

    def recipients(self) -> Sequence[str]:
        return [f"address {n}" for n in range(self._settings.to)]

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        outcome = await type(self).behaviour(address, message)
        if isinstance(outcome, Delivered):
            self.copies[message.alert_id, key] += 1
        return outcome


async def _delivered(_address: str, _message: RenderedMessage) -> Outcome:
    return Delivered()


def channel_kind(
    kind: str, behaviour: Behaviour = _delivered, *, per_second: float | None = None
) -> type[Told]:
    """A channel class of its own, with its own memory."""
    spec = Spec(
        kind=kind,
        title=kind,
        summary="",
        who_else_reads="nobody",
        stability="good",
        tested="fake",
        example={},
        per_second=per_second,
    )
    members = {"spec": spec, "copies": Counter(), "behaviour": staticmethod(behaviour)}
    return type(kind, (Told,), members)


class Rig:
    """One log, as many notifiers as a test starts, and what they wrote."""

    def __init__(self, bus: Bus, plugins: Mapping[str, type[Any]]) -> None:
        self.bus, self.plugins = bus, plugins
        self.clock: Clock = SystemClock()
        self.bridges: dict[str, BridgeEntry] = {}
        self.secrets = KnownSecrets({})
        self.http: Any = None
        self.public_url = ""
        self.form: Form | None = None
        self.book_clock: Clock = SystemClock()
        self.subscribable = False
        """Whether notifiers keep the subscribers' book, by the bridges that are marked for it."""
        self.fault: Callable[[str], None] = lambda _name: None
        """What happens to a notifier at a named point of the book."""
        self.directories: list[Directory] = []
        self.books: list[Subscribers] = []
        self.notifiers: list[Notifier] = []
        self.look_every_s = 0.02
        self.policy = Policy()
        self.keyring = Keyring(MasterKey(b"k" * 32), bus, SystemClock(), source="test")
        self._running: list[tuple[asyncio.Event, asyncio.Task[None]]] = []

    async def group(self, name: str = "hackney", **channels: dict[str, Any]) -> None:
        """Define a group: channel id → {kind, to, audience}."""
        made = tuple(
            ChannelDefinition(
                id=id_,
                kind=c.get("kind", "told"),
                audience=c.get("audience", "verifiers"),
                drills=c.get("drills", False),
                instead_of=c.get("instead_of"),
                settings={k: v for k, v in c.items() if k not in _NO_SETTINGS},
            )
            for id_, c in channels.items()
        )
        event = GroupDefined(
            id=f"g.{name}",
            at=NOW,
            group=name,
            version=1,
            definition=GroupDefinition(id=name, name=name.title(), policy=self.policy),
            channels=GroupChannels(channels=made),
        )
        await self.store(event)

    async def alert(self, alert_id: str = "a1", group: str = "hackney", **more: Any) -> None:
        """Raise an alert to the group's verifiers."""
        await self.store(an_alert(alert_id, group, **more))

    async def store(self, message: Any) -> None:
        """Seal and publish."""
        await self.bus.publish(encode(await self.keyring.seal(message), source="test"))

    def start(self, **engine: Any) -> Notifier:
        """Start a notifier in this process."""
        keyring = Keyring(MasterKey(b"k" * 32), self.bus, SystemClock(), source="notifier")
        host = ChannelHost(http=self.http, secrets=self.secrets)
        options = {"lease_s": 0.4, "deadline_s": 0.3, "jitter": lambda: 1.0, **engine}
        directory = Directory(self.plugins, host, self.bridges, public_url=self.public_url, form=self.form)
        self.directories.append(directory)
        made = Engine(**options)
        book = self._book(keyring, host, directory, made) if self.subscribable else None
        self.books += [book] if book else []
        notifier = Notifier(self.bus, keyring, self.clock, directory, made, subscribers=book)
        self.notifiers.append(notifier)
        stop = asyncio.Event()
        for run in (notifier.run, *((book.run,) if book else ())):
            self._running.append((stop, asyncio.create_task(run(stop))))
        return notifier

    def _book(self, keyring: Keyring, host: ChannelHost, directory: Directory, engine: Engine) -> Subscribers:
        contacts = self.form.contacts.email if self.form else None
        return Subscribers(
            self.bus,
            keyring,
            self.book_clock,
            directory,
            Ways(self.bridges, host, contacts),
            master=keyring.master,
            gazetteer=cache(load_gazetteer),
            front_url="https://hub.example",
            lease_s=engine.lease_s,
            claimant=engine.claimant,
            fault=self.fault,
        )

    @property
    def running(self) -> list[asyncio.Task[None]]:
        """The workers, in the order in which they were started."""
        return [task for _, task in self._running]

    async def stop(self) -> None:
        """Stop every notifier in good order."""
        for stop, _ in self._running:
            stop.set()
        await asyncio.wait_for(asyncio.gather(*(task for _, task in self._running)), 10)
        self._running.clear()

    async def crash(self) -> None:
        """End every notifier as a power cut would."""
        for _, task in self._running:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._running), return_exceptions=True)
        self._running.clear()

    async def ledger(self) -> list[LedgerRecord]:
        """Everything in the ledger now."""
        last = await self.bus.last_seq("LEDGER")
        found: list[LedgerRecord] = []
        if last:
            async for entry in self.bus.read("LEDGER"):
                for record in decode_all(entry):
                    if not isinstance(record, LedgerNote):
                        assert isinstance(record, LedgerRecord)
                        found.append(record)
                if entry.seq == last:
                    break
        return found

    async def settled(self, *alert_ids: str, within_s: float = 20.0) -> list[AlertSettled]:
        """The last records of these alerts, once all are there."""
        async with asyncio.timeout(within_s):
            while True:
                ends = {str(r.alert_id): r for r in await self.ledger() if isinstance(r, AlertSettled)}
                if set(alert_ids) <= ends.keys():
                    return [ends[a] for a in alert_ids]
                await asyncio.sleep(self.look_every_s)


def an_alert(alert_id: str = "a1", group: str = "hackney", **more: Any) -> AlertRaised:
    """An UNCONFIRMED alert with made-up facts."""
    fields: dict[str, Any] = {
        "id": f"e.{alert_id}",
        "at": NOW,
        "alert_id": alert_id,
        "group": group,
        "group_version": 1,
        "audience": "verifiers",
        "kind": "UNCONFIRMED",
        "urgency": "urgent",
        "not_after": NOW + timedelta(hours=2),
        "incident_id": "i1",
        "code": "D7K",
        "status": "unconfirmed",
        "body": a_body(),
        **more,
    }
    return AlertRaised(**fields)


def a_body(**more: Any) -> AlertBody:
    """Facts about Ashwin Street."""
    fields: dict[str, Any] = {
        "place": Place(
            lat=51.5466, lon=-0.0750, radius_m=60, how="junction", label="Ashwin St/Kingsland Rd E8"
        ),
        "public": PublicPlace(lat=51.546, lon=-0.075, radius_m=300, label="Ashwin St E8"),
        "first_report_at": NOW - timedelta(minutes=9),
        "reports": 4,
        "first_hand": 1,
        "excerpt": "2 vans, they hold a rider",
        **more,
    }
    return AlertBody(**fields)


async def until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    """Return once it is true."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.005)
