"""Members' chat accounts as the desk shows them: by which bridges. The pseudonyms stay in the log. Pure."""

import hashlib
from collections.abc import Iterable

from services.console.decide.draft import Draft
from shared.contracts.groups import AccountBound, AccountsUnbound, BoundAccount, MemberRevoked


def needs(draft: Draft, event: AccountBound | AccountsUnbound | MemberRevoked) -> Iterable[str]:
    """The member's accounts, and whose this one was before."""
    yield f"chat:{event.member}"
    if isinstance(event, AccountBound) and isinstance(event.account, BoundAccount):
        key = f"chat_account:{_name(event.account)}"
        yield key
        if not draft.missing([key]) and (before := draft.get(key)):
            yield f"chat:{before['member']}"


def bound(draft: Draft, event: AccountBound, _place: float) -> None:
    """It acts for this member, and no longer for another."""
    if not isinstance(event.account, BoundAccount):
        return
    name = _name(event.account)
    before = draft.get(f"chat_account:{name}")
    if before and before["member"] != event.member:
        draft.edit(f"chat:{before['member']}").get("accounts", {}).pop(name, None)
    draft.edit(f"chat:{event.member}").setdefault("accounts", {})[name] = event.account.bridge
    draft.put(f"chat_account:{name}", {"member": event.member})


def unbound(draft: Draft, event: AccountsUnbound | MemberRevoked, _place: float) -> None:
    """None acts for the member."""
    draft.delete(f"chat:{event.member}")


def _name(account: BoundAccount) -> str:
    """What tells one from another here: nothing by which the log's pseudonym could be found."""
    return hashlib.sha256(f"chat\n{account.account}".encode()).hexdigest()[:16]
