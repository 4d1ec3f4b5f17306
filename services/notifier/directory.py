"""All versions of all groups that the log holds, and their channels as plug-ins ready to send.

An alert is sent by the version it names, so that a recipient's number means the same person
after any restart. A channel is made when it is first needed; if its secret is missing it is
tried again, because a person may be mending it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import ValidationError

from services.notifier.form_contacts import Form
from services.notifier.reporters import Reporters
from shared.contracts.base import GroupId
from shared.contracts.groups import ChannelDefinition, GroupChannels, GroupDefined, GroupDefinition
from shared.contracts.own_words import GroupWords, OwnWords
from shared.errors import RelayError
from shared.plugins.bound import BoundSecrets
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.spec import (
    BadCredentials,
    Channel,
    ChannelHost,
    FetchesReceipts,
    GivesReceipts,
    Rejected,
    Secrets,
    SeveralProviders,
    Threads,
)
from shared.spending import pence_a_segment

log = structlog.get_logger()

_PLACEHOLDER: Final = "whsec_cGxhY2Vob2xkZXI="
"""Stands for a secret that cannot be read while only the number of addresses matters."""


class _Placeholders:
    """Secrets for counting: never used to send."""

    def resolve(self, reference: str) -> str:
        """The placeholder, or an address where the reference stands for one."""
        return "https://placeholder.invalid" if "url" in reference.lower() else _PLACEHOLDER


@dataclass(frozen=True, slots=True)
class GroupVersion:
    """One version of a group; `channels` None: sealed in a way that cannot be opened."""

    definition: GroupDefinition
    channels: tuple[ChannelDefinition, ...] | None
    words: tuple[OwnWords, ...] = ()
    """Its own words for messages; none where they cannot be read, and the relay's own go out."""

    def channel(self, channel_id: str) -> ChannelDefinition | None:
        """The channel by that id."""
        return next((c for c in self.channels or () if c.id == channel_id), None)


