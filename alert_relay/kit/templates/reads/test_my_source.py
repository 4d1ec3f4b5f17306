"""What my source says, and that the bridge keeps what a good bridge keeps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from my_source import MySource

from alert_relay.conformance import Polled, ReadingCase, checked

FIXTURES = Path(__file__).parent / "fixtures" / "my-source"
TOKEN = "made-up-token-of-the-test"


def source() -> Polled:
    """A stand-in for the source, on this machine: it answers whoever knows the token."""
    return Polled(TOKEN)


def settings(at: Polled) -> Mapping[str, Any]:
    """The settings that point the bridge at the stand-in."""
    return {"url": at.url, "token": "env:MY_SOURCE_TOKEN"}


def be_quick(bridge: MySource) -> None:
    """Shorten the bridge's pauses, so that the check takes seconds."""
    bridge.every_s = 0.01


CASE = ReadingCase(
    bridge=MySource,
    source=source,
    settings=settings,
    messages={path.name: path.read_bytes() for path in sorted(FIXTURES.iterdir())},
    secrets={"env:MY_SOURCE_TOKEN": TOKEN},
    private=("marker-one", "marker-two", "7700900"),
    tells_again=True,
    adjust=be_quick,
)


def test_it_is_good() -> None:
    """Every criterion of a good bridge; `relay bridge check my_source.py` shows them one by one."""
    checked(CASE).demand("good")
