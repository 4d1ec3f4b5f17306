"""The kinds of step that an incident's history holds, and which of them whoever comes back is told of. Pure.

Whoever looked away must not miss what matters: so a kind is named, unless it stands here among those that are
not, with the reason. Of several steps about the same thing the last one is named.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from services.console.decide.draft import Document

What = Literal[
    "opened", "said_over", "said_wrong", "assessed", "claimed", "claim_released", "attended", "seen", "noted",
    "sent_on", "escalated", "digested", "reporter_asked", "confirm_proposed", "confirmed", "rejected",
    "placed", "moved", "updated", "ended", "quiet", "reopened", "merged", "merged_into", "split", "accounted",
    "check_due", "post_opened", "post_withdrawn", "post_joined", "post_left", "post_gone", "post_checked_in",
    "posts_told", "carried",
]  # fmt: skip
"""What a step says that happened."""

NAMED: Final[Mapping[What, tuple[str, ...]]] = {
    "opened": ("opened",),
    "said_over": ("said_over",),
    "said_wrong": ("said_wrong",),
    "assessed": ("assessed",),
    "claimed": ("claim",),
    "claim_released": ("claim",),
    "attended": ("attended", "member"),
    "seen": ("seen", "member"),
    "noted": ("noted", "member"),
    "sent_on": ("sent_on", "group"),
    "escalated": ("escalated", "rung", "text"),
    "reporter_asked": ("reporter_asked", "member"),
    "confirm_proposed": ("confirm_proposed", "member"),
    "confirmed": ("confirmed",),
    "rejected": ("rejected",),
    "placed": ("place",),
    "moved": ("place",),
    "updated": ("updated", "member"),
    "ended": ("ended", "stage"),
    "quiet": ("quiet",),
    "reopened": ("reopened",),
    "merged": ("merged", "text"),
    "merged_into": ("merged_into",),
    "split": ("split", "text"),
    "accounted": ("accounted", "member"),
    "post_opened": ("post", "post"),
    "post_withdrawn": ("post", "post"),
    "post_joined": ("keeper", "post", "who"),
    "post_left": ("keeper", "post", "who"),
    "post_gone": ("keeper", "post", "who"),
    "post_checked_in": ("keeper", "post", "who"),
}
"""What they are told of: which matter it is, and by which facts of a step it is another one."""

SILENT: Final[Mapping[What, str]] = {
    "carried": "nothing happened: the router says again what is old",
    "digested": "a message to verifiers; it stands under who was told, with what became of it",
    "posts_told": "a message to verifiers, as well",
    "check_due": "time asks again after what the page shows as open; the verifiers get a message",
}
"""What they are not told of, and why."""


def lines(timeline: Iterable[Document]) -> list[Document]:
    """The steps that are shown: what an end took down of those taken is part of the end's own line."""
    known = list(timeline)
    ends = {step["cause"] for step in known if step["what"] == "ended"}
    return [s for s in known if s["what"] != "accounted" or s["cause"] not in ends]


def latest_of_each(steps: Iterable[Document]) -> list[Document]:
    """Of all steps about the same thing the last one, in their order."""
    last: dict[Any, Document] = {}
    for step in steps:
        about = _about(step)
        last.pop(about, None)
        last[about] = step
    return list(last.values())


def _about(step: Document) -> tuple[Any, ...]:
    matter, *facts = NAMED.get(step["what"], (step["what"],))
    return matter, *(step.get(fact) for fact in facts)
