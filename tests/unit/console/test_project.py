"""The projection: incremental equals fresh, in any interleaving; and what single events mean."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.console.decide.draft import Draft
from services.console.decide.project import needs, project
from shared.contracts import aftercare as ac
from shared.contracts import desk
from shared.contracts import duty as d
from shared.contracts import incidents as i
from shared.contracts import members as m
from shared.contracts.alerts import AlertBody, AlertRaised, PublicPlace
from shared.contracts.base import Message, Place
from shared.contracts.groups import GroupDefined, GroupDefinition, MemberAdded, MemberName, MemberRevoked
from shared.contracts.ledger import (
    LATE,
    AlertExpanded,
    AlertSettled,
    ChunkSettled,
    DeliveryReceipted,
    ProvidersWords,
    RecipientOutcome,
    StandIn,
    SubscribersCounted,
)
from shared.ports import Progress
from shared.testing.state import MemoryState

START = datetime(2022, 5, 14, 18, 0, tzinfo=UTC)
PLACE = Place(lat=51.5467, lon=-0.0753, radius_m=30, how="junction", label="Ashwin Street", outcode="E8")
PUBLIC = PublicPlace(lat=51.546, lon=-0.076, radius_m=200, label="Ashwin Street")
INCIDENTS, REPORTS, ALERTS = ("i0", "i1", "i2"), ("r0", "r1", "r2", "r3"), ("a0", "a1", "a2")
GROUPS = ("hackney", "peckham")
RAISED_TO = {"a0": "hackney", "a1": "hackney", "a2": "peckham"}
"""An alert goes to one group, and its records are that group's."""

Log = list[tuple[int, Message]]


async def fold(batches: list[Log]) -> MemoryState:
    """The read model after these batches, each one commit, as the projector does it."""
    state, before, draft = MemoryState(), None, Draft()
    for n, batch in enumerate(batches):
        for seq, event in batch:
            while missing := draft.missing(needs(draft, event)):
                for key, text in zip(missing, await state.get(*missing), strict=True):
                    draft.load(key, text)
            project(draft, event, seq)
        after = Progress("e", {"DECISIONS": n}, ready=False)
        await state.commit(draft.changes(), before=before, after=after)
        draft.committed()
        before = after
    return state


def content(state: MemoryState) -> Any:
    documents = {key: json.loads(text) for key, text in state.documents.items()}
    return documents, {name: index for name, index in state.indexes.items() if index}


def folded(*events: Message) -> dict[str, Any]:
    state = asyncio.run(fold([list(enumerate(events, 1))]))
    documents: dict[str, Any] = content(state)[0]
    return documents


# --- random logs --------------------------------------------------------------------------------

KEY = m.Passkey(credential="cred", public_key="pub", label="Phone")
WORD = m.Password(login="ada", argon2id="hash", totp="wrapped")


def opened(incident: str, group: str) -> dict[str, Any]:
    share = {"group": group, "version": 1}
    return {"type": i.IncidentOpened, "incident_id": incident, "code": "D7K", "groups": (share,),
            "where": i.IncidentPlace(place=PLACE)}  # fmt: skip


_incident, _report = st.sampled_from(INCIDENTS), st.sampled_from(REPORTS)
_post, _who = st.sampled_from(("p0", "p1")), st.sampled_from(("m1", "VABCD"))
_shift = st.sampled_from(("s0", "s1"))
_by = {"member": st.just("m1"), "group": st.sampled_from(GROUPS)}
_text = st.builds(desk.Statement, text=st.sampled_from(["", "six officers", "they left"]))


def of(model: type[Message], **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(model), **fields})


