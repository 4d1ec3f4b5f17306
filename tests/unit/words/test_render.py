"""The words: what stands in every message, what never does, and golden copies for human eyes."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.alerts import (
    AlertBody,
    AlertRaised,
    DigestBody,
    DigestLine,
    DutyBody,
    PostLine,
    PublicPlace,
    ShiftLine,
)
from shared.contracts.base import Place
from shared.contracts.desk import Tally
from shared.contracts.groups import GroupDefinition
from shared.plugins.spec import RenderedMessage
from shared.words import MIN_CHARS, NotForThisAudienceError, clean, render
from shared.words.sms import sms_length, spelled_plainly

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2022, 5, 14, 17, 42, tzinfo=UTC)
HACKNEY = GroupDefinition(id="hackney", name="Hackney Anti Raids")
WORDS = {"NO_NEWS": "NO NEWS", "NOT_CONFIRMED": "NOT CONFIRMED"}
ASKS = {"WITNESSES": "WITNESSES useful", "ENOUGH": "ENOUGH people", "LEAVE": "LEAVE now"}
INCIDENT_KINDS = (
    "UNCONFIRMED", "LIKELY", "CONFIRMED", "UPDATE", "OVER", "CLOSED", "WRONG", "NOT_CONFIRMED", "NO_NEWS",
)  # fmt: skip
VERIFIERS_ONLY = {"UNCONFIRMED", "LIKELY", "NOT_CONFIRMED"}
STATUS = {
    "UNCONFIRMED": "unconfirmed",
    "LIKELY": "likely",
    "CONFIRMED": "confirmed",
    "UPDATE": "confirmed",
    "OVER": "officers_left",
    "CLOSED": "closed",
    "WRONG": "retracted",
    "NOT_CONFIRMED": "not_confirmed",
    "NO_NEWS": "no_news",
}


def body(**more: Any) -> AlertBody:
    fields: dict[str, Any] = {
        "place": Place(
            lat=51.5466, lon=-0.075, radius_m=60, how="junction", label="Ashwin St/Kingsland Rd E8"
        ),
        "public": PublicPlace(lat=51.546, lon=-0.075, radius_m=300, label="Ashwin St E8"),
        "first_report_at": AT - timedelta(minutes=9),
        "reports": 4,
        "first_hand": 1,
        "excerpt": "2 vans outside the station,\nthey are holding a delivery rider",
        **more,
    }
    return AlertBody(**fields)


def alert(kind: str, audience: str = "community", **more: Any) -> AlertRaised:
    fields: dict[str, Any] = {
        "id": "e1",
        "at": AT,
        "alert_id": "a1",
        "group": "hackney",
        "group_version": 1,
        "audience": audience,
        "kind": kind,
        "urgency": "urgent",
        "not_after": AT + timedelta(hours=2),
        "incident_id": "i1",
        "code": "D7K",
        "status": STATUS.get(kind),
        "body": body(),
        **more,
    }
    return AlertRaised(**fields)


def words(raised: AlertRaised, max_chars: int = 306, group: GroupDefinition = HACKNEY) -> RenderedMessage:
    return render(raised, group, language="en", max_chars=max_chars, base_url="https://ar.example")


DIGEST = DigestBody(
    lines=(
        DigestLine(
            report_id="r1",
            at=AT,
            place="Dalston",
            excerpt="vans near the market I think",
            reason="place_too_vague",
        ),
        DigestLine(report_id="r2", at=AT - timedelta(minutes=7), excerpt="HELP", reason="no_place"),
    ),
    held=12,
    oldest=AT - timedelta(minutes=40),
)
FLOOD = DigestBody(
    lines=(
        DigestLine(
            report_id="r1", at=AT, place="Mare Street", excerpt="vans outside", reason="too_many_at_once",
            code="L4B", reports=3,
        ),
        DigestLine(report_id="w1", at=AT, place="Ridley Road", reason="watch", reports=4),
    ),
    held=0,
    oldest=AT,
)  # fmt: skip
POSTS = (
    PostLine(
        place="Stoke Newington Police Station", begins=AT, ends=AT + timedelta(hours=2), needed=2, coming=2,
        there=1,
    ),
    PostLine(
        place="Stoke Newington Police Station", begins=AT + timedelta(hours=2), ends=AT + timedelta(hours=4),
        needed=2, coming=0,
    ),
)  # fmt: skip
SHIFTS = (
    ShiftLine(begins=AT + timedelta(minutes=30), ends=AT + timedelta(hours=4), places=2, taken=0),
    ShiftLine(begins=AT + timedelta(hours=4), ends=AT + timedelta(hours=8), places=1, taken=0),
)


def aftercare(note: str, **more: Any) -> AlertRaised:
    return alert("AFTERCARE", "verifiers", status="officers_left", body=body(note=note, **more))


DOORS_ON = Place(lat=51.5466, lon=-0.075, radius_m=20, how="person", label="38 Ashwin St, E8 3DL")
STATEMENT = "2 vans, one person held. Police are there too"
CASES: dict[str, AlertRaised] = {
    "unconfirmed_verifiers": alert("UNCONFIRMED", "verifiers"),
    "unconfirmed_verifiers_border_vague": alert(
        "UNCONFIRMED",
        "verifiers",
        body=body(
            place=Place(lat=51.5, lon=0, radius_m=1240, how="area", label="Dalston"),
            also_told=("Islington Anti Raids", "Haringey Solidarity"),
            reports=1,
            first_hand=0,
            excerpt="",
        ),
    ),
    "likely_verifiers": alert("LIKELY", "verifiers"),
    "confirmed_community_witnesses": alert("CONFIRMED", ask="WITNESSES", body=body(statement=STATEMENT)),
    "confirmed_community_drill": alert("CONFIRMED", ask="WITNESSES", drill=True),
    "confirmed_verifiers": alert("CONFIRMED", "verifiers", body=body(statement=STATEMENT)),
    "update_community_enough": alert("UPDATE", ask="ENOUGH", body=body(statement="About 60 people are here")),
    "update_verifiers_unproven": alert("UPDATE", "verifiers", status="likely"),
    "unconfirmed_verifiers_alike_watched": alert(
        "UNCONFIRMED",
        "verifiers",
        body=body(
            alike=True,
            first_hand=0,
            who="joint",
            seen={"van": 3, "officer": 8, "person": 1},
            watch_reports=4,
            watch_since=AT - timedelta(minutes=52),
        ),
    ),
    "update_verifiers_said_over": alert("UPDATE", "verifiers", body=body(note="said_over")),
    "update_verifiers_moved": alert("UPDATE", "verifiers", status="unconfirmed", body=body(note="moved")),
    "update_verifiers_not_concerned": alert(
        "UPDATE", "verifiers", status="unconfirmed", body=body(note="not_concerned")
    ),
    "over_community": alert("OVER", body=body(tally=Tally(let_go=2, taken=1, unknown=1))),
    "closed_community_fates": alert(
        "CLOSED",
        status="closed",
        body=body(tally=Tally(let_go=1, taken=3), fates={"released": 2, "detention": 1}),
    ),
    "update_community_left_fates": alert(
        "UPDATE",
        status="officers_left",
        body=body(tally=Tally(taken=2, unknown=1), fates={"unknown": 1, "released": 1, "hospital": 1}),
    ),
    "over_community_leave": alert("OVER", ask="LEAVE", body=body(tally=Tally(let_go=1))),
    "closed_community": alert("CLOSED", body=body(tally=Tally(taken=1), statement="He was released on bail")),
    "closed_verifiers_posts": alert("CLOSED", "verifiers", status="closed", body=body(posts=POSTS)),
    "update_community_aftercare": alert(
        "UPDATE", status="aftercare", body=body(tally=Tally(let_go=2, taken=1), fates={"unknown": 1})
    ),
    "wrong_community_retracted": alert(
        "WRONG",
        body=body(
            statement="Our volunteer sees police traffic checks, nobody held",
            told_at=AT - timedelta(minutes=14),
        ),
    ),
    "wrong_community_next_day": alert("WRONG", body=body(told_at=AT - timedelta(hours=20))),
    "unconfirmed_verifiers_counted": alert(
        "UNCONFIRMED", "verifiers", body=body(seen={"van": 2, "person": 1})
    ),
    "wrong_community_other_agency": alert("WRONG", status="other_agency"),
    "not_confirmed_verifiers": alert("NOT_CONFIRMED", "verifiers", body=body(statement="A film set")),
    "not_confirmed_verifiers_went": alert(
        "NOT_CONFIRMED", "verifiers", body=body(checked=("asked", "went"), posts=POSTS)
    ),
    "not_confirmed_verifiers_other_agency": alert("NOT_CONFIRMED", "verifiers", status="other_agency"),
    "wrong_verifiers_retracted": alert("WRONG", "verifiers"),
    "likely_verifiers_seen": alert(
        "LIKELY",
        "verifiers",
        body=body(note="seen", statement=STATEMENT, seen={"van": 1}, on_duty=("Ada",), sightings=1),
    ),
    "likely_verifiers_seen_before": alert("LIKELY", "verifiers", body=body(sightings=1)),
    "update_community_figures_told": alert(
        "UPDATE", status="officers_left", body=body(tally=Tally(taken=2), figures_told=True)
    ),
    "update_verifiers_placed_in_one_street": alert(
        "UPDATE",
        "verifiers",
        ask="ENOUGH",
        body=body(was="12 Ashwin St, Dalston", was_m=148.0, place=DOORS_ON),
    ),
    "closed_community_figures_told": alert(
        "CLOSED", status="closed", body=body(tally=Tally(taken=1), fates={"bailed": 1}, figures_told=True)
    ),
    "wrong_community_asked": alert("WRONG", status="not_confirmed", body=body(checked=("asked",))),
    "update_community_still": alert("UPDATE"),
    "update_community_placed": alert("UPDATE", body=body(was="Kingsland Road E8")),
    "update_verifiers_placed": alert(
        "UPDATE", "verifiers", status="likely", body=body(was="Kingsland Road", statement="By the station")
    ),
    "update_verifiers_moved_from": alert(
        "UPDATE", "verifiers", status="unconfirmed", body=body(note="moved", was="Kingsland Road")
    ),
    "update_community_merged": alert("UPDATE", body=body(was_code="Q3B")),
    "update_verifiers_support_left": alert(
        "UPDATE", "verifiers", status="unconfirmed", body=body(note="support_left")
    ),
    "no_news_community": alert("NO_NEWS", body=body(since=AT - timedelta(minutes=95))),
    "unconfirmed_verifiers_on_duty": alert("UNCONFIRMED", "verifiers", body=body(on_duty=("Ada", "Ben"))),
    "unconfirmed_verifiers_asked": alert(
        "UNCONFIRMED", "verifiers", body=body(note="asked_to_help", also_told=("Islington Anti Raids",))
    ),
    "update_verifiers_nobody_took": alert(
        "UPDATE", "verifiers", status="unconfirmed", body=body(note="nobody_took", on_duty=("Ada",))
    ),
    "update_verifiers_claim_lapsed": alert(
        "UPDATE", "verifiers", status="confirmed", body=body(note="claim_lapsed")
    ),
    "aftercare_verifiers_open": aftercare("posts_open", posts=POSTS[1:]),
    "aftercare_verifiers_unfilled": aftercare("post_unfilled", posts=POSTS[1:]),
    "aftercare_verifiers_no_show": aftercare("post_no_show", posts=POSTS[:1]),
    "aftercare_verifiers_withdrawn": aftercare("post_withdrawn", posts=POSTS[:1]),
    "aftercare_verifiers_check": aftercare("check_due", unknown=2, owner="Ada"),
    "duty_verifiers_open": alert(
        "DUTY", "verifiers", body=DutyBody(what="open", lines=SHIFTS), code=None, incident_id=None
    ),
    "duty_verifiers_empty": alert(
        "DUTY", "verifiers", body=DutyBody(what="empty", lines=SHIFTS[:1]), code=None, incident_id=None
    ),
    "digest_verifiers_flood": alert("DIGEST", "verifiers", body=FLOOD, code=None, incident_id=None),
    "digest_verifiers": alert("DIGEST", "verifiers", body=DIGEST, code=None, incident_id=None),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", ["short", "long"])
def test_golden(name: str, size: str) -> None:
    """To renew one after a change of words: delete its file, run, and read what came."""
    message = words(CASES[name], 306 if size == "short" else 4000)
    shown = f"{message.subject}\n---\n{message.text}\n"
    golden = GOLDEN / f"{name}.{size}.txt"
    if not golden.exists():
        golden.write_text(shown, encoding="utf-8")
        pytest.fail(f"{golden.name} was missing and is written now: read it, then run again")
    assert shown == golden.read_text(encoding="utf-8")


def test_every_kind_has_its_golden_messages() -> None:
    assert {a.kind for a in CASES.values()} == {*INCIDENT_KINDS, "AFTERCARE", "DIGEST", "DUTY"}
    assert {p.name for p in GOLDEN.glob("*.txt")} == {
        f"{n}.{s}.txt" for n in CASES for s in ("short", "long")
    }


@pytest.mark.parametrize("kind", ["UNCONFIRMED", "LIKELY"])
@pytest.mark.parametrize("most", [306, 4000])
def test_who_is_on_duty_is_asked_first_however_much_else_there_is_to_say(kind: str, most: int) -> None:
    full = body(
        on_duty=("Ada", "Ben"), alike=True, who="joint", seen={"van": 12, "officer": 30, "person": 9},
        reports=120, watch_reports=8, watch_since=AT, excerpt="x" * 400, also_told=("Haringey Watch",) * 3,
    )  # fmt: skip
    assert "On duty, asked first: Ada, Ben." in words(alert(kind, "verifiers", body=full), most).text


ANY_TEXT = st.text(max_size=400)
AUDIENCES = st.sampled_from(["verifiers", "community", "partners", "reporter"])
BODIES = st.builds(
    body,
    place=st.builds(
        Place,
        lat=st.just(51.5),
        lon=st.just(0.0),
        radius_m=st.floats(0, 20_000),
        how=st.just("street"),
        label=ANY_TEXT,
    ),
    public=st.builds(
        PublicPlace, lat=st.just(51.5), lon=st.just(0.0), radius_m=st.just(300.0), label=ANY_TEXT
    ),
    excerpt=ANY_TEXT,
    statement=ANY_TEXT,
    reports=st.integers(1, 10_000),
    first_hand=st.integers(0, 100),
    also_told=st.lists(ANY_TEXT, max_size=5).map(tuple),
    tally=st.builds(
        Tally, let_go=st.integers(0, 1000), taken=st.integers(0, 1000), unknown=st.integers(0, 1000)
    ),
)


@st.composite
def alerts(draw: st.DrawFn) -> AlertRaised:
    """Any alert that may be said to its audience."""
    kind = draw(st.sampled_from(INCIDENT_KINDS))
    audience = "verifiers" if kind in VERIFIERS_ONLY else draw(AUDIENCES)
    return alert(
        kind,
        audience,
        body=draw(BODIES),
        ask=draw(st.sampled_from(["WITNESSES", "ENOUGH", "LEAVE", "NONE"])),
        drill=draw(st.booleans()),
        at=draw(st.datetimes(datetime(2022, 1, 1), datetime(2030, 1, 1))).replace(tzinfo=UTC),  # noqa: DTZ001 - made aware here
        code=draw(st.from_regex(r"[A-Z][0-9][A-Z]{1,4}", fullmatch=True)),
    )


def said(name: str, max_chars: int, short: int, long: int) -> str:
    """A name as it stands in a message of that size: in SMS as far as their alphabet goes."""
    cleaned = clean(name, long) if max_chars > 480 else spelled_plainly(clean(name, short))
    return " ".join(cleaned.split())


@given(alerts(), st.integers(MIN_CHARS, 5000), st.text(min_size=1, max_size=80))
@settings(max_examples=300, deadline=None)
def test_status_time_place_code_group_are_never_dropped_and_it_fits(
    raised: AlertRaised, max_chars: int, name: str
) -> None:
    message = words(raised, max_chars, GroupDefinition(id="hackney", name=name))
    text = message.text
    assert len(text) <= max_chars
    assert text.startswith(("DRILL " if raised.drill else "") + WORDS.get(raised.kind, raised.kind))
    local = raised.at.astimezone(ZoneInfo("Europe/London"))
    assert f"{local:%H:%M}" in text
    assert f" {local.day}" in text
    assert str(raised.code) in text
    assert isinstance(raised.body, AlertBody)
    where = raised.body.place if raised.audience == "verifiers" else raised.body.public
    assert (said(where.label, max_chars, 50, 120) or "place not known") in text
    assert (said(name, max_chars, 30, 80) or "hackney") in text
    assert "Observe, don't obstruct." in text
    assert "\n" not in message.subject
    assert len(message.subject) <= 120
    lawful = {"Cc", "Cf", "Co", "Cs", "Cn"}
    assert not [c for c in text if unicodedata.category(c) in lawful and c != "\n"]


@given(alerts(), st.sampled_from([306, 4000]))
@settings(deadline=None)
def test_one_ask_at_most_and_none_for_none(raised: AlertRaised, max_chars: int) -> None:
    assert isinstance(raised.body, AlertBody)
    quiet = raised.model_copy(
        update={"body": raised.body.model_copy(update={"statement": "", "excerpt": ""})}
    )
    text = words(quiet, max_chars).text
    asked = {ask for ask, phrase in ASKS.items() if phrase in text}
    if raised.kind == "NOT_CONFIRMED":
        assert not asked
    elif raised.kind in VERIFIERS_ONLY:
        assert not asked
        assert len(re.findall(r"Can (you )?check\?", text)) == 1
    else:
        assert asked == ({raised.ask} - {"NONE"})


@given(st.sampled_from(["CONFIRMED", "UPDATE", "OVER", "CLOSED", "WRONG", "NO_NEWS"]), AUDIENCES)
def test_reporters_words_exact_place_and_counts_reach_verifiers_only(kind: str, audience: str) -> None:
    marked = body(
        excerpt="MARKED-EXCERPT",
        also_told=("MARKED-GROUP",),
        place=Place(lat=51.123456, lon=0.1, radius_m=5, how="postcode", label="MARKED-FLAT 4"),
    )
    if audience == "verifiers":
        return
    message = words(alert(kind, audience, body=marked), 4000)
    everything = repr(message)
    assert "MARKED" not in everything
    assert "51.123456" not in everything


@pytest.mark.parametrize("audience", ["community", "partners", "reporter"])
@pytest.mark.parametrize(
    "raised",
    [
        {"kind": "UNCONFIRMED"},
        {"kind": "LIKELY"},
        {"kind": "NOT_CONFIRMED"},
        {"kind": "UPDATE", "status": "unconfirmed"},
    ],
)
def test_unconfirmed_news_is_for_verifiers_only(audience: str, raised: dict[str, str]) -> None:
    with pytest.raises(NotForThisAudienceError):
        words(alert(audience=audience, **raised))


def test_there_is_no_link_to_a_public_page_before_a_person_confirmed() -> None:
    assert "/i/" not in words(alert("UNCONFIRMED", "verifiers"), 4000).text
    assert "ar.example" not in words(alert("NOT_CONFIRMED", "verifiers"), 4000).text
    assert "https://ar.example/i/D7K" in words(alert("CONFIRMED"), 4000).text


@pytest.mark.parametrize(
    ("raised", "page"),
    [
        (alert("UNCONFIRMED", "verifiers"), "/desk/D7K"),
        (alert("LIKELY", "verifiers"), "/desk/D7K"),
        (alert("UPDATE", "verifiers", body=body(note="said_over")), "/desk/D7K"),
        (aftercare("posts_open", posts=POSTS[1:]), "/desk/D7K"),
        (CASES["digest_verifiers"], "/desk"),
        (CASES["duty_verifiers_open"], "/desk/duty"),
    ],
)
def test_whoever_is_asked_to_act_on_the_desk_gets_its_address(raised: AlertRaised, page: str) -> None:
    assert f"The desk: https://ar.example{page}" in words(raised, 4000).text.splitlines()


@given(alerts())
@settings(deadline=None)
def test_nobody_but_verifiers_is_told_of_the_desk(raised: AlertRaised) -> None:
    assert raised.audience == "verifiers" or "/desk" not in words(raised, 4000).text


@pytest.mark.parametrize("size", [306, 4000])
def test_what_is_not_to_be_passed_on_says_so_first_and_never_asks_to_pass_on_more(size: int) -> None:
    for raised in CASES.values():
        text = words(raised, size).text
        if "pass on" in text or "pass this on" in text:
            assert "passed it on" not in text
            assert re.search("pass (this )?on", text.splitlines()[0][:140])


def test_what_a_reporter_wrote_keeps_its_lines_apart() -> None:
    text = words(
        alert("UNCONFIRMED", "verifiers", body=body(excerpt="they took him\nAshwin Street")), 4000
    ).text
    assert 'They wrote: "they took him, Ashwin Street"' in text


@pytest.mark.parametrize(
    ("was", "now", "apart_m", "said"),
    [
        ("Ashwin Street", "Ashwin Street, Dalston", 0, "The place is known better now."),
        ("12 Ashwin Street", "38 Ashwin Street", 148, "It is about 150 m from where we wrote before."),
        ("High Street", "High Street", 2_340, "It is about 2.3 km from where we wrote before."),
        (
            "Ashwin Street",
            "Gillett Street",
            80,
            "Not Ashwin Street, as we wrote before: it is Gillett Street.",
        ),
        ("51.5466, -0.0750", "51.5470, -0.0748", 40, "Not 51.5466, -0.0750, as we wrote before"),
    ],
)
def test_a_place_put_right_says_what_is_new_of_it(was: str, now: str, apart_m: float, said: str) -> None:
    there = Place(lat=51.5, lon=0, radius_m=20, how="person", label=now)
    raised = alert("UPDATE", "verifiers", body=body(place=there, was=was, was_m=apart_m))
    for size in (306, 4000):
        assert said in words(raised, size).text


def test_machines_get_the_facts_of_their_audience() -> None:
    data = words(alert("CONFIRMED", ask="WITNESSES")).data
    assert data["place"] == {"label": "Ashwin St E8", "lat": 51.546, "lon": -0.075, "radius_m": 300}
    assert (data["type"], data["code"], data["ask"], data["drill"]) == ("alert", "D7K", "WITNESSES", False)
    exact = words(alert("UNCONFIRMED", "verifiers")).data["place"]
    assert exact["label"] == "Ashwin St/Kingsland Rd E8"


def test_a_body_that_is_gone_or_a_size_that_cannot_carry_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in clear"):
        words(alert("CONFIRMED", body=None))
    with pytest.raises(ValueError, match="306"):
        words(alert("CONFIRMED"), 160)


def test_a_template_in_a_report_stays_text() -> None:
    text = words(alert("UNCONFIRMED", "verifiers", body=body(excerpt="{{ 7*7 }} {% raw %}")), 4000).text
    assert '"{{ 7*7 }} {% raw %}"' in text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("two vans", "two vans"),
        ("line\r\nCONFIRMED next", "line CONFIRMED next"),  # no second message after a break
        ("a\u2028b\u0085c", "a b c"),
        ("\u202eevil\u2066x\u200b", "evilx"),  # nothing that turns or hides
        ("nul\0bell\a", "nulbell"),
        ("@everyone @here a@b.c", "@ everyone @ here a@ b.c"),
        ("@\u200beveryone", "@ everyone"),  # also when something hidden stood between
        ('"quoted" \u201cso\u201d', "'quoted' 'so'"),  # the quotation marks are ours
        ("<b>x</b> <!channel>", "(b)x(/b) (!channel)"),
        ("e\u0301" + "\u0301" * 500, "é" + "\u0301" * 2),
        ("नमस्ते ወደ 你好 مرحبا", "नमस्ते ወደ 你好 مرحبا"),  # languages are no attack
        ("😱 help", "😱 help"),
    ],
)
def test_what_others_wrote_becomes_harmless(said: str, shown: str) -> None:
    assert clean(said, 280) == shown


@given(st.text(max_size=2000), st.integers(10, 300))
def test_clean_is_one_line_within_its_limit_and_stays_as_it_is(said: str, limit: int) -> None:
    once = clean(said, limit)
    assert len(once) <= limit
    assert "\n" not in once
    assert clean(once, limit) == once


@pytest.mark.parametrize("kind", INCIDENT_KINDS)
@pytest.mark.parametrize("max_chars", [306, 481, 4000])
@pytest.mark.parametrize("letter", ["a", "W ", "\u0301", "😱"])
def test_the_longest_of_everything_still_fits(kind: str, max_chars: int, letter: str) -> None:
    much = letter * 10_000
    full = body(
        place=Place(lat=51.5, lon=0, radius_m=20_000, how="area", label=much),
        excerpt=much,
        statement=much,
        also_told=(much,) * 9,
        tally=Tally(let_go=1000, taken=1000, unknown=1000),
    )
    raised = alert(kind, "verifiers", body=full, code="ZZZZZZ", drill=True, ask="WITNESSES")
    message = words(raised, max_chars, GroupDefinition(id="g", name="W" * 80))
    assert len(message.text) <= max_chars
    assert len(message.subject) <= 120


def test_a_word_of_ten_thousand_letters_is_cut() -> None:
    assert clean("a" * 10_000, 60) == "a" * 57 + "..."


def test_a_long_statement_is_cut_between_sentences_where_the_words_are_short() -> None:
    said = "Seen: 1 van, 6 officers, 1 person held. Still going on at 19:02. They say that they are officers."
    raised = alert("CONFIRMED", ask="WITNESSES", body=body(statement=said))
    short, long = words(raised).text, words(raised, 4000).text
    assert "Seen: 1 van, 6 officers, 1 person held. Still going on at 19:02. WITNESSES" in short
    assert "They say" not in short
    assert said in long
    assert sms_length(short).segments <= 2


@pytest.mark.parametrize("max_chars", [306, 1000])
def test_a_place_that_is_only_known_better_is_not_taken_back(max_chars: int) -> None:
    there = PublicPlace(lat=51.5, lon=0, radius_m=300, label="Łódź Café, E8")
    text = words(alert("UPDATE", body=body(public=there, was=there.label)), max_chars).text
    assert "The place is known better now." in text
    assert "as we wrote before" not in text


def test_officers_who_left_are_not_said_to_be_there() -> None:
    for max_chars in (306, 4000):
        text = words(alert("UPDATE", status="officers_left", body=body(statement="Thanks.")), max_chars).text
        assert "fficers have left" in text
        assert "mmigration officers" not in text
