"""Issues, finds and destroys data keys, and seals messages with them.

A report's, a contact's and a question's key belong to the hour in which they were issued and to the process
that issued them, so that no process waits for another; an incident's, group's and member's key belong to
that record. Erasing the key's message in KEYS destroys all that it seals. A subscriber's parts have a key of
their own beside them, wrapped: erasing that very message destroys both.
"""

import asyncio
import base64
import secrets
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.base import IncidentId, KeyId, KeyKind, Message, Private, Sealed
from shared.contracts.catalog import decode, encode, private_fields
from shared.contracts.keys import KeyIssued
from shared.errors import BusUnavailableError, KeyUnavailableError, MalformedMessageError
from shared.ports import Bus, Clock, Entry, Outgoing, Stored
from shared.sealing.master import MasterKey

M = TypeVar("M", bound=Message)

LIFE: dict[KeyKind, timedelta] = {
    "report": timedelta(days=14),
    "contact": timedelta(hours=72),
    "question": timedelta(hours=1),
}
"""How long after its hour a key of that kind is destroyed; the others die with their record."""

_CACHE_LIFE = timedelta(minutes=5)
"""How long a key is used without asking whether it was destroyed."""
_CACHE_SIZE = 10_000
_NONCE_BYTES = 12
_PAUSE_S = 0.5
_SUBJECT = "keys.v1."
_OWN = KeyId("own")
"""Stands for a key that lies in no stream but in the box itself, wrapped."""


class Publisher(Protocol):
    """Whatever can store a message: the bus, or ingest's intake with its spool."""

    async def publish(self, message: Outgoing) -> Stored | None:
        """Store it; None where it waits in a spool for its place in the stream."""
        ...


