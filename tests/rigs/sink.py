"""The receiving end of a test: a webhook address of ours that writes down what really arrived.

Its log is the judge of deliveries, independent of what the relay says of itself. A message whose
signature does not fit is refused and written down as forged.
"""

import base64
import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.http import site

URL_ENV: Final = "SHARED__SINK_URL"
SECRET_ENV: Final = "SHARED__SINK_SECRET"


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it arrived: for whom by its path, the sender's stable id, and what it says."""

    group: str
    audience: str
    webhook_id: str
    payload: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The status word: UNCONFIRMED, CONFIRMED and so on."""
        return str(self.payload["kind"])


@dataclass
class Sink:
    """A webhook receiver on a free loopback port; open it as a context."""

    secret: str = field(default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    log: list[Received] = field(default_factory=list)
    forged: int = 0
    url: str = ""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application()
        app.router.add_post("/{group}/{audience}", self._take)
        port = await self._stack.enter_async_context(site(app, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def env(self) -> dict[str, str]:
        """What the notifier's environment needs, so that channels may refer to the sink."""
        return {URL_ENV: self.url, SECRET_ENV: self.secret}

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            Webhook(self.secret).verify(body, {k.lower(): v for k, v in request.headers.items()})
        except WebhookVerificationError:
            self.forged += 1
            return web.Response(status=401)
        where = request.match_info
        self.log.append(
            Received(where["group"], where["audience"], request.headers["webhook-id"], json.loads(body))
        )
        return web.Response()

    def received(self, *, kind: str | None = None, **where: str) -> list[Received]:
        """The first copy of each message of that kind, group, audience or code, in order of arrival."""
        return list({m.webhook_id: m for m in reversed([*self._matching(kind, where)])}.values())[::-1]

    def _matching(self, kind: str | None, where: Mapping[str, str]) -> Iterator[Received]:
        for message in self.log:
            known = {
                "group": message.group,
                "audience": message.audience,
                "code": message.payload.get("code"),
            }
            if kind in {None, message.kind} and all(known[name] == value for name, value in where.items()):
                yield message

    def copies(self) -> Counter[str]:
        """How often each webhook-id arrived."""
        return Counter(message.webhook_id for message in self.log)


def channel(group: str, audience: str) -> dict[str, Any]:
    """A group's webhook channel for that audience, to the sink."""
    return {
        "id": f"sink-{audience}",
        "kind": "webhook",
        "audience": audience,
        "settings": {"url": f"env:{URL_ENV}", "path": f"/{group}/{audience}", "secret": f"env:{SECRET_ENV}"},
    }