DECIDED = st.one_of(
    st.builds(opened, _incident, st.sampled_from(GROUPS)),
    of(i.ReportAttached, incident_id=_incident, report_id=_report,
       detail=st.builds(i.ReportDetail, text=st.just("van"), first_hand=st.booleans())),
    of(i.IncidentAssessed, incident_id=_incident, status=st.sampled_from(["likely", "unconfirmed"]),
       reason=st.just("enough")),
    of(i.IncidentClaimed, incident_id=_incident, until=st.just(START), **_by),
    of(i.ClaimReleased, incident_id=_incident, reason=st.just("lapsed")),
    of(i.IncidentConfirmed, incident_id=_incident, ask=st.just("WITNESSES"), statement=_text, **_by),
    of(i.IncidentRejected, incident_id=_incident, outcome=st.just("other_agency"), statement=_text, **_by),
    of(i.IncidentUpdated, incident_id=_incident, ask=st.just("ENOUGH"), statement=_text, **_by),
    of(i.IncidentEnded, incident_id=_incident, stage=st.sampled_from(["officers_left", "closed"]),
       tally=st.just(desk.Tally(taken=1)), statement=_text, **_by),
    of(i.IncidentQuiet, incident_id=_incident, since=st.just(START)),
    of(ac.IncidentAccounted, incident_id=_incident, fates=st.just(ac.Fates(people={"PAAA": "unknown"})),
       owner=st.just("m1"), **_by),
    of(ac.CheckCameDue, incident_id=_incident, next_at=st.just(START)),
    of(ac.PostOpened, incident_id=_incident, post_id=_post, begins=st.just(START), ends=st.just(START),
       needed=st.just(2), where=st.just(ac.PostPlace(label="Front door")), **_by),
    of(ac.PostWithdrawn, incident_id=_incident, post_id=_post, member=st.just("m1")),
    of(ac.PostJoined, incident_id=_incident, post_id=_post, member=st.just("m1"), who=_who),
    of(ac.PostLeft, incident_id=_incident, post_id=_post, member=st.just("m1"), who=_who),
    of(ac.PostCheckedIn, incident_id=_incident, post_id=_post, member=st.just("m1"), who=_who),
    of(ac.PostsTold, incident_id=_incident, group=st.just("hackney"), posts=st.just(("p0",)),
       what=st.sampled_from(["open", "no_show"])),
    of(d.ShiftOffered, shift_id=_shift, group=st.just("hackney"), begins=st.just(START), ends=st.just(START)),
    of(d.ShiftTaken, shift_id=_shift, member=st.just("m1")),
    of(d.ShiftGivenUp, shift_id=_shift, member=st.just("m1")),
    of(d.ShiftNoted, shift_id=_shift, member=st.just("m1"), note=st.just(d.HandoverNote(text="quiet"))),
    of(d.ShiftDropped, shift_id=_shift, how=st.just("forgotten")),
    of(i.IncidentMerged, incident_id=_incident, absorbed=_incident, member=st.just("m1")),
    of(i.IncidentSplit, incident_id=_incident, into=_incident, reports=st.just(("r0", "r2")),
       member=st.just("m1")),
    of(i.ReportHeld, report_id=_report, reason=st.just("no_place"), groups=st.just(("hackney",)),
       detail=st.just(i.HeldReport(text="somewhere"))),
    of(i.HeldSettled, report_id=_report, how=st.just("joined")),
    of(i.HeldDigested, group=st.just("hackney"), reports=st.just(("r0", "r1"))),
    of(i.InputDecided, input=st.builds(i.InputRef, stream=st.sampled_from(["REPORTS", "DESK", "TICK"]),
                                       seq=st.integers(1, 9)),
       outcome=st.just("applied"), reason=st.just("applied"), incident_id=_incident, report_id=_report),
    of(AlertRaised, alert_id=st.sampled_from(ALERTS), group_version=st.just(1),
       audience=st.just("community"), kind=st.just("CONFIRMED"), urgency=st.just("urgent"),
       not_after=st.just(START), incident_id=_incident, code=st.just("D7K"), status=st.just("confirmed"),
       body=st.just(AlertBody(place=PLACE, public=PUBLIC, first_report_at=START))
       ).map(lambda spec: {**spec, "group": RAISED_TO[spec["alert_id"]]}),
    of(GroupDefined, group=st.just("hackney"), version=st.integers(1, 3),
       definition=st.just(GroupDefinition(id="hackney", name="H"))),
    of(MemberAdded, member=st.just("m1"), roles=st.just({"hackney": "dispatcher"}),
       token_sha256=st.sampled_from(["a" * 64, "b" * 64]), name=st.just(MemberName(name="Ada"))),
    of(MemberRevoked, member=st.just("m1")),
    of(m.MemberInvited, member=st.just("m1"), invite=st.sampled_from(["a" * 64, "b" * 64]), by=st.just("m0"),
       roles=st.just({"hackney": "dispatcher"}), expires_at=st.just(START),
       name=st.just(MemberName(name="Ada"))),
    of(m.InviteSettled, member=st.just("m1"), invite=st.just("a" * 64), how=st.just("accepted")),
    of(m.WayInPut, member=st.just("m1"), way_in=st.sampled_from(["w1", "w2"]),
       login_tag=st.sampled_from([None, "c" * 64]), secret=st.sampled_from([KEY, WORD])),
    of(m.WayInRemoved, member=st.just("m1"), way_in=st.just("w1")),
)  # fmt: skip


