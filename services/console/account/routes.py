"""Where these pages are."""

from typing import Final

from aiohttp import web

from services.console.account import acts, dead, invite, members, own, sign_in

LETTER: Final = r"{letter:[a-z]+\.[A-Z]+\.[0-9]+}"
"""A dead letter's name in an address."""

ROUTES: Final = (
    web.get("/sign-in", sign_in.get_sign_in),
    web.post("/sign-in", sign_in.post_sign_in),
    web.post("/sign-in/passkey/question", sign_in.post_passkey_question),
    web.post("/sign-in/passkey", sign_in.post_passkey),
    web.post("/sign-out", sign_in.post_sign_out),
    web.get("/invite/{secret:[A-Za-z0-9_-]{1,100}}", invite.get_invite),
    web.get("/invite/{secret:[A-Za-z0-9_-]{1,100}}/password", invite.get_password),
    web.post("/invite/{secret:[A-Za-z0-9_-]{1,100}}/password", invite.post_password),
    web.post("/invite/{secret:[A-Za-z0-9_-]{1,100}}/passkey/question", invite.post_passkey_question),
    web.post("/invite/{secret:[A-Za-z0-9_-]{1,100}}/passkey", invite.post_passkey),
    web.get("/account", own.get_account),
    web.get("/account/password", own.get_password),
    web.post("/account/password", own.post_password),
    web.post("/account/passkey/question", own.post_passkey_question),
    web.post("/account/passkey", own.post_passkey),
    web.post("/account/ways/{way:[A-Za-z0-9_-]{1,64}}", own.post_way),
    web.post("/account/sign-out-everywhere", own.post_sign_out_everywhere),
    web.get("/members", members.get_members),
    web.post("/members/invite", members.post_invite),
    web.post("/members/{member:[A-Za-z0-9_-]{1,64}}/new-link", members.post_new_link),
    web.post("/members/{member:[A-Za-z0-9_-]{1,64}}/revoke", members.post_revoke),
    web.get("/members/roles", members.get_roles),
    web.get("/members/acts", acts.get_acts),
    web.get("/dead", dead.get_dead),
    web.post("/dead/retry", dead.post_retry_all),
    web.get(f"/dead/{LETTER}", dead.get_letter),
    web.post(f"/dead/{LETTER}/retry", dead.post_retry),
    web.post(f"/dead/{LETTER}/discard", dead.post_discard),
)
