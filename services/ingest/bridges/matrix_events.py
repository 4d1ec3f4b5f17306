"""What a Matrix event says: a report, a reply to the desk, or nothing for us. Pure.

Anybody may put anything into an event, so every value is looked at before it is believed. An event is a
report at most once, under its own id: an edit of it is another event, and never a second report.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from alert_relay.plugins import GROUP_TALK, IncomingReport, Meant, meant_in_chat, with_code_of
from shared.plugins.geo_uri import Place, place_in
from shared.plugins.untrusted import moment_in, object_in, text_in

Room = Literal["private", "desk", "chat", "other"]
"""One person and us; a verifiers' room, a group's own, both named in the settings; any other: not read."""
Event = Mapping[str, Any]

MESSAGE: Final = "m.room.message"
ENCRYPTED: Final = "m.room.encrypted"
ENCRYPTION: Final = "m.room.encryption"
MEMBER: Final = "m.room.member"
_TEXTS: Final = frozenset({"m.text", "m.emote"})
_MEDIA: Final = frozenset({"m.image", "m.file", "m.audio", "m.video"})
_LONGEST_ID: Final = 255
"""Matrix's own limit."""
_QUOTE: Final = re.compile(r"\A(?:> .*\n|>\n)+\n?")
"""What older apps put before an answer: the message that it answers."""


@dataclass(frozen=True, slots=True)
class Us:
    """Our account, how a room's members call it, and the accounts by which groups send alerts."""

    user_id: str
    alerts_from: frozenset[str] = frozenset()
    hashtag: str = "raid"

    def wrote(self, event: Event) -> bool:
        """Whether it is the relay's own: an alert that comes back is nobody's report."""
        return event.get("sender") in {self.user_id, *self.alerts_from}

    def without_name(self, text: str) -> str:
        """The text without our name at its beginning, as apps put it there for a mention."""
        local = re.escape(self.user_id[1:].partition(":")[0])
        name = rf"\A\s*(?:{re.escape(self.user_id)}|@?{local})[:,]?\s+"
        return re.sub(name, "", text, count=1, flags=re.IGNORECASE)


def events_in(transaction: Any) -> list[Event]:
    """The events of a transaction that have what every event has; what else is in it is not looked at."""
    found = transaction.get("events") if isinstance(transaction, dict) else None
    return [event for event in found if _sound(event)] if isinstance(found, list) else []


def _sound(event: Any) -> bool:
    begins = {"event_id": "$", "room_id": "!", "sender": "@", "type": ""}
    return isinstance(event, dict) and all(_id(event.get(name), sign) for name, sign in begins.items())


def _id(value: Any, sign: str) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.startswith(sign)


def content(event: Event) -> Event:
    """What the event says."""
    return object_in(event, "content")


def is_message(event: Event, us: Us) -> bool:
    """Whether somebody else wrote it, in clear or not."""
    return event["type"] in {MESSAGE, ENCRYPTED} and not us.wrote(event)


def answered(event: Event) -> str | None:
    """The id of the event that this one answers."""
    found = object_in(object_in(content(event), "m.relates_to"), "m.in_reply_to").get("event_id")
    return found if _id(found, "$") else None


def text_of(event: Event) -> str:
    """The words of a message, or of what stands under a picture; of a place none but its description."""
    said = content(event)
    match text_in(said, "msgtype"):
        case kind if kind in _TEXTS:
            body = text_in(said, "body")
            return _QUOTE.sub("", body, count=1).strip() if answered(event) else body.strip()
        case kind if kind in _MEDIA:  # `body` is a caption only beside a `filename`
            name = text_in(said, "filename")
            return text_in(said, "body").strip() if name and text_in(said, "body") != name else ""
        case "m.location" if _place(said) is not None:
            return text_in(object_in(said, "org.matrix.msc3488.location"), "description").strip()
        case "m.location":
            return text_in(said, "body").strip()
    return ""


def unreadable(event: Event) -> bool:
    """Whether it is a message of somebody's that holds no words and no place: a picture, a voice."""
    said = content(event)
    return event["type"] == MESSAGE and text_in(said, "msgtype") in _MEDIA and not text_of(event)


def report_of(event: Event, room: Room, quoted: str, us: Us) -> IncomingReport | str:
    """The report in this event, or the constant that says why there is none.

    `quoted` is the message of ours that it answers, if it does.
    """
    if (why := _not_for_us(event, us)) is not None:
        return why
    text = text_of(event)
    text = (with_code_of(us.without_name(text), quoted) if quoted else None) or text
    place = _place(content(event))
    match room:
        case "private":
            return _report(event, text, place, private=True) if text or place else "no_text_or_place"
        case "desk" | "chat":
            meant = _meant(event, text, us, answers_us=bool(quoted) and room == "chat")
            if meant == "desk" or (meant == "report" and room == "chat"):
                return _report(event, us.without_name(text), None, private=False, to_desk=meant == "desk")
            return GROUP_TALK
    return "not_a_room_of_ours"


def _not_for_us(event: Event, us: Us) -> str | None:
    said = content(event)
    if event["type"] == ENCRYPTED:
        return "encrypted"
    if event["type"] != MESSAGE:
        return "no_message"
    if us.wrote(event):
        return "own_message"
    if said.get("msgtype") == "m.notice":
        return "from_a_bot"
    if object_in(said, "m.relates_to").get("rel_type") == "m.replace":
        return "edited_message"
    return None


def _meant(event: Event, text: str, us: Us, *, answers_us: bool) -> Meant | None:
    mentioned = object_in(content(event), "m.mentions").get("user_ids")
    bare = us.without_name(text)
    by_name = (isinstance(mentioned, list) and us.user_id in mentioned) or bare != text
    return meant_in_chat(bare, addressed=by_name or answers_us, hashtag=us.hashtag) if bare else None


def _report(
    event: Event,
    text: str,
    place: Place | None,
    *,
    private: bool,
    to_desk: bool = False,
) -> IncomingReport:
    lat, lon, accuracy = place or (None, None, None)
    room = event["room_id"]
    return IncomingReport(
        source_id=event["event_id"],
        text=text,
        sender=event["sender"],
        contact=room if private else None,
        lat=lat,
        lon=lon,
        accuracy_m=accuracy,
        observed_at=moment_in(event, "origin_server_ts", per_second=1000),
        source=None if private else room,
        reply_to=room if to_desk else None,
    )


def _place(said: Event) -> Place | None:
    return place_in(text_in(said, "geo_uri")) if said.get("msgtype") == "m.location" else None


def newcomers(events: Sequence[Event], us: Us) -> set[str]:
    """The rooms to which somebody else was invited, or came."""
    return {e["room_id"] for e in events if _membership(e) in {"invite", "join"} and _whose(e) != us.user_id}


def invitations(events: Sequence[Event], us: Us) -> list[str]:
    """The rooms to which we are invited."""
    return [e["room_id"] for e in events if _membership(e) == "invite" and _whose(e) == us.user_id]


def departures(events: Sequence[Event]) -> set[str]:
    """The rooms that somebody left, or from which somebody was sent away."""
    return {e["room_id"] for e in events if _membership(e) in {"leave", "ban"}}


def encrypted_rooms(events: Sequence[Event], us: Us) -> set[str]:
    """The rooms in which something is, or from now on will be, encrypted."""
    return {e["room_id"] for e in events if e["type"] in {ENCRYPTED, ENCRYPTION} and not us.wrote(e)}


def _membership(event: Event) -> str:
    return text_in(content(event), "membership") if event["type"] == MEMBER else ""


def _whose(event: Event) -> str:
    return text_in(event, "state_key")
