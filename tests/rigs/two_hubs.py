"""Two whole hubs that are peers, London and Glasgow, with a link between them that a test can break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from alert_relay.peers import Peers
from shared.federation.link import Link
from tests.rigs.system import RelaySystem, square

Manner = Literal["whole", "swallows", "cut"]
"""Answers come back; what is sent arrives and its answer is lost; nothing passes."""


@dataclass
class Wire:
    """A loopback port that leads to a hub's front door, and may break."""

    manner: Manner = "whole"
    swallowed: int = 0
    port: int = 0
    to: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._break()

    def becomes(self, manner: Manner) -> None:
        """From now on, for connections that stand already, too."""
        self.manner = manner
        self._break()

    def _break(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.manner == "cut":
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(
                self._pump(reader, back, answers=False), self._pump(there, writer, answers=True)
            )
        except OSError:
            pass
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        while piece := await source.read(65_536):
            if answers and self.manner == "swallows":
                self.swallowed += 1
                raise ConnectionResetError
            sink.write(piece)
            await sink.drain()
        raise ConnectionResetError


@dataclass
class TwoHubs:
    """Both, running, with a group of each and one that stands for the other."""

    london: RelaySystem
    glasgow: RelaySystem
    to_glasgow: Wire
    to_london: Wire

    async def revoke_london(self) -> None:
        """Glasgow's operator ends the link."""
        Peers(self.glasgow.home.secrets).revoke("london", by="Bob", now=datetime.now(UTC))

    async def refusals_at_glasgow(self) -> dict[str, int]:
        """How often which letter was refused, by its reason."""
        counts: dict[str, int] = (await self.glasgow.bridges_health())["counts"]
        head = "bridge.peer-london.refused."
        return {name.removeprefix(head): n for name, n in counts.items() if name.startswith(head)}


@asynccontextmanager
async def two_hubs(folder: Path) -> AsyncIterator[TwoHubs]:
    """London and Glasgow. A group of London's, Border, shares a part of Glasgow's area."""
    services = ("router", "notifier", "console")
    async with AsyncExitStack() as stack:
        london = RelaySystem(folder / "london", services=services)
        glasgow = RelaySystem(folder / "glasgow", services=services)
        await asyncio.gather(stack.enter_async_context(london), stack.enter_async_context(glasgow))
        wires = [await stack.enter_async_context(Wire()) for _ in range(2)]
        hubs = TwoHubs(london, glasgow, *wires)
        links = _introduced(hubs)
        for hub, link, wire in ((london, links[0], hubs.to_london), (glasgow, links[1], hubs.to_glasgow)):
            with hub.home.bridges_file.open("a") as file:
                file.write(Peers(hub.home.secrets).bridge_entry(link))
            hub.add("ingest")
            wire.to = int(hub.urls["ingest"].rpartition(":")[2])
            await hub.start("ingest")
        await london.define_group({"id": "border", "name": "Border", "area": square(55.84, -4.28, 0.004)})
        await glasgow.define_group(
            {"id": "southside", "name": "Southside", "area": square(55.84, -4.28, 0.4)}
        )
        await _stands_for(london, links[0], square(55.84, -4.28, 0.4))
        await _stands_for(glasgow, links[1], square(51.5, -0.1, 0.3))
        yield hubs


def _introduced(hubs: TwoHubs) -> tuple[Link, Link]:
    """Both operators' two lines."""
    here, there = Peers(hubs.london.home.secrets), Peers(hubs.glasgow.home.secrets)
    now = datetime.now(UTC)
    london, glasgow = (f"http://127.0.0.1:{wire.port}" for wire in (hubs.to_london, hubs.to_glasgow))
    _, line = here.invite("glasgow", us="london", url=london, by="Ada", now=now)
    theirs, back = there.accept(line, url=glasgow, by="Bob", now=now)
    ours, _ = here.accept(back or "", url=None, by="Ada", now=now)
    return ours, theirs


async def _stands_for(hub: RelaySystem, link: Link, area: dict[str, Any]) -> None:
    folder = (hub.home.secrets / link.hub).resolve()
    settings = {"link": f"file:{folder}/peer.json", "key": f"file:{folder}/peer.key"}
    channel = {"id": "peer", "kind": "peer", "audience": "verifiers", "settings": settings}
    definition = {"id": link.hub, "name": link.hub.capitalize(), "area": area, "peer": link.hub}
    body = {"definition": definition, "channels": [channel]}
    answer = await hub.as_member("PUT", f"v1/groups/{link.hub}", json=body)
    if answer.status != 200:
        raise AssertionError(answer.body)
