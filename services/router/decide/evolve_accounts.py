"""What the events of chat accounts mean: offered, bound, unbound; what waits for a yes; what was answered.

A part whose key is destroyed binds nothing: an account counts only while the log can show whose it is.
"""

from datetime import datetime

from services.router.decide.changed import changed
from services.router.decide.generations import Generations
from services.router.decide.limits import HOUR, JOIN_TRIES, REPLIES
from services.router.decide.state import Account, Offer, State, WaitingYes
from shared.contracts import groups
from shared.contracts import incidents as events
from shared.contracts.alerts import AlertRaised, ReplyBody
from shared.contracts.base import MemberId


def offered(state: State, event: groups.AccountOffered) -> State:
    """A new code takes the place of the one before."""
    if not isinstance(event.offer, groups.AccountOffer):
        return state
    offer = Offer(event.offer.code_sha256, event.until)
    return changed(state, offers=state.offers.insert(event.member, offer))


def bound(state: State, event: groups.AccountBound) -> State:
    """The account speaks for the member, and for nobody else; the code is used up."""
    if not isinstance(event.account, groups.BoundAccount) or event.member not in state.members:
        return state
    given = event.account
    accounts = state.accounts.insert(given.account, Account(event.member, given.bridge))
    return changed(state, accounts=accounts, offers=state.offers.discard(event.member))


def unbound(state: State, event: groups.AccountsUnbound) -> State:
    """No account speaks for the member."""
    return without(state, event.member)


def without(state: State, member: MemberId) -> State:
    """Without anything by which the member could act by chat."""
    accounts = state.accounts
    for name in [name for name, account in accounts.items() if account.member == member]:
        accounts = accounts.discard(name)
    return changed(
        state, accounts=accounts, offers=state.offers.discard(member), yes=state.yes.discard(member)
    )


def join_refused(state: State, event: groups.JoinRefused) -> State:
    """One more wrong code from there."""
    if not isinstance(event.tried, groups.CodeTried):
        return state
    return changed(state, tries=counted(state.tries, event.tried.account, event.at, most=JOIN_TRIES))


def answered(state: State, event: AlertRaised) -> State:
    """One more answer to that account."""
    if not isinstance(event.body, ReplyBody):
        return state
    return changed(state, answered=counted(state.answered, event.body.account, event.at, most=REPLIES))


def yes_asked(state: State, event: events.YesAsked) -> State:
    """What the member was shown last waits for their yes; an earlier question counts no more."""
    asked = event.asked
    if not isinstance(asked, events.YesWanted):
        return state
    waiting = WaitingYes(
        incident=event.incident_id,
        account=asked.account,
        keyword=asked.keyword,
        words=asked.words,
        proof=asked.proof,
        version=event.version,
        until=event.until,
    )
    return changed(state, yes=state.yes.insert(event.member, waiting))


def yes_settled(state: State, event: events.YesSettled) -> State:
    """Nothing waits any more."""
    return changed(state, yes=state.yes.discard(event.member))


Times = Generations[str, tuple[datetime, ...]]


def counted(times: Times, name: str, at: datetime, *, most: int) -> Times:
    """With this moment beside those of the last hour, and no more of them than anybody asks about."""
    recent = [t for t in times.get(name) or () if at - t < HOUR]
    return times.put(name, (*recent, at)[-most:], at)
