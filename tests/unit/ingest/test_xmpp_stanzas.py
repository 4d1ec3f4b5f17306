"""What an XMPP message says: whose it is, whether it is for us, and that it is one however it is told."""

from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_relay.plugins import Ignored, IncomingReport
from services.ingest.bridges.xmpp_stanzas import Heard, Us, from_archive, heard, report_in

NOW = datetime(2026, 6, 22, 14, 46, tzinfo=UTC)
US, ROOM, ADA = "relay@hub.test", "verifiers@rooms.hub.test", "ada@far.test"
THEM = Us(
    account=US,
    hashtag="raid",
    nick_in=lambda room: "relay" if room == ROOM else "",
    who_is=lambda room, nick: {"ada": ADA}.get(nick) if room == ROOM else None,
)
SID = "xmlns='urn:xmpp:sid:0'"


def parsed(text: str) -> Element:
    return fromstring(text)  # noqa: S314 - our own words


def message(inner: str, *, sender: str = f"{ADA}/phone", kind: str = "chat", name: str = "1") -> Element:
    about = f"from='{sender}' to='{US}' type='{kind}' id='{name}'"
    return parsed(f"<message xmlns='jabber:client' {about}>{inner}</message>")


def said(text: str, more: str = "", **about: Any) -> Element:
    return message(f"<body>{text}</body>{more}", **about)


def in_room(text: str, more: str = "", *, nick: str = "ada", **about: Any) -> Element:
    return said(text, more, sender=f"{ROOM}/{nick}", kind="groupchat", **about)


def read(xml: Element, us: Us = THEM) -> IncomingReport | str:
    found = report_in(heard(xml), us, NOW)
    return found.reason if isinstance(found, Ignored) else found


def report(xml: Element) -> IncomingReport:
    found = read(xml)
    assert isinstance(found, IncomingReport), found
    return found


def archived(xml: Element, *, name: str = "a1", at: str = "2026-06-22T14:00:00Z") -> Heard:
    told = parsed(
        f"<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' id='{name}'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{at}'/>"
        "</forwarded></result></message>"
    )
    told[0][0].append(xml)
    found = from_archive(told)
    assert found is not None
    return found


def test_in_private_it_is_its_words_and_its_writer() -> None:
    found = report(said("two vans"))
    assert (found.text, found.sender, found.contact, found.observed_at) == ("two vans", ADA, ADA, None)
    assert ADA not in found.source_id


def test_what_waited_has_its_time() -> None:
    found = report(said("two vans", "<delay xmlns='urn:xmpp:delay' stamp='2026-06-22T14:00:00Z'/>"))
    assert found.observed_at == datetime(2026, 6, 22, 14, tzinfo=UTC)


def test_in_a_room_it_is_answered_nowhere() -> None:
    found = report(in_room("two vans #raid"))
    assert (found.text, found.sender, found.contact, found.reply_to) == ("two vans #raid", ADA, None, None)
    assert (found.source, found.chat) == (ROOM, "verifiers")


def test_a_desk_word_in_a_room_is_answered_there() -> None:
    assert report(in_room("MINE D7K")).reply_to == f"room:{ROOM}"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("relay: two vans", "two vans"),
        ("Relay, two vans", "two vans"),
        ("@relay two vans", "two vans"),
        ("two vans @relay!", "two vans @relay!"),
        ("two vans. #RAID", "two vans. #RAID"),
    ],
)
def test_what_is_meant_for_us_in_a_room(text: str, rest: str) -> None:
    assert report(in_room(text)).text == rest


@pytest.mark.parametrize(
    "text", ["who brings tea?", "relay is quiet", "ask relay: now", "#raids", "MINE", "braid #", "relays: x"]
)
def test_all_other_talk_of_a_room_is_its_own(text: str) -> None:
    assert read(in_room(text)) == "group_talk"


