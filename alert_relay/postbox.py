"""The postbox: what the example groups' channels deliver to, so that a newcomer can see what was sent.

It takes signed webhooks (Standard Webhooks), and speaks enough of Telegram and ntfy for the
examples. It keeps everything in memory only, shows it on a page, and gives a log as JSON lines
from which anybody can count what arrived, independently of the relay's own records.
"""

import argparse
import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from typing import Any, Final

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.http import Problem, add_health, problems, site
from shared.lifecycle import run_service, stop_on_signals
from shared.secrets import ReferencedSecrets

SECRET: Final = "env:SHARED__POSTBOX_SECRET"  # noqa: S105 - a reference, not a secret
MAX_BODY: Final = 256 * 1024
SHOWN: Final = 200
_STATUS_WORD: Final = re.compile(
    r"\b(UNCONFIRMED|LIKELY|CONFIRMED|UPDATE|OVER|CLOSED|WRONG|NOT[ _]CONFIRMED|NO[ _]NEWS|DIGEST)\b",
    re.IGNORECASE,
)
_DRILL: Final = re.compile(r"\bDRILL\b")
_CODE: Final = re.compile(r"\b[A-HJ-NP-Z][2-9][A-HJ-NP-Z]\b")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that arrived."""

    at: str
    channel: str
    path: str
    webhook_id: str | None
    kind: str | None
    code: str | None
    audience: str | None
    group: str | None
    alert_id: str | None
    text: str
    drill: bool = False

    def line(self) -> str:
        """As the log tells it: no words of the message."""
        facts = {
            "at": self.at,
            "channel": self.channel,
            "path": self.path,
            "webhook-id": self.webhook_id,
            "kind": self.kind,
            "code": self.code,
            "audience": self.audience,
            "group": self.group,
            "alert_id": self.alert_id,
            "drill": self.drill,
        }
        return json.dumps(facts)


@dataclass
class Postbox:
    """All letters, oldest first."""

    webhook: Webhook
    letters: list[Letter] = field(default_factory=list)

    def take_webhook(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Keep a webhook's message; raises `Problem` when its signature is wrong, or it is no object."""
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            told: Any = self.webhook.verify(body, lower)
        except (WebhookVerificationError, ValueError):
            raise Problem(401, "bad_signature", "The signature does not fit the body and secret.") from None
        if not isinstance(told, dict):
            raise Problem(422, "not_understood", "The body is JSON but no object; send what the relay sends.")
        facts = {key: told.get(key) for key in ("kind", "code", "audience", "group", "alert_id", "drill")}
        self._keep("webhook", path, lower["webhook-id"], facts, str(told.get("text", "")))

    def take_words(self, channel: str, path: str, text: str) -> int:
        """Keep a message that is only words; its kind and code are read from them. Returns its number."""
        kind, code = _STATUS_WORD.search(text), _CODE.search(text)
        facts: dict[str, Any] = {"kind": kind[0].upper() if kind else None, "code": code[0] if code else None}
        facts["drill"] = bool(kind and _DRILL.search(text[: kind.start()]))
        self._keep(channel, path, None, facts, text)
        return len(self.letters)

    def _keep(
        self, channel: str, path: str, webhook_id: str | None, facts: Mapping[str, Any], text: str
    ) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        known = {key: facts.get(key) for key in ("kind", "code", "audience", "group", "alert_id")}
        self.letters.append(
            Letter(
                at=at,
                channel=channel,
                path=path,
                webhook_id=webhook_id,
                text=text,
                drill=facts.get("drill") is True,
                **known,
            )
        )


BOX: Final = web.AppKey("box", Postbox)


def make_app(secret: str) -> web.Application:
    """The postbox as an application; `secret` is the webhooks' (`whsec_…`)."""
    app = web.Application(middlewares=[problems], client_max_size=MAX_BODY)
    app[BOX] = Postbox(Webhook(secret))
    add_health(app, lambda: _health(app))
    app.router.add_get("/", _page)
    app.router.add_get("/style.css", _style)
    app.router.add_get("/log", _log)
    app.router.add_post("/bot{token}/{method}", _telegram)
    app.router.add_post("/{path:.*}", _post)
    return app


async def _health(app: web.Application) -> dict[str, object]:
    return {"ok": True, "letters": len(app[BOX].letters)}


