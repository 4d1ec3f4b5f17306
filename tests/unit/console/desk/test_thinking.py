"""What the desk page thinks: order, next act, likeness, marks, the built text, lengths, places, maps."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.decide.aftercare_views import untold
from services.console.decide.alike import folded
from services.console.decide.desk_list import arranged
from services.console.decide.guided import Answers, answers_of, built, doubts
from services.console.decide.latest import Sighting, latest_sighting
from services.console.decide.looked import fresh, mark_of
from services.console.decide.near import neighbours
from services.console.decide.next_act import Next, next_act
from services.console.decide.on_it import how_cared_for, on_it
from services.console.decide.page_acts import ACTS, by_kind, may, offered, role_in
from services.console.decide.tellings import Told, told_of
from services.console.decide.typed_place import typed_place
from services.console.decide.why_told import lines
from services.console.models import Explained
from services.console.web.desk.words import DESK
from services.router.decide.kind_rules import Kind
from shared.contracts.alerts import AlertBody
from shared.words.sms import sms_length

NOW = datetime(2022, 5, 14, 18, 0, tzinfo=UTC)
PLACE = {"lat": 51.5467, "lon": -0.0753, "radius_m": 30.0, "how": "street", "label": "Ashwin Street"}


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


def incident(id_: str = "i1", **changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": id_,
        "code": id_.upper(),
        "status": "unconfirmed",
        "opened_at": at(-10),
        "updated_at": at(-10),
        "seen_by": ["hackney"],
        "place": PLACE,
        "reports": 1,
        "first_hand": 0,
        "version": 1,
        "timeline": [{"at": at(-10), "what": "opened", "cause": "REPORTS.1"}],
    }
    return {**known, **changes}


def claimed(by: str, minutes: float = 10) -> dict[str, Any]:
    return {"member": by, "group": "hackney", "until": at(minutes)}


# --- the list -----------------------------------------------------------------------------------


def test_what_nobody_is_on_and_somebody_saw_comes_first() -> None:
    found = arranged(
        [
            incident("old-rumour", opened_at=at(-30)),
            incident("likely", status="likely", opened_at=at(-40)),
            incident("seen", first_hand=1, opened_at=at(-50)),
            incident("new-rumour", opened_at=at(-1)),
            incident("worked-on", first_hand=3, claim=claimed("ben")),
            incident("lapsed", first_hand=2, claim=claimed("ben", -1), opened_at=at(-60)),
            incident("running", status="confirmed"),
            incident("newer-news", status="confirmed", updated_at=at(-1)),
            incident("after", status="officers_left"),
            incident("over", status="closed"),
            incident("quiet", status="no_news"),
        ],
        NOW,
    )
    order = {name: [i["id"] for i in members] for name, members in found.items()}
    assert order == {
        "waiting": ["seen", "lapsed", "likely", "new-rumour", "old-rumour"],
        "looked_into": ["worked-on"],
        "running": ["newer-news", "running"],
        "after": ["after"],
        "ended": ["over", "quiet"],
    }


def test_a_claim_ends_by_the_clock_even_before_the_log_says_so() -> None:
    claim = on_it(incident(claim=claimed("ben")), NOW)
    assert claim is not None
    assert claim.seconds_left(NOW) == 600
    assert on_it(incident(claim=claimed("ben")), NOW + timedelta(minutes=10)) is None
    assert on_it(incident(), NOW) is None


def visit(minutes: float, step: str = "there") -> dict[str, Any]:
    return {"visits": [{"member": "ben", "group": "hackney", "step": step, "at": at(minutes)}]}


OWNED: dict[str, Any] = {"aftercare": {"people": [{"tag": "PAAA", "fate": "unknown"}], "owner": "dee"}}
UNOWNED: dict[str, Any] = {"aftercare": {"people": [{"tag": "PAAA", "fate": "unknown"}]}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "nobody"),
        ({"claim": claimed("ben")}, "claimed"),
        ({"claim": claimed("ben", -1)}, "nobody"),
        (visit(-12), "there"),
        (visit(-12, "going"), "there"),
        (visit(-15), "silent"),
        (visit(-12) | {"claim": claimed("ben")}, "claimed"),
        (visit(-12) | {"status": "confirmed"}, "there"),
        ({"proposed": {"member": "ben", "at": at(-14)}}, "there"),
        ({"proposed": {"member": "ben", "at": at(-16)}}, "nobody"),
        ({"status": "officers_left"} | OWNED, "followed"),
        ({"status": "aftercare"} | UNOWNED, "unfollowed"),
        ({"status": "officers_left"}, "settled"),
        ({"status": "aftercare"} | OWNED | visit(-30), "followed"),
        ({"status": "aftercare"} | OWNED | {"claim": claimed("ben")}, "claimed"),
    ],
)
def test_it_alarms_only_where_truly_nobody_is_on_it(changes: dict[str, Any], expected: str) -> None:
    assert how_cared_for(incident(**changes), NOW) == expected


def test_where_somebody_is_the_list_does_not_say_that_nobody_is() -> None:
    found = arranged([incident("there", **visit(-12)), incident("silent", **visit(-15))], NOW)
    assert [i["id"] for i in found["looked_into"]] == ["there"]
    assert [i["id"] for i in found["waiting"]] == ["silent"]


# --- the next act -------------------------------------------------------------------------------

MINE, THEIRS = {"claim": claimed("ada")}, {"claim": claimed("ben")}
GOING = {"visits": [{"member": "ben", "group": "hackney", "step": "going", "at": at(-1)}]}
I_GO = {"visits": [{"member": "ada", "group": "hackney", "step": "going", "at": at(-1)}]}
I_AM_THERE = {"visits": [{"member": "ada", "group": "hackney", "step": "there", "at": at(-1)}]}
I_SAW = {"timeline": [{"at": at(-1), "what": "seen", "member": "ada", "cause": "DESK.3"}], "seen": 1}
ONE_UNKNOWN: dict[str, Any] = {"aftercare": {"people": [{"tag": "PAAA", "fate": "unknown"}]}}
NONE_UNKNOWN: dict[str, Any] = {"aftercare": {"people": [{"tag": "PAAA", "fate": "released"}]}}
NEWS: dict[str, Any] = {
    "timeline": [{"at": at(-1), "what": "accounted", "cause": "DESK.4", "fates": {"released": 1}}]
}
ALL_FREE = {"tally": {"let_go": 2, "taken": 0, "unknown": 0}}


LAPSED: dict[str, Any] = {
    "status": "confirmed",
    "timeline": [
        {"at": at(-20), "what": "claimed", "member": "ada", "cause": "DESK.1"},
        {"at": at(-5), "what": "claim_released", "reason": "lapsed", "cause": "TICK.1"},
    ],
}
BENS = [
    {"at": at(-3), "what": "claimed", "member": "ben", "cause": "DESK.2"},
    {"at": at(-1), "what": "claim_released", "reason": "lapsed", "cause": "TICK.2"},
]
TWO_GO: dict[str, Any] = {"visits": [*GOING["visits"], {**GOING["visits"][0], "member": "cem"}]}


def post(*keepers: str, begins: float = 10, there: bool = False) -> dict[str, Any]:
    """An incident in aftercare with one post for one person, that lasts two hours."""
    kept = [{"who": who, "there_at": at(-1) if there else None} for who in keepers]
    times = {"begins": at(begins), "ends": at(begins + 120), "needed": 1}
    one = {"id": "p1", "group": "hackney", "label": "The station", **times, "keepers": kept, "told": []}
    return {"status": "aftercare", "aftercare": {**ONE_UNKNOWN["aftercare"], "posts": [one]}}


@pytest.mark.parametrize(
    ("role", "changes", "expected"),
    [
        ("dispatcher", {}, ("claim", "next_claim")),
        ("verifier", {}, ("claim", "next_claim")),
        ("dispatcher", {"claim": claimed("ben", -1)}, ("claim", "next_claim")),
        ("dispatcher", {"claim": claimed("ada", -1)}, ("claim", "next_claim_again")),
        ("verifier", LAPSED, ("claim", "next_claim_again")),
        ("verifier", LAPSED | {"timeline": LAPSED["timeline"][:1]}, ("claim", "next_claim")),
        ("verifier", {"timeline": [*LAPSED["timeline"], *BENS]}, ("claim", "next_claim")),
        ("dispatcher", {"status": "confirmed"}, ("claim", "next_claim")),
        ("dispatcher", GOING, ("claim", "next_claim_beside")),
        ("dispatcher", MINE | {"place": None}, ("place", "next_place")),
        ("verifier", MINE | {"place": None}, ("going", "next_going")),
        ("dispatcher", MINE, ("going", "next_going")),
        ("dispatcher", MINE | {"first_hand": 1}, ("confirm", "next_confirm")),
        ("dispatcher", MINE | {"seen": 1}, ("confirm", "next_confirm")),
        ("dispatcher", MINE | GOING, ("confirm", "next_confirm_unseen")),
        ("verifier", MINE | GOING | {"first_hand": 1}, ("seen", "next_seen_yet")),
        ("dispatcher", MINE | I_GO, ("there", "next_there")),
        ("dispatcher", MINE | I_AM_THERE, ("seen", "next_seen")),
        ("dispatcher", MINE | I_AM_THERE | I_SAW, ("confirm", "next_confirm")),
        ("verifier", MINE | I_AM_THERE | I_SAW, (None, "next_said")),
        ("dispatcher", THEIRS, ("going", "next_theirs")),
        ("verifier", THEIRS | TWO_GO, (None, "next_theirs")),
        ("verifier", THEIRS | I_AM_THERE | I_SAW, ("seen", "next_there_on")),
        ("verifier", THEIRS | {"status": "confirmed"}, ("going", "next_go")),
        ("verifier", MINE | {"status": "confirmed", "ask": "WITNESSES"} | TWO_GO, ("going", "next_go")),
        ("verifier", THEIRS | {"status": "confirmed", "ask": "ENOUGH"}, (None, "next_enough")),
        ("verifier", THEIRS | {"status": "confirmed", "ask": "LEAVE"} | I_GO, ("there", "next_there")),
        ("verifier", MINE | {"status": "confirmed"} | I_AM_THERE, ("seen", "next_seen")),
        ("verifier", MINE | {"status": "confirmed"} | I_AM_THERE | I_SAW, ("seen", "next_there_on")),
        ("verifier", {"status": "no_news"}, ("seen", "next_seen_yet")),
        ("dispatcher", THEIRS | {"seen": 1}, ("confirm", "next_confirm")),
        ("dispatcher", THEIRS | {"status": "confirmed"}, ("update", "next_confirmed")),
        ("verifier", THEIRS | {"seen": 1}, ("going", "next_theirs")),
        ("dispatcher", {"status": "aftercare"} | ONE_UNKNOWN, ("account", "next_account")),
        ("dispatcher", {"status": "aftercare"} | NONE_UNKNOWN, ("closed", "next_close")),
        ("verifier", THEIRS | I_GO, ("there", "next_there")),
        ("dispatcher", MINE | {"status": "confirmed"}, ("update", "next_confirmed")),
        ("dispatcher", {"status": "officers_left"} | ONE_UNKNOWN, ("aftercare", "next_aftercare")),
        ("dispatcher", {"status": "officers_left"} | NONE_UNKNOWN | NEWS, ("update", "next_tell_account")),
        ("verifier", {"status": "officers_left"} | NONE_UNKNOWN | NEWS, (None, "next_nothing")),
        ("dispatcher", {"status": "officers_left"} | ALL_FREE, ("closed", "next_close")),
        ("verifier", {"status": "officers_left"} | ALL_FREE, (None, "next_nothing")),
        ("verifier", {"status": "officers_left"} | ALL_FREE | I_AM_THERE, ("left", "next_left")),
        ("dispatcher", {"status": "no_news"}, ("reopen", "next_no_news")),
        ("dispatcher", {"status": "closed"}, (None, "next_nothing")),
        ("dispatcher", {"status": "merged"}, (None, "next_merged")),
        ("dispatcher", THEIRS | {"proposed": claimed("ben")}, ("confirm", "next_second_person")),
        ("dispatcher", MINE | {"proposed": claimed("ada")}, (None, "next_wait_for_second")),
        ("verifier", THEIRS | {"proposed": claimed("ben")}, ("going", "next_theirs")),
        ("verifier", post(), (None, "next_post_wanted", "p1")),
        ("dispatcher", post(), ("account", "next_account")),
        ("verifier", post("ben"), (None, "next_nothing")),
        ("verifier", post("ada"), (None, "next_post_check_in", "p1")),
        ("dispatcher", post("ada"), (None, "next_post_check_in", "p1")),
        ("verifier", post("ada", there=True), (None, "next_post_there", "p1")),
        ("dispatcher", post("ada", there=True), ("account", "next_account")),
        ("verifier", post("ada", begins=120), (None, "next_post_coming", "p1")),
        ("verifier", post(begins=-200), (None, "next_nothing")),
        ("verifier", post("ada") | {"status": "closed"}, (None, "next_nothing")),
    ],
)
def test_the_next_right_act(role: str, changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert next_act(incident(**changes), "ada", {"hackney": role}, NOW) == Next(*expected)
    assert DESK.has(expected[1])


@pytest.mark.parametrize(
    ("role", "said", "changes", "expected"),
    [
        ("dispatcher", "over", {"status": "confirmed"}, ("claim", "next_claim")),
        ("dispatcher", "over", MINE | {"status": "confirmed"}, ("officers_left", "next_said_over")),
        ("dispatcher", "over", THEIRS | {"status": "confirmed"}, ("officers_left", "next_said_over")),
        ("dispatcher", "over", MINE | {"first_hand": 1}, ("officers_left", "next_said_over")),
        ("dispatcher", "wrong", MINE | {"seen": 1}, ("not_confirmed", "next_said_wrong")),
        ("dispatcher", "wrong", MINE | {"status": "confirmed"}, ("retract", "next_said_wrong")),
        ("dispatcher", "over", MINE | I_AM_THERE | I_SAW, ("seen", "next_seen")),
        ("dispatcher", "over", MINE | I_GO, ("there", "next_there")),
        ("dispatcher", "over", MINE | {"proposed": claimed("ben")}, ("officers_left", "next_said_over")),
        ("verifier", "over", THEIRS | {"status": "confirmed"}, ("going", "next_said_look")),
        ("verifier", "wrong", MINE, ("going", "next_said_look")),
        ("verifier", "over", THEIRS | GOING, ("going", "next_theirs")),
        ("verifier", "over", THEIRS | {"status": "confirmed", "ask": "ENOUGH"}, (None, "next_enough")),
        ("dispatcher", "over", {"status": "closed"}, (None, "next_nothing")),
    ],
)
def test_what_reports_say_is_looked_at_first(
    role: str, said: Any, changes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    found = next_act(incident(**changes), "ada", {"hackney": role}, NOW, said=said)
    assert found == Next(*expected)
    assert DESK.has(expected[1])


def accounted(cause: str, **fates: int) -> dict[str, Any]:
    return {"at": at(-1), "what": "accounted", "cause": cause, "fates": fates}


def told(cause: str, what: str = "ended") -> dict[str, Any]:
    return {"at": at(-1), "what": what, "cause": cause}


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        ([], False),
        ([told("1"), accounted("1", unknown=2)], False),  # the end itself told that they are unknown
        ([told("1"), accounted("1", unknown=2), accounted("2", unknown=3)], False),  # no news of anybody
        ([told("1"), accounted("1", unknown=2), accounted("2", unknown=1, released=1)], True),
        ([accounted("1", released=1), told("2")], False),
        ([accounted("1", released=1), told("2", "updated"), accounted("3", released=1)], False),
        ([accounted("1", released=1), told("2", "updated"), accounted("3", charged=1)], True),
    ],
)
def test_whether_those_who_were_told_know_what_became_of_them(
    timeline: list[dict[str, Any]], *, expected: bool
) -> None:
    assert untold({"timeline": timeline}) is expected


def test_the_latest_sighting_is_the_newest_whoever_saw_it() -> None:
    seen = {"at": at(-5), "what": "seen", "member": "ada", "text": "Two vans."}
    first_hand = {"at": at(-2), "first_hand": True, "text": "They leave."}
    hearsay = {"at": at(-1), "first_hand": False, "text": "RAID"}
    incident = {"timeline": [seen]}
    assert latest_sighting(incident, [first_hand, hearsay]) == Sighting(at(-2), None, "They leave.")
    assert latest_sighting(incident, [hearsay]) == Sighting(at(-5), "ada", "Two vans.")
    assert latest_sighting({}, [hearsay]) is None


def test_an_operator_is_offered_nothing() -> None:
    assert next_act(incident(), "ada", {"hub": "operator"}, NOW) == Next(None, "next_nothing")
    assert role_in(incident(), {"hub": "operator"}) is None
    assert role_in(incident(seen_by=["hub"]), {"leeds": "verifier"}) == "verifier"
    assert role_in(incident(), {"leeds": "dispatcher"}) is None


def test_only_acts_of_the_role_and_the_state_are_offered() -> None:
    verifier = {a.name for a in offered(incident(), "verifier", mine=True)}
    assert {"release", "hand_over", "going", "seen", "note", "ask"} <= verifier
    assert not verifier & {"confirm", "merge", "officers_left", "escalate", "claim", "left"}
    closed = {a.name for a in offered(incident(status="closed"), "dispatcher", mine=False)}
    assert closed == {"note", "reopen"}
    assert "release" not in {a.name for a in offered(incident(), "dispatcher", mine=False)}
    assert "left" in {a.name for a in offered(incident(), "verifier", mine=False, step="there")}
    assert sum(map(len, by_kind(ACTS.values()).values())) == len(ACTS)
    assert not any(may(None, act) for act in ACTS.values())


# --- reports ------------------------------------------------------------------------------------


def report(n: int, text: str, *, first_hand: bool = False) -> dict[str, Any]:
    return {"report_id": f"r{n}", "at": at(n), "text": text, "first_hand": first_hand}


def test_copies_lie_under_the_first_of_them_and_nothing_is_lost() -> None:
    raid = "Immigration raid in Ashwin Street, two vans and six officers"
    folds = folded(
        [
            report(4, "URGENT pls share!! " + raid),
            report(1, raid),
            report(2, raid.upper() + "!!"),
            report(3, "Immigration raid in Ashwin Street, two vans and six officer"),
            report(5, "I see three officers by the fish shop in Mare Street", first_hand=True),
            report(6, "van"),
            report(7, "VAN"),
            report(8, "vans"),
        ]
    )
    found = {f.first["report_id"]: [c["report_id"] for c in f.copies] for f in folds}
    assert found == {"r1": ["r2", "r3", "r4"], "r5": [], "r6": ["r7"], "r8": []}
    assert folds[0].first["report_id"] == "r5"
    assert folds[0].first_hand == 1


@given(st.lists(st.text(alphabet="ab vn", max_size=30), max_size=30))
def test_whatever_is_folded_each_report_is_there_once(texts: list[str]) -> None:
    folds = folded(report(n, text) for n, text in enumerate(texts))
    shown = [r["report_id"] for f in folds for r in (f.first, *f.copies)]
    assert sorted(shown) == sorted(f"r{n}" for n in range(len(texts)))


def test_what_is_new_since_one_looked() -> None:
    before = incident()
    mark = mark_of(before)
    steps = [
        *before["timeline"],
        {"at": at(-3), "what": "claimed", "member": "ben", "cause": "DESK.1"},
        {"at": at(-2), "what": "noted", "member": "ada", "cause": "DESK.2"},
    ]
    after = incident(reports=4, timeline=steps)
    news = fresh(after, mark, "ada")
    assert ([s["what"] for s in news.steps], news.reports, news.never) == (["claimed"], 3, False)
    assert not fresh(after, mark_of(after), "ada")
    assert fresh(after, None, "ada").never
    assert fresh(after, "nonsense", "ada").never
    assert len(fresh(after, "DESK.99.0", "").steps) == 3


def test_near_and_alike_incidents_are_offered_for_a_merge() -> None:
    here = incident("i1")
    others = [
        incident("far", place=PLACE | {"lat": 52.5}),
        incident("near", place=PLACE | {"lat": 51.5476}),
        incident("alike", place=PLACE | {"lat": 51.5490}),
        incident("placeless", place=None),
        incident("over", status="closed"),
        incident("drill", drill=True),
        here,
    ]
    texts = {"alike": ["two vans and six officers"], "near": ["a fire in the bakery"]}
    found = neighbours(here, ["six officers and two vans"], others, texts)
    assert [n.incident["id"] for n in found] == ["alike", "near", "placeless"]
    assert found[0].alike == 100
    assert found[1].metres == pytest.approx(100, abs=2)
    assert found[2].metres is None


# --- why it was decided so -------------------------------------------------------------------------


def explained(reason: str = "same_text", outcome: str = "attached", **why: Any) -> Explained:
    known = {"kind": "report", "sure": 0.97, "first_hand": None, "who": "unknown", "trusted": False}
    whole = {**known, "place": None, "considered": [], **why}
    return Explained(report_id="r1", at=at(0), outcome=outcome, reason=reason, incident="D7K", why=whole)


def test_reasons_are_told_as_sentences_and_signs_without_meaning_are_not() -> None:
    same = {"incident": "D7K", "score": 13.7, "signs": {"copy": 0.97, "fresh": 1.0, "same_spot": 1.0}}
    other = {"incident": None, "score": -52.0, "signs": {"out_of_area": 1.0, "elsewhere": 1.0, "claim": 1.0}}
    told = lines(explained(considered=[same, other], sure=0.6, first_hand=False))
    assert [line.key for line in told] == [
        "why_did_attached", "why_read_report", "why_hand_no", "why_who_unknown", "why_place_none",
        "why_same_as", "why_other_than",
    ]  # fmt: skip
    assert told[0].more == ("because_same_text",)
    assert told[1].more == ("why_unsure",)
    assert told[5].more == ("why_sign_copy", "why_sign_same_spot")
    assert told[6].more == ("why_sign_far_spot",)


def test_a_likeness_that_is_no_copy_is_not_called_one() -> None:
    alike = {"incident": "D7K", "score": 1.0, "signs": {"copy": 0.5, "words": 1.0}}
    assert lines(explained(considered=[alike]))[-1].more == ("why_sign_words",)


def test_what_is_erased_still_says_what_was_decided() -> None:
    gone = Explained(report_id="r1", at=at(0), outcome="held", reason="no_place", waits=True)
    assert [line.key for line in lines(gone)] == ["why_did_held"]


def test_every_reason_kind_and_sign_has_its_sentence() -> None:
    words = reasons_of_reports()
    assert {f"because_{reason}" for reason in words} - DESK.keys("en") == set()
    assert {f"why_read_{kind}" for kind in get_args(Kind)} - DESK.keys("en") == set()
    assert {f"why_who_{who}" for who in get_args(AlertBody.model_fields["who"].annotation)} - DESK.keys(
        "en"
    ) == set()
    assert {f"why_did_{o}" for o in ("opened", "attached", "held", "ignored")} - DESK.keys("en") == set()


def reasons_of_reports() -> set[str]:
    """The named reasons that a report can meet: all that the desk had a word for before."""
    of_incidents = {
        "enough_independent_reports",
        "report_by_trusted_account",
        "support_split_off",
        "seen_by_member",
    }
    named = {key.removeprefix("reason_") for key in DESK.keys("en") if key.startswith("reason_")}
    return named - of_incidents


# --- the built text -----------------------------------------------------------------------------


def word(key: str, **values: object) -> str:
    return DESK.say("en", key, **values)


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        (Answers(), ""),
        (Answers(vans=2, officers=6, held=1), "Seen: 2 vans, 6 officers, 1 person held."),
        (Answers(vans=0, held=0), "Nobody is held."),
        (Answers(where="outside the shop."), "Outside the shop."),
        (Answers(still="yes", at="18:40"), "Still going on at 18:40."),
        (Answers(still="yes"), "Still going on."),
        (Answers(still="no", at="18:40"), "Last seen at 18:40."),
        (Answers(still="unknown"), ""),
        (Answers(signs=("markings",)), "Their clothes or vans say “Immigration Enforcement”."),
        (
            Answers(who="me", still="yes", at="07:10", vans=1, officers=4, signs=("said", "papers")),
            (
                "Seen: 1 van, 4 officers. Still going on at 07:10. They say that they are immigration "
                "officers. They showed papers."
            ),
        ),
    ],
)
def test_the_answers_build_the_text(answers: Answers, text: str) -> None:
    assert built(answers, word) == text


@pytest.mark.parametrize("language", DESK.languages)
def test_the_text_can_be_built_in_every_language_and_fits(language: str) -> None:
    answers = Answers("me", "yes", "18:40", 99, 99, 99, "x" * 80, ("markings", "said", "papers"))
    text = built(answers, lambda key, **values: DESK.say(language, key, **values))
    assert "{" not in text
    assert len(text) < 500


def test_what_is_no_answer_is_left_out() -> None:
    found = answers_of(
        {"who": "the queen", "still": "yes", "at": "25 past", "vans": "-3", "officers": "9999", "held": "٣"},
        ("markings", "horns"),
    )
    assert found == Answers(still="yes", signs=("markings",))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (Answers(who="me", still="yes", signs=("said",)), []),
        (Answers(who="nobody", still="yes", signs=("said",)), ["doubt_nobody_saw"]),
        (Answers(who="reporter", still="no", signs=("said",)), ["doubt_not_there"]),
        (Answers(), ["doubt_nobody_saw", "doubt_maybe_over", "doubt_who_they_are"]),
    ],
)
def test_doubts_are_named(answers: Answers, expected: list[str]) -> None:
    assert doubts(answers) == expected
    assert all(DESK.has(key) for key in expected)


# --- lengths, places, maps ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "segments", "plain"),
    [
        ("", 1, True),
        ("a" * 160, 1, True),
        ("a" * 161, 2, True),
        ("a" * 306, 2, True),
        ("a" * 307, 3, True),
        ("€" * 80, 1, True),
        ("€" * 81, 2, True),
        ("ș" + "a" * 69, 1, False),
        ("ș" + "a" * 70, 2, False),
        ("🚐" * 35, 1, False),
        ("🚐" * 36, 2, False),
    ],
)
def test_sms_segments(text: str, segments: int, *, plain: bool) -> None:
    found = sms_length(text)
    assert (found.segments, found.plain) == (segments, plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("51.5467, -0.0753", (51.5467, -0.0753)),
        ("51.5467 -0.0753", (51.5467, -0.0753)),
        (" 51 ; 0 ", (51.0, 0.0)),
        ("https://www.openstreetmap.org/?mlat=51.5467&mlon=-0.0753#map=19/51.5/-0.1", (51.5467, -0.0753)),
        ("https://www.openstreetmap.org/#map=17/51.54670/-0.07530", (51.5467, -0.0753)),
        ("https://maps.example/maps/place/x/@51.5467,-0.0753,17z", (51.5467, -0.0753)),
        ("https://maps.example/?q=51.5467,-0.0753", (51.5467, -0.0753)),
        ("https://maps.example/?q=loc:51.5467%2C-0.0753", (51.5467, -0.0753)),
        ("geo:51.5467,-0.0753?z=19", (51.5467, -0.0753)),
        ("9C3XGWVG+2Q", (51.542562, -0.073062)),
        ("9c3xgwvg+2q", (51.542562, -0.073062)),
        ("", None),
        ("E8 3DL", None),
        ("Ashwin Street", None),
        ("151.5, 0.1", None),
        ("51.5, 190", None),
        ("51.5", None),
        ("GWVG+2Q Dalston", None),
    ],
)
def test_places_as_people_paste_them(text: str, expected: tuple[float, float] | None) -> None:
    found = typed_place(text)
    assert found == (pytest.approx(expected, abs=1e-5) if expected else None)


@given(st.text(max_size=600))
def test_no_typed_place_raises(text: str) -> None:
    typed_place(text)


def alert(
    kind: str, minutes: float, audience: str, reason: str | None = "done", **more: Any
) -> dict[str, Any]:
    settled = {"reason": reason} if reason else None
    return {
        "kind": kind,
        "at": at(minutes),
        "group": "hackney",
        "audience": audience,
        "settled": settled,
        **more,
    }


def test_whom_no_channel_reaches_is_said_once() -> None:
    told = told_of([
        alert("CONFIRMED", 1, "community"), alert("CONFIRMED", 1, "partners", "no_recipients"),
        alert("CONFIRMED", 1, "verifiers", None), alert("OVER", 2, "community", "no_recipients"),
        alert("OVER", 2, "partners", "no_recipients"), alert("OVER", 2, "partners", group="haringey"),
    ])  # fmt: skip
    said = [(m.kind, [(a["group"], a["audience"]) for a in m.alerts]) for m in told.shown]
    assert said == [
        ("OVER", [("hackney", "community"), ("haringey", "partners")]),
        ("CONFIRMED", [("hackney", "community"), ("hackney", "verifiers")]),
    ]
    assert told.nobody == (("hackney", "partners"),)
    assert told_of([]) == Told((), (), ())


@pytest.mark.parametrize(
    ("first", "shown"),
    [("done", ["OVER"]), (None, ["OVER", "CONFIRMED"]), ("flagged", ["OVER", "CONFIRMED"])],
)
def test_what_arrived_long_ago_lies_folded_and_what_did_not_does_not(
    first: str | None, shown: list[str]
) -> None:
    told = told_of([alert("CONFIRMED", 1, "community", first), alert("OVER", 2, "community", None)])
    assert [m.kind for m in told.shown] == shown
    assert [m.kind for m in (*told.shown, *told.earlier)] == ["OVER", "CONFIRMED"]


@pytest.mark.parametrize(
    ("receipts", "shown"),
    [({"delivered": 3, "failed": 0}, ["OVER"]), ({"delivered": 2, "failed": 1}, ["OVER", "CONFIRMED"])],
)
def test_what_a_provider_took_and_did_not_bring_stays_in_sight(
    receipts: dict[str, int], shown: list[str]
) -> None:
    taken = alert("CONFIRMED", 1, "community", receipts={"kannel": receipts})
    told = told_of([taken, alert("OVER", 2, "community", None)])
    assert [m.kind for m in told.shown] == shown
