"""What a preview shows: the very words per channel and language, their length, and how many they reach."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from services.console.decide.acts import PageAct
from services.console.decide.draft import Document
from services.console.decide.segments import sms_length
from services.console.models import Send

_SMS: Final = "sms"


def preview_of(
    sends: Sequence[Send], groups: Sequence[Document], incident: Document, member: str, act: PageAct
) -> dict[str, Any]:
    """The messages by group and audience; who must say yes too; and what may be passed on by hand."""
    names = {g["id"]: g["definition"]["name"] for g in groups}
    languages = {(g["id"], c["id"]): c.get("language", "en") for g in groups for c in g.get("channels", ())}
    ordered = sorted(sends, key=lambda s: (s.audience != "community", s.group, s.audience))
    blocks = [
        {
            "group": names.get(group, group),
            "audience": audience,
            "sends": [_shown(send, languages) for send in members],
        }
        for (group, audience), members in groupby(ordered, key=lambda s: (s.group, s.audience))
    ]
    reach = sum(s.recipients or 0 for s in sends if s.audience != "verifiers")
    return {
        "blocks": blocks,
        "total": sum(s.recipients or 0 for s in sends),
        "uncounted": any(s.recipients is None for s in sends),
        "second": act.command == "confirm" and _needs_second(reach, groups, incident, member),
        "first_said": incident.get("proposed") if act.command == "confirm" else None,
        "forward": forward_text(sends) if act.command == "confirm" else "",
    }


def _shown(send: Send, languages: dict[tuple[str, str], str]) -> dict[str, Any]:
    length = sms_length(send.text)
    return {
        "channel": send.channel,
        "kind": send.channel_kind,
        "language": languages.get((send.group, send.channel), "en"),
        "recipients": send.recipients,
        "text": send.text,
        "characters": length.characters,
        "segments": length.segments if _SMS in send.channel_kind else None,
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
