"""The desk page: what a group's people see of their incidents, and what they do about them, on a phone first.

Everything works as pages and forms; the script only keeps open pages live and counts a claim down.
"""

from typing import Final

from aiohttp import web

from services.console.web.desk import acting, duty, held, ledger, live, maps, muting, outside, pages, posts

_CODE: Final = "/desk/{code:[A-Z0-9]{3,6}}"
_POST: Final = _CODE + "/posts/{post:[A-Za-z0-9_-]{1,64}}"
_LINK: Final = "/post/{code:[A-Z0-9]{3,6}}/{post:[A-Za-z0-9_-]{1,64}}/{key:[0-9a-f]{32}}"
_OWN: Final = _LINK + "/{tag:V[A-Z2-9]{4}}"
_REPORT: Final = "/desk/held/{report:[A-Za-z0-9_-]{1,64}}"

ROUTES: Final = (
    web.get("/desk", pages.get_list),
    web.get("/desk/live", live.get_live),
    web.get("/desk/held", held.get_all_held),
    web.get(_REPORT, held.get_held_report),
    web.post(_REPORT + "/release", held.post_release),
    web.post(_REPORT + "/mute", held.post_mute),
    web.post("/desk/unmute", held.post_unmute),
    web.post("/desk/flood", held.post_flood),
    web.get(r"/map/{z:\d{1,2}}/{x:\d{1,7}}/{y:\d{1,7}}", maps.get_tile),
    web.get("/desk/duty", duty.get_duty),
    web.post("/desk/duty/{act:[a-z_]{3,20}}", duty.post_duty),
    web.get(_POST, posts.get_post),
    web.post(_POST + "/{step:[a-z_]{3,20}}", posts.post_step),
    web.get(_LINK, outside.get_post),
    web.post(_LINK + "/join", outside.post_join),
    web.get(_OWN, outside.get_own),
    web.post(_OWN + "/{act:leave|check_in}", outside.post_own),
    web.get(_CODE, pages.get_incident),
    web.get(_CODE + "/reports", pages.get_reports),
    web.get(_CODE + "/why/{report:[A-Za-z0-9_-]{1,64}}", pages.get_why),
    web.get(_CODE + "/ledger", ledger.get_ledger),
    web.get(_CODE + "/ledger/{alert:[A-Za-z0-9_-]{1,64}}", ledger.get_each),
    web.get(_CODE + "/mute/{report:[A-Za-z0-9_-]{1,64}}", muting.get_mute),
    web.post(_CODE + "/mute/{report:[A-Za-z0-9_-]{1,64}}", muting.post_mute),
    web.get(_CODE + "/{act:[a-z_]{3,20}}", acting.get_act),
    web.post(_CODE + "/{act:[a-z_]{3,20}}", acting.post_act),
)
"""Codes are written large, so that no code can be taken for one of the words."""
