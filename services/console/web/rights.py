"""`/rights`: what the law says where one is, as far as somebody who knows it stands behind it today."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from services.console.decide.rights import Key, RightsPage, choose
from services.console.door import CONSOLE
from services.console.web.markdown import to_html
from services.console.web.rendering import page
from services.console.web.words import language_of
from shared.contracts.situation import JURISDICTIONS, SETTINGS

RIGHTS: Final[web.AppKey[Mapping[Key, RightsPage]]] = web.AppKey("rights", Mapping)


async def get_rights(request: web.Request) -> web.Response:
    """Which pages there are."""
    return page(request, "rights_all.html", jurisdictions=JURISDICTIONS, settings=SETTINGS)


async def get_rights_page(request: web.Request) -> web.Response:
    """One page, in the reader's language where that is reviewed."""
    place = request.match_info
    today = request.app[CONSOLE].clock.now().date()
    shown = choose(
        request.app[RIGHTS], place["jurisdiction"], place["setting"], language_of(request), today=today
    )
    if shown is None:
        raise web.HTTPNotFound(text="There is no such page; choose one from /rights.")
    text = to_html(shown.page.text) if shown.reviewed else None
    return page(request, "rights.html", shown=shown, head=shown.page.head, text=text)
