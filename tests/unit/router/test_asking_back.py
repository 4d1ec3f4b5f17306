"""A report that can't be placed or understood gets one question, in its language; the answer joins it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.decide.ask_back import question_for
from services.router.decide.decider import Input, step
from services.router.decide.evolve import evolve
from services.router.decide.state import Asked, State
from services.router.evaluate import state_with
from shared.contracts.alerts import AlertRaised, QuestionBody
from shared.contracts.base import HUB, Message, ReportId
from shared.contracts.groups import Area, GroupDefinition
from shared.contracts.incidents import ReportHeld
from shared.contracts.reports import ReportContact, ReportContent, ReportReceived
from shared.gazetteer.load import load_gazetteer

HERE = {"lat": 51.5470, "lon": -0.0748, "accuracy_m": 20}
ANNA: dict[str, Any] = {"sender": "anna", "contact": "+447700900123"}
MINUTE = 60


def questions_in(events: Iterable[Message]) -> list[QuestionBody]:
    raised = [e.body for e in events if isinstance(e, AlertRaised) and e.kind == "QUESTION"]
    return [body for body in raised if isinstance(body, QuestionBody)]


def asked(story: Any) -> str | None:
    """What the last report's sender is asked."""
    questions = questions_in(story.events)
    held = [e.asked for e in story.events if isinstance(e, ReportHeld)]
    assert len(questions) <= 1
    assert [q.asks for q in questions] == [a for a in held if a is not None]
    return questions[0].asks if questions else None


def reports_of(story: Any) -> list[set[str]]:
    return [set(incident.evidence.keys()) for incident in story.incidents()]


def test_help_raid_then_where_opens_one_incident_with_both(story: Any) -> None:
    assert story.report("help raid", **ANNA).reason == "no_place"
    question = next(e for e in story.events if isinstance(e, AlertRaised))
    assert (question.group, question.audience, question.kind) == (HUB, "reporter", "QUESTION")
    assert (question.incident_id, question.code, question.status) == (None, None, None)
    assert question.not_after - question.at == timedelta(minutes=20)
    assert question.body == QuestionBody(bridge="test", address="+447700900123", asks="where", language="en")
    assert story.report("Ashwin Street", after_s=2 * MINUTE, **ANNA).outcome == "opened"
    assert asked(story) is None
    assert reports_of(story) == [{"r1", "r2"}]
    assert not story.state.held


@pytest.mark.parametrize(
    ("text", "more", "reason", "question"),
    [
        ("help raid", {}, "no_place", "where"),
        ("immigration in London", {}, "ambiguous_place", "which"),
        ("raid in hackney, immigration", {}, "place_too_vague", "where"),
        ("STOP", {}, "cry_for_help", "what"),
        ("HELP", {}, "cry_for_help", "what"),
        ("", {"position": HERE}, "not_understood", "what"),
        ("men in black taking people from the restaurant", {"position": HERE}, "who_is_unclear", "what"),
    ],
)
def test_what_is_asked(story: Any, text: str, more: dict[str, Any], reason: str, question: str) -> None:
    answer = story.report(text, **ANNA, **more)
    assert (answer.outcome, answer.reason) == ("held", reason)
    assert asked(story) == question


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("win a free prize now, click here to claim", "ignored"),
        ("I am out of the office and will answer on Monday", "ignored"),
        ("hello", "ignored"),
        ("is there a raid?", "ignored"),
        ("Immigration raid at Ashwin Street", "opened"),
        ("they say immigration is on Ashwin Street, forwarded as received", "held"),
    ],
)
def test_nobody_else_is_asked(story: Any, text: str, outcome: str) -> None:
    assert story.report(text, **ANNA).outcome == outcome
    assert asked(story) is None


FORM: dict[str, Any] = {"bridge": "web", "contact": "+447400123456", "asked_as": "anna"}
"""A contact typed into the form: who answers by it is known, but it proves no sender."""


def test_a_contact_left_on_the_form_is_asked_and_answers_by_sms(story: Any) -> None:
    assert story.report("help raid", **FORM).reason == "no_place"
    (question,) = questions_in(story.events)
    assert (question.bridge, question.address, question.asks) == ("web", "+447400123456", "where")
    answer = {"sender": "anna", "asked_as": "anna", "contact": "+447400123456", "bridge": "sms"}
    assert story.report("Ashwin Street", after_s=2 * MINUTE, **answer).outcome == "opened"
    assert reports_of(story) == [{"r1", "r2"}]


