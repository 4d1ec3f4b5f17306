"""The bridges by which people are written back to: reporters, members, subscribers.

A bridge is opened when it is first needed, so that one whose secret is missing keeps no alert to a group
waiting; it is tried again, because a person may be mending it.
"""

from collections.abc import Mapping

import structlog

from shared.errors import RelayError
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.spec import CANNOT_WRITE_BACK, BadCredentials, ChannelHost, Outcome, Rejected, WritesBack

log = structlog.get_logger()

SECRET_MISSING = BadCredentials("secret_missing")


class WaysBack:
    """Bridges by instance id."""

    def __init__(self, bridges: Mapping[str, BridgeEntry], host: ChannelHost) -> None:
        self._bridges, self._host = bridges, host
        self._open: dict[str, object] = {}

    def use(self, bridges: Mapping[str, BridgeEntry]) -> None:
        """Write by these from now on; what runs as it did stays open."""
        same = {n for n, entry in bridges.items() if entry.runs_as(self._bridges.get(n))}
        self._open = {name: bridge for name, bridge in self._open.items() if name in same}
        self._bridges = bridges

    def entry(self, name: str) -> BridgeEntry | None:
        """What the bridges file says of it."""
        return self._bridges.get(name)

    def opened(self, name: str) -> WritesBack | Rejected | BadCredentials:
        """The bridge; or the outcome of every send by it as things are."""
        try:
            bridge = self._bridge(name)
        except RelayError:
            return SECRET_MISSING
        except Exception as error:  # noqa: BLE001 - a third party's constructor must not touch the others
            log.warning("bridge_not_opened", bridge=name, error=type(error).__name__)
            return Rejected("plugin_error")
        if isinstance(bridge, WritesBack):
            return bridge
        log.info("cannot_write_back", bridge=name)
        return CANNOT_WRITE_BACK

    async def write(self, bridge: WritesBack, address: str, text: str, *, key: str) -> Outcome:
        """Write once."""
        try:
            return await bridge.write_back(address, text, self._host, key=key)
        except RelayError:
            return SECRET_MISSING

    def _bridge(self, name: str) -> object:
        entry = self._bridges.get(name)
        if entry is not None and name not in self._open:
            self._open[name] = entry.open(self._host.secrets)
        return self._open.get(name)
