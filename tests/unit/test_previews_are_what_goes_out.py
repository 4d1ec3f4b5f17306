"""What a preview shows is what goes out: for every act that has one, word for word, to the same people.

The router decides the act on the very state of which the console foretold it; both texts are rendered short
and long. So a fact that one of the two forgets fails here.
"""

from datetime import timedelta
from typing import Any

import pytest

from services.console.decide.commands import Act as CommandAct
from services.console.decide.commands import command_of
from services.console.decide.draft import Document, Draft
from services.console.decide.messages import ChannelFacts, GroupFacts
from services.console.decide.page_acts import ACTS, POST_ACTS
from services.console.decide.project import needs, project
from services.console.decide.sends import Act, sends_of
from services.console.decide.verifiers_facts import VerifiersFacts, best_of, on_duty, setting_of
from services.console.models import CommandName, DeskRequest
from services.router.decide.decider import Input, step
from services.router.decide.state import State
from services.router.evaluate import state_with
from shared.contracts import desk, duty
from shared.contracts.alerts import AlertBody, AlertRaised
from shared.contracts.base import HUB, GroupId, IncidentId, MemberId, Message
from shared.contracts.groups import Area, Audience, ChannelDefinition, GroupDefinition
from shared.contracts.reports import ReportContent, ReportReceived
from shared.gazetteer.load import load_gazetteer
from shared.spending import may_be_held_back
from shared.words import render
from tests.unit.router.tellings import BRITAIN, START

GAZETTEER = load_gazetteer()
BASE = "https://ar.example"
AUDIENCES: tuple[Audience, ...] = ("verifiers", "community", "partners")
SIZES = {"short": 306, "long": 4000}
GROUPS = (
    GroupDefinition(id="here", name="Here Watch", area=BRITAIN),
    GroupDefinition(id="there", name="There Watch", area=Area()),
)
ASHWIN = {"lat": 51.5470, "lon": -0.0748}

Shown = tuple[str, str, str, str, bool]


