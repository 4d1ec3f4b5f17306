"""Sessions: a browser is a member for a while, by a random token in a cookie.

Guarantees: only the token's hash is kept, so whoever reads the store can be nobody; a session ends by
itself when it was idle too long or has lived long enough, at once when it is ended, and all of a
member's end together. What was ended stays ended: using a session never writes what ending it deletes.
It lives in Redis beside the read model: a rebuild ends none, a FLUSHALL ends all.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from aiohttp import web

from services.console.settings import ConsoleSettings
from shared.contracts.base import MemberId
from shared.ports import Clock, Ephemeral

How = Literal["passkey", "password", "invite"]
"""By what somebody signed in."""

_MARK_S: Final = 60
"""A session in use is marked as used no more often than this."""
_LONGEST: Final = 100
"""Characters of a cookie that could be ours."""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of a member."""

    token: str
    member: MemberId
    since: datetime
    how: How


class Sessions:
    """Begins, finds and ends sessions. Every verb raises `StateUnavailableError` while Redis is away."""

    def __init__(self, brief: Ephemeral, clock: Clock, settings: ConsoleSettings) -> None:
        self._brief, self._clock = brief, clock
        self._idle = timedelta(minutes=settings.console_session_idle_min)
        self._life = timedelta(minutes=settings.console_session_life_min)

    async def begin(self, member: MemberId, how: How, *, since: datetime | None = None) -> Session:
        """A new session, never one that the browser brought along: nobody can prepare one for another."""
        session = Session(secrets.token_urlsafe(32), member, since or self._clock.now(), how)
        key, reign = _key(session.token), await self._reign(member)
        kept = {"member": member, "since": session.since.isoformat(), "how": how, "reign": reign}
        await self._mark(key)
        await self._brief.put(f"session:{key}", json.dumps(kept), life_s=_seconds(self._life))
        return session

    async def find(self, token: str) -> Session | None:
        """The session of this token, if it still goes on."""
        key, now = _key(token), self._clock.now()
        kept, used = await self._brief.get(f"session:{key}", f"session_used:{key}")
        if kept is None or used is None:
            return None
        data = json.loads(kept)
        since = datetime.fromisoformat(data["since"])
        idle = now - datetime.fromisoformat(used)
        if now - since >= self._life or idle >= self._idle:
            return None
        if data["reign"] != await self._reign(data["member"]):
            return None
        if idle.total_seconds() >= _MARK_S:
            await self._mark(key)
        return Session(token, MemberId(data["member"]), since, data["how"])

    async def end(self, token: str) -> None:
        """End this one."""
        await self._brief.delete(f"session:{_key(token)}", f"session_used:{_key(token)}")

    async def end_all(self, member: MemberId) -> None:
        """End all that this member began until now."""
        await self._brief.put(_reign(member), secrets.token_hex(8), life_s=_seconds(self._life))

    async def _mark(self, key: str) -> None:
        now = self._clock.now().isoformat()
        await self._brief.put(f"session_used:{key}", now, life_s=_seconds(self._idle))

    async def _reign(self, member: str) -> str | None:
        """What all of a member's sessions have in common until they are ended together.

        It is forgotten no earlier than the last session that it ended.
        """
        (reign,) = await self._brief.get(_reign(member))
        return reign


def token_in(request: web.Request, settings: ConsoleSettings) -> str | None:
    """The token that the browser's cookie holds."""
    token = request.cookies.get(_cookie(settings), "")
    return token if 0 < len(token) <= _LONGEST else None


def give(response: web.StreamResponse, session: Session, settings: ConsoleSettings) -> None:
    """Let the browser keep the session: no script can read it, no other site's form takes it along."""
    response.set_cookie(
        _cookie(settings),
        session.token,
        max_age=settings.console_session_life_min * 60,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings.over_https,
    )


def take_back(response: web.StreamResponse, settings: ConsoleSettings) -> None:
    """Let the browser forget the session."""
    response.del_cookie(
        _cookie(settings), path="/", httponly=True, samesite="Lax", secure=settings.over_https
    )


def _cookie(settings: ConsoleSettings) -> str:
    """Browsers take a `__Host-` cookie from this very host only, and only over https."""
    return "__Host-relay" if settings.over_https else "relay"


def _reign(member: str) -> str:
    return f"sessions_reign:{member}"


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _seconds(span: timedelta) -> int:
    return max(1, int(span.total_seconds()))
