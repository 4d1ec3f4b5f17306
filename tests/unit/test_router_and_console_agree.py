"""What the console shows of an incident is what the router holds of it, whatever was done in whatever order.

Above all the version: a dispatcher decides about the one that they saw, and the router compares.
"""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.console.decide.draft import Document, Draft
from services.console.decide.heard import queued
from services.console.decide.on_it import how_cared_for
from services.console.decide.project import needs, project
from services.console.decide.said_over import to_look_at
from services.router.decide.decider import Input, step
from services.router.decide.due import worked_on_until
from services.router.decide.snapshot import snapshot_of
from services.router.decide.state import UNPROVEN, Incident, State
from services.router.evaluate import state_with
from shared.contracts import aftercare, desk
from shared.contracts.base import HUB, Message
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.load import load_gazetteer

GAZETTEER = load_gazetteer()
START = datetime(2022, 5, 14, 12, 0, tzinfo=UTC)
BRITAIN = Area(polygons=((((-8.0, 49.5), (2.0, 49.5), (2.0, 59.5), (-8.0, 59.5), (-8.0, 49.5)),),))
GROUPS = [GroupDefinition(id="here", name="Here", area=BRITAIN), GroupDefinition(id="there", name="There")]
TEXTS = (
    "Immigration raid at Ashwin Street",
    "immigration van Kenmure Street",
    "they have left Ashwin Street",
    "It was no immigration raid at Ashwin Street, only an ambulance",
)
WHO = ("ada", "ben")
ALARMS = {"nobody", "silent"}
SAID = desk.Statement(text="two vans")

ACTS: dict[type[desk.DeskCommand], dict[str, Any]] = {
    desk.Claim: {},
    desk.Release: {},
    desk.Attend: {"step": "there"},
    desk.Seen: {"statement": SAID},
    desk.Note: {"statement": SAID},
    desk.SendOn: {"statement": SAID},
    desk.HandOver: {"to": "ben", "statement": SAID},
    desk.Escalate: {"groups": ("there",)},
    desk.AskReporter: {"to": desk.ReporterAddress(bridge="sms", address="x")},
    desk.Confirm: {"reach": 5_000, "ask": "WITNESSES", "statement": SAID},
    desk.Reject: {"outcome": "other_agency", "agency": "police", "keep_watch": True},
    desk.Reopen: {},
    desk.PutPlace: {},
    desk.Merge: {},
    desk.Split: {},
    desk.Update: {"ask": "ENOUGH", "statement": SAID},
    desk.End: {"tally": desk.Tally(let_go=1, taken=2)},
    aftercare.Account: {"arrested": 3, "news": aftercare.News(became=(aftercare.Became(fate="released"),))},
    desk.Flood: {"on": True},
    aftercare.OpenPost: {"where": aftercare.PostPlace(label="Front door")},
    aftercare.WithdrawPost: {},
    aftercare.JoinPost: {},
    aftercare.LeavePost: {},
    aftercare.CheckIn: {},
}

steps = st.one_of(
    st.tuples(st.just("report"), st.sampled_from(TEXTS), st.sampled_from("abc")),
    st.tuples(st.just("time"), st.sampled_from((60, 700, 6_000))),
    st.tuples(st.just("act"), st.sampled_from(sorted(ACTS, key=lambda m: m.__name__)), st.sampled_from(WHO)),
)


class World:
    """The router's state and the console's documents, side by side."""

    def __init__(self) -> None:
        self.state: State = state_with(GROUPS)
        self.draft = Draft()
        self.now, self.seq = START, 0
        self._play(desk.AddMember, member="bootstrap", group=HUB, new_member="op", roles={HUB: "operator"})
        for name in WHO:
            roles: Any = {"here": "dispatcher"}
            self._play(desk.AddMember, member="op", group=HUB, new_member=name, roles=roles)

    def _play(self, model: type[desk.DeskCommand], **fields: Any) -> None:
        if model is desk.AddMember:
            fields["token_sha256"] = f"{self.seq:064x}"
        self.take("DESK", model(id=f"c{self.seq}", at=self.now, **fields))

    def take(self, stream: Any, message: Message | None) -> None:
        self.seq += 1
        events, self.state = step(self.state, Input(stream, self.seq, message), self.now, GAZETTEER)
        for event in events:
            while missing := self.draft.missing(needs(self.draft, event)):
                for key in missing:
                    self.draft.load(key, None)
            project(self.draft, event, self.seq)

    def do(self, what: tuple[Any, ...]) -> None:
        match what:
            case ("report", text, sender):
                name = f"r{self.seq}"
                content = ReportContent(text=text, sender=sender)
                self.take("REPORTS", ReportReceived(
                    id=name, at=self.now, report_id=name, bridge="t", content=content
                ))  # fmt: skip
            case ("time", seconds):
                self.now += timedelta(seconds=seconds)
                self.take("TICK", None)
            case ("act", model, who):
                self._act(model, who)

    def _act(self, model: type[desk.DeskCommand], who: str) -> None:
        incidents = sorted(self.state.incidents.values(), key=lambda i: (i.opened_at, i.id))
        if not incidents:
            return
        one, other = incidents[-1], incidents[0]
        fields = {**ACTS[model], "member": who, "group": "here", "incident_id": one.id}
        if model is desk.Flood:
            del fields["incident_id"]
        if model is desk.Merge:
            fields["absorbed"] = other.id
        if model in {desk.Split, desk.AskReporter}:
            first = min(one.evidence, default="r0")
            fields |= {"reports": (first,)} if model is desk.Split else {"report_id": first}
        if model is aftercare.OpenPost:
            begins = self.now + timedelta(minutes=40)
            fields |= {"begins": begins, "ends": begins + timedelta(hours=2), "post_id": f"p{self.seq}"}
        elif issubclass(model, aftercare.PostCommand):
            fields["post_id"] = one.aftercare.posts[-1].id if one.aftercare.posts else "none"
        if model is desk.PutPlace:
            fields["statement"] = desk.Statement(place=other.place)
        self._play(model, **fields)

    def shown(self, incident: Incident) -> Document:
        return self.draft.get(f"incident:{incident.id}") or {}


