"""The kit's feed of lines, under the bridge that the tutorial leads to."""

import asyncio
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from alert_relay.conformance import Broken, Lines, ReadingCase
from shared.plugins.conformance import scene
from shared.plugins.conformance.reading import READING
from shared.plugins.testing import ReadingConformance
from tests.rigs.reading import reading
from tests.unit.kit.lines_bridge import Feed

TOKEN = "made-up-token-of-the-feed"


class FeedWithLogin(Lines):
    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        known = await reader.readline() == f"{TOKEN}\n".encode()
        writer.write(b"welcome\n" if known else b"unknown\n")
        return known


def settings(at: Lines) -> Mapping[str, Any]:
    return {"host": at.host, "port": at.port, "token": "env:FEED_TOKEN"}


CASE = ReadingCase(
    bridge=Feed,
    source=FeedWithLogin,
    settings=settings,
    messages={
        "first": b"2026-06-22T14:46:18Z|+447700900123|Two vans in Ashwin Street E8 3DL marker-one",
        "second": b"2026-06-22T14:47:03Z|+447700900124|They ask for papers at the shop marker-two",
    },
    secrets={"env:FEED_TOKEN": TOKEN},
    private=("marker-one", "marker-two", "7700900"),
    tells_again=False,
)


class TestFeed(ReadingConformance):
    case: ClassVar[ReadingCase] = CASE


async def test_a_feed_that_keeps_nothing_cannot_claim_to_tell_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "PATIENCE_S", 0.5)
    (criterion,) = (one for one in READING.criteria if one.name == "what-is-not-stored-is-told-again")
    with pytest.raises(Broken, match="never came again"):
        await criterion.hold(dataclasses.replace(CASE, tells_again=True))


async def test_under_the_real_host_each_line_is_stored_once(tmp_path: Path) -> None:
    source = FeedWithLogin()
    await source.start()
    bridge = CASE.make(source)
    async with reading(tmp_path, bridge, secrets=CASE.secrets) as host:
        for message in (*CASE.messages.values(), *CASE.messages.values()):
            await source.say(message)
        await host.until(lambda: host.accepted == 2)
        assert host.standing["state"] == "CONNECTED"
        await source.break_off()
        await source.say(CASE.messages["first"].replace(b"Two", b"Three"))
        await host.until(lambda: host.accepted == 3)
    await source.stop()
    assert ["Three" in report.content.text for report in await host.reports()] == [False, False, True]
