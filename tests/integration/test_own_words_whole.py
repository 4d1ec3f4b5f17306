"""A group's own words as a whole, in one process: written and signed on the page, decided by the router, and
at the sink after that and not before; over a restart in between, and to their end.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notifier.directory import Directory
from services.notifier.engine import Engine
from services.notifier.worker import Notifier
from shared.contracts.base import Position
from shared.contracts.groups import ChannelDefinition
from shared.plugins.channel_testing import KnownSecrets
from shared.plugins.spec import ChannelHost, Delivered, Outcome, RenderedMessage
from shared.sealing import Keyring, MasterKey
from shared.words.own import starters
from tests.integration.notifier_rig import channel_kind
from tests.rigs.console import until
from tests.rigs.desk import DeskRig, desk_rig
from tests.rigs.group_admin import Person

PLACES = [(51.5467, -0.0753), (51.5545, -0.0545), (51.5400, -0.0560), (51.5360, -0.0700), (51.5475, -0.0625)]
# Of a kind that the desk knows, so that it previews their length; the notifier's is the test's own.
CHANNELS = [
    ChannelDefinition(id="en", kind="kannel", audience="community", settings={"to": 1}),
    ChannelDefinition(id="tr", kind="kannel", audience="community", language="tr", settings={"to": 1}),
]
MINE = starters()["CONFIRMED"].replace("immigration officers,", "say our people,")
OURS = starters()["CONFIRMED"].replace("immigration officers,", "komşular diyor,")


class Hub:
    """A desk, notifiers as they are started, and what arrived."""

    def __init__(self, desk: DeskRig) -> None:
        self.desk, self.rig = desk, desk.rig
        self.got: list[RenderedMessage] = []
        self._places = iter(PLACES)
        self._kind = channel_kind("told", self._take)
        self.people: dict[str, Person] = {}

    async def _take(self, _address: str, message: RenderedMessage) -> Outcome:
        self.got.append(message)
        return Delivered()

    async def begin(self) -> None:
        """An admin writes, a dispatcher reviews."""
        await self.desk.group("hackney", channels=CHANNELS)
        for name, role in (("Ada", "admin"), ("Ben", "dispatcher")):
            await self.desk.member(name, hackney=role)  # type: ignore[arg-type]
            self.people[name] = Person(self.rig, await self.rig.signed_in(name))

    @asynccontextmanager
    async def notifier(self) -> AsyncIterator[None]:
        """One, while this lasts; it has read nothing before."""
        keyring = Keyring(MasterKey(bytes(32)), self.rig.bus, self.rig.clock, source="notifier")
        host = ChannelHost(http=None, secrets=KnownSecrets({}))  # type: ignore[arg-type]
        directory = Directory({"kannel": self._kind}, host)
        notifier = Notifier(
            self.rig.bus, keyring, self.rig.clock, directory, Engine(public_url="https://ar.example")
        )
        stop = asyncio.Event()
        running = asyncio.create_task(notifier.run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)

    async def confirmed(self, *, drill: bool = False) -> str:
        """One more incident, confirmed; its code."""
        lat, lon = next(self._places)
        at = Position(lat=lat, lon=lon, accuracy_m=15)
        known = {i["code"] for i in await self.desk.incidents("Ada")}
        send = self.desk.drill if drill else self.desk.report
        await send("Immigration raid here, two vans", at=at, first_hand=True)
        (code,) = {i["code"] for i in await self.desk.incidents("Ada")} - known
        await self.desk.act("confirm", "Ada", incident=code, text="Two vans.", ask="WITNESSES")
        return str(code)

    async def told(self, code: str) -> dict[str, str]:
        """What the community got of it, by language, once both channels have."""

        async def arrived() -> bool:
            return len(self._of(code)) == len(CHANNELS)

        await until(arrived, within_s=30)
        return {m.language: m.text for m in self._of(code)}

    def _of(self, code: str) -> list[RenderedMessage]:
        return [m for m in self.got if m.code == code and m.kind == "CONFIRMED"]

    async def propose(self, text: str = MINE, language: str = "en") -> None:
        """Ada does."""
        ada, path = self.people["Ada"], f"/groups/hackney/words/CONFIRMED/short/{language}"
        await ada.get(path)
        newest = re.findall(r'name="newest" value="(\d+)"', ada.text)[0]
        assert await ada.send(path, text=text, newest=newest, propose="1") == 200

    async def review(self, language: str = "en", **more: Any) -> None:
        """Ben does."""
        ben, path = self.people["Ben"], f"/groups/hackney/words/CONFIRMED/short/{language}"
        await ben.get(path)
        version = re.findall(r'/review">.*?name="looked_at" value="(\d+)"', ben.text, re.DOTALL)[0]
        ends = self.rig.clock.now().date() + timedelta(days=90)
        signed = {"signed_by": "Ben", "signed_as": "native_reader", "expires_on": ends.isoformat(), **more}
        assert await ben.send(f"{path}/review", looked_at=version, **signed) == 200


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with desk_rig(tmp_path, console_public_url="https://ar.example") as desk:
        found = Hub(desk)
        await found.begin()
        yield found


async def test_own_words_arrive_after_their_review_and_not_before(hub: Hub) -> None:
    async with hub.notifier():
        before = await hub.told(await hub.confirmed())
        await hub.propose()
        waiting = await hub.told(await hub.confirmed())
        await hub.review()
        after = await hub.told(await hub.confirmed())
    assert all("say our people" not in text for text in (*before.values(), *waiting.values()))
    assert "say our people" in after["en"]
    assert after["en"].startswith("CONFIRMED 14/5 19:00 Hackney Watch")


async def test_a_language_has_its_own_once_a_reader_signed_them_and_english_with_the_link_before(
    hub: Hub,
) -> None:
    async with hub.notifier():
        code = await hub.confirmed()
        before = await hub.told(code)
        await hub.propose(OURS, "tr")
        await hub.review("tr")
        after = await hub.told(await hub.confirmed())
    assert list(before) == ["en"], "both channels, in English"
    assert f"https://ar.example/i/{code}" in before["en"]
    assert "komsular diyor" in after["tr"]
    assert "Gözlemle, engelleme." in after["tr"]
    assert "komsular" not in after["en"]


async def test_a_crash_between_two_steps_loses_nothing(hub: Hub) -> None:
    async with hub.notifier():
        await hub.propose()
    async with hub.notifier():
        await hub.review()
        first = await hub.told(await hub.confirmed())
    async with hub.notifier():
        second = await hub.told(await hub.confirmed())
    assert "say our people" in first["en"]
    assert "say our people" in second["en"]


async def test_an_alert_keeps_the_words_of_its_moment(hub: Hub) -> None:
    """Raised before the review and sent after it, by a notifier that knows of both."""
    await hub.propose()
    code = await hub.confirmed()
    await hub.review()
    async with hub.notifier():
        late = await hub.told(code)
        fresh = await hub.told(await hub.confirmed())
    assert "say our people" not in late["en"]
    assert "say our people" in fresh["en"]


async def test_the_relays_words_go_out_again_after_the_end_and_after_withdrawing(hub: Hub) -> None:
    await hub.propose()
    tomorrow = (hub.rig.clock.now().date() + timedelta(days=1)).isoformat()
    await hub.review(expires_on=tomorrow)
    async with hub.notifier():
        assert "say our people" in (await hub.told(await hub.confirmed()))["en"]
        hub.rig.clock.forward(hours=24)
        assert "say our people" not in (await hub.told(await hub.confirmed()))["en"]
    hub.people["Ada"].headers = await hub.rig.signed_in("Ada")
    hub.people["Ben"].headers = await hub.rig.signed_in("Ben")
    await hub.propose(MINE + "\n9 More.")
    await hub.review()
    ben, path = hub.people["Ben"], "/groups/hackney/words/CONFIRMED/short/en"
    await ben.get(path)
    version = re.findall(r'name="looked_at" value="(\d+)"', ben.text)[0]
    assert await ben.send(f"{path}/withdraw", looked_at=version) == 200
    async with hub.notifier():
        assert "say our people" not in (await hub.told(await hub.confirmed()))["en"]


async def test_what_is_previewed_is_what_arrives(hub: Hub) -> None:
    await hub.propose()
    await hub.review()
    async with hub.notifier():
        lat, lon = PLACES[-1]
        await hub.desk.report(
            "Immigration raid here, two vans", at=Position(lat=lat, lon=lon, accuracy_m=15), first_hand=True
        )
        (incident,) = await hub.desk.incidents("Ada")
        asked = {"incident": incident["code"], "text": "Two vans.", "ask": "ENOUGH"}
        token = hub.desk.tokens["Ada"]
        _, shown = await hub.rig.ask("POST", "/v1/desk/confirm/preview", token, json=asked)
        await hub.desk.act("confirm", "Ada", **asked)
        told = await hub.told(incident["code"])
    (text,) = {s["text"] for s in shown["sends"] if s["channel"] == "en"}
    place = re.compile(r"say our people, .*?\. Two vans")
    assert place.sub("", text) == place.sub("", told["en"]), "but for the place, which the router blurs"
    assert "say our people" in text