def told_of_aftercare(after: Document) -> Any:
    """People, who follows up and when, posts in order with who keeps them and what was said of them."""
    posts = sorted(after.get("posts", ()), key=lambda p: str(p["id"]))
    check = after.get("check_at")
    return (
        after.get("people") or [],
        after.get("owner"),
        check and datetime.fromisoformat(check),
        [
            (p["id"], [(k["who"], bool(k["there_at"])) for k in p["keepers"]], sorted(p["told"]))
            for p in posts
        ],
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=5, max_size=40))
def test_after_anything_both_hold_the_same(story: list[tuple[Any, ...]]) -> None:
    world = World()
    for what in story:
        world.do(what)
    agree(world, story)


SCRIPT: tuple[tuple[Any, ...], ...] = (
    ("report", TEXTS[0], "a"), ("time", 400), ("time", 400),
    ("act", desk.Confirm, "ada"), ("act", desk.Confirm, "ben"), ("act", desk.End, "ada"),
    ("act", aftercare.OpenPost, "ada"),
    ("act", aftercare.JoinPost, "ada"), ("act", aftercare.JoinPost, "ben"),
    ("act", aftercare.LeavePost, "ben"), ("time", 700), ("act", aftercare.CheckIn, "ada"),
    ("act", aftercare.OpenPost, "ada"), ("act", aftercare.WithdrawPost, "ben"), ("time", 6_000),
    ("act", aftercare.Account, "ben"),
    ("report", TEXTS[1], "b"), ("act", desk.Confirm, "ada"), ("act", desk.Confirm, "ben"),
    ("act", aftercare.Account, "ada"), ("act", desk.Merge, "ada"), ("time", 90_000),
)  # fmt: skip


def test_a_whole_aftercare_is_shown_as_it_is_held() -> None:
    world = World()
    for n, what in enumerate(SCRIPT):
        world.do(what)
        agree(world, SCRIPT[: n + 1])
    merged = max(world.state.incidents.values(), key=lambda i: len(i.aftercare.people))
    assert len(merged.aftercare.people) == 6
    assert len(merged.aftercare.posts) == 1


def snapshot_said(incident: Incident) -> Any:
    """What was said last, as JSON."""
    said = incident.said
    return said and {**asdict(said), "at": said.at.isoformat()}


def agree(world: World, story: Any) -> None:
    """What the console shows of every incident is what the router holds of it."""
    for incident in world.state.incidents.values():
        shown = world.shown(incident)
        claim = {"member": incident.claim.member} if incident.claim else None
        held = shown.get("claim")
        assert shown["version"] == incident.version, story
        assert shown["status"] == incident.status
        assert (held and {"member": held["member"]}) == claim
        visits = [(v["member"], datetime.fromisoformat(v["at"])) for v in shown.get("visits", ())]
        assert visits == [(v.member, v.at) for v in incident.visits], story
        assert shown.get("seen", 0) == incident.seen
        assert bool(shown.get("proposed")) == (incident.proposed is not None)
        assert told_of_aftercare(shown.get("aftercare") or {}) == told_of_aftercare(
            snapshot_of(incident)["aftercare"]
        )
        assert desk.Tally.model_validate(shown.get("tally") or {}) == incident.tally
        told = {group for group, _ in incident.told}
        heard = {group for group, audience in incident.told if audience == "verifiers"}
        assert set(shown["heard"]) == heard, story
        unheard = [s.group for s in incident.groups if s.group not in heard]
        waits = dict.fromkeys((*unheard, *incident.asking)) if incident.live else ()
        assert queued(shown) == list(waits), story
        assert tuple(shown.get("checked", ())) == incident.checked, story
        assert shown.get("said") == snapshot_said(incident), story
        known = [world.draft.get(f"report:{report}") or {} for report in incident.evidence]
        says = to_look_at({**shown, "timeline": []}, known) if incident.live else None
        said = incident.said_over_at or incident.said_wrong_at
        assert bool(says) == bool(incident.live and said), story
        alone = incident.claim is None and worked_on_until(incident) <= world.now
        assert incident.status not in UNPROVEN or (how_cared_for(shown, world.now) in ALARMS) == alone, story
        assert told <= set(shown["seen_by"]), "whoever was told sees what became of it"
