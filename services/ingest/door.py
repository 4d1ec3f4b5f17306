"""What all of the front door's handlers share: the intake, the limits, the counts, the words."""

import asyncio
import math
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final, Protocol

import structlog
from aiohttp import web
from pydantic import ValidationError

from services.ingest.decide.buckets import Buckets
from services.ingest.intake import Accepted, Conflict, Intake
from services.ingest.joining import Joining
from services.ingest.keys import ClientKey, ClientKeys
from services.ingest.settings import IngestSettings
from services.ingest.signed import Signed, signed_of
from services.ingest.submission import Submission
from services.ingest.web.words import Words
from shared.contacts import mailbox_of
from shared.contracts.base import GroupId, ReportId
from shared.errors import BusError, KeyUnavailableError, SpoolFullError
from shared.exercises import Exercise
from shared.http import Problem, client_address, whole_body
from shared.plain_errors import sentences
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.contacts_file import FormContacts
from shared.ports import Clock

log = structlog.get_logger()

MAX_BODY: Final = 64 * 1024
_LARGE_AT_ONCE: Final = 8
_RECEIPTS_PER_HOUR: Final = 3
_OF_ONE_SENDER: Final = 30
"""Within an hour; somebody in the room writes fewer."""
_BEARER: Final = "bearer "
_RETRY_S: Final = 5
_STATES_PATIENCE_S: Final = 1.0


class ReportStates(Protocol):
    """Where what became of a report can be read (the read model)."""

    async def report_state(self, report_id: ReportId) -> str | None:
        """`with_volunteers`, `noted` or `ended`; None where nothing is known (yet)."""
        ...


class KnownExercises(Protocol):
    """Where the exercises can be found that go on or did (the read model)."""

    async def one(self, name: str) -> Exercise | None:
        """The exercise of this id, over or not; raises `StateUnavailableError` where nobody can tell."""
        ...

    async def running(self, now: datetime) -> list[Exercise]:
        """Those that go on; raises `StateUnavailableError` where nobody can tell."""
        ...


class NoExercises:
    """Knows of no exercise."""

    async def one(self, _name: str) -> Exercise | None:
        """There is none."""
        return None

    async def running(self, _now: datetime) -> list[Exercise]:
        """There are none."""
        return []


class KnownGroups(Protocol):
    """Where the groups can be found (the read model)."""

    async def name(self, group: GroupId) -> str | None:
        """What it is called; None if there is none. Raises `StateUnavailableError` where nobody can tell."""
        ...


class NoGroups:
    """Knows of no group."""

    async def name(self, _group: GroupId) -> str | None:
        """There is none."""
        return None


class NoStates:
    """Knows of no report: every one is simply accepted."""

    async def report_state(self, _report_id: ReportId) -> str | None:
        """Nothing is known."""
        return None


@dataclass
class Limits:
    """How often each may knock. Addresses are kept only as hashes with a salt of this process."""

    client: Buckets
    key: Buckets
    total: Buckets
    receipts: Buckets
    sign_ups: Buckets = field(default_factory=lambda: Buckets(rate=60 / 3600, burst=60))
    """By address; a meeting's whole hall may stand behind one."""
    contacts: Buckets = field(default_factory=lambda: Buckets(rate=3 / 3600, burst=3))
    """How often one contact may be typed in."""
    codes: Buckets = field(default_factory=lambda: Buckets(rate=5 / 3600, burst=5))
    """How often a code may be tried, by ticket: nobody guesses one of a million so."""
    senders: Buckets = field(
        default_factory=lambda: Buckets(rate=_OF_ONE_SENDER / 3600, burst=_OF_ONE_SENDER)
    )
    """How many reports one sender at a bridge may make; what is beyond opens nothing without a person."""
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @classmethod
    def of(cls, settings: IngestSettings) -> "Limits":
        """The limits of these settings."""
        return cls(
            client=Buckets(rate=settings.ingest_client_per_s, burst=settings.ingest_client_burst),
            key=Buckets(rate=settings.ingest_key_per_s, burst=settings.ingest_key_burst),
            total=Buckets(rate=settings.ingest_total_per_s, burst=settings.ingest_total_burst),
            receipts=Buckets(rate=_RECEIPTS_PER_HOUR / 3600, burst=_RECEIPTS_PER_HOUR),
        )

    def hashed(self, name: str) -> str:
        """The name as the buckets know it."""
        return blake2b(name.encode("utf-8", "replace"), key=self.salt, digest_size=12).hexdigest()


