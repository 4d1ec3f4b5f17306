"""Log lines: what was never meant to stand in one is crossed out all the same."""

from typing import Any

import pytest

from shared.logging import without_numbers


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ({"event": "sent to +447700900123 and +4915112345678."}, {"event": "sent to +*** and +***."}),
        ({"url": "/x?to=%2B1&from=+447700900123"}, {"url": "/x?to=%2B1&from=+***"}),
        ({"exception": "Error: '+447700900123'\n at x"}, {"exception": "Error: '+***'\n at x"}),
        ({"to": ["+447700900123", 3], "by": {"+447700900123": 1}}, {"to": ["+***", 3], "by": {"+***": 1}}),
        (
            {"timestamp": "2026-11-28T00:22:13.123456+00:00"},
            {"timestamp": "2026-11-28T00:22:13.123456+00:00"},
        ),
        ({"seq": 447700900123, "id": "a447700900123b"}, {"seq": 447700900123, "id": "a447700900123b"}),
        ({"event": "+1 +12345"}, {"event": "+1 +12345"}),
    ],
)
def test_phone_numbers_are_crossed_out_and_nothing_else(line: dict[str, Any], shown: dict[str, Any]) -> None:
    assert without_numbers(None, "info", line) == shown
