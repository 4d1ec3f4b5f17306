"""What groups are called: people know them by their names, and not by the ids in addresses."""

from collections.abc import Mapping

from aiohttp import web

from services.console.account.pages import WORDS
from services.console.door import CONSOLE
from shared.contracts.base import HUB


async def called(request: web.Request) -> Mapping[str, str]:
    """Every group's name by its id, and the hub's own in the reader's language."""
    known = await request.app[CONSOLE].store.listed("groups", "group")
    hub = WORDS.say(WORDS.language_of(request), "the_hub")
    return {**{g["id"]: g["definition"]["name"] for g in known}, HUB: hub}
