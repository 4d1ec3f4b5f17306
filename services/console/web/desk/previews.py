"""What a preview shows: the very words per channel and language, their length, and over what they go.

A recipient is an address, and of most nobody knows how many people read there. So none is called a person.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from services.console.decide.draft import Document
from services.console.decide.page_acts import PageAct
from services.console.models import Cost, Preview, Send
from shared.money import pounds


def preview_of(
    found: Preview, groups: Sequence[Document], incident: Document, member: str, act: PageAct
) -> dict[str, Any]:
    """The messages by group and audience, and their cost; who must agree; what may be passed on by hand."""
    sends = found.sends
    names = {g["id"]: g["definition"]["name"] for g in groups}
    ordered = sorted(sends, key=lambda s: (s.audience != "community", s.group, s.audience))
    blocks = [
        {"group": names.get(group, group), "audience": audience, "messages": _messages(list(same))}
        for (group, audience), same in groupby(ordered, key=lambda s: (s.group, s.audience))
    ]
    reach = sum(s.recipients or 0 for s in sends if s.audience != "verifiers")
    return {
        "blocks": blocks,
        "channels": len({(s.group, s.channel_kind if s.choice else s.channel, s.audience) for s in sends}),
        "stopped": found.stopped,
        "stopped_names": names,
        "followed": any(send.choice for send in sends),
        "costs": [cost_shown(cost, names) for cost in found.costs],
        "over_cap": any(cost.asks for cost in found.costs),
        "kinds": _kinds(sends),
        "second": act.command == "confirm" and _needs_second(reach, groups, incident, member),
        "first_said": incident.get("proposed") if act.command == "confirm" else None,
        "forward": forward_text(sends) if act.command == "confirm" else "",
    }


def cost_shown(cost: Cost, names: Mapping[str, str]) -> dict[str, Any]:
    """One group's cost as the page says it: in pounds."""
    least, most = cost.segments
    return {
        "group": names.get(cost.group, cost.group),
        "pounds": pounds(cost.pence),
        "people": cost.people,
        "segments": str(least) if least == most else f"{least}–{most}",
        "cap": pounds(cost.cap_pounds * 100) if cost.cap_pounds is not None else None,
        "spent": pounds(cost.spent_pence),
        "asks": cost.asks,
        "witnesses": cost.witnesses,
        "witnesses_pounds": pounds(cost.witnesses_pence),
    }


def _kinds(sends: Sequence[Send]) -> list[tuple[str, int | None]]:
    """Each kind of channel with its addresses, the most used first; None: they cannot be counted."""
    counted: Counter[str] = Counter()
    for send in sends:
        counted[_reached_by(send)] += send.recipients or 0
    return [(kind, number or None) for kind, number in counted.most_common()]


def _reached_by(send: Send) -> str:
    """The kind of address: a phone number is one, whoever carries the SMS."""
    return "sms" if send.segments is not None else send.channel_kind


def _messages(sends: list[Send]) -> list[dict[str, Any]]:
    """Each text once, with the channels that carry it."""
    by_text: dict[str, list[Send]] = {}
    for send in sends:
        by_text.setdefault(send.text, []).append(send)
    return [
        {
            "text": text,
            "characters": len(text),
            "shortened": same[0].shortened,
            "language": same[0].language,
            "sends": [_channel(send) for send in same],
        }
        for text, same in by_text.items()
    ]


def _channel(send: Send) -> dict[str, Any]:
    return {
        "channel": send.channel,
        "kind": send.channel_kind,
        "by": _reached_by(send),
        "language": send.language,
        "recipients": send.recipients,
        "segments": send.segments,
        "choice": send.choice,
    }


def _needs_second(reach: int, groups: Sequence[Document], incident: Document, member: str) -> bool:
    """Whether the router will ask for a second person, as far as can be told here."""
    concerned = {share["group"] for share in incident.get("groups", ())}
    limits = [g["definition"]["policy"]["second_person_above"] for g in groups if g["id"] in concerned]
    first = incident.get("proposed")
    return reach > min(limits, default=reach) and (first is None or first["member"] == member)


def forward_text(sends: Sequence[Send]) -> str:
    """The longest words for the community: for chats that the relay does not reach, passed on by hand."""
    texts = [s.text for s in sends if s.audience == "community"]
    return max(texts, key=len, default="")
