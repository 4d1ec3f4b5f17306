"""Whole stories through the decider: what opens, what joins, what waits, who is told and when."""

from typing import Any
from unittest import mock

import pytest

from services.router.decide.clues import Hints
from services.router.decide.locate import locate
from shared.contracts import desk
from shared.contracts.aftercare import Account, Became, News
from shared.contracts.alerts import AlertBody, AlertRaised, DigestBody
from shared.contracts.base import Place, Position
from shared.contracts.incidents import IncidentAssessed, IncidentForgotten, IncidentQuiet
from shared.contracts.reports import ReportContent
from shared.gazetteer.load import gazetteer_of
from shared.gazetteer.port import NamedPlace
from shared.gazetteer.rows import Rows
from shared.geo import distance_m

DALSTON = "IMMIGRATION RAID HAPPENING NOW IN HACKNEY KINGSLAND RD/ASHWIN ST JUNCTION"


def statement(text: str = "", **place: Any) -> desk.Statement:
    where = Place(how="person", **place) if place else None
    return desk.Statement(text=text, place=where)


def test_dalston_from_the_first_word_to_the_end(story: Any) -> None:
    assert story.report("raid in hackney, immigration, anyone near?", sender="a").outcome == "held"
    assert story.alerts() == []
    opened = story.report(DALSTON, after_s=60, sender="b")
    assert (opened.outcome, opened.reason) == ("opened", "placed_report")
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]
    for n in range(20):
        copy = story.report("RT " + DALSTON, after_s=2, sender=f"c{n}")
        assert (copy.outcome, copy.incident_id) == ("attached", opened.incident_id)
        assert story.alerts() == []
    other = story.report("Immigration van at Gillett Square now", after_s=5, sender="z")
    assert other.outcome == "opened"
    assert len(story.incidents()) == 2

    incident = opened.incident_id
    assert story.command(desk.Claim, incident_id=incident).outcome == "applied"
    confirmed = story.command(
        desk.Confirm,
        after_s=60,
        incident_id=incident,
        ask="WITNESSES",
        statement=statement("Seen by two of us."),
    )
    assert confirmed.outcome == "applied"
    assert story.alerts() == [
        ("hackney", "community", "CONFIRMED"),
        ("hackney", "partners", "CONFIRMED"),
        ("hackney", "verifiers", "CONFIRMED"),
    ]
    told = story.state.incidents[incident].told
    story.command(
        desk.End, after_s=7_200, incident_id=incident, stage="officers_left", tally=desk.Tally(taken=1)
    )
    assert [(g, a) for g, a, _ in story.alerts()] == sorted(told)
    assert {kind for _, _, kind in story.alerts()} == {"OVER"}
    early = story.command(desk.End, after_s=600, incident_id=incident, stage="closed")
    assert (early.outcome, early.reason) == ("refused", "not_accounted_for")
    assert story.alerts() == []
    story.command(Account, incident_id=incident, news=News(became=(Became(fate="released"),)))
    story.command(desk.End, after_s=600, incident_id=incident, stage="closed")
    assert [(g, a) for g, a, _ in story.alerts()] == sorted(told)
    assert {kind for _, _, kind in story.alerts()} == {"CLOSED"}


def test_strangers_see_a_blurred_place_and_no_reports_words(story: Any) -> None:
    opened = story.report("They are in my flat now, immigration officers, E8 Ashwin Street 14", sender="a")
    story.command(desk.Confirm, incident_id=opened.incident_id)
    bodies = {e.audience: e.body for e in story.events if isinstance(e, AlertRaised)}
    community, verifiers = bodies["community"], bodies["verifiers"]
    assert isinstance(community, AlertBody)
    assert isinstance(verifiers, AlertBody)
    assert community.excerpt == ""
    assert community.place.label == community.public.label == "E8"
    assert community.place.radius_m >= 1_000
    assert "my flat" in verifiers.excerpt
    assert verifiers.place.label.startswith("Ashwin Street")


def test_two_events_400_m_apart_stay_two_and_copies_join_their_own(story: Any) -> None:
    first = story.report(
        "immigration raid now", lat=None, position={"lat": 51.5470, "lon": -0.0748, "accuracy_m": 20}
    )
    second = story.report(
        "immigration van outside the shop", position={"lat": 51.5506, "lon": -0.0748, "accuracy_m": 20}
    )
    near = story.report(
        "they are raiding immigration", position={"lat": 51.5505, "lon": -0.0750, "accuracy_m": 20}
    )
    assert [first.outcome, second.outcome, near.outcome] == ["opened", "opened", "attached"]
    assert near.incident_id == second.incident_id != first.incident_id


