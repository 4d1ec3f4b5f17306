"""The way back to a reporter, or to a member who wrote to the desk: by the bridge that it came in by.

Whoever left a contact on the form is written to by the channels that the operator set (`form_contacts`).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from services.notifier.form_contacts import Form, FormReporters, OneContact
from services.notifier.writing_back import WaysBack
from shared.contracts.alerts import AlertRaised, QuestionBody, ReplyBody
from shared.contracts.base import SLUG
from shared.contracts.groups import ChannelDefinition, GroupDefinition
from shared.contracts.own_words import OwnWords
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.contacts_file import FORM
from shared.plugins.spec import (
    BadCredentials,
    ChannelHost,
    Outcome,
    Rejected,
    RenderedMessage,
    Spec,
    WritesBack,
)
from shared.words import REPLY_CHARS, question, reply

MAX_CHARS: Final = REPLY_CHARS
"""More than any question or answer takes."""
WayBack = QuestionBody | ReplyBody
"""What is told to one person, and where."""
NOBODY: Final = ChannelDefinition(id="reporter", kind="unknown", audience="reporter")
"""Whom a question was for that can't be read any more."""


class OneReporter:
    """A channel with one recipient: whoever is asked."""

    max_chars = MAX_CHARS

    def __init__(self, bridge: WritesBack, spec: Spec, address: str, ways: WaysBack) -> None:
        self.spec = spec
        self._bridge, self._address, self._ways = bridge, address, ways

    def recipients(self) -> Sequence[str]:
        """The reporter."""
        return (self._address,)

    async def send(self, address: str, message: RenderedMessage, *, key: str) -> Outcome:
        """Send it by the bridge."""
        return await self._ways.write(self._bridge, address, message.text, key=key)


class Reporters:
    """The bridges of the bridges file, by instance id."""

    def __init__(self, bridges: Mapping[str, BridgeEntry], host: ChannelHost, form: Form) -> None:
        self._ways = WaysBack(bridges, host)
        self._form = FormReporters(form, host)

    def use(self, bridges: Mapping[str, BridgeEntry]) -> None:
        """Write by these from now on."""
        self._ways.use(bridges)

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
        entry = self._ways.entry(body.bridge)
        return entry.kind if entry is not None else None

    def answered_at(self, body: WayBack, *, drill: bool) -> str | None:
        """The form's address, where it is answered there; None: in return, by the same way."""
        return self._form.answered_at(body.address, drill=drill) if body.bridge == FORM else None

    def channel(self, body: WayBack) -> OneReporter | OneContact | Rejected | BadCredentials:
        """The way to this reporter, or the outcome of every send to them as things are."""
        if body.bridge == FORM:
            return self._form.channel(body.address)
        bridge, entry = self._ways.opened(body.bridge), self._ways.entry(body.bridge)
        if isinstance(bridge, Rejected | BadCredentials):
            return bridge
        assert entry is not None  # noqa: S101 - what is opened stands in the file
        return OneReporter(bridge, entry.plugin.spec, body.address, self._ways)


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