class Keyring:
    """Seals and opens messages. One per process; safe for concurrent tasks of one event loop."""

    def __init__(
        self, master: MasterKey, bus: Bus, clock: Clock, *, source: str, publisher: Publisher | None = None
    ) -> None:
        self._master, self._bus, self._clock, self._source = master, bus, clock, source
        self._publisher: Publisher = publisher or bus
        self._cache: OrderedDict[str, tuple[datetime, AESGCM | Entry]] = OrderedDict()
        """Keys by id, and when they were known to be there; those heard of and not needed yet are wrapped."""
        self._current: dict[str, tuple[str, KeyId]] = {}

    @property
    def master(self) -> MasterKey:
        """The master key, for keyed hashes."""
        return self._master

    async def verify_master(self, *, leave_mark: bool = True) -> None:
        """Make sure that the master key is this hub's, before anything is sealed with it.

        The first process of a hub leaves a mark: a key that only the hub's master key unwraps.
        Who has no right to issue keys leaves that to the others.
        Raises `KeyUnavailableError` naming the remedy if another master key left it.
        """
        mark = KeyId("group-hub")
        if await self._cipher(mark) is None and leave_mark:
            await self._issue_once(mark, "group")

    async def follow(self, stop: asyncio.Event) -> None:
        """A worker: hear of keys as they are issued, so that none need be asked for.

        What it heard of is used no longer than what was asked for, and then asked for again.
        """
        hearing = asyncio.create_task(self._hear(), name="hear-keys")
        stopping = asyncio.create_task(stop.wait(), name="hear-keys-stop")
        try:
            await asyncio.wait({hearing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                hearing.result()
        finally:
            hearing.cancel()
            stopping.cancel()
            await asyncio.gather(hearing, stopping, return_exceptions=True)

    async def _hear(self) -> None:
        async with aclosing(self._bus.read("KEYS", after=await self._now_last())) as entries:
            async for entry in entries:
                self._cache.setdefault(entry.subject.removeprefix(_SUBJECT), (self._clock.now(), entry))
                self._forget_oldest()

    async def _now_last(self) -> int:
        while True:
            try:
                return await self._bus.last_seq("KEYS")
            except BusUnavailableError:
                await asyncio.sleep(_PAUSE_S)

    async def seal(self, message: M) -> M:
        """The same message with every private part sealed. Raises `BusError` if a key can't be issued."""
        update: dict[str, Any] = {}
        for name in private_fields(type(message)):
            value = getattr(message, name)
            if isinstance(value, Private):
                update[name] = await self._seal(message, name, value)
        return message.model_copy(update=update) if update else message

    async def seal_all(
        self, messages: Sequence[Message], *, new: Collection[IncidentId] = ()
    ) -> list[Message]:
        """All of them sealed. `new` are the incidents that these very messages open.

        Nothing can be sealed under a new incident's key yet, so it is issued without asking for it
        first, all of them at once, while the messages are sealed. When this returns the keys are
        stored; where another process was first with one, its key counts, and all is sealed again.
        """
        keys = {KeyId(f"incident-{incident}"): secrets.token_bytes(32) for incident in new}
        issued = [key for key in keys if key not in self._cache]
        storing = [asyncio.create_task(self._first(key, keys[key])) for key in issued]
        for key in issued:
            self._remember(key, AESGCM(keys[key]))
        try:
            await asyncio.sleep(0)  # the keys go out before the work begins
            sealed = [await self.seal(message) for message in messages]
            stored = await asyncio.gather(*storing)
        except BaseException:
            self._forget(issued)
            raise
        finally:
            for task in storing:
                task.cancel()
        if not all(stored):
            self._forget(issued)
            sealed = [await self.seal(message) for message in messages]
        return sealed

    async def open(self, message: M) -> M:
        """The same message with every sealed part in clear, or None where its key is destroyed.

        Raises `MalformedMessageError` for a box that its key does not open, `BusError` if KEYS
        can't be read just now.
        """
        update: dict[str, Any] = {}
        for name, models in private_fields(type(message)).items():
            value = getattr(message, name)
            if isinstance(value, Sealed):
                update[name] = await self._open(message, name, value, models)
        return message.model_copy(update=update) if update else message

    async def destroy(self, key: KeyId) -> bool:
        """Erase a key for ever. True if it was there."""
        subject = f"{_SUBJECT}{key}"
        self._cache.pop(key, None)
        erased = False
        while entry := await self._bus.last("KEYS", subject):
            erased = await self._bus.erase("KEYS", entry.seq) or erased
        return erased

    async def destroy_outlived(self, now: datetime) -> list[KeyId]:
        """Destroy the hour keys whose life has ended; returns them. May run any number of times."""
        destroyed = []
        for subject in await self._bus.subjects("KEYS", "keys.v1.>"):
            key = KeyId(subject.removeprefix(_SUBJECT))
            if _outlived(key, now) and await self.destroy(key):
                destroyed.append(key)
        return destroyed

    async def _seal(self, message: Message, name: str, value: Private) -> Sealed:
        if value.sealed_under == _OWN:
            return self._seal_own(message, name, value)
        key = await self._key_to_seal(message, value.sealed_under)
        cipher = await self._cipher(key)
        if cipher is None:
            raise KeyUnavailableError(f"the key {key} is destroyed; nothing new can be sealed with it")
        return Sealed(key=key, box=_boxed(cipher, message, name, value))

    def _seal_own(self, message: Message, name: str, value: Private) -> Sealed:
        """Under a fresh key that is wrapped into the box: KEYS is not asked, and nothing outlives the box."""
        data_key = secrets.token_bytes(32)
        wrapped = self._master.wrap(_own_id(message, name), data_key)
        return Sealed(key=_OWN, box=f"{wrapped}.{_boxed(AESGCM(data_key), message, name, value)}")

    def _own_cipher(self, message: Message, name: str, wrapped: str) -> AESGCM:
        try:
            return AESGCM(self._master.unwrap(_own_id(message, name), wrapped))
        except (ValueError, KeyUnavailableError):
            # Another hub's data would have been refused at the start: this one box is spoilt, or of another.
            raise MalformedMessageError(f"{message.type}: {name} holds no key of its own") from None

    async def _open(
        self, message: Message, name: str, sealed: Sealed, models: tuple[type[Private], ...]
    ) -> Private | None:
        wrapped, _, inner = sealed.box.rpartition(".")
        cipher = (
            self._own_cipher(message, name, wrapped)
            if sealed.key == _OWN
            else await self._cipher(KeyId(sealed.key))
        )
        if cipher is None:
            return None
        try:
            box = base64.urlsafe_b64decode(inner)
            clear = cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _bound_to(message, name))
            kind, _, body = clear.decode().partition("\n")
            model = next(m for m in models if m.__name__ == kind)
            return model.model_validate_json(body)
        except (InvalidTag, ValueError, StopIteration):
            raise MalformedMessageError(f"{message.type}: {name} cannot be opened with its key") from None

    async def _key_to_seal(self, message: Message, kind: KeyKind) -> KeyId:
        if kind in LIFE:
            return await self._hour_key(kind)
        record = {"incident": "incident_id", "group": "group", "member": "new_member"}[kind]
        name = getattr(message, record, None) or getattr(message, kind, None)
        if kind == "group":
            definition = getattr(message, "definition", None)
            name = definition.id if definition is not None else name
        if not name:
            raise KeyUnavailableError(f"{message.type} names no {kind} whose key could seal it")
        key = KeyId(f"{kind}-{name}")
        if await self._cipher(key) is None:
            await self._issue_once(key, kind)
        return key

    async def _hour_key(self, kind: KeyKind) -> KeyId:
        hour = self._clock.now().strftime("%Y%m%d%H")
        known = self._current.get(kind)
        if known is not None and known[0] == hour:
            return known[1]
        key = KeyId(f"{kind}-{hour}-{secrets.token_hex(4)}")
        await self._issue(key, kind)
        self._current[kind] = (hour, key)
        return key

    async def _issue(self, key: KeyId, kind: KeyKind) -> None:
        data_key = secrets.token_bytes(32)
        await self._publisher.publish(
            self._record(key, kind, data_key, msg_id=f"{key}.{secrets.token_hex(8)}")
        )
        self._remember(key, AESGCM(data_key))

    async def _issue_once(self, key: KeyId, kind: KeyKind) -> None:
        """Issue a record's key; if another process did so first, its key counts (the first stored one)."""
        await self._bus.publish(self._record(key, kind, secrets.token_bytes(32), msg_id=f"first.{key}"))
        self._cache.pop(key, None)
        if await self._cipher(key) is None:
            raise KeyUnavailableError(f"the key {key} was destroyed; its record is closed for ever")

    async def _first(self, key: KeyId, data_key: bytes) -> bool:
        """Store an incident's key; whether no other was stored before it."""
        stored = await self._bus.publish(self._record(key, "incident", data_key, msg_id=f"first.{key}"))
        return not stored.duplicate

    def _record(self, key: KeyId, kind: KeyKind, data_key: bytes, *, msg_id: str) -> Outgoing:
        wrapped = self._master.wrap(key, data_key)
        issued = KeyIssued(id=msg_id, at=self._clock.now(), key=key, kind=kind, wrapped=wrapped)
        return encode(issued, source=self._source)

    async def _cipher(self, key: KeyId) -> AESGCM | None:
        known_at, held = self._cache.get(key, (None, None))
        if known_at is not None and self._clock.now() - known_at < _CACHE_LIFE:
            self._cache.move_to_end(key)
            if isinstance(held, Entry):
                held = self._unwrapped(key, held)
                self._cache[key] = (known_at, held)
            return held
        entry = await self._bus.last("KEYS", f"{_SUBJECT}{key}")
        if entry is None:
            return None
        cipher = self._unwrapped(key, entry)
        self._remember(key, cipher)
        return cipher

    def _unwrapped(self, key: KeyId, entry: Entry) -> AESGCM:
        return AESGCM(self._master.unwrap(key, _wrapped_in(entry)))

    def _remember(self, key: KeyId, cipher: AESGCM) -> None:
        self._cache[key] = (self._clock.now(), cipher)
        self._cache.move_to_end(key)
        self._forget_oldest()

    def _forget(self, keys: Collection[KeyId]) -> None:
        for key in keys:
            self._cache.pop(key, None)

    def _forget_oldest(self) -> None:
        while len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)


