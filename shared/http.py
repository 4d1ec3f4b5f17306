"""HTTP habits that all services share: problem documents, health, security headers, a site's start.

A refusal is an RFC 9457 problem document that says what was wrong and what to do; a browser that opened an
address gets the same as a page, where its service has put one under `REFUSED`.
"""

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from shared.errors import SettingsError

log = structlog.get_logger()
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
}


class Problem(Exception):  # noqa: N818 - it is a problem document, raised to end a handler
    """A refusal on its way to the client: status, constant code, and a sentence with the remedy."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after_s = status, code, detail, retry_after_s

    def response(self) -> web.Response:
        """The RFC 9457 document."""
        headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s is not None else None
        document = {
            "type": f"urn:alert-relay:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        return web.json_response(
            document, status=self.status, content_type="application/problem+json", headers=headers
        )


@dataclass(frozen=True, slots=True)
class Refusals:
    """How a service shows a refusal to a person, in their language."""

    shown: Callable[[web.Request, Problem], web.Response]


REFUSED: Final = web.AppKey("refused", Refusals)


def wants_html(request: web.Request) -> bool:
    """Whether a person's browser is asking, and not a program or a page's script."""
    return "text/html" in request.headers.get("Accept", "")


def _answer(request: web.Request, problem: Problem) -> web.Response:
    """The refusal, as a page for people and as a document for programs."""
    refusals = request.app.get(REFUSED)
    if refusals is None or not wants_html(request):
        return problem.response()
    try:
        response = refusals.shown(request, problem)
    except Exception:
        log.exception("refusal_not_shown", code=problem.code)
        return problem.response()
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal and failure into a problem document, or a page, with the security headers."""
    try:
        response = await handler(request)
    except Problem as problem:
        log.info("request_refused", path=_route(request), code=problem.code, status=problem.status)
        response = _answer(request, problem)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        response = _answer(request, Problem(error.status, _code(error), error.text or error.reason))
        if isinstance(error, web.HTTPMethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    except Exception:
        log.exception("request_failed", path=_route(request))
        failed = Problem(500, "internal_error", "Something failed on our side; try again.")
        response = _answer(request, failed)
    if not response.prepared:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def _route(request: web.Request) -> str:
    """The route's pattern, never the path itself (which may hold an id or a secret)."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


def _code(error: web.HTTPException) -> str:
    return error.reason.lower().replace(" ", "_").replace("-", "_")


@asynccontextmanager
async def site(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve the app while the context is open; yields the port (useful where 0 was asked for).

    Raises `SettingsError` naming the port if it is taken or not permitted.
    """
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        tcp = web.TCPSite(runner, host, port)
        try:
            await tcp.start()
        except OSError as error:
            raise SettingsError(
                f"Port {port} on {host} cannot be opened ({error.strerror}); free it or set another."
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def add_health(app: web.Application, check: Callable[[], Awaitable[dict[str, object]]]) -> None:
    """`GET /health`: 200 with figures when `check` answers `{"ok": True, …}`, else 503."""

    async def health(_: web.Request) -> web.Response:
        result = await check()
        return web.json_response(result, status=200 if result.get("ok") else 503)

    app.router.add_get("/health", health)


async def whole_body(request: web.Request, most: int, detail: str) -> bytes:
    """The whole body; raises `Problem` 413 above `most` bytes, before reading it where the length is told."""
    too_large = Problem(413, "too_large", detail)
    if (request.content_length or 0) > most:
        raise too_large
    try:
        known = request.client_max_size == most
        return await (request if known else request.clone(client_max_size=most)).read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None


def client_address(request: web.Request, trusted: Networks) -> str:
    """Who is calling: the nearest address that is not a proxy of ours; of IPv6 the /64 network."""
    address = _parsed(request.remote or "")
    hops = [hop for line in request.headers.getall("X-Forwarded-For", ()) for hop in line.split(",")]
    while hops and address is not None and any(address in network for network in trusted):
        address = _parsed(hops.pop().strip())
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
