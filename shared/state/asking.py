"""What every question to Redis has in common: its answer's type, and our word for its absence."""

import contextlib
from collections.abc import Awaitable, Iterator
from typing import Any

from redis.exceptions import RedisError

from shared.errors import StateUnavailableError


async def awaited(answer: "Awaitable[Any] | Any") -> Any:
    """The answer as what it is: redis-py's types say bytes even where responses are decoded."""
    return await answer


@contextlib.contextmanager
def our_errors() -> Iterator[None]:
    """Whatever Redis or its absence raises leaves as `StateUnavailableError`."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        # The message of a Redis error may hold a key or an address; its type says enough.
        raise StateUnavailableError(
            f"Redis does not answer ({type(error).__name__}); what can be shown is away until it does."
        ) from None
