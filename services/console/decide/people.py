"""Groups and members: who exists, who may act, by which token. Pure."""

from collections.abc import Iterable

from services.console.decide.draft import Draft
from shared.contracts.groups import GroupChannels, GroupDefined, MemberAdded, MemberName, MemberRevoked


def needs(_draft: Draft, event: MemberAdded | MemberRevoked) -> Iterable[str]:
    """The member."""
    yield f"member:{event.member}"


def needs_of_group(_draft: Draft, event: GroupDefined) -> Iterable[str]:
    """The group."""
    yield f"group:{event.group}"


def group_defined(draft: Draft, event: GroupDefined, _place: float) -> None:
    """A group exists in this version."""
    channels = event.channels.channels if isinstance(event.channels, GroupChannels) else ()
    draft.put(
        f"group:{event.group}",
        {
            "id": event.group,
            "version": event.version,
            "definition": event.definition.model_dump(mode="json"),
            "channels": [channel.model_dump(mode="json") for channel in channels],
        },
    )
    draft.score("groups", event.group, 0)


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
    member = draft.edit(f"member:{event.member}")
    member.update(member=event.member, revoked=True, token_sha256=None)
    draft.score("members", event.member, None)


def _forget_token(draft: Draft, member: str) -> None:
    before = draft.get(f"member:{member}") or {}
    if before.get("token_sha256"):
        draft.delete(f"member_token:{before['token_sha256']}")
