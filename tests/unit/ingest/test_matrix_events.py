"""What a Matrix event is to us, by tables: reports, desk replies, and the many that are neither."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.bridges.matrix_events import (
    Room,
    Us,
    departures,
    encrypted_rooms,
    events_in,
    invitations,
    newcomers,
    report_of,
    unreadable,
)
from shared.plugins.spec import IncomingReport

US = Us("@relay:example.org", frozenset({"@alerts:example.org"}))
ALERT = "UNCONFIRMED D7K. Ashwin St E8. Reply MINE D7K."
ADA = "@ada:example.org"


def event(kind: str = "m.room.message", *, sender: str = ADA, **content: Any) -> dict[str, Any]:
    return {
        "event_id": "$e1",
        "room_id": "!r:example.org",
        "sender": sender,
        "type": kind,
        "origin_server_ts": 1_782_139_580_123,
        "content": content,
    }


def text(body: str, **more: Any) -> dict[str, Any]:
    return event(msgtype="m.text", body=body, **more)


def report(found: dict[str, Any], room: Room = "private", quoted: str = "") -> IncomingReport:
    report = report_of(found, room, quoted, US)
    assert isinstance(report, IncomingReport), report
    return report


ANSWER = {"m.relates_to": {"m.in_reply_to": {"event_id": "$alert"}}}


def test_a_private_message_is_a_report_that_can_be_answered_in_its_room() -> None:
    found = report(text("vans in Ashwin St"))
    assert found == IncomingReport(
        source_id="$e1",
        text="vans in Ashwin St",
        sender=ADA,
        contact="!r:example.org",
        observed_at=datetime(2026, 6, 22, 14, 46, 20, 123_000, tzinfo=UTC),
    )


def test_a_desk_reply_is_answered_in_the_verifiers_room_and_has_no_contact() -> None:
    found = report(text("MINE D7K"), "desk")
    assert (found.text, found.contact, found.reply_to, found.source) == (
        "MINE D7K",
        None,
        "!r:example.org",
        "!r:example.org",
    )


@pytest.mark.parametrize(
    ("body", "more", "quoted", "wants"),
    [
        ("mine d7k", {}, "", "mine d7k"),
        ("relay: mine d7k", {}, "", "mine d7k"),
        ("@relay:example.org SEEN D7K two vans", {}, "", "SEEN D7K two vans"),
        ("go", ANSWER, ALERT, "go D7K"),
        ("> <@relay:example.org> UNCONFIRMED D7K.\n> Ashwin St\n\nGO", ANSWER, ALERT, "GO D7K"),
        ("relay: list", {}, "", "list"),
        ("LIST", {"m.mentions": {"user_ids": ["@relay:example.org"]}}, "", "LIST"),
        ("خذ D7K", {}, "", None),
        ("who is near?", {}, "", None),
        ("go", {}, "", None),
        ("go", ANSWER, "", None),  # it answers somebody else's message
        ("raid in Ashwin Street, six officers", {}, "", None),
        ("JOIN-AB2C-3DEF", {}, "", None),  # a code belongs into a private room
        ("I told them: MINE D7K was taken by Ben, so we need not hurry at all today", {}, "", None),
    ],
)
def test_of_a_verifiers_room_only_desk_words_are_taken(
    body: str, more: dict[str, Any], quoted: str, wants: str | None
) -> None:
    found = report_of(text(body, **more), "desk", quoted, US)
    assert (found.text if isinstance(found, IncomingReport) else None) == wants
    assert isinstance(found, IncomingReport) or found == "group_talk"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (event(sender=US.user_id, msgtype="m.text", body="UNCONFIRMED D7K"), "own_message"),
        (event(sender="@alerts:example.org", msgtype="m.text", body="OVER D7K"), "own_message"),
        (event(msgtype="m.notice", body="MINE D7K"), "from_a_bot"),
        (
            text("* MINE D7K", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$e0"}}),
            "edited_message",
        ),
        (event("m.room.redaction", reason="a mistake"), "no_message"),
        (event("m.reaction", relates_to={"key": "MINE D7K"}), "no_message"),
        (event("m.room.encrypted", algorithm="m.megolm.v1.aes-sha2"), "encrypted"),
        (event(), "no_text_or_place"),  # a redacted message has no content
        (text("   "), "no_text_or_place"),
        (event(msgtype="m.key.verification.request", body="wants to verify"), "no_text_or_place"),
        (event(msgtype="m.image", body="IMG_1.jpg"), "no_text_or_place"),
        (event(msgtype="m.image", body="IMG_1.jpg", filename="IMG_1.jpg"), "no_text_or_place"),
        (event(msgtype=["m.text"], body="x"), "no_text_or_place"),
        (event(msgtype="m.text", body={"x": 1}), "no_text_or_place"),
    ],
)
@pytest.mark.parametrize("room", ["private", "desk"])
def test_what_is_no_report(found: dict[str, Any], why: str, room: Room) -> None:
    said = report_of(found, room, "", US)
    assert said == (why if room == "private" or why != "no_text_or_place" else "group_talk")


def test_nothing_is_taken_from_a_room_that_we_do_not_know() -> None:
    assert report_of(text("MINE D7K"), "other", "", US) == "not_a_room_of_ours"


@pytest.mark.parametrize(
    ("uri", "wants"),
    [
        ("geo:51.5467,-0.0753;u=35", (51.5467, -0.0753, 35.0)),
        ("geo:51.5467,-0.0753", (51.5467, -0.0753, None)),
        ("geo:51.5467,-0.0753,12.5;crs=wgs84;u=9", (51.5467, -0.0753, 9.0)),
        ("geo:51.5467,-0.0753;u=999999", (51.5467, -0.0753, None)),
        ("geo:91,0", None),
        ("geo:1.2.3,0", None),
        ("geo:nan,inf", None),
        ("https://example.org", None),
    ],
)
def test_a_place(uri: str, wants: tuple[float, float, float | None] | None) -> None:
    found = report(event(msgtype="m.location", body="Ashwin Street", geo_uri=uri))
    assert ((found.lat, found.lon, found.accuracy_m) if found.lat is not None else None) == wants
    assert found.text == ("" if wants else "Ashwin Street"), "an app's line about coordinates is no words"


def test_a_caption_counts_and_an_older_apps_quotation_does_not() -> None:
    assert report(event(msgtype="m.image", body="six officers", filename="a.jpg")).text == "six officers"
    quoted = text("> <@relay:example.org> Where is it?\n\nbeside the bakery", **ANSWER)
    assert report(quoted).text == "beside the bakery"
    assert report(text("> not a quotation\n\nwords")).text == "> not a quotation\n\nwords"


def test_who_came_went_and_was_invited() -> None:
    def member(whose: str, membership: str, room: str) -> dict[str, Any]:
        return {**event("m.room.member", membership=membership), "state_key": whose, "room_id": room}

    us = US.user_id
    found = [
        member(us, "invite", "!1"),
        member(us, "join", "!2"),
        member(ADA, "join", "!3"),
        member(ADA, "invite", "!4"),
        member(ADA, "leave", "!5"),
        member(us, "ban", "!6"),
        {**event("m.room.encryption"), "room_id": "!7"},
        {**event("m.room.encrypted", sender=us), "room_id": "!8"},
    ]
    assert invitations(found, US) == ["!1"]
    assert newcomers(found, US) == {"!3", "!4"}
    assert departures(found) == {"!5", "!6"}
    assert encrypted_rooms(found, US) == {"!7"}


ids = st.sampled_from(["$e", "!r", "@a:b", "m.room.message", "m.room.member", "", "../x", "$" * 300])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | ids,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9) | ids, inner, max_size=3),
    max_leaves=6,
)
sound = {**event(), "state_key": ADA}
del sound["content"]
said = ("msgtype", "body", "geo_uri", "m.mentions", "m.relates_to", "membership")
spoilt = st.fixed_dictionaries(
    {name: st.just(value) | values for name, value in sound.items()},
    optional={"content": st.fixed_dictionaries({}, optional=dict.fromkeys(said, values | ids))},
)


@given(found=st.lists(spoilt | values, max_size=3), room=st.sampled_from(["private", "desk", "other"]))
def test_whatever_is_in_a_transaction_is_read_or_left_alone(found: list[Any], room: Room) -> None:
    for one in events_in({"events": found}):
        assert one["event_id"].startswith("$")
        assert one["room_id"].startswith("!")
        assert isinstance(report_of(one, room, ALERT, US), IncomingReport | str)
        unreadable(one)
    events = events_in({"events": found})
    for ask in (invitations, newcomers, encrypted_rooms):
        ask(events, US)
    departures(events)
