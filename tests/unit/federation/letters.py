"""Two made-up hubs, their keys, and letters between them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.federation.letter import Letter
from shared.federation.link import Link, encoded, public_of, signed
from shared.federation.trust import PURPOSE

NOW: Final = datetime(2026, 11, 28, 7, 12, tzinfo=UTC)
LONDON: Final = encoded(bytes(range(32)))
GLASGOW: Final = encoded(bytes(range(32, 64)))
STRANGER: Final = encoded(bytes(range(64, 96)))

LINK: Final = Link(
    hub="london",
    us="glasgow",
    state="open",
    our_key=public_of(GLASGOW),
    our_url="https://glasgow.example/bridges/peer-london",
    key=public_of(LONDON),
    url="https://london.example/bridges/peer-glasgow",
)
"""London, as Glasgow knows it."""

NEWS: Final[dict[str, Any]] = {
    "type": "peer.letter.v1",
    "sender": "london",
    "audience": "glasgow",
    "id": "a1-peer-0",
    "run": "r1",
    "sequence": 1,
    "at": NOW.isoformat(),
    "until": (NOW + timedelta(minutes=5)).isoformat(),
    "via": ["london"],
    "about": "i1",
    "says": "unconfirmed",
    "text": "two vans and officers in Albert Drive",
    "where": {"lat": 55.842, "lon": -4.279, "radius_m": 40},
}


def a_letter(**changed: Any) -> dict[str, Any]:
    """The fields of a letter of London's to Glasgow."""
    return {**NEWS, **changed}


def sealed(letter: dict[str, Any], key: str = LONDON) -> tuple[bytes, str]:
    """Its bytes and their signature."""
    body = Letter.model_construct(**letter).model_dump_json(warnings=False).encode()
    return body, signed(key, PURPOSE, body)