@dataclass
class Door:
    """One process's front door."""

    settings: IngestSettings
    intake: Intake
    clock: Clock
    words: Words
    keys: ClientKeys
    states: ReportStates
    limits: Limits
    exercises: KnownExercises = field(default_factory=NoExercises)
    contacts: FormContacts = field(default_factory=FormContacts)
    """By what those can be written to who leave a contact on the form."""
    subscriptions: Mapping[str, BridgeEntry] = field(default_factory=dict)
    """The bridges by which people subscribe: what comes in by them is no report."""
    groups: KnownGroups = field(default_factory=NoGroups)
    """What the groups are called, for their sign-up pages."""
    counts: Counter[str] = field(default_factory=Counter)
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Reports by the bridge that they came by, and how they are kept."""
    heard: dict[str, datetime] = field(default_factory=dict)
    """When a report last came by each bridge."""
    joining: Joining = field(default_factory=Joining)
    """Where the parts of long messages find each other."""
    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LARGE_AT_ONCE))
    """Holds how many calls of more than `MAX_BODY` are read at a time."""

    def charge_total(self) -> None:
        """Count a request against the cap over all clients; raises `Problem` 429."""
        self._charge("total", self.limits.total, "all")

    def charge(self, request: web.Request, key: ClientKey | None = None) -> None:
        """Count a request against its client's limit; raises `Problem` 429 when there were too many."""
        self.charge_total()
        self.charge_client(request, key)

    def charge_client(self, request: web.Request, key: ClientKey | None = None) -> None:
        """Count a request against its client's limit alone; raises `Problem` 429."""
        if key is None:
            self.charge_address(request)
        elif "high_volume" not in key.rights:
            self._charge("key", self.limits.key, key.name)

    def charge_address(self, request: web.Request) -> None:
        """Count a request against its address alone; raises `Problem` 429."""
        address = client_address(request, self.settings.ingest_trusted_proxies)
        self._charge("address", self.limits.client, self.limits.hashed(address))

    def charge_sign_up(self, request: web.Request, way: str, address: str) -> None:
        """Count a sign-up against its address and against the contact; raises `Problem` 429."""
        client = client_address(request, self.settings.ingest_trusted_proxies)
        self._charge("sign_ups", self.limits.sign_ups, self.limits.hashed(client))
        self._charge("contact", self.limits.contacts, self.limits.hashed(f"{way}\n{mailbox_of(address)}"))

    def charge_code(self, ticket: str) -> None:
        """Count a try of a code against its ticket; raises `Problem` 429."""
        self._charge("codes", self.limits.codes, self.limits.hashed(ticket))

    def _charge(self, name: str, buckets: Buckets, client: str) -> None:
        wait = buckets.take(client, time.monotonic())
        if wait:
            self.counts[f"limited.{name}"] += 1
            seconds = math.ceil(wait)
            raise Problem(
                429,
                "too_many_requests",
                f"Too many reports at once; try again in {seconds} s.",
                retry_after_s=seconds,
            )

    def may_answer(self, bridge: str, sender: str | None) -> bool:
        """Whether a sender may get another receipt: three an hour, so that two machines never chat."""
        client = self.limits.hashed(f"{bridge}\n{sender}")
        return sender is None or not self.limits.receipts.take(client, time.monotonic())

    def floods(self, bridge: str, sender: str | None) -> bool:
        """Whether a sender wrote far more than people do; counts this one."""
        client = self.limits.hashed(f"{bridge}\n{sender}")
        return sender is not None and self.limits.senders.take(client, time.monotonic()) > 0.0

    def told_again(self, bridge: str, sender: str | None) -> None:
        """Their report was a repeat of its source's, and counts for nothing."""
        self.limits.senders.give_back(self.limits.hashed(f"{bridge}\n{sender}"))

    async def accept(self, submission: Submission, *, apart: bool = False) -> Accepted:
        """Accept one report or raise the `Problem` that says why not; `apart` as the intake takes it."""
        try:
            outcome = await self.intake.accept(submission, apart=apart)
        except (SpoolFullError, BusError, KeyUnavailableError) as error:
            self.counts["refused.cannot_store"] += 1
            log.error("report_not_stored", error=type(error).__name__)  # noqa: TRY400 - never the content
            raise Problem(
                503,
                "cannot_store",
                "We cannot store reports at this moment, and this one is not stored. Send it again shortly.",
                retry_after_s=_RETRY_S,
            ) from None
        except ValidationError as error:
            raise invalid(error) from None
        if isinstance(outcome, Conflict):
            self.counts["refused.conflict"] += 1
            raise Problem(
                409,
                "key_used_for_another_report",
                "Another report was sent with this Idempotency-Key; send a new report with a new random key.",
            )
        self._count(submission, outcome)
        return outcome

    def _count(self, submission: Submission, outcome: Accepted) -> None:
        how = "duplicate" if outcome.duplicate else "spooled" if outcome.spooled else "stored"
        self.counts[f"accepted.{how}"] += 1
        self.accepted[submission.bridge, how] += 1
        log.info("report_accepted", report_id=outcome.report_id, bridge=submission.bridge, how=how)

    async def state_of(self, report_id: ReportId) -> str:
        """What became of a report; `accepted` where nothing more is known or the read model is away."""
        try:
            async with asyncio.timeout(_STATES_PATIENCE_S):
                state = await self.states.report_state(report_id)
        except Exception as error:  # noqa: BLE001 - a page that says "we have it" beats an error page
            log.warning("report_state_unknown", error=type(error).__name__)
            state = None
        return state if state in {"with_volunteers", "noted", "ended"} else "accepted"

    def now(self) -> datetime:
        """The present, in UTC."""
        return self.clock.now()