def test_independent_reports_make_it_likely_once_and_only_verifiers_hear(story: Any) -> None:
    story.report("Immigration raid at Ashwin Street", sender="a", source="chat-1")
    story.report("two home office vans on ashwin street dalston", sender="b", source="chat-1")
    story.report("Immigration raid at Ashwin Street", sender="c")
    assert len(story.incidents()[0].support) == 1
    story.report("officers from immigration going into a shop, ashwin st", sender="d")
    story.report("there is an immigration raid in ashwin street i can see them", sender="e")
    assert any(isinstance(e, IncidentAssessed) for e in story.events)
    assert story.alerts() == [("hackney", "verifiers", "LIKELY")]
    story.report("immigration enforcement still there on ashwin street", sender="f")
    assert story.alerts() == []
    assert story.incidents()[0].status == "likely"


def test_a_vague_report_waits_for_a_better_place_and_is_told_within_five_minutes(story: Any) -> None:
    held = story.report("Immigration raid somewhere in Hackney", sender="a")
    assert (held.outcome, held.reason) == ("held", "place_too_vague")
    assert story.tick(30) == ()
    story.tick(150)
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]
    assert [i.evidence.keys() for i in story.incidents()] == [{held.report_id}]
    story.command(desk.Claim, incident_id=story.incidents()[0].id)
    assert story.tick(600) == ()


def test_a_rumour_waits_and_is_told_in_a_digest(story: Any) -> None:
    held = story.report("they say immigration is on Ashwin Street, forwarded as received", sender="a")
    assert (held.outcome, held.reason) == ("held", "rumour")
    story.tick(30 * 60)
    assert story.alerts() == [("hackney", "verifiers", "DIGEST")]
    digest = next(e.body for e in story.events if isinstance(e, AlertRaised))
    assert isinstance(digest, DigestBody)
    assert [line.report_id for line in digest.lines] == [held.report_id]
    assert story.tick(600) == ()


def test_two_voices_about_one_small_area_open_it(story: Any) -> None:
    assert story.report("Immigration raid in Dalston", sender="a").outcome == "held"
    assert story.report("immigration raid in Dalston", sender="a").outcome == "held"
    opened = story.report("home office vans in Dalston right now, taking people", sender="b")
    assert (opened.outcome, opened.reason) == ("opened", "vague_but_supported")
    assert len(story.state.incidents[opened.incident_id].evidence) == 3
    assert not story.state.held
    better = story.report("Immigration raid at Ashwin Street", after_s=60, sender="c")
    assert better.incident_id == opened.incident_id
    assert story.incidents()[0].place.label.startswith("Ashwin Street")


def test_silence_ends_as_no_news_never_as_over(story: Any) -> None:
    opened = story.report(DALSTON, sender="a")
    for _ in range(89):
        assert not any(isinstance(e, IncidentQuiet) for e in story.tick(60))
    story.tick(120)
    told = ("hackney", "southwark")  # the neighbours were asked, because nobody took it
    assert story.alerts() == [(group, "verifiers", "NO_NEWS") for group in told]
    assert story.state.incidents[opened.incident_id].status == "no_news"
    again = story.report("immigration raid at ashwin street, they are back", after_s=86_400, sender="b")
    assert again.outcome == "opened"
    assert again.incident_id != opened.incident_id


def test_the_same_words_days_later_are_old_news(story: Any) -> None:
    opened = story.report(DALSTON, sender="a")
    story.command(desk.Reject, incident_id=opened.incident_id, outcome="other_agency")
    assert story.alerts() == [("hackney", "verifiers", "NOT_CONFIRMED")]
    late = story.report("FWD: " + DALSTON, after_s=3 * 86_400, sender="b")
    assert (late.outcome, late.reason) == ("ignored", "copy_of_old_news")


def test_a_closed_incident_is_forgotten_after_seven_days(story: Any) -> None:
    opened = story.report(DALSTON, sender="a")
    story.command(desk.End, incident_id=opened.incident_id, stage="closed")
    story.tick(6 * 86_400)
    assert opened.incident_id in story.state.incidents
    story.tick(86_400)
    assert any(isinstance(e, IncidentForgotten) for e in story.events)
    assert not story.state.incidents
    assert not story.state.cells
    assert not story.state.codes
    assert story.state.forgotten.get(opened.incident_id)


def test_claims_lapse(story: Any) -> None:
    opened = story.report(DALSTON, sender="a")
    story.command(desk.Claim, incident_id=opened.incident_id)
    story.tick(14 * 60)
    assert story.incidents()[0].claim is not None
    story.tick(61)
    assert story.incidents()[0].claim is None


