"""An answer to a member through the notifier: by the bridge that they wrote by, with what would go out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.alerts import AlertBody, Preview, PublicPlace, ReplyBody
from shared.contracts.base import HUB, Place
from shared.testing.bus import MemoryBus
from tests.integration.notifier_rig import NOW, Rig
from tests.integration.test_questions import Writer, a_rig, destroy_question_keys, refusals

PREVIEW = Preview(
    group="hackney",
    group_version=1,
    audience="community",
    kind="CONFIRMED",
    ask="WITNESSES",
    status="confirmed",
    body=AlertBody(
        place=Place(lat=51.5, lon=-0.1, radius_m=30, how="street", label="12 Ashwin Street"),
        public=PublicPlace(lat=51.5, lon=-0.1, radius_m=200, label="Ashwin Street"),
        first_report_at=NOW,
    ),
    channels=2,
    groups=1,
)


@pytest.fixture(autouse=True)
def _nothing_sent() -> None:
    Writer.sent, Writer.outcomes = [], []


@pytest.fixture
async def rig(memory_bus: MemoryBus) -> AsyncIterator[Rig]:
    rig = a_rig(memory_bus)
    yield rig
    await rig.crash()


async def say(rig: Rig, alert_id: str = "q1", *, not_after: Any = None, **body: Any) -> None:
    given = {"bridge": "sms", "address": "-100", "account": "a", "answer": "claimed", "language": "en"}
    await rig.alert(
        alert_id,
        group=HUB,
        group_version=0,
        audience="reporter",
        kind="REPLY",
        urgency="urgent",
        not_after=not_after or datetime.now(UTC) + timedelta(minutes=10),
        incident_id=None,
        code=None,
        status=None,
        body=ReplyBody.model_validate({**given, "code": "D7K", "until": NOW, **body}),
    )


async def test_it_goes_once_to_where_it_was_written(rig: Rig) -> None:
    await say(rig)
    rig.start()
    (end,) = await rig.settled("q1")
    assert (end.delivered, end.reason) == (1, "done")
    (copy,) = Writer.sent
    assert (copy[0], copy[2]) == ("-100", "q1-sms-0")
    assert copy[1].startswith("D7K is yours until ")


async def test_what_would_go_out_is_shown_in_the_words_of_the_group(rig: Rig) -> None:
    await rig.group(desk={"to": 1})
    await say(rig, answer="will_send", preview=PREVIEW, proof="0421")
    rig.start()
    await rig.settled("q1")
    ((_, text, _),) = Writer.sent
    assert "CONFIRMED" in text
    assert "Answer YES D7K 0421 to send it, NO D7K to drop it." in text


async def test_a_preview_whose_group_is_unknown_still_says_how_it_stands(rig: Rig) -> None:
    await say(rig, answer="will_send", preview=PREVIEW)
    rig.start()
    (end,) = await rig.settled("q1")
    assert end.delivered == 1
    assert "Answer YES" not in Writer.sent[0][1], "nobody may say yes to words that they were not shown"


async def test_words_that_cannot_be_made_are_settled_by_name(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_more: Any) -> Any:
        raise ValueError("the words themselves")

    monkeypatch.setattr("services.notifier.reporters.reply", broken)
    await say(rig)
    rig.start()
    assert (await rig.settled("q1"))[0].reason == "unreadable"
    assert Writer.sent == []


async def test_one_that_comes_too_late_or_has_lost_its_key_is_not_sent(rig: Rig) -> None:
    await say(rig, "late", not_after=NOW - timedelta(seconds=1))
    await say(rig, "gone")
    await destroy_question_keys(rig)
    rig.start()
    assert (await rig.settled("late"))[0].reason == "expired"
    assert (await rig.settled("gone"))[0].reason == "unreadable"
    assert Writer.sent == []


async def test_a_bridge_that_cannot_write_back_ends_it_by_name(rig: Rig) -> None:
    await say(rig, bridge="deaf")
    rig.start()
    assert refusals((await rig.settled("q1"))[0]) == [("deaf:0", "deaf", "cannot_write_back")]
