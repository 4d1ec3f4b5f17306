"""`/receipts/GROUP/CHANNEL`: where providers call us back. The only thing of the notifier that others reach.

It is here, and not at the front door, because the secrets by which a call is known to be the provider's
are the groups' own, and only the notifier has those. Guarantees: nothing is believed unsigned; a call is
answered with success only once what it says is stored, or is known to say nothing new.
"""

from collections.abc import Callable, Sequence
from typing import Final

import structlog
from aiohttp import web

from services.notifier.directory import Directory
from services.notifier.receipts import Receipts, TooManyWaitingError
from shared.http import Problem, whole_body
from shared.plugins.spec import Answered, DeliveryReceipt, GivesReceipts, Ignored, Refused, WebhookRequest
from shared.ports import Clock

log = structlog.get_logger()
MAX_BODY: Final = 65_536
_AT_ONCE: Final = 2_500
_NO_SUCH = Problem(404, "no_such_channel", "No channel takes receipts here; check the id in the URL.")
_BUSY = Problem(503, "busy", "Too many receipts at a time; send this one again.", retry_after_s=10)
_NOT_READY = Problem(503, "not_ready", "The log is being read; send this again.", retry_after_s=5)


class ReceiptDoor:
    """Takes providers' calls; `ready` says whether the ledger is read."""

    def __init__(
        self,
        receipts: Receipts,
        directory: Directory,
        *,
        clock: Clock,
        public_url: str,
        ready: Callable[[], bool],
    ) -> None:
        self._receipts, self._directory, self._ready = receipts, directory, ready
        self._public_url, self._clock = public_url.rstrip("/"), clock
        self._under_way = 0

    def add_to(self, app: web.Application) -> None:
        """Serve it: Kannel calls by GET, WhatsApp asks by GET whether it may, the others call by POST."""
        for method in ("GET", "POST"):
            app.router.add_route(method, "/receipts/{group}/{channel}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """One call of a provider."""
        if not self._ready():
            raise _NOT_READY
        if self._under_way >= _AT_ONCE:
            raise _BUSY
        self._under_way += 1
        try:
            return await self._taken(request)
        finally:
            self._under_way -= 1

    async def _taken(self, request: web.Request) -> web.Response:
        group, channel = request.match_info["group"], request.match_info["channel"]
        if not self._directory.knows(group):  # perhaps not yet
            raise _NOT_READY
        receiver = self._directory.receiver(group, channel)
        if receiver is None:
            raise _NO_SUCH
        found = self._parsed(receiver, channel, await self._webhook(request))
        if isinstance(found, Answered):
            return web.Response(text=found.text)
        if not isinstance(found, Ignored):
            try:
                await self._receipts.take(group, channel, found)
            except TooManyWaitingError:
                raise _BUSY from None
        return web.Response(text="")

    def _parsed(
        self, receiver: GivesReceipts, channel: str, webhook: WebhookRequest
    ) -> Sequence[DeliveryReceipt] | Answered | Ignored:
        try:
            found = receiver.receipts(webhook)
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises stays with it
            log.warning("receipt_failed", channel=channel, error=type(error).__name__)
            raise Problem(500, "receipt_failed", "The channel failed on this call; it is logged.") from None
        if isinstance(found, Refused):
            self._receipts.counted[f"refused.{found.code}"] += 1
            raise Problem(found.status, found.code, found.detail)
        if isinstance(found, Answered | Ignored):
            self._receipts.counted[f"ignored.{found.reason}"] += 1
        return found

    async def _webhook(self, request: web.Request) -> WebhookRequest:
        return WebhookRequest(
            method=request.method,
            url=self._public_url + request.raw_path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await whole_body(request, MAX_BODY, f"A receipt has at most {MAX_BODY} bytes."),
            now=self._clock.now(),
        )