def test_of_a_confirmed_one_its_verifiers_hear_that_the_claim_ended_by_itself(story: Any) -> None:
    opened = story.report(DALSTON, sender="a")
    story.command(desk.Claim, incident_id=opened.incident_id)
    story.command(desk.Confirm, incident_id=opened.incident_id)
    story.tick(14 * 60)
    assert story.alerts() == []
    story.tick(61)
    assert story.alerts() == [("hackney", "verifiers", "UPDATE")]
    (told,) = [e for e in story.events if isinstance(e, AlertRaised)]
    assert isinstance(told.body, AlertBody)
    assert told.body.note == "claim_lapsed"
    story.tick(60)
    assert story.alerts() == [], "once"
    story.command(desk.Claim, incident_id=opened.incident_id)
    story.command(desk.Release, incident_id=opened.incident_id)
    assert story.alerts() == [], "whoever gives it up says so"


def test_what_would_age_out_is_said_again_and_reads_back_the_same(story: Any) -> None:
    opened = story.report("I can see immigration officers, ashwin street", sender="a")
    story.command(desk.Confirm, incident_id=opened.incident_id)
    story.command(desk.End, incident_id=opened.incident_id, stage="officers_left")
    before = story.incidents()[0]
    start = len(story.log)
    while story.tick(15 * 86_400 if len(story.log) == start else 0):
        pass
    carried = story.log[start:]
    assert {"incident.carried.v1", "position.carried.v1", "group.defined.v1", "member.added.v1"} <= {
        e.type for e in carried
    }
    from services.router.decide.evolve import evolve
    from services.router.decide.state import State

    state = State()
    for event in carried:
        state = evolve(state, event)
    after = state.incidents[opened.incident_id]
    for name in (
        "code",
        "status",
        "place",
        "told",
        "groups",
        "evidence",
        "support",
        "best",
        "version",
        "tally",
    ):
        assert getattr(after, name) == getattr(before, name), name
    assert (state.reports_seq, state.desk_seq) == (story.state.reports_seq, story.state.desk_seq)
    assert set(state.groups) == set(story.state.groups)
    assert set(state.members) == set(story.state.members)


def test_merge_tells_the_absorbed_and_split_gives_back(story: Any) -> None:
    one = story.report("Immigration raid at Ashwin Street", sender="a")
    two = story.report("Immigration van Ridley Road market, my shop", sender="b")
    assert one.incident_id != two.incident_id
    merged = story.command(desk.Merge, incident_id=one.incident_id, absorbed=two.incident_id)
    assert merged.outcome == "applied"
    assert story.alerts() == [("hackney", "verifiers", "UPDATE")]
    assert story.report("still immigration at ridley road", sender="b").incident_id == one.incident_id
    split = story.command(desk.Split, incident_id=one.incident_id, reports=(two.report_id,))
    assert split.outcome == "applied"
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]
    new = next(i for i in story.incidents() if two.report_id in i.evidence and not i.merged_into)
    assert new.id not in {one.incident_id, two.incident_id}
    assert new.place.label.startswith("Ridley Road")
    assert two.report_id not in story.state.incidents[one.incident_id].evidence


def test_a_person_moves_it_and_both_sides_hear(story: Any) -> None:
    opened = story.report("Immigration raid at Ashwin Street", sender="a")
    placed = story.command(
        desk.PutPlace,
        incident_id=opened.incident_id,
        statement=statement(
            "It is in Peckham.", lat=51.4725, lon=-0.0563, radius_m=60, label="Evan Cook Close"
        ),
    )
    assert placed.outcome == "applied"
    assert story.alerts() == [("hackney", "verifiers", "UPDATE"), ("southwark", "verifiers", "UNCONFIRMED")]
    ended = story.command(
        desk.Update, incident_id=opened.incident_id, group="southwark", member="d-southwark"
    )
    assert ended.outcome == "applied"


def test_a_held_report_is_released_where_a_person_says(story: Any) -> None:
    held = story.report("immigration raid, help, they are here", sender="a")
    assert held.outcome == "held"
    need = story.command(desk.ReleaseReport, report_id=held.report_id)
    assert (need.outcome, need.reason) == ("refused", "place_needed")
    place = desk.HeldPlace(
        place=Place(lat=51.547, lon=-0.0748, radius_m=80, how="person", label="Ashwin Street")
    )
    released = story.command(desk.ReleaseReport, report_id=held.report_id, placed=place)
    assert released.outcome == "applied"
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]
    assert not story.state.held


