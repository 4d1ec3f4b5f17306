"""What a command costs each group in text messages, and whether it passes the group's monthly cap. Pure.

An estimate, and at most: subscribers are counted as if all were told. Of two alerts the notifier bills one
after the other; here they are one sum, so the desk asks rather too early than too late.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from services.console.decide.draft import Document
from services.console.decide.messages import GroupFacts
from services.console.models import Cost, Send
from shared.money import pounds
from shared.spending import FULL, month_of, warned_at


def costs_of(sends: Sequence[Send], groups: Mapping[str, GroupFacts]) -> list[Cost]:
    """One line for each group that pays."""
    paid = [send for send in sends if send.pence > 0 and send.group in groups]
    return [_cost(groups[g], [s for s in paid if s.group == g]) for g in sorted({s.group for s in paid})]


def _cost(group: GroupFacts, sends: Sequence[Send]) -> Cost:
    segments = [send.segments or 0 for send in sends]
    pence = sum(send.pence for send in sends)
    cap = group.definition.policy.sms_pounds_a_month
    over = cap is not None and group.spent_pence + pence > cap * 100
    # Those whom the cap holds back from nothing get theirs whatever is chosen.
    sure = [s for s in sends if s.choice == "witness" or not s.capped]
    return Cost(
        group=group.definition.id,
        pence=round(pence, 2),
        people=sum(send.recipients or 0 for send in sends),
        segments=(min(segments), max(segments)),
        spent_pence=round(group.spent_pence, 2),
        cap_pounds=cap,
        asks=over and any(send.capped for send in sends),
        witnesses=sum(s.recipients or 0 for s in sure),
        witnesses_pence=round(sum(s.pence for s in sure), 2),
    )


def missing_choice(costs: Sequence[Cost], sms_to: str | None, reason: str | None) -> str | None:
    """Which field the command lacks, where it passes a cap: who gets it, or why everyone does."""
    if not any(cost.asks for cost in costs):
        return None
    if sms_to is None:
        return "sms_to"
    return "sms_reason" if sms_to == "everyone" and not (reason or "").strip() else None


def spent_in(spending: Iterable[Document], now: datetime) -> dict[str, float]:
    """What each group spent this month, in pence."""
    return {s["group"]: s["pence"] for s in spending if s["month"] == month_of(now)}


def nearly_spent(
    groups: Iterable[Document], spending: Iterable[Document], now: datetime
) -> Iterator[Document]:
    """The groups whose desk has to know that their money for text messages goes, as the page says it."""
    spent = spent_in(spending, now)
    for group in groups:
        pounds_a_month = group["definition"]["policy"].get("sms_pounds_a_month")
        cap = None if pounds_a_month is None else pounds_a_month * 100
        if (step := warned_at(spent.get(group["id"], 0.0), cap)) and cap is not None:
            name = group["definition"]["name"]
            yield {
                "group": name,
                "spent": pounds(spent[group["id"]]),
                "cap": pounds(cap),
                "full": step >= FULL,
            }
