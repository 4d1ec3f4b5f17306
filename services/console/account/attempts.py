"""How often anybody may try: counted for each address and for each name that is tried, known or not.

Guarantees: whoever guesses gets nowhere, and learns not even whether a name exists, because a name
that nobody has is counted too. Whoever tries another's name keeps them from their password for minutes at
most, and never from their passkey. Addresses and names are counted under pseudonyms of the day.
"""

from typing import Final

from aiohttp import web

from services.console.door import CONSOLE
from shared.http import Problem, client_address

WITHIN_S: Final = 300
PER_ADDRESS: Final = 100
"""Generous, because a whole group may stand behind one address of a mobile network."""
PER_NAME: Final = 10


async def attempt(request: web.Request, what: str, name: str = "", *, most: int = PER_NAME) -> None:
    """Count one attempt (`most` for each name); raise a 429 problem if there were too many of late."""
    address = client_address(request, request.app[CONSOLE].settings.console_trusted_proxies)
    await _count(request, f"{what}:address", address, PER_ADDRESS)
    if name:
        await _count(request, f"{what}:name", name, most)


async def succeeded(request: web.Request, what: str, name: str) -> None:
    """Who this was is known now: what was mistyped before counts no more."""
    await request.app[CONSOLE].brief.delete(_key(request, f"{what}:name", name))


async def _count(request: web.Request, family: str, name: str, most: int) -> None:
    key = _key(request, family, name)
    if await request.app[CONSOLE].brief.count(key, life_s=WITHIN_S) > most:
        raise Problem(
            429, "too_many_attempts", "That was tried too often; wait five minutes.", retry_after_s=WITHIN_S
        )


def _key(request: web.Request, family: str, name: str) -> str:
    console = request.app[CONSOLE]
    day = console.clock.now().date().isoformat()
    tag = console.keyring.master.tag("attempts", day, family, name).hex()[:32]
    return f"attempts:{family}:{tag}"
