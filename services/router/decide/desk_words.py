"""A group's own words: proposed by one person, put in use by another, withdrawn by any of them.

Guarantees: nobody reviews their own; what is put in use is exactly the version that was reviewed, and fits
its message; words stand in the group's definition, so an alert names, by the group's version, the words it is
told in.
"""

from typing import Final

from services.router.decide import reasons
from services.router.decide.draft import Draft
from services.router.decide.state import Group
from shared.contracts.base import GroupId
from shared.contracts.groups import GroupDefined
from shared.contracts.own_words import LONGEST, GroupWords, OwnWords, WordsSignature, WordsText
from shared.contracts.wording import ProposeWords, ReviewWords, WithdrawWords, WordsCommand
from shared.words.own_check import mistakes_in

MOST: Final = 100
"""Words in use and to come, so that a group's definition stays small enough to be stored as one."""


def propose(draft: Draft, command: ProposeWords) -> str:
    """Words lie ready for a second person, or (a draft) for whoever goes on with them."""
    group = draft.state.groups.get(command.group)
    if group is None:
        return reasons.UNKNOWN_GROUP
    if not isinstance(command.words, WordsText):
        return reasons.CONTENT_GONE
    known = _of_slot(group, command)
    new = _proposed(draft, group, command, command.words.text)
    if any(_same(w, new) for w in known):
        return reasons.UNCHANGED
    if command.seen != max((w.version for w in known), default=0):
        return reasons.WORDS_MOVED_ON
    kept = [w for w in group.words.words if w not in known or w.state == "in_use"]
    if len(kept) >= MOST:
        return reasons.TOO_MANY
    return _put(draft, command.group, group, [*kept, new])


def review(draft: Draft, command: ReviewWords) -> str:
    """A second person signs, and messages are made of the words from now on."""
    group = draft.state.groups.get(command.group)
    if group is None:
        return reasons.UNKNOWN_GROUP
    known = _of_slot(group, command)
    pending = next((w for w in known if w.version == command.version), None)
    if pending is None:
        return reasons.WORDS_MOVED_ON
    if (refused := _unfit(draft, command, pending)) or not isinstance(command.signature, WordsSignature):
        return refused or reasons.CONTENT_GONE
    signed = pending.model_copy(
        update={
            **dict(command.signature),
            "state": "in_use",
            "reviewed_by": command.member,
            "signed_on": draft.now.date(),
        }
    )
    return _put(draft, command.group, group, [*(w for w in group.words.words if w not in known), signed])


def withdraw(draft: Draft, command: WithdrawWords) -> str:
    """These words are proposed, or used, no longer: the relay's own take their place."""
    group = draft.state.groups.get(command.group)
    if group is None:
        return reasons.UNKNOWN_GROUP
    gone = [w for w in _of_slot(group, command) if w.version == command.version]
    if not gone:
        return reasons.WORDS_MOVED_ON
    return _put(draft, command.group, group, [w for w in group.words.words if w not in gone])


def _unfit(draft: Draft, command: ReviewWords, pending: OwnWords) -> str | None:
    """Why these words may not be put in use by this member; None if they may."""
    if pending.state == "in_use":
        return reasons.UNCHANGED if pending.reviewed_by == command.member else reasons.WORDS_REVIEWED
    if pending.state == "draft":
        return reasons.WORDS_ARE_DRAFT
    if pending.proposed_by == command.member:
        return reasons.OWN_PROPOSAL
    signature = command.signature
    if isinstance(signature, WordsSignature):
        if signature.signed_as == "member" and pending.language != "en":
            return reasons.READER_NEEDED
        today = draft.now.date()
        if not today < signature.expires_on <= today + LONGEST:
            return reasons.EXPIRY_WRONG
    return reasons.WORDS_WRONG if mistakes_in(pending.text, *pending.slot) else None


def _proposed(draft: Draft, group: Group, command: ProposeWords, text: str) -> OwnWords:
    return OwnWords(
        kind=command.kind,
        size=command.size,
        language=command.language,
        version=group.version + 1,
        state="draft" if command.draft else "waiting",
        text=text,
        proposed_by=command.member,
        proposed_at=draft.now,
    )


def _same(known: OwnWords, new: OwnWords) -> bool:
    return (known.state, known.text, known.proposed_by) == (new.state, new.text, new.proposed_by)


def _of_slot(group: Group, command: WordsCommand) -> list[OwnWords]:
    wanted = (command.kind, command.size, command.language)
    return [w for w in group.words.words if w.slot == wanted]


def _put(draft: Draft, name: GroupId, group: Group, words: list[OwnWords]) -> str:
    draft.emit(
        GroupDefined,
        group=name,
        version=group.version + 1,
        definition=group.definition,
        channels=group.channels,
        words=GroupWords(words=tuple(sorted(words, key=lambda w: (*w.slot, w.version)))),
    )
    return reasons.APPLIED
