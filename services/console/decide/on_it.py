"""Who is on an incident, and whether it is time for alarm because nobody is. Pure.

By the rule by which the router asks more people (`shared.at_work`): whoever is there, or on the way, is on it
for a while without a claim. What came after is followed up by its owner.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.console.decide.aftercare_views import counts
from services.console.decide.draft import Document
from shared.at_work import at_work_until

_AFTER: Final = frozenset({"officers_left", "aftercare"})
How = Literal["claimed", "there", "silent", "followed", "unfollowed", "settled", "nobody"]


@dataclass(frozen=True, slots=True)
class OnIt:
    """Who has claimed an incident, and until when."""

    member: str
    until: datetime

    def seconds_left(self, now: datetime) -> int:
        """How long the claim lasts."""
        return max(0, int((self.until - now).total_seconds()))


def on_it(incident: Document, now: datetime) -> OnIt | None:
    """Who has claimed it; nobody once the claim has lapsed, even if the log does not say so yet."""
    claim = incident.get("claim")
    if not claim:
        return None
    until = datetime.fromisoformat(claim["until"])
    return OnIt(claim["member"], until) if until > now else None


def at_work(incident: Document, now: datetime) -> bool:
    """Whether somebody went there, or would confirm it, so lately that the relay waits for them."""
    acts = [*incident.get("visits", ()), *filter(None, [incident.get("proposed")])]
    until = at_work_until(datetime.fromisoformat(act["at"]) for act in acts)
    return until is not None and until > now


def how_cared_for(incident: Document, now: datetime) -> How:
    """How it stands with who is on it.

    `there`: without a claim; `silent`: whoever went there said nothing for long; `settled`: nobody need be.
    """
    if on_it(incident, now):
        return "claimed"
    if incident.get("status") in _AFTER:
        return _followed(incident)
    if at_work(incident, now):
        return "there"
    return "silent" if incident.get("visits") else "nobody"


def _followed(incident: Document) -> How:
    if not counts(incident)["unaccounted"]:
        return "settled"
    return "followed" if (incident.get("aftercare") or {}).get("owner") else "unfollowed"
