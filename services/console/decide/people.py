"""Groups and members: who exists, who may act, by which token or way in, and who is invited. Pure.

What opens a door is in documents of its own (`ways:…`, `passkey:…`, `login:…`), which no view shows.
"""

from collections.abc import Iterable

from services.console.decide.draft import Document, Draft
from shared.contracts.groups import GroupChannels, GroupDefined, MemberAdded, MemberName, MemberRevoked
from shared.contracts.members import (
    InviteSettled,
    MemberInvited,
    Passkey,
    Password,
    WayIn,
    WayInPut,
    WayInRemoved,
)
from shared.contracts.own_words import GroupWords


def needs(_draft: Draft, event: MemberAdded | MemberRevoked) -> Iterable[str]:
    """The member, and by what they sign in."""
    return (f"member:{event.member}", f"ways:{event.member}")


def needs_of_way(_draft: Draft, event: WayInPut | WayInRemoved) -> Iterable[str]:
    """By what the member signs in."""
    yield f"ways:{event.member}"


def needs_of_invite(_draft: Draft, event: MemberInvited | InviteSettled) -> Iterable[str]:
    """The invitation."""
    yield f"invite:{event.invite}"


def needs_of_group(_draft: Draft, event: GroupDefined) -> Iterable[str]:
    """The group."""
    yield f"group:{event.group}"


def group_defined(draft: Draft, event: GroupDefined, _place: float) -> None:
    """A group exists in this version."""
    channels = event.channels.channels if isinstance(event.channels, GroupChannels) else ()
    before = draft.get(f"group:{event.group}") or {}
    words = event.words.words if isinstance(event.words, GroupWords) else ()
    shown = [channel.model_dump(mode="json") for channel in channels]
    draft.put(
        f"group:{event.group}",
        {
            "id": event.group,
            "version": event.version,
            "definition": event.definition.model_dump(mode="json"),
            "channels": shown,
            "words": [own.model_dump(mode="json") for own in words],
            "channels_since": {c["id"]: _since(before, c, event.version) for c in shown},
        },
    )
    draft.score("groups", event.group, 0)


def _since(before: Document, channel: Document, version: int) -> int:
    """From which version on the channel reaches the same people: an older test says nothing any more."""
    reached = {c["id"]: (c["kind"], c["settings"]) for c in before.get("channels", ())}
    same = reached.get(channel["id"]) == (channel["kind"], channel["settings"])
    return int(before.get("channels_since", {}).get(channel["id"], version)) if same else version


def added(draft: Draft, event: MemberAdded, _place: float) -> None:
    """Somebody may act; an earlier token of theirs opens nothing any more."""
    _forget_token(draft, event.member)
    name = event.name.name if isinstance(event.name, MemberName) else ""
    who = {"member": event.member, "name": name, "roles": dict(event.roles)}
    draft.put(
        f"member:{event.member}", {**who, "token_sha256": event.token_sha256, "at": event.at.isoformat()}
    )
    draft.put(f"member_token:{event.token_sha256}", who)
    draft.score("members", event.member, event.at.timestamp())


def revoked(draft: Draft, event: MemberRevoked, _place: float) -> None:
    """Somebody may act no longer; their name stays where they acted."""
    _forget_token(draft, event.member)
    for way in _ways(draft, event.member).values():
        _forget_way(draft, way)
    draft.delete(f"ways:{event.member}")
    member = draft.edit(f"member:{event.member}")
    member.update(member=event.member, revoked=True, token_sha256=None)
    draft.score("members", event.member, None)


def invited(draft: Draft, event: MemberInvited, _place: float) -> None:
    """A link lets somebody in until then."""
    name = event.name.name if isinstance(event.name, MemberName) else ""
    who = {"member": event.member, "name": name, "roles": dict(event.roles), "by": event.by}
    draft.put(
        f"invite:{event.invite}",
        {**who, "invite": event.invite, "at": event.at.isoformat(), "until": event.expires_at.isoformat()},
    )
    draft.score("invites", event.invite, event.at.timestamp())


def invite_settled(draft: Draft, event: InviteSettled, _place: float) -> None:
    """The link opens nothing any more."""
    draft.delete(f"invite:{event.invite}")
    draft.score("invites", event.invite, None)


def way_put(draft: Draft, event: WayInPut, _place: float) -> None:
    """The member can sign in by this; what could not be opened opens nothing either."""
    if not isinstance(event.secret, Passkey | Password):
        return
    ways = draft.edit(f"ways:{event.member}").setdefault("ways", {})
    before = ways.get(event.way_in)
    if before:
        _forget_way(draft, before)
    since = before["since"] if before else event.at.isoformat()
    way = ways[event.way_in] = {**_way(event.secret), "login_tag": event.login_tag, "since": since}
    for key in _names(way):
        draft.put(key, {"member": event.member, "way": event.way_in})


def way_removed(draft: Draft, event: WayInRemoved, _place: float) -> None:
    """The member can sign in by this no longer."""
    ways = draft.edit(f"ways:{event.member}").setdefault("ways", {})
    if event.way_in in ways:
        _forget_way(draft, ways.pop(event.way_in))


def _way(secret: WayIn) -> Document:
    match secret:
        case Passkey():
            key = {"credential": secret.credential, "public_key": secret.public_key}
            return {"kind": "passkey", "label": secret.label, "sign_count": secret.sign_count, **key}
        case Password():
            return {
                "kind": "password",
                "label": secret.login,
                "argon2id": secret.argon2id,
                "totp": secret.totp,
            }


def _names(way: Document) -> Iterable[str]:
    """Under which keys the way in is found by whoever comes."""
    if way["kind"] == "passkey":
        yield f"passkey:{way['credential']}"
    if way["login_tag"]:
        yield f"login:{way['login_tag']}"


def _forget_way(draft: Draft, way: Document) -> None:
    for key in _names(way):
        draft.delete(key)


def _ways(draft: Draft, member: str) -> Document:
    return (draft.get(f"ways:{member}") or {}).get("ways") or {}


def _forget_token(draft: Draft, member: str) -> None:
    before = draft.get(f"member:{member}") or {}
    if before.get("token_sha256"):
        draft.delete(f"member_token:{before['token_sha256']}")
