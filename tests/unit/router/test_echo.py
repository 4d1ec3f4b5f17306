"""An alert of ours that somebody passes on is no report; what they wrote beside it is."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.decide import reasons
from services.router.decide.echo import Echo, echo_in
from shared.contracts.incidents import ReportAttached, ReportDetail, ReportHeld
from shared.words.sms import spelled_plainly
from shared.words.subscribers import ending, texts

from .conftest import Story

RAID = "Immigration raid at Ashwin Street, two vans"
PAGE = Path(__file__).parents[3] / "docs" / "messages.md"
OURS = [text for text in re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL) if "D7K" in text]
OF_AN_INCIDENT = [text for text in OURS if re.search(r"\b\d\d:\d\d\b", text) and text[:6].isupper()]


def test_there_are_messages_to_try() -> None:
    assert len(OF_AN_INCIDENT) >= 40


@pytest.mark.parametrize("before", ["", "> ", "Fwd: from Ada\n", "Forwarded message\n\n"])
@pytest.mark.parametrize("text", OF_AN_INCIDENT, ids=lambda text: " ".join(text.split()[:3]))
def test_every_message_about_an_incident_is_known_as_ours(text: str, before: str) -> None:
    assert echo_in(before + text, {"D7K"}) in {Echo("D7K", ""), Echo("D7K", "from Ada")}


@pytest.mark.parametrize("language", texts())
def test_how_a_subscriber_leaves_is_ours_in_every_language(language: str) -> None:
    alert = next(text for text in OF_AN_INCIDENT if "STOP to leave." in text)
    for said in (ending(language), spelled_plainly(ending(language))):
        assert echo_in(alert.replace("STOP to leave.", said), {"D7K"}) == Echo("D7K", "")


@pytest.mark.parametrize("text", OF_AN_INCIDENT[:4])
def test_what_somebody_wrote_beside_it_is_theirs(text: str) -> None:
    found = echo_in(f"They are in Mare Street now!\n{text}\nI see three vans myself", {"D7K"})
    assert found is not None
    assert found.theirs.split("\n")[0] == "They are in Mare Street now!"
    assert found.theirs.endswith("I see three vans myself")
    assert "D7K" not in found.theirs


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE D7K they left",
        "CONFIRMED two vans in Ashwin Street at 18:40",
        "unconfirmed d7k sat 14/5 18:42 raid",
        "raid in Ashwin Street, Sat 14/5 18:42",
        "UNCONFIRMED X9Z. Sat 14 May 18:42 raid",
    ],
    ids=["no moment", "no code", "small letters", "no status", "an incident nobody knows"],
)
def test_what_people_write_themselves_is_never_ours(text: str) -> None:
    assert echo_in(text, {"D7K"}) is None


@given(st.text())
def test_it_takes_any_text(text: str) -> None:
    echo_in(text, {"D7K"})


def passed_on(story: Story, *, status: str = "UNCONFIRMED", added: str = "") -> str:
    (incident,) = story.incidents()
    return (
        f"{status} {incident.code}\nSat 14 May 12:01, Hackney\nImmigration officers: Ashwin Street.\n"
        f"Observe, don't obstruct.{added}"
    )


@pytest.mark.parametrize("status", ["UNCONFIRMED", "LIKELY, but not confirmed:", "OVER", "WRONG, SORRY."])
def test_an_alert_that_comes_back_supports_nothing_and_tells_nobody(story: Story, status: str) -> None:
    story.report(RAID, sender="a")
    for n in range(10):
        answer = story.report(passed_on(story, status=status), sender=f"s{n}", source=f"chat{n}")
        assert (answer.outcome, answer.reason) == ("ignored", reasons.OUR_OWN_WORDS)
        assert not story.alerts()
    (incident,) = story.incidents()
    assert answer.incident_id == incident.id
    assert incident.status == "unconfirmed"
    assert incident.said_over_at is None
    assert incident.said_wrong_at is None


def test_news_beside_an_alert_is_judged_by_itself(story: Story) -> None:
    opened = story.report(RAID, sender="a")
    added = "\nI see them at Ashwin Street, they put a man into a van"
    answer = story.report(passed_on(story, added=added), sender="b")
    assert (answer.outcome, answer.incident_id) == ("attached", opened.incident_id)


def test_a_message_passed_on_between_chats_is_one_voice_from_two_chats(story: Story) -> None:
    opened = story.report(RAID + " outside the market, they check riders", sender="a", source="chat1")
    again = story.report(RAID + " outside the market, they check riders", sender="bot", source="chat2")
    assert (again.outcome, again.reason, again.incident_id) == (
        "attached",
        reasons.SAME_TEXT,
        opened.incident_id,
    )
    (incident,) = story.incidents()
    assert len(incident.support) == 1
    attached = [e.detail for e in story.log if isinstance(e, ReportAttached)]
    assert [d.source for d in attached if isinstance(d, ReportDetail)] == ["chat1", "chat2"]


def test_what_one_sender_floods_us_with_opens_nothing_and_waits_for_a_person(story: Story) -> None:
    story.report(RAID, sender="bot")
    answer = story.report("Immigration raid at Mare Street, four vans", sender="bot", flood=True)
    assert (answer.outcome, answer.reason) == ("held", reasons.SENDER_FLOODS)
    (held,) = [e for e in story.events if isinstance(e, ReportHeld)]
    assert held.groups == ("hackney",)
    more = story.report("still two vans at Ashwin Street", sender="bot", flood=True)
    assert more.outcome == "attached", "what belongs to a known incident counts once anyway"
