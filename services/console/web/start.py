"""`/start`: what a new group needs, step by step to its first drill, and whom to ask."""

from aiohttp import web

from services.console.door import CONSOLE
from services.console.web.rendering import page


async def get_start_page(request: web.Request) -> web.Response:
    """The steps, in the order in which a group takes them."""
    settings = request.app[CONSOLE].settings
    contact = settings.console_contact
    return page(
        request,
        "start.html",
        contact=contact,
        contact_url=contact if contact.startswith("https://") else f"mailto:{contact}",
        docs_url=str(settings.console_docs_url or ""),
        steps=("people", "area", "channels", "hub", "learn", "drill"),
    )
