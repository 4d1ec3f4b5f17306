"""XMPP's messages read: the report in one of them, or why there is none. Pure.

A message is known by the id that its writer's app gave it (XEP-0359), or else its server; with it stands a
sum of its words, so that an app that gives an id twice loses nothing. So what a server tells live, what it
kept for us, a room's history and an archive are one and the same message.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from alert_relay.plugins import GROUP_TALK, Ignored, IncomingReport, has_mark, meant_in_chat, with_code_of
from shared.plugins.geo_uri import place_in

ROOM: Final = "room:"
"""Before the address of a room that is written to."""
OLDEST: Final = timedelta(days=13)
"""What is older may be a repeat that the log has forgotten."""
ENCRYPTED: Final = Ignored("encrypted")
OWN: Final = Ignored("own_message")
_MOST: Final = 20_000
_CLIENT: Final = "{jabber:client}"
_SID: Final = "{urn:xmpp:sid:0}"
_DELAY: Final = "{urn:xmpp:delay}delay"
_REPLY: Final = "{urn:xmpp:reply:0}reply"
_SECRET: Final = (
    "{urn:xmpp:eme:0}encryption",
    "{eu.siacs.conversations.axolotl}encrypted",
    "{urn:xmpp:omemo:2}encrypted",
    "{urn:xmpp:openpgp:0}openpgp",
    "{jabber:x:encrypted}x",
)
_NO_WORDS: Final[Mapping[str, str]] = {
    "{urn:xmpp:message-correct:0}replace": "edited_message",
    "{urn:xmpp:message-retract:0}retract": "deleted_message",
    "{urn:xmpp:message-retract:1}retract": "deleted_message",
    "{urn:xmpp:reactions:0}reactions": "no_words_of_its_own",
    "{urn:xmpp:carbons:2}received": "copy",
    "{urn:xmpp:carbons:2}sent": "copy",
    "{http://jabber.org/protocol/muc#user}x/{http://jabber.org/protocol/muc#user}invite": "invitation",
    "{jabber:x:conference}x": "invitation",
}


@dataclass(frozen=True, slots=True)
class Us:
    """Who we are, and by what we are meant in a room."""

    account: str
    hashtag: str
    nick_in: Callable[[str], str]
    """What we are called in a room; empty for what is no room of ours."""
    who_is: Callable[[str, str], str | None]
    """The true address of somebody in a room, where the room shows it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, and what was told beside it."""

    xml: Element
    at: datetime | None = None
    archived: str = ""
    """The archive's id of it."""

    @property
    def sender(self) -> str:
        """Whose it is: the address of an account, or of a room."""
        return self.xml.get("from", "").partition("/")[0]

    @property
    def nick(self) -> str:
        """In a room: who there. Else the writer's device."""
        return self.xml.get("from", "").partition("/")[2]

    @property
    def body(self) -> str:
        """Its words; a file's bare address is none."""
        text = (self.xml.findtext(f"{_CLIENT}body") or "")[:_MOST].strip()
        file = self.xml.findtext("{jabber:x:oob}x/{jabber:x:oob}url")
        return "" if file is not None and file.strip() == text else text

    @property
    def wants_receipt(self) -> bool:
        """Whether its writer's app asks to hear that it arrived."""
        return self.xml.find("{urn:xmpp:receipts}request") is not None


def heard(xml: Element) -> Heard:
    """A message as it came."""
    delay = xml.find(_DELAY)
    return Heard(xml, _moment(delay.get("stamp")) if delay is not None else None)


def from_archive(result: Element) -> Heard | None:
    """The message that an archive tells of; None if it tells of none."""
    told = result.find("{urn:xmpp:mam:2}result")
    forwarded = told.find("{urn:xmpp:forward:0}forwarded") if told is not None else None
    xml = forwarded.find(f"{_CLIENT}message") if forwarded is not None else None
    if told is None or forwarded is None or xml is None:
        return None
    delay = forwarded.find(_DELAY)
    return Heard(xml, _moment(delay.get("stamp")) if delay is not None else None, told.get("id", ""))


def report_in(message: Heard, us: Us, now: datetime) -> IncomingReport | Ignored:
    """The report in a message, or why there is none."""
    none = _is_none(message, us) or _says_nothing(message.xml)
    if none is not None:
        return Ignored(none)
    if message.at is not None and now - message.at > OLDEST:
        return Ignored("too_old")
    if any(message.xml.find(tag) is not None for tag in _SECRET):
        return ENCRYPTED
    body = message.body
    if not body:
        return Ignored("no_text")
    return _said_in_room(message, body, us) if _in_room(message) else _said_to_us(message, body, us)


