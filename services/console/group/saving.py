"""Saving a part of a group: the same command as a whole file's, on top of the version that was looked at.

Guarantees: what somebody else has changed meanwhile is never overwritten; a part that was not looked at stays
as it is, also where the console cannot read it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.console.account.members import acting
from services.console.account.pages import text_of
from services.console.door import Actor, Console
from services.console.group.pages import Scope
from services.console.submit import Verdict, command_id, stored_id, submit
from shared.contracts.desk import DefineGroup
from shared.contracts.groups import ChannelDefinition, GroupChannels, GroupDefinition
from shared.http import Problem
from shared.stand_ins import stand_in_flaws

MOVED_ON: Final = "group_moved_on"
SEEN: Final = "seen"
"""The hidden field of every form here: the version that it was filled in from."""


async def define(
    console: Console,
    actor: Actor,
    definition: GroupDefinition,
    *,
    seen: int,
    channels: Sequence[ChannelDefinition] | None = None,
) -> Verdict:
    """Put the group in force if it is still at that version; raises a 409 problem if it is not."""
    command = DefineGroup(
        id=stored_id(actor.member, command_id(None)),
        at=console.clock.now(),
        member=actor.member,
        group=acting(actor, {definition.id}),
        definition=definition,
        channels=None if channels is None else GroupChannels(channels=tuple(channels)),
        seen_version=seen,
    )
    return await submit(console, command, body=definition.model_dump_json())


async def save(
    scope: Scope,
    form: Mapping[str, Any],
    *,
    channels: Sequence[ChannelDefinition] | None = None,
    **parts: Any,
) -> str:
    """Save these parts of the definition, or the channels; where to go on to."""
    seen = text_of(form, SEEN, most=9)
    if seen != str(scope.version):
        raise Problem(409, MOVED_ON, "Somebody else has changed the group since you looked.")
    for n, flaw in stand_in_flaws(channels or ()):
        raise Problem(422, "bad_stand_in", f"Of the channel {(channels or ())[n].id!r}: {flaw}")
    definition = GroupDefinition.model_validate(scope.group["definition"]).model_copy(update=parts)
    verdict = await define(scope.console, scope.actor, definition, seen=int(seen), channels=channels)
    return f"/groups/{scope.id}?saved={'now' if verdict.reason else 'later'}"


def channels_of(scope: Scope) -> list[ChannelDefinition]:
    """The group's channels as they are."""
    return [ChannelDefinition.model_validate(c) for c in scope.group.get("channels", ())]
