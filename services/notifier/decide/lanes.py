"""In which order work is taken: urgent first, groups in turn, nobody more than their room. Pure data.

A lane is one group's work by one account at one urgency. Each may have so much under way (its
kind's width), all together so much, and a quarter of that is kept for urgent work: so a group's
10,000 messages, or a provider that hangs, never delay another's first alert. What waits for an
account that may not be sent by now stays in its lane, in its order, and takes no room.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Account(NamedTuple):
    """Who a provider knows us as: a group's channel, or one of the hub's own ways to people (no group)."""

    group: str
    channel: str
    provider: str = ""
    """Which one, where several stand behind a channel."""


class Lane(NamedTuple):
    """Whose work it is, and through what it goes; `account` None: through nothing that could fail."""

    urgent: bool
    group: str
    kind: str
    account: Account | None = None


def _never(_lane: Lane) -> bool:
    return False


class Lanes(Generic[T]):
    """Waiting work by lane, and how much of each is under way. Sizes are recipients."""

    def __init__(self, *, total: int, widths: Mapping[str, int], usual_width: int) -> None:
        self._total, self._widths, self._usual = total, widths, usual_width
        self._waiting: tuple[OrderedDict[Lane, deque[tuple[int, T]]], ...] = (OrderedDict(), OrderedDict())
        self._under_way: Counter[tuple[str, str, Account | None]] = Counter()
        self._sum = 0

    def __len__(self) -> int:
        return sum(len(queue) for lanes in self._waiting for queue in lanes.values())

    def __iter__(self) -> Iterator[tuple[Lane, T]]:
        for lanes in self._waiting:
            for lane, queue in lanes.items():
                yield from ((lane, item) for _, item in queue)

    @property
    def under_way(self) -> int:
        """Recipients of work taken and not given back."""
        return self._sum

    def put(self, lane: Lane, item: T, *, size: int = 1) -> None:
        """Add work at the end of its lane."""
        self._waiting[not lane.urgent].setdefault(lane, deque()).append((size, item))

    def take(self, shut: Callable[[Lane], bool] = _never) -> tuple[Lane, int, T] | None:
        """The next work that has room and whose lane isn't shut, or None. Give its room back with `done`."""
        for lanes, total in zip(self._waiting, (self._total, self._total * 3 // 4), strict=True):
            for lane, queue in lanes.items():
                size, item = queue[0]
                if self._fits(lane, size, total) and not shut(lane):
                    queue.popleft()
                    lanes.move_to_end(lane)
                    if not queue:
                        del lanes[lane]
                    self._take(lane, size)
                    return lane, size, item
        return None

    def pull(self, which: Callable[[Lane, T], bool]) -> list[T]:
        """Take out what waits and is so. It had no room yet, so there is none to give back."""
        pulled: list[T] = []
        for lanes in self._waiting:
            for lane, queue in list(lanes.items()):
                out = [which(lane, item) for _, item in queue]
                pulled += [item for (_, item), is_so in zip(queue, out, strict=True) if is_so]
                left = deque(entry for entry, is_so in zip(queue, out, strict=True) if not is_so)
                if left:
                    lanes[lane] = left
                else:
                    del lanes[lane]
        return pulled

    def _take(self, lane: Lane, size: int) -> None:
        self._under_way[lane[1:]] += size
        self._sum += size

    def reserve(self, lane: Lane, size: int) -> bool:
        """Take room at once for work that is not put in, if there is room and nothing waits in its lane."""
        total = self._total if lane.urgent else self._total * 3 // 4
        if lane in self._waiting[not lane.urgent] or not self._fits(lane, size, total):
            return False
        self._take(lane, size)
        return True

    def done(self, lane: Lane, size: int) -> None:
        """Give back the room of work that was taken."""
        self._sum -= size
        self._under_way[lane[1:]] -= size
        if not self._under_way[lane[1:]]:
            del self._under_way[lane[1:]]

    def _fits(self, lane: Lane, size: int, total: int) -> bool:
        """Whether there is room; work larger than all room goes when nothing else is under way."""
        own = self._under_way[lane[1:]]
        width = self._widths.get(lane.kind, self._usual)
        return (not own or own + size <= width) and (not self._sum or self._sum + size <= total)
