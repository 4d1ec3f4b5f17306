"""RedisState: documents, indexes and progress in Redis, changed by one script a commit.

Guarantees: the script, which Redis runs as one transaction and in one round trip, first compares
the progress with the one that the commit started from, so two projectors, a FLUSHALL and a
restarted server can never mix two states; whatever Redis or its absence raises leaves here as
`StateUnavailableError`. Redis holds this in memory only (no persistence).
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.errors import StaleProjectionError
from shared.ports import Changes, Progress
from shared.state.asking import awaited, our_errors
from shared.state.ephemeral import RedisEphemeral

_PREFIX: Final = "relay:"
_PROGRESS: Final = _PREFIX + "progress"
_NEWS: Final = _PREFIX + "news"
_DOC: Final = _PREFIX + "doc:"
_INDEX: Final = _PREFIX + "index:"
_TIMEOUT_S: Final = 5.0
_CONNECTIONS: Final = 32
_RETRY_S: Final = 0.2
_SLICE: Final = 500
_SHAPE: Final = {"epoch", "positions", "ready", "public"}

_COMMIT: Final = """
local now = redis.call('GET', KEYS[1])
if (now or '') ~= ARGV[1] then return 0 end
local at = 3
local function next_one() local value = ARGV[at]; at = at + 1; return value end
local dropped = {}
for _ = 1, tonumber(next_one()) do redis.call('ZREM', next_one(), next_one()) end
for _ = 1, tonumber(next_one()) do
  local index, prefix = next_one(), next_one()
  for _, name in ipairs(redis.call('ZRANGE', index, 0, -1)) do dropped[#dropped + 1] = prefix .. name end
  dropped[#dropped + 1] = index
end
for _ = 1, tonumber(next_one()) do redis.call('SET', next_one(), next_one()) end
for _ = 1, tonumber(next_one()) do redis.call('SET', next_one(), next_one(), 'EX', next_one()) end
for _ = 1, tonumber(next_one()) do redis.call('ZADD', next_one(), next_one(), next_one()) end
for _ = 1, tonumber(next_one()) do redis.call('UNLINK', next_one()) end
for _, key in ipairs(dropped) do redis.call('UNLINK', key) end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[2], '1')
return 1
"""
"""Before and after; then lists, each behind its length: names taken out of an index, drops, puts, puts with a
life, scores, deletes. What a dropped index names is read once those that left it are out."""


@asynccontextmanager
async def open_state(url: str) -> AsyncIterator["RedisState"]:
    """The read model at a `redis://`, `rediss://` or `unix://` address; it connects when first used."""
    # One fresh connection after a restart; more trying is the caller's choice. A subscription is
    # never renewed silently, because what was announced meanwhile would be missed.
    client, ears = _client(url, retries=1), _client(url, retries=0)
    try:
        yield RedisState(client, ears)
    finally:
        await client.aclose()
        await ears.aclose()


def _client(url: str, *, retries: int) -> "redis.Redis":
    # Whoever finds all connections in use waits for one: a crowd of pages is no reason to refuse.
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=_TIMEOUT_S,
        decode_responses=True,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), retries),
        health_check_interval=0,
    )
    return redis.Redis.from_pool(pool)


class RedisState:
    """See `shared.ports.ReadModel`."""

    def __init__(self, client: "redis.Redis", ears: "redis.Redis") -> None:
        self._redis, self._ears = client, ears
        self._script = client.register_script(_COMMIT)
        self.ephemeral = RedisEphemeral(client)
        """What lives beside the read model in the same Redis."""

    async def get(self, *keys: str) -> list[str | None]:
        """The documents under these keys, in their order."""
        if not keys:
            return []
        with our_errors():
            return await awaited(self._redis.mget([_DOC + key for key in keys]))  # type: ignore[no-any-return]

    async def names(self, index: str, *, limit: int | None = None) -> list[str]:
        """The names in an index, highest score first."""
        if limit == 0:
            return []
        with our_errors():
            last = -1 if limit is None else limit - 1
            return list(await awaited(self._redis.zrevrange(_INDEX + index, 0, last)))

    async def progress(self) -> Progress | None:
        """How far it has come; None: it is empty."""
        with our_errors():
            return _progress(await awaited(self._redis.get(_PROGRESS)))

    async def commit(self, changes: Changes, *, before: Progress | None, after: Progress) -> None:
        """Make the changes if progress still is `before`; see `shared.ports.ReadModel.commit`."""
        known = "" if before is None else _text(before)
        with our_errors():
            done = await self._script(keys=(_PROGRESS, _NEWS), args=[known, _text(after), *_lists(changes)])
        if not done:
            raise StaleProjectionError

    async def clear(self) -> None:
        """Forget everything of ours; what else lives in this Redis stays."""
        with our_errors():
            await self._redis.delete(_PROGRESS)
            async for keys in self._slices():
                await self._redis.unlink(*keys)

    async def _slices(self) -> AsyncIterator[list[str]]:
        keys: list[str] = []
        async for key in self._redis.scan_iter(match=_PREFIX + "*", count=_SLICE):
            keys.append(key)
            if len(keys) == _SLICE:
                yield keys
                keys = []
        if keys:
            yield keys

    def watch(self) -> AsyncGenerator[None, None]:
        """Yields at the start and after every commit; see `shared.ports.ReadModel.watch`."""
        return self._news()

    async def _news(self) -> AsyncGenerator[None, None]:
        while True:
            pubsub = self._ears.pubsub(ignore_subscribe_messages=True)
            try:
                await pubsub.subscribe(_NEWS)
                yield None
                while True:
                    if await pubsub.get_message(timeout=_TIMEOUT_S):
                        yield None
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(_RETRY_S)
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]


def _lists(changes: Changes) -> list[str | int | float]:
    """The script's lists, each behind its length."""
    puts, scores = changes.puts.items(), changes.scores.items()
    lists: tuple[list[tuple[str | int | float, ...]], ...] = (
        [(_INDEX + i, name) for i, names in scores for name, s in names.items() if s is None],
        [(_INDEX + index, _DOC + prefix) for index, prefix in changes.drops.items()],
        [(_DOC + key, put.text) for key, put in puts if put.life_s is None],
        [(_DOC + key, put.text, put.life_s) for key, put in puts if put.life_s is not None],
        [(_INDEX + i, s, name) for i, names in scores for name, s in names.items() if s is not None],
        [(_DOC + key,) for key in changes.deletes],
    )
    return [part for rows in lists for part in (len(rows), *itertools.chain.from_iterable(rows))]


def _text(progress: Progress) -> str:
    """Always the same for the same progress: the script compares it."""
    positions = dict(progress.positions)
    shape = {"epoch": progress.epoch, "positions": positions, "ready": progress.ready}
    return json.dumps({**shape, "public": progress.public}, sort_keys=True)


def _progress(text: str | None) -> Progress | None:
    """What is written there; None also for what another version of this code wrote: it wants rebuilding."""
    if text is None:
        return None
    data = json.loads(text)
    if data.keys() != _SHAPE:
        return None
    return Progress(data["epoch"], data["positions"], data["ready"], data["public"])
