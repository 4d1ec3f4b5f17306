"""Whose bridge stands how is told to whoever runs its group, and all to the operator; nothing to others."""

import pytest

from shared.state.bridges import BridgeStandings
from tests.rigs.console import Rig

SINCE = "2026-11-27T10:00:00+00:00"
OURS = {"kind": "telegram", "group": "hackney", "state": "BAD_CREDENTIALS", "since": SINCE}
STANDINGS = {
    "e8": OURS,
    "se15": {"kind": "signal", "group": "peckham", "state": "CONNECTED", "since": SINCE},
    "sms": {"kind": "twilio-sms", "state": "CONNECTED", "since": SINCE},
}


@pytest.mark.parametrize(
    ("roles", "sees"),
    [
        ({"hub": "operator"}, {"e8", "se15", "sms"}),
        ({"hackney": "admin"}, {"e8"}),
        ({"hackney": "dispatcher"}, set()),
    ],
)
async def test_who_is_told_which(rig: Rig, roles: dict[str, str], sees: set[str]) -> None:
    await BridgeStandings(rig.state.ephemeral).say(STANDINGS)
    token = await rig.member("Ada", **roles)
    _, status = await rig.ask("GET", "/v1/status", token)
    assert set(status["bridges"]) == sees
    if "e8" in sees:
        assert status["bridges"]["e8"] == OURS


async def test_nothing_is_told_of_a_front_door_that_says_nothing(rig: Rig) -> None:
    token = await rig.member("Ada", hub="operator")
    _, status = await rig.ask("GET", "/v1/status", token)
    assert status["bridges"] == {}
