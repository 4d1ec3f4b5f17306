"""The tiles of the map that the hub holds itself, for whoever is signed in: it serves nobody else."""

from aiohttp import web

from services.console.door import CONSOLE, actor_of
from shared.http import Problem


async def get_tile(request: web.Request) -> web.StreamResponse:
    """One tile's picture. It may not be kept: a phone's cache would tell where somebody looked."""
    console = request.app[CONSOLE]
    await actor_of(request)
    z, x, y = (int(request.match_info[name]) for name in ("z", "x", "y"))
    found = console.tiles.get(z, x, y) if console.tiles else None
    if console.tiles is None or found is None:
        raise Problem(404, "no_tile", "The hub holds no map of that.")
    return web.Response(body=found, content_type=console.tiles.content_type)
