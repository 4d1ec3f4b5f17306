"""`/v1/desk/card`: what whoever keeps a post is told, in the reviewed words and with their version."""

from aiohttp import web

from services.console.door import actor_of
from shared.words.shift_card import shift_card

_DEFAULT = "en"


async def get_card(request: web.Request) -> web.Response:
    """The shift card: `?language=…`, in English where there is none in that language."""
    await actor_of(request)
    return web.json_response(shift_card(request.query.get("language", _DEFAULT)).model_dump(mode="json"))
