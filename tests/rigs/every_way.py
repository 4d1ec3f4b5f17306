"""Every way by which an act can be given, as tables: API, page, command and chat; and a hub to try them on.

The tables are checked against what the hub really has (`tests/integration/test_who_may_do_what.py`), so a
new route, form, command or keyword that nobody has entered here fails there.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, get_args

from services.console import duty as duty_api
from services.console.decide.commands import Act, command_of
from services.console.decide.page_acts import ACTS, POST_ACTS
from services.console.models import CommandName, DeskRequest
from services.console.web.desk.duty import ACTS as DUTY_ACTS
from shared.contracts import aftercare, dead, desk, drills, duty, members, wording
from shared.contracts.alerts import AlertRaised, ReplyBody
from shared.contracts.base import GroupId, MemberId, Message, Position
from shared.contracts.catalog import decode_all
from shared.permissions import ALLOWED, OWN
from tests.rigs.console import START
from tests.rigs.desk import VERIFIERS, DeskRig, desk_rig

Sort = type[desk.DeskCommand]
HERE: Final = Position(lat=51.5467, lon=-0.0753, accuracy_m=15)
THERE: Final = Position(lat=51.5545, lon=-0.0545, accuracy_m=15)
_PECKHAM: Final = (((-0.09, 51.45), (-0.04, 51.45), (-0.04, 51.49), (-0.09, 51.49), (-0.09, 51.45)),)
ROLES: Final[Mapping[str, dict[str, Any]]] = {
    "Vera": {"hackney": "verifier"},
    "Dora": {"hackney": "dispatcher"},
    "Adam": {"hackney": "admin"},
    "op": {"hub": "operator"},
    "Paula": {"peckham": "admin"},
    "Gus": {"hackney": "dispatcher"},
}
"""Who tries: one of each role, an admin of another group, and Gus, who was a dispatcher and is revoked."""
GONE: Final = "Gus"
OUTSIDE: Final = "Paula"


def may(who: str, sort: Sort) -> bool:
    """What the one table says, of what they would do in Hackney."""
    if who == GONE or (who == OUTSIDE and sort not in OWN):
        return False
    (role,) = ROLES[who].values()
    return sort in OWN or sort in ALLOWED[role]


@dataclass(frozen=True)
class Door:
    """One way to give one act; `{…}` stands for what `Hub.facts` knows."""

    sort: Sort
    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = tuple(ROLES)
    """Who alone may, of those whom the table lets."""


_BEGINS, _ENDS = (START + timedelta(hours=n) for n in (2, 4))
_FIELDS: Final[Mapping[str, Any]] = {
    "text": "Two vans.", "to": "mzoe", "groups": ["peckham"], "asks": "what", "what": "sender",
    "reason": "spam", "mute": "{mute}", "on": True, "arrested": 1, "post": "{post}", "needed": 2,
    "begins": _BEGINS.isoformat(), "ends": _ENDS.isoformat(), "lat": 51.547, "lon": -0.075, "label": "Here",
    "reports": ["{report}"], "report": "{report}",
}  # fmt: skip
"""What any command of the desk may need."""
_NO_INCIDENT: Final = frozenset({"release_report", "mute", "unmute", "flood"})
_GROUP: Final = {"definition": {"id": "hackney", "name": "Hackney"}}
_NEW: Final = {"name": "Cy", "roles": {"hackney": "verifier"}}


def _desk_body(name: CommandName) -> dict[str, Any]:
    about = {"group": "hackney"} if name in {"flood", "unmute"} else {"incident": "{code}"}
    if name in {"release_report", "mute"}:
        about = {"report": "{held}"}
    return {**_FIELDS, "absorbed": "{other}" if name == "merge" else None, **about}


def _desk_sort(name: CommandName) -> Sort:
    """Which command of the contracts it is, by the function that makes it."""
    fields = {n: v for n, v in _FIELDS.items() if n not in {"mute", "post", "report", "reports"}}
    asked = DeskRequest.model_validate(
        {**fields, "mute": "u1", "post": "p1", "report": "r1", "reports": ["r1"]}
    )
    act = Act("m1.x", START, MemberId("m1"), GroupId("hackney"), incident="i1", absorbed="i2", made="VAAAA")  # type: ignore[arg-type]
    return type(command_of(name, act, asked))


def api() -> Iterator[Door]:
    """Every request of the API that changes something."""
    for name in get_args(CommandName):
        yield Door(_desk_sort(name), "POST", f"/v1/desk/{name}", _desk_body(name))
    for name, sort in DUTY.items():
        yield Door(sort, "POST", f"/v1/duty/{name}", _DUTY_BODY[name])
    yield Door(desk.AddMember, "POST", "/v1/members", _NEW)
    yield Door(desk.RevokeMember, "DELETE", "/v1/members/{victim}")
    yield Door(members.InviteMember, "POST", "/v1/invites", _NEW)
    yield Door(desk.OfferAccount, "POST", "/v1/account/chat")
    yield Door(desk.UnbindAccounts, "DELETE", "/v1/account/chat")
    yield Door(desk.DefineGroup, "PUT", "/v1/groups/hackney", _GROUP)
    yield Door(desk.KillSwitch, "POST", "/v1/kill-switch", {"group": "hackney", "stopped": False})
    yield Door(desk.TestChannel, "POST", "/v1/groups/hackney/channels/hook/test", {})
    yield Door(dead.RetryDead, "POST", "/v1/dead/{letter}/retry", {"why": "mended"})
    yield Door(dead.RetryDead, "POST", "/v1/dead/retry", {})
    yield Door(dead.DiscardDead, "POST", "/v1/dead/{letter}/discard", {"why": "seen"})
    yield Door(drills.BeginDrill, "POST", "/v1/groups/hackney/exercises", {})
    yield Door(drills.EndDrill, "POST", "/v1/groups/hackney/exercises/{exercise}/end", {})


DUTY: Final[Mapping[str, Sort]] = {
    "offer": duty.OfferShift,
    "withdraw": duty.WithdrawShift,
    "take": duty.TakeShift,
    "give_up": duty.GiveUpShift,
    "note": duty.NoteShift,
}
_OF_SHIFT: Final = {"shift": "{shift}"}
_DUTY_BODY: Final[Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(duty_api._MAKE, _OF_SHIFT),
    "offer": {"group": "hackney", "begins": _BEGINS.isoformat(), "ends": _ENDS.isoformat()},
    "note": {**_OF_SHIFT, "text": "Quiet."},
}

_ACT_FORM: Final = {
    "text": "Two vans.", "ask": "NONE", "setting": "other", "agency": "police", "to": "mzoe",
    "report": "{report}", "asks": "what", "absorbed": "{other}", "groups": "peckham", "reports": "{report}",
    "lat": "51.547", "lon": "-0.075", "let_go": "0", "taken": "0", "unknown": "0", "arrested": "0",
    "label": "Front door", "day": "2022-05-14", "from": "21:00", "until": "23:00", "needed": "2", "send": "1",
}  # fmt: skip
_SHIFT_FORM: Final = {"shift": "{shift}", "text": "Quiet."}
_DUTY_FORM: Final = {
    "group": "hackney", "day": "2022-05-14", "from": "21:00", "until": "23:00", "places": "1"
}  # fmt: skip
_G: Final = "/groups/hackney"
_W: Final = f"{_G}/words/CONFIRMED/short/en"
_FORMS: Final = (
    Door(desk.ReleaseReport, "POST", "/desk/held/{held}/release", {"lat": "51.55", "lon": "-0.06"}),
    Door(desk.Mute, "POST", "/desk/held/{held}/mute", {"what": "sender", "reason": "spam"}),
    Door(desk.Mute, "POST", "/desk/{code}/mute/{report}", {"what": "sender", "reason": "spam"}),
    Door(desk.Unmute, "POST", "/desk/unmute", {"mute": "hackney {mute}"}),
    Door(desk.Flood, "POST", "/desk/flood", {"group": "hackney", "on": "1"}),
    Door(members.InviteMember, "POST", "/members/invite",
         {"name": "Cy", "group": "hackney", "role": "verifier"}),
    Door(members.InviteMember, "POST", "/members/{victim}/new-link"),
    Door(desk.RevokeMember, "POST", "/members/{victim}/revoke"),
    Door(desk.DefineGroup, "POST", "/groups/new", {"name": "New", "language": "en"}, only=("op",)),
    Door(desk.DefineGroup, "POST", f"{_G}/name", {"name": "Hackney", "language": "en"}),
    *(Door(desk.DefineGroup, "POST", f"{_G}/area/{part}") for part in
      ("file", "swap", "draw", "districts", "borough", "clear", "save")),
    Door(desk.DefineGroup, "POST", f"{_G}/add-channel", {"kind": "feed", "id": "page"}),
    Door(desk.DefineGroup, "POST", f"{_G}/channels/hook", only=("Adam",)),
    Door(desk.DefineGroup, "POST", f"{_G}/channels/none/remove"),
    Door(desk.DefineGroup, "POST", f"{_G}/drills"),
    Door(drills.BeginDrill, "POST", f"{_G}/drills/begin", {"what": "ourselves"}),
    Door(drills.EndDrill, "POST", f"{_G}/drills/end", {"exercise": "{exercise}"}),
    Door(desk.DefineGroup, "POST", f"{_G}/policy"),
    Door(desk.TestChannel, "POST", f"{_G}/channels/hook/test"),
    Door(wording.ProposeWords, "POST", _W, {"text": "! half", "newest": "0", "draft": "1"}),
    Door(wording.ReviewWords, "POST", f"{_W}/review",
         {"looked_at": "1", "signed_by": "Bo", "signed_as": "member", "expires_on": "2022-07-01"}),
    Door(wording.WithdrawWords, "POST", f"{_W}/withdraw", {"looked_at": "1"}),
    Door(dead.RetryDead, "POST", "/dead/{letter}/retry", {"why": "mended"}),
    Door(dead.RetryDead, "POST", "/dead/retry"),
    Door(dead.DiscardDead, "POST", "/dead/{letter}/discard", {"why": "seen"}),
    Door(members.PutWayIn, "POST", "/account/password"),
    Door(members.PutWayIn, "POST", "/account/passkey/question"),
    Door(members.PutWayIn, "POST", "/account/passkey"),
    Door(members.RemoveWayIn, "POST", "/account/ways/none", {"remove": "1"}),
)  # fmt: skip


def pages() -> Iterator[Door]:
    """Every form of a member, and the page of every act."""
    for act in ACTS.values():
        path = "/desk/{code}/" + act.name
        yield Door(act.sort, "GET", path)
        yield Door(act.sort, "POST", path, _ACT_FORM)
    for name, act in POST_ACTS.items():
        yield Door(act.sort, "POST", "/desk/{code}/posts/{post}/" + name)
    for name, sort in DUTY_ACTS.items():
        yield Door(sort, "POST", f"/desk/duty/{name}", _DUTY_FORM if name == "offer" else _SHIFT_FORM)
    yield from _FORMS


COMMANDS: Final[tuple[tuple[Sort, str], ...]] = (
    (aftercare.Account, "desk account {code} --arrested 1"),
    (desk.AskReporter, "desk ask {code} {report}"),
    (desk.Attend, "desk attend {code} there"),
    (aftercare.CheckIn, "desk check-in {code} {post}"),
    (desk.Claim, "desk claim {code}"),
    (desk.Confirm, "desk confirm {code} --yes"),
    (desk.End, "desk end {code} --yes"),
    (desk.Escalate, "desk escalate {code} peckham"),
    (desk.Flood, "desk flood hackney on"),
    (desk.HandOver, "desk hand-over {code} mzoe"),
    (aftercare.JoinPost, "desk join {code} {post}"),
    (aftercare.LeavePost, "desk leave {code} {post}"),
    (desk.Merge, "desk merge {code} {other}"),
    (desk.Mute, "desk mute {held}"),
    (desk.Note, "desk note {code} words"),
    (desk.PutPlace, "desk place {code} --lat 51.547 --lon -0.075"),
    (aftercare.OpenPost, "desk post {code} --from 18:00 --to 19:00 --at door"),
    (aftercare.WithdrawPost, "desk post-withdraw {code} {post}"),
    (desk.Reject, "desk reject {code} --yes"),
    (desk.Reject, "desk watch {code} --yes"),
    (desk.Release, "desk release {code}"),
    (desk.ReleaseReport, "desk release {held}"),
    (desk.Reopen, "desk reopen {code} --yes"),
    (desk.Seen, "desk seen {code}"),
    (desk.SendOn, "desk send-on {code} reason"),
    (desk.Split, "desk split {code} {report}"),
    (desk.Unmute, "desk unmute {mute} --group hackney"),
    (desk.Update, "desk update {code} --yes"),
    (duty.GiveUpShift, "duty give-up {shift}"),
    (duty.NoteShift, "duty note {shift} quiet"),
    (duty.OfferShift, "duty offer --group hackney --from 18:00 --to 19:00"),
    (duty.TakeShift, "duty take {shift}"),
    (duty.WithdrawShift, "duty withdraw {shift}"),
    (drills.BeginDrill, "simulate {scenario} --drill --group hackney"),
    (desk.DefineGroup, "group apply {file}"),
    (desk.TestChannel, "group test-channel hackney hook"),
    (desk.TestChannel, "channel test hackney hook"),
    (desk.AddMember, "member add Cy --role hackney=verifier"),
    (members.InviteMember, "member invite Cy --role hackney=verifier"),
    (desk.RevokeMember, "member revoke {victim}"),
    (desk.OfferAccount, "member enrol-chat"),
    (desk.UnbindAccounts, "member leave-chat"),
    (dead.RetryDead, "dead retry {letter}"),
    (dead.DiscardDead, "dead discard {letter} --reason seen"),
    (desk.KillSwitch, "kill-switch allow hackney"),
    (desk.KillSwitch, "kill-switch stop hackney"),
)
"""What is written after `relay`."""

KEYWORDS: Final[Mapping[str, Sort]] = {
    "MINE": desk.Claim,
    "GO": desk.Attend,
    "THERE": desk.Attend,
    "SEEN": desk.Seen,
    "NOTE": desk.Note,
    "ASK": desk.AskReporter,
    "CONFIRM": desk.Confirm,
    "ENOUGH": desk.Update,
    "POLICE": desk.Reject,
    "NOT": desk.Reject,
    "OVER": desk.End,
    "POST": aftercare.JoinPost,
}
"""What is written by chat before the code. (NOT by a verifier is a note for the desk.)"""


class Hub:
    """A hub with an incident, a held report, a mute, a shift and a post, and everybody in `ROLES`."""

    def __init__(self, desk_: DeskRig, folder: Path) -> None:
        self.desk, self.rig, self._folder, self._n = desk_, desk_.rig, folder, 0
        self.facts: dict[str, str] = {}
        self.browsers: dict[str, dict[str, str]] = {}

    async def begin(self) -> None:
        """Put everything there; Gus goes at the end."""
        await self.desk.group("hackney", channels=[VERIFIERS])
        await self.desk.group("peckham", _PECKHAM, channels=[VERIFIERS])
        for name, roles in ROLES.items():
            if name != "op":
                await self.desk.member(name, **roles)
            self.browsers[name] = await self.rig.signed_in(name)
        await self.desk.member("Zoe", hackney="verifier")
        await self._incidents()
        await self._aftercare()
        (self._folder / "hackney.yaml").write_text(
            "id: hackney\nname: Hackney\narea: {postcode_districts: [E8]}\n"
        )
        self.facts["file"] = str(self._folder / "hackney.yaml")
        await self._exercise()
        self.facts["letter"] = await self.desk.poison()
        for who in ROLES:
            await self._enrol(who)
        await self.desk.revoke(GONE)

    async def _exercise(self) -> None:
        """One goes on; a scenario of one message lies ready."""
        asked = ("POST", "/v1/groups/hackney/exercises", self.desk.tokens["Dora"])
        _, begun = await self.rig.ask(*asked, json={})
        scenario = self._folder / "scenario.jsonl"
        scenario.write_text('{"t": 0, "via": "api", "from": "a", "text": "vans in Ashwin Street"}\n')
        self.facts |= {"exercise": begun["id"], "scenario": str(scenario)}

    async def _enrol(self, who: str) -> None:
        """A chat account of theirs acts for them."""
        _, offered = await self.rig.ask("POST", "/v1/account/chat", self.desk.tokens[who])
        _, body = await self.chat(who, offered["code"])
        if body is None or body.answer != "joined":
            raise AssertionError(f"{who} could not enrol: {body}")

    async def chat(self, who: str, text: str) -> tuple[list[Message], ReplyBody | None]:
        """What follows from a message by chat, and what its sender is answered, if anything."""
        before = await self.rig.bus.last_seq("DECISIONS")
        await self.desk.report(text, sender=f"chat-{who}", sender_is="account", contact=f"chat-{who}")
        events: list[Message] = []
        for seq in range(before + 1, await self.rig.bus.last_seq("DECISIONS") + 1):
            entry = await self.rig.bus.get("DECISIONS", seq)
            events += [await self.rig.keyring.open(event) for event in (decode_all(entry) if entry else ())]
        bodies = (e.body for e in events if isinstance(e, AlertRaised))
        return events, next((b for b in bodies if isinstance(b, ReplyBody)), None)

    async def _incidents(self) -> None:
        self.facts["held"] = await self.desk.report(
            "they say immigration raid somewhere in N16, forwarded as received"
        )
        spam = await self.desk.report("immigration raid somewhere in N16", sender="spammer")
        await self.desk.act("mute", "Dora", report=spam)
        _, waiting = await self.rig.ask("GET", "/v1/desk/held", self.desk.tokens["Dora"])
        self.facts["mute"] = waiting["mutes"][0]["mute_id"]
        raid = "Immigration raid at Ashwin Street E8, two vans"
        self.facts["report"] = await self.desk.report(raid, at=HERE, first_hand=True, contact="neighbour")
        await self.desk.report("Immigration officers in Ashwin Street, they hold a rider", at=HERE)
        (first,) = await self.desk.incidents("Dora")
        await self.desk.report("Immigration raid at Clapton Square E5", at=THERE, first_hand=True)
        (other,) = (i for i in await self.desk.incidents("Dora") if i["code"] != first["code"])
        self.facts |= {"code": first["code"], "other": other["code"]}

    async def _aftercare(self) -> None:
        times = {"begins": _BEGINS.isoformat(), "ends": _ENDS.isoformat()}
        about = {"incident": self.facts["code"], "label": "Front door", **times}
        await self.desk.act("confirm", "Dora", incident=self.facts["code"], text="Two vans.")
        self.facts["post"] = (await self.desk.act("post", "Dora", **about))["made"]
        token = self.desk.tokens["Dora"]
        _, shift = await self.rig.ask("POST", "/v1/duty/offer", token, json={"group": "hackney", **times})
        self.facts["shift"] = shift["made"]

    async def filled(self, template: Any) -> Any:
        """The same with what this hub knows in place of `{…}`; every victim is somebody new."""
        if isinstance(template, str):
            if "{victim}" in template:
                self._n += 1
                await self.desk.member(f"v{self._n}", hackney="verifier")
                self.facts["victim"] = f"mv{self._n}"
            return template.format_map(self.facts)
        if isinstance(template, Mapping):
            return {n: await self.filled(v) for n, v in template.items() if v is not None}
        return [await self.filled(v) for v in template] if isinstance(template, list) else template

    async def incident(self) -> dict[str, Any]:
        """The incident as the read model has it."""
        await self.rig.shown()
        return await self.rig.store.incident(self.facts["code"]) or {}


@asynccontextmanager
async def every_way(folder: Path) -> AsyncIterator[Hub]:
    """The hub, ready."""
    async with desk_rig(folder) as found:
        hub = Hub(found, folder)
        await hub.begin()
        yield hub
