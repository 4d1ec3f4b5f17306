"""What an address refuses: a page in the reader's language for browsers, a problem document for programs."""

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from shared.http import REFUSED, Refusals
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import console_rig
from tests.unit.ingest.front_door import front_door

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROGRAM = {"Accept": "*/*"}


async def asked(
    http: aiohttp.ClientSession, method: str, url: str | URL, headers: dict[str, str]
) -> tuple[int, str, str, dict[str, str]]:
    async with http.request(method, url, headers=headers, allow_redirects=False) as response:
        return response.status, response.content_type, await response.text(), dict(response.headers)


WAYS = [
    ("GET", "/no/such/page", 404, "There is nothing at this address", "هذا العنوان"),
    ("DELETE", "/", 405, "done at this address", "هذا العنوان"),
]


@pytest.mark.parametrize(("method", "path", "status", "says", "in_arabic"), WAYS)
@pytest.mark.parametrize("service", ["ingest", "console"])
async def test_a_browser_gets_a_page_and_a_program_a_document(  # noqa: PLR0913, PLR0917 - a table's row
    tmp_path: Path, service: str, method: str, path: str, status: int, says: str, in_arabic: str
) -> None:
    async with (
        front_door(tmp_path / "spool") as door,
        console_rig(MemoryBus(), MemoryState(), tmp_path) as rig,
        aiohttp.ClientSession() as http,
    ):
        base = str(door.client.make_url("")).rstrip("/") if service == "ingest" else rig.url
        found, kind, text, headers = await asked(http, method, base + path, BROWSER)
        assert (found, kind, says in text) == (status, "text/html", True)
        assert "Content-Security-Policy" in headers
        assert ("Allow" in headers) == (status == 405)
        assert "no/such" not in text
        _, _, text, _ = await asked(http, method, base + path, {**BROWSER, "Accept-Language": "ar"})
        assert ('dir="rtl"' in text, in_arabic in text) == (True, True)
        found, kind, _, _ = await asked(http, method, base + path, PROGRAM)
        assert (found, kind) == (status, "application/problem+json")


@pytest.mark.parametrize("path", ["//elsewhere.example/x", "/%22%3E%3Cb%3E", "/..%2f..%2f"])
async def test_nothing_of_an_address_that_somebody_wrote_becomes_part_of_the_page(
    tmp_path: Path, path: str
) -> None:
    async with console_rig(MemoryBus(), MemoryState(), tmp_path) as rig, aiohttp.ClientSession() as http:
        found = await asked(http, "GET", URL(rig.url + path, encoded=True), BROWSER)
        assert (found[0], found[1]) == (404, "text/html")
        assert "elsewhere" not in found[2]
        assert "><b>" not in found[2].replace("</span> <b>", "").replace("<li><b", "")


async def test_too_often_is_a_page_with_the_time_to_wait(tmp_path: Path) -> None:
    async with front_door(tmp_path, ingest_client_per_s=0.01, ingest_client_burst=1) as door:
        url = "/v1/reports/rnone?secret=x"
        for _ in range(2):
            async with door.client.get(url, headers=BROWSER) as response:
                text = await response.text()
        assert (response.status, response.content_type) == (429, "text/html")
        assert "Wait a little" in text
        assert int(response.headers["Retry-After"]) > 0


async def test_a_page_that_cannot_be_drawn_is_still_a_refusal(tmp_path: Path) -> None:
    async with front_door(tmp_path) as door:

        def broken(*_: object) -> web.Response:
            raise RuntimeError

        door.app._state[REFUSED] = Refusals(broken)  # the application is frozen once it serves
        async with door.client.get("/nothing", headers=BROWSER) as response:
            assert (response.status, response.content_type) == (404, "application/problem+json")
