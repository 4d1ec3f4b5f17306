"""What a stranger's mail says: whose it is, which words are theirs, and whether a person wrote it. Pure.

A mail may be anything: it is taken apart by the oldest and plainest of the library's ways, since the newer
one raises at headers that are spoilt; sizes, parts and encodings are bounded before. Only words count: of
what is attached nothing is read. What is quoted goes from a mail that answers, not from one that is passed
on.
"""

import codecs
import hashlib
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from typing import Any, Final

from shared.plugins.html_text import text_of_html
from shared.plugins.mail_quotes import without_quotes, without_signature
from shared.plugins.spec import Ignored

NOT_UNDERSTOOD: Final = Ignored("not_understood")
MOST_CHARS: Final = 20_000
"""Of a longer text the beginning is read."""
_MOST_PARTS: Final = 100
_MOST_BORDERS: Final = 1_000
_MOST_LINES: Final = 300_000
"""What 8 MB of attachments have, twice."""
_CONTENT: Final = re.compile(rb"^content-[a-z-]{1,30}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_MOST_HEADER: Final = 2_000
_MOST_SUBJECT: Final = 200
_MESSAGE_ID: Final = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_FORWARDED: Final = re.compile(
    r"\s*\[?(?:fwd?|wg|tr|rv|enc|pd|ilt|转发|轉寄|إعادة توجيه)\s*[:：]", re.IGNORECASE
)
_BULK: Final = frozenset({"bulk", "list", "junk"})
_LIST: Final = ("List-Id", "List-Post", "List-Unsubscribe")
_ANSWERING: Final = ("X-Autoreply", "X-Autorespond", "X-Autoresponder")
_SERVERS: Final = frozenset({"mailer-daemon", "postmaster"})
_NO_TEXT: Final = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
"""Encodings of Python's own that no mail is written in, and some of which are slow."""
_WIDER: Final = {"gb2312": "gb18030", "gbk": "gb18030"}
"""What programs name by what it once was."""
_QUOTED_HTML: Final = re.compile(
    r"<blockquote|<div[^<>]{0,200}(?:gmail_quote|divRplyFwdMsg|yahoo_quoted|moz-cite-prefix)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail that a person wrote."""

    name: str
    """The same for every copy of this mail, and for no other's."""
    sender: str
    subject: str
    text: str
    """Their own words, without the subject."""
    answers: bool
    """It answers a mail."""
    forwarded: bool
    message_id: str
    """As the mail has it, to be answered by; empty where it has none."""
    answerable: bool
    """Whether its sender's program wants no answer of a program's."""


def parsed(raw: bytes) -> Message | None:
    """A stranger's mail; None for one made to keep whoever reads it busy for minutes."""
    plain = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if plain.count(b"\n") > _MOST_LINES or plain.count(b"\n--") > _MOST_BORDERS:
        return None
    if plain.lower().count(b"content-type:") > _MOST_PARTS:
        return None
    if any(len(header[0]) > _MOST_HEADER for header in _CONTENT.finditer(plain)):
        return None
    return BytesParser(policy=compat32).parsebytes(plain)


def letter_in(raw: bytes, us: str) -> Letter | Ignored:
    """What a person wrote to `us`, or why this is nothing that a person did."""
    try:
        return _letter(raw, us)
    except Exception:  # noqa: BLE001 - whatever the library raises at a mail made for it: others wait behind it
        return NOT_UNDERSTOOD


def _letter(raw: bytes, us: str) -> Letter | Ignored:
    mail = parsed(raw)
    if mail is None:
        return Ignored("too_many_parts")
    sender = _sender(mail)
    if (why := _no_person(mail, sender, us)) is not None:
        return Ignored(why)
    subject = " ".join(_decoded(_header(mail, "Subject")).split())[:_MOST_SUBJECT]
    forwarded = _FORWARDED.match(subject) is not None
    answers = bool(_header(mail, "In-Reply-To").strip()) and not forwarded
    text = _own_words(mail, us, answers=answers)
    if not (text or subject):
        return Ignored("no_text")
    told = _MESSAGE_ID.fullmatch(_header(mail, "Message-ID").strip())
    which = told[0] if told else f"{_header(mail, 'Date')}\n{subject}\n{text}"
    return Letter(
        name=hashlib.sha256(f"{sender}\n{which}".encode("utf-8", "replace")).hexdigest(),
        sender=sender,
        subject=subject,
        text=text,
        answers=answers,
        forwarded=forwarded,
        message_id=told[0] if told else "",
        answerable=not re.search(r"\b(all|autoreply)\b", _header(mail, "X-Auto-Response-Suppress").lower()),
    )


# --- whose it is ---------------------------------------------------------------------------------


def _no_person(mail: Message, sender: str, us: str) -> str | None:
    """Why no person wrote this to us; None if one did (RFC 3834, RFC 2369)."""
    said_by = _header(mail, "Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()
    precedence = _header(mail, "Precedence").strip().lower()
    none = {
        "bounce": _header(mail, "Return-Path").strip() == "<>"
        or mail.get_content_type() == "multipart/report"
        or sender.partition("@")[0].lower() in _SERVERS,
        "own_message": sender.lower() == us.lower(),
        "no_sender": not sender,
        "auto_reply": said_by not in {"", "no"}
        or precedence == "auto_reply"
        or any(name in mail for name in _ANSWERING),
        "mailing_list": precedence in _BULK or any(name in mail for name in _LIST),
    }
    return next((why for why, so in none.items() if so), None)


def _sender(mail: Message) -> str:
    """The one address that it says to be from."""
    told = mail.get_all("From") or ()
    found = getaddresses([str(told[0])[:_MOST_HEADER]]) if len(told) == 1 else []
    return found[0][1].strip() if len(found) == 1 and "@" in found[0][1] else ""


def _header(mail: Message, name: str) -> str:
    return str(mail.get(name, ""))[:_MOST_HEADER]


def _decoded(header: str) -> str:
    try:
        parts: list[tuple[Any, str | None]] = decode_header(header)
    except (HeaderParseError, ValueError):
        return header
    return "".join(part if isinstance(part, str) else _text(part, charset) for part, charset in parts)


# --- which words are theirs ----------------------------------------------------------------------


def _own_words(mail: Message, us: str, *, answers: bool) -> str:
    """Their words alone; all of them where nothing but what was quoted is left."""
    whole = _words(mail, answers=False)
    own = without_quotes(_words(mail, answers=True), us) if answers else whole
    return without_signature(own) or whole.strip()


def _words(part: Message, *, answers: bool) -> str:
    """The text of a part and of those within it, as they follow one another."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment" or kind.startswith("message/"):
        return ""
    if part.is_multipart():
        inner: Any = part.get_payload()
        said = [(one.get_content_type(), _words(one, answers=answers)) for one in inner]
        said = [(kind_of, words) for kind_of, words in said if words.strip()]
        if kind == "multipart/alternative" and said:
            return next((words for kind_of, words in said if kind_of == "text/plain"), said[-1][1])
        return "\n".join(words for _, words in said)[:MOST_CHARS]
    if kind not in {"text/plain", "text/html"}:
        return ""
    payload: Any = part.get_payload(decode=True)
    text = _text(payload or b"", part.get_content_charset()).replace("\r\n", "\n").replace("\r", "\n")
    return _of_html(text, answers=answers) if kind == "text/html" else _unwrapped(part, text)[:MOST_CHARS]


def _of_html(html: str, *, answers: bool) -> str:
    """The words of its body: what stands before that may be long, and is style."""
    body = html[max(html.lower().find("<body"), 0) :][: 2 * MOST_CHARS]
    return text_of_html(_QUOTED_HTML.split(body, maxsplit=1)[0] if answers else body)


def _unwrapped(part: Message, text: str) -> str:
    """Lines that a mail program broke are whole again (RFC 3676)."""
    flowed = str(part.get_param("format", "")).lower() == "flowed"
    return re.sub(r"(?<=[^\s-]) \n(?![>\n])", " ", text[: MOST_CHARS * 2]) if flowed else text


def _text(raw: bytes, charset: str | None) -> str:
    """As it says to be written; where that can't be, as most are. What is cut off in a letter loses that."""
    said = (charset or "").lower()
    for one in (_WIDER.get(said, said), "utf-8", "cp1252"):
        try:
            if one and codecs.lookup(one).name.replace("_", "-") not in _NO_TEXT:
                str(b"x", one, "ignore")  # raises at what is no encoding of text, before it unpacks anything
                return codecs.getincrementaldecoder(one)().decode(raw[: MOST_CHARS * 8])
        except (LookupError, ValueError):
            continue
    return raw[: MOST_CHARS * 8].decode("latin-1")