def ledger(alert: str, results: list[str]) -> list[dict[str, Any]]:
    """An alert's records as a notifier writes them: expanded, then settled chunk by chunk."""
    base = {"alert_id": alert, "group": RAISED_TO.get(alert, "hackney")}
    late = {"incident_id": "i0"} if alert.startswith(LATE) else {}
    outcomes = [
        {"recipient": "public:0", "result": r, "channel_kind": k, "reason": "x"}
        for r in results
        for k in ("feed", "webhook")
    ]
    chunks = [
        {"type": ChunkSettled, **base, "chunk": n, "attempt": 1,
         "outcomes": (RecipientOutcome.model_validate(o),)}
        for n, o in enumerate(outcomes)
    ]  # fmt: skip
    expanded = {"type": AlertExpanded, **base, **late, "audience": "community", "chunks": (("public:0",),)}
    settled = {"type": AlertSettled, **base, "delivered": 1, "reason": "done"}
    said = [
        {"type": DeliveryReceipted, **base, "recipient": f"texts:{n}", "channel_kind": "kannel",
         "provider_id": f"p{n}", "arrived": "delivered" if r == "delivered" else "failed", "reason": "x"}
        for n, r in enumerate(results)
    ]  # fmt: skip
    counted = {"type": SubscribersCounted, "group": "hackney", "total": 5 * len(results), "texts": 5}
    return [expanded, *chunks, settled, counted, *said]


def log_of(prefix: str, specs: list[dict[str, Any]]) -> Log:
    log = []
    for n, spec in enumerate(specs, 1):
        model = spec.pop("type") if "type" in spec else None
        assert model is not None
        at = START + timedelta(seconds=n)
        log.append((n, model.model_validate({"id": f"{prefix}.{n}.0", "at": at, **spec})))
    return log


@st.composite
def logs(draw: st.DrawFn) -> tuple[Log, Log]:
    decisions = [dict(d) for d in draw(st.lists(DECIDED, max_size=25))]
    if draw(st.booleans()):
        decisions.append(
            {"type": i.IncidentForgotten, "incident_id": draw(_incident), "reports": 2, "status": "closed"}
        )
    results = st.lists(st.sampled_from(["delivered", "retry"]), max_size=2)
    records = [
        record
        for alert in draw(st.sets(st.sampled_from((*ALERTS, "late-0", "late-1"))))
        for record in ledger(alert, draw(results))
    ]
    return log_of("D", decisions), log_of("L", records)


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[Log, Log, list[Log]]:
    """Two logs, and one way to fold them side by side in batches."""
    decisions, records = draw(logs())
    left, right = list(decisions), list(records)
    batches: list[Log] = [[]]
    while left or right:
        side = left if left and (not right or draw(st.booleans())) else right
        batches[-1].append(side.pop(0))
        if draw(st.booleans()):
            batches.append([])
    return decisions, records, batches


@settings(max_examples=200, deadline=None)
@given(interleaved())
def test_what_grew_event_by_event_equals_what_is_rebuilt_at_once(case: tuple[Log, Log, list[Log]]) -> None:
    decisions, records, batches = case
    grown = asyncio.run(fold(batches))
    rebuilt = asyncio.run(fold([decisions, records]))
    assert content(grown) == content(rebuilt)


# --- what single events mean ----------------------------------------------------------------------