def test_or_answers_by_the_form_with_the_same_contact(story: Any) -> None:
    story.report("help raid", **FORM)
    assert story.report("Ashwin Street", after_s=2 * MINUTE, **FORM).outcome == "opened"
    assert reports_of(story) == [{"r1", "r2"}]


def test_a_contact_on_the_form_is_asked_as_seldom_as_any_sender(story: Any) -> None:
    story.report("help raid", **FORM)
    story.report("help raid here now", after_s=MINUTE, **FORM)
    assert asked(story) is None, "the first question still waits"


def test_contacts_typed_into_the_form_make_no_voices(story: Any) -> None:
    for n in range(6):
        contact = {**FORM, "asked_as": f"made-up-{n}", "contact": f"+44740012345{n}"}
        story.report("immigration raid at Ashwin Street, Dalston", after_s=10, **contact)
    (incident,) = story.incidents()
    assert incident.status == "unconfirmed"
    assert {e.sender for e in incident.evidence.values()} == {None}


@pytest.mark.parametrize("missing", ["sender", "contact"])
def test_who_left_no_contact_or_may_be_anybody_is_not_asked(story: Any, missing: str) -> None:
    story.report("help raid", **{k: v for k, v in ANNA.items() if k != missing})
    assert asked(story) is None


def test_the_same_report_again_asks_nothing(story: Any) -> None:
    story.report("help raid", report_id="r1", **ANNA)
    assert story.report("help raid", report_id="r1", **ANNA).reason == "duplicate_report"
    assert asked(story) is None


@pytest.mark.parametrize(
    ("text", "content", "language"),
    [
        ("ayuda redada", {}, "es"),
        ("ayuda redada", {"language": "en"}, "es"),
        ("مساعدة", {}, "ar"),
        ("", {"position": HERE, "language": "tr"}, "tr"),
        ("", {"position": HERE}, "en"),
        ("help raid", {"language": "pl"}, "en"),
    ],
)
def test_it_is_asked_in_the_language_of_the_report(
    story: Any, text: str, content: dict[str, Any], language: str
) -> None:
    story.report(text, **ANNA, **content)
    assert [q.language for q in questions_in(story.events)] == [language]


def test_a_drill_is_asked_about_as_a_drill(story: Any) -> None:
    story.report("help raid", drill=True, **ANNA)
    assert [e.drill for e in story.events if isinstance(e, AlertRaised)] == [True]
    assert story.report("Ashwin Street", after_s=MINUTE, **ANNA).outcome == "held", "that is no answer to it"


# --- limits --------------------------------------------------------------------------------------


def test_a_vague_answer_is_not_asked_about_and_the_third_message_brings_both_along(story: Any) -> None:
    story.report("help raid", **ANNA)
    assert story.report("in hackney", after_s=MINUTE, **ANNA).outcome == "held"
    assert asked(story) is None
    assert story.report("Ashwin Street", after_s=MINUTE, **ANNA).outcome == "opened"
    assert reports_of(story) == [{"r1", "r2", "r3"}]


def test_half_an_hour_without_an_answer_a_new_report_is_asked_about(story: Any) -> None:
    story.report("help raid", **ANNA)
    story.report("immigration raid", after_s=30 * MINUTE, **ANNA)
    assert asked(story) is None
    story.report("immigration raid here", after_s=1, **ANNA)
    assert asked(story) == "where"


@pytest.mark.parametrize(
    ("minutes_ago", "question"),
    [((55, 35, 5), None), ((59, 58, 57), None), ((60, 35, 5), "where"), ((35, 5), "where")],
)
def test_a_sender_is_asked_three_times_an_hour(minutes_ago: tuple[int, ...], question: str | None) -> None:
    """Answered questions count too; these were, for no report that they were about is held."""
    before = tuple(Asked(ReportId(f"r{m}"), START - timedelta(minutes=m)) for m in minutes_ago)
    state = replace(State(), asked=State().asked.put("anna", before, before[-1].at))
    content, contact = ReportContent(text="help raid", sender="anna"), ReportContact(address="1")
    report = ReportReceived(id="r1", at=START, report_id="r1", bridge="sms", content=content, contact=contact)
    assert question_for(state, report, "no_place", START) == question


