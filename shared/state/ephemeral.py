"""RedisEphemeral: short-lived values in Redis, under a prefix that no rebuild of the read model touches."""

from typing import Final

import redis.asyncio as redis

from shared.state.asking import awaited, our_errors

_PREFIX: Final = "relay-brief:"
_COUNT: Final = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n
"""
"""In one step: a counter whose end was never set would count for ever."""


class RedisEphemeral:
    """See `shared.ports.Ephemeral`."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        self._count = client.register_script(_COUNT)

    async def put(self, key: str, text: str, *, life_s: int) -> None:
        """Keep the text under the key for so many seconds."""
        with our_errors():
            await awaited(self._redis.set(_PREFIX + key, text, ex=life_s))

    async def get(self, *keys: str) -> list[str | None]:
        """The texts under these keys, in their order."""
        if not keys:
            return []
        with our_errors():
            return await awaited(self._redis.mget([_PREFIX + key for key in keys]))  # type: ignore[no-any-return]

    async def take(self, key: str) -> str | None:
        """The text under the key, which is gone with it."""
        with our_errors():
            return await awaited(self._redis.getdel(_PREFIX + key))  # type: ignore[no-any-return]

    async def delete(self, *keys: str) -> None:
        """Forget these keys."""
        if keys:
            with our_errors():
                await awaited(self._redis.unlink(*(_PREFIX + key for key in keys)))

    async def count(self, key: str, *, life_s: int) -> int:
        """How often this was called for the key since its first time within `life_s`."""
        with our_errors():
            return int(await self._count(keys=(_PREFIX + key,), args=[life_s]))