def event(model: type[Message], n: int, **fields: Any) -> Message:
    return model.model_validate({"id": f"DESK.{n}.0", "at": START + timedelta(minutes=n), **fields})


def an_incident(name: str = "i0", n: int = 0) -> list[Message]:
    spec = opened(name, "hackney")
    spec.pop("type")
    detail = i.ReportDetail(text="van", first_hand=True)
    return [
        event(i.IncidentOpened, n, **spec),
        event(i.ReportAttached, n + 1, incident_id=name, report_id=f"r-{name}", detail=detail),
    ]


def test_an_incident_grows_by_its_events() -> None:
    who = {"member": "m1", "group": "hackney"}
    documents = folded(
        *an_incident(),
        event(i.IncidentClaimed, 2, incident_id="i0", until=START, **who),
        event(i.InputDecided, 3, input=i.InputRef(stream="DESK", seq=3), outcome="applied", reason="applied",
              incident_id="i0"),
        event(i.IncidentConfirmed, 3, incident_id="i0", ask="WITNESSES",
              statement=desk.Statement(text="six officers"), **who),
    )  # fmt: skip
    incident = documents["incident:i0"]
    assert (incident["status"], incident["ask"], incident["statement"]) == (
        "confirmed",
        "WITNESSES",
        "six officers",
    )
    assert (incident["reports"], incident["first_hand"], incident["version"]) == (1, 1, 3)
    assert [step["what"] for step in incident["timeline"]] == ["opened", "claimed", "confirmed"]
    assert incident["reasons"] == {"DESK.3": "applied"}
    assert documents["decided:DESK.3"]["reason"] == "applied"
    assert documents["code:D7K"] == {"incident": "i0"}


def test_the_end_takes_the_claim_away_and_a_new_confirm_reopens() -> None:
    who = {"member": "m1", "group": "hackney"}
    ended = [
        *an_incident(),
        event(i.IncidentClaimed, 2, incident_id="i0", until=START, **who),
        event(i.IncidentQuiet, 3, incident_id="i0", since=START),
    ]
    incident = folded(*ended)["incident:i0"]
    assert (incident["claim"], incident["status"]) == (None, "no_news")
    assert incident["ended_at"] == (START + timedelta(minutes=3)).isoformat()
    again = folded(*ended, event(i.IncidentConfirmed, 4, incident_id="i0", ask="NONE", **who))["incident:i0"]
    assert (again["status"], again["ended_at"]) == ("confirmed", None)


def test_a_split_moves_reports_whichever_event_stands_first() -> None:
    reports = [
        event(
            i.ReportAttached, n, incident_id="i0", report_id=f"r{n}", detail=i.ReportDetail(first_hand=True)
        )
        for n in (2, 3)
    ]
    split = event(i.IncidentSplit, 5, incident_id="i0", into="i1", reports=("r2",), member="m1")
    moved = event(
        i.ReportAttached, 6, incident_id="i1", report_id="r2", detail=i.ReportDetail(first_hand=True)
    )
    spec = opened("i1", "hackney")
    spec.pop("type")
    new = event(i.IncidentOpened, 4, **spec)
    for order in ([new, split, moved], [new, moved, split], [new, split]):
        documents = folded(*an_incident(), *reports, *order)
        counts = [(documents[f"incident:{n}"]["reports"], documents[f"incident:{n}"]["first_hand"])
                  for n in ("i0", "i1")]  # fmt: skip
        assert counts == [(2, 2), (1, 1)], order
        assert documents["report:r2"]["incident"] == "i1"


def test_a_merge_joins_counts_and_points_to_the_survivor() -> None:
    merged = event(i.IncidentMerged, 9, incident_id="i0", absorbed="i1", member="m1")
    documents = folded(*an_incident("i0"), *an_incident("i1", 3), merged)
    assert (documents["incident:i0"]["reports"], documents["incident:i0"]["sources"]) == (2, ["i0", "i1"])
    assert (documents["incident:i1"]["status"], documents["incident:i1"]["merged_into"]) == ("merged", "i0")