DOOR: Final = web.AppKey("door", Door)


def client_key(request: web.Request) -> ClientKey | None:
    """The client whose key came along; None for nobody's. Raises `Problem` 401 for one that is not known."""
    door, secret = request.app[DOOR], bearer(request)
    key = door.keys.find(secret) if secret is not None else None
    if secret is not None and key is None:
        # Charged like an anonymous request, so that keys cannot be tried in bulk.
        door.charge(request)
        raise Problem(401, "unknown_key", "This key is not known here; correct it, or send none at all.")
    return key


async def signing_client(request: web.Request) -> tuple[ClientKey, Signed] | None:
    """The client that signed the request, and as what; None if none is claimed. Raises `Problem` 401."""
    door, signed = request.app[DOOR], signed_of(request.headers)
    if signed is None:
        return None
    key = door.keys.signing(signed.client)
    body = await read_body(request) if key else b""
    try:
        signed.check(key.ed25519 if key else None, body, door.now())
    except Problem:
        door.charge_address(request)  # like an anonymous request, so that nobody can try in bulk
        raise
    return (key, signed) if key else None


def bearer(request: web.Request) -> str | None:
    """The secret in the request's header."""
    header = request.headers.get("Authorization", "")
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else None


def invalid(error: ValidationError) -> Problem:
    """A `Problem` 422 that names the wrong fields and what they should be, never their values."""
    return Problem(422, "invalid_report", f"Correct this and send it again: {sentences(error)}.")


async def read_body(request: web.Request, most: int = MAX_BODY) -> bytes:
    """The whole body; raises `Problem` 413 above `most` bytes."""
    detail = f"A request may have {most // 1024} kB; send a shorter text and no pictures."
    return await whole_body(request, most, detail)


async def read_large(request: web.Request, most: int) -> bytes:
    """The whole body of up to `most` bytes, a few large ones at a time: strangers send them, too."""
    large = request.app[DOOR].large
    if most <= MAX_BODY or (request.content_length or most) <= MAX_BODY:
        return await read_body(request, most)
    if large.locked():
        raise Problem(503, "busy", "Too much is going on here; send this again.", retry_after_s=_RETRY_S)
    async with large:
        return await read_body(request, most)


def public_url(request: web.Request) -> str:
    """The address of this door as its callers know it, without a slash at the end."""
    configured = request.app[DOOR].settings.ingest_public_url
    return str(configured or f"{request.scheme}://{request.host}").rstrip("/")
