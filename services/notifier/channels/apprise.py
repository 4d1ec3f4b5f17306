"""The long tail by Apprise: one target each, for services that have no channel of their own here.

Apprise waits within its own code and says no more than yes or no. So each send has a thread of its own, a few
at a time, with a limit, and the loop never waits in it; and why it was no is read from what Apprise would
have logged, which is written nowhere, since addresses and tokens stand in it. Apprise itself, which takes a
second or two to load its services, is loaded there too, when the first such target is told something.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Final

from pydantic import Field

from alert_relay.plugins import (
    ChannelHost,
    Delivered,
    Outcome,
    PluginSettings,
    Rejected,
    RenderedMessage,
    RetryLater,
    Spec,
    Unknown,
)
from shared.errors import SettingsError
from shared.plugins.addresses import resolved
from shared.plugins.http_outcomes import from_status
from shared.plugins.sms import text_of

_AT_ONCE: Final = 4
"""Threads a target may keep; one that hangs costs itself alone."""
_MOST_S: Final = 9.0
"""Less than the host's deadline, so that a target that hangs is named as such."""
_CONNECT_S, _READ_S = 3.0, 5.0
_DOES_NOT_KNOW: Final = frozenset({502, 504})
_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
_NEVER_THERE: Final = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
"""How the HTTP library under Apprise names a connection that never was."""
_HERE_ONLY: Final = frozenset({"syslog", "dbus", "qt", "kde", "glib", "gnome", "macosx", "windows"})
"""What would write the words onto this machine, in clear."""


class _Hush(logging.Filter):
    """Lets no record through to any log; what is said in a thread that listens, that thread learns."""

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        said: list[str] | None = getattr(self._here, "said", None)
        if said is not None:
            with suppress(Exception):  # what cannot be formatted says nothing
                said.append(record.getMessage())
        return False

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """What is said in this thread from now on."""
        self._here.said = []
        try:
            yield self._here.said
        finally:
            del self._here.said


_HUSH: Final = _Hush()


@cache
def apprise() -> Any:
    """Apprise, so that nothing that it or the HTTP library under it logs is ever written."""
    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.addFilter(_HUSH)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)
    import apprise as loaded  # most hubs have no such channel, and it is large

    return loaded


def _asset() -> Any:
    """How Apprise works here: in the thread that calls it, without files, templates, pictures or retries."""
    asset = apprise().AppriseAsset(
        storage_mode="memory", allow_templates=False, service_timeout=0, image_path_mask=""
    )
    asset.async_mode, asset.http_redirects = False, False
    asset.pem_autogen = asset.pgp_autogen = False
    asset.app_id = asset.app_desc = "alert-relay"
    asset.image_url_mask = asset.image_url_logo = asset.app_url = ""
    return asset


class AppriseSettings(PluginSettings):
    """The target."""

    url: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the Apprise URL of one target: only the operator puts one there."""


class AppriseChannel:
    """Sends to one target."""

    spec: ClassVar[Spec] = Spec(
        kind="apprise",
        title="Another service (Apprise)",
        summary="Sends alerts to one of the many services that Apprise knows, one target a channel.",
        who_else_reads="Whoever runs the service that the URL names, and everybody to whom that shows it.",
        stability="experimental",
        tested="fake",
        example={"url": "env:HACKNEY__APPRISE_ROOM"},
        set_up="""
