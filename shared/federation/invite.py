"""How two hubs come to know each other's keys: a line there, a line back, by people who know each other.

The first line invites one named hub, once, for a while; the second answers it and is worth nothing without
the first one's secret. Both are signed by the key that they bring, so neither can be put together from parts.
Nothing on the internet takes them: whom a hub believes is changed by its operator's own hand.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contracts.base import Moment, Slug, Token
from shared.errors import RelayError
from shared.federation.link import (
    Invite,
    Link,
    PublicKey,
    Step,
    Url,
    decoded,
    encoded,
    is_signed,
    public_of,
    signed,
)

HOLDS: Final = timedelta(days=3)
"""How long an invitation may be answered."""
_HEAD: Final = "relay-peer-1."
_PURPOSE: Final = b"alert-relay peer invitation 1\n"
_MOST: Final = 4_000


class InvitationError(RelayError):
    """This line invites nobody; ask the other hub's operator for a new one."""


class Line(BaseModel):
    """What an invitation, or the answer to it, says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: Literal["invite", "answer"]
    sender: Slug
    audience: Slug
    key: PublicKey
    url: Url
    secret: Token
    until: Moment

    def written(self, private: str) -> str:
        """The line as one person sends it to another."""
        content = self.model_dump_json().encode()
        return f"{_HEAD}{encoded(content)}.{signed(private, _PURPOSE, content)}"

    @classmethod
    def read(cls, line: str) -> Self:
        """What a line says, if the key in it signed all of it. Raises `InvitationError`."""
        head, _, rest = line.strip()[:_MOST].partition(_HEAD)
        content, _, signature = rest.partition(".")
        try:
            said = decoded(content)
            found = cls.model_validate_json(said)
        except (ValueError, ValidationError):
            raise InvitationError("This is no whole line of relay peer; copy all of it.") from None
        if head or not is_signed(found.key, _PURPOSE, said, signature):
            raise InvitationError("This line was changed on its way; ask for it once more.")
        return found


def invite(  # noqa: PLR0913 - what an invitation says
    *, hub: str, us: str, url: str, private: str, secret: str, by: str, now: datetime
) -> tuple[Link, str]:
    """A link that waits for the answer, and the line for the other hub's operator."""
    public = public_of(private)
    until = now + HOLDS
    line = Line(what="invite", sender=us, audience=hub, key=public, url=url, secret=secret, until=until)
    link = Link(
        hub=hub,
        us=us,
        state="invited",
        our_key=public,
        our_url=url,
        invite=Invite(secret_sha256=_hashed(secret), until=until),
        history=(Step(at=now, what="invited", by=by),),
    )
    return link, line.written(private)


def accept(line: Line, *, url: str, private: str, by: str, now: datetime) -> tuple[Link, str]:
    """The open link of whoever was invited, and the line back."""
    if line.what != "invite":
        raise InvitationError("This line answers an invitation of another hub's; it is for that hub.")
    _in_time(line.until, now)
    public = public_of(private)
    link = Link(
        hub=line.sender,
        us=line.audience,
        state="open",
        our_key=public,
        our_url=url,
        key=line.key,
        url=line.url,
        history=(Step(at=now, what="accepted", by=by),),
    )
    back = Line(
        what="answer",
        sender=line.audience,
        audience=line.sender,
        key=public,
        url=url,
        secret=line.secret,
        until=line.until,
    )
    return link, back.written(private)


def complete(link: Link, line: Line, *, by: str, now: datetime) -> Link:
    """The link of whoever invited, open now that it is answered. An invitation is answered once."""
    if link.state != "invited" or link.invite is None:
        raise InvitationError(f"No invitation of {link.hub} is open; it was answered already, or revoked.")
    if (line.sender, line.audience) != (link.hub, link.us):
        raise InvitationError(f"This line was not written by {link.hub} for {link.us}.")
    if not hmac.compare_digest(_hashed(line.secret), link.invite.secret_sha256):
        raise InvitationError("This line answers another invitation than the last one; ask for a new answer.")
    _in_time(link.invite.until, now)
    if line.key == link.our_key:
        raise InvitationError("This line is our own.")
    step = Step(at=now, what="accepted", by=by)
    opened = {"state": "open", "key": line.key, "url": line.url, "invite": None}
    return link.model_copy(update={**opened, "history": (*link.history, step)})


def revoke(link: Link, *, by: str, now: datetime) -> Link:
    """The link, closed for good: to begin again takes a new invitation and new keys."""
    step = Step(at=now, what="revoked", by=by)
    return link.model_copy(update={"state": "revoked", "invite": None, "history": (*link.history, step)})


def _in_time(until: datetime, now: datetime) -> None:
    if until < now:
        raise InvitationError("This invitation has expired; ask the other hub's operator for a new one.")


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def fingerprint(key: str) -> str:
    """What two operators read to each other to be sure that nobody stands between them."""
    digits = hashlib.sha256(decoded(key)).hexdigest()[:20]
    return " ".join(digits[n : n + 4] for n in range(0, 20, 4))