async def _post(request: web.Request) -> web.Response:
    body = await request.read()
    path = "/" + request.match_info["path"]
    if "webhook-id" in request.headers:
        request.app[BOX].take_webhook(path, body, request.headers)
        return web.json_response({"taken": True})
    topic, text = _ntfy(path, body, request.headers)
    number = request.app[BOX].take_words("ntfy", f"/ntfy/{topic}", text)
    return web.json_response({"id": f"postbox{number}", "event": "message", "topic": topic})


def _ntfy(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, str]:
    """Topic and words: published as JSON to the root, or as text to the topic's own address."""
    text = body.decode("utf-8", "replace")
    if path == "/":
        try:
            told = json.loads(text)
            return str(told["topic"]), f"{told.get('title', '')}\n{told.get('message', '')}".strip()
        except (ValueError, KeyError, TypeError):
            raise Problem(400, "not_ntfy", "Publish JSON with a topic, or text to /topic.") from None
    return path.strip("/"), f"{_title(headers)}\n{text}".strip()


def _title(headers: Mapping[str, str]) -> str:
    """The title, which is in RFC 2047 words where it is not plain ASCII."""
    return str(make_header(decode_header(headers.get("Title", ""))))


async def _telegram(request: web.Request) -> web.Response:
    try:
        told = await request.json()
    except ValueError:
        told = dict(await request.post())
    if not isinstance(told, dict) or "chat_id" not in told:
        description = "Bad Request: chat_id is empty"
        return web.json_response({"ok": False, "error_code": 400, "description": description}, status=400)
    path = f"/telegram/{told['chat_id']}"
    number = request.app[BOX].take_words("telegram", path, str(told.get("text", "")))
    result = {"message_id": number, "chat": {"id": told["chat_id"]}, "date": 0}
    return web.json_response({"ok": True, "result": result})


async def _log(request: web.Request) -> web.Response:
    lines = "".join(letter.line() + "\n" for letter in request.app[BOX].letters)
    return web.Response(text=lines, content_type="application/jsonl")


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=_CSS, content_type="text/css")


async def _page(request: web.Request) -> web.Response:
    letters = request.app[BOX].letters
    return web.Response(text=page(letters[-SHOWN:][::-1], len(letters)), content_type="text/html")


def page(letters: Sequence[Letter], total: int) -> str:
    """The page: newest first, one article a message."""
    articles = "".join(_article(letter) for letter in letters)
    return _HTML.format(total=total, shown=len(letters), articles=articles or "<p>Nothing yet.</p>")


def _article(letter: Letter) -> str:
    drill = "DRILL" if letter.drill else None
    title = " ".join(part for part in (drill, letter.kind, letter.code) if part) or "message"
    who = " · ".join(p for p in (letter.group, letter.audience, letter.channel, letter.path) if p)
    return (
        f"<article><h2>{html.escape(title)}</h2>"
        f'<p class="to"><time datetime="{letter.at}">{letter.at[11:19]} UTC</time> · {html.escape(who)}</p>'
        f"<pre>{html.escape(letter.text)}</pre></article>"
    )


_HTML: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Postbox of the example groups</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/style.css"></head>
<body><header><h1>What the example groups received</h1>
<p>{total} messages since the start; the newest {shown} below. Nothing is kept on disk.
<a href="/">Look again</a> · <a href="/log">the log</a></p></header>
<main>{articles}</main></body></html>
"""
_CSS: Final = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; }
article { border-left: .25rem solid; padding: 0 1rem; margin: 1.5rem 0; }
h2 { font-size: 1.1rem; margin: 0; }
.to { margin: 0; }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
"""


async def serve(port: int) -> None:
    """Run until asked to stop."""
    stop = stop_on_signals()
    async with site(make_app(ReferencedSecrets().resolve(SECRET)), "127.0.0.1", port):
        await stop.wait()


def main() -> None:
    """`python -m alert_relay.postbox --port 8084`."""
    parser = argparse.ArgumentParser(description="Receives what the example groups are sent.")
    parser.add_argument("--port", type=int, default=int(os.environ.get("RELAY_POSTBOX_PORT", "8084")))
    port = parser.parse_args().port
    run_service(lambda: serve(port))


if __name__ == "__main__":
    main()