def test_drills_and_real_reports_never_mix(story: Any) -> None:
    drill = story.report("Immigration raid at Ashwin Street", sender="a", drill=True)
    real = story.report("Immigration raid at Ashwin Street", sender="b")
    assert (drill.outcome, real.outcome) == ("opened", "opened")
    assert drill.incident_id != real.incident_id


def test_a_duplicate_changes_nothing_but_the_position(story: Any) -> None:
    first = story.report("Immigration raid at Ashwin Street", report_id="rsame", sender="a")
    before = story.state
    again = story.report("Immigration raid at Ashwin Street", report_id="rsame", sender="a")
    assert (again.outcome, again.reason, again.incident_id) == (
        "ignored",
        "duplicate_report",
        first.incident_id,
    )
    assert story.state.incidents == before.incidents
    assert story.state.held == before.held


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("is there a raid in Dalston?", "question"),
        ("Is it true there is immigration on Ashwin Street?", "question"),
        ("remember the immigration raid in ashwin street last year", "old_news"),
        ("solidarity with everyone after the immigration raid, thank you all", "chatter"),
        ("win a prize click here crypto raid", "spam"),
        ("police and ambulance on Ashwin Street, stabbing", "other_police"),
        ("nice weather today", "chatter"),
        ("no immigration on ashwin street, false alarm", "said_to_be_none"),
        ("they have left", "nothing_to_update"),
        ("😱😱😱", "no_words"),
        ("", "no_words"),
    ],
)
def test_noise_opens_nothing(story: Any, text: str, reason: str) -> None:
    answer = story.report(text, sender="a")
    assert (answer.outcome, answer.reason) == ("ignored", reason)
    assert not story.state.incidents


@pytest.mark.parametrize(
    "text",
    [
        "redada de la migra ahora en Rye Lane, Peckham",
        "imigração agora em Rye Lane, estou vendo",
        "nalot imigracyjny teraz na Rye Lane",
        "Rye Lane'de göçmenlik baskını var şimdi",
        "rafle en cours à Rye Lane, camionnette de l'immigration",
        "مداهمة من شرطة الهجرة الآن Rye Lane",
        "Rye Lane ইমিগ্রেশন রেইড এখন",
        "razie acum pe Rye Lane, sunt de la imigrări",
        "امیگریشن پولیس ابھی Rye Lane پر",
        "bastisje nga imigracioni tani në Rye Lane",
        "cảnh sát di trú đang ở Rye Lane",
        "移民局正在 Rye Lane 抓人",
    ],
)
def test_a_report_opens_in_every_language(story: Any, text: str) -> None:
    assert story.report(text, sender="a").outcome == "opened"
    assert story.alerts() == [("southwark", "verifiers", "UNCONFIRMED")]


def test_a_lone_cry_for_help_is_kept_for_a_person(story: Any) -> None:
    assert story.report("HELP", sender="a").reason == "cry_for_help"
    raid_first = story.report("immigration raid", sender="b")
    assert (raid_first.outcome, raid_first.reason) == ("held", "no_place")
    place_next = story.report("immigration, Ashwin Street", after_s=20, sender="b")
    assert place_next.outcome == "opened"
    assert raid_first.report_id in story.state.incidents[place_next.incident_id].evidence


def test_news_joins_the_senders_incident(story: Any) -> None:
    opened = story.report("Immigration raid at Ashwin Street", sender="a")
    moved = story.report("theyve moved to the corner, more vans now", after_s=300, sender="a")
    left = story.report("they have left", after_s=300, sender="a")
    assert {moved.incident_id, left.incident_id} == {opened.incident_id}
    assert story.incidents()[0].live, "reports alone never end an incident"


def test_what_is_in_nobodys_area_concerns_whoever_lets_it_go_on(story: Any) -> None:
    held = story.report("help raid", sender="a", position={"lat": 53.80, "lon": -1.55, "accuracy_m": 9_000})
    assert held.outcome == "held"
    place = desk.HeldPlace(place=Place(lat=53.8008, lon=-1.5491, radius_m=50, how="person", label="Leeds"))
    name = f"r{held.input.seq}"
    assert story.command(desk.ReleaseReport, report_id=name, placed=place).outcome == "applied"
    (incident,) = story.incidents()
    assert [s.group for s in incident.groups] == ["hackney"]
    assert story.alerts() == [("hackney", "verifiers", "UNCONFIRMED")]


def test_nobodys_area_is_the_operators_and_never_a_random_groups(story: Any) -> None:
    far = story.report("Immigration raid now", position={"lat": 53.48, "lon": -2.24, "accuracy_m": 30})
    assert (far.outcome, far.reason) == ("opened", "nobodys_area")
    assert story.incidents()[0].groups == ()
    assert story.alerts() == []


