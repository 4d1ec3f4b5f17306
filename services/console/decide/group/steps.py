"""A new group's way to its first exercise: what is done, what is missing. Pure.

The order is that in which a group can be led: nobody can be told before there is a channel, and no channel is
trusted before it was seen to work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from services.console.decide.draft import Document
from services.console.decide.group.answers import WITHIN, ChannelTest, carried_at, seen_to_work
from services.console.decide.group.facts import area_in
from services.console.decide.incidents import CLOSED

StepName = Literal["name", "area", "channels", "people", "drills", "drill"]
_OVER: Final = CLOSED | {"officers_left", "aftercare"}
_CHECKS: Final = frozenset({"verifier", "dispatcher", "admin"})
"""Roles of people who can go and see, or say what was seen."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `missing` names what is still to be done, for the page's words; empty when it is done."""

    name: StepName
    missing: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a group, beside its own document."""

    tests: Mapping[str, ChannelTest]
    carried: Document
    """What its channels carried in earnest."""
    people: Sequence[Document]
    """Members of the group."""
    invited: Sequence[Document]
    """Invitations to the group that nobody has taken yet."""
    drills: Sequence[Document]
    """Incidents of exercises that concern the group."""


def steps(group: Document, standing: Standing) -> list[Step]:
    """The steps in their order."""
    return [
        Step("name", facts={"name": group["definition"]["name"]}),
        _area(group),
        _channels(group, standing),
        _people(group, standing),
        _drill_channels(group),
        _drill(standing.drills),
    ]


def next_step(found: Iterable[Step]) -> Step | None:
    """The first that is not done."""
    return next((step for step in found if not step.done), None)


def _area(group: Document) -> Step:
    area = area_in(group)
    facts = {"districts": len(area.outcodes), "outline": bool(area.polygons)}
    placed = area.polygons or area.outcodes or group["definition"].get("fallback")
    return Step("area", "" if placed else "area_none", facts)


def _channels(group: Document, standing: Standing) -> Step:
    channels = group.get("channels", ())
    names = [c["id"] for c in channels if c["kind"] not in WITHIN]
    tests, carried = standing.tests, standing.carried
    untested = [n for n in names if not seen_to_work(tests.get(n), carried_at(group, n, carried))]
    facts = {"channels": len(channels), "untested": ", ".join(untested)}
    if not channels:
        return Step("channels", "channels_none", facts)
    if not any(c["audience"] == "verifiers" for c in channels):
        return Step("channels", "channels_no_verifiers", facts)
    return Step("channels", "channels_untested" if untested else "", facts)


def _people(group: Document, standing: Standing) -> Step:
    """Whoever was invited is no one to count on before they came in."""
    able, asked = _able(group, standing.people), _able(group, standing.invited)
    facts = {"people": len(able), "names": ", ".join(sorted(invite.get("name", "") for invite in asked))}
    if able:
        return Step("people", "", facts)
    return Step("people", "people_invited" if asked else "people_none", facts)


def _able(group: Document, people: Iterable[Document]) -> list[Document]:
    return [p for p in people if p.get("roles", {}).get(group["id"]) in _CHECKS]


def _drill_channels(group: Document) -> Step:
    chosen = [c for c in group.get("channels", ()) if c.get("drills")]
    facts = {"channels": ", ".join(c["id"] for c in chosen)}
    verifiers = any(c["audience"] == "verifiers" for c in chosen)
    return Step("drills", "" if verifiers else "drills_none", facts)


def _drill(drills: Sequence[Document]) -> Step:
    over = [d for d in drills if d.get("status") in _OVER]
    under_way = [d for d in drills if d not in over]
    facts = {"at": max((d.get("updated_at", "") for d in over), default="")}
    if over:
        return Step("drill", "", facts)
    if under_way:
        return Step("drill", "drill_under_way", {"code": under_way[0].get("code", "")})
    return Step("drill", "drill_none", facts)
