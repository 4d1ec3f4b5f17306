"""How many subscribers there are is said when it changes, once a day at least, and when the log is back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.notifier.decide.book import Book
from services.notifier.subscribers.counting import Counting
from services.notifier.subscribers.ways import Ways
from shared.contracts.base import GroupId
from shared.contracts.catalog import decode
from shared.contracts.ledger import FollowersCounted
from shared.contracts.subscribers import Choice, Follow, Subscriber, SubscriberKept, SubscriberLeft
from shared.errors import BusUnavailableError
from shared.testing.bus import MemoryBus

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HACKNEY = GroupId("hackney")


class Known:
    """Ways of which one is paid and the other is gone."""

    def spec(self, way: str) -> object | None:
        return object() if way == "join" else None

    def kind(self, _way: str) -> str:
        return "twilio-sms"

    def max_chars(self, _way: str) -> int:
        return 306

    def is_sms(self, _way: str) -> bool:
        return True

    def pence_a_segment(self, _way: str) -> float:
        return 4.2


class Scene:
    """A book, and a clock that goes on while the counting sleeps."""

    def __init__(self, bus: MemoryBus) -> None:
        self.bus, self.book, self.at = bus, Book(), NOON
        self._seq = 0

    def now(self) -> datetime:
        return self.at

    def joins(self, number: int, *choices: Choice, way: str = "join") -> None:
        self._seq += 1
        follows = tuple(Follow(group=HACKNEY, choice=choice) for choice in choices)
        details = Subscriber(number=number, way=way, address=f"+44770090012{number}", follows=follows)
        record = SubscriberKept(id=f"k{self._seq}", at=NOON, subscriber=f"s{number}", details=details)
        self.book.keep(self._seq, record)

    def leaves(self, number: int) -> None:
        self._seq += 1
        left = SubscriberLeft(id=f"l{self._seq}", at=NOON, subscriber=f"s{number}", why="asked")
        self.book.leave(self._seq, left)

    async def rounds(self, *between: Any) -> list[list[tuple[str, int]]]:
        """What was said, round by round; what happens between them."""
        waiting = list(between)

        async def sleep(_seconds: float) -> None:
            if not waiting:
                raise asyncio.CancelledError
            self.at += timedelta(minutes=1)
            waiting.pop(0)()

        counting = Counting(self.bus, self.book, cast("Ways", Known()), self, sleep)
        with pytest.raises(asyncio.CancelledError):
            await counting.run(lambda: [HACKNEY])
        entries = [await self.bus.get("LEDGER", n + 1) for n in range(await self.bus.last_seq("LEDGER"))]
        said = [decode(entry) for entry in entries if entry]
        return [[(f.channel, f.people) for f in s.following] for s in said if isinstance(s, FollowersCounted)]


@pytest.fixture
def scene(memory_bus: MemoryBus) -> Scene:
    return Scene(memory_bus)


async def test_it_is_said_by_way_language_and_choice(scene: Scene) -> None:
    scene.joins(1, "witness")
    scene.joins(2, "information")
    scene.joins(3, "information", "witness")  # two areas of one group, told once, as who can come
    scene.joins(4, way="join")  # has not confirmed
    scene.joins(5, "witness", way="gone")
    assert await scene.rounds() == [[("sub_join_en_i", 1), ("sub_join_en_w", 2)]]


async def test_it_is_said_again_when_it_changes_and_not_before(scene: Scene) -> None:
    said = await scene.rounds(
        lambda: None, lambda: scene.joins(1, "witness"), lambda: None, lambda: scene.leaves(1)
    )
    assert said == [[], [("sub_join_en_w", 1)], []]


async def test_it_is_said_once_a_day_so_that_the_ledger_never_forgets_it(scene: Scene) -> None:
    def a_day() -> None:
        scene.at += timedelta(days=1)

    assert await scene.rounds(a_day, lambda: None) == [[], []]


async def test_what_the_log_did_not_take_is_said_in_the_next_round(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = scene.bus.publish

    async def away(_message: Any) -> Any:
        raise BusUnavailableError

    monkeypatch.setattr(scene.bus, "publish", away)
    scene.joins(1, "witness")
    said = await scene.rounds(lambda: monkeypatch.setattr(scene.bus, "publish", take))
    assert said == [[("sub_join_en_w", 1)]]