1. Find the service among [Apprise's](https://github.com/caronc/apprise/wiki), and write the URL of **one**
   target; several targets are several channels.
2. The operator puts it where `url` says, in the notifier's environment or in a file. A group's admin can't
   write one: an Apprise URL may name files of the machine that sends.
3. Test the channel (the button on its page, or `relay group test-channel`).
""",
        notes="""
- Where there is a channel of its own here (Matrix, Signal, Telegram, SMS, WhatsApp, Mastodon, e-mail, ntfy, a
  webhook), take that: it knows a message again, waits as long as the service asks, and says why not.
- *Accepted* means that Apprise said yes. No receipts, no threads, no key against copies: what may have
  arrived is sent once more, so a second copy is possible, a third is not.
- Why it was no is known only where Apprise names the HTTP status; else it counts as *unknown*: once more,
  then a person looks.
- A send has nine seconds, and a target four at a time; `busy` means that earlier ones hang.
- A test says so where the URL is of several targets, of a service that takes fewer than 480
  characters, or of one that writes onto this machine (`syslog://` and the like).
- Tested through Apprise's own `json://` against a stand-in. What Apprise does for a service is Apprise's:
  test your channel.
""",
    )
    Settings: ClassVar[type[PluginSettings]] = AppriseSettings
    max_chars: ClassVar[int] = 480

    def __init__(self, settings: AppriseSettings, host: ChannelHost) -> None:
        self._reference, self._url = settings.url, resolved(settings.url, host.secrets)
        self._opening = threading.Lock()
        self._target: _Target | None = None
        self._under_way = 0

    def recipients(self) -> Sequence[str]:
        """The one target."""
        return (self._url,)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:  # noqa: ARG002 - there is one target, and Apprise has no idempotency key
        """Send it in a thread of its own."""
        if self._under_way >= _AT_ONCE:
            return RetryLater("busy")
        self._under_way += 1
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Outcome] = loop.create_future()

        def ended(outcome: Outcome) -> None:
            self._under_way -= 1
            if not done.done():
                done.set_result(outcome)

        def work() -> None:
            outcome = self._notify(message)
            with suppress(RuntimeError):  # the loop is gone: so is whoever waited
                loop.call_soon_threadsafe(ended, outcome)

        # A daemon: what hangs for good must not keep the notifier from stopping.
        threading.Thread(target=work, name="apprise", daemon=True).start()
        try:
            return await asyncio.wait_for(done, _MOST_S)
        except TimeoutError:
            return Unknown("timeout") if self._target else RetryLater("loading")

    def _notify(self, message: RenderedMessage) -> Outcome:
        try:
            with self._opening:
                target = self._target = self._target or _opened(self._url, self._reference)
        except SettingsError as error:
            return Rejected("bad_address", words=str(error))
        except Exception:  # noqa: BLE001 - Apprise cannot be loaded: nothing was sent
            return RetryLater("plugin_error")
        with _HUSH.listening() as said:
            try:
                yes = target.takes(message)
            except Exception:  # noqa: BLE001 - any of two hundred services' code; it may have sent
                return Unknown("plugin_error")
        return Delivered() if yes else _why("\n".join(said))


@dataclass(frozen=True, slots=True)
class _Target:
    """One service's one recipient, and whether it shows a title."""

    service: Any = field(repr=False)
    titled: bool

    def takes(self, message: RenderedMessage) -> bool:
        """Send it, and wait for the yes or no."""
        title = message.subject if self.titled else ""
        return bool(self.service.notify(body=text_of(message), title=title, body_format="text"))


def _opened(url: str, reference: str) -> _Target:
    """The target; `SettingsError`, without the URL, for what cannot be one."""
    asset = _asset()
    service = apprise().Apprise.instantiate(url, asset=asset)
    if service is None:
        raise SettingsError(f"{reference} is no Apprise URL, or of a service that this machine cannot use.")
    if url.partition(":")[0].lower() in _HERE_ONLY:
        raise SettingsError(
            f"{reference} would write alerts onto this machine in clear; name another service."
        )
    if len(service) != 1:
        raise SettingsError(f"{reference} names {len(service)} targets; make a channel of each.")
    if service.body_maxlen < AppriseChannel.max_chars:
        raise SettingsError(
            f"{reference}: {service.service_name} takes {service.body_maxlen} characters; an alert needs "
            f"{AppriseChannel.max_chars}."
        )
    service.socket_connect_timeout, service.socket_read_timeout = _CONNECT_S, _READ_S
    alone = apprise().Apprise(asset=asset)
    alone.add(service)
    return _Target(alone, service.title_maxlen > 0)


def _why(said: str) -> Outcome:
    """Why Apprise said no, as far as it says so; else it may have arrived."""
    if found := _STATUS.findall(said):
        status = int(found[-1])
        if status in _DOES_NOT_KNOW:
            return Unknown(f"http_{status}")
        outcome = from_status(status, {})
        return outcome if not isinstance(outcome, Delivered) else Unknown("not_understood")
    return RetryLater("unreachable") if any(name in said for name in _NEVER_THERE) else Unknown("not_taken")
