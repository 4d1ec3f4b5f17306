"""Whoever may see which bridge stands how: a key of the front door with the right `health`, for tests."""

import hashlib
from typing import Any, Final

from services.ingest.keys import ClientKey, ClientKeys

_SECRET: Final = "health-key-of-the-tests"
_SHA: Final = hashlib.sha256(_SECRET.encode()).hexdigest()
KEYS: Final = ClientKeys([ClientKey(name="operator", sha256=_SHA, rights=frozenset({"health"}))])
HEADERS: Final = {"Authorization": f"Bearer {_SECRET}"}


async def bridges_health(client: Any) -> dict[str, Any]:
    """`/health/bridges` of a front door that knows the key."""
    async with client.get("/health/bridges", headers=HEADERS) as response:
        found: dict[str, Any] = await response.json()
        return found