def test_one_senders_questions_are_not_anothers(story: Any) -> None:
    story.report("help raid", **ANNA)
    story.report("please help raid", sender="bela", contact="+447700900124")
    assert asked(story) == "where"
    story.report("Ashwin Street", sender="carl", contact="+447700900125")
    assert reports_of(story) == []


# --- answers -------------------------------------------------------------------------------------


def test_a_location_alone_answers_where(story: Any) -> None:
    story.report("help raid", **ANNA)
    assert story.report("", after_s=MINUTE, position=HERE, **ANNA).outcome == "opened"
    assert reports_of(story) == [{"r1", "r2"}]


def test_what_they_see_answers_what_and_need_not_say_where_again(story: Any) -> None:
    story.report("", position=HERE, **ANNA)
    assert story.report("immigration officers taking people", after_s=MINUTE, **ANNA).outcome == "opened"
    assert reports_of(story) == [{"r1", "r2"}]


def test_an_answer_to_a_lone_stop_opens_with_it(story: Any) -> None:
    story.report("STOP", **ANNA)
    answer = story.report("immigration raid at Ashwin Street", after_s=MINUTE, **ANNA)
    assert answer.outcome == "opened"
    assert reports_of(story) == [{"r1", "r2"}]


def test_an_answer_that_others_have_reported_joins_with_what_was_asked_about(story: Any) -> None:
    story.report("help raid", **ANNA)
    opened = story.report("Immigration raid at Ashwin Street", after_s=MINUTE, sender="bela")
    answer = story.report("Ashwin Street", after_s=MINUTE, **ANNA)
    assert (answer.outcome, answer.incident_id) == ("attached", opened.incident_id)
    assert reports_of(story) == [{"r1", "r2", "r3"}]
    assert not story.state.held


def test_a_place_long_after_is_no_answer(story: Any) -> None:
    story.report("help raid", **ANNA)
    assert story.report("Ashwin Street", after_s=31 * MINUTE, **ANNA).outcome == "held"


def test_the_limit_outlives_the_questions_key(story: Any) -> None:
    story.report("help raid", **ANNA)
    state = State()
    for event in story.log:
        gone = {"body": None} if isinstance(event, AlertRaised) else {}
        state = evolve(state, event.model_copy(update=gone))
    assert state == story.state


# --- whatever comes ------------------------------------------------------------------------------

GAZETTEER = load_gazetteer()
START = datetime(2022, 5, 14, 12, 0, tzinfo=UTC)
BRITAIN = Area(polygons=((((-8.0, 49.5), (2.0, 49.5), (2.0, 59.5), (-8.0, 59.5), (-8.0, 49.5)),),))
GROUPS = state_with([GroupDefinition(id="britain", name="Britain", area=BRITAIN)])
TEXTS = [
    "help raid",
    "immigration raid",
    "STOP",
    "in Dalston, raid",
    "Ashwin Street",
    "Rye Lane raid",
    "",
    "hi",
]
messages = st.lists(
    st.tuples(
        st.sampled_from(TEXTS),
        st.sampled_from(["anna", "bela"]),
        st.sampled_from([None, HERE]),
        st.integers(0, 40 * MINUTE),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(messages)
def test_no_sender_is_asked_more_than_three_times_in_any_hour(sent: list[Any]) -> None:
    state, now = GROUPS, START
    log: list[Message] = []
    questions: dict[str, list[datetime]] = {}
    for n, (text, sender, position, wait) in enumerate(sent, 1):
        now += timedelta(seconds=wait)
        content = ReportContent.model_validate({"text": text, "sender": sender, "position": position})
        report = ReportReceived(
            id=f"r{n}",
            at=now,
            report_id=f"r{n}",
            bridge="b",
            content=content,
            contact=ReportContact(address=sender),
        )
        events, state = step(state, Input("REPORTS", n, report), now, GAZETTEER)
        log += events
        asked = questions_in(events)
        assert [q.address for q in asked] in ([], [sender])
        questions.setdefault(sender, []).extend([now] * len(asked))
    for times in questions.values():
        assert all(
            later - first >= timedelta(hours=1) for first, later in zip(times, times[3:], strict=False)
        )
    replayed = GROUPS
    for event in log:
        replayed = evolve(replayed, event)
    assert replayed == state
