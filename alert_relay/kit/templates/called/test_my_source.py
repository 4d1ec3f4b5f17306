"""What my source sends, and that the bridge keeps what a good bridge keeps."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from my_source import MySource

from alert_relay.conformance import BridgeCase, checked
from alert_relay.plugins import WebhookRequest

FIXTURES = Path(__file__).parent / "fixtures" / "my-source"
NOW = datetime(2026, 6, 22, 14, 46, 20, tzinfo=UTC)


def sign(body: bytes, secrets: Mapping[str, str]) -> WebhookRequest:
    """The request with that body, signed as the source signs it."""
    signature = hmac.new(secrets["env:MY_SOURCE_KEY"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-signature": signature}
    return WebhookRequest("POST", "https://reports.example/bridges/my-source", headers, body, NOW)


CASE = BridgeCase(
    bridge=MySource,
    settings={"signing_key": "env:MY_SOURCE_KEY"},
    secrets={"env:MY_SOURCE_KEY": "made-up-key-of-the-test"},
    bodies={path.name: path.read_bytes() for path in sorted(FIXTURES.iterdir())},
    sign=sign,
    private=("marker-one", "marker-two", "7700900"),
)


def test_it_is_good() -> None:
    """Every criterion of a good bridge; `relay bridge check my_source.py` shows them one by one."""
    checked(CASE).demand("good")
