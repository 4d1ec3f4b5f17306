"""What the desk must know of channel plug-ins to show what will be sent: their size and their reach.

Asks the plug-ins themselves, found by their manifest, so that a preview's words are the very
words that the notifier will send. Secrets are not needed for counting and are not read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import structlog

import services
from services.console.decide.draft import Document
from services.console.decide.messages import ChannelFacts, GroupFacts
from shared.contracts.groups import ChannelDefinition, GroupDefinition
from shared.contracts.ledger import Following
from shared.contracts.own_words import OwnWords
from shared.plugins.registry import load_plugins
from shared.plugins.spec import ChannelHost
from shared.spending import pence_a_segment

log = structlog.get_logger()

MANIFEST: Final = Path(services.__path__[0]) / "notifier" / "channels" / "MANIFEST"
_GROUP: Final = "alert_relay.channels"
_DEFAULT_CHARS: Final = 4_000


_STAND_INS: Final = (
    {"url": "https://counted.invalid", "": "whsec_Y291bnRlZA=="},
    {"": "https://counted.invalid"},
    {"": "somebody@counted.invalid"},
)
"""What secrets may look like, by a part of their reference's name: good enough to be counted."""


class _NoSecrets:
    """Stands in for every secret."""

    def __init__(self, stand_ins: Mapping[str, str]) -> None:
        self._stand_ins = stand_ins

    def resolve(self, reference: str) -> str:
        """The first that fits the reference's name."""
        return next(value for part, value in self._stand_ins.items() if part in reference.lower())


class Channels:
    """The channel classes by kind."""

    def __init__(self, plugins: Mapping[str, type[Any]], http: aiohttp.ClientSession) -> None:
        self._plugins = plugins
        self._hosts = [ChannelHost(http=http, secrets=_NoSecrets(looks)) for looks in _STAND_INS]

    @classmethod
    def found(cls, http: aiohttp.ClientSession) -> "Channels":
        """Those of the manifest and of third parties; `SettingsError` if one can't be loaded."""
        return cls(load_plugins(MANIFEST, _GROUP), http)

    def kinds(self) -> list[str]:
        """Every kind there is."""
        return sorted(self._plugins)

    def plugin(self, kind: str) -> type[Any] | None:
        """The channel class of that kind."""
        return self._plugins.get(kind)

    def facts(
        self, group: Document, *, followers: Sequence[Document] = (), spent_pence: float = 0.0
    ) -> GroupFacts:
        """A group's document with what is known of its channels, its subscribers and its money."""
        channels = [ChannelDefinition.model_validate(c) for c in group.get("channels", ())]
        return GroupFacts(
            definition=GroupDefinition.model_validate(group["definition"]),
            version=group["version"],
            channels=tuple(self._channel(c) for c in channels),
            words=tuple(OwnWords.model_validate(w) for w in group.get("words", ())),
            followers=tuple(Following.model_validate(f) for f in followers),
            spent_pence=spent_pence,
        )

    def _channel(self, definition: ChannelDefinition) -> ChannelFacts:
        plugin = self._plugins.get(definition.kind)
        if plugin is None:
            return ChannelFacts(definition, _DEFAULT_CHARS, None)
        count = self._count(plugin, definition)
        pence = pence_a_segment(definition.settings) if plugin.spec.sms else 0.0
        return ChannelFacts(definition, plugin.max_chars, count, sms=plugin.spec.sms, pence_a_segment=pence)

    def _count(self, plugin: type[Any], definition: ChannelDefinition) -> int | None:
        for host in self._hosts:
            try:
                return len(plugin(plugin.Settings.model_validate(definition.settings), host).recipients())
            except Exception as error:  # noqa: BLE001 - settings of a group, code of a third party
                why = type(error).__name__
        log.info("recipients_not_counted", kind=definition.kind, error=why)
        return None
