"""RedisState: documents, indexes and progress in Redis, changed by one transaction a commit.

Guarantees: a commit is compared with the progress it started from (WATCH), so two projectors,
a FLUSHALL and a restarted server can never mix two states; whatever Redis or its absence raises
leaves here as `StateUnavailableError`. Redis holds this in memory only (no persistence).
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import redis.asyncio as redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, WatchError

from shared.errors import StaleProjectionError, StateUnavailableError
from shared.ports import Changes, Progress

_PREFIX: Final = "relay:"
_PROGRESS: Final = _PREFIX + "progress"
_NEWS: Final = _PREFIX + "news"
_DOC: Final = _PREFIX + "doc:"
_INDEX: Final = _PREFIX + "index:"
_TIMEOUT_S: Final = 5.0
_RETRY_S: Final = 0.2
_SLICE: Final = 500


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
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), retries),
        health_check_interval=0,
    )


class RedisState:
    """See `shared.ports.ReadModel`."""

    def __init__(self, client: "redis.Redis", ears: "redis.Redis") -> None:
        self._redis, self._ears = client, ears

    async def get(self, *keys: str) -> list[str | None]:
        """The documents under these keys, in their order."""
        if not keys:
            return []
        with _our_errors():
            return await _awaited(self._redis.mget([_DOC + key for key in keys]))  # type: ignore[no-any-return]

    async def names(self, index: str, *, limit: int | None = None) -> list[str]:
        """The names in an index, highest score first."""
        if limit == 0:
            return []
        with _our_errors():
            last = -1 if limit is None else limit - 1
            return list(await _awaited(self._redis.zrevrange(_INDEX + index, 0, last)))

    async def progress(self) -> Progress | None:
        """How far it has come; None: it is empty."""
        with _our_errors():
            return _progress(await _awaited(self._redis.get(_PROGRESS)))

    async def commit(self, changes: Changes, *, before: Progress | None, after: Progress) -> None:
        """Make the changes if progress still is `before`; see `shared.ports.ReadModel.commit`."""
        with _our_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                await pipe.watch(_PROGRESS)
                if _progress(await _awaited(pipe.get(_PROGRESS))) != before:
                    raise StaleProjectionError
                dropped = [
                    _DOC + prefix + name
                    for index, prefix in changes.drops.items()
                    for name in await _awaited(pipe.zrange(_INDEX + index, 0, -1))
                ]
                pipe.multi()  # type: ignore[no-untyped-call]
                _queue(pipe, changes, dropped)
                pipe.set(_PROGRESS, _text(after))
                pipe.publish(_NEWS, "1")
                try:
                    await pipe.execute()
                except WatchError:
                    raise StaleProjectionError from None

    async def clear(self) -> None:
        """Forget everything of ours; what else lives in this Redis stays."""
        with _our_errors():
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


def _queue(pipe: "Pipeline", changes: Changes, dropped: list[str]) -> None:
    for key, put in changes.puts.items():
        pipe.set(_DOC + key, put.text, ex=put.life_s)
    for index, scores in changes.scores.items():
        kept = {name: score for name, score in scores.items() if score is not None}
        gone = [name for name, score in scores.items() if score is None]
        if kept:
            pipe.zadd(_INDEX + index, kept)
        if gone:
            pipe.zrem(_INDEX + index, *gone)
    doomed = [_DOC + key for key in changes.deletes] + dropped + [_INDEX + i for i in changes.drops]
    for start in range(0, len(doomed), _SLICE):
        pipe.unlink(*doomed[start : start + _SLICE])


def _text(progress: Progress) -> str:
    return json.dumps(
        {"epoch": progress.epoch, "positions": dict(progress.positions), "ready": progress.ready}
    )


def _progress(text: str | None) -> Progress | None:
    if text is None:
        return None
    data = json.loads(text)
    return Progress(data["epoch"], data["positions"], data["ready"])


async def _awaited(answer: "Awaitable[Any] | Any") -> Any:
    """The answer as what it is: redis-py's types say bytes even where responses are decoded."""
    return await answer


@contextlib.contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        # The message of a Redis error may hold a key or an address; its type says enough.
        raise StateUnavailableError(
            f"Redis does not answer ({type(error).__name__}); what can be shown is away until it does."
        ) from None
