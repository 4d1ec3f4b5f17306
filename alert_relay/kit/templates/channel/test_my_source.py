"""What my source answers and what that means, and that the channel keeps what a good channel keeps."""

from collections.abc import Mapping
from typing import Any

from my_source import MySource

from alert_relay.conformance import Answer, ChannelCase, HttpProvider, checked
from alert_relay.plugins import BadCredentials, Delivered, Rejected, RetryLater, Unknown


def settings(provider: HttpProvider) -> Mapping[str, Any]:
    """The settings that point the channel at the stand-in."""
    return {"url": provider.url, "token": "env:HACKNEY__MY_SOURCE_TOKEN", "to": ["rota", "second"]}


CASE = ChannelCase(
    channel=MySource,
    settings=settings,
    secrets={"env:HACKNEY__MY_SOURCE_TOKEN": "made-up-token-of-the-test"},
    answers=(
        Answer(200, Delivered("m-1"), body=b'{"id": "m-1"}', exact=True),
        Answer(400, Rejected("http_400"), exact=True),
        Answer(401, BadCredentials()),
        Answer(429, RetryLater("http_429", 7.0), headers={"Retry-After": "7"}, exact=True),
        Answer(500, RetryLater("http_500"), exact=True),
        Answer(502, Unknown("http_502"), exact=True),
    ),
)


def test_it_is_good() -> None:
    """Every criterion of a good channel; `relay channel check my_source.py` shows them one by one."""
    checked(CASE).demand("good")