def test_forgetting_leaves_counts_and_outcode_only() -> None:
    body = AlertBody(
        place=PLACE, public=PUBLIC, first_report_at=START, statement="six officers", setting="driving",
        jurisdiction="scotland",
    )  # fmt: skip
    alert = event(
        AlertRaised, 2, alert_id="a0", group="hackney", group_version=1, audience="community",
        kind="CONFIRMED", urgency="urgent", not_after=START, incident_id="i0", code="D7K",
        status="confirmed", body=body,
    )  # fmt: skip
    forgotten = event(i.IncidentForgotten, 9, incident_id="i0", outcode="E8", reports=1, status="closed")
    one_commit = asyncio.run(fold([list(enumerate([*an_incident(), alert, forgotten], 1))]))
    two_commits = asyncio.run(fold([list(enumerate([*an_incident(), alert], 1)), [(9, forgotten)]]))
    for state in (one_commit, two_commits):
        text = json.dumps(content(state))
        assert "van" not in text
        assert "officers" not in text
        assert "Ashwin" not in text
        assert "driving" not in text
        assert "scotland" not in text
        document = json.loads(state.documents["incident:i0"])
        assert document == {"id": "i0", "forgotten": True, "outcode": "E8", "reports": 1, "status": "closed"}


def test_what_nobody_can_open_any_more_is_marked_erased() -> None:
    spec = {**opened("i0", "hackney"), "where": None}
    spec.pop("type")
    documents = folded(
        event(i.IncidentOpened, 1, **spec),
        event(i.ReportAttached, 2, incident_id="i0", report_id="r0"),
        event(i.ReportHeld, 3, report_id="r1", reason="no_place"),
    )
    assert documents["incident:i0"]["erased"] is True
    assert documents["report:r0"]["erased"] is True
    assert documents["held:r1"]["erased"] is True


def test_a_revoked_members_token_is_gone_and_a_new_token_replaces_the_old() -> None:
    def added(n: int, digest: str) -> Message:
        return event(MemberAdded, n, member="m1", roles={"hackney": "admin"}, token_sha256=digest * 64)

    documents = folded(added(1, "a"), added(2, "b"))
    assert [k for k in documents if k.startswith("member_token:")] == ["member_token:" + "b" * 64]
    documents = folded(added(1, "a"), event(MemberRevoked, 2, member="m1"))
    assert not [k for k in documents if k.startswith("member_token:")]
    assert documents["member:m1"]["revoked"] is True


def test_a_way_in_is_found_by_whoever_comes_until_it_is_removed_or_its_member_revoked() -> None:
    def put(n: int, way: str, secret: Any, tag: str | None = None) -> Message:
        return event(m.WayInPut, n, member="m1", way_in=way, secret=secret, login_tag=tag)

    tag = "c" * 64
    both = (put(1, "w1", KEY), put(2, "w2", WORD, tag))
    documents = folded(*both)
    assert documents["passkey:cred"] == {"member": "m1", "way": "w1"}
    assert documents[f"login:{tag}"] == {"member": "m1", "way": "w2"}
    other = KEY.model_copy(update={"credential": "other"})
    documents = folded(*both, put(3, "w1", other))
    assert "passkey:cred" not in documents
    assert documents["passkey:other"]["way"] == "w1"
    documents = folded(*both, event(m.WayInRemoved, 3, member="m1", way_in="w2"))
    assert f"login:{tag}" not in documents
    documents = folded(*both, event(MemberRevoked, 3, member="m1"))
    assert not [k for k in documents if k.startswith(("ways:", "passkey:", "login:"))]
    assert folded(put(1, "w1", None)).keys() <= {"counts"}


def test_an_old_incident_restated_can_be_seen_again() -> None:
    evidence = {"report": "r0", "at": START.isoformat(), "text": "van", "sender": None, "first_hand": True}
    state = {
        "code": "D7K", "status": "aftercare", "version": 7, "opened_at": START.isoformat(), "ended_at": None,
        "groups": [{"group": "hackney", "version": 1, "share": 1.0}], "place": PLACE.model_dump(),
        "evidence": [evidence], "first_hand": 1,
    }  # fmt: skip
    carried = event(i.IncidentCarried, 1, incident_id="i0", snapshot=i.IncidentSnapshot(state=state))
    documents = folded(carried)
    assert documents["incident:i0"]["version"] == 7
    assert documents["report:r0"]["text"] == "van"
    before = folded(*an_incident())
    assert folded(*an_incident(), carried)["incident:i0"]["version"] == before["incident:i0"]["version"]


