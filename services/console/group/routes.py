"""Where these pages are."""

from typing import Final

from aiohttp import web

from services.console.group import area, channels, drawing, exercises, overview, policy, testing, wording

_G: Final = "/groups/{group:[a-z0-9][a-z0-9-]*}"
_W: Final = _G + "/words/{kind:[A-Z_]+}/{size:[a-z]+}/{language:[a-z]+}"
_C: Final = _G + "/channels/{channel:[a-z0-9][a-z0-9-]*}"

ROUTES: Final = (
    web.get("/groups", overview.get_groups),
    web.get("/groups/new", overview.get_new),
    web.post("/groups/new", overview.post_new),
    web.get(_G, overview.get_group),
    web.get(_G + "/name", overview.get_name),
    web.post(_G + "/name", overview.post_name),
    web.get(_G + "/area", area.get_area),
    web.get(_G + "/area/draw", drawing.get_draw),
    web.post(_G + "/area/draw", drawing.post_draw),
    web.post(_G + "/area/file", area.post_file),
    web.post(_G + "/area/swap", area.post_swap),
    web.post(_G + "/area/districts", area.post_districts),
    web.post(_G + "/area/borough", area.post_borough),
    web.post(_G + "/area/clear", area.post_clear),
    web.post(_G + "/area/save", area.post_save),
    web.get(_G + "/channels", channels.get_channels),
    web.get(_G + "/add-channel", channels.get_new),
    web.post(_G + "/add-channel", channels.post_new),
    web.get(_C, channels.get_channel),
    web.post(_C, channels.post_channel),
    web.post(_C + "/remove", channels.post_remove),
    web.post(_C + "/test", channels.post_test),
    web.get(_G + "/drills", exercises.get_drills),
    web.post(_G + "/drills", exercises.post_channels),
    web.post(_G + "/drills/begin", exercises.post_begin),
    web.get(_G + "/drills/end", exercises.get_end),
    web.post(_G + "/drills/end", exercises.post_end),
    web.get(_G + "/policy", policy.get_policy),
    web.post(_G + "/policy", policy.post_policy),
    web.get(_G + "/words", wording.get_list),
    web.get(_G + "/words/write", wording.get_write),
    web.get(_W, wording.get_words),
    web.post(_W, wording.post_words),
    web.post(_W + "/review", wording.post_review),
    web.post(_W + "/withdraw", wording.post_withdraw),
    web.get("/v1/groups/{group}/channels/{channel}/test", testing.get_test),
    web.post("/v1/groups/{group}/channels/{channel}/test", testing.post_test),
)
