"""A browser without JavaScript, for tests: cookies, forms and links, and an app that makes codes."""

import html
import re
from collections.abc import Mapping
from typing import Any, Final, Self

import aiohttp
import pyotp

from services.console.invitations import Made, make_invite
from shared.contracts.base import HUB, MemberId
from tests.rigs.console import Rig

PASSWORD: Final = "four loose words together"
_ORIGIN: Final = "Sec-Fetch-Site"


class Browser:
    """One person's browser at a console; `text` is the last page."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.status, self.text, self.path = 0, "", ""
        self.headers: Mapping[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def get(self, path: str, **headers: str) -> int:
        """Open a page, as its last redirect leads."""
        async with self.http.get(self.rig.url + path, headers=headers) as response:
            return await self._took(response)

    async def send(self, path: str, site: str = "same-origin", **fields: str) -> int:
        """Send a form of the page that is open, with the hidden fields that it has."""
        data = {**self.hidden(), **fields}
        async with self.http.post(self.rig.url + path, data=data, headers={_ORIGIN: site}) as response:
            return await self._took(response)

    async def post_json(self, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """What the page's script would send."""
        sent = {"X-CSRF": self.hidden().get("csrf", ""), **headers}
        async with self.http.post(self.rig.url + path, json=body, headers=sent) as response:
            return response.status, await response.json(content_type=None)

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page (the csrf token is the same in all its forms)."""
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.text)
        return {name: html.unescape(value) for name, value in found}

    def secret(self) -> str:
        """What the page gives to an app for codes."""
        (found,) = re.findall(r'<code dir="ltr">(\w+)</code>', self.text)
        return str(found)

    async def _took(self, response: aiohttp.ClientResponse) -> int:
        self.status, self.text, self.path = response.status, await response.text(), response.url.path_qs
        self.headers = response.headers
        return self.status


def code(rig: Rig, secret: str) -> str:
    """What the app shows now."""
    return pyotp.TOTP(secret).at(rig.clock.now())


async def operator(rig: Rig) -> MemberId:
    """Somebody who runs the hub, by whom others are invited."""
    await rig.member("Op", hub="operator")
    return MemberId("mop")


async def invited(rig: Rig, name: str = "Bo", member: str | None = None, **roles: str) -> Made:
    """A link for somebody, made by the hub's operator."""
    who = MemberId(member) if member else None
    wanted = roles or {"hackney": "dispatcher"}
    made = await make_invite(rig.console, MemberId("mop"), HUB, name=name, roles=wanted, member=who)
    await rig.shown()
    return made


def path_of(made: Made) -> str:
    """The link without the host that it was made for."""
    return "/invite/" + made.link.rpartition("/")[2]


async def with_password(rig: Rig, browser: Browser, made: Made | str, login: str = "bobo") -> str:
    """Come in by a password and this link (or its path); the secret of the codes."""
    path = (made if isinstance(made, str) else path_of(made)) + "/password"
    await browser.get(path)
    secret = browser.secret()
    await browser.send(path, login=login, password=PASSWORD, code=code(rig, secret))
    rig.clock.forward(seconds=60)
    return secret
