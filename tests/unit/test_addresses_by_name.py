"""Links lead to where their reader is signed in: a passkey is made at a name, so links bear it as well."""

from pathlib import Path

import pytest

from services.console.settings import ConsoleSettings
from services.notifier.settings import NotifierSettings
from shared.pages import by_name
from shared.testing.bus import MemoryBus
from shared.testing.state import MemoryState
from tests.rigs.console import console_rig


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("http://127.0.0.1:8081", "http://localhost:8081"),
        ("http://127.0.0.1/x?y=127.0.0.1", "http://localhost/x?y=127.0.0.1"),
        ("https://relay.example", "https://relay.example"),
        ("http://10.0.0.7:8081", "http://10.0.0.7:8081"),
        ("", ""),
    ],
)
def test_by_name(given: str, named: str) -> None:
    assert by_name(given) == named
    assert NotifierSettings(console_public_url=given).base_url == named
    if given.count("127.0.0.1") < 2:
        assert ConsoleSettings.model_validate({"console_public_url": given or None}).base_url == named


async def test_at_the_bare_address_no_passkey_is_offered_though_the_links_say_localhost(
    tmp_path: Path,
) -> None:
    """A browser makes none there; at the name it does."""
    public = "http://127.0.0.1:8081"
    async with console_rig(MemoryBus(), MemoryState(), tmp_path, console_public_url=public) as rig:
        offered = []
        for host in ("127.0.0.1", "localhost"):
            address = rig.url.replace("127.0.0.1", host) + "/sign-in"
            async with rig.http.get(address) as answer:
                offered.append("data-passkey" in await answer.text())
        assert offered == [False, True]