class World:
    """The router's state and the console's documents, side by side, with two groups on duty."""

    def __init__(self) -> None:
        self.state: State = state_with(GROUPS)
        self.draft = Draft()
        self.now, self.seq = START, 0
        self.alerts: list[AlertRaised] = []
        self.reports: list[str] = []
        self._member("bootstrap", HUB, "op", {HUB: "operator"})
        self._member("op", HUB, "ada", {"here": "dispatcher"})
        self._member("op", HUB, "ben", {"there": "dispatcher"})
        times = {"begins": START, "ends": START + timedelta(hours=8)}
        self._take("DESK", duty.OfferShift(**self._by("ada"), shift_id="s1", **times))
        self._take("DESK", duty.TakeShift(**self._by("ada"), shift_id="s1"))
        self._take("DESK", duty.OfferShift(**self._by("ben", "there"), shift_id="s2", **times))
        self._take("DESK", duty.TakeShift(**self._by("ben", "there"), shift_id="s2"))

    def _by(self, member: str, group: str = "here") -> dict[str, Any]:
        return {"id": f"c{self.seq}", "at": self.now, "member": member, "group": group}

    def _member(self, by: str, group: str, name: str, roles: dict[str, str]) -> None:
        told = {"new_member": name, "roles": roles, "token_sha256": f"{self.seq:064x}"}
        self._take("DESK", desk.AddMember(**self._by(by, group), **told))

    def _take(self, stream: Any, message: Message | None) -> list[AlertRaised]:
        self.seq += 1
        events, self.state = step(self.state, Input(stream, self.seq, message), self.now, GAZETTEER)
        for event in events:
            while missing := self.draft.missing(needs(self.draft, event)):
                for key in missing:
                    self.draft.load(key, None)
            project(self.draft, event, self.seq)
        raised = [event for event in events if isinstance(event, AlertRaised)]
        self.alerts += raised
        return raised

    def report(self, text: str, sender: str) -> None:
        name = f"r{self.seq}"
        self.reports.append(name)
        inside = ReportContent(text=text, sender=sender)
        base = {"id": name, "at": self.now, "report_id": name, "bridge": "t"}
        self._take("REPORTS", ReportReceived(**base, content=inside))

    def later(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @property
    def incident(self) -> Document:
        """What the console shows of the only incident."""
        (known,) = self.state.incidents.values()
        return self.draft.get(f"incident:{known.id}") or {}

    def do(self, command: CommandName, **asked: Any) -> list[AlertRaised]:
        """The act decided and told; and what the console would not foretell comes with the next tick."""
        request = self._request(asked)
        act = CommandAct(
            id=f"c{self.seq}", at=self.now, member=MemberId("ada"), group=GroupId("here"),
            incident=IncidentId(self.incident["id"]), made=f"p{self.seq}",
        )  # fmt: skip
        return self._take("DESK", command_of(command, act, request))

    def foretold(self, command: CommandName, **asked: Any) -> set[Shown]:
        """Group, audience, size, words of what the console would show; whether the cap may hold it back."""
        facts: dict[str, GroupFacts] = {
            g.id: GroupFacts(g, self.state.groups[GroupId(g.id)].version, _channels()) for g in GROUPS
        }
        told = [self.draft.get(f"alert:{name}") or {} for name in self.incident.get("alerts", ())]
        act = Act(
            command, self._request(asked), self.incident, told, self.now, "here", self._facts(),
            GAZETTEER.outcode_at,
        )  # fmt: skip
        sends = sends_of(act, facts, base_url=BASE)
        return {(s.group, s.audience, s.channel, s.text, s.capped) for s in sends}

    def _request(self, asked: dict[str, Any]) -> DeskRequest:
        return DeskRequest(incident=self.incident["id"], **asked)

    def _facts(self) -> VerifiersFacts:
        bodies = [a.body for a in self.alerts if a.audience == "verifiers"]
        shifts = [self.draft.get("shift:s2") or {}]
        reports = [self.draft.get(f"report:{r}") or {} for r in self.reports]
        return VerifiersFacts(
            best=best_of(reports),
            setting=setting_of(reports),
            last=next((b for b in reversed(bodies) if isinstance(b, AlertBody)), None),
            on_duty={"there": on_duty(shifts, {"ben": ""}, self.now)},
        )


def _channels() -> tuple[ChannelFacts, ...]:
    return tuple(
        ChannelFacts(ChannelDefinition(id=f"{a}-{size}", kind="webhook", audience=a), chars, 1)
        for a in AUDIENCES
        for size, chars in SIZES.items()
    )


def delivered(raised: list[AlertRaised]) -> set[Shown]:
    """The same of what the notifier would send."""
    names = {g.id: g for g in GROUPS}
    return {
        (
            alert.group,
            alert.audience,
            f"{alert.audience}-{size}",
            render(alert, names[alert.group], language="en", max_chars=chars, base_url=BASE).text,
            alert.sms_to != "everyone" and may_be_held_back(alert.kind, alert.audience, alert.urgency),
        )
        for alert in raised
        for size, chars in SIZES.items()
    }


def reported() -> World:
    """Unconfirmed, and a better report came after its verifiers were told."""
    world = World()
    world.report("immigration raid Ashwin Street Dalston", "a")
    world.later(2)
    world.report("I can see 2 immigration vans and 6 officers at Ashwin Street\nby the bakery", "b")
    return world


def seen() -> World:
    world = reported()
    world.do("attend", step="there")
    world.do("seen", text="Two vans, one person held")
    world.later(1)
    return world


def confirmed() -> World:
    world = seen()
    world.do("confirm", ask="WITNESSES", text="Two vans")
    world.later(20)
    return world


def at_home() -> World:
    world = World()
    world.report("immigration raid Ashwin Street Dalston, they are in the house next door", "a")
    world.later(2)
    return world


def confirmed_at_home() -> World:
    world = at_home()
    world.do("confirm", ask="WITNESSES", text="Two vans")
    world.report("immigration officers Ashwin Street Dalston, in the kitchen of my workplace", "b")
    world.later(20)
    return world


def enough() -> World:
    world = confirmed()
    world.do("update", ask="ENOUGH", text="Sixty people are here")
    world.later(20)
    return world


def left() -> World:
    world = enough()
    world.do("end", stage="officers_left", let_go=1, taken=2, unknown=1)
    world.later(2)
    return world


def known() -> World:
    """It is known of one, and nobody has been told yet."""
    world = left()
    world.do("account", became=[{"fate": "released", "number": 1}])
    world.later(20)
    return world


def all_known() -> World:
    world = left()
    world.do("account", became=[{"fate": "released", "number": 3}])
    world.do("update", text="All are out")
    world.later(3)
    return world


def ended() -> World:
    world = confirmed()
    world.do("reject", outcome="retracted", text="It was a film set")
    world.later(3)
    return world


def quiet() -> World:
    world = reported()
    world.do("reject", outcome="not_confirmed")
    world.later(3)
    return world


def posted() -> World:
    world = left()
    world.do("post", **POST)
    world.later(5)
    world._take("TICK", None)
    return world


POST = {
    "begins": START + timedelta(hours=3), "ends": START + timedelta(hours=5), "label": "Front door",
}  # fmt: skip
EXACT = {**ASHWIN, "radius_m": 20, "label": "Ashwin Street 12"}
CASES: dict[str, tuple[Any, CommandName, dict[str, Any]]] = {
    "seen": (reported, "seen", {"text": "Two vans, one person held"}),
    "seen of a confirmed one": (confirmed, "seen", {"text": "Still here"}),
    "escalate an unconfirmed one": (reported, "escalate", {"groups": ("there",)}),
    "escalate a likely one": (seen, "escalate", {"groups": ("there",)}),
    "escalate a confirmed one": (enough, "escalate", {"groups": ("there",)}),
    "confirm": (seen, "confirm", {"ask": "WITNESSES", "text": "Two vans"}),
    "confirm what is reported of a home": (at_home, "confirm", {"ask": "WITNESSES"}),
    "confirm and say where people are": (seen, "confirm", {"ask": "WITNESSES", "setting": "work"}),
    "confirm and say that it is a home": (seen, "confirm", {"ask": "WITNESSES", "setting": "home"}),
    "confirm and say none of these": (at_home, "confirm", {"ask": "WITNESSES", "setting": "other"}),
    "update of a home": (confirmed_at_home, "update", {"ask": "WITNESSES", "text": "Two vans"}),
    "update": (confirmed, "update", {"ask": "ENOUGH", "text": "Sixty people are here"}),
    "update after they left": (left, "update", {"text": "Thank you all"}),
    "update with news of those taken": (known, "update", {}),
    "officers_left": (enough, "end", {"stage": "officers_left", "let_go": 1, "taken": 1, "text": "Go home"}),
    "aftercare at once": (enough, "end", {"stage": "aftercare", "taken": 1}),
    "aftercare with nothing new": (left, "end", {"stage": "aftercare"}),
    "aftercare with words": (left, "end", {"stage": "aftercare", "text": "We stay with them"}),
    "aftercare with numbers": (left, "end", {"stage": "aftercare", "let_go": 1, "taken": 3}),
    "aftercare with what became known": (known, "end", {"stage": "aftercare"}),
    "closed": (confirmed, "end", {"stage": "closed", "let_go": 1}),
    "closed just after an update": (all_known, "end", {"stage": "closed"}),
    "not_confirmed": (reported, "reject", {"outcome": "not_confirmed", "text": "A film set"}),
    "not_confirmed after somebody went": (seen, "reject", {"outcome": "not_confirmed"}),
    "other_agency": (confirmed, "reject", {"outcome": "other_agency", "agency": "police"}),
    "other_agency unproven": (reported, "reject", {"outcome": "other_agency", "agency": "police"}),
    "watch": (reported, "watch", {}),
    "retract": (confirmed, "reject", {"outcome": "retracted", "text": "A film set"}),
    "reopen": (left, "reopen", {}),
    "reopen what was taken back": (ended, "reopen", {"text": "They are back"}),
    "reopen what was not confirmed": (quiet, "reopen", {}),
    "place": (enough, "place", EXACT),
    "place unproven": (reported, "place", {**EXACT, "label": "Gillett Square", "text": "By the pond"}),
    "place after they left": (left, "place", EXACT),
    "post_withdraw": (posted, "post_withdraw", {"post": "last"}),
}
_OF_ITS_OWN = {"post": "told two minutes later, with what is opened until then (the next test)"}
_UNSHOWN = {"ask": "a question to a reporter", "merge": "done at once", "split": "done at once"}


@pytest.mark.parametrize("name", CASES)
def test_the_previewed_words_are_those_delivered(name: str) -> None:
    make, command, asked = CASES[name]
    world: World = make()
    if "post" in asked:
        asked = {"post": world.incident["aftercare"]["posts"][-1]["id"]}
    shown = world.foretold(command, **asked)
    assert shown == delivered(world.do(command, **asked))
    assert bool(shown) is (name != "aftercare with nothing new")


def test_a_post_is_told_as_it_was_shown() -> None:
    world = left()
    world.later(-2)
    shown = world.foretold("post", **POST)
    assert world.do("post", **POST) == []
    world.later(2)
    told = delivered(world._take("TICK", None))
    assert {(*rest, _untimed(text)) for *rest, text, _ in shown} == {
        (*rest, _untimed(text)) for *rest, text, _ in told
    }


def _untimed(text: str) -> str:
    return text.replace("13:43", "13:45")


def test_every_act_that_tells_people_is_tried_here() -> None:
    """The page's acts, by what they send."""
    tried = {(command, asked.get("stage"), asked.get("outcome")) for _, command, asked in CASES.values()}
    for act in [*ACTS.values(), *POST_ACTS.values()]:
        if act.tells and act.command not in {*_OF_ITS_OWN, *_UNSHOWN}:
            fixed = act.fixed or {}
            assert (act.command, fixed.get("stage"), fixed.get("outcome")) in tried, act.name