def receipted(recipient: str, arrived: str, n: int = 0) -> DeliveryReceipted:
    return DeliveryReceipted.model_validate(
        {"id": f"r{recipient}{arrived}{n}", "at": START, "alert_id": "a0", "group": "hackney",
         "recipient": recipient, "channel_kind": "kannel", "provider_id": "p", "arrived": arrived,
         "reason": "undelivered" if arrived == "failed" else "delivered"}
    )  # fmt: skip


def test_who_stands_in_for_another_is_no_recipient_besides() -> None:
    chunks = (("chat:0",), ("texts:0", "texts:1"))
    waiting = {name: StandIn(of="chat") for name in chunks[1]}
    record = AlertExpanded(
        id="x",
        at=START,
        alert_id="a0",
        group="hackney",
        audience="verifiers",
        chunks=chunks,
        stand_ins=waiting,
    )
    assert folded(record)["alert:a0"]["recipients"] == 1


def test_accepted_delivered_and_failed_are_counted_apart_and_each_recipient_once() -> None:
    outcomes = tuple(
        RecipientOutcome(
            recipient=f"texts:{n}", result="delivered", channel_kind="kannel", reason="delivered"
        )
        for n in range(3)
    )
    taken = ChunkSettled(
        id="s", at=START, alert_id="a0", group="hackney", chunk=0, attempt=1, outcomes=outcomes
    )
    shown = folded(
        taken,
        receipted("texts:0", "delivered"),
        receipted("texts:0", "delivered", 2),
        receipted("texts:1", "delivered"),
        receipted("texts:1", "failed"),  # another part of it
        receipted("texts:1", "delivered", 2),
    )
    assert shown["alert:a0"]["results"] == {"kannel": {"delivered": 3}}
    assert shown["alert:a0"]["receipts"] == {"kannel": {"delivered": 1, "failed": 1}}


def chunk(*results: str, at: int = 0, **more: Any) -> ChunkSettled:
    outcomes = tuple(
        RecipientOutcome(recipient=f"chat:{n}", result=result, channel_kind="telegram", reason="said")
        for n, result in enumerate(results)
    )
    base = {"id": f"s{at}", "at": START + timedelta(minutes=at), "alert_id": "a0", "group": "hackney"}
    return ChunkSettled(**base, chunk=0, attempt=1, outcomes=outcomes, **more)


def an_alert(version: int = 3) -> AlertRaised:
    base = {"id": "e0", "at": START, "alert_id": "a0", "group": "hackney", "group_version": version}
    return AlertRaised(**base, audience="verifiers", kind="DUTY", urgency="normal", not_after=START)


@pytest.mark.parametrize("turned", [True, False])
def test_a_channel_that_carried_a_message_is_known_to_work_in_that_version(*, turned: bool) -> None:
    told = [an_alert(), chunk("delivered", "delivered"), chunk("delivered", at=5)]
    shown = folded(*(reversed(told) if turned else told))
    later = (START + timedelta(minutes=5)).isoformat()
    assert shown["carried:hackney"] == {"chat": {"version": 3, "at": later}}


@pytest.mark.parametrize(
    "settled",
    [chunk("delivered", "rejected"), chunk("unknown"), chunk("delivered", words=ProvidersWords(said={}))],
)
def test_what_failed_for_somebody_and_a_test_are_no_message_that_was_carried(settled: ChunkSettled) -> None:
    assert not folded(an_alert(), settled).get("carried:hackney")


def test_ten_thousand_receipts_are_not_written_anew_with_each() -> None:
    shown = folded(*(receipted(f"texts:{n}", "delivered") for n in range(0, 640, 32)))
    buckets = [key for key in shown if key.startswith("arrived:")]
    assert len(buckets) == 10
    assert all(len(shown[key]) == 2 for key in buckets)
    assert shown["alert:a0"] == {
        "receipts": {"kannel": {"delivered": 20}},
        "channels": {"texts": {"arrived": 20}},
    }