class _Remembering:
    """The secrets of one channel, and what they turned out to be: nobody may be shown that."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self.resolved: set[str] = set()

    def resolve(self, reference: str) -> str:
        """The value, remembered."""
        value = self._secrets.resolve(reference)
        self.resolved.add(value)
        return value


class Directory:
    """Groups by id and version; `plugins` are the channel classes by kind, `bridges` those of the file."""

    def __init__(  # noqa: PLR0913 - each is another thing that it sends by
        self,
        plugins: Mapping[str, type[Any]],
        host: ChannelHost,
        bridges: Mapping[str, BridgeEntry] | None = None,
        *,
        bridge_secrets: Secrets | None = None,
        public_url: str = "",
        form: Form | None = None,
    ) -> None:
        self._plugins, self._host, self._public_url = plugins, host, public_url.rstrip("/")
        # The operator writes the bridges file, so its references may be to what no channel may have.
        back = ChannelHost(http=host.http, secrets=bridge_secrets or host.secrets)
        self.reporters = Reporters(bridges or {}, back, form or Form())
        self._counting = ChannelHost(http=host.http, secrets=_Placeholders())
        self._per_second = {kind: plugin.spec.per_second for kind, plugin in plugins.items()}
        self._note_pace(bridges or {})
        self._versions: dict[str, dict[int, GroupVersion]] = {}
        self._ready: dict[tuple[str, int, str], Channel] = {}
        self._private: dict[tuple[str, int, str], frozenset[str]] = {}

    async def use_bridges(self, bridges: Mapping[str, BridgeEntry]) -> None:
        """Write to reporters by these bridges from now on."""
        self.reporters.use(bridges)
        self._note_pace(bridges)

    def _note_pace(self, bridges: Mapping[str, BridgeEntry]) -> None:
        self._per_second |= {entry.kind: entry.plugin.spec.per_second for entry in bridges.values()}

    def learn(self, event: GroupDefined, *, readable: bool = True) -> None:
        """Take in a version (opened). Destroyed channels leave a group without any."""
        channels = event.channels.channels if isinstance(event.channels, GroupChannels) else ()
        words = event.words.words if isinstance(event.words, GroupWords) else ()
        version = GroupVersion(event.definition, channels if readable else None, words)
        self._versions.setdefault(event.group, {})[event.version] = version

    def version(self, group: str, number: int) -> GroupVersion | None:
        """That version; the nearest one if it is no longer in the log; None for an unknown group."""
        known = self._versions.get(group)
        if not known:
            return None
        return known.get(number) or known[min(known, key=lambda v: abs(v - number))]

    def definitions(self) -> dict[GroupId, GroupDefinition]:
        """Every group as its latest version says."""
        return {GroupId(group): known[max(known)].definition for group, known in self._versions.items()}

    def latest(self, group: str) -> int:
        """The number of a known group's latest version."""
        return max(self._versions[group])

    def plugin(self, kind: str) -> type[Any] | None:
        """The channel class of that kind."""
        return self._plugins.get(kind)

    def per_second(self, kind: str) -> float | None:
        """How many messages a second one account of that kind may send; None where nothing is known."""
        return self._per_second.get(kind)

    def addresses(self, group: str, version: int, channels: Sequence[ChannelDefinition]) -> dict[str, int]:
        """How many recipients each channel has; one (to be recorded as refused) where it can't be made."""
        return {c.id: self._count(group, version, c) for c in channels}

    def providers(self, group: str, version: int, channels: Sequence[ChannelDefinition]) -> dict[str, str]:
        """By whom each recipient is reached, of channels behind which several providers stand."""
        found: dict[str, str] = {}
        for definition in channels:
            made = self.channel(group, version, definition)
            if not isinstance(made, Rejected | BadCredentials) and isinstance(made, SeveralProviders):
                for n, address in enumerate(made.recipients()):
                    found[f"{definition.id}:{n}"] = self._provider(made, address)
        return found

    @staticmethod
    def _provider(channel: SeveralProviders, address: str) -> str:
        try:
            return channel.provider(address)
        except Exception as error:  # noqa: BLE001 - a third party's plug-in must not touch the others
            log.warning("provider_not_told", error=type(error).__name__)
            return ""

    def channel(
        self, group: str, version: int, definition: ChannelDefinition
    ) -> Channel | Rejected | BadCredentials:
        """The channel ready to send, or the outcome of every send over it as things are."""
        key = (group, version, definition.id)
        if key not in self._ready:
            secrets = _Remembering(BoundSecrets(self._host.secrets, group))
            made = self._make(definition, self._lent(group, definition.id, secrets))
            if isinstance(made, Rejected | BadCredentials):
                return made
            self._ready[key] = made
            self._private[key] = frozenset(secrets.resolved)
        return self._ready[key]

    def _lent(self, group: str, channel_id: str, secrets: Secrets) -> ChannelHost:
        url = f"{self._public_url}/receipts/{group}/{channel_id}" if self._public_url else ""
        name = f"{group}/{channel_id}"
        return ChannelHost(http=self._host.http, secrets=secrets, receipts_url=url, name=name)

    def pence_a_segment(self, definition: ChannelDefinition) -> float:
        """What one segment to one recipient costs, as far as the group says so; only SMS do."""
        plugin = self._plugins.get(definition.kind)
        return pence_a_segment(definition.settings) if plugin is not None and plugin.spec.sms else 0.0

    def gives_receipts(self, kind: str) -> bool:
        """Whether channels of this kind understand what their provider says later."""
        plugin = self._plugins.get(kind)
        return plugin is not None and issubclass(plugin, (GivesReceipts, FetchesReceipts))

    def threads(self, kind: str) -> bool:
        """Whether channels of this kind can let a message answer another."""
        plugin = self._plugins.get(kind)
        return plugin is not None and issubclass(plugin, Threads)

    def knows(self, group: str) -> bool:
        """Whether any version of the group has been read yet."""
        return group in self._versions

    def receiver(self, group: str, channel_id: str) -> GivesReceipts | None:
        """Who understands a provider's call: the channel as the latest version that has it says."""
        known = self._versions.get(group, {})
        for number in sorted(known, reverse=True):
            definition = known[number].channel(channel_id)
            if definition is not None:
                made = self.channel(group, number, definition)
                return made if isinstance(made, GivesReceipts) else None
        return None

    def fetching(self) -> list[tuple[GroupId, int, ChannelDefinition]]:
        """The channels that can ask what became of their messages, as each group's latest version has it."""
        return [
            (GroupId(group), max(known), channel)
            for group, known in self._versions.items()
            for channel in known[max(known)].channels or ()
            if (plugin := self._plugins.get(channel.kind)) is not None and issubclass(plugin, FetchesReceipts)
        ]

    def private(self, group: str, version: int, channel_id: str) -> frozenset[str]:
        """The secrets and addresses of a channel that is ready: what no page and no log may show."""
        key = (group, version, channel_id)
        channel = self._ready.get(key)
        return self._private[key] | set(channel.recipients()) if channel is not None else frozenset()

    def forget_channel(self, group: str, version: int, channel_id: str) -> None:
        """Make the channel anew next time: its secret may have been mended."""
        self._ready.pop((group, version, channel_id), None)

    def _count(self, group: str, version: int, definition: ChannelDefinition) -> int:
        made = self.channel(group, version, definition)
        if isinstance(made, Rejected | BadCredentials):
            made = self._make(definition, self._counting)
        return 1 if isinstance(made, Rejected | BadCredentials) else len(made.recipients())

    def _make(self, definition: ChannelDefinition, host: ChannelHost) -> Channel | Rejected | BadCredentials:
        plugin = self._plugins.get(definition.kind)
        if plugin is None:
            return Rejected("no_such_plugin")
        try:
            settings = plugin.Settings.model_validate(definition.settings)
            if settings.public and definition.audience != "community":
                return Rejected("not_for_public")
            made: Channel = plugin(settings, host)
        except ValidationError:
            return Rejected("bad_settings")
        except RelayError as error:
            return BadCredentials("secret_missing", words=str(error))  # names the reference and the remedy
        except Exception as error:  # noqa: BLE001 - a third party's constructor must not touch the others
            log.warning("channel_not_made", kind=definition.kind, error=type(error).__name__)
            return Rejected("plugin_error")
        return made