def test_an_answer_to_an_alert_of_ours_takes_its_code() -> None:
    reply = f"<reply xmlns='urn:xmpp:reply:0' to='{ROOM}/relay' id='x'/>"
    quoting = "&gt; UNCONFIRMED D7K, verifiers only\nMINE"
    assert report(in_room(quoting, reply)).text == "MINE D7K"
    assert report(said(quoting)).text == "MINE D7K"
    assert read(in_room(quoting)) == "group_talk"


def test_a_quote_alone_is_words() -> None:
    assert report(said("&gt; two vans")).text == "> two vans"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("geo:51.546,-0.07;u=35", (51.546, -0.07, 35.0)),
        ("geo:51.546,-0.07", (51.546, -0.07, None)),
        ("geo:51.546,-0.07,12;crs=wgs84;u=20", (51.546, -0.07, 20.0)),
    ],
)
def test_a_shared_place_is_a_place(body: str, place: tuple[float, float, float | None]) -> None:
    found = report(said(body))
    assert (found.lat, found.lon, found.accuracy_m) == place
    assert found.text == ""


@pytest.mark.parametrize("body", ["geo:951.5,0", "geo:51.5", "geo:51.5,0 come", "geo:٥١,٠"])
def test_what_is_no_place_on_earth_stays_words(body: str) -> None:
    found = report(said(body))
    assert (found.lat, found.text) == (None, body)


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (said("x", sender=f"{US}/other"), "own_message"),
        (in_room("#raid", nick="relay"), "own_message"),
        (in_room("#raid", nick=""), "no_message"),
        (said("#raid", sender="strange@rooms.hub.test/ada", kind="groupchat"), "no_message"),
        (said("restarting", sender="hub.test"), "no_message"),
        (said("this room is public", sender=ROOM), "no_message"),
        (said("x", kind="error"), "no_message"),
        (said("x", kind="headline"), "no_message"),
        (message("<composing xmlns='http://jabber.org/protocol/chatstates'/>"), "no_text"),
        (said("  "), "no_text"),
        (said("https://a/b.jpg", "<x xmlns='jabber:x:oob'><url>https://a/b.jpg</url></x>"), "no_text"),
        (said("x", "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>"), "edited_message"),
        (said("x", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>"), "deleted_message"),
        (said("👍", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>"), "no_words_of_its_own"),
        (message("<received xmlns='urn:xmpp:carbons:2'/>"), "copy"),
        (said("come", "<x xmlns='jabber:x:conference' jid='a@b'/>"), "invitation"),
        (said("x", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>"), "encrypted"),
        (said("x", "<x xmlns='jabber:x:encrypted'/>"), "encrypted"),
        (said("x", "<delay xmlns='urn:xmpp:delay' stamp='2026-06-01T14:00:00Z'/>"), "too_old"),
        (in_room("MINE D7K", nick="mallory"), "unknown_sender"),
    ],
)
def test_what_is_no_report_is_named(xml: Element, why: str) -> None:
    assert read(xml) == why


def test_words_to_us_through_a_room_are_answered_at_the_writers_own_address_or_nowhere() -> None:
    assert report(said("two vans", sender=f"{ROOM}/ada")).contact == ADA
    assert report(said("two vans", sender=f"{ROOM}/mallory")).contact is None


# --- one message, however it is told ---------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        f"<origin-id {SID} id='o1'/><stanza-id {SID} by='{US}' id='a1'/>",
        f"<stanza-id {SID} by='{US}' id='a1'/>",
    ],
)
def test_live_kept_and_archived_are_one(more: str) -> None:
    live = report(said("two vans", more))
    kept = report(said("two vans", f"{more}<delay xmlns='urn:xmpp:delay' stamp='2026-06-22T14:00:00Z'/>"))
    told = report_in(archived(said("two vans", more)), THEM, NOW)
    assert isinstance(told, IncomingReport)
    assert live.source_id == kept.source_id == told.source_id
    assert told.observed_at == datetime(2026, 6, 22, 14, tzinfo=UTC)


def test_a_message_that_an_app_sends_again_is_one() -> None:
    own = f"<origin-id {SID} id='o1'/>"
    once, again = (said("two vans", f"{own}<stanza-id {SID} by='{US}' id='{n}'/>") for n in "ab")
    assert report(once).source_id == report(again).source_id


def test_an_app_that_gives_an_id_twice_loses_nothing() -> None:
    own = f"<origin-id {SID} id='o1'/>"
    assert report(said("two vans", own)).source_id != report(said("it is over", own)).source_id
    assert report(said("two vans")).source_id != report(said("it is over")).source_id
    assert report(said("two vans")).source_id != report(said("two vans", sender="ben@far.test/x")).source_id


def test_only_the_servers_own_mark_counts() -> None:
    """Anybody can put another's there."""
    forged = f"<stanza-id {SID} by='{ROOM}' id='a1'/>"
    other = f"<stanza-id {SID} by='{ROOM}' id='a2'/>"
    assert report(said("two vans", forged)).source_id == report(said("two vans", other)).source_id


def test_a_rooms_archive_says_who_wrote_it_and_its_history_does_not() -> None:
    """Whoever has that name in the room by now may be somebody else."""
    who = "<x xmlns='http://jabber.org/protocol/muc#user'><item jid='ada@far.test/phone'/></x>"
    told = report_in(archived(in_room("MINE D7K", who)), THEM, NOW)
    assert isinstance(told, IncomingReport)
    assert told.sender == ADA
    late = "<delay xmlns='urn:xmpp:delay' stamp='2026-06-22T14:00:00Z'/>"
    assert read(in_room("MINE D7K", f"{who}{late}")) == "unknown_sender"
    assert report(in_room("#raid", late)).sender is None


def test_an_archive_that_tells_of_no_message_is_passed_by() -> None:
    assert from_archive(message("<result xmlns='urn:xmpp:mam:2' id='1'/>")) is None
    assert from_archive(said("two vans")) is None


# --- whatever comes --------------------------------------------------------------------------------

_TAGS = st.sampled_from(
    [
        "{jabber:client}body",
        "{urn:xmpp:sid:0}origin-id",
        "{urn:xmpp:sid:0}stanza-id",
        "{urn:xmpp:delay}delay",
        "{urn:xmpp:reply:0}reply",
        "{urn:xmpp:mam:2}result",
        "{urn:xmpp:forward:0}forwarded",
        "{jabber:client}message",
        "{http://jabber.org/protocol/muc#user}x",
        "{http://jabber.org/protocol/muc#user}item",
    ]
)
_WORDS = st.text(max_size=12) | st.sampled_from(
    [US, ROOM, f"{ROOM}/ada", "relay:", "geo:1,2", "MINE D7K", ">"]
)
_ATTRIBUTES = st.dictionaries(st.sampled_from(["id", "by", "from", "stamp", "type", "to", "jid"]), _WORDS)


def _element(tag: str, attributes: dict[str, str], text: str, parts: list[Element]) -> Element:
    made = Element(tag, attributes)
    made.text = text
    made.extend(parts)
    return made


_LEAVES = st.builds(_element, _TAGS, _ATTRIBUTES, _WORDS, st.just([]))
_ELEMENTS = st.recursive(
    _LEAVES, lambda inner: st.builds(_element, _TAGS, _ATTRIBUTES, _WORDS, st.lists(inner, max_size=4))
)


@given(
    parts=st.lists(_ELEMENTS, max_size=5),
    sender=_WORDS,
    kind=st.sampled_from(["chat", "groupchat", "normal", "x"]),
)
def test_any_message_is_read_and_not_raised(parts: list[Element], sender: str, kind: str) -> None:
    xml = Element("{jabber:client}message", {"from": sender, "type": kind})
    xml.extend(parts)
    assert isinstance(report_in(heard(xml), THEM, NOW), IncomingReport | Ignored)
    from_archive(xml)