def test_the_same_phrases_about_two_houses_are_two_events(story: Any) -> None:
    """What officers at work look like is said in the same phrases everywhere."""
    words = "immigration officers inside {0} warehouse right now, white van parked at {0} counter"
    outcomes = [
        story.report(
            words.format(name),
            after_s=60,
            position=Position(lat=lat, lon=lon, accuracy_m=20),
            first_hand=True,
        ).outcome
        for name, lat, lon in (("Cobalt", 51.547, -0.062), ("Ferris", 51.475, -0.066))
    ]
    assert outcomes == ["opened", "opened"]


LONG = "immigration raid, two vans and six officers in black are taking people away here"


@pytest.mark.parametrize(
    ("text", "lat", "lon", "outcome"),
    [
        # Hackney is 51.547, -0.062. A forwarded text comes from a phone across town: still one event.
        (LONG, 51.48, -0.07, "one"),
        # The same words in Glasgow are another event, whoever wrote them first.
        (LONG, 55.845, -4.27, "two"),
        # Few words are what many people say: 8 km apart they are two.
        ("immigration raid happening here now", 51.475, -0.066, "two"),
        ("immigration raid happening here now", 51.5475, -0.062, "one"),
    ],
)
def test_the_same_words_far_away_are_another_event(
    story: Any, text: str, lat: float, lon: float, outcome: str
) -> None:
    here = Position(lat=51.547, lon=-0.062, accuracy_m=20)
    first = story.report(text, position=here, sender="a", first_hand=True)
    second = story.report(
        text, after_s=60, position=Position(lat=lat, lon=lon, accuracy_m=20), sender="b", first_hand=True
    )
    assert first.outcome == "opened"
    assert second.outcome == {"one": "attached", "two": "opened"}[outcome]


def test_a_witness_just_after_the_end_is_shown_to_a_person(story: Any) -> None:
    here = Position(lat=51.547, lon=-0.062, accuracy_m=20)
    opened = story.report("immigration raid, two vans, officers hold a man", position=here, first_hand=True)
    story.command(desk.Confirm, incident_id=opened.incident_id)
    story.command(desk.End, after_s=60, incident_id=opened.incident_id)
    late = story.report(
        "immigration officers are here and take somebody", after_s=120, position=here, first_hand=True
    )
    assert (late.outcome, late.reason) == ("held", "after_the_end")
    story.tick(after_s=600)
    assert ("hackney", "verifiers", "DIGEST") in story.alerts()


def test_those_who_see_them_come_back_after_the_end_tell_of_one_event(story: Any) -> None:
    """The first opens a new one; the others join it, however like the ended one their words are."""
    here = Position(lat=51.547, lon=-0.062, accuracy_m=20)
    text = "immigration raid at the Sparrow Bakery, officers hold Farhad at the shutter"
    first = story.report(text, position=here, first_hand=True)
    story.command(desk.Confirm, incident_id=first.incident_id)
    story.command(desk.End, after_s=60, incident_id=first.incident_id)
    seen = (
        "I see immigration officers here now, four of them",
        "Home Office van outside the Sparrow Bakery, I see Farhad at the shutter",
        "immigration officers at the shutter of the Sparrow Bakery, Farhad is held, I am here",
        "I am here: immigration enforcement at the Sparrow, Farhad against the shutter",
    )
    back = [
        story.report(text, after_s=660 if n == 0 else 20, position=here, sender=f"s{n}", first_hand=True)
        for n, text in enumerate(seen)
    ]
    assert [b.outcome for b in back] == ["opened", "attached", "attached", "attached"]
    assert {b.incident_id for b in back[1:]} == {back[0].incident_id} != {first.incident_id}


def test_a_list_of_streets_costs_no_more_than_a_few(story: Any) -> None:
    """Somebody who sends 4,000 characters of street names must not stop the router."""
    names = [f"Street{n} Road" for n in range(300)]
    rows = [
        NamedPlace(name, "street", 51.3 + n / 100, -0.07 - len(name) / 1000, 100)
        for name in names
        for n in range(40)
    ]
    gazetteer = gazetteer_of(Rows(names=rows))
    text = "immigration raid at " + ", ".join(names)
    with mock.patch("services.router.decide.places.distance_m", wraps=distance_m) as counted:
        locate(ReportContent(text=text[:4000]), gazetteer, Hints(lambda _lat, _lon: True))
    assert 0 < counted.call_count <= 30_000
