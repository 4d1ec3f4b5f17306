"""Merge, then split what was absorbed off again: nothing is as if it had never been, except what must be.

What must differ: the split-off incident has a new id, code and time of opening (the old code leads to
where its reports went); versions and the time of the last act move on; who was told of the merge stays
told and hears the rest; a claim on what was absorbed is over; and that a home was spoken of stays.
"""

from collections import Counter
from typing import Any, Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.router.decide.permissions import concerns
from services.router.decide.state import Incident, State
from shared.contracts import aftercare, desk
from shared.contracts.base import GroupId, IncidentId, Place
from shared.contracts.incidents import InputDecided

from .conftest import Story, group
from .tellings import GAZETTEER, Telling, evenings

KEPT: Final = (
    "status", "drill", "place", "placed_by_person", "groups", "evidence", "support", "first_hand", "vouched",
    "best", "said_over_at", "said_wrong_at", "words", "venues", "tongues", "tally",
)  # fmt: skip
KEPT_BY_SURVIVOR: Final = (*KEPT, "id", "code", "opened_at", "ended_at", "claim", "merged_into")
LONDON: Final = group("london", 51.52, -0.08, 25_000)
OTHERS: Final[tuple[dict[str, Any], ...]] = (
    {"text": "immigration raid in Dalston"},
    {"text": "Immigration raid, please help"},
    {"text": "they have left now", "first_hand": True},
    {"text": "still here, five officers", "first_hand": True},
    {"text": "false alarm, it was only the police", "first_hand": True},
    {"text": "the vans are gone from Ashwin Street"},
    {"text": "they took my cousin from our flat"},
)
"""What else is said of an evening: vague, taken back, over, of a home."""
SEEN_AT: Final = desk.Statement(place=Place(lat=51.55, lon=-0.07, radius_m=40, how="person", label="Seen"))
ACTS: Final[tuple[tuple[Any, dict[str, Any]], ...]] = (
    (desk.Claim, {}),
    (desk.Confirm, {}),
    (desk.PutPlace, {"statement": SEEN_AT}),
    (desk.End, {"stage": "officers_left", "tally": desk.Tally(taken=2)}),
    (desk.End, {"stage": "officers_left", "tally": desk.Tally(let_go=3, taken=1, unknown=1)}),
    (desk.End, {"stage": "officers_left", "tally": desk.Tally(let_go=2)}),
    (aftercare.Account, {"news": aftercare.News(became=(aftercare.Became(fate="let_go"),))}),
)
"""What people may have done about them before."""


class Evening:
    """A story of true events among other talk, and what a dispatcher of all of London does about it."""

    def __init__(self) -> None:
        self.story = Story(GAZETTEER)
        self.story.define(LONDON)

    @property
    def state(self) -> State:
        """What the router knows."""
        return self.story.state

    def command(self, model: Any, group_id: str, **fields: Any) -> InputDecided:
        """A dispatcher's command."""
        return self.story.command(model, group=group_id, member=f"d-{group_id}", after_s=1, **fields)

    def pairs(self) -> list[tuple[IncidentId, IncidentId, GroupId]]:
        """Every two live incidents that one group may merge, and that group."""
        live = [i for i in self.story.incidents() if i.live]
        return [
            (a.id, b.id, g)
            for a in live
            for b in live
            for g in map(GroupId, ("london", "hackney", "southwark", "glasgow"))
            if a.id != b.id and concerns(a, g) and concerns(b, g)
        ]


@st.composite
def told_evenings(draw: st.DrawFn) -> Evening:
    """Several events told in any order over some minutes, by people who may tell of two of them."""
    evening = Evening()
    others = [Telling(9, dict(o)) for o in draw(st.lists(st.sampled_from(OTHERS), max_size=4))]
    for telling in draw(st.permutations([*draw(evenings(most_events=4)), *others])):
        more: dict[str, Any] = draw(
            st.sampled_from(
                [{}, {}, {"sender": "nomad"}, {"sender": "rover", "source": "all"}, {"trusted": True}]
            )
        )
        fields = {**telling.fields, **more}
        evening.story.report(after_s=draw(st.integers(1, 240)), **fields)
        if draw(st.integers(0, 5)) == 0:
            evening.story.tick(1)
    return evening


def remembered(state: State, renamed: dict[str, str]) -> dict[str, Any]:
    """What of the state leads to incidents, or stays beside them, under their new names."""
    reports = [e for i in state.incidents.values() for e in i.evidence.values()]

    def led(trace: Any) -> Any:
        return trace and (trace.report, renamed.get(trace.incident, trace.incident), trace.at)

    return {
        "known": {e.report: renamed.get(n := state.known.get(e.report) or "", n) for e in reports},
        "threads": {e.sender: led(state.threads.get(e.sender)) for e in reports if e.sender},
        "chats": {e.source: led(state.chats.get(e.source)) for e in reports if e.source},
        "traces": {mark: led(state.traces.get(mark)) for e in reports for mark in e.sketch},
        "words": {word: led(state.words.get(word)) for e in reports for word in e.gist.words},
        "live": {renamed.get(i, i) for i in state.live},
        "beside": (state.held, state.watches, state.sightings, state.groups, state.members),
    }


def facts(incident: Incident, names: tuple[str, ...]) -> dict[str, Any]:
    """These of its fields, by name; of a claim whose it is, because its holder's acts renew it."""
    found = {name: getattr(incident, name) for name in names}
    if incident.claim is not None and "claim" in found:
        found["claim"] = (incident.claim.member, incident.claim.group)
    return found


def fates(incident: Incident) -> Counter[str]:
    """What became of how many who were taken."""
    return Counter(person.fate for person in incident.aftercare.people)


@settings(max_examples=200, deadline=None)
@given(told_evenings(), st.data())
def test_merge_then_split_is_identity(evening: Evening, data: st.DataObject) -> None:
    pairs = evening.pairs()
    assume(pairs)
    one, two, by = data.draw(st.sampled_from(pairs))
    for incident in (one, two):
        for act, fields in data.draw(st.lists(st.sampled_from(ACTS), max_size=2)):
            evening.command(act, by, incident_id=incident, **fields)
    before = evening.state
    assume(evening.command(desk.Merge, by, incident_id=one, absorbed=two).outcome == "applied")
    reports = data.draw(st.permutations(sorted(before.incidents[two].evidence)))
    split = evening.command(desk.Split, by, incident_id=one, reports=tuple(reports))
    assert split.outcome == "applied"
    (into,) = set(evening.state.incidents) - set(before.incidents)
    after = evening.state
    assert facts(after.incidents[one], KEPT_BY_SURVIVOR) == facts(before.incidents[one], KEPT_BY_SURVIVOR)
    assert facts(after.incidents[into], KEPT) == facts(before.incidents[two], KEPT)
    for held, was in ((one, one), (into, two)):
        assert fates(after.incidents[held]) == fates(before.incidents[was])
    assert remembered(after, {two: into}) == remembered(before, {two: into})
    assert set(before.incidents[two].told) <= set(after.incidents[into].told)
    assert set(before.incidents[one].told) <= set(after.incidents[one].told)
    assert after.incidents[two].merged_into == one
    assert evening.story.replayed() == after
