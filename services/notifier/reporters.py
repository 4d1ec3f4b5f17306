"""The way back to a reporter, or to a member who wrote to the desk: by the bridge that it came in by.

Whoever left a contact on the form is written to by the channels that the operator set (`form_contacts`).

A bridge is opened when it is first needed, so that one whose secret is missing keeps no alert to a
group waiting; it is tried again, because a person may be mending it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from services.notifier.form_contacts import Form, FormReporters, OneContact
from shared.contracts.alerts import AlertRaised, QuestionBody, ReplyBody
from shared.contracts.base import SLUG
from shared.contracts.groups import ChannelDefinition, GroupDefinition
from shared.contracts.own_words import OwnWords
from shared.errors import RelayError
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.contacts_file import FORM
from shared.plugins.spec import (
    CANNOT_WRITE_BACK,
    BadCredentials,
    ChannelHost,
    Outcome,
    Rejected,
    RenderedMessage,
    Spec,
    WritesBack,
)
from shared.words import REPLY_CHARS, question, reply

log = structlog.get_logger()

MAX_CHARS: Final = REPLY_CHARS
"""More than any question or answer takes."""
WayBack = QuestionBody | ReplyBody
"""What is told to one person, and where."""
NOBODY: Final = ChannelDefinition(id="reporter", kind="unknown", audience="reporter")
"""Whom a question was for that can't be read any more."""


class OneReporter:
    """A channel with one recipient: whoever is asked."""

    max_chars = MAX_CHARS

    def __init__(self, bridge: WritesBack, spec: Spec, address: str, host: ChannelHost) -> None:
        self.spec = spec
        self._bridge, self._address, self._host = bridge, address, host

    def recipients(self) -> Sequence[str]:
        """The reporter."""
        return (self._address,)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send it by the bridge."""
        try:
            return await self._bridge.write_back(address, message.text, self._host, key=key)
        except RelayError:
            return BadCredentials("secret_missing")


class Reporters:
    """The bridges of the bridges file, by instance id."""

    def __init__(self, bridges: Mapping[str, BridgeEntry], host: ChannelHost, form: Form) -> None:
        self._bridges, self._host = bridges, host
        self._form = FormReporters(form, host)
        self._open: dict[str, object] = {}

    def definition(self, body: WayBack) -> ChannelDefinition:
        """The bridge as the ledger names it."""
        return ChannelDefinition(
            id=body.bridge if SLUG.match(body.bridge) else NOBODY.id,
            kind=self._kind(body) or NOBODY.kind,
            audience="reporter",
            language=body.language,
        )

    def _kind(self, body: WayBack) -> str | None:
        if body.bridge == FORM:
            return self._form.kind(body.address)
        entry = self._bridges.get(body.bridge)
        return entry.kind if entry is not None else None

    def answered_at(self, body: WayBack, *, drill: bool) -> str | None:
        """The form's address, where it is answered there; None: in return, by the same way."""
        return self._form.answered_at(body.address, drill=drill) if body.bridge == FORM else None

    def channel(self, body: WayBack) -> OneReporter | OneContact | Rejected | BadCredentials:
        """The way to this reporter, or the outcome of every send to them as things are."""
        if body.bridge == FORM:
            return self._form.channel(body.address)
        entry = self._bridges.get(body.bridge)
        if entry is None:
            return _cannot(body)
        try:
            bridge = self._opened(body.bridge, entry)
        except RelayError:
            return BadCredentials("secret_missing")
        except Exception as error:  # noqa: BLE001 - a third party's constructor must not touch the others
            log.warning("bridge_not_opened", bridge=body.bridge, error=type(error).__name__)
            return Rejected("plugin_error")
        if not isinstance(bridge, WritesBack):
            return _cannot(body)
        return OneReporter(bridge, entry.plugin.spec, body.address, self._host)

    def _opened(self, name: str, entry: BridgeEntry) -> object:
        if name not in self._open:
            self._open[name] = entry.open(self._host.secrets)
        return self._open[name]


def _cannot(body: WayBack) -> Rejected:
    log.info("cannot_write_back", bridge=body.bridge)
    return CANNOT_WRITE_BACK


def message(  # noqa: PLR0913 - what a message depends on
    alert: AlertRaised,
    body: WayBack,
    *,
    group: GroupDefinition | None,
    base_url: str,
    words: Sequence[OwnWords] = (),
    form: str | None = None,
) -> RenderedMessage:
    """The question to the reporter, or the answer to the member, in their language.

    `group` is the one whose people would be told, where an answer shows what; `words` are its own; `form`:
    where a question is answered, if not in return.
    """
    if isinstance(body, ReplyBody):
        text, language = reply(alert, body, group, base_url=base_url, words=words)
    else:
        text, language = question(body.asks, body.language, drill=alert.drill, form=form), body.language
    subject = text.partition("\n")[0]
    return RenderedMessage(
        alert_id=alert.alert_id, kind=alert.kind, subject=subject, text=text, urgent=False, language=language
    )
