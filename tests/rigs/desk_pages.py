"""A member's browser at the desk, for tests: signed in, without a screen and without JavaScript."""

import re
from html import unescape
from typing import Any

from tests.rigs.desk import DeskRig


class Browser:
    """A member's browser without a screen: follows links and sends forms as they stand on the page."""

    def __init__(self, desk: DeskRig, headers: dict[str, str]) -> None:
        self.desk, self.headers = desk, {"Cookie": headers["Cookie"]}
        self.status, self.url, self.text = 0, "", ""

    async def get(self, path: str) -> str:
        async with self.desk.rig.http.get(self.desk.rig.url + path, headers=self.headers) as answer:
            return await self._took(answer)

    async def post(self, path: str, fields: list[tuple[str, str]]) -> str:
        url = self.desk.rig.url + path
        async with self.desk.rig.http.post(url, data=fields, headers=self.headers) as answer:
            return await self._took(answer)

    async def _took(self, answer: Any) -> str:
        self.status, self.url, self.text = answer.status, answer.url.path_qs, await answer.text()
        return self.text

    async def send(self, action: str, **fields: str | list[str]) -> str:
        """Send the form with that action (or the free one) with these fields over what it holds."""
        return await self.post(action, [*self._hidden(action, fields), *_pairs(fields)])

    def _hidden(self, action: str, fields: dict[str, Any]) -> list[tuple[str, str]]:
        forms = re.findall(r'<form[^>]*?(?:action="([^"]*)")?[^>]*>(.*?)</form>', self.text, re.DOTALL)
        inside = next((body for where, body in forms if where == action), forms[0][1])
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', inside)
        return [(name, unescape(value)) for name, value in found if name not in fields]


def _pairs(fields: dict[str, str | list[str]]) -> list[tuple[str, str]]:
    return [(n, v) for n, vs in fields.items() for v in (vs if isinstance(vs, list) else [vs])]


async def browser(desk: DeskRig, name: str) -> Browser:
    return Browser(desk, await desk.rig.signed_in(name))
