"""What /varz must say for a server to be trusted with an acknowledgement."""

import pytest

from shared.bus.server_check import complaint_about

SAFE = {"max_payload": 8 << 20, "jetstream": {"config": {"sync_interval": 120, "sync_always": True}}}


@pytest.mark.parametrize("version", ["2.14.5", "2.14.10", "2.15.0", "3.0.0", "2.15.1-RC.2"])
def test_new_enough(version: str) -> None:
    assert complaint_about({"version": version, **SAFE}) is None


@pytest.mark.parametrize(
    ("varz", "words"),
    [
        ({"version": "2.14.4", **SAFE}, "2.14.4"),
        ({"version": "2.9.25", **SAFE}, "2.14.5 or newer"),
        ({"version": "", **SAFE}, "unknown"),
        (SAFE, "unknown"),
        ({"version": "2.15.1", **SAFE, "max_payload": 1 << 20}, "max_payload: 8MB"),
        ({"version": "2.15.1", "jetstream": SAFE["jetstream"]}, "max_payload: 8MB"),
        ({}, "unknown"),
        ({"version": "2.15.1"}, "has no JetStream"),
        ({"version": "2.15.1", "jetstream": None}, "has no JetStream"),
        ({"version": "2.15.1", "jetstream": {"config": {"sync_interval": 1}}}, "sync_interval: always"),
        ({"version": "2.15.1", "jetstream": {"config": {"sync_always": "yes"}}}, "sync_interval: always"),
    ],
)
def test_unsafe_servers_are_told_the_remedy(varz: dict[str, object], words: str) -> None:
    assert words in (complaint_about(varz) or "")
