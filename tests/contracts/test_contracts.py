"""The contracts hold still: golden payloads per type, strict producers, lenient consumers, upcasting."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.contracts import catalog
from shared.contracts.base import Message
from shared.contracts.catalog import (
    STREAMS,
    TYPES,
    UPCASTERS,
    Spoilt,
    decode,
    decode_all,
    decode_each,
    encode,
    packed,
    stream_of,
    subject_of,
    wire_schema,
)
from shared.contracts.reports import ReportContent, ReportReceived
from shared.errors import MalformedMessageError, UnsealedError
from shared.testing.contracts import strictly

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return data


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_golden_payload_is_read_and_written_unchanged(name: str) -> None:
    data = golden(name)
    message = strictly(json.dumps(data).encode())
    assert json.loads(encode(message, source="test").body) == data


def test_there_is_no_golden_payload_of_an_unknown_type() -> None:
    assert {p.stem for p in GOLDEN.glob("*.json")} == set(TYPES)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_golden_payload_fits_the_published_schema(name: str) -> None:
    Draft202012Validator(wire_schema(TYPES[name])).validate(golden(name))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_type_travels_on_a_subject_of_one_stream(name: str) -> None:
    message = decode(json.dumps(golden(name)).encode())
    root, version = subject_of(message).split(".")[:2]
    assert version == "v1"
    assert any(subject.startswith(root + ".") for subject in STREAMS[stream_of(message)])


@pytest.mark.parametrize("name", sorted(TYPES))
def test_consumers_ignore_what_they_do_not_know(name: str) -> None:
    data = golden(name) | {"added_next_year": {"deep": [1]}}
    assert decode(json.dumps(data).encode()) == decode(json.dumps(golden(name)).encode())
    with pytest.raises(AssertionError, match="added_next_year"):
        strictly(json.dumps(data).encode())


def test_headers_follow_cloudevents() -> None:
    outgoing = encode(decode(json.dumps(golden("report.received.v1")).encode()), source="ingest")
    assert outgoing.headers["ce-type"] == "report.received.v1"
    assert outgoing.headers["ce-specversion"] == "1.0"
    assert outgoing.headers["ce-id"] == outgoing.msg_id
    assert outgoing.headers["ce-source"] == "/ingest"


def test_an_older_version_is_lifted_to_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps, v0 → v1 of the past, as a consumer of today meets them in an old stream."""

    def from_minus_one(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "type": "report.received.v0", "channel": old["via"]}

    def from_zero(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "type": "report.received.v1", "bridge": old["channel"]}

    monkeypatch.setitem(UPCASTERS, "report.received.v-1", from_minus_one)
    monkeypatch.setitem(UPCASTERS, "report.received.v0", from_zero)
    new = golden("report.received.v1")
    old = {k: v for k, v in new.items() if k != "bridge"} | {
        "type": "report.received.v-1",
        "via": new["bridge"],
    }
    assert decode(json.dumps(old).encode()) == decode(json.dumps(new).encode())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"id": "x"}', "not a JSON object with a `type`"),
        (b'{"type": "report.received.v99"}', "unknown type 'report.received.v99'"),
        (b'{"type": "report.received.v1", "id": "x", "at": "then"}', "at:"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_not_a_message_is_named_and_not_guessed(body: bytes, says: str) -> None:
    with pytest.raises(MalformedMessageError, match=says.replace("(", r"\(")):
        decode(body)


def several(*names: str) -> list[Message]:
    return [decode(json.dumps(golden(name)).encode()) for name in names]


DECISION = ("incident.opened.v1", "report.attached.v1", "alert.raised.v1", "input.decided.v1")


def test_several_messages_are_one_stored_message_and_come_back_in_order() -> None:
    messages = several(*DECISION)
    outgoing = encode(*messages, source="router")
    assert outgoing.subject == catalog.TOLD
    assert outgoing.msg_id == outgoing.headers["ce-id"] == messages[0].id
    assert outgoing.headers["ce-type"] == catalog.BUNDLE
    assert decode_all(outgoing.body) == messages
    with pytest.raises(MalformedMessageError, match="not a JSON object"):
        decode(outgoing.body)


@pytest.mark.parametrize("name", ["report.received.v1", "alert.raised.v1"])
def test_a_message_alone_is_no_array(name: str) -> None:
    (message,) = several(name)
    assert decode_all(encode(message, source="test").body) == [message]


@pytest.mark.parametrize(
    ("names", "subject"),
    [
        (("incident.opened.v1", "input.decided.v1"), catalog.NOTED),
        (("group.defined.v1", "input.decided.v1"), catalog.TOLD),
        (("member.added.v1",), catalog.NOTED),
        (("alert.expanded.v1", "chunk.claimed.v1"), "ledger.v1.hackney"),
    ],
)
def test_what_is_stored_together_has_one_subject(names: tuple[str, ...], subject: str) -> None:
    assert encode(*several(*names), source="test").subject == subject


def test_messages_of_different_subjects_are_not_stored_together() -> None:
    with pytest.raises(ValueError, match="one subject"):
        encode(*several("report.received.v1", "alert.raised.v1"), source="test")


def test_runs_are_packed_whole_and_in_order() -> None:
    run = several(*DECISION)
    size = len(encode(*run, source="test").body)
    packs = list(packed([run] * 7, source="test", most=3 * size + 10))
    assert [count for count, _ in packs] == [3, 3, 1]
    assert all(len(message.body) <= 3 * size + 10 for _, message in packs)
    assert [m for _, message in packs for m in decode_all(message.body)] == run * 7
    assert [count for count, _ in packed([run] * 3, source="test", most=10)] == [1, 1, 1]
    assert list(packed([], source="test", most=10)) == []


def test_what_is_spoilt_among_several_is_named_and_the_rest_read() -> None:
    good = golden("alert.raised.v1")
    body = json.dumps(
        [good, good | {"kind": "SECRET"}, 7, {"type": "x.v9"}, golden("input.decided.v1")]
    ).encode()
    alert, wrong, seven, unknown = decode_each(body, wanted={"alert.raised.v1"})
    assert alert == decode(json.dumps(good).encode())
    assert (wrong, seven, unknown) == (
        Spoilt("alert.raised.v1: kind: literal_error", good | {"kind": "SECRET"}),
        Spoilt("the body is not a JSON object with a `type`", 7),
        Spoilt("unknown type 'x.v9'", {"type": "x.v9"}),
    )
    with pytest.raises(MalformedMessageError, match="kind"):
        decode_all(body)


def test_private_content_cannot_leave_in_clear_nor_come_in() -> None:
    clear = ReportReceived.model_validate(
        {**golden("report.received.v1"), "content": ReportContent(text="two vans"), "contact": None}
    )
    with pytest.raises(UnsealedError):
        encode(clear, source="ingest")
    smuggled = golden("report.received.v1") | {"content": {"text": "two vans"}}
    with pytest.raises(MalformedMessageError, match="in clear"):
        decode(json.dumps(smuggled).encode())


def test_an_error_about_a_message_never_repeats_its_content() -> None:
    data = golden("report.received.v1") | {"at": "SECRET-VALUE"}
    with pytest.raises(MalformedMessageError) as caught:
        decode(json.dumps(data).encode())
    assert "SECRET-VALUE" not in str(caught.value)


def test_a_group_cannot_smuggle_a_wildcard_into_a_subject() -> None:
    message = decode(json.dumps(golden("member.revoked.v1")).encode())
    assert isinstance(message, Message)
    key = decode(json.dumps(golden("key.issued.v1")).encode()).model_copy(update={"key": "a.>"})
    with pytest.raises(ValueError, match="cannot be part of a subject"):
        catalog.subject_of(key)


def test_committed_schemas_and_openapi_are_up_to_date() -> None:
    from alert_relay.schemas import stale

    assert stale() == [], "run: make schemas"


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("report.received.v1", "bridge", "a.>"),
        ("report.received.v1", "bridge", ""),
        ("desk.claim.v1", "member", "m *"),
        ("desk.claim.v1", "group", "Hackney Anti Raids"),
        ("incident.merged.v1", "incident_id", "i.*"),
        ("alert.raised.v1", "alert_id", "a" * 65),
        ("alert.raised.v1", "group", "-hackney"),
        ("chunk.claimed.v1", "alert_id", "a b"),
    ],
)
def test_an_id_that_cannot_be_a_token_is_malformed(name: str, field: str, value: str) -> None:
    with pytest.raises(MalformedMessageError, match=field):
        decode(json.dumps(golden(name) | {field: value}).encode())
