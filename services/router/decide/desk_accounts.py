"""A member's chat accounts: offered by a one-time code, bound by writing it, unbound at once.

A number or an account by itself authorises nothing: it counts after a person who is signed in was
shown a code, and that code came from there. Only a hash of it is in the log, sealed.
"""

import hashlib

from services.router.decide import reasons
from services.router.decide.draft import Draft
from services.router.decide.limits import HOUR, JOIN_TRIES, OFFER_LIFE
from services.router.decide.state import State
from shared.contracts import desk
from shared.contracts.base import MemberId
from shared.contracts.groups import (
    AccountBound,
    AccountOffer,
    AccountOffered,
    AccountsUnbound,
    BoundAccount,
    CodeTried,
    JoinRefused,
)


def offer_account(draft: Draft, command: desk.OfferAccount) -> str:
    """The code counts for fifteen minutes, once, and instead of any before it."""
    if not isinstance(command.offer, AccountOffer):
        return reasons.OFFER_MISSING
    until = draft.now + OFFER_LIFE
    draft.emit(AccountOffered, member=command.member, until=until, offer=command.offer)
    return reasons.APPLIED


def unbind_accounts(draft: Draft, command: desk.UnbindAccounts) -> str:
    """All at once: whoever has lost a phone need not know how it was bound."""
    return reasons.APPLIED if unbind(draft, command.member) else reasons.UNCHANGED


def unbind(draft: Draft, member: MemberId) -> bool:
    """No account acts for the member any more, nor will a code make one; whether there was any."""
    bound = any(account.member == member for account in draft.state.accounts.values())
    if bound or member in draft.state.offers:
        draft.emit(AccountsUnbound, member=member)
        return True
    return False


def join(draft: Draft, account: BoundAccount, code: str) -> tuple[str, MemberId | None]:
    """Bind the account if somebody was shown this code lately; the reason, and whose it is now."""
    if tries(draft, account.account) >= JOIN_TRIES:
        return reasons.JOIN_TOO_OFTEN, None
    member = _offered_to(draft, code)
    if member is None:
        draft.emit(JoinRefused, tried=CodeTried(account=account.account))
        return reasons.JOIN_WRONG, None
    draft.emit(AccountBound, member=member, account=account)
    return reasons.JOINED, member


def tries(draft: Draft, account: str) -> int:
    """How many wrong codes came from there within the hour."""
    return sum(draft.now - at < HOUR for at in draft.state.tries.get(account) or ())


def _offered_to(draft: Draft, code: str) -> MemberId | None:
    given = hashlib.sha256(code.encode()).hexdigest()
    offers = draft.state.offers.items()
    found = [m for m, offer in offers if offer.code_sha256 == given and offer.until > draft.now]
    return found[0] if len(found) == 1 else None


def restate_accounts(draft: Draft, member: MemberId) -> None:
    """Say again which accounts are the member's, so that they outlive the log's age limit."""
    for account in _accounts_of(draft.state, member):
        draft.emit(AccountBound, member=member, account=account)


def _accounts_of(state: State, member: MemberId) -> list[BoundAccount]:
    found = [
        BoundAccount(account=name, bridge=account.bridge)
        for name, account in state.accounts.items()
        if account.member == member
    ]
    return sorted(found, key=lambda a: a.account)
