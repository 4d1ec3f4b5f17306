"""A Mastodon server as one account's app sees it. Keeps its API: pages, tokens, limits, private posts.

Notifications count up as they come; posts stand in a hashtag's timeline by when they were written, so one
that another server passes on late stands below newer ones, as at Mastodon.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN: Final = "token-of-the-test"
US: Final = {"id": "1", "username": "relay", "acct": "relay"}
_LIMIT: Final = 40


@dataclass
class Mastodon:
    """One server with our account on it."""

    mentions: list[dict[str, Any]] = field(default_factory=list)
    tagged: list[dict[str, Any]] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuses: web.Response | None = None
    """What it answers to everything from now on."""
    breaks_after: int | None = None
    """After so many pages it answers 500, once."""

    def __post_init__(self) -> None:
        """Nobody has written yet."""
        self._numbers = itertools.count(100)
        app = web.Application()
        app.router.add_get("/api/v1/accounts/verify_credentials", self._us)
        app.router.add_get("/api/v1/notifications", self._notifications)
        app.router.add_get("/api/v1/timelines/tag/{tag}", self._tag)
        app.router.add_post("/api/v1/statuses", self._post)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        """Open it on this machine."""
        await self._server.start_server()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self._server.close()

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._server.make_url("")).rstrip("/")

    def mention(self, text: str, **more: Any) -> dict[str, Any]:
        """Somebody mentions us."""
        post = self.post(text, **more)
        notice = {"id": str(next(self._numbers)), "type": "mention", "created_at": _iso(_now())}
        self.mentions.append({**notice, "account": post["account"], "status": post})
        return post

    def tag(self, text: str, *, ago: timedelta = timedelta(0), **more: Any) -> dict[str, Any]:
        """Somebody uses the hashtag."""
        post = self.post(text, created_at=_iso(_now() - ago), **more)
        post["id"] = str(int((_now() - ago).timestamp() * 1000)) + f"{next(self._numbers):05}"
        self.tagged.append(post)
        return post

    def post(self, text: str, **more: Any) -> dict[str, Any]:
        """What somebody wrote, as the API shows it."""
        number = str(next(self._numbers))
        return {
            "id": number,
            "created_at": _iso(_now()),
            "visibility": "direct",
            "language": "en",
            "spoiler_text": "",
            "reblog": None,
            "content": f"<p>{text}</p>",
            "account": {"id": f"a{number}", "acct": "ada@far.example", "username": "ada", "bot": False},
            **more,
        }

    async def _us(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response(US)

    async def _notifications(self, request: web.Request) -> web.Response:
        assert request.query.getall("types[]") == ["mention"]
        return self._refused(request) or web.json_response(_page(self.mentions, request.query))

    async def _tag(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response(_page(self.tagged, request.query))

    async def _post(self, request: web.Request) -> web.Response:
        refused = self._refused(request)
        if refused is None:
            self.posted.append({**await request.json(), "key": request.headers["Idempotency-Key"]})
        return refused or web.json_response({"id": "9"})

    def _refused(self, request: web.Request) -> web.Response | None:
        self.asked.append(f"{request.method} {request.rel_url.raw_path_qs}")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        if self.breaks_after is not None:
            self.breaks_after -= 1
            if self.breaks_after < 0:
                self.breaks_after = None
                return web.Response(status=500)
        return self.refuses and web.Response(status=self.refuses.status, headers=self.refuses.headers)


def _page(everything: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    most, below = int(query["limit"]), int(query.get("max_id", 10**30))
    assert most <= _LIMIT
    newest_first = sorted(everything, key=lambda one: -int(one["id"]))
    return [one for one in newest_first if int(one["id"]) < below][:most]


def _now() -> datetime:
    return datetime.now(UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