def _wrapped_in(entry: Entry) -> str:
    issued = decode(entry)
    if not isinstance(issued, KeyIssued):
        raise MalformedMessageError(f"{entry.subject} holds {issued.type}, not a key")
    return issued.wrapped


def _boxed(cipher: AESGCM, message: Message, name: str, value: Private) -> str:
    clear = (
        type(value).__name__ + "\n" + value.model_dump_json(exclude_defaults=True, context={"sealing": True})
    ).encode()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    box = nonce + cipher.encrypt(nonce, clear, _bound_to(message, name))
    return base64.urlsafe_b64encode(box).decode()


def _own_id(message: Message, name: str) -> str:
    """What a wrapped key of a box's own is bound to, so that it fits into no other box."""
    return f"own\n{message.type}\n{message.id}\n{name}"


def _bound_to(message: Message, name: str) -> bytes:
    """What a box is bound to, so that it cannot be moved to another message or field."""
    return f"{message.type}\n{message.id}\n{name}".encode()


def _outlived(key: KeyId, now: datetime) -> bool:
    """Whether an hour key (`kind-YYYYMMDDHH-random`) is past its life; other keys never are."""
    kind, _, rest = key.partition("-")
    hour, _, issuer = rest.partition("-")
    life = next((life for hourly, life in LIFE.items() if hourly == kind), None)
    if life is None or not issuer:
        return False
    try:
        issued = datetime.strptime(hour + "+0000", "%Y%m%d%H%z")
    except ValueError:
        return False
    return issued + timedelta(hours=1) + life <= now