def _in_room(message: Heard) -> bool:
    return message.xml.get("type") == "groupchat"


def _is_none(message: Heard, us: Us) -> str | None:
    """Why a message is nobody's, or ours."""
    kind, nick = message.xml.get("type", "normal"), us.nick_in(message.sender)
    of_a_server = "@" not in message.sender or (nick and not message.nick)
    if kind in {"error", "headline"} or of_a_server or (_in_room(message) and not nick):
        return "no_message"
    own = message.nick == nick if nick else message.sender == us.account
    return "own_message" if own else None


def _says_nothing(xml: Element) -> str | None:
    return next((why for tag, why in _NO_WORDS.items() if xml.find(tag) is not None), None)


def _said_to_us(message: Heard, body: str, us: Us) -> IncomingReport:
    """In private all that is said is meant for us; through a room it may be, too."""
    through_room = bool(us.nick_in(message.sender))
    sender = us.who_is(message.sender, message.nick) if through_room else message.sender
    quoted, text = _apart(body)
    place = place_in(text)
    lat, lon, accuracy_m = place or (None, None, None)
    return IncomingReport(
        source_id=_name(message, message.sender, body, us),
        text="" if place else with_code_of(text, quoted) or text,
        sender=sender,
        contact=sender,
        observed_at=message.at,
        lat=lat,
        lon=lon,
        accuracy_m=accuracy_m,
    )


def _said_in_room(message: Heard, body: str, us: Us) -> IncomingReport | Ignored:
    """In a room only what is addressed to us or marked, and what a member writes to the desk."""
    nick, (quoted, text) = us.nick_in(message.sender), _apart(body)
    reply = message.xml.find(_REPLY)
    answers_us = reply is not None and reply.get("to") == f"{message.sender}/{nick}"
    named, text = _named(text, nick)
    if answers_us:
        text = with_code_of(text, quoted) or text
    meant = meant_in_chat(text, addressed=answers_us or named, hashtag=us.hashtag)
    if meant is None:
        return Ignored(GROUP_TALK)
    sender = us.who_is(message.sender, message.nick) if message.at is None else _shown(message)
    if meant == "desk" and sender is None:
        return Ignored("unknown_sender")
    return IncomingReport(
        source_id=_name(message, f"{message.sender}/{message.nick}", body, us),
        text=text,
        sender=sender,
        observed_at=message.at,
        source=message.sender,
        chat=message.sender.partition("@")[0],
        reply_to=f"{ROOM}{message.sender}" if meant == "desk" else None,
    )


def _shown(message: Heard) -> str | None:
    """Who wrote it, as an archive shows it: whoever has that name in the room now may be somebody else."""
    item = message.xml.find(
        "{http://jabber.org/protocol/muc#user}x/{http://jabber.org/protocol/muc#user}item"
    )
    jid = item.get("jid", "") if item is not None and message.archived else ""
    return jid.partition("/")[0] or None


def _named(text: str, nick: str) -> tuple[bool, str]:
    """Whether our name stands in front or with an @ anywhere; and the text without it in front."""
    front = re.match(rf"@?{re.escape(nick)}[:,]?(?:\s+|\Z)", text, re.IGNORECASE)
    if front is not None and (text.startswith("@") or text[: front.end()].rstrip()[-1:] in ":,"):
        return True, text[front.end() :].strip()
    return has_mark(text, f"@{nick}"), text


def _apart(body: str) -> tuple[str, str]:
    """What is quoted at the beginning (lines with >), and what is said."""
    lines = body.split("\n")
    count = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
    said = "\n".join(lines[count:]).strip()
    return ("\n".join(lines[:count]), said) if said else ("", body)


def _name(message: Heard, writer: str, body: str, us: Us) -> str:
    """What the message is known by, the same however it is told."""
    own = message.xml.find(f"{_SID}origin-id")
    given = own.get("id", "") if own is not None else ""
    kept_by = message.sender if _in_room(message) else us.account
    kept = next((s.get("id", "") for s in message.xml.iter(f"{_SID}stanza-id") if s.get("by") == kept_by), "")
    server = kept or message.archived
    what = ("writer", given) if given else ("server", server) if server else ("id", message.xml.get("id", ""))
    told = "\n".join((*what, writer, "" if what[0] == "server" else body))
    return hashlib.sha256(told.encode()).hexdigest()[:48]


def _moment(value: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value or "")
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
