"""One subscription for all who wait: each change is heard once, and at the end nobody is left waiting."""

import asyncio

from services.console.news import News
from shared.testing.state import MemoryState


async def test_at_the_end_whoever_waits_is_let_go() -> None:
    news, stop = News(MemoryState()), asyncio.Event()
    working = asyncio.create_task(news.work(stop))
    heard = news.next()
    stop.set()
    await working
    assert heard.is_set()
    assert not news.next().is_set(), "whoever asks later does not go round without end"
