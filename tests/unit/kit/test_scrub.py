"""A captured message becomes a fixture that nobody can be known by, and that its bridge still reads."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_relay.kit import find
from alert_relay.kit.replay import replay
from alert_relay.kit.scrub import scrubbed
from shared.plugins.spec import IncomingReport

OURS = {"https:", "street", "ashwin", "example"}


def scrub(value: Any) -> Any:
    return json.loads(scrubbed(json.dumps(value).encode()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("text", "tell Maria Perez at 12 Ashwin Street"),
        ("from", "+44 7911 123456"),
        ("from", 447911123456),
        ("chat_id", -1001234567890),
        ("first_name", "Maria"),
        ("username", "maria"),
        ("title", "rota hackney"),
        ("token", "EAAGm0PX4ZCpsBAKZ"),
        ("id", "wamid.HBgLMTY0NjcwNDM1OTU"),
        ("email", "maria@perez.example"),
        ("url", "https://cdn.perez.example/maria.jpg"),
        ("user", "@maria:perez.example"),
        ("lat", 51.498765),
        ("longitude", -0.123456),
        ("lat", "51.498765"),
        ("unknown", "some words of hers"),
    ],
)
def test_nothing_of_a_person_stays(key: str, value: Any) -> None:
    (after,) = scrub({key: value}).values()
    assert type(after) is type(value)
    told = str(after).lower()
    parts = [part for part in str(value).lower().replace("/", " ").replace(".", " ").split() if len(part) > 3]
    assert not [
        part for part in parts if part in told and part not in {"https:", "street", "ashwin", "example"}
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("type", "sms:received"),
        ("event", "message"),
        ("postcode", "E8 3DL"),
        ("at", "2026-06-22T14:46:18+00:00"),
        ("timestamp", 1782139580),
        ("timestamp", "1782139580"),
        ("ms", 1782139580123),
        ("count", 3),
        ("concat", "true"),
        ("language_code", "en"),
        ("locale", "en-GB"),
        ("forwarded", True),
        ("caption", None),
        ("text", ""),
    ],
)
def test_what_a_bridge_needs_and_nobody_is_known_by_stays(key: str, value: Any) -> None:
    assert scrub({key: value}) == {key: value}


def test_the_postcode_in_the_words_stays() -> None:
    assert scrub({"text": "vans outside Maria's, e8 3dl, now"}) == {
        "text": "Two vans in Ashwin Street E8 3DL marker-one"
    }


def test_the_same_is_replaced_by_the_same_and_others_by_others() -> None:
    after = scrub({"from": "+447911123456", "contact": "+447911123456", "to": "+447911654321"})
    assert after["from"] == after["contact"] != after["to"]
    assert after["from"].startswith("+4477009000")


def test_a_field_named_by_a_number_is_replaced_too() -> None:
    assert "447911123456" not in str(scrub({"447911123456": {"type": "text"}}))


def test_a_form_stays_a_form() -> None:
    after = dict(parse_qsl(scrubbed(b"From=%2B447911123456&Body=tell+Maria&NumMedia=0").decode()))
    assert (set(after), after["NumMedia"]) == ({"From", "Body", "NumMedia"}, "0")
    assert "Maria" not in str(after)
    assert "7911" not in str(after)


@pytest.mark.parametrize("between", ["|", "\t"])
def test_a_line_of_fields_keeps_them(between: str) -> None:
    line = between.join(["2026-06-22T14:46:18Z", "maria", "+447911123456", "tell Maria, E8 3DL"])
    after = scrubbed(f"{line}\n".encode()).decode().split(between)
    words = "Two vans in Ashwin Street E8 3DL marker-one"
    assert after == ["2026-06-22T14:46:18Z", "made-up-1", "+447700900001", words]


def test_a_line_is_words() -> None:
    assert scrubbed(b"tell Maria at 07911 123456, E8 3DL") == b"Two vans in Ashwin Street E8 3DL marker-one"


@given(st.binary(max_size=200))
def test_any_bytes_are_scrubbed_not_raised(body: bytes) -> None:
    scrubbed(body)


@given(st.from_regex(r"\+?[1-9]\d{9,14}", fullmatch=True).filter(lambda n: not n.startswith(("1", "2"))))
def test_no_number_survives(number: str) -> None:
    assert (
        number.lstrip("+") not in scrubbed(json.dumps({"any": [number, f"call {number}"]}).encode()).decode()
    )


@pytest.mark.parametrize("kind", ["telegram", "android-sms", "twilio-sms", "vonage"])
def test_our_own_bridges_read_their_captures_when_scrubbed(kind: str, tmp_path: Path) -> None:
    case: Any = find.BRIDGES.own_cases()[kind]
    name = {"telegram": "text.json", "android-sms": "received.json"}
    chosen = name.get(kind) or next(iter(case.bodies))
    fixture = tmp_path / chosen
    fixture.write_bytes(scrubbed(case.bodies[chosen]))
    (found,) = replay(fixture, kind)
    assert isinstance(found, IncomingReport)
    assert "marker-" in found.text
