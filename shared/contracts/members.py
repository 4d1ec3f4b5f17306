"""How a person comes in: invited by somebody, then by a passkey or a password, as events in the log.

What opens a door travels and rests sealed under the member's own key; the router keeps it whole, so that
it can be said again before the log forgets it. The secret of an invitation's link is nowhere: here lies
its SHA-256. A password's hash is keyed and its one-time secret wrapped by the master key on top, so that
even opened they are of no use elsewhere.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    TOKEN_RULE,
    GroupId,
    KeyKind,
    MemberId,
    Message,
    Moment,
    Private,
    Sealed,
    Token,
)
from shared.contracts.desk import DeskCommand
from shared.contracts.groups import MemberName, Role

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class Passkey(Private):
    """A key pair in somebody's device; here lies its public half."""

    sealed_under: ClassVar[KeyKind] = "member"
    credential: Annotated[str, Field(max_length=1400)]
    """The authenticator's id of it, base64url."""
    public_key: Annotated[str, Field(max_length=2000)]
    """COSE, base64url."""
    sign_count: int = 0
    """How often it had signed when it was made: no later signature may say less."""
    label: Label
    """What its owner calls it."""


class Password(Private):
    """A password with one-time codes from an app."""

    sealed_under: ClassVar[KeyKind] = "member"
    login: Annotated[str, Field(max_length=80)]
    """The name that is typed with it."""
    argon2id: Annotated[str, Field(max_length=200)]
    """Of the password's keyed hash."""
    totp: Annotated[str, Field(max_length=200)]
    """The app's secret, wrapped by the master key."""


WayIn = Passkey | Password
"""By what a member can sign in."""


class InviteMember(DeskCommand):
    """Somebody may become a member by a link, once; or, who is one already, choose a new way in."""

    type: Literal["desk.invite_member.v1"] = "desk.invite_member.v1"
    new_member: Annotated[MemberId, TOKEN_RULE]
    invite: Sha256
    roles: dict[GroupId, Role]
    expires_at: Moment
    name: MemberName | Sealed | None = None


class AcceptInvite(DeskCommand):
    """Who holds the link is `member` from now on, by this way in and no older one."""

    type: Literal["desk.accept_invite.v1"] = "desk.accept_invite.v1"
    invite: Sha256
    way_in: Token
    login_tag: Sha256 | None = None
    """A keyed hash of a password's login or a passkey's id, by which it is unique."""
    token_sha256: Sha256
    """For the command line; nobody has this token until one is asked for."""
    secret: Passkey | Password | Sealed | None = None


class PutWayIn(DeskCommand):
    """One more way in of the member who acts, or the same one changed."""

    type: Literal["desk.put_way_in.v1"] = "desk.put_way_in.v1"
    way_in: Token
    login_tag: Sha256 | None = None
    secret: Passkey | Password | Sealed | None = None


class RemoveWayIn(DeskCommand):
    """A way in of the member who acts opens nothing any more."""

    type: Literal["desk.remove_way_in.v1"] = "desk.remove_way_in.v1"
    way_in: Token


class MemberInvited(Message):
    """Whoever holds the link may come in until then, once."""

    type: Literal["member.invited.v1"] = "member.invited.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    invite: Sha256
    roles: dict[GroupId, Role]
    expires_at: Moment
    by: Annotated[MemberId, TOKEN_RULE]
    name: MemberName | Sealed | None = None


class InviteSettled(Message):
    """The link opens nothing any more: it was used, or withdrawn."""

    type: Literal["member.invite_settled.v1"] = "member.invite_settled.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    invite: Sha256
    how: Literal["accepted", "withdrawn"]


class WayInPut(Message):
    """The member can sign in by this from now on."""

    type: Literal["member.way_in_put.v1"] = "member.way_in_put.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    way_in: Token
    login_tag: Sha256 | None = None
    secret: Passkey | Password | Sealed | None = None


class WayInRemoved(Message):
    """The member can sign in by this no longer."""

    type: Literal["member.way_in_removed.v1"] = "member.way_in_removed.v1"
    member: Annotated[MemberId, TOKEN_RULE]
    way_in: Token
