"""What a bridge's author hands to the suite: the bridge, captured messages, and how its source speaks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.plugins.conformance.common import KnownSecrets
from shared.plugins.spec import Bridge, Reads, WebhookRequest

CaseSecrets = KnownSecrets
"""The secrets of a case."""


@dataclass(frozen=True)
class BridgeCase:
    """A bridge that its source calls, and what the source sends it."""

    bridge: type[Bridge]
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    """Reference → value, as the settings refer to them."""
    bodies: Mapping[str, bytes]
    """Captured bodies that hold one report each, by a name."""
    sign: Callable[[bytes, Mapping[str, str]], WebhookRequest]
    """The request with that body, signed as the source does with these secrets."""
    private: tuple[str, ...]
    """Words and numbers in the bodies that must not appear in any refusal or log."""
    teach: Callable[[Any], None] = lambda _bridge: None
    """What the bridge has learnt from its source before (`TakesPart`)."""
    unsigned: Callable[[bytes], WebhookRequest] | None = None
    """The request without its signature, where that does not stand in a header."""

    @property
    def plugin(self) -> type[Any]:
        """The bridge's class."""
        return self.bridge

    def make(self) -> Bridge:
        """The bridge with its settings."""
        bridge = self.bridge(self.bridge.Settings.model_validate(self.settings), KnownSecrets(self.secrets))
        self.teach(bridge)
        return bridge

    def signed(self, body: bytes) -> WebhookRequest:
        """The body, signed rightly."""
        return self.sign(body, self.secrets)

    def forged(self, body: bytes) -> WebhookRequest:
        """The body, signed with secrets of somebody else's."""
        return self.sign(body, somebody_elses(self.secrets))


class Source(Protocol):
    """A stand-in for the source of a bridge that reads. It may have whatever else the settings need."""

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        ...

    async def say(self, message: bytes) -> None:
        """Hand on one message; wait for somebody who reads, where the source keeps nothing."""
        ...

    async def break_off(self) -> None:
        """End every connection; new ones are welcome."""
        ...

    async def stop(self) -> None:
        """Listen no more."""
        ...


@dataclass(frozen=True)
class ReadingCase:
    """A bridge that reads its source, and a stand-in that speaks as the source does."""

    bridge: type[Reads]
    source: Callable[[], Any]
    """Makes a `Source` that knows the bridge by the case's secrets, and nobody else."""
    settings: Callable[[Any], Mapping[str, Any]]
    """The settings that point the bridge at this very source."""
    messages: Mapping[str, bytes]
    """Captured messages that are one report each, by a name."""
    secrets: Mapping[str, str]
    """Reference → value, as the settings refer to them."""
    private: tuple[str, ...]
    """Words and numbers in the messages that must not appear in any outcome or log."""
    tells_again: bool = True
    """Whether the source tells again what nobody said was stored; where it cannot, `while_away` says so."""
    adjust: Callable[[Any], None] = lambda _bridge: None
    """Shorten the bridge's own pauses, so that a check is quick."""
    somebody_elses: Mapping[str, str] | None = None
    """Secrets that the source does not know, where they must have a form; else the case's own, spoilt."""

    @property
    def plugin(self) -> type[Any]:
        """The bridge's class."""
        return self.bridge

    @property
    def unknown(self) -> Mapping[str, str]:
        """Secrets that the source does not know."""
        return somebody_elses(self.secrets) if self.somebody_elses is None else self.somebody_elses

    def make(self, source: Any, secrets: Mapping[str, str] | None = None) -> Reads:
        """The bridge, pointed at the source."""
        settings = self.bridge.Settings.model_validate(self.settings(source))
        bridge = self.bridge(settings, KnownSecrets(self.secrets if secrets is None else secrets))
        self.adjust(bridge)
        return bridge


def somebody_elses(secrets: Mapping[str, str]) -> dict[str, str]:
    """Secrets of the same names that nobody knows."""
    return {name: value[::-1] + "x" for name, value in secrets.items()}
